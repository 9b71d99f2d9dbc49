//! What several say of a second, weighed for one patient: the network, the rhythm trees, and the plain length of the traces.
//!
//! On one person amplitude tells everything and misleads the network; on the next it tells nothing. A patient's few earlier
//! seizures cannot teach a network that, but three weights they can.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::auroc::auroc;
use super::calibrated::{log_odds, share, with_seizure};
use super::judgements::line_length;
use super::line::{JudgedPerson, JudgedSecond};
use super::rhythm_trees::TreeOpinions;
use crate::dataset::{Dataset, Second};

/// What is said of a second: the log-odds of seizure of the network and of the trees, and how far the logarithm of the line
/// length lies above the mean of the earlier seconds, in their standard deviations.
pub type Voices = [f64; 3];

/// Where weights are pulled back to: the network alone.
const NETWORK_ALONE: Voices = [1.0, 0.0, 0.0];

/// How hard they are pulled back, beside the log-loss of a patient's earlier seconds, each of which weighs 1 on average.
const PULLS: [f64; 5] = [1.0, 3.0, 10.0, 30.0, 100.0];

/// Most rounds of the descent, each step of which lowers the loss, which is convex. Most people's end after some hundred.
const ROUNDS: usize = 2000;

/// A round in which nothing moved further than this was the last.
const STILL: f64 = 1e-9;

/// How much each voice counts, and what is added.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// None is below 0: a voice may count for nothing, but not for the contrary of what it says.
    pub of: Voices,
    /// The log-odds where all voices are 0.
    pub offset: f64,
}

impl Weights {
    /// The network alone, as it is.
    pub const NETWORK_ALONE: Weights = Weights { of: NETWORK_ALONE, offset: 0.0 };

    /// The log-odds of seizure.
    pub fn log_odds(&self, voices: &Voices) -> f64 {
        self.of.iter().zip(voices).map(|(weight, voice)| weight * voice).sum::<f64>() + self.offset
    }

    /// The weights with the lowest log-loss of some seconds - seizure and others weigh the same in all, a second 1 on average - and
    /// `pull` times the squared distance from the network alone. Without both kinds that is what they are.
    ///
    /// Found by descent along one weight after the other, each step by the bound of the curvature, so none overshoots.
    pub fn fit(seconds: &[(Voices, bool)], pull: f64) -> Weights {
        let seizures = seconds.iter().filter(|(_, seizure)| *seizure).count();
        let others = seconds.len() - seizures;
        if seizures == 0 || others == 0 {
            return Weights::NETWORK_ALONE;
        }
        let half = 0.5 * seconds.len() as f64;
        let weight_of = |seizure: bool| half / if seizure { seizures } else { others } as f64;
        let curvature: Voices = std::array::from_fn(|voice| {
            let squares = seconds.iter().map(|(voices, seizure)| weight_of(*seizure) * voices[voice].powi(2));
            0.25 * squares.sum::<f64>() + 2.0 * pull
        });
        let mut weights = Weights::NETWORK_ALONE;
        let mut said: Vec<f64> = seconds.iter().map(|(voices, _)| weights.log_odds(voices)).collect();
        let slope = |said: &[f64], of: &dyn Fn(&Voices) -> f64| -> f64 {
            let each = seconds.iter().zip(said).map(|((voices, seizure), said)| {
                weight_of(*seizure) * (share(*said) - f64::from(u8::from(*seizure))) * of(voices)
            });
            each.sum()
        };
        for _ in 0..ROUNDS {
            let mut furthest = 0.0_f64;
            for voice in 0..NETWORK_ALONE.len() {
                let back = 2.0 * pull * (weights.of[voice] - NETWORK_ALONE[voice]);
                let step = (slope(&said, &|voices| voices[voice]) + back) / curvature[voice];
                let moved = (weights.of[voice] - step).max(0.0) - weights.of[voice];
                weights.of[voice] += moved;
                said.iter_mut().zip(seconds).for_each(|(said, (voices, _))| *said += moved * voices[voice]);
                furthest = furthest.max(moved.abs());
            }
            let moved = -slope(&said, &|_| 1.0) / (0.25 * seconds.len() as f64);
            weights.offset += moved;
            said.iter_mut().for_each(|said| *said += moved);
            if furthest.max(moved.abs()) < STILL {
                break;
            }
        }
        weights
    }
}

/// Judges the later seconds of people by voices that were weighed on their earlier ones. `people` are a network's opinions of
/// all seconds; `later` tells which are scored.
///
/// How hard the weights of a fold's people are pulled back is what ranks the later seconds of the other folds' people best, in
/// the mean of their areas under the ROC curve.
pub fn weighed(
    dataset: &Dataset,
    people: &[JudgedPerson],
    trees: &TreeOpinions,
    folds: &BTreeMap<String, usize>,
    later: &dyn Fn(&str, Second) -> bool,
) -> Vec<JudgedPerson> {
    let heard: Vec<Heard<'_>> =
        people.iter().map(|person| Heard::of(dataset, person, trees, later)).collect();
    let fold_of = |heard: &Heard<'_>| folds.get(&heard.person.person).copied().unwrap_or_default();
    let areas: Vec<[Option<f64>; PULLS.len()]> =
        heard.par_iter().map(|heard| PULLS.map(|pull| heard.area(&heard.weights(pull)))).collect();
    heard
        .iter()
        .map(|person| {
            let others: Vec<_> =
                heard.iter().zip(&areas).filter(|(other, _)| fold_of(other) != fold_of(person)).collect();
            let mean = |tried: usize| {
                let areas: Vec<f64> = others.iter().filter_map(|(_, areas)| areas[tried]).collect();
                areas.iter().sum::<f64>() / areas.len().max(1) as f64
            };
            // Of equals the last, which changes least.
            let best = (0..PULLS.len()).max_by(|&a, &b| mean(a).total_cmp(&mean(b)));
            let pull = PULLS[best.unwrap_or(PULLS.len() - 1)];
            person.judged(&person.weights(pull))
        })
        .collect()
}

/// One person's seconds with all voices.
struct Heard<'a> {
    person: &'a JudgedPerson,
    earlier: Vec<(Voices, bool)>,
    later: Vec<(&'a JudgedSecond, Option<Voices>)>,
}

impl<'a> Heard<'a> {
    fn of(
        dataset: &Dataset,
        person: &'a JudgedPerson,
        trees: &TreeOpinions,
        later: &dyn Fn(&str, Second) -> bool,
    ) -> Heard<'a> {
        let voices = |judged: &JudgedSecond| {
            Some([
                log_odds(judged.opinion?),
                trees.log_odds(judged.second)?,
                f64::from(line_length(dataset, judged.second)),
            ])
        };
        let (later, earlier): (Vec<&JudgedSecond>, Vec<&JudgedSecond>) =
            person.seconds.iter().partition(|judged| later(&person.person, judged.second));
        let mut earlier: Vec<(Voices, bool)> =
            earlier.into_iter().filter_map(|judged| Some((voices(judged)?, judged.seizure))).collect();
        let count = earlier.len().max(1) as f64;
        let mean = earlier.iter().map(|(voices, _)| voices[2]).sum::<f64>() / count;
        let square = earlier.iter().map(|(voices, _)| (voices[2] - mean).powi(2)).sum::<f64>() / count;
        let standard = |mut voices: Voices| {
            voices[2] = (voices[2] - mean) / square.sqrt().max(1e-6);
            voices
        };
        earlier.iter_mut().for_each(|(voices, _)| *voices = standard(*voices));
        let later = later.into_iter().map(|judged| (judged, voices(judged).map(standard))).collect();
        Heard { person, earlier, later }
    }

    fn weights(&self, pull: f64) -> Weights {
        Weights::fit(&self.earlier, pull)
    }

    /// How well the later seconds are ranked.
    fn area(&self, weights: &Weights) -> Option<f64> {
        let said = self
            .later
            .iter()
            .filter_map(|(judged, voices)| Some((weights.log_odds(voices.as_ref()?), judged.seizure)));
        let (scores, truths): (Vec<f64>, Vec<bool>) = said.unzip();
        auroc(&scores, &truths)
    }

    fn judged(&self, weights: &Weights) -> JudgedPerson {
        let seconds = self.later.iter().map(|(judged, voices)| {
            let opinion = judged.opinion.zip(voices.as_ref());
            let opinion = opinion
                .map(|(opinion, voices)| with_seizure(opinion, share(weights.log_odds(voices)) as f32));
            JudgedSecond { opinion, ..**judged }
        });
        JudgedPerson {
            person: self.person.person.clone(),
            model: self.person.model.clone(),
            seconds: seconds.collect(),
            unjudged: self.person.unjudged.clone(),
        }
    }
}
