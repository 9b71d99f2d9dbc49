//! A moment, by two clocks.
//!
//! The wall clock says when something was to people, and can be set back or forward under us. The other only goes
//! forward, also while the machine sleeps, and says how long something lasts; its readings mean nothing after the
//! machine was started anew, so each carries the name of that start.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// Microseconds since 1970, as the wall clock said.
    pub wall_us: i64,
    /// Microseconds by the clock that only goes forward.
    pub mono_us: i64,
    /// Which start of the machine `mono_us` counts from.
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    pub boot: Arc<str>,
}

impl Moment {
    /// Microseconds since an earlier moment, or until a later one (then below 0); `None` where the machine was started
    /// anew in between, so that nobody knows.
    pub fn since_us(&self, earlier: &Moment) -> Option<i64> {
        (self.boot == earlier.boot).then(|| self.mono_us - earlier.mono_us)
    }

    /// The moment some time later.
    #[must_use]
    pub fn after_us(&self, us: i64) -> Moment {
        Moment { wall_us: self.wall_us + us, mono_us: self.mono_us + us, boot: self.boot.clone() }
    }

    /// The wall clock as logs write it: RFC 3339 in UTC, so that a change of summer time changes nothing.
    pub fn text(&self) -> String {
        wall_text(self.wall_us)
    }
}

/// Microseconds since 1970 as logs write them: RFC 3339 in UTC, with milliseconds.
pub fn wall_text(us: i64) -> String {
    jiff::Timestamp::from_microsecond(us)
        .map_or_else(|_| "unknown".to_string(), |at| at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
}

/// Microseconds since 1970 of a time with an offset (`2026-11-24T03:00:00Z`), or of a day, which begins in UTC.
pub fn wall_us(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_microsecond());
    }
    let day: jiff::civil::Date = text.parse().ok()?;
    Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond())
}

fn as_text<S: Serializer>(boot: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(boot)
}

fn from_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    String::deserialize(deserializer).map(Arc::from)
}

/// This machine's clocks.
#[derive(Debug, Clone)]
pub struct Clocks {
    boot: Arc<str>,
}

impl Clocks {
    /// Learns which start of the machine this is.
    pub fn here() -> Clocks {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map_or_else(|_| format!("process {}", std::process::id()), |id| id.trim().to_string());
        Clocks { boot: boot.into() }
    }

    /// Now.
    pub fn now(&self) -> Moment {
        let mono = clock_gettime(ClockId::Boottime);
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Moment {
            wall_us: wall.as_micros() as i64,
            mono_us: mono.tv_sec * 1_000_000 + mono.tv_nsec / 1000,
            boot: self.boot.clone(),
        }
    }
}
