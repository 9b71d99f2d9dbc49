//! Within a patient: what was fitted on their earlier recordings is scored on the later ones.

use std::collections::BTreeMap;

use jiff::civil::DateTime;

use super::line::ROUNDED_S;
use super::seconds::seconds_by_person;
use super::unjudged::unjudged_recordings;
use crate::dataset::{Dataset, Second};

/// Fewest seizures of a patient whose recordings are divided.
pub const FEWEST_SEIZURES: usize = 3;

/// One patient's seconds, divided in time.
#[derive(Debug, Clone, PartialEq)]
pub struct Division {
    /// The patient.
    pub person: String,
    /// Seconds of the earlier recordings, in time order: those up to half of the seizures, rounded down.
    pub earlier: Vec<Second>,
    /// Seconds of the later recordings, in time order.
    pub later: Vec<Second>,
    /// Those of the later recordings, as indices of the data set, of which no second can be judged.
    pub later_unjudged: Vec<usize>,
    /// Seizures of the earlier recordings.
    pub earlier_seizures: usize,
    /// Seizures of the later recordings.
    pub later_seizures: usize,
    /// Earlier recordings that hold a seizure.
    pub earlier_with_seizure: usize,
}

/// People of whom a recording begins before the one before it has ended, by their headers, as where dates were removed or made up:
/// nobody knows in which order theirs were made.
pub fn out_of_order(dataset: &Dataset) -> Vec<String> {
    let mut spans: BTreeMap<&str, BTreeMap<(DateTime, usize), i64>> = BTreeMap::new();
    for stretch in &dataset.stretches {
        let person = dataset.recordings[stretch.recording].person.as_str();
        let length = spans.entry(person).or_default().entry((stretch.start, stretch.recording)).or_default();
        *length = (*length).max((stretch.first_second + stretch.seconds()) as i64);
    }
    let overlaps = |recordings: &BTreeMap<(DateTime, usize), i64>| {
        recordings.iter().zip(recordings.keys().skip(1)).any(|(((start, _), length), (next, _))| {
            start.duration_until(*next).as_secs() + (ROUNDED_S as i64) < *length
        })
    };
    spans.into_iter().filter(|(_, one)| overlaps(one)).map(|(person, _)| person.to_string()).collect()
}

/// Divides every patient's recordings who has enough seizures; the people who have not, beside them with the number
/// that they have.
///
/// A recording is never divided, so a patient all of whose seizures are in one cannot be, and counts as one with too
/// few. Recordings of which no second can be judged decide nothing: those that do not begin before the later part are scored
/// with it.
pub fn divide(dataset: &Dataset) -> (Vec<Division>, Vec<(String, usize)>) {
    let (mut divided, mut others) = (Vec::new(), Vec::new());
    let unjudged = unjudged_recordings(dataset);
    for (person, mut seconds) in seconds_by_person(dataset) {
        seconds.sort_by_key(|second| {
            let stretch = &dataset.stretches[second.stretch];
            (stretch.start, stretch.recording, stretch.first_second + second.index)
        });
        let recording_of = |second: &Second| dataset.stretches[second.stretch].recording;
        let mut recordings: Vec<usize> = seconds.iter().map(recording_of).collect();
        recordings.dedup();
        let unjudged: Vec<usize> = unjudged
            .iter()
            .copied()
            .filter(|recording| dataset.recordings[*recording].person == person)
            .collect();
        let seizures = |recording: usize| {
            dataset.recordings[recording].events.iter().filter(|event| event.is_seizure()).count()
        };
        let all: usize = recordings.iter().map(|&recording| seizures(recording)).sum();
        // The later part begins with the recording that holds the first seizure beyond the half.
        let mut before = 0;
        let cut = recordings.iter().position(|&recording| {
            before += seizures(recording);
            before > all / 2
        });
        let later_from = cut.map(|cut| &recordings[cut..]).unwrap_or_default();
        let at = seconds.iter().position(|second| later_from.contains(&recording_of(second)));
        let (earlier, later) = seconds.split_at(at.unwrap_or(seconds.len()));
        let later_seizures: usize = later_from.iter().map(|&recording| seizures(recording)).sum();
        if all < FEWEST_SEIZURES || earlier.is_empty() || all == later_seizures {
            let there: usize = unjudged.iter().map(|&recording| seizures(recording)).sum();
            others.push((person, all + there));
            continue;
        }
        let later_unjudged: Vec<usize> = match later.first() {
            Some(first) => unjudged.into_iter().filter(|one| !begins_before(dataset, *one, *first)).collect(),
            None => Vec::new(),
        };
        let missed: usize = later_unjudged.iter().map(|&recording| seizures(recording)).sum();
        divided.push(Division {
            person,
            earlier: earlier.to_vec(),
            later: later.to_vec(),
            earlier_seizures: all - later_seizures,
            later_seizures: later_seizures + missed,
            later_unjudged,
            earlier_with_seizure: recordings[..recordings.len() - later_from.len()]
                .iter()
                .filter(|&&recording| seizures(recording) > 0)
                .count(),
        });
    }
    (divided, others)
}

/// Whether a recording is known to begin before the one of a second.
fn begins_before(dataset: &Dataset, recording: usize, second: Second) -> bool {
    let first = &dataset.stretches[second.stretch];
    let stretch = dataset.stretches.iter().find(|stretch| stretch.recording == recording);
    stretch.is_some_and(|stretch| (stretch.start, recording) < (first.start, first.recording))
}
