//! The messages of BrainVision Recorder's remote data access, as bytes.
//!
//! All numbers are little-endian. A message is the 16 bytes of a GUID, its whole size and its type (u32
//! each), then what the type holds:
//!
//! | type | message | content |
//! |---|---|---|
//! | 1 | start | u32 channels, f64 microseconds between samples, f64 resolution of each channel, NUL-ended name of each channel |
//! | 2, 4 | data | u32 block, u32 points, u32 markers, points x channels of i16 (2) or f32 (4), markers |
//! | 3 | stop | nothing |
//! | others | state, impedances, keep-alive (10000) | not read here |
//!
//! A marker is u32 size, i32 position within the block, u32 length in points, i32 channel, and its type and
//! description, both NUL-ended.
//!
//! Microvolts are the value times the channel's resolution, **for floats too**: the maker's own example
//! client reads the float port and multiplies by the resolution, and PyCorder, the maker's open recorder,
//! sends floats of microvolts with resolutions of 1.
//!
//! What is decoded takes at most about four times the bytes of its message, where it is nothing but markers,
//! and a message has at most [`LARGEST`] bytes.

use thiserror::Error;

use crate::source::live::MAX_CHANNELS;

/// The first bytes of every message.
pub const GUID: [u8; 16] =
    [0x8e, 0x45, 0x58, 0x43, 0x96, 0xc9, 0x86, 0x4c, 0xaf, 0x4a, 0x98, 0xbb, 0xf6, 0xc9, 0x14, 0x50];

/// Bytes of a message's head: GUID, size and type.
pub const HEAD: usize = 24;

/// Most bytes of a message, 16 MiB: two minutes of 32 channels at 1,000 Hz in floats, while a recorder
/// sends 20 to 50 blocks a second.
pub const LARGEST: usize = 16 << 20;

/// Bytes of a marker before its words.
const MARKER_HEAD: usize = 16;

/// Bytes that are no message of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}; expected {expected}")]
pub struct RdaWireError {
    /// What came.
    pub what: String,
    /// What was expected.
    pub expected: &'static str,
}

fn wrong(what: impl Into<String>, expected: &'static str) -> RdaWireError {
    RdaWireError { what: what.into(), expected }
}

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The description of the stream that follows; for [`start`].
    Start,
    /// Samples; for [`block`].
    Data(Width),
    /// The recorder stops monitoring.
    Stop,
    /// A keep-alive, or something else that is not read here, by its number.
    Other(u32),
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// 16-bit integers.
    Int16,
    /// 32-bit floats.
    Float32,
}

/// The message at the start of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framed<'a> {
    /// The message is not all there; it has at least this many bytes.
    Incomplete(usize),
    /// A whole message.
    Whole {
        /// What it is.
        kind: Kind,
        /// What follows its head.
        body: &'a [u8],
        /// Its bytes, head included: the next message begins behind them.
        size: usize,
    },
}

/// The recorder's description of its stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Samples a second.
    pub rate_hz: f64,
    /// Microvolts of a value of 1, for each channel.
    pub resolutions_uv: Vec<f64>,
    /// The channels' names, empty where there is none.
    pub names: Vec<String>,
}

/// A block of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Number of the block; it wraps.
    pub number: u32,
    /// Samples of each channel; may be 0.
    pub points: usize,
    /// Microvolts, point after point.
    pub values_uv: Vec<f32>,
    /// The markers in their order.
    pub markers: Vec<Marker>,
}

/// Something that happened, as the recorder tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The point of the block that it belongs to; negative for one before the block.
    pub position: i32,
    /// Its type, such as "Stimulus".
    pub kind: String,
    /// Its description, such as "S 1".
    pub description: String,
}

/// Finds the message that `bytes` begin with.
///
/// # Errors
/// [`RdaWireError`] as soon as the bytes that are there cannot be the beginning of one.
pub fn framed(bytes: &[u8]) -> Result<Framed<'_>, RdaWireError> {
    let seen = bytes.len().min(GUID.len());
    if bytes[..seen] != GUID[..seen] {
        let found: Vec<String> = bytes[..seen].iter().map(|byte| format!("{byte:02x}")).collect();
        return Err(wrong(
            format!("a message that begins with {}", found.join(" ")),
            "8e 45 58 43 96 c9 86 4c af 4a 98 bb f6 c9 14 50, the GUID of remote data access",
        ));
    }
    let (Some(size), Some(kind)) = (u32_at(bytes, 16), u32_at(bytes, 20)) else {
        return Ok(Framed::Incomplete(HEAD));
    };
    let size = size as usize;
    if !(HEAD..=LARGEST).contains(&size) {
        return Err(wrong(format!("a message of {size} bytes"), "24 bytes to 16 MiB"));
    }
    let Some(body) = bytes.get(HEAD..size) else {
        return Ok(Framed::Incomplete(size));
    };
    let kind = match kind {
        1 => Kind::Start,
        2 => Kind::Data(Width::Int16),
        3 => Kind::Stop,
        4 => Kind::Data(Width::Float32),
        other => Kind::Other(other),
    };
    Ok(Framed::Whole { kind, body, size })
}

/// Reads the body of a start message.
///
/// # Errors
/// [`RdaWireError`] where it is cut short, or describes no stream.
pub fn start(body: &[u8]) -> Result<Start, RdaWireError> {
    let short = || {
        wrong(
            format!("a start message of {} bytes", HEAD + body.len()),
            "number of channels, interval, and a resolution and a NUL-ended name for each channel",
        )
    };
    let channels = u32_at(body, 0).ok_or_else(short)? as usize;
    if channels == 0 || channels > MAX_CHANNELS {
        return Err(wrong(format!("a start message of {channels} channels"), "1 to 1024 channels"));
    }
    let interval_us = f64_at(body, 4).ok_or_else(short)?;
    if !(1.0..=1e6).contains(&interval_us) {
        return Err(wrong(format!("{interval_us} us between samples"), "1 us to 1 s"));
    }
    let (resolutions, names) =
        body.get(12..).and_then(|rest| rest.split_at_checked(8 * channels)).ok_or_else(short)?;
    let resolutions_uv: Vec<f64> =
        resolutions.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    if let Some(at) = resolutions_uv.iter().position(|resolution| !resolution.is_normal()) {
        return Err(wrong(
            format!("a resolution of {} for channel {}", resolutions_uv[at], at + 1),
            "the microvolts of a step",
        ));
    }
    let mut rest = names;
    let mut names = Vec::with_capacity(channels);
    while names.len() < channels {
        let (name, after) = word(rest).ok_or_else(short)?;
        names.push(name);
        rest = after;
    }
    Ok(Start { rate_hz: 1e6 / interval_us, resolutions_uv, names })
}

/// Reads the body of a data message of a stream with these resolutions, one for each channel.
///
/// # Errors
/// [`RdaWireError`] where it holds less than it announces.
pub fn block(body: &[u8], width: Width, resolutions_uv: &[f64]) -> Result<Block, RdaWireError> {
    let short = || {
        wrong(
            format!("a data message of {} bytes", HEAD + body.len()),
            "as many samples and markers as the message announces",
        )
    };
    let number = u32_at(body, 0).ok_or_else(short)?;
    let points = u32_at(body, 4).ok_or_else(short)? as usize;
    let count = u32_at(body, 8).ok_or_else(short)? as usize;
    let value_bytes = match width {
        Width::Int16 => 2,
        Width::Float32 => 4,
    };
    let bytes = points.checked_mul(resolutions_uv.len()).and_then(|values| values.checked_mul(value_bytes));
    let (samples, mut rest) =
        bytes.and_then(|bytes| body.get(12..)?.split_at_checked(bytes)).ok_or_else(short)?;
    // The product is formed in double precision: a 16-bit value and a float both keep all their digits.
    let scaled = |(value, resolution): (f64, &f64)| (value * resolution) as f32;
    let resolutions = resolutions_uv.iter().cycle();
    let values_uv = match width {
        Width::Int16 => {
            let values = samples.as_chunks().0.iter().map(|bytes| f64::from(i16::from_le_bytes(*bytes)));
            values.zip(resolutions).map(scaled).collect()
        }
        Width::Float32 => {
            let values = samples.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes)));
            values.zip(resolutions).map(scaled).collect()
        }
    };
    let mut markers = Vec::new();
    for _ in 0..count {
        let size = u32_at(rest, 0).ok_or_else(short)? as usize;
        let (marker, after) =
            rest.split_at_checked(size).filter(|_| size >= MARKER_HEAD).ok_or_else(short)?;
        let position = u32_at(marker, 4).ok_or_else(short)?.cast_signed();
        // Some senders put type and description into one word and leave the other out.
        let words = marker.get(MARKER_HEAD..).unwrap_or_default();
        let (kind, words) = word(words).unwrap_or_default();
        let (description, _) = word(words).unwrap_or_default();
        markers.push(Marker { position, kind, description });
        rest = after;
    }
    Ok(Block { number, points, values_uv, markers })
}

/// The NUL-ended text at the start of `bytes` and what follows it; the last one's NUL may be missing.
/// UTF-8, or else Latin-1, which older recorders write.
fn word(bytes: &[u8]) -> Option<(String, &[u8])> {
    if bytes.is_empty() {
        return None;
    }
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = match std::str::from_utf8(&bytes[..end]) {
        Ok(text) => text.to_string(),
        Err(_) => bytes[..end].iter().map(|byte| char::from(*byte)).collect(),
    };
    Some((text, bytes.get(end + 1..).unwrap_or_default()))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}

fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    bytes.get(at..)?.first_chunk().map(|eight| f64::from_le_bytes(*eight))
}
