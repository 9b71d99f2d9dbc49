//! Traces are added to a network on the drawing without a change of it.

mod recordings;

use jiff::civil::DateTime;
use recordings::{REFERENTIAL, background, refusal, vigil, write_recording};
use tempfile::TempDir;
use vigil::eeg::{Event, EventKind};
use vigil::format::events::write_events;
use vigil::model::Classifier;

/// Small nets on small images, so that a training takes seconds.
const PLOT: &str = r#"order = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17]"#;

fn settings(architecture: &str, strips: &str) -> String {
    format!(
        r#"
[model]
version = 1
classes = "two"
architecture.{architecture}
signal = {{ version = 1, rate_hz = 256, band_hz = [1.0, 30.0], band_order = 4, mains_hz = 60, mains_width_hz = 4.0, mains_order = 2 }}
plot = {{ version = 1, width = 32, height = 36, spacing_uv = 100.0, overlap_spacings = 2.5, line_width_px = 1.0, polarity = "negative_up", {PLOT}{strips} }}
[training]
epochs = 1
batch = 8
"#
    )
}

#[test]
fn a_network_on_the_drawing_stays_as_it_is_when_traces_are_added() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    let eeg = root.join("data/sub-p1/ses-01/eeg");
    std::fs::create_dir_all(&eeg).expect("a folder");
    let stem = eeg.join("sub-p1_ses-01_task-szMonitoring_run-01").display().to_string();
    let start = "2024-05-01T10:00:00";
    write_recording(format!("{stem}_eeg.edf").as_ref(), &REFERENTIAL, 128, 40, start, |channel, t| {
        background(channel, t) + if t < 20.0 { 150.0 * (25.0 * t + channel as f64).sin() } else { 0.0 }
    });
    let event = Event {
        onset_s: 0.0,
        duration_s: 20.0,
        kind: EventKind::Seizure("sz".into()),
        confidence: None,
        channels: None,
        date_time: None,
        recording_duration_s: None,
        alarm_s: None,
    };
    let start: DateTime = start.parse().expect("a time");
    write_events(format!("{stem}_events.tsv").as_ref(), &[event], start, 40.0).expect("a table");
    let both = "drawing_and_traces = { maps = [4, 8], trace_maps = [4, 6], hidden = 5, dropout = 0.1 }";
    let other = both.replace("maps = [4, 8],", "maps = [4, 9],");
    for (name, text) in [
        ("drawing", settings("strided = { maps = [4, 8], dropout = 0.1 }", "")),
        ("traces", settings(both, ", strips_uv = 30.0")),
        ("other", settings(&other, ", strips_uv = 30.0")),
    ] {
        std::fs::write(root.join(format!("{name}.toml")), text).expect("a file");
    }
    let train = |name: &str, more: &[&str]| {
        let config = format!("{name}.toml");
        let output =
            vigil(root, &[&["train", "--data", "data", "--name", name, "--config", &config], more].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Classifier::load(&root.join(format!("models/{name}/weights.safetensors"))).expect("a network")
    };
    let drawing = train("drawing", &[]);
    let traces = train("traces", &["--from", "drawing"]);
    let image: Vec<u8> = (0..traces.config().plot.pixels()).map(|i| (i * 37 % 256) as u8).collect();
    let (of_drawing, _) = drawing.features(&image[..drawing.config().plot.pixels()]).expect("features");
    let (of_both, _) = traces.features(&image).expect("features");
    assert_eq!(of_both[0][..8], of_drawing[0][..], "what the drawing's network finds");
    let card = std::fs::read_to_string(root.join("models/traces/card.md")).expect("a card");
    assert!(card.contains("only what sees the traces was trained"), "{card}");

    // A file that says nothing of the network, or no file at all, leaves it as it was.
    std::fs::write(root.join("brief.toml"), "[training]\nepochs = 1\n").expect("a file");
    let further =
        ["train", "--data", "data", "--name", "further", "--config", "brief.toml", "--from", "traces"];
    let output = vigil(root, &further);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let further = Classifier::load(&root.join("models/further/weights.safetensors")).expect("a network");
    assert_eq!(further.config(), traces.config());
    let (of_further, _) = further.features(&image).expect("features");
    assert!(
        of_further[0][..8] != of_both[0][..8] && of_further[0][8..] != of_both[0][8..],
        "both halves learn"
    );

    let unlike =
        ["train", "--data", "data", "--name", "other", "--config", "other.toml", "--from", "drawing"];
    assert!(
        refusal(root, &unlike, 7).contains("another configuration"),
        "a drawing's network of another shape"
    );
}
