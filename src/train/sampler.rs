//! Which second a training image is drawn from.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};

use super::error::TrainError;
use super::labels::SecondLabel;
use crate::dataset::{Dataset, Second};

/// Draws by class, then by person in proportion to the square root of their seconds, then evenly.
///
/// A person with 1,500 seizure seconds then weighs five times, not thirty times, as much as one
/// with 54.
pub struct Sampler {
    classes: Vec<ClassPool>,
}

struct ClassPool {
    label: SecondLabel,
    /// Upper end of the class's share on [0, 1).
    until: f64,
    people: Vec<(f64, Vec<Second>)>,
}

impl Sampler {
    /// Sorts labelled seconds into pools; classes without seconds give their share to the others.
    ///
    /// # Errors
    /// [`TrainError::TooLittle`] without any seizure or any non-seizure second.
    pub fn new(
        dataset: &Dataset,
        labels: &[(Second, SecondLabel)],
        shares: [f64; 3],
    ) -> Result<Sampler, TrainError> {
        let mut pools: BTreeMap<SecondLabel, BTreeMap<&str, Vec<Second>>> = BTreeMap::new();
        for &(second, label) in labels {
            let person = dataset.recording_of(second).person.as_str();
            pools.entry(label).or_default().entry(person).or_default().push(second);
        }
        for needed in [SecondLabel::Seizure, SecondLabel::NonSeizure] {
            if !pools.contains_key(&needed) {
                return Err(TrainError::TooLittle {
                    found: format!("no {needed:?} second").to_lowercase(),
                    expected: "seizures and seizure-free EEG among the training people".into(),
                    advice: "add recordings with their events.tsv, or exclude fewer people".into(),
                });
            }
        }
        let total: f64 = pools.keys().map(|&label| shares[label as usize]).sum();
        let mut until = 0.0;
        let classes = pools
            .into_iter()
            .map(|(label, people)| {
                until += shares[label as usize] / total;
                let mut weight = 0.0;
                let people = people
                    .into_values()
                    .map(|seconds| {
                        weight += (seconds.len() as f64).sqrt();
                        (weight, seconds)
                    })
                    .collect();
                ClassPool { label, until, people }
            })
            .collect();
        Ok(Sampler { classes })
    }

    /// Draws one second and its label.
    pub fn draw(&self, rng: &mut impl Rng) -> (Second, SecondLabel) {
        let at: f64 = rng.random();
        let class = self
            .classes
            .iter()
            .find(|class| at < class.until)
            .unwrap_or(&self.classes[self.classes.len() - 1]);
        let total = class.people[class.people.len() - 1].0;
        let at = rng.random::<f64>() * total;
        let (_, seconds) = class
            .people
            .iter()
            .find(|(weight, _)| at < *weight)
            .unwrap_or(&class.people[class.people.len() - 1]);
        (seconds[rng.random_range(0..seconds.len())], class.label)
    }
}
