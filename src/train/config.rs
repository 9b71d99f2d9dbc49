//! How a CNN is trained, written down.

use serde::{Deserialize, Serialize};

use super::augment::Augmentation;
use super::autoencoder::AutoencoderFit;
use super::simulated::SimulatedShares;
use crate::model::Classes;

/// The settings of one training; each default's reason stands beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrainConfig {
    /// Everything random follows from it.
    pub seed: u64,
    /// Passes over as many images as there are training seconds; each costs minutes.
    pub epochs: usize,
    /// Images in a batch; small nets gain no speed from larger ones on a CPU.
    pub batch: usize,
    /// Highest learning rate of the one-cycle schedule (AdamW).
    pub peak_rate: f64,
    /// Share of the steps on which the rate still rises.
    pub warm_up: f64,
    /// AdamW's decoupled weight decay.
    pub weight_decay: f64,
    /// Share of the target that is spread over all classes: expert onsets are uncertain by seconds.
    pub label_smoothing: f64,
    /// Shares of seizure, non-seizure and abnormal images. Without the abnormal class its share
    /// goes to non-seizure.
    pub class_shares: [f64; 3],
    /// Share of the non-seizure images of a two-class training that are drawn from seconds of high
    /// autoencoder error; 0 draws all of them evenly (Takahashi 2020 tried one half).
    pub hard_negatives: f64,
    /// Share of the non-seizure and of the abnormal images whose person is drawn as that of a seizure
    /// image is, so that who is seen tells less of what is seen; the others by their own seconds.
    pub matched_people: f64,
    /// Share of the images of people without seizures that are drawn as large as the EEG of somebody with seizures: otherwise
    /// small EEG would be that of people without.
    pub enlarged: f64,
    /// How many of the seizure and abnormal images are simulated.
    pub simulated: SimulatedShares,
    /// Stop where the held-out people's AUROC did not rise for this many epochs.
    pub patience: usize,
    /// How images are varied.
    pub augmentation: Augmentation,
    /// How the autoencoders are fitted that tell abnormal seconds from others.
    pub autoencoder: AutoencoderFit,
}

impl Default for TrainConfig {
    fn default() -> Self {
        TrainConfig {
            seed: 1,
            epochs: 4,
            batch: 64,
            peak_rate: 4e-3,
            warm_up: 0.3,
            weight_decay: 1e-2,
            label_smoothing: 0.05,
            class_shares: [0.45, 0.40, 0.15],
            hard_negatives: 0.0,
            matched_people: 0.0,
            enlarged: 0.0,
            simulated: SimulatedShares::default(),
            patience: 3,
            augmentation: Augmentation::default(),
            autoencoder: AutoencoderFit::default(),
        }
    }
}

impl TrainConfig {
    /// The shares of the images for a network of some classes: one that knows no abnormal class sees
    /// abnormal seconds as non-seizure ones, as often as `hard_negatives` says.
    pub fn shares(&self, classes: Classes) -> [f64; 3] {
        let [seizure, non_seizure, abnormal] = self.class_shares;
        match classes {
            Classes::Three => self.class_shares,
            Classes::Two => {
                let others = non_seizure + abnormal;
                [seizure, (1.0 - self.hard_negatives) * others, self.hard_negatives * others]
            }
        }
    }

    /// The learning rate at `step` of `steps`: a cosine up from 1/25 of the peak, a cosine down to
    /// 1/10,000 of that start (Smith 2018, as PyTorch's OneCycleLR shapes it).
    pub fn learning_rate(&self, step: usize, steps: usize) -> f64 {
        let cosine = |from: f64, to: f64, share: f64| {
            to + (from - to) * (1.0 + (std::f64::consts::PI * share).cos()) / 2.0
        };
        let start = self.peak_rate / 25.0;
        let rising = (self.warm_up * steps as f64).max(1.0);
        let at = step as f64;
        if at < rising {
            cosine(start, self.peak_rate, at / rising)
        } else {
            cosine(self.peak_rate, start / 1e4, (at - rising) / (steps as f64 - rising).max(1.0))
        }
    }
}
