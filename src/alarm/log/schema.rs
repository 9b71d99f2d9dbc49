//! The tables of the log, as a ladder of versions. A database of an older version is brought up step by step, each
//! step whole or not at all; a step that has been released is never changed.

use rusqlite::{Connection, TransactionBehavior};

/// What stands in the file's header, so that nobody takes another database for a log: "vigl".
pub const APPLICATION: i32 = 0x7669_676c;

/// From version n to n + 1.
const STEPS: [&str; 2] = [
    // 1: the entries. What is written stays.
    "CREATE TABLE entry (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,
        wall_us INTEGER NOT NULL,
        mono_us INTEGER NOT NULL,
        boot TEXT NOT NULL,
        what TEXT NOT NULL,
        alarm TEXT,
        bed TEXT NOT NULL,
        patient TEXT NOT NULL,
        detector TEXT NOT NULL,
        who TEXT NOT NULL CHECK (who <> ''),
        body TEXT NOT NULL
     ) STRICT;
     CREATE INDEX entry_of_alarm ON entry (alarm, seq) WHERE alarm IS NOT NULL;
     CREATE INDEX entry_by_what ON entry (what, wall_us);
     CREATE TRIGGER entry_stays BEFORE UPDATE ON entry
        BEGIN SELECT RAISE (ABORT, 'the log of alarms is never changed'); END;
     CREATE TRIGGER entry_is_kept BEFORE DELETE ON entry
        BEGIN SELECT RAISE (ABORT, 'the log of alarms is never shortened'); END;",
    // 2: what is to be told to whom.
    "CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        channel TEXT NOT NULL,
        entry TEXT NOT NULL REFERENCES entry (key),
        alarm TEXT,
        escalation INTEGER NOT NULL,
        due_wall_us INTEGER NOT NULL,
        due_mono_us INTEGER NOT NULL,
        due_boot TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'withdrawn', 'given-up')),
        error TEXT NOT NULL DEFAULT '',
        UNIQUE (channel, entry)
     ) STRICT;
     CREATE INDEX outbox_waiting ON outbox (id) WHERE state = 'waiting';",
];

/// The version that this program writes.
pub const VERSION: usize = STEPS.len();

/// The version of a database; 0 for an empty one.
pub fn version(connection: &Connection) -> rusqlite::Result<usize> {
    connection
        .query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0))
        .map(|version| version as usize)
}

/// Brings a database up to [`VERSION`], or to an older one, as a test does.
pub fn migrate(connection: &mut Connection, to: usize) -> rusqlite::Result<()> {
    let to = to.min(VERSION);
    // A log that is up to date is opened without its lock: it can be read while another process writes.
    while version(connection)? < to {
        // Another process may do the same at this moment: the version is looked at under the lock.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let from = version(&transaction)?;
        let Some(step) = STEPS[..to].get(from) else { break };
        transaction.execute_batch(step)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", (from + 1) as i64)?;
        transaction.commit()?;
    }
    Ok(())
}
