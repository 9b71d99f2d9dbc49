//! A patient's autoencoder flags what is unlike the patient, though its baseline was not clean.

mod recordings;

use recordings::repository;
use tempfile::TempDir;
use vigil::dataset::{Dataset, LabelledRecording, Second, events_beside};
use vigil::model::{Autoencoder, AutoencoderConfig, ModelError};
use vigil::signal::SignalConfig;
use vigil::train::{AutoencoderFit, TrainError, fit_autoencoder};

/// The demo patient's recordings of these runs.
fn dataset(runs: &[&str]) -> Dataset {
    let recordings = runs
        .iter()
        .map(|run| {
            let path = repository("patients/chb03/recordings")
                .join(format!("sub-chb03_ses-01_task-szMonitoring_run-{run}_eeg.edf"));
            let events = events_beside(&path, &mut |_, _| ()).expect("readable marks").expect("marks");
            LabelledRecording { person: "chb03".into(), path, events }
        })
        .collect();
    Dataset::load(recordings, &SignalConfig::default(), &mut |_, _| {}).expect("a data set")
}

fn fit(dataset: &Dataset, seconds: &[Second]) -> Result<Autoencoder, TrainError> {
    let quick = AutoencoderFit { epochs: 15, ..AutoencoderFit::default() };
    fit_autoencoder(dataset, seconds, "chb03", &AutoencoderConfig::default(), &quick, &mut |_, _| {})
}

/// Share of seconds that are flagged.
fn flagged(autoencoder: &Autoencoder, dataset: &Dataset, seconds: &[Second]) -> f64 {
    let mut window = Vec::new();
    let flags = seconds.iter().filter(|second| {
        let stretch = &dataset.stretches[second.stretch];
        stretch.window_at(second.index * dataset.rate, dataset.rate, &mut window);
        let error = autoencoder.error(&window, &stretch.present[second.index]).expect("an error");
        autoencoder.flags(error)
    });
    flags.count() as f64 / seconds.len() as f64
}

#[test]
fn a_baseline_that_contains_a_seizure_still_flags_it_and_others() {
    let early = dataset(&["01", "02", "03", "04", "06"]);
    let (ictal, calm): (Vec<Second>, Vec<Second>) =
        early.seconds().partition(|&second| early.is_seizure(second));
    // One second of seizure to five of the rest.
    let mut baseline = calm.clone();
    baseline.extend(ictal.iter().take(calm.len() / 5));
    baseline.sort_by_key(|second| (second.stretch, second.index));
    let known: Vec<Second> = baseline.iter().copied().filter(|&second| early.is_seizure(second)).collect();
    let contaminated = fit(&early, &baseline).expect("a fit");
    let clean = fit(&early, &calm).expect("a fit");

    let share = |dataset: &Dataset, seconds: &[Second]| flagged(&contaminated, dataset, seconds);
    let (in_known, in_calm) = (share(&early, &known), share(&early, &calm));
    println!(
        "flagged: {in_known:.2} of {} seizure seconds in the baseline, {in_calm:.2} of the rest",
        known.len()
    );
    assert!(in_known > 0.5, "{in_known} of the seizure that lay in the baseline is flagged");
    assert!(in_known > 5.0 * in_calm, "{in_known} of the seizure, {in_calm} of the rest");

    let later = dataset(&["07", "08", "09", "10", "11"]);
    let ictal: Vec<Second> = later.seconds().filter(|&second| later.is_seizure(second)).collect();
    let (in_later, without) = (share(&later, &ictal), flagged(&clean, &later, &ictal));
    println!(
        "flagged: {in_later:.2} of {} later seizure seconds, {without:.2} after a clean baseline",
        ictal.len()
    );
    assert!(
        in_later > 0.9 * without,
        "{in_later} of later seizures are flagged, {without} after a clean baseline"
    );
}

#[test]
fn a_fit_is_the_same_every_time_and_fits_into_two_megabytes() {
    let early = dataset(&["02", "04"]);
    let calm: Vec<Second> = early.seconds().filter(|&second| !early.is_seizure(second)).collect();
    let folder = TempDir::new().expect("a folder");
    let paths = ["one.safetensors", "two.safetensors"].map(|name| folder.path().join(name));
    for path in &paths {
        fit(&early, &calm).expect("a fit").save(path).expect("a file");
    }
    let [one, two] = paths.map(|path| std::fs::read(path).expect("a file"));
    assert!(one == two, "two fits of one seed differ");
    assert!(one.len() <= 2_000_000, "{} bytes", one.len());
}

#[test]
fn a_baseline_that_is_too_short_is_refused_with_what_is_needed() {
    let early = dataset(&["02"]);
    let few: Vec<Second> = early.seconds().take(20).collect();
    let message = fit(&early, &few).map(|_| ()).expect_err("20 s are too few").to_string();
    assert!(message.contains("20 usable seconds") && message.contains("30 at the least"), "{message}");
}

#[test]
fn what_was_saved_is_read_back_and_judges_alike() {
    let early = dataset(&["02", "04"]);
    let calm: Vec<Second> = early.seconds().filter(|&second| !early.is_seizure(second)).collect();
    let fitted = fit(&early, &calm).expect("a fit");
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("autoencoder.safetensors");
    fitted.save(&path).expect("a file");
    let read = Autoencoder::load(&path, "chb03", &SignalConfig::default()).expect("the same file");
    assert_eq!(read.baseline(), fitted.baseline());
    let mut window = Vec::new();
    let stretch = &early.stretches[0];
    stretch.window_at(0, early.rate, &mut window);
    assert_eq!(
        read.error(&window, &stretch.present[0]).expect("an error"),
        fitted.error(&window, &stretch.present[0]).expect("an error")
    );
    let another = SignalConfig { band_hz: [2.0, 30.0], ..SignalConfig::default() };
    assert!(matches!(
        Autoencoder::load(&path, "chb03", &another),
        Err(ModelError::OtherConfiguration { .. })
    ));
}
