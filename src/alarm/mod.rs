//! Alarms: what is wrong with the watch itself, and the log of everything that was announced.
//!
//! Two kinds, never mixed. A seizure alarm is raised by a bed's detector; a technical alarm says that
//! a bed is not watched as it should be.
//!
//! Invariant: time is a value, never asked of a clock; what was announced is on disk first.

mod log;
mod technical;

pub use log::{AlarmLog, LogEntry, LogError, seizures_logged};
pub use technical::{Health, Priority, TechnicalKind, Transition};
