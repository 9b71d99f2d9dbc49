//! The patient's autoencoder and the three-class CNN, their files and their cards.
//!
//! Invariant: a weight file carries the whole configuration that it was trained with, and is
//! loaded only where that configuration is the one in use.

mod autoencoder;
mod block;
mod card;
mod classifier;
mod cnn;
mod config;
mod convolution;
mod device;
mod error;
mod head;
mod occlusion;
mod prepared;
mod rhythm;
mod size;
mod store;
mod traces;
mod trees;
mod viewer;

pub use autoencoder::{
    Autoencoder, AutoencoderNet, AutoencoderOpinion, Baseline, reconstruction_errors, vector_of,
};
pub use card::{Card, write_card};
pub use classifier::{Classifier, Seen};
pub use cnn::{CnnNet, images_to_tensor};
pub use config::{Architecture, AutoencoderConfig, Classes, CnnConfig};
pub use device::compute_device;
pub use error::ModelError;
pub use head::Head;
pub use occlusion::{Occlusion, SLICES, WithoutDerivation};
pub use rhythm::{RHYTHM_FEATURES, RhythmReader};
pub use size::NetworkSize;
pub use store::{WeightFile, must_agree, read_weights, write_weights};
pub use trees::{Tree, Trees};
pub use viewer::Viewer;
