//! A training on disk, so that it goes on where it was stopped.
//!
//! The folder holds the network and the optimiser of the last checkpoint under names that carry its
//! step, and `state.json`, which names them and is replaced last.

use std::path::{Path, PathBuf};

use burn::module::Module;
use burn::optim::{ModuleOptimizer, OptimizerRecord};
use burn::store::ModuleRecord;
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};

use super::error::TrainError;
use crate::durable;
use crate::model::CnnNet;

/// Everything beside the weights that a training needs to go on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// What is trained on what, in words that must agree to the letter.
    pub identity: serde_json::Value,
    /// Steps done.
    pub step: usize,
    /// Sum of the losses of this epoch's steps so far.
    pub epoch_loss: f64,
    /// Seconds spent.
    pub elapsed_s: f64,
    /// The run log so far.
    pub log: Vec<EpochLog>,
    /// Epochs in which the held-out AUROC did not rise, counted since it last did.
    pub stale: usize,
    /// Best held-out AUROC and its epoch.
    pub best: Option<(f64, usize)>,
}

/// One line of the run log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EpochLog {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Mean training loss.
    pub loss: f64,
    /// Learning rate at the epoch's end.
    pub learning_rate: f64,
    /// Mean over held-out people of the second-by-second AUROC.
    pub held_out_auroc: Option<f64>,
    /// Seconds since the training began.
    pub elapsed_s: f64,
}

/// The folder of one training's checkpoint.
pub struct Checkpoint {
    folder: PathBuf,
}

impl Checkpoint {
    /// Uses (and later makes) a folder.
    pub fn new(folder: &Path) -> Checkpoint {
        Checkpoint { folder: folder.to_path_buf() }
    }

    /// Writes the checkpoint of a step and removes the one before.
    ///
    /// # Errors
    /// [`TrainError::CheckpointUnwritable`] where the disk refuses; the checkpoint before stays usable.
    pub fn save(&self, state: &State, net: &CnnNet, optimiser: &ModuleOptimizer) -> Result<(), TrainError> {
        let bytes = net.clone().into_record().into_bytes().map_err(|e| self.unwritable(e))?;
        self.write(&format!("net-{}.bpk", state.step), &bytes)?;
        let bytes = optimiser.to_record().into_bytes().map_err(|e| self.unwritable(e))?;
        self.write(&format!("optimiser-{}.bpk", state.step), &bytes)?;
        let text = serde_json::to_vec_pretty(state).map_err(|e| self.unwritable(e))?;
        self.write("state.json", &text)?;
        self.remove_others(state.step)
    }

    /// Keeps the network of the best epoch apart.
    ///
    /// # Errors
    /// [`TrainError::CheckpointUnwritable`] where the disk refuses.
    pub fn save_best(&self, net: &CnnNet) -> Result<(), TrainError> {
        let bytes = net.clone().into_record().into_bytes().map_err(|e| self.unwritable(e))?;
        self.write("best.bpk", &bytes)
    }

    /// Reads back the network of the best epoch.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] where it cannot be read.
    pub fn load_best(&self, net: CnnNet) -> Result<CnnNet, TrainError> {
        net.try_load_record(ModuleRecord::from_bytes(self.read("best.bpk")?).map_err(|e| self.failed(e))?)
            .map_err(|e| self.failed(e))
    }

    /// Network and optimiser as they were when the checkpoint of this training was written, with its
    /// state; as they are, without one, where there is no checkpoint.
    ///
    /// # Errors
    /// [`TrainError::OtherCheckpoint`] where the folder holds another training's,
    /// [`TrainError::Checkpoint`] where it is damaged.
    pub fn load(
        &self,
        identity: &serde_json::Value,
        net: CnnNet,
        optimiser: ModuleOptimizer,
    ) -> Result<(Option<State>, CnnNet, ModuleOptimizer), TrainError> {
        let path = self.folder.join("state.json");
        if !path.exists() {
            return Ok((None, net, optimiser));
        }
        let state: State = serde_json::from_slice(&self.read("state.json")?).map_err(|e| self.failed(e))?;
        if state.identity != *identity {
            let difference = first_difference(&state.identity, identity);
            return Err(TrainError::OtherCheckpoint { path, difference });
        }
        let record = ModuleRecord::from_bytes(self.read(&format!("net-{}.bpk", state.step))?)
            .map_err(|e| self.failed(e))?;
        let net = net.try_load_record(record).map_err(|e| self.failed(e))?;
        let record = OptimizerRecord::from_bytes(self.read(&format!("optimiser-{}.bpk", state.step))?)
            .map_err(|e| self.failed(e))?;
        Ok((Some(state), net, optimiser.load_record(record)))
    }

    /// Removes the whole checkpoint; a finished training needs none.
    ///
    /// # Errors
    /// [`TrainError::CheckpointUnwritable`] where the system refuses.
    pub fn remove(&self) -> Result<(), TrainError> {
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder).map_err(|e| self.unwritable(e))?;
        }
        Ok(())
    }

    fn remove_others(&self, step: usize) -> Result<(), TrainError> {
        let keep = [format!("net-{step}.bpk"), format!("optimiser-{step}.bpk")];
        for entry in std::fs::read_dir(&self.folder).map_err(|e| self.unwritable(e))?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let numbered = name.starts_with("net-") || name.starts_with("optimiser-");
            if numbered && !keep.contains(&name) {
                std::fs::remove_file(entry.path()).map_err(|e| self.unwritable(e))?;
            }
        }
        Ok(())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TrainError> {
        durable::replace_file(&self.folder.join(name), |file| std::io::Write::write_all(file, bytes))
            .map_err(|e: std::io::Error| self.unwritable(e))
    }

    fn read(&self, name: &str) -> Result<Bytes, TrainError> {
        std::fs::read(self.folder.join(name))
            .map(Bytes::from_bytes_vec)
            .map_err(|e| self.failed(format!("{name}: {e}")))
    }

    fn unwritable(&self, reason: impl std::fmt::Display) -> TrainError {
        TrainError::CheckpointUnwritable { path: self.folder.clone(), reason: reason.to_string() }
    }

    fn failed(&self, reason: impl std::fmt::Display) -> TrainError {
        TrainError::Checkpoint { path: self.folder.clone(), reason: reason.to_string() }
    }
}

/// Names the first entry of two descriptions that differs.
fn first_difference(found: &serde_json::Value, expected: &serde_json::Value) -> String {
    let (Some(f), Some(e)) = (found.as_object(), expected.as_object()) else {
        return format!("{found} there, {expected} here");
    };
    f.iter()
        .find(|(key, value)| e.get(*key) != Some(value))
        .map(|(key, value)| match e.get(key) {
            Some(other) if value.is_object() => format!("{key}: {}", first_difference(value, other)),
            other => format!("{key} is {value} there and {} here", other.unwrap_or(&serde_json::Value::Null)),
        })
        .unwrap_or_else(|| "settings were added".to_string())
}
