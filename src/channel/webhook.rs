//! A signed HTTP POST.
//!
//! `Vigil-Signature: t=<seconds since 1970>,v1=<hex>`, where the hex is HMAC-SHA-256 of `<t>.<body>` under the shared
//! secret: whoever checks it knows that the body is ours, and by `t` that it is not an old one sent again.
//! `Idempotency-Key` names the happening.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, StatusCode, Url};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use super::{SendError, causes, secret};
use crate::alarm::message::Message;

/// `webhook = { ... }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// `http://` or `https://`.
    pub url: String,
    /// File with the secret that both sides know. Without it messages are not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
}

impl WebhookConfig {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        match Url::parse(&self.url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(()),
            Ok(_) => Err(("webhook", format!("webhook.url is {:?}; expected http:// or https://", self.url))),
            Err(error) => Err(("webhook", format!("webhook.url is {:?}: {error}", self.url))),
        }
    }
}

/// The working end.
pub struct Webhook {
    client: Client,
    url: Url,
    secret: Option<String>,
}

impl Webhook {
    pub(super) fn new(config: &WebhookConfig) -> Result<Webhook, String> {
        // Whoever comes first sets the cryptography of the whole program; it is the same for all.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .user_agent(concat!("vigil/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .pool_idle_timeout(Duration::from_secs(300))
            .build()
            .map_err(|error| causes(&error))?;
        let url = Url::parse(&config.url).map_err(|error| error.to_string())?;
        let secret = config.secret_file.as_deref().map(secret).transpose()?;
        Ok(Webhook { client, url, secret })
    }

    pub(super) async fn send(&self, message: &Message) -> Result<(), SendError> {
        let body = serde_json::to_vec(message).map_err(|error| SendError::Refused(error.to_string()))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut request = self
            .client
            .post(self.url.clone())
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", &message.key);
        if let Some(secret) = &self.secret {
            request = request.header("Vigil-Signature", signature(secret, now, &body));
        }
        let answer =
            request.body(body).send().await.map_err(|error| SendError::Away(causes(&error.without_url())))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let words = format!("the receiver answered {status}");
        let later = status.is_server_error()
            || matches!(
                status,
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
            );
        Err(if later { SendError::Away(words) } else { SendError::Refused(words) })
    }

    pub(super) async fn probe(&self) -> Result<(), SendError> {
        let host = self.url.host_str().unwrap_or_default();
        let port = self.url.port_or_known_default().unwrap_or(80);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        match tokio::net::TcpStream::connect((host, port)).await {
            Ok(_) => Ok(()),
            Err(error) => Err(SendError::Away(format!("cannot connect: {error}"))),
        }
    }
}

/// The signature of a body at a time.
pub fn signature(secret: &str, unix_s: u64, body: &[u8]) -> String {
    // A key of HMAC may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(unix_s.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={unix_s},v1={hex}")
}
