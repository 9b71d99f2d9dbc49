//! Boosted trees on a second's rhythm, alone and beside the CNN: a way of judging that is on trial.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::boost::{BoostConfig, BoostSample, boost};
use super::calibrated::{log_odds, share, with_seizure};
use super::line::{JudgedPerson, JudgedSecond};
use crate::dataset::{Dataset, Second};
use crate::detect::Opinion;
use crate::model::{ModelError, RHYTHM_FEATURES, RhythmReader};

/// The weight of the trees' log-odds beside the CNN's. From a fifth to a half the figures are the same within chance.
const SHARE: f64 = 0.35;

/// How many sets of trees are averaged, each with a seed of its own: one alone finds more or fewer false alarms by chance.
const SETS: u64 = 3;

/// What trees say of everybody's seconds: the logarithm of the odds of seizure, in the order of the data set.
pub struct TreeOpinions(BTreeMap<(usize, usize), f64>);

impl TreeOpinions {
    /// Describes every second that somebody judged, and has the seconds of each fold judged by trees that were fitted on those of
    /// the other folds' people. Where these have only one kind of second, nothing is said.
    ///
    /// # Errors
    /// [`ModelError`] where windows are too short to be described.
    pub fn of(
        dataset: &Dataset,
        people: &[JudgedPerson],
        folds: &BTreeMap<String, usize>,
    ) -> Result<TreeOpinions, ModelError> {
        let reader = RhythmReader::new(dataset.rate)?;
        let described: Vec<Described<'_>> = people
            .iter()
            .map(|person| Described {
                fold: folds.get(&person.person).copied().unwrap_or_default(),
                seconds: &person.seconds,
                numbers: person
                    .seconds
                    .par_iter()
                    .map(|judged| numbers_of(dataset, &reader, judged.second))
                    .collect(),
            })
            .collect();
        let mut numbers: Vec<usize> = described.iter().map(|person| person.fold).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let judged = numbers.into_par_iter().flat_map_iter(|fold| judge_fold(&described, fold));
        Ok(TreeOpinions(judged.collect()))
    }

    /// The logarithm of the odds of seizure of a second, where the trees say anything.
    pub(super) fn log_odds(&self, second: Second) -> Option<f64> {
        self.0.get(&(second.stretch, second.index)).copied()
    }

    /// What the trees alone say.
    pub fn alone(&self, people: &[JudgedPerson]) -> Vec<JudgedPerson> {
        self.changed(people, |_, trees| {
            let seizure = share(trees) as f32;
            Opinion { ae_error: None, ae_flag: None, probabilities: [seizure, 0.0, 1.0 - seizure] }
        })
    }

    /// The mean of the log-odds of a network and of the trees; what is no seizure keeps its proportions.
    pub fn beside(&self, people: &[JudgedPerson]) -> Vec<JudgedPerson> {
        self.changed(people, |opinion, trees| {
            let joined = (1.0 - SHARE) * log_odds(opinion) + SHARE * trees;
            with_seizure(opinion, share(joined) as f32)
        })
    }

    fn changed(&self, people: &[JudgedPerson], to: impl Fn(Opinion, f64) -> Opinion) -> Vec<JudgedPerson> {
        people
            .iter()
            .map(|person| {
                let seconds = person.seconds.iter().map(|judged| {
                    let opinion = judged
                        .opinion
                        .zip(self.log_odds(judged.second))
                        .map(|(opinion, trees)| to(opinion, trees));
                    JudgedSecond { opinion, ..*judged }
                });
                JudgedPerson { seconds: seconds.collect(), ..person.clone() }
            })
            .collect()
    }
}

/// One person's seconds in numbers.
struct Described<'a> {
    fold: usize,
    seconds: &'a [JudgedSecond],
    numbers: Vec<[f32; RHYTHM_FEATURES]>,
}

fn numbers_of(dataset: &Dataset, reader: &RhythmReader, second: Second) -> [f32; RHYTHM_FEATURES] {
    let (stretch, mut window) = (&dataset.stretches[second.stretch], Vec::new());
    stretch.window_at(second.index * dataset.rate, dataset.rate, &mut window);
    reader.features(&window, &stretch.present[second.index])
}

/// What trees of the other folds say of a fold's seconds.
fn judge_fold(people: &[Described<'_>], fold: usize) -> Vec<((usize, usize), f64)> {
    let others: Vec<&Described<'_>> = people.iter().filter(|person| person.fold != fold).collect();
    let samples = samples(&others);
    let sets: Vec<_> = (1..=SETS)
        .filter_map(|seed| boost(&samples, &BoostConfig { seed, ..BoostConfig::default() }))
        .collect();
    if sets.is_empty() {
        return Vec::new();
    }
    let own = people.iter().filter(|person| person.fold == fold);
    own.flat_map(|person| person.seconds.iter().zip(&person.numbers))
        .map(|(judged, numbers)| {
            let sum: f64 = sets.iter().map(|trees| f64::from(trees.log_odds(numbers))).sum();
            ((judged.second.stretch, judged.second.index), sum / sets.len() as f64)
        })
        .collect()
}

/// Seizure and other seconds weigh the same in all, and within each kind a person weighs as much as the square root of
/// their seconds, as in the training of the networks.
fn samples<'a>(people: &[&'a Described<'a>]) -> Vec<BoostSample<'a>> {
    let count = |person: &Described<'_>, kind: bool| {
        person.seconds.iter().filter(|judged| judged.seizure == kind).count() as f32
    };
    let of_all = people.iter().map(|person| person.seconds.len()).sum::<usize>() as f32;
    let of_kind = |kind: bool| people.iter().map(|person| count(person, kind).sqrt()).sum::<f32>();
    let kinds = [of_kind(false), of_kind(true)];
    let weight = |person: &Described<'_>, kind: bool| {
        of_all / (2.0 * kinds[usize::from(kind)] * count(person, kind).sqrt())
    };
    people
        .iter()
        .flat_map(|person| {
            let weights = [weight(person, false), weight(person, true)];
            person.seconds.iter().zip(&person.numbers).map(move |(judged, numbers)| BoostSample {
                numbers,
                wanted: judged.seizure,
                weight: weights[usize::from(judged.seizure)],
            })
        })
        .collect()
}
