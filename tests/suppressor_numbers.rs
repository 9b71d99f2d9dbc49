//! What a second look at an alarm rests on: a regression that finds the law behind its samples, and a measure of rhythm.

use vigil::evaluate::logistic::Logistic;
use vigil::evaluate::rhythm::rhythm;

fn law(x: f64) -> f64 {
    1.0 / (1.0 + (0.6 - 1.7 * x).exp())
}

#[test]
fn the_fitted_slope_and_constant_are_those_of_the_law_that_made_the_samples() {
    // Every x with its expected share of truths as weights: the maximum lies at the law itself.
    let samples: Vec<([f64; 1], bool, f64)> = (-300..=300)
        .flat_map(|i| {
            let x = f64::from(i) / 100.0;
            let p = law(x);
            [([x], true, 1000.0 * p), ([x], false, 1000.0 * (1.0 - p))]
        })
        .collect();
    let fitted = Logistic::fit(&samples);
    for x in [-2.0, 0.0, 1.0] {
        let found = fitted.as_ref().map_or(f64::NAN, |fitted| fitted.probability(&[x]));
        assert!((found - law(x)).abs() < 1e-4, "{x}: {found}");
    }
}

#[test]
fn one_kind_of_sample_gives_no_regression() {
    assert!(Logistic::<1>::fit(&[([0.0], true, 1.0), ([1.0], true, 1.0)]).is_none());
    assert!(Logistic::<1>::fit(&[]).is_none());
}

#[test]
fn a_steady_rhythm_stands_near_one_and_noise_far_below() {
    let wave: Vec<f32> = (0..256).map(|i| (i as f32 / 256.0 * 5.0 * std::f32::consts::TAU).sin()).collect();
    assert!(rhythm(&wave) > 0.95);
    // A linear congruential generator (Numerical Recipes): no rhythm.
    let mut state = 1u32;
    let noise: Vec<f32> = (0..256)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 24) as f32 - 0.5
        })
        .collect();
    assert!(rhythm(&noise) < 0.6);
    assert_eq!(rhythm(&[0.0; 256]), 0.0);
}
