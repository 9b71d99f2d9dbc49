//! What an alarm rests on: the second of its run that looked most like a seizure, as the detector had it.

use std::path::Path;

use jiff::civil::DateTime;

use super::error::ReviewError;
use super::span::Span;
use crate::detect::{Judge, Label, LabelRule};
use crate::eeg::DERIVATIONS;
use crate::explain::{ExplainError, Explanation, ExplanationReport, SeenSecond};
use crate::record::{RecordError, RecordedSource, RecordedVerdict, whole_seconds_before};
use crate::signal::{MAX_MISSING, SignalConfig, StreamItem, Window, WindowStream};

/// Seconds of signal before the explained one over which the filters settle.
const RUN_IN_S: u64 = 60;

/// Seconds before it that are told as well.
const BEFORE: usize = 9;

/// Which alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AlarmSecond {
    /// The time line of its bed.
    pub timeline: u64,
    /// The second in which it was raised.
    pub raised_second: u64,
    /// Wall clock of its onset, in seconds since 1970.
    pub onset_s: f64,
    /// Wall clock of its raising, or of the time at which it was logged.
    pub raised_s: f64,
}

/// Explains an alarm out of the record of its bed, with networks that the caller gives. Also given: when the explained
/// second began, in seconds since 1970.
///
/// # Errors
/// [`ReviewError`]: the seconds are no longer on record, or cannot be judged.
pub fn explain_alarm(
    folder: &Path,
    bed: &str,
    alarm: AlarmSecond,
    signal: &SignalConfig,
    judge: &mut Judge,
    rule: LabelRule,
) -> Result<(f64, ExplanationReport), ReviewError> {
    let (time_s, recorded) = strongest(folder, bed, alarm)?;
    let rate_hz = {
        let span = Span::open(folder, bed, time_s, time_s + 1.0)?;
        span.nearest(time_s).map_or(1.0, |about| about.rate_hz)
    };
    // Whole seconds before it, so that the windows fall as they fell live.
    let from = whole_seconds_before(recorded.frame, RUN_IN_S, rate_hz);
    // A second more than the window: resampling holds some samples back.
    let to = recorded.frame + (2.0 * rate_hz).ceil() as u64;
    let source = RecordedSource::open(folder, bed, alarm.timeline, from, to)?;
    let mut stream = WindowStream::new(source, signal).map_err(ExplainError::from)?;
    let mut seen: Vec<Window> = Vec::new();
    while let Some(item) = stream.next_item().map_err(ExplainError::from)? {
        match item {
            StreamItem::Gap { .. } => seen.clear(),
            StreamItem::Window(window) => {
                let last = window.first_sample + rate_hz as u64 / 2 >= recorded.frame;
                seen.push(window);
                if last {
                    break;
                }
            }
        }
    }
    let Some(window) = seen.pop() else { return Err(absent(folder, bed, time_s)) };
    if window.first_sample.abs_diff(recorded.frame) as f64 > rate_hz / 2.0 {
        return Err(absent(folder, bed, time_s));
    }
    let onset_of = |window: &Window| (window.first_sample as f64 - from as f64) / rate_hz;
    let before: Vec<(f64, Window)> =
        seen.into_iter().rev().take(BEFORE).rev().map(|window| (onset_of(&window), window)).collect();
    let onset_s = onset_of(&window);
    let unjudged = || {
        let words = format!(
            "this second lacks {} of {DERIVATIONS} derivations; expected at most {MAX_MISSING} to be absent",
            window.absent()
        );
        ReviewError::Mistake(words)
    };
    let failed = |error| ReviewError::Explain(ExplainError::from(error));
    let opinion = judge.judge(&window).map_err(failed)?.ok_or_else(unjudged)?;
    let occlusion = judge.occlude(&window).map_err(failed)?.ok_or_else(unjudged)?;
    let mut judged = Vec::with_capacity(before.len());
    for (_, window) in &before {
        judged.push(judge.judge(window).map_err(failed)?.map(|opinion| opinion.probabilities));
    }
    let start_s = time_s - onset_s;
    let explanation = Explanation {
        recording: bed.to_string(),
        start: civil(start_s),
        time: civil(time_s),
        rate_hz,
        seen: SeenSecond { second: recorded.verdict.second, onset_s, window, before },
        before: judged,
        label: rule.label(opinion.probabilities, opinion.ae_flag),
        opinion,
        rule,
        // An alarm is explained by what raised it.
        explained: Label::Seizure,
        occlusion,
    };
    Ok((time_s, ExplanationReport::from(&explanation)))
}

/// The second of the alarm's run with the highest probability of a seizure.
fn strongest(folder: &Path, bed: &str, alarm: AlarmSecond) -> Result<(f64, RecordedVerdict), ReviewError> {
    let span = Span::open(folder, bed, alarm.onset_s - 5.0, alarm.raised_s.max(alarm.onset_s + 60.0) + 5.0)?;
    let mut best: Option<(f32, f64, RecordedVerdict)> = None;
    for (place, file) in span.files.iter().enumerate().filter(|(_, f)| f.about().timeline == alarm.timeline) {
        let verdicts = file.verdicts()?;
        let raised = verdicts.iter().find(|v| v.verdict.second == alarm.raised_second);
        let onset =
            raised.and_then(|v| v.verdict.alarm).map_or(alarm.raised_second, |alarm| alarm.onset_second);
        for recorded in verdicts.iter().filter(|v| (onset..=alarm.raised_second).contains(&v.verdict.second))
        {
            let Some([seizure, ..]) = recorded.verdict.probabilities else { continue };
            let Some(time_s) = span.time_of(place, recorded.frame) else { continue };
            if best.as_ref().is_none_or(|(most, ..)| seizure > *most) {
                best = Some((seizure, time_s, *recorded));
            }
        }
    }
    best.map(|(_, time_s, recorded)| (time_s, recorded)).ok_or_else(|| absent(folder, bed, alarm.onset_s))
}

fn absent(folder: &Path, bed: &str, at_s: f64) -> ReviewError {
    super::span::nothing(folder, bed, at_s, at_s + 1.0)
}

fn civil(unix_s: f64) -> DateTime {
    let at = jiff::Timestamp::from_millisecond((unix_s * 1e3) as i64).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    jiff::tz::TimeZone::UTC.to_datetime(at)
}

impl From<RecordError> for ExplainError {
    fn from(error: RecordError) -> ExplainError {
        ExplainError::from(crate::signal::StreamError::from(crate::source::SourceError::Record(
            error.to_string(),
        )))
    }
}
