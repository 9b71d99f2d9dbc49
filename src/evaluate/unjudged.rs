//! What could not be judged, since too many derivations were missing or flat: its seizures are missed, and who has nothing
//! else stays among the people.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::dataset::Dataset;

/// Of one person, what of the signal and of the seizures nobody could judge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unjudged {
    /// The person.
    pub person: String,
    /// Seconds of signal that were not judged.
    pub seconds: usize,
    /// Seconds of signal in all.
    pub of_seconds: usize,
    /// Seizures of which no second was judged.
    pub seizures: usize,
    /// Seizures in all.
    pub of_seizures: usize,
}

impl Unjudged {
    /// In a sentence.
    pub fn told(&self) -> String {
        let Unjudged { person, seconds, of_seconds, seizures, of_seizures } = self;
        format!(
            "Of {person}, {seconds} of {of_seconds} s of signal were not judged (fewer than 12 of 18 derivations are there), and \
             {seizures} of {of_seizures} seizures have no judged second: where they are scored, they count as missed."
        )
    }
}

/// The recordings, as indices of the data set, of which no second can be judged.
pub fn unjudged_recordings(dataset: &Dataset) -> Vec<usize> {
    let judged: BTreeSet<usize> =
        dataset.seconds().map(|second| dataset.stretches[second.stretch].recording).collect();
    (0..dataset.recordings.len()).filter(|recording| !judged.contains(recording)).collect()
}

/// Those people of whom a seizure has no judged second, or who have none at all.
pub fn unjudged(dataset: &Dataset) -> Vec<Unjudged> {
    // Of each recording the seconds that were judged.
    let mut judged: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for second in dataset.seconds() {
        let stretch = &dataset.stretches[second.stretch];
        judged.entry(stretch.recording).or_default().insert(stretch.first_second + second.index);
    }
    let mut lengths = vec![0; dataset.recordings.len()];
    dataset.stretches.iter().for_each(|stretch| lengths[stretch.recording] += stretch.seconds());
    let mut people: BTreeMap<&str, Unjudged> = BTreeMap::new();
    for ((index, recording), length) in dataset.recordings.iter().enumerate().zip(lengths) {
        let person = people.entry(&recording.person).or_insert_with(|| Unjudged {
            person: recording.person.clone(),
            seconds: 0,
            of_seconds: 0,
            seizures: 0,
            of_seizures: 0,
        });
        let seconds = judged.get(&index);
        person.seconds += length - seconds.map_or(0, BTreeSet::len);
        person.of_seconds += length;
        for event in recording.events.iter().filter(|event| event.is_seizure()) {
            let (first, end) = (event.onset_s.max(0.0) as usize, event.end_s().max(0.0).ceil() as usize);
            person.of_seizures += 1;
            let seen = seconds.is_some_and(|seconds| seconds.range(first..end.max(first)).next().is_some());
            person.seizures += usize::from(!seen);
        }
    }
    people.into_values().filter(|one| one.seizures > 0 || one.seconds == one.of_seconds).collect()
}
