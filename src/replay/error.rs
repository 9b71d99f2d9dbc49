//! What can go wrong with a replay.

use std::path::PathBuf;

use thiserror::Error;

use crate::detect::JudgeError;
use crate::format::FormatError;
use crate::plot::PlotError;
use crate::signal::StreamError;

/// A replay that cannot be done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// A file or folder that is not there, or that the system does not let us read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
    /// A folder without a recording.
    #[error(
        "{path} holds no recording: expected files that end in .edf or .bdf, in it or in folders below it"
    )]
    NoRecording {
        /// The folder.
        path: PathBuf,
    },
    /// Two recordings of one time.
    #[error(
        "{second} starts {overlap_s:.0} s before {first} ends{starts}; one patient's recordings follow each other: \
         give the recordings of one patient only, each once. Where their dates were removed or made up, say \
         --in-order-given, and they are set behind each other in the order given"
    )]
    Overlap {
        /// The earlier recording.
        first: PathBuf,
        /// The later one.
        second: PathBuf,
        /// Seconds that they share.
        overlap_s: f64,
        /// Their starts, in words.
        starts: String,
    },
    /// Two recordings whose outputs would have one name.
    #[error("{first} and {second} would both write {output}; rename one of them or replay them apart")]
    SameName {
        /// One recording.
        first: PathBuf,
        /// The other.
        second: PathBuf,
        /// The file that both would write.
        output: PathBuf,
    },
    /// A recording that cannot be read.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A recording whose signal does not suit.
    #[error("{path}: {source}")]
    Stream {
        /// The recording.
        path: PathBuf,
        /// Why.
        source: StreamError,
    },
    /// No second of any recording could be judged.
    #[error(
        "no second could be judged in {seconds} s of {recordings} recordings; {reason}; \
         look at the signal with `vigil info REC --window T --png F`"
    )]
    NothingJudged {
        /// How many recordings.
        recordings: usize,
        /// How many seconds.
        seconds: usize,
        /// The commonest fault.
        reason: String,
    },
    /// A network failed.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// A picture cannot be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// An output cannot be written.
    #[error("cannot write {path}: {source}; what was written before is complete")]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
}
