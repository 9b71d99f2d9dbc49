//! What each second shows: seizure by the expert's log, abnormal by autoencoders that never saw
//! the second, non-seizure otherwise (Takahashi 2020, cross-fitted).

use std::collections::BTreeMap;

use super::autoencoder::{AutoencoderFit, cross_fitted_errors, robust_log_spread};
use super::error::TrainError;
use crate::dataset::{Dataset, Second};
use crate::model::{AutoencoderConfig, Classes};

/// The label of a training second; the number is the network's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecondLabel {
    /// In the expert's log.
    Seizure = 0,
    /// Outside the log and usual for this person.
    NonSeizure = 1,
    /// Outside the log and unlike the rest of this person's EEG.
    Abnormal = 2,
}

impl SecondLabel {
    /// The network's output for this label. Without a class of their own, abnormal seconds are no seizure.
    pub fn output(self, classes: Classes) -> usize {
        match (self, classes) {
            (SecondLabel::Abnormal, Classes::Two) => SecondLabel::NonSeizure as usize,
            _ => self as usize,
        }
    }
}

/// What was labelled for one person.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonLabels {
    /// Seconds in the expert's log.
    pub seizure: usize,
    /// Seconds outside it that were not flagged.
    pub non_seizure: usize,
    /// Seconds outside it that were flagged.
    pub abnormal: usize,
}

/// Fewest seizure-free seconds that are worth splitting in two for cross-fitting; people with
/// fewer have no abnormal seconds.
const FEWEST_SECONDS: usize = 60;

/// Labels by the expert's log alone.
pub fn expert_labels(dataset: &Dataset) -> Vec<(Second, SecondLabel)> {
    dataset
        .seconds()
        .map(|second| {
            (second, if dataset.is_seizure(second) { SecondLabel::Seizure } else { SecondLabel::NonSeizure })
        })
        .collect()
}

/// Labels of all seconds with the abnormal class.
///
/// Each person's seizure-free time is cut in two halves, in time order. One autoencoder is fitted on
/// each half and judges the other, so that no artifact is learnt as normal by the autoencoder that
/// judges it. The threshold is that of the person's own errors, all of them judged in this way.
///
/// # Errors
/// [`TrainError`] where an autoencoder cannot be fitted.
pub fn cross_fitted_labels(
    dataset: &Dataset,
    config: &AutoencoderConfig,
    fit: &AutoencoderFit,
    told: &mut dyn FnMut(usize, usize),
) -> Result<Vec<(Second, SecondLabel)>, TrainError> {
    let by_person = dataset.seizure_free_by_person();
    let mut abnormal = Vec::new();
    let people = by_person.len();
    for (done, seconds) in by_person.values().enumerate() {
        if seconds.len() >= FEWEST_SECONDS {
            let errors = cross_fitted_errors(dataset, seconds, config, fit, &mut |_, _| {})?;
            let (median, deviation) = robust_log_spread(&errors);
            let threshold = (median + fit.flag_deviations * deviation).exp();
            let flagged = seconds.iter().zip(&errors).filter(|(_, error)| f64::from(**error) > threshold);
            abnormal.extend(flagged.map(|(second, _)| (second.stretch, second.index)));
        }
        told(done + 1, people);
    }
    abnormal.sort_unstable();
    Ok(expert_labels(dataset)
        .into_iter()
        .map(|(second, label)| {
            if label == SecondLabel::NonSeizure
                && abnormal.binary_search(&(second.stretch, second.index)).is_ok()
            {
                (second, SecondLabel::Abnormal)
            } else {
                (second, label)
            }
        })
        .collect())
}

impl PersonLabels {
    /// Counts the labels of each person.
    pub fn count(dataset: &Dataset, labels: &[(Second, SecondLabel)]) -> BTreeMap<String, PersonLabels> {
        let mut counts = BTreeMap::new();
        for &(second, label) in labels {
            let person = dataset.recording_of(second).person.clone();
            let count =
                counts.entry(person).or_insert(PersonLabels { seizure: 0, non_seizure: 0, abnormal: 0 });
            match label {
                SecondLabel::Seizure => count.seizure += 1,
                SecondLabel::NonSeizure => count.non_seizure += 1,
                SecondLabel::Abnormal => count.abnormal += 1,
            }
        }
        counts
    }
}
