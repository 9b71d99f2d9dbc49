//! One connection to one stream: description, feed, clock.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::discovery::Found;
use super::feed::{FeedHeader, MAX_HEADER_BYTES, request};
use super::info::{MAX_INFO_BYTES, StreamInfo};
use super::sample::{FeedDecoder, Frames};
use super::time::{ClockWatch, unix_s};
use super::wire::WireError;
use crate::source::live::{LiveChannel, LiveError, LiveLayout, Received};

/// What the sender keeps for a reader that is slow or away from the network for a while.
const SENDER_BUFFER_S: f64 = 360.0;
/// Senders set aside room for as many samples as are asked for.
const MAX_SENDER_SAMPLES: f64 = 4_194_304.0;
/// For each step of a connection: the greeting, the description, the header, the test patterns.
const STEP: Duration = Duration::from_secs(5);
/// How soon the system asks a silent peer whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(5);
const READ_BYTES: usize = 64 << 10;
/// Stamps that are further than this from where the rate puts them begin a new message, so that
/// its time can tell of the gap. Jitter, and the steps of devices that send in blocks, are less.
const STAMP_STEP_S: f64 = 0.1;

/// A connected stream.
#[derive(Debug)]
pub(super) struct Inlet {
    name: String,
    address: String,
    connection: TcpStream,
    decoder: FeedDecoder,
    clock: ClockWatch,
    channels: usize,
    rate_hz: f64,
    buffer: Vec<u8>,
    frames: Frames,
    /// Read and not given away: of one read, no more.
    ready: VecDeque<Received>,
    /// What was wrong with the bytes behind those.
    wrong: Option<LiveError>,
}

impl Inlet {
    /// Connects to what was found.
    ///
    /// # Errors
    /// [`LiveError`]: nobody there, another stream by now, unsuitable, or not of the protocol.
    pub(super) async fn open(found: &Found) -> Result<(Inlet, LiveLayout), LiveError> {
        let name = found.info.name.clone();
        let address = found.data().to_string();
        let wrong = |error: WireError| error.of(&name, &address);
        found.info.check_usable().map_err(wrong)?;
        let info = describe(found.data(), &name).await?;
        info.check_usable().map_err(wrong)?;
        if info.uid != found.info.uid {
            let reason = "the sender serves another stream by now".into();
            return Err(wrong(WireError::Gone { reason }));
        }
        if let Some(described) = info.misdescribed {
            tracing::warn!(
                stream = name,
                channels = info.channel_count,
                described,
                "the LSL stream describes another number of channels than it has; its labels are not used"
            );
        }
        let (rate_hz, channels) = (info.rate_hz, info.channel_count);
        let buffered = (rate_hz * SENDER_BUFFER_S).ceil().clamp(1.0, MAX_SENDER_SAMPLES) as u32;
        let mut connection = connect(found.data()).await?;
        within(&address, "its feed", async {
            connection.write_all(&request(&info, buffered)).await.map_err(|error| lost(&address, &error))
        })
        .await?;
        let (header, rest) = within(&address, "its feed's header", async {
            let mut bytes = Vec::new();
            loop {
                let ended = more(&mut connection, &mut bytes, MAX_HEADER_BYTES * 2)
                    .await
                    .map_err(|error| lost(&address, &error))?;
                if let Some(header) = FeedHeader::parse(&bytes, ended, &info).map_err(wrong)? {
                    let rest = bytes.split_off(header.bytes);
                    return Ok((header, rest));
                }
            }
        })
        .await?;
        let mut decoder = FeedDecoder::new(info.format, header.order, channels, rate_hz).map_err(wrong)?;
        let mut frames = Frames::default();
        decoder.decode(&rest, &mut frames).map_err(wrong)?;
        within(&address, "its test patterns", async {
            let mut bytes = Vec::new();
            while !decoder.is_verified() {
                if more(&mut connection, &mut bytes, READ_BYTES)
                    .await
                    .map_err(|error| lost(&address, &error))?
                {
                    let reason = "the sender closed the connection within the test patterns".into();
                    return Err(wrong(WireError::Gone { reason }));
                }
                decoder.decode(&bytes, &mut frames).map_err(wrong)?;
                bytes.clear();
            }
            Ok(())
        })
        .await?;
        let clock = ClockWatch::start(found.service()).await;
        if clock.correction_s().is_none() {
            tracing::warn!(stream = name, sender = %found.service(),
                "the LSL sender does not answer clock probes; samples are without a time until it does");
        }
        let mut described = info.channels;
        described.resize(channels, LiveChannel::default());
        let layout = LiveLayout { stream: name.clone(), rate_hz, channels: described };
        let mut inlet = Inlet {
            name,
            address,
            connection,
            decoder,
            clock,
            channels,
            rate_hz,
            buffer: vec![0; READ_BYTES],
            frames,
            ready: VecDeque::new(),
            wrong: None,
        };
        // Samples that came with the header.
        inlet.split(Instant::now());
        Ok((inlet, layout))
    }

    /// Waits for frames. Nothing is lost where the future is dropped.
    ///
    /// # Errors
    /// [`LiveError::Lost`] where the connection ends, [`LiveError::Malformed`] where the feed is none.
    pub(super) async fn receive(&mut self) -> Result<Received, LiveError> {
        loop {
            if let Some(received) = self.ready.pop_front() {
                return Ok(received);
            }
            if let Some(error) = self.wrong.take() {
                return Err(error);
            }
            let length = match self.connection.read(&mut self.buffer).await {
                Ok(0) => {
                    let reason = "the sender closed it".into();
                    return Err(WireError::Gone { reason }.of(&self.name, &self.address));
                }
                Ok(length) => length,
                Err(error) => return Err(lost(&self.address, &error)),
            };
            let arrived = Instant::now();
            let decoded = self.decoder.decode(&self.buffer[..length], &mut self.frames);
            self.split(arrived);
            self.wrong = decoded.err().map(|error| error.of(&self.name, &self.address));
        }
    }

    /// Makes messages of the decoded frames, cut where the stamps leave the rate.
    fn split(&mut self, arrived: Instant) {
        let stamps = &self.frames.stamps_s;
        let correction_s = self.clock.correction_s();
        let mut from = 0;
        while let Some(&first) = stamps.get(from) {
            let stays = |&frame: &usize| match (first, stamps[frame]) {
                (Some(first), Some(stamp)) => {
                    let expected = first + (frame - from) as f64 / self.rate_hz;
                    (stamp - expected).abs() < STAMP_STEP_S
                }
                (None, Some(_)) => false,
                (_, None) => true,
            };
            let to = (from + 1..stamps.len()).find(|frame| !stays(frame)).unwrap_or(stamps.len());
            self.ready.push_back(Received {
                values: self.frames.values[from * self.channels..to * self.channels].to_vec(),
                lost_before: 0,
                taken_at_s: first.zip(correction_s).map(|(stamp, correction)| unix_s(stamp + correction)),
                arrived,
                marks: Vec::new(),
            });
            from = to;
        }
        self.frames.values.clear();
        self.frames.stamps_s.clear();
    }
}

/// Asks for the whole description.
async fn describe(address: SocketAddr, name: &str) -> Result<StreamInfo, LiveError> {
    let mut connection = connect(address).await?;
    let address = address.to_string();
    within(&address, "its description", async {
        connection.write_all(b"LSL:fullinfo\r\n").await.map_err(|error| lost(&address, &error))?;
        let mut bytes = Vec::new();
        // The sender closes the connection behind the description.
        while !more(&mut connection, &mut bytes, MAX_INFO_BYTES + 1)
            .await
            .map_err(|error| lost(&address, &error))?
        {
            if bytes.len() > MAX_INFO_BYTES {
                break;
            }
        }
        if bytes.is_empty() {
            let reason = "the sender closed the connection without a description".into();
            return Err(WireError::Gone { reason }.of(name, &address));
        }
        StreamInfo::parse(&bytes).map_err(|error| error.of(name, &address))
    })
    .await
}

async fn connect(address: SocketAddr) -> Result<TcpStream, LiveError> {
    let unreachable = |source| LiveError::Unreachable { address: address.to_string(), source };
    let connection = match timeout(STEP, TcpStream::connect(address)).await {
        Ok(connected) => connected.map_err(unreachable)?,
        Err(_) => return Err(unreachable(std::io::ErrorKind::TimedOut.into())),
    };
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE).with_interval(KEEPALIVE);
    SockRef::from(&connection).set_tcp_keepalive(&keepalive).map_err(unreachable)?;
    connection.set_nodelay(true).map_err(unreachable)?;
    Ok(connection)
}

/// Reads once, up to `most` bytes in all; `true` at the end.
async fn more(connection: &mut TcpStream, into: &mut Vec<u8>, most: usize) -> std::io::Result<bool> {
    let room = most.saturating_sub(into.len()).min(READ_BYTES);
    let before = into.len();
    into.reserve(room.min(4096));
    let length = connection.take(room as u64).read_buf(into).await?;
    Ok(length == 0 || into.len() == before)
}

fn lost(address: &str, error: &std::io::Error) -> LiveError {
    LiveError::Lost { address: address.to_owned(), reason: error.to_string() }
}

/// Does a step of the connection, for as long as such a step may take.
async fn within<T>(
    address: &str,
    step: &str,
    doing: impl Future<Output = Result<T, LiveError>>,
) -> Result<T, LiveError> {
    match timeout(STEP, doing).await {
        Ok(done) => done,
        Err(_) => Err(LiveError::Lost {
            address: address.to_owned(),
            reason: format!("the sender did not send {step} within {} s", STEP.as_secs()),
        }),
    }
}
