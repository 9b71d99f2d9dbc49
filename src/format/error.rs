//! What can be wrong with a file.

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Where in a file something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Offset from the file's start.
    Byte(u64),
    /// Line, from 1.
    Line(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Byte(byte) => write!(f, "byte {byte}"),
            Place::Line(line) => write!(f, "line {line}"),
        }
    }
}

/// A file that cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The operating system refused.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// "read", "write", "list".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
    /// The file's content is not what its format says.
    #[error("{path}, {place}: {what} is {found}; expected {expected}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where.
        place: Place,
        /// Which field or part.
        what: String,
        /// What stands there.
        found: String,
        /// What should stand there.
        expected: String,
    },
    /// A folder that does not hold what it should.
    #[error("{path} {found}; expected {expected}")]
    Layout {
        /// The folder.
        path: PathBuf,
        /// What it holds.
        found: String,
        /// What it should hold.
        expected: String,
    },
    /// Several files, each with what is wrong with it.
    #[error("{} files cannot be used:\n  {}", .0.len(), told(.0))]
    Several(Vec<FormatError>),
    /// A request that the file cannot answer, or data that a format cannot hold.
    #[error("{path}: {what} is {found}; expected {expected}")]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Which value.
        what: String,
        /// The value.
        found: String,
        /// What is possible.
        expected: String,
    },
}

/// Most files of which it is told what is wrong with them.
const MOST_TOLD: usize = 10;

fn told(errors: &[FormatError]) -> String {
    let mut lines: Vec<String> = errors.iter().take(MOST_TOLD).map(ToString::to_string).collect();
    if errors.len() > MOST_TOLD {
        lines.push(format!("and {} more", errors.len() - MOST_TOLD));
    }
    lines.join("\n  ")
}

impl FormatError {
    /// What is wrong with some files, in one message, so that not every run finds but the next of them.
    ///
    /// # Errors
    /// The one error, or [`FormatError::Several`].
    pub fn all(mut errors: Vec<FormatError>) -> Result<(), FormatError> {
        match errors.len() {
            0 => Ok(()),
            1 => Err(errors.remove(0)),
            _ => Err(FormatError::Several(errors)),
        }
    }
}

/// Something malformed in bytes or text whose file is not known yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformation {
    /// Where.
    pub place: Place,
    /// Which field or part.
    pub what: String,
    /// What stands there.
    pub found: String,
    /// What should stand there.
    pub expected: String,
}

impl fmt::Display for Malformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Malformation { place, what, found, expected } = self;
        write!(f, "{place}: {what} is {found}; expected {expected}")
    }
}

impl Malformation {
    /// Names the file.
    pub fn in_file(self, path: &Path) -> FormatError {
        let Malformation { place, what, found, expected } = self;
        FormatError::Malformed { path: path.to_path_buf(), place, what, found, expected }
    }
}
