//! Scores agree with timescoring 0.0.7, and with what must always hold.

use proptest::prelude::*;
use vigil::evaluate::{Counts, Measures, mask, score_events, score_overlap, score_samples};

const CASES: &str = include_str!("golden/scoring/timescoring_cases.tsv");

fn events(text: &str) -> Vec<(f64, f64)> {
    text.split(',')
        .filter(|event| *event != "-")
        .map(|event| {
            let (onset, duration) = event.split_once('+').unwrap();
            (onset.parse().unwrap(), duration.parse().unwrap())
        })
        .collect()
}

fn assert_equal(found: Measures, expected: &[&str], case: &str) {
    let counts = [found.tp, found.fp, found.refs].map(|count| count.to_string());
    assert_eq!(counts, expected[..3], "{case}");
    let shares = [found.sensitivity, found.precision, found.f1, found.fp_per_24h];
    for (found, expected) in shares.into_iter().zip(&expected[3..]) {
        let expected: f64 = expected.parse().unwrap();
        match found {
            Some(found) => assert!((found - expected).abs() <= 1e-9 * expected.max(1.0), "{found} {case}"),
            None => assert!(expected.is_nan(), "{case}"),
        }
    }
}

#[test]
fn three_thousand_random_recordings_are_scored_as_by_timescoring() {
    let mut cases = 0;
    for case in CASES.lines() {
        let cells: Vec<&str> = case.split('\t').collect();
        let seconds: f64 = cells[0].parse().unwrap();
        let [reference, hypothesis] = [1, 2].map(|cell| mask(events(cells[cell]), seconds as usize));
        assert_equal(score_events(&reference, &hypothesis).measures(), &cells[3..10], case);
        assert_equal(score_samples(&reference, &hypothesis).measures(), &cells[10..17], case);
        assert_equal(score_overlap(&reference, &hypothesis).measures(), &cells[17..24], case);
        cases += 1;
    }
    assert_eq!(cases, 3000);
}

fn scored(reference: &[(f64, f64)], hypothesis: &[(f64, f64)], seconds: usize) -> Counts {
    score_events(&mask(reference.to_vec(), seconds), &mask(hypothesis.to_vec(), seconds))
}

#[test]
fn events_ninety_seconds_apart_are_two_and_closer_ones_are_one() {
    let refs = |gap: f64| scored(&[(100.0, 10.0), (110.0 + gap, 10.0)], &[], 1000).refs;
    assert_eq!((refs(89.0), refs(90.0)), (1, 2));
}

#[test]
fn a_detection_sixty_seconds_after_the_end_is_late_by_one_second() {
    let tp = |onset: f64| scored(&[(100.0, 10.0)], &[(onset, 5.0)], 1000).tp;
    assert_eq!((tp(169.0), tp(170.0)), (1, 0));
}

#[test]
fn what_lies_within_one_second_is_no_event_by_second() {
    assert_eq!(scored(&[(100.2, 0.7)], &[], 1000).refs, 0);
    assert_eq!(scored(&[(100.5, 0.5)], &[], 1000).refs, 1);
}

#[test]
fn nothing_is_divided_by_nothing() {
    let nothing = scored(&[], &[], 1000).measures();
    assert_eq!((nothing.sensitivity, nothing.precision, nothing.f1), (None, None, None));
    assert_eq!(nothing.fp_per_24h, Some(0.0));
    assert_eq!(scored(&[], &[], 0).measures().fp_per_24h, None);
}

fn some_events() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((0.0..90_000.0, 0.0..2000.0), 0..40)
}

proptest! {
    #[test]
    fn a_detector_that_is_always_on_finds_all_with_just_under_288_false_alarms_a_day(reference in some_events()) {
        let day = 86_400;
        let counts = scored(&reference, &[(0.0, day as f64)], day);
        let measures = counts.measures();
        prop_assert_eq!(counts.tp, counts.refs);
        if counts.refs == 0 {
            prop_assert_eq!(measures.fp_per_24h, Some(288.0));
        } else {
            prop_assert_eq!(measures.sensitivity, Some(1.0));
            prop_assert!(measures.fp_per_24h.unwrap() < 288.0);
        }
    }

    #[test]
    fn the_expert_scores_perfectly_against_themselves(reference in some_events(), seconds in 1usize..100_000) {
        for score in [score_events, score_samples, score_overlap] {
            let mask = mask(reference.clone(), seconds);
            let counts = score(&mask, &mask);
            prop_assert_eq!((counts.tp, counts.fp), (counts.refs, 0));
        }
    }

    #[test]
    fn another_detection_never_loses_a_seizure(
        reference in some_events(), hypothesis in some_events(), onset in 0.0..90_000.0, duration in 0.0..2000.0,
    ) {
        let seconds = 90_000;
        let more: Vec<(f64, f64)> = hypothesis.iter().copied().chain([(onset, duration)]).collect();
        for score in [score_events, score_samples, score_overlap] {
            let reference = mask(reference.clone(), seconds);
            let fewer = score(&reference, &mask(hypothesis.clone(), seconds));
            let more = score(&reference, &mask(more.clone(), seconds));
            prop_assert!(fewer.tp <= more.tp);
            prop_assert!(more.tp <= more.refs);
        }
    }

    #[test]
    fn the_order_of_events_does_not_matter(
        reference in some_events(), hypothesis in some_events(), seconds in 1usize..100_000,
    ) {
        let reversed = |events: &[(f64, f64)]| events.iter().rev().copied().collect::<Vec<_>>();
        prop_assert_eq!(
            scored(&reference, &hypothesis, seconds),
            scored(&reversed(&reference), &reversed(&hypothesis), seconds)
        );
    }
}
