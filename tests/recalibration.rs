//! What other settings would have done is what a run with them does; nothing changes before a person accepts; and what was
//! accepted holds.

mod daemon;
mod story;

use std::path::Path;
use std::process::Command;

use daemon::{Daemon, TOKEN, Ward};
use serde_json::{Value, json};
use story::{Story, hours_ago};
use vigil::alarm::entry::{Judgement, What};
use vigil::calibrate::{AlarmSettings, Period, Preview, TriedSettings, Wanted, preview};
use vigil::config::{PatientConfig, PatientId};
use vigil::detect::{AccumulatorConfig, Alarm, Detector, LabelRule, Opinion};

/// Three hours: of a confident seizure, a confident false alarm, a doubtful seizure that was missed, a doubtful false alarm
/// that nobody heard, and one that nobody has judged.
const HOURS: f64 = 3.0;
const SEIZURE: u64 = 1000;
const FALSE_ALARM: u64 = 3000;
const MISSED: u64 = 5000;
const UNHEARD: u64 = 7000;
const UNJUDGED: u64 = 9000;

fn opinion(second: u64) -> [f32; 3] {
    let lasts = |from: u64, seconds: u64| (from..from + seconds).contains(&second);
    let seizure = if lasts(SEIZURE, 30) {
        0.95
    } else if lasts(FALSE_ALARM, 9) || lasts(UNJUDGED, 12) {
        0.7
    } else if lasts(MISSED, 30) || lasts(UNHEARD, 10) {
        0.55
    } else {
        0.1
    };
    [seizure, 0.0, 1.0 - seizure]
}

/// What the detector of these settings does, second by second, with no part of what is tested.
fn run(settings: &AlarmSettings) -> Vec<Alarm> {
    let mut detector = Detector::new(settings.label(), settings.accumulator()).unwrap();
    (0..(HOURS * 3600.0) as u64)
        .filter_map(|second| {
            let opinion = Opinion { ae_error: None, ae_flag: None, probabilities: opinion(second) };
            detector.next(second, Some(opinion)).alarm
        })
        .collect()
}

/// The past, its alarms as the default settings raised them, judged but for one.
fn past(folder: &Path, bed: &str, patient: &str) -> Story {
    let mut story = Story::begin(folder, hours_ago(HOURS + 1.0));
    story.watched(bed, patient, 0, (HOURS * 3600.0) as u64);
    story.recorded(bed, patient, 0..(HOURS * 3600.0) as u64, (&["Fp1"], 2), opinion, |_, _| 0.0);
    let defaults = AlarmSettings::of(LabelRule::default(), AccumulatorConfig::default());
    let ends = [SEIZURE + 42, FALSE_ALARM + 18, UNJUDGED + 24];
    for (alarm, end) in run(&defaults).iter().zip(ends) {
        let id = story.alarm(bed, patient, [alarm.onset_second, alarm.raised_second, end]);
        match alarm.onset_second {
            SEIZURE => story.judge(&id, "Ada", Judgement::Seizure),
            FALSE_ALARM => story.judge(&id, "Ada", Judgement::FalseAlarm),
            _ => {}
        }
    }
    story.missed(bed, patient, "Ada", [MISSED, MISSED + 30]);
    story
}

fn defaults() -> PatientConfig {
    PatientConfig::new("cnn", vigil::signal::Mains::try_from(60).unwrap())
}

fn look(story: &Story, wanted: f64, tried: TriedSettings) -> Preview {
    let now_s = story.start_s as f64 + HOURS * 3600.0 + 3600.0;
    let period = Period::gather(&story.record, &story.log, "p001", 1.0, now_s).unwrap();
    preview(&PatientId::new("p001").unwrap(), &defaults(), &period, &Wanted { per_hour: wanted, tried })
        .unwrap()
}

fn onsets<'a>(story: &Story, told: impl Iterator<Item = &'a String>) -> Vec<u64> {
    told.map(|text| (vigil::alarm::moment::wall_us(text).unwrap() / 1_000_000 - story.start_s) as u64)
        .collect()
}

#[test]
fn gained_and_lost_are_exactly_what_a_run_with_these_settings_raises() {
    let folder = tempfile::tempdir().unwrap();
    let story = past(folder.path(), "emu-01", "p001");
    let mut compared = 0;
    for threshold in [3.0, 6.0, 8.0, 10.0, 14.0, 40.0] {
        for seizure_probability in [0.5, 0.6, 0.8, 0.97] {
            let tried = TriedSettings {
                threshold: Some(threshold),
                seizure_probability: Some(seizure_probability),
                ..TriedSettings::default()
            };
            let shown = look(&story, 1.0, tried);
            let (now, then) = (run(&shown.now), run(&shown.proposed.unwrap()));
            assert_eq!((shown.before.alarms, shown.after.as_ref().unwrap().alarms), (now.len(), then.len()));
            // Here every run has a second of its own in which it begins: alarms are told apart by that.
            let of = |alarms: &[Alarm]| alarms.iter().map(|alarm| alarm.onset_second).collect::<Vec<_>>();
            let only = |some: &[u64], others: &[u64]| {
                some.iter().copied().filter(|onset| !others.contains(onset)).collect::<Vec<_>>()
            };
            let (now, then) = (of(&now), of(&then));
            assert_eq!(
                onsets(&story, shown.gained.iter().map(|one| &one.onset)),
                only(&then, &now),
                "{shown:?}"
            );
            assert_eq!(
                onsets(&story, shown.lost.iter().map(|one| &one.onset)),
                only(&now, &then),
                "{shown:?}"
            );
            assert_eq!(shown.kept, now.len() - only(&now, &then).len());
            compared += usize::from(now != then);
        }
    }
    assert!(compared > 10, "most of them differ");
}

#[test]
fn what_is_counted_is_what_reviewers_say_and_what_nobody_judged_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = past(folder.path(), "emu-01", "p001");
    let tried =
        TriedSettings { seizure_probability: Some(0.5), threshold: Some(6.0), ..TriedSettings::default() };
    let shown = look(&story, 1.0, tried);
    assert_eq!((shown.unreviewed, shown.uncertain, shown.marked_missed), (1, 0, 1));
    let before = &shown.before;
    assert_eq!(
        (before.alarms, before.false_alarms, before.not_counted, before.confirmed_kept, before.missed),
        (3, 1, 1, 1, 1)
    );
    let after = shown.after.as_ref().unwrap();
    assert_eq!(
        (after.alarms, after.false_alarms, after.not_counted, after.confirmed_kept, after.missed),
        (5, 2, 1, 2, 0)
    );
    // Two seizures of 30 s (the first to its alarm's end), a minute after each, and the unjudged alarm with a minute on
    // either side are not at risk.
    let at_risk = HOURS * 3600.0 - (42.0 + 60.0) - (30.0 + 60.0) - (24.0 + 120.0);
    assert!((shown.hours * 3600.0 - at_risk).abs() <= 6.0, "{} {at_risk}", shown.hours * 3600.0);
    assert_eq!(shown.differing_from_log, 0, "{shown:?}");
    let gained: Vec<_> = shown.gained.iter().map(|one| one.judgement).collect();
    assert_eq!(gained, [Some(Judgement::Seizure), None]);
    assert!(
        shown.warnings.iter().any(|words| words.contains("1 of 3 alarms (33 %) are not judged")),
        "{shown:?}"
    );
    assert!(shown.proposal.is_some());

    // Settings that would lose the confirmed seizure say so.
    let strict = TriedSettings { seizure_probability: Some(0.97), ..TriedSettings::default() };
    let shown = look(&story, 1.0, strict);
    assert_eq!(shown.lost.len(), 3);
    assert_eq!(shown.lost[0].judgement, Some(Judgement::Seizure));
    assert!(shown.lost.iter().all(|lost| lost.alarm.is_some()), "the log knows them: {shown:?}");
    assert!(shown.warnings.iter().any(|words| words.contains("would have no alarm")), "{:?}", shown.warnings);

    // An alarm on which two readers differ says nothing either way.
    let id = shown.lost[1].alarm.clone().unwrap();
    story.read_again(&id, "Grace", Judgement::Seizure);
    let shown = look(&story, 1.0, tried);
    assert_eq!((shown.uncertain, shown.before.false_alarms, shown.before.not_counted), (1, 0, 2));
}

#[test]
fn the_choice_finds_most_within_the_wanted_rate_and_says_what_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let story = past(folder.path(), "emu-01", "p001");
    let shown = look(&story, 1.0, TriedSettings::default());
    let (proposed, after) = (shown.proposed.unwrap(), shown.after.clone().unwrap());
    assert_eq!(after.missed, 0, "both seizures can be found within an alarm an hour: {shown:?}");
    assert!(proposed.seizure_probability <= 0.55);
    // The doubtful seizure lasts 30 s and what resembles it 10: a higher threshold tells them apart.
    assert_eq!(after.false_alarms, 0, "{shown:?}");
    assert!(proposed.threshold > 10.0 && proposed.cap == 2.0 * proposed.threshold, "{proposed:?}");

    let short = look(&story, 0.1, TriedSettings::default());
    assert_eq!((short.proposed, short.proposal.as_ref()), (None, None));
    let why = short.refused.unwrap();
    assert!(why.contains("at least 10.0 h are needed for a rate of 0.1 an hour"), "{why}");

    // Nobody has judged anything: nothing is chosen.
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::begin(folder.path(), hours_ago(HOURS + 1.0));
    story.recorded("emu-01", "p001", 0..(HOURS * 3600.0) as u64, (&["Fp1"], 2), opinion, |_, _| 0.0);
    story.alarm("emu-01", "p001", [SEIZURE, SEIZURE + 5, SEIZURE + 42]);
    let why = look(&story, 1.0, TriedSettings::default()).refused.unwrap();
    assert!(why.contains("0 of 1 alarms are judged, and at least half must be"), "{why}");
}

#[test]
fn where_no_seizure_is_known_the_most_sensitive_settings_within_the_rate_are_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::begin(folder.path(), hours_ago(HOURS + 1.0));
    story.recorded("emu-01", "p001", 0..(HOURS * 3600.0) as u64, (&["Fp1"], 2), opinion, |_, _| 0.0);
    let id = story.alarm("emu-01", "p001", [SEIZURE, SEIZURE + 5, SEIZURE + 42]);
    story.judge(&id, "Ada", Judgement::FalseAlarm);
    let now = AlarmSettings::of_patient(&defaults());
    for (wanted, probability, alarms) in [
        // Of all five runs nothing else may be heard than these: from 0.55 on, from 0.7 on, from 0.95 on.
        (2.0, 0.15, 5),
        (1.01, 0.6, 3),
        (0.5, 0.8, 1),
    ] {
        let shown = look(&story, wanted, TriedSettings::default());
        let proposed = shown.proposed.unwrap();
        // A threshold of 0.1 would be one alarm of three hours, which a ward hears all the time.
        assert_eq!(proposed, AlarmSettings { seizure_probability: probability, ..now }, "{shown:?}");
        let after = shown.after.unwrap();
        assert_eq!((after.alarms, after.false_alarms, after.missed), (alarms, alarms, 0));
        assert_eq!(run(&proposed).len(), alarms);
        assert!(shown.warnings.iter().any(|words| words.contains("no seizure of this period is known")));
    }
}

fn get(daemon: &Daemon, path: &str) -> (u16, Value) {
    let (code, text) = daemon.ask("GET", &format!("/api/v1{path}"), Some(TOKEN), "");
    (code, serde_json::from_str(&text).unwrap_or(Value::Null))
}

fn post(daemon: &Daemon, path: &str, body: &Value) -> (u16, Value) {
    let (code, text) = daemon.ask("POST", &format!("/api/v1{path}"), Some(TOKEN), &body.to_string());
    (code, serde_json::from_str(&text).unwrap_or(Value::Null))
}

#[test]
fn accepted_settings_are_written_logged_and_taken_by_the_running_bed_and_an_outdated_proposal_is_refused() {
    let bed = "[[bed]]\nname = \"emu-02\"\npatient = \"chb03\"\n\
         source.synthetic = { speed = 4.0, eeg = { seed = 1, duration_s = 40000 } }\n";
    let ward = Ward::new(bed);
    drop(past(ward.folder.path(), "emu-01", "chb03"));
    let id = PatientId::new("chb03").unwrap();
    let patients = ward.path("patients");
    let before = PatientConfig::load(&patients, &id).unwrap();
    let mut daemon = ward.start();
    let detectors = |ward: &Ward| ward.log().map_or(0, |log| log.detectors().unwrap().len());
    daemon.wait_for("the bed's detector", |_| (detectors(&ward) == 1).then_some(()));
    let path = "/patients/chb03/recalibration";
    let (code, shown) = get(&daemon, &format!("{path}?days=1&threshold=9&seizure_probability=0.52"));
    assert_eq!(code, 200, "{shown}");
    assert_eq!(shown["proposed"]["threshold"], 9.0);
    assert_eq!(PatientConfig::load(&patients, &id).unwrap(), before, "to look changes nothing");
    let (_, other) = get(&daemon, &format!("{path}?days=1&threshold=12"));

    assert_eq!(post(&daemon, path, &json!({ "by": "Ada", "proposal": "nonsense" })).0, 400);
    assert_eq!(post(&daemon, path, &json!({ "proposal": shown["proposal"] })).0, 400, "somebody accepts");
    let elsewhere =
        post(&daemon, "/patients/new/recalibration", &json!({ "by": "Ada", "proposal": shown["proposal"] }));
    assert!(
        elsewhere.0 == 400 && elsewhere.1["detail"].as_str().unwrap().contains("for patient chb03"),
        "{elsewhere:?}"
    );
    let (code, done) =
        post(&daemon, path, &json!({ "by": "Ada", "proposal": shown["proposal"], "note": "fewer at night" }));
    assert_eq!(code, 200, "{done}");
    assert_eq!((&done["settings"], &done["beds"]), (&shown["proposed"], &json!(["emu-02"])));
    let after = PatientConfig::load(&patients, &id).unwrap();
    assert_eq!((after.accumulator.threshold, after.accumulator.cap), (9.0, 18.0));
    assert_eq!(after.label.seizure_probability, 0.52);
    assert_eq!((&after.cnn, &after.fit), (&before.cnn, &before.fit), "the rest is kept");
    assert!(after.calibration.unwrap().recordings[0].starts_with("record of emu-01 from"));
    daemon.wait_for("the bed to take them", |_| {
        let log = ward.log()?;
        let (_, detector) = log.detectors().ok()?.into_iter().nth(1)?;
        (detector.settings["accumulator"]["threshold"] == 9.0).then_some(())
    });
    let entries = ward.log().unwrap().entries().unwrap();
    let logged = entries.iter().find(|logged| logged.entry.what.name() == "recalibrated").unwrap();
    assert_eq!((logged.entry.who.as_str(), logged.entry.patient.as_str()), ("Ada", "chb03"));
    let What::Recalibrated(said) = &logged.entry.what else { panic!("{logged:?}") };
    assert_eq!((&said.from["threshold"], &said.to["threshold"]), (&json!(6.0), &json!(9.0)));
    assert_eq!(said.note, "fewer at night");

    // Whoever looked before that accepts nothing.
    for outdated in [&other, &shown] {
        let (code, told) = post(&daemon, path, &json!({ "by": "Grace", "proposal": outdated["proposal"] }));
        assert_eq!(code, 409, "{told}");
        assert_eq!(told["current"]["threshold"], 9.0);
    }
    let (_, now) = get(&daemon, &format!("{path}?days=1&threshold=9&seizure_probability=0.52"));
    assert_eq!((&now["proposal"], &now["now"]["threshold"]), (&Value::Null, &json!(9.0)));

    for (query, code) in [
        ("days=0", 400),
        ("days=900", 400),
        ("wanted_per_hour=-1", 400),
        ("threshold=-3", 400),
        ("threshold=9&cap=2", 400),
        ("nonsense=1", 400),
    ] {
        assert_eq!(get(&daemon, &format!("{path}?{query}")).0, code, "{query}");
    }
    assert_eq!(get(&daemon, "/patients/nobody/recalibration").0, 404);
    assert_eq!(get(&daemon, "/patients/new/recalibration").0, 404, "nothing is recorded of them");
    daemon.stop();
}

#[test]
fn of_two_who_accept_at_once_one_is_told_that_the_other_was_first() {
    let ward = Ward::new("");
    drop(past(ward.folder.path(), "emu-01", "chb03"));
    let daemon = ward.start();
    let path = "/patients/chb03/recalibration";
    let proposals: Vec<Value> = ["8", "9", "10", "11"]
        .iter()
        .map(|t| get(&daemon, &format!("{path}?days=1&threshold={t}")).1)
        .collect();
    let codes: Vec<u16> = std::thread::scope(|scope| {
        let accepting: Vec<_> = proposals
            .iter()
            .map(|shown| {
                let daemon = &daemon;
                scope.spawn(move || {
                    post(daemon, path, &json!({ "by": "Ada", "proposal": shown["proposal"] })).0
                })
            })
            .collect();
        accepting.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|code| **code == 200).count(), 1, "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 409).count(), 3, "{codes:?}");
    daemon.stop();
}

#[test]
fn the_command_line_shows_the_same_and_accepts() {
    let ward = Ward::new("");
    drop(past(ward.folder.path(), "emu-01", "chb03"));
    let run = |arguments: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_vigil"))
            .args(["patient", "calibrate", "chb03", "--days", "1", "--reviews"])
            .arg(ward.path("vigil.toml"))
            .args(arguments)
            .output()
            .unwrap()
    };
    let id = PatientId::new("chb03").unwrap();
    let before = PatientConfig::load(&ward.path("patients"), &id).unwrap();
    let shown = run(&["--preview", "--json"]);
    assert!(shown.status.success(), "{}", String::from_utf8_lossy(&shown.stderr));
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["after"]["missed"], 0);
    let words = run(&["--preview"]);
    assert!(String::from_utf8_lossy(&words.stdout).contains("gained"), "{words:?}");
    assert_eq!(PatientConfig::load(&ward.path("patients"), &id).unwrap(), before);
    let refused = run(&["--false-alarms-per-hour", "0.1"]);
    assert_eq!(refused.status.code(), Some(5), "{refused:?}");
    let why = String::from_utf8_lossy(&refused.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(why.contains("too little to choose settings by"), "{why}");
    assert_eq!(PatientConfig::load(&ward.path("patients"), &id).unwrap(), before);
    let done = run(&["--by", "Ada"]);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let after = PatientConfig::load(&ward.path("patients"), &id).unwrap();
    assert_eq!(AlarmSettings::of_patient(&after).value(), shown["proposed"]);
    let record = after.calibration.unwrap();
    assert_eq!((record.seizures, record.detected), (2, 2));
    let log = ward.log().unwrap().entries().unwrap();
    assert!(log.iter().any(|logged| logged.entry.what.name() == "recalibrated" && logged.entry.who == "Ada"));
}

/// Two seizures a day, of which the settings that hold find the confident one, and something like a seizure every two hours.
fn opinion_of_a_week(second: u64) -> [f32; 3] {
    let seizure = match (second % 43_200, second % 7200) {
        (1000..1040, _) => {
            if (second / 43_200).is_multiple_of(2) {
                0.95
            } else {
                0.55
            }
        }
        (_, 3000..3009) => 0.65,
        _ => 0.05 + 0.2 * (second % 97) as f32 / 97.0,
    };
    [seizure, 0.0, 1.0 - seizure]
}

#[test]
#[ignore = "records a week, and measures: make bench-preview"]
fn how_long_a_preview_of_a_week_takes() {
    const WEEK: u64 = 7 * 86_400;
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::begin(folder.path(), hours_ago(WEEK as f64 / 3600.0 + 1.0));
    story.watched("emu-01", "p001", 0, WEEK);
    story.recorded("emu-01", "p001", 0..WEEK, (&["Fp1"], 2), opinion_of_a_week, |_, _| 0.0);
    let settings = AlarmSettings::of(LabelRule::default(), AccumulatorConfig::default());
    let mut detector = Detector::new(settings.label(), settings.accumulator()).unwrap();
    for second in 0..WEEK {
        let opinion = Opinion { ae_error: None, ae_flag: None, probabilities: opinion_of_a_week(second) };
        if let Some(alarm) = detector.next(second, Some(opinion)).alarm {
            let id = story.alarm("emu-01", "p001", [alarm.onset_second, alarm.raised_second, second + 20]);
            let is_seizure = (1000..1060).contains(&(second % 43_200));
            story.judge(&id, "Ada", if is_seizure { Judgement::Seizure } else { Judgement::FalseAlarm });
        }
    }
    let now_s = story.start_s as f64 + WEEK as f64;
    for (what, tried) in [
        ("with settings chosen for one false alarm an hour", TriedSettings::default()),
        ("with settings tried by hand", TriedSettings { threshold: Some(9.0), ..TriedSettings::default() }),
    ] {
        let mut took: Vec<(f64, f64)> = Vec::new();
        for _ in 0..5 {
            let began = std::time::Instant::now();
            let period = Period::gather(&story.record, &story.log, "p001", 7.0, now_s).unwrap();
            let read = began.elapsed().as_secs_f64();
            let wanted = Wanted { per_hour: 1.0, tried };
            let shown = preview(&PatientId::new("p001").unwrap(), &defaults(), &period, &wanted).unwrap();
            assert!(shown.hours > 160.0 && shown.after.is_some(), "{shown:?}");
            took.push((began.elapsed().as_secs_f64(), read));
        }
        took.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (whole, read) = took[2];
        println!(
            "a preview of 7 days {what}: median {whole:.2} s of 5, {read:.2} s of it reading the record"
        );
    }
}
