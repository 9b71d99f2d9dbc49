//! Which second a training image is drawn from.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};

use super::config::TrainConfig;
use super::error::TrainError;
use super::labels::SecondLabel;
use super::simulated::{Added, SimulatedShares};
use crate::dataset::{Dataset, Second};
use crate::model::Classes;

/// Draws by class, then by person in proportion to the square root of their seconds, then evenly.
///
/// Of the classes but seizure, [`TrainConfig::matched_people`] of the images are dealt to people as seizure images are.
///
/// Where simulated seizures, artifacts or look-alikes are asked for, that share of the images of their class is a non-seizure second
/// to which one is to be added.
///
/// A person with 1,500 seizure seconds then weighs five times, not thirty times, as much as one
/// with 54.
pub struct Sampler {
    classes: Vec<ClassPool>,
    simulated: SimulatedShares,
}

/// What an image is to show.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drawn {
    /// The second.
    pub second: Second,
    /// What the image is labelled.
    pub label: SecondLabel,
    /// What is to be added to the second.
    pub added: Option<Added>,
}

struct ClassPool {
    label: SecondLabel,
    /// Upper end of the class's share on [0, 1).
    until: f64,
    /// Nobody where all images of the class are simulated.
    people: Vec<(f64, Vec<Second>)>,
}

impl Sampler {
    /// Sorts labelled seconds into pools; classes without seconds give their share to the others.
    ///
    /// # Errors
    /// [`TrainError::TooLittle`] without any seizure (unless all are simulated) or any non-seizure second.
    pub fn new(
        dataset: &Dataset,
        labels: &[(Second, SecondLabel)],
        config: &TrainConfig,
        classes: Classes,
    ) -> Result<Sampler, TrainError> {
        let (shares, simulated) = (config.shares(classes), config.simulated);
        let mut pools: BTreeMap<SecondLabel, BTreeMap<&str, Vec<Second>>> = BTreeMap::new();
        for &(second, label) in labels {
            let person = dataset.recording_of(second).person.as_str();
            pools.entry(label).or_default().entry(person).or_default().push(second);
        }
        if simulated.seizures > 0.0 {
            pools.entry(SecondLabel::Seizure).or_default();
        }
        if simulated.artifacts > 0.0 || simulated.look_alikes > 0.0 {
            pools.entry(SecondLabel::Abnormal).or_default();
        }
        let alone = |label| label == SecondLabel::Seizure && simulated.seizures >= 1.0;
        for needed in [SecondLabel::Seizure, SecondLabel::NonSeizure] {
            if pools.get(&needed).is_none_or(BTreeMap::is_empty) && !alone(needed) {
                return Err(TrainError::TooLittle {
                    found: format!("no {needed:?} second").to_lowercase(),
                    expected: "seizures and seizure-free EEG among the training people".into(),
                    advice: "add recordings with their events.tsv, or exclude fewer people".into(),
                });
            }
        }
        let total: f64 = pools.keys().map(|&label| shares[label as usize]).sum();
        let seizure_people: BTreeMap<&str, f64> = pools
            .get(&SecondLabel::Seizure)
            .into_iter()
            .flatten()
            .map(|(&person, seconds)| (person, weight(seconds)))
            .collect();
        let mut until = 0.0;
        let classes = pools
            .into_iter()
            .map(|(label, people)| {
                until += shares[label as usize] / total;
                let matched = if label == SecondLabel::Seizure { 0.0 } else { config.matched_people };
                ClassPool { label, until, people: weighted(people, &seizure_people, matched) }
            })
            .collect();
        Ok(Sampler { classes, simulated })
    }

    /// Draws one image.
    pub fn draw(&self, rng: &mut impl Rng) -> Drawn {
        let at: f64 = rng.random();
        let class = self
            .classes
            .iter()
            .find(|class| at < class.until)
            .unwrap_or(&self.classes[self.classes.len() - 1]);
        let usual = self.classes.iter().find(|class| class.label == SecondLabel::NonSeizure);
        match (self.added(class, rng), usual) {
            (Some(added), Some(usual)) => {
                Drawn { second: usual.second(rng), label: class.label, added: Some(added) }
            }
            _ => Drawn { second: class.second(rng), label: class.label, added: None },
        }
    }

    /// What is added where an image of this class is simulated.
    fn added(&self, class: &ClassPool, rng: &mut impl Rng) -> Option<Added> {
        let SimulatedShares { seizures, artifacts, look_alikes } = self.simulated;
        let shares = match class.label {
            SecondLabel::Seizure => [(seizures, Added::Discharge), (0.0, Added::Discharge)],
            SecondLabel::Abnormal => [(artifacts, Added::Artifact), (look_alikes, Added::LookAlike)],
            SecondLabel::NonSeizure => return None,
        };
        // Where there is nothing real all images are simulated, in the same proportions.
        let all: f64 = shares.iter().map(|(share, _)| share).sum();
        let mut left = if class.people.is_empty() { all } else { 1.0 };
        for (share, added) in shares.into_iter().filter(|(share, _)| *share > 0.0) {
            if share >= left || rng.random_bool(share / left) {
                return Some(added);
            }
            left -= share;
        }
        None
    }
}

/// How much a person's seconds of a class weigh by themselves.
fn weight(seconds: &[Second]) -> f64 {
    (seconds.len() as f64).sqrt()
}

/// A class's people with running sums of their shares: of `matched` of the images as seizure images are dealt, of the
/// others as their own seconds weigh.
fn weighted(
    people: BTreeMap<&str, Vec<Second>>,
    seizure_people: &BTreeMap<&str, f64>,
    matched: f64,
) -> Vec<(f64, Vec<Second>)> {
    let seizures = |person: &str| seizure_people.get(person).copied().unwrap_or(0.0);
    let all_own: f64 = people.values().map(|seconds| weight(seconds)).sum();
    let all_seizures: f64 = people.keys().map(|person| seizures(person)).sum();
    let matched = if all_seizures > 0.0 { matched } else { 0.0 };
    let mut sum = 0.0;
    people
        .into_iter()
        .map(|(person, seconds)| {
            sum += (1.0 - matched) * weight(&seconds) / all_own;
            if matched > 0.0 {
                sum += matched * seizures(person) / all_seizures;
            }
            (sum, seconds)
        })
        .collect()
}

impl ClassPool {
    /// Draws a person, then one of their seconds.
    fn second(&self, rng: &mut impl Rng) -> Second {
        let total = self.people[self.people.len() - 1].0;
        let at = rng.random::<f64>() * total;
        let (_, seconds) = self
            .people
            .iter()
            .find(|(weight, _)| at < *weight)
            .unwrap_or(&self.people[self.people.len() - 1]);
        seconds[rng.random_range(0..seconds.len())]
    }
}
