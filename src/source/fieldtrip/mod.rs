//! The FieldTrip buffer: bridges to it exist for most amplifiers.

pub mod wire;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::live::{Incoming, LiveChannel, LiveError, LiveLayout, LiveSource, Mark, Received, Waiting};
use wire::{Header, Wrong};

/// The buffer is asked to answer at the latest after this long, samples or none.
const ASKED_MS: u32 = 500;

/// An answer that takes longer does not come.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// Seconds of samples that are fetched at once.
const AT_ONCE_S: f64 = 4.0;

/// Events that are fetched at once.
const EVENTS_AT_ONCE: u32 = 256;

/// Where a buffer listens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldTripConfig {
    /// Its name or address.
    pub host: String,
    /// Its port.
    #[serde(default = "port")]
    pub port: u16,
}

fn port() -> u16 {
    1972
}

/// A buffer's stream, from the moment of connecting on.
pub struct FieldTripSource {
    config: FieldTripConfig,
    connected: Option<Connected>,
}

struct Connected {
    stream: TcpStream,
    header: Header,
    /// The buffer's number of the next sample and event.
    next_sample: u32,
    next_event: u32,
}

impl FieldTripSource {
    /// A buffer that is not connected yet.
    pub fn new(config: FieldTripConfig) -> FieldTripSource {
        FieldTripSource { config, connected: None }
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
        let header = header(&mut stream, &address).await?;
        let layout = layout(&address, &header);
        let (next_sample, next_event) = (header.samples, header.events);
        self.connected = Some(Connected { stream, header, next_sample, next_event });
        Ok(layout)
    }

    async fn next(&mut self) -> Result<Incoming, LiveError> {
        let address = self.address();
        let Some(at) = &mut self.connected else {
            return Err(LiveError::Lost { address, reason: "not connected".into() });
        };
        loop {
            let numbers = [at.next_sample, at.next_event, ASKED_MS];
            let (head, body) = ask(&mut at.stream, &address, wire::WAIT_DAT, &numbers).await?;
            if head.command != wire::WAIT_OK {
                return Err(unexpected(&address, head.command));
            }
            let (samples, events) = wire::waited(&body, head.order).map_err(|wrong| malformed(&address, wrong))?;
            let there = samples.wrapping_sub(at.next_sample);
            if there > u32::MAX / 2 {
                // Fewer samples than before: the buffer was filled anew.
                let header = header(&mut at.stream, &address).await?;
                (at.next_sample, at.next_event) = (0, 0);
                let another = layout(&address, &header);
                let before = layout(&address, &at.header);
                at.header = header;
                if another != before {
                    return Ok(Incoming::Layout(another));
                }
                continue;
            }
            if there == 0 {
                at.next_event = events;
                continue;
            }
            let most = (AT_ONCE_S * at.header.rate_hz).ceil().max(1.0) as u32;
            let mut lost_before = 0;
            let mut count = there.min(most);
            loop {
                let range = [at.next_sample, at.next_sample.wrapping_add(count - 1)];
                let (head, body) = ask(&mut at.stream, &address, wire::GET_DAT, &range).await?;
                match head.command {
                    wire::GET_OK => {
                        let arrived = Instant::now();
                        let values = wire::data(&body, head.order, at.header.channels, &at.header.resolutions)
                            .map_err(|wrong| malformed(&address, wrong))?;
                        let first = at.next_sample;
                        at.next_sample = at.next_sample.wrapping_add((values.len() / at.header.channels) as u32);
                        let marks = marks(at, &address, events, first).await?;
                        let taken_at_s = None;
                        return Ok(Incoming::Samples(Received { values, lost_before, taken_at_s, arrived, marks }));
                    }
                    // The ring was written over before it was read: on with its newest part.
                    wire::GET_ERR if lost_before == 0 && there > 1 => {
                        count = there.min(most).div_ceil(2);
                        lost_before = u64::from(there - count);
                        at.next_sample = at.next_sample.wrapping_add(there - count);
                    }
                    other => return Err(unexpected(&address, other)),
                }
            }
        }
    }
}

/// The events that came since the last ones, as marks of the message that begins with sample `first`.
async fn marks(at: &mut Connected, address: &str, events: u32, first: u32) -> Result<Vec<Mark>, LiveError> {
    let new = events.wrapping_sub(at.next_event);
    if new == 0 || new > u32::MAX / 2 {
        at.next_event = events;
        return Ok(Vec::new());
    }
    let begin = events.wrapping_sub(new.min(EVENTS_AT_ONCE));
    let range = [begin, events.wrapping_sub(1)];
    at.next_event = events;
    let (head, body) = ask(&mut at.stream, address, wire::GET_EVT, &range).await?;
    if head.command != wire::GET_OK {
        // Events are kept in a ring of their own; the signal is not the worse for it.
        return Ok(Vec::new());
    }
    let events = wire::events(&body, head.order).map_err(|wrong| malformed(address, wrong))?;
    let frame = |sample: i64| (sample - i64::from(first)).max(0) as usize;
    Ok(events.into_iter().map(|event| Mark { frame: frame(event.sample), text: event.text }).collect())
}

impl LiveSource for FieldTripSource {
    fn describe(&self) -> String {
        format!("FieldTrip buffer {}", self.address())
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

fn layout(address: &str, header: &Header) -> LiveLayout {
    let channels = (0..header.channels)
        .map(|channel| LiveChannel { label: header.names.get(channel).cloned(), unit: None, rails: None })
        .collect();
    LiveLayout { stream: format!("FieldTrip buffer {address}"), rate_hz: header.rate_hz, channels }
}

async fn header(stream: &mut TcpStream, address: &str) -> Result<Header, LiveError> {
    let (head, body) = ask(stream, address, wire::GET_HDR, &[]).await?;
    if head.command == wire::GET_ERR {
        let reason = "the buffer holds no header yet; is the amplifier's bridge running?".to_string();
        return Err(LiveError::Unsuitable { stream: format!("FieldTrip buffer {address}"), reason });
    }
    if head.command != wire::GET_OK {
        return Err(unexpected(address, head.command));
    }
    wire::header(&body, head.order).map_err(|wrong| malformed(address, wrong))
}

async fn ask(
    stream: &mut TcpStream,
    address: &str,
    command: u16,
    numbers: &[u32],
) -> Result<(wire::Head, Vec<u8>), LiveError> {
    let lost = |reason: String| LiveError::Lost { address: address.to_string(), reason };
    let answered = tokio::time::timeout(ANSWERED_WITHIN, async {
        stream.write_all(&wire::request(command, numbers)).await.map_err(|error| lost(error.to_string()))?;
        let mut head = [0; wire::HEAD];
        stream.read_exact(&mut head).await.map_err(|error| lost(error.to_string()))?;
        let head = wire::head(&head).map_err(|wrong| malformed(address, wrong))?;
        // Grows as bytes arrive, not as a size claims.
        let mut body = Vec::new();
        let read = AsyncReadExt::take(&mut *stream, head.body as u64)
            .read_to_end(&mut body)
            .await
            .map_err(|error| lost(error.to_string()))?;
        if read < head.body {
            return Err(lost(format!("closed within a reply, after {read} of {} bytes", head.body)));
        }
        Ok((head, body))
    });
    answered.await.map_err(|_| lost(format!("no answer within {} s", ANSWERED_WITHIN.as_secs())))?
}

fn unexpected(address: &str, command: u16) -> LiveError {
    let what = format!("answer {command:#05x}");
    LiveError::Malformed { address: address.to_string(), what, expected: "the answer to what was asked".into() }
}

fn malformed(address: &str, (what, expected): Wrong) -> LiveError {
    LiveError::Malformed { address: address.to_string(), what, expected: expected.to_string() }
}
