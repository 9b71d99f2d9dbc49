//! Every live source by its name in a bed's configuration. A new one is a file of its own, and a line
//! for each of the questions below.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::fieldtrip::{FieldTripConfig, FieldTripSource};
use super::live::{LiveError, LiveSource};
use super::lsl::{LslConfig, LslConfigError, LslSource};
use super::pace::Pace;
use super::rda::{RdaConfig, RdaSource};
use super::replayed::{ReplayedConfig, ReplayedSource};
use super::synthetic::{SyntheticConfig, SyntheticSource};

/// Where a bed's signal comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StationConfig {
    /// A Lab Streaming Layer stream.
    Lsl(LslConfig),
    /// A BrainVision recorder.
    Rda(RdaConfig),
    /// A FieldTrip buffer.
    FieldTrip(FieldTripConfig),
    /// Recordings.
    Replay(ReplayedConfig),
    /// Made-up EEG, for soak tests and demonstrations.
    Synthetic(SyntheticStation),
}

/// Made-up EEG as a bed's source.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SyntheticStation {
    /// How fast it comes.
    pub speed: Pace,
    /// What it is made of.
    pub eeg: SyntheticConfig,
}

impl StationConfig {
    /// Opens the source; nothing is connected yet.
    ///
    /// # Errors
    /// [`LiveError`] where the configuration cannot be used.
    pub fn open(&self) -> Result<Box<dyn LiveSource>, LiveError> {
        Ok(match self {
            StationConfig::Lsl(config) => {
                let unsuitable = |error: LslConfigError| LiveError::Unsuitable {
                    stream: "LSL".into(),
                    reason: error.to_string(),
                };
                Box::new(LslSource::new(config.clone()).map_err(unsuitable)?)
            }
            StationConfig::Rda(config) => Box::new(RdaSource::new(config.clone())),
            StationConfig::FieldTrip(config) => Box::new(FieldTripSource::new(config.clone())),
            StationConfig::Replay(config) => Box::new(ReplayedSource::new(config.clone())),
            StationConfig::Synthetic(station) => {
                Box::new(SyntheticSource::new(station.eeg.clone(), station.speed))
            }
        })
    }

    /// Whether a second of signal takes a second: then clocks, silence and rates mean something.
    pub fn real_time(&self) -> bool {
        match self {
            StationConfig::Lsl(_) | StationConfig::Rda(_) | StationConfig::FieldTrip(_) => true,
            StationConfig::Replay(config) => config.speed == Pace::default(),
            StationConfig::Synthetic(station) => station.speed == Pace::default(),
        }
    }

    /// Checks what a type cannot.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        match self {
            StationConfig::Lsl(config) => config.check().map_err(|error| error.to_string()),
            StationConfig::Replay(config) if config.recordings.is_empty() => {
                Err("source.replay names no recordings; expected files or folders".into())
            }
            StationConfig::Replay(_) | StationConfig::Rda(_) | StationConfig::FieldTrip(_) => Ok(()),
            StationConfig::Synthetic(station) => station.eeg.check().map_err(|error| error.to_string()),
        }
    }

    /// Takes relative paths from a folder.
    pub fn paths_from(&mut self, folder: &Path) {
        if let StationConfig::Replay(config) = self {
            for path in &mut config.recordings {
                *path = folder.join(&path);
            }
        }
    }
}
