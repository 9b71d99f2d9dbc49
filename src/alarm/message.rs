//! What is told of an entry, and to which channels.

use serde::{Deserialize, Serialize};

use super::entry::{Entry, What};
use super::log::Held;
use super::moment::Moment;
use super::state::{AlarmKind, Phase};
use super::technical::Priority;

/// One happening, as it goes out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The entry that it tells of. Two messages with one key tell of the same: the second is to be ignored.
    pub key: String,
    /// `raised`, `ended`, `acknowledged`, `audio-paused` or `escalated`.
    pub event: String,
    /// The ward's name.
    pub ward: String,
    /// The alarm's identity.
    pub alarm: String,
    /// Its kind.
    pub kind: AlarmKind,
    /// Where the alarm stood after what is told; of an escalation, where it stands.
    pub phase: Phase,
    /// How soon somebody must act.
    pub priority: Priority,
    /// The bed; empty for the ward's own.
    pub bed: String,
    /// The patient's id; absent unless the channel is to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient: Option<String>,
    /// The patient's name; absent unless the channel is to be told. Never kept: it is looked up as a message goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patient_name: Option<String>,
    /// What and where, in words.
    pub detail: String,
    /// Wall clock of what is told, RFC 3339 in UTC.
    pub time: String,
    /// Wall clock of the raising.
    pub raised: String,
    /// Wall clock of a seizure's onset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onset: Option<String>,
    /// Who did what is told.
    pub by: String,
    /// Digest of networks and settings that raised it; empty for a technical alarm.
    pub detector: String,
    /// What this is for.
    pub notice: String,
}

/// The sentence that goes with every message.
pub const NOTICE: &str = "research and secondary notification only; not a medical device";

impl Message {
    /// What is told of an entry of an alarm, as the alarm was after it (`held`); `None` for what nobody is told of.
    /// `escalated` is a raised alarm that nobody took note of: then `held` is the alarm as it is.
    pub fn of(entry: &Entry, held: &Held, ward: &str, escalated: bool) -> Option<Message> {
        let (event, detail) = match &entry.what {
            What::Seizure { .. } => ("raised", "seizure alarm".to_string()),
            What::Technical { detail, .. } => ("raised", detail.clone()),
            What::Ended { detail, .. } => ("ended", detail.clone()),
            What::Acknowledged => ("acknowledged", format!("acknowledged by {}", entry.who)),
            What::AudioPaused { for_s } => {
                ("audio-paused", format!("sound paused for {for_s} s by {}", entry.who))
            }
            _ => return None,
        };
        Some(Message {
            key: entry.key.clone(),
            event: if escalated { "escalated" } else { event }.to_string(),
            ward: ward.to_string(),
            alarm: held.alarm.clone(),
            kind: held.kind(),
            phase: held.state.phase(&entry.at),
            priority: held.priority,
            bed: held.bed.clone(),
            patient: (!held.patient.is_empty()).then(|| held.patient.clone()),
            patient_name: None,
            detail: if detail.is_empty() { held.detail.clone() } else { detail },
            time: entry.at.text(),
            raised: held.raised.text(),
            onset: held.onset_us.map(super::moment::wall_text),
            by: entry.who.clone(),
            detector: held.detector.clone(),
            notice: NOTICE.to_string(),
        })
    }
}

/// Which entries a channel is told of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Route {
    /// The channel.
    pub channel: String,
    /// Kinds of alarms.
    pub kinds: Vec<AlarmKind>,
    /// The lowest priority.
    pub least: Priority,
    /// These beds alone; all where empty. What is the ward's own goes to everybody.
    pub beds: Vec<String>,
    /// Told only of what nobody took note of within so many seconds.
    pub after_s: Option<u32>,
}

/// Everything that is told to anybody.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Routing {
    /// One for each channel.
    pub routes: Vec<Route>,
}

/// A message to be: for a channel, not before a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Posting {
    /// The channel.
    pub channel: String,
    /// When it is due.
    pub due: Moment,
    /// Whether it is withdrawn where somebody takes note before.
    pub escalation: bool,
}

impl Routing {
    /// Who is to be told of an entry about an alarm of this kind and priority, and when.
    pub fn postings(&self, entry: &Entry, kind: AlarmKind, priority: Priority) -> Vec<Posting> {
        if !is_told(&entry.what) {
            return Vec::new();
        }
        let told = self.routes.iter().filter(|route| route.wants(&entry.bed, kind, priority));
        told.filter_map(|route| {
            let raised = entry.what.raises().is_some();
            // What became of an alarm interests those who were told of it, and a second channel may not have been.
            let due = match route.after_s {
                Some(_) if !raised => return None,
                Some(seconds) => entry.at.after_us(i64::from(seconds) * 1_000_000),
                None => entry.at.clone(),
            };
            Some(Posting { channel: route.channel.clone(), due, escalation: route.after_s.is_some() })
        })
        .collect()
    }
}

impl Route {
    /// What becomes of an alarm is told to those who were told of the alarm.
    fn wants(&self, bed: &str, kind: AlarmKind, priority: Priority) -> bool {
        let bed_matters =
            self.beds.is_empty() || bed.is_empty() || self.beds.iter().any(|named| named == bed);
        bed_matters && self.kinds.contains(&kind) && priority >= self.least
    }
}

/// Whether anybody is told of such an entry.
const fn is_told(what: &What) -> bool {
    matches!(
        what,
        What::Seizure { .. }
            | What::Technical { .. }
            | What::Ended { .. }
            | What::Acknowledged
            | What::AudioPaused { .. }
    )
}
