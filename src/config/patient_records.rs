//! What a patient's settings came of: the records beside them.

use serde::{Deserialize, Serialize};

use crate::detect::Level;

/// What the patient's autoencoder was fitted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitRecord {
    /// Names of the recordings: their time never counts in the patient's own score.
    pub recordings: Vec<String>,
    /// Seconds of baseline.
    pub seconds: usize,
    /// Day of the fit.
    pub date: String,
}

/// The level of a patient's EEG that the threshold follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelRecord {
    /// See [`Level::log_odds`].
    pub log_odds: f32,
    /// Seconds that it rests on.
    pub seconds: usize,
    /// SHA-256 of the network that it is of.
    pub cnn: String,
    /// The threshold that came of it. Where another one holds, somebody has set it since.
    pub set_to: f32,
}

impl LevelRecord {
    pub(super) fn of(level: &Level, set_to: f32) -> LevelRecord {
        LevelRecord { log_odds: level.log_odds, seconds: level.seconds, cnn: level.cnn.clone(), set_to }
    }

    /// The level.
    pub fn level(&self) -> Level {
        Level { log_odds: self.log_odds, seconds: self.seconds, cnn: self.cnn.clone() }
    }
}

/// What the accumulator was calibrated on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationRecord {
    /// Names of the recordings.
    pub recordings: Vec<String>,
    /// Hours in which an alarm would have been false.
    pub hours: f64,
    /// False alarms at the chosen settings.
    pub false_alarms: u64,
    /// 95 % interval of false alarms per hour.
    pub false_alarms_per_hour: [f64; 2],
    /// Marked seizures in them.
    pub seizures: u64,
    /// Seizures with an alarm.
    pub detected: u64,
    /// Day of the calibration.
    pub date: String,
}
