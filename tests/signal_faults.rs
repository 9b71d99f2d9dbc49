//! A fault makes its own derivations absent while it lasts, and touches nothing else.

mod signal_stream;

use proptest::prelude::*;
use signal_stream::{ELECTRODES, RATES_HZ, conditioner, push, recording, spoil, whole};
use vigil::eeg::{DERIVATIONS, DOUBLE_BANANA, Electrode};
use vigil::signal::{Conditioner, Fault, FaultKind, Montage, SignalConfig};

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_faulty_channel_changes_its_own_derivations_only(
        rate in 0..RATES_HZ.len(),
        seed in 0..1_000_000u64,
        channel in 0..19usize,
        kind in any::<u8>(),
        second in 1..3u64,
    ) {
        let rate_hz = RATES_HZ[rate];
        let good = recording(19, (6.0 * rate_hz).ceil() as usize, seed);
        let mut bad = good.clone();
        let start = |second: u64| (second as f64 * rate_hz).ceil() as usize;
        spoil(&mut bad, &[(kind, channel, start(second), start(second + 1) - start(second))]);
        let (good_windows, bad_windows) = (whole(rate_hz, &good), whole(rate_hz, &bad));
        // From its return on, a derivation is what it would be had the stream begun there.
        let electrode = Electrode::from_name(ELECTRODES[channel]).unwrap();
        for (index, derivation) in DOUBLE_BANANA.iter().enumerate() {
            let concerned = derivation.anode == electrode || derivation.cathode == electrode;
            for (good, bad) in good_windows.iter().zip(&bad_windows) {
                if !concerned || bad.second < second {
                    prop_assert_eq!(good.derivation(index), bad.derivation(index));
                    prop_assert!(bad.present[index] && bad.faults[index].is_none());
                } else if bad.second == second {
                    prop_assert!(!bad.present[index]);
                    prop_assert!(bad.derivation(index).iter().all(|sample| *sample == 0.0));
                    let kind = if kind % 4 == 3 { FaultKind::Flat } else { FaultKind::NonFinite };
                    prop_assert_eq!(bad.faults[index], Some(Fault { kind, channel }));
                } else {
                    prop_assert!(bad.present[index] && bad.faults[index].is_none());
                }
            }
        }
        if rate_hz.fract() == 0.0 {
            let from = start(second + 1);
            let later: Vec<Vec<f32>> = good.iter().map(|samples| samples[from..].to_vec()).collect();
            let fresh_windows = whole(rate_hz, &later);
            for (fresh, bad) in fresh_windows.iter().zip(&bad_windows[second as usize + 1..]) {
                for (index, derivation) in DOUBLE_BANANA.iter().enumerate() {
                    if derivation.anode == electrode || derivation.cathode == electrode {
                        prop_assert_eq!(fresh.derivation(index), bad.derivation(index));
                    }
                }
            }
        }
    }
}

#[test]
fn a_missing_derivation_is_absent_and_not_a_fault() {
    let labels: Vec<&str> = ELECTRODES.iter().map(|name| if *name == "Pz" { "EKG" } else { *name }).collect();
    let montage = Montage::resolve(&labels).unwrap();
    let recording = recording(montage.channels().len(), 512, 5);
    let mut conditioner = Conditioner::new(&SignalConfig::default(), &montage, 256.0).unwrap();
    for window in push(&mut conditioner, &recording, 0, 512) {
        assert!(!window.present[17]);
        assert_eq!(window.absent(), 1);
        assert_eq!(window.faults, [None; DERIVATIONS]);
        assert!(window.derivation(17).iter().all(|sample| *sample == 0.0));
    }
}

#[test]
fn a_second_at_the_rails_is_saturated_and_a_clipped_peak_is_not() {
    let mut samples = recording(19, 3 * 256, 9);
    for (index, sample) in samples[0].iter_mut().enumerate() {
        let clipped = match index / 256 {
            0 => index % 256 < 100,
            1 => index % 256 < 130,
            _ => index % 256 < 2,
        };
        // Both rails in turn, so that the trace is not flat.
        if clipped {
            *sample = if index % 2 == 0 { 800.0 } else { -800.0 };
        }
    }
    let rails = [Some((-800.0, 800.0)); 19];
    let mut judged = conditioner(256.0).with_rails(&rails).unwrap();
    let windows = push(&mut judged, &samples, 0, 3 * 256);
    // Fp1 is in the first and the fifth derivation.
    let fault = Some(Fault { kind: FaultKind::Saturated, channel: 0 });
    for (second, expected) in [(0, None), (1, fault), (2, None)] {
        let faults = &windows[second].faults;
        assert_eq!((faults[0], faults[4], faults[1]), (expected, expected, None), "second {second}");
    }
    assert!(windows[1].derivation(0).iter().all(|sample| *sample == 0.0));
    // Without rails nothing is known of saturation.
    let windows = push(&mut conditioner(256.0), &samples, 0, 3 * 256);
    assert!(windows.iter().all(|window| window.absent() == 0));
}

#[test]
fn a_recording_of_zeros_is_flat_everywhere() {
    let windows = whole(256.0, &vec![vec![0.0; 512]; 19]);
    assert_eq!(windows.len(), 2);
    for window in windows {
        assert_eq!(window.absent(), DERIVATIONS);
        assert!(window.faults.iter().all(|fault| fault.is_some_and(|fault| fault.kind == FaultKind::Flat)));
    }
}

#[test]
fn two_inputs_that_are_joined_make_a_flat_derivation() {
    let mut samples = recording(19, 512, 21);
    samples[9] = samples[8].clone();
    for window in whole(256.0, &samples) {
        assert_eq!(window.faults[16], Some(Fault { kind: FaultKind::Flat, channel: 8 }));
        assert_eq!(window.absent(), 1);
    }
}

#[test]
fn half_a_second_that_stands_still_is_flat_and_less_is_not() {
    for (still, flat) in [(100, false), (127, false), (128, true), (256, true)] {
        let mut samples = recording(19, 256, 33);
        let held = samples[18][0];
        samples[18][..still].fill(held);
        let windows = whole(256.0, &samples);
        let fault = flat.then_some(Fault { kind: FaultKind::Flat, channel: 18 });
        assert_eq!(windows[0].faults[14], fault, "{still} samples");
    }
}

#[test]
fn the_worst_of_two_faults_is_told() {
    let mut samples = recording(19, 256, 3);
    samples[8].fill(1.0);
    samples[9][77] = f32::NAN;
    let windows = whole(256.0, &samples);
    assert_eq!(windows[0].faults[16], Some(Fault { kind: FaultKind::NonFinite, channel: 9 }));
    assert_eq!(FaultKind::NonFinite.to_string(), "samples that are no numbers");
}
