//! `vigil score`: two trees of tables in, scores with their hours and intervals out.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const HEADER: &str = "onset\tduration\teventType\tconfidence\tchannels\tdateTime\trecordingDuration";

/// A table of one recording; no events make a row of background.
fn write(root: &Path, subject: &str, run: u32, events: &[(f64, f64)], duration_s: f64) {
    let folder = root.join(format!("sub-{subject}/ses-01/eeg"));
    std::fs::create_dir_all(&folder).unwrap();
    let mut text = format!("{HEADER}\n");
    let end = format!("n/a\tn/a\t2020-01-01 00:00:00\t{duration_s:.2}");
    if events.is_empty() {
        text += &format!("0.00\t{duration_s:.2}\tbckg\t{end}\n");
    }
    for (onset, duration) in events {
        text += &format!("{onset:.2}\t{duration:.2}\tsz\t{end}\n");
    }
    let name = format!("sub-{subject}_ses-01_task-szMonitoring_run-{run:02}_events.tsv");
    std::fs::write(folder.join(name), text).unwrap();
}

fn vigil(arguments: &[&Path]) -> Output {
    let [reference, hypothesis] = arguments else { panic!("two folders") };
    Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(["score", "--json", "--reference"])
        .arg(reference)
        .arg("--hypothesis")
        .arg(hypothesis)
        .output()
        .unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn scored(reference: &Path, hypothesis: &Path) -> Value {
    let output = vigil(&[reference, hypothesis]);
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_subject_is_scored_over_all_recordings_and_all_are_a_mean_over_subjects() {
    let folder = tempfile::tempdir().unwrap();
    let (reference, hypothesis) = (folder.path().join("ref"), folder.path().join("hyp"));
    // Of a, one of two is found; of b, the one there is, and one is false; c has none.
    write(&reference, "a", 1, &[(100.0, 30.0)], 3600.0);
    write(&reference, "a", 2, &[(500.0, 60.0)], 3600.0);
    write(&reference, "b", 1, &[(1000.0, 20.0)], 7200.0);
    write(&reference, "c", 1, &[], 3600.0);
    write(&hypothesis, "a", 1, &[(112.0, 20.0)], 3600.0);
    write(&hypothesis, "b", 1, &[(1008.0, 40.0), (4000.0, 10.0)], 7200.0);
    write(&hypothesis, "c", 1, &[], 3600.0);
    let report = scored(&reference, &hypothesis);
    let of = |subject: &str, kind: &str, figure: &str| report["subjects"][subject][kind][figure].clone();
    assert_eq!(of("a", "event", "sensitivity"), 0.5);
    assert_eq!(of("b", "event", "precision"), 0.5);
    assert_eq!(of("c", "event", "sensitivity"), Value::Null);
    assert_eq!(of("c", "event", "f1"), Value::Null);
    assert_eq!(of("b", "event", "fp_per_24h"), 12.0);
    assert_eq!(report["overall"]["event"]["sensitivity"], 0.75);
    assert_eq!(report["overall"]["event"]["fp_per_24h"], 4.0);
    assert_eq!(report["overall"]["event"]["refs"], 3);
    assert_eq!(of("a", "sample", "tp"), 18);
    let ward = &report["overall"]["ward"];
    assert_eq!((&ward["alarms"], &ward["false_alarms"]), (&3.into(), &1.into()));
    assert_eq!(ward["latency_s"]["median"], 10.0);
    assert_eq!(ward["latency_s"]["range"], serde_json::json!([8.0, 12.0]));
    // 5 hours recorded, less each seizure and the minute after it, to the second.
    assert_eq!(ward["recorded_hours"], 5.0);
    let at_risk = 18_000.0 - f64::from(91 + 121 + 81);
    assert!((ward["hours"].as_f64().unwrap() - at_risk / 3600.0).abs() < 1e-9, "{ward}");
    assert!(ward["false_alarms_per_hour_95"]["lower"].as_f64().unwrap() > 0.0);
}

#[test]
fn latency_is_counted_to_the_alarm_where_the_table_tells_it_and_to_the_onset_where_not() {
    let folder = tempfile::tempdir().unwrap();
    let (reference, hypothesis) = (folder.path().join("ref"), folder.path().join("hyp"));
    write(&reference, "a", 1, &[(100.0, 30.0)], 600.0);
    write(&hypothesis, "a", 1, &[(102.0, 20.0)], 600.0);
    assert_eq!(scored(&reference, &hypothesis)["overall"]["ward"]["latency_s"]["median"], 2.0);
    let table = hypothesis.join("sub-a/ses-01/eeg/sub-a_ses-01_task-szMonitoring_run-01_events.tsv");
    std::fs::write(
        &table,
        format!(
            "{HEADER}\talarm\n102.00\t20.00\tsz\tn/a\tn/a\tn/a\t600.00\t109.00\n\
             300.00\t9.00\tsz\tn/a\tn/a\tn/a\t600.00\tn/a\n"
        ),
    )
    .unwrap();
    let ward = scored(&reference, &hypothesis)["overall"]["ward"].clone();
    assert_eq!(ward["latency_s"]["median"], 9.0);
    assert_eq!(ward["alarms"], 1, "an event whose alarm rose elsewhere is none here");
}

#[test]
fn no_table_and_an_empty_one_count_as_no_detection() {
    let folder = tempfile::tempdir().unwrap();
    let (reference, hypothesis) = (folder.path().join("ref"), folder.path().join("hyp"));
    write(&reference, "a", 1, &[(100.0, 30.0)], 600.0);
    write(&reference, "a", 2, &[(100.0, 30.0)], 600.0);
    write(&hypothesis, "a", 2, &[], 600.0);
    let table = hypothesis.join("sub-a/ses-01/eeg/sub-a_ses-01_task-szMonitoring_run-02_events.tsv");
    for text in ["", HEADER, "\n"] {
        std::fs::write(&table, text).unwrap();
        let output = vigil(&[&reference, &hypothesis]);
        assert!(output.status.success(), "{}", said(&output));
        assert!(said(&output).contains("1 of 2 recordings have no table"), "{}", said(&output));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["overall"]["event"]["sensitivity"], 0.0);
        assert_eq!(report["overall"]["ward"]["latency_s"], Value::Null);
    }
}

#[test]
fn a_reference_without_a_row_is_scored_as_one_without_a_seizure_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let (reference, hypothesis) = (folder.path().join("ref"), folder.path().join("hyp"));
    write(&reference, "a", 1, &[], 600.0);
    write(&hypothesis, "a", 1, &[(100.0, 30.0)], 600.0);
    let with_a_row = vigil(&[&reference, &hypothesis]);
    assert!(with_a_row.status.success() && said(&with_a_row).is_empty(), "{}", said(&with_a_row));
    let table = reference.join("sub-a/ses-01/eeg/sub-a_ses-01_task-szMonitoring_run-01_events.tsv");
    std::fs::write(&table, format!("{HEADER}\n")).unwrap();
    let output = vigil(&[&reference, &hypothesis]);
    assert!(
        output.status.success() && said(&output).contains("has a header and no row"),
        "{}",
        said(&output)
    );
    assert_eq!(output.stdout, with_a_row.stdout);
}

#[test]
fn all_tables_that_cannot_be_read_are_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (reference, hypothesis) = (folder.path().join("ref"), folder.path().join("hyp"));
    for run in 1..=14 {
        write(&reference, "a", run, &[(100.0, 30.0)], 600.0);
        write(&hypothesis, "a", run, &[], 600.0);
    }
    let table = |root: &Path, run: u32| {
        root.join(format!("sub-a/ses-01/eeg/sub-a_ses-01_task-szMonitoring_run-{run:02}_events.tsv"))
    };
    let spoilt = format!("{HEADER}\n10\t5\tspike\tn/a\tn/a\tn/a\t600\n");
    (3..=13).for_each(|run| std::fs::write(table(&reference, run), &spoilt).unwrap());
    std::fs::write(table(&hypothesis, 1), &spoilt).unwrap();
    let output = vigil(&[&reference, &hypothesis]);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let told = said(&output);
    assert!(told.contains("12 files cannot be used") && told.contains("and 2 more"), "{told}");
    assert_eq!(told.matches("\"spike\"").count(), 10, "{told}");
}

#[test]
fn what_does_not_fit_is_told_and_cut() {
    let folder = tempfile::tempdir().unwrap();
    let (reference, hypothesis) = (folder.path().join("ref"), folder.path().join("hyp"));
    write(&reference, "a", 1, &[(590.0, 100.0), (700.0, 10.0)], 600.0);
    write(&hypothesis, "a", 1, &[(595.0, 3.0), (900.0, 3.0)], 600.0);
    write(&hypothesis, "z", 1, &[(595.0, 3.0)], 600.0);
    let output = vigil(&[&reference, &hypothesis]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("2 of the reference's events for "), "{}", said(&output));
    assert!(said(&output).contains("sub-z") && said(&output).contains("is not scored"), "{}", said(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["overall"]["sample"]["refs"], 10);
    // What lies beyond the recording altogether is nothing to a ward either.
    let ward = &report["overall"]["ward"];
    assert_eq!(
        (&ward["seizures"], &ward["alarms"], &ward["false_alarms"]),
        (&1.into(), &1.into(), &0.into())
    );
    assert!(report["subjects"]["z"].is_null());
}

#[test]
fn tables_of_recordings_of_different_length_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let (reference, hypothesis) = (folder.path().join("ref"), folder.path().join("hyp"));
    write(&reference, "a", 1, &[(100.0, 50.0)], 600.0);
    write(&reference, "b", 1, &[(100.0, 50.0)], 600.0);
    write(&hypothesis, "a", 1, &[(110.0, 3.0)], 600.4);
    write(&hypothesis, "b", 1, &[(110.0, 3.0)], 3600.0);
    let told = said(&vigil(&[&reference, &hypothesis]));
    let lines: Vec<&str> = told.lines().filter(|line| line.contains("of a recording of")).collect();
    let [line] = lines[..] else { panic!("{told}") };
    assert!(line.contains("sub-b") && line.contains("3600.00 s") && line.contains("600.00 s"), "{line}");
}

#[test]
fn bad_input_has_a_message_and_an_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let (reference, hypothesis) = (folder.path().join("ref"), folder.path().join("hyp"));
    std::fs::create_dir_all(&reference).unwrap();
    let failed = |code: i32, words: &str| {
        let output = vigil(&[&reference, &hypothesis]);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        assert!(said(&output).contains(words) && output.stdout.is_empty(), "{}", said(&output));
    };
    failed(3, "no events table");
    write(&reference, "a", 1, &[(100.0, 30.0)], 600.0);
    failed(3, "hyp");
    write(&hypothesis, "a", 1, &[], 600.0);
    let table = reference.join("sub-a/ses-01/eeg/sub-a_ses-01_task-szMonitoring_run-01_events.tsv");
    std::fs::write(&table, "onset\tduration\teventType\n10\t5\tsz\n").unwrap();
    let other = hypothesis.join("sub-a/ses-01/eeg/sub-a_ses-01_task-szMonitoring_run-01_events.tsv");
    std::fs::write(&other, HEADER).unwrap();
    failed(4, "recordingDuration");
    std::fs::write(&table, format!("{HEADER}\n10\tlong\tsz\tn/a\tn/a\tn/a\t600\n")).unwrap();
    failed(4, "line 2");
    std::fs::write(&table, format!("{HEADER}\n10\t5\tsz\tn/a\tn/a\tn/a\t-3\n")).unwrap();
    failed(4, "recordingDuration is -3");
}
