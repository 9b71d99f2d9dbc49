//! BrainVision Recorder's remote data access (RDA): the recorder serves its samples by TCP while it
//! monitors or records.
//!
//! The recorder describes its stream in a start message when the monitoring begins, or upon connecting where
//! it has begun. Each block of samples is numbered; numbers that are missing are blocks that the recorder
//! dropped because the connection was too slow.
//!
//! A start message within the stream is always told as [`Incoming::Layout`], even where it describes the
//! same channels: what follows it does not join what came before, and nobody knows how much lies between.

pub mod wire;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{timeout, timeout_at};

use super::live::{Incoming, LiveChannel, LiveError, LiveLayout, LiveSource, Mark, Received, Waiting};
use wire::{Block, Framed, Kind, RdaWireError, Start, Width};

/// The recorder's port for 32-bit floats.
pub const FLOAT_PORT: u16 = 51244;

/// The recorder's port for 16-bit integers.
pub const INT16_PORT: u16 = 51234;

/// A machine that takes longer to answer is not there.
const CONNECTED_WITHIN: Duration = Duration::from_secs(5);

/// How long a connected recorder is waited for to begin monitoring; then the caller may try again.
const STARTED_WITHIN: Duration = Duration::from_secs(20);

/// A recorder sends blocks many times a second, and keep-alives while it sends none; one that is silent for
/// this long is gone.
const SILENT_AT_MOST: Duration = Duration::from_secs(10);

/// The signal that the block counter may count as lost beyond what the clock leaves room for, in seconds.
const LOST_AT_ONCE_S: f64 = 60.0;

/// Room for what arrives at once.
const READ_AT_ONCE: usize = 64 << 10;

/// Most markers of blocks without samples that are kept for the next block.
const MOST_HELD: usize = 256;

/// Where a recorder listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RdaConfig {
    /// The name or address of the recorder's machine.
    pub host: String,
    /// [`FLOAT_PORT`] (51244) for floats, [`INT16_PORT`] (51234) for 16-bit integers. What arrives is read
    /// as what it says it is, on whatever port.
    #[serde(default = "float_port")]
    pub port: u16,
}

fn float_port() -> u16 {
    FLOAT_PORT
}

/// A recorder's stream, read live.
#[derive(Debug)]
pub struct RdaSource {
    config: RdaConfig,
    connected: Option<Connected>,
}

/// A recorder whose stream has been described.
#[derive(Debug)]
struct Connected {
    peer: Peer,
    start: Start,
    /// Number of the block before, unless the next one is the first.
    last: Option<u32>,
    /// Points of the last block that had some: those that are missing had as many.
    points: usize,
    /// Markers and missing samples that were told by blocks without samples.
    held: Vec<Mark>,
    lost: u64,
    /// How many seconds of signal may be missing: so long nothing came, and [`LOST_AT_ONCE_S`].
    room_s: f64,
    /// When the block before came.
    came: Instant,
}

/// The other end, and what came from it.
#[derive(Debug)]
struct Peer {
    address: String,
    stream: TcpStream,
    /// What came and is not read yet. It outlives a [`LiveSource::receive`] that is given up.
    bytes: Vec<u8>,
    /// When the last of `bytes` came.
    heard: Instant,
    /// Whether it has started, and is gone when it is silent. Before, some recorders say nothing.
    started: bool,
}

/// A message of the recorder, decoded as far as it can be without knowing the stream.
enum Message {
    Start(Start),
    Data(Width, Vec<u8>),
    Stop,
    Other,
}

impl RdaSource {
    /// Reads the recorder that `config` names. Nothing is asked before [`LiveSource::connect`].
    pub fn new(config: RdaConfig) -> RdaSource {
        RdaSource { config, connected: None }
    }

    fn address(&self) -> String {
        format!("{}:{}", self.config.host, self.config.port)
    }

    async fn open(&mut self) -> Result<LiveLayout, LiveError> {
        self.connected = None;
        let mut peer = Peer::reach(self.address()).await?;
        let mut messages = 0u64;
        let started = timeout(STARTED_WITHIN, async {
            loop {
                // Without the description nothing else can be read.
                if let Message::Start(start) = peer.message().await? {
                    return Ok::<Start, LiveError>(start);
                }
                messages += 1;
            }
        });
        let Ok(started) = started.await else {
            return Err(LiveError::NotFound {
                wanted: format!("a description from RDA {}", self.address()),
                waited_s: STARTED_WITHIN.as_secs_f64(),
                seen: format!("{messages} other messages came: start the monitoring in the recorder"),
            });
        };
        let start = started?;
        peer.started = true;
        let layout = layout(&peer.address, &start);
        self.connected = Some(Connected {
            came: peer.heard,
            peer,
            start,
            last: None,
            points: 0,
            held: Vec::new(),
            lost: 0,
            room_s: LOST_AT_ONCE_S,
        });
        Ok(layout)
    }
}

impl Connected {
    async fn next(&mut self) -> Result<Incoming, LiveError> {
        loop {
            match self.peer.message().await? {
                Message::Start(start) => {
                    let layout = layout(&self.peer.address, &start);
                    (self.start, self.last, self.points, self.lost) = (start, None, 0, 0);
                    (self.room_s, self.came) = (LOST_AT_ONCE_S, self.peer.heard);
                    self.held.clear();
                    return Ok(Incoming::Layout(layout));
                }
                Message::Data(width, body) => {
                    let block = wire::block(&body, width, &self.start.resolutions_uv);
                    let block = block.map_err(|error| self.peer.malformed(error))?;
                    if let Some(received) = self.received(block)? {
                        return Ok(Incoming::Samples(received));
                    }
                }
                Message::Stop => return Err(self.peer.lost("the recorder stopped")),
                Message::Other => {}
            }
        }
    }

    /// Samples that the counter says are lost were given in some time: where the clock leaves no room for them the
    /// counter began anew, and nobody knows how much is missing. The connection then ends, is made again, and the
    /// clock says how long that took.
    fn make_room(&mut self, points: usize, lost: u64, number: u32) -> Result<(), LiveError> {
        let seconds = |points: f64| points / self.start.rate_hz;
        let passed_s = self.peer.heard.saturating_duration_since(self.came).as_secs_f64();
        self.came = self.peer.heard;
        // What came used its own time; a recorder whose clock is a little fast uses up no more than that.
        let room_s = (self.room_s + passed_s - seconds(points as f64)).max(self.room_s.min(LOST_AT_ONCE_S));
        let lost_s = seconds(lost as f64);
        if lost_s > room_s {
            let last = self.last.unwrap_or_default();
            let what =
                format!("block {number} after block {last}: {lost_s:.0} s of signal in {passed_s:.1} s");
            return Err(self.peer.malformed(RdaWireError { what, expected: "a block counter that goes on" }));
        }
        self.room_s = room_s - lost_s;
        Ok(())
    }

    /// What a block brings; nothing yet where it has no samples.
    fn received(&mut self, block: Block) -> Result<Option<Received>, LiveError> {
        let missing = match self.last {
            // The counter wraps; what lies more than half of its range ahead lies behind.
            Some(last) => {
                block.number.wrapping_sub(last).checked_sub(1).filter(|missing| *missing < u32::MAX / 2)
            }
            None => Some(0),
        };
        let Some(missing) = missing else {
            let what = format!("block {} after block {}", block.number, self.last.unwrap_or_default());
            return Err(self.peer.malformed(RdaWireError { what, expected: "a block counter that goes on" }));
        };
        let points = if self.points == 0 { block.points } else { self.points };
        let lost = u64::from(missing).saturating_mul(points as u64);
        self.make_room(block.points, lost, block.number)?;
        self.last = Some(block.number);
        self.lost = self.lost.saturating_add(lost);
        let marks = block.markers.into_iter().map(|marker| Mark {
            frame: usize::try_from(marker.position).unwrap_or(0).min(block.points.saturating_sub(1)),
            text: match (marker.kind.as_str(), marker.description.as_str()) {
                (one, "") | ("", one) => one.to_string(),
                (kind, description) => format!("{kind}: {description}"),
            },
        });
        if block.points == 0 {
            let room = MOST_HELD - self.held.len();
            self.held.extend(marks.take(room));
            return Ok(None);
        }
        self.points = block.points;
        let mut all = std::mem::take(&mut self.held);
        all.extend(marks);
        Ok(Some(Received {
            values: block.values_uv,
            lost_before: std::mem::take(&mut self.lost),
            taken_at_s: None,
            arrived: self.peer.heard,
            marks: all,
        }))
    }
}

impl Peer {
    async fn reach(address: String) -> Result<Peer, LiveError> {
        let connected = timeout(CONNECTED_WITHIN, TcpStream::connect(&address)).await;
        match connected.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())) {
            Ok(stream) => {
                Ok(Peer { address, stream, bytes: Vec::new(), heard: Instant::now(), started: false })
            }
            Err(source) => Err(LiveError::Unreachable { address, source }),
        }
    }

    /// The next message. May be given up and called again without losing any.
    async fn message(&mut self) -> Result<Message, LiveError> {
        loop {
            let framed = wire::framed(&self.bytes).map_err(|error| self.malformed(error))?;
            if let Framed::Whole { kind, body, size } = framed {
                let message = match kind {
                    Kind::Start => {
                        wire::start(body).map(Message::Start).map_err(|error| self.malformed(error))?
                    }
                    Kind::Data(width) => Message::Data(width, body.to_vec()),
                    Kind::Stop => Message::Stop,
                    Kind::Other(_) => Message::Other,
                };
                self.bytes.drain(..size);
                return Ok(message);
            }
            self.hear().await?;
        }
    }

    /// Reads what is there. The bytes grow as they come, not as a size claims.
    async fn hear(&mut self) -> Result<(), LiveError> {
        self.bytes.reserve(READ_AT_ONCE);
        let read = self.stream.read_buf(&mut self.bytes);
        let read = match self.started {
            true => timeout_at((self.heard + SILENT_AT_MOST).into(), read).await,
            false => Ok(read.await),
        };
        match read {
            Err(_) => Err(self.lost(format!("nothing came for {} s", SILENT_AT_MOST.as_secs()))),
            Ok(Err(error)) => Err(self.lost(error.to_string())),
            Ok(Ok(0)) if self.bytes.is_empty() => Err(self.lost("the recorder closed it")),
            Ok(Ok(0)) => {
                Err(self.lost(format!("closed within a message, after {} bytes of it", self.bytes.len())))
            }
            Ok(Ok(_)) => {
                self.heard = Instant::now();
                Ok(())
            }
        }
    }

    fn lost(&self, reason: impl Into<String>) -> LiveError {
        LiveError::Lost { address: self.address.clone(), reason: reason.into() }
    }

    fn malformed(&self, RdaWireError { what, expected }: RdaWireError) -> LiveError {
        LiveError::Malformed { address: self.address.clone(), what, expected: expected.into() }
    }
}

impl LiveSource for RdaSource {
    fn describe(&self) -> String {
        format!("RDA {}", self.address())
    }

    fn connect(&mut self) -> Waiting<'_, LiveLayout> {
        Box::pin(self.open())
    }

    fn receive(&mut self) -> Waiting<'_, Incoming> {
        Box::pin(async move {
            let Some(connected) = &mut self.connected else {
                return Err(LiveError::Lost {
                    address: self.address(),
                    reason: "it is not connected".into(),
                });
            };
            let came = connected.next().await;
            if came.is_err() {
                self.connected = None;
            }
            came
        })
    }
}

fn layout(address: &str, start: &Start) -> LiveLayout {
    let channel = |name: &String| LiveChannel {
        label: Some(name.clone()).filter(|name| !name.is_empty()),
        unit: Some("uV".into()),
        rails: None,
    };
    LiveLayout {
        stream: format!("RDA {address}"),
        rate_hz: start.rate_hz,
        channels: start.names.iter().map(channel).collect(),
    }
}
