//! Expert or detected events, as the SzCORE annotation format knows them.

use jiff::civil::DateTime;

/// What an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// A seizure; the text is the whole event type, which starts with `sz`.
    Seizure(String),
    /// Background (`bckg`): the row of a recording without a seizure.
    Background,
}

/// One row of an `events.tsv`.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Seconds from the recording's start.
    pub onset_s: f64,
    /// Seconds.
    pub duration_s: f64,
    /// Seizure or background.
    pub kind: EventKind,
    /// 0 to 1, where given.
    pub confidence: Option<f64>,
    /// The channels concerned, where given.
    pub channels: Option<String>,
    /// Start of the *recording*'s event row as wall time, where given.
    pub date_time: Option<DateTime>,
    /// Length of the whole recording in seconds, where given.
    pub recording_duration_s: Option<f64>,
    /// When somebody is called for it, in seconds from the recording's start: later than the onset, since
    /// labels must pile up first. `None` where nobody is, in this recording.
    pub alarm_s: Option<f64>,
}

impl Event {
    /// Whether this is a seizure.
    pub fn is_seizure(&self) -> bool {
        matches!(self.kind, EventKind::Seizure(_))
    }

    /// Seconds from the recording's start to the event's end.
    pub fn end_s(&self) -> f64 {
        self.onset_s + self.duration_s
    }
}
