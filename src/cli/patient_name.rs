//! `vigil patient name`: what nurses call a patient.

use std::path::Path;

use super::error::CliError;
use crate::config::{PatientConfig, PatientId, PatientName};

/// Gives a patient a name, or takes it away. What is said of it names the id alone.
///
/// # Errors
/// [`CliError`]; the settings are then as they were.
pub fn name_patient(patients: &Path, id: &str, name: Option<&str>) -> Result<(), CliError> {
    let id = PatientId::new(id)?;
    let name = name.map(PatientName::new).transpose().map_err(|what| CliError::Usage(what.into()))?;
    let mut config = PatientConfig::load(patients, &id)?;
    let done = if name.is_some() { "has a name now, for nurses and up" } else { "has no name any more" };
    config.name = name;
    config.save(patients, &id)?;
    say!("patient {id}: {done}");
    Ok(())
}
