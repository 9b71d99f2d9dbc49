//! Labels are never changed silently: disagreement becomes a table, a person decides, and a training says what it did.

mod recordings;
mod small_network;

use std::path::{Path, PathBuf};
use std::process::Output;

use jiff::civil::DateTime;
use proptest::prelude::*;
use recordings::{REFERENTIAL, background, refusal, vigil, write_recording};
use tempfile::TempDir;
use vigil::dataset::{Dataset, LabelledRecording, Second, Stretch};
use vigil::detect::Opinion;
use vigil::eeg::{DERIVATIONS, Event, EventKind};
use vigil::evaluate::{JudgedPerson, JudgedSecond};
use vigil::format::events::write_events;
use vigil::format::label_review::{
    Decision, LabelProposal, ProposalKind, ReviewTable, ReviewedLabel, parse_proposals, read_proposals,
};
use vigil::train::{
    Disagreement, KnownRecordings, ProposalRule, SecondLabel, Unreviewed, clean, propose, with_decisions,
};

const RULE: ProposalRule = ProposalRule { edge_s: 5, look_alike_s: 5, low: 0.2, high: 0.7 };

fn seizure(onset_s: f64, duration_s: f64) -> Event {
    Event {
        onset_s,
        duration_s,
        kind: EventKind::Seizure("sz".into()),
        confidence: None,
        channels: None,
        date_time: None,
        recording_duration_s: None,
        alarm_s: None,
    }
}

/// One recording of one person, an event and a probability for each second.
fn judged(event: (usize, usize), said: &[f32]) -> (Dataset, Vec<JudgedPerson>) {
    let dataset = Dataset {
        rate: 4,
        recordings: vec![LabelledRecording {
            person: "p".into(),
            path: PathBuf::from("root/sub-p/a.edf"),
            events: vec![seizure(event.0 as f64, (event.1 - event.0) as f64)],
        }],
        stretches: vec![Stretch {
            recording: 0,
            start: DateTime::default(),
            first_second: 0,
            signal: vec![0.0; DERIVATIONS * 4 * said.len()],
            present: vec![[true; DERIVATIONS]; said.len()],
        }],
        left_out: vec![],
        remarks: vec![],
    };
    let seconds = said.iter().enumerate().map(|(index, &p)| JudgedSecond {
        second: Second { stretch: 0, index },
        seizure: (event.0..event.1).contains(&index),
        opinion: Some(Opinion { ae_error: None, ae_flag: None, probabilities: [p, 0.0, 1.0 - p] }),
    });
    let people = vec![JudgedPerson {
        person: "p".into(),
        model: "m".into(),
        seconds: seconds.collect(),
        unjudged: vec![],
    }];
    (dataset, people)
}

fn disagreements(event: (usize, usize), said: &[f32]) -> Vec<Disagreement> {
    let (dataset, people) = judged(event, said);
    propose(&dataset, &[PathBuf::from("root")], &people, &RULE)
}

fn proposals(event: (usize, usize), said: &[f32]) -> Vec<LabelProposal> {
    disagreements(event, said).into_iter().map(|disagreement| disagreement.row).collect()
}

fn said(length: usize, high: impl Fn(usize) -> bool) -> Vec<f32> {
    (0..length).map(|second| if high(second) { 0.95 } else { 0.02 }).collect()
}

#[test]
fn an_onset_marked_three_seconds_early_is_proposed_to_move_by_three() {
    // The mean over three seconds blurs the step by one: the seconds that lie below are the first three.
    let rows = proposals((50, 80), &said(120, |second| (54..80).contains(&second)));
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    assert_eq!((row.onset_s, row.duration_s, row.kind), (50, 3, ProposalKind::Edge));
    assert_eq!((row.expert, row.proposed), (ReviewedLabel::Seizure, ReviewedLabel::NonSeizure));
    assert_eq!((row.recording.as_str(), row.decision), ("sub-p/a.edf", Decision::Proposed));
}

#[test]
fn an_event_that_the_network_does_not_see_at_all_keeps_at_least_half() {
    let rows = proposals((50, 62), &said(120, |_| false));
    let lost: u64 = rows.iter().map(|row| row.duration_s).sum();
    assert_eq!(lost, 6, "{rows:?}");
}

#[test]
fn a_long_run_far_from_any_event_is_a_look_alike() {
    let rows =
        proposals((20, 40), &said(200, |second| (20..40).contains(&second) || (100..112).contains(&second)));
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0].kind, ProposalKind::LookAlike);
    assert!((100..=101).contains(&rows[0].onset_s) && (10..=12).contains(&rows[0].duration_s), "{rows:?}");
}

proptest! {
    /// Nothing is proposed where network and expert agree, wherever the event lies.
    #[test]
    fn agreement_proposes_nothing(onset in 0usize..60, duration in 8usize..50) {
        let end = onset + duration;
        prop_assert_eq!(proposals((onset, end), &said(120, |second| (onset..end).contains(&second))), vec![]);
    }

    /// Whatever a network says, rows do not overlap, lie in the recording and leave half of each event.
    #[test]
    fn proposals_are_always_a_table_that_can_be_read(
        onset in 0usize..60,
        duration in 1usize..50,
        probabilities in prop::collection::vec(0.0f32..1.0, 120),
    ) {
        let rows = proposals((onset, onset + duration), &probabilities);
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("proposals.tsv");
        ReviewTable::of(rows.clone()).write(&path).expect("written");
        let read = read_proposals(&path).expect("read");
        prop_assert_eq!(read.len(), rows.len());
        for ((_, read), row) in read.iter().zip(&rows) {
            prop_assert!((read.probability - row.probability).abs() < 1e-3);
            prop_assert_eq!(LabelProposal { probability: row.probability, ..read.clone() }, row.clone());
            prop_assert!(row.end_s() <= 120);
        }
        let lost: u64 =
            rows.iter().filter(|row| row.expert == ReviewedLabel::Seizure).map(|row| row.duration_s).sum();
        prop_assert!(2 * lost <= duration as u64);
    }
}

#[test]
fn what_a_person_decided_stays_whatever_is_proposed_later() {
    let old = proposals((50, 80), &said(120, |second| (54..80).contains(&second)));
    let decided: Vec<LabelProposal> =
        old.into_iter().map(|row| LabelProposal { decision: Decision::Rejected, ..row }).collect();
    let again = disagreements((50, 80), &said(120, |second| (55..80).contains(&second)));
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].part(50, 54), again[0].row, "four seconds this time");
    let judged = ["sub-p/a.edf".to_string()].into();
    let rows = |old: &[LabelProposal], new: &[Disagreement]| -> Vec<LabelProposal> {
        let table = with_decisions(ReviewTable::of(old.to_vec()), new, &judged).table;
        table.rows.iter().map(|row| row.proposal().clone()).collect()
    };
    assert_eq!(rows(&decided, &again), [decided[0].clone(), again[0].part(53, 54)]);
    assert_eq!(rows(&decided, &[]), decided);
    let unreviewed: Vec<LabelProposal> =
        decided.iter().map(|row| LabelProposal { decision: Decision::Proposed, ..row.clone() }).collect();
    assert_eq!(rows(&unreviewed, &[]), vec![]);
}

#[test]
fn each_decision_does_what_it_says() {
    let (dataset, _) = judged((50, 80), &said(120, |second| (54..80).contains(&second)));
    let roots = [PathBuf::from("root")];
    let there: Vec<(String, PathBuf)> = dataset
        .recordings
        .iter()
        .map(|recording| (recording.person.clone(), recording.path.clone()))
        .collect();
    let known = KnownRecordings::of(&there, &dataset, &roots);
    let row = proposals((50, 80), &said(120, |second| (54..80).contains(&second))).remove(0);
    let labels: Vec<(Second, SecondLabel)> = dataset
        .seconds()
        .map(|second| {
            let label =
                if dataset.is_seizure(second) { SecondLabel::Seizure } else { SecondLabel::NonSeizure };
            (second, label)
        })
        .collect();
    let seizures = |decision, unreviewed| {
        let rows = [(2, LabelProposal { decision, ..row.clone() })];
        known.must_hold(&rows).expect("a table that fits");
        let (cleaned, changes) = clean(&dataset, &roots, labels.clone(), &rows, unreviewed);
        let seizures = cleaned.iter().filter(|(_, label)| *label == SecondLabel::Seizure).count();
        (cleaned.len(), seizures, changes.get("p").copied().unwrap_or_default())
    };
    use Decision::{Accepted, Proposed, Rejected};
    for unreviewed in [Unreviewed::LeaveOut, Unreviewed::Relabel, Unreviewed::Ignore] {
        let (all, left, change) = seizures(Accepted, unreviewed);
        assert_eq!((all, left, change.relabelled), (120, 27, 3));
        let (all, left, change) = seizures(Rejected, unreviewed);
        assert_eq!((all, left, change.relabelled + change.left_out), (120, 30, 0));
    }
    assert_eq!(seizures(Proposed, Unreviewed::Relabel).1, 27);
    assert_eq!(seizures(Proposed, Unreviewed::Ignore).1, 30);
    let (all, left, change) = seizures(Proposed, Unreviewed::LeaveOut);
    assert_eq!((all, left, change.left_out), (117, 27, 3));

    let misfit = |row: LabelProposal| known.must_hold(&[(7, row)]).expect_err("a misfit");
    assert_eq!(misfit(LabelProposal { recording: "b.edf".into(), ..row.clone() }).what, "recording");
    assert_eq!(misfit(LabelProposal { person: "q".into(), ..row.clone() }).what, "person");
    assert_eq!(
        misfit(LabelProposal { onset_s: 118, duration_s: 5, ..row.clone() }).what,
        "onset and duration"
    );
}

#[test]
fn a_table_that_cannot_be_understood_is_told_with_its_line() {
    let header = "recording\tperson\tonset\tduration\tkind\texpert\tproposed\tprobability\tmodel\tdecision";
    let row = "a.edf\tp\t10\t5\tedge\tseizure\tnon-seizure\t0.1\tm\tproposed";
    assert_eq!(parse_proposals(&format!("# a remark\n{header}\n{row}\n")).map(|rows| rows.len()), Ok(1));
    assert_eq!(parse_proposals(header).map(|rows| rows.len()), Ok(0));
    for (text, what) in [
        (header.replace("\tdecision", ""), "the header"),
        (format!("{header}\n{}", row.replace("\t10\t", "\tten\t")), "onset"),
        (format!("{header}\n{}", row.replace("\t5\t", "\t0\t")), "duration"),
        (format!("{header}\n{}", row.replace("edge", "border")), "kind"),
        (format!("{header}\n{}", row.replace("0.1", "1.1")), "probability"),
        (format!("{header}\n{}", row.replace("proposed", "perhaps")), "decision"),
        (format!("{header}\n{row}\n{}", row.replace("\t10\t", "\t12\t")), "onset and duration"),
        (format!("{header}\na.edf\tp"), "probability"),
    ] {
        let error = parse_proposals(&text).expect_err(&text);
        assert_eq!(error.what, what, "{text}");
    }
}

fn people(root: &Path) {
    for (number, person) in ["p1", "p2"].into_iter().enumerate() {
        let folder = root.join(format!("data/sub-{person}/ses-01/eeg"));
        std::fs::create_dir_all(&folder).expect("a folder");
        let stem = folder.join(format!("sub-{person}_ses-01_task-szMonitoring_run-01"));
        let file = |end: &str| format!("{}{end}", stem.display());
        let start = "2024-05-01T10:00:00";
        write_recording(Path::new(&file("_eeg.edf")), &REFERENTIAL, 128, 90, start, |channel, t| {
            let rhythm = (std::f64::consts::TAU * 4.0 * t + channel as f64).sin();
            let ictal = (36.0..60.0).contains(&t);
            background(channel + number, t) + if ictal { 150.0 * rhythm } else { 0.0 }
        });
        let start: DateTime = start.parse().expect("a time");
        write_events(Path::new(&file("_events.tsv")), &[seizure(30.0, 30.0)], start, 90.0).expect("a table");
    }
    std::fs::write(root.join("small.toml"), small_network::settings(2)).expect("a file");
}

/// The recording of a person of `people`, as a table names it.
fn recording(person: &str) -> String {
    format!("sub-{person}/ses-01/eeg/sub-{person}_ses-01_task-szMonitoring_run-01_eeg.edf")
}

/// Writes a table: the first five seconds of these people's seizures may be none.
fn table(root: &Path, rows: &[(&str, &str, Decision)]) {
    let rows = rows.iter().map(|(person, model, decision)| LabelProposal {
        recording: recording(person),
        person: (*person).into(),
        onset_s: 30,
        duration_s: 5,
        kind: ProposalKind::Edge,
        expert: ReviewedLabel::Seizure,
        proposed: ReviewedLabel::NonSeizure,
        probability: 0.1,
        model: (*model).into(),
        decision: *decision,
    });
    ReviewTable::of(rows).write(&root.join("table.tsv")).expect("written");
}

/// Trains with more options; what was said on standard error, and the card.
fn train(root: &Path, name: &str, more: &[&str]) -> (String, String) {
    let base = ["train", "--data", "data", "--config", "small.toml", "--name", name];
    let output = vigil(root, &[&base[..], more].concat());
    assert!(output.status.success(), "{}", on_stderr(&output));
    let card = std::fs::read_to_string(root.join(format!("models/{name}/card.md"))).expect("a card");
    (on_stderr(&output), card)
}

fn on_stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_table_of_everybody_serves_a_training_that_leaves_people_and_recordings_out() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root);
    // Somebody whose recording does not suit: three electrodes are no montage.
    let unsuitable = root.join("data").join(recording("p3"));
    std::fs::create_dir_all(unsuitable.parent().expect("a folder")).expect("a folder");
    let start = "2024-05-01T10:00:00";
    write_recording(&unsuitable, &REFERENTIAL[..3], 128, 90, start, background);
    let events = unsuitable.to_string_lossy().replace("_eeg.edf", "_events.tsv");
    let start: DateTime = start.parse().expect("a time");
    write_events(Path::new(&events), &[seizure(30.0, 30.0)], start, 90.0).expect("a table");

    use Decision::Accepted;
    table(root, &[("p1", "m", Accepted), ("p2", "m", Accepted), ("p3", "m", Accepted)]);
    for (name, more) in [("without", ["--exclude", "p2"]), ("alone", ["--only", "p1"])] {
        let (told, card) = train(root, name, &[&more[..], &["--labels", "table.tsv"]].concat());
        assert!(card.contains("`): p1 5 s relabelled and 0 s left out."), "{card}");
        // What a person has decided is theirs, whoever proposed it.
        assert!(!card.contains("proposed by networks") && !told.contains("proposed by networks"), "{card}");
    }
    table(root, &[("p1", "m", Accepted), ("p9", "m", Accepted)]);
    let base = ["train", "--data", "data", "--config", "small.toml", "--exclude", "p2", "--name", "x"];
    let message = refusal(root, &[&base[..], &["--labels", "table.tsv"]].concat(), 4);
    assert!(
        message.contains("table.tsv, line 4") && message.contains("a recording of these data"),
        "{message}"
    );

    // Every command that reads recordings says which of them does not suit.
    train(root, "judge", &["--exclude", "p2"]);
    let about = ["--data", "data", "--model", "judge", "--only", "p2,p3"];
    for command in [&["evaluate"][..], &["labels", "--out", "new.tsv"]] {
        let output = vigil(root, &[command, &about].concat());
        let told = on_stderr(&output);
        assert!(output.status.success(), "{told}");
        assert!(told.contains("sub-p3") && told.contains("is left out: too few channels"), "{told}");
    }
}

#[test]
fn whoever_is_held_out_is_watched_by_the_experts_marks_and_a_refit_takes_the_table_for_all() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root);
    table(root, &[("p1", "m", Decision::Accepted), ("p2", "m", Decision::Accepted)]);
    let held = ["--hold-out", "p2", "--labels", "table.tsv"];
    let (_, card) = train(root, "held", &held);
    let (trained, watched) = card.split_once("Held out for early stopping").expect("who was held out");
    assert!(trained.contains("| p1 | 25 |") && watched.contains("| p2 | 30 |"), "{card}");
    assert!(card.contains("`): p1 5 s relabelled and 0 s left out. Early stopping watched p2"), "{card}");
    assert!(card.contains("5 s of the table were passed over"), "{card}");
    let (_, card) = train(root, "refitted", &[&held[..], &["--refit"]].concat());
    assert!(card.contains("| p1 | 25 |") && card.contains("| p2 | 25 |"), "{card}");
    let told =
        "by the experts' marks alone; the refit on everyone has also p2 5 s relabelled and 0 s left out.";
    assert!(card.contains(told), "{card}");
}

#[test]
fn whoever_is_left_out_and_gets_in_by_rows_that_nobody_reviewed_is_told() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root);
    train(root, "saw-p2", &["--exclude", "p1"]);
    let told = "5 s proposed by networks that were trained on p2, who are left out here";
    let with = |name: &str, more: &[&str]| {
        let (said, card) = train(root, name, &[&["--labels", "table.tsv"], more].concat());
        assert_eq!(said.contains(&format!("warning: {told}")), card.contains(told), "{said}\n{card}");
        card
    };
    table(root, &[("p1", "saw-p2", Decision::Proposed)]);
    assert!(with("excluded", &["--exclude", "p2"]).contains(told));
    assert!(with("relabelled", &["--hold-out", "p2", "--proposed", "relabel"]).contains(told));
    assert!(!with("ignored", &["--exclude", "p2", "--proposed", "ignore"]).contains(told));
    assert!(!with("everyone", &[]).contains("proposed by networks"), "nobody is left out");
    table(root, &[("p1", "saw-p2", Decision::Rejected)]);
    assert!(!with("rejected", &["--exclude", "p2"]).contains("proposed by networks"));
    // Whom a network was trained on that is not there nobody can tell.
    table(root, &[("p1", "elsewhere", Decision::Proposed)]);
    let card = with("unknown", &["--exclude", "p2"]);
    assert!(!card.contains(told) && card.contains("could not be read below models (elsewhere)"), "{card}");
}

#[test]
fn recordings_at_one_place_below_two_folders_are_no_tables() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root);
    train(root, "saw-p2", &["--exclude", "p1"]);
    // Another hospital has a person of that name, with other EEG.
    let other = root.join("south").join(recording("p1"));
    std::fs::create_dir_all(other.parent().expect("a folder")).expect("a folder");
    let start = "2024-05-01T10:00:00";
    write_recording(&other, &REFERENTIAL, 128, 90, start, |channel, t| background(channel + 7, t));
    let events = other.to_string_lossy().replace("_eeg.edf", "_events.tsv");
    let start: DateTime = start.parse().expect("a time");
    write_events(Path::new(&events), &[seizure(30.0, 30.0)], start, 90.0).expect("a table");

    table(root, &[("p2", "m", Decision::Accepted), ("p1", "m", Decision::Accepted)]);
    let both = ["--data", "data", "--data", "south", "--same-people"];
    let base = ["train", "--config", "small.toml", "--name", "x", "--labels", "table.tsv"];
    let message = refusal(root, &[&base[..], &both].concat(), 4);
    assert!(message.contains("table.tsv, line 4"), "{message}");
    let labels = ["labels", "--model", "saw-p2", "--only", "p1", "--out", "new.tsv"];
    let refused = refusal(root, &[&labels[..], &both].concat(), 2);
    for place in ["data/sub-p1", "south/sub-p1"] {
        assert!(message.contains(place) && refused.contains(place), "{message}{refused}");
    }
    assert!(!root.join("new.tsv").exists());
}

#[test]
fn from_networks_to_a_reviewed_table_to_a_training_that_says_what_it_changed() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root);
    let train = |name: &str, more: &[&str]| {
        let output = vigil(
            root,
            &[&["train", "--data", "data", "--config", "small.toml", "--name", name], more].concat(),
        );
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        std::fs::read_to_string(root.join(format!("models/{name}/card.md"))).expect("a card")
    };
    train("one", &["--fold", "1/2"]);
    train("two", &["--fold", "2/2"]);
    let labels = [
        "labels",
        "--data",
        "data",
        "--model",
        "one,two",
        "--out",
        "proposals.tsv",
        "--low",
        "0.999999",
        "--high",
        "1",
    ];
    let output = vigil(root, &labels);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = root.join("proposals.tsv");
    let rows = read_proposals(&table).expect("a table");
    // With these limits every second of an edge disagrees.
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(rows.iter().all(|(_, row)| row.duration_s == 5 && row.kind == ProposalKind::Edge), "{rows:?}");

    let reviewed = std::fs::read_to_string(&table).expect("text").replacen("\tproposed\n", "\taccepted\n", 1);
    std::fs::write(&table, &reviewed).expect("written");
    assert!(vigil(root, &labels).status.success());
    let kept = read_proposals(&table).expect("a table");
    let accepted = kept.iter().filter(|(_, row)| row.decision == Decision::Accepted).count();
    assert_eq!((kept.len(), accepted), (4, 1), "the decision is still there");
    // Of one person alone: what the table says of the other stays as it is.
    let before = std::fs::read_to_string(&table).expect("text");
    let output = vigil(root, &[&labels[..], &["--only", "p2"]].concat());
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("1 decided rows are kept, and 1 undecided ones of recordings"), "{said}");
    assert_eq!(std::fs::read_to_string(&table).expect("text"), before);

    let card = train("cleaned", &["--labels", "proposals.tsv"]);
    assert!(card.contains("5 s relabelled and 5 s left out") && card.contains("SHA-256"), "{card}");
    let card = train("trusting", &["--labels", "proposals.tsv", "--proposed", "relabel"]);
    assert!(card.contains("10 s relabelled and 0 s left out"), "{card}");

    let text = std::fs::read_to_string(&table).expect("text").replacen("run-01_eeg", "run-09_eeg", 1);
    std::fs::write(root.join("wrong.tsv"), text).expect("written");
    let wrong = ["train", "--data", "data", "--config", "small.toml", "--name", "x", "--labels", "wrong.tsv"];
    let message = refusal(root, &wrong, 4);
    assert!(message.contains("wrong.tsv, line 3") && message.contains("recording"), "{message}");
    let seen = ["labels", "--data", "data", "--model", "one", "--out", "x.tsv"];
    let message = refusal(root, &seen, 2);
    assert!(message.contains("was trained on") && !root.join("x.tsv").exists(), "{message}");
}
