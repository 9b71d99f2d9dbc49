//! Any span of a bed's record as EDF+ with annotations, and its alarms as a SzCORE table.

use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::about::{About, RecordedVerdict};
use super::error::RecordError;
use super::reader::{RecordFile, files_between, files_of};
use crate::durable;
use crate::eeg::{Annotation, Event, EventKind};
use crate::format::FormatError;
use crate::format::edf::EdfWriter;
use crate::format::events::write_events;

/// What was exported.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// When the first exported frame was taken, in UTC.
    pub start: DateTime,
    /// Seconds from the first to the last frame, gaps included.
    pub duration_s: f64,
    /// Seconds of signal.
    pub signal_s: f64,
    /// Alarms, in seconds from the start.
    pub events: Vec<Event>,
    /// The largest error of rounding to 16 bits, in the channel's unit.
    pub rounding: f64,
    /// What was left out: files of another patient, count or layout.
    pub left_out: Vec<String>,
}

/// Frames of one file that belong to the span, without a gap.
pub(super) struct Part {
    pub(super) file: usize,
    pub(super) row: usize,
    pub(super) rows: usize,
    pub(super) first_frame: u64,
}

/// A span of a bed's record.
pub struct RecordedSpan {
    pub(super) files: Vec<RecordFile>,
    pub(super) parts: Vec<Part>,
    pub(super) about: About,
    pub(super) start_s: f64,
    pub(super) first_frame: u64,
    pub(super) left_out: Vec<String>,
}

impl RecordedSpan {
    /// Finds what was recorded of a bed from `from_s` up to `to_s`, in seconds since 1970. Where the
    /// patient or the stream's layout changed in between, the latest one is taken.
    ///
    /// # Errors
    /// [`RecordError::Nothing`] where nothing was recorded; [`RecordError`] where a file cannot be read.
    pub fn open(folder: &Path, bed: &str, from_s: f64, to_s: f64) -> Result<RecordedSpan, RecordError> {
        let mut found = Vec::new();
        for path in files_between(folder, bed, from_s, to_s)? {
            let file = RecordFile::open(&path)?;
            let mut within = Vec::new();
            for stretch in file.stretches()? {
                let begin_s = file.time_of(stretch.first_frame)?;
                let end_s = begin_s + stretch.rows as f64 / file.about().rate_hz;
                if begin_s < to_s && end_s > from_s {
                    within.push((begin_s, stretch));
                }
            }
            if !within.is_empty() {
                found.push((file, within));
            }
        }
        let Some(about) = found.last().map(|(file, _)| file.about().clone()) else {
            let when = format!(" from {} to {}", text(from_s), text(to_s));
            let hint = extent(folder, bed)
                .map_or("nothing is recorded of it".to_string(), |(first, last)| {
                    format!("there is one from {} to {}", text(first), text(last))
                });
            return Err(RecordError::Nothing { folder: folder.into(), bed: bed.into(), when, hint });
        };
        let mut files = Vec::new();
        let mut parts: Vec<Part> = Vec::new();
        let mut left_out = Vec::new();
        for (file, within) in found {
            if let Some(why) = differs(file.about(), &about) {
                left_out.push(format!("{}: {why}", file.path().display()));
                continue;
            }
            for (begin_s, stretch) in within {
                let at = |time_s: f64| ((time_s - begin_s).max(0.0) * about.rate_hz).round() as usize;
                // What a restart recorded twice is taken once.
                let before = parts.last().map_or(0, |part| part.first_frame + part.rows as u64);
                let known = before.saturating_sub(stretch.first_frame) as usize;
                let (begin, end) = (at(from_s).max(known), at(to_s).min(stretch.rows));
                if begin < end {
                    parts.push(Part {
                        file: files.len(),
                        row: stretch.row + begin,
                        rows: end - begin,
                        first_frame: stretch.first_frame + begin as u64,
                    });
                }
            }
            files.push(file);
        }
        let (first_frame, start_s) = match parts.first() {
            Some(part) => (part.first_frame, files[part.file].time_of(part.first_frame)?),
            None => (0, from_s),
        };
        Ok(RecordedSpan { files, parts, about, start_s, first_frame, left_out })
    }

    pub(super) fn onset_s(&self, frame: u64) -> f64 {
        frame.saturating_sub(self.first_frame) as f64 / self.about.rate_hz
    }

    pub(super) fn end_s(&self) -> f64 {
        self.parts.last().map_or(0.0, |part| self.onset_s(part.first_frame + part.rows as u64))
    }

    /// The alarms: each from the onset of the run that led to it to the second in which it ended.
    fn alarms(&self) -> Result<Vec<Event>, RecordError> {
        let mut verdicts: Vec<RecordedVerdict> = Vec::new();
        for file in &self.files {
            verdicts.extend(file.verdicts()?);
        }
        let end = self.parts.last().map_or(0, |part| part.first_frame + part.rows as u64);
        verdicts.retain(|verdict| (self.first_frame..end).contains(&verdict.frame));
        let mut events: Vec<Event> = Vec::new();
        let mut lasting = false;
        for recorded in &verdicts {
            let verdict = &recorded.verdict;
            let end_s = self.onset_s(recorded.frame) + 1.0;
            if let Some(alarm) = verdict.alarm {
                let onset_frame = verdicts
                    .iter()
                    .find(|earlier| earlier.verdict.second >= alarm.onset_second)
                    .map_or(recorded.frame, |earlier| earlier.frame);
                let onset_s = self.onset_s(onset_frame);
                events.push(Event {
                    onset_s,
                    duration_s: end_s - onset_s,
                    kind: EventKind::Seizure("sz".into()),
                    confidence: None,
                    channels: None,
                    date_time: None,
                    recording_duration_s: None,
                    alarm_s: None,
                });
            } else if verdict.alarming
                && lasting
                && let Some(event) = events.last_mut()
            {
                event.duration_s = end_s - event.onset_s;
            }
            lasting = verdict.alarming;
        }
        Ok(events)
    }

    pub(super) fn annotations(&self, events: &[Event]) -> Result<Vec<Annotation>, RecordError> {
        let mut annotations: Vec<Annotation> = events
            .iter()
            .map(|event| Annotation {
                onset_s: event.onset_s,
                duration_s: Some(event.duration_s),
                text: "vigil: seizure".into(),
            })
            .collect();
        let end_s = self.end_s();
        for file in &self.files {
            for mark in file.marks()? {
                let onset_s = self.onset_s(mark.frame);
                if mark.frame >= self.first_frame && onset_s <= end_s {
                    annotations.push(Annotation { onset_s, duration_s: None, text: mark.text });
                }
            }
            for gap in file.gaps()? {
                let onset_s = self.onset_s(gap.first_frame);
                if gap.first_frame >= self.first_frame && onset_s <= end_s {
                    let duration_s = Some(gap.frames as f64 / self.about.rate_hz);
                    let text = format!("vigil: {}", gap.reason.words());
                    annotations.push(Annotation { onset_s, duration_s, text });
                }
            }
        }
        annotations.sort_by(|a, b| a.onset_s.total_cmp(&b.onset_s));
        Ok(annotations)
    }

    /// Writes the span: EDF+C, or EDF+D where it has gaps; and the alarms as a table.
    ///
    /// # Errors
    /// [`ExportError`]; nothing is half-written then.
    pub fn export(&self, edf: Option<&Path>, events: Option<&Path>) -> Result<Exported, ExportError> {
        let found = self.alarms()?;
        let start = civil(self.start_s);
        let mut exported = Exported {
            start,
            duration_s: self.end_s(),
            signal_s: self.parts.iter().map(|part| part.rows as f64).sum::<f64>() / self.about.rate_hz,
            events: found.clone(),
            rounding: 0.0,
            left_out: self.left_out.clone(),
        };
        if let Some(path) = edf {
            let ranges = self.ranges()?;
            exported.rounding =
                ranges.iter().map(|(low, high)| (high - low) / 65_535.0 / 2.0).fold(0.0, f64::max);
            let annotations = self.annotations(&found)?;
            let unwritable = |source| ExportError::Io { path: path.into(), source };
            durable::replace_with(path, unwritable, |beside| {
                let writer = EdfWriter::create(beside, &self.spec(&ranges, &annotations))?;
                self.write(writer, &ranges, &annotations)
            })?;
        }
        if let Some(path) = events {
            write_events(path, &found, start, exported.duration_s)?;
        }
        Ok(exported)
    }
}

/// An export that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The record cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The EDF file or the table cannot be written.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The disk refuses.
    #[error("cannot write {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
}

/// From when to when a bed was recorded.
fn extent(folder: &Path, bed: &str) -> Option<(f64, f64)> {
    let files = files_of(folder, bed).ok()?;
    let ends = |path: &PathBuf| {
        let file = RecordFile::open(path).ok()?;
        let stretches = file.stretches().ok()?;
        let (first, last) = (stretches.first()?, stretches.last()?);
        let end_s = file.time_of(last.first_frame).ok()? + last.rows as f64 / file.about().rate_hz;
        Some((file.time_of(first.first_frame).ok()?, end_s))
    };
    Some((files.iter().find_map(ends)?.0, files.iter().rev().find_map(ends)?.1))
}

/// Why a file cannot be put together with the latest one; `None` where it can.
fn differs(about: &About, latest: &About) -> Option<&'static str> {
    if about.patient != latest.patient {
        Some("another patient")
    } else if about.timeline != latest.timeline {
        Some("another count of frames")
    } else if about.labels != latest.labels || about.units != latest.units || about.rate_hz != latest.rate_hz
    {
        Some("another layout of the stream")
    } else {
        None
    }
}

pub(super) fn civil(unix_s: f64) -> DateTime {
    let at = jiff::Timestamp::from_millisecond((unix_s * 1e3).round() as i64)
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    TimeZone::UTC.to_datetime(at)
}

fn text(unix_s: f64) -> String {
    if unix_s.abs() > 1e11 {
        return if unix_s < 0.0 { "the beginning".into() } else { "the end".into() };
    }
    civil(unix_s).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
