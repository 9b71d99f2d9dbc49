//! Areas, intervals and folds equal those of scipy and scikit-learn.

use std::collections::BTreeMap;

use serde::Deserialize;
use vigil::evaluate::report::drawn;
use vigil::evaluate::{FoldError, Interval, auroc, clopper_pearson, garwood, grouped_folds, median_interval};

const GOLDEN: &str = include_str!("golden/evaluate/statistics.json");

#[derive(Deserialize)]
struct Golden {
    areas: Vec<Area>,
    garwood: Vec<Rate>,
    clopper_pearson: Vec<Share>,
    folds: Vec<Folds>,
}

#[derive(Deserialize)]
struct Area {
    scores: Vec<f64>,
    truths: Vec<bool>,
    auroc: f64,
}

#[derive(Deserialize)]
struct Rate {
    count: u64,
    exposure: f64,
    interval: [f64; 2],
}

#[derive(Deserialize)]
struct Share {
    hits: u64,
    trials: u64,
    interval: [f64; 2],
}

#[derive(Deserialize)]
struct Folds {
    seconds: BTreeMap<String, usize>,
    folds: usize,
    fold: BTreeMap<String, usize>,
}

fn golden() -> Golden {
    serde_json::from_str(GOLDEN).expect("the golden values")
}

fn assert_close(found: f64, expected: f64, what: &str) {
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs().max(1e-9),
        "{what}: {found} instead of {expected}"
    );
}

fn assert_interval(found: Option<Interval>, expected: [f64; 2], what: &str) {
    let found = found.expect(what);
    assert_close(found.lower, expected[0], what);
    assert_close(found.upper, expected[1], what);
}

#[test]
fn areas_equal_scikit_learn_with_and_without_ties() {
    for area in golden().areas {
        let found = auroc(&area.scores, &area.truths).expect("both kinds are there");
        assert!((found - area.auroc).abs() < 1e-12, "{found} instead of {}", area.auroc);
    }
}

#[test]
fn an_area_that_rests_on_one_kind_alone_or_on_no_number_is_absent() {
    assert_eq!(auroc(&[], &[]), None);
    assert_eq!(auroc(&[0.1, 0.2], &[true, true]), None);
    assert_eq!(auroc(&[0.1, 0.2], &[false, false]), None);
    assert_eq!(auroc(&[0.1, f64::NAN], &[true, false]), None);
    assert_eq!(auroc(&[f64::INFINITY, f64::NEG_INFINITY], &[true, false]), Some(1.0));
}

#[test]
fn intervals_of_rates_equal_the_chi_square_quantiles_of_scipy() {
    for rate in golden().garwood {
        let what = format!("{} events in {} h", rate.count, rate.exposure);
        assert_interval(garwood(rate.count, rate.exposure), rate.interval, &what);
    }
}

#[test]
fn no_event_in_some_hours_is_not_a_rate_of_zero() {
    let interval = garwood(0, 24.0).expect("24 hours");
    assert_eq!(interval.lower, 0.0);
    assert!((interval.upper - 3.688_879 / 24.0).abs() < 1e-7, "about 3.7 over the hours");
}

#[test]
fn a_rate_without_hours_is_absent() {
    for hours in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!(garwood(0, hours), None);
    }
}

#[test]
fn intervals_of_shares_equal_the_beta_quantiles_of_scipy() {
    for share in golden().clopper_pearson {
        let what = format!("{} of {}", share.hits, share.trials);
        assert_interval(clopper_pearson(share.hits, share.trials), share.interval, &what);
    }
}

#[test]
fn a_share_of_nothing_or_of_more_than_all_is_absent() {
    assert_eq!(clopper_pearson(0, 0), None);
    assert_eq!(clopper_pearson(3, 2), None);
}

#[test]
fn people_are_dealt_into_the_folds_of_scikit_learn() {
    for golden in golden().folds {
        let dealt = grouped_folds(&golden.seconds, golden.folds).expect("enough people");
        assert_eq!(dealt, golden.fold, "{} people in {} folds", golden.seconds.len(), golden.folds);
    }
}

#[test]
fn folds_that_would_leave_nobody_are_refused_with_the_numbers() {
    let people = BTreeMap::from([("a".to_string(), 3), ("b".to_string(), 5)]);
    assert_eq!(grouped_folds(&people, 1), Err(FoldError::TooFewFolds { folds: 1 }));
    assert_eq!(grouped_folds(&people, 3), Err(FoldError::TooFewPeople { folds: 3, people: 2 }));
    assert_eq!(grouped_folds(&BTreeMap::new(), 2), Err(FoldError::TooFewPeople { folds: 2, people: 0 }));
}

#[test]
fn the_interval_of_a_median_has_the_ranks_of_the_sign_test() {
    // Ranks as tables of the sign test print them; scipy: binom.cdf(k - 1, n, 0.5) <= 0.025.
    for (n, k) in [(6, 1), (9, 2), (12, 3), (17, 5), (20, 6), (25, 8), (100, 40), (1000, 469)] {
        let values: Vec<f64> = (1..=n).rev().map(f64::from).collect();
        let interval = median_interval(&values).expect("enough values");
        assert_eq!((interval.lower, interval.upper), (f64::from(k), f64::from(n + 1 - k)), "{n} values");
    }
    assert_eq!(median_interval(&[0.1, 0.2, 0.3, 0.4, 0.5]), None, "five values do not bound their median");
    assert_eq!(median_interval(&[]), None);
}

#[derive(Deserialize)]
struct Drawn {
    cases: Vec<DrawnCase>,
}

#[derive(Deserialize)]
struct DrawnCase {
    people: Vec<[f64; 2]>,
    interval: [f64; 2],
}

#[test]
fn an_interval_over_people_is_the_one_that_scipy_draws() {
    let golden: Drawn = serde_json::from_str(include_str!("golden/evaluate/over_people.json")).unwrap();
    for case in &golden.cases {
        let found = drawn(&case.people).expect("enough people");
        let [lower, upper] = case.interval;
        // Both are drawn, ours 10,000 times: a quantile of so many draws lies within a few hundredths of the width.
        let near = 0.04 * (upper - lower);
        let ends = [(found.lower, lower), (found.upper, upper)];
        assert!(
            ends.iter().all(|(ours, scipys)| (ours - scipys).abs() < near),
            "{found:?}, {lower}, {upper}"
        );
    }
    assert!(golden.cases.len() >= 6);
}

#[test]
fn an_interval_over_people_takes_one_persons_seizures_for_one_finding() {
    // Of ten people, each with one seizure, half were found: a binomial distribution, whose quantiles are 2 and 8 of 10.
    let of_each = |seizures: f64| -> Vec<[f64; 2]> {
        (0..10).map(|person| [f64::from(person % 2) * seizures, seizures]).collect()
    };
    let one = drawn(&of_each(1.0)).unwrap();
    assert_eq!([one.lower, one.upper], [0.2, 0.8]);
    // Ten times as many seizures, all or none of each person found, tell no more; as if independent, they would.
    assert_eq!(drawn(&of_each(10.0)), Some(one));
    let independent = clopper_pearson(50, 100).unwrap();
    assert!(independent.lower > 0.3 && independent.upper < 0.7, "{independent:?}");
    // Where everybody is alike there is nothing to draw, and few people tell nothing of others.
    assert_eq!(drawn(&[[3.0, 4.0]; 6]), Some(Interval { lower: 0.75, upper: 0.75 }));
    assert_eq!(drawn(&[[3.0, 4.0]; 5]), None);
    assert_eq!(drawn(&[[f64::NAN, 4.0]; 9]), None);
}
