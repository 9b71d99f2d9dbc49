//! The alarm settings that follow from EEG without seizures alone.
//!
//! Of a patient whose seizures are not known yet, hours without one still say how low the threshold can lie before alarms
//! come for nothing. How many seizures it finds they do not say; of settings that keep to a wanted rate the most sensitive
//! one misses fewest.

/// Seizure probabilities that are tried as the one from which on a second counts, rising.
pub const SEIZURE_PROBABILITIES: [f32; 12] = [0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9];

/// The lowest of [`SEIZURE_PROBABILITIES`] that keeps to what is wanted, as do all above it, and what came of it; `None` where
/// not even the highest does. `keeps` says what comes of one, or nothing where it asks too much.
///
/// # Errors
/// What `keeps` says.
pub fn most_sensitive<T, E>(
    mut keeps: impl FnMut(f32) -> Result<Option<T>, E>,
) -> Result<Option<(f32, T)>, E> {
    let mut lowest = None;
    for probability in SEIZURE_PROBABILITIES.into_iter().rev() {
        match keeps(probability)? {
            Some(outcome) => lowest = Some((probability, outcome)),
            None => break,
        }
    }
    Ok(lowest)
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
