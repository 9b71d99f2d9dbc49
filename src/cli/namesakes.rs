//! Whether people of one name in several data sets are one person.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::error::CliError;
use crate::dataset::{LabelledRecording, Namesakes};

/// What is told of people of one name.
#[derive(Debug, Clone, Args)]
pub struct NamesakeArgs {
    /// Subjects of one name below several --data are one person
    #[arg(long, conflicts_with = "distinct_people")]
    same_people: bool,
    /// Subjects of one name below several --data are different people: everybody is called by the folder too, as north:p01
    #[arg(long)]
    distinct_people: bool,
}

impl NamesakeArgs {
    /// What was told where the options could not be taken in as they are.
    pub fn new(same_people: bool, distinct_people: bool) -> NamesakeArgs {
        NamesakeArgs { same_people, distinct_people }
    }

    /// What such people are.
    pub fn rule(&self) -> Namesakes {
        match (self.same_people, self.distinct_people) {
            (true, _) => Namesakes::OnePerson,
            (_, true) => Namesakes::Apart,
            _ => Namesakes::Refused,
        }
    }
}

/// Refuses recordings at one place below two roots: a table of proposals tells them by that place alone.
///
/// # Errors
/// [`CliError::Usage`] with the place.
pub fn places_must_differ(recordings: &[LabelledRecording], roots: &[PathBuf]) -> Result<(), CliError> {
    let mut places: BTreeMap<&Path, &Path> = BTreeMap::new();
    for path in recordings.iter().map(|recording| recording.path.as_path()) {
        let place = roots.iter().find_map(|root| path.strip_prefix(root).ok()).unwrap_or(path);
        if let Some(other) = places.insert(place, path) {
            return Err(CliError::Usage(format!(
                "{} and {} lie at the same place below their --data, by which a table of proposals tells recordings; expected \
                 one --data at a time, with a table of its own",
                other.display(),
                path.display()
            )));
        }
    }
    Ok(())
}
