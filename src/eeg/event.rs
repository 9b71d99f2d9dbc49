//! Expert or detected events, as the SzCORE annotation format knows them.

use jiff::civil::DateTime;

/// What an event is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// A seizure; the text is the whole event type in small letters, which starts with `sz`.
    Seizure(String),
    /// No seizure: `bckg`, the row of a recording without one, or `impd`, a check of impedances.
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

/// Seizures that overlap or touch are one, from the first onset to the last end: some tables have a row for each channel, and a
/// seizure that is written twice is no second one. Other rows stay; all are sorted by onset.
pub fn joined(mut events: Vec<Event>) -> Vec<Event> {
    events.sort_by(|a, b| a.onset_s.total_cmp(&b.onset_s));
    let mut joined: Vec<Event> = Vec::with_capacity(events.len());
    for event in events {
        let before = joined.iter_mut().rfind(|before| before.is_seizure() && event.is_seizure());
        match before.filter(|before| event.onset_s <= before.end_s()) {
            Some(before) => before.duration_s = before.end_s().max(event.end_s()) - before.onset_s,
            None => joined.push(event),
        }
    }
    joined
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
