//! A span of a record as EDF+: its header, its records, and room for what is remarked.

use super::export::{ExportError, RecordedSpan, civil};
use crate::eeg::{Annotation, RecordingFormat};
use crate::format::FormatError;
use crate::format::edf::{EdfWriter, WriterSignal, WriterSpec};

/// Bytes for annotations in each record, at least.
const ANNOTATION_BYTES: usize = 160;

/// Takes the number of a piece's first frame, and its values.
type EachPiece<'a> = dyn FnMut(u64, &[f32]) -> Result<(), FormatError> + 'a;

impl RecordedSpan {
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
        let rate_hz = self.about.rate_hz;
        let whole = |seconds: &f64| (rate_hz * seconds).fract().abs() < 1e-9;
        let whole = [1.0, 2.0, 4.0, 5.0, 8.0, 10.0, 20.0, 40.0, 100.0].into_iter().find(whole);
        whole.unwrap_or_else(|| fitting_record_s(rate_hz))
    }

    fn samples_per_record(&self) -> usize {
        (self.about.rate_hz * self.record_s()).round() as usize
    }

    /// Lowest and highest value of each channel, widened to numbers that a header can hold.
    pub(super) fn ranges(&self) -> Result<Vec<(f64, f64)>, ExportError> {
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

    /// What the file's header says.
    pub(super) fn spec(&self, ranges: &[(f64, f64)], annotations: &[Annotation]) -> WriterSpec {
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
        WriterSpec {
            format: if gaps { RecordingFormat::EdfPlusD } else { RecordingFormat::EdfPlusC },
            start: civil(self.start_s),
            patient: format!("{} X X X", self.about.patient),
            recording: format!("X X vigil_{}", self.about.bed),
            record_s,
            signals,
            annotation_bytes: self.annotation_bytes(annotations),
        }
    }

    /// Room in each record for the annotations: what does not fit into its own record goes into later ones, and must find
    /// room up to the last.
    fn annotation_bytes(&self, annotations: &[Annotation]) -> usize {
        // Onset, duration and the marks between them, beside the text and the record's own stamp.
        let bytes = |annotation: &Annotation| annotation.text.len() + 40;
        let (onsets, record_s) = (self.record_onsets(), self.record_s());
        let (mut needed, mut to_come) = (ANNOTATION_BYTES, 0);
        for annotation in annotations.iter().rev() {
            to_come += bytes(annotation);
            let own = onsets.partition_point(|onset_s| onset_s + record_s <= annotation.onset_s);
            let left = onsets.len().saturating_sub(own).max(1);
            // Records are filled with whole annotations: a longest one may be left over in each.
            needed = needed.max(to_come / left + bytes(annotation) + 24);
        }
        needed.next_multiple_of(2)
    }

    /// When each record begins, in seconds from the start.
    fn record_onsets(&self) -> Vec<f64> {
        let (samples, record_s) = (self.samples_per_record() as u64, self.record_s());
        let mut onsets: Vec<f64> = Vec::new();
        for part in &self.parts {
            for first in (0..part.rows as u64).step_by(samples as usize) {
                let earliest = onsets.last().map_or(0.0, |last| last + record_s);
                onsets.push(self.onset_s(part.first_frame + first).max(earliest));
            }
        }
        onsets
    }

    /// Writes header and records.
    pub(super) fn write(
        &self,
        mut writer: EdfWriter,
        ranges: &[(f64, f64)],
        annotations: &[Annotation],
    ) -> Result<(), ExportError> {
        let samples = self.samples_per_record();
        let record_s = self.record_s();
        let channels = self.about.labels.len();
        let mut waiting = annotations.iter().peekable();
        let mut next_s = 0.0;
        let mut records_left = self.record_onsets().len();
        self.pieces(&mut |first_frame, values| {
            let onset_s = self.onset_s(first_frame);
            let mut remarks = Vec::new();
            // What lies after the last record is told in it.
            records_left = records_left.saturating_sub(1);
            while let Some(annotation) =
                waiting.next_if(|a| a.onset_s < onset_s + record_s || records_left == 0)
            {
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

/// Seconds in a record for a rate that has whole samples in no whole number of seconds: of one to four
/// seconds, the length that loses the least where its eight characters are rounded. At 499.907 Hz that
/// is less than a millisecond in a week; a second of 500 samples would be 0.7 s in an hour.
fn fitting_record_s(rate_hz: f64) -> f64 {
    let lost = |record_s: f64| ((record_s * rate_hz).round() / rate_hz / record_s - 1.0).abs();
    let counts = rate_hz.ceil() as u32..=(4.0 * rate_hz) as u32;
    let lengths = counts.map(|samples| (f64::from(samples) / rate_hz * 1e6).round() / 1e6);
    lengths.min_by(|a, b| lost(*a).total_cmp(&lost(*b))).unwrap_or(1.0)
}
