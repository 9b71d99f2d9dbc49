//! The autoencoders that a patient has had: every one is kept, one is in use, and every switch is
//! logged.
//!
//! `patients/<id>/versions/0001/` holds weights, card and comparison of the first, what it was fitted on, and the level of
//! that EEG;
//! version 0 stands for the shared autoencoder, which a patient without one of their own is judged by.
//! `patients/<id>/autoencoder.safetensors` and `card.md` are copies of those in use, and so is `[fit]` in
//! `patient.toml`, where the threshold follows the level.
//!
//! Invariant: what a version was fitted on is on disk before its weights are in use, and stays when another takes over.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::mistake::ConfigError;
use super::patient::{PatientConfig, PatientId};
use super::patient_records::FitRecord;
use crate::detect::Level;
use crate::durable;

/// One switch from an autoencoder to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Switch {
    /// When, RFC 3339.
    pub time: String,
    /// Which version is in use from then on; 0 is the shared one.
    pub version: u32,
    /// SHA-256 of its weights; empty for the shared one.
    pub digest: String,
    /// Who or what switched.
    pub by: String,
    /// The seizure probability of a seizure second from then on; switches before there was a level do not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seizure_probability: Option<f32>,
}

const WEIGHTS: &str = "autoencoder.safetensors";
const CARD: &str = "card.md";

/// What a version was fitted on, beside its weights.
const FIT: &str = "fit.json";

/// The level of the EEG that a version was fitted on, beside its weights.
const LEVEL: &str = "level.json";

/// In place of a version's number: what was fitted on, but nobody knows any more by which of them.
const UNKNOWN: u32 = 0;

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
    version_folder(patients, id, version).join(WEIGHTS)
}

/// What one version was fitted on; `None` for one that says nothing of it.
///
/// # Errors
/// [`ConfigError::Io`] where it cannot be read or is damaged: passed over, it would let recordings that were fitted on
/// count in a score.
pub fn version_fit(patients: &Path, id: &PatientId, version: u32) -> Result<Option<FitRecord>, ConfigError> {
    kept_beside(
        version_folder(patients, id, version).join(FIT),
        "the recordings, seconds and date of a fit; mend it or take it from a copy",
    )
}

/// The level of the EEG that one version was fitted on; `None` for one that says nothing of it.
///
/// # Errors
/// [`ConfigError::Io`] where it cannot be read or is damaged.
pub fn version_level(patients: &Path, id: &PatientId, version: u32) -> Result<Option<Level>, ConfigError> {
    let path = version_folder(patients, id, version).join(LEVEL);
    let expected = "log_odds, seconds and cnn; without this file the threshold follows no level";
    match kept_beside::<Level>(path.clone(), expected)? {
        Some(level) if !level.log_odds.is_finite() => {
            let told = format!("log_odds is {}; expected {expected}", level.log_odds);
            let source = std::io::Error::new(std::io::ErrorKind::InvalidData, told);
            Err(ConfigError::Io { doing: "read", path, source })
        }
        level => Ok(level),
    }
}

/// What a file beside a version's weights says, where there is one.
fn kept_beside<T: DeserializeOwned>(path: PathBuf, expected: &str) -> Result<Option<T>, ConfigError> {
    let bytes = match std::fs::read(&path) {
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ConfigError::Io { doing: "read", path, source }),
        Ok(bytes) => bytes,
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        let told = format!("{error}; expected {expected}");
        ConfigError::Io {
            doing: "read",
            path,
            source: std::io::Error::new(std::io::ErrorKind::InvalidData, told),
        }
    })
}

/// Writes into the folder of a version in the making what it is fitted on.
///
/// # Errors
/// What the operating system says.
pub fn write_fit(folder: &Path, fit: &FitRecord) -> std::io::Result<()> {
    write_beside(folder, FIT, fit)
}

/// Writes into the folder of a version in the making the level of the EEG that it is fitted on.
///
/// # Errors
/// What the operating system says.
pub fn write_level(folder: &Path, level: &Level) -> std::io::Result<()> {
    write_beside(folder, LEVEL, level)
}

fn write_beside(folder: &Path, name: &str, what: &impl Serialize) -> std::io::Result<()> {
    let text = serde_json::to_vec_pretty(what)?;
    durable::replace_file(&folder.join(name), |file| file.write_all(&text))
}

/// Names of the recordings that something of this patient was ever fitted or chosen on: those of the settings and those
/// of every version, since each of them can be in use. None of them is scored.
///
/// # Errors
/// [`ConfigError::Io`], see [`version_fit`].
pub fn used_recordings(
    patients: &Path,
    id: &PatientId,
    config: &PatientConfig,
) -> Result<Vec<String>, ConfigError> {
    let mut names = config.used_recordings();
    for version in [UNKNOWN].into_iter().chain(versions(patients, id)) {
        names.extend(version_fit(patients, id, version)?.into_iter().flat_map(|fit| fit.recordings));
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// The numbers of a patient's versions, ascending.
pub fn versions(patients: &Path, id: &PatientId) -> Vec<u32> {
    let mut numbers: Vec<u32> = std::fs::read_dir(versions_folder(patients, id))
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join(WEIGHTS).is_file())
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
            match durable::place(&being_made, &version_folder(patients, id, version)) {
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

/// Puts a version into use and logs it, and lets the threshold follow its level, where that is of the network `cnn` (its
/// SHA-256), which judges the patient; version 0 goes back to the shared autoencoder. What was in use
/// and is no version yet is made one first, so that every switch can be undone.
///
/// # Errors
/// [`ConfigError`] where there is no such version or the disk refuses; the one in use then stays.
pub fn switch_to(
    patients: &Path,
    id: &PatientId,
    version: u32,
    cnn: &str,
    time: &str,
    by: &str,
) -> Result<Switch, ConfigError> {
    let active = PatientConfig::autoencoder_path(patients, id);
    let io = |doing, path: &Path| {
        let path = path.to_path_buf();
        move |source| ConfigError::Io { doing, path, source }
    };
    keep_active(patients, id)?;
    let bytes = if version == 0 { None } else { Some(weights_of(patients, id, version)?) };
    // The record goes first: it says at worst too early what the network was fitted on. Where the network does not come
    // into use, the threshold that would have followed it goes back.
    let (before, after) = take_record(patients, id, version, cnn)?;
    let written: std::io::Result<()> = match &bytes {
        None => match std::fs::remove_file(&active) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(source),
            _ => Ok(()),
        },
        Some(bytes) => durable::replace_file(&active, |file| file.write_all(bytes)),
    };
    if let Err(source) = written {
        if before != after {
            before.save(patients, id)?;
        }
        return Err(io("write", &active)(source));
    }
    let digest = bytes.as_deref().map_or(String::new(), digest_of);
    let kept = version_folder(patients, id, version).join(CARD);
    if version != 0 && kept.is_file() {
        let card = id.folder(patients).join(CARD);
        let text = std::fs::read(&kept).map_err(io("read", &kept))?;
        durable::replace_file(&card, |file| file.write_all(&text)).map_err(io("write", &card))?;
    }
    let switch = Switch {
        time: time.to_string(),
        version,
        digest,
        by: by.to_string(),
        seizure_probability: Some(after.label.seizure_probability),
    };
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

/// The version in use: 0 for the shared one, `None` for one that was put there by hand.
pub fn version_in_use(patients: &Path, id: &PatientId) -> Option<u32> {
    let Ok(bytes) = std::fs::read(PatientConfig::autoencoder_path(patients, id)) else { return Some(0) };
    versions(patients, id).into_iter().find(|&version| {
        std::fs::read(version_weights(patients, id, version)).is_ok_and(|kept| kept == bytes)
    })
}

/// Makes a version of what is in use, unless it is one, and sees to it that what the settings say of a fit stands with a
/// version. Whoever puts another autoencoder into use begins with this.
///
/// # Errors
/// [`ConfigError`] where the disk refuses; what is in use then stays.
pub fn keep_active(patients: &Path, id: &PatientId) -> Result<(), ConfigError> {
    let active = PatientConfig::autoencoder_path(patients, id);
    let PatientConfig { fit, level, .. } = PatientConfig::load(patients, id)?;
    if active.is_file() && version_in_use(patients, id).is_none() {
        let kept = add_version(patients, id, |folder| -> Result<(), std::io::Error> {
            if let Some(fit) = &fit {
                write_fit(folder, fit)?;
            }
            if let Some(level) = &level {
                write_level(folder, &level.level())?;
            }
            let weights = std::fs::read(&active)?;
            durable::replace_file(&folder.join(WEIGHTS), |file| file.write_all(&weights))?;
            let card = id.folder(patients).join(CARD);
            if card.is_file() {
                std::fs::copy(card, folder.join(CARD))?;
            }
            Ok(())
        });
        kept.map_err(|source| ConfigError::Io { doing: "write", path: active, source })?;
    }
    match fit {
        Some(fit) => keep_record(patients, id, fit),
        None => Ok(()),
    }
}

/// Keeps what the settings say of a fit, where no version does: versions made before each had a record of its own.
fn keep_record(patients: &Path, id: &PatientId, mut fit: FitRecord) -> Result<(), ConfigError> {
    let mut silent = Vec::new();
    for version in versions(patients, id) {
        match version_fit(patients, id, version)? {
            Some(kept) if kept == fit => return Ok(()),
            Some(_) => {}
            // One that the daemon fitted is of no recordings that have names.
            None if version_folder(patients, id, version).join("comparison.json").is_file() => {}
            None => silent.push(version),
        }
    }
    // Of several nobody knows which it was; then the recordings are kept without a version.
    let version = if let [only] = silent[..] { only } else { UNKNOWN };
    if version == UNKNOWN
        && let Some(known) = version_fit(patients, id, UNKNOWN)?
    {
        if fit.recordings.iter().all(|name| known.recordings.contains(name)) {
            return Ok(());
        }
        fit.recordings.extend(known.recordings);
        fit.recordings.sort();
        fit.recordings.dedup();
    }
    let folder = version_folder(patients, id, version);
    write_fit(&folder, &fit).map_err(|source| ConfigError::Io { doing: "write", path: folder, source })
}

/// Writes into the settings what a version was fitted on, and lets the threshold follow its level; the settings before and
/// after.
fn take_record(
    patients: &Path,
    id: &PatientId,
    version: u32,
    cnn: &str,
) -> Result<(PatientConfig, PatientConfig), ConfigError> {
    let (fit, level) = match version {
        0 => (None, None),
        _ => (version_fit(patients, id, version)?, version_level(patients, id, version)?),
    };
    let before = PatientConfig::load(patients, id)?;
    let mut config = PatientConfig { fit, ..before.clone() };
    config.follow(level.as_ref().filter(|level| level.cnn == cnn));
    if config != before {
        config.save(patients, id)?;
    }
    Ok((before, config))
}

fn weights_of(patients: &Path, id: &PatientId, version: u32) -> Result<Vec<u8>, ConfigError> {
    let path = version_weights(patients, id, version);
    std::fs::read(&path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => {
            let there = list(&versions(patients, id));
            ConfigError::NoVersion { id: id.to_string(), version, there }
        }
        _ => ConfigError::Io { doing: "read", path, source },
    })
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
