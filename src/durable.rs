//! Files that are whole or absent: written beside, synced, renamed into place.
//!
//! A reader never sees half a file, and a crash or a full disk leaves the old one as it was.

use std::fs::{self, File, FileType, TryLockError};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// Symbolic links that are followed one after the other; as many as the kernel follows.
const MOST_LINKS: usize = 40;

/// Replaces the file at `path` by what `write` writes; folders that are missing are made. Where `path` is a symbolic
/// link, the file that it leads to is replaced and the link stays.
///
/// # Errors
/// What the operating system or `write` says, and where something else than a file is at `path`, a device or a folder
/// for example; what is at `path` is then untouched.
pub fn replace_file<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), E> {
    replace_with(path, E::from, |beside| {
        fs::create_dir_all(folder_of(beside))?;
        let mut file = BufWriter::new(File::create(beside)?);
        write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        Ok(())
    })
}

/// The same for a writer that opens its file by itself: `write` makes, writes and syncs the file whose name it is given,
/// in a folder that it makes if need be. `failed` makes an error of what the operating system says of all else.
///
/// # Errors
/// As [`replace_file`].
pub fn replace_with<E>(
    path: &Path,
    failed: impl Fn(io::Error) -> E,
    write: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    // What cannot be replaced is refused before anything is written, since beside a device is no place for files.
    let target = target_of(path).map_err(&failed)?;
    let beside = beside(&target);
    let placed = write(&beside).and_then(|()| place(&beside, &target).map_err(&failed));
    if placed.is_err() {
        // Nothing half-written stays behind; the first error is the one that counts.
        let _ = fs::remove_file(&beside);
    }
    placed
}

/// Puts a file that is written and synced in its place: at `path`, or where a symbolic link there leads to.
///
/// # Errors
/// What the operating system says, and where something else than a file is at `path`.
pub fn place(beside: &Path, path: &Path) -> io::Result<()> {
    let target = target_of(path)?;
    fs::rename(beside, &target)?;
    // The rename itself is durable once the folder is synced.
    File::open(folder_of(&target))?.sync_all()
}

/// The name under which a file is written before it takes its place.
pub fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

/// The file that is replaced by writing to `path`, whether it is there yet or not: `path`, or what is behind its links.
///
/// A rename would put a file into the place of whatever has the name: of a device, on which all other programs then
/// write a file; or of a link, whose target would go on being what it was.
fn target_of(path: &Path) -> io::Result<PathBuf> {
    // Asked through all links at once, since those of open files (/dev/stdout) lead to names that are none.
    if let Ok(there) = fs::metadata(path)
        && !there.is_file()
    {
        return Err(no_file(there.file_type()));
    }
    let mut target = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&target) {
            Ok(there) if there.is_symlink() => target = folder_of(&target).join(fs::read_link(&target)?),
            Ok(_) => return Ok(target),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(target),
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "its symbolic links lead to each other; expected a file"))
}

fn no_file(there: FileType) -> io::Error {
    let (kind, what) = match there {
        there if there.is_dir() => (io::ErrorKind::IsADirectory, "a folder"),
        there if there.is_fifo() => (io::ErrorKind::InvalidInput, "a pipe"),
        there if there.is_socket() => (io::ErrorKind::InvalidInput, "a socket"),
        _ => (io::ErrorKind::InvalidInput, "a device"),
    };
    io::Error::new(kind, format!("it is {what}; expected a file, or a name that is free"))
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
