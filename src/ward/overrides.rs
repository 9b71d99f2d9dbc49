//! Beds that were added, changed or removed over the API: kept in the state folder, so that they outlive
//! a restart.
//!
//! The last change wins. A change over the API stands over what vigil.toml says, until vigil.toml says
//! something else of that bed.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::config::{BedConfig, PatientId};
use crate::durable;

/// A change that cannot be kept or read.
#[derive(Debug, Error)]
#[error("cannot {doing} {path}: {reason}")]
pub struct OverrideError {
    doing: &'static str,
    path: PathBuf,
    reason: String,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// The bed as it shall be; `None` where it was removed.
    bed: Option<BedConfig>,
    /// Digest of what vigil.toml said when the change was made; `None` where it said nothing.
    over: Option<String>,
}

/// Every change that stands.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    folder: PathBuf,
    changes: BTreeMap<String, Change>,
    /// Beds of which a change is kept that cannot be read, and why.
    unreadable: BTreeMap<String, String>,
}

impl Overrides {
    /// Reads the changes in a state folder. What cannot be read is told, and its bed's name is
    /// [kept](Overrides::unreadable).
    pub fn load(state: &Path) -> (Overrides, Vec<OverrideError>) {
        let folder = state.join("beds");
        let mut changes = BTreeMap::new();
        let mut errors = Vec::new();
        let mut unreadable = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let Some(bed) = name.strip_suffix(".change.json") else { continue };
            let failed = |reason: String| OverrideError { doing: "read", path: path.clone(), reason };
            let read = std::fs::read(&path).map_err(|error| failed(error.to_string()));
            match read.and_then(|bytes| {
                serde_json::from_slice::<Change>(&bytes).map_err(|error| failed(error.to_string()))
            }) {
                Ok(change) => drop(changes.insert(bed.to_string(), change)),
                Err(error) => {
                    if PatientId::new(bed).is_ok() {
                        unreadable.insert(bed.to_string(), error.to_string());
                    }
                    errors.push(error);
                }
            }
        }
        (Overrides { folder, changes, unreadable }, errors)
    }

    /// Beds of which a change is kept that cannot be read, and why. Whoever is watched there is not known,
    /// unless vigil.toml knows the bed.
    pub fn unreadable(&self) -> &BTreeMap<String, String> {
        &self.unreadable
    }

    /// The beds to watch. Changes that no longer stand are forgotten; their beds' names come back.
    pub fn apply(&mut self, beds: &[BedConfig]) -> (Vec<BedConfig>, Vec<String>) {
        let said: BTreeMap<&str, &BedConfig> = beds.iter().map(|bed| (bed.name.as_str(), bed)).collect();
        let over = |name: &str| said.get(name).map(|bed| digest(bed));
        let outdated: Vec<String> = self
            .changes
            .iter()
            .filter(|(name, change)| change.over != over(name))
            .map(|(name, _)| name.clone())
            .collect();
        for name in &outdated {
            self.changes.remove(name);
            // Should this fail, the change is found outdated again at the next start.
            let _ = std::fs::remove_file(self.path(name));
        }
        (self.wanted(beds), outdated)
    }

    /// The beds to watch: those of vigil.toml, with the changes that still stand.
    pub fn wanted(&self, beds: &[BedConfig]) -> Vec<BedConfig> {
        let said: BTreeMap<&str, &BedConfig> = beds.iter().map(|bed| (bed.name.as_str(), bed)).collect();
        let mut effective = said.clone();
        for (name, change) in &self.changes {
            if change.over != said.get(name.as_str()).map(|bed| digest(bed)) {
                continue;
            }
            match &change.bed {
                Some(bed) => drop(effective.insert(name, bed)),
                None => drop(effective.remove(name.as_str())),
            }
        }
        effective.into_values().cloned().collect()
    }

    /// Keeps a change: the bed as it shall be, or `None` where it is removed.
    ///
    /// # Errors
    /// [`OverrideError`] where it cannot be written; it does not stand then.
    pub fn keep(
        &mut self,
        name: &str,
        bed: Option<BedConfig>,
        file: &[BedConfig],
    ) -> Result<(), OverrideError> {
        let said = file.iter().find(|bed| bed.name == name);
        let path = self.path(name);
        let failed = |reason: String| OverrideError { doing: "write", path: path.clone(), reason };
        if bed.as_ref() == said {
            // Back to what vigil.toml says: nothing is left to keep.
            self.changes.remove(name);
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(error.to_string())),
                _ => {
                    self.unreadable.remove(name);
                    Ok(())
                }
            };
        }
        let change = Change { bed, over: said.map(digest) };
        let text = serde_json::to_vec_pretty(&change).map_err(|error| failed(error.to_string()))?;
        durable::replace_file(&path, |file| file.write_all(&text))
            .map_err(|error: std::io::Error| failed(error.to_string()))?;
        self.changes.insert(name.to_string(), change);
        self.unreadable.remove(name);
        Ok(())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.change.json"))
    }
}

fn digest(bed: &BedConfig) -> String {
    let text = serde_json::to_vec(bed).unwrap_or_default();
    Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect()
}
