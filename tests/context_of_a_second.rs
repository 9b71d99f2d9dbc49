//! The context of a second is what came before it in its stretch, the less the longer ago, and nothing that comes after.

use proptest::prelude::*;
use vigil::dataset::Second;
use vigil::detect::Opinion;
use vigil::evaluate::{JudgedPerson, JudgedSecond, PersonScore, auroc};

/// A second: its stretch, its place there, the probability of seizure if it could be judged, and the truth.
type Told = (usize, usize, Option<f32>, bool);

fn person(told: &[Told]) -> JudgedPerson {
    let seconds = told.iter().map(|&(stretch, index, probability, seizure)| JudgedSecond {
        second: Second { stretch, index },
        seizure,
        opinion: probability.map(|p| Opinion {
            ae_error: None,
            ae_flag: None,
            probabilities: [p, 0.0, 1.0 - p],
        }),
    });
    JudgedPerson { person: "p".into(), model: "m".into(), seconds: seconds.collect(), unjudged: vec![] }
}

/// The definition, summed over all earlier seconds anew for each one: a weight of e to the power of minus a fifth of the age.
fn contexts_by_definition(told: &[Told]) -> (Vec<f64>, Vec<bool>) {
    let judged = told
        .iter()
        .filter_map(|&(stretch, index, p, seizure)| Some((stretch, index, f64::from(p?), seizure)));
    let judged: Vec<(usize, usize, f64, bool)> = judged.collect();
    let context = |&(stretch, index, ..): &(usize, usize, f64, bool)| {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (_, earlier, p, _) in judged.iter().filter(|other| other.0 == stretch && other.1 <= index) {
            let weight = (-((index - earlier) as f64) / 5.0).exp();
            sum += weight * p;
            weights += weight;
        }
        sum / weights
    };
    (judged.iter().map(context).collect(), judged.iter().map(|second| second.3).collect())
}

/// The lowest and the highest area, if scores that are equal but for rounding may come in any order.
fn area_by_definition(told: &[Told]) -> Option<(f64, f64)> {
    let (scores, truths) = contexts_by_definition(told);
    let area = |favour: f64| {
        let moved: Vec<f64> = scores
            .iter()
            .zip(&truths)
            .map(|(score, seizure)| if *seizure { score + favour } else { *score })
            .collect();
        auroc(&moved, &truths)
    };
    Some((area(-1e-12)?, area(1e-12)?))
}

fn seconds() -> impl Strategy<Value = Vec<Told>> {
    let second = (prop::option::weighted(0.9, 0_u16..1000), any::<bool>(), prop::bool::weighted(0.05));
    prop::collection::vec(second, 2..80).prop_map(|seconds| {
        let (mut stretch, mut index) = (0, 0);
        let place = |(thousandths, seizure, anew): (Option<u16>, bool, bool)| {
            if anew {
                (stretch, index) = (stretch + 1, 0);
            }
            index += 1;
            (stretch, index - 1, thousandths.map(|p| f32::from(p) / 1000.0), seizure)
        };
        seconds.into_iter().map(place).collect()
    })
}

proptest! {
    #[test]
    fn it_is_the_weighted_mean_of_the_seconds_before_whose_weight_fades(told in seconds()) {
        match (PersonScore::of(&person(&told)).auroc_context, area_by_definition(&told)) {
            (Some(found), Some((low, high))) => {
                prop_assert!((low - 1e-9..=high + 1e-9).contains(&found), "{found} for {low} to {high}");
            }
            (found, expected) => prop_assert!(found.is_none() && expected.is_none(), "{found:?} for {expected:?}"),
        }
    }
}

/// Two stretches, a seizure in the second one. Its first second knows nothing of what was said before.
#[test]
fn it_begins_anew_with_each_stretch() {
    let before = (0..20).map(|index| (0, index, Some(0.9), false));
    let after = [(1, 0, Some(0.95), true), (1, 1, Some(0.95), true)];
    let told: Vec<Told> = before.chain(after).collect();
    assert_eq!(PersonScore::of(&person(&told)).auroc_context, Some(1.0));
}

/// The second before a seizure must not be helped by it.
#[test]
fn it_sees_nothing_of_what_comes() {
    let calm = (0..10).map(|index| (0, index, Some(0.1), true));
    let loud = (10..20).map(|index| (0, index, Some(0.9), false));
    let told: Vec<Told> = calm.chain(loud).collect();
    assert_eq!(PersonScore::of(&person(&told)).auroc_context, Some(0.0));
}

/// A second that could not be judged takes its time all the same: what lies before it is older by as much.
#[test]
fn a_second_that_could_not_be_judged_makes_what_lies_before_it_older() {
    let with = |lost: usize| {
        let told = [(0, 0, Some(1.0), false), (0, 1 + lost, Some(0.4), true), (1, 0, Some(0.5), false)];
        PersonScore::of(&person(&told)).auroc_context
    };
    // The mean of 1 and 0.4 lies above 0.5 where they are neighbours, and below where half a minute lies between them.
    assert_eq!(with(0), Some(0.5));
    assert_eq!(with(30), Some(0.0));
}
