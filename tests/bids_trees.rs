//! A BIDS tree gives its recordings by subject, session and run, and nothing else.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vigil::dataset::{DatasetError, Namesakes, People, gather, may_be_one, root_names};
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

const BACKGROUND: &str = "onset\tduration\teventType\n0\t60\tbckg\n";

/// A tree of tables with these texts, and of files of different content for all else.
fn written(files: &[(&str, &str)]) -> TempDir {
    let folder = tree(&[]);
    for (number, (file, text)) in files.iter().enumerate() {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let text = if text.is_empty() { format!("recording {number}") } else { text.to_string() };
        std::fs::write(path, text).expect("a file");
    }
    folder
}

fn people_of(roots: &[PathBuf], people: &People<'_>) -> Vec<String> {
    let mut names: Vec<String> =
        gather(roots, people).expect("recordings").recordings.into_iter().map(|one| one.person).collect();
    names.sort();
    names
}

#[test]
fn endings_in_capitals_are_endings() {
    let folder = written(&[
        ("sub-a/eeg/sub-a_run-01_eeg.EDF", ""),
        ("sub-a/eeg/sub-a_run-01_events.tsv", BACKGROUND),
        ("sub-a/eeg/sub-a_run-02_eeg.Bdf", ""),
    ]);
    let found = gather(&[folder.path().to_path_buf()], &People::default()).expect("a tree");
    assert!(found.recordings[0].path.ends_with("sub-a_run-01_eeg.EDF"));
    assert!(found.unmarked[0].ends_with("sub-a_run-02_eeg.Bdf"));
    assert!(found.without_recording.is_empty() && found.misplaced.is_empty());
}

#[test]
fn a_table_without_a_row_says_nothing_of_seizures() {
    let folder = written(&[
        ("sub-a/eeg/sub-a_run-01_eeg.edf", ""),
        ("sub-a/eeg/sub-a_run-01_events.tsv", "onset\tduration\teventType\n"),
        ("sub-a/eeg/sub-a_run-02_eeg.edf", ""),
        ("sub-a/eeg/sub-a_run-02_events.tsv", BACKGROUND),
    ]);
    let found = gather(&[folder.path().to_path_buf()], &People::default()).expect("a tree");
    assert!(found.recordings.len() == 1 && found.recordings[0].path.ends_with("sub-a_run-02_eeg.edf"));
    assert!(found.without_rows.len() == 1 && found.without_rows[0].ends_with("sub-a_run-01_eeg.edf"));
    assert!(found.unmarked.is_empty());
}

#[test]
fn what_may_be_meant_as_a_recording_is_named_beside_its_table() {
    let folder = written(&[
        ("sub-a/eeg/sub-a_run-01_eeg.edf", ""),
        ("sub-a/eeg/sub-a_run-01_events.tsv", BACKGROUND),
        ("sub-a/eeg/sub-a_run-02.edf", ""),
        ("sub-a/eeg/sub-a_run-02_events.tsv", BACKGROUND),
        ("sub-b/ses-01/sub-b_ses-01_eeg.edf", ""),
        ("sub-b/ses-01/sub-b_ses-01_events.tsv", BACKGROUND),
        ("sub-c/eeg/sub-c_eeg.edf.gz", ""),
        ("sub-c/eeg/sub-c_events.tsv", BACKGROUND),
        ("sub-d/eeg/sub-d_events.tsv", BACKGROUND),
        ("sub-e/eeg/sub-e_eeg.vhdr", ""),
        ("sub-e/eeg/sub-e_events.tsv", BACKGROUND),
    ]);
    let found = gather(&[folder.path().to_path_buf()], &People::default()).expect("a tree");
    let below = |path: &Path| path.strip_prefix(folder.path()).expect("below").display().to_string();
    let misplaced: Vec<(String, String)> =
        found.misplaced.iter().map(|(table, file)| (below(table), below(file))).collect();
    let pair = |table: &str, file: &str| (table.to_string(), file.to_string());
    assert_eq!(
        misplaced,
        [
            pair("sub-a/eeg/sub-a_run-02_events.tsv", "sub-a/eeg/sub-a_run-02.edf"),
            pair("sub-b/ses-01/sub-b_ses-01_events.tsv", "sub-b/ses-01/sub-b_ses-01_eeg.edf"),
            pair("sub-e/eeg/sub-e_events.tsv", "sub-e/eeg/sub-e_eeg.vhdr"),
        ]
    );
    assert_eq!(
        found.compressed.iter().map(|path| below(path)).collect::<Vec<_>>(),
        ["sub-c/eeg/sub-c_eeg.edf.gz"]
    );
    assert_eq!(
        found.without_recording.iter().map(|path| below(path)).collect::<Vec<_>>(),
        ["sub-d/eeg/sub-d_events.tsv"]
    );
}

#[test]
fn a_tree_of_nothing_but_compressed_recordings_is_refused_with_what_helps() {
    let folder = tree(&["sub-a/eeg/sub-a_run-01_eeg.edf.gz", "sub-a/eeg/sub-a_run-02_eeg.edf.gz"]);
    let message = recordings(folder.path()).expect_err("no recording").to_string();
    assert!(message.contains("2 that are compressed (gzip)") && message.contains("gunzip them"), "{message}");
    let folder = tree(&["sub-a/sub-a_eeg.edf", "sub-a/sub-a_events.tsv"]);
    let message = recordings(folder.path()).expect_err("no recording").to_string();
    assert!(message.contains("sub-a/sub-a_eeg.edf lies there"), "{message}");
}

#[test]
fn all_tables_of_a_tree_that_cannot_be_read_are_told_at_once_but_not_those_of_people_who_are_left_out() {
    let spoilt = "onset\tduration\teventType\n0\t60\tspike\n";
    let folder = written(&[
        ("sub-a/eeg/sub-a_eeg.edf", ""),
        ("sub-a/eeg/sub-a_events.tsv", spoilt),
        ("sub-b/eeg/sub-b_eeg.edf", ""),
        ("sub-b/eeg/sub-b_events.tsv", spoilt),
        ("sub-c/eeg/sub-c_eeg.edf", ""),
        ("sub-c/eeg/sub-c_events.tsv", BACKGROUND),
    ]);
    let root = [folder.path().to_path_buf()];
    let message = gather(&root, &People::default()).expect_err("two tables").to_string();
    assert!(message.contains("2 files cannot be used"), "{message}");
    assert!(
        message.contains("sub-a_events.tsv, line 2") && message.contains("sub-b_events.tsv, line 2"),
        "{message}"
    );
    let exclude = ["a".to_string(), "b".to_string()];
    assert_eq!(people_of(&root, &People { exclude: &exclude, ..People::default() }), ["c"]);
}

#[test]
fn subjects_of_one_name_below_two_roots_are_whoever_somebody_says() {
    let folder = written(&[
        ("north/data/sub-01/eeg/sub-01_eeg.edf", ""),
        ("north/data/sub-01/eeg/sub-01_events.tsv", BACKGROUND),
        ("north/data/sub-02/eeg/sub-02_eeg.edf", ""),
        ("north/data/sub-02/eeg/sub-02_events.tsv", BACKGROUND),
        ("south/data/sub-01/eeg/sub-01_eeg.edf", ""),
        ("south/data/sub-01/eeg/sub-01_events.tsv", BACKGROUND),
    ]);
    let roots = ["north/data", "south/data"].map(|root| folder.path().join(root));
    let refused = gather(&roots, &People::default()).expect_err("who is 01?");
    assert!(matches!(refused, DatasetError::Namesakes { .. }), "{refused}");
    let message = refused.to_string();
    assert!(message.starts_with("01: below ") && message.contains("--same-people"), "{message}");
    assert!(message.contains("north/data:01 and south/data:01"), "{message}");
    let told = |namesakes: Namesakes| People { namesakes, ..People::default() };
    assert_eq!(people_of(&roots, &told(Namesakes::OnePerson)), ["01", "01", "02"]);
    let apart = ["north/data:01", "north/data:02", "south/data:01"];
    assert_eq!(people_of(&roots, &told(Namesakes::Apart)), apart);
    // The name does not depend on what else is given, but for the folders that tell roots apart.
    assert_eq!(people_of(&roots[..1], &told(Namesakes::Apart)), ["data:01", "data:02"]);
    // Whoever is left out is nobody's namesake.
    let exclude = ["01".to_string()];
    assert_eq!(people_of(&roots, &People { exclude: &exclude, ..People::default() }), ["02"]);
}

#[test]
fn a_name_without_a_folder_may_be_that_of_a_subject_of_any() {
    assert!(may_be_one("north:01", "01") && may_be_one("01", "north:01") && may_be_one("01", "01"));
    assert!(!may_be_one("north:01", "south:01") && !may_be_one("north:01", "02") && !may_be_one("1", "01"));
    let names = |roots: &[&str]| root_names(&roots.iter().map(PathBuf::from).collect::<Vec<_>>());
    assert_eq!(names(&["/no/such/north", "/no/such/south"]), ["north", "south"]);
    assert_eq!(names(&["/no/such/north/bids", "/no/such/south/bids"]), ["north/bids", "south/bids"]);
    assert_eq!(names(&["/no/such/bids", "/no/such/bids"]).len(), 2, "one folder twice ends all the same");
}

#[test]
fn the_subjects_of_chbmits_other_edition_have_the_names_by_which_networks_know_them() {
    let about =
        r#"{"Name": "A BIDS edition", "SourceDatasets": [{"URL": "https://physionet.org/content/CHBMIT/"}]}"#;
    let files = [
        ("sub-01/ses-01/eeg/sub-01_ses-01_eeg.edf", ""),
        ("sub-01/ses-01/eeg/sub-01_ses-01_events.tsv", BACKGROUND),
        ("sub-01/ses-02/eeg/sub-01_ses-02_eeg.edf", ""),
        ("sub-01/ses-02/eeg/sub-01_ses-02_events.tsv", BACKGROUND),
        ("sub-21/eeg/sub-21_eeg.edf", ""),
        ("sub-21/eeg/sub-21_events.tsv", BACKGROUND),
        ("sub-24/eeg/sub-24_eeg.edf", ""),
        ("sub-24/eeg/sub-24_events.tsv", BACKGROUND),
        ("sub-25/eeg/sub-25_eeg.edf", ""),
        ("sub-25/eeg/sub-25_events.tsv", BACKGROUND),
    ];
    let folder = written(&files);
    let root = [folder.path().to_path_buf()];
    let plain = ["01", "01", "21", "24", "25"];
    assert_eq!(people_of(&root, &People::default()), plain);
    let description = folder.path().join("dataset_description.json");
    for other in ["{\"Name\": \"EEG of a ward\"}", "no JSON, but CHB-MIT", "[]", ""] {
        std::fs::write(&description, other).expect("a file");
        assert_eq!(people_of(&root, &People::default()), plain, "{other}");
    }
    for edition in [about, "{\"Name\": \"CHB-MIT Scalp EEG\"}"] {
        std::fs::write(&description, edition).expect("a file");
        assert_eq!(people_of(&root, &People::default()), ["25", "chb01", "chb01", "chb01", "chb24"]);
    }
    assert_eq!(gather(&root, &People::default()).expect("a tree").renamed, root);
}
