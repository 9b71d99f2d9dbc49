//! The labelled recordings that a command works on, and what is said of those that it does not.

use std::path::PathBuf;

use crate::dataset::{DatasetError, Gathered, LabelledRecording, People, gather};

/// Finds recordings with their expert events; what has no events, or events without a recording, is left out and told.
///
/// # Errors
/// See [`gather`].
pub fn labelled(roots: &[PathBuf], people: &People<'_>) -> Result<Vec<LabelledRecording>, DatasetError> {
    let Gathered { recordings, unmarked, without_recording } = gather(roots, people)?;
    for path in &unmarked {
        warn!(
            "warning: {} is left out: no table of expert events lies beside it, so that nothing is known of its seizures; one \
             without a seizure has a table with a row of type bckg",
            path.display()
        );
    }
    for path in &without_recording {
        warn!("warning: {} is left out: the recording that it belongs to is not there", path.display());
    }
    Ok(recordings)
}
