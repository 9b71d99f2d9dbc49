//! The events of the FieldTrip buffer.
//!
//! u32 type and u32 number of the elements of the event's type, the same for its value, i32 sample, i32
//! offset, i32 duration, u32 bytes that follow: the elements of the type, then those of the value.

use super::header::text;
use super::wire::{FieldTripWireError, Kind, Order, wrong};

/// Bytes of an event before its type and value.
const HEAD: usize = 32;

/// Most numbers of a type or value that are told.
const MOST_NUMBERS: usize = 32;

/// Something that happened, as whoever filled the buffer tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Number of the sample that it belongs to; some senders give one that is not there yet.
    pub sample: i32,
    /// Its type and value: "Button: Left", "trigger: 4".
    pub text: String,
}

/// Reads the answer to [`super::wire::GET_EVT`]. An event whose type or value does not fit into its bytes is
/// told as one that cannot be read.
///
/// # Errors
/// [`FieldTripWireError`] where an event is cut short.
pub fn events(body: &[u8], order: Order) -> Result<Vec<Event>, FieldTripWireError> {
    let mut events = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let short = || wrong(format!("an event of {} bytes", rest.len()), "32 bytes, type and value");
        let number = |at| order.u32_at(rest, at).ok_or_else(short);
        let size = number(28)? as usize;
        let content = rest.get(HEAD..).ok_or_else(short)?;
        let (content, after) = content.split_at_checked(size).ok_or_else(short)?;
        let parts = element(content, number(0)?, number(4)?, order).and_then(|(kind, content)| {
            Some((kind, element(content, number(8).ok()?, number(12).ok()?, order)?.0))
        });
        let text = match parts {
            Some((one, other)) if one.is_empty() || other.is_empty() => one + &other,
            Some((kind, value)) => format!("{kind}: {value}"),
            None => "an event that cannot be read".into(),
        };
        events.push(Event { sample: number(16)?.cast_signed(), text });
        rest = after;
    }
    Ok(events)
}

/// The text of `count` elements at the start of `content`, and what follows them.
fn element(content: &[u8], code: u32, count: u32, order: Order) -> Option<(String, &[u8])> {
    let kind = Kind::of(code).ok()?;
    let (part, after) = content.split_at_checked((count as usize).checked_mul(kind.width())?)?;
    if kind == Kind::Char {
        return Some((text(part).trim_end_matches('\0').to_string(), after));
    }
    let numbers = part.chunks_exact(kind.width()).map(|bytes| kind.value(bytes, order).to_string());
    let mut told: Vec<String> = numbers.take(MOST_NUMBERS).collect();
    if count as usize > MOST_NUMBERS {
        told.push("...".into());
    }
    Some((told.join(" "), after))
}
