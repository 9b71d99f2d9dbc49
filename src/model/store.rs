//! Weight files: safetensors with the whole configuration in their metadata.

use std::path::{Path, PathBuf};

use burn::store::{ModuleSnapshot, SafetensorsStore};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::error::ModelError;
use crate::durable;

/// The one metadata entry: a single key keeps the bytes the same from run to run.
const DESCRIPTION: &str = "vigil";

/// A weight file in memory, its description not yet believed.
pub struct WeightFile {
    path: PathBuf,
    bytes: Vec<u8>,
    description: String,
}

/// Writes the weights of `module` with its description.
///
/// # Errors
/// [`ModelError::Io`] where the disk refuses, [`ModelError::Compute`] where the weights cannot be
/// serialised.
pub fn write_weights<M: ModuleSnapshot>(
    path: &Path,
    module: &M,
    description: &impl Serialize,
) -> Result<(), ModelError> {
    let compute = |reason: String| ModelError::Compute { reason };
    let description = serde_json::to_string(description).map_err(|e| compute(e.to_string()))?;
    let mut store =
        SafetensorsStore::from_bytes(None).clear_metadata().metadata(DESCRIPTION, description.as_str());
    module.save_into(&mut store).map_err(|e| compute(e.to_string()))?;
    let bytes = store.get_bytes().map_err(|e| compute(e.to_string()))?;
    durable::replace_file(path, |file| std::io::Write::write_all(file, &bytes))
        .map_err(|source: std::io::Error| ModelError::Io { doing: "write", path: path.to_path_buf(), source })
}

/// Reads a weight file and its description's text.
///
/// # Errors
/// [`ModelError::Missing`], [`ModelError::Io`], or [`ModelError::Damaged`] where the file is not a
/// weight file of ours.
pub fn read_weights(path: &Path) -> Result<WeightFile, ModelError> {
    let bytes = std::fs::read(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ModelError::Missing { path: path.to_path_buf() },
        _ => ModelError::Io { doing: "read", path: path.to_path_buf(), source },
    })?;
    let description = description_of(&bytes).map_err(|found| ModelError::Damaged {
        path: path.to_path_buf(),
        found,
        expected: "a safetensors file with a \"vigil\" entry in its metadata".to_string(),
    })?;
    Ok(WeightFile { path: path.to_path_buf(), bytes, description })
}

/// Finds our metadata entry in the safetensors header: a little-endian `u64` length, then JSON.
fn description_of(bytes: &[u8]) -> Result<String, String> {
    let (length, rest) = bytes
        .split_first_chunk::<8>()
        .ok_or_else(|| format!("{} bytes, too short for a header", bytes.len()))?;
    let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
    let header = rest.get(..length).ok_or_else(|| {
        format!("a header of {length} bytes in a file of {}: it is cut short or of another kind", bytes.len())
    })?;
    let header: serde_json::Value =
        serde_json::from_slice(header).map_err(|e| format!("a header that is not JSON ({e})"))?;
    header
        .get("__metadata__")
        .and_then(|metadata| metadata.get(DESCRIPTION))
        .and_then(|description| description.as_str())
        .map(str::to_string)
        .ok_or_else(|| "weights without a configuration of vigil's".to_string())
}

impl WeightFile {
    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the whole file, as 64 hexadecimal digits: which model raised an alarm.
    pub fn digest(&self) -> String {
        Sha256::digest(&self.bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The description as `D`.
    ///
    /// # Errors
    /// [`ModelError::OtherConfiguration`] where the file's `config.version` is not `version`,
    /// [`ModelError::Damaged`] where it cannot be read as `D`.
    pub fn description<D: DeserializeOwned>(&self, version: u32) -> Result<D, ModelError> {
        let damaged = |found: String| ModelError::Damaged {
            path: self.path.clone(),
            found,
            expected: "the description that this version of vigil writes".to_string(),
        };
        let value: serde_json::Value = serde_json::from_str(&self.description)
            .map_err(|e| damaged(format!("a description that is not JSON ({e})")))?;
        let found = value.pointer("/config/version").cloned().unwrap_or_default();
        if found != serde_json::json!(version) {
            return Err(ModelError::OtherConfiguration {
                path: self.path.clone(),
                field: "config.version".to_string(),
                found: found.to_string(),
                expected: version.to_string(),
            });
        }
        serde_json::from_value(value).map_err(|e| damaged(format!("a description with an error ({e})")))
    }

    /// Fills `module` with the file's weights.
    ///
    /// # Errors
    /// [`ModelError::Damaged`] where a tensor is missing, has another shape, or the file is cut short.
    pub fn load_into<M: ModuleSnapshot>(self, module: &mut M) -> Result<(), ModelError> {
        let damaged = |found: String| ModelError::Damaged {
            path: self.path.clone(),
            found,
            expected: "every weight of the network that its configuration describes".to_string(),
        };
        let result = module
            .load_from(&mut SafetensorsStore::from_bytes(Some(self.bytes)))
            .map_err(|e| damaged(e.to_string()))?;
        if let Some((tensor, _)) = result.missing.first() {
            return Err(damaged(format!("no tensor {tensor}")));
        }
        if let Some(tensor) = result.unused.first() {
            return Err(damaged(format!("a tensor {tensor} that the network does not have")));
        }
        Ok(())
    }
}

/// Refuses two configurations that differ, naming the first setting that does.
///
/// # Errors
/// [`ModelError::OtherConfiguration`].
pub fn must_agree<C: Serialize>(path: &Path, name: &str, found: &C, expected: &C) -> Result<(), ModelError> {
    let compute = |e: serde_json::Error| ModelError::Compute { reason: e.to_string() };
    let found = serde_json::to_value(found).map_err(compute)?;
    let expected = serde_json::to_value(expected).map_err(compute)?;
    match first_difference(name, &found, &expected) {
        None => Ok(()),
        Some((field, found, expected)) => {
            Err(ModelError::OtherConfiguration { path: path.to_path_buf(), field, found, expected })
        }
    }
}

fn first_difference(
    name: &str,
    found: &serde_json::Value,
    expected: &serde_json::Value,
) -> Option<(String, String, String)> {
    use serde_json::Value::Object;
    match (found, expected) {
        (Object(f), Object(e)) => {
            f.keys().chain(e.keys().filter(|key| !f.contains_key(*key))).find_map(|key| {
                let null = serde_json::Value::Null;
                first_difference(
                    &format!("{name}.{key}"),
                    f.get(key).unwrap_or(&null),
                    e.get(key).unwrap_or(&null),
                )
            })
        }
        _ if found == expected => None,
        _ => Some((name.to_string(), found.to_string(), expected.to_string())),
    }
}
