//! The same samples give the same verdicts, bit for bit, whether a file is replayed or a bed is watched.

mod daemon;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use daemon::Ward;
use vigil::config::{PatientConfig, PatientId};
use vigil::detect::{Detector, Judge, Verdict};
use vigil::model::{Autoencoder, Classifier};
use vigil::record::RecordFile;
use vigil::replay::{Speed, in_time_order, replay};
use vigil::signal::SignalConfig;

fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("patients/chb03/recordings")
}

fn replayed() -> Vec<Verdict> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let id = PatientId::new("chb03").unwrap();
    let config = PatientConfig::load(&root.join("patients"), &id).unwrap();
    let classifier = Classifier::load(&root.join("models/cnn/weights.safetensors")).unwrap();
    let signal = SignalConfig { mains_hz: config.mains_hz, ..classifier.config().signal.clone() };
    let path = PatientConfig::autoencoder_path(&root.join("patients"), &id);
    let autoencoder = Autoencoder::load(&path, "chb03", &signal).unwrap();
    let judge = Judge::new(Arc::new(classifier), Some(Arc::new(autoencoder))).unwrap();
    let detector = Detector::new(config.label, config.accumulator).unwrap();
    let plans = in_time_order(&[recordings()]).unwrap();
    let replayed = replay(plans, &judge, detector, &signal, Speed::Max, &mut |_| {}).unwrap();
    replayed
        .recordings
        .into_iter()
        .flat_map(|recording| recording.verdicts)
        .map(|(_, verdict)| verdict)
        .collect()
}

/// Equal to the last bit: no tolerance, and NaN is equal to itself.
fn bits(verdict: &Verdict) -> impl PartialEq + std::fmt::Debug {
    (
        verdict.second,
        verdict.ae_error.map(f32::to_bits),
        verdict.ae_flag,
        verdict.probabilities.map(|p| p.map(f32::to_bits)),
        verdict.label,
        verdict.accumulator.to_bits(),
        verdict.alarm,
        verdict.alarming,
    )
}

#[test]
fn a_bed_that_plays_recordings_says_what_replay_says() {
    let bed = format!(
        "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.replay = {{ recordings = [{:?}], speed = \"max\" }}",
        recordings()
    );
    let ward = Ward::new(&bed);
    let mut daemon = ward.start();
    daemon.wait_for("the end of the recordings", |daemon| {
        (daemon.bed("emu-01")["phase"] == "ended").then_some(())
    });
    let expected = replayed();
    daemon.wait_for("the last verdict", |daemon| {
        (daemon.bed("emu-01")["second"].as_u64() == expected.last().map(|verdict| verdict.second))
            .then_some(())
    });
    daemon.stop();
    let live: Vec<Verdict> = ward
        .files("emu-01")
        .iter()
        .flat_map(|path| RecordFile::open(path).unwrap().verdicts().unwrap())
        .map(|recorded| recorded.verdict)
        .collect();
    assert_eq!(live.len(), expected.len());
    for (live, expected) in live.iter().zip(&expected) {
        assert_eq!(bits(live), bits(expected));
    }
    // What was announced is what was found.
    let announced: Vec<u64> = ward
        .alarms()
        .iter()
        .filter(|entry| entry["what"] == "seizure")
        .filter_map(|entry| entry["raised_second"].as_u64())
        .collect();
    let found: Vec<u64> =
        expected.iter().filter_map(|verdict| verdict.alarm).map(|a| a.raised_second).collect();
    assert!(!found.is_empty());
    assert_eq!(announced, found);
}
