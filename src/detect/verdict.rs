//! What the detector says of one second.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// The label of one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// Looks like a seizure.
    Seizure,
    /// Neither a seizure nor this patient's usual EEG.
    Abnormal,
    /// Usual EEG.
    NonSeizure,
}

impl Label {
    /// The label as tables write it.
    pub const fn name(self) -> &'static str {
        match self {
            Label::Seizure => "seizure",
            Label::Abnormal => "abnormal",
            Label::NonSeizure => "non-seizure",
        }
    }
}

/// An alarm, in seconds of the time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// First second of the run that led to it: the second in which the accumulator left 0.
    pub onset_second: u64,
    /// Second in which the accumulator reached its threshold.
    pub raised_second: u64,
}

/// Everything that is known of one second once it is judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The second.
    pub second: u64,
    /// Reconstruction error of the patient's autoencoder.
    pub ae_error: Option<f32>,
    /// Whether the error lies above the patient's threshold.
    pub ae_flag: Option<bool>,
    /// Probabilities of seizure, abnormal and non-seizure; `None` with too few channels.
    pub probabilities: Option<[f32; 3]>,
    /// The label; `None` with too few channels.
    pub label: Option<Label>,
    /// The accumulator after this second.
    pub accumulator: f32,
    /// The alarm, in the second in which it is raised.
    pub alarm: Option<Alarm>,
    /// Whether an alarm lasts.
    pub alarming: bool,
}

impl Verdict {
    /// The verdict on a second that could not be judged.
    pub const fn unjudged(second: u64, accumulator: f32, alarming: bool) -> Verdict {
        Verdict {
            second,
            ae_error: None,
            ae_flag: None,
            probabilities: None,
            label: None,
            accumulator,
            alarm: None,
            alarming,
        }
    }
}

/// A setting of the detector that is out of range.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{setting} is {found}; expected {expected}")]
pub struct SettingError {
    /// The setting's name in patient.toml.
    pub setting: &'static str,
    /// Its value.
    pub found: String,
    /// What is allowed.
    pub expected: &'static str,
}
