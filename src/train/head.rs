//! Adapting a CNN's last layer to one patient.
//!
//! A few seizures are too little for a network, but not for its last layer, which weighs features that many people
//! taught. The weights are pulled back to those of the network, so that little evidence changes little.

use crate::model::{Classes, Head};

/// Steps of gradient descent; the loss is convex and the weights begin near their end.
const STEPS: usize = 300;

/// Adam's step, small beside the weights (about 0.1).
const RATE: f32 = 0.005;

/// How hard weights are pulled back to the network's: `penalty * |W - W0|^2` beside the mean cross-entropy. From
/// hardly at all to so hard that nothing changes.
pub const PENALTIES: [f32; 6] = [0.003, 0.01, 0.03, 0.1, 0.3, 1.0];

/// A second as the last layer sees it: each image's features, and whether an expert marked it as seizure.
#[derive(Debug, Clone)]
pub struct SeenSecond {
    /// One list for each image.
    pub images: Vec<Vec<f32>>,
    /// The expert's mark.
    pub seizure: bool,
}

impl SeenSecond {
    /// The mean of what a head says of the images.
    pub fn probabilities(&self, head: &Head) -> [f32; 3] {
        let mut mean = [0.0; 3];
        for image in &self.images {
            let judged = head.probabilities(image);
            mean.iter_mut().zip(judged).for_each(|(sum, share)| *sum += share / self.images.len() as f32);
        }
        mean
    }
}

/// Fits the last layer to a patient's seconds, both kinds weighing the same in all, however many there are of each.
///
/// An expert marks seizures alone, so a second outside keeps the shares of abnormal and non-seizure that the network
/// gives it, and loses its share of seizure to them. Without both kinds the layer is left as it is.
pub fn adapt_head(head: &Head, seconds: &[SeenSecond], penalty: f32) -> Head {
    let (weight_of, both) = class_weights(seconds);
    if !both {
        return head.clone();
    }
    let samples: Vec<Sample<'_>> = seconds
        .iter()
        .flat_map(|second| {
            let weight = weight_of(second.seizure) / second.images.len() as f32;
            second.images.iter().map(move |features| Sample {
                features,
                target: target(head, features, second.seizure),
                weight,
            })
        })
        .collect();
    let mut adapted = head.clone();
    let mut adam = Adam::new(head);
    for step in 1..=STEPS {
        let slope = gradient(&adapted, head, &samples, penalty);
        adam.step(&mut adapted, &slope, step);
    }
    adapted
}

/// What a second of either kind weighs, and whether there are both.
fn class_weights(seconds: &[SeenSecond]) -> (impl Fn(bool) -> f32, bool) {
    let seizures = seconds.iter().filter(|second| second.seizure).count();
    let others = seconds.len() - seizures;
    let weight = move |seizure: bool| 0.5 / (if seizure { seizures } else { others }).max(1) as f32;
    (weight, seizures > 0 && others > 0)
}

struct Sample<'a> {
    features: &'a [f32],
    target: Vec<f32>,
    weight: f32,
}

fn target(head: &Head, features: &[f32], seizure: bool) -> Vec<f32> {
    let mut target = vec![0.0; head.classes.count()];
    match (seizure, head.classes) {
        (true, _) => target[0] = 1.0,
        (false, Classes::Two) => target[1] = 1.0,
        (false, Classes::Three) => {
            let shares = head.shares(features);
            let rest = (shares[1] + shares[2]).max(f32::MIN_POSITIVE);
            target[1] = shares[1] / rest;
            target[2] = shares[2] / rest;
        }
    }
    target
}

/// The slope of weighted cross-entropy and penalty; biases are free.
fn gradient(head: &Head, origin: &Head, samples: &[Sample<'_>], penalty: f32) -> Head {
    let mut slope = Head {
        classes: head.classes,
        weights: head
            .weights
            .iter()
            .zip(&origin.weights)
            .map(|(now, then)| now.iter().zip(then).map(|(now, then)| 2.0 * penalty * (now - then)).collect())
            .collect(),
        biases: vec![0.0; head.biases.len()],
    };
    for sample in samples {
        let shares = head.shares(sample.features);
        for (class, (share, target)) in shares.iter().zip(&sample.target).enumerate() {
            let error = sample.weight * (share - target);
            slope.biases[class] += error;
            slope.weights[class]
                .iter_mut()
                .zip(sample.features)
                .for_each(|(slope, feature)| *slope += error * feature);
        }
    }
    slope
}

/// Adam (Kingma 2015) with its usual constants.
struct Adam {
    mean: Head,
    square: Head,
}

impl Adam {
    fn new(head: &Head) -> Adam {
        let zero = Head {
            classes: head.classes,
            weights: head.weights.iter().map(|row| vec![0.0; row.len()]).collect(),
            biases: vec![0.0; head.biases.len()],
        };
        Adam { mean: zero.clone(), square: zero }
    }

    fn step(&mut self, head: &mut Head, slope: &Head, step: usize) {
        let of = |head: &mut [f32], mean: &mut [f32], square: &mut [f32], slope: &[f32]| {
            let (first, second) = (1.0 - 0.9f32.powi(step as i32), 1.0 - 0.999f32.powi(step as i32));
            for (((value, mean), square), slope) in head.iter_mut().zip(mean).zip(square).zip(slope) {
                *mean = 0.9 * *mean + 0.1 * slope;
                *square = 0.999 * *square + 0.001 * slope * slope;
                *value -= RATE * (*mean / first) / ((*square / second).sqrt() + 1e-8);
            }
        };
        for class in 0..head.weights.len() {
            of(
                &mut head.weights[class],
                &mut self.mean.weights[class],
                &mut self.square.weights[class],
                &slope.weights[class],
            );
        }
        of(&mut head.biases, &mut self.mean.biases, &mut self.square.biases, &slope.biases);
    }
}
