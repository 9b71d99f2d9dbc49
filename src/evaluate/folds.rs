//! People dealt into folds: whoever is scored in a fold is in no other.
//!
//! The assignment is that of scikit-learn's `GroupKFold` without shuffling (1.9), so that our
//! figures and those of a baseline made there rest on the same people.

use std::collections::BTreeMap;

use thiserror::Error;

/// Folds that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FoldError {
    /// One fold leaves nobody to train on.
    #[error("{folds} folds asked for; expected 2 or more, since one leaves nobody to train on")]
    TooFewFolds {
        /// Folds asked for.
        folds: usize,
    },
    /// Some fold would be empty.
    #[error("{folds} folds asked for and {people} people given; expected at least as many people as folds")]
    TooFewPeople {
        /// Folds asked for.
        folds: usize,
        /// People given.
        people: usize,
    },
}

/// The fold of each person, from 0. `seconds` has the seconds of each *person*: subjects who are the
/// same person are one entry.
///
/// Who has most seconds is dealt first, to the fold that has fewest so far, the first of them if
/// there are several. Among people with as many seconds the last by name goes first, as scikit-learn
/// does it by sorting stably upwards and then turning the order round.
///
/// # Errors
/// [`FoldError`] for fewer than 2 folds, and for more folds than people.
pub fn grouped_folds(
    seconds: &BTreeMap<String, usize>,
    folds: usize,
) -> Result<BTreeMap<String, usize>, FoldError> {
    if folds < 2 {
        return Err(FoldError::TooFewFolds { folds });
    }
    if folds > seconds.len() {
        return Err(FoldError::TooFewPeople { folds, people: seconds.len() });
    }
    let mut order: Vec<(&String, usize)> = seconds.iter().map(|(person, count)| (person, *count)).collect();
    order.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| b.0.cmp(a.0)));
    let mut weights = vec![0u64; folds];
    let mut dealt = BTreeMap::new();
    for (person, count) in order {
        // `min_by_key` gives the first of equals.
        if let Some((fold, weight)) = weights.iter_mut().enumerate().min_by_key(|(_, weight)| **weight) {
            *weight = weight.saturating_add(count as u64);
            dealt.insert(person.clone(), fold);
        }
    }
    Ok(dealt)
}
