//! Recordings and tables as other programs and hospitals write them: read right, or told.

mod recordings;

use std::path::Path;

use recordings::{REFERENTIAL, background, refusal, repository, vigil, ward, write_recording};
use tempfile::TempDir;
use vigil::dataset::{Dataset, People, gather, may_be_one};
use vigil::evaluate::out_of_order;
use vigil::format::chbmit::parse_summary;
use vigil::format::events::read_events;
use vigil::format::label_review::parse_proposals;
use vigil::model::CnnConfig;
use vigil::replay::{in_order_given, in_time_order};

const START: &str = "2024-05-06T07:08:09";

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    folder
}

fn recording(path: &Path, number: usize, start: &str) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    write_recording(path, &REFERENTIAL, 256, 8, start, |channel, t| background(channel + number, t));
}

/// What a command says on standard error, once it has gone well.
fn told(folder: &Path, arguments: &[&str]) -> String {
    let output = vigil(folder, arguments);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "vigil {arguments:?} said: {told}");
    told
}

fn summary(folder: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(folder.join("out/summary.json")).expect("a summary");
    serde_json::from_str(&text).expect("JSON")
}

const REPLAY: [&str; 4] = ["replay", "r_eeg.edf", "--patient", "chb03"];

#[test]
fn a_table_with_line_ends_of_an_old_machine_keeps_its_seizures() {
    let folder = folder();
    recording(&folder.path().join("r_eeg.edf"), 0, START);
    std::fs::write(folder.path().join("r_events.tsv"), "onset\tduration\teventType\r2\t4\tSZ\r")
        .expect("a table");
    told(folder.path(), &REPLAY);
    assert_eq!(summary(folder.path())["seizures"].as_array().map(Vec::len), Some(1));
}

#[test]
fn summaries_and_tables_of_proposals_are_read_whatever_ends_their_lines() {
    let chbmit = "File Name: chb01_03.edf\nNumber of Seizures in File: 1\nSeizure Start Time: 2996 seconds\n\
                  Seizure End Time: 3036 seconds\n";
    let proposals = "# a remark\nrecording\tperson\tonset\tduration\tkind\texpert\tproposed\tprobability\tmodel\tdecision\n\
                     a.edf\ta\t3\t5\tedge\tseizure\tnon-seizure\t0.1\tm\taccepted\n";
    for end in ["\n", "\r", "\r\n"] {
        let read = parse_summary(&chbmit.replace('\n', end)).expect("a summary");
        assert_eq!(read.records[0].seizures, [(2996.0, 3036.0)], "{end:?}");
        let rows = parse_proposals(&proposals.replace('\n', end)).expect("a table");
        assert_eq!((rows.len(), rows[0].0, rows[0].1.onset_s), (1, 3, 3), "{end:?}");
    }
}

#[test]
fn a_table_without_a_row_is_no_experts_word_to_replay_and_calibration() {
    let folder = folder();
    recording(&folder.path().join("r_eeg.edf"), 0, START);
    std::fs::write(folder.path().join("r_events.tsv"), "onset\tduration\teventType\n").expect("a table");
    let said = told(folder.path(), &REPLAY);
    assert!(said.contains("r_events.tsv has no row") && said.contains("bckg"), "{said}");
    assert_eq!(summary(folder.path())["unmarked_recordings"], 1);
    let message = refusal(folder.path(), &["patient", "calibrate", "chb03", "r_eeg.edf"], 5);
    assert!(message.contains("no expert marks beside it"), "{message}");
}

#[test]
fn a_table_of_another_kind_stops_no_replay_that_does_without() {
    let folder = folder();
    recording(&folder.path().join("r_eeg.edf"), 0, START);
    let table = "onset\tduration\ttrial_type\n1\t2\teyes closed\n";
    std::fs::write(folder.path().join("r_events.tsv"), table).expect("a table");
    let message = refusal(folder.path(), &REPLAY, 4);
    assert!(message.contains("\"eyes closed\"") && message.contains("say --ignore-events"), "{message}");
    let message = refusal(folder.path(), &["patient", "fit", "chb03", "r_eeg.edf"], 4);
    assert!(message.contains("say --ignore-events"), "{message}");
    let message = refusal(folder.path(), &["patient", "calibrate", "chb03", "r_eeg.edf"], 4);
    assert!(!message.contains("--ignore-events"), "without marks there is nothing to choose by: {message}");
    let said = told(folder.path(), &[&REPLAY[..], &["--ignore-events"]].concat());
    assert!(!said.contains("r_events.tsv"), "{said}");
    assert_eq!(summary(folder.path())["unmarked_recordings"], 1);
}

#[test]
fn a_compressed_recording_is_told_from_a_damaged_one() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("night")).expect("a folder");
    let bytes = [b"\x1f\x8b\x08\x00".as_slice(), &[7; 400]].concat();
    std::fs::write(folder.path().join("night/r_eeg.edf.gz"), bytes).expect("a file");
    for input in ["night", "night/r_eeg.edf.gz"] {
        let message = refusal(folder.path(), &["replay", input, "--patient", "chb03"], 4);
        assert!(message.contains("r_eeg.edf.gz") && message.contains("compressed (gzip)"), "{message}");
        assert!(message.contains("gunzip it"), "{message}");
    }
    // What is there in both forms is read in the one.
    recording(&folder.path().join("night/r_eeg.edf"), 0, START);
    told(folder.path(), &["replay", "night", "--patient", "chb03"]);
}

#[test]
fn recordings_whose_dates_were_removed_are_set_behind_each_other_where_somebody_knows_the_order() {
    let folder = folder();
    let names = ["day10.edf", "day2.edf", "day1.edf"];
    for (number, name) in names.iter().enumerate() {
        recording(&folder.path().join("days").join(name), number, "1985-01-01T00:00:00");
    }
    let message = refusal(folder.path(), &["replay", "days", "--patient", "chb03"], 2);
    assert!(message.contains("both start at 1985-01-01T00:00:00 by their headers"), "{message}");
    assert!(message.contains("a date that was removed") && message.contains("--in-order-given"), "{message}");
    let said = told(folder.path(), &["replay", "days", "--patient", "chb03", "--in-order-given"]);
    assert!(said.contains("2 of 3 recordings do not begin after the one before"), "{said}");
    let verdicts = std::fs::read_to_string(folder.path().join("out/verdicts.tsv")).expect("verdicts");
    let mut played: Vec<&str> = verdicts.lines().skip(1).filter_map(|row| row.split('\t').next()).collect();
    played.dedup();
    assert_eq!(played, ["day1", "day2", "day10"]);
    let serve = ["replay", "days", "--patient", "chb03", "--in-order-given", "--serve"];
    refusal(folder.path(), &serve, 2);

    // The order is the one given, and begins an hour behind the end of the recording before.
    let inputs = names.map(|name| folder.path().join("days").join(name));
    assert!(in_time_order(&inputs).is_err());
    let (plans, moved) = in_order_given(&inputs).expect("plans");
    let starts: Vec<String> = plans.iter().map(|plan| plan.header.start.to_string()).collect();
    assert_eq!(starts, ["1985-01-01T00:00:00", "1985-01-01T01:00:08", "1985-01-01T02:00:16"]);
    assert_eq!(plans.iter().map(|plan| plan.name.as_str()).collect::<Vec<_>>(), ["day10", "day2", "day1"]);
    assert_eq!(moved, [1, 2]);
    // True dates stay as they are.
    recording(&folder.path().join("true/first.edf"), 7, START);
    recording(&folder.path().join("true/second.edf"), 8, "2024-05-07T07:08:09");
    let (plans, moved) = in_order_given(&[folder.path().join("true")]).expect("plans");
    assert!(moved.is_empty() && plans[1].header.start.to_string() == "2024-05-07T07:08:09");
}

/// Two people with a seizure each, below a root.
fn two_people(root: &Path, number: usize, names: [&str; 2]) {
    for (index, name) in names.into_iter().enumerate() {
        let stem = root.join(format!("sub-{name}/eeg/sub-{name}_task-szMonitoring_run-01"));
        recording(
            &stem.with_file_name(format!("sub-{name}_task-szMonitoring_run-01_eeg.edf")),
            number + index,
            START,
        );
        let table = stem.with_file_name(format!("sub-{name}_task-szMonitoring_run-01_events.tsv"));
        std::fs::write(table, "onset\tduration\teventType\n2\t3\tsz\n").expect("a table");
    }
}

#[test]
fn people_whom_no_network_knows_by_name_are_told_of() {
    let folder = folder();
    two_people(&folder.path().join("data"), 0, ["p1", "p2"]);
    let evaluate = ["evaluate", "--data", "data", "--model", "cnn"];
    let said = told(folder.path(), &evaluate);
    assert!(said.contains("people are told apart by name alone"), "{said}");
    // One person whom the network knows, and the names are of one kind.
    two_people(&folder.path().join("known"), 4, ["chb01", "p3"]);
    let (models, folds) = (repository("models"), "fold-1,fold-2,fold-3,fold-4,fold-5,fold-6");
    let models = models.to_string_lossy();
    let known = ["evaluate", "--data", "known", "--models", &models, "--model"];
    let said = told(folder.path(), &[&known[..], &[folds]].concat());
    assert!(!said.contains("told apart by name alone"), "{said}");
    // Nor is that so where somebody whom the network has not seen is chosen from such data.
    let said = told(folder.path(), &[&known[..], &["fold-1", "--only", "p3"]].concat());
    assert!(!said.contains("told apart by name alone"), "{said}");
}

#[test]
fn two_hospitals_with_one_name_are_refused_until_somebody_says_who_that_is() {
    let folder = folder();
    two_people(&folder.path().join("north"), 0, ["01", "02"]);
    two_people(&folder.path().join("south"), 2, ["01", "03"]);
    let both = ["--data", "north", "--data", "south"];
    let evaluate = [&["evaluate", "--model", "cnn", "--json"][..], &both[..]].concat();
    let train = [&["train", "--name", "x"][..], &both[..]].concat();
    let labels = [&["labels", "--model", "cnn", "--out", "x.tsv"][..], &both[..]].concat();
    for command in [&evaluate, &train, &labels] {
        let message = refusal(folder.path(), command, 2);
        assert!(message.contains("01: below north and below south"), "{message}");
        assert!(message.contains("--same-people") && message.contains("--distinct-people"), "{message}");
        refusal(folder.path(), &[&command[..], &["--same-people", "--distinct-people"]].concat(), 2);
    }
    let people = |option: &str| -> Vec<String> {
        let output = vigil(folder.path(), &[&evaluate[..], &[option]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let people = report["people"].as_array().expect("people").iter();
        people.map(|person| person["person"].as_str().expect("a name").to_string()).collect()
    };
    assert_eq!(people("--same-people"), ["01", "02", "03"]);
    assert_eq!(people("--distinct-people"), ["north:01", "north:02", "south:01", "south:03"]);
    // A table of proposals could not tell the two recordings apart.
    let message = refusal(folder.path(), &[&labels[..], &["--distinct-people"]].concat(), 2);
    assert!(message.contains("at the same place below their --data"), "{message}");
}

#[test]
fn people_whose_recordings_have_no_order_in_time_are_known() {
    let folder = folder();
    two_people(folder.path(), 0, ["p1", "p2"]);
    let of_p2 = folder.path().join("sub-p2/eeg/sub-p2_task-szMonitoring_run-02_eeg.edf");
    let known = |start: &str| {
        recording(&of_p2, 7, start);
        let table = of_p2.with_file_name("sub-p2_task-szMonitoring_run-02_events.tsv");
        std::fs::write(table, "onset\tduration\teventType\n0\t1\tbckg\n").expect("a table");
        let found =
            gather(&[folder.path().to_path_buf()], &People::default()).expect("recordings").recordings;
        let signal = &CnnConfig::default().signal;
        out_of_order(&Dataset::load(found, signal, &mut |_, _| {}).expect("a dataset"))
    };
    assert_eq!(known("2025-01-01T00:00:00"), Vec::<String>::new());
    assert_eq!(known(START), ["p2"]);
}

#[test]
fn names_that_may_be_one_person_do_not_depend_on_folders_beside_them_or_on_capitals() {
    for (a, b) in [("p", "p"), ("chb01", "CHB01"), ("north:01", "01"), ("A/north:01", "north:01")] {
        assert!(may_be_one(a, b) && may_be_one(b, a), "{a} and {b}");
    }
    for (a, b) in
        [("p", "q"), ("north:01", "south:01"), ("A/north:01", "B/north:01"), ("xnorth:01", "north:01")]
    {
        assert!(!may_be_one(a, b) && !may_be_one(b, a), "{a} and {b}");
    }
}

#[test]
fn what_is_left_out_of_a_tree_is_told_with_the_true_reason() {
    let folder = folder();
    let root = folder.path().join("data");
    two_people(&root, 0, ["p1", "p2"]);
    let place = root.join("sub-p1/eeg");
    let rename = |from: &str, to: &str| {
        std::fs::rename(place.join(from), place.join(to)).expect("renamed");
    };
    rename("sub-p1_task-szMonitoring_run-01_eeg.edf", "sub-p1_task-szMonitoring_run-01_eeg.EDF");
    recording(&place.join("sub-p1_task-szMonitoring_run-02.edf"), 5, START);
    let table = "onset\tduration\teventType\n";
    std::fs::write(place.join("sub-p1_task-szMonitoring_run-02_events.tsv"), format!("{table}2\t3\tsz\n"))
        .expect("a table");
    recording(&place.join("sub-p1_task-szMonitoring_run-03_eeg.edf"), 6, START);
    std::fs::write(place.join("sub-p1_task-szMonitoring_run-03_events.tsv"), table).expect("a table");
    std::fs::write(place.join("sub-p1_task-szMonitoring_run-04_eeg.edf.gz"), "x").expect("a file");
    let output = vigil(folder.path(), &["evaluate", "--data", "data", "--model", "cnn", "--json"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).matches("\"person\"").count(), 2, "{said}");
    assert!(said.contains("run-02.edf may be its recording, but is not where or called as one is"), "{said}");
    assert!(
        said.contains("run-03_eeg.edf is left out: the table of expert events beside it has no row"),
        "{said}"
    );
    assert!(said.contains("1 of the recordings are left out since they are compressed (gzip)"), "{said}");
    assert!(!said.contains("run-01"), "{said}");
}

#[test]
fn what_is_written_for_a_recording_without_an_alarm_is_a_table_with_a_row() {
    let folder = folder();
    recording(&folder.path().join("r_eeg.edf"), 0, START);
    told(folder.path(), &REPLAY);
    let text = std::fs::read_to_string(folder.path().join("out/r_events.tsv")).expect("a table");
    assert!(text.lines().count() >= 2, "{text}");
    assert!(!read_events(&folder.path().join("out/r_events.tsv")).expect("a table").is_empty());
}
