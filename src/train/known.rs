//! The recordings that a reviewed table may speak of, by the names that it has for them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::dataset::Dataset;
use crate::format::label_review::LabelProposal;
use crate::format::{Malformation, Place};

/// The recordings below some roots, whether they are trained on or not: a table is made of everybody, and a training
/// leaves people out.
#[derive(Debug, Clone, Default)]
pub struct KnownRecordings {
    by_name: BTreeMap<String, Known>,
}

#[derive(Debug, Clone)]
struct Known {
    person: String,
    paths: Vec<PathBuf>,
    /// Whole seconds, to the last that was conditioned; of what was not read nobody knows them.
    seconds: Option<u64>,
}

impl KnownRecordings {
    /// `there` are all recordings below `roots` with whose they are; of those in `dataset` the length is known too.
    pub fn of(there: &[(String, PathBuf)], dataset: &Dataset, roots: &[PathBuf]) -> KnownRecordings {
        let mut ends = vec![0u64; dataset.recordings.len()];
        for stretch in &dataset.stretches {
            let end = (stretch.first_second + stretch.seconds()) as u64;
            ends[stretch.recording] = ends[stretch.recording].max(end);
        }
        let paths = dataset.recordings.iter().map(|recording| recording.path.as_path());
        let lengths: BTreeMap<&Path, u64> = paths.zip(ends).collect();
        let mut by_name: BTreeMap<String, Known> = BTreeMap::new();
        for (person, path) in there {
            let known = by_name.entry(name_below(path, roots)).or_insert_with(|| Known {
                person: person.clone(),
                paths: Vec::new(),
                seconds: None,
            });
            // One folder that is named twice is no second recording.
            if !known.paths.contains(path) {
                known.paths.push(path.clone());
            }
            known.seconds = known.seconds.or(lengths.get(path.as_path()).copied());
        }
        KnownRecordings { by_name }
    }

    /// Two recordings that a table could not tell apart: they lie at one place below two roots.
    pub fn of_one_name(&self) -> Option<[&Path; 2]> {
        self.by_name.values().find_map(Known::two)
    }

    /// Refuses rows that cannot be of these recordings.
    ///
    /// # Errors
    /// The first row whose recording is not among them or is two of them, is another person's or is shorter.
    pub fn must_hold(&self, rows: &[(usize, LabelProposal)]) -> Result<(), Malformation> {
        rows.iter().try_for_each(|(line, row)| self.must_hold_row(*line, row))
    }

    fn must_hold_row(&self, line: usize, row: &LabelProposal) -> Result<(), Malformation> {
        let misfit = |what: &str, found: String, expected: String| {
            Err(Malformation { place: Place::Line(line), what: what.into(), found, expected })
        };
        let Some(known) = self.by_name.get(&row.recording) else {
            let found = format!("{:?}", row.recording);
            return misfit("recording", found, "a recording of these data".into());
        };
        if let Some([first, second]) = known.two() {
            let found = format!("{:?}, which is {} and {}", row.recording, first.display(), second.display());
            let expected = "a recording at a place of its own below the folders of data; make a table for each folder, and train \
                            with one of them, or rename the subjects of one";
            return misfit("recording", found, expected.into());
        }
        if known.person != row.person {
            let expected = format!("{:?}, whose recording this is", known.person);
            return misfit("person", format!("{:?}", row.person), expected);
        }
        match known.seconds {
            Some(seconds) if row.end_s() > seconds => misfit(
                "onset and duration",
                format!("{} to {} s", row.onset_s, row.end_s()),
                format!("seconds within the recording's {seconds}"),
            ),
            _ => Ok(()),
        }
    }
}

impl Known {
    fn two(&self) -> Option<[&Path; 2]> {
        match self.paths.as_slice() {
            [first, second, ..] => Some([first.as_path(), second.as_path()]),
            _ => None,
        }
    }
}

/// The name of each recording of a data set in a table.
pub fn names_of(dataset: &Dataset, roots: &[PathBuf]) -> Vec<String> {
    dataset.recordings.iter().map(|recording| name_below(&recording.path, roots)).collect()
}

/// A recording's path below the root that it was found under.
fn name_below(path: &Path, roots: &[PathBuf]) -> String {
    let relative = roots.iter().find_map(|root| path.strip_prefix(root).ok()).unwrap_or(path);
    relative.to_string_lossy().into_owned()
}
