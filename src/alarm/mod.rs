//! Alarms: their states, the log of everything that happened to them, what is told to whom, and the rates that come
//! out of it.
//!
//! Two kinds, never mixed. A seizure alarm is raised by a bed's detector; a technical alarm says that a bed is not
//! watched as it should be.
//!
//! Invariant: time is a value, never asked of a clock but in `moment`; what was announced is on disk first.

pub mod agreement;
pub mod entry;
pub mod export;
pub mod exposure;
pub mod log;
pub mod message;
pub mod moment;
pub mod rate;
pub mod request;
pub mod spare;
pub mod state;
mod technical;

pub use log::{AlarmLog, LogError};
pub use technical::{Health, Priority, TechnicalKind, Transition};
