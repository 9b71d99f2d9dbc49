//! Bytes at a place of a file, whatever the file is.

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::format::error::FormatError;

/// What a recording can be read from.
pub trait Stored: Read + Seek + Send {}

impl<T: Read + Seek + Send> Stored for T {}

/// A file and its length when it was opened; what is written to it later is not looked at.
pub struct Input {
    path: PathBuf,
    stored: Box<dyn Stored>,
    length: u64,
}

impl Input {
    pub fn new(path: &Path, mut stored: Box<dyn Stored>) -> Result<Input, FormatError> {
        let length = stored.seek(SeekFrom::End(0)).map_err(|source| unreadable(path, source))?;
        Ok(Input { path: path.to_path_buf(), stored, length })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    /// Fills `bytes` from `at`.
    pub fn read_at(&mut self, at: u64, bytes: &mut [u8]) -> Result<(), FormatError> {
        let read = self.stored.seek(SeekFrom::Start(at)).and_then(|_| self.stored.read_exact(bytes));
        read.map_err(|source| unreadable(&self.path, source))
    }
}

fn unreadable(path: &Path, source: std::io::Error) -> FormatError {
    FormatError::Io { doing: "read", path: path.to_path_buf(), source }
}
