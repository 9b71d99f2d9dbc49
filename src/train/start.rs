//! A trained network from which a training goes on.

use std::path::{Path, PathBuf};

use super::error::TrainError;
use crate::model::{Classifier, CnnConfig, CnnNet, Seen, compute_device, must_agree, read_weights};
use crate::signal::Mains;

/// A trained network to begin with.
#[derive(Debug, Clone)]
pub struct Start {
    path: PathBuf,
    digest: String,
    seen: Seen,
    config: CnnConfig,
}

impl Start {
    /// Looks at a weight file.
    ///
    /// # Errors
    /// [`TrainError::Model`] where it is missing or damaged.
    pub fn of(path: &Path) -> Result<Start, TrainError> {
        let trained = Classifier::load(path)?;
        Ok(Start {
            path: path.to_path_buf(),
            digest: trained.digest().to_string(),
            seen: Seen { people: trained.people().to_vec(), amplitudes_uv: trained.amplitudes_uv() },
            config: trained.config().clone(),
        })
    }

    /// The same for people who were recorded at another mains, if one is told: it belongs to their place, not to the network.
    pub fn with_mains(mut self, mains: Option<Mains>) -> Start {
        self.config.signal = self.config.signal.with_mains(mains);
        self
    }

    /// SHA-256 of the weight file.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Whom it was trained on: what is trained from it has seen them too.
    pub fn people(&self) -> &[String] {
        &self.seen.people
    }

    /// The typical amplitudes of those of them who have seizures, in uV.
    pub fn amplitudes_uv(&self) -> Option<[f32; 2]> {
        self.seen.amplitudes_uv
    }

    /// What it is: a training that goes on from it and is told nothing else makes a network of the same kind.
    pub fn config(&self) -> &CnnConfig {
        &self.config
    }

    /// Whether this is a network on the drawing for one of this configuration that sees the traces as well. It is then taken
    /// as it is, and the traces alone are trained.
    pub fn is_drawing_of(&self, config: &CnnConfig) -> bool {
        config.drawing_alone().as_ref() == Some(&self.config)
    }

    /// Gives its weights to a network, or to the part of it that sees the drawing.
    ///
    /// # Errors
    /// [`TrainError::Model`] where the network is of another configuration, or the file has changed.
    pub fn load_into(&self, config: &CnnConfig, net: &mut CnnNet) -> Result<(), TrainError> {
        let trained = Classifier::load(&self.path)?;
        must_agree(&self.path, "weights, SHA-256", &trained.digest(), &self.digest.as_str())?;
        if self.is_drawing_of(config) {
            let mut drawing = CnnNet::new(trained.config(), &compute_device().autodiff())?;
            read_weights(&self.path)?.load_into(&mut drawing)?;
            net.take_drawing(drawing);
            return Ok(());
        }
        must_agree(&self.path, "network", &self.config, config)?;
        read_weights(&self.path)?.load_into(net)?;
        Ok(())
    }
}
