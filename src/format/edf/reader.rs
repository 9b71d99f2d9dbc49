//! Reading a recording by ranges, in memory that does not grow with the file.

use std::fs::File;
use std::path::Path;

use super::header::{BLOCK, Header, Signal};
use super::input::{Input, Stored};
use super::records::{broken_promise, onset_of, segments_of};
use super::tal::parse_tals;
use crate::eeg::{Annotation, RecordingFormat, RecordingHeader, SignalHeader, microvolts_per_unit};
use crate::format::error::{FormatError, Malformation};

/// Bytes that are read at once.
const BLOCK_BYTES: u64 = 1 << 20;

/// A stretch of records without a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Its first record.
    pub first_record: u64,
    /// Its number of records.
    pub records: u64,
    /// Seconds from the recording's start to its first sample.
    pub onset_s: f64,
}

/// An open EDF, EDF+, BDF or BDF+ file.
pub struct EdfReader {
    input: Input,
    header: Header,
    recording: RecordingHeader,
    /// Index into the header's signals of each ordinary signal.
    ordinary: Vec<usize>,
    segments: Vec<Segment>,
    records: u64,
    /// Time stamp of the first record: annotation times are counted from it.
    first_onset_s: f64,
    warnings: Vec<String>,
    buffer: Vec<u8>,
}

impl EdfReader {
    /// Opens a file and reads its header and what it needs of its time stamps.
    ///
    /// # Errors
    /// [`FormatError`]: what, at which byte, what was expected and found.
    pub fn open(path: &Path) -> Result<EdfReader, FormatError> {
        let refused = |source| FormatError::Io { doing: "read", path: path.to_path_buf(), source };
        let file = File::open(path).map_err(refused)?;
        if file.metadata().map_err(refused)?.is_dir() {
            return Err(refused(std::io::ErrorKind::IsADirectory.into()));
        }
        EdfReader::from_stored(path, Box::new(file))
    }

    /// The same from anything that can be read; `path` stands in messages.
    ///
    /// # Errors
    /// As [`EdfReader::open`].
    pub fn from_stored(path: &Path, stored: Box<dyn Stored>) -> Result<EdfReader, FormatError> {
        let mut input = Input::new(path, stored)?;
        let mut bytes = vec![0; BLOCK.min(input.length() as usize)];
        input.read_at(0, &mut bytes)?;
        let length = Header::length(&bytes).map_err(|m| m.in_file(path))?;
        // The file's own length bounds what is allocated for its header.
        bytes = vec![0; (length as u64).min(input.length()) as usize];
        input.read_at(0, &mut bytes)?;
        let header = Header::decode(&bytes).map_err(|m| m.in_file(path))?;
        let mut warnings = header.warnings.clone();
        let records = whole_records(&header, input.length(), &mut warnings);
        let stamped = header.signals.iter().any(|signal| signal.is_annotations);
        let first = if stamped && records > 0 { onset_of(&mut input, &header, 0)? } else { None };
        if stamped && records > 0 && first.is_none() {
            warnings.push(
                "the first record has no time stamp; it is taken to start at the header's time".to_string(),
            );
        }
        let first_onset_s = first.unwrap_or(0.0);
        let interrupted = matches!(header.format, RecordingFormat::EdfPlusD | RecordingFormat::BdfPlusD);
        let segments = if interrupted && first.is_some() {
            segments_of(&mut input, &header, records, first_onset_s, &mut warnings)?
        } else if records > 0 {
            if first.is_some() {
                warnings.extend(broken_promise(&mut input, &header, records, first_onset_s)?);
            }
            vec![Segment { first_record: 0, records, onset_s: 0.0 }]
        } else {
            Vec::new()
        };
        let ordinary: Vec<usize> =
            (0..header.signals.len()).filter(|&i| !header.signals[i].is_annotations).collect();
        let signals = ordinary
            .iter()
            .map(|&i| {
                let signal = &header.signals[i];
                SignalHeader {
                    label: signal.label.clone(),
                    rate_hz: signal.samples_per_record as f64 / header.record_s,
                    unit: signal.unit.clone(),
                    samples: records * signal.samples_per_record as u64,
                }
            })
            .collect();
        // A file whose first stamp is a fraction of a second starts that much later.
        let late = jiff::SignedDuration::try_from_secs_f64(first_onset_s).unwrap_or_default();
        let recording = RecordingHeader {
            format: header.format,
            start: header.start.saturating_add(late),
            duration_s: segments.last().map_or(0.0, |s| s.onset_s + s.records as f64 * header.record_s),
            signals,
        };
        Ok(EdfReader {
            input,
            header,
            recording,
            ordinary,
            segments,
            records,
            first_onset_s,
            warnings,
            buffer: Vec::new(),
        })
    }

    /// What the recording is.
    pub fn header(&self) -> &RecordingHeader {
        &self.recording
    }

    /// What was odd about the file, and what was made of it.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The stretches without a gap, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Length of a record in seconds.
    pub fn record_duration_s(&self) -> f64 {
        self.header.record_s
    }

    /// Lowest and highest digital value of a signal.
    pub fn digital_range(&self, signal: usize) -> (i32, i32) {
        self.signal(signal).map_or((0, 0), |signal| signal.digital_range)
    }

    /// Physical values of the lowest and highest digital value.
    pub fn physical_range(&self, signal: usize) -> (f64, f64) {
        self.signal(signal).map_or((0.0, 0.0), |signal| signal.physical_range)
    }

    /// The lowest and highest voltage that a signal can show, in microvolts; `None` where its unit is
    /// no voltage.
    pub fn rails_microvolts(&self, signal: usize) -> Option<(f64, f64)> {
        let signal = self.signal(signal)?;
        let factor = microvolts_per_unit(&signal.unit)?;
        let (a, b) = signal.physical_range;
        Some((a.min(b) * factor, a.max(b) * factor))
    }

    /// What is wrong with the ranges of a signal, where something is: its samples mean nothing then.
    pub fn malformed(&self, signal: usize) -> Option<&Malformation> {
        self.signal(signal)?.malformed.as_ref()
    }

    /// How a signal's unit is written and where, if it is no voltage.
    pub fn not_volts(&self, signal: usize) -> Option<String> {
        let signal = self.signal(signal)?;
        if microvolts_per_unit(&signal.unit).is_some() {
            return None;
        }
        let unit = if signal.unit.is_empty() { "no unit".to_string() } else { format!("{:?}", signal.unit) };
        Some(format!("{unit} (8 bytes from byte {} of the file)", signal.unit_byte))
    }

    fn signal(&self, signal: usize) -> Option<&Signal> {
        self.header.signals.get(*self.ordinary.get(signal)?)
    }

    /// All annotations in order of onset. The time stamps of the records are not among them.
    ///
    /// # Errors
    /// [`FormatError::Io`] where the file cannot be read on.
    pub fn annotations(&mut self) -> Result<Vec<Annotation>, FormatError> {
        let lists: Vec<(u64, usize)> = self
            .header
            .signals
            .iter()
            .filter(|signal| signal.is_annotations)
            .map(|signal| (signal.offset, signal.samples_per_record * self.header.sample_bytes()))
            .collect();
        let mut annotations = Vec::new();
        let mut damaged = 0;
        let mut bytes = Vec::new();
        for record in 0..self.records {
            for &(offset, length) in &lists {
                bytes.resize(length, 0);
                self.input
                    .read_at(self.header.bytes + record * self.header.record_bytes + offset, &mut bytes)?;
                let (tals, bad) = parse_tals(&bytes);
                damaged += bad;
                for tal in tals {
                    annotations.extend(tal.texts.into_iter().filter(|text| !text.is_empty()).map(|text| {
                        Annotation {
                            onset_s: tal.onset_s - self.first_onset_s,
                            duration_s: tal.duration_s,
                            text,
                        }
                    }));
                }
            }
        }
        if damaged > 0 {
            let warning = format!("{damaged} annotation lists are damaged and were passed over");
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        annotations.sort_by(|a, b| a.onset_s.total_cmp(&b.onset_s));
        Ok(annotations)
    }

    /// Reads digital values of one signal, from sample `first_sample` of the file (gaps not counted).
    ///
    /// # Errors
    /// [`FormatError::Unfit`] outside the signal, [`FormatError::Io`] where the file cannot be read.
    pub fn read_digital(
        &mut self,
        signal: usize,
        first_sample: u64,
        count: usize,
        out: &mut Vec<i32>,
    ) -> Result<(), FormatError> {
        out.clear();
        let range = self.range(&[signal], first_sample, count)?;
        out.reserve(count);
        self.read(&range, &mut |_, bytes, width| match width {
            2 => out.extend(bytes.as_chunks().0.iter().map(sixteen_bits)),
            _ => out.extend(bytes.as_chunks().0.iter().map(twenty_four_bits)),
        })
    }

    /// Reads several signals of one rate in microvolts (in their own unit where that is no voltage).
    ///
    /// # Errors
    /// As [`EdfReader::read_digital`], and [`FormatError::Unfit`] for signals of different rates.
    pub fn read_microvolts(
        &mut self,
        signals: &[usize],
        first_sample: u64,
        count: usize,
        out: &mut [Vec<f32>],
    ) -> Result<(), FormatError> {
        out.iter_mut().for_each(Vec::clear);
        let range = self.range(signals, first_sample, count)?;
        out.iter_mut().take(signals.len()).for_each(|out| out.reserve(count));
        let scales: Vec<(f64, f64)> =
            range.signals.iter().map(|&i| scale_of(&self.header.signals[i])).collect();
        self.read(&range, &mut |index, bytes, width| {
            let (Some(out), Some(&(gain, offset))) = (out.get_mut(index), scales.get(index)) else { return };
            // The scale goes in by value: then the compiler converts several samples at once.
            let physical = move |digital: i32| (f64::from(digital) * gain + offset) as f32;
            match width {
                2 => out.extend(bytes.as_chunks().0.iter().map(move |bytes| physical(sixteen_bits(bytes)))),
                _ => {
                    out.extend(bytes.as_chunks().0.iter().map(move |bytes| physical(twenty_four_bits(bytes))))
                }
            }
        })
    }

    /// The samples that a request is about, once it is known that they are there.
    fn range(&self, signals: &[usize], first_sample: u64, count: usize) -> Result<Range, FormatError> {
        let unfit = |what: &str, found: String, expected: String| FormatError::Unfit {
            path: self.input.path().to_path_buf(),
            what: what.to_string(),
            found,
            expected,
        };
        let mut chosen = Vec::with_capacity(signals.len());
        for &signal in signals {
            chosen.push(*self.ordinary.get(signal).ok_or_else(|| {
                let last = self.ordinary.len().saturating_sub(1);
                unfit("the signal", signal.to_string(), format!("0 to {last}"))
            })?);
        }
        let rates = || chosen.iter().map(|&i| self.header.signals[i].samples_per_record as u64);
        let Some(per_record) = rates().next() else { return Ok(Range::default()) };
        if let Some(other) = rates().find(|&other| other != per_record) {
            let found = format!("{per_record} and {other} samples per record");
            return Err(unfit("the rate of the chosen signals", found, "one rate".into()));
        }
        let samples = self.records * per_record;
        match first_sample.checked_add(count as u64).filter(|&end| end <= samples) {
            Some(end) => Ok(Range { signals: chosen, per_record, first: first_sample, end }),
            None => {
                let found = format!("{count} from {first_sample}");
                Err(unfit("the range of samples", found, format!("a part of the file's {samples}")))
            }
        }
    }

    /// Reads whole blocks of records and hands on each signal's bytes, in order: index among the
    /// chosen signals, bytes, bytes of a sample.
    fn read(&mut self, range: &Range, take: &mut dyn FnMut(usize, &[u8], usize)) -> Result<(), FormatError> {
        let Range { signals, per_record, first, end } = range;
        let (width, record_bytes) = (self.header.sample_bytes(), self.header.record_bytes);
        let offsets: Vec<usize> = signals.iter().map(|&i| self.header.signals[i].offset as usize).collect();
        let together = (BLOCK_BYTES / record_bytes.max(1)).max(1);
        let mut record = first.checked_div(*per_record).unwrap_or(0);
        while record * per_record < *end {
            let records = together.min(end.div_ceil(*per_record) - record);
            self.buffer.resize((records * record_bytes) as usize, 0);
            self.input.read_at(self.header.bytes + record * record_bytes, &mut self.buffer)?;
            for (k, bytes) in self.buffer.chunks_exact(record_bytes as usize).enumerate() {
                let start = (record + k as u64) * per_record;
                let from = ((*first).max(start) - start) as usize * width;
                let to = ((*end).min(start + per_record) - start) as usize * width;
                for (index, at) in offsets.iter().enumerate() {
                    take(index, &bytes[at + from..at + to], width);
                }
            }
            record += records;
        }
        Ok(())
    }
}

/// Samples of some signals that the file has.
#[derive(Default)]
struct Range {
    /// Indices into the header's signals.
    signals: Vec<usize>,
    /// Samples of each in a record; all have as many.
    per_record: u64,
    /// The first sample, and the one behind the last.
    first: u64,
    end: u64,
}

fn sixteen_bits(bytes: &[u8; 2]) -> i32 {
    i32::from(i16::from_le_bytes(*bytes))
}

fn twenty_four_bits(&[low, middle, high]: &[u8; 3]) -> i32 {
    i32::from_le_bytes([0, low, middle, high]) >> 8
}

/// Gain and offset from digital values to microvolts, or to the signal's unit where that is no
/// voltage.
fn scale_of(signal: &Signal) -> (f64, f64) {
    let factor = microvolts_per_unit(&signal.unit).unwrap_or(1.0);
    let (low, high) = signal.physical_range;
    let (lowest, highest) = signal.digital_range;
    let gain = (high - low) / (f64::from(highest) - f64::from(lowest));
    let offset = low - gain * f64::from(lowest);
    (gain * factor, offset * factor)
}

/// How many whole records the file holds, with a warning where that is not what the header says.
fn whole_records(header: &Header, length: u64, warnings: &mut Vec<String>) -> u64 {
    let held = length.saturating_sub(header.bytes);
    let whole = held.checked_div(header.record_bytes).unwrap_or(0);
    let rest = held - whole * header.record_bytes;
    let cut = if rest > 0 {
        format!("record {} is cut short: {rest} of its {} bytes are there", whole + 1, header.record_bytes)
    } else {
        "it ends with a whole record".to_string()
    };
    match header.records {
        None => {
            warnings.push(format!(
                "the file is still being written, or was not closed: it holds {whole} whole records so far ({cut})"
            ));
            whole
        }
        Some(stated) if stated > whole => {
            warnings.push(format!(
                "the file is truncated: {whole} of {stated} records are there, {:.1} s are missing ({cut})",
                (stated - whole) as f64 * header.record_s
            ));
            whole
        }
        Some(stated) => {
            let expected = header.bytes + stated * header.record_bytes;
            if length > expected {
                warnings.push(format!(
                    "{} bytes follow the last of {stated} records and are not read",
                    length - expected
                ));
            }
            stated
        }
    }
}
