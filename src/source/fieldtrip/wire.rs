//! Requests and replies of the FieldTrip buffer, as bytes.
//!
//! A message is u16 version (1), u16 command, u32 bytes that follow. A server answers in the byte order of
//! the request; requests are little-endian here. Replies are read in either order all the same: the version
//! tells it, for 1 is 0x0100 to the other side.
//!
//! What is decoded takes at most about four times the bytes of its message, as where bytes become floats, and
//! a message has at most [`LARGEST`] bytes.

use thiserror::Error;

/// Bytes of a message's head.
pub const HEAD: usize = 8;

/// Most bytes of a reply, 16 MiB: many times what is asked for at once, and room for a header with the
/// largest known chunk, the 3 MB of a MEG system's own description.
pub const LARGEST: usize = 16 << 20;

/// Asks for the header, and for nothing else.
pub const GET_HDR: u16 = 0x201;
/// Asks for samples: from the first to the last of two numbers, both included, or without numbers for all
/// that there are.
pub const GET_DAT: u16 = 0x202;
/// Asks for events, as [`GET_DAT`] does for samples.
pub const GET_EVT: u16 = 0x203;
/// Asks to be told when there are more samples or events than two numbers say, or when as many
/// milliseconds have passed as a third one says.
pub const WAIT_DAT: u16 = 0x402;

/// Answers a `GET`; what was asked for follows.
pub const GET_OK: u16 = 0x204;
/// Answers a `GET` for what is not there, or not there any more.
pub const GET_ERR: u16 = 0x205;
/// Answers [`WAIT_DAT`]; the numbers of samples and events follow.
pub const WAIT_OK: u16 = 0x404;
/// Answers [`WAIT_DAT`] where there is no header; some servers also answer so when the time has passed.
pub const WAIT_ERR: u16 = 0x405;

/// Bytes that are no reply of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}; expected {expected}")]
pub struct FieldTripWireError {
    /// What came.
    pub what: String,
    /// What was expected.
    pub expected: &'static str,
}

pub(super) fn wrong(what: impl Into<String>, expected: &'static str) -> FieldTripWireError {
    FieldTripWireError { what: what.into(), expected }
}

/// The byte order of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The least byte first.
    Little,
    /// The greatest byte first.
    Big,
}

impl Order {
    /// The number that four bytes make.
    pub(super) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        }
    }

    /// The number at `at`, where there are four bytes.
    pub(super) fn u32_at(self, bytes: &[u8], at: usize) -> Option<u32> {
        bytes.get(at..)?.first_chunk().map(|four| self.u32(*four))
    }
}

/// The reply at the start of some bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framed<'a> {
    /// The reply is not all there; it has at least this many bytes.
    Incomplete(usize),
    /// A whole reply.
    Whole {
        /// The byte order of its numbers.
        order: Order,
        /// What it is: [`GET_OK`], [`GET_ERR`], [`WAIT_OK`], [`WAIT_ERR`].
        command: u16,
        /// What follows its head.
        body: &'a [u8],
        /// Its bytes, head included.
        size: usize,
    },
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A letter of a text.
    Char,
    /// An unsigned integer of 8 bits.
    U8,
    /// An unsigned integer of 16 bits.
    U16,
    /// An unsigned integer of 32 bits.
    U32,
    /// An unsigned integer of 64 bits.
    U64,
    /// A signed integer of 8 bits.
    I8,
    /// A signed integer of 16 bits.
    I16,
    /// A signed integer of 32 bits.
    I32,
    /// A signed integer of 64 bits.
    I64,
    /// A float of 32 bits.
    F32,
    /// A float of 64 bits.
    F64,
}

impl Kind {
    /// The type that the protocol numbers so.
    ///
    /// # Errors
    /// [`FieldTripWireError`] for a number that it does not have.
    pub fn of(code: u32) -> Result<Kind, FieldTripWireError> {
        use Kind::{Char, F32, F64, I8, I16, I32, I64, U8, U16, U32, U64};
        let kinds = [Char, U8, U16, U32, U64, I8, I16, I32, I64, F32, F64];
        kinds
            .get(code as usize)
            .copied()
            .ok_or_else(|| wrong(format!("data type {code}"), "a data type from 0 to 10"))
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

    /// The value that the first [`Kind::width`] of `bytes` make; missing ones count as 0.
    pub(super) fn value(self, bytes: &[u8], order: Order) -> f64 {
        let mut all = [0; 8];
        for (place, byte) in all.iter_mut().zip(bytes.iter().take(self.width())) {
            *place = *byte;
        }
        if order == Order::Big {
            all[..self.width()].reverse();
        }
        let [a, b, c, d, ..] = all;
        match self {
            Kind::Char | Kind::U8 => f64::from(a),
            Kind::I8 => f64::from(a.cast_signed()),
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

/// A request of `command` with its numbers.
pub fn request(command: u16, numbers: &[u32]) -> Vec<u8> {
    let content = 4 * numbers.len() as u32;
    let head = [1u16.to_le_bytes(), command.to_le_bytes()];
    let content = std::iter::once(content).chain(numbers.iter().copied()).flat_map(u32::to_le_bytes);
    head.into_iter().flatten().chain(content).collect()
}

/// Finds the reply that `bytes` begin with.
///
/// # Errors
/// [`FieldTripWireError`] as soon as the bytes that are there cannot be the beginning of one.
pub fn framed(bytes: &[u8]) -> Result<Framed<'_>, FieldTripWireError> {
    let order = match bytes {
        [1, 0, ..] => Order::Little,
        [0, 1, ..] => Order::Big,
        [] | [0 | 1] => return Ok(Framed::Incomplete(HEAD)),
        _ => {
            let found: Vec<String> = bytes.iter().take(HEAD).map(|byte| format!("{byte:02x}")).collect();
            let what = format!("a reply that begins with {}", found.join(" "));
            return Err(wrong(what, "01 00 or 00 01, version 1 of the buffer's protocol"));
        }
    };
    let (Some(command), Some(body)) = (bytes.get(2..4), order.u32_at(bytes, 4)) else {
        return Ok(Framed::Incomplete(HEAD));
    };
    let command = match order {
        Order::Little => u16::from_le_bytes([command[0], command[1]]),
        Order::Big => u16::from_be_bytes([command[0], command[1]]),
    };
    let body = body as usize;
    if body > LARGEST - HEAD {
        return Err(wrong(format!("a reply of {body} bytes"), "at most 16 MiB"));
    }
    let size = HEAD + body;
    match bytes.get(HEAD..size) {
        Some(body) => Ok(Framed::Whole { order, command, body, size }),
        None => Ok(Framed::Incomplete(size)),
    }
}

/// Samples that came.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// How many channels each has.
    pub channels: usize,
    /// How many there are.
    pub count: usize,
    /// The type that they were written in.
    pub kind: Kind,
    /// Their values, sample after sample.
    pub values: Vec<f32>,
}

/// Reads the answer to [`GET_DAT`]. Each value is multiplied by its channel's resolution, where there are
/// any.
///
/// # Errors
/// [`FieldTripWireError`] where it holds less than it announces.
pub fn samples(body: &[u8], order: Order, resolutions: &[f64]) -> Result<Samples, FieldTripWireError> {
    let number = |at| {
        let short = || wrong(format!("samples of {} bytes", body.len()), "16 bytes and the values");
        order.u32_at(body, at).ok_or_else(short)
    };
    let (channels, count, kind) = (number(0)? as usize, number(4)? as usize, Kind::of(number(8)?)?);
    let announced = number(12)? as usize;
    let bytes = channels.checked_mul(count).and_then(|values| values.checked_mul(kind.width()));
    let values = bytes.filter(|bytes| *bytes <= announced).and_then(|bytes| body.get(16..)?.get(..bytes));
    let values = values.ok_or_else(|| {
        let what = format!("{} bytes for {count} samples of {channels} channels, {kind:?} each", body.len());
        wrong(what, "as many values as are announced")
    })?;
    let values = values.chunks_exact(kind.width()).map(|bytes| kind.value(bytes, order));
    let values = if resolutions.is_empty() {
        values.map(|value| value as f32).collect()
    } else {
        values
            .zip(resolutions.iter().cycle())
            .map(|(value, resolution)| (value * resolution) as f32)
            .collect()
    };
    Ok(Samples { channels, count, kind, values })
}

/// Reads the answer to [`WAIT_DAT`]: how many samples and events have been put in so far.
///
/// # Errors
/// [`FieldTripWireError`] where it is cut short.
pub fn waited(body: &[u8], order: Order) -> Result<(u32, u32), FieldTripWireError> {
    let numbers = order.u32_at(body, 0).zip(order.u32_at(body, 4));
    numbers.ok_or_else(|| {
        wrong(format!("an answer of {} bytes", body.len()), "the numbers of samples and events")
    })
}
