//! The labelled recordings that a command works on, and what is said of those that it does not.

use std::path::PathBuf;

use super::terminal::progress_bar;
use crate::dataset::{Dataset, DatasetError, Gathered, LabelledRecording, People, gather};
use crate::signal::SignalConfig;

/// Finds recordings with their expert events; what has no events, or events without a recording, is left out and told.
///
/// # Errors
/// See [`gather`].
pub fn labelled(roots: &[PathBuf], people: &People<'_>) -> Result<Vec<LabelledRecording>, DatasetError> {
    found(roots, people).map(|found| found.recordings)
}

/// The same, with all that there is beside them.
///
/// # Errors
/// See [`gather`].
pub fn found(roots: &[PathBuf], people: &People<'_>) -> Result<Gathered, DatasetError> {
    let found = gather(roots, people)?;
    for path in &found.unmarked {
        warn!(
            "warning: {} is left out: no table of expert events lies beside it, so that nothing is known of its seizures; one \
             without a seizure has a table with a row of type bckg",
            path.display()
        );
    }
    for path in &found.without_recording {
        warn!("warning: {} is left out: the recording that it belongs to is not there", path.display());
    }
    Ok(found)
}

/// Reads and conditions recordings while a bar shows how far it is; what does not suit is left out and told.
///
/// # Errors
/// See [`Dataset::load`].
pub fn load(recordings: Vec<LabelledRecording>, signal: &SignalConfig) -> Result<Dataset, DatasetError> {
    let bar = progress_bar("reading", "recordings");
    let dataset = Dataset::load(recordings, signal, &mut |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    for (path, why) in &dataset.left_out {
        warn!("warning: {} is left out: {why}", path.display());
    }
    Ok(dataset)
}
