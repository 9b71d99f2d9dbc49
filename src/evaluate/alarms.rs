//! Alarms as a ward counts them: each is seen by a nurse, and comes early, late or for nothing.

use serde::Serialize;

use super::interval::{Interval, clopper_pearson, garwood};

/// An alarm up to this long after a seizure's end is still about the seizure.
pub const AFTER_S: f64 = 60.0;

/// An expert's seizure, in seconds of one time line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeizureMark {
    /// Start.
    pub onset_s: f64,
    /// End.
    pub end_s: f64,
}

impl SeizureMark {
    /// Whether an alarm raised at `raised_s` is about this seizure: from its onset to [`AFTER_S`]
    /// after its end.
    pub fn explains(&self, raised_s: f64) -> bool {
        (self.onset_s..=self.end_s + AFTER_S).contains(&raised_s)
    }
}

/// An alarm, in seconds of the same time line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlarmMark {
    /// First second of the run that led to it.
    pub onset_s: f64,
    /// When it was raised.
    pub raised_s: f64,
}

/// One seizure and the alarm that found it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SeizureScore {
    /// Index of the first alarm that was raised from the seizure's onset to [`AFTER_S`] after its
    /// end; `None` for a missed seizure.
    pub alarm: Option<usize>,
    /// Seconds from the annotated onset to the raising.
    pub latency_s: Option<f64>,
}

/// What a ward would count, before any merging of events.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WardScore {
    /// One entry per seizure, in the order given.
    pub seizures: Vec<SeizureScore>,
    /// Seizures with an alarm.
    pub detected: usize,
    /// 95 % interval of the detected share.
    pub sensitivity: Option<Interval>,
    /// Indices of the alarms that were raised for nothing.
    pub false_alarms: Vec<usize>,
    /// Hours in which an alarm would have been false.
    pub hours: f64,
    /// 95 % interval of false alarms per hour.
    pub false_alarms_per_hour: Option<Interval>,
    /// Alarms whose whole run lies in the minute after a seizure: they count as about it, though
    /// nothing of it led to them.
    pub after_seizure: usize,
    /// Median latency of the detected seizures.
    pub median_latency_s: Option<f64>,
}

/// Of judged seconds, given by their ends, those in which an alarm would have been false.
///
/// A rate of false alarms rests on these alone: signal within a seizure or the minute after it can
/// yield none, so to count it as observed would make any detector look quieter than it is.
pub fn seconds_at_risk(ends_s: impl IntoIterator<Item = f64>, seizures: &[SeizureMark]) -> usize {
    let spans = merged(seizures.iter().map(|seizure| [seizure.onset_s, seizure.end_s + AFTER_S]));
    let about = |end_s: f64| {
        let begun = spans.partition_point(|[onset_s, _]| *onset_s <= end_s);
        begun.checked_sub(1).is_some_and(|last| end_s <= spans[last][1])
    };
    ends_s.into_iter().filter(|&end_s| !about(end_s)).count()
}

/// Of judged seconds, given by their ends, those that lie in no seizure.
pub fn seconds_outside(ends_s: impl IntoIterator<Item = f64>, seizures: &[SeizureMark]) -> usize {
    let spans = merged(seizures.iter().map(|seizure| [seizure.onset_s, seizure.end_s]));
    let within = |end_s: f64| {
        let begun = spans.partition_point(|[onset_s, _]| *onset_s < end_s);
        begun.checked_sub(1).is_some_and(|last| end_s <= spans[last][1])
    };
    ends_s.into_iter().filter(|&end_s| !within(end_s)).count()
}

/// Spans in order, those that overlap or touch joined: days of seconds are looked up in them.
pub fn merged(spans: impl IntoIterator<Item = [f64; 2]>) -> Vec<[f64; 2]> {
    let mut spans: Vec<[f64; 2]> = spans.into_iter().collect();
    spans.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let mut merged: Vec<[f64; 2]> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span[0] <= last[1] => last[1] = last[1].max(span[1]),
            _ => merged.push(span),
        }
    }
    merged
}

/// Scores alarms against seizures over `hours` of judged signal at risk (see
/// [`seconds_at_risk`]).
pub fn score_ward(seizures: &[SeizureMark], alarms: &[AlarmMark], hours: f64) -> WardScore {
    score(seizures, alarms, hours, |seizure, alarm| seizure.explains(alarm.raised_s))
}

/// Scores alarms as [`score_ward`], but the minute after a seizure excuses nothing: an alarm whose whole run
/// lies after the end finds no seizure and is false. `hours` is all judged signal outside of seizures (see
/// [`seconds_outside`]).
pub fn score_strictly(seizures: &[SeizureMark], alarms: &[AlarmMark], hours: f64) -> WardScore {
    score(seizures, alarms, hours, |seizure, alarm| {
        seizure.explains(alarm.raised_s) && alarm.onset_s < seizure.end_s
    })
}

fn score(
    seizures: &[SeizureMark],
    alarms: &[AlarmMark],
    hours: f64,
    explains: impl Fn(&SeizureMark, &AlarmMark) -> bool,
) -> WardScore {
    let scores: Vec<SeizureScore> = seizures
        .iter()
        .map(|seizure| {
            let first = alarms
                .iter()
                .enumerate()
                .filter(|(_, alarm)| explains(seizure, alarm))
                .min_by(|(_, a), (_, b)| a.raised_s.total_cmp(&b.raised_s));
            SeizureScore {
                alarm: first.map(|(index, _)| index),
                latency_s: first.map(|(_, alarm)| alarm.raised_s - seizure.onset_s),
            }
        })
        .collect();
    let false_alarms: Vec<usize> = alarms
        .iter()
        .enumerate()
        .filter(|(_, alarm)| !seizures.iter().any(|seizure| explains(seizure, alarm)))
        .map(|(index, _)| index)
        .collect();
    let after_seizure = alarms
        .iter()
        .filter(|alarm| {
            let mut about = seizures.iter().filter(|seizure| seizure.explains(alarm.raised_s)).peekable();
            about.peek().is_some() && about.all(|seizure| alarm.onset_s >= seizure.end_s)
        })
        .count();
    let mut latencies: Vec<f64> = scores.iter().filter_map(|score| score.latency_s).collect();
    latencies.sort_by(f64::total_cmp);
    let detected = latencies.len();
    WardScore {
        sensitivity: clopper_pearson(detected as u64, seizures.len() as u64),
        false_alarms_per_hour: garwood(false_alarms.len() as u64, hours),
        median_latency_s: match detected {
            0 => None,
            n if n % 2 == 1 => Some(latencies[n / 2]),
            n => Some((latencies[n / 2 - 1] + latencies[n / 2]) / 2.0),
        },
        after_seizure,
        seizures: scores,
        detected,
        false_alarms,
        hours,
    }
}
