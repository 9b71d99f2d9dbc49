//! How a stream feed is asked for, and what its header says: lines as HTTP has them, over TCP.
//!
//! The reader sends `LSL:streamfeed/110 <uid>\r\n`, lines `Name: value\r\n` and an empty line. The
//! sender answers `LSL/110 200 OK\r\n`, lines that name the byte order and the protocol of the data,
//! an empty line; [samples](super::sample) follow. Refusals are a first line without anything
//! behind it, such as `LSL/110 404 Not found`.

use std::str::FromStr;

use super::info::StreamInfo;
use super::sample::ByteOrder;
use super::wire::{WireError, shown};

/// Most bytes of a header.
pub const MAX_HEADER_BYTES: usize = 16 << 10;

/// The end of a header.
const END: &[u8] = b"\r\n\r\n";

/// The request for a stream's samples; a slow reader may fall `buffered_samples` behind before the
/// sender drops the oldest.
pub fn request(info: &StreamInfo, buffered_samples: u32) -> Vec<u8> {
    let value_bytes = info.format.value_bytes().unwrap_or(0);
    // The texts of a header have one line each.
    let line = |text: &str| text.replace(|c: char| c.is_control(), " ");
    format!(
        "LSL:streamfeed/110 {}\r\nNative-Byte-Order: 1234\r\nEndian-Performance: 0\r\n\
         Has-IEEE754-Floats: 1\r\nSupports-Subnormals: 1\r\nValue-Size: {value_bytes}\r\n\
         Data-Protocol-Version: 110\r\nMax-Buffer-Length: {buffered_samples}\r\nMax-Chunk-Length: 0\r\n\
         Hostname: {}\r\nSource-Id: {}\r\nSession-Id: {}\r\n\r\n",
        line(&info.uid),
        line(&info.hostname),
        line(&info.source_id),
        line(&info.session_id),
    )
    .into_bytes()
}

/// A reader's request, as far as a sender of 4-byte floats needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedRequest {
    /// The protocol asked for, times 100.
    pub version: u32,
    /// The stream asked for; empty for the one that there is.
    pub uid: String,
    /// Whether the reader takes 4-byte IEEE 754 floats.
    pub takes_float32: bool,
    /// How many samples may wait for the reader.
    pub buffered_samples: u32,
}

impl FeedRequest {
    /// Reads a request; `None` while its end has not come.
    ///
    /// # Errors
    /// [`WireError::Malformed`] where it is none, or longer than [`MAX_HEADER_BYTES`].
    pub fn parse(bytes: &[u8]) -> Result<Option<FeedRequest>, WireError> {
        let Some((text, _)) = header(bytes)? else { return Ok(None) };
        let first = text.lines().next().unwrap_or("");
        let wrong = || WireError::malformed(shown(first.as_bytes()), "LSL:streamfeed/110 and a uid");
        let mut words = first.strip_prefix("LSL:streamfeed/").ok_or_else(wrong)?.split_ascii_whitespace();
        let version = words.next().and_then(|version| version.parse().ok()).ok_or_else(wrong)?;
        let uid = words.next().unwrap_or("").to_owned();
        let mut request = FeedRequest { version, uid, takes_float32: true, buffered_samples: 0 };
        for (name, value) in fields(text) {
            match name.as_str() {
                "value-size" => request.takes_float32 &= number::<u32>(&name, &value)? == 4,
                "has-ieee754-floats" => request.takes_float32 &= value != "0" && value != "false",
                "data-protocol-version" => request.version = request.version.min(number(&name, &value)?),
                "max-buffer-length" => {
                    request.buffered_samples = number::<i64>(&name, &value)?.clamp(0, 1 << 31) as u32;
                }
                _ => {}
            }
        }
        Ok(Some(request))
    }
}

/// The header of a feed of 4-byte little-endian floats.
pub fn response(uid: &str) -> Vec<u8> {
    format!(
        "LSL/110 200 OK\r\nUID: {uid}\r\nByte-Order: 1234\r\nSuppress-Subnormals: 0\r\n\
         Data-Protocol-Version: 110\r\n\r\n"
    )
    .into_bytes()
}

/// A feed's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedHeader {
    /// The byte order of all that follows.
    pub order: ByteOrder,
    /// Bytes of the header itself.
    pub bytes: usize,
}

impl FeedHeader {
    /// Reads the header of the feed of `info`; `None` while its end has not come. `ended` tells that
    /// nothing more will come.
    ///
    /// # Errors
    /// [`WireError::Gone`] where the sender has another stream by now, [`WireError::Unsuitable`]
    /// where it would send what is not read here, [`WireError::Malformed`] for all else.
    pub fn parse(bytes: &[u8], ended: bool, info: &StreamInfo) -> Result<Option<FeedHeader>, WireError> {
        let found = header(bytes)?;
        let (text, length) = match found {
            Some(found) => found,
            None if !ended => return Ok(None),
            None => (std::str::from_utf8(bytes).unwrap_or(""), bytes.len()),
        };
        if text.is_empty() {
            return Err(WireError::Gone {
                reason: "the sender closed the connection without an answer".into(),
            });
        }
        status(text.lines().next().unwrap_or(""))?;
        if found.is_none() {
            return Err(WireError::Gone {
                reason: "the sender closed the connection within its header".into(),
            });
        }
        let (mut order, mut version) = (None, 100);
        for (name, value) in fields(text) {
            match name.as_str() {
                "byte-order" => order = Some(value),
                "data-protocol-version" => version = number::<u32>(&name, &value)?,
                "uid" if !value.eq_ignore_ascii_case(&info.uid) => {
                    let reason = "the sender serves another start of the stream by now".into();
                    return Err(WireError::Gone { reason });
                }
                "value-size" if Some(number::<usize>(&name, &value)?) != info.format.value_bytes() => {
                    return Err(WireError::malformed(
                        format!("values of {value} bytes"),
                        format!("{}, as announced", info.format.name()),
                    ));
                }
                _ => {}
            }
        }
        if version != 110 {
            let reason = format!(
                "the sender would write data protocol {}.{:02}; 1.10 is needed: update the sender's LSL library, \
                 or set UseProtocolVersion = 110 in its lsl_api.cfg",
                version / 100,
                version % 100
            );
            return Err(WireError::Unsuitable { reason });
        }
        let order = match order.as_deref() {
            Some("1234") => ByteOrder::Little,
            Some("4321") => ByteOrder::Big,
            Some(other) => {
                return Err(WireError::malformed(format!("the byte order {other:.20?}"), "1234 or 4321"));
            }
            None => return Err(WireError::malformed("a feed header without Byte-Order", "1234 or 4321")),
        };
        Ok(Some(FeedHeader { order, bytes: length }))
    }
}

/// Whether the answer's first line grants the request.
fn status(line: &str) -> Result<(), WireError> {
    let wrong = || WireError::malformed(format!("the answer {}", shown(line.as_bytes())), "LSL/110 200 OK");
    let (version, rest) =
        line.strip_prefix("LSL/").and_then(|rest| rest.split_once(' ')).ok_or_else(wrong)?;
    version.parse::<u32>().map_err(|_| wrong())?;
    let code: u32 = rest.split(' ').next().and_then(|code| code.parse().ok()).ok_or_else(wrong)?;
    match code {
        200..300 => Ok(()),
        300..400 | 404 => Err(WireError::Gone {
            reason: format!("the sender answers {}: it serves another stream by now", shown(line.as_bytes())),
        }),
        505 => Err(WireError::Unsuitable {
            reason: format!(
                "the sender does not speak protocol 1.10 ({}); update its LSL library",
                shown(line.as_bytes())
            ),
        }),
        _ => Err(wrong()),
    }
}

/// The header as text and its length with the end; `None` while the end has not come.
fn header(bytes: &[u8]) -> Result<Option<(&str, usize)>, WireError> {
    let within = &bytes[..bytes.len().min(MAX_HEADER_BYTES)];
    match within.windows(END.len()).position(|window| window == END) {
        Some(end) => {
            let text = std::str::from_utf8(&bytes[..end])
                .map_err(|_| WireError::malformed(format!("the header {}", shown(bytes)), "text"))?;
            Ok(Some((text, end + END.len())))
        }
        None if bytes.len() < MAX_HEADER_BYTES => Ok(None),
        None => Err(WireError::malformed(
            format!("{MAX_HEADER_BYTES} bytes without the end of a header"),
            "an empty line",
        )),
    }
}

/// The lines behind the first: name and value, in small letters, without comments.
fn fields(header: &str) -> impl Iterator<Item = (String, String)> {
    header.lines().skip(1).filter_map(|line| {
        let line = line.split_once(';').map_or(line, |(line, _)| line);
        let (name, value) = line.split_once(':')?;
        Some((name.trim().to_ascii_lowercase(), value.trim().to_ascii_lowercase()))
    })
}

fn number<N: FromStr>(name: &str, value: &str) -> Result<N, WireError> {
    value
        .parse()
        .map_err(|_| WireError::malformed(format!("{name}: {}", shown(value.as_bytes())), "a number"))
}
