//! Technical alarms: a bed, or the ward, is not watched as it should be.
//!
//! A condition that lasts raises its alarm, and one that stays away clears it, each after a stated
//! time; a flicker does neither. One that comes and goes, and is there for a good share of the time,
//! raises its alarm too. The stated times are the ones that GUIDE.md lists.

use std::collections::{BTreeMap, VecDeque};
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
            // A connection that breaks again and again is one alarm that stays, not one a second.
            TechnicalKind::SourceLost | TechnicalKind::NoSignal => 5.0,
            _ => 0.0,
        }
    }

    /// Whether the condition is looked at once a second of signal, so that a share of them can raise the alarm.
    const fn is_of_seconds(self) -> bool {
        matches!(
            self,
            TechnicalKind::ElectrodeFlat
                | TechnicalKind::Saturated
                | TechnicalKind::NotANumber
                | TechnicalKind::TooFewChannels
        )
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

/// Over how many seconds a share of them is taken.
const SHARE_OF_S: f64 = 30.0;

/// So many of them raise an alarm.
const RAISED_BY: usize = 10;

/// Fewer than so many clear one that a share has raised.
const CLEARED_BELOW: usize = 3;

/// A channel that was away for longer than this is news when it comes back.
const FORGOTTEN_S: f64 = 60.0;

#[derive(Debug, Clone, Default)]
struct Condition {
    /// Since when it lasts; `None` while it is away.
    since_s: Option<f64>,
    /// When it was last seen.
    seen_s: f64,
    raised: bool,
    /// Raised by a share of the seconds: only a smaller share clears it.
    by_share: bool,
    detail: String,
    /// The latest seconds in which it was seen, where it is a matter of seconds.
    seconds: VecDeque<f64>,
    /// Channels that are named now: since when.
    channels: BTreeMap<String, f64>,
    /// Channels that the alarm that stands has told of: when they were last named.
    told: BTreeMap<String, f64>,
}

impl Condition {
    fn seen(&mut self, kind: TechnicalKind, detail: String, now_s: f64) {
        self.since_s.get_or_insert(now_s);
        self.seen_s = now_s;
        self.detail = detail;
        if kind.is_of_seconds() {
            self.seconds.push_back(now_s);
        }
    }

    /// The channels that are named now. A second without them ends their time, as it ends the condition's.
    fn name(&mut self, channels: &[&str], now_s: f64) {
        let before = std::mem::take(&mut self.channels);
        for &channel in channels {
            let since_s = before.get(channel).copied().unwrap_or(now_s);
            self.channels.insert(channel.to_string(), since_s);
        }
        self.told.retain(|_, last_s| now_s - *last_s < FORGOTTEN_S);
        for (channel, last_s) in &mut self.told {
            if self.channels.contains_key(channel) {
                *last_s = now_s;
            }
        }
    }

    fn forget(&mut self, now_s: f64) {
        while self.seconds.front().is_some_and(|second_s| now_s - second_s >= SHARE_OF_S) {
            self.seconds.pop_front();
        }
    }

    fn lasts(&self, kind: TechnicalKind, now_s: f64) -> bool {
        self.since_s.is_some_and(|since_s| now_s - since_s >= kind.raised_after_s())
    }

    /// Whether a channel that the alarm has not told of has been off for as long as raises one.
    fn has_news(&self, kind: TechnicalKind, now_s: f64) -> bool {
        self.channels.iter().any(|(channel, since_s)| {
            !self.told.contains_key(channel) && now_s - since_s >= kind.raised_after_s()
        })
    }

    fn end(&mut self) -> String {
        self.raised = false;
        self.told.clear();
        std::mem::take(&mut self.detail)
    }
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
        self.observe_channels(kind, detail, &[], now_s)
    }

    /// The same of a condition of channels, by their names. Where one is off that the alarm that stands has not told
    /// of, that alarm ends, and the next observation raises it with all of them: a caller who was told of an end while
    /// the condition holds observes once more.
    pub fn observe_channels(
        &mut self,
        kind: TechnicalKind,
        detail: Option<String>,
        channels: &[&str],
        now_s: f64,
    ) -> Option<Transition> {
        let condition = self.conditions.entry(kind).or_default();
        condition.forget(now_s);
        condition.name(channels, now_s);
        let Some(detail) = detail else {
            if !condition.raised {
                condition.since_s = None;
                return None;
            }
            let shares = condition.by_share && condition.seconds.len() >= CLEARED_BELOW;
            if shares || now_s - condition.seen_s < kind.cleared_after_s() {
                return None;
            }
            (condition.since_s, condition.by_share) = (None, false);
            return Some(Transition { kind, raised: false, detail: condition.end() });
        };
        if condition.raised && condition.has_news(kind, now_s) {
            // It goes on with more channels: those that it told of stay told, or two that take turns would never end.
            condition.raised = false;
            let detail = std::mem::take(&mut condition.detail);
            return Some(Transition { kind, raised: false, detail });
        }
        condition.seen(kind, detail, now_s);
        if condition.raised {
            return None;
        }
        let by_share = condition.seconds.len() >= RAISED_BY;
        if !condition.lasts(kind, now_s) && !by_share {
            return None;
        }
        condition.raised = true;
        condition.by_share |= !condition.lasts(kind, now_s);
        condition.told.extend(condition.channels.keys().map(|channel| (channel.clone(), now_s)));
        Some(Transition { kind, raised: true, detail: condition.detail.clone() })
    }

    /// What the alarm of this kind says now, where it is raised.
    pub fn detail(&self, kind: TechnicalKind) -> Option<&str> {
        self.conditions.get(&kind).filter(|condition| condition.raised).map(|c| c.detail.as_str())
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
