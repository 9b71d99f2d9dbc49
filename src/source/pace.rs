//! How fast a stream that needs no device plays.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::time::Instant;

/// The slowest and the fastest multiple of real time.
const MULTIPLES: (f64, f64) = (0.01, 1000.0);

/// Shortest and longest piece that is given at once, in seconds of signal.
const PIECE_S: (f64, f64) = (1.0 / 16.0, 1.0);

/// What a pace may be, in words.
const EXPECTED: &str = "a multiple of real time from 0.01 to 1000, or \"max\"";

/// How fast a stream plays.
///
/// In settings it is a number, 1 for real time, or `"max"`; 0 means the same as `"max"`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// This many seconds of signal in a second.
    Times(f64),
    /// As fast as it is read.
    Max,
}

impl Pace {
    /// The pace of this multiple of real time; `None` outside 0.01 to 1000, except for 0.
    pub fn times(multiple: f64) -> Option<Pace> {
        if multiple == 0.0 {
            return Some(Pace::Max);
        }
        (MULTIPLES.0..=MULTIPLES.1).contains(&multiple).then_some(Pace::Times(multiple))
    }

    /// Frames to give at once: a sixteenth of a second as a device would, more where it plays so fast
    /// that the pieces would be too many.
    pub(super) fn frames(self, rate_hz: f64) -> usize {
        let seconds = match self {
            Pace::Times(multiple) => (multiple * PIECE_S.0).clamp(PIECE_S.0, PIECE_S.1),
            Pace::Max => PIECE_S.1,
        };
        ((seconds * rate_hz) as usize).max(1)
    }
}

impl Default for Pace {
    fn default() -> Self {
        Pace::Times(1.0)
    }
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Pace, String> {
        if text == "max" {
            return Ok(Pace::Max);
        }
        text.parse().ok().and_then(Pace::times).ok_or_else(|| format!("{text:?} is not {EXPECTED}"))
    }
}

impl fmt::Display for Pace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pace::Times(multiple) => write!(f, "{multiple}"),
            Pace::Max => f.write_str("max"),
        }
    }
}

impl Serialize for Pace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Pace::Times(multiple) => serializer.serialize_f64(*multiple),
            Pace::Max => serializer.serialize_str("max"),
        }
    }
}

impl<'de> Deserialize<'de> for Pace {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pace, D::Error> {
        deserializer.deserialize_any(PaceVisitor)
    }
}

struct PaceVisitor;

impl Visitor<'_> for PaceVisitor {
    type Value = Pace;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Pace, E> {
        Pace::times(value).ok_or_else(|| E::invalid_value(de::Unexpected::Float(value), &self))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Pace, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Pace, E> {
        self.visit_f64(value as f64)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Pace, E> {
        if value == "max" { Ok(Pace::Max) } else { Err(E::invalid_value(de::Unexpected::Str(value), &self)) }
    }
}

/// The clock that a playing stream goes by: when each moment of the signal is due.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlayClock {
    pace: Pace,
    started: Instant,
}

impl PlayClock {
    /// Starts now.
    pub fn start(pace: Pace) -> PlayClock {
        PlayClock { pace, started: Instant::now() }
    }

    /// Waits until this many seconds of signal have been played.
    pub async fn wait_for(&self, signal_s: f64) {
        if let Pace::Times(multiple) = self.pace
            && let Ok(after) = Duration::try_from_secs_f64(signal_s / multiple)
            && let Some(due) = self.started.checked_add(after)
        {
            tokio::time::sleep_until(due).await;
        }
    }

    /// Wall time of a moment of the signal, in seconds since 1970.
    pub fn taken_at_s(&self, signal_s: f64) -> f64 {
        match self.pace {
            // By the wall clock of now: it may have been set, or the machine may have slept, since the start.
            Pace::Times(multiple) => now_s() - (self.started.elapsed().as_secs_f64() - signal_s / multiple),
            Pace::Max => now_s(),
        }
    }
}

fn now_s() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
