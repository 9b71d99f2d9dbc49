//! A recording that mne-lsl plays as a stream has the values that vigil reads from the file.

#[path = "lsl/peer.rs"]
mod peer;
#[path = "lsl/reading.rs"]
mod reading;

use std::path::PathBuf;

use peer::{Peer, python};
use reading::{here, in_time, unique, values};
use serde_json::json;
use vigil::source::live::LiveSource;
use vigil::source::lsl::LslSource;
use vigil::source::{Piece, RecordingSource, Source};

const FRAMES: usize = 1024;

/// The recording's first seconds: its labels and microvolts, frame after frame.
fn recorded(path: &std::path::Path) -> (Vec<String>, Vec<f32>) {
    let mut source = RecordingSource::open(path).expect("a recording");
    let labels = source.layout().labels.clone();
    source.select(&(0..labels.len()).collect::<Vec<_>>()).expect("its channels");
    let mut frames = Vec::new();
    while frames.len() < labels.len() * 256 * 60 {
        let Some(Piece::Samples { channels, .. }) = source.next_piece().expect("samples") else { break };
        for frame in 0..channels[0].len() {
            frames.extend(channels.iter().map(|channel| channel[frame]));
        }
    }
    (labels, frames)
}

#[tokio::test]
async fn a_played_recording_is_the_recording() {
    let Some(python) = python("mne_lsl.player") else { return };
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/patients/chb03/recordings"));
    let mut recordings: Vec<PathBuf> = std::fs::read_dir(&folder)
        .expect("the demonstration's recordings")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "edf"))
        .collect();
    recordings.sort();
    let path = recordings.first().expect("a recording");
    let (labels, microvolts) = recorded(path);
    let channels = labels.len();
    let source_id = unique("played");
    let ask = json!({"path": path, "name": source_id, "source_id": source_id});
    let mut player = Peer::start(&python, "player.py", &[&ask.to_string()]);
    assert_eq!(player.hear(), json!({"playing": true}));
    let mut source = LslSource::new(here(&source_id)).expect("a configuration");
    in_time(async {
        let layout = source.connect().await.expect("the player's stream");
        assert_eq!((layout.rate_hz, layout.channels.len()), (256.0, channels));
        for (channel, label) in layout.channels.iter().zip(&labels) {
            // Of two channels with one label, MNE numbers the names.
            let said = channel.label.as_deref().expect("a label");
            assert!(
                said == label || said.strip_prefix(label.as_str()).is_some_and(|rest| rest.starts_with('-'))
            );
            // The power of ten of the volt.
            assert_eq!(channel.unit.as_deref(), Some("0"));
        }
        // The player streams volts.
        let (read, _) = values(&mut source, channels, FRAMES).await;
        let same = |volts: f32, microvolts: f32| {
            let read = f64::from(volts) * 1e6;
            (read - f64::from(microvolts)).abs() <= 1e-3 + 1e-6 * read.abs()
        };
        let same_frames = |frames: usize, from: usize| {
            let expected = microvolts.get(from * channels..(from + frames) * channels);
            expected.is_some_and(|expected| {
                expected.iter().zip(&read).all(|(&microvolts, &volts)| same(volts, microvolts))
            })
        };
        // Where the player was when the reader came.
        let from = (0..microvolts.len() / channels).find(|&from| same_frames(1, from)).expect("one frame");
        assert!(same_frames(FRAMES, from), "from frame {from} on, values differ");
    })
    .await;
}
