//! Who is at the other end of a connection.

use std::net::SocketAddr;

/// Both ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The other end.
    pub from: SocketAddr,
    /// Our end, as the other reached it.
    pub at: SocketAddr,
    /// Whether it is TLS.
    pub tls: bool,
}
