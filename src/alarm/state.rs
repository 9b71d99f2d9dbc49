//! The states of an alarm, and what may follow what.
//!
//! ```text
//!  pending ──raised──> active ──acknowledged──> acknowledged ──ended──> cleared
//!                       │  ^                                              ^
//!            audio paused│  │the pause ran out                             │acknowledged
//!                       v  │                                              │
//!                   audio-paused ──ended──> latched ──────────────────────┘
//! ```
//!
//! Two things are independent: whether the condition lasts, and whether somebody has taken note. A seizure that ended
//! before anybody came stays *latched*: seizures end, and are to be seen all the same. A technical alarm whose cause is
//! gone asks nothing of anybody, and is cleared with it.
//!
//! Invariant: no clock. Time comes in as a value.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use super::moment::Moment;

/// Longest pause of the sound in seconds: long enough to care for the patient, too short to forget.
pub const LONGEST_PAUSE_S: u32 = 600;

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// The patient: a physiological alarm.
    Seizure,
    /// The watch itself.
    Technical,
}

impl AlarmKind {
    /// Whether the alarm waits for somebody after its condition has gone.
    pub const fn latches(self) -> bool {
        matches!(self, AlarmKind::Seizure)
    }

    /// The name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            AlarmKind::Seizure => "seizure",
            AlarmKind::Technical => "technical",
        }
    }
}

/// Where an alarm stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Its condition is seen and has not lasted long enough; nobody is told.
    Pending,
    /// Its condition lasts and nobody has taken note.
    Active,
    /// The same, and the sound is off for a stated time.
    AudioPaused,
    /// Its condition lasts and somebody has taken note.
    Acknowledged,
    /// Its condition has gone and nobody has taken note.
    Latched,
    /// It is over.
    Cleared,
}

impl Phase {
    /// The name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Pending => "pending",
            Phase::Active => "active",
            Phase::AudioPaused => "audio-paused",
            Phase::Acknowledged => "acknowledged",
            Phase::Latched => "latched",
            Phase::Cleared => "cleared",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What happens to an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act<'a> {
    /// The condition has lasted long enough.
    Raised,
    /// The condition has gone.
    Ended,
    /// Somebody takes note.
    Acknowledged {
        /// Who.
        by: &'a str,
    },
    /// Somebody turns the sound off for a while.
    AudioPaused {
        /// Who.
        by: &'a str,
        /// For how many seconds.
        for_s: u32,
    },
    /// Nobody has taken note in time: others are told.
    Escalated,
}

/// What cannot follow. The words say what stands against it and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OutOfOrder {
    /// The alarm was never raised.
    #[error("the alarm was not raised")]
    NotRaised,
    /// The alarm was raised before.
    #[error("the alarm was raised before")]
    AlreadyRaised,
    /// The condition had gone already.
    #[error("the alarm's condition had ended before")]
    AlreadyEnded,
    /// The alarm is over.
    #[error("the alarm is cleared: nothing is left to do")]
    Cleared,
    /// The same person has taken note already.
    #[error("{by} has acknowledged this alarm before")]
    AlreadyAcknowledged {
        /// Who.
        by: String,
    },
    /// There is no sound to pause, or nobody to escalate to: it was acknowledged.
    #[error("the alarm is acknowledged: it makes no sound")]
    Silent,
    /// Nobody's name.
    #[error("who acts is not named: every act on an alarm is somebody's")]
    Nobody,
    /// A pause of no length, or too long.
    #[error("a pause of {for_s} s; expected 1 to {LONGEST_PAUSE_S}")]
    Pause {
        /// As asked for.
        for_s: u32,
    },
}

/// One alarm's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmState {
    kind: AlarmKind,
    raised: bool,
    present: bool,
    acknowledged_by: Vec<String>,
    /// When the sound was last paused, and for how many seconds.
    pause: Option<(Moment, u32)>,
}

impl AlarmState {
    /// An alarm whose condition is seen, and that nobody is told of.
    pub fn pending(kind: AlarmKind) -> AlarmState {
        AlarmState { kind, raised: false, present: true, acknowledged_by: Vec::new(), pause: None }
    }

    /// Takes what happens.
    ///
    /// # Errors
    /// [`OutOfOrder`]; the state is then as it was.
    pub fn apply(&mut self, act: Act<'_>, at: &Moment) -> Result<(), OutOfOrder> {
        if matches!(act, Act::Raised) {
            return match self.raised {
                true => Err(OutOfOrder::AlreadyRaised),
                false => {
                    self.raised = true;
                    Ok(())
                }
            };
        }
        if !self.raised {
            return Err(OutOfOrder::NotRaised);
        }
        match act {
            Act::Ended if !self.present => return Err(OutOfOrder::AlreadyEnded),
            Act::Ended => self.present = false,
            _ if self.phase(at) == Phase::Cleared => return Err(OutOfOrder::Cleared),
            Act::Acknowledged { by } => {
                let by = named(by)?;
                if self.acknowledged_by.iter().any(|earlier| earlier == by) {
                    return Err(OutOfOrder::AlreadyAcknowledged { by: by.to_string() });
                }
                self.acknowledged_by.push(by.to_string());
            }
            Act::AudioPaused { by, for_s } => {
                named(by)?;
                if !(1..=LONGEST_PAUSE_S).contains(&for_s) {
                    return Err(OutOfOrder::Pause { for_s });
                }
                if self.is_acknowledged() {
                    return Err(OutOfOrder::Silent);
                }
                self.pause = Some((at.clone(), for_s));
            }
            Act::Escalated if self.is_acknowledged() => return Err(OutOfOrder::Silent),
            Act::Escalated | Act::Raised => {}
        }
        Ok(())
    }

    /// Where it stands now.
    pub fn phase(&self, now: &Moment) -> Phase {
        match (self.raised, self.present) {
            (false, true) => Phase::Pending,
            (false, false) => Phase::Cleared,
            (true, true) if self.is_acknowledged() => Phase::Acknowledged,
            (true, true) if self.is_paused(now) => Phase::AudioPaused,
            (true, true) => Phase::Active,
            (true, false) if self.is_acknowledged() || !self.kind.latches() => Phase::Cleared,
            (true, false) => Phase::Latched,
        }
    }

    /// Whether it is to be heard: raised, not acknowledged, not paused, not cleared.
    pub fn sounds(&self, now: &Moment) -> bool {
        matches!(self.phase(now), Phase::Active | Phase::Latched) && !self.is_paused(now)
    }

    /// Whether others are to be told because nobody has taken note: raised, not acknowledged, not cleared.
    pub fn asks_for_somebody(&self, now: &Moment) -> bool {
        matches!(self.phase(now), Phase::Active | Phase::AudioPaused | Phase::Latched)
    }

    /// Whether somebody has taken note.
    pub fn is_acknowledged(&self) -> bool {
        !self.acknowledged_by.is_empty()
    }

    /// Who has taken note, first to last.
    pub fn acknowledged_by(&self) -> &[String] {
        &self.acknowledged_by
    }

    /// Whether the condition lasts.
    pub fn is_present(&self) -> bool {
        self.present
    }

    /// A pause lasts by the clock that only goes forward; one from before the machine was started anew is over.
    fn is_paused(&self, now: &Moment) -> bool {
        self.pause.as_ref().is_some_and(|(since, for_s)| {
            now.since_us(since).is_some_and(|passed| (0..i64::from(*for_s) * 1_000_000).contains(&passed))
        })
    }
}

fn named(by: &str) -> Result<&str, OutOfOrder> {
    let by = by.trim();
    if by.is_empty() { Err(OutOfOrder::Nobody) } else { Ok(by) }
}
