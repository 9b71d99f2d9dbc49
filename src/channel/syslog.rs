//! Syslog: RFC 5424, over UDP (RFC 5426), TCP with counted octets (RFC 6587), or the machine's own socket.
//!
//! Syslog has no answer. What is written to a connection counts as taken; over UDP nobody knows whether it arrived.

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket, UnixDatagram};

use super::{SendError, still_open};
use crate::alarm::Priority;
use crate::alarm::message::Message;

/// `syslog = { ... }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyslogConfig {
    /// `udp://host:514`, `tcp://host:601` or `unix:///dev/log`.
    pub to: String,
    /// Facility, 0 to 23: 16 (local0) by default.
    #[serde(default = "local0")]
    pub facility: u8,
}

const fn local0() -> u8 {
    16
}

impl SyslogConfig {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.facility > 23 {
            return Err(("syslog", format!("syslog.facility is {}; expected 0 to 23", self.facility)));
        }
        let address = |rest: &str| {
            rest.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        };
        let good = match self.to.split_once("://") {
            Some(("udp" | "tcp", rest)) => address(rest),
            Some(("unix", path)) => path.starts_with('/'),
            _ => false,
        };
        if good {
            return Ok(());
        }
        let what =
            format!("syslog.to is {:?}; expected udp://host:514, tcp://host:601 or unix:///dev/log", self.to);
        Err(("syslog", what))
    }
}

/// The working end.
pub struct Syslog {
    config: SyslogConfig,
    stream: Option<TcpStream>,
}

impl Syslog {
    pub(super) fn new(config: &SyslogConfig) -> Syslog {
        Syslog { config: config.clone(), stream: None }
    }

    pub(super) async fn send(&mut self, message: &Message) -> Result<(), SendError> {
        let line = line(message, self.config.facility);
        let away = |error: std::io::Error| SendError::Away(error.to_string());
        let (scheme, to) = self.config.to.split_once("://").unwrap_or(("udp", &self.config.to));
        match scheme {
            "unix" => {
                let socket = UnixDatagram::unbound().map_err(away)?;
                socket.send_to(line.as_bytes(), to).await.map_err(away)?;
            }
            "tcp" => {
                let framed = format!("{} {line}", line.len());
                let mut stream = match self.stream.take().filter(still_open) {
                    Some(stream) => stream,
                    None => TcpStream::connect(to).await.map_err(away)?,
                };
                stream.write_all(framed.as_bytes()).await.map_err(away)?;
                stream.flush().await.map_err(away)?;
                self.stream = Some(stream);
            }
            _ => {
                let here = if to.starts_with('[') { "[::]:0" } else { "0.0.0.0:0" };
                let socket = UdpSocket::bind(here).await.map_err(away)?;
                socket.send_to(line.as_bytes(), to).await.map_err(away)?;
            }
        }
        Ok(())
    }

    pub(super) async fn probe(&mut self) -> Result<(), SendError> {
        let away = |error: std::io::Error| SendError::Away(error.to_string());
        match self.config.to.split_once("://") {
            Some(("tcp", to)) => TcpStream::connect(to).await.map(drop).map_err(away),
            Some(("unix", path)) => {
                let socket = UnixDatagram::unbound().map_err(away)?;
                socket.connect(path).map_err(away)
            }
            _ => Ok(()),
        }
    }
}

/// The line of a message.
pub fn line(message: &Message, facility: u8) -> String {
    let severity = match (message.event.as_str(), message.priority) {
        ("raised" | "escalated", Priority::High) => 1,
        ("raised" | "escalated", Priority::Medium) => 3,
        ("raised" | "escalated", Priority::Low) => 4,
        _ => 5,
    };
    let host = word(&rustix::system::uname().nodename().to_string_lossy(), 255);
    let value = |text: &str| {
        let mut escaped = String::new();
        for letter in text.chars().filter(|letter| !letter.is_control()) {
            if matches!(letter, '"' | '\\' | ']') {
                escaped.push('\\');
            }
            escaped.push(letter);
        }
        escaped
    };
    let mut data = String::new();
    for (name, text) in [
        ("key", Some(&message.key)),
        ("alarm", Some(&message.alarm)),
        ("ward", Some(&message.ward)),
        ("bed", Some(&message.bed)),
        ("patient", message.patient.as_ref()),
        ("by", Some(&message.by)),
        ("raised", Some(&message.raised)),
    ] {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            data.push_str(&format!(" {name}=\"{}\"", value(text)));
        }
    }
    let words: String = message.detail.chars().filter(|letter| !letter.is_control()).collect();
    format!(
        "<{}>1 {} {host} vigil {} {} [alarm@32473{data}] {} {}: {words}",
        u16::from(facility) * 8 + severity,
        message.time,
        std::process::id(),
        word(&message.event, 32),
        message.kind.name(),
        message.event,
    )
}

/// What may stand in a header field.
fn word(text: &str, longest: usize) -> String {
    let word: String = text.chars().filter(char::is_ascii_graphic).take(longest).collect();
    if word.is_empty() { "-".into() } else { word }
}
