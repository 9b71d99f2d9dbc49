//! The windows of a source: what replay, training and the bedside all read.

use thiserror::Error;

use super::amplitude::Amplitude;
use super::conditioner::Conditioner;
use super::config::SignalConfig;
use super::error::SignalError;
use super::hum::Hum;
use super::montage::Montage;
use super::window::Window;
use crate::source::{Piece, Source, SourceError};

/// A stream that cannot be made windows of.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StreamError {
    /// The source failed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The signal does not suit.
    #[error(transparent)]
    Signal(#[from] SignalError),
}

/// What a stream gives next.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are windows, and a box would cost each an allocation"
)]
#[derive(Debug, Clone, PartialEq)]
pub enum StreamItem {
    /// A second of signal.
    Window(Window),
    /// Seconds are missing: the next window starts at this second of the stream.
    Gap {
        /// Seconds from the stream's start to the first sample after the gap.
        next_s: f64,
    },
}

/// A source, conditioned: windows and gaps in order.
pub struct WindowStream<S> {
    source: S,
    montage: Montage,
    conditioner: Conditioner,
    rate_hz: f64,
    ready: std::collections::VecDeque<StreamItem>,
    fresh: Vec<Window>,
    amplitude: Amplitude,
    hum: Hum,
}

impl<S: Source> WindowStream<S> {
    /// Finds the montage in the source's labels and prepares the filters.
    ///
    /// # Errors
    /// [`StreamError::Signal`] where there are too few channels, one of them is in no known voltage, or the rate does
    /// not suit.
    pub fn new(mut source: S, config: &SignalConfig) -> Result<WindowStream<S>, StreamError> {
        let layout = source.layout();
        let labels: Vec<&str> = layout.labels.iter().map(String::as_str).collect();
        let montage = Montage::of_recording(&labels, &layout.set_aside, &layout.not_volts)?;
        let unit_of = |channel: &usize| layout.not_volts.get(*channel).cloned().flatten();
        let strange = montage.channels().iter().zip(montage.labels()).find_map(|(channel, label)| {
            Some(SignalError::NoVoltage { label: label.clone(), found: unit_of(channel)? })
        });
        if let Some(error) = strange {
            return Err(error.into());
        }
        let rate_hz = montage.common_rate_hz(&layout.rates_hz)?;
        let rails: Vec<_> = montage
            .channels()
            .iter()
            .map(|&channel| layout.rails_uv.get(channel).copied().flatten())
            .collect();
        let conditioner = Conditioner::new(config, &montage, rate_hz)?.with_rails(&rails)?;
        source.select(montage.channels())?;
        Ok(WindowStream {
            source,
            montage,
            conditioner,
            rate_hz,
            ready: Default::default(),
            fresh: Vec::new(),
            amplitude: Amplitude::default(),
            hum: Hum::beside(config.mains_hz),
        })
    }

    /// The montage that was found.
    pub fn montage(&self) -> &Montage {
        &self.montage
    }

    /// The source.
    pub fn source(&self) -> &S {
        &self.source
    }

    /// The recorded sampling rate.
    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// Seconds from the stream's start to a window's first sample.
    pub fn onset_s(&self, window: &Window) -> f64 {
        window.first_sample as f64 / self.rate_hz
    }

    /// The size of the windows given so far.
    pub fn amplitude(&self) -> &Amplitude {
        &self.amplitude
    }

    /// The mains in the windows given so far, beside the notch.
    pub fn hum(&self) -> &Hum {
        &self.hum
    }

    /// The next window or gap, or `None` at the end. A second that is not whole is not given.
    ///
    /// # Errors
    /// [`StreamError`] where the source or the signal fails.
    pub fn next_item(&mut self) -> Result<Option<StreamItem>, StreamError> {
        loop {
            if let Some(item) = self.ready.pop_front() {
                return Ok(Some(item));
            }
            match self.source.next_piece()? {
                None => return Ok(None),
                Some(Piece::Gap { next_sample }) => {
                    self.conditioner.gap(next_sample);
                    return Ok(Some(StreamItem::Gap { next_s: next_sample as f64 / self.rate_hz }));
                }
                Some(Piece::Samples { channels, .. }) => {
                    let channels: Vec<&[f32]> = channels.iter().map(Vec::as_slice).collect();
                    self.conditioner.push(&channels, &mut self.fresh)?;
                    for window in &self.fresh {
                        self.amplitude.add(window);
                        self.hum.add(window);
                    }
                    self.ready.extend(self.fresh.drain(..).map(StreamItem::Window));
                }
            }
        }
    }
}
