//! Technical alarms: a bed, or the ward, is not watched as it should be.
//!
//! A condition that lasts raises its alarm, and one that stays away clears it, each after a stated
//! time; a flicker does neither. The stated times are the ones that GUIDE.md lists.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How soon somebody must act, in the words of IEC 60601-1-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Somebody should know.
    Low,
    /// Prompt attention: part of the watch is impaired.
    Medium,
    /// Immediate attention: the patient is not watched.
    High,
}

impl Priority {
    /// The name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Priority::Low => "low",
            Priority::Medium => "medium",
            Priority::High => "high",
        }
    }
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TechnicalKind {
    /// The source is connected, or was, and gives no samples.
    NoSignal,
    /// There is no connection to the source.
    SourceLost,
    /// The stream does not fit the patient's montage, or its layout cannot be used.
    Misfit,
    /// The EEG is far smaller or larger than a head gives: the stream's unit is likely wrong.
    WrongUnit,
    /// An electrode's value stands still: off, unplugged, blocked.
    ElectrodeFlat,
    /// An amplifier channel is at an end of its range.
    Saturated,
    /// Samples that are no numbers.
    NotANumber,
    /// Too few derivations are left to judge a second by.
    TooFewChannels,
    /// Samples that the device gave did not arrive.
    SamplesLost,
    /// Samples come faster or slower than the stream says.
    WrongRate,
    /// A clock was moved: the device's, or this machine's.
    ClockJump,
    /// Seconds wait longer for their verdict than they should.
    DetectorBehind,
    /// A network cannot judge.
    DetectorFails,
    /// The record cannot be written.
    RecorderFails,
    /// There is little room left for the record.
    DiskNearlyFull,
    /// The state of a bed cannot be saved.
    StateUnwritable,
    /// The log of alarms cannot be written: alarms go out all the same.
    LogDown,
    /// A channel does not take messages.
    ChannelDown,
}

impl TechnicalKind {
    /// Every kind.
    pub const ALL: [TechnicalKind; 18] = [
        TechnicalKind::NoSignal,
        TechnicalKind::SourceLost,
        TechnicalKind::Misfit,
        TechnicalKind::WrongUnit,
        TechnicalKind::ElectrodeFlat,
        TechnicalKind::Saturated,
        TechnicalKind::NotANumber,
        TechnicalKind::TooFewChannels,
        TechnicalKind::SamplesLost,
        TechnicalKind::WrongRate,
        TechnicalKind::ClockJump,
        TechnicalKind::DetectorBehind,
        TechnicalKind::DetectorFails,
        TechnicalKind::RecorderFails,
        TechnicalKind::DiskNearlyFull,
        TechnicalKind::StateUnwritable,
        TechnicalKind::LogDown,
        TechnicalKind::ChannelDown,
    ];

    /// The name in logs and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            TechnicalKind::NoSignal => "no-signal",
            TechnicalKind::SourceLost => "source-lost",
            TechnicalKind::Misfit => "misfit",
            TechnicalKind::WrongUnit => "wrong-unit",
            TechnicalKind::ElectrodeFlat => "electrode-flat",
            TechnicalKind::Saturated => "saturated",
            TechnicalKind::NotANumber => "not-a-number",
            TechnicalKind::TooFewChannels => "too-few-channels",
            TechnicalKind::SamplesLost => "samples-lost",
            TechnicalKind::WrongRate => "wrong-rate",
            TechnicalKind::ClockJump => "clock-jump",
            TechnicalKind::DetectorBehind => "detector-behind",
            TechnicalKind::DetectorFails => "detector-fails",
            TechnicalKind::RecorderFails => "recorder-fails",
            TechnicalKind::DiskNearlyFull => "disk-nearly-full",
            TechnicalKind::StateUnwritable => "state-unwritable",
            TechnicalKind::LogDown => "log-down",
            TechnicalKind::ChannelDown => "channel-down",
        }
    }

    /// How soon somebody must act.
    pub const fn priority(self) -> Priority {
        match self {
            TechnicalKind::NoSignal
            | TechnicalKind::SourceLost
            | TechnicalKind::Misfit
            // In another unit no seizure is large enough, or everything is.
            | TechnicalKind::WrongUnit
            | TechnicalKind::TooFewChannels
            | TechnicalKind::DetectorBehind
            | TechnicalKind::DetectorFails
            // Whoever relies on it hears of no seizure.
            | TechnicalKind::ChannelDown => Priority::High,
            TechnicalKind::ElectrodeFlat
            | TechnicalKind::Saturated
            | TechnicalKind::NotANumber
            | TechnicalKind::SamplesLost
            | TechnicalKind::WrongRate
            | TechnicalKind::RecorderFails
            | TechnicalKind::StateUnwritable
            | TechnicalKind::LogDown => Priority::Medium,
            TechnicalKind::ClockJump | TechnicalKind::DiskNearlyFull => Priority::Low,
        }
    }

    /// Whether a bed under this alarm is judged as it should be: its time counts as monitored only if so.
    pub const fn impairs_judging(self) -> bool {
        match self {
            TechnicalKind::NoSignal
            | TechnicalKind::SourceLost
            | TechnicalKind::Misfit
            | TechnicalKind::WrongUnit
            | TechnicalKind::ElectrodeFlat
            | TechnicalKind::Saturated
            | TechnicalKind::NotANumber
            | TechnicalKind::TooFewChannels
            | TechnicalKind::WrongRate
            | TechnicalKind::DetectorBehind
            | TechnicalKind::DetectorFails => true,
            // Lost samples are counted as the gap that they are; the alarm stands for a minute so that it is seen.
            TechnicalKind::SamplesLost
            | TechnicalKind::ClockJump
            | TechnicalKind::RecorderFails
            | TechnicalKind::DiskNearlyFull
            | TechnicalKind::StateUnwritable
            | TechnicalKind::LogDown
            | TechnicalKind::ChannelDown => false,
        }
    }

    /// Seconds that the condition must last before the alarm is raised. What is itself a matter of
    /// time (two seconds without a sample) is measured where it is seen and not waited for again.
    pub const fn raised_after_s(self) -> f64 {
        match self {
            // A patient's movement or a bad second is not an electrode that came off.
            TechnicalKind::ElectrodeFlat | TechnicalKind::Saturated | TechnicalKind::NotANumber => 3.0,
            TechnicalKind::TooFewChannels => 2.0,
            _ => 0.0,
        }
    }

    /// Seconds that the condition must stay away before the alarm is cleared.
    pub const fn cleared_after_s(self) -> f64 {
        match self {
            // What is an event and not a state stays long enough to be seen.
            TechnicalKind::SamplesLost | TechnicalKind::ClockJump => 60.0,
            TechnicalKind::ElectrodeFlat | TechnicalKind::Saturated | TechnicalKind::NotANumber => 3.0,
            TechnicalKind::TooFewChannels | TechnicalKind::DetectorBehind => 2.0,
            _ => 0.0,
        }
    }
}

impl fmt::Display for TechnicalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An alarm that was raised or cleared.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// What is wrong, or was.
    pub kind: TechnicalKind,
    /// Raised, or cleared.
    pub raised: bool,
    /// What and where, in words.
    pub detail: String,
}

#[derive(Debug, Clone, Default)]
struct Condition {
    /// Since when it lasts; `None` while it is away.
    since_s: Option<f64>,
    /// When it was last seen.
    seen_s: f64,
    raised: bool,
    detail: String,
}

/// The technical alarms of one bed, or of the ward.
#[derive(Debug, Clone, Default)]
pub struct Health {
    conditions: BTreeMap<TechnicalKind, Condition>,
}

impl Health {
    /// Tells that a condition holds (`Some`, in words), or does not, at `now_s` seconds of a clock
    /// that only goes forward.
    pub fn observe(&mut self, kind: TechnicalKind, detail: Option<String>, now_s: f64) -> Option<Transition> {
        let condition = self.conditions.entry(kind).or_default();
        match detail {
            Some(detail) => {
                let since_s = *condition.since_s.get_or_insert(now_s);
                condition.seen_s = now_s;
                if condition.raised {
                    return None;
                }
                condition.detail = detail;
                if now_s - since_s < kind.raised_after_s() {
                    return None;
                }
                condition.raised = true;
                Some(Transition { kind, raised: true, detail: condition.detail.clone() })
            }
            None => {
                if !condition.raised {
                    condition.since_s = None;
                    return None;
                }
                if now_s - condition.seen_s < kind.cleared_after_s() {
                    return None;
                }
                condition.since_s = None;
                condition.raised = false;
                Some(Transition { kind, raised: false, detail: std::mem::take(&mut condition.detail) })
            }
        }
    }

    /// The alarms that are raised, with what they say.
    pub fn raised(&self) -> impl Iterator<Item = (TechnicalKind, &str)> {
        self.conditions
            .iter()
            .filter(|(_, condition)| condition.raised)
            .map(|(kind, condition)| (*kind, condition.detail.as_str()))
    }

    /// The conditions that are seen and have not lasted long enough: alarms that are pending.
    pub fn pending(&self) -> impl Iterator<Item = TechnicalKind> {
        let pending =
            self.conditions.iter().filter(|(_, condition)| !condition.raised && condition.since_s.is_some());
        pending.map(|(kind, _)| *kind)
    }

    /// Whether any alarm is raised under which the bed is not judged as it should be.
    pub fn impairs_judging(&self) -> bool {
        self.raised().any(|(kind, _)| kind.impairs_judging())
    }

    /// Whether an alarm of this kind is raised.
    pub fn is_raised(&self, kind: TechnicalKind) -> bool {
        self.conditions.get(&kind).is_some_and(|condition| condition.raised)
    }

    /// Clears everything: the bed is no longer watched.
    pub fn clear_all(&mut self) -> Vec<Transition> {
        let raised = std::mem::take(&mut self.conditions).into_iter().filter(|(_, c)| c.raised);
        raised.map(|(kind, c)| Transition { kind, raised: false, detail: c.detail }).collect()
    }
}
