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
        "{path}: a seizure from {onset_s} to {end_s} s does not fit the recording, which lasts {duration_s} s; \
         expected events within it. Check whether the table of events belongs to this recording, and mend it"
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
