//! Which recordings to replay, and in what order.

use std::path::{Path, PathBuf};

use jiff::civil::DateTime;

use super::error::ReplayError;
use crate::eeg::RecordingHeader;
use crate::format::edf::EdfReader;

/// Two recordings may share this many seconds: amplifiers round their start times.
const TOLERATED_OVERLAP_S: f64 = 2.0;

/// A recording that will be replayed.
#[derive(Debug, Clone)]
pub struct PlannedRecording {
    /// The file.
    pub path: PathBuf,
    /// Its name without `_eeg` and extension: what its outputs are called.
    pub name: String,
    /// What its header says.
    pub header: RecordingHeader,
    /// What the reader had to say about it.
    pub warnings: Vec<String>,
}

impl PlannedRecording {
    /// Wall time of a second of the recording.
    pub fn time_at(&self, seconds: f64) -> DateTime {
        let span = jiff::SignedDuration::from_millis((seconds * 1e3).round() as i64);
        self.header.start.saturating_add(span)
    }
}

/// Finds the recordings in `inputs` (files, or folders that are searched to the bottom) and puts
/// them in time order.
///
/// # Errors
/// [`ReplayError`]: nothing there, not readable, two recordings of one time.
pub fn in_time_order(inputs: &[PathBuf]) -> Result<Vec<PlannedRecording>, ReplayError> {
    let mut paths = Vec::new();
    for input in inputs {
        let metadata = std::fs::metadata(input)
            .map_err(|source| ReplayError::Unreadable { path: input.clone(), source })?;
        if metadata.is_dir() {
            let before = paths.len();
            recordings_below(input, &mut paths)?;
            if paths.len() == before {
                return Err(ReplayError::NoRecording { path: input.clone() });
            }
        } else {
            paths.push(input.clone());
        }
    }
    paths.sort();
    paths.dedup();
    let mut planned = paths.iter().map(|path| plan(path)).collect::<Result<Vec<_>, _>>()?;
    planned.sort_by(|a, b| a.header.start.cmp(&b.header.start).then_with(|| a.path.cmp(&b.path)));
    for pair in planned.windows(2) {
        let overlap_s =
            pair[0].header.duration_s - seconds_between(pair[0].header.start, pair[1].header.start);
        if overlap_s > TOLERATED_OVERLAP_S {
            return Err(ReplayError::Overlap {
                first: pair[0].path.clone(),
                second: pair[1].path.clone(),
                overlap_s,
            });
        }
    }
    Ok(planned)
}

/// Seconds from one wall time to another, negative where the second lies before.
pub fn seconds_between(from: DateTime, to: DateTime) -> f64 {
    to.duration_since(from).as_secs_f64()
}

fn plan(path: &Path) -> Result<PlannedRecording, ReplayError> {
    let reader = EdfReader::open(path)?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = stem.strip_suffix("_eeg").unwrap_or(&stem).to_string();
    Ok(PlannedRecording {
        path: path.to_path_buf(),
        name,
        header: reader.header().clone(),
        warnings: reader.warnings().to_vec(),
    })
}

fn recordings_below(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), ReplayError> {
    let unreadable = |source| ReplayError::Unreadable { path: folder.to_path_buf(), source };
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path();
        // Links are not followed into folders: a loop of them would never end.
        if entry.file_type().map_err(unreadable)?.is_dir() {
            recordings_below(&path, paths)?;
        } else if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("edf") || e.eq_ignore_ascii_case("bdf"))
        {
            paths.push(path);
        }
    }
    Ok(())
}
