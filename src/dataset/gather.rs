//! Finding labelled recordings: BIDS trees and the CHB-MIT layout.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::chbmit_edition::{is_chbmit, original};
use super::conditioned::LabelledRecording;
use super::error::DatasetError;
use super::namesakes::{Namesakes, called, root_names};
use crate::eeg::{Event, joined};
use crate::format::events::EventsTable;
use crate::format::strays::Strays;
use crate::format::{FormatError, bids, chbmit, events};

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
    /// What subjects of one name below several roots are.
    pub namesakes: Namesakes,
}

/// What lies below some roots.
#[derive(Debug, Clone, Default)]
pub struct Gathered {
    /// The recordings with expert events, those that say that there are none included.
    pub recordings: Vec<LabelledRecording>,
    /// Recordings beside which no events lie: nothing is known of their seizures.
    pub unmarked: Vec<PathBuf>,
    /// Recordings whose table has no row, as one has that was not written to its end: nothing is known of their seizures either.
    pub without_rows: Vec<PathBuf>,
    /// Tables of events whose recording is not there.
    pub without_recording: Vec<PathBuf>,
    /// All recordings that there are and whose they are, those of people who were not asked for and those without events
    /// included.
    pub there: Vec<(String, PathBuf)>,
    /// Tables of events, each with a file of its name that is not where or called as a recording is.
    pub misplaced: Vec<(PathBuf, PathBuf)>,
    /// Recordings that are compressed.
    pub compressed: Vec<PathBuf>,
    /// Tables of events in which something was passed over, and what.
    pub passed_over: Vec<(PathBuf, String)>,
    /// Roots that say that they are CHB-MIT, whose subjects were given the names that they have there.
    pub renamed: Vec<PathBuf>,
}

/// A recording on its way.
struct Found {
    /// Index of its root.
    root: usize,
    /// As the data set calls them, but for CHB-MIT's other edition.
    subject: String,
    /// Whose it is.
    person: String,
    path: PathBuf,
    marks: Marks,
}

/// Where a recording's events are.
enum Marks {
    Read(Vec<Event>),
    Table(PathBuf),
    Nowhere,
}

/// Finds the recordings below each root, with their events and whose they are. Seizures that overlap are one.
///
/// A root is a BIDS tree (`sub-*/…`) or a folder of CHB-MIT cases (`chbNN/` with its summary, or
/// one such case).
///
/// # Errors
/// [`DatasetError::Format`] where a root or events files cannot be read - all of them in one message -, [`DatasetError::Twice`]
/// where one recording is there twice, [`DatasetError::UnknownPerson`] where a name in `people` is not there,
/// [`DatasetError::Namesakes`] where a subject is below two roots and nobody says who that is.
pub fn gather(roots: &[PathBuf], people: &People<'_>) -> Result<Gathered, DatasetError> {
    let (gathered, unreadable) = look_through(roots, people)?;
    FormatError::all(unreadable.into_iter().map(|(_, error)| error).collect())?;
    Ok(gathered)
}

/// The same, with the events files that cannot be read and whose they are in place of an error: there may be more to tell.
///
/// # Errors
/// As [`gather`], but for events files.
pub fn look_through(
    roots: &[PathBuf],
    people: &People<'_>,
) -> Result<(Gathered, Vec<(String, FormatError)>), DatasetError> {
    let mut gathered = Gathered::default();
    let mut found: Vec<Found> = Vec::new();
    for (index, root) in roots.iter().enumerate() {
        found.extend(below(index, root, &mut gathered)?);
    }
    if people.namesakes == Namesakes::Apart {
        let names = root_names(roots);
        found.iter_mut().for_each(|one| one.person = called(&names[one.root], &one.person));
    }
    let mut there: Vec<&str> = found.iter().map(|one| one.person.as_str()).collect();
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
    gathered.there = found.iter().map(|one| (one.person.clone(), one.path.clone())).collect();
    found.retain(|one| {
        (people.only.is_empty() || people.only.contains(&one.person)) && !people.exclude.contains(&one.person)
    });
    let paths: Vec<&Path> = found.iter().map(|one| one.path.as_path()).collect();
    refuse_twice(&paths)?;
    if people.namesakes == Namesakes::Refused {
        refuse_namesakes(roots, &found)?;
    }
    let mut unreadable = Vec::new();
    for Found { person, path, marks, .. } in found {
        let events = match marks {
            Marks::Read(events) => events,
            Marks::Nowhere => {
                gathered.unmarked.push(path);
                continue;
            }
            Marks::Table(table) => match events::read_table(&table) {
                Ok(EventsTable { events, .. }) if events.is_empty() => {
                    gathered.without_rows.push(path);
                    continue;
                }
                Ok(EventsTable { events, passed_over }) => {
                    gathered.passed_over.extend(passed_over.map(|what| (table, what)));
                    events
                }
                Err(error) => {
                    unreadable.push((person, error));
                    continue;
                }
            },
        };
        gathered.recordings.push(LabelledRecording { person, path, events: joined(events) });
    }
    Ok((gathered, unreadable))
}

/// The recordings below one root; what else lies there is added to what was gathered.
fn below(root: usize, path: &Path, gathered: &mut Gathered) -> Result<Vec<Found>, DatasetError> {
    if chbmit::is_layout(path) {
        let recordings = chbmit::recordings(path)?.into_iter();
        let (compressed, unnamed) = chbmit::passed_over(path)?;
        gathered.compressed.extend(compressed);
        gathered.unmarked.extend(unnamed);
        return Ok(recordings
            .map(|recording| Found {
                root,
                person: person_of(&recording.subject),
                subject: recording.subject,
                path: recording.path,
                marks: Marks::Read(recording.events),
            })
            .collect());
    }
    let recordings = bids::recordings(path)?;
    let strays = Strays::of(path, &recordings);
    gathered.without_recording.extend(strays.alone);
    gathered.misplaced.extend(strays.misplaced);
    gathered.compressed.extend(strays.compressed);
    let is_edition = is_chbmit(path);
    if is_edition && recordings.iter().any(|recording| original(&recording.subject).is_some()) {
        gathered.renamed.push(path.to_path_buf());
    }
    Ok(recordings
        .into_iter()
        .map(|recording| {
            let known = original(&recording.subject).filter(|_| is_edition);
            let subject = known.unwrap_or(recording.subject);
            let marks = recording.events_path.map_or(Marks::Nowhere, Marks::Table);
            Found { root, person: person_of(&subject), subject, path: recording.eeg_path, marks }
        })
        .collect())
}

/// Refuses a subject below two roots: they would count as one person, whoever they are.
fn refuse_namesakes(roots: &[PathBuf], found: &[Found]) -> Result<(), DatasetError> {
    let mut first_root: BTreeMap<&str, usize> = BTreeMap::new();
    let mut twice: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for one in found {
        let first = *first_root.entry(&one.subject).or_insert(one.root);
        if first != one.root {
            twice.entry(&one.subject).or_insert((first, one.root));
        }
    }
    let Some((subject, (first, second))) = twice.first_key_value() else { return Ok(()) };
    let names = root_names(roots);
    let mut subjects: Vec<String> = twice.keys().take(MOST_SUBJECTS).map(ToString::to_string).collect();
    if twice.len() > MOST_SUBJECTS {
        subjects.push(format!("{} more", twice.len() - MOST_SUBJECTS));
    }
    Err(DatasetError::Namesakes {
        subjects: subjects.join(", "),
        first: roots[*first].clone(),
        second: roots[*second].clone(),
        called: [*first, *second].map(|root| called(&names[root], subject)),
    })
}

/// Most subjects below two roots who are named.
const MOST_SUBJECTS: usize = 10;

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
/// entry in the CHB-MIT summary of its folder. A table without a row says nothing. `told` hears what was passed over in it.
///
/// # Errors
/// [`DatasetError::Format`] where there is such a file and it cannot be read.
pub fn events_beside(
    recording: &Path,
    told: &mut dyn FnMut(&Path, &str),
) -> Result<Option<Vec<Event>>, DatasetError> {
    if let Some(path) = bids::events_path_of(recording) {
        let EventsTable { events, passed_over } = events::read_table(&path)?;
        passed_over.iter().for_each(|what| told(&path, what));
        return Ok((!events.is_empty()).then(|| joined(events)));
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
