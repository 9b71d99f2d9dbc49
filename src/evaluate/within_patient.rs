//! Within a patient: what was fitted on their earlier recordings is scored on the later ones.

use crate::dataset::{Dataset, Second};

use super::seconds::seconds_by_person;

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
    /// Seizures of the earlier recordings.
    pub earlier_seizures: usize,
    /// Seizures of the later recordings.
    pub later_seizures: usize,
}

/// Divides every patient's recordings who has enough seizures; the people who have not, beside them with the number
/// that they have.
///
/// A recording is never divided, so a patient all of whose seizures are in one cannot be, and counts as one with too
/// few.
pub fn divide(dataset: &Dataset) -> (Vec<Division>, Vec<(String, usize)>) {
    let (mut divided, mut others) = (Vec::new(), Vec::new());
    for (person, mut seconds) in seconds_by_person(dataset) {
        seconds.sort_by_key(|second| {
            let stretch = &dataset.stretches[second.stretch];
            (stretch.start, stretch.recording, stretch.first_second + second.index)
        });
        let recording_of = |second: &Second| dataset.stretches[second.stretch].recording;
        let mut recordings: Vec<usize> = seconds.iter().map(recording_of).collect();
        recordings.dedup();
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
        let later_seizures = later_from.iter().map(|&recording| seizures(recording)).sum();
        if all < FEWEST_SEIZURES || earlier.is_empty() || all == later_seizures {
            others.push((person, all));
            continue;
        }
        divided.push(Division {
            person,
            earlier: earlier.to_vec(),
            later: later.to_vec(),
            earlier_seizures: all - later_seizures,
            later_seizures,
        });
    }
    (divided, others)
}
