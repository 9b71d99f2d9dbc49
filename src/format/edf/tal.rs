//! Time-stamped annotation lists: how EDF+ writes annotations into a record.
//!
//! `+onset [0x15 duration] 0x14 text 0x14 text 0x14 0x00`, one after the other, padded with NULs.

const END: u8 = 0x00;
const DURATION: u8 = 0x15;
const TEXT: u8 = 0x14;

/// The farthest that a time can lie from the start, about 30 years; farther ones are damage.
const LONGEST_S: f64 = 1e9;

/// One list: a time and its texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Tal {
    /// Seconds from the header's start time.
    pub onset_s: f64,
    /// Seconds, where given.
    pub duration_s: Option<f64>,
    /// The texts; an empty first one marks the time at which the record starts.
    pub texts: Vec<String>,
}

/// Reads the lists of one record; the second value counts those that could not be understood.
///
/// Never fails: a damaged list is passed over up to its NUL.
pub fn parse_tals(bytes: &[u8]) -> (Vec<Tal>, usize) {
    let mut tals = Vec::new();
    let mut damaged = 0;
    for piece in bytes.split(|&byte| byte == END).filter(|piece| !piece.is_empty()) {
        match parse_tal(piece) {
            Some(tal) => tals.push(tal),
            None => damaged += 1,
        }
    }
    (tals, damaged)
}

fn parse_tal(piece: &[u8]) -> Option<Tal> {
    let mut parts = piece.split(|&byte| byte == TEXT);
    let mut stamp = parts.next()?.split(|&byte| byte == DURATION);
    let onset = std::str::from_utf8(stamp.next()?).ok()?;
    // The sign is part of the format; without it this is no time stamp.
    if !onset.starts_with(['+', '-']) {
        return None;
    }
    let onset_s = seconds(onset)?;
    // Some writers put the sign for a duration and then none, or one below zero: the text still holds.
    let duration_s = match stamp.next().filter(|text| !text.is_empty()) {
        Some(text) => Some(seconds(std::str::from_utf8(text).ok()?)?).filter(|seconds| *seconds >= 0.0),
        None => None,
    };
    let mut texts: Vec<String> = parts.map(|text| String::from_utf8_lossy(text).into_owned()).collect();
    // Behind the last 0x14 the list ends; a text there lacks its 0x14 and is kept all the same.
    if texts.last()?.is_empty() {
        texts.pop();
    }
    Some(Tal { onset_s, duration_s, texts })
}

fn seconds(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    text.parse().ok().filter(|seconds: &f64| seconds.abs() <= LONGEST_S)
}
