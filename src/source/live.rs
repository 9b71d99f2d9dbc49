//! Streams that arrive as they happen: what a station's protocol gives, one trait for all of them.
//!
//! A live source speaks one protocol and nothing else. It gives values in the units that the stream
//! names, says what it knows to be lost, and ends with an error when the connection does; whoever
//! watches the bed calls [`LiveSource::connect`] again. Units, labels, gaps and the sample index are
//! made of it in one place, for all protocols alike.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::SourceError;

/// Most channels that a stream may have: more than any amplifier, few enough to allocate for.
pub const MAX_CHANNELS: usize = 1024;

/// One channel as its protocol describes it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct LiveChannel {
    /// The label, where the protocol carries one.
    pub label: Option<String>,
    /// The unit as the stream names it ("microvolts", "uV"), where it does.
    pub unit: Option<String>,
    /// The lowest and highest value that the amplifier can give, in the channel's unit, where known.
    pub rails: Option<(f64, f64)>,
}

/// What a stream is made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveLayout {
    /// The stream's name, for people and logs.
    pub stream: String,
    /// Samples per second of every channel, as announced.
    pub rate_hz: f64,
    /// The channels in their order; never empty, never more than [`MAX_CHANNELS`].
    pub channels: Vec<LiveChannel>,
}

/// A remark that came with the samples: a marker of the amplifier, an annotation of the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The frame that it belongs to, counted from the first of the same message.
    pub frame: usize,
    /// What it says.
    pub text: String,
}

/// Frames that arrived together; they follow one another without a gap.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    /// Frame after frame, each with one value for every channel, in the channels' units.
    pub values: Vec<f32>,
    /// Frames directly before these that the device gave and that did not arrive, as far as the
    /// protocol counts them.
    pub lost_before: u64,
    /// When the first frame was taken: seconds since 1970 by this machine's clock, as the device's
    /// stamps and the protocol's clock correction tell. For the wall clock and for gaps only.
    pub taken_at_s: Option<f64>,
    /// When the last byte of these frames was read.
    pub arrived: Instant,
    /// Remarks that came along.
    pub marks: Vec<Mark>,
}

/// What a connected source gives next.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// Frames.
    Samples(Received),
    /// The stream is another from here on: other channels or another rate.
    Layout(LiveLayout),
    /// There is no more and there will be none: the end of a replay. A lost connection is an error.
    Ended,
}

/// A source that does not give samples.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LiveError {
    /// Nothing answers there.
    #[error("{address}: cannot connect: {source}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// The system's own words.
        source: std::io::Error,
    },
    /// No stream answers to the description.
    #[error("no stream with {wanted} after {waited_s:.0} s; {seen}")]
    NotFound {
        /// What was looked for.
        wanted: String,
        /// For how long.
        waited_s: f64,
        /// Which others were seen, and what to look at.
        seen: String,
    },
    /// The connection ended.
    #[error("{address}: connection lost: {reason}")]
    Lost {
        /// Host and port, or the stream's name.
        address: String,
        /// How it ended.
        reason: String,
    },
    /// What came is not what the protocol says.
    #[error("{address}: {what}; expected {expected}")]
    Malformed {
        /// Host and port, or the stream's name.
        address: String,
        /// What came.
        what: String,
        /// What was expected.
        expected: String,
    },
    /// The stream is sound and cannot be used.
    #[error("{stream}: {reason}")]
    Unsuitable {
        /// The stream's name.
        stream: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A replayed recording cannot be read.
    #[error(transparent)]
    Recording(#[from] SourceError),
}

/// What a source promises to give once it is waited for.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = Result<T, LiveError>> + Send + 'a>>;

/// A station's stream.
pub trait LiveSource: Send {
    /// What is connected to, for people: "LSL stream EEG-01", "RDA 10.0.0.7:51244".
    fn describe(&self) -> String;

    /// Finds the stream, connects and learns its layout. Called again after an error, with any
    /// pause that the caller likes; each call starts afresh.
    fn connect(&mut self) -> Waiting<'_, LiveLayout>;

    /// How long [`LiveSource::connect`] may take by the source's own settings, which then says itself why it failed.
    fn connects_within(&self) -> Duration {
        Duration::ZERO
    }

    /// Waits for what comes next. After an error the source is no longer connected.
    fn receive(&mut self) -> Waiting<'_, Incoming>;

    /// Asks for the stream from this frame on, counted from its very first. Called before
    /// [`LiveSource::connect`]. `false` where the past cannot be had, as with a device.
    fn resume_at(&mut self, _frame: u64) -> bool {
        false
    }
}
