//! Finding labelled recordings: BIDS trees and the CHB-MIT layout.

use std::path::{Path, PathBuf};

use super::conditioned::LabelledRecording;
use super::error::DatasetError;
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

/// Finds the recordings below each root, with their events and whose they are.
///
/// A root is a BIDS tree (`sub-*/…`) or a folder of CHB-MIT cases (`chbNN/` with its summary, or
/// one such case).
///
/// # Errors
/// [`DatasetError::Format`] where a root or an events file cannot be read,
/// [`DatasetError::UnknownPerson`] where a name in `people` is not there.
pub fn gather(roots: &[PathBuf], people: &People<'_>) -> Result<Vec<LabelledRecording>, DatasetError> {
    let mut recordings = Vec::new();
    for root in roots {
        if chbmit::is_layout(root) {
            for found in chbmit::recordings(root)? {
                recordings.push(LabelledRecording {
                    person: person_of(&found.subject),
                    path: found.path,
                    events: found.events,
                });
            }
            continue;
        }
        for found in bids::recordings(root)? {
            let events = match &found.events_path {
                Some(path) => events::read_events(path)?,
                None => Vec::new(),
            };
            recordings.push(LabelledRecording {
                person: person_of(&found.subject),
                path: found.eeg_path,
                events,
            });
        }
    }
    let mut there: Vec<&str> = recordings.iter().map(|recording| recording.person.as_str()).collect();
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
    recordings.retain(|recording| {
        (people.only.is_empty() || people.only.contains(&recording.person))
            && !people.exclude.contains(&recording.person)
    });
    Ok(recordings)
}

/// The expert events beside one recording, if there are any: a SzCORE table under its name, or an
/// entry in the CHB-MIT summary of its folder.
///
/// # Errors
/// [`DatasetError::Format`] where there is such a file and it cannot be read.
pub fn events_beside(recording: &Path) -> Result<Option<Vec<crate::eeg::Event>>, DatasetError> {
    if let Some(path) = bids::events_path_of(recording) {
        return Ok(Some(events::read_events(&path)?));
    }
    Ok(chbmit::events_of(recording)?)
}

/// Whose a subject's recordings are: somebody with several names is one person.
pub fn person_of(subject: &str) -> String {
    SAME_PERSON
        .iter()
        .find(|(alias, _)| *alias == subject)
        .map_or_else(|| subject.to_string(), |(_, person)| (*person).to_string())
}
