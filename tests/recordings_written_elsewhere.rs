//! pyedflib, edfio and MNE open what vigil writes, and find what was written.

use std::path::Path;
use std::process::Command;

use jiff::civil::DateTime;
use serde_json::json;
use tempfile::TempDir;
use vigil::eeg::{Annotation, RecordingFormat};
use vigil::format::edf::{EdfWriter, WriterSignal, WriterSpec};

const LABELS: [&str; 3] = ["EEG Fp1-REF", "EEG Cz-REF", "ECG"];
const RATE: usize = 128;
const START: &str = "2031-02-03T04:05:06.5";

/// The interpreter with the three programs, if there is one.
fn python() -> Option<String> {
    let python = std::env::var("VIGIL_PYTHON").unwrap_or_else(|_| "python3".into());
    let there = Command::new(&python).args(["-c", "import edfio, mne, pyedflib"]).output();
    if there.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    println!(
        "skipped: {python} has no pyedflib, edfio and mne; VIGIL_PYTHON names an interpreter that has them"
    );
    None
}

fn samples(signal: usize, record: usize) -> Vec<i16> {
    (0..RATE).map(|i| ((signal * 7919 + record * 104_729 + i * 31) % 65_536) as u16 as i16).collect()
}

/// Writes a recording of one record for each of `onsets_s` and what readers should find.
fn write(folder: &Path, format: RecordingFormat, onsets_s: &[f64], refusing: &[&str]) {
    let annotations = [
        (0.25, Some(1.5), "seizure"),
        (1.0, None, "Augen zu, Öffnen: α"),
        (onsets_s[onsets_s.len() - 1] + 0.125, None, "vigil: alarm raised"),
    ];
    let spec = WriterSpec {
        format,
        start: START.parse::<DateTime>().expect("a time"),
        patient: "X X X X".into(),
        recording: "X X vigil".into(),
        record_s: 1.0,
        annotation_bytes: 160,
        signals: LABELS
            .iter()
            .map(|label| WriterSignal {
                label: (*label).into(),
                unit: "uV".into(),
                samples_per_record: RATE,
                physical_range: (-3276.8, 3276.7),
                digital_range: (-32768, 32767),
                prefilter: "HP:0.1Hz".into(),
            })
            .collect(),
    };
    let mut writer = EdfWriter::create(&folder.join("written.edf"), &spec).expect("a file");
    for (record, &onset_s) in onsets_s.iter().enumerate() {
        let signals: Vec<Vec<i16>> = (0..LABELS.len()).map(|signal| samples(signal, record)).collect();
        let marks: Vec<Annotation> = annotations
            .iter()
            .filter(|(at, _, _)| (onset_s..onset_s + 1.0).contains(at))
            .map(|&(onset_s, duration_s, text)| Annotation { onset_s, duration_s, text: text.into() })
            .collect();
        writer.write_record(onset_s, &signals, &marks).expect("a record");
    }
    writer.finish().expect("a finished file");
    let digital: Vec<Vec<i16>> = (0..LABELS.len())
        .map(|s| (0..onsets_s.len()).flat_map(|record| samples(s, record)).collect())
        .collect();
    let expected = json!({
        "start": START, "gaps": format == RecordingFormat::EdfPlusD, "labels": LABELS, "rate_hz": RATE,
        "digital": digital, "onsets_s": onsets_s, "annotations": annotations, "refusing": refusing,
    });
    std::fs::write(folder.join("expected.json"), expected.to_string()).expect("a file");
}

fn check(format: RecordingFormat, onsets_s: &[f64], refusing: &[&str]) {
    let Some(python) = python() else { return };
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), format, onsets_s, refusing);
    let output = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/edf_written/check.py"))
        .args(["written.edf", "expected.json"])
        .current_dir(folder.path())
        .output()
        .expect("python runs");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    println!("{out}");
    assert!(output.status.success(), "{out}{err}");
}

#[test]
fn a_recording_without_gaps_is_the_same_to_pyedflib_edfio_and_mne() {
    check(RecordingFormat::EdfPlusC, &[0.0, 1.0, 2.0, 3.0, 4.0], &[]);
}

#[test]
fn a_recording_with_gaps_is_the_same_to_those_that_read_gaps() {
    check(RecordingFormat::EdfPlusD, &[0.0, 1.0, 60.5, 61.5, 300.0], &["pyedflib"]);
}
