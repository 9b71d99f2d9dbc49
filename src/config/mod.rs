//! Settings on disk: `patients/<id>/patient.toml`, and `vigil.toml` of the ward.
//!
//! Invariant: a mistake is told with its file, its line, what was expected and an example.

mod mistake;
mod owner;
mod patient;
pub mod versions;
mod ward;

pub use mistake::{ConfigError, mistake};
pub use owner::{give_to_owner, is_writable};
pub use patient::{CalibrationRecord, FitRecord, PatientConfig, PatientId};
pub use ward::{
    BaselineConfig, BedConfig, HttpConfig, MontageName, Outputs, Switching, WardConfig, WardSection,
};
