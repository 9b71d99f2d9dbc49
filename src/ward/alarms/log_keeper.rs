//! What the desk's thread does: keeps the log, finds who is to be told, and what to do while the log is down.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::carrier::{Carriers, Ready};
use super::desk::{Seen, log_down};
use crate::alarm::entry::{DAEMON, Entry, What, technical_id};
use crate::alarm::log::{Appended, Held, Logged, Outgoing};
use crate::alarm::message::{Message, Routing};
use crate::alarm::moment::{Clocks, Moment};
use crate::alarm::spare::Spare;
use crate::alarm::state::AlarmKind;
use crate::alarm::{AlarmLog, LogError, TechnicalKind, Transition};

/// How often a log that is down is tried again, and one that is up is looked at.
const LOOKED_EVERY: Duration = Duration::from_secs(1);

/// The thread's memory.
pub struct LogKeeper {
    path: PathBuf,
    ward: String,
    routing: Routing,
    clocks: Clocks,
    carriers: Carriers,
    seen: Arc<Seen>,
    spare: Spare,
    log: Option<AlarmLog>,
    /// Which file the log is: one that was exchanged under us is opened anew.
    file: Option<u64>,
    change: i64,
    looked: Option<Instant>,
    /// Alarms that are open, by identity: what is known while the log is down.
    open: BTreeMap<String, Held>,
    /// The technical alarm that is raised, by whose and what.
    technical: BTreeMap<(String, TechnicalKind), String>,
    /// Messages that are with a carrier: channel and entry.
    under_way: HashSet<(String, String)>,
    /// Messages that were taken while the log was down.
    taken_meanwhile: HashSet<(String, String)>,
    /// Messages that are not due yet.
    later: Vec<Outgoing>,
    /// Entries that are not in the log, by key.
    unlogged: BTreeMap<String, Entry>,
}

impl LogKeeper {
    pub(super) fn new(
        path: PathBuf,
        routing: Routing,
        ward: String,
        clocks: Clocks,
        carriers: Carriers,
        seen: Arc<Seen>,
    ) -> LogKeeper {
        LogKeeper {
            spare: Spare::of(&path),
            path,
            ward,
            routing,
            clocks,
            carriers,
            seen,
            log: None,
            file: None,
            change: -1,
            looked: None,
            open: BTreeMap::new(),
            technical: BTreeMap::new(),
            under_way: HashSet::new(),
            taken_meanwhile: HashSet::new(),
            later: Vec::new(),
            unlogged: BTreeMap::new(),
        }
    }

    /// The log, while it is up.
    pub(super) fn log(&self) -> Option<&AlarmLog> {
        self.log.as_ref()
    }

    /// Takes up what was left: messages that wait, alarms of a daemon that was killed.
    pub(super) fn begin(&mut self, beds: &BTreeSet<String>) {
        self.look();
        let now = self.clocks.now();
        let left: Vec<Held> = self.open.values().filter(|held| held.state.is_present()).cloned().collect();
        for held in left {
            let why = match held.kind() {
                AlarmKind::Technical => "the daemon was started anew",
                AlarmKind::Seizure if !beds.contains(&held.bed) => "the bed is not watched any more",
                // Its bed says whether it lasts.
                AlarmKind::Seizure => continue,
            };
            self.end(&held.alarm, why, &now);
        }
    }

    /// Looks for what is due, and after the log.
    pub(super) fn look(&mut self) {
        if self.looked.is_none_or(|at| at.elapsed() >= LOOKED_EVERY) {
            self.looked = Some(Instant::now());
            if self.log.is_some() && inode(&self.path) != self.file {
                tracing::warn!(path = %self.path.display(), "the log of alarms was exchanged: it is opened anew");
                self.log = None;
            }
            if self.log.is_none() {
                self.reopen();
            }
            self.follow_others();
        }
        let now = self.clocks.now();
        // An escalation whose clock was lost with a restart of the machine is due at once.
        let due = |outgoing: &Outgoing| now.since_us(&outgoing.due).is_none_or(|passed| passed >= 0);
        let (ready, later): (Vec<Outgoing>, Vec<Outgoing>) =
            std::mem::take(&mut self.later).into_iter().partition(due);
        self.later = later;
        for outgoing in ready {
            self.send(outgoing, &now);
        }
    }

    /// Opens the log and moves into it what waits beside it.
    fn reopen(&mut self) {
        match self.open_and_move() {
            Ok(log) => {
                self.file = inode(&self.path);
                self.change = -1;
                let waiting = log.waiting();
                self.log = Some(log);
                match waiting {
                    Ok(waiting) => self.take_up(waiting),
                    Err(error) => return self.down(&error),
                }
                self.taken_meanwhile.clear();
                self.unlogged.clear();
                let was_down = self.seen.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(words) = was_down {
                    tracing::info!("the log of alarms is written again");
                    self.technical("", "", "", log_down(false, words));
                }
            }
            Err(error) => self.down(&error),
        }
    }

    fn open_and_move(&self) -> Result<AlarmLog, LogError> {
        let mut log = AlarmLog::open(&self.path)?.with_routing(self.routing.clone());
        let io = |error: std::io::Error| LogError::Disk {
            doing: "read",
            path: self.spare.path().to_path_buf(),
            reason: error.to_string(),
        };
        let (entries, damaged) = self.spare.entries().map_err(io)?;
        if entries.is_empty() && damaged == 0 {
            return Ok(log);
        }
        for entry in &entries {
            match log.append(entry) {
                Ok(Appended::New(outgoing)) => {
                    for outgoing in outgoing {
                        if self.taken_meanwhile.contains(&name_of(&outgoing)) {
                            log.delivered(&outgoing, 1, &entry.at)?;
                        }
                    }
                }
                Ok(Appended::Known) => {}
                Err(error) if error.is_refusal() => {
                    tracing::error!(%error, key = entry.key, "an entry from beside the log does not fit into it");
                }
                Err(error) => return Err(error),
            }
        }
        self.spare.done(damaged).map_err(io)?;
        tracing::info!(entries = entries.len(), damaged, "what waited beside the log of alarms is in it now");
        Ok(log)
    }

    /// The messages of the outbox that nobody carries yet.
    fn take_up(&mut self, waiting: Vec<Outgoing>) {
        let known: HashSet<(String, String)> = self.later.iter().map(name_of).collect();
        for outgoing in waiting {
            let name = name_of(&outgoing);
            if !self.under_way.contains(&name) && !known.contains(&name) {
                self.later.push(outgoing);
            }
        }
    }

    /// Another process may have acknowledged, reviewed, begun a maintenance.
    fn follow_others(&mut self) {
        let Some(log) = &self.log else { return };
        let read = (|| {
            let change = log.change()?;
            if change == self.change {
                return Ok(None);
            }
            Ok(Some((change, log.open_alarms()?, log.in_maintenance()?, log.waiting()?)))
        })();
        match read {
            Ok(Some((change, open, maintenance, waiting))) => {
                self.change = change;
                self.open = open.into_iter().map(|held| (held.alarm.clone(), held)).collect();
                *self.seen.maintenance.lock().unwrap_or_else(PoisonError::into_inner) =
                    maintenance.into_iter().collect();
                self.take_up(waiting);
            }
            Ok(None) => {}
            Err(error) => self.down(&error),
        }
    }

    /// The log cannot be used: that is told, and what happens is kept beside it.
    fn down(&mut self, error: &LogError) {
        self.log = None;
        let words = error.to_string();
        let known = {
            let mut trouble = self.seen.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            trouble.replace(words.clone()).is_some()
        };
        if !known {
            tracing::error!(error = words, "the log of alarms is down; alarms go out all the same");
            self.technical("", "", "", log_down(true, words));
        }
    }

    /// Logs an entry and hands out its messages; where the log is down, keeps it beside and hands them out all the
    /// same.
    pub(super) fn announce(&mut self, entry: Entry) {
        self.remember(&entry);
        tell(&entry);
        let now = entry.at.clone();
        let appended = self.log.as_mut().map(|log| log.append(&entry));
        match appended {
            Some(Ok(Appended::New(outgoing))) => outgoing.into_iter().for_each(|one| self.hand_out(one, &now)),
            Some(Ok(Appended::Known)) => {}
            Some(Err(error)) if error.is_refusal() => {
                tracing::error!(%error, "an entry does not fit into the log of alarms");
            }
            failed => {
                // From here on it counts as down: what is told comes from memory.
                self.log = None;
                self.keep_beside(&entry);
                self.unlogged.insert(entry.key.clone(), entry.clone());
                for outgoing in self.unlogged_messages(&entry) {
                    self.hand_out(outgoing, &now);
                }
                if let Some(Err(error)) = failed {
                    self.down(&error);
                }
            }
        }
    }

    fn keep_beside(&self, entry: &Entry) {
        if let Err(error) = self.spare.append(entry) {
            let path = self.spare.path().display();
            tracing::error!(%error, %path, key = entry.key, "an entry is neither in the log of alarms nor beside it");
        }
    }

    /// The messages that an entry makes, where no outbox can hold them.
    fn unlogged_messages(&self, entry: &Entry) -> Vec<Outgoing> {
        let mut entry = entry.clone();
        if let Some(held) = entry.alarm.as_ref().and_then(|alarm| self.open.get(alarm)) {
            entry.bed.clone_from(&held.bed);
        }
        let postings = self.routing.postings(&entry);
        let outgoing = |posting: crate::alarm::message::Posting| Outgoing {
            id: None,
            channel: posting.channel,
            entry: entry.key.clone(),
            alarm: entry.alarm.clone().unwrap_or_default(),
            due: posting.due,
            escalation: posting.escalation,
            attempts: 0,
        };
        postings.into_iter().map(outgoing).collect()
    }

    /// A message that is due goes to its carrier, another waits.
    fn hand_out(&mut self, outgoing: Outgoing, now: &Moment) {
        if outgoing.escalation && now.since_us(&outgoing.due).is_some_and(|passed| passed < 0) {
            self.later.push(outgoing);
        } else {
            self.send(outgoing, now);
        }
    }

    fn send(&mut self, outgoing: Outgoing, now: &Moment) {
        let name = name_of(&outgoing);
        if self.under_way.contains(&name) {
            return;
        }
        if outgoing.escalation {
            let stands = match &mut self.log {
                Some(log) => match log.escalate(&outgoing, now) {
                    Ok(stands) => stands,
                    Err(error) => {
                        self.down(&error);
                        true
                    }
                },
                None => self.open.get(&outgoing.alarm).is_none_or(|held| !held.state.is_acknowledged()),
            };
            if !stands {
                return;
            }
        }
        let Some(message) = self.message(&outgoing) else { return };
        if self.carriers.hand(Ready { outgoing: outgoing.clone(), message }) {
            self.under_way.insert(name);
        } else {
            // Its carrier is full, or there is no such channel any more: it waits.
            self.later.push(Outgoing { due: now.after_us(5_000_000), ..outgoing });
        }
    }

    fn message(&mut self, outgoing: &Outgoing) -> Option<Message> {
        let read = self.log.as_ref().map(|log| log.message(outgoing, &self.ward));
        match read {
            Some(Ok(message)) => return message,
            Some(Err(error)) => self.down(&error),
            None => {}
        }
        let held = self.open.get(&outgoing.alarm)?;
        let entry = self.unlogged.get(&outgoing.entry)?;
        Message::of(entry, held, &self.ward, outgoing.escalation)
    }

    fn remember(&mut self, entry: &Entry) {
        let Some(alarm) = &entry.alarm else { return };
        match self.open.get_mut(alarm) {
            Some(held) => held.take(&Logged { seq: 0, entry: entry.clone() }),
            None => {
                if let Some(held) = Held::raised(entry) {
                    self.open.insert(alarm.clone(), held);
                }
            }
        }
        if self.log.is_some() && entry.what.act(&entry.who).is_some() {
            let now = &entry.at;
            self.open.retain(|_, held| held.state.phase(now) != crate::alarm::state::Phase::Cleared || held.alarm == *alarm);
        }
    }

    /// A technical alarm is raised or cleared.
    pub(super) fn technical(&mut self, bed: &str, patient: &str, of: &str, transition: Transition) {
        let now = self.clocks.now();
        let Transition { kind, raised, detail } = transition;
        let place = (of.to_string(), kind);
        if raised {
            let alarm = technical_id(of, kind, &now);
            self.technical.insert(place, alarm.clone());
            let what = What::Technical { kind, priority: kind.priority(), detail };
            self.announce(Entry::of_alarm(&alarm, &now, DAEMON, what).on(bed, patient));
        } else if let Some(alarm) = self.technical.remove(&place) {
            let what = What::Ended { end_second: None, detail: String::new() };
            self.announce(Entry::of_alarm(&alarm, &now, DAEMON, what).on(bed, patient));
        }
    }

    /// A bed goes on with these alarms; whatever else lasts of it has ended.
    pub(super) fn resumed(&mut self, bed: &str, alarms: &BTreeSet<String>) {
        let now = self.clocks.now();
        let over = self.open.values().filter(|held| {
            held.bed == bed
                && held.kind() == AlarmKind::Seizure
                && held.state.is_present()
                && !alarms.contains(&held.alarm)
        });
        for alarm in over.map(|held| held.alarm.clone()).collect::<Vec<_>>() {
            self.end(&alarm, "the bed was started anew, and the alarm does not last", &now);
        }
    }

    fn end(&mut self, alarm: &str, why: &str, now: &Moment) {
        let what = What::Ended { end_second: None, detail: why.to_string() };
        self.announce(Entry::of_alarm(alarm, now, DAEMON, what));
    }

    /// A person's act. What is about an open alarm can be done while the log is down.
    pub(super) fn act(&mut self, entry: Entry, after: Option<i64>) -> Result<(), LogError> {
        let now = entry.at.clone();
        let appended = match (&mut self.log, &entry.what) {
            (Some(log), What::Reviewed(_)) => log.review(&entry, after),
            (Some(log), _) => log.append(&entry),
            (None, _) => {
                let reason = self.seen.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
                Err(LogError::Disk {
                    doing: "write",
                    path: self.path.clone(),
                    reason: reason.unwrap_or_else(|| "it is down".into()),
                })
            }
        };
        match appended {
            Ok(Appended::New(outgoing)) => {
                self.remember(&entry);
                tell(&entry);
                self.change = -1;
                self.follow_others();
                outgoing.into_iter().for_each(|one| self.hand_out(one, &now));
                Ok(())
            }
            Ok(Appended::Known) => Ok(()),
            Err(error) if error.is_refusal() => Err(error),
            Err(error) => {
                self.down(&error);
                let Some(held) = entry.alarm.as_ref().and_then(|alarm| self.open.get(alarm)) else {
                    return Err(error);
                };
                let Some(act) = entry.what.act(&entry.who) else { return Err(error) };
                let mut state = held.state.clone();
                state
                    .apply(act, &entry.at)
                    .map_err(|why| LogError::Refused { alarm: held.alarm.clone(), why })?;
                self.announce(entry);
                Ok(())
            }
        }
    }

    pub(super) fn delivered(&mut self, outgoing: &Outgoing, attempts: u32) {
        let (name, now) = (name_of(outgoing), self.clocks.now());
        self.under_way.remove(&name);
        match self.log.as_mut().map(|log| log.delivered(outgoing, attempts, &now)) {
            Some(Ok(())) => {}
            failed => {
                self.taken_meanwhile.insert(name);
                if let Some(Err(error)) = failed {
                    self.down(&error);
                }
            }
        }
    }

    pub(super) fn failed(&mut self, outgoing: &Outgoing, attempts: u32, reason: &str) {
        if let Some(Err(error)) = self.log.as_mut().map(|log| log.failed(outgoing, attempts, reason)) {
            self.down(&error);
        }
    }

    pub(super) fn given_up(&mut self, outgoing: &Outgoing, attempts: u32, reason: &str) {
        let now = self.clocks.now();
        self.under_way.remove(&name_of(outgoing));
        let (channel, alarm) = (outgoing.channel.as_str(), outgoing.alarm.as_str());
        tracing::error!(channel, alarm, attempts, reason, "a message is given up");
        if let Some(Err(error)) = self.log.as_mut().map(|log| log.given_up(outgoing, attempts, reason, &now)) {
            self.down(&error);
        }
    }
}

fn name_of(outgoing: &Outgoing) -> (String, String) {
    (outgoing.channel.clone(), outgoing.entry.clone())
}

fn inode(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|metadata| metadata.ino())
}

/// Announces an entry to whoever reads the daemon's own log.
fn tell(entry: &Entry) {
    let (bed, alarm) = (entry.bed.as_str(), entry.alarm.as_deref().unwrap_or_default());
    match &entry.what {
        What::Seizure { raised_second, .. } => {
            tracing::warn!(bed, alarm, raised_second, "seizure alarm");
        }
        What::Technical { kind, detail, .. } => {
            tracing::warn!(bed, technical = %kind, detail = detail.as_str(), "technical alarm");
        }
        What::Ended { detail, .. } => tracing::info!(bed, alarm, detail = detail.as_str(), "alarm ended"),
        What::Acknowledged | What::AudioPaused { .. } | What::Maintenance { .. } => {
            tracing::info!(bed, alarm, by = entry.who, what = entry.what.name(), "alarm desk");
        }
        What::Switched { from, to, from_second } => {
            tracing::info!(bed, from = from.as_str(), to = to.as_str(), from_second, "autoencoder switched");
        }
        _ => {}
    }
}
