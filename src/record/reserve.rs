//! Room on the disk that a growing file has for itself.
//!
//! The HDF5 library does not outlive a write that the disk refuses: a file that cannot be closed leaves it
//! with dangling handles, and the next call ends the program. So what it is about to write has its room
//! before, beyond the file's end, and a full disk is met here, where it is an error like any other.
//!
//! A file system that cannot keep room (some network file systems) is told in the log, once for each file,
//! and trusted.

use std::fs::{File, OpenOptions};
use std::path::Path;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

/// Room beyond what is to be written: for the library's own tables, and to close the file.
const SLACK: u64 = 256 << 10;

/// How much is taken at once.
const STEP: u64 = 1 << 20;

/// The room of one file; what it did not need is given back when this is dropped.
pub(super) struct Reserve {
    file: File,
    /// Bytes up to here have their room.
    to: u64,
    /// The file system can keep room.
    kept: bool,
}

impl Reserve {
    /// Takes the first room of a file.
    pub(super) fn of(path: &Path) -> std::io::Result<Reserve> {
        let file = OpenOptions::new().write(true).open(path)?;
        let mut reserve = Reserve { file, to: 0, kept: true };
        reserve.ensure(0)?;
        Ok(reserve)
    }

    /// The file was cut, and its room with it: takes the first room again.
    pub(super) fn anew(&mut self) -> std::io::Result<()> {
        self.to = 0;
        self.ensure(0)
    }

    /// Sees to it that the file may grow by some bytes.
    pub(super) fn ensure(&mut self, bytes: u64) -> std::io::Result<()> {
        if !self.kept {
            return Ok(());
        }
        let needed = self.file.metadata()?.len().saturating_add(bytes).saturating_add(SLACK);
        if needed <= self.to {
            return Ok(());
        }
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, 0, needed + STEP) {
            Ok(()) => self.to = needed + STEP,
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {
                tracing::warn!(
                    "the record's file system cannot keep room: a disk that fills may crash the daemon"
                );
                self.kept = false;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        // A file system that keeps the room still does no harm.
        let _ = give_back(&self.file);
    }
}

/// Gives back room that was kept beyond a file's end.
pub(super) fn give_back(file: &File) -> std::io::Result<()> {
    file.set_len(file.metadata()?.len())
}
