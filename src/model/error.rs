//! What can go wrong with a model.

use std::path::PathBuf;

use thiserror::Error;

/// A model that cannot be read, written or used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// There is no such file.
    #[error("no model at {path}; train one with `vigil train`, or fit a patient's with `vigil patient fit`")]
    Missing {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// "read" or "write".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
    /// The file is not a weight file of ours.
    #[error("{path} is not a usable weight file: {found}; expected {expected}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
        /// What was expected.
        expected: String,
    },
    /// The file belongs to another configuration.
    #[error(
        "{path} was made with another configuration: {field} is {found} there and {expected} here; \
             fit it again with this configuration, or use the model that it was made for"
    )]
    OtherConfiguration {
        /// The file.
        path: PathBuf,
        /// The setting that differs.
        field: String,
        /// Its value in the file.
        found: String,
        /// The value in use.
        expected: String,
    },
    /// A configuration that no network can be built from.
    #[error("no network can be built: {reason}")]
    Unbuildable {
        /// Which setting, its value, what is allowed.
        reason: String,
    },
    /// The network and its input do not fit.
    #[error("the model expects {expected} and was given {found}")]
    Shape {
        /// The expected shape, in words.
        expected: String,
        /// The shape given.
        found: String,
    },
    /// The numerical library gave an unusable result.
    #[error("the network gave no usable result: {reason}")]
    Compute {
        /// What it said.
        reason: String,
    },
}
