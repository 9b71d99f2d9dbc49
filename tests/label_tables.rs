//! A table of labels under review belongs to the people who fill it in: what they did to it stays when it is made again.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tempfile::TempDir;
use vigil::dataset::{Dataset, LabelledRecording, Stretch};
use vigil::eeg::DERIVATIONS;
use vigil::format::FormatError;
use vigil::format::label_review::{
    Decision, LabelProposal, ProposalKind, ReviewRow, ReviewTable, ReviewedLabel, parse_proposals,
    read_proposals,
};
use vigil::train::{Disagreement, KnownRecordings, renew, with_decisions};

const HEADER: &str =
    "recording\tperson\tonset\tduration\tkind\texpert\tproposed\tprobability\tmodel\tdecision";

fn row(recording: &str, onset_s: u64, duration_s: u64) -> LabelProposal {
    LabelProposal {
        recording: recording.into(),
        person: "p".into(),
        onset_s,
        duration_s,
        kind: ProposalKind::LookAlike,
        expert: ReviewedLabel::NonSeizure,
        proposed: ReviewedLabel::Seizure,
        probability: 0.5,
        model: "m".into(),
        decision: Decision::Proposed,
    }
}

/// A new proposal, with what the network says of each of its seconds.
fn new(recording: &str, onset_s: u64, probabilities: &[f32]) -> Disagreement {
    let row = row(recording, onset_s, probabilities.len() as u64);
    Disagreement { row, probabilities: probabilities.to_vec() }
}

fn judged(recordings: &[&str]) -> BTreeSet<String> {
    recordings.iter().map(ToString::to_string).collect()
}

fn spans(rows: &[ReviewRow]) -> Vec<(u64, u64, Decision)> {
    let rows = rows.iter().map(ReviewRow::proposal);
    rows.map(|row| (row.onset_s, row.end_s(), row.decision)).collect()
}

#[test]
fn what_is_left_of_a_proposal_beside_decided_seconds_is_proposed_as_shorter_rows() {
    use Decision::{Accepted, Proposed, Rejected};
    let decided = [
        LabelProposal { decision: Rejected, ..row("a.edf", 10, 4) },
        LabelProposal { decision: Accepted, ..row("a.edf", 18, 2) },
    ];
    let probabilities: Vec<f32> = (0..15).map(|second| 0.75 + 0.01 * second as f32).collect();
    let again = [new("a.edf", 5, &probabilities), new("b.edf", 12, &[0.9; 2]), new("c.edf", 0, &[0.9; 3])];
    let renewed =
        with_decisions(ReviewTable::of(decided.clone()), &again, &judged(&["a.edf", "b.edf", "c.edf"]));
    let rows = &renewed.table.rows;
    let expected = [
        (5, 10, Proposed),
        (10, 14, Rejected),
        (14, 18, Proposed),
        (18, 20, Accepted),
        // The same seconds of other recordings are nobody's decision.
        (12, 14, Proposed),
        (0, 3, Proposed),
    ];
    assert_eq!(spans(rows), expected);
    // Each row has the mean of its own seconds: 0.75 to 0.79, and 0.84 to 0.87.
    assert!((rows[0].proposal().probability - 0.77).abs() < 1e-4, "{rows:?}");
    assert!((rows[2].proposal().probability - 0.855).abs() < 1e-4, "{rows:?}");
    assert_eq!((renewed.decided, renewed.not_judged, renewed.gone), (2, 0, 0));
    // What is decided wholly is not proposed again.
    let within = [new("a.edf", 11, &[0.9; 3])];
    let renewed = with_decisions(ReviewTable::of(decided), &within, &judged(&["a.edf"]));
    assert_eq!(spans(&renewed.table.rows), [(10, 14, Rejected), (18, 20, Accepted)]);
}

#[test]
fn rows_of_recordings_that_are_not_judged_stay_with_what_people_wrote_beside_them() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("table.tsv");
    let header = HEADER.replacen("recording\t", "recording\tnote\t", 1);
    let kept = "a.edf\task Ada\tp\t10\t5\tedge\tseizure\tnon-seizure\t0.123456\tm\tproposed";
    let gone = "b.edf\t\tp\t10\t5\tedge\tseizure\tnon-seizure\t0.1\tm\tproposed";
    let again = "b.edf\tdoubtful\tp\t50\t3\tlook-alike\tnon-seizure\tseizure\t0.8\told\tproposed";
    let decided = "c.edf\t\tq\t10\t5\tedge\tseizure\tnon-seizure\t0.1\tm\taccepted\tone cell too many";
    let old = format!(
        "# Ada's table\n{header}\n# a is hard\n{kept}\n# of b\n{gone}\n# of b, too\n{again}\n\n# of c\n{decided}\n# the end\n"
    );
    std::fs::write(&path, old).expect("written");
    let proposals = [new("b.edf", 30, &[0.75; 4]), new("b.edf", 50, &[0.5; 3])];
    let renewed = renew(&path, &proposals, &judged(&["b.edf", "c.edf"])).expect("a table");
    assert_eq!((renewed.decided, renewed.not_judged, renewed.gone), (1, 1, 1));
    let other = "b.edf\t\tp\t30\t4\tlook-alike\tnon-seizure\tseizure\t0.7500\tm\tproposed";
    // The row that is proposed again says what the network says now, and keeps its note.
    let again = "b.edf\tdoubtful\tp\t50\t3\tlook-alike\tnon-seizure\tseizure\t0.5000\tm\tproposed";
    let expected = format!(
        "# Ada's table\n{header}\n# a is hard\n{kept}\n{other}\n# of b, too\n{again}\n# of c\n{decided}\n# of b\n# the end\n"
    );
    assert_eq!(std::fs::read_to_string(&path).expect("text"), expected);
    // Made once more with the same proposals, it is the same table.
    renew(&path, &proposals, &judged(&["b.edf", "c.edf"])).expect("a table");
    assert_eq!(std::fs::read_to_string(&path).expect("text"), expected);
}

#[test]
fn a_decision_that_is_written_while_networks_judge_is_not_lost() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("table.tsv");
    let judged = judged(&["a.edf"]);
    renew(&path, &[new("a.edf", 10, &[0.9; 5])], &judged).expect("a new table");
    assert_eq!(read_proposals(&path).expect("a table").len(), 1);
    // The networks have judged anew, and their proposals wait to be written.
    let waiting = [new("a.edf", 10, &[0.9; 5]), new("a.edf", 40, &[0.9; 6])];
    let text = std::fs::read_to_string(&path).expect("text").replace("\tproposed\n", "\trejected\n");
    std::fs::write(&path, text).expect("written");
    let renewed = renew(&path, &waiting, &judged).expect("a table");
    let expected = [(10, 15, Decision::Rejected), (40, 46, Decision::Proposed)];
    assert_eq!(spans(&renewed.table.rows), expected);
    let read = ReviewTable::read_if_there(&path).expect("read").expect("a table");
    assert_eq!(spans(&read.rows), expected);
}

#[test]
fn nothing_is_written_over_a_table_that_cannot_be_understood() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("table.tsv");
    let row = "a.edf\tp\t10\t5\tedge\tseizure\tnon-seizure\t0.1\tm";
    let half = format!("{HEADER}\n{row}\tacc").into_bytes();
    // As a spreadsheet of another country may save it.
    let letters = [format!("{HEADER}\tnote\n{row}\taccepted\tM").as_bytes(), b"\xfcller\n"].concat();
    for (bytes, what) in [(half, "decision"), (letters, "the text"), (b"# Ada\n".to_vec(), "the header")] {
        std::fs::write(&path, &bytes).expect("written");
        let refused = renew(&path, &[new("a.edf", 10, &[0.9; 5])], &judged(&["a.edf"]));
        let told = match refused.expect_err(what) {
            FormatError::Malformed { what, .. } => what,
            other => panic!("{other}"),
        };
        assert_eq!(told, what);
        assert_eq!(std::fs::read(&path).expect("bytes"), bytes, "{what}");
    }
    assert!(ReviewTable::read_if_there(&folder.path().join("none.tsv")).expect("no failure").is_none());
}

#[test]
fn a_column_of_ours_that_is_there_twice_is_refused() {
    let error = parse_proposals(&format!("{HEADER}\tdecision\n")).expect_err("two columns");
    assert!(error.expected.contains("\"decision\" once"), "{error:?}");
    assert!(parse_proposals(&format!("{HEADER}\tnote\tnote\n")).is_ok(), "other columns are other people's");
}

#[test]
fn a_table_may_speak_of_all_recordings_that_are_there_and_of_none_that_are_two() {
    let roots = [PathBuf::from("north"), PathBuf::from("south")];
    let there: Vec<(String, PathBuf)> = [
        ("p", "north/sub-p/a.edf"),
        ("q", "north/sub-q/a.edf"),
        ("r", "north/sub-r/a.edf"),
        ("r", "south/sub-r/a.edf"),
    ]
    .map(|(person, path)| (person.to_string(), PathBuf::from(path)))
    .to_vec();
    // Of them one was read, for 20 s.
    let dataset = Dataset {
        rate: 4,
        recordings: vec![LabelledRecording { person: "p".into(), path: there[0].1.clone(), events: vec![] }],
        stretches: vec![Stretch {
            recording: 0,
            start: Default::default(),
            first_second: 0,
            signal: vec![0.0; DERIVATIONS * 4 * 20],
            present: vec![[true; DERIVATIONS]; 20],
        }],
        left_out: vec![],
        remarks: vec![],
    };
    let known = KnownRecordings::of(&there, &dataset, &roots);
    let told = |recording: &str, person: &str, end_s: u64| {
        let row = LabelProposal { person: person.into(), ..row(recording, 0, end_s) };
        known.must_hold(&[(7, row)]).err()
    };
    assert_eq!(told("sub-p/a.edf", "p", 20), None);
    assert_eq!(told("sub-q/a.edf", "q", 9_000), None, "nobody knows how long it is");
    let what = |recording, person, end_s| told(recording, person, end_s).map(|misfit| misfit.what);
    assert_eq!(what("sub-p/a.edf", "p", 21).as_deref(), Some("onset and duration"));
    assert_eq!(what("sub-q/a.edf", "p", 20).as_deref(), Some("person"));
    assert_eq!(what("sub-s/a.edf", "s", 20).as_deref(), Some("recording"));
    let twice = told("sub-r/a.edf", "r", 20).expect("a refusal");
    assert!(twice.found.contains("north/sub-r/a.edf and south/sub-r/a.edf"), "{twice:?}");
    assert_eq!(known.of_one_name().map(|[first, _]| first.to_path_buf()), Some(there[2].1.clone()));
    let one = KnownRecordings::of(&there[..3], &dataset, &roots);
    assert!(one.of_one_name().is_none());
}
