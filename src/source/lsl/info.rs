//! What a stream says of itself: an XML document, short in answers to a search, whole on request.
//!
//! `<info>` holds `name`, `type`, `channel_count`, `channel_format`, `source_id`, `nominal_srate` in
//! Hz, `version` (1.1), `created_at` in seconds of the sender's clock, `uid` (another with every
//! start), `session_id`, `hostname`, `v4data_port` (TCP), `v4service_port` (UDP), the same two with
//! v6, and `desc`. Only the whole document has something in `desc`: by convention
//! `channels/channel/{label,unit,type}`.

use std::borrow::Cow;
use std::fmt::Write;

use roxmltree::{Document, Node, ParsingOptions};

use super::sample::SampleFormat;
use super::wire::WireError;
use crate::source::live::{LiveChannel, MAX_CHANNELS};

/// Most bytes of a document that are read: room for 1,024 channels described at length.
pub const MAX_INFO_BYTES: usize = 4 << 20;
/// Most elements, texts and attributes of a document.
const MAX_NODES: u32 = 200_000;
/// Most attributes of an element; streams have none at all.
const MAX_ATTRIBUTES: usize = 256;
/// Most bytes of a field that people read.
const MAX_FIELD_BYTES: usize = 4096;
/// Fastest rate that is believed, in Hz.
const MAX_RATE_HZ: f64 = 1_000_000.0;

/// A stream's description.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamInfo {
    /// The name that people gave it.
    pub name: String,
    /// What it carries: "EEG", "Markers".
    pub stream_type: String,
    /// Channels, as announced.
    pub channel_count: usize,
    /// How values are written.
    pub format: SampleFormat,
    /// The device's own name; it stays the same when the sender starts anew. May be empty.
    pub source_id: String,
    /// Samples per second; 0 where they come when they like.
    pub rate_hz: f64,
    /// The protocol that the sender speaks, times 100: 110.
    pub version: u32,
    /// When the sender made the stream, in seconds of its own clock.
    pub created_at_s: f64,
    /// Names this very start of the stream.
    pub uid: String,
    /// Which of several laboratories on one network.
    pub session_id: String,
    /// The sender's machine.
    pub hostname: String,
    /// TCP port for data over IPv4; 0 for none.
    pub v4_data_port: u16,
    /// UDP port for time and searches over IPv4; 0 for none.
    pub v4_service_port: u16,
    /// TCP port for data over IPv6; 0 for none.
    pub v6_data_port: u16,
    /// UDP port for time and searches over IPv6; 0 for none.
    pub v6_service_port: u16,
    /// The channels that `desc` describes: none, or one for each that was announced.
    pub channels: Vec<LiveChannel>,
    /// Channels that `desc` describes, where that is another number than announced.
    pub misdescribed: Option<usize>,
}

impl StreamInfo {
    /// Reads a description.
    ///
    /// # Errors
    /// [`WireError::Malformed`] where it is too long, no XML, or lacks what a reader must know.
    pub fn parse(bytes: &[u8]) -> Result<StreamInfo, WireError> {
        if bytes.len() > MAX_INFO_BYTES {
            return Err(WireError::malformed(
                format!("a stream description of {} bytes", bytes.len()),
                format!("at most {MAX_INFO_BYTES}"),
            ));
        }
        let text = text_of(bytes);
        check_cheap(&text)?;
        let options = ParsingOptions { nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        let document = Document::parse_with_options(text.trim(), options).map_err(|error| {
            WireError::malformed(format!("a stream description that is no XML ({error})"), "<info>")
        })?;
        let info = document.root_element();
        if !info.has_tag_name("info") {
            return Err(WireError::malformed("a document without <info>", "a stream description"));
        }
        let version: f64 = number(info, "version")?;
        let channel_count = number(info, "channel_count")?;
        let rate_hz: f64 = number(info, "nominal_srate")?;
        if !(0.0..=MAX_RATE_HZ).contains(&rate_hz) {
            return Err(WireError::malformed(
                format!("a nominal_srate of {rate_hz}"),
                format!("0 to {MAX_RATE_HZ} Hz"),
            ));
        }
        if !(0.01..=1000.0).contains(&version) {
            return Err(WireError::malformed(format!("the version {version}"), "1.1"));
        }
        let format = field(info, "channel_format")?;
        let format = SampleFormat::named(format).ok_or_else(|| {
            WireError::malformed(format!("the channel format {format:?}"), "float32, double64, int8 to int64")
        })?;
        let (channels, misdescribed) = channels(info, channel_count);
        let stream = StreamInfo {
            name: field(info, "name")?.to_owned(),
            stream_type: field(info, "type")?.to_owned(),
            channel_count,
            format,
            source_id: field(info, "source_id")?.to_owned(),
            rate_hz,
            version: (version * 100.0).round() as u32,
            created_at_s: number(info, "created_at")?,
            uid: field(info, "uid")?.to_owned(),
            session_id: field(info, "session_id")?.to_owned(),
            hostname: field(info, "hostname")?.to_owned(),
            v4_data_port: number(info, "v4data_port")?,
            v4_service_port: number(info, "v4service_port")?,
            v6_data_port: port_if_there(info, "v6data_port")?,
            v6_service_port: port_if_there(info, "v6service_port")?,
            channels,
            misdescribed,
        };
        // The uid goes back to the sender in a header line.
        if stream.uid.is_empty() || stream.uid.contains(|c: char| c.is_control() || c == ' ') {
            return Err(WireError::malformed(format!("the uid {:?}", stream.uid), "a word"));
        }
        if stream.name.chars().all(|c| c.is_control() || c.is_whitespace()) {
            return Err(WireError::malformed("a stream without a name", "<name>"));
        }
        Ok(stream)
    }

    /// Writes the description: with `desc` for who asked for the whole, without in answers to a
    /// search.
    pub fn to_xml(&self, whole: bool) -> String {
        let mut xml = String::from("<?xml version=\"1.0\"?>\n<info>\n");
        let version = (f64::from(self.version) / 100.0).to_string();
        for (tag, value) in [
            ("name", self.name.as_str()),
            ("type", &self.stream_type),
            ("channel_count", &self.channel_count.to_string()),
            ("channel_format", self.format.name()),
            ("source_id", &self.source_id),
            ("nominal_srate", &self.rate_hz.to_string()),
            ("version", &version),
            ("created_at", &self.created_at_s.to_string()),
            ("uid", &self.uid),
            ("session_id", &self.session_id),
            ("hostname", &self.hostname),
            ("v4address", ""),
            ("v4data_port", &self.v4_data_port.to_string()),
            ("v4service_port", &self.v4_service_port.to_string()),
            ("v6address", ""),
            ("v6data_port", &self.v6_data_port.to_string()),
            ("v6service_port", &self.v6_service_port.to_string()),
        ] {
            element(&mut xml, tag, value);
        }
        xml.push_str("<desc>");
        if whole && !self.channels.is_empty() {
            xml.push_str("<channels>\n");
            for channel in &self.channels {
                xml.push_str("<channel>");
                element(&mut xml, "label", channel.label.as_deref().unwrap_or(""));
                element(&mut xml, "unit", channel.unit.as_deref().unwrap_or(""));
                element(&mut xml, "type", &self.stream_type);
                xml.push_str("</channel>\n");
            }
            xml.push_str("</channels>");
        }
        xml.push_str("</desc>\n</info>\n");
        xml
    }

    /// How people know the stream: its name, type, source id and machine.
    pub fn for_people(&self) -> String {
        format!(
            "{:?} (type {:?}, source id {:?}, {} channels, {} Hz, on {})",
            self.name, self.stream_type, self.source_id, self.channel_count, self.rate_hz, self.hostname
        )
    }

    /// Says why no signal can be read from the stream, where none can.
    ///
    /// # Errors
    /// [`WireError::Unsuitable`]: texts, no fixed rate, another protocol, too many channels.
    pub fn check_usable(&self) -> Result<(), WireError> {
        let reason = if self.format == SampleFormat::String {
            "its values are texts (channel format string), as those of a marker stream; name the stream that carries the signal".into()
        } else if self.rate_hz == 0.0 {
            "it has no fixed rate (nominal_srate is 0), so that lost samples cannot be told from none; let the sender announce its sampling rate".into()
        } else if self.channel_count == 0 || self.channel_count > MAX_CHANNELS {
            format!("it has {} channels; 1 to {MAX_CHANNELS} can be read", self.channel_count)
        } else if self.version < 110 || self.version >= 200 {
            let (major, minor) = (self.version / 100, self.version % 100);
            format!(
                "its sender speaks protocol {major}.{minor:02}; 1.10 is needed: update the sender's LSL library"
            )
        } else {
            return Ok(());
        };
        Err(WireError::Unsuitable { reason })
    }
}

/// Refuses documents whose reading takes the square of their length: the parser compares an
/// element's attributes with each other, and hands namespaces down from element to element.
fn check_cheap(text: &str) -> Result<(), WireError> {
    // Within a tag there is no other "<", and every attribute has a "=" before a quote.
    let crowded = |tag: &str| {
        let values = tag.split('=').skip(1).filter(|rest| rest.trim_start().starts_with(['"', '\'']));
        values.count() > MAX_ATTRIBUTES
    };
    if text.contains("xmlns") || text.split('<').any(crowded) {
        let what = "a stream description with namespaces or hundreds of attributes";
        return Err(WireError::malformed(what, "elements without any"));
    }
    Ok(())
}

/// The text of a document. Some senders write units in Latin-1, as which any bytes can be read.
pub(super) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|&byte| char::from(byte)).collect()),
    }
}

fn child<'a>(node: Node<'a, 'a>, tag: &str) -> Option<Node<'a, 'a>> {
    node.children().find(|child| child.has_tag_name(tag))
}

fn field<'a>(info: Node<'a, 'a>, tag: &str) -> Result<&'a str, WireError> {
    let text = child(info, tag).and_then(|node| node.text()).unwrap_or("").trim();
    if text.len() > MAX_FIELD_BYTES {
        return Err(WireError::malformed(
            format!("a <{tag}> of {} bytes", text.len()),
            format!("at most {MAX_FIELD_BYTES}"),
        ));
    }
    Ok(text)
}

fn number<N: std::str::FromStr>(info: Node<'_, '_>, tag: &str) -> Result<N, WireError> {
    let text = field(info, tag)?;
    text.parse().map_err(|_| WireError::malformed(format!("<{tag}> is {text:.40?}"), "a number"))
}

fn port_if_there(info: Node<'_, '_>, tag: &str) -> Result<u16, WireError> {
    if field(info, tag)?.is_empty() { Ok(0) } else { number(info, tag) }
}

/// The channels in `desc`; none where their number is not the announced one, for then nobody knows
/// which is which.
fn channels(info: Node<'_, '_>, announced: usize) -> (Vec<LiveChannel>, Option<usize>) {
    let list = child(info, "desc").and_then(|desc| child(desc, "channels"));
    let said = |channel: Node<'_, '_>, tag: &str| {
        field(channel, tag).ok().filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let described = list
        .iter()
        .flat_map(|list| list.children())
        .filter(|node| node.has_tag_name("channel"))
        .map(|channel| LiveChannel {
            label: said(channel, "label"),
            unit: said(channel, "unit"),
            rails: None,
        })
        .collect::<Vec<_>>();
    match described.len() {
        0 => (Vec::new(), None),
        number if number == announced => (described, None),
        number => (Vec::new(), Some(number)),
    }
}

fn element(xml: &mut String, tag: &str, text: &str) {
    let _ = write!(xml, "<{tag}>");
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            // XML has no way to write these.
            c if c.is_control() => xml.push(' '),
            c => xml.push(c),
        }
    }
    let _ = writeln!(xml, "</{tag}>");
}
