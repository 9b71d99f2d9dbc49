//! Which second is meant.

use std::str::FromStr;

use jiff::civil::DateTime;

/// A moment of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moment {
    /// Seconds from the recording's start.
    Seconds(f64),
    /// Wall time as the recording's header counts it.
    WallTime(DateTime),
}

impl Moment {
    /// Seconds from the start of a recording that starts at this wall time.
    ///
    /// Tables write wall times in whole seconds, also where a recording starts within one. So a whole
    /// second is counted from the whole second of the start.
    pub fn seconds_from(self, start: DateTime) -> f64 {
        match self {
            Moment::Seconds(seconds) => seconds,
            Moment::WallTime(time) => {
                let fraction_ns = if time.subsec_nanosecond() == 0 { start.subsec_nanosecond() } else { 0 };
                // Added as whole numbers: a sum of fractions may lie just below the second that is meant.
                let fraction = jiff::SignedDuration::from_nanos(i64::from(fraction_ns));
                time.duration_since(start).saturating_add(fraction).as_secs_f64()
            }
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Moment, String> {
        let expected = || {
            "expected seconds from the recording's start, like 40, or its wall time without a time zone, \
             like \"2075-09-05 03:35:22\""
                .to_string()
        };
        if let Ok(seconds) = text.parse::<f64>() {
            return if seconds.is_finite() { Ok(Moment::Seconds(seconds)) } else { Err(expected()) };
        }
        // A recording's time has no zone, so an offset could only be passed over in silence.
        let time_of_day = text.get(10..).unwrap_or_default();
        if time_of_day.is_empty() || time_of_day.contains(['+', '-', '[', 'Z', 'z']) {
            return Err(expected());
        }
        text.parse().map(Moment::WallTime).map_err(|_| expected())
    }
}
