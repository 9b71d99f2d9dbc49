//! Resampling is scipy's upfirdn with the same taps, keeps the band and folds nothing back into it.

use std::f64::consts::TAU;
use std::path::Path;

use serde::Deserialize;
use vigil::eeg::DERIVATIONS;
use vigil::signal::SignalError;
use vigil::signal::resample::{Rates, Resampler};

const RATES_HZ: [f64; 12] =
    [128.0, 200.0, 250.0, 256.0, 400.0, 500.0, 512.0, 1000.0, 1024.0, 2000.0, 2048.0, 250.5];

#[derive(Deserialize)]
struct Case {
    rate_hz: f64,
    delay_s: f64,
    head: Vec<f64>,
    tail: Vec<f64>,
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

/// Resamples whole seconds to 256 Hz in one derivation; gives the delay as well.
fn resampled(
    rate_hz: f64,
    derivation: usize,
    sample: impl Fn(usize) -> f64,
    seconds: u64,
) -> (Vec<f64>, f64) {
    let rates = Rates::new(rate_hz, 256).unwrap();
    let mut resampler = Resampler::new(rates, 256);
    resampler.restart(derivation, sample(0));
    let mut output = Vec::new();
    for second in 0..seconds {
        let mut frames: Vec<_> = (rates.samples_before(second)..rates.samples_before(second + 1))
            .map(|index| {
                let mut frame = [1.0; DERIVATIONS];
                frame[derivation] = sample(index as usize);
                frame
            })
            .collect();
        resampler.resample(second, &mut frames);
        assert_eq!(frames.len(), 256, "second {second} of {rate_hz} Hz");
        output.extend(frames.iter().map(|frame| frame[derivation]));
    }
    (output, resampler.delay_s())
}

#[test]
fn output_equals_scipys_upfirdn_to_a_billionth_of_a_microvolt() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/signal/resampling.json");
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(cases.len(), 12);
    for case in cases {
        let input = noise(11, (3.0 * case.rate_hz).ceil() as usize, -300.0);
        for derivation in [0, 11] {
            let (output, delay_s) = resampled(case.rate_hz, derivation, |index| input[index], 3);
            assert!((delay_s - case.delay_s).abs() < 1e-12, "{} Hz: {delay_s}", case.rate_hz);
            let pairs = output[..128].iter().zip(&case.head).chain(output[736..].iter().zip(&case.tail));
            for (index, (value, expected)) in pairs.enumerate() {
                let difference = (value - expected).abs();
                assert!(difference < 1e-9, "{} Hz, {index}: {value} is not {expected}", case.rate_hz);
            }
        }
    }
}

/// The largest error of the output against the input's sine, later by the stated delay.
fn distance_from_delayed_sine(rate_hz: f64, frequency_hz: f64) -> f64 {
    let sine = |time_s: f64| (TAU * frequency_hz * time_s).sin();
    let (output, delay_s) = resampled(rate_hz, 0, |index| sine(index as f64 / rate_hz), 4);
    let settled = output.iter().enumerate().skip(256);
    settled.map(|(n, value)| (value - sine(n as f64 / 256.0 - delay_s)).abs()).fold(0.0, f64::max)
}

#[test]
fn what_the_band_pass_may_keep_comes_through_later_and_otherwise_unchanged() {
    for rate_hz in RATES_HZ {
        let highest = 0.4 * rate_hz.min(256.0);
        for frequency_hz in [0.7, 3.0, 10.0, 29.9, 0.7 * highest, highest] {
            let error = distance_from_delayed_sine(rate_hz, frequency_hz);
            assert!(error < 2e-4, "{frequency_hz} Hz at {rate_hz} Hz is off by {error}");
        }
    }
}

#[test]
fn what_would_fold_back_is_taken_down_by_eighty_decibels() {
    for rate_hz in RATES_HZ.into_iter().filter(|rate_hz| *rate_hz > 256.0) {
        let mut frequency_hz = 0.6 * 256.0;
        while frequency_hz < rate_hz / 2.0 {
            let sine = |index: usize| (TAU * frequency_hz * index as f64 / rate_hz).sin();
            let (output, _) = resampled(rate_hz, 0, sine, 3);
            let largest = output.iter().skip(256).fold(0.0, |largest: f64, value| largest.max(value.abs()));
            assert!(largest < 1e-4, "{frequency_hz} Hz at {rate_hz} Hz leaves {largest}");
            frequency_hz += 13.7;
        }
    }
}

#[test]
fn an_electrode_offset_of_a_tenth_of_a_volt_becomes_no_tone() {
    for rate_hz in RATES_HZ {
        let (output, _) = resampled(rate_hz, 5, |_| 100_000.0, 3);
        let largest = output.iter().fold(0.0, |largest: f64, value| largest.max((value - 100_000.0).abs()));
        assert!(largest < 1e-9, "{rate_hz} Hz: {largest} uV");
    }
}

#[test]
fn equal_rates_pass_through_untouched_and_without_delay() {
    let input = noise(3, 512, 0.0);
    let (output, delay_s) = resampled(256.0, 2, |index| input[index], 2);
    assert_eq!(output, input);
    assert_eq!(delay_s, 0.0);
}

#[test]
fn the_delay_is_a_twentieth_of_a_second_and_a_tenth_at_the_lowest_rate() {
    for (rate_hz, expected_s) in
        [(128.0, 0.109), (200.0, 0.068), (250.0, 0.0545), (500.0, 0.0532), (2048.0, 0.0532)]
    {
        let (_, delay_s) = resampled(rate_hz, 0, |_| 0.0, 1);
        assert!((delay_s - expected_s).abs() < 1e-3, "{rate_hz} Hz: {delay_s} s");
    }
}

#[test]
fn an_output_second_never_needs_input_from_beyond_its_end() {
    for rate_hz in RATES_HZ {
        let rates = Rates::new(rate_hz, 256).unwrap();
        for second in [0, 1, 2, 3, 999, 86_399] {
            let samples = rates.samples_before(second);
            assert_eq!(samples, (second as f64 * rate_hz).ceil() as u64, "{rate_hz} Hz");
        }
    }
}

#[test]
fn rates_that_cannot_be_used_are_refused_by_name() {
    for rate_hz in [0.0, -256.0, 100.0, 127.9, 2048.1, 1e300, f64::INFINITY, f64::NAN] {
        let error = Rates::new(rate_hz, 256).unwrap_err();
        assert!(matches!(error, SignalError::RateOutOfRange { .. }), "{rate_hz}: {error}");
        assert!(error.to_string().contains(&format!("{rate_hz} Hz")), "{error}");
    }
}

/// What amplifiers' clocks and the eight characters of a record's length make of usual rates.
const ODD_RATES_HZ: [f64; 9] = [
    2183.0 / 4.36681,
    255.0 / 0.996094,
    128.0 / 0.499999,
    200.0 / 1.000001,
    249.9877,
    400.016,
    255.999,
    256.01,
    2047.83,
];

#[test]
fn a_rate_that_is_no_small_fraction_is_resampled_as_well() {
    for rate_hz in ODD_RATES_HZ {
        let highest = 0.4 * rate_hz.min(256.0);
        for frequency_hz in [0.7, 3.0, 10.0, 29.9] {
            let error = distance_from_delayed_sine(rate_hz, frequency_hz);
            assert!(error < 5e-4, "{frequency_hz} Hz at {rate_hz} Hz is off by {error}");
        }
        let error = distance_from_delayed_sine(rate_hz, highest);
        assert!(error < 1e-3, "{highest} Hz at {rate_hz} Hz is off by {error}");
        let (output, _) = resampled(rate_hz, 5, |_| 100_000.0, 3);
        let largest = output.iter().fold(0.0, |largest: f64, value| largest.max((value - 100_000.0).abs()));
        assert!(largest < 1e-9, "{rate_hz} Hz: {largest} uV");
    }
}

#[test]
fn no_rate_drifts_from_the_headers_seconds() {
    for rate_hz in ODD_RATES_HZ {
        let rates = Rates::new(rate_hz, 256).unwrap();
        for second in [1, 1000, 3600, 86_400, 2_592_000] {
            // The first sample of a second is the first one at or behind its beginning, to a microsecond.
            let begins_s = rates.samples_before(second) as f64 / rate_hz;
            let late_s = begins_s - second as f64;
            assert!(
                (-1e-6..1.0 / rate_hz + 1e-6).contains(&late_s),
                "{second} s at {rate_hz} Hz: {late_s} s"
            );
        }
    }
}

#[test]
fn a_wave_keeps_its_place_in_the_thousandth_second_of_an_odd_rate() {
    for rate_hz in ODD_RATES_HZ {
        let (first, seconds) = (1000u64, 3);
        let rates = Rates::new(rate_hz, 256).unwrap();
        let mut resampler = Resampler::new(rates, 256);
        let sine = |time_s: f64| (TAU * 10.0 * time_s).sin();
        let mut largest: f64 = 0.0;
        for second in first..first + seconds {
            let mut frames: Vec<_> = (rates.samples_before(second)..rates.samples_before(second + 1))
                .map(|index| [sine(index as f64 / rate_hz); DERIVATIONS])
                .collect();
            resampler.resample(second, &mut frames);
            assert_eq!(frames.len(), 256);
            if second > first {
                for (n, frame) in frames.iter().enumerate() {
                    let time_s = second as f64 + n as f64 / 256.0 - resampler.delay_s();
                    largest = largest.max((frame[0] - sine(time_s)).abs());
                }
            }
        }
        assert!(largest < 5e-4, "{rate_hz} Hz is off by {largest}");
    }
}
