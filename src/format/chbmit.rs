//! The CHB-MIT layout: a folder of records with one `chbNN-summary.txt` that marks their seizures.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::{FormatError, Malformation, Place};
use super::lines::lines;
use crate::eeg::{Event, EventKind};

/// What a summary file tells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Summary {
    /// Samples per second of all records.
    pub rate_hz: Option<f64>,
    /// The records, in the order of the file.
    pub records: Vec<SummaryRecord>,
}

/// One record of a summary.
#[derive(Debug, Clone, PartialEq)]
pub struct SummaryRecord {
    /// File name (`chb01_03.edf`).
    pub file: String,
    /// Start and end as seconds of the day; past midnight they go on counting. `None` where the
    /// summary does not say.
    pub clock_s: Option<(u32, u32)>,
    /// Seizures: start and end in seconds from the record's start.
    pub seizures: Vec<(f64, f64)>,
    /// Channel labels in force for this record; records under one list share it.
    pub channels: Arc<[String]>,
}

/// A record on disk with its marks.
#[derive(Debug, Clone, PartialEq)]
pub struct ChbmitRecording {
    /// The case (`chb01`).
    pub subject: String,
    /// The record.
    pub path: PathBuf,
    /// Its seizures as events.
    pub events: Vec<Event>,
}

/// Reads the text of a summary.
///
/// # Errors
/// The first line that contradicts the format: a seizure without a record, an end before its
/// start, a number that is none, fewer seizures than the record says.
pub fn parse_summary(text: &str) -> Result<Summary, Malformation> {
    let mut parser = Parser::default();
    for (i, line) in lines(text).enumerate() {
        parser.line(i + 1, line.trim())?;
    }
    parser.finish(lines(text).count())
}

#[derive(Default)]
struct Parser {
    summary: Summary,
    channels: Vec<String>,
    /// The same, once a record has it.
    shared: Option<Arc<[String]>>,
    /// The record being described: the line of its name and its number of seizures, once told.
    stated: Option<(usize, usize)>,
    start: Option<u32>,
    onset: Option<(usize, f64)>,
}

impl Parser {
    fn line(&mut self, number: usize, line: &str) -> Result<(), Malformation> {
        let Some((key, value)) = line.split_once(':') else { return Ok(()) };
        let (key, value) = (key.trim().to_ascii_lowercase(), value.trim());
        let words: Vec<&str> = key.split_whitespace().collect();
        match words.as_slice() {
            ["data", "sampling", "rate"] => self.summary.rate_hz = Some(leading_number(number, line, value)?),
            ["channels", ..] => {
                self.channels.clear();
                self.shared = None;
            }
            ["channel", _] => {
                self.channels.push(value.to_string());
                self.shared = None;
            }
            ["file", "name"] => {
                self.close(number)?;
                self.start = None;
                let channels = self.shared.get_or_insert_with(|| self.channels.as_slice().into());
                self.summary.records.push(SummaryRecord {
                    file: value.to_string(),
                    clock_s: None,
                    seizures: Vec::new(),
                    channels: Arc::clone(channels),
                });
            }
            ["file", "start", "time"] => self.start = Some(clock(number, value)?),
            ["file", "end", "time"] => {
                let end = clock(number, value)?;
                let start = self.start;
                let record = self.record(number, line)?;
                // A record that ends at a smaller hour than it starts runs past midnight.
                record.clock_s = start.map(|start| (start, if end < start { end + 86_400 } else { end }));
            }
            ["number", "of", "seizures", ..] => {
                let count = leading_number(number, line, value)?;
                if !(0.0..=1000.0).contains(&count) {
                    return Err(malformed(number, "the number of seizures", value, "0 to 1000"));
                }
                self.record(number, line)?;
                self.stated = Some((number, count as usize));
            }
            ["seizure", .., "start", "time"] => {
                self.record(number, line)?;
                self.onset = Some((number, leading_number(number, line, value)?));
            }
            ["seizure", .., "end", "time"] => {
                let end = leading_number(number, line, value)?;
                let onset = self.onset.take();
                let Some((_, onset)) = onset.filter(|(_, onset)| end >= *onset) else {
                    return Err(malformed(number, "a seizure's end", line, "a start before it"));
                };
                self.record(number, line)?.seizures.push((onset, end));
            }
            _ => {}
        }
        Ok(())
    }

    fn record(&mut self, number: usize, line: &str) -> Result<&mut SummaryRecord, Malformation> {
        self.summary
            .records
            .last_mut()
            .ok_or_else(|| malformed(number, "the line", line, "a \"File Name:\" before it"))
    }

    /// Checks the record that ends here.
    fn close(&mut self, number: usize) -> Result<(), Malformation> {
        if let Some((line, _)) = self.onset.take() {
            return Err(malformed(line, "a seizure's start", "without an end", "an end time after it"));
        }
        if let (Some((line, stated)), Some(record)) = (self.stated.take(), self.summary.records.last())
            && record.seizures.len() != stated
        {
            let found = format!("{stated}, and {} follow up to line {number}", record.seizures.len());
            return Err(malformed(line, "the number of seizures", &found, "as many as are listed"));
        }
        Ok(())
    }

    fn finish(mut self, lines: usize) -> Result<Summary, Malformation> {
        self.close(lines)?;
        Ok(self.summary)
    }
}

fn malformed(line: usize, what: &str, found: &str, expected: &str) -> Malformation {
    let found = if found.len() > 80 { "a very long text".to_string() } else { format!("{found:?}") };
    Malformation { place: Place::Line(line), what: what.to_string(), found, expected: expected.to_string() }
}

/// The number before the unit ("480 seconds", "256 Hz").
fn leading_number(number: usize, line: &str, value: &str) -> Result<f64, Malformation> {
    let first = value.split_whitespace().next().unwrap_or_default();
    let parsed = first.parse::<f64>().ok().filter(|n| n.is_finite() && n.abs() < 1e9);
    parsed.ok_or_else(|| malformed(number, "the value", line, "a number behind the colon"))
}

/// `hh:mm:ss` as seconds; hours go past 24 in some summaries.
fn clock(number: usize, value: &str) -> Result<u32, Malformation> {
    let mut parts = value.split(':').map(|part| part.trim().parse::<u32>().ok());
    let time = (|| Some([parts.next()??, parts.next()??, parts.next()??]))();
    match time {
        Some([hours, minutes, seconds]) if hours < 1000 && minutes < 60 && seconds < 60 => {
            Ok(hours * 3600 + minutes * 60 + seconds)
        }
        _ => Err(malformed(number, "the time", value, "hh:mm:ss")),
    }
}

/// Whether a folder holds CHB-MIT cases, or is one.
pub fn is_layout(folder: &Path) -> bool {
    !cases(folder).is_empty()
}

/// Finds the records of all cases below a folder (or of the one case that it is), with their marks.
/// Records that a summary names and that are not there are passed over: few people keep all 40 GB.
///
/// # Errors
/// [`FormatError`] where a summary cannot be read.
pub fn recordings(folder: &Path) -> Result<Vec<ChbmitRecording>, FormatError> {
    let mut found = Vec::new();
    for (case, summary_path) in cases(folder) {
        let summary = read_summary(&summary_path)?;
        for record in summary.records {
            if let Some(path) = file_of(&case, &record.file) {
                let events = record.seizures.iter().map(|&(onset, end)| seizure(onset, end)).collect();
                found.push(ChbmitRecording { subject: case_name(&summary_path), path, events });
            }
        }
    }
    Ok(found)
}

/// A case's file of some name, in capitals or not. The name comes from a text file, so only what lies in the folder itself counts.
fn file_of(case: &Path, name: &str) -> Option<PathBuf> {
    let path = case.join(name);
    if path.parent() == Some(case) && path.is_file() {
        return Some(path);
    }
    let there = std::fs::read_dir(case).ok()?.flatten().map(|entry| entry.path());
    there
        .filter(|path| path.is_file())
        .find(|path| path.file_name().is_some_and(|there| there.eq_ignore_ascii_case(name)))
}

/// What lies below a folder of cases and is not read: records that are compressed, and recordings that no summary names.
///
/// # Errors
/// [`FormatError`] where a summary cannot be read.
pub fn passed_over(folder: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), FormatError> {
    let (mut compressed, mut unnamed) = (Vec::new(), Vec::new());
    for (case, summary_path) in cases(folder) {
        let records = read_summary(&summary_path)?.records;
        let named = |name: &str| records.iter().any(|record| record.file.eq_ignore_ascii_case(name));
        let Ok(there) = std::fs::read_dir(&case) else { continue };
        for path in there.flatten().map(|entry| entry.path()).filter(|path| path.is_file()) {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
            match name.strip_suffix(".gz") {
                Some(inner) if named(inner) && file_of(&case, inner).is_none() => compressed.push(path),
                None if name.ends_with(".edf") && !named(&name) => unnamed.push(path),
                _ => {}
            }
        }
    }
    compressed.sort();
    unnamed.sort();
    Ok((compressed, unnamed))
}

/// The marks of one record, if the summary of its case lies beside it and names it.
///
/// # Errors
/// [`FormatError`] where the summary cannot be read.
pub fn events_of(record: &Path) -> Result<Option<Vec<Event>>, FormatError> {
    let (Some(folder), Some(name)) = (record.parent(), record.file_name()) else { return Ok(None) };
    for (_, summary_path) in summaries_in(folder) {
        let summary = read_summary(&summary_path)?;
        if let Some(found) = summary.records.iter().find(|found| name.eq_ignore_ascii_case(&found.file)) {
            return Ok(Some(found.seizures.iter().map(|&(onset, end)| seizure(onset, end)).collect()));
        }
    }
    Ok(None)
}

fn seizure(onset: f64, end: f64) -> Event {
    Event {
        onset_s: onset,
        duration_s: end - onset,
        kind: EventKind::Seizure("sz".to_string()),
        confidence: None,
        channels: None,
        date_time: None,
        recording_duration_s: None,
        alarm_s: None,
    }
}

fn read_summary(path: &Path) -> Result<Summary, FormatError> {
    let bytes = std::fs::read(path).map_err(|source| FormatError::Io {
        doing: "read",
        path: path.to_path_buf(),
        source,
    })?;
    parse_summary(&String::from_utf8_lossy(&bytes)).map_err(|m| m.in_file(path))
}

fn case_name(summary: &Path) -> String {
    let name = summary.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.strip_suffix("-summary.txt").unwrap_or(&name).to_string()
}

/// Folder and summary of each case.
fn cases(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut cases = summaries_in(folder);
    if cases.is_empty() {
        let mut below: Vec<PathBuf> = std::fs::read_dir(folder)
            .map(|entries| entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
            .unwrap_or_default();
        below.sort();
        cases = below.iter().flat_map(|case| summaries_in(case)).collect();
    }
    cases
}

fn summaries_in(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut found: Vec<(PathBuf, PathBuf)> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect::<Vec<_>>())
        .unwrap_or_default()
        .into_iter()
        .filter(|path| {
            path.is_file()
                && path.file_name().is_some_and(|name| name.to_string_lossy().ends_with("-summary.txt"))
        })
        .map(|path| (folder.to_path_buf(), path))
        .collect();
    found.sort();
    found
}
