//! Serves streams of 4-byte floats to any LSL reader: for load tests, and for demonstrations without
//! an amplifier.
//!
//! All streams share one UDP port for time and searches. Each has a TCP port of its own, for the
//! request for a description (`LSL:fullinfo`) does not say of which stream.

use std::hash::{BuildHasher, RandomState};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use thiserror::Error;
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::JoinSet;

use super::discovery::{GROUPS, MULTICAST_PORT, SERVICE_PORTS};
use super::info::StreamInfo;
use super::outlet_feed::{Served, accept};
use super::query::{ShortInfoRequest, matches, reply};
use super::sample::{SampleFormat, encode_chunk};
use super::time::{TimeRequest, local_clock_s};
use crate::source::live::{LiveChannel, MAX_CHANNELS};

/// A stream to serve.
#[derive(Debug, Clone, PartialEq)]
pub struct OutletStream {
    /// Its name.
    pub name: String,
    /// Its type, such as "EEG".
    pub type_: String,
    /// What stays the same when it is served anew.
    pub source_id: String,
    /// A label for each channel.
    pub labels: Vec<String>,
    /// A unit for each channel, such as "microvolts"; or none at all.
    pub units: Vec<String>,
    /// Samples per second.
    pub rate_hz: f64,
}

/// Streams that cannot be served.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OutletError {
    /// No socket.
    #[error("{address}: cannot listen: {source}")]
    Listen {
        /// Where.
        address: IpAddr,
        /// The system's own words.
        source: std::io::Error,
    },
    /// A stream that no reader could use.
    #[error("LSL stream {name:?}: {reason}")]
    Stream {
        /// Its name.
        name: String,
        /// Why not.
        reason: &'static str,
    },
    /// No such stream.
    #[error("there is no stream {stream}; the outlet has {streams}, counted from 0")]
    Missing {
        /// Asked for.
        stream: usize,
        /// How many there are.
        streams: usize,
    },
    /// Values that are no whole frames.
    #[error("{values} values for {channels} channels; expected whole frames")]
    Frames {
        /// How many came.
        values: usize,
        /// The stream's channels.
        channels: usize,
    },
}

/// Streams that are being served, until this is dropped.
#[derive(Debug)]
pub struct Outlet {
    streams: Vec<Arc<Served>>,
    service: SocketAddr,
    /// Stops what runs when it is dropped.
    _tasks: JoinSet<()>,
}

impl Outlet {
    /// Serves `streams` at `address`. Called within a tokio runtime.
    ///
    /// # Errors
    /// [`OutletError::Stream`] for a stream without name, channels or rate, or with units for other
    /// channels than it has; [`OutletError::Listen`] where there is no port.
    pub async fn bind(address: IpAddr, streams: Vec<OutletStream>) -> Result<Outlet, OutletError> {
        let refused = |source| OutletError::Listen { address, source };
        let service = service_socket(address).await.map_err(refused)?;
        let service_address = service.local_addr().map_err(refused)?;
        let mut tasks = JoinSet::new();
        let mut served = Vec::new();
        for stream in streams {
            let listener = TcpListener::bind((address, 0)).await.map_err(refused)?;
            let data = listener.local_addr().map_err(refused)?;
            let stream = Arc::new(Served::new(describe(stream, data, service_address)?));
            tasks.spawn(accept(listener, Arc::clone(&stream)));
            served.push(stream);
        }
        let service = Arc::new(service);
        tasks.spawn(answer(Arc::clone(&service), Arc::clone(&service), served.clone(), true));
        if let IpAddr::V4(interface) = address {
            match group_socket(interface) {
                Ok(group) => {
                    tasks.spawn(answer(Arc::new(group), service, served.clone(), false));
                }
                Err(error) => tracing::warn!(%error, "LSL streams are not found by multicast"),
            }
        }
        Ok(Outlet { streams: served, service: service_address, _tasks: tasks })
    }

    /// The UDP address that answers searches and clock probes.
    pub fn service(&self) -> SocketAddr {
        self.service
    }

    /// The TCP address of a stream's data.
    ///
    /// # Errors
    /// [`OutletError::Missing`].
    pub fn data(&self, stream: usize) -> Result<SocketAddr, OutletError> {
        let info = &self.served(stream)?.info;
        Ok(SocketAddr::new(self.service.ip(), info.v4_data_port.max(info.v6_data_port)))
    }

    /// Gives frames to all readers of a stream (counted from 0): frame after frame, one value per
    /// channel. The last was taken now.
    ///
    /// # Errors
    /// [`OutletError::Missing`] and [`OutletError::Frames`].
    pub fn push(&self, stream: usize, frames: &[f32]) -> Result<(), OutletError> {
        let info = &self.served(stream)?.info;
        let later = (frames.len() / info.channel_count).saturating_sub(1) as f64;
        self.push_stamped(stream, frames, local_clock_s() - later / info.rate_hz)
    }

    /// As [`Outlet::push`], with the time of the first frame in seconds of
    /// [`local_clock_s`](super::time::local_clock_s).
    ///
    /// # Errors
    /// [`OutletError::Missing`] and [`OutletError::Frames`].
    pub fn push_stamped(&self, stream: usize, frames: &[f32], first_stamp_s: f64) -> Result<(), OutletError> {
        let served = self.served(stream)?;
        let channels = served.info.channel_count;
        if !frames.len().is_multiple_of(channels) {
            return Err(OutletError::Frames { values: frames.len(), channels });
        }
        if !frames.is_empty() {
            let chunk: Arc<[u8]> = encode_chunk(frames, channels, first_stamp_s).into();
            served.give(&chunk, (frames.len() / channels) as u64);
        }
        Ok(())
    }

    /// How many readers a stream has.
    ///
    /// # Errors
    /// [`OutletError::Missing`].
    pub fn readers(&self, stream: usize) -> Result<usize, OutletError> {
        Ok(self.served(stream)?.readers())
    }

    /// Frames that readers of a stream did not get, for they were too slow; counted for each reader.
    ///
    /// # Errors
    /// [`OutletError::Missing`].
    pub fn dropped(&self, stream: usize) -> Result<u64, OutletError> {
        Ok(self.served(stream)?.dropped())
    }

    fn served(&self, stream: usize) -> Result<&Served, OutletError> {
        let missing = OutletError::Missing { stream, streams: self.streams.len() };
        self.streams.get(stream).map(Arc::as_ref).ok_or(missing)
    }
}

/// What the stream says of itself.
fn describe(stream: OutletStream, data: SocketAddr, service: SocketAddr) -> Result<StreamInfo, OutletError> {
    let channel_count = stream.labels.len();
    let reason = if stream.name.trim().is_empty() {
        "it has no name"
    } else if channel_count == 0 || channel_count > MAX_CHANNELS {
        "it has no channels, or too many"
    } else if !(stream.rate_hz > 0.0 && stream.rate_hz <= 1e6) {
        "its rate is not between 0 and 1,000,000 Hz"
    } else if !stream.units.is_empty() && stream.units.len() != channel_count {
        "it has units for another number of channels than it has labels for"
    } else {
        ""
    };
    if !reason.is_empty() {
        return Err(OutletError::Stream { name: stream.name, reason });
    }
    let mut units = stream.units.into_iter();
    let channels = stream
        .labels
        .into_iter()
        .map(|label| LiveChannel { label: Some(label), unit: units.next(), rails: None })
        .collect();
    let (v4, v6) = if data.is_ipv4() { (1, 0) } else { (0, 1) };
    Ok(StreamInfo {
        name: stream.name,
        stream_type: stream.type_,
        channel_count,
        format: SampleFormat::Float32,
        source_id: stream.source_id,
        rate_hz: stream.rate_hz,
        version: 110,
        created_at_s: local_clock_s(),
        uid: fresh_uid(),
        session_id: "default".into(),
        hostname: hostname(),
        v4_data_port: v4 * data.port(),
        v4_service_port: v4 * service.port(),
        v6_data_port: v6 * data.port(),
        v6_service_port: v6 * service.port(),
        channels,
        misdescribed: None,
    })
}

/// A name that no other start of a stream has, in the form of a random UUID.
fn fresh_uid() -> String {
    // The system's randomness, with which every map is keyed anew.
    let random = RandomState::new();
    let (high, low) = (random.hash_one(std::process::id()), random.hash_one(std::time::Instant::now()));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff
    )
}

fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    if name.trim().is_empty() { "localhost".into() } else { name.trim().to_owned() }
}

/// The socket for time and searches: on the lowest free port of those that are asked one by one.
async fn service_socket(address: IpAddr) -> std::io::Result<UdpSocket> {
    for port in SERVICE_PORTS {
        if let Ok(socket) = UdpSocket::bind((address, port)).await {
            return Ok(socket);
        }
    }
    UdpSocket::bind((address, 0)).await
}

/// The socket for questions to everybody, which all streams of a machine share.
fn group_socket(interface: Ipv4Addr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, MULTICAST_PORT)).into())?;
    for group in GROUPS {
        socket.join_multicast_v4(&group, &interface)?;
    }
    UdpSocket::from_std(socket.into())
}

/// Answers searches, and clock probes where this is the port for them.
async fn answer(ear: Arc<UdpSocket>, mouth: Arc<UdpSocket>, streams: Vec<Arc<Served>>, time: bool) {
    let mut packet = vec![0; 65_536];
    loop {
        let (packet, from) = match ear.recv_from(&mut packet).await {
            Ok((length, from)) => (&packet[..length], from),
            // The system's report that a reader is gone; where it is worse, no reason to spin.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(1)).await;
                continue;
            }
        };
        let received_s = local_clock_s();
        if let Ok(request) = ShortInfoRequest::parse(packet) {
            let to = SocketAddr::new(from.ip(), request.return_port);
            for stream in streams.iter().filter(|stream| matches(request.query, &stream.info)) {
                let _ = mouth.send_to(&reply(request.query_id, &stream.info), to).await;
            }
        } else if time && let Ok(request) = TimeRequest::parse(packet) {
            let _ = mouth.send_to(&request.answer(received_s, local_clock_s()), from).await;
        }
    }
}
