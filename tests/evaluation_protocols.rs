//! Protocols score people on what no network of theirs has seen, and say on what the figures rest.

mod recordings;
mod small_network;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use jiff::civil::DateTime;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use recordings::{REFERENTIAL, background, refusal, vigil, write_recording};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use vigil::dataset::{Dataset, People, Second, gather};
use vigil::detect::{AccumulatorConfig, LabelRule};
use vigil::eeg::{Event, EventKind};
use vigil::evaluate::report::Spread;
use vigil::evaluate::{Equipment, FITTED_ON_OTHERS, Kept, PersonLine, PersonScore, calm_runs, judge_people};
use vigil::format::events::write_events;
use vigil::model::Classifier;
use vigil::train::simulated::{Extent, LookAlike, Pace, Simulator};
use vigil::ward::cnn_path;

/// Length of a recording and where its seizure lies, in seconds.
const LENGTH_S: usize = 50;
const SEIZURE_S: (f64, f64) = (20.0, 40.0);

fn seizure(onset_s: f64, duration_s: f64) -> Event {
    Event {
        onset_s,
        duration_s,
        kind: EventKind::Seizure("sz".into()),
        confidence: None,
        channels: None,
        date_time: None,
        recording_duration_s: None,
        alarm_s: None,
    }
}

/// One person's recordings, a day apart; the "seizure" of some of them is a large slow rhythm.
fn person(root: &Path, name: &str, number: usize, recordings: usize, with_seizure: usize) {
    let folder = root.join(format!("sub-{name}/ses-01/eeg"));
    std::fs::create_dir_all(&folder).expect("a folder");
    for run in 0..recordings {
        let stem = format!("sub-{name}_ses-01_task-szMonitoring_run-{:02}", run + 1);
        let start = format!("2024-05-{:02}T10:00:00", run + 1);
        let ictal = |t: f64| run < with_seizure && (SEIZURE_S.0..SEIZURE_S.1).contains(&t);
        write_recording(
            &folder.join(format!("{stem}_eeg.edf")),
            &REFERENTIAL,
            128,
            LENGTH_S,
            &start,
            |channel, t| {
                let rhythm = (std::f64::consts::TAU * 4.0 * t + channel as f64).sin();
                background(channel + number + run, t) + if ictal(t) { 150.0 * rhythm } else { 0.0 }
            },
        );
        let events = match run < with_seizure {
            true => vec![seizure(SEIZURE_S.0, SEIZURE_S.1 - SEIZURE_S.0)],
            false => vec![],
        };
        let start: DateTime = start.parse().expect("a time");
        write_events(&folder.join(format!("{stem}_events.tsv")), &events, start, LENGTH_S as f64)
            .expect("a table");
    }
}

/// A data set of four people - two with four seizures, one with two, one with none - and networks of two folds of
/// them, `NAME-1` and `NAME-2`, beside one of everybody, `NAME`.
fn site(root: &Path, data: &str, prefix: &str, name: &str) {
    let folder = root.join(data);
    // No recording of one site is one of another's.
    let number = if data == "north" { 0 } else { 10 };
    person(&folder, &format!("{prefix}1"), number + 1, 4, 4);
    person(&folder, &format!("{prefix}2"), number + 2, 4, 4);
    person(&folder, &format!("{prefix}3"), number + 3, 3, 2);
    person(&folder, &format!("{prefix}calm"), number + 4, 2, 0);
    std::fs::write(root.join("small.toml"), small_network::settings(2)).expect("a file");
    for (network, fold) in
        [(format!("{name}-1"), Some("1/2")), (format!("{name}-2"), Some("2/2")), (name.into(), None)]
    {
        let mut arguments = vec!["train", "--data", data, "--config", "small.toml", "--name", &network];
        arguments.extend(fold.iter().flat_map(|fold| ["--fold", fold]));
        let output = vigil(root, &arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The site of the north, for as long as a test holds it.
static NORTH: Mutex<Weak<TempDir>> = Mutex::new(Weak::new());

/// A folder with the site of the north, which several tests need: its networks are trained once for those that run at
/// the same time, and each has a copy to itself.
fn with_north() -> (TempDir, Arc<TempDir>) {
    let mut made = NORTH.lock().expect("another test made it");
    let north = made.upgrade().unwrap_or_else(|| {
        let folder = Arc::new(TempDir::new().expect("a folder"));
        site(folder.path(), "north", "n", "north");
        *made = Arc::downgrade(&folder);
        folder
    });
    drop(made);
    let folder = TempDir::new().expect("a folder");
    let copied = Command::new("cp").arg("-a").arg(north.path().join(".")).arg(folder.path()).status();
    assert!(copied.expect("cp runs").success());
    (folder, north)
}

fn json(root: &Path, arguments: &[&str]) -> Value {
    let output = vigil(root, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn method<'a>(report: &'a Value, name: &str) -> &'a Value {
    let methods = report["methods"].as_array().expect("methods");
    methods.iter().find(|method| method["name"] == name).unwrap_or_else(|| panic!("no {name} in {methods:?}"))
}

/// That what was asked with other equipment has these rows, of which the first is the main table's.
fn assert_equipment(scored: &Value, asked: &[&str]) {
    let rows = scored["equipment"].as_array().expect("rows");
    let told: Vec<&str> = rows.iter().filter_map(|row| row["recorded"].as_str()).collect();
    assert_eq!(told, [&["as it was"], asked].concat());
    assert_eq!((&rows[0]["auroc"], &rows[0]["strict"]), (&scored["auroc"], &scored["strict"]));
}

/// AUROC of single seconds of a data set whose conditioned signal was multiplied before any network saw it.
fn auroc_by_hand(root: &Path, data: &str, networks: &[&str], factor: f32) -> Value {
    let networks: Vec<(String, Classifier)> = networks
        .iter()
        .map(|name| {
            let path = cnn_path(&root.join("models"), name);
            (name.to_string(), Classifier::load(&path).expect("a network"))
        })
        .collect();
    let recordings = gather(&[root.join(data)], &People::default()).expect("recordings").recordings;
    let signal = &networks[0].1.config().signal;
    let mut dataset = Dataset::load(recordings, signal, &mut |_, _| ()).expect("a data set");
    for stretch in &mut dataset.stretches {
        stretch.signal.iter_mut().for_each(|sample| *sample *= factor);
    }
    let judged =
        judge_people(&dataset, &networks, &[1.0], &Kept::default(), &|_| ()).expect("networks judge");
    let scores: Vec<PersonScore> = judged.iter().map(PersonScore::of).collect();
    let figures: Vec<(&str, f64)> =
        scores.iter().filter_map(|score| Some((score.person.as_str(), score.auroc?))).collect();
    // Through text, as the program's figures come.
    let text = serde_json::to_string(&Spread::of(&figures)).expect("JSON");
    serde_json::from_str(&text).expect("JSON")
}

/// How many stretches have an alarm where a look-alike was added to the conditioned signal before any network saw it, with
/// the settings that a report has for each person.
fn alarms_by_hand(
    root: &Path,
    networks: &[(String, Classifier)],
    scored: &Value,
    look_alike: LookAlike,
) -> usize {
    let signal = &networks[0].1.config().signal;
    let recordings = gather(&[root.join("north")], &People::default()).expect("recordings").recordings;
    let mut dataset = Dataset::load(recordings, signal, &mut |_, _| ()).expect("a data set");
    let simulator = Simulator::new(signal).expect("a simulator");
    let rate = dataset.rate;
    let mut runs: Vec<Vec<Second>> = Vec::new();
    for person in ["n1", "n2", "n3", "ncalm"] {
        for (number, run) in calm_runs(&dataset, person).into_iter().enumerate() {
            let seed = Sha256::digest(format!("{}\n{person}\n{number}", look_alike.name()));
            let added = simulator.look_alike(look_alike, run.len(), &mut ChaCha8Rng::from_seed(seed.into()));
            let stretch = &mut dataset.stretches[run[0].stretch];
            let length = stretch.seconds() * rate;
            for (trace, added) in
                stretch.signal.chunks_exact_mut(length).zip(added.chunks_exact(run.len() * rate))
            {
                let here = &mut trace[run[0].index * rate..];
                here.iter_mut().zip(added).for_each(|(sample, added)| *sample += added);
            }
            runs.push(run);
        }
    }
    let judged = judge_people(&dataset, networks, &[1.0], &Kept::default(), &|_| ()).expect("networks judge");
    let with_alarm = |run: &&Vec<Second>| {
        let name = &dataset.recording_of(run[0]).person;
        let mut person =
            judged.iter().find(|judged| judged.person == *name).expect("somebody who is judged").clone();
        person.seconds.retain(|judged| run.contains(&judged.second));
        let people = scored["people"].as_array().expect("people");
        let settings = people.iter().find(|scored| scored["person"] == name.as_str()).expect("settings");
        let threshold = settings["threshold"].as_f64().expect("a threshold") as f32;
        let rule = LabelRule { seizure_probability: threshold, ..LabelRule::default() };
        let accumulator: AccumulatorConfig =
            serde_json::from_value(settings["accumulator"].clone()).expect("an accumulator");
        !PersonLine::of(&dataset, &person).alarms(rule, accumulator).expect("settings in range").is_empty()
    };
    runs.iter().filter(with_alarm).count()
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn each_protocol_scores_what_it_says() {
    let (folder, _north) = with_north();
    let root = folder.path();
    let networks = ["--data", "north", "--three-class", "north-1,north-2"];

    // Within a patient: those with three seizures or more, and of them the later half alone.
    let within = ["evaluate", "within-patient", "--json", "--amplitudes", "0.7"];
    let same = ["--also", "the same=north-1,north-2"];
    let within = json(root, &[&within[..], &same[..], &networks[..]].concat());
    let people_of = |name: &str| method(&within, name)["people"].clone();
    assert_eq!(people_of("the same, adapted"), people_of("three-class, adapted"));
    assert_eq!(people_of("the same, weighed"), people_of("three-class, weighed"));
    assert_ne!(people_of("three-class, weighed"), people_of("three-class"));
    assert_equipment(method(&within, "three-class"), &["multiplied by 0.7"]);
    assert_eq!(within["protocol"], "within-patient");
    for name in [
        "three-class",
        "three-class, adapted",
        "three-class, weighed",
        "three-class with flag",
        "autoencoder alone",
        "line length",
    ] {
        let people = method(&within, name)["people"].as_array().expect("people").clone();
        let scored: Vec<(&str, u64)> = people
            .iter()
            .map(|person| {
                (person["person"].as_str().expect("a name"), person["seizures"].as_u64().expect("a count"))
            })
            .collect();
        assert_eq!(scored, [("n1", 2), ("n2", 2)], "{name}");
        for person in &people {
            let seconds =
                person["seizure_s"].as_u64().expect("seconds") + person["other_s"].as_u64().expect("seconds");
            assert!(seconds <= 2 * LENGTH_S as u64, "{name}: {person}");
        }
    }
    let limits = within["limits"].to_string();
    assert!(limits.contains("n3 (2)"), "who was left out is said: {limits}");

    // In time order: every whole block of a person's stream is counted once, rightly or not.
    let blocks =
        [&["evaluate", "longitudinal", "--block", "25", "--json", "--out", "long"], &networks[..]].concat();
    let longitudinal = json(root, &blocks);
    let free = &method(&longitudinal, "three-class")["alarm_free"];
    let count = |name: &str| free[name].as_u64().expect("a count");
    // Seconds are judged once the filters have settled, so a recording of 50 s gives fewer.
    assert!(count("blocks") > 0 && count("blocks") <= (4 + 4 + 3 + 2) * 2, "{free}");
    assert!(count("alarm_free") <= count("blocks") && count("rightly") <= count("alarm_free"), "{free}");
    assert!(count("with_seizure") >= count("alarm_free") - count("rightly"), "{free}");
    assert!(files(&root.join("long")).contains("report.html"));
    assert!(!files(&root.join("long")).contains("judged"), "what was kept for an interruption is gone");
    let page = std::fs::read_to_string(root.join("long/report.md")).expect("a page");
    assert!(page.contains("negative predictive value"), "{page}");

    // Gains and other networks stand in the same table, and the command is one that a shell understands.
    let also = [
        &[
            "evaluate",
            "cross-person",
            "--json",
            "--gains",
            "0.8,1,1.25",
            "--also",
            "the whole=north-2,north-1",
        ][..],
        &["--amplitudes", "2,0.1"][..],
        &["--about", "the whole"],
        &networks[..],
    ];
    let cross = json(root, &also.concat());
    assert_eq!(cross["about"], "the whole");
    let command = cross["command"].as_str().expect("a command");
    assert!(command.contains(" --also 'the whole=north-2,north-1' --amplitudes 2,0.1 "), "{command}");
    for name in [
        "three-class, mean over gains",
        "the whole",
        "three-class, suppressor",
        "three-class, calibrated",
        "rhythm trees alone",
        "three-class with rhythm trees",
    ] {
        assert_eq!(method(&cross, name)["people"].as_array().map(Vec::len), Some(4), "{name}");
    }
    // Networks are asked at other amplitudes, as if the recordings had been so.
    for name in ["three-class", "the whole"] {
        assert_equipment(method(&cross, name), &["multiplied by 2", "multiplied by 0.1"]);
    }
    for name in ["line length", "three-class, mean over gains", "three-class with flag"] {
        assert_eq!(method(&cross, name)["equipment"].as_array().map(Vec::len), Some(0), "{name}");
    }
    let rows = &method(&cross, "three-class")["equipment"];
    let by_hand = |factor| auroc_by_hand(root, "north", &["north-1", "north-2"], factor);
    assert_eq!([&rows[1]["auroc"], &rows[2]["auroc"]], [&by_hand(2.0), &by_hand(0.1)]);
    assert_ne!(rows[0]["strict"]["detected"], rows[2]["strict"]["detected"], "a tenth is not found: {rows}");
    // Levels are those of the EEG as it was recorded otherwise, and a threshold that follows them never rises.
    let level = |row: usize| rows[row]["lowest_level"].as_f64().expect("a level");
    assert_ne!(level(2), level(0), "{rows}");
    let [followed, strict] =
        ["followed", "strict"].map(|name| rows[2][name]["detected"].as_u64().expect("a count"));
    assert!(followed >= strict, "{rows}");
    assert_eq!(method(&cross, "three-class")["look_alikes"], serde_json::json!([]), "nobody asked");

    let calm = method(&cross, "three-class")["people"]
        .as_array()
        .and_then(|people| people.iter().find(|person| person["person"] == "ncalm"))
        .expect("somebody without seizures is scored")
        .clone();
    assert!(calm["auroc"].is_null() && calm["hours"].as_f64().is_some_and(|hours| hours > 0.0), "{calm}");
}

#[test]
fn look_alikes_are_added_to_seizure_free_stretches_and_their_alarms_counted() {
    let (folder, _north) = with_north();
    let root = folder.path();
    let arguments = |more: &[&'static str]| {
        let data = ["evaluate", "cross-person", "--data", "north", "--three-class", "north-1,north-2"];
        let also = ["--also", "the same=north-1,north-2", "--look-alikes", "--json"];
        [&data[..], &also[..], more].concat()
    };
    let report = json(root, &arguments(&["--out", "report"]));
    let rows = method(&report, "three-class")["look_alikes"].as_array().expect("rows").clone();
    let told: Vec<&str> = rows.iter().filter_map(|row| row["look_alike"].as_str()).collect();
    let expected: Vec<String> =
        std::iter::once("nothing added".into()).chain(LookAlike::ALL.map(LookAlike::name)).collect();
    assert_eq!(told, expected);
    // 13 recordings of 50 s, 10 of them with 20 s of seizure in the middle; the first seconds, in which filters settle,
    // are not judged, so that what comes before a seizure is 15 s or more, and what comes after it is less.
    let networks = ["north-1", "north-2"].map(|name| {
        let path = cnn_path(&root.join("models"), name);
        (name.to_string(), Classifier::load(&path).expect("a network"))
    });
    let recordings = gather(&[root.join("north")], &People::default()).expect("recordings").recordings;
    let dataset =
        Dataset::load(recordings, &networks[0].1.config().signal, &mut |_, _| ()).expect("a data set");
    let runs: Vec<Vec<Second>> =
        ["n1", "n2", "n3", "ncalm"].iter().flat_map(|person| calm_runs(&dataset, person)).collect();
    assert!(runs.len() >= 13, "{} stretches", runs.len());
    for run in &runs {
        assert!((15..=60).contains(&run.len()), "{} s", run.len());
        assert!(run.iter().all(|second| !dataset.is_seizure(*second)));
        assert!(run.windows(2).all(|pair| pair[0].stretch == pair[1].stretch));
        assert!(run.windows(2).all(|pair| pair[0].index + 1 == pair[1].index));
    }
    let seconds: usize = runs.iter().map(Vec::len).sum();
    for row in &rows {
        assert_eq!(row["stretches"], runs.len(), "{row}");
        assert!((row["hours"].as_f64().expect("hours") * 3600.0 - seconds as f64).abs() < 1e-6, "{row}");
        let with_alarm = row["with_alarm"].as_u64().expect("a count") as f64;
        let share = row["share"].as_f64().expect("a share");
        assert!((share * runs.len() as f64 - with_alarm).abs() < 1e-9, "{row}");
    }
    // As many alarms as if the recordings had been so.
    let delta = LookAlike::RhythmicDelta(Pace::Fast, Extent::Lateralised);
    for look_alike in [delta, LookAlike::Muscle, LookAlike::Movement] {
        let row = rows.iter().find(|row| row["look_alike"] == look_alike.name()).expect("a row");
        let by_hand = alarms_by_hand(root, &networks, method(&report, "three-class"), look_alike);
        assert_eq!(row["with_alarm"], by_hand, "{row}");
    }
    let alarms = |row: &Value| row["with_alarm"].as_u64().expect("a count");
    assert!(rows[1..].iter().any(|row| alarms(row) > alarms(&rows[0])), "{rows:?}");

    // Every network that was named is asked; what makes no opinions of its own on changed EEG is not.
    assert_eq!(method(&report, "the same")["look_alikes"], method(&report, "three-class")["look_alikes"]);
    for name in ["line length", "three-class with flag", "three-class with rhythm trees"] {
        assert_eq!(method(&report, name)["look_alikes"], serde_json::json!([]), "{name}");
    }
    let page = std::fs::read_to_string(root.join("report/report.md")).expect("a page");
    assert!(page.contains("Where something looks like a seizure") && page.contains("simulated"), "{page}");
    assert!(page.contains(&delta.name()), "{page}");

    // What is added to a person's EEG does not depend on who else is scored, so what one network says stays the same.
    let one = |only: &'static str| {
        let judged = json(root, &arguments(&["--only", only, "--amplitudes", "2"]));
        method(&judged, "three-class")["look_alikes"][6].clone()
    };
    assert_eq!(one("n1,n2,n3,ncalm"), rows[6]);
}

#[test]
fn an_interrupted_run_goes_on_and_ends_as_if_it_had_not_been() {
    let (folder, _north) = with_north();
    let root = folder.path();
    let arguments = |out: &'static str| {
        let data = ["evaluate", "cross-person", "--data", "north", "--three-class", "north-1,north-2"];
        [&data[..], &["--amplitudes", "0.7", "--equipment", "--look-alikes", "--out", out]].concat()
    };
    assert!(vigil(root, &arguments("whole")).status.success());
    let mut child = Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(arguments("killed"))
        .current_dir(root)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program runs");
    let judged = root.join("killed/judged");
    let began = Instant::now();
    let kept = || judged.is_dir() && files(&judged).iter().any(|name| name.ends_with(".json"));
    while !kept() && began.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let _ = child.kill();
    let _ = child.wait();
    // Half of a result is taken for none.
    let kept = if judged.is_dir() { files(&judged) } else { BTreeSet::new() };
    if let Some(name) = kept.into_iter().next() {
        let path = judged.join(name);
        let bytes = std::fs::read(&path).expect("a kept result");
        std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("cut short");
    }
    assert!(vigil(root, &arguments("killed")).status.success());
    let figures = |out: &str| {
        let text = std::fs::read_to_string(root.join(out).join("report.json")).expect("a report");
        serde_json::from_str::<Value>(&text).expect("JSON")["methods"].clone()
    };
    assert_eq!(figures("whole"), figures("killed"));
    // What is kept of one equipment is not taken for another's: without a folder nothing is kept.
    let mut unkept = arguments("");
    unkept.truncate(unkept.len() - 2);
    unkept.push("--json");
    let unkept = json(root, &unkept);
    assert_eq!(figures("whole"), unkept["methods"]);
    let asked = Equipment::OTHERS.map(|equipment| equipment.name());
    let asked: Vec<&str> =
        std::iter::once("multiplied by 0.7").chain(asked.iter().map(String::as_str)).collect();
    assert_equipment(method(&unkept, "three-class"), &asked);
    assert_eq!(files(&root.join("whole")), files(&root.join("killed")));
    // A run beside another one's would remove what that keeps.
    std::fs::create_dir_all(root.join("killed/judged")).expect("a folder");
    let held = vigil::durable::hold(&root.join("killed/judged")).expect("the folder is free");
    let message = refusal(root, &arguments("killed"), 9);
    assert!(message.contains("killed/judged") && message.contains("another vigil"), "{message}");
    drop(held);
}

#[test]
fn two_sites_score_each_other_and_nobody_is_on_both_sides() {
    let (folder, _north) = with_north();
    let root = folder.path();
    site(root, "south", "s", "south");
    let sites = ["evaluate", "cross-site", "--first", "north", "--second", "south"];
    let networks =
        ["--first-three-class", "north-1,north-2,north", "--second-three-class", "south-1,south-2,south"];
    let both = json(
        root,
        &[&sites[..], &networks[..], &["--json", "--amplitudes", "1.4", "--out", "sites"]].concat(),
    );
    for (direction, scored, judge) in [("first-on-second", "s", "north"), ("second-on-first", "n", "south")] {
        let people = method(&both[direction], "three-class")["people"].as_array().expect("people").clone();
        assert_eq!(people.len(), 4, "{direction}");
        for person in people {
            assert!(
                person["person"].as_str().is_some_and(|name| name.starts_with(scored)),
                "{direction}: {person}"
            );
            assert_eq!(person["model"], judge, "{direction}");
        }
        assert_equipment(method(&both[direction], "three-class"), &["multiplied by 1.4"]);
        // What is fitted beside the networks of one site would be fitted on those who are scored.
        let methods = both[direction]["methods"].as_array().expect("methods");
        let beside = methods.iter().filter_map(|method| method["name"].as_str());
        assert_eq!(beside.filter(|name| FITTED_ON_OTHERS.contains(name)).count(), 0, "{direction}");
        assert!(both[direction]["limits"].to_string().contains("no part of this"), "{direction}");
        assert!(root.join("sites").join(direction).join("report.html").is_file());
    }

    // A network that has seen the other side, or settings that nobody unseen could give.
    let swapped = ["--first-three-class", "south", "--second-three-class", "north"];
    let message = refusal(root, &[&sites[..], &swapped[..]].concat(), 2);
    assert!(message.contains("south") && message.contains("both sides"), "{message}");
    let whole = ["--first-three-class", "north", "--second-three-class", "south"];
    let message = refusal(root, &[&sites[..], &whole[..]].concat(), 2);
    assert!(message.contains("--fold"), "{message}");
    let train =
        ["train", "--data", "north", "--config", "small.toml", "--name", "north-c", "--exclude", "ncalm"];
    assert!(vigil(root, &train).status.success());
    let calm = ["--first-three-class", "north-c", "--second-three-class", "south-1,south-2"];
    let message = refusal(root, &[&sites[..], &calm[..]].concat(), 2);
    assert!(message.contains("ncalm alone, who has no seizure"), "{message}");
    let itself = ["evaluate", "cross-site", "--first", "north", "--second", "north"];
    let same = ["--first-three-class", "north-1", "--second-three-class", "north-2"];
    let message = refusal(root, &[&itself[..], &same[..]].concat(), 2);
    assert!(message.contains("both data sets"), "{message}");

    // Two people of one name are one, unless somebody says otherwise.
    std::fs::rename(root.join("south/sub-scalm"), root.join("south/sub-ncalm")).expect("renamed");
    for entry in std::fs::read_dir(root.join("south/sub-ncalm/ses-01/eeg")).expect("files") {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().replace("scalm", "ncalm");
        std::fs::rename(&path, path.with_file_name(name)).expect("renamed");
    }
    // Networks of the south know nobody of that name: they are trained anew without.
    for (name, fold) in [("south-1", "1/2"), ("south-2", "2/2")] {
        let train = ["train", "--data", "south", "--config", "small.toml", "--name", name, "--fold", fold];
        assert!(vigil(root, &[&train[..], &["--replace"]].concat()).status.success());
    }
    let folds = ["--first-three-class", "north-1,north-2", "--second-three-class", "south-1,south-2"];
    let message = refusal(root, &[&sites[..], &folds[..]].concat(), 2);
    assert!(message.contains("ncalm") && message.contains("--distinct-people"), "{message}");
    let distinct = json(root, &[&sites[..], &folds[..], &["--distinct-people", "--json"]].concat());
    let named = distinct["first-on-second"].to_string();
    assert!(named.contains("ncalm (second)"), "{named}");
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_written() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    person(&root.join("few"), "f1", 1, 2, 2);
    person(&root.join("few"), "f2", 2, 2, 1);
    std::fs::write(root.join("small.toml"), small_network::settings(2)).expect("a file");
    for (name, fold) in [("few-1", "1/2"), ("few-2", "2/2")] {
        let train = [
            "train",
            "--data",
            "few",
            "--config",
            "small.toml",
            "--epochs",
            "1",
            "--name",
            name,
            "--fold",
            fold,
        ];
        assert!(vigil(root, &train).status.success());
    }
    let networks = ["--data", "few", "--three-class", "few-1,few-2"];
    let message = refusal(root, &[&["evaluate", "within-patient"], &networks[..]].concat(), 2);
    assert!(message.contains("f1 (2)") && message.contains("3 seizures"), "{message}");
    for (option, value) in [
        ("--sensitivity", "1.5"),
        ("--latency", "0"),
        ("--gains", "0.8,90"),
        ("--also", "nothing"),
        ("--also", "line length=few-1,few-2"),
        ("--two-class", "few-1,few-2"),
        ("--about", "few-1"),
        ("--amplitudes", "0"),
        ("--amplitudes", "-0.5,2"),
        ("--amplitudes", "0.5,inf"),
        ("--amplitudes", "NaN"),
        ("--amplitudes", "0.7,2,0.7"),
        ("--amplitudes", "0.5,1"),
        ("--amplitudes", "half"),
    ] {
        let message = refusal(
            root,
            &[&["evaluate", "cross-person", option, value, "--out", "report"], &networks[..]].concat(),
            2,
        );
        assert!(message.contains(option), "{message}");
        assert!(!root.join("report").exists(), "{option}");
    }
    let message = refusal(root, &[&["evaluate", "longitudinal", "--block", "0"], &networks[..]].concat(), 2);
    assert!(message.contains("--block"), "{message}");

    // Settings are chosen on people of other folds, and here there are none.
    let one = ["evaluate", "cross-person", "--only", "f1", "--out", "report"];
    let message = refusal(root, &[&one[..], &networks[..]].concat(), 2);
    assert!(message.contains("one network judges all of these people"), "{message}");
    // A recording that is there twice, under another name and person.
    let twin = root.join("few/sub-f3/eeg/sub-f3_task-szMonitoring_run-01_eeg.edf");
    std::fs::create_dir_all(twin.parent().expect("a folder")).expect("a folder");
    let first = root.join("few/sub-f1/ses-01/eeg/sub-f1_ses-01_task-szMonitoring_run-01_eeg.edf");
    std::fs::copy(&first, &twin).expect("a copy");
    for data in [&["--data", "few"][..], &["--data", "few", "--exclude", "f3", "--data", "few"]] {
        let evaluate = ["evaluate", "cross-person", "--three-class", "few-1,few-2", "--out", "report"];
        let message = refusal(root, &[&evaluate[..], data].concat(), 2);
        assert!(message.contains("are one recording: they have the same content"), "{message}");
    }
    std::fs::remove_dir_all(root.join("few/sub-f3")).expect("removed");
    assert!(!root.join("report/report.json").exists());

    // An expert's event that lies beyond its recording.
    let table = root.join("few/sub-f1/ses-01/eeg/sub-f1_ses-01_task-szMonitoring_run-01_events.tsv");
    let start: DateTime = "2024-05-01T10:00:00".parse().expect("a time");
    write_events(&table, &[seizure(45.0, 30.0)], start, 80.0).expect("a table");
    let message =
        refusal(root, &[&["evaluate", "cross-person", "--out", "report"], &networks[..]].concat(), 4);
    assert!(message.contains("run-01") && message.contains("45") && message.contains("75"), "{message}");
    assert!(!root.join("report/report.json").exists());
}
