//! `[http]` of vigil.toml: the port, who is let in, and how long they stay.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// `[http]`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HttpConfig {
    /// Address and port of the page, the API, health and metrics.
    pub listen: String,
    /// File with the secret word of programs: whoever sends it may do everything. Without it nothing can be changed
    /// by a program; `$CREDENTIALS_DIRECTORY/api-token` is looked for too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// File of accounts, which `vigil account` writes. With it everybody signs in; without it only this machine is
    /// served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounts: Option<PathBuf>,
    /// Certificate and key. With them everything on the port is TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsConfig>,
    /// Names by which browsers reach the port, besides its address and this machine's own: any other name in a request
    /// is refused, since a foreign page could have been given it (DNS rebinding).
    pub names: Vec<String>,
    /// A session that was not used for so many hours ends. That of an administrator ends after one hour.
    pub session_idle_h: u32,
    /// A session ends after so many hours, however much it is used.
    pub session_longest_h: u32,
    /// A viewer's session, which a display on the wall has, ends after so many days; the stream that its page listens
    /// to counts as use.
    pub display_longest_d: u32,
    /// Connections at one time. One address other than this machine's own has half of them at most.
    pub connections: usize,
}

/// `tls = { ... }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificate and those between it and its authority, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub key: PathBuf,
}

impl Default for HttpConfig {
    fn default() -> Self {
        HttpConfig {
            listen: "127.0.0.1:8765".into(),
            token_file: None,
            accounts: None,
            tls: None,
            names: Vec::new(),
            session_idle_h: 12,
            session_longest_h: 24,
            display_longest_d: 30,
            connections: 4096,
        }
    }
}

/// Whether an address is this machine's own, as far as nobody else reaches it.
pub fn is_this_machine(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

impl HttpConfig {
    /// Checks what a type cannot.
    ///
    /// # Errors
    /// The setting and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, String)> {
        let Ok(address) = self.listen.parse::<SocketAddr>() else {
            return Err(("listen", format!("listen is {:?}; expected an address and a port", self.listen)));
        };
        if let Some(name) = self.names.iter().find(|name| !is_host(name)) {
            let what =
                format!("names has {name:?}; expected a host's name or address, without port and https://");
            return Err(("names", what));
        }
        for (setting, value, most) in [
            ("session_idle_h", self.session_idle_h, 168),
            ("session_longest_h", self.session_longest_h, 720),
            ("display_longest_d", self.display_longest_d, 366),
        ] {
            if !(1..=most).contains(&value) {
                return Err((setting, format!("{setting} is {value}; expected 1 to {most}")));
            }
        }
        if !(16..=100_000).contains(&self.connections) {
            let what = format!("connections is {}; expected 16 to 100000", self.connections);
            return Err(("connections", what));
        }
        self.check_exposure(address.ip())
    }

    /// Whether the port may be opened at an address: to other machines only with TLS and accounts.
    ///
    /// # Errors
    /// The setting that is missing, and what to do.
    pub fn check_exposure(&self, address: IpAddr) -> Result<(), (&'static str, String)> {
        let missing = match (is_this_machine(address), &self.tls, &self.accounts) {
            (true, ..) | (false, Some(_), Some(_)) => return Ok(()),
            (false, None, None) => "neither `tls` nor `accounts` is set",
            (false, None, Some(_)) => "`tls` is not set",
            (false, Some(_), None) => "`accounts` is not set",
        };
        let what = format!(
            "listening on {address} lets other machines in, and {missing} in [http]: set both \
             (tls = {{ certificate = \"...\", key = \"...\" }}, accounts = \"...\", then `vigil account add NAME --role \
             administrator`), or listen on 127.0.0.1"
        );
        Err(("listen", what))
    }

    /// Takes paths from a folder.
    pub fn paths_from(&mut self, folder: &Path) {
        let tls = self.tls.as_mut().map(|tls| [&mut tls.certificate, &mut tls.key]);
        let others = [self.token_file.as_mut(), self.accounts.as_mut()];
        for path in tls.into_iter().flatten().chain(others.into_iter().flatten()) {
            *path = folder.join(&path);
        }
    }
}

/// A name of DNS, or an address without brackets.
fn is_host(name: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    name.parse::<IpAddr>().is_ok() || ((1..=253).contains(&name.len()) && name.chars().all(letters))
}
