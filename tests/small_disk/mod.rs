//! A small disk that can be filled to its last byte; needs root.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system in memory, mounted over a folder until it is dropped.
pub struct SmallDisk {
    folder: PathBuf,
    /// The folder's own end, where it was made for the disk.
    _made: Option<tempfile::TempDir>,
}

impl SmallDisk {
    /// In a folder of its own; `None`, with the reason printed, where it cannot be mounted.
    pub fn mount(megabytes: u32) -> Option<SmallDisk> {
        let made = tempfile::tempdir().unwrap();
        let disk = SmallDisk::over(made.path(), megabytes)?;
        Some(SmallDisk { folder: disk, _made: Some(made) })
    }

    /// Over a folder, which is made.
    pub fn mount_over(folder: &Path, megabytes: u32) -> Option<SmallDisk> {
        std::fs::create_dir_all(folder).unwrap();
        Some(SmallDisk { folder: SmallDisk::over(folder, megabytes)?, _made: None })
    }

    fn over(folder: &Path, megabytes: u32) -> Option<PathBuf> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(folder)
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: a small file system cannot be mounted here (this needs root)");
        }
        mounted.then(|| folder.to_path_buf())
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Fills it to the last byte.
    pub fn fill(&self) -> PathBuf {
        let filler = self.path().join("filler");
        let mut file = std::fs::File::create(&filler).unwrap();
        for piece in [1 << 20, 1 << 12, 1] {
            let zeros = vec![0; piece];
            while std::io::Write::write_all(&mut file, &zeros).is_ok() {}
        }
        filler
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
    }
}
