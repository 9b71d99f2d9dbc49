//! SzCORE's event and sample scoring, and any-overlap scoring (OVLP), on whole seconds.
//!
//! The steps are those of the reference implementation, `timescoring` 0.0.7 (Dan 2024, SzCORE): a mask
//! of whole seconds; events with less than 90 s between them are one; events longer than 300 s are cut;
//! a reference event is found by any overlap with itself extended by 30 s before and 60 s after; a
//! hypothesis event that touches no found extended reference is false. All borders are whole seconds
//! from the first step on, so the arithmetic is exact.

use serde::{Deserialize, Serialize};

/// Events with less than this between them are one.
const MERGED_BELOW_S: usize = 90;

/// Longer events are cut into pieces of this length.
const LONGEST_S: usize = 300;

/// A detection this long before the onset still finds the seizure.
const BEFORE_S: usize = 30;

/// A detection this long after the end still finds the seizure.
const AFTER_S: usize = 60;

/// The seconds from `.0` up to `.1` of a recording.
type Span = (usize, usize);

/// What was found and what was not, over some time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Reference events (or seconds) that were found.
    pub tp: u64,
    /// Hypothesis events (or seconds) that found nothing.
    pub fp: u64,
    /// Reference events (or seconds).
    pub refs: u64,
    /// Seconds scored.
    pub seconds: u64,
}

/// The figures that follow from [`Counts`]; `None` where one is not defined.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Measures {
    /// Share of the reference that was found.
    pub sensitivity: Option<f64>,
    /// Share of the hypothesis that found something.
    pub precision: Option<f64>,
    /// Harmonic mean of the two.
    pub f1: Option<f64>,
    /// False positives in 24 hours of recording.
    pub fp_per_24h: Option<f64>,
    /// Reference events (or seconds) that were found.
    pub tp: u64,
    /// Hypothesis events (or seconds) that found nothing.
    pub fp: u64,
    /// Reference events (or seconds).
    pub refs: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Counts) {
        self.tp += other.tp;
        self.fp += other.fp;
        self.refs += other.refs;
        self.seconds += other.seconds;
    }
}

impl Counts {
    /// The figures.
    pub fn measures(&self) -> Measures {
        let Counts { tp, fp, refs, seconds } = *self;
        let share = |of: u64, all: u64| (all > 0).then(|| of as f64 / all as f64);
        Measures {
            sensitivity: share(tp, refs),
            precision: share(tp, tp + fp),
            f1: (refs + fp > 0).then(|| 2.0 * tp as f64 / (2 * tp + fp + (refs - tp)) as f64),
            fp_per_24h: (seconds > 0).then(|| fp as f64 / (seconds as f64 / 3600.0 / 24.0)),
            tp,
            fp,
            refs,
        }
    }
}

/// Over several people: shares and rates are means over those in whom they are defined, counts are sums.
pub fn mean_measures<'a>(people: impl IntoIterator<Item = &'a Measures>) -> Measures {
    let people: Vec<&Measures> = people.into_iter().collect();
    let mean = |of: fn(&Measures) -> Option<f64>| {
        let defined: Vec<f64> = people.iter().filter_map(|measures| of(measures)).collect();
        (!defined.is_empty()).then(|| defined.iter().sum::<f64>() / defined.len() as f64)
    };
    let sum = |of: fn(&Measures) -> u64| people.iter().map(|measures| of(measures)).sum();
    Measures {
        sensitivity: mean(|m| m.sensitivity),
        precision: mean(|m| m.precision),
        f1: mean(|m| m.f1),
        fp_per_24h: mean(|m| m.fp_per_24h),
        tp: sum(|m| m.tp),
        fp: sum(|m| m.fp),
        refs: sum(|m| m.refs),
    }
}

/// The seconds of a recording of `seconds` whole seconds in which an event lies: onset and end, both
/// floored, cut to the recording. An event within one second vanishes.
pub fn mask(events: impl IntoIterator<Item = (f64, f64)>, seconds: usize) -> Vec<bool> {
    let mut mask = vec![false; seconds];
    for (onset_s, duration_s) in events {
        // A cast cuts towards 0, at 0 and at the largest number.
        let (first, end) = (onset_s as usize, (onset_s + duration_s) as usize);
        if let Some(marked) = mask.get_mut(first..end.min(seconds)) {
            marked.fill(true);
        }
    }
    mask
}

/// Scores second by second. The masks are of one length.
pub fn score_samples(reference: &[bool], hypothesis: &[bool]) -> Counts {
    let pairs = || reference.iter().zip(hypothesis);
    let count = |of: fn(bool, bool) -> bool| pairs().filter(|(r, h)| of(**r, **h)).count() as u64;
    Counts {
        tp: count(|r, h| r && h),
        fp: count(|r, h| !r && h),
        refs: count(|r, _| r),
        seconds: reference.len() as u64,
    }
}

/// Scores events as SzCORE does. The masks are of one length.
pub fn score_events(reference: &[bool], hypothesis: &[bool]) -> Counts {
    let prepared = |mask: &[bool]| cut(merge(events_of(mask)));
    score(&prepared(reference), &prepared(hypothesis), BEFORE_S, AFTER_S, reference.len())
}

/// Scores events as they are: any overlap, no tolerance, nothing merged, nothing cut.
pub fn score_overlap(reference: &[bool], hypothesis: &[bool]) -> Counts {
    score(&events_of(reference), &events_of(hypothesis), 0, 0, reference.len())
}

fn events_of(mask: &[bool]) -> Vec<Span> {
    let mut events: Vec<Span> = Vec::new();
    for (second, _) in mask.iter().enumerate().filter(|(_, marked)| **marked) {
        match events.last_mut() {
            Some((_, end)) if *end == second => *end = second + 1,
            _ => events.push((second, second + 1)),
        }
    }
    events
}

fn merge(events: Vec<Span>) -> Vec<Span> {
    let mut merged: Vec<Span> = Vec::new();
    for (first, end) in events {
        match merged.last_mut() {
            Some(before) if first - before.1 < MERGED_BELOW_S => before.1 = end,
            _ => merged.push((first, end)),
        }
    }
    merged
}

fn cut(events: Vec<Span>) -> Vec<Span> {
    let pieces = |(first, end): Span| {
        (first..end).step_by(LONGEST_S).map(move |from| (from, (from + LONGEST_S).min(end)))
    };
    events.into_iter().flat_map(pieces).collect()
}

fn score(reference: &[Span], hypothesis: &[Span], before: usize, after: usize, seconds: usize) -> Counts {
    let touch = |a: Span, b: Span| a.0 < b.1 && b.0 < a.1;
    let found: Vec<Span> = reference
        .iter()
        .map(|&(first, end)| (first.saturating_sub(before), (end + after).min(seconds)))
        .filter(|&extended| hypothesis.iter().any(|&event| touch(event, extended)))
        .collect();
    let false_alarms = hypothesis.iter().filter(|&&event| !found.iter().any(|&near| touch(event, near)));
    Counts {
        tp: found.len() as u64,
        fp: false_alarms.count() as u64,
        refs: reference.len() as u64,
        seconds: seconds as u64,
    }
}
