//! The FieldTrip buffer: a hub that a bridge fills with an amplifier's samples and that others read. Bridges
//! exist for most amplifiers.
//!
//! The buffer numbers its samples and keeps the newest ones in a ring. What was overwritten before it could
//! be read is counted exactly, by the numbers. A buffer that is filled anew starts again at 0; that is told as
//! [`Incoming::Layout`], even where the channels are the same, and so is a changed header.
//!
//! A buffer tells no units. With resolutions in its header the values are microvolts; without them they are
//! as the bridge put them in, and [`LiveChannel::unit`] is absent.
//!
//! The numbers have 32 bits: at 1,000 Hz they are used up after 49 days, and a stream that runs on starts
//! anew here.

mod connection;
pub mod event;
pub mod header;
mod ring;
pub mod wire;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};

use super::live::{Incoming, LiveChannel, LiveError, LiveLayout, LiveSource, Waiting};
use connection::Connection;
use header::{Header, Stream};
use ring::Ring;

/// The port of a buffer.
pub const PORT: u16 = 1972;

/// How long a buffer that answers is waited for to get a header; then the caller may try again.
const HEADER_WITHIN: Duration = Duration::from_secs(20);

/// How often it is asked for one meanwhile.
const HEADER_EVERY: Duration = Duration::from_millis(200);

/// Where a buffer listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldTripConfig {
    /// The name or address of the buffer's machine.
    pub host: String,
    /// Its port, by default [`PORT`] (1972).
    #[serde(default = "port")]
    pub port: u16,
}

fn port() -> u16 {
    PORT
}

/// A buffer's stream, from the moment of connecting on.
#[derive(Debug)]
pub struct FieldTripSource {
    config: FieldTripConfig,
    ring: Option<Ring>,
}

impl FieldTripSource {
    /// Reads the buffer that `config` names. Nothing is asked before [`LiveSource::connect`].
    pub fn new(config: FieldTripConfig) -> FieldTripSource {
        FieldTripSource { config, ring: None }
    }

    fn address(&self) -> String {
        format!("{}:{}", self.config.host, self.config.port)
    }

    async fn open(&mut self) -> Result<LiveLayout, LiveError> {
        self.ring = None;
        let mut connection = Connection::reach(self.address()).await?;
        let until = Instant::now() + HEADER_WITHIN;
        let header = loop {
            if let Some(header) = stored(&mut connection).await? {
                break header;
            }
            if Instant::now() >= until {
                return Err(LiveError::NotFound {
                    wanted: format!("a header in the FieldTrip buffer {}", self.address()),
                    waited_s: HEADER_WITHIN.as_secs_f64(),
                    seen: "the buffer answers and is empty: start the bridge that fills it".into(),
                });
            }
            sleep(HEADER_EVERY).await;
        };
        let layout = layout(connection.address(), &header.stream);
        self.ring = Some(Ring::from_now(connection, header));
        Ok(layout)
    }
}

impl LiveSource for FieldTripSource {
    fn describe(&self) -> String {
        format!("FieldTrip buffer {}", self.address())
    }

    fn connect(&mut self) -> Waiting<'_, LiveLayout> {
        Box::pin(self.open())
    }

    fn receive(&mut self) -> Waiting<'_, Incoming> {
        Box::pin(async move {
            let Some(ring) = &mut self.ring else {
                return Err(LiveError::Lost {
                    address: self.address(),
                    reason: "it is not connected".into(),
                });
            };
            let came = ring.next().await;
            if came.is_err() {
                self.ring = None;
            }
            came
        })
    }
}

/// The buffer's header, where it has one.
async fn stored(connection: &mut Connection) -> Result<Option<Header>, LiveError> {
    let reply = connection.ask(wire::GET_HDR, &[]).await?;
    match reply.command {
        wire::GET_ERR => Ok(None),
        wire::GET_OK => {
            let header = header::header(&reply.body, reply.order);
            header.map(Some).map_err(|error| connection.malformed(error))
        }
        _ => Err(connection.unexpected(&reply, "a header, or that there is none")),
    }
}

fn layout(address: &str, stream: &Stream) -> LiveLayout {
    let unit = (!stream.resolutions_uv.is_empty()).then(|| "uV".to_string());
    let label = |channel: usize| stream.names.get(channel).filter(|name| !name.is_empty()).cloned();
    LiveLayout {
        stream: format!("FieldTrip buffer {address}"),
        rate_hz: stream.rate_hz,
        channels: (0..stream.channels)
            .map(|channel| LiveChannel { label: label(channel), unit: unit.clone(), rails: None })
            .collect(),
    }
}
