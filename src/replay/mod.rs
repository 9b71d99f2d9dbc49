//! Recordings through the detector, in time order; verdicts, alarms and pictures out.
//!
//! Invariant: the detector is the one that watches live; replay only feeds it files and writes down
//! what it says.

mod annotated;
mod engine;
mod error;
mod order;
mod picture;
mod summary;
mod tables;

pub use annotated::write_annotated;
pub use engine::{AlarmRecord, Observation, Replayed, ReplayedRecording, Speed, rejudge, replay};
pub use error::ReplayError;
pub use order::{PlannedRecording, in_order_given, in_time_order};
pub use picture::write_overview;
pub use summary::{Summary, summarise};
pub use tables::{write_alarms, write_recording_events, write_verdicts};
