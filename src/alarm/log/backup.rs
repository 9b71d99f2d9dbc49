//! Copies of the log, made and taken back while it is in use.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{AlarmLog, LogError, insert, is_known, of_sqlite};
use crate::durable;

/// What came of taking a copy back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// Entries that the log lacked.
    pub added: u64,
    /// Entries that it had.
    pub known: u64,
    /// Where the damaged log was set aside.
    pub set_aside: Option<PathBuf>,
}

/// Pages that are copied at a time: an alarm gets in between.
const PAGES: i32 = 64;

impl AlarmLog {
    /// Copies the log as it is at one moment; the daemon may go on writing.
    ///
    /// # Errors
    /// [`LogError`]; whatever lay at `to` is then as it was.
    pub fn back_up(&self, to: &Path) -> Result<(), LogError> {
        let io = |error: std::io::Error| LogError::Disk {
            doing: "write",
            path: to.to_path_buf(),
            reason: error.to_string(),
        };
        durable::replace_with(to, io, |beside| {
            let told = |error: rusqlite::Error| of_sqlite(&error, "write", beside);
            let _ = std::fs::remove_file(beside);
            let mut copy = Connection::open(beside).map_err(told)?;
            let backup = Backup::new(&self.connection, &mut copy).map_err(told)?;
            backup.run_to_completion(PAGES, Duration::ZERO, None).map_err(told)?;
            drop(backup);
            // A copy is one file: no journal beside it.
            copy.pragma_update(None, "journal_mode", "DELETE").map_err(told)?;
            sound(&copy, beside)?;
            drop(copy);
            std::fs::File::open(beside).and_then(|file| file.sync_all()).map_err(io)
        })
    }

    /// Looks through the whole file, and for traces of a change by another program: what refuses changes, and a number for
    /// each entry. That an entry says today what it said when it was written, this cannot tell.
    ///
    /// # Errors
    /// [`LogError::Damaged`] or [`LogError::Touched`] with what was found.
    pub fn check(&self) -> Result<(), LogError> {
        sound(&self.connection, &self.path)?;
        let found = untouched(&self.connection).map_err(self.told("read"))?;
        found.map_or(Ok(()), |found| Err(LogError::Touched { path: self.path.clone(), found }))
    }

    /// Adds what another log holds and this one lacks. Nothing that is here is lost.
    fn merge(&mut self, from: &Path) -> Result<Merged, LogError> {
        let copy = AlarmLog::open_read_only(from)?;
        sound(&copy.connection, from)?;
        let entries = copy.entries()?;
        let path = self.path.clone();
        let told = |error: rusqlite::Error| of_sqlite(&error, "write", &path);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(told)?;
        let mut merged = Merged { added: 0, known: 0, set_aside: None };
        for logged in entries {
            // What was told by the copy's time was told; nobody is told of it anew. An entry that is there is not tried:
            // also an insertion that is ignored takes a number, and leaves a hole.
            let added = !is_known(&transaction, &logged.entry.key).map_err(told)?
                && insert(&transaction, &logged.entry, &path)?;
            *(if added { &mut merged.added } else { &mut merged.known }) += 1;
        }
        transaction.commit().map_err(told)?;
        Ok(merged)
    }

    fn open_read_only(path: &Path) -> Result<AlarmLog, LogError> {
        if !path.is_file() {
            return Err(LogError::Missing { path: path.to_path_buf() });
        }
        // A copy in memory can be brought up to date without a change to the file.
        let told = |error: rusqlite::Error| of_sqlite(&error, "read", path);
        let file = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(told)?;
        let mut connection = Connection::open_in_memory().map_err(told)?;
        let backup = Backup::new(&file, &mut connection).map_err(told)?;
        backup.run_to_completion(4096, Duration::ZERO, None).map_err(told)?;
        drop(backup);
        let application: i32 =
            connection.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(told)?;
        if application != super::schema::APPLICATION {
            let found = "a database of something else".to_string();
            return Err(LogError::Damaged { path: path.to_path_buf(), found });
        }
        let version = super::schema::version(&connection).map_err(told)?;
        if version > super::schema::VERSION {
            let (path, known) = (path.to_path_buf(), super::schema::VERSION);
            return Err(LogError::Newer { path, found: version, known });
        }
        super::schema::migrate(&mut connection, super::schema::VERSION).map_err(told)?;
        Ok(AlarmLog { connection, path: path.to_path_buf(), routing: super::Routing::default() })
    }
}

/// Takes a copy back: what the log lacks is added, and nothing that it has is lost, so that this may be done while the
/// daemon runs. A log that is damaged is set aside first, and the daemon goes on with the new one.
///
/// # Errors
/// [`LogError`]; a copy that is damaged itself changes nothing.
pub fn restore(path: &Path, from: &Path) -> Result<Merged, LogError> {
    sound(&AlarmLog::open_read_only(from)?.connection, from)?;
    // One that somebody has changed is not set aside: it may hold what the copy lacks.
    let opened = AlarmLog::open(path).and_then(|log| sound(&log.connection, path).map(|()| log));
    match opened {
        Ok(mut log) => log.merge(from),
        Err(LogError::Damaged { .. }) => {
            let set_aside = set_aside(path)?;
            let merged = AlarmLog::open(path)?.merge(from)?;
            Ok(Merged { set_aside: Some(set_aside), ..merged })
        }
        Err(error) => Err(error),
    }
}

/// Renames a damaged log, with what SQLite keeps beside it.
fn set_aside(path: &Path) -> Result<PathBuf, LogError> {
    let aside = (1..)
        .map(|number| path.with_file_name(format!("alarms.damaged-{number}.sqlite")))
        .find(|aside| !aside.exists())
        .unwrap_or_else(|| path.with_extension("damaged"));
    for end in ["-wal", "-shm", ""] {
        let with = |path: &Path| {
            let mut name = path.as_os_str().to_os_string();
            name.push(end);
            PathBuf::from(name)
        };
        let (from, to) = (with(path), with(&aside));
        if from.exists() {
            std::fs::rename(&from, &to).map_err(|error| LogError::Disk {
                doing: "write",
                path: from,
                reason: error.to_string(),
            })?;
        }
    }
    Ok(aside)
}

/// Traces of a change by another program, in words; `None` where there are none.
fn untouched(connection: &Connection) -> rusqlite::Result<Option<String>> {
    for (trigger, what) in [("entry_stays", "changed"), ("entry_is_kept", "deleted")] {
        let stands: bool = connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM sqlite_schema
                            WHERE type = 'trigger' AND name = ?1 AND tbl_name = 'entry' AND sql LIKE '%RAISE (ABORT%')",
            [trigger],
            |row| row.get(0),
        )?;
        if !stands {
            return Ok(Some(format!("the trigger {trigger} is gone: entries can have been {what}")));
        }
    }
    // The last number that was ever given lies beside the table.
    let (entries, last): (i64, i64) = connection.query_row(
        "SELECT (SELECT count(*) FROM entry),
                max((SELECT coalesce(max(seq), 0) FROM entry),
                    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'entry'), 0))",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if entries == last {
        return Ok(None);
    }
    let after: i64 = connection.query_row(
        "SELECT coalesce(max(seq), 0) FROM
            (SELECT seq, row_number() OVER (ORDER BY seq) AS place FROM entry) WHERE seq = place",
        [],
        |row| row.get(0),
    )?;
    Ok(Some(format!(
        "{} of {last} entries are missing, the first after number {after}: deleted by another program, or a gap that a \
         `restore` by an earlier version left",
        last - entries
    )))
}

fn sound(connection: &Connection, path: &Path) -> Result<(), LogError> {
    let told = |error: rusqlite::Error| of_sqlite(&error, "read", path);
    let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(told)?;
    if found == "ok" { Ok(()) } else { Err(LogError::Damaged { path: path.to_path_buf(), found }) }
}
