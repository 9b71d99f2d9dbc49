//! The autoencoders that a patient has had: every one is kept, one is in use, and every switch is
//! logged.
//!
//! `patients/<id>/versions/0001/` holds weights, card and comparison of the first; version 0 stands for
//! the shared autoencoder, which a patient without one of their own is judged by.
//! `patients/<id>/autoencoder.safetensors` is a copy of the one in use.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::mistake::ConfigError;
use super::patient::{PatientConfig, PatientId};
use crate::durable;

/// One switch from an autoencoder to another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Switch {
    /// When, RFC 3339.
    pub time: String,
    /// Which version is in use from then on; 0 is the shared one.
    pub version: u32,
    /// SHA-256 of its weights; empty for the shared one.
    pub digest: String,
    /// Who or what switched.
    pub by: String,
}

/// Where a patient's versions lie.
pub fn versions_folder(patients: &Path, id: &PatientId) -> PathBuf {
    id.folder(patients).join("versions")
}

/// The folder of one version.
pub fn version_folder(patients: &Path, id: &PatientId, version: u32) -> PathBuf {
    versions_folder(patients, id).join(format!("{version:04}"))
}

/// The weights of one version.
pub fn version_weights(patients: &Path, id: &PatientId, version: u32) -> PathBuf {
    version_folder(patients, id, version).join("autoencoder.safetensors")
}

/// The numbers of a patient's versions, ascending.
pub fn versions(patients: &Path, id: &PatientId) -> Vec<u32> {
    let mut numbers: Vec<u32> = std::fs::read_dir(versions_folder(patients, id))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join("autoencoder.safetensors").is_file())
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|number| *number > 0)
        .collect();
    numbers.sort_unstable();
    numbers
}

/// Makes the folder of the next version by what `fill` writes into it: whole or absent.
///
/// # Errors
/// What `fill` or the operating system says.
pub fn add_version<E: From<std::io::Error>>(
    patients: &Path,
    id: &PatientId,
    fill: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<u32, E> {
    let folder = versions_folder(patients, id);
    std::fs::create_dir_all(&folder)?;
    let being_made = folder.join(format!(".new-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&being_made);
    std::fs::create_dir(&being_made)?;
    let made = fill(&being_made).and_then(|()| {
        // Another process may have taken the number in between; then the next one is free.
        let mut version = versions(patients, id).last().map_or(1, |last| last + 1);
        loop {
            match std::fs::rename(&being_made, version_folder(patients, id, version)) {
                Ok(()) => return Ok(version),
                Err(_) if version_folder(patients, id, version).exists() => version += 1,
                Err(error) => return Err(error.into()),
            }
        }
    });
    if made.is_err() {
        let _ = std::fs::remove_dir_all(&being_made);
    }
    made
}

/// Puts a version into use and logs it; version 0 goes back to the shared autoencoder. What was in use
/// and is no version yet (fitted by hand) is made one first, so that every switch can be undone.
///
/// # Errors
/// [`ConfigError`] where there is no such version or the disk refuses; the one in use then stays.
pub fn switch_to(
    patients: &Path,
    id: &PatientId,
    version: u32,
    time: &str,
    by: &str,
) -> Result<Switch, ConfigError> {
    let active = PatientConfig::autoencoder_path(patients, id);
    let io = |doing, path: &Path| {
        let path = path.to_path_buf();
        move |source| ConfigError::Io { doing, path, source }
    };
    keep_active(patients, id)?;
    let digest = if version == 0 {
        match std::fs::remove_file(&active) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(ConfigError::Io { doing: "write", path: active, source });
            }
            _ => String::new(),
        }
    } else {
        let weights = version_weights(patients, id, version);
        let bytes = match std::fs::read(&weights) {
            Ok(bytes) => bytes,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
                let there = versions(patients, id);
                return Err(ConfigError::NoVersion { id: id.to_string(), version, there: list(&there) });
            }
            Err(source) => return Err(ConfigError::Io { doing: "read", path: weights, source }),
        };
        durable::replace_file(&active, |file| file.write_all(&bytes)).map_err(io("write", &active))?;
        digest_of(&bytes)
    };
    let switch = Switch { time: time.to_string(), version, digest, by: by.to_string() };
    let path = log_path(patients, id);
    let mut line = serde_json::to_vec(&switch).map_err(|e| io("write", &path)(std::io::Error::other(e)))?;
    line.push(b'\n');
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(&path)
        .and_then(|mut file| file.write_all(&line).and_then(|()| file.sync_data()))
        .map_err(io("write", &path))?;
    Ok(switch)
}

/// The switches of a patient, oldest first; damaged lines are passed over.
pub fn switches(patients: &Path, id: &PatientId) -> Vec<Switch> {
    let text = std::fs::read_to_string(log_path(patients, id)).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The version in use: 0 for the shared one, `None` for one that was fitted by hand and never switched.
pub fn version_in_use(patients: &Path, id: &PatientId) -> Option<u32> {
    let Ok(bytes) = std::fs::read(PatientConfig::autoencoder_path(patients, id)) else { return Some(0) };
    versions(patients, id).into_iter().find(|&version| {
        std::fs::read(version_weights(patients, id, version)).is_ok_and(|kept| kept == bytes)
    })
}

/// Makes a version of what is in use, unless it is one.
fn keep_active(patients: &Path, id: &PatientId) -> Result<(), ConfigError> {
    let active = PatientConfig::autoencoder_path(patients, id);
    if !active.is_file() || version_in_use(patients, id).is_some() {
        return Ok(());
    }
    let kept = add_version(patients, id, |folder| -> Result<(), std::io::Error> {
        std::fs::copy(&active, folder.join("autoencoder.safetensors"))?;
        let card = id.folder(patients).join("card.md");
        if card.is_file() {
            std::fs::copy(card, folder.join("card.md"))?;
        }
        Ok(())
    });
    kept.map(|_| ()).map_err(|source| ConfigError::Io { doing: "write", path: active, source })
}

fn log_path(patients: &Path, id: &PatientId) -> PathBuf {
    id.folder(patients).join("switches.jsonl")
}

fn digest_of(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn list(versions: &[u32]) -> String {
    match versions {
        [] => "only 0, the shared one".to_string(),
        some => format!("0 and {}", some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}
