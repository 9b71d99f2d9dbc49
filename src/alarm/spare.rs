//! Where entries lie while the log cannot be written: one JSON object a line, appended, synced. They move into the log
//! as soon as it can be written again.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::entry::Entry;

/// The spare file beside the log.
pub struct Spare {
    path: PathBuf,
}

impl Spare {
    /// The spare of a log; nothing is made before it is needed.
    pub fn of(log: &Path) -> Spare {
        Spare { path: log.with_file_name("alarms-not-in-log.jsonl") }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends an entry; when this returns it is on disk.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn append(&self, entry: &Entry) -> std::io::Result<()> {
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&self.path)?;
        let length = file.metadata()?.len();
        let mut line = Vec::new();
        if length > 0 {
            // A line that a crash or a full disk cut short is ended, so that it damages no other.
            let mut last = [0];
            file.seek(SeekFrom::Start(length - 1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                line.push(b'\n');
            }
        }
        serde_json::to_writer(&mut line, entry)?;
        line.push(b'\n');
        file.write_all(&line)?;
        file.sync_data()
    }

    /// The entries that wait, in order, and how many lines are damaged.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn entries(&self) -> std::io::Result<(Vec<Entry>, usize)> {
        let bytes = match std::fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok((Vec::new(), 0)),
            Err(error) => return Err(error),
        };
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let (mut entries, mut damaged) = (Vec::new(), 0);
        for line in lines {
            match serde_json::from_slice(line) {
                Ok(entry) => entries.push(entry),
                Err(_) => damaged += 1,
            }
        }
        Ok((entries, damaged))
    }

    /// What waited is in the log now. A file with damaged lines is kept under another name.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn done(&self, damaged: usize) -> std::io::Result<()> {
        if damaged > 0 {
            std::fs::rename(&self.path, self.path.with_extension("damaged.jsonl"))?;
        } else {
            match std::fs::remove_file(&self.path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        match self.path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
            _ => Ok(()),
        }
    }
}
