//! Synthetic EEG as LSL streams: a ward of made-up beds on the network, without an amplifier.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::{Synthesiser, SyntheticConfig, SyntheticError};
use crate::source::lsl::{Outlet, OutletError, OutletStream};

/// Pieces of a second, as amplifiers send them.
const PIECES: usize = 16;

/// A ward of made-up beds.
#[derive(Debug, Clone, PartialEq)]
pub struct Broadcast {
    /// Address to serve on.
    pub address: IpAddr,
    /// The streams' name; several are numbered from 01 on.
    pub name: String,
    /// How many streams.
    pub streams: usize,
    /// What the first is made of; each further one has the next seed.
    pub eeg: SyntheticConfig,
}

/// A broadcast that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BroadcastError {
    /// The configuration.
    #[error(transparent)]
    Synthetic(#[from] SyntheticError),
    /// The network.
    #[error(transparent)]
    Outlet(#[from] OutletError),
}

impl Broadcast {
    /// The names of the streams.
    pub fn names(&self) -> Vec<String> {
        if self.streams == 1 {
            return vec![self.name.clone()];
        }
        (1..=self.streams).map(|number| format!("{}-{number:02}", self.name)).collect()
    }

    /// Sends in real time until the caller gives up waiting; the sample counter of each stream follows
    /// the clock, so that a pause of this program is caught up.
    ///
    /// # Errors
    /// [`BroadcastError`].
    pub async fn run(&self) -> Result<(), BroadcastError> {
        let names = self.names();
        let mut synthesisers = Vec::with_capacity(self.streams);
        for stream in 0..self.streams as u64 {
            let eeg = SyntheticConfig { seed: self.eeg.seed.wrapping_add(stream), ..self.eeg.clone() };
            synthesisers.push(Synthesiser::new(&eeg)?);
        }
        let described = names
            .iter()
            .zip(&synthesisers)
            .map(|(name, synthesiser)| OutletStream {
                name: name.clone(),
                type_: "EEG".into(),
                source_id: format!("vigil-synth-{name}"),
                units: vec!["microvolts".into(); synthesiser.labels().len()],
                labels: synthesiser.labels(),
                rate_hz: f64::from(self.eeg.rate_hz),
            })
            .collect();
        let outlet = Arc::new(Outlet::bind(self.address, described).await?);
        let piece = Duration::from_secs(1) / PIECES as u32;
        let began = tokio::time::Instant::now();
        let mut sending = tokio::task::JoinSet::new();
        for (stream, synthesiser) in synthesisers.into_iter().enumerate() {
            // Amplifiers are not in step.
            let offset = piece.mul_f64(stream as f64 / self.streams as f64);
            sending.spawn(send(outlet.clone(), stream, synthesiser, began + offset, piece));
        }
        while let Some(sent) = sending.join_next().await {
            if let Ok(sent) = sent {
                sent?;
            }
        }
        Ok(())
    }
}

async fn send(
    outlet: Arc<Outlet>,
    stream: usize,
    mut synthesiser: Synthesiser,
    began: tokio::time::Instant,
    piece: Duration,
) -> Result<(), BroadcastError> {
    let channels = synthesiser.labels().len();
    let (mut digital, mut frames) = (Vec::new(), Vec::new());
    for second in 0.. {
        frames.clear();
        synthesiser.second(second, &mut digital, &mut frames);
        let rate = frames.len() / channels;
        for number in 0..PIECES {
            let due = began + piece * (second as u32 * PIECES as u32 + number as u32 + 1);
            tokio::time::sleep_until(due).await;
            let (from, to) = (rate * number / PIECES, rate * (number + 1) / PIECES);
            outlet.push(stream, &frames[from * channels..to * channels])?;
        }
    }
    Ok(())
}
