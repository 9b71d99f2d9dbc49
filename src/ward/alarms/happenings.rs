//! What happens at the desk: entries are logged and told, technical alarms rise and clear, people act, channels answer.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::carrier::Ready;
use super::log_keeper::{LogKeeper, MOST_NOWHERE, NOT_LASTING, name_of};
use crate::alarm::entry::{DAEMON, Entry, What, technical_id};
use crate::alarm::log::{Appended, Held, Logged, Outgoing};
use crate::alarm::message::{Message, Posting};
use crate::alarm::moment::Moment;
use crate::alarm::state::{AlarmKind, Phase};
use crate::alarm::{LogError, Transition};

impl LogKeeper {
    /// Logs an entry and hands out its messages; where the log is down, keeps it beside and hands them out all the
    /// same.
    pub(super) fn announce(&mut self, entry: Entry) {
        self.remember(&entry);
        tell(&entry);
        let now = entry.at.clone();
        let appended = self.log.as_mut().map(|log| log.append(&entry));
        match appended {
            Some(Ok(Appended::New(outgoing))) => {
                outgoing.into_iter().for_each(|one| self.hand_out(one, &now))
            }
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

    fn keep_beside(&mut self, entry: &Entry) {
        if let Err(error) = self.spare.append(entry) {
            let path = self.spare.path().display();
            tracing::error!(%error, %path, key = entry.key, "an entry is neither in the log of alarms nor beside it");
            if self.nowhere.len() < MOST_NOWHERE {
                self.nowhere.push(entry.clone());
            }
        }
    }

    /// The messages that an entry makes, where no outbox can hold them.
    fn unlogged_messages(&self, entry: &Entry) -> Vec<Outgoing> {
        let mut entry = entry.clone();
        if let Some(held) = entry.alarm.as_ref().and_then(|alarm| self.open.get(alarm)) {
            entry.bed.clone_from(&held.bed);
        }
        let Some(held) = entry.alarm.as_ref().and_then(|alarm| self.open.get(alarm)) else {
            return Vec::new();
        };
        let postings = self.routing.postings(&entry, held.kind(), held.priority);
        let outgoing = |posting: Posting| Outgoing {
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
        let early = outgoing.escalation && now.since_us(&outgoing.due).is_some_and(|passed| passed < 0);
        if early || self.waits_behind_others(&outgoing) {
            self.later.push(outgoing);
        } else {
            self.send(outgoing, now);
        }
    }

    /// Whether an earlier message for the same channel has not been handed out yet.
    fn waits_behind_others(&self, outgoing: &Outgoing) -> bool {
        let earlier = |other: &Outgoing| {
            other.channel == outgoing.channel
                && !other.escalation
                && other.id.is_some_and(|id| outgoing.id.is_none_or(|own| id < own))
        };
        self.later.iter().any(earlier)
    }

    pub(super) fn send(&mut self, outgoing: Outgoing, now: &Moment) {
        let name = name_of(&outgoing);
        // What was written for a channel that is not configured here waits for a daemon that knows it.
        if self.under_way.contains(&name) || !self.carriers.has(&outgoing.channel) {
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
                None => self.asks_for_somebody(&outgoing.alarm, now),
            };
            if !stands {
                return;
            }
        }
        let Some(message) = self.message(&outgoing) else { return };
        if !self.waits_behind_others(&outgoing)
            && self.carriers.hand(Ready { outgoing: outgoing.clone(), message })
        {
            self.under_way.insert(name);
        } else {
            // Its carrier is full: it waits, and what comes after it waits behind it.
            self.later.push(Outgoing { due: now.after_us(5_000_000), ..outgoing });
        }
    }

    /// Whether an escalation that is with its carrier is to be tried still; one that is not is withdrawn.
    pub(super) fn stands(&mut self, outgoing: &Outgoing) -> bool {
        let now = self.clocks.now();
        let stands = match self.log.as_mut().map(|log| log.stands(outgoing, &now)) {
            Some(Ok(stands)) => stands,
            failed => {
                if let Some(Err(error)) = failed {
                    self.down(&error);
                }
                self.asks_for_somebody(&outgoing.alarm, &now)
            }
        };
        if !stands {
            self.under_way.remove(&name_of(outgoing));
        }
        stands
    }

    /// The same out of memory. What is not known there is told rather than kept back.
    fn asks_for_somebody(&self, alarm: &str, now: &Moment) -> bool {
        self.open.get(alarm).is_none_or(|held| held.state.asks_for_somebody(now))
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
            self.open.retain(|_, held| held.state.phase(now) != Phase::Cleared || held.alarm == *alarm);
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
        self.went_on.insert(bed.to_string(), alarms.clone());
        let over = self.open.values().filter(|held| {
            held.bed == bed
                && held.kind() == AlarmKind::Seizure
                && held.state.is_present()
                && !alarms.contains(&held.alarm)
        });
        for alarm in over.map(|held| held.alarm.clone()).collect::<Vec<_>>() {
            self.end(&alarm, NOT_LASTING, &now);
        }
    }

    pub(super) fn end(&mut self, alarm: &str, why: &str, now: &Moment) {
        let what = What::Ended { end_second: None, detail: why.to_string() };
        self.announce(Entry::of_alarm(alarm, now, DAEMON, what));
    }

    /// A person's act. What is about an open alarm can be done while the log is down.
    pub(super) fn act(&mut self, entry: Entry, after: Option<i64>) -> Result<(), LogError> {
        let now = entry.at.clone();
        let appended = match (&mut self.log, &entry.what) {
            (Some(log), What::Reviewed(_)) => log.review(&entry, after),
            (Some(log), What::SecondReading(_)) => log.read_again(&entry, after),
            (Some(log), _) => log.append(&entry),
            (None, _) => return self.act_unlogged(entry),
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
                self.act_unlogged(entry)
            }
        }
    }

    /// The same while the log is down: what an open alarm asks for can be done, the rest has time.
    fn act_unlogged(&mut self, entry: Entry) -> Result<(), LogError> {
        let held = entry.alarm.as_ref().and_then(|alarm| self.open.get(alarm));
        let (Some(held), Some(act)) = (held, entry.what.act(&entry.who)) else {
            let reason = self.seen.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let reason = reason.unwrap_or_else(|| "it is down".into());
            return Err(LogError::Disk { doing: "write", path: self.path.clone(), reason });
        };
        let mut state = held.state.clone();
        state.apply(act, &entry.at).map_err(|why| LogError::Refused { alarm: held.alarm.clone(), why })?;
        self.announce(entry);
        Ok(())
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
        if let Some(Err(error)) = self.log.as_mut().map(|log| log.given_up(outgoing, attempts, reason, &now))
        {
            self.down(&error);
        }
    }
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
        What::Switched { from, to, from_second, seizure_probability } => {
            tracing::info!(bed, from = from.as_str(), to = to.as_str(), from_second, "autoencoder switched");
            if let Some([before, after]) = seizure_probability.filter(|[before, after]| before != after) {
                tracing::warn!(
                    bed,
                    "seizure_probability {after}, until now {before}: it follows the patient's EEG"
                );
            }
        }
        _ => {}
    }
}
