//! Samples as a stream feed carries them, protocol 1.10.
//!
//! A feed is sample after sample, without anything between. A sample is
//!
//! | bytes | what |
//! |---|---|
//! | 1 | tag: 1 = the stamp follows from the rate, 2 = a stamp follows |
//! | 8, with tag 2 | f64, seconds of the sender's clock |
//! | channels x 1, 2, 4 or 8 | one value per channel: i8, i16, i32, i64, f32 or f64 |
//!
//! in the byte order that the feed's header named. The first two samples are test patterns, stamp
//! 123456.789: both sides know them, so a reader that has the layout wrong finds out before it
//! believes a value. Strings, of variable length, are not read here.

use super::wire::WireError;
use crate::source::live::MAX_CHANNELS;

const TAG_DEDUCED: u8 = 1;
const TAG_STAMPED: u8 = 2;
/// The stamp of the two test patterns.
const PATTERN_STAMP_S: f64 = 123_456.789;
/// What the first and the second test pattern add to the channel's number.
const PATTERN_OFFSETS: [u64; 2] = [4, 2];

/// How a stream's values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleFormat {
    /// IEEE 754, 4 bytes.
    Float32,
    /// IEEE 754, 8 bytes.
    Double64,
    /// Texts of any length, as marker streams have them. Not a signal.
    String,
    /// Two's complement, 4 bytes.
    Int32,
    /// Two's complement, 2 bytes.
    Int16,
    /// Two's complement, 1 byte.
    Int8,
    /// Two's complement, 8 bytes.
    Int64,
}

impl SampleFormat {
    /// All that the protocol knows.
    pub const ALL: [SampleFormat; 7] = [
        SampleFormat::Float32,
        SampleFormat::Double64,
        SampleFormat::String,
        SampleFormat::Int32,
        SampleFormat::Int16,
        SampleFormat::Int8,
        SampleFormat::Int64,
    ];

    /// The name that stream descriptions use.
    pub fn name(self) -> &'static str {
        match self {
            SampleFormat::Float32 => "float32",
            SampleFormat::Double64 => "double64",
            SampleFormat::String => "string",
            SampleFormat::Int32 => "int32",
            SampleFormat::Int16 => "int16",
            SampleFormat::Int8 => "int8",
            SampleFormat::Int64 => "int64",
        }
    }

    /// The format of that name.
    pub fn named(name: &str) -> Option<SampleFormat> {
        SampleFormat::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Bytes of one value; `None` for texts.
    pub fn value_bytes(self) -> Option<usize> {
        match self {
            SampleFormat::Int8 => Some(1),
            SampleFormat::Int16 => Some(2),
            SampleFormat::Float32 | SampleFormat::Int32 => Some(4),
            SampleFormat::Double64 | SampleFormat::Int64 => Some(8),
            SampleFormat::String => None,
        }
    }
}

/// Which byte of a value comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// The lowest; "1234" in headers.
    Little,
    /// The highest; "4321" in headers.
    Big,
}

/// Frames as they were read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frames {
    /// Frame after frame, one value per channel, in the stream's unit.
    pub values: Vec<f32>,
    /// When each frame was taken, seconds of the sender's clock; `None` until the sender said.
    pub stamps_s: Vec<Option<f64>>,
}

/// Reads a feed, however its bytes are cut.
#[derive(Debug, Clone)]
pub struct FeedDecoder {
    format: SampleFormat,
    order: ByteOrder,
    channels: usize,
    value_bytes: usize,
    period_s: f64,
    patterns_seen: usize,
    last_stamp_s: Option<f64>,
    /// The sample that has begun, never longer than one.
    begun: Vec<u8>,
}

impl FeedDecoder {
    /// Reads samples of `channels` values from the feed's first byte after its header on; `rate_hz`
    /// gives the stamps that are not sent.
    ///
    /// # Errors
    /// [`WireError::Unsuitable`] for a stream of texts, or one without channels or with too many.
    pub fn new(
        format: SampleFormat,
        order: ByteOrder,
        channels: usize,
        rate_hz: f64,
    ) -> Result<FeedDecoder, WireError> {
        let value_bytes = match format.value_bytes() {
            Some(bytes) if (1..=MAX_CHANNELS).contains(&channels) => bytes,
            Some(_) => {
                let reason = format!("it has {channels} channels; 1 to {MAX_CHANNELS} can be read");
                return Err(WireError::Unsuitable { reason });
            }
            None => {
                let reason = "its values are texts (channel format string), as those of a marker stream; \
                              name the stream that carries the signal"
                    .into();
                return Err(WireError::Unsuitable { reason });
            }
        };
        Ok(FeedDecoder {
            format,
            order,
            channels,
            value_bytes,
            period_s: if rate_hz > 0.0 { 1.0 / rate_hz } else { 0.0 },
            patterns_seen: 0,
            last_stamp_s: None,
            begun: Vec::new(),
        })
    }

    /// Whether both test patterns came and were right: what follows are samples.
    pub fn is_verified(&self) -> bool {
        self.patterns_seen == PATTERN_OFFSETS.len()
    }

    /// Reads what came next and appends the frames that it completes.
    ///
    /// # Errors
    /// [`WireError::Malformed`] where a tag or a test pattern is not what it must be. The feed cannot
    /// be read on then.
    pub fn decode(&mut self, bytes: &[u8], frames: &mut Frames) -> Result<(), WireError> {
        let mut rest = bytes;
        loop {
            let Some(&tag) = self.begun.first().or(rest.first()) else { return Ok(()) };
            let length = self.sample_bytes(tag)?;
            if self.begun.is_empty() && rest.len() >= length {
                let (sample, after) = rest.split_at(length);
                self.take(sample, frames)?;
                rest = after;
                continue;
            }
            let missing = length.saturating_sub(self.begun.len());
            let (more, after) = rest.split_at(missing.min(rest.len()));
            self.begun.extend_from_slice(more);
            rest = after;
            if self.begun.len() < length {
                return Ok(());
            }
            let mut sample = std::mem::take(&mut self.begun);
            self.take(&sample, frames)?;
            sample.clear();
            self.begun = sample;
        }
    }

    /// Bytes of a sample that starts with `tag`.
    fn sample_bytes(&self, tag: u8) -> Result<usize, WireError> {
        let stamp = match tag {
            TAG_DEDUCED => 0,
            TAG_STAMPED => 8,
            other => {
                return Err(WireError::malformed(
                    format!("a sample starts with the byte {other}"),
                    "1 (stamp deduced) or 2 (stamp follows); the feed is not of the layout that it announced",
                ));
            }
        };
        Ok(1 + stamp + self.channels * self.value_bytes)
    }

    fn take(&mut self, sample: &[u8], frames: &mut Frames) -> Result<(), WireError> {
        if let Some(&offset) = PATTERN_OFFSETS.get(self.patterns_seen) {
            let expected = test_pattern(self.format, self.order, self.channels, offset);
            if sample != expected {
                return Err(WireError::malformed(
                    format!(
                        "test pattern {} is not that of {} channels of {}",
                        self.patterns_seen + 1,
                        self.channels,
                        self.format.name()
                    ),
                    "the pattern that the protocol prescribes; the sender writes another layout or byte order than it says",
                ));
            }
            self.patterns_seen += 1;
            return Ok(());
        }
        let values_at = sample.len() - self.channels * self.value_bytes;
        let sent = sample[1..values_at].as_chunks::<8>().0.first().map(|&bytes| match self.order {
            ByteOrder::Little => f64::from_le_bytes(bytes),
            ByteOrder::Big => f64::from_be_bytes(bytes),
        });
        // A stamp that is no number must not cost the sample, which is sound.
        let stamp_s =
            sent.filter(|stamp| stamp.is_finite()).or(self.last_stamp_s.map(|last| last + self.period_s));
        self.last_stamp_s = stamp_s;
        frames.stamps_s.push(stamp_s);
        let (bytes, order) = (&sample[values_at..], self.order);
        let values = &mut frames.values;
        match self.format {
            SampleFormat::Float32 => read(bytes, order, values, f32::from_le_bytes),
            SampleFormat::Double64 => read(bytes, order, values, |b| f64::from_le_bytes(b) as f32),
            SampleFormat::Int8 => read(bytes, order, values, |b| f32::from(i8::from_le_bytes(b))),
            SampleFormat::Int16 => read(bytes, order, values, |b| f32::from(i16::from_le_bytes(b))),
            SampleFormat::Int32 => read(bytes, order, values, |b| i32::from_le_bytes(b) as f32),
            SampleFormat::Int64 => read(bytes, order, values, |b| i64::from_le_bytes(b) as f32),
            SampleFormat::String => {}
        }
        Ok(())
    }
}

fn read<const N: usize>(bytes: &[u8], order: ByteOrder, into: &mut Vec<f32>, value: impl Fn([u8; N]) -> f32) {
    into.extend(bytes.as_chunks::<N>().0.iter().map(|&(mut bytes)| {
        if order == ByteOrder::Big {
            bytes.reverse();
        }
        value(bytes)
    }));
}

/// The two test patterns with which a feed starts, as they are sent. Empty for texts.
pub fn test_patterns(format: SampleFormat, order: ByteOrder, channels: usize) -> Vec<u8> {
    PATTERN_OFFSETS.iter().flat_map(|&offset| test_pattern(format, order, channels, offset)).collect()
}

/// One pattern: channel k has k + offset + a constant of the format, odd channels negated, whole
/// numbers modulo the format's largest (but for 8 bytes).
fn test_pattern(format: SampleFormat, order: ByteOrder, channels: usize, offset: u64) -> Vec<u8> {
    let mut bytes = vec![TAG_STAMPED];
    put(&mut bytes, order, PATTERN_STAMP_S.to_le_bytes());
    for channel in 0..channels as u64 {
        let sign = if channel % 2 == 0 { 1 } else { -1 };
        let whole = |constant: u64, modulus: i64| {
            sign * (i64::try_from(channel + offset + constant).unwrap_or(i64::MAX) % modulus)
        };
        match format {
            SampleFormat::Float32 => put(&mut bytes, order, (whole(0, i64::MAX) as f32).to_le_bytes()),
            SampleFormat::Double64 => {
                put(&mut bytes, order, (whole(16_777_217, i64::MAX) as f64).to_le_bytes());
            }
            SampleFormat::Int8 => put(&mut bytes, order, (whole(1, 127) as i8).to_le_bytes()),
            SampleFormat::Int16 => put(&mut bytes, order, (whole(257, 32_767) as i16).to_le_bytes()),
            SampleFormat::Int32 => {
                put(&mut bytes, order, (whole(65_537, 2_147_483_647) as i32).to_le_bytes());
            }
            SampleFormat::Int64 => {
                put(&mut bytes, order, whole(2_147_483_649, i64::MAX).to_le_bytes());
            }
            SampleFormat::String => return Vec::new(),
        }
    }
    bytes
}

fn put<const N: usize>(into: &mut Vec<u8>, order: ByteOrder, mut bytes: [u8; N]) {
    if order == ByteOrder::Big {
        bytes.reverse();
    }
    into.extend_from_slice(&bytes);
}

/// Writes frames of `channels` 4-byte floats, little-endian: the first with its stamp in seconds of
/// the sender's clock, the others without. Values behind the last whole frame are left out.
pub fn encode_chunk(frames: &[f32], channels: usize, first_stamp_s: f64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + frames.len() * 4 + frames.len() / channels.max(1));
    for (number, frame) in frames.chunks_exact(channels.max(1)).enumerate() {
        if number == 0 {
            bytes.push(TAG_STAMPED);
            bytes.extend_from_slice(&first_stamp_s.to_le_bytes());
        } else {
            bytes.push(TAG_DEDUCED);
        }
        bytes.extend(frame.iter().flat_map(|value| value.to_le_bytes()));
    }
    bytes
}
