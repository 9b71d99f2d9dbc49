//! Where an axis is marked, and what stands there.

use jiff::SignedDuration;
use jiff::civil::DateTime;

/// Steps of a time axis in seconds, as clocks are read.
const TIME_STEPS_S: [u32; 19] =
    [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800];

/// A week.
const LONGEST_S: f64 = 604_800.0;

/// The smallest step in seconds that is at least `width` pixels wide: round on a clock, or weeks.
pub fn time_step_s(px_per_s: f64, width: f64) -> f64 {
    let wanted = width / px_per_s;
    let fits = TIME_STEPS_S.iter().map(|&step| f64::from(step)).find(|step| *step >= wanted);
    fits.unwrap_or_else(|| (wanted / LONGEST_S).ceil() * LONGEST_S)
}

/// The largest of 1, 2 and 5 times a power of ten that is not above `value`.
pub fn round_down(value: f64) -> f64 {
    let decade = 10_f64.powf(value.log10().floor());
    // The quotient of two equal numbers may come out a hair below 1, 2 or 5.
    let mantissa = value / decade * (1.0 + 1e-9);
    decade * [5.0, 2.0].into_iter().find(|step| mantissa >= *step).unwrap_or(1.0)
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `value`.
pub fn round_up(value: f64) -> f64 {
    let below = round_down(value);
    if below >= value * (1.0 - 1e-9) {
        return below;
    }
    // One of the two next steps is the next one: 1 to 2 and 5 to 10 are twice, 2 to 5 is more.
    round_down(below * 2.5 * (1.0 + 1e-9))
}

/// Round values of a linear axis from `low` to `high`, seven at most.
pub fn linear(low: f64, high: f64) -> Vec<f64> {
    let step = round_up((high - low) / 6.0);
    let (first, last) = ((low / step - 1e-6).ceil(), (high / step + 1e-6).floor());
    (0..=(last - first).clamp(0.0, 6.0) as u32).map(|tick| (first + f64::from(tick)) * step).collect()
}

/// The wall time `seconds` after `start`, to the nearest second.
pub fn wall_time(start: DateTime, seconds: f64) -> DateTime {
    // `as` saturates, and so does the addition: a nonsensical time is drawn, not a panic.
    start.saturating_add(SignedDuration::from_secs(seconds.round() as i64))
}

/// `14:33:20`.
pub fn clock(time: DateTime) -> String {
    format!("{:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

/// `14:33`.
pub fn hour_and_minute(time: DateTime) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// Seconds from midnight to the time of day.
pub fn since_midnight_s(time: DateTime) -> f64 {
    f64::from(time.hour()) * 3600.0 + f64::from(time.minute()) * 60.0 + f64::from(time.second())
}

/// `2076-11-06`.
pub fn date(time: DateTime) -> String {
    format!("{:04}-{:02}-{:02}", time.year(), time.month(), time.day())
}

/// A length of time in its two leading units: `45 s`, `33 min`, `2 h 5 min`, `3 d 4 h`.
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |leading: u64, unit: &str, rest: u64, smaller: &str| match rest {
        0 => format!("{leading} {unit}"),
        _ => format!("{leading} {unit} {rest} {smaller}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => two(minutes, "min", seconds % 60, "s"),
        (0, hours, _) => two(hours, "h", minutes % 60, "min"),
        (days, ..) => two(days, "d", hours % 24, "h"),
    }
}

/// A number to three significant digits, without idle zeros.
pub fn number(value: f64) -> String {
    let size = value.abs();
    if value == 0.0 || (1e-3..1e6).contains(&size) {
        let decimals = if value == 0.0 { 0 } else { (2 - size.log10().floor() as i32).max(0) as usize };
        let text = format!("{value:.decimals$}");
        return if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        } else {
            text
        };
    }
    let text = format!("{value:.1e}");
    text.replace(".0e", "e")
}

/// Round values of a logarithmic axis between two positive values, four at most.
pub fn logarithmic(low: f64, high: f64) -> Vec<f64> {
    let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let between = |steps: &[f64]| -> Vec<f64> {
        let values = powers.clone().flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)));
        values.filter(|value| (low..=high).contains(value)).collect()
    };
    let fine = between(&[1.0, 2.0, 5.0]);
    if fine.is_empty() {
        return vec![(low * high).sqrt()];
    }
    if fine.len() <= 4 {
        return fine;
    }
    let decades = between(&[1.0]);
    let every = decades.len().div_ceil(4).max(1);
    decades.into_iter().step_by(every).collect()
}
