//! How high a network's opinion lies in a patient's EEG without a seizure, and a threshold that follows it.
//!
//! What a network says of a second leans on amplitude, filters and electrodes, which are the patient's and the
//! equipment's, not the seizure's. All of it shows in seizure-free EEG as well: where the network's log-odds lie low
//! there, they lie low in a seizure. So a patient's threshold moves by a part of the way from the usual level to
//! their own. Speaker verification sets scores against those of impostors in the same way (zero normalisation; Auckenthaler,
//! Carey and Lloyd-Thomas 2000), by the whole way and with their spread, for which a baseline of minutes is too short.

use serde::{Deserialize, Serialize};

/// Seconds that a level rests on at least: what a fit needs.
pub const LEAST_S: usize = 30;

/// The level of people with seizures whom the network has not seen, in the mean over them: the cross-person report tells it.
/// It is that of networks trained as the committed ones are.
pub const USUAL_LOG_ODDS: f32 = -0.9;

/// How much of the way to a patient's own level their threshold goes. Half of it: minutes say only so much of days. Which
/// share does best was looked at on the people who are scored (models/reports/trials.md).
pub const SHARE: f32 = 0.5;

/// By how many log-odds a threshold falls at most, from 0.6 to 0.356: EEG that a drug has flattened comes back.
pub const DEEPEST: f32 = 1.0;

/// By how many it rises at most, from 0.6 to 0.712. Less than it falls: a baseline that is full of seizures is not to make
/// anybody deaf to them.
pub const HIGHEST: f32 = 0.5;

/// The level of a patient's EEG without a seizure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    /// Median over seconds of the logarithm of the odds of seizure that the network gives them.
    ///
    /// The median: what is gathered on a ward lacks the seconds that the network took for a seizure, and may hold a few of a
    /// seizure that nobody saw.
    pub log_odds: f32,
    /// The seconds.
    pub seconds: usize,
    /// SHA-256 of the network: another one has other levels.
    pub cnn: String,
}

impl Level {
    /// From the probabilities of seizure of seizure-free seconds, as the network `cnn` gave them; `None` where they are
    /// fewer than [`LEAST_S`].
    pub fn of(cnn: &str, probabilities: impl IntoIterator<Item = f32>) -> Option<Level> {
        let mut log_odds: Vec<f32> =
            probabilities.into_iter().filter(|probability| !probability.is_nan()).map(log_odds).collect();
        if log_odds.len() < LEAST_S {
            return None;
        }
        log_odds.sort_by(f32::total_cmp);
        let (upper, lower) = (log_odds.len() / 2, (log_odds.len() - 1) / 2);
        Some(Level {
            log_odds: (log_odds[upper] + log_odds[lower]) / 2.0,
            seconds: log_odds.len(),
            cnn: cnn.to_string(),
        })
    }

    /// By how many log-odds a threshold is higher than that of somebody at the usual level.
    pub fn shift(&self) -> f32 {
        (SHARE * (self.log_odds - USUAL_LOG_ODDS)).clamp(-DEEPEST, HIGHEST)
    }

    /// A threshold for people at the usual level, as it is for this patient; to three decimals, as settings are written.
    pub fn threshold(&self, usual: f32) -> f32 {
        // What nothing but certainty reaches stays so.
        if usual >= 1.0 {
            return usual;
        }
        let moved = probability(log_odds(usual) + self.shift());
        ((moved * 1e3).round() / 1e3).clamp(1e-3, 0.999)
    }
}

/// The logarithm of the odds of a probability; certainty counts as a millionth less.
fn log_odds(probability: f32) -> f32 {
    let p = f64::from(probability).clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln() as f32
}

fn probability(log_odds: f32) -> f32 {
    1.0 / (1.0 + (-log_odds).exp())
}
