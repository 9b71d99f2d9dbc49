//! Whether a recording can be judged, and as what it is read: the answer before anything is run.

use std::path::Path;

use serde::Serialize;

use super::config::SignalConfig;
use super::recording::{StreamError, WindowStream};
use crate::eeg::DERIVATIONS;
use crate::source::{RecordingSource, SourceError};

/// What the detector makes of a recording's channels.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reading {
    /// Whether it can be judged.
    pub usable: bool,
    /// Why not.
    pub refused: Option<String>,
    /// How many of the derivations it has.
    pub derivations: usize,
    /// How many there are.
    pub of: usize,
    /// The derivations that it lacks.
    pub missing: Vec<String>,
    /// The sampling rate of the channels that are used.
    pub rate_hz: Option<f64>,
    /// Their units, as recorded.
    pub units: Vec<String>,
    /// What a person should know about the channels.
    pub remarks: Vec<String>,
}

impl Reading {
    /// Opens a recording as the detector does, and reads no sample.
    ///
    /// # Errors
    /// [`SourceError`] where the file, or a table beside it, cannot be read. A recording that does not suit is no error.
    pub fn of(path: &Path, config: &SignalConfig) -> Result<Reading, SourceError> {
        let source = RecordingSource::open(path)?;
        let recorded: Vec<String> =
            source.header().signals.iter().map(|signal| signal.unit.clone()).collect();
        let mut remarks: Vec<String> = source.strange_rows().cloned().into_iter().collect();
        let stream = match WindowStream::new(source, config) {
            Ok(stream) => stream,
            Err(StreamError::Source(error)) => return Err(error),
            Err(StreamError::Signal(reason)) => {
                return Ok(Reading { remarks, ..Reading::refused(reason.to_string()) });
            }
        };
        let montage = stream.montage();
        let missing: Vec<String> = montage.missing().iter().map(ToString::to_string).collect();
        let mut units: Vec<String> =
            montage.channels().iter().filter_map(|&channel| recorded.get(channel).cloned()).collect();
        units.sort();
        units.dedup();
        remarks.extend_from_slice(montage.warnings());
        Ok(Reading {
            usable: true,
            refused: None,
            derivations: DERIVATIONS - missing.len(),
            of: DERIVATIONS,
            missing,
            rate_hz: Some(stream.rate_hz()),
            units,
            remarks,
        })
    }

    /// A recording that cannot be judged, and why.
    pub fn refused(reason: String) -> Reading {
        Reading {
            usable: false,
            refused: Some(reason),
            derivations: 0,
            of: DERIVATIONS,
            missing: Vec::new(),
            rate_hz: None,
            units: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// The answer in one line.
    pub fn line(&self) -> String {
        match (&self.refused, self.rate_hz) {
            (None, Some(rate_hz)) => format!(
                "{} of {} derivations, {rate_hz} Hz, {}",
                self.derivations,
                self.of,
                self.units.join(" and ")
            ),
            (reason, _) => format!("cannot be judged: {}", reason.as_deref().unwrap_or("no channel suits")),
        }
    }
}
