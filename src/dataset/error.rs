//! What can go wrong when recordings are gathered.

use std::path::PathBuf;

use thiserror::Error;

use crate::format::FormatError;
use crate::signal::StreamError;
use crate::source::SourceError;

/// Recordings that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A recording or its events cannot be read.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A recording cannot be opened as a source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A recording does not suit.
    #[error("{path}: {source}")]
    Recording {
        /// The recording.
        path: PathBuf,
        /// Why.
        source: StreamError,
    },
    /// An expert's event that cannot be of its recording.
    #[error(
        "{path}: a seizure from {onset_s} to {end_s} s does not fit the recording, which lasts {duration_s} s{}; \
         expected events within it. Check whether the table of events belongs to this recording, and mend it{}",
        noted(warnings), if warnings.is_empty() { "" } else { ", or the recording" }
    )]
    EventOutside {
        /// The recording.
        path: PathBuf,
        /// The event's start in seconds of the recording.
        onset_s: f64,
        /// Its end.
        end_s: f64,
        /// How long the recording is.
        duration_s: f64,
        /// What there is to say about the recording's file.
        warnings: Vec<String>,
    },
    /// Recordings that cannot be used, each with its reason.
    #[error("{}{}", told(found), advice.as_deref().map(|advice| format!("\n{advice}")).unwrap_or_default())]
    Unusable {
        /// What is wrong, in the order of the recordings; at least one.
        found: Vec<Unusable>,
        /// What whoever gave the command can do, where it knows.
        advice: Option<String>,
    },
    /// An expert's seizure that lasts no time.
    #[error(
        "{path}: the seizure at {onset_s} s lasts 0 s; expected a duration above 0. Mend the table of events"
    )]
    NoDuration {
        /// The recording.
        path: PathBuf,
        /// The event's start in seconds of the recording.
        onset_s: f64,
    },
    /// A person who is not in the data.
    #[error("{name:?} is not among the people of this data; there are {people}")]
    UnknownPerson {
        /// The name given.
        name: String,
        /// Those that there are.
        people: String,
    },
    /// A table of expert events that cannot be used, where one can do without.
    #[error("{0}. To go on without the expert's marks, say --ignore-events")]
    Beside(FormatError),
    /// A subject below two roots.
    #[error(
        "{subjects}: below {} and below {}, and nothing says whether that is one person. Say --same-people if it is, or \
         --distinct-people if it is not; then people are called {} and {}",
        first.display(), second.display(), called[0], called[1]
    )]
    Namesakes {
        /// Who.
        subjects: String,
        /// One root.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// What the first of them would be called, told apart.
        called: [String; 2],
    },
    /// One recording in two files.
    #[error(
        "{} and {} are one recording: they have the same content. It would count twice, and might stand on both sides of what is \
         divided; expected each recording once",
        first.display(), second.display()
    )]
    Twice {
        /// One of them.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
}

/// A recording that cannot be used.
#[derive(Debug)]
pub struct Unusable {
    /// Whose it is.
    pub person: String,
    /// Why.
    pub error: DatasetError,
}

impl DatasetError {
    /// Refuses recordings that cannot be used, all in one message, so that not every run finds but the next of them.
    ///
    /// # Errors
    /// [`DatasetError::Unusable`] where there are some.
    pub fn refuse(found: Vec<Unusable>) -> Result<(), DatasetError> {
        match found.is_empty() {
            true => Ok(()),
            false => Err(DatasetError::Unusable { found, advice: None }),
        }
    }
}

/// Most recordings of which it is told why they cannot be used.
const MOST_TOLD: usize = 20;

fn told(found: &[Unusable]) -> String {
    let mut lines: Vec<String> = found.iter().take(MOST_TOLD).map(|one| one.error.to_string()).collect();
    if found.len() > MOST_TOLD {
        lines.push(format!("and {} more", found.len() - MOST_TOLD));
    }
    match found.len() {
        1 => lines.concat(),
        count => {
            format!("{count} recordings cannot be used, and nothing was done:\n  {}", lines.join("\n  "))
        }
    }
}

/// What there is to say about a file, in brackets.
fn noted(warnings: &[String]) -> String {
    if warnings.is_empty() { String::new() } else { format!(" ({})", warnings.join("; ")) }
}
