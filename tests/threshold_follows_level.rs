//! A patient's threshold follows what the network says of their seizure-free EEG, for as long as nobody and nothing has chosen
//! another.

mod recordings;

use std::path::Path;

use proptest::prelude::*;
use recordings::{REFERENTIAL, background, refusal, vigil, ward, write_recording};
use tempfile::TempDir;
use vigil::config::versions::{add_version, switch_to, version_folder, write_level};
use vigil::config::{CalibrationRecord, PatientConfig, PatientId};
use vigil::dataset::Second;
use vigil::detect::{AccumulatorConfig, LEAST_S, LOWEST_LOG_ODDS, LabelRule, Level, Opinion};
use vigil::evaluate::{JudgedPerson, JudgedSecond, Levels};
use vigil::signal::Mains;

fn level(log_odds: f32) -> Level {
    Level { log_odds, seconds: 900, cnn: "0a1b".into() }
}

fn rule(seizure_probability: f32) -> LabelRule {
    LabelRule { seizure_probability, ..LabelRule::default() }
}

#[test]
fn a_level_is_the_median_of_the_log_odds_of_enough_seconds() {
    // ln(0.2 / 0.8) = -ln 4; a seizure that nobody saw, and a network that is certain, do not move it.
    let mut probabilities = vec![0.2; 2 * LEAST_S];
    probabilities.extend([1.0; LEAST_S / 2]);
    probabilities.extend([0.0; 3]);
    probabilities.extend([f32::NAN; 5]);
    let found = Level::of("0a1b", probabilities).expect("a level");
    assert!((found.log_odds + 4f32.ln()).abs() < 1e-5, "{found:?}");
    assert_eq!((found.seconds, found.cnn.as_str()), (2 * LEAST_S + LEAST_S / 2 + 3, "0a1b"));
    let between: Vec<f32> = [0.2, 0.8].repeat(LEAST_S);
    assert!(Level::of("", between).expect("a level").log_odds.abs() < 1e-5);
    assert_eq!(Level::of("", vec![0.2; LEAST_S - 1]), None);
}

#[test]
fn a_threshold_falls_by_what_a_level_lies_below_anybodys_and_never_rises() {
    let followed = |log_odds: f32| level(log_odds).threshold(0.6);
    for no_lower in [LOWEST_LOG_ODDS, LOWEST_LOG_ODDS + 0.1, 0.0, 50.0] {
        assert_eq!((followed(no_lower), level(no_lower).fall()), (0.6, 0.0));
    }
    // logit(0.6) = 0.4055; 0.4 less is 0.0055, and at most 1 less is -0.5945.
    assert_eq!(followed(LOWEST_LOG_ODDS - 0.4), 0.501);
    assert_eq!((followed(LOWEST_LOG_ODDS - 1.0), followed(-50.0)), (0.356, 0.356));
    assert_eq!(level(-9.0).threshold(1.0), 1.0);
}

/// What can happen to a patient's settings.
#[derive(Debug, Clone)]
enum Happening {
    Fitted(f32),
    BackToShared,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![(-9.0..6.0_f32).prop_map(Happening::Fitted), Just(Happening::BackToShared)]
}

fn happen(config: &mut PatientConfig, happening: &Happening) {
    match happening {
        Happening::Fitted(log_odds) => config.follow(Some(&level(*log_odds))),
        Happening::BackToShared => config.follow(None),
    }
}

proptest! {
    #[test]
    fn a_higher_level_never_gives_a_lower_threshold(a in -20.0..20.0_f32, b in -20.0..20.0_f32, usual in 0.01..1.0_f32) {
        let (low, high) = (level(a.min(b)).threshold(usual), level(a.max(b)).threshold(usual));
        prop_assert!(low <= high && 0.0 < low && high <= 1.0, "{low} and {high}");
    }

    /// However often autoencoders are switched, what is in force follows the last one alone, and goes back with it. All of
    /// it goes through the file in between.
    #[test]
    fn what_was_followed_before_leaves_no_trace(
        happenings in prop::collection::vec(happening(), 0..6), last in -9.0..6.0_f32
    ) {
        let fresh = PatientConfig::new("cnn", Mains::Hz50);
        let mut config = fresh.clone();
        for happening in &happenings {
            happen(&mut config, happening);
            config = through_the_file(&config);
        }
        let mut directly = fresh.clone();
        happen(&mut directly, &Happening::Fitted(last));
        happen(&mut config, &Happening::Fitted(last));
        prop_assert_eq!(&config, &directly);
        prop_assert_eq!(config.label.seizure_probability, level(last).threshold(0.6));
        prop_assert_eq!(config.followed().is_some(), config.label.seizure_probability < 0.6);
        happen(&mut config, &Happening::BackToShared);
        prop_assert_eq!(&config, &fresh);
    }

    /// Whatever is said of one half of somebody's recordings, it is not set against itself.
    #[test]
    fn nothing_is_set_against_a_level_that_it_is_part_of(
        said in prop::collection::vec((0.005..0.15_f32, 0.2..0.9_f32), 200), other in 0.005..0.99_f32
    ) {
        // Of ten seconds the first is of a seizure.
        let said: Vec<f32> =
            said.iter().enumerate().map(|(index, (calm, seizure))| if index % 10 == 0 { *seizure } else { *calm }).collect();
        let person = |probabilities: &[f32]| JudgedPerson {
            person: "p1".into(),
            model: "m".into(),
            seconds: probabilities.iter().enumerate().map(|(index, &p)| JudgedSecond {
                second: Second { stretch: 0, index },
                seizure: index % 10 == 0,
                opinion: Some(Opinion { ae_error: None, ae_flag: None, probabilities: [p, 0.0, 1.0 - p] }),
            }).collect(),
            unjudged: Vec::new(),
        };
        let set_against = |people: &[JudgedPerson], of: &[JudgedPerson]| {
            let seconds = Levels::of_other_halves(people).set_against(of);
            seconds[0].seconds.iter().map(|judged| judged.opinion.expect("an opinion").probabilities[0]).collect::<Vec<f32>>()
        };
        let as_it_is = [person(&said)];
        let mut changed = said.clone();
        changed[..100].fill(other);
        let changed = [person(&changed)];
        // With another first half, the first half is set against the same level as before.
        let (before, after) = (set_against(&as_it_is, &as_it_is), set_against(&changed, &as_it_is));
        prop_assert_eq!(&before[..100], &after[..100]);
        // A second counts as one from its patient's threshold on, just as a set-against one does from the usual threshold.
        let calm = said[100..].iter().enumerate().filter(|(index, _)| (index + 100) % 10 != 0).map(|(_, p)| *p);
        let of_other_half = Level::of("", calm).expect("a level");
        prop_assert!(of_other_half.fall() > 0.0, "{of_other_half:?}");
        for (plain, set_against) in said[..100].iter().zip(&before) {
            let own = of_other_half.threshold(0.6);
            prop_assert!((plain - own).abs() < 0.002 || (*plain >= own) == (*set_against >= 0.6), "{plain} {set_against} {own}");
        }
        let lowest = Levels::of_other_halves(&as_it_is).lowest_with_seizures(&as_it_is).expect("a level");
        prop_assert!((0.005f64 / 0.995).ln() < lowest && lowest < (0.15f64 / 0.85).ln(), "{lowest}");
        // Within a half the order stays.
        for pair in (0..99).map(|index| (index, index + 1)).chain((100..199).map(|index| (index, index + 1))) {
            let (earlier, later) = (said[pair.0] < said[pair.1], before[pair.0] <= before[pair.1]);
            prop_assert!(!earlier || later);
        }
    }
}

fn calibration() -> CalibrationRecord {
    CalibrationRecord {
        recordings: vec!["day 1".into()],
        hours: 2.0,
        false_alarms: 1,
        false_alarms_per_hour: [0.01, 2.8],
        seizures: 0,
        detected: 0,
        date: "2031-02-03".into(),
    }
}

#[test]
fn what_somebody_has_chosen_stays_whatever_is_switched_afterwards() {
    let followed = || {
        let mut config = PatientConfig::new("cnn", Mains::Hz50);
        config.follow(Some(&level(-4.0)));
        assert_eq!(config.label.seizure_probability, 0.356);
        config
    };
    let set = |seizure_probability: f32, mut config: PatientConfig| {
        config.label.seizure_probability = seizure_probability;
        config
    };
    let mut calibrated = followed();
    calibrated.calibrated(rule(0.3), AccumulatorConfig::default(), calibration());
    for (chosen, before) in [
        (0.45, set(0.45, followed())),
        // The default, but by hand.
        (0.6, set(0.6, followed())),
        // Before anything was followed.
        (0.3, set(0.3, PatientConfig::new("cnn", Mains::Hz50))),
        (0.3, calibrated),
        (0.356, PatientConfig { follow_level: false, ..followed() }),
        (0.6, PatientConfig { follow_level: false, ..PatientConfig::new("cnn", Mains::Hz50) }),
    ] {
        let mut config = before;
        for level in [Some(level(1.0)), None, Some(level(-2.0)), None] {
            config.follow(level.as_ref());
            config = through_the_file(&config);
            assert_eq!(config.label.seizure_probability, chosen);
            assert_eq!((config.followed(), &config.level), (None, &None));
        }
    }
}

fn through_the_file(config: &PatientConfig) -> PatientConfig {
    let text = config.to_documented_toml(&PatientId::new("anna").expect("an id"));
    let read = PatientConfig::parse(Path::new("patient.toml"), &text).expect("settings");
    assert_eq!(&read, config);
    read
}

#[test]
fn a_level_that_is_none_is_refused_with_its_line() {
    let mut config = PatientConfig::new("cnn", Mains::Hz50);
    config.follow(Some(&level(-4.0)));
    let text = config.to_documented_toml(&PatientId::new("anna").expect("an id"));
    for (from, to) in [
        ("log_odds = -4.0", "log_odds = nan"),
        ("set_to = 0.356", "set_to = 1.5"),
        ("set_to = 0.356", "set_to = nan"),
    ] {
        let wrong = text.replace(from, to);
        assert_ne!(wrong, text);
        let message =
            PatientConfig::parse(Path::new("patient.toml"), &wrong).expect_err("a mistake").to_string();
        let line = text.lines().position(|line| line.starts_with("log_odds")).expect("a line") + 1;
        assert!(
            message.contains(&format!("line {line}"))
                && message.contains("take [level] out and write seizure_probability = 0.6"),
            "{message}"
        );
    }
}

#[test]
fn a_switch_lets_the_threshold_follow_the_version_and_a_damaged_level_switches_nothing() {
    let folder = TempDir::new().expect("a folder");
    let (patients, id) = (folder.path(), PatientId::new("anna").expect("an id"));
    PatientConfig::new("cnn", Mains::Hz50).save(patients, &id).expect("settings");
    for (number, of) in [Some(-4.0), None, Some(-2.3)].into_iter().enumerate() {
        let version = add_version(patients, &id, |folder| -> std::io::Result<()> {
            if let Some(log_odds) = of {
                write_level(folder, &level(log_odds))?;
            }
            std::fs::write(folder.join("autoencoder.safetensors"), format!("weights {number}"))
        });
        assert_eq!(version.expect("a version"), number as u32 + 1);
    }
    let threshold = || PatientConfig::load(patients, &id).expect("settings").label.seizure_probability;
    let switch = |version| switch_to(patients, &id, version, "0a1b", "2031-02-03T04:05:06Z", "a test");
    for (version, expected) in [(1, 0.356), (3, 0.501), (2, 0.6), (0, 0.6)] {
        let switch = switch(version).expect("a switch");
        assert_eq!(
            (threshold(), switch.seizure_probability),
            (expected, Some(expected)),
            "version {version}"
        );
    }
    // What another network said says nothing of this one.
    let other = switch_to(patients, &id, 1, "another", "2031-02-03T04:05:06Z", "a test").expect("a switch");
    assert_eq!((threshold(), other.seizure_probability), (0.6, Some(0.6)));
    switch(0).expect("a switch");
    let damaged = version_folder(patients, &id, 3).join("level.json");
    let infinite = r#"{"log_odds": 1e40, "seconds": 900, "cnn": "0a1b"}"#;
    for bytes in ["{\"log_odds\": ", "[]", infinite] {
        std::fs::write(&damaged, bytes).expect("a file");
        let message = switch(3).expect_err("a refusal").to_string();
        assert!(message.contains("level.json") && message.contains("expected log_odds"), "{message}");
        assert_eq!(threshold(), 0.6);
    }
    let active = PatientConfig::autoencoder_path(patients, &id);
    assert!(!active.exists(), "the shared one is still in use");

    // Where the weights cannot be put into use, the threshold stays as well.
    std::fs::create_dir(&active).expect("a folder in the way");
    assert!(switch(1).is_err());
    assert_eq!(threshold(), 0.6);
}

#[test]
fn what_was_in_use_before_there_were_versions_keeps_its_level() {
    let folder = TempDir::new().expect("a folder");
    let (patients, id) = (folder.path(), PatientId::new("anna").expect("an id"));
    let mut config = PatientConfig::new("cnn", Mains::Hz50);
    config.follow(Some(&level(-4.0)));
    config.save(patients, &id).expect("settings");
    std::fs::write(PatientConfig::autoencoder_path(patients, &id), "weights").expect("weights");
    for version in [0, 1] {
        switch_to(patients, &id, version, "0a1b", "2031-02-03T04:05:06Z", "a test").expect("a switch");
    }
    assert_eq!(PatientConfig::load(patients, &id).expect("settings"), config);
}

#[test]
fn a_fit_tells_the_threshold_and_a_switch_goes_back() {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    let quiet = |channel: usize, t: f64| 0.1 * background(channel, t);
    let start = "2075-09-03T08:00:00";
    write_recording(&folder.path().join("calm.edf"), &REFERENTIAL, 256, 120, start, quiet);
    let says = |arguments: &[&str]| {
        let output = vigil(folder.path(), arguments);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {errors}");
        (String::from_utf8_lossy(&output.stdout).into_owned(), errors)
    };
    says(&["patient", "new", "anna"]);
    let (said, _) = says(&["patient", "fit", "anna", "calm.edf"]);
    let id = PatientId::new("anna").expect("an id");
    let path = PatientConfig::path(&folder.path().join("patients"), &id);
    let settings = || PatientConfig::load(&folder.path().join("patients"), &id).expect("settings");
    let fitted = settings();
    let followed = fitted.followed().expect("a level");
    // EEG as small as this looks like no seizure at all.
    assert!(followed.log_odds < LOWEST_LOG_ODDS && fitted.label.seizure_probability < 0.6, "{followed:?}");
    assert_eq!(followed.level().threshold(0.6), fitted.label.seizure_probability);
    let told = format!("seizure_probability {}: the CNN says of", fitted.label.seizure_probability);
    assert!(said.contains(&told) && said.contains("; 0.6 by default"), "{said}");

    // The CNN in use is another one than that of the level, whether the threshold has fallen or not.
    let text = std::fs::read_to_string(&path).expect("settings");
    let other = text.replace(&followed.cnn, "0a1b");
    let high = |line: &str| match line.split_once(" = ") {
        Some(("seizure_probability" | "set_to", _)) => {
            line.replace(&fitted.label.seizure_probability.to_string(), "0.6")
        }
        Some(("log_odds", _)) => "log_odds = -1.0".to_string(),
        _ => line.to_string(),
    };
    let not_low: Vec<String> = other.lines().map(high).collect();
    for settings in [other.clone(), not_low.join("\n")] {
        std::fs::write(&path, settings).expect("settings");
        let (_, warned) = says(&["replay", "--patient", "anna", "calm.edf"]);
        assert!(warned.contains("rests on what another CNN said"), "{warned}");
        let (shown, _) = says(&["patient", "show", "anna"]);
        assert!(shown.contains("rests on what another CNN said"), "{shown}");
    }
    std::fs::write(&path, text).expect("settings");

    let (said, _) = says(&["patient", "switch", "anna", "0"]);
    assert!(said.contains("seizure_probability 0.6, the default") && settings().level.is_none(), "{said}");
    let (said, _) = says(&["patient", "switch", "anna", "1"]);
    assert!(said.contains(&told), "{said}");
    // By hand, and from then on it stays and is told to.
    let text = std::fs::read_to_string(&path).expect("settings");
    let by_hand = text.replace(
        &format!("seizure_probability = {}", fitted.label.seizure_probability),
        "seizure_probability = 0.5",
    );
    assert_ne!(by_hand, text);
    std::fs::write(&path, by_hand).expect("settings");
    let (said, _) = says(&["patient", "switch", "anna", "0"]);
    assert!(said.contains("seizure_probability 0.5, as it was set") && !settings().follow_level, "{said}");

    std::fs::write(folder.path().join("patients/anna/versions/0001/level.json"), "[]").expect("a file");
    let message = refusal(folder.path(), &["patient", "switch", "anna", "1"], 8);
    assert!(message.contains("level.json") && message.contains("expected log_odds"), "{message}");
    assert_eq!(settings().label.seizure_probability, 0.5);
}
