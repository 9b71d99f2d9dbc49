//! A second's rhythm and the trees that are fitted to it are what a plain implementation of the same formulae gives.

use serde::Deserialize;
use vigil::eeg::{DERIVATIONS, mirror_window};
use vigil::evaluate::{BoostConfig, BoostSample, boost};
use vigil::model::{RHYTHM_FEATURES, RhythmReader};

const GOLDEN: &str = include_str!("golden/rhythm/rhythm.json");
const RATE: usize = 256;

#[derive(Deserialize)]
struct Golden {
    windows: Vec<Described>,
    wanted: Vec<bool>,
    log_odds: Vec<f32>,
}

#[derive(Deserialize)]
struct Described {
    seed: u32,
    features: Vec<f32>,
    of_the_first_12: Vec<f32>,
}

fn golden() -> Golden {
    serde_json::from_str(GOLDEN).expect("the golden values")
}

/// The generator of the script that made the golden values.
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0 >> 8) / f64::from(1 << 24) - 0.5
    }
}

fn window(seed: u32) -> Vec<f32> {
    let mut numbers = Numbers(seed);
    let mut samples = Vec::new();
    for _ in 0..DERIVATIONS {
        let amplitude = 20.0 + 60.0 * (numbers.next() + 0.5);
        let (hertz, phase) = (7.0 + 10.0 * numbers.next(), 6.0 * numbers.next());
        samples.extend((0..RATE).map(|i| {
            let wave = (std::f64::consts::TAU * hertz * i as f64 / RATE as f64 + phase).sin();
            (amplitude * wave + 15.0 * f64::from(seed) * numbers.next()) as f32
        }));
    }
    samples
}

fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
        let near = (found - expected).abs() <= 1e-3 * expected.abs().max(1.0);
        assert!(near, "{what}, number {place}: {found} instead of {expected}");
    }
}

#[test]
fn the_numbers_of_a_second_are_those_of_numpy() {
    let reader = RhythmReader::new(RATE).expect("a reader");
    for golden in golden().windows {
        let samples = window(golden.seed);
        let whole = reader.features(&samples, &[true; DERIVATIONS]);
        assert_close(&whole, &golden.features, &format!("window {}", golden.seed));
        let first = std::array::from_fn(|derivation| derivation < 12);
        let lacking = reader.features(&samples, &first);
        assert_close(&lacking, &golden.of_the_first_12, &format!("twelve of window {}", golden.seed));
    }
}

#[test]
fn left_and_right_exchanged_the_rhythm_is_the_same() {
    let reader = RhythmReader::new(RATE).expect("a reader");
    let (samples, mut mirrored) = (window(4), Vec::new());
    let present = mirror_window(&samples, &[true; DERIVATIONS], &mut mirrored);
    let (plain, mirror) =
        (reader.features(&samples, &[true; DERIVATIONS]), reader.features(&mirrored, &present));
    assert_close(&mirror, &plain, "the mirrored window");
}

#[test]
fn a_second_without_signal_has_finite_numbers() {
    let reader = RhythmReader::new(RATE).expect("a reader");
    let silent = vec![0.0; DERIVATIONS * RATE];
    let numbers = reader.features(&silent, &[true; DERIVATIONS]);
    assert!(numbers.iter().all(|number| number.is_finite()), "{numbers:?}");
    assert_eq!(reader.features(&silent, &[false; DERIVATIONS]), [0.0; RHYTHM_FEATURES]);
    let message = RhythmReader::new(32).expect_err("too few samples").to_string();
    assert!(message.contains("64 samples"), "{message}");
}

#[test]
fn trees_that_see_everything_are_those_of_a_plain_search() {
    let golden = golden();
    let mut numbers = Numbers(5);
    let rows: Vec<[f32; 4]> = (0..300).map(|_| std::array::from_fn(|_| numbers.next() as f32)).collect();
    let samples: Vec<BoostSample<'_>> = rows
        .iter()
        .zip(&golden.wanted)
        .enumerate()
        .map(|(i, (numbers, &wanted))| BoostSample { numbers, wanted, weight: 0.5 + (i % 3) as f32 })
        .collect();
    let config =
        BoostConfig { seed: 1, trees: 12, depth: 3, rate: 0.2, penalty: 5.0, least: 2.0, share: 1.0 };
    let trees = boost(&samples, &config).expect("two kinds of samples");
    let found: Vec<f32> = rows.iter().map(|numbers| trees.log_odds(numbers)).collect();
    assert_close(&found, &golden.log_odds, "log-odds");
}

#[test]
fn trees_follow_from_the_seed_and_find_no_rule_in_one_kind() {
    let mut numbers = Numbers(7);
    let rows: Vec<[f32; 3]> = (0..500).map(|_| std::array::from_fn(|_| numbers.next() as f32)).collect();
    let of = |wanted: fn(&[f32; 3]) -> bool| -> Vec<BoostSample<'_>> {
        rows.iter().map(|row| BoostSample { numbers: row, wanted: wanted(row), weight: 1.0 }).collect()
    };
    let samples = of(|row| row[0] * row[1] > 0.0);
    let config = BoostConfig { least: 1.0, ..BoostConfig::default() };
    let trees = boost(&samples, &config).expect("two kinds");
    assert_eq!(Some(&trees), boost(&samples, &config).as_ref());
    assert_ne!(Some(&trees), boost(&samples, &BoostConfig { seed: 2, ..config.clone() }).as_ref());
    let right = samples.iter().filter(|s| (trees.log_odds(s.numbers) > 0.0) == s.wanted).count();
    assert!(right > 480, "{right} of 500: the sign of a product takes two splits");
    assert_eq!(boost(&of(|_| true), &config), None);
    assert_eq!(boost(&[], &config), None);
}
