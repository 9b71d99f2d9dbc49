//! What is sent to accept settings: the settings that held when they were looked at, those that are to hold, and what they
//! came to. It names everything that is accepted, so that nothing else can be: where the patient's settings are others by
//! then, it is refused.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::settings::AlarmSettings;
use crate::alarm::entry::Recalibration;
use crate::config::{CalibrationRecord, ConfigError, PatientConfig, PatientId};

/// Settings that can be accepted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The patient.
    pub patient: String,
    /// The settings that held.
    pub from: AlarmSettings,
    /// Those that are to hold.
    pub to: AlarmSettings,
    /// What they came to.
    pub record: CalibrationRecord,
}

/// Settings that are not accepted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProposalError {
    /// No proposal.
    #[error("this is no proposal of settings ({0}); look at a preview first, and send its `proposal`")]
    None(String),
    /// Of another patient.
    #[error("this proposal is for patient {of}; look at a preview for {patient}")]
    OtherPatient {
        /// Whose it is.
        of: String,
        /// Whose was meant.
        patient: String,
    },
    /// Somebody has changed the settings meanwhile.
    #[error(
        "the settings of patient {patient} have changed since this proposal was made; nothing was written: look at the \
         preview again"
    )]
    Outdated {
        /// The patient.
        patient: String,
        /// The settings that hold.
        now: Box<AlarmSettings>,
    },
    /// The patient's settings cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Proposal {
    /// As text.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default())
    }

    /// Reads a proposal.
    ///
    /// # Errors
    /// [`ProposalError::None`].
    pub fn read(text: &str) -> Result<Proposal, ProposalError> {
        let none = |error: &dyn std::fmt::Display| ProposalError::None(error.to_string());
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).map_err(|error| none(&error))?;
        let proposal: Proposal = serde_json::from_slice(&bytes).map_err(|error| none(&error))?;
        proposal.to.validate().map_err(|error| none(&error))?;
        Ok(proposal)
    }

    /// Its digest, for the log.
    pub fn digest(&self) -> String {
        Sha256::digest(self.text()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A patient's settings with what is proposed; everything else stays.
    ///
    /// # Errors
    /// [`ProposalError`].
    pub fn apply(&self, patients: &std::path::Path, id: &PatientId) -> Result<PatientConfig, ProposalError> {
        if self.patient != id.as_str() {
            return Err(ProposalError::OtherPatient { of: self.patient.clone(), patient: id.to_string() });
        }
        let mut config = PatientConfig::load(patients, id)?;
        let now = AlarmSettings::of_patient(&config);
        if now != self.from {
            return Err(ProposalError::Outdated { patient: id.to_string(), now: Box::new(now) });
        }
        config.calibrated(self.to.label(), self.to.accumulator(), self.record.clone());
        Ok(config)
    }

    /// What the log says of its acceptance.
    pub fn accepted(&self, note: &str) -> Recalibration {
        Recalibration {
            from: self.from.value(),
            to: self.to.value(),
            proposal: self.digest(),
            note: note.to_string(),
        }
    }
}
