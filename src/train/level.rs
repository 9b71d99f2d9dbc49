//! The level of a patient's seizure-free EEG: what a CNN says of it.

use std::sync::Arc;

use rayon::prelude::*;

use super::error::TrainError;
use crate::dataset::{Dataset, Second};
use crate::detect::Level;
use crate::model::{Classifier, Viewer};
use crate::signal::MAX_MISSING;

/// Seconds that are asked for at most, spread evenly: a median of more is no other, and each costs milliseconds.
const MOST_S: usize = 3600;

/// The level of seizure-free seconds; `None` where too few of them can be judged.
///
/// # Errors
/// [`TrainError`] where the network fails.
pub fn level_of(
    classifier: &Arc<Classifier>,
    dataset: &Dataset,
    seconds: &[Second],
) -> Result<Option<Level>, TrainError> {
    let judged: Vec<Second> = seconds
        .iter()
        .copied()
        .filter(|second| {
            let present = &dataset.stretches[second.stretch].present[second.index];
            present.iter().filter(|present| !**present).count() <= MAX_MISSING
        })
        .collect();
    let asked: Vec<Second> = match judged.len() {
        few if few <= MOST_S => judged,
        many => (0..MOST_S).map(|number| judged[number * many / MOST_S]).collect(),
    };
    let viewer = Viewer::new(classifier.clone())?;
    let probabilities = asked
        .par_iter()
        .map_init(
            || (viewer.clone(), Vec::new()),
            |(viewer, window), second| -> Result<f32, TrainError> {
                let stretch = &dataset.stretches[second.stretch];
                stretch.window_at(second.index * dataset.rate, dataset.rate, window);
                Ok(viewer.probabilities(window, &stretch.present[second.index])?[0])
            },
        )
        .collect::<Result<Vec<f32>, TrainError>>()?;
    Ok(Level::of(classifier.digest(), probabilities))
}
