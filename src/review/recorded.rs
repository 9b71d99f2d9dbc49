//! What is on record of a bed. A finished file is looked into once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use serde::Serialize;
use utoipa::ToSchema;

use super::error::ReviewError;
use crate::record::{RecordFile, files_of};

/// One file's stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct RecordedStretch {
    /// When its first frame was taken, in seconds since 1970.
    pub from_s: f64,
    /// When its last frame ends.
    pub to_s: f64,
    /// The patient's id.
    pub patient: String,
    /// Frames a second.
    pub rate_hz: f64,
    /// The channels' labels.
    pub labels: Vec<String>,
}

/// A file as it was when it was looked into.
type Known = (SystemTime, u64, Option<RecordedStretch>);

/// The files that were looked into.
#[derive(Debug, Default)]
pub struct Recorded {
    files: Mutex<BTreeMap<PathBuf, Known>>,
}

impl Recorded {
    /// What is on record of a bed, in time order. A file that cannot be read is passed over.
    ///
    /// # Errors
    /// [`ReviewError::Record`] where a folder cannot be read.
    pub fn of(&self, folder: &Path, bed: &str) -> Result<Vec<RecordedStretch>, ReviewError> {
        let paths = files_of(folder, bed)?;
        let mut found = Vec::with_capacity(paths.len());
        for path in &paths {
            let Ok(metadata) = std::fs::metadata(path) else { continue };
            let changed = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let size = metadata.len();
            let known = self.files.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
            let stretch = match known {
                Some((at, of_size, stretch)) if at == changed && of_size == size => stretch,
                _ => {
                    let stretch = looked_into(path);
                    let known = (changed, size, stretch.clone());
                    self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.clone(), known);
                    stretch
                }
            };
            found.extend(stretch);
        }
        // What was deleted is forgotten.
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let of_bed = folder.join(bed);
        files.retain(|path, _| !path.starts_with(&of_bed) || paths.contains(path));
        Ok(found)
    }
}

fn looked_into(path: &Path) -> Option<RecordedStretch> {
    let read = || -> Result<Option<RecordedStretch>, ReviewError> {
        let file = RecordFile::open(path)?;
        let stretches = file.stretches()?;
        let (Some(first), Some(last)) = (stretches.first(), stretches.last()) else { return Ok(None) };
        let about = file.about();
        Ok(Some(RecordedStretch {
            from_s: file.time_of(first.first_frame)?,
            to_s: file.time_of(last.first_frame)? + last.rows as f64 / about.rate_hz,
            patient: about.patient.clone(),
            rate_hz: about.rate_hz,
            labels: about.labels.clone(),
        }))
    };
    read().unwrap_or_else(|error| {
        tracing::warn!(%error, "a file of the record cannot be shown");
        None
    })
}
