//! A recording as everyone above the file formats sees it.

use jiff::civil::DateTime;

/// The container that a recording was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum RecordingFormat {
    Edf,
    EdfPlusC,
    EdfPlusD,
    Bdf,
    BdfPlusC,
    BdfPlusD,
}

impl RecordingFormat {
    /// The name as the format's own specification writes it.
    pub const fn name(self) -> &'static str {
        match self {
            RecordingFormat::Edf => "EDF",
            RecordingFormat::EdfPlusC => "EDF+C",
            RecordingFormat::EdfPlusD => "EDF+D",
            RecordingFormat::Bdf => "BDF",
            RecordingFormat::BdfPlusC => "BDF+C",
            RecordingFormat::BdfPlusD => "BDF+D",
        }
    }
}

/// One channel of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct SignalHeader {
    /// The label as recorded, without padding.
    pub label: String,
    /// Samples per second.
    pub rate_hz: f64,
    /// The physical unit as recorded ("uV").
    pub unit: String,
    /// Samples in the whole recording.
    pub samples: u64,
}

/// What is known of a recording before its samples are read.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordingHeader {
    /// The container.
    pub format: RecordingFormat,
    /// Wall-clock time of the first sample, with its fraction of a second.
    pub start: DateTime,
    /// Seconds from the first sample to the end of the last record, gaps included.
    pub duration_s: f64,
    /// The ordinary signals, in file order; annotation channels are not among them.
    pub signals: Vec<SignalHeader>,
}

/// A remark at a time of the recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Seconds from the recording's start; negative before it.
    pub onset_s: f64,
    /// Seconds, where the annotation has a duration.
    pub duration_s: Option<f64>,
    /// The text.
    pub text: String,
}
