//! The labelled recordings that a command works on, and what is said of those that it does not.

use std::path::PathBuf;

use super::error::CliError;
use crate::dataset::{Dataset, DatasetError, Gathered, LabelledRecording, People, gather};

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

/// Says which recordings were left out since they do not suit, and what is odd about those that were taken.
pub fn tell_of_recordings(dataset: &Dataset) {
    for (path, why) in &dataset.left_out {
        warn!("warning: {} is left out: {why}", path.display());
    }
    for (path, remark) in &dataset.remarks {
        warn!("warning: {}: {remark}", path.display());
    }
}

/// The same; and where not one recording suits, the first says why.
///
/// # Errors
/// [`CliError::Unsuitable`].
pub fn tell_and_need_one(dataset: &Dataset) -> Result<(), CliError> {
    if let (true, Some((path, reason))) = (dataset.recordings.is_empty(), dataset.left_out.first()) {
        return Err(CliError::Unsuitable { path: path.clone(), reason: reason.clone() });
    }
    tell_of_recordings(dataset);
    Ok(())
}
