//! Where networks that have not seen a person disagree with the expert's marks, and what becomes of it in a training.
//!
//! Nothing is changed silently: proposals are a table that a person reviews, a training says what it made of them, and
//! scoring is always by the expert's own marks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::known::names_of;
use super::labels::SecondLabel;
use crate::dataset::{Dataset, Second};
use crate::evaluate::JudgedPerson;
use crate::format::label_review::{Decision, LabelProposal, ProposalKind, ReviewedLabel};

/// When seconds are proposed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProposalRule {
    /// Seconds from an event's onset or end within which its edge may move.
    pub edge_s: u64,
    /// Fewest seconds of a look-alike.
    pub look_alike_s: u64,
    /// An event's second below this probability of seizure may be none.
    pub low: f32,
    /// A second outside above this one may be a seizure's.
    pub high: f32,
}

impl ProposalRule {
    /// Limits from what the networks say of the seizure seconds themselves: a tenth of them lies below `low`, half above
    /// `high`. `None` without any seizure second.
    pub fn of(people: &[JudgedPerson], edge_s: u64, look_alike_s: u64) -> Option<ProposalRule> {
        let mut seizures: Vec<f32> = people
            .iter()
            .flat_map(|person| &person.seconds)
            .filter(|judged| judged.seizure)
            .filter_map(|judged| Some(judged.opinion?.probabilities[0]))
            .collect();
        seizures.sort_by(f32::total_cmp);
        let low = *seizures.get(seizures.len() / 10)?;
        let high = *seizures.get(seizures.len() / 2)?;
        Some(ProposalRule { edge_s, look_alike_s, low, high })
    }
}

/// A recording's seconds as they are judged: the mean probability of seizure of the second and its neighbours.
struct Judged {
    probabilities: BTreeMap<u64, f32>,
    seizures: Vec<(u64, u64)>,
}

impl Judged {
    fn of(dataset: &Dataset, recording: usize, raw: &BTreeMap<u64, f32>) -> Judged {
        let smooth = |second: u64| {
            let near: Vec<f32> =
                (second.saturating_sub(1)..=second + 1).filter_map(|near| raw.get(&near).copied()).collect();
            near.iter().sum::<f32>() / near.len().max(1) as f32
        };
        let events = dataset.recordings[recording].events.iter().filter(|event| event.is_seizure());
        Judged {
            probabilities: raw.keys().map(|&second| (second, smooth(second))).collect(),
            seizures: events
                .map(|event| (event.onset_s.max(0.0) as u64, event.end_s().max(0.0) as u64))
                .collect(),
        }
    }

    fn in_seizure(&self, second: u64) -> bool {
        self.seizures.iter().any(|(onset, end)| (*onset..*end).contains(&second))
    }

    /// How many seconds in a row, beginning with `first` and going on by `step`, satisfy `wanted`; at most `most`.
    fn run(&self, first: Option<u64>, step: i64, most: u64, wanted: impl Fn(u64, f32) -> bool) -> u64 {
        let mut second = first;
        let mut length = 0;
        while let Some(at) = second.filter(|_| length < most) {
            if !self.probabilities.get(&at).is_some_and(|p| wanted(at, *p)) {
                break;
            }
            length += 1;
            second = at.checked_add_signed(step);
        }
        length
    }

    fn within(&self, onset: u64, duration: u64) -> Vec<f32> {
        self.probabilities.range(onset..onset + duration).map(|(_, probability)| *probability).collect()
    }
}

/// A proposal, and what the network says of each of its seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Disagreement {
    /// The proposal.
    pub row: LabelProposal,
    /// Probabilities of seizure, second by second, each the mean over the second and its neighbours.
    pub probabilities: Vec<f32>,
}

impl Disagreement {
    /// The same proposal for a part of its seconds, from one up to another.
    pub fn part(&self, from_s: u64, to_s: u64) -> LabelProposal {
        let within = (from_s..to_s).filter_map(|second| second.checked_sub(self.row.onset_s));
        let values: Vec<f32> =
            within.filter_map(|index| self.probabilities.get(index as usize).copied()).collect();
        LabelProposal {
            onset_s: from_s,
            duration_s: to_s.saturating_sub(from_s),
            probability: mean(&values),
            ..self.row.clone()
        }
    }
}

fn mean(values: &[f32]) -> f32 {
    values.iter().sum::<f32>() / values.len().max(1) as f32
}

/// Proposals for everybody, in the order of the recordings and their seconds.
///
/// Edges move by seconds in a row that disagree, at most a quarter of the event at either end, so that at least half
/// of it stays.
pub fn propose(
    dataset: &Dataset,
    roots: &[PathBuf],
    people: &[JudgedPerson],
    rule: &ProposalRule,
) -> Vec<Disagreement> {
    let names = names_of(dataset, roots);
    let mut proposals = Vec::new();
    for person in people {
        let mut by_recording: BTreeMap<usize, BTreeMap<u64, f32>> = BTreeMap::new();
        for judged in &person.seconds {
            let stretch = &dataset.stretches[judged.second.stretch];
            let second = (stretch.first_second + judged.second.index) as u64;
            if let Some(opinion) = judged.opinion {
                by_recording.entry(stretch.recording).or_default().insert(second, opinion.probabilities[0]);
            }
        }
        for (recording, raw) in by_recording {
            let judged = Judged::of(dataset, recording, &raw);
            let mut spans = edges(&judged, rule);
            spans.extend(look_alikes(&judged, rule));
            spans.sort_unstable_by_key(|(onset, ..)| *onset);
            proposals.extend(spans.into_iter().map(|(onset_s, duration_s, kind, expert, proposed)| {
                let probabilities = judged.within(onset_s, duration_s);
                let row = LabelProposal {
                    recording: names[recording].clone(),
                    person: person.person.clone(),
                    onset_s,
                    duration_s,
                    kind,
                    expert,
                    proposed,
                    probability: mean(&probabilities),
                    model: person.model.clone(),
                    decision: Decision::Proposed,
                };
                Disagreement { row, probabilities }
            }));
        }
    }
    proposals
}

type Span = (u64, u64, ProposalKind, ReviewedLabel, ReviewedLabel);

fn edges(judged: &Judged, rule: &ProposalRule) -> Vec<Span> {
    use ReviewedLabel::{NonSeizure, Seizure};
    let mut taken: Vec<u64> = Vec::new();
    let mut spans = Vec::new();
    for &(onset, end) in &judged.seizures {
        let within = rule.edge_s.min(end.saturating_sub(onset) / 4);
        let low = |_: u64, p: f32| p < rule.low;
        let late = judged.run(Some(onset), 1, within, low);
        let early = judged.run(end.checked_sub(1), -1, within, low);
        let outside =
            |taken: &[u64], at: u64, p: f32| p > rule.high && !judged.in_seizure(at) && !taken.contains(&at);
        let before = match late {
            0 => judged.run(onset.checked_sub(1), -1, rule.edge_s, |at, p| outside(&taken, at, p)),
            _ => 0,
        };
        taken.extend(onset - before..onset);
        let after = match early {
            0 => judged.run(Some(end), 1, rule.edge_s, |at, p| outside(&taken, at, p)),
            _ => 0,
        };
        taken.extend(end..end + after);
        spans.extend([
            (onset - before, before, ProposalKind::Edge, NonSeizure, Seizure),
            (onset, late, ProposalKind::Edge, Seizure, NonSeizure),
            (end.saturating_sub(early), early, ProposalKind::Edge, Seizure, NonSeizure),
            (end, after, ProposalKind::Edge, NonSeizure, Seizure),
        ]);
    }
    spans.retain(|(_, duration, ..)| *duration > 0);
    spans
}

fn look_alikes(judged: &Judged, rule: &ProposalRule) -> Vec<Span> {
    let near = |second: u64| {
        judged
            .seizures
            .iter()
            .any(|(onset, end)| (onset.saturating_sub(rule.edge_s)..end + rule.edge_s).contains(&second))
    };
    let mut spans = Vec::new();
    let mut next = 0;
    for &second in judged.probabilities.keys() {
        if second < next {
            continue;
        }
        let length = judged.run(Some(second), 1, u64::MAX, |at, p| p > rule.high && !near(at));
        next = second + length.max(1);
        if length >= rule.look_alike_s.max(1) {
            let (expert, proposed) = (ReviewedLabel::NonSeizure, ReviewedLabel::Seizure);
            spans.push((second, length, ProposalKind::LookAlike, expert, proposed));
        }
    }
    spans
}

/// What a training makes of proposals that nobody has reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreviewed {
    /// Their seconds are not trained on.
    LeaveOut,
    /// They are taken as proposed.
    Relabel,
    /// The expert's marks hold.
    Ignore,
}

/// What was changed for one person, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cleaned {
    /// Trained on as something else than the expert says.
    pub relabelled: usize,
    /// Not trained on.
    pub left_out: usize,
}

/// Seconds and what they are trained as.
pub type Labels = Vec<(Second, SecondLabel)>;

/// Applies reviewed proposals to labels. What a table says of seconds that are not among them changes nothing.
///
/// Whether the table is one of these recordings, [`KnownRecordings::must_hold`](super::KnownRecordings::must_hold) says.
pub fn clean(
    dataset: &Dataset,
    roots: &[PathBuf],
    labels: Labels,
    rows: &[(usize, LabelProposal)],
    unreviewed: Unreviewed,
) -> (Labels, BTreeMap<String, Cleaned>) {
    let names = names_of(dataset, roots);
    let mut changes: BTreeMap<String, Cleaned> = BTreeMap::new();
    let mut cleaned = Vec::with_capacity(labels.len());
    for (second, label) in labels {
        let stretch = &dataset.stretches[second.stretch];
        let at = (stretch.first_second + second.index) as u64;
        let row = rows.iter().map(|(_, row)| row).find(|row| {
            row.recording == names[stretch.recording] && (row.onset_s..row.end_s()).contains(&at)
        });
        let Some(row) = row else {
            cleaned.push((second, label));
            continue;
        };
        let decision = match (row.decision, unreviewed) {
            (Decision::Accepted, _) | (Decision::Proposed, Unreviewed::Relabel) => Some(true),
            (Decision::Rejected, _) | (Decision::Proposed, Unreviewed::Ignore) => Some(false),
            (Decision::Proposed, Unreviewed::LeaveOut) => None,
        };
        let count = changes.entry(row.person.clone()).or_default();
        match decision {
            None => count.left_out += 1,
            Some(false) => cleaned.push((second, label)),
            Some(true) => {
                let proposed = match (row.proposed, label) {
                    (ReviewedLabel::Seizure, _) => SecondLabel::Seizure,
                    (ReviewedLabel::NonSeizure, SecondLabel::Abnormal) => SecondLabel::Abnormal,
                    (ReviewedLabel::NonSeizure, _) => SecondLabel::NonSeizure,
                };
                count.relabelled += usize::from(proposed != label);
                cleaned.push((second, proposed));
            }
        }
    }
    changes.retain(|_, change| *change != Cleaned::default());
    (cleaned, changes)
}
