//! SzCORE annotation tables (`events.tsv`).

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use jiff::civil::DateTime;

use super::error::{FormatError, Malformation, Place};
use super::lines::lines;
use crate::durable;
use crate::eeg::{Event, EventKind};

const COLUMNS: &str = "onset\tduration\teventType\tconfidence\tchannels\tdateTime\trecordingDuration";
/// Our own column of a detector's tables: when somebody is called.
const ALARM: &str = "alarm";
/// The column that says what an event is, and what BIDS calls it where a table is no SzCORE one.
const EVENT_TYPE: &str = "eventType";
const TRIAL_TYPE: &str = "trial_type";
/// Most types of which it is told that they are unknown.
const MOST_TYPES: usize = 10;
const TIME: &str = "%Y-%m-%d %H:%M:%S";

/// A table as it was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventsTable {
    /// Its rows.
    pub events: Vec<Event>,
    /// What in it was passed over, with the line, if anything was: values that decide nothing and cannot be understood.
    pub passed_over: Option<String>,
}

/// Reads an events table.
///
/// # Errors
/// [`FormatError`] with the file and the line.
pub fn read_table(path: &Path) -> Result<EventsTable, FormatError> {
    parse_table(&read(path)?).map_err(|m| m.in_file(path))
}

/// The rows of an events table.
///
/// # Errors
/// As [`read_table`].
pub fn read_events(path: &Path) -> Result<Vec<Event>, FormatError> {
    read_table(path).map(|table| table.events)
}

/// Reads a detector's table: an empty file says that nothing was detected.
///
/// # Errors
/// [`FormatError`] with the file and the line.
pub fn read_detections(path: &Path) -> Result<EventsTable, FormatError> {
    let text = read(path)?;
    match text.trim().is_empty() {
        true => Ok(EventsTable::default()),
        false => parse_table(&text).map_err(|m| m.in_file(path)),
    }
}

fn read(path: &Path) -> Result<String, FormatError> {
    let bytes = std::fs::read(path).map_err(|source| FormatError::Io {
        doing: "read",
        path: path.to_path_buf(),
        source,
    })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The rows of the text of an events table.
///
/// # Errors
/// As [`parse_table`].
pub fn parse_events(text: &str) -> Result<Vec<Event>, Malformation> {
    parse_table(text).map(|table| table.events)
}

/// Reads the text of an events table: tab-separated, columns by name, `n/a` for what is not known.
/// A `confidence` or `dateTime` that cannot be understood counts as `n/a` and is told, for nothing rests on it.
/// Only `onset`, `duration` and `eventType` are needed, and `trial_type` does for the last where it is not there. Without a
/// column `alarm`, the alarm is at the onset.
///
/// # Errors
/// The first line that cannot be understood.
pub fn parse_table(text: &str) -> Result<EventsTable, Malformation> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = lines(text).enumerate().map(|(i, line)| (i + 1, line));
    let Some((_, header)) = lines.next() else {
        return Err(malformed(
            1,
            "the header",
            "missing: the file is empty".into(),
            COLUMNS.replace('\t', " "),
        ));
    };
    let columns: BTreeMap<&str, usize> =
        header.split('\t').enumerate().map(|(i, name)| (name.trim(), i)).collect();
    let of_type = match columns.contains_key(TRIAL_TYPE) && !columns.contains_key(EVENT_TYPE) {
        true => TRIAL_TYPE,
        false => EVENT_TYPE,
    };
    for needed in ["onset", "duration", of_type] {
        if !columns.contains_key(needed) {
            return Err(malformed(
                1,
                "the header",
                format!("{header:?}"),
                format!("a column {needed:?}, separated by tabs"),
            ));
        }
    }
    let rows: Vec<(usize, Vec<&str>)> = lines
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(number, line)| (number, line.split('\t').map(str::trim).collect()))
        .collect();
    // All of them at once, before anything else: whoever mends the table sees what there is to mend.
    if let Some(malformation) = unknown_types(&rows, &columns, of_type) {
        return Err(malformation);
    }
    let mut passed_over = Vec::new();
    let events = rows
        .iter()
        .map(|(number, cells)| parse_row(*number, cells, &columns, of_type, &mut passed_over))
        .collect::<Result<_, _>>()?;
    Ok(EventsTable { events, passed_over: told_once(&passed_over) })
}

/// The first value that was passed over, and how many more there are.
fn told_once(passed_over: &[Malformation]) -> Option<String> {
    let first = passed_over.first()?;
    let more = match passed_over.len() - 1 {
        0 => String::new(),
        more => format!(", as do {more} more values of confidence and dateTime"),
    };
    Some(format!("{first}; it counts as n/a{more}"))
}

/// A wall time as written, `YYYY-MM-DD hh:mm:ss` or ISO 8601; an offset from UTC says of which zone it is, and moves nothing.
fn wall_time(text: &str) -> Option<DateTime> {
    let of_day = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let zone = text[of_day..].find(['Z', 'z', '+', '-']).map_or(text.len(), |at| of_day + at);
    let time = DateTime::strptime(TIME, text).or_else(|_| text.parse());
    time.or_else(|_| text[..zone].trim_end().parse()).ok()
}

/// What an event of a type is; `None` for a type that is not known, which may well be a seizure's in somebody's words.
fn kind_of(text: &str) -> Option<EventKind> {
    match text.to_ascii_lowercase() {
        // A check of impedances is no seizure.
        kind if kind == "bckg" || kind == "impd" => Some(EventKind::Background),
        kind if kind == "seizure" => Some(EventKind::Seizure("sz".to_string())),
        kind if kind.starts_with("sz") => Some(EventKind::Seizure(kind)),
        _ => None,
    }
}

/// A row's value in a column; `None` where there is none.
fn cell_of<'t>(cells: &[&'t str], columns: &BTreeMap<&str, usize>, name: &str) -> Option<&'t str> {
    let cell = columns.get(name).and_then(|&i| cells.get(i)).copied();
    cell.filter(|cell| !cell.is_empty() && *cell != "n/a")
}

/// The types of a table that are not known, with how many rows are of each.
fn unknown_types(
    rows: &[(usize, Vec<&str>)],
    columns: &BTreeMap<&str, usize>,
    of_type: &str,
) -> Option<Malformation> {
    let mut unknown: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (number, cells) in rows {
        if let Some(kind) = cell_of(cells, columns, of_type).filter(|kind| kind_of(kind).is_none()) {
            unknown.entry(kind).or_insert((*number, 0)).1 += 1;
        }
    }
    let mut unknown: Vec<(usize, usize, &str)> =
        unknown.into_iter().map(|(kind, (first, rows))| (first, rows, kind)).collect();
    unknown.sort_unstable();
    let (first, ..) = *unknown.first()?;
    let mut told: Vec<String> = unknown
        .iter()
        .take(MOST_TYPES)
        .map(|&(first, rows, kind)| match (unknown.len(), rows) {
            (1, 1) => quoted(kind),
            (_, 1) => format!("{} (line {first})", quoted(kind)),
            _ => format!("{} ({rows} rows, the first in line {first})", quoted(kind)),
        })
        .collect();
    if unknown.len() > MOST_TYPES {
        told.push(format!("and {} more types", unknown.len() - MOST_TYPES));
    }
    let expected = "\"bckg\", \"impd\", \"seizure\" or a type that starts with \"sz\"; call such rows so where they are \
                    seizures, and leave them out where they are none";
    Some(malformed(first, of_type, told.join(", "), expected.into()))
}

fn parse_row(
    number: usize,
    cells: &[&str],
    columns: &BTreeMap<&str, usize>,
    of_type: &str,
    passed_over: &mut Vec<Malformation>,
) -> Result<Event, Malformation> {
    let cell = |name: &str| cell_of(cells, columns, name);
    let needed =
        |name: &str| cell(name).ok_or_else(|| malformed(number, name, "missing".into(), "a value".into()));
    let seconds = |name: &str, text: &str| {
        text.parse::<f64>()
            .ok()
            .filter(|seconds| seconds.is_finite() && seconds.abs() < 1e9)
            .ok_or_else(|| malformed(number, name, format!("{text:?}"), "a number of seconds".into()))
    };
    let kind = needed(of_type)?;
    let kind = kind_of(kind)
        .ok_or_else(|| malformed(number, of_type, format!("{kind:?}"), "a type that is known".into()))?;
    // How long there is no seizure says nothing; a seizure of no known length cannot be scored.
    let duration_s = match cell("duration") {
        None if kind == EventKind::Background => 0.0,
        _ => seconds("duration", needed("duration")?)?,
    };
    if duration_s < 0.0 {
        return Err(malformed(number, "duration", duration_s.to_string(), "0 or more".into()));
    }
    let confidence = cell("confidence").and_then(|text| {
        let value = text.parse::<f64>().ok().filter(|value| (0.0..=1.0).contains(value));
        if value.is_none() {
            passed_over.push(malformed(number, "confidence", quoted(text), "0 to 1 or n/a".into()));
        }
        value
    });
    let date_time = cell("dateTime").and_then(|text| {
        let time = wall_time(text);
        if time.is_none() {
            let expected = "YYYY-MM-DD hh:mm:ss or n/a".into();
            passed_over.push(malformed(number, "dateTime", quoted(text), expected));
        }
        time
    });
    let onset_s = seconds("onset", needed("onset")?)?;
    let alarm_s = match columns.contains_key(ALARM) {
        true => cell(ALARM).map(|text| seconds(ALARM, text)).transpose()?,
        false => Some(onset_s),
    };
    Ok(Event {
        onset_s,
        duration_s,
        kind,
        confidence,
        channels: cell("channels").map(str::to_string),
        date_time,
        recording_duration_s: cell("recordingDuration")
            .map(|text| seconds("recordingDuration", text))
            .transpose()?,
        alarm_s,
    })
}

/// A value as a message quotes it, cut where it is long.
fn quoted(text: &str) -> String {
    format!("{:?}", text.chars().take(40).collect::<String>())
}

fn malformed(line: usize, what: &str, found: String, expected: String) -> Malformation {
    Malformation { place: Place::Line(line), what: what.to_string(), found, expected }
}

/// Writes the events of one recording. Without a seizure the table has one `bckg` row that spans
/// the recording, since readers look at the first row.
///
/// # Errors
/// [`FormatError::Io`] where the disk refuses.
pub fn write_events(
    path: &Path,
    events: &[Event],
    recording_start: DateTime,
    recording_duration_s: f64,
) -> Result<(), FormatError> {
    write(path, events, recording_start, recording_duration_s, false)
}

/// Writes what a detector found in one recording: the same table with a further column, `alarm`, which
/// readers of SzCORE tables pass over.
///
/// # Errors
/// [`FormatError::Io`] where the disk refuses.
pub fn write_detections(
    path: &Path,
    events: &[Event],
    recording_start: DateTime,
    recording_duration_s: f64,
) -> Result<(), FormatError> {
    write(path, events, recording_start, recording_duration_s, true)
}

fn write(
    path: &Path,
    events: &[Event],
    recording_start: DateTime,
    recording_duration_s: f64,
    alarms: bool,
) -> Result<(), FormatError> {
    let text = events_table(events, recording_start, recording_duration_s, alarms);
    durable::replace_file(path, |file| file.write_all(text.as_bytes())).map_err(|source: std::io::Error| {
        FormatError::Io { doing: "write", path: path.to_path_buf(), source }
    })
}

/// The text of an events table; `alarms` adds a detector's own column.
pub fn events_table(
    events: &[Event],
    recording_start: DateTime,
    recording_duration_s: f64,
    alarms: bool,
) -> String {
    let start = recording_start.strftime(TIME).to_string();
    let cell = |text: String| if alarms { format!("\t{text}") } else { String::new() };
    let mut table = format!("{COLUMNS}{}\n", cell(ALARM.into()));
    let mut seizures = events.iter().filter(|event| event.is_seizure()).peekable();
    if seizures.peek().is_none() {
        table += &format!(
            "0.00\t{recording_duration_s:.2}\tbckg\tn/a\tn/a\t{start}\t{recording_duration_s:.2}{}\n",
            cell("n/a".into())
        );
    }
    for event in seizures {
        let EventKind::Seizure(kind) = &event.kind else { continue };
        let confidence = event.confidence.map_or("n/a".to_string(), |value| format!("{value:.3}"));
        let channels: String = event.channels.as_deref().unwrap_or("n/a").replace(['\t', '\n', '\r'], " ");
        table += &format!(
            "{:.2}\t{:.2}\t{kind}\t{confidence}\t{channels}\t{start}\t{recording_duration_s:.2}{}\n",
            event.onset_s,
            event.duration_s,
            cell(event.alarm_s.map_or("n/a".into(), |alarm_s| format!("{alarm_s:.2}")))
        );
    }
    table
}
