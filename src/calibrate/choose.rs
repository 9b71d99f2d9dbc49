//! The settings that are tried, and the choice among them.

use crate::detect::{AccumulatorConfig, LabelRule, SettingError};
use crate::evaluate::{
    Chosen, SEIZURE_PROBABILITIES, THRESHOLDS, WardScore, borne, keeps_to, most_sensitive,
};

/// The settings that find most seizures within the wanted rate of false alarms an hour; among equals the fewest false
/// alarms, then the shortest latency, then the lowest threshold of the accumulator, then the highest probability. `None` where none keeps to the rate.
///
/// Where no seizure is known, none can be found, and fewest false alarms would only mean the least sensitive settings there are:
/// then the most sensitive ones that keep to the rate are taken.
///
/// `tried` says what comes of settings, `score` how that is to be counted, and `lasting_s` for how many seconds the alarm of an
/// index of the score's lasts: one that goes on is borne anew each minute.
///
/// # Errors
/// What `tried` says.
pub fn choose<T, E: From<SettingError>>(
    label: LabelRule,
    accumulator: AccumulatorConfig,
    wanted: f64,
    mut tried: impl FnMut(LabelRule, AccumulatorConfig) -> Result<T, E>,
    score: impl Fn(&T) -> &WardScore,
    lasting_s: impl Fn(&T, usize) -> f64,
) -> Result<Option<Chosen<T>>, E> {
    let false_alarms_of =
        |outcome: &T| borne(score(outcome).false_alarms.iter().map(|&alarm| lasting_s(outcome, alarm)));
    if score(&tried(label, accumulator)?).seizures.is_empty() {
        return most_sensitive(label, accumulator, |rule, accumulator| {
            let outcome = tried(rule, accumulator)?;
            Ok(keeps_to(false_alarms_of(&outcome), score(&outcome).hours, wanted).then_some(outcome))
        });
    }
    let mut best: Option<(Chosen<T>, (usize, i64, i64))> = None;
    for threshold in THRESHOLDS {
        // Of equals the first is kept: the highest probability.
        for seizure_probability in SEIZURE_PROBABILITIES.into_iter().rev() {
            let rule = LabelRule { seizure_probability, ..label };
            let accumulator = AccumulatorConfig { threshold, cap: 2.0 * threshold, ..accumulator };
            let outcome = tried(rule, accumulator)?;
            let (score, false_alarms) = (score(&outcome), false_alarms_of(&outcome));
            if !keeps_to(false_alarms, score.hours, wanted) {
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
