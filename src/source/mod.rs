//! Where samples come from.
//!
//! Invariant: the sample index is the truth, and a gap is said, never papered over.

pub mod fieldtrip;
pub mod live;
pub mod lsl;
pub mod pace;
pub mod rda;
mod recording;
pub mod replayed;
pub mod station;
pub mod synthetic;

pub use recording::{RecordingSource, SourceError};

/// What a stream is made of, before its first sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// The channel labels as recorded.
    pub labels: Vec<String>,
    /// Samples per second of each channel.
    pub rates_hz: Vec<f64>,
    /// The lowest and highest value in microvolts that the amplifier can give, where known.
    pub rails_uv: Vec<Option<(f64, f64)>>,
    /// How each channel's unit is written, and where, if it is no known voltage: its samples are in that unit, not in
    /// microvolts.
    pub not_volts: Vec<Option<String>>,
    /// Why a channel counts as absent, whatever its label: its header does not say what its samples mean, or whoever
    /// made the recording says that it is no scalp EEG.
    pub set_aside: Vec<Option<String>>,
}

/// One piece of a stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Samples that follow those before without a gap.
    Samples {
        /// Number of the first sample since the stream's start, lost samples counted.
        first_sample: u64,
        /// Microvolts, one vector per selected channel, all of one length.
        channels: Vec<Vec<f32>>,
    },
    /// Samples are missing; the next ones start at `next_sample`.
    Gap {
        /// Number of the first sample after the gap.
        next_sample: u64,
    },
}

/// A stream of samples: a recording, or a station's live signal.
pub trait Source {
    /// The channels that there are.
    fn layout(&self) -> &Layout;

    /// Chooses the channels to deliver, by index into the layout; they share one rate.
    ///
    /// # Errors
    /// [`SourceError`] where a channel does not exist.
    fn select(&mut self, channels: &[usize]) -> Result<(), SourceError>;

    /// The next piece, or `None` at the end of the stream.
    ///
    /// # Errors
    /// [`SourceError`] where the stream cannot be read on.
    fn next_piece(&mut self) -> Result<Option<Piece>, SourceError>;
}
