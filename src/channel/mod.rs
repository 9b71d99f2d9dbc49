//! Ways by which alarms leave the house: webhook, MQTT, HL7 over MLLP, syslog.
//!
//! Each takes one message at a time and says whether the other end has taken it. When to try again, and what to do
//! meanwhile, is decided where the messages come from.

mod config;
pub mod hl7;
mod mllp;
mod mqtt;
pub mod syslog;
pub mod webhook;

use thiserror::Error;

use crate::alarm::message::Message;
pub use config::{ChannelConfig, Way};
pub use hl7::Hl7Config;
pub use mqtt::MqttConfig;
pub use syslog::SyslogConfig;
pub use webhook::WebhookConfig;

/// A message that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendError {
    /// The other end is away, or too busy: the same message can go through later.
    #[error("{0}")]
    Away(String),
    /// The other end says that it does not want this message. Others may go through.
    #[error("{0}")]
    Refused(String),
}

/// A channel that cannot be set up as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("channel {channel}: {reason}")]
pub struct SetupError {
    /// The channel.
    pub channel: String,
    /// What is wrong, and what was expected.
    pub reason: String,
}

/// A channel's working end.
pub enum Channel {
    /// HTTP.
    Webhook(Box<webhook::Webhook>),
    /// MQTT.
    Mqtt(Box<mqtt::Mqtt>),
    /// HL7 v2 over MLLP.
    Hl7(Box<mllp::Mllp>),
    /// Syslog.
    Syslog(syslog::Syslog),
}

impl Channel {
    /// Sets a channel up; nothing is connected before it is needed.
    ///
    /// # Errors
    /// [`SetupError`]: a secret that cannot be read, an address that is none.
    pub fn new(config: &ChannelConfig) -> Result<Channel, SetupError> {
        let failed = |reason| SetupError { channel: config.name.clone(), reason };
        match &config.way {
            Way::Webhook(way) => webhook::Webhook::new(way).map(|way| Channel::Webhook(Box::new(way))),
            Way::Mqtt(way) => mqtt::Mqtt::new(way).map(|way| Channel::Mqtt(Box::new(way))),
            Way::Hl7(way) => Ok(Channel::Hl7(Box::new(mllp::Mllp::new(way)))),
            Way::Syslog(way) => Ok(Channel::Syslog(syslog::Syslog::new(way))),
        }
        .map_err(failed)
    }

    /// Sends a message and waits until the other end has taken it.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send(&mut self, message: &Message) -> Result<(), SendError> {
        match self {
            Channel::Webhook(way) => way.send(message).await,
            Channel::Mqtt(way) => way.send(message).await,
            Channel::Hl7(way) => way.send(message).await,
            Channel::Syslog(way) => way.send(message).await,
        }
    }

    /// Looks whether the other end is there, without a message.
    ///
    /// # Errors
    /// [`SendError::Away`].
    pub async fn probe(&mut self) -> Result<(), SendError> {
        match self {
            Channel::Webhook(way) => way.probe().await,
            Channel::Mqtt(way) => way.probe().await,
            Channel::Hl7(way) => way.probe().await,
            Channel::Syslog(way) => way.probe().await,
        }
    }
}

/// A secret out of a file, without the line's end.
fn secret(path: &std::path::Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read the secret {}: {error}", path.display()))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("the secret {} is empty", path.display()));
    }
    Ok(text.to_string())
}

/// Whether the other end has not hung up since the last message: it has nothing to say unasked, so anything to read is
/// the end.
fn still_open(stream: &tokio::net::TcpStream) -> bool {
    let mut byte = [0];
    matches!(stream.try_read(&mut byte), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

/// What lies behind a failure: the last cause tells most.
fn causes(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        words = format!("{words}: {error}");
        cause = error.source();
    }
    words
}
