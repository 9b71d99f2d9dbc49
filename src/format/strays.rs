//! What lies in a BIDS tree beside its recordings and may have been meant as one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::bids::BidsRecording;

/// Endings of recordings: those that are read, and those that data sets come in else.
const ENDINGS: [&str; 7] = [".edf", ".bdf", ".vhdr", ".set", ".fif", ".gdf", ".cnt"];

/// What is left over of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strays {
    /// Recordings that are compressed, and not there in any other form.
    pub compressed: Vec<PathBuf>,
    /// Tables of events, each with a file that has its name and is not where or called as a recording is.
    pub misplaced: Vec<(PathBuf, PathBuf)>,
    /// Tables of events whose recording is not there at all.
    pub alone: Vec<PathBuf>,
}

impl Strays {
    /// Looks below the subjects' folders; `recordings` are those that were found there. A folder that cannot be read holds
    /// nothing.
    pub fn of(root: &Path, recordings: &[BidsRecording]) -> Strays {
        let files = files_below(root);
        let tables: BTreeSet<&Path> =
            recordings.iter().filter_map(|one| one.events_path.as_deref()).collect();
        let mut strays = Strays::default();
        // Of each name the first file, and whether it is compressed: "x.edf" comes before "x.edf.gz".
        let mut called: BTreeMap<String, (&Path, bool)> = BTreeMap::new();
        for file in &files {
            let Some((name, compressed)) = name_of_recording(file) else { continue };
            called.entry(name).or_insert((file, compressed));
            if compressed && !file.with_extension("").is_file() {
                strays.compressed.push(file.clone());
            }
        }
        for table in files.iter().filter(|file| !tables.contains(file.as_path())) {
            let name = file_name(table);
            let Some(name) = name.strip_suffix("_events.tsv") else { continue };
            match called.get(name) {
                // That it is compressed is told of the recording.
                Some((_, true)) => {}
                Some((file, false)) => strays.misplaced.push((table.clone(), file.to_path_buf())),
                None => strays.alone.push(table.clone()),
            }
        }
        strays
    }
}

/// What the table of a recording is called, without its ending, and whether the recording is compressed; `None` for any other
/// file.
fn name_of_recording(file: &Path) -> Option<(String, bool)> {
    let name = file_name(file);
    let (whole, compressed) = match without(&name, ".gz") {
        Some(whole) => (whole, true),
        None => (name.as_str(), false),
    };
    let stem = ENDINGS.iter().find_map(|ending| without(whole, ending))?;
    Some((without(stem, "_eeg").unwrap_or(stem).to_string(), compressed))
}

/// A name without its ending, in capitals or not.
fn without<'n>(name: &'n str, ending: &str) -> Option<&'n str> {
    let (stem, end) = name.split_at_checked(name.len().checked_sub(ending.len())?)?;
    end.eq_ignore_ascii_case(ending).then_some(stem)
}

/// Every file below the subjects' folders, in order, but for what macOS leaves ("._x" beside "x").
fn files_below(root: &Path) -> Vec<PathBuf> {
    let listed = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()));
        entries.map(Iterator::collect).unwrap_or_default()
    };
    let subjects =
        listed(root).into_iter().filter(|path| file_name(path).starts_with("sub-") && path.is_dir());
    let (mut files, mut waiting) = (Vec::new(), subjects.collect::<Vec<_>>());
    while let Some(folder) = waiting.pop() {
        for path in listed(&folder) {
            // Links are not followed into folders: a loop of them would never end.
            if path.is_dir() && !path.is_symlink() {
                waiting.push(path);
            } else if !path.is_dir() && !file_name(&path).starts_with('.') {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
