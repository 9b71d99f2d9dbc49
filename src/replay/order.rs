//! Which recordings to replay, and in what order.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;

use super::error::ReplayError;
use crate::eeg::RecordingHeader;
use crate::evaluate::BEHIND_S;
use crate::format::FormatError;
use crate::format::bids::natural;
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
    let mut paths = paths_in(inputs)?;
    paths.sort();
    paths.dedup();
    let mut planned = plan_all(&paths)?;
    planned.sort_by(|a, b| a.header.start.cmp(&b.header.start).then_with(|| a.path.cmp(&b.path)));
    for pair in planned.windows(2) {
        let overlap_s = overlap_s(&pair[0], &pair[1]);
        if overlap_s > TOLERATED_OVERLAP_S {
            return Err(ReplayError::Overlap {
                first: pair[0].path.clone(),
                second: pair[1].path.clone(),
                overlap_s,
                starts: starts(&pair[0].header, &pair[1].header),
            });
        }
    }
    Ok(planned)
}

/// The same in the order in which they are given, those of a folder by name, numbers as numbers. A recording that does not
/// begin after the one before is set behind it, [`BEHIND_S`] after its end: starts may have been removed or made up. Beside
/// them, which were set so.
///
/// # Errors
/// [`ReplayError`]: nothing there, not readable.
pub fn in_order_given(inputs: &[PathBuf]) -> Result<(Vec<PlannedRecording>, Vec<usize>), ReplayError> {
    let mut seen = BTreeSet::new();
    let mut paths = paths_in(inputs)?;
    paths.retain(|path| seen.insert(path.clone()));
    let mut planned: Vec<PlannedRecording> = Vec::with_capacity(paths.len());
    let mut moved = Vec::new();
    for (index, mut next) in plan_all(&paths)?.into_iter().enumerate() {
        if let Some(before) = planned.last()
            && overlap_s(before, &next) > TOLERATED_OVERLAP_S
        {
            next.header.start = before.time_at(before.header.duration_s + BEHIND_S);
            moved.push(index);
        }
        planned.push(next);
    }
    Ok((planned, moved))
}

/// Seconds by which a recording begins before another one ends; negative where it begins later.
fn overlap_s(first: &PlannedRecording, second: &PlannedRecording) -> f64 {
    first.header.duration_s - seconds_between(first.header.start, second.header.start)
}

/// What makes the starts of two recordings suspect, in words.
fn starts(first: &RecordingHeader, second: &RecordingHeader) -> String {
    // The date that EDF+ has for one that was removed.
    let removed = |header: &RecordingHeader| header.start.date() == jiff::civil::date(1985, 1, 1);
    let stands_in = match removed(first) || removed(second) {
        true => ", and 1985-01-01 stands for a date that was removed",
        false => "",
    };
    match first.start == second.start {
        true => format!(" (both start at {} by their headers{stands_in})", first.start),
        false => format!(" (they start at {} and {} by their headers{stands_in})", first.start, second.start),
    }
}

/// The recordings that are named, and those in folders, folder after folder.
fn paths_in(inputs: &[PathBuf]) -> Result<Vec<PathBuf>, ReplayError> {
    let mut paths = Vec::new();
    for input in inputs {
        let metadata = std::fs::metadata(input)
            .map_err(|source| ReplayError::Unreadable { path: input.clone(), source })?;
        if metadata.is_dir() {
            let mut below = Vec::new();
            recordings_below(input, &mut below)?;
            if below.is_empty() {
                return Err(ReplayError::NoRecording { path: input.clone() });
            }
            below.sort_by(|a, b| natural(&a.to_string_lossy(), &b.to_string_lossy()));
            paths.extend(below);
        } else {
            paths.push(input.clone());
        }
    }
    Ok(paths)
}

/// Seconds from one wall time to another, negative where the second lies before.
pub fn seconds_between(from: DateTime, to: DateTime) -> f64 {
    to.duration_since(from).as_secs_f64()
}

/// Opens all recordings; those that cannot be opened are told together.
fn plan_all(paths: &[PathBuf]) -> Result<Vec<PlannedRecording>, ReplayError> {
    let (mut planned, mut unreadable) = (Vec::with_capacity(paths.len()), Vec::new());
    for path in paths {
        match plan(path) {
            Ok(next) => planned.push(next),
            Err(error) => unreadable.push(error),
        }
    }
    FormatError::all(unreadable)?;
    Ok(planned)
}

fn plan(path: &Path) -> Result<PlannedRecording, FormatError> {
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
        } else if is_recording(&path) || is_only_compressed(&path) {
            paths.push(path);
        }
    }
    Ok(())
}

fn is_recording(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("edf") || e.eq_ignore_ascii_case("bdf"))
}

/// Whether a file is a recording that is there in no other form: it cannot be read, which is said when it is opened, and not
/// passed over.
fn is_only_compressed(path: &Path) -> bool {
    let whole = path.with_extension("");
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz")) && is_recording(&whole) && !whole.is_file()
}
