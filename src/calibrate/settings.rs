//! The settings that make alarms of opinions, as one thing.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::config::PatientConfig;
use crate::detect::{AccumulatorConfig, AeFlag, LabelRule, SettingError};

/// From probabilities to alarms: what patient.toml says under `[label]` and `[accumulator]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmSettings {
    /// A second is a seizure second where the probability of a seizure reaches this.
    pub seizure_probability: f32,
    /// `ignore`, or `demotes`: whether the autoencoder has a say.
    #[schema(value_type = String)]
    pub ae_flag: AeFlag,
    /// A probability of a seizure that no flag overrules.
    pub certain_probability: f32,
    /// What a seizure second adds.
    pub gain: f32,
    /// The accumulator's highest value.
    pub cap: f32,
    /// What an abnormal second takes.
    pub decay_abnormal: f32,
    /// What a non-seizure second takes.
    pub decay_normal: f32,
    /// Where an alarm is raised.
    pub threshold: f32,
    /// Seconds after an alarm's end in which none is raised.
    pub refractory_s: u64,
    /// A gap of more seconds empties the accumulator.
    pub gap_reset_s: u64,
}

impl AlarmSettings {
    /// The settings out of their two parts.
    pub fn of(label: LabelRule, accumulator: AccumulatorConfig) -> AlarmSettings {
        let LabelRule { seizure_probability, ae_flag, certain_probability } = label;
        let AccumulatorConfig {
            gain,
            cap,
            decay_abnormal,
            decay_normal,
            threshold,
            refractory_s,
            gap_reset_s,
        } = accumulator;
        AlarmSettings {
            seizure_probability,
            ae_flag,
            certain_probability,
            gain,
            cap,
            decay_abnormal,
            decay_normal,
            threshold,
            refractory_s,
            gap_reset_s,
        }
    }

    /// A patient's.
    pub fn of_patient(config: &PatientConfig) -> AlarmSettings {
        AlarmSettings::of(config.label, config.accumulator)
    }

    /// From probabilities to labels.
    pub fn label(&self) -> LabelRule {
        let AlarmSettings { seizure_probability, ae_flag, certain_probability, .. } = *self;
        LabelRule { seizure_probability, ae_flag, certain_probability }
    }

    /// From labels to alarms.
    pub fn accumulator(&self) -> AccumulatorConfig {
        AccumulatorConfig {
            gain: self.gain,
            cap: self.cap,
            decay_abnormal: self.decay_abnormal,
            decay_normal: self.decay_normal,
            threshold: self.threshold,
            refractory_s: self.refractory_s,
            gap_reset_s: self.gap_reset_s,
        }
    }

    /// As JSON, with the numbers as they are written: 0.52, not the 0.5199999809 that a wider float makes of it.
    pub fn value(&self) -> serde_json::Value {
        serde_json::to_string(self).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// The first that is out of range.
    pub fn validate(&self) -> Result<(), SettingError> {
        self.label().validate()?;
        self.accumulator().validate()
    }
}

/// Settings that a person wants to try; what is left out stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, IntoParams, ToSchema)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct TriedSettings {
    /// A second is a seizure second where the probability of a seizure reaches this.
    #[param(minimum = 0, maximum = 1)]
    pub seizure_probability: Option<f32>,
    /// Where an alarm is raised.
    pub threshold: Option<f32>,
    /// The accumulator's highest value; twice the threshold, where only that is given.
    pub cap: Option<f32>,
    /// What a seizure second adds.
    pub gain: Option<f32>,
    /// What an abnormal second takes.
    pub decay_abnormal: Option<f32>,
    /// What a non-seizure second takes.
    pub decay_normal: Option<f32>,
    /// Seconds after an alarm's end in which none is raised.
    pub refractory_s: Option<u64>,
    /// A gap of more seconds empties the accumulator.
    pub gap_reset_s: Option<u64>,
}

impl TriedSettings {
    /// The settings that are to be tried in place of those that hold; `None` where nothing is to be tried.
    pub fn over(&self, now: &AlarmSettings) -> Option<AlarmSettings> {
        if *self == TriedSettings::default() {
            return None;
        }
        let cap = self.cap.or(self.threshold.map(|threshold| 2.0 * threshold));
        Some(AlarmSettings {
            seizure_probability: self.seizure_probability.unwrap_or(now.seizure_probability),
            threshold: self.threshold.unwrap_or(now.threshold),
            cap: cap.unwrap_or(now.cap),
            gain: self.gain.unwrap_or(now.gain),
            decay_abnormal: self.decay_abnormal.unwrap_or(now.decay_abnormal),
            decay_normal: self.decay_normal.unwrap_or(now.decay_normal),
            refractory_s: self.refractory_s.unwrap_or(now.refractory_s),
            gap_reset_s: self.gap_reset_s.unwrap_or(now.gap_reset_s),
            ..*now
        })
    }
}
