//! What EEG is: electrodes, derivations, recordings, annotations, events.
//!
//! This module knows no file, no clock and no thread; every other module speaks its words.

mod electrode;
mod event;
mod montage;
mod recording;
mod reference;
mod unit;

pub use electrode::Electrode;
pub use event::{Event, EventKind, joined};
pub use montage::{
    CHAINS, Chain, ChannelLabel, DERIVATIONS, DOUBLE_BANANA, Derivation, mirror_indices, mirror_window,
};
pub use recording::{Annotation, RecordingFormat, RecordingHeader, SignalHeader};
pub use reference::whole_references;
pub use unit::{microvolts_per_stream_unit, microvolts_per_unit};
