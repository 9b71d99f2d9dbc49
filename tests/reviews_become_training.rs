//! What reviewers say becomes training data: confirmed and missed seizures as seizure seconds, rejected alarms as abnormal
//! ones, and nothing else.

mod recordings;
mod small_network;
mod story;

use std::path::Path;
use std::process::{Command, Output};

use recordings::{REFERENTIAL, background, write_recording};
use story::{LABELS, Story};
use vigil::alarm::entry::{Judgement, Review};
use vigil::dataset::Second;
use vigil::eeg::{Event, EventKind};
use vigil::format::events::write_events;
use vigil::signal::SignalConfig;
use vigil::train::{ReviewedSeconds, SecondLabel};

const START_S: i64 = 1_790_000_000;
const RATE_HZ: u64 = 128;

/// What the detector said: five alarms' worth of seizure seconds, with one second missed in each run.
fn opinion(second: u64) -> [f32; 3] {
    let runs = [100, 250, 400, 550, 700];
    let within = runs.iter().any(|from| (*from..from + 20).contains(&second) && second != from + 10);
    if within { [0.9, 0.0, 0.1] } else { [0.1, 0.0, 0.9] }
}

/// A patient's 15 minutes with five alarms: confirmed, rejected, uncertain, read differently by two, not judged; and a
/// seizure that was missed.
fn past(folder: &Path, patient: &str) -> (Story, Vec<String>) {
    let mut story = Story::begin(folder, START_S);
    story.watched("emu-01", patient, 0, 900);
    story.recorded("emu-01", patient, 0..900, (&LABELS, RATE_HZ), opinion, background);
    let alarms: Vec<String> = [100u64, 250, 400, 550, 700]
        .iter()
        .map(|from| story.alarm("emu-01", patient, [*from, from + 5, from + 32]))
        .collect();
    let corrected = Review {
        onset_us: Some(story.us(98.0)),
        offset_us: Some(story.us(113.0)),
        ..story::review(Judgement::Seizure)
    };
    story.judge_as(&alarms[0], "Ada", corrected);
    story.judge(&alarms[1], "Ada", Judgement::FalseAlarm);
    story.judge(&alarms[2], "Ada", Judgement::Uncertain);
    story.judge(&alarms[3], "Ada", Judgement::Seizure);
    story.read_again(&alarms[3], "Grace", Judgement::FalseAlarm);
    story.missed("emu-01", patient, "Ada", [800, 830]);
    (story, alarms)
}

fn gather(story: &Story, is_trained_on: &dyn Fn(&str) -> bool) -> ReviewedSeconds {
    let nobody = tempfile::tempdir().unwrap();
    ReviewedSeconds::gather(&story.log, &story.record, nobody.path(), &SignalConfig::default(), is_trained_on)
        .unwrap()
}

/// The seconds of a label, as the bed counts them.
fn seconds(reviewed: &ReviewedSeconds, wanted: SecondLabel) -> Vec<usize> {
    let at = |second: &Second| reviewed.dataset.stretches[second.stretch].first_second + second.index;
    reviewed.labels.iter().filter(|(_, label)| *label == wanted).map(|(second, _)| at(second)).collect()
}

#[test]
fn confirmed_and_missed_seizures_give_seizure_seconds_and_rejected_alarms_what_fed_them() {
    let folder = tempfile::tempdir().unwrap();
    let (story, _) = past(folder.path(), "p001");
    let reviewed = gather(&story, &|_| true);
    let expected: Vec<usize> = (98..113).chain(800..830).collect();
    assert_eq!(seconds(&reviewed, SecondLabel::Seizure), expected);
    let fed: Vec<usize> = (250..270).filter(|second| *second != 260).collect();
    assert_eq!(
        seconds(&reviewed, SecondLabel::Abnormal),
        fed,
        "the second that was not labelled seizure fed nothing"
    );
    assert_eq!(reviewed.labels.len(), expected.len() + fed.len(), "nothing else is trained on");
    assert!(
        reviewed.labels.iter().all(|(second, _)| reviewed.dataset.recording_of(*second).person == "p001")
    );
    let given = reviewed.people["p001"];
    assert_eq!(
        (given.confirmed, given.marked, given.rejected, given.seizure_s, given.abnormal_s),
        (1, 1, 1, 45, 19)
    );
    let left = &reviewed.left_out;
    assert_eq!((left.unreviewed, left.uncertain, left.differing, left.of_others), (1, 1, 1, 0));
    assert!(left.gone.is_empty() && left.unsuitable.is_empty() && left.contradictory_s == 0, "{left:?}");
    let words = reviewed.words();
    for told in ["45 seizure seconds", "19 abnormal seconds", "1 alarms on which two readers differ"] {
        assert!(words.contains(told), "{words}");
    }
}

#[test]
fn the_signal_is_that_of_the_record_as_the_detector_saw_it() {
    let folder = tempfile::tempdir().unwrap();
    let (story, _) = past(folder.path(), "p001");
    let reviewed = gather(&story, &|_| true);
    // The same signal, conditioned from its beginning.
    let source =
        vigil::record::RecordedSource::open(&story.record, "emu-01", story::TIMELINE, 0, u64::MAX).unwrap();
    let whole = vigil::dataset::LabelledRecording {
        person: "p001".into(),
        path: story.record.clone(),
        events: Vec::new(),
    };
    let whole = vigil::dataset::Dataset::of_source(source, whole, &SignalConfig::default()).unwrap();
    let rate = whole.rate;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut worst: f32 = 0.0;
    for (second, _) in &reviewed.labels {
        let stretch = &reviewed.dataset.stretches[second.stretch];
        stretch.window_at(second.index * rate, rate, &mut ours);
        let at = stretch.first_second + second.index;
        whole.stretches[0].window_at((at - whole.stretches[0].first_second) * rate, rate, &mut theirs);
        worst = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(worst, f32::max);
    }
    assert!(worst < 0.01, "microvolts: {worst}");
}

#[test]
fn a_recording_that_is_gone_gives_nothing_and_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (story, alarms) = past(folder.path(), "p001");
    std::fs::remove_dir_all(&story.record).unwrap();
    let reviewed = gather(&story, &|_| true);
    assert!(reviewed.labels.is_empty() && reviewed.people.is_empty());
    assert_eq!(reviewed.left_out.gone.len(), 3);
    assert!(reviewed.left_out.gone[..2] == alarms[..2], "{:?}", reviewed.left_out.gone);
    assert!(reviewed.words().contains(&format!("Without a recording: {}, {}", alarms[0], alarms[1])));
}

#[test]
fn a_second_of_which_reviewers_say_two_things_is_not_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    let (mut story, _) = past(folder.path(), "p001");
    story.missed("emu-01", "p001", "Grace", [255, 259]);
    let reviewed = gather(&story, &|_| true);
    assert_eq!(reviewed.left_out.contradictory_s, 4);
    let all: Vec<usize> = [SecondLabel::Seizure, SecondLabel::Abnormal]
        .iter()
        .flat_map(|label| seconds(&reviewed, *label))
        .collect();
    assert!(all.iter().all(|second| !(255..259).contains(second)), "{all:?}");
}

/// A data set of two people with a seizure each, of whom one may be the ward's patient.
fn people(root: &Path, names: [&str; 2]) {
    for (number, person) in names.into_iter().enumerate() {
        let folder = root.join(format!("data/sub-{person}/ses-01/eeg"));
        std::fs::create_dir_all(&folder).unwrap();
        let name = format!("sub-{person}_ses-01_task-szMonitoring_run-01");
        let start = format!("2024-05-0{}T10:00:00", number + 1);
        let slow = |channel: usize, t: f64| {
            let rhythm = (std::f64::consts::TAU * 4.0 * t + channel as f64).sin();
            background(channel + number, t) + if (40.0..70.0).contains(&t) { 150.0 * rhythm } else { 0.0 }
        };
        write_recording(&folder.join(format!("{name}_eeg.edf")), &REFERENTIAL, 128, 100, &start, slow);
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
        let table = folder.join(format!("{name}_events.tsv"));
        write_events(&table, &[seizure], start.parse().unwrap(), 100.0).unwrap();
    }
    std::fs::write(root.join("small.toml"), small_network::settings(1)).unwrap();
    std::fs::write(
        root.join("vigil.toml"),
        "[ward]\nname = \"Test\"\nstate = \"state\"\npatients = \"patients\"\nmodels = \"models\"\n\
         [http]\nlisten = \"127.0.0.1:0\"\n[record]\nfolder = \"record\"\n",
    )
    .unwrap();
}

fn train(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(["train", "--data", "data", "--config", "small.toml", "--reviews", "vigil.toml"])
        .args(arguments)
        .current_dir(root)
        .output()
        .unwrap()
}

fn card(root: &Path, name: &str) -> String {
    std::fs::read_to_string(root.join(format!("models/{name}/card.md"))).unwrap()
}

#[test]
fn a_training_adds_reviews_to_its_recordings_goes_on_from_a_network_and_tells_of_both() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    people(root, ["p1", "p2"]);
    drop(past(root, "ward-7"));
    let first = train(root, &["--name", "first"]);
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert!(String::from_utf8_lossy(&first.stdout).contains("gave 45 seizure seconds"), "{first:?}");
    let told = card(root, "first");
    assert!(
        told.contains("Reviews of a ward: 1 alarms judged a seizure and 1 seizures marked as missed"),
        "{told}"
    );
    assert!(told.contains("1 alarms that nobody has judged"), "{told}");
    let row = told.lines().find(|line| line.contains("ward-7") && line.starts_with('|')).unwrap();
    let cells: Vec<&str> = row.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(cells, ["ward-7", "45", "0", "19"]);
    assert!(told.contains("2 recordings"), "the data are described without the ward's record: {told}");

    let second = train(root, &["--name", "second", "--from", "first"]);
    assert!(second.status.success(), "{}", String::from_utf8_lossy(&second.stderr));
    assert!(card(root, "second").contains("Began with the weights of first"));
    let unseen = train(root, &["--name", "third", "--from", "first", "--exclude", "p1"]);
    assert_eq!(unseen.status.code(), Some(2), "whom the network has seen cannot be unseen");
}

#[test]
fn a_patient_who_is_among_the_recordings_is_one_person_with_them() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    people(root, ["p1", "p2"]);
    drop(past(root, "p2"));
    // Held out: the reviews are held out with the recordings.
    let held = train(root, &["--name", "held", "--hold-out", "p2"]);
    assert!(held.status.success(), "{}", String::from_utf8_lossy(&held.stderr));
    let told = card(root, "held");
    let (trained, held_out) = told.split_once("Held out for early stopping").unwrap();
    assert!(!trained.lines().any(|line| line.starts_with("| p2")), "{told}");
    let row = held_out.lines().find(|line| line.starts_with("| p2")).unwrap();
    let cells: Vec<&str> = row.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect();
    assert_eq!(cells[1], "75", "30 s of the recording and 45 s of the reviews: {row}");
    assert!(told.contains("64 s of them are of people held out"), "{told}");
    // Left out: so are the reviews, and with them all that there was.
    let left = train(root, &["--name", "left", "--exclude", "p2"]);
    assert_eq!(left.status.code(), Some(5), "{left:?}");
    let why = String::from_utf8_lossy(&left.stderr);
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(why.contains("give no second to train on"), "{why}");
    assert!(!root.join("models/left/weights.safetensors").exists());
}
