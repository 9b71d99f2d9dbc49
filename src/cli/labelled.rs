//! The labelled recordings that a command works on, and what is said of those that it does not.

use std::path::PathBuf;

use super::left_out::tell;
use crate::dataset::{DatasetError, LabelledRecording, People, gather};

/// Finds recordings with their expert events; what has no events, or events without a recording, is left out and told.
///
/// # Errors
/// See [`gather`].
pub fn labelled(roots: &[PathBuf], people: &People<'_>) -> Result<Vec<LabelledRecording>, DatasetError> {
    let gathered = gather(roots, people)?;
    tell(&gathered);
    Ok(gathered.recordings)
}
