//! What the service manager is told: ready, reloading, stopping, and that the watch goes on.
//!
//! systemd names a datagram socket in `NOTIFY_SOCKET`; a message is a few lines of `NAME=value`. Without
//! that variable nobody listens, and every call does nothing. A message that cannot be delivered is an
//! error to log, never a reason to stop watching.
//!
//! The words come from the crate `sd-notify`; the sending is done here. The crate's own `notify` looks
//! the variable up at every call, knows no socket in the abstract namespace (as systemd gives in some
//! containers), and waits for as long as the service manager does not read.
//!
//! A child process inherits the variables and not the socket. Whoever starts one takes the names in
//! [`VARIABLES`] out of its environment.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use sd_notify::NotifyState;
use thiserror::Error;

/// What systemd puts into the environment of a service for that one process. A child process should not
/// see it: it would speak, or listen, in its parent's place.
pub const VARIABLES: [&str; 6] =
    ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"];

/// Most bytes of a status line. systemd drops a message of more than 4096 bytes altogether.
pub const MAX_STATUS_BYTES: usize = 1024;

/// How long a message may wait for a service manager that does not read.
const SEND_TIMEOUT: Duration = Duration::from_secs(1);

/// The service manager cannot be told.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NotifyError {
    /// The address is of no kind that is understood.
    #[error(
        "NOTIFY_SOCKET is {found:?}; expected a path that starts with / or an abstract name that starts with @"
    )]
    BadAddress {
        /// What the variable holds.
        found: String,
    },
    /// The system gives no socket for this address.
    #[error("NOTIFY_SOCKET {address}: no socket: {source}")]
    NoSocket {
        /// What the variable holds.
        address: String,
        /// The system's own words.
        source: io::Error,
    },
    /// The message did not go out.
    #[error("NOTIFY_SOCKET {address}: cannot say {message:?}: {source}")]
    Unsaid {
        /// What the variable holds.
        address: String,
        /// The message's first line.
        message: String,
        /// The system's own words.
        source: io::Error,
    },
}

/// Tells the service manager how the service is; without one, tells nobody.
#[derive(Debug)]
pub struct Notifier {
    listener: Option<Listener>,
}

#[derive(Debug)]
struct Listener {
    /// As `NOTIFY_SOCKET` gives it, for messages.
    name: String,
    address: SocketAddr,
    /// Not connected: the service manager may have its socket anew after it was itself restarted.
    socket: UnixDatagram,
}

impl Notifier {
    /// The notifier of this process: speaks to the socket that `NOTIFY_SOCKET` names, or to nobody where
    /// the variable is absent or empty.
    ///
    /// # Errors
    /// [`NotifyError::BadAddress`], [`NotifyError::NoSocket`].
    pub fn from_environment() -> Result<Notifier, NotifyError> {
        match std::env::var_os("NOTIFY_SOCKET") {
            Some(address) if !address.is_empty() => Notifier::to(&address),
            _ => Ok(Notifier::to_nobody()),
        }
    }

    /// A notifier that speaks to the socket at `address`: a path, or `@` and an abstract name.
    ///
    /// # Errors
    /// [`NotifyError::BadAddress`], [`NotifyError::NoSocket`].
    pub fn to(address: &OsStr) -> Result<Notifier, NotifyError> {
        let name = address.to_string_lossy().into_owned();
        let no_socket = |source| NotifyError::NoSocket { address: name.clone(), source };
        let address = match address.as_bytes() {
            [b'/', ..] => SocketAddr::from_pathname(address).map_err(no_socket)?,
            [b'@', rest @ ..] if !rest.is_empty() => abstract_address(rest).map_err(no_socket)?,
            _ => return Err(NotifyError::BadAddress { found: name }),
        };
        let socket = UnixDatagram::unbound().map_err(no_socket)?;
        socket.set_write_timeout(Some(SEND_TIMEOUT)).map_err(no_socket)?;
        Ok(Notifier { listener: Some(Listener { name, address, socket }) })
    }

    /// A notifier to whom nobody listens.
    pub fn to_nobody() -> Notifier {
        Notifier { listener: None }
    }

    /// Whether there is a service manager that listens.
    pub fn is_heard(&self) -> bool {
        self.listener.is_some()
    }

    /// The service has started: what it is for, it does from here on.
    ///
    /// # Errors
    /// [`NotifyError::Unsaid`].
    pub fn ready(&self) -> Result<(), NotifyError> {
        self.say(&[NotifyState::Ready])
    }

    /// The service reads its configuration anew. [`Notifier::reloaded`] must follow, whatever comes of it:
    /// until then the service counts as busy, and systemd gives up on it in the end.
    ///
    /// # Errors
    /// [`NotifyError::Unsaid`].
    pub fn reloading(&self) -> Result<(), NotifyError> {
        // systemd 253 and later want the time with it; earlier ones pass over it. Without the time the
        // rest must still be said.
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.say(&[NotifyState::Reloading, now]),
            Err(_) => self.say(&[NotifyState::Reloading]),
        }
    }

    /// The configuration is read: the new one is in use, or the old one still is.
    ///
    /// # Errors
    /// [`NotifyError::Unsaid`].
    pub fn reloaded(&self) -> Result<(), NotifyError> {
        self.ready()
    }

    /// The service is about to end; `status` says why.
    ///
    /// # Errors
    /// [`NotifyError::Unsaid`].
    pub fn stopping(&self, status: &str) -> Result<(), NotifyError> {
        self.say(&[NotifyState::Stopping, NotifyState::Status(&one_line(status))])
    }

    /// How the service is, in a line for people; `systemctl status` shows it.
    ///
    /// # Errors
    /// [`NotifyError::Unsaid`].
    pub fn status(&self, text: &str) -> Result<(), NotifyError> {
        self.say(&[NotifyState::Status(&one_line(text))])
    }

    /// The watch goes on. Say it only where that is known: samples of every bed that gives any have come
    /// through, and the loops of beds without signal have turned. A timer that says it by itself proves
    /// nothing.
    ///
    /// # Errors
    /// [`NotifyError::Unsaid`].
    pub fn watchdog(&self) -> Result<(), NotifyError> {
        self.say(&[NotifyState::Watchdog])
    }

    fn say(&self, states: &[NotifyState<'_>]) -> Result<(), NotifyError> {
        let Some(Listener { name, address, socket }) = &self.listener else { return Ok(()) };
        let message = states.iter().map(|state| format!("{state}\n")).collect::<String>();
        // A datagram goes out whole or not at all.
        match socket.send_to_addr(message.as_bytes(), address) {
            Ok(_) => Ok(()),
            Err(source) => Err(NotifyError::Unsaid {
                address: name.clone(),
                message: message.lines().next().unwrap_or_default().to_string(),
                source,
            }),
        }
    }
}

/// The time within which [`Notifier::watchdog`] must be called again and again, lest the service manager
/// end the process and start it anew. Call it at least twice as often. None where nobody waits for it:
/// the variables are absent, not a number, or meant for another process.
pub fn watchdog_period() -> Option<Duration> {
    let mut microseconds = 0;
    // `false`: taking a variable out of the environment is sound only while there is one thread.
    let wanted = sd_notify::watchdog_enabled(false, &mut microseconds) && microseconds > 0;
    wanted.then(|| Duration::from_micros(microseconds))
}

/// One line of at most [`MAX_STATUS_BYTES`]: a line end within it would begin another message.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len().min(MAX_STATUS_BYTES));
    for c in text.chars() {
        let c = if c.is_control() { ' ' } else { c };
        if line.len() + c.len_utf8() > MAX_STATUS_BYTES {
            break;
        }
        line.push(c);
    }
    line
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &[u8]) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_address(_name: &[u8]) -> io::Result<SocketAddr> {
    Err(io::Error::from(io::ErrorKind::Unsupported))
}
