//! The labelled recordings that a command works on, and what is said of those that it does not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::CliError;
use super::left_out::tell;
use super::terminal::progress_bar;
use crate::dataset::{
    Dataset, DatasetError, Faulty, Gathered, LabelledRecording, People, Remark, Unusable, look_through,
    unusable,
};
use crate::signal::SignalConfig;

/// Finds recordings with their expert events; what has no events, or events without a recording, is left out and told.
///
/// # Errors
/// See [`crate::dataset::gather`].
pub fn labelled(roots: &[PathBuf], people: &People<'_>) -> Result<Vec<LabelledRecording>, DatasetError> {
    found(roots, people).map(|found| found.recordings)
}

/// The same, with all that there is beside them. Where tables cannot be read, what else cannot be used is told with them.
///
/// # Errors
/// See [`crate::dataset::gather`]; [`DatasetError::Unusable`].
pub fn found(roots: &[PathBuf], people: &People<'_>) -> Result<Gathered, DatasetError> {
    let (found, unreadable) = look_through(roots, people)?;
    tell(&found);
    if !unreadable.is_empty() {
        let tables = unreadable.into_iter().map(|(person, error)| Unusable { person, error: error.into() });
        DatasetError::refuse(tables.chain(unusable(&found.recordings)).collect()).map_err(advised)?;
    }
    Ok(found)
}

/// The same error with what is to be done, where recordings cannot be used.
fn advised(error: DatasetError) -> DatasetError {
    let DatasetError::Unusable { found, .. } = error else { return error };
    let mut people: Vec<&str> = found.iter().map(|one| one.person.as_str()).collect();
    people.sort_unstable();
    people.dedup();
    let advice = format!(
        "Mend what is wrong, or leave out whose it is, where the command can: --exclude {}",
        people.join(",")
    );
    DatasetError::Unusable { found, advice: Some(advice) }
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
    })
    .map_err(advised)?;
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
    let mut faulty: Vec<(&Path, &Faulty)> = Vec::new();
    let mut alike: Vec<(&str, Vec<&Path>)> = Vec::new();
    let mut place_of: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, remark) in &dataset.remarks {
        match remark {
            Remark::Faults(found) => faulty.push((path, found)),
            Remark::Words(words) => {
                let place = *place_of.entry(words).or_insert_with(|| {
                    alike.push((words, Vec::new()));
                    alike.len() - 1
                });
                alike[place].1.push(path);
            }
        }
    }
    for (words, paths) in alike {
        match paths.as_slice() {
            [path] => warn!("warning: {}: {words}", path.display()),
            [first, ..] => {
                warn!("warning: {words} ({} recordings, the first {})", paths.len(), first.display())
            }
            [] => {}
        }
    }
    tell_of_faults(faulty);
}

/// Most recordings of which it is told which channels had faults.
const MOST_FAULTY: usize = 5;

/// Says in which recordings channels had most faults, and in how many more they had some: there is hardly a long recording
/// without any.
fn tell_of_faults(mut faulty: Vec<(&Path, &Faulty)>) {
    faulty.sort_by(|(_, a), (_, b)| b.lost().total_cmp(&a.lost()));
    for (path, faults) in faulty.iter().take(MOST_FAULTY) {
        warn!("warning: {}: {faults}", path.display());
    }
    if faulty.len() > MOST_FAULTY {
        warn!(
            "warning: in {} more recordings channels were faulty for a smaller share of the time",
            faulty.len() - MOST_FAULTY
        );
    }
}
