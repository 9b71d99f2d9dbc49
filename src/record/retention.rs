//! How long the record is kept, and how much room there is.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::config::RecordConfig;
use super::error::RecordError;

/// Bytes in a gigabyte, as disks are sold.
const GB: f64 = 1e9;

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
/// are left alone, and so is everything that is not named like a record.
///
/// # Errors
/// [`RecordError::Io`] where the folder cannot be read or a file cannot be deleted; those before are
/// gone then.
pub fn retain(config: &RecordConfig, open: &[PathBuf], now: SystemTime) -> Result<Retained, RecordError> {
    let mut retained = Retained { too_old: Vec::new(), for_room: Vec::new(), free: 0 };
    if !config.folder.exists() {
        return Ok(retained);
    }
    let mut files = Vec::new();
    for bed in folders_in(&config.folder)? {
        for day in folders_in(&bed)? {
            for entry in std::fs::read_dir(&day).map_err(RecordError::io("read", &day))?.flatten() {
                let path = entry.path();
                let Ok(metadata) = entry.metadata() else { continue };
                if path.extension().is_some_and(|ending| ending == "h5") && !open.contains(&path) {
                    files.push((metadata.modified().unwrap_or(now), path));
                }
            }
        }
    }
    files.sort();
    let oldest = now.checked_sub(Duration::from_secs_f64(config.keep_days * 86_400.0));
    let mut files = files.into_iter().peekable();
    while let Some((_, path)) = files.next_if(|(written, _)| oldest.is_some_and(|oldest| *written < oldest)) {
        delete(&path)?;
        retained.too_old.push(path);
    }
    retained.free = free_bytes(&config.folder)?;
    while (retained.free as f64) < config.keep_free_gb * GB
        && let Some((_, path)) = files.next()
    {
        delete(&path)?;
        retained.for_room.push(path);
        retained.free = free_bytes(&config.folder)?;
    }
    Ok(retained)
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
