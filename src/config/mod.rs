//! Settings on disk: `patients/<id>/patient.toml`.
//!
//! Invariant: a mistake is told with its file, its line, what was expected and an example.

mod mistake;
mod patient;

pub use mistake::{ConfigError, mistake};
pub use patient::{CalibrationRecord, FitRecord, PatientConfig, PatientId};
