//! How large people's EEG is, and how much larger it is drawn where size is not to tell who has seizures.

use std::collections::BTreeMap;

use rand::{Rng, RngExt};

use super::autoencoder::typical_amplitudes;
use super::labels::SecondLabel;
use crate::dataset::{Dataset, Second};

/// The typical amplitude of each person's seconds outside seizures, in uV.
///
/// A person's is the median over derivations of the median over seconds of the root mean square, as
/// [`Baseline::typical_uv`](crate::model::Baseline::typical_uv) has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sizes {
    calm: BTreeMap<String, f32>,
    with_seizures: Vec<f32>,
}

impl Sizes {
    /// Measures everybody who has seconds outside seizures.
    pub fn of(dataset: &Dataset, labels: &[(Second, SecondLabel)]) -> Sizes {
        let mut people: BTreeMap<&str, (bool, Vec<Second>)> = BTreeMap::new();
        for &(second, label) in labels {
            let person = people.entry(dataset.recording_of(second).person.as_str()).or_default();
            match label {
                SecondLabel::Seizure => person.0 = true,
                SecondLabel::NonSeizure | SecondLabel::Abnormal => person.1.push(second),
            }
        }
        let mut sizes = Sizes { calm: BTreeMap::new(), with_seizures: Vec::new() };
        for (person, (seizures, seconds)) in
            people.into_iter().filter(|(_, (_, seconds))| !seconds.is_empty())
        {
            let mut amplitudes = typical_amplitudes(dataset, &seconds);
            amplitudes.sort_by(f32::total_cmp);
            let size = amplitudes[amplitudes.len() / 2];
            match seizures {
                true => sizes.with_seizures.push(size),
                false => {
                    sizes.calm.insert(person.to_string(), size);
                }
            }
        }
        sizes
    }

    /// The least and the largest of people with seizures; `None` without such people.
    pub fn of_people_with_seizures(&self) -> Option<[f32; 2]> {
        let least = self.with_seizures.iter().copied().reduce(f32::min)?;
        let largest = self.with_seizures.iter().copied().reduce(f32::max)?;
        Some([least, largest])
    }

    /// By how much the EEG of a person without seizures is multiplied to be as large as that of somebody with seizures, who is
    /// drawn evenly; 1 for whoever has seizures.
    pub fn enlarged(&self, person: &str, rng: &mut impl Rng) -> f32 {
        match self.calm.get(person) {
            Some(own) if !self.with_seizures.is_empty() => {
                self.with_seizures[rng.random_range(0..self.with_seizures.len())] / own
            }
            _ => 1.0,
        }
    }
}
