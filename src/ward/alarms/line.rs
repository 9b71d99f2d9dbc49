//! The messages that wait for one channel.
//!
//! Invariant: whatever fails keeps its place. The order is that of the outbox, whichever of them was tried last.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::carrier::Ready;

/// First and longest pause after a failure.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// A place in the line: the number in the outbox, and for what could not be written there, the one before it with the
/// order in which it came.
pub type Place = (i64, u64);

/// A message that waits for its next attempt.
pub struct Held {
    /// What is to be sent.
    pub ready: Ready,
    /// How often it was tried since it came.
    pub attempts: u32,
    /// Whether it has failed while others went through: it waits for itself, and says nothing of the channel.
    pub alone: bool,
    /// Until when it waits for itself.
    until: Option<Instant>,
}

/// The line.
#[derive(Default)]
pub struct Line {
    waiting: BTreeMap<Place, Held>,
    came: u64,
    /// The highest number of the outbox so far.
    highest: i64,
    /// Until when all wait: the other end is away.
    until: Option<Instant>,
    /// When the other end was last found away.
    found_away: Option<Instant>,
}

impl Line {
    /// A message comes. While the other end is away it waits behind those that wait, but they are tried soon: it may be
    /// what somebody must hear at once.
    pub fn push(&mut self, ready: Ready) {
        self.came += 1;
        let number = ready.outgoing.id.unwrap_or(self.highest);
        self.highest = self.highest.max(number);
        let held = Held { ready, attempts: 0, alone: false, until: None };
        self.waiting.insert((number, self.came), held);
        if let (Some(until), Some(away)) = (self.until, self.found_away) {
            self.until = Some(until.min(away + PAUSES[0]));
        }
    }

    /// The first that may be tried. Those that fail by themselves come after all others: each takes its time, and they
    /// must not keep what is new from being told.
    pub fn first(&self, now: Instant) -> Option<Place> {
        if self.is_paused(now) {
            return None;
        }
        let due = self.waiting.iter().filter(|(_, held)| held.may(now));
        due.min_by_key(|(place, held)| (held.alone, **place)).map(|(place, _)| *place)
    }

    /// The next behind a place that could be tried, and has not failed by itself. What becomes of an alarm does not go
    /// before its raising: a receiver would hold it for raised for ever.
    pub fn behind(&self, place: Place, now: Instant) -> Option<Place> {
        let first = &self.waiting.get(&place)?.ready;
        let is_of_it = |other: &Held| {
            first.message.event == "raised" && other.ready.outgoing.alarm == first.outgoing.alarm
        };
        let mut others = self.waiting.range((std::ops::Bound::Excluded(place), std::ops::Bound::Unbounded));
        others.find(|(_, held)| held.may(now) && !held.alone && !is_of_it(held)).map(|(place, _)| *place)
    }

    /// Whether all wait.
    pub fn is_paused(&self, now: Instant) -> bool {
        !self.waiting.is_empty() && self.until.is_some_and(|until| now < until)
    }

    /// When one may be tried, at the earliest.
    pub fn next(&self, now: Instant) -> Option<Instant> {
        if self.is_paused(now) {
            return self.until;
        }
        self.waiting.values().map(|held| held.until.unwrap_or(now)).min()
    }

    /// The message at a place.
    pub fn held(&mut self, place: Place) -> Option<&mut Held> {
        self.waiting.get_mut(&place)
    }

    /// It is taken, given up or withdrawn.
    pub fn done(&mut self, place: Place) {
        self.waiting.remove(&place);
    }

    /// The other end is away: all wait as long as it is.
    pub fn pause(&mut self, failures: u32) {
        let now = Instant::now();
        self.found_away = Some(now);
        self.until = Some(now + pause_after(failures));
    }

    /// The other end is there: nobody waits for it any more. What was set aside before it came back may have suffered
    /// from the same, and is tried again in its place.
    pub fn release(&mut self) {
        self.found_away = None;
        if self.until.take().is_some() {
            self.waiting.values_mut().for_each(|held| held.until = None);
        }
    }

    /// What fails by itself waits for itself.
    pub fn set_aside(&mut self, place: Place) {
        if let Some(held) = self.waiting.get_mut(&place) {
            held.alone = true;
            held.until = Some(Instant::now() + pause_after(held.attempts));
        }
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }
}

impl Held {
    fn may(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| until <= now)
    }
}

/// How long to wait after so many failures.
pub fn pause_after(failures: u32) -> Duration {
    PAUSES[0].saturating_mul(1 << failures.saturating_sub(1).min(16)).min(PAUSES[1])
}
