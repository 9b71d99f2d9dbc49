//! Networks are compared by what they cost and how well they rank, and the sizes that are told are right.

mod recordings;
mod small_network;

use std::path::Path;

use burn::module::Module;
use jiff::civil::DateTime;
use recordings::{REFERENTIAL, background, refusal, repository, vigil, write_recording};
use serde_json::Value;
use tempfile::TempDir;
use vigil::eeg::{Event, EventKind};
use vigil::format::events::write_events;
use vigil::model::{Architecture, CnnConfig, CnnNet, NetworkSize, compute_device};

#[test]
fn sizes_are_those_counted_by_hand() {
    // 25*16 + 9*(16*32 + 32*64 + 64*128 + 128*160) weights, twice 400 of normalisation, 160*3 + 3 of the last layer.
    let shipped = NetworkSize::of(&CnnConfig::default());
    assert_eq!(shipped.parameters, 281_488 + 800 + 483);
    // Places after each halving of 160 x 128: 5120, 1280, 320, 80, 20.
    let multiplications = 400 * 5120 + 4608 * 1280 + 18_432 * 320 + 73_728 * 80 + 184_320 * 20 + 480;
    assert_eq!(shipped.multiplications, multiplications);

    // VGG-16 has 14,710,464 weights in its convolutions on three channels and 15.35 G multiplications in them at 224 x 224;
    // one channel has 2*64*9 fewer weights in the first.
    let mut config = CnnConfig { architecture: Architecture::Vgg16, ..CnnConfig::default() };
    (config.plot.width, config.plot.height) = (224, 224);
    let vgg16 = NetworkSize::of(&config);
    let dense = [25_088 * 4096 + 4096, 4096 * 4096 + 4096, 4096 * 3 + 3];
    assert_eq!(vgg16.parameters, 14_710_464 - 1152 + 2 * 4224 + dense.iter().sum::<u64>());
    let last = 25_088 * 4096 + 4096 * 4096 + 4096 * 3;
    assert_eq!(vgg16.multiplications, 15_346_630_656 - 1152 * 224 * 224 + last);
}

#[test]
fn every_architecture_of_the_repository_can_be_built_and_has_the_size_that_is_told() {
    let mut seen = 0;
    for entry in std::fs::read_dir(repository("models/architectures")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("text");
        let table: toml::Table = text.parse().expect("TOML");
        let config: CnnConfig = table["model"].clone().try_into().expect("a network");
        let net = CnnNet::new(&config, &compute_device()).expect("a network");
        // The library counts the running means and variances of normalisation, which are not learnt.
        let maps = match &config.architecture {
            Architecture::Strided { maps, .. } => maps.clone(),
            Architecture::DrawingAndTraces { maps, trace_maps, .. } => [&maps[..], trace_maps].concat(),
            Architecture::Vgg16 => panic!("{}", path.display()),
        };
        let running = 2 * maps.iter().sum::<usize>() as u64;
        let size = NetworkSize::of(&config);
        let counted = net.num_params() as u64;
        assert!(
            [size.parameters, size.parameters + running].contains(&counted),
            "{}: {size:?} {counted}",
            path.display()
        );
        seen += 1;
    }
    assert!(seen >= 4, "{seen} architectures");
}

fn people(root: &Path) {
    for (number, person) in ["p1", "p2"].into_iter().enumerate() {
        let folder = root.join(format!("data/sub-{person}/ses-01/eeg"));
        std::fs::create_dir_all(&folder).expect("a folder");
        let stem = folder.join(format!("sub-{person}_ses-01_task-szMonitoring_run-01"));
        let file = |end: &str| format!("{}{end}", stem.display());
        let start = "2024-05-01T10:00:00";
        write_recording(Path::new(&file("_eeg.edf")), &REFERENTIAL, 128, 60, start, |channel, t| {
            let rhythm = (std::f64::consts::TAU * 4.0 * t + channel as f64).sin();
            background(channel + number, t) + if (20.0..40.0).contains(&t) { 150.0 * rhythm } else { 0.0 }
        });
        let event = Event {
            onset_s: 20.0,
            duration_s: 20.0,
            kind: EventKind::Seizure("sz".into()),
            confidence: None,
            channels: None,
            date_time: None,
            recording_duration_s: None,
            alarm_s: None,
        };
        let start: DateTime = start.parse().expect("a time");
        write_events(Path::new(&file("_events.tsv")), &[event], start, 60.0).expect("a table");
    }
    std::fs::write(root.join("small.toml"), small_network::settings(1)).expect("a file");
    std::fs::write(root.join("larger.toml"), small_network::settings(1).replace("[4, 8, 8]", "[16, 32, 32]"))
        .expect("a file");
}

#[test]
fn a_larger_network_costs_more_and_both_are_ranked_on_people_they_have_not_seen() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    people(root);
    for (name, config) in [("small", "small.toml"), ("larger", "larger.toml")] {
        for fold in ["1", "2"] {
            let (name, fold) = (format!("{name}-{fold}"), format!("{fold}/2"));
            let train = ["train", "--data", "data", "--config", config, "--name", &name, "--fold", &fold];
            assert!(vigil(root, &train).status.success());
        }
    }
    let compare = [
        "evaluate",
        "architectures",
        "--data",
        "data",
        "--networks",
        "small=small-1,small-2",
        "--networks",
        "larger=larger-1,larger-2",
        "--shipped",
        "larger",
    ];
    let output = vigil(root, &[&compare[..], &["--json", "--out", "report"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let written = std::fs::read_to_string(root.join("report/architectures.json")).expect("a report");
    assert_eq!(serde_json::from_str::<Value>(&written).expect("JSON"), report);
    let entries = report["architectures"].as_array().expect("entries");
    let names: Vec<&str> = entries.iter().map(|entry| entry["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["small", "larger", "VGG-16"]);
    let cost = |index: usize| entries[index]["window_ms"].as_f64().expect("milliseconds");
    // VGG-16 multiplies ten thousand times as much as the small one: no busy machine hides that.
    assert!(cost(2) > 20.0 * cost(0), "{entries:?}");
    assert_eq!(entries[0]["auroc"]["people"], 2);
    assert!(entries[2]["auroc"].is_null(), "VGG-16 is not trained");
    let shipped: Vec<bool> = entries.iter().filter_map(|entry| entry["shipped"].as_bool()).collect();
    assert_eq!(shipped, [false, true, false]);
    let page = std::fs::read_to_string(root.join("report/architectures.md")).expect("a page");
    assert!(
        page.contains("| small |")
            && page.contains("| larger (shipped) |")
            && root.join("report/architectures.png").is_file(),
        "{page}"
    );

    let alone = ["evaluate", "architectures", "--data", "data", "--networks", "small=small-1"];
    let message = refusal(root, &alone, 2);
    assert!(message.contains("was trained on"), "{message}");
    let strange = refusal(root, &[&alone[..], &["--shipped", "other"]].concat(), 2);
    assert!(strange.contains("--shipped other") && strange.contains("small"), "{strange}");
    let missing = ["evaluate", "architectures", "--data", "data", "--networks", "small=small-9"];
    assert!(refusal(root, &missing, 6).contains("small-9"));
    let nameless = ["evaluate", "architectures", "--data", "data", "--networks", "small-1"];
    assert!(refusal(root, &nameless, 2).contains("NAME=NET"));
}
