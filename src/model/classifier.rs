//! A trained CNN, ready to say what a window image shows.

use std::path::Path;

use burn::module::Module;
use burn::tensor::activation::softmax;
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::cnn::{CnnNet, images_to_tensor};
use super::config::CnnConfig;
use super::device::compute_device;
use super::error::ModelError;
use super::head::{Head, in_order};
use super::store::{read_weights, write_weights};

/// What stands in the metadata of a CNN's weight file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Description {
    config: CnnConfig,
    /// People whose EEG the weights were fitted on, so that nobody is scored on them by accident.
    people: Vec<String>,
}

/// The CNN in use: no dropout, running statistics, one window at a time.
///
/// Windows are judged singly, so that a verdict does not depend on which windows were due with it.
#[derive(Clone)]
pub struct Classifier {
    config: CnnConfig,
    people: Vec<String>,
    digest: String,
    net: CnnNet,
    device: Device,
}

impl Classifier {
    /// Makes a classifier of a network in training; it has no file and so no digest.
    pub fn of_net(config: &CnnConfig, net: &CnnNet) -> Classifier {
        Classifier {
            config: config.clone(),
            people: Vec::new(),
            digest: String::new(),
            net: net.valid().folded(),
            device: compute_device(),
        }
    }

    /// Reads a weight file.
    ///
    /// # Errors
    /// See [`ModelError`]: a file that is missing, damaged or of another version.
    pub fn load(path: &Path) -> Result<Classifier, ModelError> {
        let file = read_weights(path)?;
        let Description { config, people } = file.description(CnnConfig::VERSION)?;
        let device = compute_device();
        let mut net = CnnNet::new(&config, &device)?;
        let digest = file.digest();
        file.load_into(&mut net)?;
        Ok(Classifier { config, people, digest, net: net.valid().folded(), device })
    }

    /// Writes a network with its configuration and the people that it was fitted on.
    ///
    /// # Errors
    /// [`ModelError::Io`] where the disk refuses.
    pub fn save(path: &Path, config: &CnnConfig, people: &[String], net: &CnnNet) -> Result<(), ModelError> {
        let description = Description { config: config.clone(), people: people.to_vec() };
        write_weights(path, &net.valid(), &description)
    }

    /// The configuration that the weights were trained with.
    pub fn config(&self) -> &CnnConfig {
        &self.config
    }

    /// The people whose EEG the weights were fitted on.
    pub fn people(&self) -> &[String] {
        &self.people
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
        self.shares(self.net.forward(self.tensor(images)?))
    }

    /// The same of the two images of one window, the first as it is and the second with left and right exchanged.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where `images` are not two images of the configured size.
    pub fn both_ways(&self, images: &[u8]) -> Result<[[f32; 3]; 2], ModelError> {
        let other = |found: String| ModelError::Shape { expected: "two images of a window".into(), found };
        let tensor = self.tensor(images)?;
        if tensor.dims()[0] != 2 {
            return Err(other(format!("{} images", tensor.dims()[0])));
        }
        let shares = self.shares(self.net.forward_both_ways(tensor))?;
        shares.try_into().map_err(|shares: Vec<_>| other(format!("{} answers", shares.len())))
    }

    /// Images that lie one after the other as `[batch, 1, rows, columns]`.
    fn tensor(&self, images: &[u8]) -> Result<Tensor<4>, ModelError> {
        let (width, height) = (self.config.plot.width as usize, self.config.plot.rows() as usize);
        images_to_tensor(images, width, height, &self.device)
    }

    /// Probabilities in the order of [`Classifier::probabilities`].
    fn shares(&self, logits: Tensor<2>) -> Result<Vec<[f32; 3]>, ModelError> {
        let shares = numbers(softmax(logits, 1).into_data())?;
        let classes = self.config.classes;
        Ok(shares.chunks_exact(classes.count()).map(|shares| in_order(classes, shares)).collect())
    }

    /// What the last layer sees of each of several window images that lie one after the other, and that layer.
    ///
    /// # Errors
    /// [`ModelError::Shape`] where `images` are not whole images of the configured size, [`ModelError::Compute`] for a network whose last layer does not stand alone.
    pub fn features(&self, images: &[u8]) -> Result<(Vec<Vec<f32>>, Head), ModelError> {
        let Some((pooled, weights, biases)) = self.net.last_layer(self.tensor(images)?) else {
            return Err(ModelError::Compute { reason: "vgg16 has no single last layer to adapt".into() });
        };
        let rows = |tensor: Tensor<2>| -> Result<Vec<Vec<f32>>, ModelError> {
            let [_, length] = tensor.dims();
            Ok(numbers(tensor.into_data())?.chunks_exact(length.max(1)).map(<[f32]>::to_vec).collect())
        };
        let classes = self.config.classes;
        let biases = biases.map(|biases| numbers(biases.into_data())).transpose()?;
        let head = Head {
            classes,
            weights: rows(weights.transpose())?,
            biases: biases.unwrap_or_else(|| vec![0.0; classes.count()]),
        };
        Ok((rows(pooled)?, head))
    }
}

fn numbers(data: TensorData) -> Result<Vec<f32>, ModelError> {
    data.try_into_vec::<f32>().map_err(|error| ModelError::Compute { reason: format!("{error:?}") })
}
