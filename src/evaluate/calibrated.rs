//! Probabilities set right on other people (Platt 1999).

use std::collections::BTreeMap;

use super::line::{JudgedPerson, JudgedSecond};
use super::logistic::Logistic;
use crate::detect::Opinion;

/// Maps each person's probability of seizure so that, over the people of the other folds, it is as often right as it
/// says: a logistic curve of its logarithm of odds. The rest keeps its proportions. Where other people have only one
/// kind of second, nothing is changed.
pub fn calibrated(people: &[JudgedPerson], folds: &BTreeMap<String, usize>) -> Vec<JudgedPerson> {
    let fold_of = |person: &JudgedPerson| folds.get(&person.person).copied().unwrap_or_default();
    let mut curves: BTreeMap<usize, Option<Logistic<1>>> = BTreeMap::new();
    for fold in people.iter().map(fold_of) {
        curves.entry(fold).or_insert_with(|| {
            let others = people.iter().filter(|person| fold_of(person) != fold);
            let samples: Vec<([f64; 1], bool, f64)> = others
                .flat_map(|person| &person.seconds)
                .filter_map(|judged| Some(([log_odds(judged.opinion?)], judged.seizure, 1.0)))
                .collect();
            Logistic::fit(&samples)
        });
    }
    people
        .iter()
        .map(|person| {
            let curve = curves.get(&fold_of(person)).and_then(Option::as_ref);
            let seconds = person.seconds.iter().map(|judged| JudgedSecond {
                opinion: judged.opinion.map(|opinion| match curve {
                    Some(curve) => with_seizure(opinion, curve.probability(&[log_odds(opinion)]) as f32),
                    None => opinion,
                }),
                ..*judged
            });
            JudgedPerson { seconds: seconds.collect(), ..person.clone() }
        })
        .collect()
}

/// The logarithm of the odds of seizure.
pub(super) fn log_odds(opinion: Opinion) -> f64 {
    let p = f64::from(opinion.probabilities[0]).clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln()
}

/// The probability of a logarithm of odds.
pub(super) fn share(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The same opinion with another probability of seizure; the rest keeps its proportions.
pub(super) fn with_seizure(opinion: Opinion, seizure: f32) -> Opinion {
    let [_, abnormal, other] = opinion.probabilities;
    let rest = abnormal + other;
    let share = if rest > 0.0 { abnormal / rest } else { 0.0 };
    let left = 1.0 - seizure;
    Opinion { probabilities: [seizure, share * left, (1.0 - share) * left], ..opinion }
}
