//! The alarm desk: one thread that writes the log of alarms, and a task for each channel that carries messages out.
//!
//! ```text
//!  bed ──verdict──> desk (thread) ──on disk──> channel's task ──> webhook, MQTT, HL7, syslog
//!                     ^    │                        │
//!            API, CLI ┘    └── spare file, where    └── taken, or not: back to the desk
//!                              the log is down
//! ```
//!
//! Invariant: what is announced is on disk first. Where the disk refuses, it is announced all the same, and that the log
//! is down is a technical alarm.

mod carrier;
mod desk;
mod happenings;
mod line;
mod log_keeper;
mod rates;

pub use desk::{ActError, Desk, Work, announced};
