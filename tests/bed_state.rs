//! A bed's state is believed only if it is unharmed, and what is not is kept aside.

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use vigil::config::{PatientConfig, PatientId};
use vigil::detect::{Detector, Opinion};
use vigil::signal::SignalConfig;
use vigil::source::live::{LiveChannel, LiveLayout, Received};
use vigil::ward::checkpoint::{CheckpointError, decode, encode, load, save};
use vigil::ward::intake::StreamRules;
use vigil::ward::watch::{BedState, Watch};

const LABELS: [&str; 19] = [
    "Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2", "F7", "F8", "T7", "T8", "P7", "P8", "Fz",
    "Cz", "Pz",
];

fn layout() -> LiveLayout {
    let channel =
        |label: &&str| LiveChannel { label: Some((*label).into()), unit: Some("uV".into()), rails: None };
    LiveLayout { stream: "test".into(), rate_hz: 256.0, channels: LABELS.iter().map(channel).collect() }
}

fn watch() -> Watch {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = PatientConfig::load(&root.join("patients"), &PatientId::new("chb03").unwrap()).unwrap();
    let detector = Detector::new(config.label, config.accumulator).unwrap();
    Watch::new(StreamRules::default(), SignalConfig::default(), detector, 7)
}

fn samples(from: usize, frames: usize) -> Received {
    let values = (from..from + frames)
        .flat_map(|frame| (0..19).map(move |channel| ((frame * (channel + 3)) as f32 / 40.0).sin() * 50.0))
        .collect();
    let arrived = std::time::Instant::now();
    Received { values, lost_before: 0, taken_at_s: None, arrived, marks: Vec::new() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_watch_that_is_saved_and_restored_anywhere_goes_on_bit_for_bit(cut in 1usize..1500, lost in 0u64..400) {
        let mut whole = watch();
        whole.join(&layout(), 0.0).unwrap();
        let mut expected = whole.take(samples(0, cut)).unwrap().unwrap().windows;
        let mut first = watch();
        first.join(&layout(), 0.0).unwrap();
        let mut found = first.take(samples(0, cut)).unwrap().unwrap().windows;
        let bytes = encode(&first.state("emu-01", "chb03", 5.0)).unwrap();
        let mut second = watch();
        second.restore(&decode(&bytes).unwrap()).unwrap();
        // The same stream is joined without beginning anew.
        prop_assert!(!second.join(&layout(), 0.0).unwrap().anew);
        for watch in [&mut whole, &mut second] {
            watch.skip(lost);
        }
        expected.extend(whole.take(samples(cut, 1700)).unwrap().unwrap().windows);
        found.extend(second.take(samples(cut, 1700)).unwrap().unwrap().windows);
        prop_assert_eq!(found, expected);
        prop_assert_eq!(second.next_frame(), whole.next_frame());
    }

    #[test]
    fn how_messages_are_cut_changes_no_window(cuts in prop::collection::vec(1usize..700, 1..12)) {
        let mut pieces = watch();
        pieces.join(&layout(), 0.0).unwrap();
        let mut found = Vec::new();
        let mut at = 0;
        for cut in cuts {
            found.extend(pieces.take(samples(at, cut)).unwrap().unwrap().windows);
            at += cut;
        }
        let mut whole = watch();
        whole.join(&layout(), 0.0).unwrap();
        prop_assert_eq!(found, whole.take(samples(0, at)).unwrap().unwrap().windows);
    }

    #[test]
    fn a_state_with_a_changed_byte_is_refused(at in 0usize..400, flip in 1u8..) {
        let mut watch = watch();
        watch.join(&layout(), 0.0).unwrap();
        let mut bytes = encode(&watch.state("emu-01", "chb03", 0.0)).unwrap();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        prop_assert!(decode(&bytes).is_err());
        bytes.truncate(at);
        prop_assert!(decode(&bytes).is_err());
    }
}

#[test]
fn a_damaged_file_is_kept_aside_and_the_bed_starts_afresh() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("emu-01.state");
    assert!(load(&path).unwrap().is_none());
    save(&path, b"vigilbd\x01 and nothing that was ever written").unwrap();
    let error = load(&path).unwrap_err();
    assert!(matches!(&error, CheckpointError::Damaged { kept, .. } if kept.is_file()), "{error}");
    assert!(load(&path).unwrap().is_none());
}

/// A state as the versions before wrote it: its accumulator ends before the count of seconds without a label.
fn written_before(state: &BedState, version: u8) -> Vec<u8> {
    let begin = (
        &state.bed,
        &state.patient,
        state.timeline,
        &state.stream,
        state.origin,
        state.next_frame,
        state.next_second,
    );
    let mut body = postcard::to_stdvec(&begin).unwrap();
    let mut accumulator = postcard::to_stdvec(&state.accumulator).unwrap();
    assert_eq!(accumulator.pop(), Some(0), "no second was without a label");
    body.extend(accumulator);
    body.extend(postcard::to_stdvec(&(&state.baseline, state.wall_s)).unwrap());
    if version > 1 {
        body.extend(postcard::to_stdvec(&state.exposure).unwrap());
    }
    let mut bytes = b"vigilbd".to_vec();
    bytes.push(version);
    bytes.extend(Sha256::digest(&body));
    bytes.extend(body);
    bytes
}

#[test]
fn a_state_of_a_version_before_goes_on() {
    let mut watch = watch();
    watch.join(&layout(), 0.0).unwrap();
    watch.take(samples(0, 700)).unwrap();
    let opinion = Opinion { ae_error: None, ae_flag: None, probabilities: [1.0, 0.0, 0.0] };
    for second in 0..5 {
        watch.judge(second, Some(opinion));
    }
    let state = watch.state("emu-01", "chb03", 5.0);
    for version in [1, 2] {
        assert_eq!(decode(&written_before(&state, version)).unwrap(), state, "version {version}");
    }
}
