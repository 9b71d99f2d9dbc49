//! Figures as words: with as many digits as they bear, and never rounded to a certainty that they are not.

use crate::evaluate::Interval;

/// What stands where there is no figure.
pub const NONE: &str = "-";

/// A share, an area under a curve or a probability: `0.91`; closer to 0 or 1 with more digits.
pub fn share(value: f64) -> String {
    short_of(value, &[0.0, 1.0], 2)
}

/// A share in per cent, without the sign: `91`; closer to 0 or 100 with more digits.
pub fn percent(value: f64) -> String {
    short_of(value * 100.0, &[0.0, 100.0], 0)
}

/// A rate, a length of time or another amount, to two digits or whole, without idle zeros: `0.42`, `3.7`,
/// `128`.
pub fn amount(value: f64) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    let size = value.abs().log10().floor();
    // The logarithm of zero is no size.
    let decimals = if size.is_finite() { (1 - size as i32).clamp(0, 12) as usize } else { 0 };
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').into(),
        false => text,
    }
}

/// A value that reads as one of the ends only where it is that end: with up to three digits more.
fn short_of(value: f64, ends: &[f64], decimals: usize) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    let mut texts = (decimals..=decimals + 3).map(|decimals| format!("{value:.decimals$}"));
    let is_end = |text: &String| text.parse().is_ok_and(|read: f64| ends.contains(&read));
    let honest = texts.clone().find(|text| ends.contains(&value) || !is_end(text));
    honest.or_else(|| texts.next_back()).unwrap_or_default()
}

/// `0.84 to 0.95`; `-` without an interval.
pub fn interval(interval: Option<Interval>, word: fn(f64) -> String) -> String {
    interval.map_or_else(
        || NONE.into(),
        |Interval { lower, upper }| format!("{} to {}", word(lower), word(upper)),
    )
}

/// A difference of shares: `+0.010`, `-0.002`, `0.000`.
pub fn signed(value: f64) -> String {
    match format!("{value:+.3}") {
        nothing if matches!(nothing.as_str(), "+0.000" | "-0.000") => "0.000".into(),
        text => text,
    }
}

/// The word for a figure; `-` for one that rests on nothing.
pub fn figure(value: Option<f64>, word: fn(f64) -> String) -> String {
    value.map_or_else(|| NONE.into(), word)
}

/// `28 of 32`; `-` of none.
pub fn part(some: u64, all: u64) -> String {
    if all == 0 { NONE.into() } else { format!("{some} of {all}") }
}

/// `1 person`, `8 people`.
pub fn count(number: u64, one: &str, several: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

/// `a, b and c`.
pub fn listed(names: &[String]) -> String {
    match names {
        [] => NONE.into(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
