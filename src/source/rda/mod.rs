//! BrainVision Recorder's remote data access (RDA).

pub mod wire;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::live::{Incoming, LiveChannel, LiveError, LiveLayout, LiveSource, Mark, Received, Waiting};
use wire::{HEAD, Start, Wrong};

/// The recorder's port for 32-bit floats; 51234 is the one for 16-bit integers.
pub const FLOAT_PORT: u16 = 51244;

/// How long to wait for the recorder's description of its stream: it comes when the monitoring begins.
const STARTED_WITHIN: Duration = Duration::from_secs(20);

/// Where a recorder listens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RdaConfig {
    /// Its name or address.
    pub host: String,
    /// 51244 for floats, 51234 for 16-bit integers.
    #[serde(default = "float_port")]
    pub port: u16,
}

fn float_port() -> u16 {
    FLOAT_PORT
}

/// A recorder's stream.
pub struct RdaSource {
    config: RdaConfig,
    connected: Option<Connected>,
}

struct Connected {
    stream: TcpStream,
    start: Start,
    /// Number and length of the block before.
    last: Option<(u32, usize)>,
}

/// A message of the recorder.
enum Message {
    Start(Start),
    Data { wide: bool, body: Vec<u8> },
    Stop,
    Other,
}

impl RdaSource {
    /// A recorder that is not connected yet.
    pub fn new(config: RdaConfig) -> RdaSource {
        RdaSource { config, connected: None }
    }

    fn address(&self) -> String {
        format!("{}:{}", self.config.host, self.config.port)
    }

    async fn open(&mut self) -> Result<LiveLayout, LiveError> {
        self.connected = None;
        let address = self.address();
        let mut stream = TcpStream::connect(&address)
            .await
            .map_err(|source| LiveError::Unreachable { address: address.clone(), source })?;
        let started = tokio::time::timeout(STARTED_WITHIN, async {
            loop {
                // What comes before the description cannot be read without it.
                if let Message::Start(start) = message(&mut stream, &address).await? {
                    return Ok::<Start, LiveError>(start);
                }
            }
        });
        let start = started.await.map_err(|_| LiveError::Lost {
            address: address.clone(),
            reason: format!("no description of the stream within {} s; is the recorder monitoring?", STARTED_WITHIN.as_secs()),
        })??;
        let layout = self.layout(&start);
        self.connected = Some(Connected { stream, start, last: None });
        Ok(layout)
    }

    fn layout(&self, start: &Start) -> LiveLayout {
        let channel = |name: &String| LiveChannel {
            label: Some(name.clone()),
            unit: Some("uV".into()),
            rails: None,
        };
        LiveLayout {
            stream: format!("RDA {}", self.address()),
            rate_hz: start.rate_hz,
            channels: start.names.iter().map(channel).collect(),
        }
    }

    async fn next(&mut self) -> Result<Incoming, LiveError> {
        let address = self.address();
        loop {
            let Some(connected) = &mut self.connected else {
                return Err(LiveError::Lost { address, reason: "not connected".into() });
            };
            match message(&mut connected.stream, &address).await? {
                Message::Start(start) => {
                    // The description comes again with every start of the monitoring.
                    let another = start != connected.start;
                    connected.last = None;
                    connected.start = start.clone();
                    if another {
                        return Ok(Incoming::Layout(self.layout(&start)));
                    }
                }
                Message::Data { wide, body } => {
                    let arrived = Instant::now();
                    let block = wire::block(&body, wide, &connected.start.resolutions)
                        .map_err(|wrong| malformed(&address, wrong))?;
                    let lost_before = connected.last.map_or(0, |(number, points)| {
                        let missing = block.number.wrapping_sub(number).wrapping_sub(1);
                        // A counter that goes back began anew.
                        if missing > u32::MAX / 2 { 0 } else { u64::from(missing) * points as u64 }
                    });
                    connected.last = Some((block.number, block.points));
                    let mark = |(frame, text)| Mark { frame, text };
                    return Ok(Incoming::Samples(Received {
                        values: block.values,
                        lost_before,
                        taken_at_s: None,
                        arrived,
                        marks: block.markers.into_iter().map(mark).collect(),
                    }));
                }
                Message::Stop => {
                    return Err(LiveError::Lost { address, reason: "the recorder stopped monitoring".into() });
                }
                Message::Other => {}
            }
        }
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
        Box::pin(async {
            let came = self.next().await;
            if came.is_err() {
                self.connected = None;
            }
            came
        })
    }
}

async fn message(stream: &mut TcpStream, address: &str) -> Result<Message, LiveError> {
    let lost = |error: std::io::Error| LiveError::Lost { address: address.to_string(), reason: error.to_string() };
    let mut head = [0; HEAD];
    stream.read_exact(&mut head).await.map_err(lost)?;
    let head = wire::head(&head).map_err(|wrong| malformed(address, wrong))?;
    // Grows as bytes arrive, not as a size claims.
    let mut body = Vec::new();
    let read = tokio::io::AsyncReadExt::take(stream, head.body as u64).read_to_end(&mut body).await.map_err(lost)?;
    if read < head.body {
        let reason = format!("closed within a message, after {read} of {} bytes", head.body);
        return Err(LiveError::Lost { address: address.to_string(), reason });
    }
    match head.kind {
        1 => wire::start(&body).map(Message::Start).map_err(|wrong| malformed(address, wrong)),
        2 | 4 => Ok(Message::Data { wide: head.kind == 4, body }),
        3 => Ok(Message::Stop),
        _ => Ok(Message::Other),
    }
}

fn malformed(address: &str, (what, expected): Wrong) -> LiveError {
    LiveError::Malformed { address: address.to_string(), what, expected: expected.to_string() }
}
