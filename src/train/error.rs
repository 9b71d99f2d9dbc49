//! What can go wrong when a network is fitted.

use std::path::PathBuf;

use thiserror::Error;

use crate::dataset::DatasetError;
use crate::model::ModelError;
use crate::plot::PlotError;
use crate::signal::SignalError;

/// A training that cannot be done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The recordings cannot be used.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// A signal configuration that cannot be built.
    #[error(transparent)]
    Signal(#[from] SignalError),
    /// An image configuration that cannot be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// A network cannot be built, read or written.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// There is too little to learn from.
    #[error("too little EEG: {found}; expected {expected}; {advice}")]
    TooLittle {
        /// What there is.
        found: String,
        /// What is needed.
        expected: String,
        /// What to do.
        advice: String,
    },
    /// A setting out of range.
    #[error("training setting {setting} is {found}; expected {expected}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// Its value.
        found: String,
        /// What is allowed.
        expected: String,
    },
    /// A checkpoint of another training.
    #[error(
        "{path} is the checkpoint of another training: {difference}; \
         give the same settings to go on with it, or --restart to begin anew"
    )]
    OtherCheckpoint {
        /// The checkpoint.
        path: PathBuf,
        /// The first thing that differs.
        difference: String,
    },
    /// A checkpoint that cannot be written or removed.
    #[error("cannot write the checkpoint {path}: {reason}")]
    CheckpointUnwritable {
        /// The folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A checkpoint that cannot be read.
    #[error("checkpoint {path}: {reason}; begin anew with --restart")]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The loss is no number any more.
    #[error("the training diverged at step {step}: the loss is {loss}; lower the peak learning rate")]
    Diverged {
        /// The step.
        step: usize,
        /// The loss.
        loss: f32,
    },
}
