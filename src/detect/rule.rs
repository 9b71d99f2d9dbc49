//! From probabilities and the autoencoder's flag to a label.

use serde::{Deserialize, Serialize};

use super::verdict::{Label, SettingError};

/// What the autoencoder's flag does at run time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AeFlag {
    /// It is logged and changes nothing; `abnormal` comes from the CNN alone.
    Ignore,
    /// A flagged second counts as abnormal unless the CNN is certain of a seizure.
    Demotes,
}

/// How a second gets its label.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LabelRule {
    /// A second is `seizure` where the CNN's seizure probability reaches this.
    ///
    /// The default and that of the accumulator's threshold were chosen together, on people whom the
    /// judging network had not seen (`vigil evaluate --alarms` over six folds, without the
    /// demonstration's patient): of the settings with a median latency within the 10 s that wards
    /// ask for, the one with most seizures found less alarms that nothing within the seizure led to;
    /// among equals the higher threshold, since these data hold no ward's artifacts.
    pub seizure_probability: f32,
    /// Whether the patient's autoencoder has a say.
    pub ae_flag: AeFlag,
    /// A seizure probability that no flag can overrule: muscle artifact is heaviest in a generalised
    /// tonic-clonic seizure, and each of its seconds is flagged.
    pub certain_probability: f32,
}

impl Default for LabelRule {
    fn default() -> Self {
        LabelRule { seizure_probability: 0.6, ae_flag: AeFlag::Ignore, certain_probability: 0.9 }
    }
}

impl LabelRule {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first that is out of range.
    pub fn validate(&self) -> Result<(), SettingError> {
        for (setting, value) in [
            ("seizure_probability", self.seizure_probability),
            ("certain_probability", self.certain_probability),
        ] {
            if !(value > 0.0 && value <= 1.0) {
                return Err(SettingError {
                    setting,
                    found: value.to_string(),
                    expected: "above 0 and at most 1",
                });
            }
        }
        Ok(())
    }

    /// The label of a second with probabilities of seizure, abnormal and non-seizure.
    pub fn label(&self, probabilities: [f32; 3], ae_flag: Option<bool>) -> Label {
        let [seizure, abnormal, non_seizure] = probabilities;
        let label = if seizure >= self.seizure_probability {
            Label::Seizure
        } else if abnormal > non_seizure {
            Label::Abnormal
        } else {
            Label::NonSeizure
        };
        let flagged = self.ae_flag == AeFlag::Demotes && ae_flag == Some(true);
        if flagged && seizure < self.certain_probability { Label::Abnormal } else { label }
    }
}
