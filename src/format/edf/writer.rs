//! Writing EDF+C and EDF+D so that a crash leaves a readable file.
//!
//! The header goes first, with -1 for the number of records ("still being written"); each record is
//! written whole; [`EdfWriter::finish`] writes the number and syncs. A reader that follows the
//! specification reads the file at any moment up to its last whole record.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;

use super::encode::{encode_annotation, encode_header, encode_stamp};
use super::tal::parse_tals;
use crate::eeg::{Annotation, RecordingFormat};
use crate::format::error::FormatError;

/// Records between two syncs: at one second a record, a crash of the machine loses at most this
/// many seconds; a crash of the program alone loses none that was written.
const SYNC_EVERY: u64 = 10;

/// Bytes of the number-of-records field.
const RECORDS_AT: u64 = 236;

/// Bytes that are kept for the time stamp of a record.
const LONGEST_STAMP: usize = 24;

/// A signal to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct WriterSignal {
    /// At most 16 printable ASCII characters.
    pub label: String,
    /// Unit, at most 8 characters; `µ` is written as `u`.
    pub unit: String,
    /// Samples in a record.
    pub samples_per_record: usize,
    /// Physical values of `digital_range`.
    pub physical_range: (f64, f64),
    /// Lowest and highest digital value, within 16 bits.
    pub digital_range: (i32, i32),
    /// What was filtered, at most 80 characters.
    pub prefilter: String,
}

/// A file to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct WriterSpec {
    /// EDF+C, or EDF+D for a recording with gaps.
    pub format: RecordingFormat,
    /// True start with its fraction of a second.
    pub start: DateTime,
    /// EDF+ patient field: code, sex, birthdate and name without spaces, `X` for what is not told.
    pub patient: String,
    /// What follows the start date in the recording field.
    pub recording: String,
    /// Length of a record in seconds.
    pub record_s: f64,
    /// The signals.
    pub signals: Vec<WriterSignal>,
    /// Bytes for annotations in each record. What does not fit goes into the records that follow.
    pub annotation_bytes: usize,
}

/// An EDF+ file being written.
pub struct EdfWriter {
    path: PathBuf,
    file: File,
    spec: WriterSpec,
    /// Fraction of a second of the start: all time stamps are counted from the whole second.
    fraction_s: f64,
    records: u64,
    /// Bytes up to the end of the last whole record.
    end: u64,
    /// Time of the record written last, from the start.
    last_onset_s: f64,
    /// Annotations that wait for room.
    waiting: VecDeque<Vec<u8>>,
    record: Vec<u8>,
}

impl EdfWriter {
    /// Creates the file and writes its header.
    ///
    /// # Errors
    /// [`FormatError::Unfit`] for what EDF+ cannot hold, [`FormatError::Io`] where the disk refuses.
    pub fn create(path: &Path, spec: &WriterSpec) -> Result<EdfWriter, FormatError> {
        // What EDF+ cannot hold leaves no empty file.
        encode_header(spec).map_err(|(what, found, expected)| unfit(path, what, found, expected))?;
        let file = File::create(path).map_err(|source| unwritable(path, source))?;
        EdfWriter::begin(file, path, spec)
    }

    /// Writes the header into an empty file; `path` stands in messages.
    ///
    /// # Errors
    /// See [`EdfWriter::create`].
    pub fn begin(mut file: File, path: &Path, spec: &WriterSpec) -> Result<EdfWriter, FormatError> {
        let header =
            encode_header(spec).map_err(|(what, found, expected)| unfit(path, what, found, expected))?;
        file.write_all(&header).and_then(|()| file.sync_data()).map_err(|source| unwritable(path, source))?;
        Ok(EdfWriter {
            path: path.to_path_buf(),
            file,
            fraction_s: f64::from(spec.start.subsec_nanosecond()) / 1e9,
            spec: spec.clone(),
            records: 0,
            end: header.len() as u64,
            last_onset_s: f64::NEG_INFINITY,
            waiting: VecDeque::new(),
            record: Vec::new(),
        })
    }

    /// Writes one record: `onset_s` after the start, the digital samples of each signal, and
    /// annotations of any time. A record that is refused leaves the file and what waits for room as
    /// they were: the caller can mend it and give it again, or finish. Only where a sync fails is the
    /// record in the file all the same.
    ///
    /// # Errors
    /// [`FormatError::Unfit`] for samples that do not fill the record, a time that goes back, or an
    /// annotation that is too long or that readers would pass over; [`FormatError::Io`] where the disk
    /// refuses.
    pub fn write_record(
        &mut self,
        onset_s: f64,
        signals: &[Vec<i16>],
        annotations: &[Annotation],
    ) -> Result<(), FormatError> {
        self.check_onset(onset_s)?;
        let wanted: Vec<usize> = self.spec.signals.iter().map(|signal| signal.samples_per_record).collect();
        let given: Vec<usize> = signals.iter().map(Vec::len).collect();
        if given != wanted {
            return Err(unfit(&self.path, "a record", format!("{given:?} samples"), format!("{wanted:?}")));
        }
        let waited = self.waiting.len();
        self.waiting.extend(self.encode_annotations(annotations)?);
        self.record.clear();
        for samples in signals {
            self.record.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
        }
        let placed = self.append_annotations(onset_s);
        if let Err(source) = self.file.write_all(&self.record) {
            // Part of a record would shift all that follow: back to the last whole one.
            self.waiting.truncate(waited);
            let _ = self.file.set_len(self.end).and_then(|()| self.file.seek(SeekFrom::Start(self.end)));
            return Err(unwritable(&self.path, source));
        }
        self.waiting.drain(..placed);
        self.records += 1;
        self.end += self.record.len() as u64;
        self.last_onset_s = onset_s;
        if self.records.is_multiple_of(SYNC_EVERY) {
            self.file.sync_data().map_err(|source| unwritable(&self.path, source))?;
        }
        Ok(())
    }

    /// Writes the number of records and syncs. Annotations that found no room are an error, after
    /// the file was closed readable.
    ///
    /// # Errors
    /// [`FormatError::Unfit`] naming how many annotations were left over, [`FormatError::Io`] where
    /// the disk refuses.
    pub fn finish(mut self) -> Result<(), FormatError> {
        let closed = self
            .file
            .seek(SeekFrom::Start(RECORDS_AT))
            .and_then(|_| self.file.write_all(format!("{:<8}", self.records).as_bytes()))
            .and_then(|()| self.file.sync_all());
        closed.map_err(|source| unwritable(&self.path, source))?;
        if self.waiting.is_empty() {
            return Ok(());
        }
        let found = format!("too small for {} more annotations", self.waiting.len());
        Err(unfit(
            &self.path,
            "the room for annotations",
            found,
            "more annotation bytes in each record".into(),
        ))
    }

    fn check_onset(&self, onset_s: f64) -> Result<(), FormatError> {
        if !(onset_s.is_finite() && onset_s >= 0.0) {
            return Err(unfit(&self.path, "a record's time", onset_s.to_string(), "0 s or later".into()));
        }
        let next_s = if self.records == 0 { 0.0 } else { self.last_onset_s + self.spec.record_s };
        let wrong = match self.spec.format {
            RecordingFormat::EdfPlusD => onset_s < next_s - 1e-6,
            _ => (onset_s - next_s).abs() > 1e-6,
        };
        if wrong {
            let expected = if self.spec.format == RecordingFormat::EdfPlusD {
                "or later"
            } else {
                "in a file without gaps"
            };
            return Err(unfit(
                &self.path,
                "a record's time",
                format!("{onset_s} s"),
                format!("{next_s} s {expected}"),
            ));
        }
        Ok(())
    }

    /// The annotations as bytes, if all of them can be written and read.
    fn encode_annotations(&self, annotations: &[Annotation]) -> Result<Vec<Vec<u8>>, FormatError> {
        let longest = self.spec.annotation_bytes - LONGEST_STAMP;
        let refused = |found, expected| Err(unfit(&self.path, "an annotation", found, expected));
        let mut encoded = Vec::with_capacity(annotations.len());
        for annotation in annotations {
            let tal = encode_annotation(annotation, self.fraction_s);
            if tal.len() > longest {
                let expected = format!("at most {longest} bytes; give more annotation bytes");
                return refused(format!("{} bytes long", tal.len()), expected);
            }
            // Readers pass over what is damaged or says nothing; nobody would see that it is lost.
            let (tals, _) = parse_tals(&tal);
            if !tals.iter().any(|tal| tal.texts.iter().any(|text| !text.is_empty())) {
                let found = format!("{:?} at {} s", annotation.text, annotation.onset_s);
                return refused(found, "a text, at a time within 30 years of the start".into());
            }
            encoded.push(tal);
        }
        Ok(encoded)
    }

    /// The record's time stamp, then as many waiting annotations as fit; says how many did.
    fn append_annotations(&mut self, onset_s: f64) -> usize {
        let end = self.record.len() + self.spec.annotation_bytes;
        self.record.extend(encode_stamp(onset_s + self.fraction_s));
        let mut placed = 0;
        for tal in &self.waiting {
            if self.record.len() + tal.len() > end {
                break;
            }
            self.record.extend(tal);
            placed += 1;
        }
        self.record.resize(end, 0);
        placed
    }
}

fn unfit(path: &Path, what: &str, found: String, expected: String) -> FormatError {
    FormatError::Unfit { path: path.to_path_buf(), what: what.to_string(), found, expected }
}

fn unwritable(path: &Path, source: std::io::Error) -> FormatError {
    FormatError::Io { doing: "write", path: path.to_path_buf(), source }
}
