//! The messages of BrainVision Recorder's remote data access, as bytes.
//!
//! All numbers are little-endian. A message is the 16 bytes of a GUID, its whole size and its type (u32
//! each), then what the type holds:
//!
//! | type | message | content |
//! |---|---|---|
//! | 1 | start | u32 channels, f64 microseconds between samples, f64 resolution and NUL-ended name of each channel |
//! | 2, 4 | data | u32 block, u32 points, u32 markers, points x channels of i16 or f32, markers |
//! | 3 | stop | |
//! | 10000 | keep-alive | anything |
//!
//! A marker is u32 size, u32 position, u32 length, i32 channel, type and description, both NUL-ended.
//! Microvolts are the value times the channel's resolution, for both kinds of data.

/// The first bytes of every message.
pub const GUID: [u8; 16] =
    [0x8e, 0x45, 0x58, 0x43, 0x96, 0xc9, 0x86, 0x4c, 0xaf, 0x4a, 0x98, 0xbb, 0xf6, 0xc9, 0x14, 0x50];

/// Bytes of a message's head.
pub const HEAD: usize = 24;

/// No message is larger: ten seconds of 256 channels at 1,024 Hz in floats.
pub const LARGEST: usize = 16 << 20;

/// Most channels of an amplifier.
const MAX_CHANNELS: usize = crate::source::live::MAX_CHANNELS;

/// What a message's head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Bytes that follow the head.
    pub body: usize,
    /// The type.
    pub kind: u32,
}

/// What is wrong with a message: what came, and what was expected.
pub type Wrong = (String, &'static str);

/// The recorder's description of its stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Start {
    /// Samples a second.
    pub rate_hz: f64,
    /// Microvolts of 1, for each channel.
    pub resolutions: Vec<f64>,
    /// The channels' names.
    pub names: Vec<String>,
}

/// A block of samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// Number of the block; it wraps.
    pub number: u32,
    /// Samples of each channel.
    pub points: usize,
    /// Microvolts, point after point.
    pub values: Vec<f32>,
    /// Point and words of each marker.
    pub markers: Vec<(usize, String)>,
}

/// Reads a head.
///
/// # Errors
/// [`Wrong`] where these are not the bytes of a message.
pub fn head(bytes: &[u8; HEAD]) -> Result<Head, Wrong> {
    if bytes[..16] != GUID {
        let found: Vec<String> = bytes[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        return Err((format!("a message that begins with {}", found.join(" ")), "the GUID of remote data access"));
    }
    let size = u32_at(bytes, 16).unwrap_or_default() as usize;
    let kind = u32_at(bytes, 20).unwrap_or_default();
    if !(HEAD..=LARGEST).contains(&size) {
        return Err((format!("a message of {size} bytes"), "24 bytes to 16 MB"));
    }
    Ok(Head { body: size - HEAD, kind })
}

/// Reads the body of a start message.
///
/// # Errors
/// [`Wrong`].
pub fn start(body: &[u8]) -> Result<Start, Wrong> {
    let short = || (format!("a start message of {} bytes", body.len()), "channels, interval, resolutions, names");
    let channels = u32_at(body, 0).ok_or_else(short)? as usize;
    if channels == 0 || channels > MAX_CHANNELS {
        return Err((format!("{channels} channels"), "1 to 1024"));
    }
    let interval_us = f64_at(body, 4).ok_or_else(short)?;
    if !(interval_us >= 10.0 && interval_us <= 1e6) {
        return Err((format!("{interval_us} us between samples"), "10 us to 1 s"));
    }
    let resolutions: Vec<f64> =
        (0..channels).map(|channel| f64_at(body, 12 + 8 * channel)).collect::<Option<_>>().ok_or_else(short)?;
    if let Some(bad) = resolutions.iter().find(|resolution| !(resolution.abs() > 0.0 && resolution.abs() < 1e9)) {
        return Err((format!("a resolution of {bad}"), "microvolts for each step"));
    }
    let names = body.get(12 + 8 * channels..).ok_or_else(short)?;
    let names: Vec<String> = names.split(|byte| *byte == 0).take(channels).map(text).collect();
    if names.len() < channels {
        return Err((format!("{} names of {channels} channels", names.len()), "a name for each channel"));
    }
    Ok(Start { rate_hz: 1e6 / interval_us, resolutions, names })
}

/// Reads the body of a data message; `wide` for f32, else i16.
///
/// # Errors
/// [`Wrong`].
pub fn block(body: &[u8], wide: bool, resolutions: &[f64]) -> Result<Block, Wrong> {
    let short = || (format!("a data message of {} bytes", body.len()), "as many samples and markers as it announces");
    let number = u32_at(body, 0).ok_or_else(short)?;
    let points = u32_at(body, 4).ok_or_else(short)? as usize;
    let count = u32_at(body, 8).ok_or_else(short)? as usize;
    let width = if wide { 4 } else { 2 };
    let bytes = points.checked_mul(resolutions.len()).and_then(|values| values.checked_mul(width)).ok_or_else(short)?;
    let samples = body.get(12..).and_then(|rest| rest.get(..bytes)).ok_or_else(short)?;
    let scaled = |value: f64, index: usize| (value * resolutions[index % resolutions.len()]) as f32;
    let values = if wide {
        let (all, _) = samples.as_chunks::<4>();
        all.iter().enumerate().map(|(index, b)| scaled(f64::from(f32::from_le_bytes(*b)), index)).collect()
    } else {
        let (all, _) = samples.as_chunks::<2>();
        all.iter().enumerate().map(|(index, b)| scaled(f64::from(i16::from_le_bytes(*b)), index)).collect()
    };
    let mut markers = Vec::new();
    let mut rest = body.get(12 + bytes..).unwrap_or_default();
    for _ in 0..count {
        let size = u32_at(rest, 0).ok_or_else(short)? as usize;
        let marker = rest.get(..size).filter(|_| size >= 16).ok_or_else(short)?;
        let position = u32_at(marker, 4).ok_or_else(short)? as usize;
        let mut words = marker.get(16..).unwrap_or_default().split(|byte| *byte == 0).map(text);
        let (kind, description) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        markers.push((position.min(points.saturating_sub(1)), format!("{kind}: {description}")));
        rest = rest.get(size..).unwrap_or_default();
    }
    Ok(Block { number, points, values, markers })
}

/// Text of a recorder: UTF-8, or the Latin letters that older ones send.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}

fn f64_at(bytes: &[u8], at: usize) -> Option<f64> {
    bytes.get(at..)?.first_chunk().map(|eight| f64::from_le_bytes(*eight))
}
