//! Small recordings for tests, written with the project's own writer, and a place to put them.

#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use vigil::eeg::RecordingFormat;
use vigil::format::edf::{EdfWriter, WriterSignal, WriterSpec};

/// The 19 electrodes against one reference.
pub const REFERENTIAL: [&str; 19] = [
    "EEG Fp1-REF",
    "EEG F3-REF",
    "EEG C3-REF",
    "EEG P3-REF",
    "EEG O1-REF",
    "EEG F7-REF",
    "EEG T3-REF",
    "EEG T5-REF",
    "EEG Fz-REF",
    "EEG Cz-REF",
    "EEG Pz-REF",
    "EEG Fp2-REF",
    "EEG F4-REF",
    "EEG C4-REF",
    "EEG P4-REF",
    "EEG O2-REF",
    "EEG F8-REF",
    "EEG T4-REF",
    "EEG T6-REF",
];

/// A path of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Microvolts of a channel at a time: background of a few rhythms, different in each channel.
pub fn background(channel: usize, t: f64) -> f64 {
    let c = channel as f64;
    30.0 * (std::f64::consts::TAU * (9.0 + 0.13 * c) * t + c).sin()
        + 15.0 * (std::f64::consts::TAU * (3.1 + 0.07 * c) * t + 2.0 * c).sin()
        + 8.0 * (std::f64::consts::TAU * (17.3 + 0.31 * c) * t * (1.0 + 0.01 * c)).sin()
}

/// Writes a recording of one-second records.
pub fn write_recording(
    path: &Path,
    labels: &[&str],
    rate_hz: usize,
    seconds: usize,
    start: &str,
    microvolts: impl Fn(usize, f64) -> f64,
) {
    let spec = WriterSpec {
        format: RecordingFormat::EdfPlusC,
        start: start.parse().expect("a civil date and time"),
        patient: "X X X X".into(),
        recording: "X X test".into(),
        record_s: 1.0,
        annotation_bytes: 128,
        signals: labels
            .iter()
            .map(|label| WriterSignal {
                label: (*label).into(),
                unit: "uV".into(),
                samples_per_record: rate_hz,
                physical_range: (-3276.8, 3276.7),
                digital_range: (-32768, 32767),
                prefilter: String::new(),
            })
            .collect(),
    };
    let mut writer = EdfWriter::create(path, &spec).expect("a writable file");
    for second in 0..seconds {
        let record: Vec<Vec<i16>> = (0..labels.len())
            .map(|channel| {
                (0..rate_hz)
                    .map(|i| {
                        (10.0 * microvolts(channel, second as f64 + i as f64 / rate_hz as f64)).round() as i16
                    })
                    .collect()
            })
            .collect();
        writer.write_record(second as f64, &record, &[]).expect("a record");
    }
    writer.finish().expect("a finished file");
}

/// Runs the program in a folder.
pub fn vigil(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program runs")
}

/// Runs the program, expects a failure with `code`, and gives its message.
pub fn refusal(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = vigil(folder, arguments);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "vigil {arguments:?} said: {message}");
    assert!(!message.contains("panicked"), "{message}");
    message
}

/// Copies the demo patient and links the models into a folder of the test's own.
pub fn ward(folder: &Path) {
    let patient = folder.join("patients/chb03");
    std::fs::create_dir_all(&patient).expect("a folder");
    for name in ["patient.toml", "autoencoder.safetensors"] {
        std::fs::copy(repository("patients/chb03").join(name), patient.join(name)).expect("the demo patient");
    }
    let cnn = folder.join("models/cnn");
    std::fs::create_dir_all(&cnn).expect("a folder");
    std::fs::copy(repository("models/cnn/weights.safetensors"), cnn.join("weights.safetensors"))
        .expect("the CNN");
}

/// Exchanges bytes of a file for others of the same length.
pub fn patch(path: &Path, from: &str, to: &str) {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(path).expect("a file");
    let at =
        bytes.windows(from.len()).position(|window| window == from.as_bytes()).expect("the text to exchange");
    bytes[at..at + from.len()].copy_from_slice(to.as_bytes());
    std::fs::write(path, bytes).expect("a writable file");
}
