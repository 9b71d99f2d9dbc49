//! A log that cannot be used, and an entry that it does not take.

use std::path::PathBuf;

use thiserror::Error;

use crate::alarm::state::OutOfOrder;

/// Why the log does not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LogError {
    /// Traces of a change by another program, or of an earlier version's `restore`.
    #[error(
        "{path}: {found}; the file itself is sound and stays in use: compare it with a backup (`vigil alarms restore` \
         adds entries that are missing, and mends neither numbers nor a guard)"
    )]
    Touched {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// No database, or a damaged one.
    #[error(
        "{path}: {found}; expected vigil's log of alarms; the file is left as it is: restore a backup with `vigil alarms restore`"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// A newer program wrote it.
    #[error(
        "{path}: the log of alarms has version {found}, this program knows {known}; use the newer vigil that wrote it"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: usize,
        /// Ours.
        known: usize,
    },
    /// Another process holds it.
    #[error(
        "{path}: the log of alarms is locked by another process; end what holds it (a backup tool, an open sqlite3), then try again"
    )]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// There is none.
    #[error(
        "{path}: there is no log of alarms; expected the `state` folder of a vigil.toml whose daemon has run"
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The disk refuses.
    #[error("cannot {doing} the log of alarms {path}: {reason}")]
    Disk {
        /// "open", "read" or "write".
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// SQLite's or the system's own words.
        reason: String,
    },
    /// The alarm is not where the act could follow.
    #[error("{alarm}: {why}")]
    Refused {
        /// The alarm.
        alarm: String,
        /// Why not.
        why: OutOfOrder,
    },
    /// No such alarm.
    #[error("there is no alarm {alarm}; `vigil alarms list` shows them")]
    NoAlarm {
        /// As asked for.
        alarm: String,
    },
    /// Somebody else has judged the alarm meanwhile.
    #[error("{alarm} has been reviewed by {by} meanwhile ({judgement}); look at that, then review again")]
    ReviewedMeanwhile {
        /// The alarm.
        alarm: String,
        /// Who.
        by: String,
        /// As what.
        judgement: &'static str,
    },
    /// Somebody else has read the alarm a second time meanwhile.
    #[error(
        "{alarm} has been read a second time by {by} meanwhile ({judgement}); look at that, then read again"
    )]
    ReadMeanwhile {
        /// The alarm.
        alarm: String,
        /// Who.
        by: String,
        /// As what.
        judgement: &'static str,
    },
    /// Who reads a second time has read first.
    #[error("{by} has judged {alarm} before; a second reading is another person's: leave it to a colleague")]
    OwnReview {
        /// The alarm.
        alarm: String,
        /// Who.
        by: String,
    },
    /// There is no first judgement yet.
    #[error(
        "{alarm} has not been judged yet; a second reading follows a first: judge it as its first reviewer"
    )]
    NotReviewed {
        /// The alarm.
        alarm: String,
    },
    /// Nothing that the log could hold.
    #[error("{0}")]
    Mistake(String),
}

impl LogError {
    /// Whether the entry is at fault, and not the log.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            LogError::Refused { .. }
                | LogError::NoAlarm { .. }
                | LogError::ReviewedMeanwhile { .. }
                | LogError::ReadMeanwhile { .. }
                | LogError::OwnReview { .. }
                | LogError::NotReviewed { .. }
                | LogError::Mistake(_)
        )
    }
}
