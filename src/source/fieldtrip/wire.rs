//! Requests and replies of the FieldTrip buffer, as bytes.
//!
//! A message is u16 version (1), u16 command, u32 bytes that follow. Numbers have the byte order of
//! whoever runs the buffer; the version tells it, for 1 is 0x0100 to the other side.

/// Bytes of a message's head.
pub const HEAD: usize = 8;

/// No reply is larger.
pub const LARGEST: usize = 64 << 20;

/// Commands that are asked.
pub const GET_HDR: u16 = 0x201;
/// See [`GET_HDR`].
pub const GET_DAT: u16 = 0x202;
/// See [`GET_HDR`].
pub const GET_EVT: u16 = 0x203;
/// See [`GET_HDR`].
pub const WAIT_DAT: u16 = 0x402;

/// The good answers.
pub const GET_OK: u16 = 0x204;
/// The other answer to a `GET`.
pub const GET_ERR: u16 = 0x205;
/// See [`GET_OK`].
pub const WAIT_OK: u16 = 0x404;

const CHANNEL_NAMES: u32 = 1;
const RESOLUTIONS: u32 = 3;

/// What is wrong with a reply: what came, and what was expected.
pub type Wrong = (String, &'static str);

/// The byte order of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The least byte first.
    Little,
    /// The greatest byte first.
    Big,
}

/// What a reply's head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The byte order of all its numbers.
    pub order: Order,
    /// The answer.
    pub command: u16,
    /// Bytes that follow.
    pub body: usize,
}

/// What the buffer holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// How many channels.
    pub channels: usize,
    /// Samples put in so far.
    pub samples: u32,
    /// Events put in so far.
    pub events: u32,
    /// Samples a second.
    pub rate_hz: f64,
    /// The type of its values.
    pub kind: Kind,
    /// The channels' names, where they are told.
    pub names: Vec<String>,
    /// Microvolts of 1 for each channel, where they are told.
    pub resolutions: Vec<f64>,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Char,
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    F32,
    F64,
}

impl Kind {
    fn of(code: u32) -> Option<Kind> {
        use Kind::{Char, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        [Char, U8, U16, U32, U64, I8, I16, I32, I64, F32, F64].get(code as usize).copied()
    }

    /// Bytes of a value.
    pub const fn width(self) -> usize {
        match self {
            Kind::Char | Kind::U8 | Kind::I8 => 1,
            Kind::U16 | Kind::I16 => 2,
            Kind::U32 | Kind::I32 | Kind::F32 => 4,
            Kind::U64 | Kind::I64 | Kind::F64 => 8,
        }
    }

    fn value(self, bytes: &[u8], order: Order) -> f64 {
        let mut all = [0; 8];
        for (place, byte) in all.iter_mut().zip(bytes) {
            *place = *byte;
        }
        if order == Order::Big {
            all[..self.width()].reverse();
        }
        let [a, b, c, d, ..] = all;
        match self {
            Kind::Char | Kind::U8 => f64::from(a),
            Kind::I8 => f64::from(i8::from_le_bytes([a])),
            Kind::U16 => f64::from(u16::from_le_bytes([a, b])),
            Kind::I16 => f64::from(i16::from_le_bytes([a, b])),
            Kind::U32 => f64::from(u32::from_le_bytes([a, b, c, d])),
            Kind::I32 => f64::from(i32::from_le_bytes([a, b, c, d])),
            Kind::F32 => f64::from(f32::from_le_bytes([a, b, c, d])),
            Kind::U64 => u64::from_le_bytes(all) as f64,
            Kind::I64 => i64::from_le_bytes(all) as f64,
            Kind::F64 => f64::from_le_bytes(all),
        }
    }
}

/// An event of the buffer.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The sample that it belongs to.
    pub sample: i64,
    /// Type and value, in words.
    pub text: String,
}

/// A request, in little-endian.
pub fn request(command: u16, numbers: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEAD + 4 * numbers.len());
    bytes.extend_from_slice(&1u16.to_le_bytes());
    bytes.extend_from_slice(&command.to_le_bytes());
    bytes.extend_from_slice(&(4 * numbers.len() as u32).to_le_bytes());
    for number in numbers {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes
}

/// Reads a reply's head.
///
/// # Errors
/// [`Wrong`].
pub fn head(bytes: &[u8; HEAD]) -> Result<Head, Wrong> {
    let order = match [bytes[0], bytes[1]] {
        [1, 0] => Order::Little,
        [0, 1] => Order::Big,
        [a, b] => return Err((format!("version bytes {a:02x} {b:02x}"), "version 1 of the buffer's protocol")),
    };
    let two = [bytes[2], bytes[3]];
    let command = if order == Order::Little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) };
    let body = u32_at(bytes, 4, order).unwrap_or_default() as usize;
    if body > LARGEST {
        return Err((format!("a reply of {body} bytes"), "at most 64 MB"));
    }
    Ok(Head { order, command, body })
}

/// Reads the answer to [`GET_HDR`].
///
/// # Errors
/// [`Wrong`].
pub fn header(body: &[u8], order: Order) -> Result<Header, Wrong> {
    let number = |at| {
        u32_at(body, at, order).ok_or_else(|| (format!("a header of {} bytes", body.len()), "24 bytes and its chunks"))
    };
    let channels = number(0)? as usize;
    if channels == 0 || channels > crate::source::live::MAX_CHANNELS {
        return Err((format!("{channels} channels"), "1 to 1024"));
    }
    let rate_hz = f64::from(f32::from_bits(number(12)?));
    if !(rate_hz > 0.0 && rate_hz <= 1e6) {
        return Err((format!("a rate of {rate_hz} Hz"), "above 0 and at most 1 MHz"));
    }
    let code = number(16)?;
    let kind = Kind::of(code).ok_or_else(|| (format!("data type {code}"), "0 to 10"))?;
    let mut chunks = body.get(24..).unwrap_or_default();
    chunks = chunks.get(..(number(20)? as usize).min(chunks.len())).unwrap_or_default();
    let (mut names, mut resolutions) = (Vec::new(), Vec::new());
    while let (Some(of), Some(size)) = (u32_at(chunks, 0, order), u32_at(chunks, 4, order)) {
        let Some(content) = chunks.get(8..).and_then(|rest| rest.get(..size as usize)) else {
            return Err((format!("a chunk of {size} bytes in {} ", chunks.len()), "chunks that fit their header"));
        };
        match of {
            CHANNEL_NAMES => {
                names = content
                    .split(|byte| *byte == 0)
                    .take(channels)
                    .map(|name| String::from_utf8_lossy(name).into_owned())
                    .collect();
            }
            RESOLUTIONS => {
                resolutions = content.chunks_exact(8).take(channels).map(|b| Kind::F64.value(b, order)).collect();
            }
            _ => {}
        }
        chunks = chunks.get(8 + size as usize..).unwrap_or_default();
    }
    if names.len() != channels {
        names.clear();
    }
    let sound = |resolution: &f64| resolution.is_finite() && *resolution != 0.0;
    if resolutions.len() != channels || !resolutions.iter().all(sound) {
        resolutions.clear();
    }
    Ok(Header { channels, samples: number(4)?, events: number(8)?, rate_hz, kind, names, resolutions })
}

/// Reads the answer to [`GET_DAT`]: values, sample after sample; `channels` are expected.
///
/// # Errors
/// [`Wrong`].
pub fn data(body: &[u8], order: Order, channels: usize, resolutions: &[f64]) -> Result<Vec<f32>, Wrong> {
    let number = |at| {
        u32_at(body, at, order).ok_or_else(|| (format!("data of {} bytes", body.len()), "16 bytes and the values"))
    };
    let (found, samples, code) = (number(0)? as usize, number(4)? as usize, number(8)?);
    if found != channels {
        return Err((format!("{found} channels"), "as many as the header has"));
    }
    let kind = Kind::of(code).ok_or_else(|| (format!("data type {code}"), "0 to 10"))?;
    let bytes = samples.checked_mul(channels).and_then(|values| values.checked_mul(kind.width()));
    let values = bytes.and_then(|bytes| body.get(16..)?.get(..bytes)).ok_or_else(|| {
        (format!("{} bytes for {samples} samples", body.len()), "as many values as are announced")
    })?;
    Ok(values
        .chunks_exact(kind.width())
        .enumerate()
        .map(|(index, bytes)| {
            let value = kind.value(bytes, order);
            resolutions.get(index % channels).map_or(value, |resolution| value * resolution) as f32
        })
        .collect())
}

/// Reads the answer to [`WAIT_DAT`]: samples and events put in so far.
///
/// # Errors
/// [`Wrong`].
pub fn waited(body: &[u8], order: Order) -> Result<(u32, u32), Wrong> {
    u32_at(body, 0, order)
        .zip(u32_at(body, 4, order))
        .ok_or_else(|| (format!("an answer of {} bytes", body.len()), "8 bytes"))
}

/// Reads the answer to [`GET_EVT`].
///
/// # Errors
/// [`Wrong`].
pub fn events(body: &[u8], order: Order) -> Result<Vec<Event>, Wrong> {
    let mut events = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let short = || (format!("an event of {} bytes", rest.len()), "32 bytes, type and value");
        let number = |at| u32_at(rest, at, order).ok_or_else(short);
        let size = number(28)? as usize;
        let content = rest.get(32..).and_then(|rest| rest.get(..size)).ok_or_else(short)?;
        let mut words = Vec::new();
        let mut from = 0usize;
        for at in [0, 8] {
            let (code, count) = (number(at)?, number(at + 4)? as usize);
            let kind = Kind::of(code).ok_or_else(|| (format!("data type {code}"), "0 to 10"))?;
            let bytes = count.checked_mul(kind.width()).ok_or_else(short)?;
            let part = content.get(from..).and_then(|rest| rest.get(..bytes)).ok_or_else(short)?;
            from += bytes;
            words.push(if kind == Kind::Char {
                String::from_utf8_lossy(part).trim_end_matches('\0').to_string()
            } else {
                let values: Vec<String> =
                    part.chunks_exact(kind.width()).map(|b| kind.value(b, order).to_string()).collect();
                values.join(" ")
            });
        }
        events.push(Event { sample: i64::from(number(16)?.cast_signed()), text: words.join(": ") });
        rest = rest.get(32 + size..).unwrap_or_default();
    }
    Ok(events)
}

fn u32_at(bytes: &[u8], at: usize, order: Order) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    Some(if order == Order::Little { u32::from_le_bytes(*four) } else { u32::from_be_bytes(*four) })
}
