//! A trained CNN, ready to say what a window image shows.

use std::path::Path;
use std::slice::ChunksExact;

use burn::module::Module;
use burn::tensor::Device;
use burn::tensor::activation::softmax;
use serde::{Deserialize, Serialize};

use super::block::numbers;
use super::cnn::{CnnNet, images_to_tensor, whole_images};
use super::config::{Architecture, CnnConfig};
use super::device::compute_device;
use super::error::ModelError;
use super::head::{Head, in_order};
use super::prepared::PreparedNet;
use super::store::{read_weights, write_weights};

/// What stands in the metadata of a CNN's weight file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Description {
    config: CnnConfig,
    #[serde(flatten)]
    seen: Seen,
}

/// Whose EEG a network has seen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Seen {
    /// People whose EEG the weights were fitted on, so that nobody is scored on them by accident.
    pub people: Vec<String>,
    /// Typical amplitudes ([`Baseline::typical_uv`](super::Baseline::typical_uv)) of those of them who have seizures, in uV: the
    /// least and the largest. Networks of before this was written down do not know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amplitudes_uv: Option<[f32; 2]>,
}

/// The CNN in use: no dropout, running statistics, one window at a time.
///
/// Windows are judged singly, so that a verdict does not depend on which windows were due with it.
#[derive(Clone)]
pub struct Classifier {
    config: CnnConfig,
    seen: Seen,
    digest: String,
    prepared: PreparedNet,
    /// The layers on another device than the processor, where the program was built for one and found it.
    elsewhere: Option<(CnnNet, Device)>,
}

impl Classifier {
    /// Makes a classifier of a network in training; it has no file and so no digest.
    ///
    /// # Errors
    /// [`ModelError::Compute`] where its weights cannot be read or are not finite.
    pub fn of_net(config: &CnnConfig, net: &CnnNet) -> Result<Classifier, ModelError> {
        Classifier::prepare(config.clone(), Seen::default(), String::new(), net.valid())
    }

    /// Reads a weight file.
    ///
    /// # Errors
    /// See [`ModelError`]: a file that is missing, damaged or of another version.
    pub fn load(path: &Path) -> Result<Classifier, ModelError> {
        let file = read_weights(path)?;
        let Description { config, seen } = file.description(CnnConfig::VERSION)?;
        let mut net = CnnNet::new(&config, &compute_device())?;
        let digest = file.digest();
        file.load_into(&mut net)?;
        Classifier::prepare(config, seen, digest, net.valid()).map_err(|error| match error {
            ModelError::Compute { reason: found } => ModelError::Damaged {
                path: path.to_path_buf(),
                found,
                expected: "finite weights".to_string(),
            },
            other => other,
        })
    }

    fn prepare(config: CnnConfig, seen: Seen, digest: String, net: CnnNet) -> Result<Classifier, ModelError> {
        let (prepared, device) = (net.prepared(config.classes)?, compute_device());
        let elsewhere = (device != Device::flex()).then_some((net, device));
        Ok(Classifier { config, seen, digest, prepared, elsewhere })
    }

    /// Writes a network with its configuration and whose EEG it has seen.
    ///
    /// # Errors
    /// [`ModelError::Io`] where the disk refuses.
    pub fn save(path: &Path, config: &CnnConfig, seen: &Seen, net: &CnnNet) -> Result<(), ModelError> {
        let description = Description { config: config.clone(), seen: seen.clone() };
        write_weights(path, &net.valid(), &description)
    }

    /// The configuration that the weights were trained with.
    pub fn config(&self) -> &CnnConfig {
        &self.config
    }

    /// The people whose EEG the weights were fitted on, and those by whom early stopping chose them.
    pub fn people(&self) -> &[String] {
        &self.seen.people
    }

    /// The least and the largest typical amplitude of people with seizures whose EEG the weights were fitted on, in uV.
    pub fn amplitudes_uv(&self) -> Option<[f32; 2]> {
        self.seen.amplitudes_uv
    }

    /// SHA-256 of the weight file; empty for a network that was never saved.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Probabilities of seizure, abnormal and non-seizure, in this order, of each of several window
    /// images that lie one after the other.
    ///
    /// A two-class network never says abnormal: its middle probability is 0.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where `images` are not whole images of the configured size.
    pub fn probabilities(&self, images: &[u8]) -> Result<Vec<[f32; 3]>, ModelError> {
        let each = self.each(images)?;
        if let Some(elsewhere) = &self.elsewhere {
            return self.asked_elsewhere(elsewhere, images);
        }
        let size = self.size();
        Ok(each.map(|image| self.prepared.head.probabilities(&self.prepared.features(image, size))).collect())
    }

    /// The same of the two images of one window, the first as it is and the second with left and right exchanged.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where `images` are not two images of the configured size.
    pub fn both_ways(&self, images: &[u8]) -> Result<[[f32; 3]; 2], ModelError> {
        let other = |found: usize| ModelError::Shape {
            expected: "two images of a window".into(),
            found: format!("{found} images"),
        };
        let each: Vec<&[u8]> = self.each(images)?.collect();
        let both: [&[u8]; 2] = each.try_into().map_err(|each: Vec<_>| other(each.len()))?;
        if let Some(elsewhere) = &self.elsewhere {
            let said = self.asked_elsewhere(elsewhere, images)?;
            return said.try_into().map_err(|said: Vec<_>| other(said.len()));
        }
        let features = self.prepared.features_both_ways(both, self.size());
        Ok(features.map(|features| self.prepared.head.probabilities(&features)))
    }

    /// What the last layer sees of each of several window images that lie one after the other, and that layer.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where `images` are not whole images of the configured size, [`ModelError::Compute`] for a network whose last layer does not stand alone.
    pub fn features(&self, images: &[u8]) -> Result<(Vec<Vec<f32>>, Head), ModelError> {
        if matches!(self.config.architecture, Architecture::Vgg16) {
            return Err(ModelError::Compute { reason: "vgg16 has no single last layer to adapt".into() });
        }
        let size = self.size();
        let features = self.each(images)?.map(|image| self.prepared.features(image, size)).collect();
        Ok((features, self.prepared.head.clone()))
    }

    /// Rows and columns of an image.
    fn size(&self) -> [usize; 2] {
        [self.config.plot.rows() as usize, self.config.plot.width as usize]
    }

    /// The images that lie one after the other.
    fn each<'a>(&self, images: &'a [u8]) -> Result<ChunksExact<'a, u8>, ModelError> {
        let [rows, columns] = self.size();
        whole_images(images, columns, rows)?;
        Ok(images.chunks_exact(rows * columns))
    }

    /// Probabilities as another device says them.
    fn asked_elsewhere(
        &self,
        (net, device): &(CnnNet, Device),
        images: &[u8],
    ) -> Result<Vec<[f32; 3]>, ModelError> {
        let [rows, columns] = self.size();
        let logits = net.forward(images_to_tensor(images, columns, rows, device)?);
        let (shares, classes) = (numbers(softmax(logits, 1))?, self.config.classes);
        Ok(shares.chunks_exact(classes.count()).map(|shares| in_order(classes, shares)).collect())
    }
}
