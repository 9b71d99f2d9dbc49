//! A CNN's last layer by itself: from the features that the layers before it make of an image to classes.

use burn::nn::Linear;

use super::block::learnt;
use super::config::Classes;
use super::error::ModelError;

/// A linear layer over features.
#[derive(Debug, Clone, PartialEq)]
pub struct Head {
    /// What its outputs mean.
    pub classes: Classes,
    /// One row of weights for each class (index 0 seizure, 1 non-seizure, 2 abnormal), as many as there are features.
    pub weights: Vec<Vec<f32>>,
    /// One for each class.
    pub biases: Vec<f32>,
}

impl Head {
    /// The mean of what several layers say, each of features of its own: one layer over all features.
    ///
    /// # Errors
    /// [`ModelError::Compute`] where the weights cannot be read or are not finite.
    pub(super) fn mean_of(classes: Classes, layers: &[&Linear]) -> Result<Head, ModelError> {
        let share = 1.0 / layers.len() as f32;
        let mut weights = vec![Vec::new(); classes.count()];
        let mut biases = vec![0.0; classes.count()];
        for layer in layers {
            let [inputs, outputs] = layer.weight.dims();
            let of_layer = learnt(layer.weight.val())?;
            for (class, weights) in weights.iter_mut().enumerate() {
                weights.extend((0..inputs).map(|input| of_layer[input * outputs + class] * share));
            }
            if let Some(bias) = &layer.bias {
                biases.iter_mut().zip(learnt(bias.val())?).for_each(|(sum, bias)| *sum += bias * share);
            }
        }
        Ok(Head { classes, weights, biases })
    }

    /// The share of each class, in the layer's own order; they add up to 1.
    pub fn shares(&self, features: &[f32]) -> Vec<f32> {
        let logits = self.weights.iter().zip(&self.biases).map(|(weights, bias)| {
            weights.iter().zip(features).map(|(weight, feature)| weight * feature).sum::<f32>() + bias
        });
        let mut shares: Vec<f32> = logits.collect();
        let highest = shares.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        shares.iter_mut().for_each(|share| *share = (*share - highest).exp());
        let sum: f32 = shares.iter().sum();
        shares.iter_mut().for_each(|share| *share /= sum);
        shares
    }

    /// Probabilities of seizure, abnormal and non-seizure, in this order. A head of two classes never says abnormal.
    pub fn probabilities(&self, features: &[f32]) -> [f32; 3] {
        in_order(self.classes, &self.shares(features))
    }
}

/// A network's shares as probabilities of seizure, abnormal and non-seizure.
pub(super) fn in_order(classes: Classes, shares: &[f32]) -> [f32; 3] {
    match (classes, shares) {
        (Classes::Three, [seizure, non_seizure, abnormal]) => [*seizure, *abnormal, *non_seizure],
        (_, shares) => [shares[0], 0.0, shares[1]],
    }
}
