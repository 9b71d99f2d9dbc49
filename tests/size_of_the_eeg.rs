//! Size does not say who has seizures where that is asked for, and EEG of another size than a network has met is told.

mod recordings;
mod small_network;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::DateTime;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use recordings::{REFERENTIAL, background, vigil, write_recording};
use tempfile::TempDir;
use vigil::dataset::{Dataset, People, gather};
use vigil::eeg::{DERIVATIONS, Event, EventKind};
use vigil::format::events::write_events;
use vigil::model::{Baseline, Classes, Classifier, CnnConfig};
use vigil::train::{Sampler, SecondLabel, Sizes, TrainConfig, expert_labels};
use vigil::ward::{cnn_path, unlike_size};

const LENGTH_S: usize = 100;

/// One recording of a person; those with a seizure have it from 40 to 70 s.
fn person(root: &Path, name: &str, number: usize, times: f64, seizure: bool) {
    let folder = root.join(format!("data/sub-{name}/eeg"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let stem = format!("sub-{name}_task-szMonitoring_run-01");
    let start = format!("2024-05-{:02}T10:00:00", number + 1);
    write_recording(
        &folder.join(format!("{stem}_eeg.edf")),
        &REFERENTIAL,
        128,
        LENGTH_S,
        &start,
        |channel, t| {
            let rhythm = (std::f64::consts::TAU * 4.0 * t + channel as f64).sin();
            let ictal = seizure && (40.0..70.0).contains(&t);
            times * background(channel + number, t) + if ictal { 150.0 * rhythm } else { 0.0 }
        },
    );
    let kind = EventKind::Seizure("sz".into());
    let event = Event {
        onset_s: 40.0,
        duration_s: 30.0,
        kind,
        confidence: None,
        channels: None,
        date_time: None,
        recording_duration_s: None,
        alarm_s: None,
    };
    let events = if seizure { vec![event] } else { vec![] };
    let start: DateTime = start.parse().expect("a time");
    write_events(&folder.join(format!("{stem}_events.tsv")), &events, start, LENGTH_S as f64)
        .expect("a table");
}

/// Two people with seizures, of whom one has EEG four times as large, and two with small EEG and none.
fn people(root: &Path) -> Dataset {
    person(root, "loud", 0, 4.0, true);
    person(root, "usual", 1, 1.0, true);
    person(root, "calm", 2, 0.2, false);
    person(root, "calmer", 3, 0.1, false);
    let found = gather(&[root.join("data")], &People::default()).expect("recordings").recordings;
    Dataset::load(found, &CnnConfig::default().signal, &mut |_, _| {}).expect("a dataset")
}

#[test]
fn people_without_seizures_are_enlarged_to_the_size_of_somebody_with_seizures() {
    let folder = TempDir::new().expect("a folder");
    let dataset = people(folder.path());
    let sizes = Sizes::of(&dataset, &expert_labels(&dataset));
    let [least, largest] = sizes.of_people_with_seizures().expect("people with seizures");
    assert!((largest / least - 4.0).abs() < 0.2, "{least} to {largest} uV");
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (name, share) in [("calm", 0.2), ("calmer", 0.1)] {
        let gains: Vec<f32> = (0..200).map(|_| sizes.enlarged(name, &mut rng)).collect();
        for times in [1.0, 4.0] {
            let near = |gain: &&f32| (**gain * share / times - 1.0).abs() < 0.05;
            let hits = gains.iter().filter(near).count();
            assert!((60..=140).contains(&hits), "{name} as large as somebody: {hits} of 200 times");
        }
    }
    assert_eq!(sizes.enlarged("loud", &mut rng), 1.0, "whoever has seizures stays as they are");
}

#[test]
fn matched_people_are_shown_without_a_seizure_as_often_as_with_one() {
    let folder = TempDir::new().expect("a folder");
    let dataset = people(folder.path());
    // One of the two has only a few seizure seconds to learn from.
    let mut few = 0;
    let labels: Vec<_> = expert_labels(&dataset)
        .into_iter()
        .filter(|(second, label)| {
            let cut = dataset.recording_of(*second).person == "usual" && *label == SecondLabel::Seizure;
            few += usize::from(cut);
            !cut || few <= 4
        })
        .collect();
    let shares = |matched_people: f64| -> BTreeMap<String, [usize; 3]> {
        let config = TrainConfig { matched_people, ..TrainConfig::default() };
        let sampler = Sampler::new(&dataset, &labels, &config, Classes::Three).expect("a sampler");
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
        for _ in 0..20_000 {
            let drawn = sampler.draw(&mut rng);
            let person = dataset.recording_of(drawn.second).person.clone();
            counts.entry(person).or_default()[drawn.label as usize] += 1;
        }
        counts
    };
    let label = SecondLabel::NonSeizure as usize;
    let share = |counts: &BTreeMap<String, [usize; 3]>, person: &str, label: usize| {
        let all: usize = counts.values().map(|counts| counts[label]).sum();
        counts.get(person).map_or(0.0, |counts| counts[label] as f64 / all as f64)
    };
    let usual = shares(0.0);
    assert!(share(&usual, "calm", label) > 0.2, "by their own seconds");
    let matched = shares(1.0);
    assert_eq!(share(&matched, "calm", label), 0.0);
    let seizures = share(&matched, "usual", SecondLabel::Seizure as usize);
    assert!((seizures - 0.27).abs() < 0.03, "{seizures}");
    assert!((share(&matched, "usual", label) - seizures).abs() < 0.03);
    let half = share(&shares(0.5), "calm", label);
    assert!((half - share(&usual, "calm", label) / 2.0).abs() < 0.03, "{half}");
}

#[test]
fn a_network_knows_how_large_the_eeg_was_and_a_patient_of_another_size_is_told() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root);
    std::fs::write(root.join("small.toml"), small_network::settings(1)).expect("a file");
    let train = ["train", "--data", "data", "--config", "small.toml", "--enlarged", "--matched-people"];
    let output = vigil(root, &train);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let card = std::fs::read_to_string(root.join("models/cnn/card.md")).expect("a card");
    assert!(card.contains("\"enlarged\": 0.75") && card.contains("\"matched_people\": 0.75"), "{card}");

    let network = Classifier::load(&cnn_path(&root.join("models"), "cnn")).expect("a network");
    let [least, largest] = network.amplitudes_uv().expect("amplitudes");
    assert!((largest / least - 4.0).abs() < 0.2, "{least} to {largest} uV, of people with seizures");
    let baseline = |uv: f32| Baseline {
        patient: "p".into(),
        seconds: 600,
        amplitude_uv: vec![uv; DERIVATIONS],
        log_error_median: 0.0,
        log_error_deviation: 1.0,
        threshold: 1.0,
    };
    let said = |uv: f32| unlike_size(&network, &baseline(uv)).unwrap_or_default();
    assert_eq!((said(least), said((least + largest) / 2.0), said(largest)), Default::default());
    assert!(said(least / 2.0).contains("smaller") && said(least / 2.0).contains("calibrate"));
    assert!(said(largest * 2.0).contains("larger"));

    assert!(vigil(root, &["patient", "new", "p"]).status.success());
    let fit = |of: &str| {
        let recording = format!("data/sub-{of}/eeg/sub-{of}_task-szMonitoring_run-01_eeg.edf");
        let output = vigil(root, &["patient", "fit", "p", &recording]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let shown = vigil(root, &["patient", "show", "p"]);
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        (String::from_utf8_lossy(&output.stderr).into_owned(), shown)
    };
    let (told, shown) = fit("calm");
    assert!(told.contains("the EEG is smaller") && shown.contains("the EEG is smaller"), "{told}{shown}");
    assert!(told.contains("s of baseline, expected 600 or more"), "{told}");
    let (told, shown) = fit("usual");
    assert!(!told.contains("the EEG is") && !shown.contains("the EEG is"), "{told}{shown}");
}
