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
/// events, and the alarms. 24-bit samples are rounded to 16 bits; a signal whose header does not say what
/// its samples mean is left out. Written beside and renamed.
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
    // 24-bit values lose their lowest 8 bits; 16-bit ones are copied as they are.
    let shifts: Vec<u32> = kept
        .iter()
        .map(|&signal| {
            let (low, high) = reader.digital_range(signal);
            if low >= -32768 && high <= 32767 { 0 } else { 8 }
        })
        .collect();
    let signals: Vec<WriterSignal> = kept
        .iter()
        .zip(&shifts)
        .map(|(&signal, shift)| {
            let about = &header.signals[signal];
            let (low, high) = reader.digital_range(signal);
            // Microvolts: volts of EEG have more decimals than a header has room for.
            let factor = microvolts_per_unit(&about.unit);
            let (least, most) = reader.physical_range(signal);
            WriterSignal {
                label: ascii(&about.label, 16),
                unit: if factor.is_some() { "uV".into() } else { ascii(&about.unit, 8) },
                samples_per_record: (about.rate_hz * record_s).round() as usize,
                physical_range: (least * factor.unwrap_or(1.0), most * factor.unwrap_or(1.0)),
                digital_range: (low >> shift, high >> shift),
                prefilter: String::new(),
            }
        })
        .collect();
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
    let beside = durable::beside(path);
    let unwritable = |source| ReplayError::Unwritable { path: path.to_path_buf(), source };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(unwritable)?;
    }
    let from: Vec<(usize, u32)> = kept.into_iter().zip(shifts).collect();
    let written = write_records(reader, &beside, &spec, &from, annotations);
    if let Err(error) = written {
        let _ = std::fs::remove_file(&beside);
        return Err(error.into());
    }
    durable::place(&beside, path).map_err(unwritable)
}

/// `from` has the reader's signal behind each one that is written, and the bits that it loses.
fn write_records(
    reader: &mut EdfReader,
    path: &Path,
    spec: &WriterSpec,
    from: &[(usize, u32)],
    annotations: &[Annotation],
) -> Result<(), FormatError> {
    /// Records that are read at once.
    const TOGETHER: u64 = 32;
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
                    let (start, shift) = (k as usize * per_record, from[signal].1);
                    samples.extend(
                        blocks[signal][start..start + per_record]
                            .iter()
                            .map(|&value| (value >> shift).clamp(low, high) as i16),
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
