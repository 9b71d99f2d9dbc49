//! What can go wrong with a record.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// A record that cannot be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The operating system refuses.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// "read", "write" or "delete".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
    /// The HDF5 library refuses.
    #[error("cannot {doing} {path}: {reason}")]
    Hdf5 {
        /// "read" or "write".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The library's own words.
        reason: String,
    },
    /// The file is not one of ours.
    #[error("{path}: {found}; expected {expected}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What should be.
        expected: String,
    },
    /// Nothing was recorded there.
    #[error("{folder}: no record of bed {bed}{when}; {hint}")]
    Nothing {
        /// The record's folder.
        folder: PathBuf,
        /// The bed.
        bed: String,
        /// The span asked for, in words.
        when: String,
        /// What there is.
        hint: String,
    },
    /// The disk has no room to spare.
    #[error("{path}: only {free_mb} MB are free; the record goes on when there are {needed_mb}")]
    NoRoom {
        /// The folder.
        path: PathBuf,
        /// Free megabytes.
        free_mb: u64,
        /// Megabytes that must be free.
        needed_mb: u64,
    },
}

impl RecordError {
    pub(super) fn hdf5(doing: &'static str, path: &Path) -> impl Fn(hdf5::Error) -> RecordError {
        move |error| {
            let reason = error.to_string();
            // The library tells its whole call stack; the last part says why.
            let reason = reason.lines().next().unwrap_or_default().trim().to_string();
            RecordError::Hdf5 { doing, path: path.to_path_buf(), reason }
        }
    }

    pub(super) fn io(doing: &'static str, path: &Path) -> impl Fn(std::io::Error) -> RecordError {
        move |source| RecordError::Io { doing, path: path.to_path_buf(), source }
    }
}
