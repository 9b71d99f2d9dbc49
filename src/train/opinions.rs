//! What each person's own autoencoder says of seconds that it was not fitted on.

use rayon::prelude::*;

use super::autoencoder::{AutoencoderFit, FEWEST_SECONDS, fit_autoencoder};
use super::error::TrainError;
use crate::dataset::{Dataset, Second};
use crate::model::{Autoencoder, AutoencoderConfig, AutoencoderOpinion};

/// Judges all seconds of one person, given in time order: they are cut in two halves, and an autoencoder
/// fitted on the seizure-free seconds of each judges the other. `None` for a half whose other half has too
/// little to fit on.
///
/// # Errors
/// [`TrainError`] where a fit or a network fails.
pub fn cross_fitted_opinions(
    dataset: &Dataset,
    person: &str,
    seconds: &[Second],
    config: &AutoencoderConfig,
    fit: &AutoencoderFit,
) -> Result<Vec<Option<AutoencoderOpinion>>, TrainError> {
    let (earlier, later) = seconds.split_at(seconds.len() / 2);
    let mut opinions = later_opinions(dataset, person, later, earlier, config, fit)?;
    opinions.extend(later_opinions(dataset, person, earlier, later, config, fit)?);
    Ok(opinions)
}

/// Judges seconds of one person by an autoencoder that is fitted on the seizure-free ones among others, `None` for all
/// where these are too few to fit on.
///
/// # Errors
/// [`TrainError`] where the fit or the network fails.
pub fn later_opinions(
    dataset: &Dataset,
    person: &str,
    fitted: &[Second],
    judged: &[Second],
    config: &AutoencoderConfig,
    fit: &AutoencoderFit,
) -> Result<Vec<Option<AutoencoderOpinion>>, TrainError> {
    let usual: Vec<Second> = fitted.iter().copied().filter(|&second| !dataset.is_seizure(second)).collect();
    if usual.len() < FEWEST_SECONDS {
        return Ok(vec![None; judged.len()]);
    }
    let autoencoder = fit_autoencoder(dataset, &usual, person, config, fit, &mut |_, _| {})?;
    judged.par_iter().map(|&second| Ok(Some(opinion(dataset, &autoencoder, second)?))).collect()
}

fn opinion(
    dataset: &Dataset,
    autoencoder: &Autoencoder,
    second: Second,
) -> Result<AutoencoderOpinion, TrainError> {
    let stretch = &dataset.stretches[second.stretch];
    let mut window = Vec::new();
    stretch.window_at(second.index * dataset.rate, dataset.rate, &mut window);
    Ok(autoencoder.opinion(&window, &stretch.present[second.index])?)
}
