//! Labels are never changed silently: disagreement becomes a table, a person decides, and a training says what it did.

mod recordings;
mod small_network;

use std::path::{Path, PathBuf};

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
    Decision, LabelProposal, ProposalKind, ReviewedLabel, parse_proposals, read_proposals, write_proposals,
};
use vigil::train::{ProposalRule, SecondLabel, Unreviewed, clean, known_recordings, propose, with_decisions};

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
    let people = vec![JudgedPerson { person: "p".into(), model: "m".into(), seconds: seconds.collect() }];
    (dataset, people)
}

fn proposals(event: (usize, usize), said: &[f32]) -> Vec<LabelProposal> {
    let (dataset, people) = judged(event, said);
    propose(&dataset, &[PathBuf::from("root")], &people, &RULE)
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
        write_proposals(&path, &rows).expect("written");
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
    let again = proposals((50, 80), &said(120, |second| (55..80).contains(&second)));
    assert_eq!(again.len(), 1);
    assert_eq!(with_decisions(again, &decided), decided);
    assert_eq!(with_decisions(vec![], &decided), decided);
    let unreviewed: Vec<LabelProposal> =
        decided.iter().map(|row| LabelProposal { decision: Decision::Proposed, ..row.clone() }).collect();
    assert_eq!(with_decisions(vec![], &unreviewed), vec![]);
}

#[test]
fn each_decision_does_what_it_says() {
    let (dataset, _) = judged((50, 80), &said(120, |second| (54..80).contains(&second)));
    let roots = [PathBuf::from("root")];
    let known = known_recordings(&dataset, &roots);
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
        let (cleaned, changes) =
            clean(&dataset, &roots, &known, labels.clone(), &rows, unreviewed).expect("a table that fits");
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

    let misfit = |row: LabelProposal| {
        clean(&dataset, &roots, &known, labels.clone(), &[(7, row)], Unreviewed::Ignore)
            .expect_err("a misfit")
    };
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
