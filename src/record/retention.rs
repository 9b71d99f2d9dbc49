//! How long the record is kept, and how much room there is.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::config::RecordConfig;
use super::error::RecordError;

/// Bytes in a gigabyte, as disks are sold.
const GB: f64 = 1e9;

/// Files that were written this recently may be written still.
const JUST_WRITTEN: Duration = Duration::from_secs(120);

/// What a crash left of a file that was being made goes after this long.
const UNMADE: Duration = Duration::from_secs(3600);

/// What was deleted, and how much room there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retained {
    /// Files deleted for their age.
    pub too_old: Vec<PathBuf>,
    /// Files deleted to make room.
    pub for_room: Vec<PathBuf>,
    /// Bytes free now.
    pub free: u64,
}

/// Bytes that this program may still write below a folder.
///
/// # Errors
/// [`RecordError::Io`].
pub fn free_bytes(folder: &Path) -> Result<u64, RecordError> {
    let stat = rustix::fs::statvfs(folder).map_err(|error| RecordError::io("read", folder)(error.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Deletes finished files that are too old, then the oldest while too little is free. Files in `open`
/// are left alone, and so are those that were written a moment ago, and everything that is not named like
/// a record. A file that was never finished being made, an hour old, goes with those that are too old.
///
/// # Errors
/// [`RecordError::Io`] where the folder cannot be read, or a file cannot be deleted: the others are
/// deleted all the same.
pub fn retain(config: &RecordConfig, open: &[PathBuf], now: SystemTime) -> Result<Retained, RecordError> {
    let mut retained = Retained { too_old: Vec::new(), for_room: Vec::new(), free: 0 };
    if !config.folder.exists() {
        return Ok(retained);
    }
    let mut refused = None;
    let mut files = Vec::new();
    for (written, path) in recorded(&config.folder, now)? {
        let age = now.duration_since(written).unwrap_or_default();
        let unmade = path.extension().is_some_and(|ending| ending == "new");
        let too_old = age.as_secs_f64() > config.keep_days * 86_400.0 || (unmade && age > UNMADE);
        if open.contains(&path) || age < JUST_WRITTEN {
            continue;
        } else if !too_old {
            files.push((written, path));
        } else if let Err(error) = delete(&path) {
            refused.get_or_insert(error);
        } else {
            retained.too_old.push(path);
        }
    }
    retained.free = free_bytes(&config.folder)?;
    for (_, path) in files {
        if retained.free as f64 >= config.keep_free_gb * GB {
            break;
        } else if let Err(error) = delete(&path) {
            refused.get_or_insert(error);
        } else {
            retained.for_room.push(path);
            retained.free = free_bytes(&config.folder)?;
        }
    }
    refused.map_or(Ok(retained), Err)
}

/// Files of the record and those that were being made, oldest first.
fn recorded(folder: &Path, now: SystemTime) -> Result<Vec<(SystemTime, PathBuf)>, RecordError> {
    let mut files = Vec::new();
    for bed in folders_in(folder)? {
        for day in folders_in(&bed)? {
            for entry in std::fs::read_dir(&day).map_err(RecordError::io("read", &day))?.flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let Ok(metadata) = entry.metadata() else { continue };
                if name.ends_with(".h5") || name.ends_with(".h5.new") {
                    files.push((metadata.modified().unwrap_or(now), entry.path()));
                }
            }
        }
    }
    files.sort();
    Ok(files)
}

fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, RecordError> {
    let entries = std::fs::read_dir(folder).map_err(RecordError::io("read", folder))?;
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}

fn delete(path: &Path) -> Result<(), RecordError> {
    std::fs::remove_file(path).map_err(RecordError::io("delete", path))?;
    if let Some(day) = path.parent() {
        // Gone with its last file; a day that still holds one refuses.
        let _ = std::fs::remove_dir(day);
    }
    Ok(())
}
