//! What the log of alarms holds: entries, each about one moment, none ever changed.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::exposure::{Excluded, Exposure};
use super::moment::Moment;
use super::state::{Act, AlarmKind};
use super::technical::{Priority, TechnicalKind};

/// Who acts where no person does.
pub const DAEMON: &str = "vigil";

/// One entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Names the entry: the same happening, told twice, has the same key, and stands in the log once.
    pub key: String,
    /// When.
    pub at: Moment,
    /// The alarm's identity, for what is about an alarm.
    pub alarm: Option<String>,
    /// The bed; empty for the ward's own.
    pub bed: String,
    /// The patient's id; empty where it is about no patient.
    pub patient: String,
    /// Digest of networks and settings; empty where it is about none. See [`DetectorId`].
    pub detector: String,
    /// Who: a person, or [`DAEMON`].
    pub who: String,
    /// What.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// A detector raised a seizure alarm.
    Seizure {
        /// Which of the bed's time lines the seconds are of: when it began, in milliseconds since 1970.
        timeline: u64,
        /// Second in which the run began that led to it.
        onset_second: u64,
        /// Second in which it was raised.
        raised_second: u64,
        /// Wall clock of the onset, in microseconds since 1970.
        onset_us: i64,
        /// Why the time in which it was raised does not count as monitored, if it does not.
        excluded: Option<Excluded>,
    },
    /// Something is wrong with the watch.
    Technical {
        /// What.
        kind: TechnicalKind,
        /// How soon somebody must act.
        priority: Priority,
        /// What and where, in words.
        detail: String,
    },
    /// An alarm's condition has gone.
    Ended {
        /// First second without it, of a seizure alarm.
        end_second: Option<u64>,
        /// Why, where that is not plain.
        detail: String,
    },
    /// Somebody has taken note.
    Acknowledged,
    /// Somebody has turned the sound off.
    AudioPaused {
        /// For how many seconds.
        for_s: u32,
    },
    /// Nobody took note in time, and another channel is told.
    Escalated {
        /// The channel.
        to: String,
    },
    /// A channel's other end has taken a message.
    Delivered {
        /// The channel.
        channel: String,
        /// The message, by the entry that it told of.
        message: String,
        /// How many attempts it took.
        attempts: u32,
    },
    /// A message was given up.
    Undelivered {
        /// The channel.
        channel: String,
        /// The message, by the entry that it told of.
        message: String,
        /// How many attempts were made.
        attempts: u32,
        /// Why the last failed.
        reason: String,
    },
    /// Somebody has judged an alarm.
    Reviewed(Review),
    /// Another has judged it a second time, without having been shown the first judgement.
    SecondReading(Review),
    /// Somebody has found a seizure without an alarm.
    Missed {
        /// Its beginning, in microseconds since 1970.
        onset_us: i64,
        /// Its end.
        offset_us: i64,
        /// What the reviewer says.
        note: String,
    },
    /// A mark of a missed seizure was a mistake.
    MissedWithdrawn {
        /// The mark's key.
        mark: String,
        /// What the reviewer says.
        note: String,
    },
    /// A stretch of time that was watched, or was not.
    Watched(Exposure),
    /// A bed's maintenance begins or ends: what its detector says meanwhile counts for nothing.
    Maintenance {
        /// Begins, or ends.
        begins: bool,
        /// Why.
        note: String,
    },
    /// A bed's networks were exchanged.
    Switched {
        /// Digest of the autoencoder that judged until now; empty without one.
        from: String,
        /// Digest of the one that judges from here on.
        to: String,
        /// First second that it judges.
        from_second: u64,
        /// The seizure probability of a seizure second until now and from here on, which follows the patient's EEG; entries
        /// of older versions do not tell it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seizure_probability: Option<[f32; 2]>,
    },
    /// A detector is used for the first time.
    Detector(DetectorId),
    /// Somebody signed in or out, was refused, or an account was changed.
    Access {
        /// Which of these.
        act: AccessAct,
        /// The account that it is about; empty where there is none.
        account: String,
        /// The address that it came from; empty for the command line.
        from: String,
        /// What more there is to say.
        detail: String,
    },
    /// Somebody has accepted other settings for a patient's detector.
    Recalibrated(Recalibration),
}

/// What happened at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AccessAct {
    /// Somebody signed in.
    SignedIn,
    /// Somebody signed out.
    SignedOut,
    /// Somebody was refused.
    Refused,
    /// An account was added.
    AccountAdded,
    /// An account was changed.
    AccountChanged,
    /// An account was removed.
    AccountRemoved,
}

/// Settings that somebody has accepted, and those that held before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Recalibration {
    /// The settings of label and accumulator that held until now.
    pub from: serde_json::Value,
    /// Those that hold from here on.
    pub to: serde_json::Value,
    /// The proposal that was looked at before.
    pub proposal: String,
    /// What the person says.
    pub note: String,
}

/// A reviewer's judgement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Review {
    /// What it was.
    pub judgement: Judgement,
    /// What the reviewer says.
    pub note: String,
    /// Corrected beginning, in microseconds since 1970.
    pub onset_us: Option<i64>,
    /// Corrected end.
    pub offset_us: Option<i64>,
    /// The seizure's type in the words of the ILAE, where it is given.
    pub seizure_type: Option<String>,
}

/// What a reviewer takes an alarm for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// There was a seizure.
    Seizure,
    /// There was none.
    FalseAlarm,
    /// It cannot be told.
    Uncertain,
}

impl Judgement {
    /// The name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Judgement::Seizure => "seizure",
            Judgement::FalseAlarm => "false-alarm",
            Judgement::Uncertain => "uncertain",
        }
    }
}

/// What makes a detector: another network or another setting is another detector, and has a rate of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DetectorId {
    /// SHA-256 of the CNN's weights.
    pub cnn: String,
    /// SHA-256 of the autoencoder's weights; empty without one.
    pub autoencoder: String,
    /// The settings of signal, label and accumulator.
    pub settings: serde_json::Value,
}

impl DetectorId {
    /// The digest that stands for it.
    pub fn digest(&self) -> String {
        let text = format!("{}\n{}\n{}", self.cnn, self.autoencoder, self.settings);
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl What {
    /// The name in the log.
    pub const fn name(&self) -> &'static str {
        match self {
            What::Seizure { .. } => "seizure",
            What::Technical { .. } => "technical",
            What::Ended { .. } => "ended",
            What::Acknowledged => "acknowledged",
            What::AudioPaused { .. } => "audio-paused",
            What::Escalated { .. } => "escalated",
            What::Delivered { .. } => "delivered",
            What::Undelivered { .. } => "undelivered",
            What::Reviewed(_) => "reviewed",
            What::SecondReading(_) => "second-reading",
            What::Missed { .. } => "missed",
            What::MissedWithdrawn { .. } => "missed-withdrawn",
            What::Watched(_) => "watched",
            What::Maintenance { .. } => "maintenance",
            What::Switched { .. } => "switched",
            What::Detector(_) => "detector",
            What::Access { .. } => "access",
            What::Recalibrated(_) => "recalibrated",
        }
    }

    /// What it does to its alarm's state; `None` where that stays as it is.
    pub fn act<'a>(&self, who: &'a str) -> Option<Act<'a>> {
        match self {
            What::Seizure { .. } | What::Technical { .. } => Some(Act::Raised),
            What::Ended { .. } => Some(Act::Ended),
            What::Acknowledged => Some(Act::Acknowledged { by: who }),
            What::AudioPaused { for_s } => Some(Act::AudioPaused { by: who, for_s: *for_s }),
            What::Escalated { .. } => Some(Act::Escalated),
            _ => None,
        }
    }

    /// The kind of alarm that it raises.
    pub const fn raises(&self) -> Option<AlarmKind> {
        match self {
            What::Seizure { .. } => Some(AlarmKind::Seizure),
            What::Technical { .. } => Some(AlarmKind::Technical),
            _ => None,
        }
    }
}

/// A seizure alarm's identity: the same second of the same time line is the same alarm, also after a crash.
pub fn seizure_id(bed: &str, timeline: u64, raised_second: u64) -> String {
    format!("s-{bed}-{timeline}-{raised_second}")
}

/// A technical alarm's identity. `of` is the bed, or the channel, or empty for the ward.
pub fn technical_id(of: &str, kind: TechnicalKind, at: &Moment) -> String {
    let of = if of.is_empty() { "ward" } else { of };
    format!("t-{of}-{kind}-{}", at.wall_us)
}

impl Entry {
    /// An entry about an alarm. What can happen to it once alone (raised, ended) is named so; the rest by its moment.
    pub fn of_alarm(alarm: &str, at: &Moment, who: &str, what: What) -> Entry {
        let key = match &what {
            What::Seizure { .. } | What::Technical { .. } => format!("{alarm}/raised"),
            What::Ended { .. } => format!("{alarm}/ended"),
            other => format!("{alarm}/{}/{}", other.name(), at.wall_us),
        };
        Entry {
            key,
            at: at.clone(),
            alarm: Some(alarm.to_string()),
            bed: String::new(),
            patient: String::new(),
            detector: String::new(),
            who: who.to_string(),
            what,
        }
    }

    /// An entry about a bed, or the ward.
    pub fn of_bed(bed: &str, at: &Moment, who: &str, what: What) -> Entry {
        let of = if bed.is_empty() { "ward" } else { bed };
        let key = match &what {
            What::Watched(exposure) => {
                format!("w-{of}-{}-{}", exposure.timeline, exposure.from_second)
            }
            What::Detector(id) => format!("d-{}", id.digest()),
            What::Access { act, account, .. } => format!("a-{account}/{act:?}/{}", at.wall_us),
            other => format!("b-{of}/{}/{}", other.name(), at.wall_us),
        };
        Entry {
            key,
            at: at.clone(),
            alarm: None,
            bed: bed.to_string(),
            patient: String::new(),
            detector: String::new(),
            who: who.to_string(),
            what,
        }
    }

    /// With a bed and its patient.
    #[must_use]
    pub fn on(mut self, bed: &str, patient: &str) -> Entry {
        self.bed = bed.to_string();
        self.patient = patient.to_string();
        self
    }

    /// With the detector that it is of.
    #[must_use]
    pub fn by_detector(mut self, detector: &str) -> Entry {
        self.detector = detector.to_string();
        self
    }
}
