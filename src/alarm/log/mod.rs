//! The log of alarms: one append-only table in SQLite, and the outbox of what is still to be told.
//!
//! Write-ahead log with full synchronisation: when an append returns, it is on disk. Several processes may use one log
//! at a time; every append looks at its alarm's state under the same lock under which it writes.

mod audit;
mod backup;
mod error;
mod judged;
mod news;
mod outbox;
mod read;
mod record;
pub mod schema;
mod second;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};

use super::entry::{Entry, What};
use super::message::{Posting, Routing};
pub use audit::{AuditEntry, AuditPage, AuditQuery, LARGEST_PAGE, PAGE};
pub use backup::{Merged, restore};
pub use error::LogError;
pub use judged::LONGEST_US;
pub use news::Touched;
pub use outbox::{Outgoing, Waiting};
pub use record::{AlarmRecord, Held, Logged, Mark, ReviewRecord, Stretch};
pub use second::{ToRead, same_person};

/// How long an append waits for another process. The daemon's alarms do not wait longer than that: they go another way.
const PATIENCE: Duration = Duration::from_millis(250);

/// What came of an append.
#[derive(Debug, Clone, PartialEq)]
pub enum Appended {
    /// It stands in the log, and these messages in the outbox.
    New(Vec<Outgoing>),
    /// It stood there before.
    Known,
}

/// The log, open.
pub struct AlarmLog {
    connection: Connection,
    path: PathBuf,
    routing: Routing,
}

/// Where the log lies.
pub fn log_path(state: &Path) -> PathBuf {
    state.join("alarms.sqlite")
}

impl AlarmLog {
    /// Opens the log, or begins it, and brings an older one up to date. Its entries go to nobody; see
    /// [`AlarmLog::with_routing`].
    ///
    /// # Errors
    /// [`LogError`].
    pub fn open(path: &Path) -> Result<AlarmLog, LogError> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| LogError::Disk {
                doing: "open",
                path: path.to_path_buf(),
                reason: error.to_string(),
            })?;
        }
        AlarmLog::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
    }

    /// Opens a log that is there already.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn open_existing(path: &Path) -> Result<AlarmLog, LogError> {
        if !path.is_file() {
            return Err(LogError::Missing { path: path.to_path_buf() });
        }
        AlarmLog::open_with(path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    fn open_with(path: &Path, flags: OpenFlags) -> Result<AlarmLog, LogError> {
        let told = |doing| move |error| of_sqlite(&error, doing, path);
        let mut connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(told("open"))?;
        connection.busy_timeout(PATIENCE).map_err(told("open"))?;
        let (application, version, tables) = marks(&mut connection).map_err(told("read"))?;
        if tables > 0 && application != schema::APPLICATION {
            let found = "a database of something else".to_string();
            return Err(LogError::Damaged { path: path.to_path_buf(), found });
        }
        if version > schema::VERSION {
            return Err(LogError::Newer { path: path.to_path_buf(), found: version, known: schema::VERSION });
        }
        let began = Instant::now();
        // Of two that begin a log at one moment SQLite refuses one at once, without waiting as it does elsewhere.
        while let Err(error) = prepare(&mut connection) {
            let busy = error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
            if !busy || began.elapsed() > PATIENCE {
                return Err(of_sqlite(&error, "open", path));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(AlarmLog { connection, path: path.to_path_buf(), routing: Routing::default() })
    }

    /// The same log, with what its entries are told to.
    #[must_use]
    pub fn with_routing(self, routing: Routing) -> AlarmLog {
        AlarmLog { routing, ..self }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends an entry, with the messages that it makes: both or neither. When this returns they are on disk.
    ///
    /// # Errors
    /// [`LogError`]; the log is then as it was.
    pub fn append(&mut self, entry: &Entry) -> Result<Appended, LogError> {
        self.append_all(std::slice::from_ref(entry)).map(|mut appended| appended.remove(0))
    }

    /// Appends several entries, all or none, and waits for the disk once.
    ///
    /// # Errors
    /// See [`AlarmLog::append`].
    pub fn append_all(&mut self, entries: &[Entry]) -> Result<Vec<Appended>, LogError> {
        let path = self.path.clone();
        let told = |error| of_sqlite(&error, "write", &path);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(told)?;
        let mut appended = Vec::with_capacity(entries.len());
        for entry in entries {
            appended.push(append_in(&transaction, &self.routing, entry, &path)?);
        }
        transaction.commit().map_err(told)?;
        Ok(appended)
    }

    /// Appends a review, if the last one of the alarm is the one that the reviewer has seen (`after`, by its number;
    /// `None` for an alarm without one): nobody's judgement is overwritten unseen.
    ///
    /// # Errors
    /// [`LogError::ReviewedMeanwhile`], and see [`AlarmLog::append`].
    pub fn review(&mut self, entry: &Entry, after: Option<i64>) -> Result<Appended, LogError> {
        let path = self.path.clone();
        let told = |error| of_sqlite(&error, "write", &path);
        let alarm = entry.alarm.clone().unwrap_or_default();
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(told)?;
        let last = read::last_review(&transaction, &alarm).map_err(told)?;
        if let Some(last) = last.filter(|last| Some(last.seq) != after) {
            let judgement = last.review.judgement.name();
            return Err(LogError::ReviewedMeanwhile { alarm, by: last.by, judgement });
        }
        let appended = append_in(&transaction, &self.routing, entry, &path)?;
        transaction.commit().map_err(told)?;
        Ok(appended)
    }

    fn told(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> LogError + '_ {
        move |error| of_sqlite(&error, doing, &self.path)
    }
}

fn append_in(
    transaction: &Transaction<'_>,
    routing: &Routing,
    entry: &Entry,
    path: &Path,
) -> Result<Appended, LogError> {
    let told = |error| of_sqlite(&error, "write", path);
    if is_known(transaction, &entry.key).map_err(told)? {
        return Ok(Appended::Known);
    }
    let (entry, held) = match &entry.alarm {
        Some(alarm) => {
            about_alarm(transaction, entry, alarm, path).map(|(entry, held)| (entry, Some(held)))?
        }
        None => (entry.clone(), None),
    };
    insert(transaction, &entry, path)?;
    let postings: Vec<Posting> =
        held.map_or_else(Vec::new, |held| routing.postings(&entry, held.kind(), held.priority));
    let outgoing = outbox::post(transaction, &entry, &postings).map_err(told)?;
    Ok(Appended::New(outgoing))
}

fn is_known(transaction: &Transaction<'_>, key: &str) -> rusqlite::Result<bool> {
    transaction
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM entry WHERE key = ?1)")?
        .query_row([key], |row| row.get(0))
}

/// Writes an entry, unless one with its key is there; whether it was written.
fn insert(transaction: &Transaction<'_>, entry: &Entry, path: &Path) -> Result<bool, LogError> {
    let body = serde_json::to_string(&entry.what).map_err(|error| LogError::Mistake(error.to_string()))?;
    let written = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO entry
             (key, wall_us, mono_us, boot, what, alarm, bed, patient, detector, who, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )
        .and_then(|mut statement| {
            statement.execute(params![
                entry.key,
                entry.at.wall_us,
                entry.at.mono_us,
                &*entry.at.boot,
                entry.what.name(),
                entry.alarm,
                entry.bed,
                entry.patient,
                entry.detector,
                entry.who,
                body,
            ])
        })
        .map_err(|error| of_sqlite(&error, "write", path))?;
    Ok(written > 0)
}

/// Checks what happens to an alarm against its state, fills in whose it is, and gives the alarm as it was.
fn about_alarm(
    transaction: &Transaction<'_>,
    entry: &Entry,
    alarm: &str,
    path: &Path,
) -> Result<(Entry, Held), LogError> {
    let told = |error: rusqlite::Error| of_sqlite(&error, "read", path);
    let refused = |why| LogError::Refused { alarm: alarm.to_string(), why };
    if entry.what.raises().is_some() {
        let known: bool = transaction
            .query_row("SELECT EXISTS (SELECT 1 FROM entry WHERE alarm = ?1)", [alarm], |row| row.get(0))
            .map_err(told)?;
        return match Held::raised(entry) {
            Some(held) if !known => Ok((entry.clone(), held)),
            _ => Err(refused(super::state::OutOfOrder::AlreadyRaised)),
        };
    }
    let history = read::entries_of(transaction, alarm).map_err(told)?;
    let Some(held) = Held::fold(&history) else { return Err(LogError::NoAlarm { alarm: alarm.to_string() }) };
    let mut state = held.state.clone();
    if let Some(act) = entry.what.act(&entry.who) {
        state.apply(act, &entry.at).map_err(refused)?;
    }
    if let What::Reviewed(review) | What::SecondReading(review) = &entry.what {
        judged::check(review, &held, &entry.at)?;
    }
    let mut entry = entry.clone();
    (entry.bed, entry.patient, entry.detector) =
        (held.bed.clone(), held.patient.clone(), held.detector.clone());
    Ok((entry, held))
}

/// Whose database it is, the version of its tables and their number, all of one moment: another process may be
/// beginning the log just now.
fn marks(connection: &mut Connection) -> rusqlite::Result<(i32, usize, i64)> {
    let moment = connection.transaction()?;
    let application = moment.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version = schema::version(&moment)?;
    let tables = moment.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok((application, version, tables))
}

/// Sets what holds for a connection, and brings the tables up to date.
fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    for (pragma, value) in [
        ("journal_mode", "WAL"),
        ("synchronous", "FULL"),
        ("foreign_keys", "ON"),
        // An entry is not replaced by one with its number either.
        ("recursive_triggers", "ON"),
    ] {
        connection.pragma_update(None, pragma, value)?;
    }
    schema::migrate(connection, schema::VERSION)
}

/// What SQLite says, in the words of this project.
fn of_sqlite(error: &rusqlite::Error, doing: &'static str, path: &Path) -> LogError {
    let path = path.to_path_buf();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            LogError::Damaged { path, found: error.to_string() }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => LogError::Locked { path },
        _ if matches!(error, rusqlite::Error::FromSqlConversionFailure(..)) => {
            LogError::Damaged { path, found: error.to_string() }
        }
        _ => LogError::Disk { doing, path, reason: error.to_string() },
    }
}
