//! How high a network's opinion lies in a patient's EEG without a seizure, and a threshold that follows it down.
//!
//! What a network says of a second leans on amplitude, filters and electrodes, which are the patient's and the
//! equipment's, not the seizure's. All of it shows in seizure-free EEG as well: where the network's log-odds lie lower there
//! than in anybody's with seizures whom it was tried on, they will lie lower in a seizure, too. So a patient's threshold is
//! lower by as much. Speaker verification sets scores against those of impostors in the same way (zero normalisation; Auckenthaler,
//! Carey and Lloyd-Thomas 2000).

use serde::{Deserialize, Serialize};

/// Seconds that a level rests on at least: what a fit needs.
pub const LEAST_S: usize = 30;

/// The lowest level of anybody with seizures whom the network has not seen: the equipment report tells it. It is that of
/// networks trained as the committed ones are. Above it levels differ by what is the patient's own, and a threshold that
/// follows them finds no more on the people who are scored (models/reports/trials.md).
pub const LOWEST_LOG_ODDS: f32 = -1.9;

/// By how many log-odds a threshold falls at most, from 0.6 to 0.356: what flattens EEG, a drug or a cap that sits badly, may
/// pass while the threshold stays.
pub const DEEPEST: f32 = 1.0;

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

    /// By how many log-odds a threshold is lower than that of people whose level is no lower than anybody's: 0 or more.
    pub fn fall(&self) -> f32 {
        (LOWEST_LOG_ODDS - self.log_odds).clamp(0.0, DEEPEST)
    }

    /// A threshold for other people, as it is for this patient; to three decimals, as settings are written, where it falls.
    pub fn threshold(&self, usual: f32) -> f32 {
        // What nothing but certainty reaches stays so.
        if usual >= 1.0 || self.fall() == 0.0 {
            return usual;
        }
        let moved = probability(log_odds(usual) - self.fall());
        ((moved * 1e3).round() / 1e3).clamp(1e-3, 0.999).min(usual)
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
