//! What the ward can be asked for while it runs.

use tokio::sync::oneshot;

use crate::config::{BedConfig, PatientId};

/// The answer to a change: what was done, in words, or why not.
pub type Answer = Result<Vec<String>, Refused>;

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// What was asked for makes no sense.
    Mistake(String),
    /// There is no such bed.
    NoSuchBed(String),
    /// The change could not be kept.
    Failed(String),
}

/// A request to the ward.
pub enum Request {
    /// Read vigil.toml again.
    Reload(oneshot::Sender<Answer>),
    /// Add this bed, or change it into this.
    Put(Box<BedConfig>, oneshot::Sender<Answer>),
    /// Remove a bed.
    Remove(String, oneshot::Sender<Answer>),
    /// A patient's networks are others on disk.
    ModelsChanged {
        /// The patient.
        patient: PatientId,
    },
    /// A bed may ask for a fit again.
    FitAgain {
        /// The bed.
        bed: String,
    },
    /// Stop all beds and end.
    Stop(oneshot::Sender<()>),
}
