//! Whatever is wrong with what a user gives, one clear message says so, with its own exit code.

mod recordings;

use std::path::Path;

use recordings::{REFERENTIAL, background, patch, refusal, vigil, ward, write_recording};
use tempfile::TempDir;

const START: &str = "2024-05-06T07:08:09";

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    folder
}

fn replay(folder: &Path, recording: &str, code: i32) -> String {
    refusal(folder, &["replay", recording, "--patient", "chb03"], code)
}

#[test]
fn a_patient_who_is_not_there_is_told_with_those_who_are() {
    let folder = folder();
    write_recording(&folder.path().join("r.edf"), &REFERENTIAL, 256, 3, START, background);
    let message = refusal(folder.path(), &["replay", "r.edf", "--patient", "chb99"], 8);
    assert!(message.contains("no patient chb99") && message.contains("chb03"), "{message}");
}

#[test]
fn a_patient_id_that_leads_out_of_the_folder_is_refused() {
    let folder = folder();
    let message = refusal(folder.path(), &["patient", "show", "../secret"], 8);
    assert!(message.contains("cannot be a patient's id"), "{message}");
}

#[test]
fn an_autoencoder_of_another_patient_is_refused_by_name() {
    let folder = folder();
    write_recording(&folder.path().join("r.edf"), &REFERENTIAL, 256, 3, START, background);
    let other = folder.path().join("patients/other");
    std::fs::create_dir_all(&other).expect("a folder");
    for name in ["patient.toml", "autoencoder.safetensors"] {
        std::fs::copy(folder.path().join("patients/chb03").join(name), other.join(name)).expect("a copy");
    }
    let message = refusal(folder.path(), &["replay", "r.edf", "--patient", "other"], 7);
    assert!(message.contains("patient is \"chb03\" there and \"other\" here"), "{message}");
}

#[test]
fn a_missing_model_is_told_with_the_command_that_makes_one() {
    let folder = folder();
    write_recording(&folder.path().join("r.edf"), &REFERENTIAL, 256, 3, START, background);
    std::fs::remove_file(folder.path().join("models/cnn/weights.safetensors")).expect("removed");
    let message = replay(folder.path(), "r.edf", 6);
    assert!(message.contains("no model at models/cnn") && message.contains("vigil train"), "{message}");
}

#[test]
fn a_model_that_is_cut_short_is_told_from_a_missing_one() {
    let folder = folder();
    write_recording(&folder.path().join("r.edf"), &REFERENTIAL, 256, 3, START, background);
    let path = folder.path().join("models/cnn/weights.safetensors");
    let bytes = std::fs::read(&path).expect("the CNN");
    std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("a writable file");
    let message = replay(folder.path(), "r.edf", 6);
    assert!(message.contains("not a usable weight file"), "{message}");
}

#[test]
fn a_model_of_another_version_is_refused_by_the_setting_that_differs() {
    let folder = folder();
    write_recording(&folder.path().join("r.edf"), &REFERENTIAL, 256, 3, START, background);
    patch(
        &folder.path().join("models/cnn/weights.safetensors"),
        r#"{\"config\":{\"version\":1"#,
        r#"{\"config\":{\"version\":7"#,
    );
    let message = replay(folder.path(), "r.edf", 7);
    assert!(message.contains("config.version is 7 there and 1 here"), "{message}");
}

#[test]
fn an_autoencoder_fitted_on_other_conditioning_is_refused_by_the_setting_that_differs() {
    let folder = folder();
    write_recording(&folder.path().join("r.edf"), &REFERENTIAL, 256, 3, START, background);
    patch(
        &folder.path().join("patients/chb03/autoencoder.safetensors"),
        r#"\"band_hz\":[1.0,30.0]"#,
        r#"\"band_hz\":[2.0,30.0]"#,
    );
    let message = replay(folder.path(), "r.edf", 7);
    assert!(message.contains("signal.band_hz is [2.0,30.0] there and [1.0,30.0] here"), "{message}");
}

#[test]
fn a_recording_at_100_hz_is_refused_by_its_rate() {
    let folder = folder();
    write_recording(&folder.path().join("slow.edf"), &REFERENTIAL, 100, 5, START, background);
    let message = replay(folder.path(), "slow.edf", 5);
    assert!(
        message.contains("slow.edf") && message.contains("100 Hz") && message.contains("128 to 2048 Hz"),
        "{message}"
    );
}

#[test]
fn a_recording_without_eeg_is_refused_with_the_labels_that_it_has() {
    let folder = folder();
    write_recording(&folder.path().join("ecg.edf"), &["ECG", "RESP"], 256, 5, START, background);
    let message = replay(folder.path(), "ecg.edf", 5);
    assert!(message.contains("ECG") && message.contains("RESP"), "{message}");
}

#[test]
fn a_recording_with_too_few_electrodes_is_refused_with_what_is_missing() {
    let folder = folder();
    write_recording(&folder.path().join("few.edf"), &REFERENTIAL[..8], 256, 5, START, background);
    let message = replay(folder.path(), "few.edf", 5);
    assert!(message.contains("too few channels") && message.contains("Cz-Pz"), "{message}");
}

#[test]
fn a_header_with_nan_costs_that_channel_alone_and_names_the_field_and_its_byte() {
    let folder = folder();
    let path = folder.path().join("nan.edf");
    write_recording(&path, &REFERENTIAL, 256, 3, START, background);
    patch(&path, "-3276.8 ", "NaN     ");
    let output = vigil(folder.path(), &["replay", "nan.edf", "--patient", "chb03"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
    assert!(
        message.contains("nan.edf: byte") && message.contains("physical minimum") && message.contains("NaN"),
        "{message}"
    );
    assert!(message.contains("channel 1 \"EEG Fp1-REF\" counts as absent"), "{message}");
    assert!(message.contains("without Fp1-F7, Fp1-F3"), "{message}");
}

#[test]
fn an_input_that_nothing_was_plugged_into_costs_neither_the_recording_nor_a_derivation() {
    let folder = folder();
    let path = folder.path().join("dead.edf");
    let labels: Vec<&str> = REFERENTIAL.iter().copied().chain(["DC07", "Photic"]).collect();
    write_recording(&path, &labels, 256, 3, START, background);
    // Both have a physical maximum that is their minimum; 22 signals, the annotations last.
    let mut bytes = std::fs::read(&path).expect("the recording");
    for signal in [19, 20] {
        let at = 256 + 112 * 22 + 8 * signal;
        bytes[at..at + 8].copy_from_slice(b"-3276.8 ");
    }
    std::fs::write(&path, bytes).expect("a writable file");
    let output = vigil(folder.path(), &["replay", "dead.edf", "--patient", "chb03"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
    let told = "the physical maximum of signal 20 (\"DC07\") is -3276.8 and the minimum too";
    assert_eq!(message.matches("warning: dead.edf").count(), 1, "{message}");
    assert!(message.contains(told) && message.contains("as do others like it: \"Photic\""), "{message}");
    assert!(!message.contains("without"), "{message}");
    // In the copy, a range that means nothing would mean something.
    let copy = vigil::format::edf::EdfReader::open(&folder.path().join("out/dead_annotated.edf"));
    let header = copy.expect("a copy").header().clone();
    let copied: Vec<&str> = header.signals.iter().map(|signal| signal.label.as_str()).collect();
    assert_eq!(copied, REFERENTIAL);
}

#[test]
fn a_saturated_recording_is_not_judged_and_says_which_channel_and_why() {
    let folder = folder();
    write_recording(&folder.path().join("rails.edf"), &REFERENTIAL, 256, 5, START, |_, _| 3276.7);
    let message = replay(folder.path(), "rails.edf", 5);
    assert!(message.contains("no second could be judged"), "{message}");
    assert!(message.contains("saturated") || message.contains("flat"), "{message}");
}

#[test]
fn one_saturated_channel_is_told_and_the_rest_is_judged() {
    let folder = folder();
    let saturated = |channel: usize, t: f64| if channel == 6 { 3276.7 } else { background(channel, t) };
    write_recording(&folder.path().join("one.edf"), &REFERENTIAL, 256, 5, START, saturated);
    let output = vigil(folder.path(), &["replay", "one.edf", "--patient", "chb03"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
    assert!(message.contains("EEG T3-REF") && message.contains("in 5 s"), "{message}");
}

#[test]
fn an_empty_folder_is_told_with_what_was_expected() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("empty")).expect("a folder");
    let message = replay(folder.path(), "empty", 3);
    assert!(message.contains("empty holds no recording") && message.contains(".edf"), "{message}");
}

#[test]
fn a_file_that_is_not_there_is_told_by_name() {
    let folder = folder();
    let message = replay(folder.path(), "nowhere.edf", 3);
    assert!(message.contains("cannot read nowhere.edf"), "{message}");
}

#[test]
fn a_folder_named_like_a_recording_is_no_recording() {
    let folder = folder();
    std::fs::create_dir_all(folder.path().join("trap.edf")).expect("a folder");
    let message = refusal(folder.path(), &["info", "trap.edf"], 3);
    assert!(message.contains("cannot read trap.edf"), "{message}");
}

#[test]
fn a_file_of_another_kind_is_told_from_a_damaged_one() {
    let folder = folder();
    std::fs::write(folder.path().join("note.edf"), "this is a shopping list, not EEG at all")
        .expect("a file");
    let message = replay(folder.path(), "note.edf", 4);
    assert!(message.contains("note.edf, byte 0: the version") && message.contains("EDF"), "{message}");
}

#[test]
fn a_growing_file_is_replayed_up_to_its_last_whole_record() {
    let folder = folder();
    let path = folder.path().join("growing.edf");
    write_recording(&path, &REFERENTIAL, 256, 6, START, background);
    let mut bytes = std::fs::read(&path).expect("the recording");
    bytes[236..244].copy_from_slice(b"-1      ");
    bytes.truncate(bytes.len() - 1000);
    std::fs::write(&path, bytes).expect("a writable file");
    let output = vigil(folder.path(), &["replay", "growing.edf", "--patient", "chb03"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
    assert!(message.contains("still being written") && message.contains("5 whole records"), "{message}");
    let verdicts = std::fs::read_to_string(folder.path().join("out/verdicts.tsv")).expect("verdicts");
    assert_eq!(verdicts.lines().count(), 1 + 5);
}

#[test]
fn recordings_of_one_time_are_refused_since_they_cannot_be_of_one_patient() {
    let folder = folder();
    write_recording(&folder.path().join("a.edf"), &REFERENTIAL, 256, 8, START, background);
    write_recording(&folder.path().join("b.edf"), &REFERENTIAL, 256, 8, START, background);
    let message = refusal(folder.path(), &["replay", "a.edf", "b.edf", "--patient", "chb03"], 2);
    assert!(message.contains("b.edf starts 8 s before a.edf ends"), "{message}");
}

#[test]
fn an_output_that_cannot_be_written_leaves_nothing_half_written() {
    let folder = folder();
    write_recording(&folder.path().join("r.edf"), &REFERENTIAL, 256, 3, START, background);
    std::fs::write(folder.path().join("out"), "a file where a folder should be").expect("a file");
    let message = replay(folder.path(), "r.edf", 9);
    assert!(message.contains("cannot write out") && message.contains("expected a folder"), "{message}");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("out")).expect("the file"),
        "a file where a folder should be"
    );
}

#[test]
fn an_experts_seizure_that_cannot_be_of_its_recording_is_refused_by_replay_and_calibration() {
    let folder = folder();
    write_recording(&folder.path().join("r_eeg.edf"), &REFERENTIAL, 256, 5, START, background);
    for (row, told) in [("100000\t10\tsz", "from 100000 to 100010 s"), ("2\t0\tsz", "at 2 s lasts 0 s")] {
        let table = format!("onset\tduration\teventType\n{row}\n");
        std::fs::write(folder.path().join("r_events.tsv"), table).expect("a table");
        let calibrate = ["patient", "calibrate", "chb03", "--false-alarms-per-hour", "1", "r_eeg.edf"];
        for message in [replay(folder.path(), "r_eeg.edf", 4), refusal(folder.path(), &calibrate, 4)] {
            assert!(message.contains("r_eeg.edf") && message.contains(told), "{message}");
        }
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn limits_of_labels_on_the_wrong_side_of_each_other_are_refused() {
    let folder = folder();
    for (low, high) in [("0.5", "0.5"), ("0.9", "0.1")] {
        let labels =
            ["labels", "--data", "data", "--model", "cnn", "--out", "x.tsv", "--low", low, "--high", high];
        let message = refusal(folder.path(), &labels, 2);
        assert!(message.contains("expected --low below --high"), "{message}");
    }
}

#[test]
fn a_typo_in_the_settings_is_told_with_its_line_and_the_nearest_name() {
    let folder = folder();
    write_recording(&folder.path().join("r.edf"), &REFERENTIAL, 256, 3, START, background);
    patch(&folder.path().join("patients/chb03/patient.toml"), "refractory_s =", "refactory_ss =");
    let message = replay(folder.path(), "r.edf", 8);
    assert!(
        message.contains("patient.toml, line") && message.contains("did you mean \"refractory_s\"?"),
        "{message}"
    );
}

#[test]
fn standard_output_that_refuses_is_told_and_one_that_nobody_reads_is_not() {
    let recording =
        recordings::repository("patients/chb03/recordings/sub-chb03_ses-01_task-szMonitoring_run-01_eeg.edf");
    let command = |sink: std::process::Stdio| {
        std::process::Command::new(env!("CARGO_BIN_EXE_vigil"))
            .args(["info", "--json"])
            .arg(&recording)
            .stdout(sink)
            .output()
            .expect("the program runs")
    };
    if let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") {
        let output = command(full.into());
        let message = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(9), "{message}");
        assert!(message.contains("cannot write standard output"), "{message}");
    }
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = command(writer.into());
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
