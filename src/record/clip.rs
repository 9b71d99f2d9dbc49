//! A clip: a span of a record as EDF+ in memory, with what is known of it as annotations.
//!
//! It is made without a disk, so that it can be had while the disk is full. It names the patient by id alone, and nobody
//! who judged.

use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use rustix::fs::{MemfdFlags, memfd_create};

use super::about::RecordedVerdict;
use super::error::RecordError;
use super::export::{ExportError, Exported, RecordedSpan, civil};
use crate::detect::Label;
use crate::eeg::Annotation;
use crate::format::edf::EdfWriter;

/// Largest clip.
pub const MOST_CLIP_BYTES: u64 = 256 << 20;

/// Longest text of an annotation, in bytes.
const LONGEST_TEXT: usize = 96;

/// Something that is known of a clip's time.
#[derive(Debug, Clone, PartialEq)]
pub struct ClipNote {
    /// When it begins, in seconds since 1970.
    pub from_s: f64,
    /// When it ends, where it lasts.
    pub to_s: Option<f64>,
    /// What.
    pub text: String,
}

impl RecordedSpan {
    /// Bytes of its signal as EDF+.
    pub fn clip_bytes(&self) -> u64 {
        let frames: u64 = self.parts.iter().map(|part| part.rows as u64).sum();
        2 * frames * self.about.labels.len() as u64
    }

    /// Whose EEG it is.
    pub fn patient(&self) -> &str {
        &self.about.patient
    }

    /// When its first frame was taken, in seconds since 1970.
    pub fn start_s(&self) -> f64 {
        self.start_s
    }

    /// The span as the bytes of an EDF+ file: EDF+D where it has gaps. Annotated are the gaps, the device's marks, the
    /// stretches that the detector labelled seizure or abnormal, and what is given.
    ///
    /// # Errors
    /// [`ExportError`].
    pub fn clip(&self, notes: &[ClipNote]) -> Result<(Exported, Vec<u8>), ExportError> {
        let name = Path::new("clip.edf");
        let io = |source: std::io::Error| ExportError::Io { path: name.into(), source };
        let mut annotations = self.annotations(&[])?;
        annotations.extend(self.labels()?);
        annotations.extend(notes.iter().filter_map(|note| self.annotation(note)));
        annotations.sort_by(|a, b| a.onset_s.total_cmp(&b.onset_s));
        for annotation in &mut annotations {
            cut(&mut annotation.text);
        }
        let ranges = self.ranges()?;
        let file =
            std::fs::File::from(memfd_create("vigil-clip", MemfdFlags::CLOEXEC).map_err(|e| io(e.into()))?);
        let mut read_back = file.try_clone().map_err(io)?;
        let writer = EdfWriter::begin(file, name, &self.spec(&ranges, &annotations))?;
        self.write(writer, &ranges, &annotations)?;
        let mut bytes = Vec::new();
        read_back.seek(SeekFrom::Start(0)).and_then(|_| read_back.read_to_end(&mut bytes)).map_err(io)?;
        let exported = Exported {
            start: civil(self.start_s),
            duration_s: self.end_s(),
            signal_s: self.parts.iter().map(|part| part.rows as f64).sum::<f64>() / self.about.rate_hz,
            events: Vec::new(),
            rounding: ranges.iter().map(|(low, high)| (high - low) / 65_535.0 / 2.0).fold(0.0, f64::max),
            left_out: self.left_out.clone(),
        };
        Ok((exported, bytes))
    }

    /// What is known, where it touches the span; what began before it begins with it.
    fn annotation(&self, note: &ClipNote) -> Option<Annotation> {
        let end_s = self.start_s + self.end_s();
        let to_s = note.to_s.unwrap_or(note.from_s);
        if to_s < self.start_s || note.from_s >= end_s {
            return None;
        }
        let from_s = note.from_s.max(self.start_s);
        Some(Annotation {
            onset_s: from_s - self.start_s,
            duration_s: note.to_s.map(|to_s| to_s.min(end_s) - from_s),
            text: note.text.clone(),
        })
    }

    /// The stretches that the detector labelled otherwise than as usual EEG.
    fn labels(&self) -> Result<Vec<Annotation>, RecordError> {
        let end = self.parts.last().map_or(0, |part| part.first_frame + part.rows as u64);
        let mut runs: Vec<(Label, u64, Annotation)> = Vec::new();
        for file in &self.files {
            for RecordedVerdict { verdict, frame, .. } in file.verdicts()? {
                let Some(label @ (Label::Seizure | Label::Abnormal)) = verdict.label else { continue };
                if !(self.first_frame..end).contains(&frame) {
                    continue;
                }
                let end_s = self.onset_s(frame) + 1.0;
                match runs.last_mut() {
                    Some((of, last, run)) if *of == label && *last + 1 == verdict.second => {
                        *last = verdict.second;
                        run.duration_s = Some(end_s - run.onset_s);
                    }
                    _ => {
                        let text = format!("vigil label: {}", label.name());
                        let onset_s = self.onset_s(frame);
                        runs.push((
                            label,
                            verdict.second,
                            Annotation { onset_s, duration_s: Some(1.0), text },
                        ));
                    }
                }
            }
        }
        Ok(runs.into_iter().map(|(.., run)| run).collect())
    }
}

/// Cuts a text to what an annotation takes.
fn cut(text: &mut String) {
    if text.len() > LONGEST_TEXT {
        let end = (0..=LONGEST_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(end);
    }
}
