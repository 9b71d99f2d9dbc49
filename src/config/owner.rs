//! Whose a patient's files are, where the administrator makes them for the daemon.

use std::io;
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::Path;

use rustix::fs::Access;

use super::patient::PatientId;

/// Gives what root made below a patient's folder to the account that owns the folder of all patients: the
/// daemon, which adds autoencoders there, runs without privileges. Does nothing for other accounts.
///
/// # Errors
/// What the operating system says.
pub fn give_to_owner(patients: &Path, id: &PatientId) -> io::Result<()> {
    let whose = patients.metadata()?;
    if !rustix::process::geteuid().is_root() || whose.uid() == 0 {
        return Ok(());
    }
    give(&id.folder(patients), whose.uid(), whose.gid())
}

fn give(path: &Path, uid: u32, gid: u32) -> io::Result<()> {
    let there = path.symlink_metadata()?;
    if (there.uid(), there.gid()) != (uid, gid) {
        lchown(path, Some(uid), Some(gid))?;
    }
    if there.is_dir() {
        for entry in path.read_dir()? {
            give(&entry?.path(), uid, gid)?;
        }
    }
    Ok(())
}

/// Whether this account may write in a patient's folder.
pub fn is_writable(patients: &Path, id: &PatientId) -> bool {
    rustix::fs::access(id.folder(patients), Access::WRITE_OK | Access::EXEC_OK).is_ok()
}
