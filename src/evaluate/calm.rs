//! The alarm settings that follow from EEG without seizures alone.
//!
//! Of a patient whose seizures are not known yet, hours without one still say how low the threshold can lie before alarms
//! come for nothing. How many seizures it finds they do not say; of settings that keep to a wanted rate the most sensitive
//! one misses fewest.

use crate::detect::{AccumulatorConfig, LabelRule};

/// Seizure probabilities that are tried as the one from which on a second counts, rising.
pub const SEIZURE_PROBABILITIES: [f32; 12] = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9];

/// Thresholds of the accumulator that are tried, rising.
pub const THRESHOLDS: [f32; 8] = [4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0];

/// Settings, and what came of them.
pub type Chosen<T> = (LabelRule, AccumulatorConfig, T);

/// The most sensitive settings that keep to what is wanted, as do all stricter ones, and what came of them; `None` where not
/// even the strictest do. From the strictest on, the accumulator's threshold falls to where it stands, at the highest of
/// [`SEIZURE_PROBABILITIES`]; then the probability falls. `keeps` says what comes of settings, or nothing where it is too much.
///
/// # Errors
/// What `keeps` says.
pub fn most_sensitive<T, E>(
    label: LabelRule,
    accumulator: AccumulatorConfig,
    mut keeps: impl FnMut(LabelRule, AccumulatorConfig) -> Result<Option<T>, E>,
) -> Result<Option<Chosen<T>>, E> {
    let [lower @ .., highest] = SEIZURE_PROBABILITIES;
    let higher = THRESHOLDS.into_iter().rev().filter(|threshold| *threshold > accumulator.threshold);
    let raised = higher
        .map(|threshold| (highest, AccumulatorConfig { threshold, cap: 2.0 * threshold, ..accumulator }));
    let as_it_stands = std::iter::once(highest).chain(lower.into_iter().rev());
    let mut most = None;
    for (seizure_probability, accumulator) in raised.chain(as_it_stands.map(|p| (p, accumulator))) {
        let rule = LabelRule { seizure_probability, ..label };
        match keeps(rule, accumulator)? {
            Some(outcome) => most = Some((rule, accumulator, outcome)),
            None => break,
        }
    }
    Ok(most)
}

/// Alarms for nothing as a ward bears them, from the seconds that each lasts: one that goes on counts again for each whole
/// minute. Else settings that alarm all the time would have a single false alarm.
pub fn borne(lasting_s: impl IntoIterator<Item = f64>) -> usize {
    lasting_s.into_iter().map(|s| ((s / 60.0) as usize).max(1)).sum()
}

/// Whether alarms for nothing keep to a wanted rate over so many hours.
pub fn keeps_to(false_alarms: usize, hours: f64, wanted_per_hour: f64) -> bool {
    false_alarms as f64 <= wanted_per_hour * hours
}
