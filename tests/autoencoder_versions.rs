//! Every autoencoder that a patient has had is kept, with what it was fitted on, so that no recording that one of them
//! knows ever counts in the patient's score.

mod recordings;

use std::path::{Path, PathBuf};

use recordings::{refusal, repository, vigil, ward};
use tempfile::TempDir;
use vigil::config::versions::{
    add_version, keep_active, switch_to, switches, used_recordings, version_fit, version_folder,
    version_in_use, version_weights, versions, write_fit,
};
use vigil::config::{FitRecord, PatientConfig, PatientId};
use vigil::signal::Mains;

const TIME: &str = "2031-02-03T04:05:06Z";

fn id() -> PatientId {
    PatientId::new("anna").expect("an id")
}

/// A patient without an autoencoder.
fn patients() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    PatientConfig::new("cnn", Mains::Hz50).save(folder.path(), &id()).expect("settings");
    folder
}

fn fit_on(recordings: &[&str]) -> FitRecord {
    FitRecord {
        recordings: recordings.iter().map(ToString::to_string).collect(),
        seconds: 100 * recordings.len(),
        date: "2031-02-03".into(),
    }
}

/// What `vigil patient fit` does behind the fit itself; nothing here reads the weights.
fn add(patients: &Path, weights: &str, fit: &FitRecord) -> u32 {
    keep_active(patients, &id()).expect("what was in use is kept");
    add_version(patients, &id(), |folder| -> std::io::Result<()> {
        write_fit(folder, fit)?;
        std::fs::write(folder.join("autoencoder.safetensors"), weights)?;
        std::fs::write(folder.join("card.md"), format!("card of {weights}"))
    })
    .expect("a version")
}

fn fitted(patients: &Path, weights: &str, recordings: &[&str]) -> u32 {
    let version = add(patients, weights, &fit_on(recordings));
    switch(patients, version);
    version
}

fn switch(patients: &Path, version: u32) {
    switch_to(patients, &id(), version, "", TIME, "a test").expect("a switch");
}

/// As a fit left it before versions had records: weights in use, and what they were fitted on in the settings alone.
fn put_in_use_by_hand(patients: &Path, weights: &str, fit: Option<FitRecord>) {
    std::fs::write(PatientConfig::autoencoder_path(patients, &id()), weights).expect("weights");
    PatientConfig { fit, ..settings(patients) }.save(patients, &id()).expect("settings");
}

fn settings(patients: &Path) -> PatientConfig {
    PatientConfig::load(patients, &id()).expect("settings")
}

fn in_use(patients: &Path) -> String {
    std::fs::read_to_string(PatientConfig::autoencoder_path(patients, &id())).expect("weights")
}

fn used(patients: &Path) -> Vec<String> {
    used_recordings(patients, &id(), &settings(patients)).expect("names")
}

#[test]
fn what_an_autoencoder_was_fitted_on_goes_with_it_whenever_it_is_put_into_use() {
    let folder = patients();
    let patients = folder.path();
    assert_eq!(fitted(patients, "first", &["02", "04"]), 1);
    assert_eq!(settings(patients).fit, Some(fit_on(&["02", "04"])));
    switch(patients, 0);
    assert_eq!(settings(patients).fit, None, "the shared one was fitted on nothing of this patient");
    assert_eq!(fitted(patients, "second", &["06", "08"]), 2);
    for (version, weights, recordings) in [(1, "first", ["02", "04"]), (2, "second", ["06", "08"])] {
        switch(patients, version);
        assert_eq!(in_use(patients), weights);
        assert_eq!(version_in_use(patients, &id()), Some(version));
        assert_eq!(settings(patients).fit, Some(fit_on(&recordings)));
        let card = std::fs::read_to_string(id().folder(patients).join("card.md")).expect("a card");
        assert_eq!(card, format!("card of {weights}"));
        assert_eq!(used(patients), ["02", "04", "06", "08"], "either may be in use again");
    }
    switch(patients, 0);
    assert_eq!(used(patients), ["02", "04", "06", "08"]);
    let logged: Vec<u32> = switches(patients, &id()).iter().map(|switch| switch.version).collect();
    assert_eq!(logged, [1, 0, 2, 1, 2, 0]);
}

#[test]
fn a_fit_that_is_cut_short_leaves_no_network_in_use_whose_recordings_count() {
    let folder = patients();
    let patients = folder.path();
    fitted(patients, "first", &["02"]);
    // Cut short before the switch.
    add(patients, "second", &fit_on(&["06"]));
    assert_eq!((in_use(patients).as_str(), used(patients)), ("first", vec!["02".into(), "06".into()]));
    // Cut short within it: the settings already tell of the next one.
    let next = PatientConfig { fit: Some(fit_on(&["06"])), ..settings(patients) };
    next.save(patients, &id()).expect("settings");
    assert_eq!((in_use(patients).as_str(), used(patients)), ("first", vec!["02".into(), "06".into()]));
    fitted(patients, "third", &["08"]);
    assert_eq!(version_fit(patients, &id(), 1).expect("a record"), Some(fit_on(&["02"])), "not overwritten");
    assert_eq!(used(patients), ["02", "06", "08"]);
}

#[test]
fn an_autoencoder_of_before_there_were_records_is_kept_with_what_the_settings_say_of_it() {
    let folder = patients();
    let patients = folder.path();
    put_in_use_by_hand(patients, "old", Some(fit_on(&["02", "04"])));
    assert_eq!(used(patients), ["02", "04"]);
    assert_eq!(fitted(patients, "new", &["06"]), 2);
    assert_eq!(std::fs::read_to_string(version_weights(patients, &id(), 1)).expect("the old one"), "old");
    assert_eq!(version_fit(patients, &id(), 1).expect("a record"), Some(fit_on(&["02", "04"])));
    assert_eq!(used(patients), ["02", "04", "06"]);
    switch(patients, 1);
    assert_eq!((in_use(patients).as_str(), settings(patients).fit), ("old", Some(fit_on(&["02", "04"]))));
}

/// Versions as they were kept before each had a record.
fn without_record(patients: &Path, version: u32, weights: &str) {
    let folder = version_folder(patients, &id(), version);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("autoencoder.safetensors"), weights).expect("weights");
}

#[test]
fn a_record_that_only_one_version_can_have_becomes_that_of_the_version() {
    let folder = patients();
    let patients = folder.path();
    // Fitted by hand, then back to the shared one.
    without_record(patients, 1, "old");
    PatientConfig { fit: Some(fit_on(&["02"])), ..settings(patients) }
        .save(patients, &id())
        .expect("settings");
    // The daemon fits on no recordings that have names.
    without_record(patients, 2, "live");
    std::fs::write(version_folder(patients, &id(), 2).join("comparison.json"), "{}").expect("a comparison");
    switch(patients, 1);
    assert_eq!(settings(patients).fit, Some(fit_on(&["02"])));
    switch(patients, 2);
    assert_eq!((settings(patients).fit, used(patients)), (None, vec!["02".into()]));
}

#[test]
fn a_record_that_nobody_can_place_still_keeps_its_recordings_from_counting() {
    let folder = patients();
    let patients = folder.path();
    without_record(patients, 1, "old");
    without_record(patients, 2, "older");
    put_in_use_by_hand(patients, "old", Some(fit_on(&["06"])));
    switch(patients, 2);
    assert_eq!(settings(patients).fit, None, "which of the two it was, nobody knows");
    assert_eq!(used(patients), ["06"]);
    // Another such record joins it.
    put_in_use_by_hand(patients, "older", Some(fit_on(&["08"])));
    switch(patients, 0);
    assert_eq!(used(patients), ["06", "08"]);
    assert_eq!(versions(patients, &id()), [1, 2], "a record without weights is no version");
}

#[test]
fn a_damaged_record_is_told_and_not_passed_over() {
    let folder = patients();
    let patients = folder.path();
    fitted(patients, "first", &["02"]);
    std::fs::write(version_folder(patients, &id(), 1).join("fit.json"), "{").expect("a file");
    let error = used_recordings(patients, &id(), &settings(patients)).expect_err("nobody knows what counts");
    let message = error.to_string();
    assert!(message.contains("versions/0001/fit.json") && message.contains("expected"), "{message}");
}

fn demo(run: &str) -> PathBuf {
    let name = format!("sub-chb03_ses-01_task-szMonitoring_run-{run}_eeg.edf");
    repository("patients/chb03/recordings").join(name)
}

#[test]
fn two_fits_and_two_switches_by_command_lose_no_network_and_no_record() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    ward(root);
    let run = |arguments: &[&str]| {
        let output = vigil(root, arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    };
    let fit = |runs: [&str; 2]| {
        let [one, two] = runs.map(|run| demo(run).to_string_lossy().into_owned());
        run(&["patient", "fit", "anna", &one, &two])
    };
    run(&["patient", "new", "anna"]);
    let patients = root.join("patients");
    assert!(fit(["02", "04"]).contains("version 1, fitted on"));
    let first = std::fs::read(version_weights(&patients, &id(), 1)).expect("weights");
    assert!(fit(["06", "08"]).contains("version 2, fitted on"));
    assert_eq!(versions(&patients, &id()), [1, 2]);
    assert!(std::fs::read(version_weights(&patients, &id(), 1)).expect("weights") == first);
    run(&["patient", "switch", "anna", "1"]);
    let stem = |run: &str| format!("sub-chb03_ses-01_task-szMonitoring_run-{run}");
    assert_eq!(settings(&patients).fit.expect("a record").recordings, [stem("02"), stem("04")]);
    let by: Vec<String> = switches(&patients, &id()).into_iter().map(|switch| switch.by).collect();
    assert_eq!(by, ["vigil patient fit", "vigil patient fit", "command line"]);
    let shown = run(&["patient", "show", "anna"]);
    assert!(shown.contains("# version 1: fitted on") && shown.contains("# version 2: fitted on"), "{shown}");
    assert_eq!(shown.matches("; in use").count(), 1, "{shown}");
    // Neither what the network in use was fitted on nor what another was counts; what none was does.
    let [one, two, three] = ["02", "06", "09"].map(|run| demo(run).to_string_lossy().into_owned());
    let told = run(&["replay", &one, &two, &three, "--patient", "anna", "--no-copies", "--json"]);
    let summary: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((&summary["recordings"], &summary["learnt_recordings"]), (&3.into(), &2.into()), "{summary}");
    let damaged = version_folder(&patients, &id(), 2).join("fit.json");
    std::fs::write(damaged, "{").expect("a file");
    let message = refusal(root, &["replay", &three, "--patient", "anna"], 8);
    assert!(message.contains("versions/0002/fit.json"), "{message}");
}
