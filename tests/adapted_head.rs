//! A last layer is adapted as far as a patient's few seconds bear it, and no further.

use proptest::prelude::*;
use vigil::model::{Classes, Head};
use vigil::train::{SeenSecond, adapt_head};

fn head(classes: Classes) -> Head {
    let rows = [[0.4, -0.1, 0.0], [-0.2, 0.3, 0.1], [0.0, 0.1, 0.2]];
    let n = classes.count();
    Head {
        classes,
        weights: rows[..n].iter().map(|row| row.to_vec()).collect(),
        biases: vec![0.1, 0.3, -0.2][..n].to_vec(),
    }
}

/// Seconds whose third feature tells seizures apart, which the network does not use for that.
fn seconds(count: usize) -> Vec<SeenSecond> {
    (0..count)
        .map(|i| {
            let seizure = i % 5 == 0;
            let noise = (i * 37 % 17) as f32 / 17.0;
            let image = |shift: f32| vec![noise + shift, 1.0 - noise, if seizure { 2.0 } else { 0.2 }];
            SeenSecond { images: vec![image(0.0), image(0.1)], seizure }
        })
        .collect()
}

fn mean_seizure(head: &Head, seconds: &[SeenSecond], seizure: bool) -> f32 {
    let of: Vec<f32> = seconds
        .iter()
        .filter(|second| second.seizure == seizure)
        .map(|second| second.probabilities(head)[0])
        .collect();
    of.iter().sum::<f32>() / of.len() as f32
}

#[test]
fn what_tells_this_patients_seizures_apart_is_learnt() {
    for classes in [Classes::Two, Classes::Three] {
        let (head, seconds) = (head(classes), seconds(60));
        let apart = |head: &Head| mean_seizure(head, &seconds, true) - mean_seizure(head, &seconds, false);
        let adapted = adapt_head(&head, &seconds, 0.003);
        assert!(apart(&adapted) > apart(&head) + 0.3, "{classes:?}: {} {}", apart(&head), apart(&adapted));
    }
}

#[test]
fn a_strong_pull_leaves_the_weights_nearly_where_they_were() {
    let (head, seconds) = (head(Classes::Three), seconds(60));
    let moved = |penalty: f32| -> f32 {
        let adapted = adapt_head(&head, &seconds, penalty);
        let pairs = adapted.weights.iter().flatten().zip(head.weights.iter().flatten());
        pairs.map(|(now, then)| (now - then).abs()).fold(0.0, f32::max)
    };
    assert!(moved(100.0) < 0.02, "{}", moved(100.0));
    assert!(moved(0.003) > 10.0 * moved(100.0));
}

#[test]
fn without_both_kinds_of_seconds_nothing_changes() {
    let head = head(Classes::Three);
    for kind in [true, false] {
        let one: Vec<SeenSecond> = seconds(60).into_iter().filter(|second| second.seizure == kind).collect();
        assert_eq!(adapt_head(&head, &one, 0.003), head);
    }
    assert_eq!(adapt_head(&head, &[], 0.003), head);
}

proptest! {
    /// Shares are a distribution whatever the features, and the order is that of the detector.
    #[test]
    fn probabilities_add_up(features in prop::collection::vec(-50.0f32..50.0, 3)) {
        for classes in [Classes::Two, Classes::Three] {
            let [seizure, abnormal, other] = head(classes).probabilities(&features);
            prop_assert!((seizure + abnormal + other - 1.0).abs() < 1e-5);
            let shares = head(classes).shares(&features);
            prop_assert_eq!(seizure, shares[0]);
            prop_assert_eq!(other, shares[1]);
            prop_assert_eq!(abnormal, shares.get(2).copied().unwrap_or(0.0));
        }
    }
}
