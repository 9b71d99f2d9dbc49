//! Why a second cannot be explained.

use thiserror::Error;

use crate::detect::JudgeError;
use crate::signal::StreamError;

/// A second that cannot be explained.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ExplainError {
    /// The moment is not within the recording.
    #[error(
        "{at_s} s from its start is outside the recording, which lasts {duration_s} s: \
         expected from 0 to below {duration_s}, or a wall time from {from} to {to}"
    )]
    Outside {
        /// Seconds from the recording's start.
        at_s: f64,
        /// Length of the recording.
        duration_s: f64,
        /// Wall time of its start.
        from: String,
        /// Wall time of its end.
        to: String,
    },
    /// There is no signal.
    #[error(
        "second {second} is not judged: from {from_s} to {to_s} s there is no whole second without a gap"
    )]
    Gap {
        /// The second asked for.
        second: u64,
        /// Where the last second before it ends.
        from_s: f64,
        /// Where the next second after it begins, or the recording ends.
        to_s: f64,
    },
    /// Too few derivations.
    #[error(
        "second {second} is not judged: {absent} of {of} derivations are absent, {allowed} may be ({which})"
    )]
    TooFew {
        /// The second asked for.
        second: u64,
        /// How many are absent.
        absent: usize,
        /// Of how many.
        of: usize,
        /// How many may be.
        allowed: usize,
        /// Their names, and what is wrong with each.
        which: String,
    },
    /// The recording cannot be made windows of.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// A network failed.
    #[error(transparent)]
    Judge(#[from] JudgeError),
}
