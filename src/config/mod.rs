//! Settings on disk: `patients/<id>/patient.toml`, and `vigil.toml` of the ward.
//!
//! Invariant: a mistake is told with its file, its line, what was expected and an example.

mod http;
mod mistake;
mod owner;
mod patient;
mod patient_name;
mod patient_records;
pub mod versions;
mod ward;

pub use http::{HttpConfig, TlsConfig, is_this_machine};
pub use mistake::{ConfigError, line_in, mistake};
pub use owner::{give_to_owner, is_writable};
pub use patient::{PatientConfig, PatientId};
pub use patient_name::PatientName;
pub use patient_records::{CalibrationRecord, FitRecord, LevelRecord};
pub use ward::{BaselineConfig, BedConfig, MontageName, Outputs, Switching, WardConfig, WardSection};
