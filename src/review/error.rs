//! What cannot be shown, and why.

use thiserror::Error;

use crate::explain::ExplainError;
use crate::record::RecordError;

/// Why nothing can be shown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// Nothing is recorded there.
    #[error("nothing is recorded of bed {bed} {when}; {hint}")]
    NotRecorded {
        /// The bed.
        bed: String,
        /// From when to when, in words.
        when: String,
        /// What there is.
        hint: String,
    },
    /// What was asked for makes no sense.
    #[error("{0}")]
    Mistake(String),
    /// The record cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The second cannot be explained.
    #[error(transparent)]
    Explain(#[from] ExplainError),
}

impl ReviewError {
    /// Whether there is nothing at the place that was asked for.
    pub fn is_absence(&self) -> bool {
        match self {
            ReviewError::NotRecorded { .. } | ReviewError::Record(RecordError::Nothing { .. }) => true,
            // A file that was deleted between being found and being read.
            ReviewError::Record(RecordError::Hdf5 { path, .. } | RecordError::Io { path, .. }) => {
                !path.exists()
            }
            _ => false,
        }
    }
}
