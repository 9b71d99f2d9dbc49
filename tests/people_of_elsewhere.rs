//! People whom no network knows - with electrodes off, from a country of another mains - are scored, all of them, and what could
//! not be judged of them is told.

mod recordings;
mod small_network;

use std::path::Path;
use std::process::Output;

use jiff::civil::DateTime;
use recordings::{REFERENTIAL, background, refusal, repository, vigil, ward, write_recording};
use serde_json::Value;
use tempfile::TempDir;
use vigil::eeg::{Event, EventKind};
use vigil::format::events::write_events;

const LENGTH_S: usize = 40;
const SEIZURE_S: (f64, f64) = (12.0, 30.0);

/// How a recording differs from a sound one with a seizure.
#[derive(Clone, Copy, Default)]
struct Odd {
    /// Electrodes, from the first on, that were not connected.
    unplugged: usize,
    /// Hum on the electrodes, in hertz; 0 for none. Each has its own phase, so that no derivation is free of it.
    hum_hz: f64,
    /// No seizure.
    calm: bool,
}

fn recording(root: &Path, person: &str, run: usize, odd: Odd) {
    let folder = root.join(format!("data/sub-{person}/eeg"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let stem = format!("sub-{person}_run-{run:02}");
    let start = format!("2024-05-{run:02}T10:00:00");
    let number = run + person.bytes().last().map_or(0, |letter| usize::from(letter) % 8);
    write_recording(
        &folder.join(format!("{stem}_eeg.edf")),
        &REFERENTIAL,
        256,
        LENGTH_S,
        &start,
        |channel, t| {
            if channel < odd.unplugged {
                return 0.0;
            }
            let ictal = !odd.calm && (SEIZURE_S.0..SEIZURE_S.1).contains(&t);
            let rhythm = (std::f64::consts::TAU * 4.0 * t + channel as f64).sin();
            let hum = (std::f64::consts::TAU * odd.hum_hz * t + (2 * channel) as f64).sin();
            background(channel + number, t) + if ictal { 150.0 * rhythm } else { 0.0 } + 80.0 * hum
        },
    );
    let kind = if odd.calm { EventKind::Background } else { EventKind::Seizure("sz".into()) };
    let (onset_s, end_s) = if odd.calm { (0.0, LENGTH_S as f64) } else { SEIZURE_S };
    let event = Event {
        onset_s,
        duration_s: end_s - onset_s,
        kind,
        confidence: None,
        channels: None,
        date_time: None,
        recording_duration_s: None,
        alarm_s: None,
    };
    let start: DateTime = start.parse().expect("a time");
    write_events(&folder.join(format!("{stem}_events.tsv")), &[event], start, LENGTH_S as f64)
        .expect("a table");
}

fn evaluate(root: &Path, arguments: &[&str]) -> Output {
    let models = repository("models");
    let models = models.to_str().expect("a path in UTF-8");
    let output = vigil(root, &[&["evaluate"], arguments, &["--models", models, "--json"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn method<'a>(report: &'a Value, name: &str) -> &'a Value {
    let methods = report["methods"].as_array().expect("methods");
    methods.iter().find(|method| method["name"] == name).unwrap_or_else(|| panic!("no {name} in {methods:?}"))
}

/// Of each person of a method's report the network that judged and the number of seizures.
fn judges(report: &Value, name: &str) -> Vec<(String, String, u64)> {
    let people = method(report, name)["people"].as_array().expect("people");
    let text = |person: &Value, key: &str| person[key].as_str().expect("a name").to_string();
    people
        .iter()
        .map(|person| {
            let seizures = person["seizures"].as_u64().expect("a count");
            (text(person, "person"), text(person, "model"), seizures)
        })
        .collect()
}

const SOUND: Odd = Odd { unplugged: 0, hum_hz: 0.0, calm: false };

/// With eight electrodes off fewer than 12 derivations are left.
const UNPLUGGED: Odd = Odd { unplugged: 8, ..SOUND };

const CALM: Odd = Odd { calm: true, ..SOUND };

#[test]
fn seizures_that_nobody_could_judge_are_missed_and_their_people_stay() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    recording(root, "a", 1, SOUND);
    recording(root, "b", 1, UNPLUGGED);
    recording(root, "b", 2, CALM);
    recording(root, "c", 1, UNPLUGGED);
    let output = evaluate(root, &["--data", "data", "--model", "cnn", "--alarms"]);
    let (told, report) = (said(&output), json(&output));
    let people: Vec<&str> = report["people"]
        .as_array()
        .expect("people")
        .iter()
        .filter_map(|person| person["person"].as_str())
        .collect();
    assert_eq!(people, ["a", "b", "c"]);
    for tried in report["alarms"].as_array().expect("settings") {
        assert_eq!(tried["seizures"], 3, "{tried}");
        assert!(tried["detected"].as_u64().is_some_and(|found| found <= 1), "{tried}");
    }
    let unjudged = report["unjudged"].as_array().expect("a list").clone();
    let of = |index: usize| (unjudged[index]["person"].clone(), unjudged[index]["seizures"].clone());
    assert_eq!((unjudged.len(), of(0), of(1)), (2, ("b".into(), 1.into()), ("c".into(), 1.into())));
    assert_eq!(unjudged[1]["seconds"], unjudged[1]["of_seconds"], "nothing of c was judged");
    assert!(told.contains("Of b, ") && told.contains("1 of 1 seizures have no judged second"), "{told}");
    assert!(told.contains("Of c, ") && !told.contains("Of a, "), "{told}");

    // The hours in which an alarm would be false are those that were judged: as without the unplugged recordings.
    std::fs::remove_dir_all(root.join("data/sub-c")).expect("removed");
    for end in ["eeg.edf", "events.tsv"] {
        std::fs::remove_file(root.join(format!("data/sub-b/eeg/sub-b_run-01_{end}"))).expect("removed");
    }
    let judged = json(&evaluate(root, &["--data", "data", "--model", "cnn", "--alarms"]));
    for (all, judged) in report["alarms"]
        .as_array()
        .iter()
        .flat_map(|all| all.iter())
        .zip(judged["alarms"].as_array().expect("settings"))
    {
        for same in ["hours", "detected", "false_alarms", "after_seizure"] {
            assert_eq!(all[same], judged[same], "{same}");
        }
    }
}

#[test]
fn people_whom_no_network_knows_are_dealt_into_groups_that_choose_settings_for_each_other() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    for person in ["p1", "p2", "p3", "p4"] {
        recording(root, person, 1, SOUND);
    }
    recording(root, "p0", 1, CALM);
    recording(root, "p5", 1, UNPLUGGED);
    let networks = ["--three-class", "fold-1,fold-2", "--two-class", "two-class-1,two-class-2"];
    let also = ["--data", "data", "--also", "three=traces-3,traces-4,traces-5"];
    let output = evaluate(root, &[&["cross-person"][..], &networks, &also].concat());
    let (told, report) = (said(&output), json(&output));
    // Those with a seizure go round; who has none goes where fewest people are.
    let expected = [
        ("p0", "fold-2", 0),
        ("p1", "fold-1", 1),
        ("p2", "fold-2", 1),
        ("p3", "fold-1", 1),
        ("p4", "fold-2", 1),
        ("p5", "fold-1", 1),
    ]
    .map(|(person, model, seizures)| (person.to_string(), model.to_string(), seizures));
    assert_eq!(judges(&report, "three-class"), expected);
    let groups = |name: &str| -> Vec<usize> {
        let judged = judges(&report, name);
        let mut models: Vec<&String> = judged.iter().map(|(_, model, _)| model).collect();
        models.sort();
        models.dedup();
        judged.iter().map(|(_, model, _)| models.iter().position(|one| *one == model).expect("it")).collect()
    };
    assert_eq!(groups("two-class"), groups("three-class"), "methods are compared over the same groups");
    assert_eq!(groups("three"), groups("three-class"));
    assert!(report["how"].to_string().contains("6 people whom several of the networks have not seen"));
    assert!(told.contains("were dealt to 2 of these"), "{told}");
    // Whom nobody could judge stays, with a seizure that is missed.
    assert_eq!(method(&report, "three-class")["strict"]["seizures"], 5);
    assert_eq!(report["data"][0]["people"], 6);
    assert_eq!(report["data"][0]["seizures"], 5);
    assert!(report["limits"].to_string().contains("Of p5, "), "{}", report["limits"]);

    // One network alone leaves nobody to choose settings on.
    let models = repository("models");
    let models = models.to_str().expect("a path in UTF-8");
    let alone = ["evaluate", "cross-person", "--data", "data", "--three-class", "cnn", "--models", models];
    let message = refusal(root, &alone, 2);
    assert!(message.contains("one network judges all of these people"), "{message}");
}

#[test]
fn people_of_another_mains_are_scored_behind_its_notch() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    let arguments = ["--data", "data", "--model", "cnn"];
    recording(root, "a", 1, Odd { hum_hz: 50.0, ..SOUND });
    let seconds = |mains: &[&str], name: &str| -> Vec<f64> {
        let output = evaluate(root, &[&arguments[..], mains, &["--seconds", name]].concat());
        let (report, told) = (json(&output), said(&output));
        assert_eq!(told.contains("the mains hums at 50 Hz"), name == "hum.tsv", "{name}: {told}");
        let expected = mains.last().map_or(60, |mains| mains.parse::<u64>().expect("hertz"));
        assert_eq!(report["mains_hz"], expected);
        let table = std::fs::read_to_string(root.join(name)).expect("a table");
        let column = |line: &str| line.split('\t').nth(5).and_then(|cell| cell.parse().ok());
        table.lines().filter_map(column).collect()
    };
    let hum = seconds(&[], "hum.tsv");
    let cut = seconds(&["--mains", "50"], "cut.tsv");
    recording(root, "a", 1, SOUND);
    let sound = seconds(&[], "sound.tsv");
    let off = |judged: &[f64]| -> f64 {
        assert_eq!(judged.len(), sound.len());
        judged.iter().zip(&sound).map(|(judged, sound)| (judged - sound).abs()).sum::<f64>()
    };
    assert!(off(&cut) < 0.5 * off(&hum), "off by {} behind 50 Hz, by {} behind 60", off(&cut), off(&hum));

    // A report says so, and what was kept behind one notch is not taken for another's.
    recording(root, "b", 1, SOUND);
    let protocol = ["cross-person", "--data", "data", "--three-class", "fold-1,fold-2", "--mains", "50"];
    let report = json(&evaluate(root, &protocol));
    assert!(report["how"].to_string().contains("a mains notch at 50 Hz (--mains 50)"), "{}", report["how"]);
    let message = refusal(root, &["evaluate", "--data", "data", "--model", "cnn", "--mains", "55"], 2);
    assert!(message.contains("--mains") && message.contains("50, 60, or 0 for no notch"), "{message}");
}

#[test]
fn a_replay_tells_of_a_mains_that_hums_beside_its_notch() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    ward(root);
    recording(root, "a", 1, Odd { hum_hz: 50.0, ..SOUND });
    recording(root, "b", 1, SOUND);
    // At 60 Hz lies the notch of this patient.
    recording(root, "c", 1, Odd { hum_hz: 60.0, ..SOUND });
    for (person, hums) in [("a", true), ("b", false), ("c", false)] {
        let path = format!("data/sub-{person}/eeg/sub-{person}_run-01_eeg.edf");
        let output = vigil(root, &["replay", &path, "--patient", "chb03", "--no-copies"]);
        let told = said(&output);
        assert!(output.status.success(), "{told}");
        assert_eq!(told.contains("the mains hums at 50 Hz"), hums, "{person}: {told}");
        assert_eq!(
            told.contains("write mains_hz = 50 in the patient's patient.toml"),
            hums,
            "{person}: {told}"
        );
    }
}

#[test]
fn a_network_of_another_mains_says_so_and_stands_beside_others_where_the_mains_is_told() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    for person in ["a", "b", "c"] {
        recording(root, person, 1, SOUND);
    }
    std::fs::write(root.join("small.toml"), small_network::settings(1)).expect("a file");
    let train = |more: &[&str]| {
        let settings =
            ["train", "--data", "data", "--config", "small.toml", "--two-classes", "--exclude", "c"];
        let output = vigil(root, &[&settings[..], more].concat());
        assert!(output.status.success(), "{}", said(&output));
    };
    train(&["--name", "sixty"]);
    train(&["--name", "fifty", "--mains", "50"]);
    let card =
        |name: &str| std::fs::read_to_string(root.join("models").join(name).join("card.md")).expect("a card");
    assert!(card("fifty").contains("\"mains_hz\": 50") && card("fifty").contains("(--mains 50)"));
    assert!(card("sixty").contains("\"mains_hz\": 60") && !card("sixty").contains("--mains"));
    // Weights go on to another place.
    train(&["--name", "moved", "--from", "sixty", "--mains", "50"]);
    assert!(card("moved").contains("\"mains_hz\": 50"));

    let both = ["evaluate", "--data", "data", "--only", "c", "--model", "fifty,sixty", "--json"];
    let message = refusal(root, &both, 2);
    assert!(message.contains("fifty") && message.contains("sixty"), "{message}");
    assert!(message.contains("mains_hz = 50") && message.contains("--mains"), "{message}");
    let output = vigil(root, &[&both[..], &["--mains", "60"]].concat());
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(json(&output)["mains_hz"], 60);
}
