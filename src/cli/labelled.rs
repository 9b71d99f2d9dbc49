//! The labelled recordings that a command works on, and what is said of those that it does not.

use std::path::PathBuf;

use super::error::CliError;
use super::left_out::tell;
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
    tell(&found);
    Ok(found)
}

/// Reads and conditions recordings while a bar shows how far it is; what does not suit is left out and told. Where not one
/// recording suits, the first says why.
///
/// # Errors
/// See [`Dataset::load`]; [`CliError::Unsuitable`].
pub fn load(recordings: Vec<LabelledRecording>, signal: &SignalConfig) -> Result<Dataset, CliError> {
    let bar = progress_bar("reading", "recordings");
    let dataset = Dataset::load(recordings, signal, &mut |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    if let (true, Some((path, reason))) = (dataset.recordings.is_empty(), dataset.left_out.first()) {
        return Err(CliError::Unsuitable { path: path.clone(), reason: reason.clone() });
    }
    tell_of_recordings(&dataset);
    Ok(dataset)
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
