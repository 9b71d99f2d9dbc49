//! One person's judged seconds in the order in which they were recorded, and the alarms that come of
//! them.

use std::collections::BTreeMap;
use std::ops::Add;

use jiff::civil::DateTime;

use super::alarms::{
    AlarmMark, SeizureMark, WardScore, score_strictly, score_ward, seconds_at_risk, seconds_outside,
};
use super::rhythm::rhythms;
use super::szcore::{Counts, mask, score_events, score_samples};
use crate::dataset::{Dataset, Second};
use crate::detect::{AccumulatorConfig, Detector, LabelRule, Opinion, SettingError};
use crate::eeg::Event;

/// Seconds between the time lines of two people, who are set one after the other.
const APART_S: f64 = 1e10;

/// Seconds by which one recording may reach into the next: amplifiers round their start times.
pub(super) const ROUNDED_S: u64 = 2;

/// Seconds between the end of a recording and one that began before it: longer than any alarm, rest or run.
pub const BEHIND_S: f64 = 3600.0;

/// A second, its truth and what a method says of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgedSecond {
    /// Which second.
    pub second: Second,
    /// Whether an expert marked it as seizure.
    pub seizure: bool,
    /// What the method says; `None` where it cannot judge.
    pub opinion: Option<Opinion>,
}

/// One person's seconds as a method judges them.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedPerson {
    /// The person.
    pub person: String,
    /// The model that judged: one that never saw the person.
    pub model: String,
    /// The seconds, in the order of the data set.
    pub seconds: Vec<JudgedSecond>,
    /// Those of their recordings, as indices of the data set, of which no second can be judged: their seizures are
    /// missed.
    pub unjudged: Vec<usize>,
}

/// An alarm on a person's line, in its seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmSpan {
    /// First second of the run that led to it.
    pub onset: u64,
    /// The second that raised it.
    pub raised: u64,
    /// The second after its last.
    pub end: u64,
}

/// A recording on a person's line.
struct Recorded {
    /// Second of the line at which it begins.
    from: u64,
    /// Whole seconds that were judged, to the last; where none was, those up to the end of the last seizure.
    seconds: u64,
    /// Whether any second was judged.
    judged: bool,
    /// The expert's seizures, in seconds of the recording.
    seizures: Vec<(f64, f64)>,
}

impl Recorded {
    /// Its seconds, and those up to the end of a seizure that begins behind the last that was judged: it is missed.
    fn with_what_lies_behind(&self) -> u64 {
        let behind = self.seizures.iter().filter(|(onset_s, _)| *onset_s >= self.seconds as f64);
        let ends = behind.map(|(onset_s, duration_s)| (onset_s + duration_s).ceil() as u64);
        ends.fold(self.seconds, u64::max)
    }
}

/// What alarms found and what they were raised for, counted strictly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Seizures in recordings that could be judged: no setting finds those in others, and settings are compared by this.
    pub seizures: usize,
    /// Of them, with an alarm.
    pub detected: usize,
    /// Of these, with their alarm soon after the onset.
    pub soon: usize,
    /// Alarms for nothing.
    pub false_alarms: usize,
}

impl Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        Tally {
            seizures: self.seizures + other.seizures,
            detected: self.detected + other.detected,
            soon: self.soon + other.soon,
            false_alarms: self.false_alarms + other.false_alarms,
        }
    }
}

/// One person's seconds and seizures on one line of whole seconds.
pub struct PersonLine {
    seconds: Vec<(u64, Option<Opinion>)>,
    /// How rhythmic each second is; empty where nobody asked.
    rhythms: Vec<f32>,
    seizures: Vec<SeizureMark>,
    recordings: Vec<Recorded>,
}

impl PersonLine {
    /// Sets the person's seconds in order. They count from the start of the earliest recording. A recording that begins while
    /// another lasts - in published data all may begin at one made-up time - is set behind it, [`BEHIND_S`] later.
    pub fn of(dataset: &Dataset, person: &JudgedPerson) -> PersonLine {
        Placed::of(dataset, person).line
    }

    /// The same, and how rhythmic each second is.
    pub(super) fn with_rhythms(dataset: &Dataset, person: &JudgedPerson) -> PersonLine {
        let Placed { mut line, places } = Placed::of(dataset, person);
        line.rhythms = rhythms(dataset, &places);
        line
    }

    /// Opinions and rhythms of the seconds from one to before another that were judged.
    pub(super) fn between(&self, from: u64, to: u64) -> impl Iterator<Item = (Opinion, f32)> + '_ {
        let first = self.seconds.partition_point(|(second, _)| *second < from);
        let end = self.seconds.partition_point(|(second, _)| *second < to);
        (first..end.max(first)).filter_map(|index| {
            Some((self.seconds[index].1?, self.rhythms.get(index).copied().unwrap_or_default()))
        })
    }

    /// Steps a detector through the line.
    ///
    /// # Errors
    /// [`SettingError`] where a setting is out of range.
    pub fn alarms(
        &self,
        rule: LabelRule,
        accumulator: AccumulatorConfig,
    ) -> Result<Vec<AlarmSpan>, SettingError> {
        let mut detector = Detector::new(rule, accumulator)?;
        let mut next = 0;
        let mut alarms: Vec<AlarmSpan> = Vec::new();
        for &(second, opinion) in &self.seconds {
            if second > next {
                detector.gap(second - next);
            }
            next = second + 1;
            let verdict = detector.next(second, opinion);
            match (verdict.alarm, alarms.last_mut()) {
                (Some(alarm), _) => alarms.push(AlarmSpan {
                    onset: alarm.onset_second,
                    raised: alarm.raised_second,
                    end: second + 1,
                }),
                (None, Some(last)) if verdict.alarming => last.end = second + 1,
                _ => {}
            }
        }
        Ok(alarms)
    }

    /// The seconds of the line that were judged, rising.
    pub fn observed(&self) -> impl Iterator<Item = u64> + '_ {
        self.seconds.iter().filter(|(_, opinion)| opinion.is_some()).map(|(second, _)| *second)
    }

    /// Whether a second of the line lies in a seizure, if only in part.
    pub fn is_seizure(&self, second: u64) -> bool {
        let (from, to) = (second as f64, second as f64 + 1.0);
        self.seizures.iter().any(|seizure| seizure.onset_s < to && from < seizure.end_s)
    }

    /// Which of the seizures alarms find, counted strictly, and whether a second lies in one of these, if only in part.
    pub fn found_by(&self, alarms: &[AlarmSpan]) -> impl Fn(u64) -> bool + '_ {
        let marks: Vec<AlarmMark> = self.marks(alarms).collect();
        let found = score_strictly(&self.seizures, &marks, 0.0).seizures;
        move |second: u64| {
            let (from, to) = (second as f64, second as f64 + 1.0);
            let here = |seizure: &SeizureMark| seizure.onset_s < to && from < seizure.end_s;
            self.seizures.iter().zip(&found).any(|(seizure, score)| score.alarm.is_some() && here(seizure))
        }
    }

    /// Alarms as marks, in the line's seconds.
    fn marks<'a>(&self, alarms: &'a [AlarmSpan]) -> impl Iterator<Item = AlarmMark> + use<'a> {
        alarms
            .iter()
            .map(|alarm| AlarmMark { onset_s: alarm.onset as f64, raised_s: alarm.raised as f64 + 1.0 })
    }

    /// Counts alarms strictly; those within `soon_s` seconds of their seizure's onset are soon.
    pub fn tally(&self, alarms: &[AlarmSpan], soon_s: f64) -> Tally {
        let marks: Vec<AlarmMark> = self.marks(alarms).collect();
        let score = score_strictly(&self.seizures, &marks, 0.0);
        Tally {
            seizures: self
                .recordings
                .iter()
                .filter(|recorded| recorded.judged)
                .map(|recorded| recorded.seizures.len())
                .sum(),
            detected: score.detected,
            soon: score
                .seizures
                .iter()
                .filter(|seizure| seizure.latency_s.is_some_and(|s| s <= soon_s))
                .count(),
            false_alarms: score.false_alarms.len(),
        }
    }

    /// SzCORE's counts by event and by second, each recording apart.
    pub fn szcore(&self, alarms: &[AlarmSpan]) -> (Counts, Counts) {
        let (mut event, mut sample) = (Counts::default(), Counts::default());
        for recorded in &self.recordings {
            let seconds = recorded.with_what_lies_behind() as usize;
            let reference = mask(recorded.seizures.iter().copied(), seconds);
            let within = alarms.iter().filter(|alarm| alarm.end > recorded.from).map(|alarm| {
                let onset = alarm.onset.saturating_sub(recorded.from);
                (onset as f64, (alarm.end - recorded.from - onset) as f64)
            });
            let hypothesis = mask(within, seconds);
            // What nobody could judge is no time that was observed.
            let seconds = if recorded.judged { recorded.seconds } else { 0 };
            let observed = |counts: Counts| Counts { seconds, ..counts };
            event += observed(score_events(&reference, &hypothesis));
            sample += observed(score_samples(&reference, &hypothesis));
        }
        (event, sample)
    }
}

/// A line with the seconds of the data set that it consists of, in its order.
struct Placed {
    line: PersonLine,
    places: Vec<Second>,
}

impl Placed {
    fn of(dataset: &Dataset, person: &JudgedPerson) -> Placed {
        let stretch_of = |second: Second| &dataset.stretches[second.stretch];
        let within = |second: Second| (stretch_of(second).first_second + second.index) as u64;
        // Of each recording its start and the seconds that it lasts, as far as they were judged.
        let mut lasting: BTreeMap<usize, (Option<DateTime>, u64)> = BTreeMap::new();
        for judged in &person.seconds {
            let stretch = stretch_of(judged.second);
            let (_, seconds) = lasting.entry(stretch.recording).or_insert((Some(stretch.start), 0));
            *seconds = (*seconds).max(within(judged.second) + 1);
        }
        lasting.extend(unjudged_with_seizures(dataset, person));
        let first = lasting.values().filter_map(|(start, _)| *start).min();
        let after = |start: DateTime| first.map_or(0.0, |first| start.duration_since(first).as_secs_f64());
        // A recording without a whole second of signal has no start that is known here: it comes last.
        let mut in_order: Vec<(usize, f64, u64)> = lasting
            .into_iter()
            .map(|(recording, (start, seconds))| (recording, start.map_or(f64::MAX, after), seconds))
            .collect();
        in_order.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (mut starts, mut recordings, mut seizures) = (BTreeMap::new(), Vec::new(), Vec::new());
        let mut end = 0u64;
        for (recording, start_s, seconds) in in_order {
            let overlap_s = end.saturating_sub(start_s as u64);
            let at_s = match overlap_s {
                0 if start_s == f64::MAX => end as f64 + BEHIND_S,
                0 => start_s,
                1..=ROUNDED_S => end as f64,
                _ => end as f64 + BEHIND_S,
            };
            let events = dataset.recordings[recording].events.iter().filter(|event| event.is_seizure());
            let marked: Vec<(f64, f64)> = events.map(|event| (event.onset_s, event.duration_s)).collect();
            seizures.extend(marked.iter().map(|(onset_s, duration_s)| SeizureMark {
                onset_s: at_s + onset_s,
                end_s: at_s + onset_s + duration_s,
            }));
            let from = at_s as u64;
            end = from + seconds;
            starts.insert(recording, from);
            let judged = !person.unjudged.contains(&recording);
            recordings.push(Recorded { from, seconds, judged, seizures: marked });
        }
        let mut seconds: Vec<(u64, Option<Opinion>, Second)> = person
            .seconds
            .iter()
            .map(|judged| {
                let from = starts.get(&stretch_of(judged.second).recording).copied().unwrap_or_default();
                (from + within(judged.second), judged.opinion, judged.second)
            })
            .collect();
        seconds.sort_by_key(|(second, ..)| *second);
        let places = seconds.iter().map(|(.., place)| *place).collect();
        let seconds = seconds.into_iter().map(|(second, opinion, _)| (second, opinion)).collect();
        Placed { line: PersonLine { seconds, rhythms: Vec::new(), seizures, recordings }, places }
    }
}

/// The recordings that nobody can judge and that hold a seizure, each with its start, as far as that is known, and the
/// seconds up to the end of its last seizure: they keep their place on the line.
fn unjudged_with_seizures<'a>(
    dataset: &'a Dataset,
    person: &'a JudgedPerson,
) -> impl Iterator<Item = (usize, (Option<DateTime>, u64))> + 'a {
    person.unjudged.iter().filter_map(|&recording| {
        let events = dataset.recordings[recording].events.iter().filter(|event| event.is_seizure());
        let end_s = events.map(Event::end_s).reduce(f64::max)?;
        let stretch = dataset.stretches.iter().find(|stretch| stretch.recording == recording);
        Some((recording, (stretch.map(|stretch| stretch.start), end_s.ceil() as u64)))
    })
}

/// Whether the minute after a seizure excuses an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    /// It does; that minute is no time in which an alarm would have been false ([`score_ward`]).
    Ward,
    /// It does not ([`score_strictly`]).
    Strict,
}

/// Counts several people's alarms.
pub fn score_lines<'a>(
    lines: impl IntoIterator<Item = (&'a PersonLine, &'a [AlarmSpan])>,
    counting: Counting,
) -> WardScore {
    let (mut seizures, mut marks, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (line, alarms)) in lines.into_iter().enumerate() {
        let shift = number as f64 * APART_S;
        seizures.extend(
            line.seizures
                .iter()
                .map(|mark| SeizureMark { onset_s: mark.onset_s + shift, end_s: mark.end_s + shift }),
        );
        // Where a method had no opinion no alarm could have been false.
        let judged = line.seconds.iter().filter(|(_, opinion)| opinion.is_some());
        ends.extend(judged.map(|(second, _)| *second as f64 + 1.0 + shift));
        marks.extend(
            line.marks(alarms)
                .map(|mark| AlarmMark { onset_s: mark.onset_s + shift, raised_s: mark.raised_s + shift }),
        );
    }
    match counting {
        Counting::Ward => {
            let at_risk = seconds_at_risk(ends, &seizures);
            score_ward(&seizures, &marks, at_risk as f64 / 3600.0)
        }
        Counting::Strict => {
            let outside = seconds_outside(ends, &seizures);
            score_strictly(&seizures, &marks, outside as f64 / 3600.0)
        }
    }
}

/// Steps the detector through every person's seconds and counts as a ward would.
///
/// # Errors
/// [`SettingError`] where a setting is out of range.
pub fn score_settings(
    dataset: &Dataset,
    people: &[JudgedPerson],
    rule: LabelRule,
    accumulator: AccumulatorConfig,
) -> Result<WardScore, SettingError> {
    let lines: Vec<PersonLine> = people.iter().map(|person| PersonLine::of(dataset, person)).collect();
    let alarms =
        lines.iter().map(|line| line.alarms(rule, accumulator)).collect::<Result<Vec<_>, SettingError>>()?;
    Ok(score_lines(lines.iter().zip(alarms.iter().map(Vec::as_slice)), Counting::Ward))
}
