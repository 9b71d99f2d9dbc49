//! What the detector said of each second, for the traces under the EEG.

use std::path::Path;

use serde::Serialize;
use utoipa::ToSchema;

use super::error::ReviewError;
use super::span::{Span, checked, nothing, unlike};
use crate::detect::Label;

/// Longest stretch of traces, in seconds: an hour, and what lies beside it.
pub const LONGEST_S: f64 = 7200.0;

/// One judged second.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TracePoint {
    /// When it began, in seconds since 1970.
    pub time_s: f64,
    /// Its number on the bed's time line.
    pub second: u64,
    /// Its label: seizure, abnormal, non-seizure; null where it could not be judged.
    pub label: Option<&'static str>,
    /// Probabilities of seizure, abnormal, non-seizure.
    pub probabilities: Option<[f32; 3]>,
    /// The autoencoder's error.
    pub ae_error: Option<f32>,
    /// Whether it lies above the patient's threshold.
    pub ae_flag: Option<bool>,
    /// The accumulator after it.
    pub accumulator: f32,
    /// Whether an alarm lasts.
    pub alarming: bool,
    /// Where an alarm was raised: when the run began that led to it, in seconds since 1970.
    pub alarm_onset_s: Option<f64>,
}

/// The detector's traces.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Traces {
    /// Their beginning, in seconds since 1970.
    pub from_s: f64,
    /// Their length.
    pub seconds: f64,
    /// The seconds, in time order.
    pub verdicts: Vec<TracePoint>,
    /// What the probability of a seizure is compared with, where the caller knows.
    pub seizure_probability: Option<f32>,
    /// Where the accumulator raises an alarm.
    pub alarm_threshold: Option<f32>,
    /// Where the autoencoder's error is flagged.
    pub ae_threshold: Option<f64>,
}

/// The seconds that were judged in a span.
///
/// # Errors
/// [`ReviewError`].
pub fn traces(folder: &Path, bed: &str, from_s: f64, seconds: f64) -> Result<Traces, ReviewError> {
    let (from_s, to_s) = checked(from_s, seconds, LONGEST_S)?;
    let span = Span::open(folder, bed, from_s - 2.0, to_s)?;
    let about = span.nearest((from_s + to_s) / 2.0).ok_or_else(|| nothing(folder, bed, from_s, to_s))?;
    let mut verdicts = Vec::new();
    for (place, file) in span.files.iter().enumerate() {
        if unlike(file.about(), about).is_some() {
            continue;
        }
        for recorded in file.verdicts()? {
            let verdict = recorded.verdict;
            let Some(time_s) = span.time_of(place, recorded.frame) else { continue };
            if !(from_s - 1.0..to_s).contains(&time_s) {
                continue;
            }
            verdicts.push(TracePoint {
                time_s,
                second: verdict.second,
                label: verdict.label.map(Label::name),
                probabilities: verdict.probabilities,
                ae_error: verdict.ae_error,
                ae_flag: verdict.ae_flag,
                accumulator: verdict.accumulator,
                alarming: verdict.alarming,
                alarm_onset_s: verdict
                    .alarm
                    .map(|alarm| time_s - verdict.second.saturating_sub(alarm.onset_second) as f64),
            });
        }
    }
    verdicts.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    Ok(Traces {
        from_s,
        seconds,
        verdicts,
        seizure_probability: None,
        alarm_threshold: None,
        ae_threshold: None,
    })
}
