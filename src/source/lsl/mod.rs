//! Lab Streaming Layer: amplifiers and their programs announce streams on the network, and serve
//! them to whoever connects.
//!
//! A stream is looked for by UDP ([`query`]), describes itself in XML ([`info`]), serves its
//! samples over TCP ([`feed`], [`sample`]) and answers for its clock by UDP ([`time`]). These
//! modules turn bytes into values and back; none has a socket, but for what [`time`] needs to probe.
//! [`LslSource`] reads one stream; [`Outlet`] serves many.
//!
//! A stream that ends is lost, and looked for again by the next [`LiveSource::connect`]: the sender that
//! starts anew has another uid and other ports, and the same name, type and source id.

mod config;
mod discovery;
pub mod feed;
pub mod info;
mod inlet;
mod outlet;
mod outlet_feed;
pub mod query;
pub mod sample;
pub mod time;
pub mod wire;

pub use config::{LslConfig, LslConfigError};
pub use outlet::{Outlet, OutletError, OutletStream};

use std::time::Duration;

use inlet::Inlet;

use super::live::{Incoming, LiveError, LiveLayout, LiveSource, Waiting};

/// The steps of a connection to what was found, each of which has a limit of its own, take no longer together.
const CONNECTED_WITHIN: Duration = Duration::from_secs(30);

/// One LSL stream, read live.
#[derive(Debug)]
pub struct LslSource {
    config: LslConfig,
    inlet: Option<Inlet>,
}

impl LslSource {
    /// Reads the stream that `config` names. Nothing is asked before [`LiveSource::connect`].
    ///
    /// # Errors
    /// [`LslConfigError`] where the configuration names no stream.
    pub fn new(config: LslConfig) -> Result<LslSource, LslConfigError> {
        config.check()?;
        Ok(LslSource { config, inlet: None })
    }
}

impl LiveSource for LslSource {
    fn describe(&self) -> String {
        format!("LSL stream with {}", self.config.wanted())
    }

    fn connect(&mut self) -> Waiting<'_, LiveLayout> {
        Box::pin(async move {
            self.inlet = None;
            let found = discovery::find(&self.config).await?;
            let (inlet, layout) = Inlet::open(&found).await?;
            self.inlet = Some(inlet);
            Ok(layout)
        })
    }

    fn connects_within(&self) -> Duration {
        Duration::from_secs_f64(self.config.resolve_timeout_s) + CONNECTED_WITHIN
    }

    fn receive(&mut self) -> Waiting<'_, Incoming> {
        Box::pin(async move {
            let Some(inlet) = &mut self.inlet else {
                let reason = "it is not connected".into();
                return Err(LiveError::Lost { address: self.describe(), reason });
            };
            let received = inlet.receive().await;
            if received.is_err() {
                self.inlet = None;
            }
            received.map(Incoming::Samples)
        })
    }
}
