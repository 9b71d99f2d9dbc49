//! The filters are scipy's: coefficients, recursion and steady start.

use std::path::Path;

use serde::Deserialize;
use vigil::eeg::DERIVATIONS;
use vigil::signal::filter::{Cascade, Section, design};
use vigil::signal::{Mains, SignalConfig, SignalError};

#[derive(Deserialize)]
struct Case {
    rate_hz: u32,
    band_hz: [f64; 2],
    band_order: u32,
    mains_hz: Mains,
    sections: Vec<[f64; 5]>,
    head: Vec<f64>,
    tail: Vec<f64>,
}

impl Case {
    fn all() -> Vec<Case> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/signal/filters.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    fn config(&self) -> SignalConfig {
        SignalConfig {
            rate_hz: self.rate_hz,
            band_hz: self.band_hz,
            band_order: self.band_order,
            mains_hz: self.mains_hz,
            ..SignalConfig::default()
        }
    }
}

/// The generator of make.py.
fn noise(seed: u64, count: usize, offset: f64) -> Vec<f64> {
    let mut state = seed;
    (0..count)
        .map(|_| {
            state = (1_103_515_245 * state + 12_345) % (1 << 31);
            offset + (state as f64 / (1u64 << 31) as f64 - 0.5) * 200.0
        })
        .collect()
}

/// Filters one derivation, with something else beside it in all others.
fn filtered(sections: Vec<Section>, derivation: usize, signal: &[f64]) -> Vec<f64> {
    let mut cascade = Cascade::new(sections);
    let mut frames: Vec<[f64; DERIVATIONS]> = signal
        .iter()
        .enumerate()
        .map(|(index, value)| {
            let mut frame = [(index % 17) as f64; DERIVATIONS];
            frame[derivation] = *value;
            frame
        })
        .collect();
    cascade.restart(derivation, signal[0]);
    cascade.filter(&mut frames);
    frames.iter().map(|frame| frame[derivation]).collect()
}

#[test]
fn sections_equal_scipys_butter_to_one_part_in_a_trillion() {
    for case in Case::all() {
        let sections = design(&case.config()).unwrap();
        assert_eq!(sections.len(), case.sections.len(), "{:?}", case.config());
        for (section, expected) in sections.iter().zip(&case.sections) {
            let Section { b, a } = section;
            for (value, expected) in b.iter().chain(a).zip(expected) {
                assert!((value - expected).abs() < 1e-12, "{:?}: {value} is not {expected}", case.config());
            }
        }
    }
}

#[test]
fn output_equals_scipys_sosfilt_to_a_billionth_of_a_microvolt() {
    for case in Case::all() {
        let signal = noise(7, 2 * case.rate_hz as usize, 500.0);
        for derivation in [0, 7, DERIVATIONS - 1] {
            let output = filtered(design(&case.config()).unwrap(), derivation, &signal);
            let tail = &output[output.len() - case.tail.len()..];
            let expected = case.head.iter().chain(&case.tail);
            for (value, expected) in output[..case.head.len()].iter().chain(tail).zip(expected) {
                assert!((value - expected).abs() < 1e-9, "{:?}: {value} is not {expected}", case.config());
            }
        }
    }
}

#[test]
fn a_constant_that_was_there_before_the_start_makes_no_transient() {
    let sections = design(&SignalConfig::default()).unwrap();
    let output = filtered(sections, 3, &[250_000.0; 1024]);
    assert!(
        output.iter().all(|value| value.abs() < 1e-6),
        "{:?}",
        output.iter().copied().fold(0.0, f64::max)
    );
}

#[test]
fn the_same_configuration_gives_the_same_bits_every_time() {
    let config = SignalConfig::default();
    let first = design(&config).unwrap();
    for _ in 0..50 {
        assert_eq!(design(&config).unwrap(), first);
    }
}

#[test]
fn every_order_and_band_that_is_allowed_gives_a_stable_filter() {
    for order in 1..=8 {
        for band_hz in [[0.05, 0.5], [0.05, 102.4], [0.5, 1.0], [1.0, 30.0], [29.0, 30.0], [100.0, 102.4]] {
            for mains_order in 1..=4 {
                let config = SignalConfig {
                    band_hz,
                    band_order: order,
                    mains_order,
                    mains_width_hz: 0.5,
                    ..SignalConfig::default()
                };
                let sections = design(&config).unwrap();
                assert_eq!(sections.len() as u32, order + mains_order);
                for Section { a, .. } in sections {
                    // Both roots within the unit circle.
                    assert!(a[1] < 1.0 && a[0].abs() < 1.0 + a[1], "{config:?}: {a:?}");
                }
            }
        }
    }
}

#[test]
fn a_setting_out_of_range_is_named_with_what_is_allowed() {
    let default = SignalConfig::default();
    let wrong = [
        ("version", SignalConfig { version: 2, ..default.clone() }),
        ("rate_hz", SignalConfig { rate_hz: 0, ..default.clone() }),
        ("rate_hz", SignalConfig { rate_hz: 100_000, ..default.clone() }),
        ("band_hz", SignalConfig { band_hz: [30.0, 1.0], ..default.clone() }),
        ("band_hz", SignalConfig { band_hz: [f64::NAN, 30.0], ..default.clone() }),
        ("band_hz", SignalConfig { band_hz: [1.0, 120.0], ..default.clone() }),
        ("band_order", SignalConfig { band_order: 0, ..default.clone() }),
        ("band_order", SignalConfig { band_order: 99, ..default.clone() }),
        ("mains_width_hz", SignalConfig { mains_width_hz: 0.0, ..default.clone() }),
        ("mains_width_hz", SignalConfig { mains_width_hz: f64::INFINITY, ..default.clone() }),
        ("mains_width_hz", SignalConfig { rate_hz: 100, ..default.clone() }),
        ("mains_order", SignalConfig { mains_order: 9, ..default.clone() }),
    ];
    for (name, config) in wrong {
        match design(&config) {
            Err(SignalError::Setting { setting, .. }) => assert_eq!(setting, name, "{config:?}"),
            other => panic!("{config:?} gave {other:?}"),
        }
    }
}

#[test]
fn the_configuration_reads_back_as_written_and_refuses_what_it_does_not_know() {
    let config = SignalConfig { mains_hz: Mains::Hz50, ..SignalConfig::default() };
    let text = toml::to_string(&config).unwrap();
    assert!(text.contains("mains_hz = 50"), "{text}");
    assert_eq!(toml::from_str::<SignalConfig>(&text).unwrap(), config);
    assert!(toml::from_str::<SignalConfig>(&format!("{text}notch = 1\n")).is_err());
    let error = toml::from_str::<SignalConfig>(&text.replace("= 50", "= 55")).unwrap_err().to_string();
    assert!(error.contains("expected 50, 60, or 0 for no notch"), "{error}");
}

#[test]
fn a_model_may_move_to_another_mains_but_not_to_another_band() {
    let config = SignalConfig::default();
    assert!(config.compatible_with(&SignalConfig { mains_hz: Mains::Hz50, ..config.clone() }));
    assert!(config.compatible_with(&SignalConfig { mains_hz: Mains::None, ..config.clone() }));
    assert!(!config.compatible_with(&SignalConfig { band_hz: [0.5, 30.0], ..config.clone() }));
    assert!(!config.compatible_with(&SignalConfig { rate_hz: 200, ..config.clone() }));
}
