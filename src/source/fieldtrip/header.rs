//! The header of the FieldTrip buffer: what its samples are.
//!
//! u32 channels, u32 samples and u32 events put in so far, f32 rate, u32 data type, u32 bytes of chunks; then
//! the chunks, each u32 type, u32 size and as many bytes.

use super::wire::{FieldTripWireError, Kind, Order, wrong};
use crate::source::live::MAX_CHANNELS;

/// NUL-ended names, one for each channel.
const CHANNEL_NAMES: u32 = 1;

/// An f64 for each channel: what a value of 1 is in physical units, microvolts for EEG.
const RESOLUTIONS: u32 = 3;

/// What the buffer holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Samples put in so far.
    pub samples: u32,
    /// Events put in so far.
    pub events: u32,
    /// What does not change until another header is put in.
    pub stream: Stream,
}

/// What the samples of a buffer are.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// How many channels there are.
    pub channels: usize,
    /// Samples a second.
    pub rate_hz: f64,
    /// The type of the values.
    pub kind: Kind,
    /// The channels' names; none at all where they are not told for every channel.
    pub names: Vec<String>,
    /// Microvolts of a value of 1 for each channel; empty where they are not told.
    pub resolutions_uv: Vec<f64>,
}

/// Reads the answer to [`super::wire::GET_HDR`].
///
/// # Errors
/// [`FieldTripWireError`] where it is cut short, or describes no stream of samples.
pub fn header(body: &[u8], order: Order) -> Result<Header, FieldTripWireError> {
    let number = |at| {
        let short = || wrong(format!("a header of {} bytes", body.len()), "24 bytes and its chunks");
        order.u32_at(body, at).ok_or_else(short)
    };
    let (channels, samples, events) = (number(0)? as usize, number(4)?, number(8)?);
    let (rate_hz, kind, size) = (f64::from(f32::from_bits(number(12)?)), Kind::of(number(16)?)?, number(20)?);
    if channels == 0 || channels > MAX_CHANNELS {
        return Err(wrong(format!("a header of {channels} channels"), "1 to 1024 channels"));
    }
    if !(1.0..=1e6).contains(&rate_hz) {
        return Err(wrong(format!("a rate of {rate_hz} Hz"), "1 Hz to 1 MHz"));
    }
    let all = body.get(24..).unwrap_or_default();
    let mut chunks = all.get(..size as usize).ok_or_else(|| {
        wrong(
            format!("{} bytes of {size} bytes of chunks", all.len()),
            "the chunks that the header announces",
        )
    })?;
    let (mut names, mut resolutions_uv) = (Vec::new(), Vec::new());
    while let (Some(of), Some(size)) = (order.u32_at(chunks, 0), order.u32_at(chunks, 4)) {
        let content = chunks.get(8..).unwrap_or_default();
        let Some((content, after)) = content.split_at_checked(size as usize) else {
            let what = format!("chunk {of} of {size} bytes where {} are left", content.len());
            return Err(wrong(what, "chunks that fit into their header"));
        };
        match of {
            CHANNEL_NAMES => names = channel_names(content, channels),
            RESOLUTIONS => resolutions_uv = resolutions(content, channels, order)?,
            _ => {}
        }
        chunks = after;
    }
    Ok(Header { samples, events, stream: Stream { channels, rate_hz, kind, names, resolutions_uv } })
}

/// The names, or none where there are too few: whose is missing cannot be known.
fn channel_names(content: &[u8], channels: usize) -> Vec<String> {
    let ended = content.strip_suffix(&[0]).unwrap_or(content);
    let names: Vec<String> = ended.split(|byte| *byte == 0).take(channels).map(text).collect();
    if names.len() == channels { names } else { Vec::new() }
}

fn resolutions(content: &[u8], channels: usize, order: Order) -> Result<Vec<f64>, FieldTripWireError> {
    if content.len() != 8 * channels {
        let what = format!("resolutions of {} bytes for {channels} channels", content.len());
        return Err(wrong(what, "8 bytes for each channel"));
    }
    let all: Vec<f64> = content.chunks_exact(8).map(|bytes| Kind::F64.value(bytes, order)).collect();
    match all.iter().position(|resolution| !resolution.is_normal()) {
        Some(at) => Err(wrong(
            format!("a resolution of {} for channel {}", all[at], at + 1),
            "the microvolts of a step",
        )),
        None => Ok(all),
    }
}

/// UTF-8, or else Latin-1.
pub(super) fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_string(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}
