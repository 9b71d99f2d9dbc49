//! Two trees of event tables against each other: the expert's and a detector's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use thiserror::Error;

use super::alarms::{AlarmMark, SeizureMark, SeizureScore, score_ward, seconds_at_risk};
use super::interval::{Interval, clopper_pearson, garwood};
use super::szcore::{Counts, Measures, mask, mean_measures, score_events, score_overlap, score_samples};
use crate::eeg::{Event, joined};
use crate::format::FormatError;
use crate::format::bids::tables_below;
use crate::format::events::{read_detections, read_table};

/// A scoring that cannot be done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScoreError {
    /// A folder or table cannot be read.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// No table in the reference.
    #[error("{}: no events table (a name that ends in _events.tsv) in it or below", path.display())]
    NoReference {
        /// The folder.
        path: PathBuf,
    },
    /// Nothing says how long a recording is.
    #[error(
        "{}: no row tells the recording's length; expected a column recordingDuration with seconds, since false \
         alarms are counted over it (a recording without a seizure has one row of type bckg)",
        path.display()
    )]
    NoDuration {
        /// The table.
        path: PathBuf,
    },
    /// A length that is none.
    #[error("{}: recordingDuration is {found} s; expected above 0 and at most a year", path.display())]
    Duration {
        /// The table.
        path: PathBuf,
        /// What it says.
        found: f64,
    },
}

/// One recording's tables.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Whose recording it is.
    pub subject: String,
    /// The reference's table.
    pub path: PathBuf,
    /// Seconds of recording.
    pub duration_s: f64,
    /// The expert's events.
    pub reference: Vec<Event>,
    /// The detector's events; empty where there is no table.
    pub hypothesis: Vec<Event>,
    /// Whether the reference's table has no row at all, not even one of background.
    pub without_rows: bool,
    /// Whether there was a table of the detector.
    pub judged: bool,
    /// The duration that the detector's table tells, where it is another one by over a second.
    pub other_duration_s: Option<f64>,
    /// What was passed over in the reference's table and in the detector's, see [`crate::format::events::EventsTable`].
    pub passed_over: [Option<String>; 2],
}

/// What a ward would count, before any merging of events.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WardCounts {
    /// Hours in which an alarm would be false: neither in a seizure nor within 60 s after one.
    pub hours: f64,
    /// Hours recorded.
    pub recorded_hours: f64,
    /// Alarms raised.
    pub alarms: u64,
    /// Alarms raised outside any seizure and the 60 s after it.
    pub false_alarms: u64,
    /// `None` where no time was observed.
    pub false_alarms_per_hour: Option<f64>,
    /// Its 95 % interval (Garwood 1936).
    pub false_alarms_per_hour_95: Option<Interval>,
    /// Seizures.
    pub seizures: u64,
    /// Seizures with an alarm from their onset to 60 s after their end.
    pub detected: u64,
    /// The detected share.
    pub sensitivity: Option<f64>,
    /// Its 95 % interval (Clopper and Pearson 1934).
    pub sensitivity_95: Option<Interval>,
    /// From the annotated onset to the first alarm, of detected seizures.
    pub latency_s: Option<Latency>,
    #[serde(skip)]
    latencies_s: Vec<f64>,
}

/// Median and range of latencies, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    /// Median.
    pub median: f64,
    /// Shortest and longest.
    pub range: [f64; 2],
}

/// All scores of a person, or of all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// SzCORE, by event.
    pub event: Measures,
    /// SzCORE, by second.
    pub sample: Measures,
    /// Any overlap, no tolerance.
    pub ovlp: Measures,
    /// As a ward counts.
    pub ward: WardCounts,
}

/// The scores of each subject and over all of them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// By subject.
    pub subjects: BTreeMap<String, Scores>,
    /// Shares and rates of SzCORE and OVLP are means over the subjects in whom they are defined, counts
    /// are sums; the ward's rates are those of all time taken together.
    pub overall: Scores,
}

/// Finds the tables of both folders: one in the hypothesis counts for the one in the reference that lies
/// at the same place. Tables that no reference asks for are returned beside the pairs.
///
/// # Errors
/// [`ScoreError`].
pub fn pair_tables(reference: &Path, hypothesis: &Path) -> Result<(Vec<Pair>, Vec<PathBuf>), ScoreError> {
    let asked = tables_below(reference)?;
    if asked.is_empty() {
        return Err(ScoreError::NoReference { path: reference.to_path_buf() });
    }
    let mut given: Vec<PathBuf> = tables_below(hypothesis)?;
    let mut pairs = Vec::with_capacity(asked.len());
    let mut unreadable = Vec::new();
    for relative in asked {
        let path = reference.join(&relative);
        let found = given.iter().position(|given| *given == relative);
        let judged = found.map(|index| hypothesis.join(given.remove(index)));
        let detected = judged.as_deref().map(read_detections).transpose().map(Option::unwrap_or_default);
        let (expert, detected) = match (read_table(&path), detected) {
            (Ok(expert), Ok(detected)) => (expert, detected),
            (expert, detected) => {
                unreadable.extend(expert.err().into_iter().chain(detected.err()));
                continue;
            }
        };
        let passed_over = [expert.passed_over, detected.passed_over];
        let (expert, detected) = (expert.events, detected.events);
        // What follows is of this pair alone, and something is wrong with another one already.
        if !unreadable.is_empty() {
            continue;
        }
        let told_by = |events: &[Event]| events.iter().find_map(|event| event.recording_duration_s);
        let told = told_by(&expert).or_else(|| told_by(&detected));
        let duration_s = told.ok_or_else(|| ScoreError::NoDuration { path: path.clone() })?;
        if !(duration_s > 0.0 && duration_s <= 366.0 * 86400.0) {
            return Err(ScoreError::Duration { path, found: duration_s });
        }
        let other_duration_s = told_by(&detected).filter(|other| (other - duration_s).abs() > 1.0);
        pairs.push(Pair {
            subject: subject_of(&relative),
            path,
            duration_s,
            without_rows: expert.is_empty(),
            reference: seizures(joined(expert)),
            hypothesis: seizures(detected),
            judged: judged.is_some(),
            other_duration_s,
            passed_over,
        });
    }
    FormatError::all(unreadable)?;
    Ok((pairs, given))
}

fn seizures(events: Vec<Event>) -> Vec<Event> {
    events.into_iter().filter(Event::is_seizure).collect()
}

/// `chb01` of `sub-chb01/…`; the name's beginning where there is no such entity.
fn subject_of(table: &Path) -> String {
    let name = table.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let first = name.split('_').next().unwrap_or_default();
    first.strip_prefix("sub-").unwrap_or(first).to_string()
}

/// Scores every subject over all its recordings, and all subjects.
pub fn score_tables(pairs: &[Pair]) -> Report {
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    let mut all = WardCounts::default();
    for pair in pairs {
        let sum = sums.entry(&pair.subject).or_default();
        let masks = [&pair.reference, &pair.hypothesis].map(|events| {
            mask(events.iter().map(|event| (event.onset_s, event.duration_s)), pair.duration_s as usize)
        });
        sum.event += score_events(&masks[0], &masks[1]);
        sum.sample += score_samples(&masks[0], &masks[1]);
        sum.ovlp += score_overlap(&masks[0], &masks[1]);
        sum.ward.add(pair);
        all.add(pair);
    }
    let subjects: BTreeMap<String, Scores> =
        sums.into_iter().map(|(subject, sum)| (subject.to_string(), sum.scores())).collect();
    let over = |of: fn(&Scores) -> &Measures| mean_measures(subjects.values().map(of));
    all.conclude();
    let overall = Scores {
        event: over(|scores| &scores.event),
        sample: over(|scores| &scores.sample),
        ovlp: over(|scores| &scores.ovlp),
        ward: all,
    };
    Report { subjects, overall }
}

#[derive(Default)]
struct Sum {
    event: Counts,
    sample: Counts,
    ovlp: Counts,
    ward: WardCounts,
}

impl Sum {
    fn scores(mut self) -> Scores {
        self.ward.conclude();
        Scores {
            event: self.event.measures(),
            sample: self.sample.measures(),
            ovlp: self.ovlp.measures(),
            ward: self.ward,
        }
    }
}

impl WardCounts {
    fn add(&mut self, pair: &Pair) {
        // As in the second-by-second masks, what lies outside the recording is nothing.
        let within =
            |event: &&Event| event.onset_s < pair.duration_s && (event.onset_s >= 0.0 || event.end_s() > 0.0);
        let seizures: Vec<SeizureMark> = pair
            .reference
            .iter()
            .filter(within)
            .map(|event| SeizureMark {
                onset_s: event.onset_s.max(0.0),
                end_s: event.end_s().min(pair.duration_s),
            })
            .collect();
        let alarms: Vec<AlarmMark> = pair
            .hypothesis
            .iter()
            .filter(within)
            .filter_map(|event| Some(AlarmMark { onset_s: event.onset_s, raised_s: event.alarm_s? }))
            .collect();
        // A second counts by its end, as an alarm is raised at the end of one.
        let ends = (1..=pair.duration_s as u64).map(|end| end as f64);
        let hours = seconds_at_risk(ends, &seizures) as f64 / 3600.0;
        let score = score_ward(&seizures, &alarms, hours);
        self.hours += hours;
        self.recorded_hours += pair.duration_s / 3600.0;
        self.alarms += alarms.len() as u64;
        self.false_alarms += score.false_alarms.len() as u64;
        self.seizures += seizures.len() as u64;
        self.detected += score.detected as u64;
        self.latencies_s
            .extend(score.seizures.iter().filter_map(|SeizureScore { latency_s, .. }| *latency_s));
    }

    fn conclude(&mut self) {
        self.false_alarms_per_hour = (self.hours > 0.0).then(|| self.false_alarms as f64 / self.hours);
        self.false_alarms_per_hour_95 = garwood(self.false_alarms, self.hours);
        self.sensitivity = (self.seizures > 0).then(|| self.detected as f64 / self.seizures as f64);
        self.sensitivity_95 = clopper_pearson(self.detected, self.seizures);
        let sorted = &mut self.latencies_s;
        sorted.sort_by(f64::total_cmp);
        self.latency_s = match sorted.as_slice() {
            [] => None,
            [.., last] => {
                let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
                Some(Latency { median: (low + high) / 2.0, range: [sorted[0], *last] })
            }
        };
    }
}
