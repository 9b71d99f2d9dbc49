//! A recording's labels become the 18 derivations of the double banana.

use std::path::Path;

use vigil::eeg::{ChannelLabel, DERIVATIONS, DOUBLE_BANANA};
use vigil::signal::{Conditioner, MAX_MISSING, Montage, SignalConfig, SignalError};

/// CHB-MIT as most of its cases have it: bipolar, with T8-P8 twice and T7-P7 both ways round.
const CHB01: [&str; 23] = [
    "FP1-F7", "F7-T7", "T7-P7", "P7-O1", "FP1-F3", "F3-C3", "C3-P3", "P3-O1", "FP2-F4", "F4-C4", "C4-P4",
    "P4-O2", "FP2-F8", "F8-T8", "T8-P8", "P8-O2", "FZ-CZ", "CZ-PZ", "P7-T7", "T7-FT9", "FT9-FT10", "FT10-T8",
    "T8-P8",
];
/// The same, in the order of later cases.
const CHB11: [&str; 23] = [
    "FP1-F7", "F7-T7", "T7-P7", "P7-O1", "FP1-F3", "F3-C3", "C3-P3", "P3-O1", "FZ-CZ", "CZ-PZ", "FP2-F4",
    "F4-C4", "C4-P4", "P4-O2", "FP2-F8", "F8-T8", "T8-P8", "P8-O2", "P7-T7", "T7-FT9", "FT9-FT10", "FT10-T8",
    "T8-P8",
];
/// Records of chb12 against a reference of its own.
const CHB12_CS2: [&str; 23] = [
    "P8-CS2", "P3-CS2", "P7-CS2", "O2-CS2", "C4-CS2", "FZ-CS2", "F4-CS2", "CP4-CS2", "C2-CS2", "CZ-CS2",
    "CP2-CS2", "T8-CS2", "O1-CS2", "F7-CS2", "T7-CS2", "CP6-CS2", "F3-CS2", "C3-CS2", "P4-CS2", "FP1-CS2",
    "PZ-CS2", "F8-CS2", "FP2-CS2",
];
/// Records of chb12 whose labels name no reference, with a digit in place of a letter.
const CHB12_BARE: [&str; 23] = [
    "C2", "CP6", "FZ", "C4", "F4", "F7", "01", "P7", "P4", "P8", "T7", "O2", "C3", "FP2", "FP1", "P3", "CP4",
    "CZ", "CP2", "PZ", "F3", "F8", "T8",
];
/// eegmat: old names, linked ears.
const EEGMAT: [&str; 21] = [
    "EEG Fp1",
    "EEG Fp2",
    "EEG F3",
    "EEG F4",
    "EEG F7",
    "EEG F8",
    "EEG T3",
    "EEG T4",
    "EEG C3",
    "EEG C4",
    "EEG T5",
    "EEG T6",
    "EEG P3",
    "EEG P4",
    "EEG O1",
    "EEG O2",
    "EEG Fz",
    "EEG Cz",
    "EEG Pz",
    "EEG A2-A1",
    "ECG ECG",
];

const ELECTRODES: [&str; 19] = [
    "Fp1", "F3", "C3", "P3", "O1", "F7", "T7", "P7", "Fz", "Cz", "Pz", "Fp2", "F4", "C4", "P4", "O2", "F8",
    "T8", "P8",
];

/// What each derivation is made of, found by giving one channel after the other a spike: the
/// weight of every recording channel in every derivation.
fn weights(labels: &[&str]) -> Vec<[f32; DERIVATIONS]> {
    let montage = Montage::resolve(labels).unwrap();
    let config = SignalConfig { band_hz: [0.05, 100.0], band_order: 1, ..SignalConfig::default() };
    let wiggle: Vec<f32> = (0..256).map(|index| (index % 7) as f32).collect();
    let respond = |spiked: Option<usize>| {
        let channels: Vec<Vec<f32>> = montage
            .channels()
            .iter()
            .enumerate()
            .map(|(place, channel)| {
                let mut samples: Vec<f32> =
                    wiggle.iter().map(|sample| sample * (1.0 + place as f32)).collect();
                if Some(*channel) == spiked {
                    samples[200] += 1000.0;
                }
                samples
            })
            .collect();
        let slices: Vec<&[f32]> = channels.iter().map(Vec::as_slice).collect();
        let mut windows = Vec::new();
        let mut conditioner = Conditioner::new(&config, &montage, 256.0).unwrap();
        conditioner.push(&slices, &mut windows).unwrap();
        windows.remove(0)
    };
    let quiet = respond(None);
    let spike_at = |window: &vigil::signal::Window| -> [f32; DERIVATIONS] {
        std::array::from_fn(|derivation| window.derivation(derivation)[200])
    };
    (0..labels.len())
        .map(|channel| {
            let (with, without) = (spike_at(&respond(Some(channel))), spike_at(&quiet));
            std::array::from_fn(|derivation| {
                ((with[derivation] - without[derivation]) / 1000.0).signum_or_zero()
            })
        })
        .collect()
}

trait SignumOrZero {
    fn signum_or_zero(self) -> f32;
}

impl SignumOrZero for f32 {
    fn signum_or_zero(self) -> f32 {
        if self.abs() < 0.01 { 0.0 } else { self.signum() }
    }
}

/// Asserts what one derivation is made of: `(label index, sign)` pairs and nothing else.
fn assert_made_of(labels: &[&str], derivation: &str, expected: &[(usize, f32)]) {
    let index = DOUBLE_BANANA.iter().position(|known| known.to_string() == derivation).unwrap();
    for (channel, weights) in weights(labels).iter().enumerate() {
        let weight = expected.iter().find(|(place, _)| *place == channel).map_or(0.0, |(_, weight)| *weight);
        assert_eq!(weights[index], weight, "{derivation} of channel {channel} {:?}", labels[channel]);
    }
}

#[test]
fn recorded_derivations_are_taken_as_they_are() {
    for labels in [CHB01, CHB11] {
        let montage = Montage::resolve(&labels).unwrap();
        assert_eq!(montage.present(), [true; DERIVATIONS]);
        assert_eq!(montage.channels(), (0..18).collect::<Vec<_>>());
    }
    assert_made_of(&CHB01, "Fz-Cz", &[(16, 1.0)]);
    assert_made_of(&CHB11, "Fz-Cz", &[(8, 1.0)]);
}

#[test]
fn the_first_of_two_equal_labels_is_used_and_the_second_is_told_of() {
    let montage = Montage::resolve(&CHB01).unwrap();
    assert_eq!(montage.warnings(), ["channel 23 \"T8-P8\" repeats channel 15 \"T8-P8\"; the first is used"]);
    assert_made_of(&CHB01, "T8-P8", &[(14, 1.0)]);
}

#[test]
fn a_label_with_old_names_repeats_one_with_new_names() {
    let mut labels = CHB01.to_vec();
    labels[22] = "EEG T4-T6";
    let montage = Montage::resolve(&labels).unwrap();
    assert_eq!(
        montage.warnings(),
        ["channel 23 \"EEG T4-T6\" repeats channel 15 \"T8-P8\"; the first is used"]
    );
}

#[test]
fn numbers_that_tell_channels_of_one_name_apart_belong_to_no_name() {
    // As MNE names them: the repeated ones, or all.
    let mut some = CHB01.map(str::to_string);
    (some[14], some[22]) = ("T8-P8-0".into(), "T8-P8-1".into());
    let all = CHB01.map(|label| format!("{label}-0"));
    for labels in [some, all] {
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let montage = Montage::resolve(&labels).unwrap();
        assert_eq!(montage.present(), [true; DERIVATIONS]);
        assert_eq!(montage.channels(), (0..18).collect::<Vec<_>>());
        let [warning] = montage.warnings() else { panic!("{:?}", montage.warnings()) };
        assert!(warning.starts_with("channel 23") && warning.ends_with("the first is used"), "{warning}");
    }
    let mut labels = EEGMAT.map(|label| format!("{label}-REF"));
    (labels[4], labels[19]) = ("EEG F7-REF-0".into(), "EEG F7-REF-1".into());
    labels[5] = "EEG F8-REF-0".into();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let montage = Montage::resolve(&labels).unwrap();
    assert_eq!(montage.present(), [true; DERIVATIONS]);
    assert!(montage.warnings()[0].starts_with("channel 20 \"EEG F7-REF-1\" repeats channel 5"));
    for (label, bare) in [("Fp1-0", "Fp1"), ("EEG T3-1", "T7"), ("Fp1-REF-0", "Fp1-REF")] {
        assert_eq!(ChannelLabel::parse(label), ChannelLabel::parse(bare), "{label}");
    }
}

#[test]
fn a_number_behind_a_name_that_is_a_contact_or_an_electrode_stays() {
    // Two contacts of a depth electrode are no scalp electrode P3, and chb12 writes O2 with a digit.
    for label in ["P3-4", "F7-8", "Fp1-REF-4"] {
        assert!(
            matches!(ChannelLabel::parse(label), ChannelLabel::Referential { reference, .. } if !reference.is_empty() && reference != "REF"),
            "{label}"
        );
    }
    assert_eq!(ChannelLabel::parse("P4-02"), ChannelLabel::parse("P4-O2"));
}

#[test]
fn both_names_of_a_pair_may_come_with_eeg_before_them() {
    let labels = CHB01.map(|label| format!("EEG {}", label.replace('-', "-EEG ")));
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    assert_eq!(Montage::resolve(&labels).unwrap().present(), [true; DERIVATIONS]);
}

#[test]
fn contacts_in_the_brain_that_are_named_like_electrodes_are_refused() {
    let contacts: Vec<String> = ["F", "T", "P", "C", "O"]
        .iter()
        .flat_map(|shaft| (1..=10).map(move |n| format!("{shaft}{n}")))
        .collect();
    let contacts: Vec<&str> = contacts.iter().map(String::as_str).collect();
    let error = Montage::resolve(&contacts).unwrap_err();
    assert!(matches!(error, SignalError::TwoNames { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("\"T") && text.contains("within the skull"), "{text}");

    // One is enough, and a bipolar recording that does not need them may have them.
    let mut scalp = EEGMAT.to_vec();
    scalp[20] = "EEG T8";
    let text = Montage::resolve(&scalp).unwrap_err().to_string();
    assert!(text.contains("\"EEG T4\"") && text.contains("\"EEG T8\""), "{text}");
    let mut pairs = CHB01.to_vec();
    (pairs[20], pairs[21]) = ("T3", "T7");
    assert_eq!(Montage::resolve(&pairs).unwrap().present(), [true; DERIVATIONS]);
}

#[test]
fn another_channel_takes_the_place_of_one_that_counts_as_absent() {
    let mut set_aside = vec![None; CHB01.len()];
    set_aside[14] = Some("its status is bad".to_string());
    let montage = Montage::of_recording(&CHB01, &set_aside, &[]).unwrap();
    assert_eq!(montage.present(), [true; DERIVATIONS]);
    assert!(montage.channels().contains(&22) && !montage.channels().contains(&14));
    assert_eq!(montage.warnings(), ["channel 15 \"T8-P8\" counts as absent: its status is bad"]);
    assert_eq!(montage.set_aside(), montage.warnings());

    set_aside[22] = set_aside[14].clone();
    let missing = Montage::of_recording(&CHB01, &set_aside, &[]).unwrap().missing();
    assert_eq!(missing.iter().map(ToString::to_string).collect::<Vec<_>>(), ["T8-P8"]);

    let all = vec![Some("its type is SEEG".to_string()); CHB01.len()];
    let error = Montage::of_recording(&CHB01, &all, &[]).unwrap_err();
    assert!(matches!(error, SignalError::NoEegChannel { .. }), "{error}");
    assert!(error.to_string().contains("counts as absent: its type is SEEG"), "{error}");
}

#[test]
fn a_derivation_recorded_the_other_way_round_changes_its_sign() {
    let mut labels = CHB01.to_vec();
    labels[2] = "ECG";
    let montage = Montage::resolve(&labels).unwrap();
    assert_eq!(montage.present(), [true; DERIVATIONS]);
    // P7-T7, which the data set happens to have as well.
    assert_made_of(&labels, "T7-P7", &[(18, -1.0)]);
}

#[test]
fn referential_channels_are_subtracted() {
    for labels in [&CHB12_CS2[..], &CHB12_BARE[..], &EEGMAT[..]] {
        let montage = Montage::resolve(labels).unwrap();
        assert_eq!(montage.present(), [true; DERIVATIONS], "{labels:?}");
        assert_eq!(montage.channels().len(), 19, "{labels:?}");
        assert!(montage.warnings().is_empty(), "{:?}", montage.warnings());
    }
    assert_made_of(&CHB12_CS2, "T8-P8", &[(11, 1.0), (0, -1.0)]);
    assert_made_of(&CHB12_BARE, "P7-O1", &[(7, 1.0), (6, -1.0)]);
    assert_made_of(&EEGMAT, "F7-T7", &[(4, 1.0), (6, -1.0)]);
}

#[test]
fn channels_against_different_references_are_not_subtracted() {
    let labels: Vec<String> = ELECTRODES
        .iter()
        .map(|name| format!("EEG {name}-{}", if name.ends_with(['1', '3', '5', '7']) { "A1" } else { "A2" }))
        .collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    // Each half of the head has its own ear, the midline that of the right: all are within one.
    assert_eq!(Montage::resolve(&labels).unwrap().present(), [true; DERIVATIONS]);

    let mut labels = labels;
    labels[9] = "Cz-A1";
    let missing: Vec<String> =
        Montage::resolve(&labels).unwrap().missing().iter().map(ToString::to_string).collect();
    assert_eq!(missing, ["Fz-Cz", "Cz-Pz"]);
}

#[test]
fn a_recording_against_cz_has_all_derivations() {
    let labels: Vec<String> =
        ELECTRODES.iter().filter(|name| **name != "Cz").map(|name| format!("{name}-Cz")).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    assert_eq!(Montage::resolve(&labels).unwrap().present(), [true; DERIVATIONS]);
    assert_made_of(&labels, "Fp1-F7", &[(0, 1.0), (5, -1.0)]);
    assert_made_of(&labels, "Fz-Cz", &[(8, 1.0)]);
    assert_made_of(&labels, "Cz-Pz", &[(9, -1.0)]);
}

#[test]
fn an_electrode_against_itself_is_no_channel() {
    let mut labels = CHB01.to_vec();
    labels[16] = "CZ-CZ";
    let missing = Montage::resolve(&labels).unwrap().missing();
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].to_string(), "Fz-Cz");
}

#[test]
fn up_to_six_derivations_may_be_missing_and_are_known_as_missing() {
    let mut labels = CHB01.to_vec();
    for (lost, channel) in [0, 3, 8, 11, 16, 17].into_iter().enumerate() {
        labels[channel] = "-";
        let montage = Montage::resolve(&labels).unwrap();
        assert_eq!(montage.missing().len(), lost + 1);
        assert!(!montage.present()[channel]);
        assert!(!montage.channels().contains(&channel));
    }
    let montage = Montage::resolve(&labels).unwrap();
    assert_eq!(montage.missing().len(), MAX_MISSING);
    assert!(montage.warnings().contains(
        &"no channels for Fp1-F7, P7-O1, Fp2-F4, P4-O2, Fz-Cz, Cz-Pz; drawn as absent".to_string()
    ));

    labels[4] = "Status";
    let error = Montage::resolve(&labels).unwrap_err();
    assert!(matches!(error, SignalError::TooFewChannels { missing_count: 7, allowed: 6, .. }), "{error}");
    let text = error.to_string();
    assert!(text.starts_with("too few channels"), "{text}");
    assert!(text.contains("Fp1-F7, P7-O1, Fp1-F3, Fp2-F4, P4-O2, Fz-Cz, Cz-Pz"), "{text}");
    assert!(text.contains("\"F7-T7\"") && text.contains("\"Status\""), "{text}");
}

#[test]
fn a_recording_without_eeg_has_an_error_of_its_own() {
    for labels in [&["ECG", "EMG-Chin", "", "SpO2", "-", "A2-A1", "Fp1x"][..], &[]] {
        let error = Montage::resolve(labels).unwrap_err();
        assert!(matches!(error, SignalError::NoEegChannel { .. }), "{error}");
        assert!(error.to_string().starts_with("no EEG channel"), "{error}");
    }
    let error = Montage::resolve(&["ECG", "Resp"]).unwrap_err().to_string();
    assert!(error.contains("found \"ECG\", \"Resp\""), "{error}");
}

#[test]
fn labels_that_no_amplifier_writes_are_refused_and_never_break_anything() {
    let long = "F".repeat(10_000);
    let many: Vec<&str> = std::iter::repeat_n("\u{fffd}\u{0}-\u{1F600}", 5_000).collect();
    for labels in [vec![long.as_str(), "EEG", "EEG ", "-", "--", "Fp1--", "é-é"], many] {
        let text = Montage::resolve(&labels).unwrap_err().to_string();
        assert!(text.len() < 20_000, "{} characters", text.len());
    }
}

#[test]
fn channels_of_different_rates_are_refused_unless_they_are_no_eeg() {
    let montage = Montage::resolve(&EEGMAT).unwrap();
    let mut rates_hz = [500.0; 21];
    rates_hz[20] = 1000.0;
    assert_eq!(montage.common_rate_hz(&rates_hz).unwrap(), 500.0);
    rates_hz[6] = 250.0;
    let error = montage.common_rate_hz(&rates_hz).unwrap_err().to_string();
    assert!(error.contains("EEG Fp1 has 500 Hz and EEG T3 has 250 Hz"), "{error}");
    assert!(montage.common_rate_hz(&[500.0; 4]).is_err());
}

#[test]
fn every_published_channel_list_of_chb_mit_resolves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/chbmit-summaries");
    if !folder.is_dir() {
        eprintln!("not run: {} is not there", folder.display());
        return;
    }
    let mut lists = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        // "Channel 1: FP1-F7" and so on; a list ends where other lines come.
        let mut labels: Vec<String> = Vec::new();
        for line in text.lines().chain([""]) {
            match line.trim().strip_prefix("Channel ").and_then(|rest| rest.split_once(':')) {
                Some((number, label)) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                    labels.push(label.trim().to_string());
                }
                _ if labels.is_empty() => {}
                _ => {
                    let list: Vec<&str> = labels.iter().map(String::as_str).collect();
                    let montage =
                        Montage::resolve(&list).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                    assert_eq!(montage.present(), [true; DERIVATIONS], "{}: {labels:?}", path.display());
                    lists += 1;
                    labels.clear();
                }
            }
        }
    }
    assert!(lists >= 24, "{lists} lists were found");
}
