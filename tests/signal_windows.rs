//! Windows do not depend on how samples were pushed, nothing crosses a gap, and a saved stream
//! goes on as if it had never stopped.

mod signal_stream;

use std::path::Path;

use proptest::prelude::*;
use serde::Deserialize;
use signal_stream::{ELECTRODES, RATES_HZ, conditioner, noise, push, recording, referential, spoil, whole};
use vigil::eeg::DERIVATIONS;
use vigil::signal::{Conditioner, ConditionerState, Montage, SignalConfig, SignalError, Window};

/// The windows with their samples as bits, since 0 equals -0.
fn bits(windows: &[Window]) -> Vec<(Vec<u32>, &Window)> {
    let bits = |window: &Window| window.samples.iter().map(|sample| sample.to_bits()).collect();
    windows.iter().map(|window| (bits(window), window)).collect()
}

fn faults() -> impl Strategy<Value = Vec<(u8, usize, usize, usize)>> {
    prop::collection::vec((any::<u8>(), 0..19usize, 0..10_000usize, 1..700usize), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_chunking_gives_the_same_windows_bit_for_bit(
        rate in 0..RATES_HZ.len(),
        seed in 0..1_000_000u64,
        faults in faults(),
        cuts in prop::collection::vec(0..1200usize, 0..40),
    ) {
        let rate_hz = RATES_HZ[rate];
        let mut recording = recording(19, (5.3 * rate_hz) as usize, seed);
        spoil(&mut recording, &faults);
        let expected = whole(rate_hz, &recording);
        prop_assert_eq!(expected.len(), 5);

        let mut chunked = conditioner(rate_hz);
        let (mut windows, mut from) = (Vec::new(), 0usize);
        for cut in cuts.into_iter().chain([usize::MAX]) {
            let to = from.saturating_add(cut).min(recording[0].len());
            windows.extend(push(&mut chunked, &recording, from, to));
            from = to;
        }
        prop_assert!(bits(&windows) == bits(&expected));
        prop_assert!(windows.iter().all(|window| window.samples.iter().all(|sample| sample.is_finite())));
    }

    #[test]
    fn one_sample_at_a_time_is_a_whole_recording_at_once(rate in 0..RATES_HZ.len(), seed in 0..1_000_000u64) {
        let rate_hz = RATES_HZ[rate];
        let recording = recording(19, (2.1 * rate_hz) as usize, seed);
        let mut live = conditioner(rate_hz);
        let windows: Vec<Window> =
            (0..recording[0].len()).flat_map(|index| push(&mut live, &recording, index, index + 1)).collect();
        prop_assert!(bits(&windows) == bits(&whole(rate_hz, &recording)));
    }

    #[test]
    fn after_a_gap_nothing_is_left_of_what_was_before(
        rate in 0..RATES_HZ.len(),
        seed in 0..1_000_000u64,
        faults in faults(),
        before in 0..1500usize,
        next_sample in any::<u64>(),
    ) {
        let rate_hz = RATES_HZ[rate];
        let mut earlier = recording(19, before + 1, seed);
        spoil(&mut earlier, &faults);
        let later = recording(19, (3.2 * rate_hz) as usize, seed + 1);

        let mut gapped = conditioner(rate_hz);
        push(&mut gapped, &earlier, 0, before);
        gapped.gap(next_sample);
        let windows = push(&mut gapped, &later, 0, later[0].len());

        let mut expected = whole(rate_hz, &later);
        for window in &mut expected {
            window.first_sample = window.first_sample.saturating_add(next_sample);
        }
        prop_assert_eq!(windows.len(), 3);
        prop_assert!(bits(&windows) == bits(&expected));
    }

    #[test]
    fn a_stream_goes_on_from_its_saved_memory_bit_for_bit(
        rate in 0..RATES_HZ.len(),
        seed in 0..1_000_000u64,
        faults in faults(),
        at in 0.0..1.0f64,
        gap in any::<bool>(),
    ) {
        let rate_hz = RATES_HZ[rate];
        let mut recording = recording(19, (4.4 * rate_hz) as usize, seed);
        spoil(&mut recording, &faults);
        let at = (at * recording[0].len() as f64) as usize;

        let mut straight = conditioner(rate_hz);
        if gap {
            push(&mut straight, &recording, 0, 100);
            straight.gap(1 << 60);
        }
        push(&mut straight, &recording, 0, at);
        let saved = serde_json::to_string(&straight.state()).unwrap();
        let state: ConditionerState = serde_json::from_str(&saved).unwrap();
        let mut resumed = conditioner(rate_hz);
        resumed.restore(&state).unwrap();

        let expected = push(&mut straight, &recording, at, recording[0].len());
        prop_assert!(bits(&push(&mut resumed, &recording, at, recording[0].len())) == bits(&expected));
    }

    #[test]
    fn no_output_depends_on_input_that_comes_after_it(
        rate in 0..RATES_HZ.len(),
        seed in 0..1_000_000u64,
        at in 0.0..1.0f64,
    ) {
        let rate_hz = RATES_HZ[rate];
        let past = recording(19, (3.0 * rate_hz).ceil() as usize, seed);
        let mut other = past.clone();
        let at = (at * past[0].len() as f64) as usize;
        for (channel, future) in other.iter_mut().zip(recording(19, past[0].len(), seed + 5)) {
            channel[at..].copy_from_slice(&future[at..]);
        }
        for (past, other) in whole(rate_hz, &past).iter().zip(&whole(rate_hz, &other)) {
            for index in 0..DERIVATIONS {
                let pairs = past.derivation(index).iter().zip(other.derivation(index));
                for (n, (past_sample, other_sample)) in pairs.enumerate() {
                    let time_s = past.second as f64 + n as f64 / 256.0;
                    // The sample at `at` came at the time at / rate.
                    if time_s * rate_hz < at as f64 {
                        prop_assert_eq!(past_sample.to_bits(), other_sample.to_bits());
                    }
                }
            }
        }
    }
}

#[derive(Deserialize)]
struct Chain {
    rate_hz: f64,
    #[serde(rename = "Fp1-F7")]
    fp1_f7: Vec<f64>,
    #[serde(rename = "P7-O1")]
    p7_o1: Vec<f64>,
}

#[test]
fn the_whole_chain_equals_scipy_to_the_last_bit_of_an_f32() {
    // Fp1 and F7 against one reference, P7-O1 recorded the other way round, the rest of no account.
    let labels = [
        "Fp1", "T7", "O1-T5", "F3", "C3", "P3", "Fp2", "F4", "C4", "P4", "O2", "F8", "T8", "P8", "Fz", "Cz",
        "Pz", "F7",
    ];
    let montage = Montage::resolve(&labels).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/signal/chain.json");
    let cases: Vec<Chain> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for case in cases {
        let samples = (3.0 * case.rate_hz) as usize;
        let recording: Vec<Vec<f32>> = montage
            .channels()
            .iter()
            .map(|channel| match labels[*channel] {
                "Fp1" => noise(1, samples, 150.0),
                "F7" => noise(2, samples, -40.0),
                "O1-T5" => noise(3, samples, 20.0),
                _ => noise(50 + *channel as u64, samples, 0.0),
            })
            .collect();
        let mut conditioner = Conditioner::new(&SignalConfig::default(), &montage, case.rate_hz).unwrap();
        let windows = push(&mut conditioner, &recording, 0, samples);
        for (derivation, expected) in [(0, &case.fp1_f7), (3, &case.p7_o1)] {
            assert_eq!(expected.len(), 256);
            for (value, expected) in windows[2].derivation(derivation).iter().zip(expected) {
                assert!(
                    (f64::from(*value) - expected).abs() < 1e-5,
                    "{} Hz: {value}, {expected}",
                    case.rate_hz
                );
            }
        }
    }
}

#[test]
fn windows_count_seconds_and_input_samples() {
    let mut stream = conditioner(199.8);
    let samples = recording(19, 1000, 1);
    let windows = push(&mut stream, &samples, 0, 1000);
    let places = |windows: &[Window]| -> Vec<(u64, u64)> {
        windows.iter().map(|window| (window.second, window.first_sample)).collect()
    };
    assert_eq!(places(&windows), [(0, 0), (1, 200), (2, 400), (3, 600), (4, 800)]);
    assert!(windows.iter().all(|window| window.samples.len() == DERIVATIONS * 256));
    stream.gap(12_345);
    let windows = push(&mut stream, &samples, 0, 600);
    assert_eq!(places(&windows), [(0, 12_345), (1, 12_545), (2, 12_745)]);
}

#[test]
fn input_that_does_not_fit_is_refused_and_changes_nothing() {
    let samples = recording(19, 300, 8);
    let mut stream = conditioner(256.0);
    push(&mut stream, &samples, 0, 100);
    let before = stream.state();
    let mut windows = Vec::new();
    let few: Vec<&[f32]> = samples.iter().take(18).map(Vec::as_slice).collect();
    let uneven: Vec<&[f32]> =
        samples.iter().enumerate().map(|(index, channel)| &channel[..300 - index]).collect();
    for channels in [few, uneven, Vec::new()] {
        let error = stream.push(&channels, &mut windows).unwrap_err();
        assert!(matches!(error, SignalError::Input { .. }), "{error}");
    }
    assert_eq!(stream.state(), before);
    assert!(windows.is_empty());
    for rails in [vec![None; 3], vec![Some((1.0, -1.0)); 19], vec![Some((f64::NAN, 1.0)); 19]] {
        assert!(matches!(conditioner(256.0).with_rails(&rails), Err(SignalError::Input { .. })));
    }
}

#[test]
fn a_recording_outside_the_rates_or_too_slow_for_the_band_is_refused() {
    let montage = referential();
    let error = Conditioner::new(&SignalConfig::default(), &montage, 100.0).unwrap_err().to_string();
    assert_eq!(error, "a sampling rate of 100 Hz is not supported: expected 128 to 2048 Hz");
    let wide = SignalConfig { band_hz: [1.0, 70.0], ..SignalConfig::default() };
    assert!(Conditioner::new(&wide, &montage, 256.0).is_ok());
    let error = Conditioner::new(&wide, &montage, 128.0).unwrap_err();
    assert!(matches!(error, SignalError::Setting { setting: "band_hz", .. }), "{error}");
}

#[test]
fn a_saved_memory_of_something_else_is_refused_and_changes_nothing() {
    let samples = recording(19, 700, 4);
    let mut saved = conditioner(250.0);
    push(&mut saved, &samples, 0, 700);
    let state = saved.state();

    let other = SignalConfig { band_hz: [0.5, 30.0], ..SignalConfig::default() };
    let mut others = vec![conditioner(256.0), Conditioner::new(&other, &referential(), 250.0).unwrap()];
    let mut labels = ELECTRODES;
    labels.swap(0, 1);
    let swapped = Montage::resolve(&labels).unwrap();
    others.push(Conditioner::new(&SignalConfig::default(), &swapped, 250.0).unwrap());
    for mut other in others {
        let before = other.state();
        assert!(matches!(other.restore(&state), Err(SignalError::State { .. })));
        assert_eq!(other.state(), before);
    }

    // Each field damaged in turn.
    let good = serde_json::to_value(&state).unwrap();
    let damage: [(&str, serde_json::Value); 8] = [
        ("running", serde_json::json!([true, false])),
        ("seconds", serde_json::json!(u64::MAX)),
        ("pending", serde_json::json!([])),
        ("pending", serde_json::json!(vec![vec![0u32; 250]; 19])),
        ("history", serde_json::json!([1, 2, 3])),
        (
            "history",
            serde_json::json!(vec![
                f64::NAN.to_bits().cast_signed();
                good["history"].as_array().unwrap().len()
            ]),
        ),
        ("memory", serde_json::json!([])),
        (
            "memory",
            serde_json::json!(vec![
                f64::MAX.to_bits().cast_signed();
                good["memory"].as_array().unwrap().len()
            ]),
        ),
    ];
    for (field, value) in damage {
        let mut damaged = good.clone();
        damaged[field] = value;
        let damaged: ConditionerState = serde_json::from_value(damaged).unwrap();
        let mut stream = conditioner(250.0);
        let before = stream.state();
        assert!(matches!(stream.restore(&damaged), Err(SignalError::State { .. })), "{field}");
        assert_eq!(stream.state(), before);
    }
}
