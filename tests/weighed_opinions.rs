//! A patient's own weights of several opinions are the best ones there are, never count a voice against itself, and fall back to the
//! network where there is nothing to learn from.

use proptest::prelude::*;
use serde::Deserialize;
use vigil::evaluate::{Voices, Weights};

const GOLDEN: &str = include_str!("golden/evaluate/weights.json");

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    voices: Vec<Voices>,
    seizure: Vec<bool>,
    pull: f64,
    weights: Voices,
    offset: f64,
}

#[test]
fn weights_equal_those_that_scipy_finds() {
    let golden: Golden = serde_json::from_str(GOLDEN).expect("the golden values");
    assert_eq!(golden.cases.len(), 5);
    for (number, case) in golden.cases.into_iter().enumerate() {
        let seconds: Vec<(Voices, bool)> = case.voices.into_iter().zip(case.seizure).collect();
        let found = Weights::fit(&seconds, case.pull);
        let pairs = found.of.iter().zip(&case.weights).chain([(&found.offset, &case.offset)]);
        for (found, expected) in pairs {
            assert!((found - expected).abs() < 1e-5, "case {number}: {found} instead of {expected}");
        }
    }
}

#[test]
fn without_both_kinds_of_seconds_the_network_is_left_as_it_is() {
    let voices = [2.0, -1.0, 0.5];
    for seconds in [vec![], vec![(voices, true); 5], vec![(voices, false); 5]] {
        assert_eq!(Weights::fit(&seconds, 1.0), Weights::NETWORK_ALONE);
    }
    assert_eq!(Weights::NETWORK_ALONE.log_odds(&voices), 2.0);
}

fn seconds() -> impl Strategy<Value = Vec<(Voices, bool)>> {
    let voice = || -8.0..8.0_f64;
    prop::collection::vec(((voice(), voice(), -3.0..3.0_f64), any::<bool>()), 2..60)
        .prop_map(|all| all.into_iter().map(|((a, b, c), seizure)| ([a, b, c], seizure)).collect())
}

/// What is made as small as it goes.
fn loss(seconds: &[(Voices, bool)], weights: &Weights, pull: f64) -> f64 {
    let seizures = seconds.iter().filter(|(_, seizure)| *seizure).count() as f64;
    let all = seconds.len() as f64;
    let each = seconds.iter().map(|(voices, seizure)| {
        let said = weights.log_odds(voices);
        let (right, kind) = if *seizure { (said, seizures) } else { (-said, all - seizures) };
        0.5 * all / kind * (1.0 + (-right).exp()).ln()
    });
    let [network, trees, length] = weights.of;
    each.sum::<f64>() + pull * ((network - 1.0).powi(2) + trees.powi(2) + length.powi(2))
}

proptest! {
    #[test]
    fn no_weight_is_below_zero_and_none_next_to_them_is_better(
        seconds in seconds(), pull in 1.0..100.0_f64, step in prop::array::uniform4(-0.05..0.05_f64)
    ) {
        prop_assume!(seconds.iter().any(|second| second.1) && seconds.iter().any(|second| !second.1));
        let found = Weights::fit(&seconds, pull);
        prop_assert!(found.of.iter().all(|weight| *weight >= 0.0 && weight.is_finite()), "{found:?}");
        let near = Weights {
            of: std::array::from_fn(|voice| (found.of[voice] + step[voice]).max(0.0)),
            offset: found.offset + step[3],
        };
        let (here, there) = (loss(&seconds, &found, pull), loss(&seconds, &near, pull));
        prop_assert!(here <= there + 1e-7 * here, "{here} at {found:?}, {there} at {near:?}");
    }

    #[test]
    fn the_order_of_the_seconds_does_not_matter(seconds in seconds(), pull in 1.0..100.0_f64) {
        let turned: Vec<_> = seconds.iter().rev().copied().collect();
        let (one, other) = (Weights::fit(&seconds, pull), Weights::fit(&turned, pull));
        for (one, other) in one.of.iter().zip(&other.of).chain([(&one.offset, &other.offset)]) {
            prop_assert!((one - other).abs() < 1e-6, "{one} and {other}");
        }
    }
}
