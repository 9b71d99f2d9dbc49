//! The recording again, with what the detector found as annotations.

use std::path::Path;

use super::engine::Replayed;
use super::error::ReplayError;
use super::tables::detected_events;
use crate::durable;
use crate::eeg::{Annotation, Event, RecordingFormat, microvolts_per_unit};
use crate::format::FormatError;
use crate::format::edf::{EdfReader, EdfWriter, WriterSignal, WriterSpec};

/// Writes a copy of recording `index` as EDF+ with annotations: the recording's own, the expert's
/// events, and the alarms. 16-bit samples are copied as they are; 24-bit ones are rounded to the nearest of the 65536 steps
/// between the least and the largest that the signal has in this recording. A signal whose header does not say what its
/// samples mean is left out. Written beside and renamed.
///
/// # Errors
/// [`ReplayError::Format`] where the recording cannot be read or the copy not be written.
pub fn write_annotated(
    path: &Path,
    replayed: &Replayed,
    index: usize,
    expert: Option<&[Event]>,
) -> Result<(), ReplayError> {
    let Some(recording) = replayed.recordings.get(index) else { return Ok(()) };
    let mut reader = EdfReader::open(&recording.plan.path)?;
    let mut annotations = reader.annotations()?;
    annotations.extend(expert.unwrap_or_default().iter().filter(|event| event.is_seizure()).map(|event| {
        Annotation {
            onset_s: event.onset_s,
            duration_s: Some(event.duration_s),
            text: "expert: seizure".into(),
        }
    }));
    let offset_s = replayed.offset_s(index);
    for record in replayed.alarms.iter().filter(|record| record.recording == index) {
        let raised_s = record.alarm.raised_second as f64 - offset_s;
        annotations.push(Annotation {
            onset_s: raised_s,
            duration_s: None,
            text: "vigil: alarm raised".into(),
        });
    }
    annotations.extend(detected_events(replayed, index).into_iter().map(|event| Annotation {
        onset_s: event.onset_s,
        duration_s: Some(event.duration_s),
        text: "vigil: seizure".into(),
    }));
    annotations.sort_by(|a, b| a.onset_s.total_cmp(&b.onset_s));
    copy(&mut reader, path, &annotations)
}

fn copy(reader: &mut EdfReader, path: &Path, annotations: &[Annotation]) -> Result<(), ReplayError> {
    let record_s = reader.record_duration_s();
    let header = reader.header().clone();
    let segments = reader.segments().to_vec();
    let records: u64 = segments.iter().map(|segment| segment.records).sum();
    // A signal of which nobody knows what its samples mean would get a meaning in the copy.
    let kept: Vec<usize> =
        (0..header.signals.len()).filter(|&signal| reader.malformed(signal).is_none()).collect();
    let mut signals: Vec<WriterSignal> = kept
        .iter()
        .map(|&signal| {
            let about = &header.signals[signal];
            // Microvolts: volts of EEG have more decimals than a header has room for.
            let factor = microvolts_per_unit(&about.unit);
            let (least, most) = reader.physical_range(signal);
            WriterSignal {
                label: ascii(&about.label, 16),
                unit: if factor.is_some() { "uV".into() } else { ascii(&about.unit, 8) },
                samples_per_record: (about.rate_hz * record_s).round() as usize,
                physical_range: (least * factor.unwrap_or(1.0), most * factor.unwrap_or(1.0)),
                digital_range: reader.digital_range(signal),
                prefilter: String::new(),
            }
        })
        .collect();
    let mut from: Vec<(usize, Option<Scale>)> = kept.into_iter().map(|signal| (signal, None)).collect();
    for (about, (signal, scale)) in signals.iter_mut().zip(&mut from) {
        let (low, high) = about.digital_range;
        if low < -32768 || high > 32767 {
            let used = used_range(reader, *signal, about.samples_per_record)?;
            *scale = Some(Scale::within_16_bits(about, used));
        }
    }
    // Room for all annotations, spread over the records, and for the longest in any one.
    let bytes: usize = annotations.iter().map(|annotation| annotation.text.len() + 48).sum();
    let longest = annotations.iter().map(|annotation| annotation.text.len() + 96).max().unwrap_or(0);
    let spread = if bytes <= 2048 { bytes + 64 } else { 2 * bytes / records.max(1) as usize + 2048 };
    let room = spread.max(longest).max(128).next_multiple_of(2).min(1 << 20);
    let spec = WriterSpec {
        format: if segments.len() > 1 { RecordingFormat::EdfPlusD } else { RecordingFormat::EdfPlusC },
        start: header.start,
        patient: "X X X X".into(),
        recording: "X X vigil_replay".into(),
        record_s,
        annotation_bytes: room,
        signals,
    };
    let unwritable = |source| ReplayError::Unwritable { path: path.to_path_buf(), source };
    durable::replace_with(path, unwritable, |beside| {
        if let Some(folder) = beside.parent() {
            std::fs::create_dir_all(folder).map_err(unwritable)?;
        }
        Ok(write_records(reader, beside, &spec, &from, annotations)?)
    })
}

/// Records that are read at once.
const TOGETHER: u64 = 32;

/// The least and the largest digital value of a signal in the whole recording.
fn used_range(
    reader: &mut EdfReader,
    signal: usize,
    samples_per_record: usize,
) -> Result<(i32, i32), FormatError> {
    let (mut least, mut most) = (i32::MAX, i32::MIN);
    let mut block = Vec::new();
    for segment in reader.segments().to_vec() {
        let mut done = 0;
        while done < segment.records {
            let together = TOGETHER.min(segment.records - done);
            let first = (segment.first_record + done) * samples_per_record as u64;
            reader.read_digital(signal, first, together as usize * samples_per_record, &mut block)?;
            for &value in &block {
                (least, most) = (least.min(value), most.max(value));
            }
            done += together;
        }
    }
    Ok(if least <= most { (least, most) } else { (0, 0) })
}

/// From the digital values of a recording to those of its copy.
///
/// An amplifier with 24 bits covers the offsets of electrodes, a quarter of a volt up and down. The 65536 steps of a copy
/// over all of that would be 8 uV each, as large as the EEG of some people; over what a signal uses of it they are far
/// below what the amplifier tells apart, unless an electrode came off.
#[derive(Debug, Clone, Copy)]
struct Scale {
    factor: f64,
    offset: f64,
}

impl Scale {
    /// Gives a signal whose ranges are the recording's those of its copy.
    fn within_16_bits(about: &mut WriterSignal, used: (i32, i32)) -> Scale {
        let (low, high) = about.digital_range;
        let (least, most) = about.physical_range;
        let gain = (most - least) / (f64::from(high) - f64::from(low));
        let physical = |value: i32| least + (f64::from(value) - f64::from(low)) * gain;
        // The physical range may fall where the digital one rises.
        let ends = (physical(used.0), physical(used.1));
        let (least_used, most_used) = header_range(ends.0.min(ends.1), ends.0.max(ends.1));
        about.physical_range = (least_used, most_used);
        about.digital_range = (-32768, 32767);
        let steps = 65_535.0 / (most_used - least_used);
        Scale { factor: gain * steps, offset: (physical(0) - least_used) * steps - 32_768.0 }
    }

    fn apply(self, value: i32) -> i32 {
        (f64::from(value) * self.factor + self.offset).round() as i32
    }
}

/// The narrowest range around another whose ends a header's 8 characters hold to the last digit.
fn header_range(least: f64, most: f64) -> (f64, f64) {
    let (low, _) = header_number(least, f64::floor);
    let (high, digit) = header_number(most, f64::ceil);
    // A signal that stands still has no range, but a header must have one.
    (low, if high > low { high } else { high + digit })
}

/// The nearest number in one direction that 8 characters hold, and the worth of its last digit.
fn header_number(value: f64, round: fn(f64) -> f64) -> (f64, f64) {
    for decimals in (1..=6_usize).rev() {
        let parts = 10.0_f64.powi(decimals as i32);
        // No minus before a zero.
        let rounded = round(value * parts) / parts + 0.0;
        if format!("{rounded:.decimals$}").len() <= 8 {
            return (rounded, 1.0 / parts);
        }
    }
    (round(value) + 0.0, 1.0)
}

/// `from` has the reader's signal behind each one that is written, and how its samples are scaled, if they are.
fn write_records(
    reader: &mut EdfReader,
    path: &Path,
    spec: &WriterSpec,
    from: &[(usize, Option<Scale>)],
    annotations: &[Annotation],
) -> Result<(), FormatError> {
    let mut writer = EdfWriter::create(path, spec)?;
    let mut waiting = annotations;
    let mut blocks: Vec<Vec<i32>> = vec![Vec::new(); spec.signals.len()];
    let mut record: Vec<Vec<i16>> = vec![Vec::new(); spec.signals.len()];
    let segments = reader.segments().to_vec();
    let last_record = segments.last().map_or(0, |segment| segment.first_record + segment.records);
    for segment in &segments {
        let mut done = 0;
        while done < segment.records {
            let together = TOGETHER.min(segment.records - done);
            for (signal, block) in blocks.iter_mut().enumerate() {
                let per_record = spec.signals[signal].samples_per_record;
                let first = (segment.first_record + done) * per_record as u64;
                reader.read_digital(from[signal].0, first, together as usize * per_record, block)?;
            }
            for k in 0..together {
                for (signal, samples) in record.iter_mut().enumerate() {
                    let per_record = spec.signals[signal].samples_per_record;
                    let (low, high) = spec.signals[signal].digital_range;
                    samples.clear();
                    let (start, scale) = (k as usize * per_record, from[signal].1);
                    let scaled = |value: i32| scale.map_or(value, |scale| scale.apply(value));
                    samples.extend(
                        blocks[signal][start..start + per_record]
                            .iter()
                            .map(|&value| scaled(value).clamp(low, high) as i16),
                    );
                }
                let onset_s = segment.onset_s + (done + k) as f64 * spec.record_s;
                // An annotation goes into the record of its time; what lies behind the end, into the last.
                let is_last = segment.first_record + done + k + 1 == last_record;
                let due = waiting
                    .partition_point(|annotation| is_last || annotation.onset_s < onset_s + spec.record_s);
                writer.write_record(onset_s, &record, &waiting[..due])?;
                waiting = &waiting[due..];
            }
            done += together;
        }
    }
    writer.finish()
}

/// What EDF's fixed columns can hold of a text.
fn ascii(text: &str, width: usize) -> String {
    text.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' }).take(width).collect()
}
