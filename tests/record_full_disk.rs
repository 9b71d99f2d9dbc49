//! A disk that fills to its last byte, at once, under the recorder's hands: the record stops and goes on
//! by itself, and the program lives.

mod small_disk;

use std::sync::Arc;
use std::time::{Duration, Instant};

use small_disk::SmallDisk;
use vigil::record::{
    About, GapReason, Item, Models, RecordConfig, RecordFile, RecordedSource, Recorder, VERSION, files_of,
};

const BED: &str = "emu-01";
const CHANNELS: u64 = 19;

fn about() -> About {
    About {
        version: VERSION,
        written_by: "test".into(),
        bed: BED.into(),
        patient: "p001".into(),
        stream: "test".into(),
        timeline: 7,
        rate_hz: 256.0,
        labels: (0..CHANNELS).map(|channel| format!("E{channel}")).collect(),
        units: vec!["uV".into(); CHANNELS as usize],
        first_frame: 0,
        start_s: 0.0,
        models: vec![Models { cnn: "c".into(), autoencoder: "a".into() }],
        configuration: serde_json::json!({}),
    }
}

/// Noise, which is not compressed.
fn value(frame: u64, channel: u64) -> f32 {
    let mixed = (frame * CHANNELS + channel).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as f32 / 1000.0
}

/// Hands over frames until something holds; the number of the frame that follows.
fn feed(recorder: &Recorder, mut frame: u64, until: impl Fn(u64) -> bool) -> u64 {
    let bed: Arc<str> = BED.into();
    let begun = Instant::now();
    while !until(frame) {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing happens: {:?}", recorder.state(BED));
        let values =
            (frame..frame + 64).flat_map(|frame| (0..CHANNELS).map(move |c| value(frame, c))).collect();
        let time_s = 1_795_000_000.0 + frame as f64 / 256.0;
        recorder.record(&bed, Item::Signal { first_frame: frame, time_s, values });
        frame += 64;
        std::thread::sleep(Duration::from_millis(3));
    }
    frame
}

#[test]
fn a_disk_that_fills_at_once_stops_the_record_and_nothing_else() {
    let Some(disk) = SmallDisk::mount(40) else { return };
    let folder = disk.path().join("record");
    let (recorder, thread) = Recorder::start(RecordConfig::new(folder.clone())).unwrap();
    recorder.record(&BED.into(), Item::Begin(Box::new(about())));
    let mut at = feed(&recorder, 0, |frame| frame > 2560 && recorder.state(BED).path.is_some());
    let rounds = 5;
    for _ in 0..rounds {
        let filler = disk.fill();
        at = feed(&recorder, at, |_| recorder.state(BED).trouble.is_some());
        at = feed(&recorder, at, |frame| frame > at + 5120);
        std::fs::remove_file(filler).unwrap();
        at = feed(&recorder, at, |_| recorder.state(BED).trouble.is_none());
        at = feed(&recorder, at, |frame| frame > at + 2560);
    }
    recorder.stop();
    thread.join().unwrap();
    let files = files_of(&folder, BED).unwrap();
    let mut dropped = 0;
    for path in &files {
        let gaps = RecordFile::open(path).unwrap_or_else(|error| panic!("{error}")).gaps().unwrap();
        dropped += gaps.iter().filter(|gap| gap.reason == GapReason::Dropped).count();
    }
    assert_eq!(dropped, rounds, "{files:?}");
    let mut source = RecordedSource::open(&folder, BED, 7, 0, u64::MAX).unwrap();
    let mut frames = 0;
    while let Some((first, values)) = source.next_frames().unwrap() {
        for (frame, found) in (first..).zip(values.chunks_exact(CHANNELS as usize)) {
            assert!(found.iter().zip(0..).all(|(found, channel)| *found == value(frame, channel)), "{frame}");
            frames += 1;
        }
    }
    assert!(frames > rounds as u64 * 2560 && frames < at, "{frames} of {at}");
}

#[test]
fn a_folder_that_cannot_be_made_is_told_and_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record");
    std::fs::write(&record, "a file where the folder should be").unwrap();
    let (recorder, thread) = Recorder::start(RecordConfig::new(record.clone())).unwrap();
    recorder.record(&BED.into(), Item::Begin(Box::new(about())));
    let at = feed(&recorder, 0, |_| recorder.state(BED).trouble.is_some());
    std::fs::remove_file(&record).unwrap();
    feed(&recorder, at, |_| recorder.state(BED).path.is_some());
    recorder.stop();
    thread.join().unwrap();
    assert_eq!(files_of(&record, BED).unwrap().len(), 1);
}

#[test]
fn a_queue_that_overflows_keeps_nobody_waiting_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, thread) = Recorder::start(RecordConfig::new(folder.path().to_path_buf())).unwrap();
    let bed: Arc<str> = BED.into();
    recorder.record(&bed, Item::Begin(Box::new(about())));
    let mut frame = 0;
    let begun = Instant::now();
    // It is told until the disk has caught up, which may be a moment later.
    let mut told = false;
    while recorder.dropped() == 0 || !told {
        assert!(begun.elapsed() < Duration::from_secs(60), "the queue never overflows");
        let values = vec![1.0; 64 * CHANNELS as usize];
        recorder.record(&bed, Item::Signal { first_frame: frame, time_s: 1_795_000_000.0, values });
        frame += 64;
        told |= recorder.state(BED).trouble.is_some();
    }
    recorder.stop();
    thread.join().unwrap();
}
