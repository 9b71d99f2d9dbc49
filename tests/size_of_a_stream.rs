//! A stream of a size that no head gives is told while it runs, and nothing else is taken for one.

use vigil::eeg::DERIVATIONS;
use vigil::signal::{Fault, FaultKind, RecentAmplitude, Window};

const RATE: usize = 128;

/// A second of waves of about this root mean square, of which so many derivations are absent.
fn second(size_uv: f64, absent: usize) -> Window {
    let fault = Fault { kind: FaultKind::Flat, channel: 0 };
    let samples = (0..DERIVATIONS * RATE).map(|at| {
        let wave = (at as f64 / RATE as f64 * 10.0 * std::f64::consts::TAU).sin();
        if at / RATE < absent { 0.0 } else { (size_uv * std::f64::consts::SQRT_2 * wave) as f32 }
    });
    Window {
        second: 0,
        first_sample: 0,
        samples: samples.collect(),
        present: std::array::from_fn(|d| d >= absent),
        faults: std::array::from_fn(|d| (d < absent).then_some(fault)),
    }
}

fn after(seconds: &[(usize, Window)]) -> RecentAmplitude {
    let mut amplitude = RecentAmplitude::default();
    for (number, window) in seconds {
        (0..*number).for_each(|_| amplitude.add(window));
    }
    amplitude
}

#[test]
fn half_a_minute_of_volts_that_are_called_microvolts_is_enough() {
    for size_uv in [3e-5, 0.03, 3e4] {
        assert_eq!(after(&[(29, second(size_uv, 0))]).unlikely(), None);
        let told = after(&[(30, second(size_uv, 0))]).unlikely().expect("an unlikely size");
        assert!(told.contains("the unit in the stream is likely wrong"), "{told}");
    }
}

#[test]
fn eeg_of_any_likely_size_is_not_told() {
    for size_uv in [1.0, 30.0, 1500.0] {
        assert_eq!(after(&[(600, second(size_uv, 0))]).unlikely(), None);
    }
}

#[test]
fn electrodes_that_are_off_say_nothing_of_the_unit() {
    assert_eq!(after(&[(600, second(3e-5, 18))]).unlikely(), None);
    assert_eq!(after(&[(60, second(30.0, 4)), (600, second(3e-5, 12))]).unlikely(), None);
}

#[test]
fn what_is_large_for_a_moment_is_not_the_unit() {
    assert_eq!(after(&[(60, second(30.0, 0)), (10, second(1e6, 0)), (20, second(30.0, 0))]).unlikely(), None);
}

#[test]
fn a_size_that_is_likely_again_is_told_no_longer() {
    let mended = after(&[(600, second(3e-5, 0)), (31, second(30.0, 0))]);
    assert_eq!(mended.unlikely(), None);
}
