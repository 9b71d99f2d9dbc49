//! The settings that are tried, and the choice among them.

use crate::detect::{AccumulatorConfig, LabelRule, SettingError};
use crate::evaluate::WardScore;

/// Seizure probabilities and thresholds that calibration tries.
const PROBABILITIES: [f32; 7] = [0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9];
const THRESHOLDS: [f32; 8] = [4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0];

/// Chosen settings, and what came of them.
pub type Chosen<T> = (LabelRule, AccumulatorConfig, T);

/// The settings that find most seizures within the wanted rate of false alarms an hour; among equals the fewest false
/// alarms, then the shortest latency, then the highest probability. `None` where none keeps to the rate.
///
/// `tried` says what comes of settings, `score` how that is to be counted.
///
/// # Errors
/// What `tried` says.
pub fn choose<T, E: From<SettingError>>(
    label: LabelRule,
    accumulator: AccumulatorConfig,
    wanted: f64,
    mut tried: impl FnMut(LabelRule, AccumulatorConfig) -> Result<T, E>,
    score: impl Fn(&T) -> &WardScore,
) -> Result<Option<Chosen<T>>, E> {
    let mut best: Option<(Chosen<T>, (usize, i64, i64))> = None;
    for threshold in THRESHOLDS {
        // Of equals the first is kept: the highest probability.
        for seizure_probability in PROBABILITIES.into_iter().rev() {
            let rule = LabelRule { seizure_probability, ..label };
            let accumulator = AccumulatorConfig { threshold, cap: 2.0 * threshold, ..accumulator };
            let outcome = tried(rule, accumulator)?;
            let score = score(&outcome);
            let false_alarms = score.false_alarms.len();
            if false_alarms as f64 > wanted * score.hours {
                continue;
            }
            let latency = score.median_latency_s.unwrap_or(f64::from(threshold));
            let merit = (score.detected, -(false_alarms as i64), -(latency * 10.0) as i64);
            if best.as_ref().is_none_or(|(_, before)| merit > *before) {
                best = Some(((rule, accumulator, outcome), merit));
            }
        }
    }
    Ok(best.map(|(chosen, _)| chosen))
}
