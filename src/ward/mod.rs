//! The daemon: many beds, each with a pipeline of its own, one thread for all their networks.
//!
//! ```text
//!  source ──> feed ──> intake ──> inference ──> watch ──> alarm desk, journal, scribe, board, metrics
//!  (socket)   (task)   labels,    (thread,      label,    record, log and states, API
//!                      units,     all beds)     accumulator,
//!                      windows                  alarm
//! ```
//!
//! tokio carries what waits (sockets, timers), plain threads with bounded queues carry what computes or
//! waits for a disk: the networks, the record, the log of alarms, the states.
//!
//! Invariant: a bad bed never slows or stops another, and no queue grows with a peer's will.

pub mod adapt;
mod alarm_metrics;
pub(crate) mod alarms;
mod baseline;
mod bed;
pub mod checkpoint;
mod clocks;
mod feed;
pub(crate) mod inference;
pub mod intake;
mod journal;
pub(crate) mod keeper;
pub mod lifecycle;
pub(crate) mod metrics;
mod models;
pub mod notify;
pub(crate) mod overrides;
pub(crate) mod proof;
pub(crate) mod request;
pub(crate) mod scribe;
pub(crate) mod shared;
pub(crate) mod status;
pub(crate) mod strip;
pub mod watch;

pub use baseline::{AFTER_ALARM_S, BEFORE_ALARM_S, Baseline, Span};
pub use clocks::{Clocks, Told};
pub use metrics::Metrics;
pub use models::{
    Models, PatientError, SHARED, Watched, cnn_digest, cnn_path, shared_autoencoder_path, unlike_size,
};
pub use status::{BedStatus, Phase};
