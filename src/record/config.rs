//! `[record]` of vigil.toml.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What is recorded, where, and for how long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordConfig {
    /// The folder; each bed has one below it.
    pub folder: PathBuf,
    /// Files older than this many days are deleted.
    #[serde(default = "keep_days")]
    pub keep_days: f64,
    /// The oldest files are deleted while less than this is free, in gigabytes (1e9 bytes).
    #[serde(default = "keep_free_gb")]
    pub keep_free_gb: f64,
    /// Somebody is told when less than this is free, in gigabytes.
    #[serde(default = "warn_free_gb")]
    pub warn_free_gb: f64,
    /// How hard the signal is compressed, 0 to 9. 1 takes a third of the time of 4 and leaves files
    /// hardly larger: the noise of an amplifier cannot be compressed.
    #[serde(default = "compression")]
    pub compression: u8,
}

fn keep_days() -> f64 {
    14.0
}

fn keep_free_gb() -> f64 {
    5.0
}

fn warn_free_gb() -> f64 {
    20.0
}

fn compression() -> u8 {
    1
}

impl RecordConfig {
    /// The defaults, in a folder.
    pub fn new(folder: PathBuf) -> RecordConfig {
        RecordConfig {
            folder,
            keep_days: keep_days(),
            keep_free_gb: keep_free_gb(),
            warn_free_gb: warn_free_gb(),
            compression: compression(),
        }
    }

    /// Checks what a type cannot.
    ///
    /// # Errors
    /// The setting and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let refuse = |setting, found: String, expected: &str| {
            Err((setting, format!("record.{setting} is {found}; expected {expected}")))
        };
        if !(self.keep_days > 0.0 && self.keep_days <= 36_500.0) {
            return refuse("keep_days", self.keep_days.to_string(), "a number of days above 0");
        }
        if !(self.keep_free_gb >= 0.0 && self.keep_free_gb <= 1e6) {
            return refuse("keep_free_gb", self.keep_free_gb.to_string(), "0 or more gigabytes");
        }
        if !(self.warn_free_gb >= self.keep_free_gb && self.warn_free_gb <= 1e6) {
            let expected = "at least keep_free_gb: the warning comes before files are deleted";
            return refuse("warn_free_gb", self.warn_free_gb.to_string(), expected);
        }
        if self.compression > 9 {
            return refuse("compression", self.compression.to_string(), "0 to 9");
        }
        Ok(())
    }
}
