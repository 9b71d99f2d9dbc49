//! Searches for streams: one UDP packet asks, every stream that matches answers with one.
//!
//! The question is `LSL:shortinfo\r\n<query>\r\n<return port> <query id>\r\n`; the query is an XPath
//! expression over the stream's description, such as `name='EEG-01' and type='EEG'`. The answer
//! goes to the return port at the address from which the question came: `<query id>\r\n`, then the
//! short description.

use super::info::StreamInfo;
use super::wire::{WireError, shown};

/// Matches every stream.
pub const ANY_STREAM: &str = "name!=''";
/// Most bytes of a query that is looked at.
const MAX_QUERY_BYTES: usize = 4096;

/// A question as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShortInfoRequest<'a> {
    /// What is looked for.
    pub query: &'a str,
    /// The UDP port for answers.
    pub return_port: u16,
    /// Goes back with the answers.
    pub query_id: &'a str,
}

impl<'a> ShortInfoRequest<'a> {
    /// Reads a question, from its first line on.
    ///
    /// # Errors
    /// [`WireError::Malformed`] where it is none.
    pub fn parse(packet: &'a [u8]) -> Result<ShortInfoRequest<'a>, WireError> {
        let wrong = || WireError::malformed(shown(packet), "LSL:shortinfo, a query, a port and an id");
        let text = std::str::from_utf8(packet).map_err(|_| wrong())?;
        let mut lines = text.lines().map(str::trim);
        if lines.next() != Some("LSL:shortinfo") {
            return Err(wrong());
        }
        let query = lines.next().filter(|query| query.len() <= MAX_QUERY_BYTES).ok_or_else(wrong)?;
        let mut words = lines.next().ok_or_else(wrong)?.split_ascii_whitespace();
        let return_port = words.next().and_then(|port| port.parse().ok()).ok_or_else(wrong)?;
        let query_id = words.next().filter(|id| id.len() <= 64).ok_or_else(wrong)?;
        Ok(ShortInfoRequest { query, return_port, query_id })
    }

    /// The packet that asks.
    pub fn to_bytes(&self) -> Vec<u8> {
        format!("LSL:shortinfo\r\n{}\r\n{} {}\r\n", self.query, self.return_port, self.query_id).into_bytes()
    }
}

/// Reads an answer to the question `query_id`; `None` where it answers another or none.
///
/// # Errors
/// [`WireError::Malformed`] where the description is none.
pub fn parse_reply(packet: &[u8], query_id: &str) -> Option<Result<StreamInfo, WireError>> {
    let end = packet.iter().position(|&byte| byte == b'\n')?;
    let (id, description) = packet.split_at(end);
    (id.trim_ascii() == query_id.as_bytes()).then(|| StreamInfo::parse(description))
}

/// The answer to the question `query_id`.
pub fn reply(query_id: &str, info: &StreamInfo) -> Vec<u8> {
    format!("{query_id}\r\n{}", info.to_xml(false)).into_bytes()
}

/// The query for all of these fields.
pub fn query_for(fields: &[(&str, &str)]) -> String {
    let conditions: Vec<String> =
        fields.iter().map(|(field, value)| format!("{field}={}", literal(value))).collect();
    if conditions.is_empty() { ANY_STREAM.to_owned() } else { conditions.join(" and ") }
}

/// A text as XPath writes it, which knows no escapes: a text with both quotes is put together.
fn literal(text: &str) -> String {
    if !text.contains('\'') {
        format!("'{text}'")
    } else if !text.contains('"') {
        format!("\"{text}\"")
    } else {
        let parts: Vec<String> = text.split('\'').map(|part| format!("'{part}'")).collect();
        format!("concat({})", parts.join(", \"'\", "))
    }
}

/// Whether a stream answers to a query, of the queries that LSL's own functions make:
/// `field='text'` and `field!='text'`, joined with `and`. Any other matches nothing.
pub fn matches(query: &str, info: &StreamInfo) -> bool {
    let mut rest = query.trim();
    if rest.is_empty() {
        return true;
    }
    loop {
        let Some((matched, after)) = condition(rest, info) else { return false };
        if !matched {
            return false;
        }
        rest = after.trim_start();
        if rest.is_empty() {
            return true;
        }
        let Some(after) = rest.strip_prefix("and").filter(|after| after.starts_with(char::is_whitespace))
        else {
            return false;
        };
        rest = after.trim_start();
    }
}

/// Whether the first condition holds, and what stands behind it.
fn condition<'a>(text: &'a str, info: &StreamInfo) -> Option<(bool, &'a str)> {
    let name_end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
    let (name, rest) = text.split_at(name_end);
    let rest = rest.trim_start();
    let (equal, rest) = match rest.strip_prefix('=') {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("!=")?),
    };
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|&quote| quote == '\'' || quote == '"')?;
    let (value, after) = rest[1..].split_once(quote)?;
    Some(((value_of(name, info)? == value) == equal, after))
}

fn value_of(field: &str, info: &StreamInfo) -> Option<String> {
    Some(match field {
        "name" => info.name.clone(),
        "type" => info.stream_type.clone(),
        "source_id" => info.source_id.clone(),
        "session_id" => info.session_id.clone(),
        "hostname" => info.hostname.clone(),
        "uid" => info.uid.clone(),
        "channel_count" => info.channel_count.to_string(),
        "channel_format" => info.format.name().to_owned(),
        "nominal_srate" => info.rate_hz.to_string(),
        _ => return None,
    })
}
