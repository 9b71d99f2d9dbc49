//! What is odd about the recordings of a tree is told, and what cannot be used is told all at once.

mod recordings;

use std::path::{Path, PathBuf};

use recordings::{REFERENTIAL, background, refusal, vigil, ward, write_recording};
use tempfile::TempDir;
use vigil::dataset::{Dataset, LabelledRecording};
use vigil::signal::SignalConfig;

const EVALUATE: [&str; 5] = ["evaluate", "--data", "data", "--model", "cnn"];
const START: &str = "2024-05-06T07:08:09";
const NO_RECORDING: &str = "this is a shopping list, not EEG at all";
const SEIZURE: &str = "onset\tduration\teventType\n1\t2\tsz\n";

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    folder
}

fn place(root: &Path, person: &str, what: &str) -> PathBuf {
    root.join(format!("data/sub-{person}/eeg/sub-{person}_run-01_{what}"))
}

/// Writes 8 s of a person, no two alike, and a seizure in them.
fn write(root: &Path, person: &str, labels: &[&str], microvolts: impl Fn(usize, f64) -> f64) -> PathBuf {
    let path = place(root, person, "eeg.edf");
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let number = person.bytes().map(usize::from).sum::<usize>();
    let of_person = |channel, t| microvolts(channel, t) + (number as f64 * t).sin();
    write_recording(&path, labels, 256, 8, START, of_person);
    std::fs::write(place(root, person, "events.tsv"), SEIZURE).expect("a table");
    path
}

/// Takes the second half of a file away.
fn cut(path: &Path) {
    let bytes = std::fs::read(path).expect("a recording");
    std::fs::write(path, &bytes[..bytes.len() / 2]).expect("a writable file");
}

fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = vigil(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "vigil {arguments:?} said: {told}");
    told
}

#[test]
fn an_evaluation_tells_what_is_odd_about_its_recordings() {
    let folder = folder();
    let few: Vec<&str> = REFERENTIAL.into_iter().filter(|label| !label.contains("T3")).collect();
    write(folder.path(), "p1", &few, background);
    write(folder.path(), "p2", &few, background);
    cut(&write(folder.path(), "p3", &REFERENTIAL, background));
    let path = place(folder.path(), "p4", "eeg.edf");
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let flat = |channel: usize, t: f64| if channel == 6 { 0.0 } else { background(channel, t) };
    write_recording(&path, &REFERENTIAL, 256, 8, START, flat);
    std::fs::write(place(folder.path(), "p4", "events.tsv"), SEIZURE).expect("a table");
    let strange = "name\tstatus\ncontact 1\tbad\n";
    std::fs::write(place(folder.path(), "p4", "channels.tsv"), strange).expect("a table");
    let said = told(folder.path(), &EVALUATE);
    // Equal words stand there once.
    let lacking = "no channels for F7-T7, T7-P7; drawn as absent (2 recordings, the first";
    assert_eq!(said.matches("no channels for").count(), 1, "{said}");
    assert!(said.contains(lacking) && said.contains("sub-p1_run-01_eeg.edf)"), "{said}");
    assert!(said.contains("sub-p3_run-01_eeg.edf: the file is truncated"), "{said}");
    assert!(said.contains("sub-p4_run-01_eeg.edf: of 8 s, EEG T3-REF flat in 8 s"), "{said}");
    assert!(said.contains("calls bad what matches no channel: \"contact 1\""), "{said}");
}

#[test]
fn an_evaluation_tells_of_faults_in_many_recordings_in_a_few_lines() {
    let folder = folder();
    for person in ["p1", "p2", "p3", "p4", "p5", "p6", "p7"] {
        let path = write(folder.path(), person, &REFERENTIAL, background);
        let number = person.bytes().map(usize::from).sum::<usize>();
        // One that is flat: nothing is added to it.
        let flat = |channel: usize, t: f64| match channel {
            6 => 0.0,
            _ => background(channel, t) + (number as f64 * t).sin(),
        };
        write_recording(&path, &REFERENTIAL, 256, 8, START, flat);
    }
    let said = told(folder.path(), &EVALUATE);
    assert_eq!(said.matches("EEG T3-REF flat in 8 s").count(), 5, "{said}");
    assert!(said.contains("in 2 more recordings channels were faulty"), "{said}");
}

#[test]
fn all_recordings_of_a_tree_that_cannot_be_used_are_told_at_once_with_whom_to_leave_out() {
    let folder = folder();
    for person in ["p1", "p2", "p3", "p4", "p5"] {
        write(folder.path(), person, &REFERENTIAL, background);
    }
    std::fs::write(place(folder.path(), "p1", "eeg.edf"), NO_RECORDING).expect("a file");
    cut(&place(folder.path(), "p2", "eeg.edf"));
    let late = "onset\tduration\teventType\n6\t2\tsz\n";
    std::fs::write(place(folder.path(), "p2", "events.tsv"), late).expect("a table");
    std::fs::write(place(folder.path(), "p3", "channels.tsv"), "channel\nFp1\n").expect("a table");
    let message = refusal(folder.path(), &EVALUATE, 4);
    assert!(message.contains("3 recordings cannot be used"), "{message}");
    for of in ["sub-p1_run-01_eeg.edf, byte 0", "sub-p3_run-01_channels.tsv, line 1", "--exclude p1,p2,p3"] {
        assert!(message.contains(of), "{message}\nshould tell\n{of}");
    }
    // That the seizure lies behind the end is the file's fault, not the table's.
    let line = message.lines().find(|line| line.contains("sub-p2")).expect("a line").to_string();
    assert!(line.contains("a seizure from 6 to 8 s") && line.contains("the file is truncated"), "{line}");
    // Tables that cannot be read stand beside them.
    std::fs::write(place(folder.path(), "p4", "events.tsv"), "").expect("a table");
    let message = refusal(folder.path(), &EVALUATE, 4);
    assert!(message.contains("4 recordings cannot be used"), "{message}");
    assert!(message.contains("sub-p4_run-01_events.tsv, line 1"), "{message}");
    assert!(message.contains("--exclude p1,p2,p3,p4"), "{message}");
    write(folder.path(), "p6", &REFERENTIAL, background);
    told(folder.path(), &[&EVALUATE[..], &["--exclude", "p1,p2,p3,p4"]].concat());
}

#[test]
fn of_very_many_recordings_that_cannot_be_used_the_first_are_named_and_the_rest_counted() {
    let folder = TempDir::new().expect("a folder");
    let labelled = |number: usize| LabelledRecording {
        person: format!("p{number}"),
        path: folder.path().join(format!("{number:02}.edf")),
        events: Vec::new(),
    };
    let missing: Vec<LabelledRecording> = (1..=25).map(labelled).collect();
    let refused = Dataset::load(missing, &SignalConfig::default(), &mut |_, _| ());
    let message = refused.expect_err("no recording is there").to_string();
    assert!(message.contains("25 recordings cannot be used"), "{message}");
    assert!(message.contains("20.edf") && !message.contains("21.edf"), "{message}");
    assert!(message.contains("and 5 more"), "{message}");
}

#[test]
fn a_replay_tells_all_tables_at_once_that_do_not_fit_their_recordings() {
    let folder = folder();
    for (name, start) in [("a", START), ("b", "2024-05-06T08:08:09"), ("c", "2024-05-06T09:08:09")] {
        let path = folder.path().join(format!("{name}_eeg.edf"));
        write_recording(&path, &REFERENTIAL, 256, 5, start, background);
    }
    let late = "onset\tduration\teventType\n100\t10\tsz\n";
    std::fs::write(folder.path().join("a_events.tsv"), late).expect("a table");
    std::fs::write(folder.path().join("b_events.tsv"), "onset\tduration\n").expect("a table");
    let replay = ["replay", "a_eeg.edf", "b_eeg.edf", "c_eeg.edf", "--patient", "chb03"];
    let message = refusal(folder.path(), &replay, 4);
    assert!(message.contains("2 recordings cannot be used"), "{message}");
    assert!(
        message.contains("a_eeg.edf: a seizure from 100") && message.contains("b_events.tsv, line 1"),
        "{message}"
    );
    assert_eq!(message.matches("--ignore-events").count(), 1, "{message}");
    told(folder.path(), &[&replay[..], &["--ignore-events"]].concat());
    for name in ["a", "b"] {
        std::fs::write(folder.path().join(format!("{name}_eeg.edf")), NO_RECORDING).expect("a file");
    }
    let message = refusal(folder.path(), &replay, 4);
    assert!(message.contains("a_eeg.edf, byte 0") && message.contains("b_eeg.edf, byte 0"), "{message}");
}

#[test]
fn a_value_in_a_table_that_decides_nothing_is_told_and_the_evaluation_goes_on() {
    let folder = folder();
    write(folder.path(), "p1", &REFERENTIAL, background);
    write(folder.path(), "p2", &REFERENTIAL, background);
    let odd = "onset\tduration\teventType\tconfidence\n1\t2\tsz\t100\n";
    std::fs::write(place(folder.path(), "p1", "events.tsv"), odd).expect("a table");
    let said = told(folder.path(), &EVALUATE);
    assert!(said.contains("sub-p1_run-01_events.tsv, line 2: confidence is \"100\""), "{said}");
}
