//! Alarm settings are chosen on recordings that can tell, and those never count afterwards.

mod recordings;

use std::path::Path;

use recordings::{REFERENTIAL, background, refusal, repository, vigil, ward, write_recording};
use tempfile::TempDir;
use vigil::config::{PatientConfig, PatientId};
use vigil::format::events::write_events;

/// The demo patient's earlier seizures, in a folder of the test's own.
fn earlier(folder: &Path) -> Vec<String> {
    ward(folder);
    ["03", "04"]
        .iter()
        .map(|run| {
            let name = format!("sub-chb03_ses-01_task-szMonitoring_run-{run}");
            for file in [format!("{name}_eeg.edf"), format!("{name}_events.tsv")] {
                std::fs::copy(repository("patients/chb03/recordings").join(&file), folder.join(&file))
                    .expect("a recording");
            }
            format!("{name}_eeg.edf")
        })
        .collect()
}

fn settings(folder: &Path) -> PatientConfig {
    PatientConfig::load(&folder.join("patients"), &PatientId::new("chb03").expect("an id")).expect("settings")
}

fn calibrate<'a>(recordings: &'a [String], rate: &'a str) -> Vec<&'a str> {
    let mut arguments = vec!["patient", "calibrate", "chb03", "--false-alarms-per-hour", rate];
    arguments.extend(recordings.iter().map(String::as_str));
    arguments
}

#[test]
fn recordings_in_which_no_alarm_could_be_false_are_refused_and_change_nothing() {
    let folder = TempDir::new().expect("a folder");
    let recordings = earlier(folder.path());
    let before = settings(folder.path());
    let message = refusal(folder.path(), &calibrate(&recordings, "1"), 5);
    assert!(message.contains("where no alarm is false") && message.contains("ordinary hours"), "{message}");
    assert_eq!(settings(folder.path()), before);
}

#[test]
fn options_of_a_wards_reviews_do_not_go_with_recordings_and_change_nothing() {
    let folder = TempDir::new().expect("a folder");
    let recordings = earlier(folder.path());
    let before = settings(folder.path());
    for option in [&["--preview"][..], &["--preview", "--json"], &["--days", "3"], &["--by", "Dr. Example"]] {
        let message = refusal(folder.path(), &[&calibrate(&recordings, "1"), option].concat(), 2);
        assert!(message.contains(option[0]), "{message}");
    }
    assert_eq!(settings(folder.path()), before);
}

#[test]
fn recordings_without_an_experts_marks_are_refused() {
    let folder = TempDir::new().expect("a folder");
    let mut recordings = earlier(folder.path());
    write_recording(
        &folder.path().join("calm.edf"),
        &REFERENTIAL,
        256,
        20,
        "2075-09-03T08:00:00",
        background,
    );
    recordings.push("calm.edf".into());
    let message = refusal(folder.path(), &calibrate(&recordings, "1"), 5);
    assert!(message.contains("calm.edf: no expert marks beside it"), "{message}");
}

#[test]
fn settings_are_chosen_for_the_wanted_rate_written_down_and_their_recordings_count_no_more() {
    let folder = TempDir::new().expect("a folder");
    let mut recordings = earlier(folder.path());
    let start = "2075-09-03T08:00:00";
    // A loud regular rhythm would look like a seizure.
    let quiet = |channel: usize, t: f64| 0.2 * background(channel, t);
    write_recording(&folder.path().join("calm.edf"), &REFERENTIAL, 256, 300, start, quiet);
    write_events(&folder.path().join("calm_events.tsv"), &[], start.parse().expect("a time"), 300.0)
        .expect("a table");
    recordings.push("calm.edf".into());
    let output = vigil(folder.path(), &calibrate(&recordings, "0"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let config = settings(folder.path());
    let record = config.calibration.as_ref().expect("a record");
    assert_eq!(record.recordings.len(), 3);
    assert_eq!((record.false_alarms, record.seizures), (0, 2));
    assert!((record.hours - 300.0 / 3600.0).abs() < 0.01, "{} h at risk", record.hours);
    // No alarm in T hours is up to 3.7 / T an hour.
    assert!((record.false_alarms_per_hour[1] - 3.689 / record.hours).abs() < 1.0, "{record:?}");
    assert!(record.detected >= 1, "{record:?}");
    assert_eq!(config.accumulator.cap, 2.0 * config.accumulator.threshold);

    let mut replay = vec!["replay", "--patient", "chb03", "--json"];
    replay.extend(recordings.iter().map(String::as_str));
    let output = vigil(folder.path(), &replay);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(summary["learnt_recordings"], 3);
    assert_eq!((summary["hours"].as_f64(), summary["score"]["detected"].as_u64()), (Some(0.0), Some(0)));
}

#[test]
fn where_no_seizure_is_marked_the_threshold_falls_as_far_as_the_wanted_rate_allows() {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    let start = "2075-09-03T08:00:00";
    let before = settings(folder.path());
    let mut chosen = Vec::new();
    // Calm EEG, and the same with minutes that resemble a seizure; then too little of it.
    for (name, loudest, seconds) in [("calm", 0.2, 3660), ("loud", 0.4, 3660), ("short", 0.2, 300)] {
        let signal = |channel: usize, t: f64| {
            let gain = if (100.0..300.0).contains(&t) { loudest } else { 0.2 };
            gain * background(channel, t)
        };
        write_recording(
            &folder.path().join(format!("{name}.edf")),
            &REFERENTIAL,
            128,
            seconds,
            start,
            signal,
        );
        let table = folder.path().join(format!("{name}_events.tsv"));
        write_events(&table, &[], start.parse().expect("a time"), seconds as f64).expect("a table");
        let id = PatientId::new("chb03").expect("an id");
        before.save(&folder.path().join("patients"), &id).expect("saved");

        let recordings = [format!("{name}.edf")];
        if name == "short" {
            let message = refusal(folder.path(), &calibrate(&recordings, "1"), 5);
            assert!(message.contains("no seizure, and 0.08 h are too few"), "{message}");
            assert!(message.contains("at least 1.0 h for a rate of 1 an hour"), "{message}");
            assert_eq!(settings(folder.path()), before);
            break;
        }
        let output = vigil(folder.path(), &calibrate(&recordings, "1"));
        let told = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(output.status.success(), "{told}");
        assert!(told.contains("these recordings have no seizure"), "{told}");
        let after = settings(folder.path());
        let record = after.calibration.clone().expect("a record");
        assert_eq!((record.seizures, record.detected), (0, 0));
        assert!(record.false_alarms <= 1, "{record:?}");
        assert_eq!(after.accumulator, before.accumulator, "the threshold alone is changed");
        chosen.push(after.label.seizure_probability);
    }
    assert!(chosen[0] < before.label.seizure_probability, "calm EEG lets it fall: {chosen:?}");
    assert!(chosen[0] < chosen[1], "what would raise an alarm does not: {chosen:?}");
}
