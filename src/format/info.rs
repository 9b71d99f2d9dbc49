//! What a recording is, for people and programs: `vigil info`.

use serde::Serialize;

use super::edf::EdfReader;
use super::error::FormatError;

/// The description of one recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordingInfo {
    /// Name of the container.
    pub format: String,
    /// Start, ISO 8601, local time of the recording.
    pub start: String,
    /// Seconds from the first sample to the end, gaps included.
    pub duration_s: f64,
    /// The ordinary signals.
    pub signals: Vec<SignalInfo>,
    /// The annotations, in order of onset.
    pub annotations: Vec<AnnotationInfo>,
    /// Contiguous stretches: onset and length in seconds.
    pub segments: Vec<SegmentInfo>,
    /// What was odd.
    pub warnings: Vec<String>,
}

/// One signal.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct SignalInfo {
    pub label: String,
    pub rate_hz: f64,
    pub unit: String,
    pub samples: u64,
}

/// One annotation.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct AnnotationInfo {
    pub onset_s: f64,
    pub duration_s: Option<f64>,
    pub text: String,
}

/// One contiguous stretch.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct SegmentInfo {
    pub onset_s: f64,
    pub duration_s: f64,
}

impl RecordingInfo {
    /// Describes an open recording.
    ///
    /// # Errors
    /// [`FormatError::Io`] where the annotations cannot be read.
    pub fn of(reader: &mut EdfReader) -> Result<RecordingInfo, FormatError> {
        let annotations = reader.annotations()?;
        let record_s = reader.record_duration_s();
        let header = reader.header();
        Ok(RecordingInfo {
            format: header.format.name().to_string(),
            start: header.start.to_string(),
            duration_s: header.duration_s,
            signals: header
                .signals
                .iter()
                .map(|signal| SignalInfo {
                    label: signal.label.clone(),
                    rate_hz: signal.rate_hz,
                    unit: signal.unit.clone(),
                    samples: signal.samples,
                })
                .collect(),
            annotations: annotations
                .into_iter()
                .map(|a| AnnotationInfo { onset_s: a.onset_s, duration_s: a.duration_s, text: a.text })
                .collect(),
            segments: reader
                .segments()
                .iter()
                .map(|s| SegmentInfo { onset_s: s.onset_s, duration_s: s.records as f64 * record_s })
                .collect(),
            warnings: reader.warnings().to_vec(),
        })
    }
}
