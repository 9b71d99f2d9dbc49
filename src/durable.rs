//! Files that are whole or absent: written beside, synced, renamed into place.
//!
//! A reader never sees half a file, and a crash or a full disk leaves the old one as it was.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Replaces the file at `path` by what `write` writes; folders that are missing are made.
///
/// # Errors
/// What the operating system or `write` says; the file at `path` is then untouched.
pub fn replace_file<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), E> {
    let folder = folder_of(path);
    fs::create_dir_all(&folder)?;
    let beside = beside(path);
    let written = (|| {
        let mut file = BufWriter::new(File::create(&beside)?);
        write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(())
    })();
    let placed = written.and_then(|()| Ok(place(&beside, path)?));
    if placed.is_err() {
        // Nothing half-written stays behind; the first error is the one that counts.
        let _ = fs::remove_file(&beside);
    }
    placed
}

/// Puts a file that is written and synced in its place.
///
/// # Errors
/// What the operating system says.
pub fn place(beside: &Path, path: &Path) -> io::Result<()> {
    fs::rename(beside, path)?;
    // The rename itself is durable once the folder is synced.
    File::open(folder_of(path))?.sync_all()
}

/// The name under which a file is written before it takes its place.
pub fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

/// A folder that this process alone writes to, until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct Held {
    _folder: File,
}

/// Holds a folder that is there. What the lock is on is the folder itself, so nothing is left over in it.
///
/// # Errors
/// [`io::ErrorKind::ResourceBusy`] where another process holds it; what the operating system says where it cannot be opened.
pub fn hold(folder: &Path) -> io::Result<Held> {
    let opened = File::open(folder)?;
    match opened.try_lock() {
        Err(TryLockError::WouldBlock) => Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another vigil is writing to it; wait for its end, or choose another place",
        )),
        // A file system without locks cannot be held, and is no reason to do nothing.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Held { _folder: opened }),
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
