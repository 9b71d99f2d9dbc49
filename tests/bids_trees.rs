//! A BIDS tree gives its recordings by subject, session and run, and nothing else.

use std::path::Path;

use tempfile::TempDir;
use vigil::dataset::{DatasetError, People, gather};
use vigil::format::FormatError;
use vigil::format::bids::{events_path_of, prediction_path, recordings};

fn tree(files: &[&str]) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    for file in files {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, "").expect("a file");
    }
    folder
}

#[test]
fn recordings_come_by_subject_session_and_run_with_their_events() {
    let folder = tree(&[
        "sub-b/ses-02/eeg/sub-b_ses-02_task-szMonitoring_run-01_eeg.edf",
        "sub-b/ses-01/eeg/sub-b_ses-01_task-szMonitoring_run-02_eeg.bdf",
        "sub-b/ses-01/eeg/sub-b_ses-01_task-szMonitoring_run-01_eeg.edf",
        "sub-b/ses-01/eeg/sub-b_ses-01_task-szMonitoring_run-01_events.tsv",
        "sub-a/eeg/sub-a_task-rest_eeg.edf",
    ]);
    let found = recordings(folder.path()).expect("a tree");
    let names: Vec<_> = found
        .iter()
        .map(|r| (r.subject.as_str(), r.session.as_deref(), r.task.as_deref(), r.run.as_deref()))
        .collect();
    assert_eq!(
        names,
        [
            ("a", None, Some("rest"), None),
            ("b", Some("01"), Some("szMonitoring"), Some("01")),
            ("b", Some("01"), Some("szMonitoring"), Some("02")),
            ("b", Some("02"), Some("szMonitoring"), Some("01")),
        ]
    );
    let with_events: Vec<bool> = found.iter().map(|recording| recording.events_path.is_some()).collect();
    assert_eq!(with_events, [false, true, false, false]);
}

#[test]
fn what_is_no_recording_is_passed_over() {
    let folder = tree(&[
        "sub-a/ses-01/eeg/sub-a_ses-01_task-x_run-01_eeg.edf",
        "sub-a/ses-01/eeg/sub-a_ses-01_task-x_run-01_eeg.json",
        "sub-a/ses-01/eeg/notes.edf",
        "sub-a/ses-01/anat/sub-a_ses-01_eeg.edf",
        "derivatives/sub-a/ses-01/eeg/sub-a_ses-01_task-x_run-01_eeg.edf",
        "participants.tsv",
        "dataset_description.json",
    ]);
    let found = recordings(folder.path()).expect("a tree");
    assert_eq!(found.len(), 1);
    assert!(found[0].eeg_path.ends_with("sub-a/ses-01/eeg/sub-a_ses-01_task-x_run-01_eeg.edf"));
}

#[test]
fn a_folder_without_recordings_is_told_with_what_was_expected() {
    let folder = tree(&["sub-a/ses-01/eeg/readme.txt"]);
    let error = recordings(folder.path()).expect_err("no recording");
    assert!(matches!(error, FormatError::Layout { .. }));
    let message = error.to_string();
    assert!(message.contains("holds no recording") && message.contains("sub-XX/ses-XX/eeg"), "{message}");
    let nowhere = recordings(Path::new("/nowhere/at/all")).expect_err("no folder").to_string();
    assert!(nowhere.contains("/nowhere/at/all"), "{nowhere}");
}

#[test]
fn events_are_looked_for_under_both_names() {
    let folder = tree(&["x_eeg.edf", "x_events.tsv", "night.edf", "night.tsv", "alone.edf"]);
    let beside = |name: &str| {
        events_path_of(&folder.path().join(name))
            .map(|path| path.file_name().expect("a name").to_string_lossy().into_owned())
    };
    assert_eq!(beside("x_eeg.edf").as_deref(), Some("x_events.tsv"));
    assert_eq!(beside("night.edf").as_deref(), Some("night.tsv"));
    assert_eq!(beside("alone.edf"), None);
}

#[test]
fn predictions_lie_in_a_parallel_tree_and_those_of_loose_files_side_by_side() {
    let out = Path::new("out");
    let inside = Path::new("data/sub-a/ses-01/eeg/sub-a_ses-01_task-x_run-01_eeg.edf");
    assert_eq!(
        prediction_path(out, inside),
        Path::new("out/sub-a/ses-01/eeg/sub-a_ses-01_task-x_run-01_events.tsv")
    );
    assert_eq!(prediction_path(out, Path::new("somewhere/night.edf")), Path::new("out/night_events.tsv"));
}

#[test]
fn numbers_in_names_count_as_numbers_whether_padded_or_not() {
    let folder = tree(&[
        "sub-p10/eeg/sub-p10_task-x_run-1_eeg.edf",
        "sub-p2/ses-10/eeg/sub-p2_ses-10_task-x_run-1_eeg.edf",
        "sub-p2/ses-9/eeg/sub-p2_ses-9_task-x_run-10_eeg.edf",
        "sub-p2/ses-9/eeg/sub-p2_ses-9_task-x_run-2_eeg.edf",
        "sub-p2/ses-9/eeg/sub-p2_ses-9_task-x_run-003_eeg.edf",
    ]);
    let found = recordings(folder.path()).expect("a tree");
    let names: Vec<_> = found
        .iter()
        .map(|r| (r.subject.as_str(), r.session.as_deref().unwrap_or("-"), r.run.as_deref().unwrap_or("-")))
        .collect();
    assert_eq!(
        names,
        [("p2", "9", "2"), ("p2", "9", "003"), ("p2", "9", "10"), ("p2", "10", "1"), ("p10", "-", "1")]
    );
}

#[test]
fn a_folder_with_the_name_of_a_recording_is_passed_over() {
    let folder = tree(&[
        "sub-a/eeg/sub-a_task-x_run-1_eeg.edf",
        "sub-a/eeg/sub-a_task-x_run-2_eeg.edf/inside.txt",
        "sub-a/eeg/._sub-a_task-x_run-1_eeg.edf",
    ]);
    assert_eq!(recordings(folder.path()).expect("a tree").len(), 1);
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_kept_so_that_its_absence_is_told() {
    let folder = tree(&["sub-a/eeg/sub-a_task-x_run-1_eeg.edf"]);
    let link = folder.path().join("sub-a/eeg/sub-a_task-x_run-2_eeg.edf");
    std::os::unix::fs::symlink("../../.git/annex/objects/absent", &link).expect("a link");
    let found = recordings(folder.path()).expect("a tree");
    assert_eq!(found.last().map(|recording| recording.eeg_path.clone()), Some(link));
    assert_eq!(found.len(), 2);
}

#[test]
fn what_nobody_marked_is_told_apart_from_what_has_no_seizure() {
    let folder = tree(&["sub-a/eeg/sub-a_run-01_eeg.edf", "sub-a/eeg/sub-a_run-02_eeg.edf"]);
    let at = |name: &str| folder.path().join("sub-a/eeg").join(name);
    let table = "onset\tduration\teventType\n0\t60\tbckg\n";
    std::fs::write(at("sub-a_run-02_eeg.edf"), "another recording").expect("a file");
    for name in ["sub-a_run-02_events.tsv", "sub-a_run-03_events.tsv"] {
        std::fs::write(at(name), table).expect("a table");
    }
    let found = gather(&[folder.path().to_path_buf()], &People::default()).expect("a tree");
    let paths: Vec<_> = found.recordings.iter().map(|recording| recording.path.clone()).collect();
    assert_eq!(paths, [at("sub-a_run-02_eeg.edf")]);
    assert_eq!(found.unmarked, [at("sub-a_run-01_eeg.edf")]);
    assert_eq!(found.without_recording, [at("sub-a_run-03_events.tsv")]);
}

#[test]
fn seizures_that_overlap_are_one() {
    let folder = tree(&["sub-a/eeg/sub-a_run-01_eeg.edf"]);
    // A row for each channel, the same twice, one that touches, and one apart.
    let rows = ["40\t20\tsz_foc", "10\t10\tsz", "10\t10\tsz", "15\t10\tsz", "25\t2\tsz", "0\t5\tbckg"];
    let table = format!("onset\tduration\teventType\n{}\n", rows.join("\n"));
    std::fs::write(folder.path().join("sub-a/eeg/sub-a_run-01_events.tsv"), table).expect("a table");
    let found = gather(&[folder.path().to_path_buf()], &People::default()).expect("a tree");
    let events = &found.recordings[0].events;
    let spans: Vec<_> = events
        .iter()
        .filter(|event| event.is_seizure())
        .map(|event| (event.onset_s, event.end_s()))
        .collect();
    assert_eq!(spans, [(10.0, 27.0), (40.0, 60.0)]);
    assert_eq!(events.len(), 3, "background stays: {events:?}");
}

#[test]
fn a_recording_that_is_there_twice_is_refused_whatever_it_is_called() {
    let folder = tree(&[]);
    let long = vec![7u8; 200_000];
    let other = |end: u8| [&long[..], &[end]].concat();
    let at = |person: &str| {
        let path = folder.path().join(format!("sub-{person}/eeg/sub-{person}_eeg.edf"));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        path
    };
    for (person, bytes) in [("a", other(1)), ("b", other(2)), ("c", other(3))] {
        std::fs::write(at(person), bytes).expect("a file");
    }
    let root = [folder.path().to_path_buf()];
    assert!(gather(&root, &People::default()).is_ok(), "of one length and beginning, but not the same");
    std::fs::write(at("d"), other(2)).expect("a file");
    let twice = gather(&root, &People::default()).expect_err("b and d are one");
    assert!(
        matches!(&twice, DatasetError::Twice { first, second } if *first == at("b") && *second == at("d")),
        "{twice}"
    );
    let without = ["d".to_string()];
    assert!(gather(&root, &People { exclude: &without, ..People::default() }).is_ok());
}
