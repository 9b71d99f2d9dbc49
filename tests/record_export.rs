//! The record can be mended after a crash, kept within bounds, and turned into EDF+ that others open.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use vigil::record::{
    About, GapReason, Item, Mended, Models, RecordConfig, RecordFile, RecordedGap, RecordedMark,
    RecordedSpan, Recorder, VERSION, files_of, mend, mended_superblock, retain,
};

const START_S: f64 = 1_795_000_000.0;

fn about(first_frame: u64) -> About {
    About {
        version: VERSION,
        written_by: "test".into(),
        bed: "emu-01".into(),
        patient: "p001".into(),
        stream: "test".into(),
        timeline: 7,
        rate_hz: 256.0,
        labels: vec!["Fp1".into(), "F7".into(), "ECG".into()],
        units: vec!["uV".into(), "uV".into(), "mmHg".into()],
        first_frame,
        start_s: 0.0,
        models: vec![Models { cnn: "c".into(), autoencoder: "a".into() }],
        configuration: serde_json::json!({}),
    }
}

fn value(frame: u64, channel: u64) -> f32 {
    ((frame * (channel + 2)) as f32 / 37.0).sin() * 100.0
}

fn frames(from: u64, count: u64) -> Vec<f32> {
    (from..from + count).flat_map(|frame| (0..3).map(move |channel| value(frame, channel))).collect()
}

/// Twelve seconds with a gap of two after the fifth.
fn record(folder: &Path) -> Vec<PathBuf> {
    let (recorder, thread) = Recorder::start(RecordConfig::new(folder.to_path_buf())).unwrap();
    let bed = "emu-01".into();
    recorder.record(&bed, Item::Begin(Box::new(about(0))));
    recorder.record(&bed, Item::Signal { first_frame: 0, time_s: START_S, values: frames(0, 1280) });
    let gap = RecordedGap { first_frame: 1280, frames: 512, time_s: START_S + 5.0, reason: GapReason::Away };
    recorder.record(&bed, Item::Gap(gap));
    recorder
        .record(&bed, Item::Signal { first_frame: 1792, time_s: START_S + 7.0, values: frames(1792, 1280) });
    let mark = RecordedMark { frame: 2000, time_s: START_S + 7.8, text: "eyes closed, Müller".into() };
    recorder.record(&bed, Item::Mark(mark));
    recorder.stop();
    thread.join().unwrap();
    files_of(folder, "emu-01").unwrap()
}

#[test]
fn what_was_recorded_is_read_back_with_its_gap_and_mark() {
    let folder = tempfile::tempdir().unwrap();
    let files = record(folder.path());
    assert_eq!(files.len(), 1);
    let file = RecordFile::open(&files[0]).unwrap();
    let stretches = file.stretches().unwrap();
    assert_eq!(
        stretches.iter().map(|s| (s.first_frame, s.rows)).collect::<Vec<_>>(),
        [(0, 1280), (1792, 1280)]
    );
    assert_eq!(file.read(stretches[1].row, 1280).unwrap(), frames(1792, 1280));
    assert_eq!(file.marks().unwrap()[0].text, "eyes closed, Müller");
    assert!((file.time_of(2048).unwrap() - START_S - 8.0).abs() < 1e-6);
}

#[test]
fn an_exported_span_is_what_was_recorded_to_half_a_step() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    let out = folder.path().join("span.edf");
    let events = folder.path().join("span_events.tsv");
    let span = RecordedSpan::open(folder.path(), "emu-01", START_S + 1.0, START_S + 100.0).unwrap();
    let exported = span.export(Some(&out), Some(&events)).unwrap();
    assert_eq!((exported.duration_s, exported.signal_s), (11.0, 9.0));
    assert!(std::fs::read_to_string(&events).unwrap().contains("bckg"));
    let mut reader = vigil::format::edf::EdfReader::open(&out).unwrap();
    assert_eq!(reader.segments().len(), 2);
    let mut channels = vec![Vec::new(); 2];
    reader.read_microvolts(&[0, 1], 0, 256, &mut channels).unwrap();
    for (channel, samples) in channels.iter().enumerate() {
        for (index, sample) in samples.iter().enumerate() {
            let expected = value(256 + index as u64, channel as u64);
            assert!(f64::from((sample - expected).abs()) <= exported.rounding * 1.001, "{sample} {expected}");
        }
    }
    let words: Vec<String> =
        reader.annotations().unwrap().into_iter().map(|annotation| annotation.text).collect();
    assert!(words.contains(&"eyes closed, Müller".to_string()), "{words:?}");
    assert!(words.contains(&"vigil: the source was away".to_string()), "{words:?}");
    let nothing =
        RecordedSpan::open(folder.path(), "emu-01", START_S + 500.0, START_S + 600.0).err().unwrap();
    assert!(nothing.to_string().contains("there is one from"), "{nothing}");
}

#[test]
fn an_exported_span_of_a_rate_that_no_second_holds_keeps_its_rate() {
    let rate_hz = 499.907_254_954_7;
    let folder = tempfile::tempdir().unwrap();
    let (recorder, thread) = Recorder::start(RecordConfig::new(folder.path().to_path_buf())).unwrap();
    let bed = "emu-01".into();
    recorder.record(&bed, Item::Begin(Box::new(About { rate_hz, ..about(0) })));
    recorder.record(&bed, Item::Signal { first_frame: 0, time_s: START_S, values: frames(0, 20_000) });
    recorder.stop();
    thread.join().unwrap();
    let span = RecordedSpan::open(folder.path(), "emu-01", START_S, START_S + 60.0).unwrap();
    let path = folder.path().join("span.edf");
    span.export(Some(&path), None).unwrap();
    let reader = vigil::format::edf::EdfReader::open(&path).unwrap();
    let found = reader.header().signals[0].rate_hz;
    assert!((found / rate_hz - 1.0).abs() < 1e-8, "{found} Hz");
    assert!(reader.record_duration_s() <= 4.0, "{} s", reader.record_duration_s());
}

#[test]
fn another_program_opens_what_was_exported() {
    let Some(python) = python("import pyedflib, mne") else { return };
    let folder = tempfile::tempdir().unwrap();
    record(folder.path());
    let out = folder.path().join("span.edf");
    // Without the gap: pyedflib reads no EDF+D.
    RecordedSpan::open(folder.path(), "emu-01", START_S, START_S + 5.0)
        .unwrap()
        .export(Some(&out), None)
        .unwrap();
    let script = "import sys, mne, pyedflib\n\
                  f = pyedflib.EdfReader(sys.argv[1]); a = f.readSignal(0); f.close()\n\
                  b = mne.io.read_raw_edf(sys.argv[1], preload=True, verbose='error').get_data(picks=[0])[0] * 1e6\n\
                  assert len(a) == len(b) == 1280 and abs(a - b).max() < 1e-3\n\
                  print(*a[:256])";
    let output = std::process::Command::new(python).args(["-c", script]).arg(&out).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let values: Vec<f32> = String::from_utf8_lossy(&output.stdout)
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    assert_eq!(values.len(), 256);
    assert!(values.iter().enumerate().all(|(frame, found)| (found - value(frame as u64, 0)).abs() < 0.01));
}

/// A Python that can do what a test needs.
fn python(imports: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/python").to_string();
    let python = std::env::var("VIGIL_PYTHON").unwrap_or(beside);
    let there =
        std::process::Command::new(&python).args(["-c", imports]).output().is_ok_and(|o| o.status.success());
    if !there {
        println!("skipped: {python} cannot `{imports}`; VIGIL_PYTHON names one that can");
    }
    there.then_some(python)
}

#[test]
fn a_file_that_was_left_open_is_closed_by_mending_and_another_program_agrees() {
    let folder = tempfile::tempdir().unwrap();
    let path = record(folder.path()).remove(0);
    assert_eq!(mend(&path).unwrap(), Mended::Sound);
    let sound = std::fs::read(&path).unwrap();
    // The mark of a writer with readers, and a checksum that is right for it: what a crash leaves.
    let Some(python) = python("import h5py") else { return };
    let left_open = folder.path().join("left.h5");
    let script = "import sys, os, h5py\n\
                  f = h5py.File(sys.argv[1], 'w', libver='latest'); d = f.create_dataset('x', data=[1, 2, 3])\n\
                  f.swmr_mode = True; f.flush(); os._exit(0)";
    assert!(
        std::process::Command::new(&python).args(["-c", script]).arg(&left_open).status().unwrap().success()
    );
    let plainly = |path: &Path| {
        let script = "import sys, h5py; print(h5py.File(sys.argv[1], 'r')['x'][2])";
        std::process::Command::new(&python).args(["-c", script]).arg(path).output().unwrap().status.success()
    };
    assert!(!plainly(&left_open));
    assert_eq!(mend(&left_open).unwrap(), Mended::Cleared);
    assert!(plainly(&left_open));
    assert_eq!(mend(&left_open).unwrap(), Mended::Sound);
    assert_eq!(std::fs::read(&path).unwrap(), sound);
}

#[test]
fn what_is_no_record_is_told_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for bytes in [Vec::new(), vec![0; 4096], b"\x89HDF\r\n\x1a\n".to_vec()] {
        let path = folder.path().join("x.h5");
        std::fs::write(&path, &bytes).unwrap();
        assert!(mend(&path).is_err() && RecordFile::open(&path).is_err());
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn old_files_go_by_age_and_then_for_room_and_never_one_that_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let day = folder.path().join("emu-01/2026-11-23");
    std::fs::create_dir_all(&day).unwrap();
    let now = SystemTime::now();
    let file = |name: &str, days: u64| {
        let path = day.join(name);
        std::fs::write(&path, "x").unwrap();
        let time = now - Duration::from_secs(86_400 * days);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        path
    };
    let (old, open, young, other) =
        (file("a.h5", 20), file("b.h5", 30), file("c.h5", 1), file("note.txt", 40));
    let config = RecordConfig { keep_free_gb: 0.0, ..RecordConfig::new(folder.path().to_path_buf()) };
    let retained = retain(&config, std::slice::from_ref(&open), now).unwrap();
    assert_eq!((retained.too_old, retained.for_room), (vec![old], vec![]));
    let greedy = RecordConfig { keep_free_gb: 1e6, ..config };
    let retained = retain(&greedy, std::slice::from_ref(&open), now).unwrap();
    assert_eq!(retained.for_room, [young]);
    assert!(open.is_file() && other.is_file());
}

proptest! {
    #[test]
    fn any_bytes_are_a_superblock_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(Some(block)) = mended_superblock(&bytes) {
            prop_assert_eq!(mended_superblock(&block), Ok(None));
        }
    }
}
