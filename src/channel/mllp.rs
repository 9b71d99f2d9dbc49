//! The Minimal Lower Layer Protocol: a byte 0x0b, the message, 0x1c, 0x0d; and an answer in the same wrapping.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::hl7::{Hl7Config, acknowledged, report};
use super::{SendError, still_open};
use crate::alarm::message::Message;

/// No answer is longer.
const LONGEST: usize = 64 << 10;

const START: u8 = 0x0b;
const END: [u8; 2] = [0x1c, 0x0d];

/// The working end.
pub struct Mllp {
    config: Hl7Config,
    stream: Option<TcpStream>,
    sent: u64,
}

impl Mllp {
    pub(super) fn new(config: &Hl7Config) -> Mllp {
        Mllp { config: config.clone(), stream: None, sent: 0 }
    }

    pub(super) async fn send(&mut self, message: &Message) -> Result<(), SendError> {
        self.sent += 1;
        // MSH-10 has at most 199 letters in this version, and must name this attempt.
        let key: String = message.key.chars().take(160).collect();
        let control =
            format!("{}-{}-{}", key.replace(['|', '^', '&', '~', '\\'], "."), std::process::id(), self.sent);
        let text = report(message, &self.config, &control);
        let mut framed = vec![START];
        framed.extend_from_slice(text.as_bytes());
        framed.extend_from_slice(&END);
        let away = |error: std::io::Error| SendError::Away(error.to_string());
        let mut stream = match self.stream.take().filter(still_open) {
            Some(stream) => stream,
            None => TcpStream::connect(&self.config.to).await.map_err(away)?,
        };
        stream.write_all(&framed).await.map_err(away)?;
        stream.flush().await.map_err(away)?;
        let answer = read_answer(&mut stream).await?;
        match acknowledged(&answer, &control) {
            Some(taken) => {
                self.stream = Some(stream);
                taken.map_err(SendError::Refused)
            }
            None => {
                let shown: String = answer.chars().filter(|c| !c.is_control()).take(80).collect();
                Err(SendError::Away(format!("the listener's answer is none to this message: {shown:?}")))
            }
        }
    }

    pub(super) async fn probe(&mut self) -> Result<(), SendError> {
        match TcpStream::connect(&self.config.to).await {
            Ok(_) => Ok(()),
            Err(error) => Err(SendError::Away(error.to_string())),
        }
    }
}

async fn read_answer(stream: &mut TcpStream) -> Result<String, SendError> {
    let mut bytes = Vec::new();
    let mut piece = [0; 1024];
    loop {
        let count = stream.read(&mut piece).await.map_err(|error| SendError::Away(error.to_string()))?;
        if count == 0 {
            return Err(SendError::Away("the listener hung up without an answer".into()));
        }
        bytes.extend_from_slice(&piece[..count]);
        if let Some(end) = bytes.windows(2).position(|pair| pair == END) {
            let start = bytes.iter().position(|byte| *byte == START).map_or(0, |at| at + 1);
            return Ok(String::from_utf8_lossy(bytes.get(start..end).unwrap_or_default()).into_owned());
        }
        if bytes.len() > LONGEST {
            return Err(SendError::Away("the listener's answer has no end".into()));
        }
    }
}
