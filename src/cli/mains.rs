//! The mains where people were recorded, where it is not the one that a model names.

use super::error::CliError;
use crate::signal::{Mains, SignalConfig};

/// Reads hertz as `patient.toml` has them.
pub fn parse_mains(text: &str) -> Result<Mains, String> {
    let hertz: u32 = text.trim().parse().map_err(|_| "expected 50, 60, or 0 for no notch".to_string())?;
    Mains::try_from(hertz)
}

/// How signal is conditioned with the mains that was told, if one was.
///
/// # Errors
/// [`CliError::Usage`] where no such notch fits the model's other settings.
pub fn at_mains(signal: &SignalConfig, mains: Option<Mains>) -> Result<SignalConfig, CliError> {
    let signal = signal.with_mains(mains);
    match (mains, signal.validate()) {
        (Some(mains), Err(error)) => {
            Err(CliError::Usage(format!("--mains {}: no such notch fits: {error}", u32::from(mains))))
        }
        _ => Ok(signal),
    }
}

/// In a sentence, for what is kept; nothing where none was told.
pub fn told_of_mains(mains: Option<Mains>) -> Option<String> {
    Some(match mains? {
        Mains::None => "The signal was conditioned without a mains notch (--mains 0).".to_string(),
        mains => format!(
            "The signal was conditioned with a mains notch at {0} Hz (--mains {0}).",
            u32::from(mains)
        ),
    })
}
