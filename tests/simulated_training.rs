//! Simulated seizures and artifacts look like what they stand for, and a training says where they and its weights came
//! from.

mod recordings;
mod small_network;

use std::path::Path;

use jiff::civil::DateTime;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use recordings::{REFERENTIAL, background, refusal, vigil, write_recording};
use tempfile::TempDir;
use vigil::eeg::{DERIVATIONS, DOUBLE_BANANA, Electrode, Event, EventKind};
use vigil::format::events::write_events;
use vigil::signal::SignalConfig;
use vigil::train::simulated::{Added, Artifact, ArtifactKind, Cycles, Discharge, Shape, Simulator};

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn simulator() -> Simulator {
    Simulator::new(&SignalConfig::default()).expect("a simulator")
}

fn trace(window: &[f32], derivation: usize) -> &[f32] {
    let rate = window.len() / DERIVATIONS;
    &window[derivation * rate..(derivation + 1) * rate]
}

fn power(trace: &[f32]) -> f32 {
    trace.iter().map(|value| value * value).sum::<f32>() / trace.len() as f32
}

fn index_of(anode: Electrode, cathode: Electrode) -> usize {
    let wanted =
        |derivation: &&vigil::eeg::Derivation| derivation.anode == anode && derivation.cathode == cathode;
    let found = DOUBLE_BANANA.iter().find(wanted).expect("a derivation");
    DOUBLE_BANANA.iter().position(|derivation| derivation == found).expect("its place")
}

/// A focal one over the left temporal lobe.
fn temporal(age: f64) -> Discharge {
    Discharge {
        age,
        rates_hz: [8.0, 2.0],
        amplitude_uv: 200.0,
        focus: Electrode::T7,
        reach: [0.3, 0.9],
        other_side: 0.0,
        everywhere: 0.0,
        shape: Shape::Sine,
    }
}

#[test]
fn a_discharge_slows_grows_and_spreads() {
    let (young, old) = (temporal(0.0), temporal(1.0));
    assert!(young.rate_hz() > 2.0 * old.rate_hz());
    assert!(young.strength_uv() < old.strength_uv());
    let seen = |discharge: &Discharge| discharge.field().iter().filter(|share| **share > 0.3).count();
    assert!(seen(&young) < seen(&old), "{} {}", seen(&young), seen(&old));
    // Cycles of the focus's derivation, counted by their crossings of zero.
    let crossings = |discharge: &Discharge| {
        let window = simulator().discharge(discharge, &mut rng(3));
        let trace = trace(&window, index_of(Electrode::F7, Electrode::T7)).to_vec();
        trace.windows(2).filter(|pair| (pair[0] < 0.0) != (pair[1] < 0.0)).count()
    };
    assert!((14..=18).contains(&crossings(&young)), "{}", crossings(&young));
    assert!((3..=5).contains(&crossings(&old)), "{}", crossings(&old));
}

#[test]
fn a_focus_reverses_the_phase_between_its_two_derivations() {
    for seed in 0..8 {
        let window = simulator().discharge(&temporal(0.1), &mut rng(seed));
        let before = trace(&window, index_of(Electrode::F7, Electrode::T7));
        let after = trace(&window, index_of(Electrode::T7, Electrode::P7));
        let product: f32 = before.iter().zip(after).map(|(a, b)| a * b).sum::<f32>() / before.len() as f32;
        let correlation = product / (power(before) * power(after)).sqrt();
        assert!(correlation < -0.9, "seed {seed}: {correlation}");
        let far = trace(&window, index_of(Electrode::Fp2, Electrode::F4));
        assert!(power(far) < 0.01 * power(before), "seed {seed}");
    }
}

#[test]
fn a_cycle_begins_where_the_one_before_it_ended_whatever_the_size_of_both() {
    const POINTS: usize = 2000;
    for shape in [Shape::Sine, Shape::Sharpened, Shape::SharpWave, Shape::SpikeWave] {
        let sizes = [0.75, 1.2, 0.8, 1.15, 1.0, 1.2, 0.75];
        let cycles = Cycles::new(shape, sizes.to_vec());
        let values: Vec<f64> =
            (0..sizes.len() * POINTS).map(|i| cycles.at(i as f64 / POINTS as f64)).collect();
        let (mut at_borders, mut within) = (0.0f64, 0.0f64);
        for (i, pair) in values.windows(2).enumerate() {
            let step = (pair[1] - pair[0]).abs();
            if (i + 1) % POINTS == 0 {
                at_borders = at_borders.max(step);
            } else {
                within = within.max(step);
            }
        }
        // A sine is steepest at its borders, so the two may be alike.
        assert!(at_borders <= 1.02 * within, "{shape:?}: {at_borders} at borders, {within} within cycles");
        // The sizes are still told apart, and a cycle of size 1 has no mean.
        let cycle = |number: usize| &values[number * POINTS..(number + 1) * POINTS];
        let range = |number: usize| {
            let values = cycle(number).iter().copied();
            values.clone().fold(f64::MIN, f64::max) - values.fold(f64::MAX, f64::min)
        };
        assert!((range(1) / range(0) - 1.2 / 0.75).abs() < 0.02, "{shape:?}: {} {}", range(0), range(1));
        let mean = cycle(4).iter().sum::<f64>() / POINTS as f64;
        assert!(mean.abs() < 0.002, "{shape:?}: {mean}");
    }
}

#[test]
fn artifacts_stay_where_they_belong() {
    let draw = |kind| simulator().artifact(&Artifact { kind, amplitude_uv: 200.0 }, &mut rng(5));
    let blink = draw(ArtifactKind::Blink);
    let front = power(trace(&blink, index_of(Electrode::Fp1, Electrode::F3)));
    let back = power(trace(&blink, index_of(Electrode::P3, Electrode::O1)));
    assert!(front > 100.0 * back, "{front} {back}");
    let pop = draw(ArtifactKind::Pop(Electrode::C3));
    for (index, derivation) in DOUBLE_BANANA.iter().enumerate() {
        let touched = derivation.anode == Electrode::C3 || derivation.cathode == Electrode::C3;
        assert_eq!(power(trace(&pop, index)) > 1.0, touched, "{derivation:?}");
    }
    for kind in [ArtifactKind::Muscle, ArtifactKind::Chewing] {
        let window = draw(kind);
        let temporal = power(trace(&window, index_of(Electrode::F7, Electrode::T7)))
            + power(trace(&window, index_of(Electrode::F8, Electrode::T8)));
        let middle = power(trace(&window, index_of(Electrode::Fz, Electrode::Cz)));
        assert!(temporal > 10.0 * middle, "{kind:?}: {temporal} {middle}");
    }
}

#[test]
fn what_is_added_holds_little_beyond_the_band_and_follows_from_its_seed() {
    for seed in 0..40 {
        let added = if seed % 2 == 0 { Added::Discharge } else { Added::Artifact };
        let window = simulator().draw(added, &mut rng(seed));
        assert_eq!(window, simulator().draw(added, &mut rng(seed)));
        assert_ne!(window, simulator().draw(added, &mut rng(seed + 1000)));
        assert!(window.iter().all(|value| value.is_finite() && value.abs() < 4000.0), "seed {seed}");
        for derivation in 0..DERIVATIONS {
            let trace = trace(&window, derivation);
            // Power at 60 to 127 Hz, by the discrete Fourier transform with a Hann window against leakage.
            let at = |hz: usize| {
                let (mut re, mut im) = (0.0f64, 0.0f64);
                for (i, value) in trace.iter().enumerate() {
                    let turn = std::f64::consts::TAU * i as f64 / trace.len() as f64;
                    let weighted = f64::from(*value) * (0.5 - 0.5 * turn.cos());
                    re += weighted * (turn * hz as f64).cos();
                    im += weighted * (turn * hz as f64).sin();
                }
                re * re + im * im
            };
            let (within, beyond) = ((1..=40).map(at).sum::<f64>(), (60..=127).map(at).sum::<f64>());
            assert!(
                beyond <= 0.02 * within + 1e-6,
                "seed {seed}, derivation {derivation}: {beyond} of {within}"
            );
        }
    }
}

/// People of 80 s each; the "seizure" of some is a large slow rhythm.
fn people(root: &Path, names: &[(&str, bool)]) {
    for (number, (person, seizure)) in names.iter().enumerate() {
        let folder = root.join(format!("data/sub-{person}/ses-01/eeg"));
        std::fs::create_dir_all(&folder).expect("a folder");
        let stem = folder.join(format!("sub-{person}_ses-01_task-szMonitoring_run-01"));
        let file = |end: &str| format!("{}{end}", stem.display());
        let start = "2024-05-01T10:00:00";
        let ictal = |t: f64| *seizure && (30.0..50.0).contains(&t);
        write_recording(Path::new(&file("_eeg.edf")), &REFERENTIAL, 128, 80, start, |channel, t| {
            let rhythm = (std::f64::consts::TAU * 4.0 * t + channel as f64).sin();
            background(channel + number, t) + if ictal(t) { 150.0 * rhythm } else { 0.0 }
        });
        let event = Event {
            onset_s: 30.0,
            duration_s: 20.0,
            kind: EventKind::Seizure("sz".into()),
            confidence: None,
            channels: None,
            date_time: None,
            recording_duration_s: None,
            alarm_s: None,
        };
        let events = if *seizure { vec![event] } else { vec![] };
        let start: DateTime = start.parse().expect("a time");
        write_events(Path::new(&file("_events.tsv")), &events, start, 80.0).expect("a table");
    }
    std::fs::write(root.join("small.toml"), small_network::settings(2)).expect("a file");
    std::fs::write(root.join("other.toml"), small_network::settings(2).replace("width = 32", "width = 40"))
        .expect("a file");
}

fn train(root: &Path, name: &str, more: &[&str]) -> String {
    let output =
        vigil(root, &[&["train", "--data", "data", "--config", "small.toml", "--name", name], more].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read_to_string(root.join(format!("models/{name}/card.md"))).expect("a card")
}

#[test]
fn a_network_learns_from_simulated_seizures_where_nobody_had_a_real_one() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path(), &[("calm1", false), ("calm2", false)]);
    let plain = ["train", "--data", "data", "--config", "small.toml", "--name", "plain"];
    let message = refusal(folder.path(), &plain, 5);
    assert!(message.contains("seizure"), "{message}");
    let card = train(folder.path(), "made-up", &["--simulated"]);
    assert!(card.contains("Simulated: 100 % of the seizure images"), "{card}");
    let again = train(folder.path(), "again", &["--simulated"]);
    assert_eq!(card.matches("0.").count(), again.matches("0.").count());
    let weights =
        |name: &str| std::fs::read(folder.path().join(format!("models/{name}/weights.safetensors")));
    assert_eq!(weights("made-up").expect("weights"), weights("again").expect("weights"));
    train(folder.path(), "two", &["--simulated", "--two-classes"]);
}

#[test]
fn look_alikes_take_the_place_of_half_of_the_abnormal_images() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root, &[("p1", true), ("p2", true), ("calm", false)]);
    let card = train(root, "plain", &[]);
    assert!(!card.contains("Simulated"), "{card}");
    let card = train(root, "taught", &["--look-alikes"]);
    assert!(card.contains("Simulated: 50 % of the abnormal images") && card.contains("look-alike"), "{card}");
    let weights = |name: &str| std::fs::read(root.join(format!("models/{name}/weights.safetensors")));
    assert_ne!(weights("plain").expect("weights"), weights("taught").expect("weights"));
    let card = train(root, "both", &["--simulated", "--look-alikes"]);
    assert!(
        card.contains("50 % of the abnormal images are a seizure-free second with a made-up artifact"),
        "{card}"
    );

    let of = |file: &'static str, more: &[&'static str]| {
        [&["train", "--data", "data", "--config", file, "--name", "refused"], more].concat()
    };
    let message = refusal(root, &of("small.toml", &["--look-alikes", "--two-classes"]), 2);
    assert!(message.contains("--two-classes"), "{message}");
    let settings = |shares: &str| {
        small_network::settings(2).replace(
            "[training.autoencoder]",
            &format!("[training.simulated]\n{shares}\n[training.autoencoder]"),
        )
    };
    for (file, shares, told) in [
        ("over.toml", "artifacts = 0.7\nlook_alikes = 0.6", "at most 1 together"),
        ("wrong.toml", "look_alikes = 1.5", "a share from 0 to 1"),
    ] {
        std::fs::write(root.join(file), settings(shares)).expect("a file");
        let message = refusal(root, &of(file, &[]), 8);
        assert!(message.contains("simulated.look_alikes") && message.contains(told), "{message}");
    }
    assert!(!root.join("models/refused/weights.safetensors").exists());
}

#[test]
fn whoever_a_network_began_with_counts_as_seen() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root, &[("p1", true), ("p2", true), ("p3", true), ("calm", false)]);
    train(root, "first", &["--simulated", "--only", "p1,p2"]);
    let card = train(root, "second", &["--from", "first", "--only", "p3,calm"]);
    assert!(card.contains("Began with the weights of first"), "{card}");
    for person in ["p1", "p2", "p3", "calm"] {
        let message =
            refusal(root, &["evaluate", "--data", "data", "--model", "second", "--only", person], 2);
        assert!(message.contains("was trained on"), "{message}");
    }
    // The start changes the result, so it is not forgotten on the way.
    train(root, "fresh", &["--only", "p3,calm"]);
    let weights = |name: &str| std::fs::read(root.join(format!("models/{name}/weights.safetensors")));
    assert_ne!(weights("second").expect("weights"), weights("fresh").expect("weights"));

    let from = |more: &[&'static str]| {
        [&["train", "--data", "data", "--config", "small.toml", "--name", "x", "--from", "first"], more]
            .concat()
    };
    let message = refusal(root, &from(&["--exclude", "p1"]), 2);
    assert!(message.contains("overlapping folds: p1"), "{message}");
    let message = refusal(root, &from(&["--hold-out", "p2"]), 2);
    assert!(message.contains("overlapping folds: p2"), "{message}");
    let folds: Vec<String> =
        ["1/2", "2/2"].iter().map(|fold| refusal(root, &from(&["--fold", fold]), 2)).collect();
    assert!(folds.iter().all(|message| message.contains("overlapping folds: p")), "{folds:?}");
    let other = ["train", "--data", "data", "--config", "other.toml", "--name", "x", "--from", "first"];
    let message = refusal(root, &other, 7);
    assert!(message.contains("width") && message.contains("40"), "{message}");
    let none = ["train", "--data", "data", "--config", "small.toml", "--name", "x", "--from", "nobody"];
    let message = refusal(root, &none, 6);
    assert!(message.contains("nobody"), "{message}");
}

#[test]
fn fewer_people_with_seizures_are_the_first_of_more() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root, &[("p1", true), ("p2", true), ("p3", true), ("calm", false)]);
    let taken = |number: &str| {
        let card = train(root, &format!("few-{number}"), &["--seizure-people", number]);
        let line =
            card.lines().find(|line| line.starts_with("Of the people with seizures only")).expect("a remark");
        assert!(card.contains("| calm | 0 |"), "people without seizures stay: {card}");
        line.trim_start_matches("Of the people with seizures only ")
            .trim_end_matches(" were taken.")
            .to_string()
    };
    let (one, two) = (taken("1"), taken("2"));
    assert!(two.split(", ").any(|person| person == one), "{one} and {two}");
    assert_eq!(two.split(", ").count(), 2);
    let all = ["train", "--data", "data", "--config", "small.toml", "--name", "x", "--seizure-people", "4"];
    let message = refusal(root, &all, 2);
    assert!(message.contains("1 to 3"), "{message}");
}
