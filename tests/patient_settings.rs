//! A patient's settings say what they are, and a mistake in them is told so that it can be mended.

use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;
use vigil::config::{CalibrationRecord, ConfigError, FitRecord, PatientConfig, PatientId};
use vigil::detect::{AccumulatorConfig, AeFlag, LabelRule};
use vigil::signal::Mains;

fn id() -> PatientId {
    PatientId::new("anna").expect("an id")
}

/// The defaults as a new patient gets them.
fn documented() -> String {
    PatientConfig::new("cnn", Mains::Hz50).to_documented_toml(&id())
}

fn parse(text: &str) -> Result<PatientConfig, ConfigError> {
    PatientConfig::parse(Path::new("patients/anna/patient.toml"), text)
}

/// The defaults with one line exchanged, and the number of that line.
fn with_line(from: &str, to: &str) -> (String, usize) {
    let text = documented();
    let at = text.lines().position(|line| line == from).expect(from);
    (text.replacen(from, to, 1), at + 1)
}

#[test]
fn what_is_written_reads_back() {
    let folder = TempDir::new().expect("a folder");
    let config = PatientConfig {
        label: LabelRule { seizure_probability: 0.55, ae_flag: AeFlag::Demotes, certain_probability: 0.95 },
        accumulator: AccumulatorConfig {
            threshold: 7.5,
            cap: 15.0,
            gain: 1.25,
            ..AccumulatorConfig::default()
        },
        fit: Some(FitRecord {
            recordings: vec!["day 1".into(), "N\"ächte\\ \u{301}\u{7f}'".into()],
            seconds: 812,
            date: "2031-02-03".into(),
        }),
        calibration: Some(CalibrationRecord {
            recordings: vec!["day 2".into()],
            hours: 12.5,
            false_alarms: 3,
            false_alarms_per_hour: [0.049, 0.701],
            seizures: 4,
            detected: 3,
            date: "2031-02-04".into(),
        }),
        ..PatientConfig::new("wards/cnn-2", Mains::None)
    };
    config.save(folder.path(), &id()).expect("a file");
    assert_eq!(PatientConfig::load(folder.path(), &id()).expect("the same file"), config);
    assert_eq!(config.used_recordings().len(), 3);
}

#[test]
fn a_new_patient_has_every_setting_with_its_default_and_a_reason_above_it() {
    let text = documented();
    let config = parse(&text).expect("the defaults");
    assert_eq!(config, PatientConfig::new("cnn", Mains::Hz50));
    let lines: Vec<&str> = text.lines().collect();
    let settings: Vec<usize> = (0..lines.len()).filter(|&i| lines[i].contains(" = ")).collect();
    let names: Vec<&str> = settings.iter().filter_map(|&i| lines[i].split(" = ").next()).collect();
    assert_eq!(
        names,
        [
            "cnn",
            "mains_hz",
            "follow_level",
            "seizure_probability",
            "ae_flag",
            "certain_probability",
            "gain",
            "cap",
            "decay_abnormal",
            "decay_normal",
            "threshold",
            "refractory_s",
            "gap_reset_s"
        ]
    );
    for line in settings {
        assert!(lines[line - 1].starts_with("# "), "{} has no reason", lines[line]);
    }
}

#[test]
fn the_guide_tells_the_defaults_that_the_program_has() {
    let guide = include_str!("../GUIDE.md");
    // Columns of other tables have some of the same names.
    let (_, guide) = guide.split_once("| setting | default | what |").expect("the table of settings");
    let text = documented();
    let settings = text.lines().filter_map(|line| line.split_once(" = "));
    // Those two have no default: they depend on the models and on the place.
    for (name, default) in settings.filter(|(name, _)| !["cnn", "mains_hz"].contains(name)) {
        let start = format!("| `{name}` | ");
        let row = guide.lines().find_map(|line| line.strip_prefix(&start)).expect(name);
        let told = row.split(" | ").next().expect("a cell").trim_matches('`');
        assert_eq!(told, default, "{name}");
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let config = parse("cnn = \"cnn\"\nmains_hz = 60\n[accumulator]\nrefractory_s = 5\n").expect("settings");
    assert_eq!(config.accumulator, AccumulatorConfig { refractory_s: 5, ..AccumulatorConfig::default() });
    assert_eq!(config.label, LabelRule::default());
}

#[test]
fn a_mistake_is_told_with_its_line_and_an_example() {
    for (from, to, what, example) in [
        ("threshold = 6.0", "treshold = 6.0", "did you mean \"threshold\"?", "threshold = 6.0"),
        ("threshold = 6.0", "volume = 11", "there is no setting \"volume\"", "= "),
        ("threshold = 6.0", "threshold = \"six\"", "invalid type", "threshold = 6.0"),
        ("threshold = 6.0", "threshold = -1.0", "threshold is -1", "threshold = 6.0"),
        ("cap = 12.0", "cap = 3.0", "cap is 3", "cap = 12.0"),
        ("seizure_probability = 0.6", "seizure_probability = 1.5", "at most 1", "seizure_probability = 0.6"),
        ("ae_flag = \"ignore\"", "ae_flag = \"shout\"", "shout", "ae_flag = \"ignore\""),
        ("mains_hz = 50", "mains_hz = 55", "55", "mains_hz = 50"),
        ("cnn = \"cnn\"", "cnn = \"../elsewhere\"", "a folder below the models", "cnn = \"cnn\""),
        ("gain = 1.0", "gain = ", "", "gain = 1.0"),
        ("gain = 1.0", "gain = 0.0", "gain is 0; expected above 0", "gain = 1.0"),
        ("decay_abnormal = 1.5", "decay_abnormal = -0.5", "expected above 0", "decay_abnormal = 1.5"),
        ("decay_normal = 1.0", "decay_normal = 0.0", "last for ever", "decay_normal = 1.0"),
        ("certain_probability = 0.9", "certain_probability = 0", "above 0", "certain_probability = 0.9"),
        ("refractory_s = 60", "refractory_s = 2.5", "invalid type", "refractory_s = 60"),
        ("gap_reset_s = 10", "gap_rest_s = 10", "did you mean \"gap_reset_s\"?", "gap_reset_s = 10"),
        ("[label]", "[lable]", "did you mean \"label\"?", ""),
    ] {
        let (text, line) = with_line(from, to);
        let message = parse(&text).expect_err(to).to_string();
        let place = format!("patients/anna/patient.toml, line {line}: ");
        assert!(message.starts_with(&place), "{to}: {message}");
        assert!(message.contains(what), "{to}: {message}");
        assert!(message.contains(&format!("for example: {example}")) || example == "= ", "{to}: {message}");
    }
}

#[test]
fn a_setting_that_must_be_there_is_named() {
    let message = parse("mains_hz = 50\n").expect_err("no CNN").to_string();
    assert!(message.contains("cnn") && message.contains("for example: cnn = \"cnn\""), "{message}");
}

#[test]
fn an_id_is_the_name_of_a_folder_and_nothing_else() {
    for good in ["chb03", "Bed-7", "a_b", "0"] {
        PatientId::new(good).expect(good);
    }
    for bad in ["", ".", "..", "a/b", "a b", "ä", "a\0", "x".repeat(65).as_str()] {
        assert!(matches!(PatientId::new(bad), Err(ConfigError::BadId { .. })), "{bad:?}");
    }
}

#[test]
fn a_patient_who_is_not_there_is_told_with_those_who_are() {
    let folder = TempDir::new().expect("a folder");
    let message = PatientConfig::load(folder.path(), &id()).expect_err("nobody").to_string();
    assert!(message.contains("no patient anna") && message.contains("there is none"), "{message}");
    let berta = PatientId::new("berta").expect("an id");
    PatientConfig::new("cnn", Mains::Hz60).save(folder.path(), &berta).expect("a file");
    let message = PatientConfig::load(folder.path(), &id()).expect_err("nobody").to_string();
    assert!(message.contains("there are berta") && message.contains("vigil patient new anna"), "{message}");
}

#[test]
fn the_line_is_found_however_toml_writes_the_setting() {
    for (text, line) in [
        ("cnn = \"cnn\"\nmains_hz = 50\naccumulator.cap = 3.0\n", 3),
        ("cnn = \"cnn\"\nmains_hz = 50\naccumulator = { gain = 1.0, cap = 3.0 }\n", 3),
        ("cnn = \"cnn\"\nmains_hz = 50\n[accumulator]\n\"cap\" = 3.0\n", 4),
        ("# cap = 9\ncnn = \"cnn\"\nmains_hz = 50\n[accumulator]\ndecap = 1\n", 5),
        // The cap is left out, and its default is below this threshold.
        ("cnn = \"cnn\"\nmains_hz = 50\n[accumulator]\nthreshold = 20.0\n", 4),
        ("cnn = \"cnn\"\nmains_hz = 50\n[label]\nseizure_probability = nan\n", 4),
        ("cnn = \"cnn\"\nmains_hz = 50\n[accumulator]\ndecay_normal = inf\n", 4),
        ("cnn = \"cnn\"\nmains_hz = 50\n[accumulator]\nrefractory_s = -1\n", 4),
        ("cnn = \"cnn\"\nmains_hz = 50\nmains_hz = 60\n", 3),
    ] {
        let message = parse(text).expect_err(text).to_string();
        assert!(
            message.starts_with(&format!("patients/anna/patient.toml, line {line}: ")),
            "{text}{message}"
        );
    }
}

proptest! {
    #[test]
    fn whatever_settings_are_valid_read_back_as_they_were_written(
        cnn in "[^/\\x00.]{1,20}(/[^/.]{1,8})?",
        probabilities in (1e-6f32..=1.0, 1e-6f32..=1.0),
        demotes in any::<bool>(),
        positive in (1e-6f32..=1e6, 1e-6f32..=1e6, 1e-6f32..=1e6, 1e-6f32..=1e6),
        above in 0.0f32..=1.0,
        seconds in (0u64..1 << 62, 0u64..1 << 62),
        recordings in prop::collection::vec(any::<String>(), 0..4),
        hours in 0.0f64..1e6,
    ) {
        let (gain, threshold, decay_abnormal, decay_normal) = positive;
        let config = PatientConfig {
            label: LabelRule {
                seizure_probability: probabilities.0,
                ae_flag: if demotes { AeFlag::Demotes } else { AeFlag::Ignore },
                certain_probability: probabilities.1,
            },
            accumulator: AccumulatorConfig {
                gain,
                cap: threshold + above * (1e6 - threshold),
                decay_abnormal,
                decay_normal,
                threshold,
                refractory_s: seconds.0,
                gap_reset_s: seconds.1,
            },
            fit: Some(FitRecord { recordings: recordings.clone(), seconds: 7, date: "2031-02-03".into() }),
            calibration: Some(CalibrationRecord {
                recordings,
                hours,
                false_alarms: 3,
                false_alarms_per_hour: [hours / 3.0, f64::INFINITY],
                seizures: 4,
                detected: 3,
                date: "2031-02-04".into(),
            }),
            ..PatientConfig::new(&cnn, Mains::Hz60)
        };
        prop_assert_eq!(parse(&config.to_documented_toml(&id())).expect("what we wrote"), config);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(cnn|mains_hz|cap|accumulator|label|[=.\"#\\[\\]{}, ]|[0-9.e-]{0,4}|\n|\\PC){0,40}") {
        let _ = parse(&text);
    }
}
