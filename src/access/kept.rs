//! Sessions of displays, kept on disk: a display on the wall that a restart signed out would be silent until somebody
//! passes by.
//!
//! Only viewers' sessions are kept, which see no names and change nothing. Of a session stands there the digest of its
//! secret, whose it is, and until when: it opens nothing.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::durable;

/// A larger file is none of ours.
const LARGEST: u64 = 8 << 20;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kept {
    /// Digest of its secret.
    pub key: [u8; 32],
    /// Whose.
    pub name: String,
    /// Digest of what was kept of the password: with another password the session is another's.
    pub password: [u8; 32],
    /// When it ends in any case, in seconds since 1970.
    pub until_s: u64,
}

/// The file, and what was written to it last.
pub struct Keeper {
    path: PathBuf,
    last: Mutex<Option<Vec<Kept>>>,
}

impl Keeper {
    /// Nothing is written yet.
    pub fn at(path: &Path) -> Keeper {
        Keeper { path: path.to_path_buf(), last: Mutex::default() }
    }

    /// What an earlier daemon kept; nothing where there is no file.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub fn read(&self) -> io::Result<Vec<Kept>> {
        match std::fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
            Ok(found) if found.len() > LARGEST => return Err(io::Error::other("it is too large")),
            Ok(_) => {}
        }
        Ok(serde_json::from_slice(&std::fs::read(&self.path)?)?)
    }

    /// Writes what is to be kept, where it is not what stands there. What cannot be written is removed: a session that
    /// has ended must not come back.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn write(&self, all: impl FnOnce() -> Vec<Kept>) -> io::Result<()> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked for under the lock: what is written last is the newest.
        let mut all = all();
        all.sort();
        if last.as_ref() == Some(&all) {
            return Ok(());
        }
        let written = durable::replace_with(&self.path, std::convert::identity, |beside| {
            let _ = std::fs::remove_file(beside);
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
            file.write_all(&serde_json::to_vec(&all)?)?;
            file.sync_all()
        });
        if written.is_err() {
            let _ = std::fs::remove_file(&self.path);
        }
        *last = Some(all);
        written
    }
}
