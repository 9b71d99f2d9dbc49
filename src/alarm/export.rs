//! Alarms and judgements as tables for other programs.

use super::entry::Judgement;
use super::log::{AlarmRecord, Held, Mark, Stretch};
use super::moment::wall_text;
use crate::eeg::{Event, EventKind};

/// The columns of [`csv`].
const COLUMNS: [&str; 21] = [
    "alarm",
    "bed",
    "patient",
    "kind",
    "what",
    "priority",
    "raised",
    "onset",
    "ended",
    "phase",
    "acknowledged_by",
    "acknowledged_at",
    "judgement",
    "reviewer",
    "reviewed_at",
    "note",
    "corrected_onset",
    "corrected_offset",
    "seizure_type",
    "excluded",
    "detector",
];

/// Alarms, one a line, with a line of column names (RFC 4180).
///
/// A cell that a spreadsheet would take for a formula begins with an apostrophe: a note is text, whoever wrote it.
pub fn csv(records: &[AlarmRecord]) -> String {
    let mut table = COLUMNS.join(",");
    table.push_str("\r\n");
    for record in records {
        let cells: Vec<String> = cells(record).iter().map(|cell| quoted(cell)).collect();
        table.push_str(&cells.join(","));
        table.push_str("\r\n");
    }
    table
}

fn cells(record: &AlarmRecord) -> [String; 21] {
    let joined =
        |of: fn(&(String, String)) -> &str| record.acknowledged.iter().map(of).collect::<Vec<_>>().join("; ");
    let review = record.review.as_ref();
    let judged =
        |of: fn(&super::log::ReviewRecord) -> Option<String>| review.and_then(of).unwrap_or_default();
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        record.alarm.clone(),
        record.bed.clone(),
        record.patient.clone(),
        record.kind.name().into(),
        record.detail.clone(),
        record.priority.name().into(),
        record.raised.clone(),
        text(&record.onset),
        text(&record.ended),
        record.phase.name().into(),
        joined(|(by, _)| by),
        joined(|(_, at)| at),
        judged(|review| Some(review.review.judgement.name().into())),
        judged(|review| Some(review.by.clone())),
        judged(|review| Some(review.time.clone())),
        judged(|review| Some(review.review.note.clone())),
        judged(|review| review.review.onset_us.map(wall_text)),
        judged(|review| review.review.offset_us.map(wall_text)),
        judged(|review| review.review.seizure_type.clone()),
        record.excluded.map_or(String::new(), |why| why.name().into()),
        record.detector.clone(),
    ]
}

fn quoted(cell: &str) -> String {
    let formula = cell.trim_start_matches(' ').starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    let cell = if formula { format!("'{cell}") } else { cell.to_string() };
    if cell.contains([',', '"', '\n', '\r']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
}

/// Somebody who lay in a bed during a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Occupant {
    /// The patient's id.
    pub patient: String,
    /// From when on the log knows of them in the period, in microseconds since 1970.
    pub from_us: i64,
    /// Until when.
    pub until_us: i64,
}

/// Who lay in a bed during a period, by its watched time and its alarms, in the order of their coming.
pub fn occupants(
    bed: &str,
    (from_us, until_us): (i64, i64),
    stretches: &[Stretch],
    alarms: &[Held],
) -> Vec<Occupant> {
    let watched = stretches.iter().filter(|stretch| stretch.bed == bed).map(|stretch| {
        let from = (stretch.exposure.from_wall_s * 1e6) as i64;
        let seconds = stretch.exposure.to_second - stretch.exposure.from_second;
        (stretch.patient.as_str(), from, from + seconds as i64 * 1_000_000)
    });
    let alarmed = alarms.iter().filter(|held| held.bed == bed).filter_map(|held| {
        let (onset, raised, ended) = held.span_us()?;
        Some((held.patient.as_str(), onset, ended.unwrap_or(raised)))
    });
    let mut found: Vec<Occupant> = Vec::new();
    for (patient, from, until) in watched.chain(alarmed) {
        let (from, until) = (from.max(from_us), until.min(until_us));
        if from >= until || patient.is_empty() {
            continue;
        }
        match found.iter_mut().find(|occupant| occupant.patient == patient) {
            Some(known) => {
                known.from_us = known.from_us.min(from);
                known.until_us = known.until_us.max(until);
            }
            None => {
                found.push(Occupant { patient: patient.to_string(), from_us: from, until_us: until });
            }
        }
    }
    found.sort_by_key(|occupant| occupant.from_us);
    found
}

/// The seizure alarms of a period as events: from the onset to the end of the alarm, cut to the period.
pub fn detected<'a>(alarms: impl Iterator<Item = &'a Held>, period_us: (i64, i64)) -> Vec<Event> {
    let mut events: Vec<Event> = alarms
        .filter_map(|held| {
            let (onset, raised, ended) = held.span_us()?;
            let mut event = event([onset, ended.unwrap_or(raised)], "sz", period_us)?;
            let alarm_s = (raised - period_us.0) as f64 / 1e6;
            event.alarm_s = (raised >= period_us.0 && raised < period_us.1).then_some(alarm_s);
            Some(event)
        })
        .collect();
    events.sort_by(|a, b| a.onset_s.total_cmp(&b.onset_s));
    events
}

/// What reviewers say of a period: alarms judged a seizure, with their corrected times, and seizures marked as missed.
/// Those that overlap are one seizure.
pub fn reviewed<'a>(
    alarms: impl Iterator<Item = &'a Held>,
    marks: impl Iterator<Item = &'a Mark>,
    period_us: (i64, i64),
) -> Vec<Event> {
    let mut spans: Vec<([i64; 2], String)> = alarms
        .filter_map(|held| {
            let seizure = confirmed_us(held)?;
            let kind = held.review.as_ref()?.review.seizure_type.as_deref().filter(|kind| is_type(kind));
            Some((seizure, kind.unwrap_or("sz").to_string()))
        })
        .chain(marks.map(|mark| ([mark.onset_us, mark.offset_us], "sz".to_string())))
        .collect();
    spans.sort();
    let seizures = joined(spans, |of, kind| {
        if of == "sz" {
            *of = kind;
        }
    });
    seizures.iter().filter_map(|(span, kind)| event(*span, kind, period_us)).collect()
}

/// Spans in the order of their beginnings, those that overlap or touch made one: they tell of one seizure, which may have
/// been marked in parts. `with` takes what a later one says into what is known.
pub(super) fn joined<T>(spans: Vec<([i64; 2], T)>, with: impl Fn(&mut T, T)) -> Vec<([i64; 2], T)> {
    let mut seizures: Vec<([i64; 2], T)> = Vec::new();
    for (span, says) in spans {
        match seizures.last_mut() {
            Some((last, known)) if span[0] <= last[1] => {
                last[1] = last[1].max(span[1]);
                with(known, says);
            }
            _ => seizures.push((span, says)),
        }
    }
    seizures
}

/// The seizure behind an alarm that was judged one, in microseconds since 1970: as the reviewer corrected it, else as the
/// detector had it. `None` for any other alarm.
pub fn confirmed_us(held: &Held) -> Option<[i64; 2]> {
    let review = &held.review.as_ref()?.review;
    if review.judgement != Judgement::Seizure {
        return None;
    }
    let (onset, raised, ended) = held.span_us()?;
    let onset = review.onset_us.unwrap_or(onset);
    let offset = review.offset_us.unwrap_or(ended.unwrap_or(raised));
    Some([onset, offset.max(onset + 1_000_000)])
}

/// Whether a reviewer's type is one of SzCORE's event types: `sz` and what is added to it.
fn is_type(kind: &str) -> bool {
    let rest = kind.strip_prefix("sz");
    rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_lowercase() || c == '-' || c == '_'))
}

fn event([onset, offset]: [i64; 2], kind: &str, (from_us, until_us): (i64, i64)) -> Option<Event> {
    let (onset, offset) = (onset.max(from_us), offset.min(until_us));
    (onset < offset).then(|| Event {
        onset_s: (onset - from_us) as f64 / 1e6,
        duration_s: (offset - onset) as f64 / 1e6,
        kind: EventKind::Seizure(kind.to_string()),
        confidence: None,
        channels: None,
        date_time: None,
        recording_duration_s: None,
        alarm_s: None,
    })
}
