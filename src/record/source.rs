//! A record as a source: the frames of a bed, over all its files.

use std::path::{Path, PathBuf};

#[cfg(doc)]
use super::about::About;
use super::error::RecordError;
use super::reader::{RecordFile, files_of};
use crate::source::{Layout, Piece, Source, SourceError};

/// Frames in a piece.
const PIECE: usize = 2048;

/// Part of one file.
#[derive(Debug, Clone)]
struct Part {
    file: usize,
    row: usize,
    rows: usize,
    first_frame: u64,
    /// A span that was asked for begins here.
    begins: bool,
}

/// Frames of a bed's record, in order, gaps told.
pub struct RecordedSource {
    files: Vec<PathBuf>,
    parts: Vec<Part>,
    layout: Layout,
    channels: Vec<usize>,
    open: Option<(usize, RecordFile)>,
    part: usize,
    done: usize,
    next_frame: Option<u64>,
    /// The part before which a gap was told.
    told: Option<usize>,
}

impl RecordedSource {
    /// Opens the frames from `from` up to `to` of one count ([`About::timeline`]), of the files that have
    /// the latest layout among them.
    ///
    /// # Errors
    /// [`RecordError::Nothing`] where none are recorded; [`RecordError`] where a file cannot be read.
    pub fn open(
        folder: &Path,
        bed: &str,
        timeline: u64,
        from: u64,
        to: u64,
    ) -> Result<RecordedSource, RecordError> {
        RecordedSource::open_spans(folder, bed, timeline, &[(from, to)])
    }

    /// Opens several stretches of frames, `(from, to)` each, in rising order; there is a gap between any
    /// two.
    ///
    /// # Errors
    /// See [`RecordedSource::open`].
    pub fn open_spans(
        folder: &Path,
        bed: &str,
        timeline: u64,
        spans: &[(u64, u64)],
    ) -> Result<RecordedSource, RecordError> {
        let from = spans.first().map_or(0, |span| span.0);
        let to = spans.last().map_or(0, |span| span.1);
        let mut files = Vec::new();
        let mut found = Vec::new();
        for path in files_of(folder, bed)? {
            let file = RecordFile::open(&path)?;
            if file.about().timeline != timeline {
                continue;
            }
            let stretches = file.stretches()?;
            if stretches.iter().any(|stretch| stretch.first_frame < to && stretch.end_frame() > from) {
                found.push((files.len(), file.about().clone(), stretches));
                files.push(path);
            }
        }
        let Some((_, latest, _)) = found.last().cloned() else {
            return Err(RecordError::Nothing {
                folder: folder.to_path_buf(),
                bed: bed.to_string(),
                when: format!(" with frames {from} to {to}"),
                hint: "was it recorded, and kept for long enough?".into(),
            });
        };
        let mut parts: Vec<Part> = Vec::new();
        for (file, about, stretches) in found {
            if about.labels != latest.labels || about.units != latest.units || about.rate_hz != latest.rate_hz
            {
                continue;
            }
            for stretch in stretches {
                for &(from, to) in spans {
                    // What a restart recorded twice is taken once.
                    let before = parts.last().map_or(0, |part| part.first_frame + part.rows as u64);
                    let first = stretch.first_frame.max(from).max(before);
                    let end = stretch.end_frame().min(to);
                    if first < end {
                        let skipped = (first - stretch.first_frame) as usize;
                        let rows = (end - first) as usize;
                        let row = stretch.row + skipped;
                        parts.push(Part { file, row, rows, first_frame: first, begins: first == from });
                    }
                }
            }
        }
        Ok(RecordedSource {
            layout: Layout {
                rates_hz: vec![latest.rate_hz; latest.labels.len()],
                rails_uv: vec![None; latest.labels.len()],
                // What is on record was found to be EEG in microvolts before it was recorded.
                not_volts: vec![None; latest.labels.len()],
                set_aside: vec![None; latest.labels.len()],
                labels: latest.labels,
            },
            files,
            parts,
            channels: Vec::new(),
            open: None,
            part: 0,
            done: 0,
            next_frame: None,
            told: None,
        })
    }

    /// Frames that there are.
    pub fn frames(&self) -> u64 {
        self.parts.iter().map(|part| part.rows as u64).sum()
    }

    /// The number after the last frame.
    pub fn end_frame(&self) -> u64 {
        self.parts.last().map_or(0, |part| part.first_frame + part.rows as u64)
    }

    /// The next frames of all channels, frame after frame: the number of the first and the values.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn next_frames(&mut self) -> Result<Option<(u64, Vec<f32>)>, RecordError> {
        while let Some(part) = self.parts.get(self.part).cloned() {
            if self.done >= part.rows {
                (self.part, self.done) = (self.part + 1, 0);
                continue;
            }
            if self.open.as_ref().is_none_or(|(file, _)| *file != part.file) {
                let path = &self.files[part.file];
                self.open = Some((part.file, RecordFile::open(path)?));
            }
            let Some((_, file)) = &self.open else { return Ok(None) };
            let rows = PIECE.min(part.rows - self.done);
            let values = file.read(part.row + self.done, rows)?;
            let first = part.first_frame + self.done as u64;
            self.done += rows;
            return Ok(Some((first, values)));
        }
        Ok(None)
    }
}

/// The last second of a count ([`About::timeline`]) that has a verdict on record.
///
/// # Errors
/// [`RecordError`] where a file cannot be read.
pub fn last_second(folder: &Path, bed: &str, timeline: u64) -> Result<Option<u64>, RecordError> {
    for path in files_of(folder, bed)?.iter().rev() {
        let file = RecordFile::open(path)?;
        if file.about().timeline == timeline
            && let Some(last) = file.verdicts()?.last()
        {
            return Ok(Some(last.verdict.second));
        }
    }
    Ok(None)
}

impl Source for RecordedSource {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn select(&mut self, channels: &[usize]) -> Result<(), SourceError> {
        if let Some(&channel) = channels.iter().find(|&&channel| channel >= self.layout.labels.len()) {
            let path = self.files.first().cloned().unwrap_or_default();
            return Err(SourceError::NoSuchChannel { path, channel, channels: self.layout.labels.len() });
        }
        self.channels = channels.to_vec();
        Ok(())
    }

    fn next_piece(&mut self) -> Result<Option<Piece>, SourceError> {
        if let Some(part) = self.parts.get(self.part)
            && self.done == 0
            && (self.next_frame != Some(part.first_frame) || part.begins)
            && self.told != Some(self.part)
        {
            let next_sample = part.first_frame;
            self.next_frame = Some(next_sample);
            self.told = Some(self.part);
            return Ok(Some(Piece::Gap { next_sample }));
        }
        let read = self.next_frames().map_err(|error| SourceError::Record(error.to_string()))?;
        let Some((first_sample, values)) = read else { return Ok(None) };
        let width = self.layout.labels.len();
        let channels: Vec<Vec<f32>> = self
            .channels
            .iter()
            .map(|&channel| values.iter().skip(channel).step_by(width).copied().collect())
            .collect();
        self.next_frame = Some(first_sample + (values.len() / width) as u64);
        // A part that is read to its end hands over to the next at its own beginning.
        if self.parts.get(self.part).is_some_and(|part| self.done >= part.rows) {
            (self.part, self.done) = (self.part + 1, 0);
        }
        Ok(Some(Piece::Samples { first_sample, channels }))
    }
}

/// The frame that lies at most `seconds` whole seconds before another, as far as there are frames: windows that begin
/// there fall as those do that led to it, at a rate of no whole Hz to a frame.
pub fn whole_seconds_before(frame: u64, seconds: u64, rate_hz: f64) -> u64 {
    let there = (frame as f64 / rate_hz).floor().min(seconds as f64);
    frame.saturating_sub((there * rate_hz).round() as u64)
}
