//! What is still to be told: written in the transaction of the entry that it tells of, kept until the other end has
//! taken it.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::read::entries_of;
use super::record::Held;
use super::{AlarmLog, Appended, LogError};
use crate::alarm::entry::{DAEMON, Entry, What};
use crate::alarm::message::{Message, Posting};
use crate::alarm::moment::Moment;

/// A message on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// Its number in the outbox; `None` for one that could not be written down.
    pub id: Option<i64>,
    /// The channel.
    pub channel: String,
    /// The entry that it tells of.
    pub entry: String,
    /// The alarm.
    pub alarm: String,
    /// When it is due.
    pub due: Moment,
    /// Whether it is withdrawn where somebody takes note before.
    pub escalation: bool,
    /// How often it was tried.
    pub attempts: u32,
}

/// How much waits for a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The channel.
    pub channel: String,
    /// Messages that are due or will be.
    pub messages: u64,
    /// Messages given up.
    pub given_up: u64,
}

/// Writes the messages that an entry makes.
pub(super) fn post(
    transaction: &Transaction<'_>,
    entry: &Entry,
    postings: &[Posting],
) -> rusqlite::Result<Vec<Outgoing>> {
    let alarm = entry.alarm.clone().unwrap_or_default();
    let mut outgoing = Vec::with_capacity(postings.len());
    for posting in postings {
        transaction
            .prepare_cached(
                "INSERT INTO outbox (channel, entry, alarm, escalation, due_wall_us, due_mono_us, due_boot)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                posting.channel,
                entry.key,
                alarm,
                posting.escalation,
                posting.due.wall_us,
                posting.due.mono_us,
                &*posting.due.boot
            ])?;
        outgoing.push(Outgoing {
            id: Some(transaction.last_insert_rowid()),
            channel: posting.channel.clone(),
            entry: entry.key.clone(),
            alarm: alarm.clone(),
            due: posting.due.clone(),
            escalation: posting.escalation,
            attempts: 0,
        });
    }
    Ok(outgoing)
}

impl AlarmLog {
    /// Everything that waits, in order.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn waiting(&self) -> Result<Vec<Outgoing>, LogError> {
        waiting(&self.connection).map_err(self.told("read"))
    }

    /// How much waits for each channel.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn waiting_by_channel(&self) -> Result<Vec<Waiting>, LogError> {
        let told = self.told("read");
        let mut statement = self
            .connection
            .prepare(
                "SELECT channel, sum(state = 'waiting'), sum(state = 'given-up') FROM outbox GROUP BY channel",
            )
            .map_err(&told)?;
        let rows = statement.query_map([], |row| {
            Ok(Waiting { channel: row.get(0)?, messages: row.get(1)?, given_up: row.get(2)? })
        });
        rows.and_then(Iterator::collect).map_err(&told)
    }

    /// What a message says; `None` where its entry is not there.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn message(&self, outgoing: &Outgoing, ward: &str) -> Result<Option<Message>, LogError> {
        let history = entries_of(&self.connection, &outgoing.alarm).map_err(self.told("read"))?;
        let Some(at) = history.iter().position(|logged| logged.entry.key == outgoing.entry) else {
            return Ok(None);
        };
        // What came later has a message of its own.
        let known = if outgoing.escalation { &history[..] } else { &history[..=at] };
        let entry = &history[at].entry;
        Ok(Held::fold(known).and_then(|held| Message::of(entry, &held, ward, outgoing.escalation)))
    }

    /// An escalation is due: it stands (and is logged as made), or somebody has taken note and it is withdrawn.
    /// Both are on disk when this returns.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn escalate(&mut self, outgoing: &Outgoing, at: &Moment) -> Result<bool, LogError> {
        let what = What::Escalated { to: outgoing.channel.clone() };
        let mut entry = Entry::of_alarm(&outgoing.alarm, at, DAEMON, what);
        // Once for each channel, however often the daemon is killed in between.
        entry.key = format!("{}/escalated/{}", outgoing.alarm, outgoing.channel);
        match self.append(&entry) {
            Ok(Appended::New(_)) => Ok(true),
            // It was due before, and has not arrived.
            Ok(Appended::Known) => self.stands(outgoing, at),
            Err(error) if error.is_refusal() => {
                self.settle(outgoing, "withdrawn", 0, "somebody took note in time")?;
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether an escalation that was due still asks for somebody. Where somebody has taken note before it arrived, or the
    /// alarm is over, it is withdrawn, and that is on disk when this returns.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn stands(&mut self, outgoing: &Outgoing, at: &Moment) -> Result<bool, LogError> {
        let history = entries_of(&self.connection, &outgoing.alarm).map_err(self.told("read"))?;
        let stands = Held::fold(&history).is_some_and(|held| held.state.asks_for_somebody(at));
        if !stands {
            self.settle(outgoing, "withdrawn", 0, "somebody took note before it arrived")?;
        }
        Ok(stands)
    }

    /// The other end has taken a message: it waits no longer, and that is logged.
    ///
    /// # Errors
    /// [`LogError`]; the message then waits still, and will be sent again.
    pub fn delivered(&mut self, outgoing: &Outgoing, attempts: u32, at: &Moment) -> Result<(), LogError> {
        let (channel, message) = (outgoing.channel.clone(), outgoing.entry.clone());
        let what = What::Delivered { channel, message, attempts };
        self.settle_with(outgoing, "sent", attempts, "", Some((what, at)))
    }

    /// An attempt has failed.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn failed(&mut self, outgoing: &Outgoing, attempts: u32, reason: &str) -> Result<(), LogError> {
        self.settle(outgoing, "waiting", attempts, reason)
    }

    /// A message is given up, and that is logged.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn given_up(
        &mut self,
        outgoing: &Outgoing,
        attempts: u32,
        reason: &str,
        at: &Moment,
    ) -> Result<(), LogError> {
        let (channel, message) = (outgoing.channel.clone(), outgoing.entry.clone());
        let what = What::Undelivered { channel, message, attempts, reason: reason.to_string() };
        self.settle_with(outgoing, "given-up", attempts, reason, Some((what, at)))
    }

    /// Messages are given up, all or none, and that is logged.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn given_up_all(&mut self, outgoing: &[Outgoing], reason: &str, at: &Moment) -> Result<(), LogError> {
        let path = self.path.clone();
        let told = |error: rusqlite::Error| super::of_sqlite(&error, "write", &path);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(told)?;
        for outgoing in outgoing {
            settle_in(&transaction, outgoing, "given-up", outgoing.attempts, reason).map_err(told)?;
            let (channel, message) = (outgoing.channel.clone(), outgoing.entry.clone());
            let attempts = outgoing.attempts;
            let what = What::Undelivered { channel, message, attempts, reason: reason.to_string() };
            super::append_in(&transaction, &self.routing, &settled(outgoing, what, at), &path)?;
        }
        transaction.commit().map_err(told)
    }

    fn settle(
        &mut self,
        outgoing: &Outgoing,
        state: &str,
        attempts: u32,
        error: &str,
    ) -> Result<(), LogError> {
        self.settle_with(outgoing, state, attempts, error, None)
    }

    fn settle_with(
        &mut self,
        outgoing: &Outgoing,
        state: &str,
        attempts: u32,
        error: &str,
        logged: Option<(What, &Moment)>,
    ) -> Result<(), LogError> {
        let path = self.path.clone();
        let told = |error: rusqlite::Error| super::of_sqlite(&error, "write", &path);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(told)?;
        settle_in(&transaction, outgoing, state, attempts, error).map_err(told)?;
        if let Some((what, at)) = logged {
            super::append_in(&transaction, &self.routing, &settled(outgoing, what, at), &path)?;
        }
        transaction.commit().map_err(told)
    }
}

fn settle_in(
    transaction: &Transaction<'_>,
    outgoing: &Outgoing,
    state: &str,
    attempts: u32,
    error: &str,
) -> rusqlite::Result<usize> {
    transaction
        .prepare_cached(
            "UPDATE outbox SET state = ?3, attempts = max(attempts, ?4), error = ?5
             WHERE channel = ?1 AND entry = ?2 AND state = 'waiting'",
        )?
        .execute(params![outgoing.channel, outgoing.entry, state, attempts, error])
}

/// What the log says of a message that waits no longer.
fn settled(outgoing: &Outgoing, what: What, at: &Moment) -> Entry {
    let mut entry = Entry::of_alarm(&outgoing.alarm, at, DAEMON, what);
    entry.key = format!("{}/{}/{}", outgoing.entry, entry.what.name(), outgoing.channel);
    entry
}

fn waiting(connection: &Connection) -> rusqlite::Result<Vec<Outgoing>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, channel, entry, alarm, escalation, due_wall_us, due_mono_us, due_boot, attempts
         FROM outbox WHERE state = 'waiting' ORDER BY id",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(Outgoing {
            id: Some(row.get(0)?),
            channel: row.get(1)?,
            entry: row.get(2)?,
            alarm: row.get(3)?,
            escalation: row.get(4)?,
            due: Moment { wall_us: row.get(5)?, mono_us: row.get(6)?, boot: row.get::<_, String>(7)?.into() },
            attempts: row.get(8)?,
        })
    })?;
    rows.collect()
}
