//! What a ward's reviewers say, as seconds to train on.
//!
//! | what stands in the log | seconds | trained as |
//! |---|---|---|
//! | an alarm judged a seizure | from the corrected onset to the corrected offset; uncorrected, as the alarm had them | seizure |
//! | a seizure marked as missed | from onset to offset | seizure |
//! | an alarm judged false | the seconds of its run, up to its end, that the detector labelled seizure: what fed the alarm | abnormal |
//! | anything else | none | |
//!
//! An alarm judged uncertain, one on which two readers differ and one that nobody has judged say nothing. The EEG comes from
//! the ward's record; where that is gone, the judgement gives no second, and it is said so.
//!
//! Invariant: a second belongs to the person of its patient's id, as the recordings of a data set do, and a second of which
//! reviewers say two things is not trained on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use thiserror::Error;

use super::cleaning::Labels;
use super::labels::SecondLabel;
use super::reviews_placed::{Said, Statement, Wanted, place};
use crate::alarm::entry::Judgement;
use crate::alarm::export::confirmed_us;
use crate::alarm::log::Held;
use crate::alarm::state::AlarmKind;
use crate::alarm::{AlarmLog, LogError};
use crate::calibrate::settled;
use crate::config::{PatientConfig, PatientId};
use crate::dataset::{Dataset, LabelledRecording, Second, person_of};
use crate::eeg::{Event, EventKind};
use crate::record::{RecordError, RecordedSource};
use crate::signal::{SignalConfig, StreamError};

/// Reviews that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReviewsError {
    /// The log of alarms.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The recorded signal.
    #[error("the record of bed {bed}: {source}")]
    Stream {
        /// The bed.
        bed: String,
        /// Why.
        source: StreamError,
    },
}

/// What reviewers gave for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PersonReviews {
    /// Alarms judged a seizure that gave seconds.
    pub confirmed: usize,
    /// Seizures marked as missed that gave seconds.
    pub marked: usize,
    /// Alarms judged false that gave seconds.
    pub rejected: usize,
    /// Seizure seconds.
    pub seizure_s: usize,
    /// Abnormal seconds.
    pub abnormal_s: usize,
}

/// What gave no second, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LeftOutReviews {
    /// Alarms that nobody has judged.
    pub unreviewed: usize,
    /// Alarms judged uncertain.
    pub uncertain: usize,
    /// Alarms on which two readers differ.
    pub differing: usize,
    /// Alarms and marks of people who are left out of the training.
    pub of_others: usize,
    /// Alarms and marks whose recording is gone, or holds no second that could be judged.
    pub gone: Vec<String>,
    /// Seconds of which reviewers say two things.
    pub contradictory_s: usize,
    /// Recorded signal that does not suit, and why.
    pub unsuitable: Vec<String>,
}

/// Seconds to train on, out of a ward's reviews.
#[derive(Debug, Clone, Default)]
pub struct ReviewedSeconds {
    /// The conditioned signal.
    pub dataset: Dataset,
    /// The seconds and what they are trained as.
    pub labels: Labels,
    /// What was given for each person.
    pub people: BTreeMap<String, PersonReviews>,
    /// What was not.
    pub left_out: LeftOutReviews,
}

impl ReviewedSeconds {
    /// Gathers what reviewers say of people who are trained on.
    ///
    /// `patients` is where patients lie: the mains are those where the patient is recorded.
    ///
    /// # Errors
    /// [`ReviewsError`].
    pub fn gather(
        log: &AlarmLog,
        record: &Path,
        patients: &Path,
        signal: &SignalConfig,
        is_trained_on: &dyn Fn(&str) -> bool,
    ) -> Result<ReviewedSeconds, ReviewsError> {
        let mut gathered = ReviewedSeconds {
            dataset: Dataset { rate: signal.rate_hz as usize, ..Dataset::default() },
            ..ReviewedSeconds::default()
        };
        let statements = gathered.statements(log, is_trained_on)?;
        let mut wanted: BTreeMap<(String, String, u64), Wanted> = BTreeMap::new();
        for (index, statement) in statements.iter().enumerate() {
            place(record, index, statement, &mut wanted)?;
        }
        let mut given = vec![0usize; statements.len()];
        for ((patient, bed, timeline), wanted) in wanted {
            let mains = PatientId::new(&patient).and_then(|id| PatientConfig::load(patients, &id));
            let signal = match mains {
                Ok(config) => SignalConfig { mains_hz: config.mains_hz, ..signal.clone() },
                // A patient who was removed has the mains of the training.
                Err(_) => signal.clone(),
            };
            gathered.take(record, (&patient, &bed, timeline), &wanted, &signal, &mut given)?;
        }
        for (statement, seconds) in statements.iter().zip(given) {
            if seconds == 0 {
                gathered.left_out.gone.push(statement.name.clone());
                continue;
            }
            let person = gathered.people.entry(person_of(&statement.patient)).or_default();
            match statement.said {
                Said::Confirmed => person.confirmed += 1,
                Said::Marked => person.marked += 1,
                Said::Rejected(..) => person.rejected += 1,
            }
        }
        for &(second, label) in &gathered.labels {
            let person = gathered.dataset.recording_of(second).person.clone();
            let person = gathered.people.entry(person).or_default();
            match label {
                SecondLabel::Seizure => person.seizure_s += 1,
                _ => person.abnormal_s += 1,
            }
        }
        Ok(gathered)
    }

    fn statements(
        &mut self,
        log: &AlarmLog,
        is_trained_on: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Statement>, LogError> {
        let in_s = |span: [i64; 2]| span.map(|us| us as f64 / 1e6);
        let mut statements = Vec::new();
        let left_out = &mut self.left_out;
        for held in log.alarms(i64::MIN, i64::MAX)? {
            if held.kind() != AlarmKind::Seizure {
                continue;
            }
            if !is_trained_on(&person_of(&held.patient)) {
                left_out.of_others += 1;
                continue;
            }
            let Some(review) = &held.review else {
                left_out.unreviewed += 1;
                continue;
            };
            let said = match (settled(&held), &held.second_reading) {
                (Some(Judgement::Seizure), _) => Said::Confirmed,
                (Some(_), _) => match run_of(&held) {
                    Some((timeline, seconds)) => Said::Rejected(timeline, seconds),
                    None => continue,
                },
                (None, Some(second)) if second.review.judgement != review.review.judgement => {
                    left_out.differing += 1;
                    continue;
                }
                (None, _) => {
                    left_out.uncertain += 1;
                    continue;
                }
            };
            let Some((onset_us, raised_us, ended_us)) = held.span_us() else { continue };
            let span = match said {
                Said::Confirmed => confirmed_us(&held),
                _ => Some([onset_us, ended_us.unwrap_or(raised_us)]),
            };
            let Some(span) = span else { continue };
            let (name, patient, bed) = (held.alarm.clone(), held.patient.clone(), held.bed.clone());
            statements.push(Statement { name, patient, bed, span_s: in_s(span), said });
        }
        for mark in log.marks(i64::MIN, i64::MAX)? {
            if !is_trained_on(&person_of(&mark.patient)) {
                left_out.of_others += 1;
                continue;
            }
            let span_s = in_s([mark.onset_us, mark.offset_us]);
            let (name, patient, bed) = (mark.mark, mark.patient, mark.bed);
            statements.push(Statement { name, patient, bed, span_s, said: Said::Marked });
        }
        Ok(statements)
    }

    /// Conditions what is wanted of one count, and labels it.
    fn take(
        &mut self,
        record: &Path,
        (patient, bed, timeline): (&str, &str, u64),
        wanted: &Wanted,
        signal: &SignalConfig,
        given: &mut [usize],
    ) -> Result<(), ReviewsError> {
        let source = match RecordedSource::open_spans(record, bed, timeline, &wanted.joined()) {
            Ok(source) => source,
            Err(RecordError::Nothing { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let recording = LabelledRecording {
            person: person_of(patient),
            path: record.join(bed),
            events: wanted.seizures.iter().map(|(_, from, to)| event(*from, *to, wanted.rate_hz)).collect(),
        };
        let events = recording.events.clone();
        let part = match Dataset::of_source(source, recording, signal) {
            Ok(part) => part,
            Err(StreamError::Signal(reason)) => {
                self.left_out.unsuitable.push(format!("bed {bed}, patient {patient}: {reason}"));
                return Ok(());
            }
            Err(source) => return Err(ReviewsError::Stream { bed: bed.to_string(), source }),
        };
        let second_of = |frame: u64| (frame as f64 / wanted.rate_hz).round() as usize;
        let fed: BTreeSet<usize> = wanted.fed.iter().map(|(_, frame)| second_of(*frame)).collect();
        let seconds: Vec<Second> = part.seconds().collect();
        let first = self.dataset.append(part);
        for second in seconds {
            let second = Second { stretch: first + second.stretch, ..second };
            let at = self.dataset.stretches[second.stretch].first_second + second.index;
            let within = |event: &Event| {
                (event.onset_s.max(0.0) as usize..event.end_s().max(0.0) as usize).contains(&at)
            };
            let label = match (self.dataset.is_seizure(second), fed.contains(&at)) {
                (true, true) => {
                    self.left_out.contradictory_s += 1;
                    continue;
                }
                (true, false) => SecondLabel::Seizure,
                (false, true) => SecondLabel::Abnormal,
                (false, false) => continue,
            };
            match label {
                SecondLabel::Seizure => {
                    let about = wanted.seizures.iter().zip(&events).filter(|(_, event)| within(event));
                    about.for_each(|((statement, ..), _)| given[*statement] += 1);
                }
                _ => {
                    let about = wanted.fed.iter().filter(|(_, frame)| second_of(*frame) == at);
                    about.for_each(|(statement, _)| given[*statement] += 1);
                }
            }
            self.labels.push((second, label));
        }
        Ok(())
    }
}

/// The time line of an alarm, and its seconds from the onset up to the end.
fn run_of(held: &Held) -> Option<(u64, [u64; 2])> {
    let (timeline, raised) = held.second?;
    let (run_s, ended_s) = held.run_s?;
    let onset = raised.saturating_sub(run_s);
    Some((timeline, [onset, ended_s.map_or(raised + 1, |seconds| onset + seconds)]))
}

fn event(from: u64, to: u64, rate_hz: f64) -> Event {
    Event {
        onset_s: from as f64 / rate_hz,
        duration_s: (to - from) as f64 / rate_hz,
        kind: EventKind::Seizure("sz".into()),
        confidence: None,
        channels: None,
        date_time: None,
        recording_duration_s: None,
        alarm_s: None,
    }
}
