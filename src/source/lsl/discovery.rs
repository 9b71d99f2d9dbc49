//! Which streams there are: asks the network until one answers to the description.
//!
//! A question goes to every host that is named, on the ports 16571 to 16604, and, unless that is
//! switched off, to the groups 224.0.0.1, 224.0.0.183 and 239.255.172.215 and to everybody on the
//! link, port 16571; again every half second. See [`query`](super::query) for the packets.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{UdpSocket, lookup_host};
use tokio::time::{Instant, timeout_at};

use super::config::LslConfig;
use super::info::StreamInfo;
use super::query::{ANY_STREAM, ShortInfoRequest, parse_reply, query_for};
use super::wire::WireError;
use crate::source::live::LiveError;

/// The port for questions to everybody.
pub(super) const MULTICAST_PORT: u16 = 16571;
/// The ports on which single streams answer.
pub(super) const SERVICE_PORTS: std::ops::RangeInclusive<u16> = 16572..=16604;
/// The groups that streams listen to.
pub(super) const GROUPS: [Ipv4Addr; 3] =
    [Ipv4Addr::new(224, 0, 0, 1), Ipv4Addr::new(224, 0, 0, 183), Ipv4Addr::new(239, 255, 172, 215)];
/// Routers that a question to a group may pass.
const TTL: u32 = 24;
const BETWEEN_QUESTIONS: Duration = Duration::from_millis(500);
/// How long after the first answer others are waited for, so that a namesake is not overlooked.
const SETTLE: Duration = Duration::from_millis(400);
/// How long other streams are listened to, to name them when the right one is not there.
const LOOK_AROUND: Duration = Duration::from_millis(700);
/// Most streams that are remembered.
const MAX_STREAMS: usize = 1024;

/// A stream that answered.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) info: StreamInfo,
    /// Where it is.
    pub(super) address: IpAddr,
}

impl Found {
    /// The TCP address for the data.
    pub(super) fn data(&self) -> SocketAddr {
        let port = if self.address.is_ipv4() { self.info.v4_data_port } else { self.info.v6_data_port };
        SocketAddr::new(self.address, port)
    }

    /// The UDP address for the time.
    pub(super) fn service(&self) -> SocketAddr {
        let port = if self.address.is_ipv4() { self.info.v4_service_port } else { self.info.v6_service_port };
        SocketAddr::new(self.address, port)
    }
}

/// Finds the one stream that the configuration describes.
///
/// # Errors
/// [`LiveError::NotFound`] where none answers in time, [`LiveError::Unsuitable`] where several do,
/// [`LiveError::Unreachable`] where nothing can be asked.
pub(super) async fn find(config: &LslConfig) -> Result<Found, LiveError> {
    let fields: Vec<(&str, &str)> = config.fields().collect();
    let until = Instant::now() + Duration::from_secs_f64(config.resolve_timeout_s);
    let ears = Ears::open(config, until).await?;
    let mut found = ears.ask(&query_for(&fields), until, |found| config.describes(&found.info)).await;
    // Markers often go by the name of the signal that they belong to; they cannot be meant.
    if found.iter().any(|found| found.info.check_usable().is_ok()) {
        found.retain(|found| found.info.check_usable().is_ok());
    }
    match found.len() {
        1 => found.pop().ok_or_else(|| not_found(config, &[])),
        0 => Err(not_found(config, &ears.ask(ANY_STREAM, Instant::now() + LOOK_AROUND, |_| true).await)),
        _ => {
            found.sort_by(|a, b| a.info.uid.cmp(&b.info.uid));
            let all: Vec<String> = found.iter().map(|found| found.info.for_people()).collect();
            Err(LiveError::Unsuitable {
                stream: format!("LSL stream with {}", config.wanted()),
                reason: format!(
                    "{} streams are so called: {}; {}",
                    all.len(),
                    all.join(", "),
                    if config.source_id.is_some() {
                        "name the type and the name too, or stop all of them but one"
                    } else {
                        "name the source_id of the right one"
                    }
                ),
            })
        }
    }
}

fn not_found(config: &LslConfig, others: &[Found]) -> LiveError {
    let seen = if others.is_empty() {
        "no other stream answered either: is the sender running, on this network, and do firewalls let \
         UDP 16571-16604 pass? hosts names senders that multicast does not reach"
            .to_owned()
    } else {
        let names: Vec<String> = others.iter().take(16).map(|other| other.info.for_people()).collect();
        format!("{} others answered: {}", others.len(), names.join(", "))
    };
    LiveError::NotFound { wanted: config.wanted(), waited_s: config.resolve_timeout_s, seen }
}

/// The sockets that ask and hear.
struct Ears {
    v4: UdpSocket,
    v6: Option<UdpSocket>,
    /// Whom to ask.
    unicast: Vec<SocketAddr>,
    /// Own addresses through which groups are asked; unspecified: as the system likes.
    interfaces: Vec<Ipv4Addr>,
}

impl Ears {
    async fn open(config: &LslConfig, until: Instant) -> Result<Ears, LiveError> {
        let ports = || std::iter::once(MULTICAST_PORT).chain(SERVICE_PORTS);
        let mut unicast = Vec::new();
        if config.multicast {
            // Streams that keep to their own machine.
            unicast.extend(ports().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port))));
        }
        for host in &config.hosts {
            match timeout_at(until, lookup_host((host.as_str(), MULTICAST_PORT))).await {
                Ok(Ok(addresses)) => {
                    for address in addresses.take(4) {
                        unicast.extend(ports().map(|port| SocketAddr::new(address.ip(), port)));
                    }
                }
                Ok(Err(error)) => tracing::warn!(host, %error, "cannot look up an LSL host"),
                Err(_) => tracing::warn!(host, "looking up an LSL host takes too long"),
            }
        }
        let interfaces = match (config.multicast, config.interfaces.as_slice()) {
            (false, _) => Vec::new(),
            (true, []) => vec![Ipv4Addr::UNSPECIFIED],
            (true, interfaces) => interfaces.to_vec(),
        };
        let unreachable = |source| LiveError::Unreachable { address: "UDP socket".into(), source };
        let v4 = bind(IpAddr::V4(Ipv4Addr::UNSPECIFIED)).await.map_err(unreachable)?;
        if !interfaces.is_empty() {
            let socket = SockRef::from(&v4);
            let allowed = socket
                .set_broadcast(true)
                .and_then(|()| socket.set_multicast_ttl_v4(TTL))
                .and_then(|()| socket.set_multicast_loop_v4(true));
            if let Err(error) = allowed {
                tracing::warn!(%error, "cannot prepare a socket for multicast");
            }
        }
        let v6 = if unicast.iter().any(SocketAddr::is_ipv6) {
            bind(IpAddr::V6(std::net::Ipv6Addr::UNSPECIFIED)).await.ok()
        } else {
            None
        };
        Ok(Ears { v4, v6, unicast, interfaces })
    }

    /// Asks until something that is `wanted` has answered and others had time to, or until `until`.
    async fn ask(&self, query: &str, until: Instant, wanted: impl Fn(&Found) -> bool) -> Vec<Found> {
        let query_id = RandomState::new().hash_one(query).to_string();
        let mut found: HashMap<String, Found> = HashMap::new();
        let mut until = until;
        let mut next_question = Instant::now();
        let (mut packet_v4, mut packet_v6) =
            (vec![0; 65_536], vec![0; if self.v6.is_some() { 65_536 } else { 0 }]);
        // Whoever talks without end does not keep us here.
        while Instant::now() < until {
            if Instant::now() >= next_question {
                self.send(query, &query_id).await;
                next_question = Instant::now() + BETWEEN_QUESTIONS;
            }
            let heard = async {
                tokio::select! {
                    heard = self.v4.recv_from(&mut packet_v4) => heard.map(|(n, from)| (&packet_v4[..n], from)),
                    heard = hear(self.v6.as_ref(), &mut packet_v6) => heard.map(|(n, from)| (&packet_v6[..n], from)),
                }
            };
            let (packet, from) = match timeout_at(until.min(next_question), heard).await {
                Ok(Ok(heard)) => heard,
                // The system's report that nobody listens at one of the ports.
                Ok(Err(_)) | Err(_) => continue,
            };
            match parse_reply(packet, &query_id) {
                Some(Ok(info)) => {
                    let new = Found { info, address: from.ip() };
                    if new.data().port() == 0 || !wanted(&new) || found.len() >= MAX_STREAMS {
                        continue;
                    }
                    if found.is_empty() {
                        until = until.min(Instant::now() + SETTLE);
                    }
                    // The first way by which a stream answers is the shortest.
                    found.entry(new.info.uid.clone()).or_insert(new);
                }
                Some(Err(error)) => report(from, &error),
                None => {}
            }
        }
        found.into_values().collect()
    }

    async fn send(&self, query: &str, query_id: &str) {
        for (socket, v4) in [(Some(&self.v4), true), (self.v6.as_ref(), false)] {
            let Some(socket) = socket else { continue };
            let Ok(local) = socket.local_addr() else { continue };
            let question = ShortInfoRequest { query, return_port: local.port(), query_id }.to_bytes();
            for address in self.unicast.iter().filter(|address| address.is_ipv4() == v4) {
                // Hosts that are off are no error of ours.
                let _ = socket.send_to(&question, address).await;
            }
            for interface in self.interfaces.iter().filter(|_| v4) {
                if let Err(error) = SockRef::from(socket).set_multicast_if_v4(interface) {
                    tracing::warn!(%interface, %error, "cannot ask for LSL streams through this interface");
                    continue;
                }
                for group in GROUPS.into_iter().chain([Ipv4Addr::BROADCAST]) {
                    let _ = socket.send_to(&question, (group, MULTICAST_PORT)).await;
                }
            }
        }
    }
}

async fn hear(socket: Option<&UdpSocket>, packet: &mut [u8]) -> std::io::Result<(usize, SocketAddr)> {
    match socket {
        Some(socket) => socket.recv_from(packet).await,
        None => std::future::pending().await,
    }
}

/// A socket of our own for questions and their answers: on one of LSL's ports, which firewalls are
/// told to let pass, the highest that is free, as streams take the lowest; else on any.
async fn bind(ip: IpAddr) -> std::io::Result<UdpSocket> {
    for port in SERVICE_PORTS.rev().take(8) {
        if let Ok(socket) = UdpSocket::bind((ip, port)).await {
            return Ok(socket);
        }
    }
    UdpSocket::bind((ip, 0)).await
}

fn report(from: SocketAddr, error: &WireError) {
    tracing::debug!(%from, %error, "an LSL stream answered with a description that cannot be read");
}
