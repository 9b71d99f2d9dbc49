//! The part of what was judged that a protocol scores, and what it holds.

use std::path::PathBuf;

use crate::dataset::{Dataset, LabelledRecording, Second, Stretch};
use crate::evaluate::report::DataSummary;
use crate::evaluate::{JudgedPerson, unjudged_recordings};

/// What is scored of what was judged.
pub struct Part<'a> {
    /// Whether a person's second is.
    pub second: &'a dyn Fn(&str, Second) -> bool,
    /// Whether a recording is of which no second can be judged, by its index in the data set.
    pub unjudged: &'a dyn Fn(usize) -> bool,
}

impl Part<'_> {
    /// All of it.
    pub const WHOLE: Part<'static> = Part { second: &|_, _| true, unjudged: &|_| true };

    /// Leaves the rest out, and people of whom nothing is scored.
    pub fn of(&self, mut people: Vec<JudgedPerson>) -> Vec<JudgedPerson> {
        for JudgedPerson { person, seconds, unjudged, .. } in &mut people {
            seconds.retain(|judged| (self.second)(person, judged.second));
            unjudged.retain(|recording| (self.unjudged)(*recording));
        }
        people.retain(|person| !(person.seconds.is_empty() && person.unjudged.is_empty()));
        people
    }
}

/// What a data set holds, of what is scored. Recordings of which no second can be judged add no hours.
pub fn summary(paths: &[PathBuf], dataset: &Dataset, scored: &Part<'_>) -> DataSummary {
    let person_of = |second: Second| dataset.recording_of(second).person.as_str();
    let seconds: Vec<Second> =
        dataset.seconds().filter(|&second| (scored.second)(person_of(second), second)).collect();
    let mut recordings: Vec<usize> =
        seconds.iter().map(|second| dataset.stretches[second.stretch].recording).collect();
    recordings
        .extend(unjudged_recordings(dataset).into_iter().filter(|recording| (scored.unjudged)(*recording)));
    recordings.sort_unstable();
    recordings.dedup();
    let recordings: Vec<&LabelledRecording> =
        recordings.into_iter().map(|recording| &dataset.recordings[recording]).collect();
    let seizures = |recording: &LabelledRecording| {
        recording.events.iter().filter(|event| event.is_seizure()).count() as u64
    };
    let people_of = |recordings: &mut dyn Iterator<Item = &&LabelledRecording>| {
        let mut people: Vec<&str> = recordings.map(|recording| recording.person.as_str()).collect();
        people.sort_unstable();
        people.dedup();
        people.len()
    };
    DataSummary {
        path: paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and "),
        people: people_of(&mut recordings.iter()),
        people_with_seizures: people_of(&mut recordings.iter().filter(|recording| seizures(recording) > 0)),
        recordings: recordings.len(),
        hours: seconds.len() as f64 / 3600.0,
        seizure_hours: seconds.iter().filter(|&&second| dataset.is_seizure(second)).count() as f64 / 3600.0,
        seizures: recordings.iter().map(|recording| seizures(recording)).sum(),
    }
}

/// What recordings as short as these cannot show, if they are.
pub fn short_recordings(dataset: &Dataset) -> Option<String> {
    let longest = dataset.stretches.iter().map(Stretch::seconds).max().unwrap_or(0);
    (longest < 3600).then(|| {
        format!(
            "No stretch of signal is longer than {longest} s: a rate of false alarms of a day on a ward does not follow \
             from it."
        )
    })
}
