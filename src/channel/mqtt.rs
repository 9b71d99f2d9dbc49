//! MQTT 3.1.1, quality of service 1: the broker says that it has taken a message.
//!
//! Topic `<prefix>/<bed or "ward">/<kind>`. A message that the broker did not confirm in time is sent anew over a new
//! connection; a receiver may hear it twice, and tells by its key.

use std::path::PathBuf;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Outgoing, Packet, QoS, Transport};
use serde::{Deserialize, Serialize};

use super::{SendError, causes, secret};
use crate::alarm::message::Message;

/// `mqtt = { ... }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttConfig {
    /// The broker.
    pub host: String,
    /// Its port: 1883 by default, 8883 with TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// What the topics begin with.
    #[serde(default = "topic")]
    pub topic: String,
    /// The client's name with the broker; no two may have the same.
    #[serde(default = "client")]
    pub client: String,
    /// TLS, with the certificates that the system trusts.
    #[serde(default)]
    pub tls: bool,
    /// User, where the broker asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// File with the user's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
}

fn topic() -> String {
    "vigil".into()
}

fn client() -> String {
    "vigil".into()
}

impl MqttConfig {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        if self.host.is_empty() {
            return Err(("mqtt", "mqtt.host is empty; expected the broker's name or address".into()));
        }
        if self.topic.is_empty() || self.topic.contains(['#', '+', '\0']) {
            return Err(("mqtt", format!("mqtt.topic is {:?}; expected words without # or +", self.topic)));
        }
        if self.user.is_some() != self.password_file.is_some() {
            return Err(("mqtt", "mqtt.user and mqtt.password_file go together".into()));
        }
        Ok(())
    }
}

/// The working end.
pub struct Mqtt {
    config: MqttConfig,
    password: Option<String>,
    connection: Option<(AsyncClient, EventLoop)>,
}

impl Mqtt {
    pub(super) fn new(config: &MqttConfig) -> Result<Mqtt, String> {
        let password = config.password_file.as_deref().map(secret).transpose()?;
        Ok(Mqtt { config: config.clone(), password, connection: None })
    }

    pub(super) async fn send(&mut self, message: &Message) -> Result<(), SendError> {
        let bed = if message.bed.is_empty() { "ward" } else { &message.bed };
        let topic = format!("{}/{bed}/{}", self.config.topic, message.kind.name());
        let body = serde_json::to_vec(message).map_err(|error| SendError::Refused(error.to_string()))?;
        let mut connection = self.connected().await?;
        let (client, events) = &mut connection;
        client
            .publish(topic, QoS::AtLeastOnce, false, body)
            .await
            .map_err(|error| SendError::Refused(causes(&error)))?;
        let mut number = None;
        loop {
            match events.poll().await.map_err(|error| SendError::Away(causes(&error)))? {
                Event::Outgoing(Outgoing::Publish(sent)) => number = Some(sent),
                Event::Incoming(Packet::PubAck(taken)) if Some(taken.pkid) == number => break,
                _ => {}
            }
        }
        // Only a connection that did all it was asked is used again; one that was given up in between, by a time
        // limit, is dropped with what it had not said.
        self.connection = Some(connection);
        Ok(())
    }

    pub(super) async fn probe(&mut self) -> Result<(), SendError> {
        let mut connection = self.connected().await?;
        // What came meanwhile: answers to pings, or that the connection is gone.
        loop {
            match tokio::time::timeout(Duration::from_millis(20), connection.1.poll()).await {
                Err(_) => break,
                Ok(Ok(_)) => {}
                Ok(Err(error)) => return Err(SendError::Away(causes(&error))),
            }
        }
        self.connection = Some(connection);
        Ok(())
    }

    async fn connected(&mut self) -> Result<(AsyncClient, EventLoop), SendError> {
        if let Some(connection) = self.connection.take() {
            return Ok(connection);
        }
        let port = self.config.port.unwrap_or(if self.config.tls { 8883 } else { 1883 });
        let mut options = MqttOptions::new(&self.config.client, &self.config.host, port);
        options.set_keep_alive(Duration::from_secs(60));
        if self.config.tls {
            let _ = rustls::crypto::ring::default_provider().install_default();
            options.set_transport(Transport::tls_with_default_config());
        }
        if let (Some(user), Some(password)) = (&self.config.user, &self.password) {
            options.set_credentials(user, password);
        }
        let (client, mut events) = AsyncClient::new(options, 16);
        loop {
            let event = events.poll().await.map_err(|error| SendError::Away(causes(&error)))?;
            if matches!(event, Event::Incoming(Packet::ConnAck(_))) {
                return Ok((client, events));
            }
        }
    }
}
