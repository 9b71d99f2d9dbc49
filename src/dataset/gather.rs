//! Finding labelled recordings: BIDS trees and the CHB-MIT layout.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::conditioned::LabelledRecording;
use super::error::DatasetError;
use crate::eeg::{Event, joined};
use crate::format::{bids, chbmit, events};

/// Subjects of public data sets who are another subject under a second name: CHB-MIT's chb21 is
/// chb01, recorded a year and a half later (Shoeb 2009).
const SAME_PERSON: [(&str, &str); 1] = [("chb21", "chb01")];

/// Which people to take.
#[derive(Debug, Clone, Default)]
pub struct People<'a> {
    /// These alone; everyone where empty.
    pub only: &'a [String],
    /// These not.
    pub exclude: &'a [String],
    /// These must be there, for whatever they are needed.
    pub needed: &'a [String],
}

/// What lies below some roots.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    /// The recordings with expert events, those that say that there are none included.
    pub recordings: Vec<LabelledRecording>,
    /// Recordings beside which no events lie: nothing is known of their seizures.
    pub unmarked: Vec<PathBuf>,
    /// Tables of events whose recording is not there.
    pub without_recording: Vec<PathBuf>,
    /// All recordings that there are and whose they are, those of people who were not asked for and those without events
    /// included.
    pub there: Vec<(String, PathBuf)>,
}

/// Finds the recordings below each root, with their events and whose they are. Seizures that overlap are one.
///
/// A root is a BIDS tree (`sub-*/…`) or a folder of CHB-MIT cases (`chbNN/` with its summary, or
/// one such case).
///
/// # Errors
/// [`DatasetError::Format`] where a root or an events file cannot be read, [`DatasetError::Twice`] where one recording is there
/// twice, [`DatasetError::UnknownPerson`] where a name in `people` is not there.
pub fn gather(roots: &[PathBuf], people: &People<'_>) -> Result<Gathered, DatasetError> {
    let mut found: Vec<(String, PathBuf, Option<Vec<Event>>)> = Vec::new();
    let mut without_recording = Vec::new();
    for root in roots {
        if chbmit::is_layout(root) {
            found.extend(
                chbmit::recordings(root)?
                    .into_iter()
                    .map(|recording| (person_of(&recording.subject), recording.path, Some(recording.events))),
            );
            continue;
        }
        let recordings = bids::recordings(root)?;
        let tables: BTreeSet<PathBuf> = recordings.iter().filter_map(|one| one.events_path.clone()).collect();
        // Tables of derivatives are nobody's here; a folder that cannot be read holds none.
        let below = bids::tables_below(root).unwrap_or_default().into_iter();
        let below =
            below.filter(|table| table.to_string_lossy().starts_with("sub-")).map(|table| root.join(table));
        without_recording.extend(below.filter(|table| !tables.contains(table)));
        for recording in recordings {
            let events = recording.events_path.as_deref().map(events::read_events).transpose()?;
            found.push((person_of(&recording.subject), recording.eeg_path, events));
        }
    }
    let mut there: Vec<&str> = found.iter().map(|(person, ..)| person.as_str()).collect();
    there.sort_unstable();
    there.dedup();
    if let Some(name) = people
        .only
        .iter()
        .chain(people.exclude)
        .chain(people.needed)
        .find(|name| !there.contains(&name.as_str()))
    {
        return Err(DatasetError::UnknownPerson { name: name.clone(), people: there.join(", ") });
    }
    let all = found.iter().map(|(person, path, _)| (person.clone(), path.clone())).collect();
    found.retain(|(person, ..)| {
        (people.only.is_empty() || people.only.contains(person)) && !people.exclude.contains(person)
    });
    let paths: Vec<&Path> = found.iter().map(|(_, path, _)| path.as_path()).collect();
    refuse_twice(&paths)?;
    let mut gathered = Gathered { without_recording, there: all, ..Gathered::default() };
    for (person, path, events) in found {
        match events {
            Some(events) => {
                gathered.recordings.push(LabelledRecording { person, path, events: joined(events) })
            }
            None => gathered.unmarked.push(path),
        }
    }
    Ok(gathered)
}

/// Bytes of a file's beginning that are compared first: those of different recordings differ there already.
const BEGINNING: usize = 1 << 16;

/// Refuses two files of one content, whatever they are called: a recording that is there twice counts twice, and may stand on
/// both sides of what is divided.
///
/// # Errors
/// [`DatasetError::Twice`]. A file that cannot be read is no other's: whoever reads it says why.
pub fn refuse_twice(paths: &[&Path]) -> Result<(), DatasetError> {
    let mut of_size: BTreeMap<u64, Vec<&Path>> = BTreeMap::new();
    for path in paths {
        let Ok(about) = std::fs::metadata(path) else { continue };
        of_size.entry(about.len()).or_default().push(path);
    }
    let alike = of_size.into_values().filter(|paths| paths.len() > 1);
    for paths in alike.flat_map(|paths| of_one(&paths, &beginning)) {
        let whole = |path: &Path| std::fs::read(path).ok().map(|bytes| Sha256::digest(bytes).to_vec());
        if let Some([first, second, ..]) = of_one(&paths, &whole).first().map(Vec::as_slice) {
            return Err(DatasetError::Twice { first: first.to_path_buf(), second: second.to_path_buf() });
        }
    }
    Ok(())
}

fn beginning(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(BEGINNING as u64).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The paths that are alike in what is asked of them, two or more together.
fn of_one<'a>(paths: &[&'a Path], of: &dyn Fn(&Path) -> Option<Vec<u8>>) -> Vec<Vec<&'a Path>> {
    let mut groups: BTreeMap<Vec<u8>, Vec<&Path>> = BTreeMap::new();
    for path in paths {
        if let Some(key) = of(path) {
            groups.entry(key).or_default().push(path);
        }
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// The expert events beside one recording, if there are any: a SzCORE table under its name, or an
/// entry in the CHB-MIT summary of its folder.
///
/// # Errors
/// [`DatasetError::Format`] where there is such a file and it cannot be read.
pub fn events_beside(recording: &Path) -> Result<Option<Vec<Event>>, DatasetError> {
    if let Some(path) = bids::events_path_of(recording) {
        return Ok(Some(joined(events::read_events(&path)?)));
    }
    Ok(chbmit::events_of(recording)?.map(joined))
}

/// Whose a subject's recordings are: somebody with several names is one person.
pub fn person_of(subject: &str) -> String {
    SAME_PERSON
        .iter()
        .find(|(alias, _)| *alias == subject)
        .map_or_else(|| subject.to_string(), |(_, person)| (*person).to_string())
}
