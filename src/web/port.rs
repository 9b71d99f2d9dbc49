//! Opens the port: the listener, what it is secured with, and who is let in. Whatever is missing is told before anything
//! is served.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::gate::Gate;
use super::tls::{Tls, TlsError};
use crate::access::{Doorkeeper, Lifetimes, Refused, word};
use crate::config::{HttpConfig, WardConfig};

/// How often the file of accounts is looked at, and sessions for their end.
const LOOKED_EVERY: Duration = Duration::from_secs(1);

/// A port that cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PortError {
    /// It is taken.
    #[error(
        "cannot listen on {address}: {source}; is another vigil running? choose another `listen` in [http]"
    )]
    Taken {
        /// The address.
        address: String,
        /// The system's own words.
        source: std::io::Error,
    },
    /// It would be open to everybody.
    #[error("{0}")]
    Exposed(String),
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The accounts.
    #[error(transparent)]
    Accounts(#[from] Refused),
    /// The token.
    #[error("cannot read {path}: {source}")]
    Token {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: std::io::Error,
    },
    /// No random bytes.
    #[error("cannot make up a secret: {0}")]
    Secret(std::io::Error),
}

/// The port, open.
pub struct Opened {
    /// The listener.
    pub listener: TcpListener,
    /// With which certificate.
    pub tls: Option<Arc<Tls>>,
    /// Who is let in.
    pub gate: Arc<Gate>,
}

/// Opens the port as it is configured.
///
/// # Errors
/// [`PortError`].
pub async fn open(config: &HttpConfig) -> Result<Opened, PortError> {
    let listener = listen(&config.listen).await?;
    // The address that systemd handed over is what counts, whatever `listen` says.
    let taken = |source| PortError::Taken { address: config.listen.clone(), source };
    let address = listener.local_addr().map_err(taken)?;
    config.check_exposure(address.ip()).map_err(|(_, what)| PortError::Exposed(what))?;
    let tls = config.tls.as_ref().map(Tls::open).transpose()?.map(Arc::new);
    Ok(Opened { listener, tls, gate: Arc::new(gate(config)?) })
}

/// Whether the port could be opened, as far as that can be told without opening it.
///
/// # Errors
/// [`PortError`].
pub fn check(config: &HttpConfig) -> Result<(), PortError> {
    config.tls.as_ref().map(Tls::open).transpose()?;
    gate(config).map(drop)
}

fn gate(config: &HttpConfig) -> Result<Gate, PortError> {
    let hours = |hours: u32| Duration::from_secs(u64::from(hours) * 3600);
    let lifetimes = Lifetimes {
        idle: hours(config.session_idle_h),
        longest: hours(config.session_longest_h),
        display: hours(config.display_longest_d * 24),
    };
    let door = config.accounts.as_deref().map(|path| Doorkeeper::open(path, lifetimes)).transpose()?;
    Ok(Gate {
        token: token(config.token_file.as_deref())?,
        csrf: word().map_err(PortError::Secret)?,
        door: door.map(Arc::new),
        names: config.names.clone(),
    })
}

/// The listener: handed over by systemd, or opened here.
async fn listen(address: &str) -> Result<TcpListener, PortError> {
    let failed = |source| PortError::Taken { address: address.to_string(), source };
    if let Some(listener) = listenfd::ListenFd::from_env().take_tcp_listener(0).map_err(failed)? {
        listener.set_nonblocking(true).map_err(failed)?;
        return TcpListener::from_std(listener).map_err(failed);
    }
    TcpListener::bind(address).await.map_err(failed)
}

/// The secret word: of the configured file, or of systemd's credentials.
fn token(configured: Option<&Path>) -> Result<Option<Arc<str>>, PortError> {
    let credential = std::env::var_os("CREDENTIALS_DIRECTORY")
        .map(|folder| PathBuf::from(folder).join("api-token"))
        .filter(|path| path.is_file());
    let Some(path) = configured.map(Path::to_path_buf).or(credential) else { return Ok(None) };
    let text =
        std::fs::read_to_string(&path).map_err(|source| PortError::Token { path: path.clone(), source })?;
    let word = text.trim();
    if word.is_empty() {
        // What stands in for a missing secret opens nothing.
        return Ok(None);
    }
    if word.len() < 16 {
        let source =
            std::io::Error::other(format!("the token has {} letters; expected 16 or more", word.len()));
        return Err(PortError::Token { path, source });
    }
    Ok(Some(word.into()))
}

/// Looks after what may change while the port is open: the file of accounts, and, when vigil.toml is read again, the
/// certificate.
pub async fn look_after(gate: Arc<Gate>, tls: Option<Arc<Tls>>, mut config: watch::Receiver<WardConfig>) {
    let mut looks = tokio::time::interval(LOOKED_EVERY);
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    config.mark_unchanged();
    loop {
        tokio::select! {
            _ = looks.tick() => look_at_accounts(&gate).await,
            changed = config.changed() => {
                if changed.is_err() {
                    return;
                }
                if let Some(tls) = tls.clone() {
                    match tokio::task::spawn_blocking(move || tls.read_again()).await {
                        Ok(Ok(())) => tracing::info!("certificate and key were read again"),
                        Ok(Err(error)) => tracing::error!(%error, "the old certificate stays in use"),
                        Err(error) => tracing::error!(%error, "the old certificate stays in use"),
                    }
                }
            }
        }
    }
}

async fn look_at_accounts(gate: &Gate) {
    let Some(door) = gate.door.clone() else { return };
    match tokio::task::spawn_blocking(move || door.look_after()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the accounts stay as they were read before"),
        Err(error) => tracing::error!(%error, "looking after the accounts failed"),
    }
}
