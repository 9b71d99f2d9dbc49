//! A training can be repeated and interrupted, and its card says what was done.

mod recordings;
mod small_network;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::civil::DateTime;
use recordings::{REFERENTIAL, background, refusal, vigil, write_recording};
use tempfile::TempDir;
use vigil::eeg::{Event, EventKind};
use vigil::format::events::write_events;

/// Four people of 100 s each, of whom three have a "seizure" of 30 s: a large slow rhythm.
fn people(root: &Path) {
    for (number, person) in ["p1", "p2", "p3", "calm"].into_iter().enumerate() {
        let folder = root.join(format!("data/sub-{person}/ses-01/eeg"));
        std::fs::create_dir_all(&folder).expect("a folder");
        let name = format!("sub-{person}_ses-01_task-szMonitoring_run-01");
        let start = format!("2024-05-0{}T10:00:00", number + 1);
        let ictal = |t: f64| person != "calm" && (40.0..70.0).contains(&t);
        write_recording(
            &folder.join(format!("{name}_eeg.edf")),
            &REFERENTIAL,
            128,
            100,
            &start,
            |channel, t| {
                let rhythm = (std::f64::consts::TAU * 4.0 * t + channel as f64).sin();
                background(channel + number, t) + if ictal(t) { 150.0 * rhythm } else { 0.0 }
            },
        );
        let seizure = Event {
            onset_s: 40.0,
            duration_s: 30.0,
            kind: EventKind::Seizure("sz".into()),
            confidence: None,
            channels: None,
            date_time: None,
            recording_duration_s: None,
            alarm_s: None,
        };
        let events = if person == "calm" { vec![] } else { vec![seizure] };
        let start: DateTime = start.parse().expect("a time");
        write_events(&folder.join(format!("{name}_events.tsv")), &events, start, 100.0).expect("a table");
    }
    std::fs::write(root.join("small.toml"), small_network::settings(3)).expect("a file");
}

fn arguments(name: &str) -> Vec<&str> {
    vec!["train", "--data", "data", "--config", "small.toml", "--exclude", "p3", "--name", name]
}

fn weights(root: &Path, name: &str) -> Vec<u8> {
    std::fs::read(root.join("models").join(name).join("weights.safetensors")).expect("weights")
}

#[test]
fn the_same_command_gives_the_same_network_and_card() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path());
    for name in ["first-run", "second-run"] {
        let output = vigil(folder.path(), &arguments(name));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(
        weights(folder.path(), "first-run") == weights(folder.path(), "second-run"),
        "the weights differ"
    );
    let card = |name: &str| {
        let text =
            std::fs::read_to_string(folder.path().join(format!("models/{name}/card.md"))).expect("a card");
        // The time that it took and its own name are the run's, not the network's.
        let lines =
            text.lines().filter(|line| !line.starts_with("| time |") && !line.contains("train --data"));
        lines.map(|line| line.replace(name, "NAME")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(card("first-run"), card("second-run"));
    let text = card("first-run");
    assert!(text.contains("left out by name, with all their recordings: p3"), "{text}");
    assert!(text.contains("| calm | 0 |"), "{text}");
}

/// Begins a training and kills it when a checkpoint is on disk.
fn kill_in_second_epoch(root: &Path, name: &str) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(arguments(name))
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    // The second epoch's line comes after the first epoch's checkpoint is on disk.
    let _ = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with("epoch 2"));
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn a_killed_training_does_not_go_on_with_other_marks_of_the_expert() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root);
    kill_in_second_epoch(root, "killed");
    // As many seconds of the same people, but the seizure lies elsewhere.
    let table = root.join("data/sub-p1/ses-01/eeg/sub-p1_ses-01_task-szMonitoring_run-01_events.tsv");
    let text = std::fs::read_to_string(&table).expect("a table");
    let moved: Vec<String> = text
        .lines()
        .map(|line| match line.strip_prefix("40.00\t") {
            Some(rest) => format!("50.00\t{rest}"),
            None => line.to_string(),
        })
        .collect();
    assert_ne!(moved.join("\n"), text.trim_end(), "the seizure was moved");
    std::fs::write(&table, moved.join("\n") + "\n").expect("a table");
    let message = refusal(root, &arguments("killed"), 8);
    assert!(message.contains("another training") && message.contains("--restart"), "{message}");
    let output = vigil(root, &[&arguments("killed")[..], &["--restart"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_killed_training_goes_on_and_ends_as_if_it_had_not_been_killed() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path());
    let output = vigil(folder.path(), &arguments("whole"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    kill_in_second_epoch(folder.path(), "killed");
    let output = vigil(folder.path(), &arguments("killed"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("going on from step"), "{said}");
    assert!(weights(folder.path(), "whole") == weights(folder.path(), "killed"), "the weights differ");
    assert!(
        !folder.path().join("models/killed/checkpoint").exists(),
        "a finished training keeps no checkpoint"
    );
}

#[test]
fn a_checkpoint_that_cannot_be_written_is_no_damaged_model() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path());
    let model = |name: &str| folder.path().join("models").join(name);
    // A file stands where the checkpoint's folder would be made.
    std::fs::create_dir_all(model("blocked")).expect("a folder");
    std::fs::write(model("blocked").join("checkpoint"), "in the way").expect("a file");
    let message = refusal(folder.path(), &arguments("blocked"), 9);
    assert!(message.contains("cannot write the checkpoint models/blocked/checkpoint"), "{message}");
    std::fs::create_dir_all(model("damaged").join("checkpoint")).expect("a folder");
    std::fs::write(model("damaged").join("checkpoint/state.json"), "{").expect("a file");
    let message = refusal(folder.path(), &arguments("damaged"), 6);
    assert!(message.contains("models/damaged/checkpoint") && message.contains("--restart"), "{message}");
}

#[test]
fn early_stopping_watches_held_out_people_and_a_refit_takes_everyone() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path());
    let mut with = arguments("held");
    with.extend(["--hold-out", "p2", "--refit"]);
    let output = vigil(folder.path(), &with);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("AUROC of held-out people"), "{said}");
    assert!(said.contains("training on everyone for as long"), "{said}");
    let card = std::fs::read_to_string(folder.path().join("models/held/card.md")).expect("a card");
    assert!(card.contains("| p2 | 30 |"), "{card}");
}

#[test]
fn people_by_whom_a_training_was_stopped_count_as_seen() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root);
    let output = vigil(root, &[&arguments("stopped")[..], &["--hold-out", "p2"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let evaluate = ["evaluate", "--data", "data", "--model", "stopped", "--only"];
    let message = refusal(root, &[&evaluate[..], &["p2"]].concat(), 2);
    assert!(message.contains("p2"), "{message}");
    assert!(vigil(root, &[&evaluate[..], &["p3"]].concat()).status.success());
    // Without an epoch to wait there would be no training.
    let settings = small_network::settings(3);
    let settings = settings.replace("[training]", "[training]\npatience = 0");
    std::fs::write(root.join("small.toml"), settings).expect("a file");
    let message = refusal(root, &arguments("none"), 8);
    assert!(message.contains("patience") && message.contains("at least 1"), "{message}");
}

#[test]
fn two_classes_are_the_same_training_with_one_class_less() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path());
    let mut two = arguments("two-classes");
    two.push("--two-classes");
    let output = vigil(folder.path(), &two);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let net = vigil::model::Classifier::load(&folder.path().join("models/two-classes/weights.safetensors"))
        .expect("weights");
    assert_eq!(net.config().classes, vigil::model::Classes::Two);
    // What it does not have cannot be explained.
    let recording = "data/sub-p1/ses-01/eeg/sub-p1_ses-01_task-szMonitoring_run-01_eeg.edf";
    let explain = ["explain", recording, "--at", "5", "--model", "two-classes", "--class", "abnormal"];
    let message = refusal(folder.path(), &explain, 2);
    assert!(message.contains("--class abnormal") && message.contains("two classes"), "{message}");
}

#[test]
fn hard_negatives_are_a_two_class_training_that_says_so() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path());
    let with = |further: &[&'static str]| [&arguments("hard")[..], further].concat();
    let message = refusal(folder.path(), &with(&["--hard-negatives"]), 2);
    assert!(message.contains("--two-classes"), "{message}");
    let output = vigil(folder.path(), &with(&["--two-classes", "--hard-negatives"]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let card = std::fs::read_to_string(folder.path().join("models/hard/card.md")).expect("a card");
    assert!(card.contains("\"hard_negatives\": 0.5"), "{card}");
    // Which seconds are hard, autoencoders say; the network has no class for them.
    let flagged: usize = card
        .lines()
        .find_map(|line| line.strip_prefix("| all |")?.split('|').nth(2)?.trim().parse().ok())
        .expect("a count");
    assert!(flagged > 0, "{card}");
    let net = vigil::model::Classifier::load(&folder.path().join("models/hard/weights.safetensors"));
    assert_eq!(net.expect("weights").config().classes, vigil::model::Classes::Two);
}

#[test]
fn half_of_the_non_seizure_images_are_hard_where_that_is_asked_for() {
    let config = vigil::train::TrainConfig { hard_negatives: 0.5, ..Default::default() };
    let [seizure, usual, hard] = config.shares(vigil::model::Classes::Two);
    assert_eq!(usual, hard);
    assert!((seizure + usual + hard - 1.0).abs() < 1e-12);
    assert_eq!(config.shares(vigil::model::Classes::Three), config.class_shares);
}

#[test]
fn methods_are_compared_on_people_whom_no_network_has_seen() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path());
    for (name, fold, two) in
        [("f1", "1/2", false), ("f2", "2/2", false), ("t1", "1/2", true), ("t2", "2/2", true)]
    {
        let mut with =
            vec!["train", "--data", "data", "--config", "small.toml", "--name", name, "--fold", fold];
        with.extend(two.then_some("--two-classes"));
        let output = vigil(folder.path(), &with);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let evaluate = [
        "evaluate",
        "cross-person",
        "--data",
        "data",
        "--three-class",
        "f1,f2",
        "--two-class",
        "t1,t2",
        "--json",
    ];
    let output = vigil(folder.path(), &evaluate);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let methods = report["methods"].as_array().expect("methods");
    let names: Vec<&str> = methods.iter().filter_map(|method| method["name"].as_str()).collect();
    let expected = [
        "two-class",
        "autoencoder alone",
        "three-class",
        "three-class with flag",
        "three-class, suppressor",
        "three-class, suppressor with history",
        "three-class, calibrated",
        "rhythm trees alone",
        "three-class with rhythm trees",
        "two-class with rhythm trees",
        "line length",
    ];
    assert_eq!(names, expected);
    for method in methods {
        let people = method["people"].as_array().expect("people");
        assert_eq!(people.len(), 4);
        assert_eq!(method["ward"]["seizures"], 3);
        let detected: u64 = people.iter().filter_map(|person| person["detected"].as_u64()).sum();
        assert_eq!(method["ward"]["detected"], detected);
        assert!(method["curve"].as_array().is_some_and(|curve| !curve.is_empty()));
    }
    // A rhythm six times as large as the background is longer: the plain method ranks it perfectly.
    let plain = methods.last().expect("a method");
    assert_eq!(plain["auroc"]["median"], 1.0);
    let alone = ["evaluate", "cross-person", "--data", "data", "--three-class", "f1"];
    let message = refusal(folder.path(), &alone, 2);
    assert!(message.contains("every model given was trained on"), "{message}");
    let missing = ["evaluate", "cross-person", "--data", "data", "--three-class", "f1,f9"];
    let message = refusal(folder.path(), &missing, 6);
    assert!(message.contains("f9"), "{message}");
}

#[test]
fn a_training_whose_listener_has_gone_goes_on_to_its_end() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path());
    let mut child = Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(arguments("unheard"))
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    // As `vigil train | head -0` leaves it.
    drop((child.stdout.take(), child.stderr.take()));
    assert!(child.wait().expect("its end").success());
    weights(folder.path(), "unheard");
}

#[test]
fn people_who_are_not_there_are_told_with_those_who_are() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path());
    let message = refusal(folder.path(), &["train", "--data", "data", "--exclude", "p9"], 2);
    assert!(
        message.contains("\"p9\" is not among the people") && message.contains("calm, p1, p2, p3"),
        "{message}"
    );
}

#[test]
fn nobody_is_scored_by_a_network_that_was_trained_on_them() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path());
    let output = vigil(folder.path(), &arguments("one"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let message = refusal(folder.path(), &["evaluate", "--data", "data", "--model", "one"], 2);
    assert!(message.contains("every model given was trained on"), "{message}");
    let output =
        vigil(folder.path(), &["evaluate", "--data", "data", "--model", "one", "--only", "p3", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["auroc"]["people"], 1);
    assert_eq!(report["people"][0]["seizure_s"], 30);
}

#[test]
fn folds_leave_out_everyone_once_and_then_all_are_scored_with_the_alarms_that_would_come() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path());
    let mut left_out = Vec::new();
    for (name, fold) in [("fold-1", "1/2"), ("fold-2", "2/2")] {
        let with = ["train", "--data", "data", "--config", "small.toml", "--name", name, "--fold", fold];
        let output = vigil(folder.path(), &with);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let names = said.lines().find_map(|line| line.split_once(" leaves out ")).expect("who is left out").1;
        left_out.extend(names.split(", ").map(str::to_string).collect::<Vec<_>>());
    }
    left_out.sort();
    assert_eq!(left_out, ["calm", "p1", "p2", "p3"]);
    let evaluate = ["evaluate", "--data", "data", "--model", "fold-1,fold-2", "--alarms", "--json"];
    let report: serde_json::Value =
        serde_json::from_slice(&vigil(folder.path(), &evaluate).stdout).expect("JSON");
    assert_eq!(report["people"].as_array().map(Vec::len), Some(4));
    assert_eq!(report["auroc"]["people"], 3);
    let grid = report["alarms"].as_array().expect("settings");
    assert!(grid.iter().all(|tried| tried["seizures"] == 3));
    // 400 s, less 3 times the 30 s of the seizure and the 30 s of the recording behind it. The second
    // that ends with the onset is about the seizure too.
    let at_risk = 3600.0 * grid[0]["hours"].as_f64().expect("hours");
    assert!((at_risk - (400.0 - 3.0 * 61.0)).abs() < 4.0, "{at_risk} s");
}

#[test]
fn a_fold_that_is_not_there_is_refused() {
    let folder = TempDir::new().expect("a folder");
    people(folder.path());
    for fold in ["0/3", "4/3", "1/1", "one"] {
        let message = refusal(folder.path(), &["train", "--data", "data", "--fold", fold], 2);
        assert!(message.contains("expected K/N"), "{message}");
    }
    let message = refusal(folder.path(), &["train", "--data", "data", "--fold", "1/9"], 2);
    assert!(message.contains("9 folds asked for and 4 people given"), "{message}");
}

#[test]
fn a_finished_network_is_trained_anew_only_where_that_is_asked_for() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root);
    let output = vigil(root, &arguments("kept"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let first = weights(root, "kept");
    let other = [&arguments("kept")[..], &["--seed", "7"]].concat();
    for more in [&[][..], &["--restart"]] {
        let message = refusal(root, &[&other[..], more].concat(), 2);
        assert!(message.contains("models/kept") && message.contains("--replace"), "{message}");
    }
    assert!(weights(root, "kept") == first, "the refusals left it alone");
    let output = vigil(root, &[&other[..], &["--replace"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(weights(root, "kept") != first, "another seed, another network");
}

#[test]
fn a_networks_name_is_no_path_and_its_folder_is_made_before_a_recording_is_read() {
    let folder = TempDir::new().expect("a folder");
    for (option, name) in [
        ("--name", ""),
        ("--name", "../x"),
        ("--name", "a/b"),
        ("--name", ".hidden"),
        ("--name", "two words"),
        ("--from", "../x"),
    ] {
        let message = refusal(folder.path(), &["train", "--data", "nowhere", option, name], 2);
        assert!(message.contains(option) && message.contains("plain name"), "{message}");
    }
    std::fs::write(folder.path().join("models"), "a file where a folder should be").expect("a file");
    let message = refusal(folder.path(), &["train", "--data", "nowhere", "--name", "x"], 9);
    assert!(message.contains("models/x"), "{message}");
}

#[test]
fn two_trainings_of_one_network_do_not_run_at_once_and_a_refused_one_leaves_no_folder() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root);
    let place = root.join("models/busy");
    std::fs::create_dir_all(&place).expect("a folder");
    let held = vigil::durable::hold(&place).expect("the folder is free");
    let message = refusal(root, &arguments("busy"), 9);
    assert!(message.contains("models/busy") && message.contains("another vigil"), "{message}");
    drop(held);

    let message = refusal(root, &[&arguments("none")[..], &["--epochs", "0"]].concat(), 2);
    assert!(message.contains("--epochs"), "{message}");
    let message = refusal(root, &[&arguments("none")[..], &["--hold-out", "calm"]].concat(), 5);
    assert!(message.contains("held out (calm)") && message.contains("early stopping"), "{message}");
    assert!(!root.join("models/none").exists(), "nothing came about");
}

#[test]
fn where_nobody_has_an_auroc_there_is_no_number_and_other_peoples_tables_must_hold_some() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root);
    let train =
        ["train", "--data", "data", "--config", "small.toml", "--exclude", "calm", "--name", "others"];
    let output = vigil(root, &train);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let evaluate = ["evaluate", "--data", "data", "--model", "others", "--only", "calm"];
    let with = |more: &[&'static str]| [&evaluate[..], more].concat();
    let table = |row: &str| {
        std::fs::write(root.join("beside.tsv"), format!("# by hand\nperson\ttrees\tforest\n{row}\n"))
            .expect("a table");
    };
    table("calm\tn/a\t");
    let output = vigil(root, &with(&["--beside", "beside.tsv"]));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && !said.contains("NaN"), "{said}");
    for name in ["median", "mean"] {
        let line = said.lines().find(|line| line.starts_with(name)).expect("a line");
        assert_eq!(line.split_whitespace().skip(1).collect::<Vec<_>>(), ["-"; 4], "{said}");
    }
    let report: serde_json::Value =
        serde_json::from_slice(&vigil(root, &with(&["--json"])).stdout).expect("JSON");
    assert_eq!(report["auroc"]["people"], 0);
    assert!(report["auroc"]["median"].is_null() && report["auroc"]["mean"].is_null(), "{report}");
    let message = refusal(root, &with(&["--exclude", "calm"]), 2);
    assert!(message.contains("nobody is left to judge"), "{message}");
    for row in ["calm\t0.5\t1.5", "calm\t-\tgood", "calm\t\tNaN"] {
        table(row);
        let message = refusal(root, &with(&["--beside", "beside.tsv"]), 4);
        assert!(message.contains("line 3, column forest"), "{message}");
    }
}
