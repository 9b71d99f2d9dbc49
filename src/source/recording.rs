//! A recording replayed: the samples of a file, in pieces of a few seconds.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{Layout, Piece, Source};
use crate::eeg::{ChannelLabel, RecordingHeader};
use crate::format::channels::{bad_strangers, read_channels, rows_of};
use crate::format::edf::{EdfReader, Segment};
use crate::format::{FormatError, bids};

/// Seconds in a piece: long enough that reading costs little, short enough for constant memory.
const PIECE_S: f64 = 8.0;

/// A source that cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// The file cannot be read.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The record of a bed cannot be read.
    #[error("{0}")]
    Record(String),
    /// A channel was chosen that is not there.
    #[error("{path}: channel {channel} was chosen; the recording has {channels}")]
    NoSuchChannel {
        /// The recording.
        path: PathBuf,
        /// The index asked for.
        channel: usize,
        /// How many there are.
        channels: usize,
    },
}

/// An EDF or BDF file as a source.
pub struct RecordingSource {
    path: PathBuf,
    reader: EdfReader,
    layout: Layout,
    strange_rows: Option<String>,
    selected: Vec<usize>,
    rate_hz: f64,
    segments: Vec<Segment>,
    samples_per_record: u64,
    /// The segment being read and how many of its samples were.
    segment: usize,
    done: u64,
    gap_told: bool,
}

impl RecordingSource {
    /// Opens a recording; no channel is selected yet.
    ///
    /// # Errors
    /// [`SourceError::Format`] where the file is no EDF or BDF, or the table of channels beside it cannot be read.
    pub fn open(path: &Path) -> Result<RecordingSource, SourceError> {
        let reader = EdfReader::open(path)?;
        let header = reader.header();
        let all = 0..header.signals.len();
        let Against { set_aside, strange_rows } = against(path, &reader)?;
        let layout = Layout {
            labels: header.signals.iter().map(|signal| signal.label.clone()).collect(),
            rates_hz: header.signals.iter().map(|signal| signal.rate_hz).collect(),
            rails_uv: all.clone().map(|signal| reader.rails_microvolts(signal)).collect(),
            not_volts: all.map(|signal| reader.not_volts(signal)).collect(),
            set_aside,
        };
        let segments = reader.segments().to_vec();
        Ok(RecordingSource {
            path: path.to_path_buf(),
            reader,
            layout,
            strange_rows,
            selected: Vec::new(),
            rate_hz: 0.0,
            segments,
            samples_per_record: 0,
            segment: 0,
            done: 0,
            gap_told: true,
        })
    }

    /// The recording's header.
    pub fn header(&self) -> &RecordingHeader {
        self.reader.header()
    }

    /// What the reader has to say about the file.
    pub fn warnings(&self) -> &[String] {
        self.reader.warnings()
    }

    /// That the table of channels beside the file calls channels bad that are not in it, if it does.
    pub fn strange_rows(&self) -> Option<&String> {
        self.strange_rows.as_ref()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Number of a segment's first sample since the recording's start.
    fn first_sample_of(&self, segment: &Segment) -> u64 {
        (segment.onset_s.max(0.0) * self.rate_hz).round() as u64
    }
}

/// Why each signal of a recording counts as absent, if it does: what its ranges are cannot be told, or it is named like
/// an electrode, and the table of channels beside the recording says that it is bad or no scalp EEG.
///
/// # Errors
/// [`FormatError`] where there is such a table and it cannot be read.
pub(super) fn set_aside(path: &Path, reader: &EdfReader) -> Result<Vec<Option<String>>, FormatError> {
    Ok(against(path, reader)?.set_aside)
}

/// What stands against signals of a recording.
struct Against {
    /// Why each counts as absent, if it does.
    set_aside: Vec<Option<String>>,
    /// That the table of channels calls some bad that are not there.
    strange_rows: Option<String>,
}

fn against(path: &Path, reader: &EdfReader) -> Result<Against, FormatError> {
    let labels: Vec<&str> = reader.header().signals.iter().map(|signal| signal.label.as_str()).collect();
    let table = bids::channels_path_of(path);
    let rows = table.as_deref().map(read_channels).transpose()?.unwrap_or_default();
    let name = table.as_deref().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    let said = rows_of(&labels, &rows);
    let reason_of = |(signal, label): (usize, &&str)| {
        if let Some(malformation) = reader.malformed(signal) {
            return Some(format!("{} is {}", malformation.what, malformation.found));
        }
        let named = ChannelLabel::parse(label) != ChannelLabel::Other;
        let reason = said[signal].filter(|_| named)?.against_use()?;
        Some(format!("{reason} in {name}"))
    };
    Ok(Against {
        set_aside: labels.iter().enumerate().map(reason_of).collect(),
        strange_rows: told_of_strangers(&bad_strangers(&rows, &said)),
    })
}

/// Most names of a table that are quoted.
const MOST_NAMES: usize = 10;

/// What is said of names that a table calls bad and that are no channel's: whoever wrote it meant something.
fn told_of_strangers(names: &[&str]) -> Option<String> {
    let mut quoted: Vec<String> = names.iter().take(MOST_NAMES).map(|name| format!("{name:?}")).collect();
    if names.len() > MOST_NAMES {
        quoted.push(format!("{} more", names.len() - MOST_NAMES));
    }
    (!names.is_empty()).then(|| {
        format!(
            "the table of channels beside it calls bad what matches no channel: {}; no channel counts as absent for that. \
             Expected names as the recording has them",
            quoted.join(", ")
        )
    })
}

impl Source for RecordingSource {
    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn select(&mut self, channels: &[usize]) -> Result<(), SourceError> {
        if let Some(&channel) = channels.iter().find(|&&channel| channel >= self.layout.labels.len()) {
            return Err(SourceError::NoSuchChannel {
                path: self.path.clone(),
                channel,
                channels: self.layout.labels.len(),
            });
        }
        self.selected = channels.to_vec();
        self.rate_hz = channels.first().map_or(0.0, |&channel| self.layout.rates_hz[channel]);
        self.samples_per_record = (self.rate_hz * self.reader.record_duration_s()).round() as u64;
        (self.segment, self.done, self.gap_told) = (0, 0, true);
        Ok(())
    }

    fn next_piece(&mut self) -> Result<Option<Piece>, SourceError> {
        while let Some(segment) = self.segments.get(self.segment).cloned() {
            let first_sample = self.first_sample_of(&segment);
            if !self.gap_told {
                self.gap_told = true;
                return Ok(Some(Piece::Gap { next_sample: first_sample }));
            }
            let total = segment.records * self.samples_per_record;
            if self.done >= total {
                (self.segment, self.done, self.gap_told) = (self.segment + 1, 0, false);
                continue;
            }
            // Whole records, so that each is read from the disk once.
            let records = (PIECE_S / self.reader.record_duration_s()).ceil().max(1.0) as u64;
            let count = (records * self.samples_per_record).min(total - self.done);
            let mut channels = vec![Vec::new(); self.selected.len()];
            let in_file = segment.first_record * self.samples_per_record + self.done;
            self.reader.read_microvolts(&self.selected, in_file, count as usize, &mut channels)?;
            let first_sample = first_sample + self.done;
            self.done += count;
            return Ok(Some(Piece::Samples { first_sample, channels }));
        }
        Ok(None)
    }
}
