//! Any span of a bed's record as EDF+ with annotations, and its alarms as a SzCORE table.

use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::about::{About, RecordedVerdict};
use super::error::RecordError;
use super::reader::{RecordFile, files_between, files_of};
use crate::durable;
use crate::eeg::{Annotation, Event, EventKind, RecordingFormat};
use crate::format::FormatError;
use crate::format::edf::{EdfWriter, WriterSignal, WriterSpec};
use crate::format::events::write_events;

/// Bytes for annotations in each record.
const ANNOTATION_BYTES: usize = 160;

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
struct Part {
    file: usize,
    row: usize,
    rows: usize,
    first_frame: u64,
}

/// Takes the number of a piece's first frame, and its values.
type EachPiece<'a> = dyn FnMut(u64, &[f32]) -> Result<(), FormatError> + 'a;

/// A span of a bed's record.
pub struct RecordedSpan {
    files: Vec<RecordFile>,
    parts: Vec<Part>,
    about: About,
    start_s: f64,
    first_frame: u64,
    left_out: Vec<String>,
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

    fn onset_s(&self, frame: u64) -> f64 {
        frame.saturating_sub(self.first_frame) as f64 / self.about.rate_hz
    }

    fn end_s(&self) -> f64 {
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

    fn annotations(&self, events: &[Event]) -> Result<Vec<Annotation>, RecordError> {
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

    /// Calls `each` with every piece of signal: the number of its first frame, and its values.
    fn pieces(&self, each: &mut EachPiece<'_>) -> Result<(), ExportError> {
        let rows = self.samples_per_record();
        for part in &self.parts {
            let mut done = 0;
            while done < part.rows {
                let count = rows.min(part.rows - done);
                let values = self.files[part.file].read(part.row + done, count)?;
                each(part.first_frame + done as u64, &values)?;
                done += count;
            }
        }
        Ok(())
    }

    /// A record is a second, or the shortest whole number of seconds with whole samples.
    fn record_s(&self) -> f64 {
        let whole = |seconds: &f64| (self.about.rate_hz * seconds).fract().abs() < 1e-9;
        [1.0, 2.0, 4.0, 5.0, 8.0, 10.0, 20.0, 40.0, 100.0].into_iter().find(whole).unwrap_or(1.0)
    }

    fn samples_per_record(&self) -> usize {
        (self.about.rate_hz * self.record_s()).round() as usize
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
            let beside = durable::beside(path);
            let written = self.write(&beside, &ranges, &annotations);
            let placed = written.and_then(|()| {
                durable::place(&beside, path).map_err(|source| ExportError::Io { path: path.into(), source })
            });
            if placed.is_err() {
                let _ = std::fs::remove_file(&beside);
            }
            placed?;
        }
        if let Some(path) = events {
            write_events(path, &found, start, exported.duration_s)?;
        }
        Ok(exported)
    }

    /// Lowest and highest value of each channel, widened to numbers that a header can hold.
    fn ranges(&self) -> Result<Vec<(f64, f64)>, ExportError> {
        let channels = self.about.labels.len();
        let mut largest = vec![1.0f64; channels];
        self.pieces(&mut |_, values| {
            for frame in values.chunks_exact(channels) {
                for (largest, value) in largest.iter_mut().zip(frame) {
                    if value.is_finite() {
                        *largest = largest.max(f64::from(value.abs()));
                    }
                }
            }
            Ok(())
        })?;
        let widened = |value: f64| {
            if value < 9999.0 { (value * 10.0).ceil() / 10.0 } else { value.ceil().min(9_999_999.0) }
        };
        Ok(largest.into_iter().map(widened).map(|value| (-value, value)).collect())
    }

    fn write(
        &self,
        path: &Path,
        ranges: &[(f64, f64)],
        annotations: &[Annotation],
    ) -> Result<(), ExportError> {
        let samples = self.samples_per_record();
        let record_s = self.record_s();
        let gaps =
            self.parts.windows(2).any(|two| two[0].first_frame + two[0].rows as u64 != two[1].first_frame);
        let ascii =
            |label: &str| label.chars().filter(|c| (' '..='~').contains(c)).take(16).collect::<String>();
        let signals = self
            .about
            .labels
            .iter()
            .zip(&self.about.units)
            .zip(ranges)
            .map(|((label, unit), range)| WriterSignal {
                label: ascii(label),
                unit: ascii(unit).chars().take(8).collect(),
                samples_per_record: samples,
                physical_range: *range,
                digital_range: (-32768, 32767),
                prefilter: String::new(),
            })
            .collect();
        let spec = WriterSpec {
            format: if gaps { RecordingFormat::EdfPlusD } else { RecordingFormat::EdfPlusC },
            start: civil(self.start_s),
            patient: format!("{} X X X", self.about.patient),
            recording: format!("X X vigil_{}", self.about.bed),
            record_s,
            signals,
            annotation_bytes: ANNOTATION_BYTES,
        };
        let mut writer = EdfWriter::create(path, &spec)?;
        let channels = self.about.labels.len();
        let mut waiting = annotations.iter().peekable();
        let mut next_s = 0.0;
        self.pieces(&mut |first_frame, values| {
            let onset_s = self.onset_s(first_frame);
            let mut remarks = Vec::new();
            while let Some(annotation) = waiting.next_if(|a| a.onset_s < onset_s + record_s) {
                remarks.push(annotation.clone());
            }
            let frames = values.len() / channels;
            if frames < samples {
                // A record is whole; what was not recorded repeats the last value, and says so.
                remarks.push(Annotation {
                    onset_s: onset_s + frames as f64 / self.about.rate_hz,
                    duration_s: Some((samples - frames) as f64 / self.about.rate_hz),
                    text: "vigil: not recorded".into(),
                });
            }
            let digital: Vec<Vec<i16>> = (0..channels)
                .map(|channel| {
                    let (low, high) = ranges[channel];
                    let mut last = 0;
                    let mut samples_of: Vec<i16> = values
                        .iter()
                        .skip(channel)
                        .step_by(channels)
                        .map(|value| {
                            if value.is_finite() {
                                let share = (f64::from(*value) - low) / (high - low);
                                last =
                                    (share * 65_535.0 - 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16;
                            }
                            last
                        })
                        .collect();
                    samples_of.resize(samples, last);
                    samples_of
                })
                .collect();
            // A record that was filled up may reach beyond a short gap.
            let onset_s: f64 = onset_s.max(next_s);
            next_s = onset_s + record_s;
            writer.write_record(onset_s, &digital, &remarks)
        })?;
        writer.finish()?;
        Ok(())
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

fn civil(unix_s: f64) -> DateTime {
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
