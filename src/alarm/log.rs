//! The log of alarms: one JSON object a line, appended, synced, never changed.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::technical::{Priority, TechnicalKind};

/// A log that cannot be read or written.
#[derive(Debug, Error)]
#[error("cannot {doing} the log of alarms {path}: {source}")]
pub struct LogError {
    /// "open", "read" or "write".
    pub doing: &'static str,
    /// The file.
    pub path: PathBuf,
    /// The system's own words.
    pub source: std::io::Error,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum LogEntry {
    /// A detector raised a seizure alarm.
    Seizure {
        /// Wall clock, RFC 3339 in UTC.
        time: String,
        /// The bed.
        bed: String,
        /// The patient's id.
        patient: String,
        /// Which of the bed's time lines the seconds are of: when it began, in milliseconds since 1970.
        timeline: u64,
        /// Second of the time line in which the run began that led to it.
        onset_second: u64,
        /// Second in which it was raised. With bed and time line it is the alarm's identity.
        raised_second: u64,
        /// Wall clock of the onset, RFC 3339 in UTC.
        onset: String,
        /// Digests of CNN and autoencoder that judged.
        cnn: String,
        /// See `cnn`; empty without an autoencoder.
        autoencoder: String,
    },
    /// A seizure alarm's condition ended.
    SeizureEnded {
        /// Wall clock.
        time: String,
        /// The bed.
        bed: String,
        /// Which alarm.
        timeline: u64,
        /// See `timeline`.
        raised_second: u64,
        /// First second without it.
        end_second: u64,
    },
    /// A technical alarm was raised or cleared.
    Technical {
        /// Wall clock.
        time: String,
        /// The bed; empty for the ward's own.
        bed: String,
        /// What is wrong.
        kind: TechnicalKind,
        /// How soon somebody must act.
        priority: Priority,
        /// Raised, or cleared.
        raised: bool,
        /// What and where, in words.
        detail: String,
    },
    /// A bed's model was exchanged.
    Switched {
        /// Wall clock.
        time: String,
        /// The bed.
        bed: String,
        /// The patient's id.
        patient: String,
        /// Digest of the autoencoder that judged until now; empty without one.
        from: String,
        /// Digest of the one that judges from here on.
        to: String,
        /// First second that it judges.
        from_second: u64,
    },
}

/// The log, open for appending.
pub struct AlarmLog {
    path: PathBuf,
    file: File,
}

impl AlarmLog {
    /// Opens the log, or begins it. A line that a crash cut short is ended, so that it damages no
    /// other.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn open(path: &Path) -> Result<AlarmLog, LogError> {
        let failed = |source| LogError { doing: "open", path: path.to_path_buf(), source };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length > 0 {
            let mut last = [0];
            file.seek(SeekFrom::Start(length - 1)).map_err(failed)?;
            file.read_exact(&mut last).map_err(failed)?;
            if last != *b"\n" {
                file.write_all(b"\n").map_err(failed)?;
            }
        }
        Ok(AlarmLog { path: path.to_path_buf(), file })
    }

    /// Appends an entry; when this returns it is on disk.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn append(&mut self, entry: &LogEntry) -> Result<(), LogError> {
        let failed = |source| LogError { doing: "write", path: self.path.clone(), source };
        let mut line = serde_json::to_vec(entry).map_err(|e| failed(std::io::Error::other(e)))?;
        line.push(b'\n');
        self.file.write_all(&line).and_then(|()| self.file.sync_data()).map_err(failed)
    }
}

/// The seizure alarms of one time line of a bed that stand in the log, by the second in which they were raised: after
/// a restart none of them is announced again. A log that is absent holds none; lines that are damaged
/// are passed over.
///
/// # Errors
/// [`LogError`] where the log cannot be read.
pub fn seizures_logged(path: &Path, bed: &str, timeline: u64) -> Result<BTreeSet<u64>, LogError> {
    let failed = |source| LogError { doing: "read", path: path.to_path_buf(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut seconds = BTreeSet::new();
    for line in BufReader::new(file).split(b'\n') {
        let line = line.map_err(failed)?;
        if let Ok(LogEntry::Seizure { bed: of, timeline: line_of, raised_second, .. }) =
            serde_json::from_slice(&line)
            && of == bed
            && line_of == timeline
        {
            seconds.insert(raised_second);
        }
    }
    Ok(seconds)
}
