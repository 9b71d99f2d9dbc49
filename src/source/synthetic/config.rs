//! What a synthetic stream is to be like.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::seizure::AFTERMATH_S;
use crate::eeg::Electrode;
use crate::format::FormatError;

/// Most blinks in a minute.
pub(super) const MOST_BLINKS_PER_MINUTE: f64 = 20.0;
/// Most artifacts in an hour, blinks not counted.
pub(super) const MOST_ARTIFACTS_PER_HOUR: f64 = 360.0;
/// The shortest and the longest seizure that can be had, in seconds.
const SEIZURE_S: [f64; 2] = [10.0, 180.0];
/// The last second that can be named: thirty years.
const LAST_S: u64 = 30 * 365 * 86_400;

/// Why no synthetic EEG can be had.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SyntheticError {
    /// A setting that cannot be.
    #[error("synthetic EEG: {setting} is {found}; expected {expected}")]
    Setting {
        /// Its name.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it may be.
        expected: String,
    },
    /// A file cannot be written.
    #[error(transparent)]
    Format(#[from] FormatError),
}

/// A synthetic stream. The same configuration gives the same samples, bit for bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SyntheticConfig {
    /// The person, if it were one: everything that is random follows from it.
    pub seed: u64,
    /// Samples per second, 128 to 1024.
    pub rate_hz: u32,
    /// Whether there is an ECG channel behind the 19 electrodes.
    pub ecg: bool,
    /// Frequency of the mains: 50 or 60.
    pub mains_hz: u32,
    /// How much of the mains an average electrode picks up, in microvolts from zero to peak.
    pub mains_uv: f64,
    /// Seconds from one falling asleep to the next, at least 300; 0 for someone who never sleeps. A
    /// little more than half of the time is spent asleep, and the first sleep comes after two fifths
    /// of it.
    pub sleep_every_s: f64,
    /// Blinks in a minute while awake, at most 20.
    pub blinks_per_minute: f64,
    /// Bursts of muscle, movements, chewing, glances and electrode pops in an hour, at most 360.
    pub artifacts_per_hour: f64,
    /// Seizures in an hour: one at a random time in each stretch of this share of an hour. There is
    /// room for `3600 / (longest seizure + 60)`.
    pub seizures_per_hour: f64,
    /// Seconds from the stream's start at which seizures begin, in rising order. Where there is any,
    /// these are the seizures and `seizures_per_hour` does not count.
    pub seizure_onsets_s: Vec<f64>,
    /// The shortest and the longest seizure in seconds, within 10 to 180.
    pub seizure_duration_s: [f64; 2],
    /// Seconds until the stream ends; endless without.
    pub duration_s: Option<u64>,
    /// What goes wrong, and when.
    pub faults: Faults,
}

impl Default for SyntheticConfig {
    fn default() -> Self {
        SyntheticConfig {
            seed: 1,
            rate_hz: 256,
            ecg: false,
            mains_hz: 50,
            mains_uv: 1.5,
            sleep_every_s: 5400.0,
            blinks_per_minute: 8.0,
            artifacts_per_hour: 30.0,
            seizures_per_hour: 0.5,
            seizure_onsets_s: Vec::new(),
            seizure_duration_s: [30.0, 80.0],
            duration_s: None,
            faults: Faults::default(),
        }
    }
}

/// What goes wrong on schedule, to see what a watcher makes of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Faults {
    /// Electrodes that give a flat line, exactly zero.
    pub unplugged: Option<ElectrodeFault>,
    /// Electrodes that stand at the amplifier's upper rail.
    pub saturated: Option<ElectrodeFault>,
    /// Electrodes whose values are not a number.
    pub not_a_number: Option<ElectrodeFault>,
    /// No samples at all.
    pub silence: Option<Silence>,
}

/// A fault of some electrodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElectrodeFault {
    /// Names of the 10-20 system; all of them where there is none.
    #[serde(default)]
    pub electrodes: Vec<String>,
    /// Seconds from the stream's start.
    pub begin_s: u64,
    /// Seconds.
    pub duration_s: u64,
}

/// A stretch without samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    /// Seconds from the stream's start.
    pub begin_s: u64,
    /// Seconds.
    pub duration_s: u64,
    /// Whether the device goes on counting, so that the loss is said with the next samples; where
    /// not, only the time at which they were taken shows it.
    #[serde(default = "yes")]
    pub counted: bool,
}

fn yes() -> bool {
    true
}

/// Whether a second from the stream's start lies in a stretch of whole seconds.
pub(super) fn within(second: u64, begin_s: u64, duration_s: u64) -> bool {
    second >= begin_s && second - begin_s < duration_s
}

impl ElectrodeFault {
    /// Whether it is there in a second.
    pub(super) fn covers(&self, second: u64) -> bool {
        within(second, self.begin_s, self.duration_s)
    }

    /// The rows that it concerns, in the order of [`Electrode::ALL`].
    pub(super) fn rows(&self) -> Vec<usize> {
        let named = |electrode: &Electrode| {
            self.electrodes.is_empty()
                || self.electrodes.iter().any(|name| Electrode::from_name(name) == Some(*electrode))
        };
        (0..Electrode::ALL.len()).filter(|&row| named(&Electrode::ALL[row])).collect()
    }

    fn check(&self, setting: &'static str) -> Result<(), SyntheticError> {
        if let Some(name) = self.electrodes.iter().find(|name| Electrode::from_name(name).is_none()) {
            return Err(refused(setting, format!("{name:?}"), "electrodes of the 10-20 system".into()));
        }
        check_stretch(setting, self.begin_s, self.duration_s)
    }
}

impl SyntheticConfig {
    /// Whether such a stream can be had.
    ///
    /// # Errors
    /// [`SyntheticError::Setting`] with the first setting that cannot be.
    pub fn check(&self) -> Result<(), SyntheticError> {
        if !(128..=1024).contains(&self.rate_hz) {
            return Err(refused("rate_hz", self.rate_hz.to_string(), "128 to 1024".into()));
        }
        if self.mains_hz != 50 && self.mains_hz != 60 {
            return Err(refused("mains_hz", self.mains_hz.to_string(), "50 or 60".into()));
        }
        range("mains_uv", self.mains_uv, 0.0, 200.0)?;
        range("blinks_per_minute", self.blinks_per_minute, 0.0, MOST_BLINKS_PER_MINUTE)?;
        range("artifacts_per_hour", self.artifacts_per_hour, 0.0, MOST_ARTIFACTS_PER_HOUR)?;
        if self.sleep_every_s != 0.0 {
            range("sleep_every_s", self.sleep_every_s, 300.0, LAST_S as f64)?;
        }
        let [shortest, longest] = self.seizure_duration_s;
        range("seizure_duration_s", shortest, SEIZURE_S[0], SEIZURE_S[1])?;
        range("seizure_duration_s", longest, shortest, SEIZURE_S[1])?;
        range("seizures_per_hour", self.seizures_per_hour, 0.0, 3600.0 / (longest + AFTERMATH_S))?;
        for (i, &onset) in self.seizure_onsets_s.iter().enumerate() {
            let earliest = if i == 0 { 0.0 } else { self.seizure_onsets_s[i - 1] + longest + AFTERMATH_S };
            range("seizure_onsets_s", onset, earliest, LAST_S as f64)?;
        }
        if let Some(duration_s) = self.duration_s {
            check_stretch("duration_s", 0, duration_s)?;
        }
        let Faults { unplugged, saturated, not_a_number, silence } = &self.faults;
        for (setting, fault) in [
            ("faults.unplugged", unplugged),
            ("faults.saturated", saturated),
            ("faults.not_a_number", not_a_number),
        ] {
            fault.as_ref().map_or(Ok(()), |fault| fault.check(setting))?;
        }
        silence.as_ref().map_or(Ok(()), |s| check_stretch("faults.silence", s.begin_s, s.duration_s))
    }

    /// Whether no sample of this second reaches anyone.
    pub(super) fn silent(&self, second: u64) -> bool {
        self.faults.silence.as_ref().is_some_and(|s| within(second, s.begin_s, s.duration_s))
    }
}

fn check_stretch(setting: &'static str, begin_s: u64, duration_s: u64) -> Result<(), SyntheticError> {
    let fits = duration_s >= 1 && begin_s.checked_add(duration_s).is_some_and(|end| end <= LAST_S);
    let found = || format!("{duration_s} s from {begin_s} s");
    if fits {
        Ok(())
    } else {
        Err(refused(setting, found(), format!("1 s or more that end within {LAST_S} s")))
    }
}

fn range(setting: &'static str, found: f64, low: f64, high: f64) -> Result<(), SyntheticError> {
    // A value that is not a number lies in no range.
    if (low..=high).contains(&found) {
        Ok(())
    } else {
        Err(refused(setting, found.to_string(), format!("{low} to {high}")))
    }
}

fn refused(setting: &'static str, found: String, expected: String) -> SyntheticError {
    SyntheticError::Setting { setting, found, expected }
}
