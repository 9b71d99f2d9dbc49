//! Labelled recordings, conditioned once and held in memory.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::DateTime;

use super::error::DatasetError;
use super::fit::unusable;
use super::remarks::{Faulty, Remark};
use crate::eeg::{DERIVATIONS, Event};
use crate::signal::{FaultCounts, SignalConfig, StreamError, StreamItem, WindowStream, count_faults};
use crate::source::{RecordingSource, Source};

/// Contiguous seconds of one recording.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// Index of the recording in its data set.
    pub recording: usize,
    /// Wall time of the recording's start.
    pub start: DateTime,
    /// Second of the recording at which the stretch starts.
    pub first_second: usize,
    /// Conditioned microvolts, derivation after derivation, each `seconds * rate` long.
    pub signal: Vec<f32>,
    /// Which derivations each second has.
    pub present: Vec<[bool; DERIVATIONS]>,
}

impl Stretch {
    /// Whole seconds.
    pub fn seconds(&self) -> usize {
        self.present.len()
    }

    /// Copies the second that starts at `start` samples into the stretch, as a window.
    pub fn window_at(&self, start: usize, rate: usize, window: &mut Vec<f32>) {
        window.clear();
        let length = self.seconds() * rate;
        for trace in self.signal.chunks_exact(length) {
            window.extend_from_slice(&trace[start..start + rate]);
        }
    }
}

/// A recording with its expert marks.
#[derive(Debug, Clone)]
pub struct LabelledRecording {
    /// Whose it is, after people with several names were joined.
    pub person: String,
    /// The file.
    pub path: PathBuf,
    /// Expert events.
    pub events: Vec<Event>,
}

impl LabelledRecording {
    /// Whether an expert marked the second that starts at `second` as seizure (SzCORE's 1 Hz mask:
    /// onset and end are both floored).
    pub fn is_seizure(&self, second: usize) -> bool {
        self.events.iter().any(|event| {
            event.is_seizure()
                && (event.onset_s.max(0.0) as usize..event.end_s().max(0.0) as usize).contains(&second)
        })
    }
}

/// One second of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Second {
    /// Index of its stretch.
    pub stretch: usize,
    /// Second within the stretch.
    pub index: usize,
}

/// Recordings of several people, conditioned.
#[derive(Debug, Clone, Default)]
pub struct Dataset {
    /// Samples per second of the conditioned signal.
    pub rate: usize,
    /// The recordings, in the order given.
    pub recordings: Vec<LabelledRecording>,
    /// Their contiguous stretches.
    pub stretches: Vec<Stretch>,
    /// Recordings that were left out and why.
    pub left_out: Vec<(PathBuf, String)>,
    /// What a person should know about recordings that were taken: what their reader warns of, channels that are used
    /// otherwise than their labels say, derivations that are missing, EEG of a size that no head gives, faults.
    pub remarks: Vec<(PathBuf, Remark)>,
}

impl Dataset {
    /// Reads and conditions recordings; `told` hears of each one that is done.
    ///
    /// A recording that does not suit (too few channels, one in no known voltage, a rate out of range) is left out and
    /// said so. All are looked at before the first is read: those that cannot be used are told together.
    ///
    /// # Errors
    /// [`DatasetError::Unusable`] where files cannot be read, or seizures do not fit their recordings; [`DatasetError`]
    /// where reading fails later.
    pub fn load(
        recordings: Vec<LabelledRecording>,
        config: &SignalConfig,
        told: &mut dyn FnMut(usize, usize),
    ) -> Result<Dataset, DatasetError> {
        DatasetError::refuse(unusable(&recordings))?;
        let mut dataset = Dataset { rate: config.rate_hz as usize, ..Dataset::default() };
        let total = recordings.len();
        for (index, recording) in recordings.into_iter().enumerate() {
            let path = recording.path.clone();
            match stretches_of(&recording, dataset.recordings.len(), config) {
                Ok((stretches, remarks)) => {
                    dataset.stretches.extend(stretches);
                    dataset.recordings.push(recording);
                    dataset.remarks.extend(remarks.into_iter().map(|remark| (path.clone(), remark)));
                }
                Err(DatasetError::Recording {
                    source: crate::signal::StreamError::Signal(reason), ..
                }) => {
                    dataset.left_out.push((path, reason.to_string()));
                }
                Err(other) => return Err(other),
            }
            told(index + 1, total);
        }
        Ok(dataset)
    }

    /// Conditions one source, such as a bed's record; its seconds are counted as the source counts
    /// samples.
    ///
    /// # Errors
    /// [`StreamError`] where the source or its signal fails.
    pub fn of_source(
        source: impl Source,
        recording: LabelledRecording,
        config: &SignalConfig,
    ) -> Result<Dataset, StreamError> {
        let mut stream = WindowStream::new(source, config)?;
        let (stretches, remarks) = condition(&mut stream, 0, DateTime::default())?;
        let remarks = remarks.into_iter().map(|remark| (recording.path.clone(), remark)).collect();
        let rate = config.rate_hz as usize;
        Ok(Dataset { rate, recordings: vec![recording], stretches, left_out: Vec::new(), remarks })
    }

    /// Adds another data set of the same rate; the index of its first stretch here.
    pub fn append(&mut self, other: Dataset) -> usize {
        let (recordings, stretches) = (self.recordings.len(), self.stretches.len());
        self.recordings.extend(other.recordings);
        let moved = |stretch: Stretch| Stretch { recording: stretch.recording + recordings, ..stretch };
        self.stretches.extend(other.stretches.into_iter().map(moved));
        self.left_out.extend(other.left_out);
        self.remarks.extend(other.remarks);
        stretches
    }

    /// The people, in alphabetical order.
    pub fn people(&self) -> Vec<String> {
        let mut people: Vec<String> =
            self.recordings.iter().map(|recording| recording.person.clone()).collect();
        people.sort();
        people.dedup();
        people
    }

    /// Leaves people out, with all their recordings.
    pub fn without(self, people: &[String]) -> Dataset {
        let mut dataset =
            Dataset { rate: self.rate, left_out: self.left_out, remarks: self.remarks, ..Dataset::default() };
        let mut index_of = Vec::with_capacity(self.recordings.len());
        for recording in self.recordings {
            let kept = !people.contains(&recording.person);
            index_of.push(kept.then_some(dataset.recordings.len()));
            if kept {
                dataset.recordings.push(recording);
            }
        }
        dataset.stretches = self
            .stretches
            .into_iter()
            .filter_map(|stretch| Some(Stretch { recording: index_of[stretch.recording]?, ..stretch }))
            .collect();
        dataset
    }

    /// Every second with at least 12 of 18 derivations, in order.
    pub fn seconds(&self) -> impl Iterator<Item = Second> + '_ {
        self.stretches.iter().enumerate().flat_map(|(stretch, s)| {
            s.present
                .iter()
                .enumerate()
                .filter(|(_, present)| {
                    present.iter().filter(|there| !**there).count() <= crate::signal::MAX_MISSING
                })
                .map(move |(index, _)| Second { stretch, index })
        })
    }

    /// The recording of a second.
    pub fn recording_of(&self, second: Second) -> &LabelledRecording {
        &self.recordings[self.stretches[second.stretch].recording]
    }

    /// Whether an expert marked a second as seizure.
    pub fn is_seizure(&self, second: Second) -> bool {
        self.recording_of(second).is_seizure(self.stretches[second.stretch].first_second + second.index)
    }

    /// Seizure-free seconds of each person.
    pub fn seizure_free_by_person(&self) -> BTreeMap<String, Vec<Second>> {
        let mut by_person: BTreeMap<String, Vec<Second>> = BTreeMap::new();
        for second in self.seconds().filter(|&second| !self.is_seizure(second)) {
            by_person.entry(self.recording_of(second).person.clone()).or_default().push(second);
        }
        by_person
    }
}

/// Stretches of one recording, and remarks on it.
type Conditioned = (Vec<Stretch>, Vec<Remark>);

/// Conditions one recording.
fn stretches_of(
    labelled: &LabelledRecording,
    recording: usize,
    config: &SignalConfig,
) -> Result<Conditioned, DatasetError> {
    let path = &labelled.path;
    let failed = |source| DatasetError::Recording { path: path.clone(), source };
    let source = RecordingSource::open(path)?;
    let start = source.header().start;
    let mut stream = WindowStream::new(source, config).map_err(failed)?;
    let (stretches, of_signal) = condition(&mut stream, recording, start).map_err(failed)?;
    // Only now: some of what a file is warned of shows while it is read.
    let source = stream.source();
    let of_file = source.warnings().iter().chain(source.strange_rows()).cloned().map(Remark::Words);
    Ok((stretches, of_file.chain(of_signal).collect()))
}

fn condition<S: Source>(
    stream: &mut WindowStream<S>,
    recording: usize,
    start: DateTime,
) -> Result<Conditioned, StreamError> {
    let labels = stream.source().layout().labels.clone();
    let (mut faults, mut seconds) = (FaultCounts::new(), 0);
    let mut stretches = Vec::new();
    let mut building: Option<Building> = None;
    while let Some(item) = stream.next_item()? {
        match item {
            StreamItem::Window(window) => {
                count_faults(&window, &labels, &mut faults);
                seconds += 1;
                let first_second = stream.onset_s(&window).round() as usize;
                building
                    .get_or_insert_with(|| Building::new(first_second))
                    .push(&window.samples, window.present);
            }
            StreamItem::Gap { .. } => {
                stretches.extend(building.take().map(|built| built.finish(recording, start)))
            }
        }
    }
    stretches.extend(building.map(|built| built.finish(recording, start)));
    let words = stream.montage().warnings().iter().cloned().chain(stream.amplitude().unlikely());
    let words = words.chain(stream.hum().told());
    let faults = Faulty::of(faults, seconds).map(Remark::Faults);
    Ok((stretches, words.map(Remark::Words).chain(faults).collect()))
}

struct Building {
    first_second: usize,
    traces: Vec<Vec<f32>>,
    present: Vec<[bool; DERIVATIONS]>,
}

impl Building {
    fn new(first_second: usize) -> Building {
        Building { first_second, traces: vec![Vec::new(); DERIVATIONS], present: Vec::new() }
    }

    fn push(&mut self, samples: &[f32], present: [bool; DERIVATIONS]) {
        let rate = samples.len() / DERIVATIONS;
        for (trace, second) in self.traces.iter_mut().zip(samples.chunks_exact(rate)) {
            trace.extend_from_slice(second);
        }
        self.present.push(present);
    }

    fn finish(self, recording: usize, start: DateTime) -> Stretch {
        Stretch {
            recording,
            start,
            first_second: self.first_second,
            signal: self.traces.concat(),
            present: self.present,
        }
    }
}
