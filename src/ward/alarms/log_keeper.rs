//! What the desk's thread does: keeps the log, finds who is to be told, and what to do while the log is down.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::carrier::Carriers;
use super::desk::{Seen, log_down};
use crate::alarm::entry::Entry;
use crate::alarm::log::{Appended, Held, Outgoing};
use crate::alarm::message::Routing;
use crate::alarm::moment::{Clocks, Moment};
use crate::alarm::spare::Spare;
use crate::alarm::state::AlarmKind;
use crate::alarm::{AlarmLog, LogError, TechnicalKind};

/// How often a log that is down is tried again, and one that is up is looked at.
const LOOKED_EVERY: Duration = Duration::from_secs(1);

/// Why an alarm ends that its bed does not go on with.
pub(super) const NOT_LASTING: &str = "the bed was started anew, and the alarm does not last";

/// Entries that are kept in memory while no disk takes them: weeks of alarms.
pub(super) const MOST_NOWHERE: usize = 100_000;

/// The thread's memory.
pub struct LogKeeper {
    pub(super) path: PathBuf,
    pub(super) ward: String,
    /// The beds of the configuration.
    beds: BTreeSet<String>,
    /// When this daemon began: alarms from before are of another.
    began: Moment,
    /// With which alarms each bed went on, as it told when it started.
    pub(super) went_on: BTreeMap<String, BTreeSet<String>>,
    pub(super) routing: Routing,
    pub(super) clocks: Clocks,
    pub(super) carriers: Carriers,
    pub(super) seen: Arc<Seen>,
    pub(super) spare: Spare,
    pub(super) log: Option<AlarmLog>,
    /// Which file the log is: one that was exchanged under us is opened anew.
    pub(super) file: Option<u64>,
    pub(super) change: i64,
    pub(super) looked: Option<Instant>,
    /// Whether what waited for channels that are configured no more is given up.
    settled: bool,
    /// Alarms that are open, by identity: what is known while the log is down.
    pub(super) open: BTreeMap<String, Held>,
    /// The technical alarm that is raised, by whose and what.
    pub(super) technical: BTreeMap<(String, TechnicalKind), String>,
    /// Messages that are with a carrier: channel and entry.
    pub(super) under_way: HashSet<(String, String)>,
    /// Messages that were taken while the log was down.
    pub(super) taken_meanwhile: HashSet<(String, String)>,
    /// Messages that are not due yet.
    pub(super) later: Vec<Outgoing>,
    /// Entries that are not in the log, by key.
    pub(super) unlogged: BTreeMap<String, Entry>,
    /// Entries that no disk took, in order.
    pub(super) nowhere: Vec<Entry>,
}

impl LogKeeper {
    pub(super) fn new(
        path: PathBuf,
        routing: Routing,
        ward: String,
        beds: BTreeSet<String>,
        clocks: Clocks,
        carriers: Carriers,
        seen: Arc<Seen>,
    ) -> LogKeeper {
        LogKeeper {
            spare: Spare::of(&path),
            path,
            ward,
            beds,
            began: clocks.now(),
            went_on: BTreeMap::new(),
            routing,
            clocks,
            carriers,
            seen,
            log: None,
            file: None,
            change: -1,
            looked: None,
            settled: false,
            open: BTreeMap::new(),
            technical: BTreeMap::new(),
            under_way: HashSet::new(),
            taken_meanwhile: HashSet::new(),
            later: Vec::new(),
            unlogged: BTreeMap::new(),
            nowhere: Vec::new(),
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
            let was_down = self.log.is_none();
            if was_down {
                self.reopen();
            }
            self.follow_others();
            // What waits is handed out first: the end of an alarm does not go before the alarm.
            self.hand_out_later();
            if was_down && self.log.is_some() {
                self.end_what_was_left();
            }
        }
        self.hand_out_later();
    }

    /// Hands out what was to wait and is due now, in the order of the outbox.
    fn hand_out_later(&mut self) {
        let now = self.clocks.now();
        // An escalation whose clock was lost with a restart of the machine is due at once.
        let due = |outgoing: &Outgoing| now.since_us(&outgoing.due).is_none_or(|passed| passed >= 0);
        let (mut ready, later): (Vec<Outgoing>, Vec<Outgoing>) =
            std::mem::take(&mut self.later).into_iter().partition(due);
        self.later = later;
        ready.sort_by_key(|outgoing| outgoing.id.unwrap_or(i64::MAX));
        for outgoing in ready {
            self.send(outgoing, &now);
        }
    }

    /// Ends what an earlier daemon left, and nothing carries on.
    fn end_what_was_left(&mut self) {
        let now = self.clocks.now();
        let earlier = |held: &&Held| {
            held.state.is_present() && held.raised.since_us(&self.began).is_none_or(|passed| passed < 0)
        };
        let left: Vec<(String, &str)> = self
            .open
            .values()
            .filter(earlier)
            .filter_map(|held| {
                let why = match held.kind() {
                    AlarmKind::Technical => "the daemon was started anew",
                    AlarmKind::Seizure if !self.beds.contains(&held.bed) => "the bed is not watched any more",
                    // Its bed says whether it lasts, or will.
                    AlarmKind::Seizure if self.went_on.get(&held.bed)?.contains(&held.alarm) => return None,
                    AlarmKind::Seizure => NOT_LASTING,
                };
                Some((held.alarm.clone(), why))
            })
            .collect();
        for (alarm, why) in left {
            self.end(&alarm, why, &now);
        }
    }

    /// Opens the log and moves into it what waits beside it.
    fn reopen(&mut self) {
        match self.open_and_move() {
            Ok(log) => {
                self.file = inode(&self.path);
                self.change = -1;
                self.log = Some(log);
                match self.waiting() {
                    Ok(waiting) => self.take_up(waiting),
                    Err(error) => return self.down(&error),
                }
                self.taken_meanwhile.clear();
                self.unlogged.clear();
                self.nowhere.clear();
                let was_down = self.seen.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(words) = was_down {
                    tracing::info!("the log of alarms is written again");
                    self.technical("", "", "", log_down(false, words));
                }
            }
            Err(error) => self.down(&error),
        }
    }

    /// What the outbox holds. At the start, what waited for a channel that has left the configuration is given up: put back
    /// after months, it would tell of alarms of that time as if they were new.
    fn waiting(&mut self) -> Result<Vec<Outgoing>, LogError> {
        let Some(log) = &mut self.log else { return Ok(Vec::new()) };
        let (waiting, left): (Vec<Outgoing>, Vec<Outgoing>) = log
            .waiting()?
            .into_iter()
            .partition(|outgoing| self.settled || self.carriers.has(&outgoing.channel));
        if !left.is_empty() {
            tracing::warn!(
                messages = left.len(),
                "messages for channels that are configured no more are given up"
            );
            log.given_up_all(&left, "its channel is configured no more", &self.clocks.now())?;
        }
        self.settled = true;
        Ok(waiting)
    }

    fn open_and_move(&self) -> Result<AlarmLog, LogError> {
        let mut log = AlarmLog::open(&self.path)?.with_routing(self.routing.clone());
        let io = |error: std::io::Error| LogError::Disk {
            doing: "read",
            path: self.spare.path().to_path_buf(),
            reason: error.to_string(),
        };
        let (mut entries, damaged) = self.spare.entries().map_err(io)?;
        // What could be written nowhere is known here alone. In the order in which it happened: an end must not come
        // before what it ends.
        let known: HashSet<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
        let nowhere: Vec<Entry> =
            self.nowhere.iter().filter(|entry| !known.contains(entry.key.as_str())).cloned().collect();
        entries.extend(nowhere);
        let here = self.clocks.now().boot;
        entries.sort_by_key(|entry| if entry.at.boot == here { entry.at.mono_us } else { i64::MIN });
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
    pub(super) fn follow_others(&mut self) {
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
    pub(super) fn down(&mut self, error: &LogError) {
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
}

pub(super) fn name_of(outgoing: &Outgoing) -> (String, String) {
    (outgoing.channel.clone(), outgoing.entry.clone())
}

fn inode(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|metadata| metadata.ino())
}
