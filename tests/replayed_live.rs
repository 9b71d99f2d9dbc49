//! Recordings played as a live stream give the samples of their files, bit for bit, at any speed and
//! from any frame, on one time line in which every gap is told.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use tempfile::TempDir;
use vigil::eeg::{Annotation, RecordingFormat};
use vigil::format::edf::{EdfWriter, WriterSignal, WriterSpec};
use vigil::source::live::{Incoming, LiveError, LiveLayout, LiveSource, Received};
use vigil::source::pace::Pace;
use vigil::source::replayed::{ReplayedConfig, ReplayedSource};
use vigil::source::{Piece, RecordingSource, Source};

/// A recording to be made: its signals' labels and rates, and seconds of its records.
struct Made<'a> {
    name: &'a str,
    start: &'a str,
    signals: &'a [(&'a str, usize)],
    records: &'a [f64],
    annotations: &'a [(f64, &'a str)],
}

const EEG: [(&str, usize); 3] = [("EEG Fp1-REF", 200), ("EEG O2-REF", 200), ("EEG Cz-REF", 200)];

fn make(folder: &Path, made: &Made) -> PathBuf {
    let path = folder.join(made.name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    let spec = WriterSpec {
        format: RecordingFormat::EdfPlusD,
        start: made.start.parse().expect("a date and time"),
        patient: "X X X X".into(),
        recording: "X X test".into(),
        record_s: 1.0,
        annotation_bytes: 256,
        signals: made
            .signals
            .iter()
            .map(|&(label, rate)| WriterSignal {
                label: label.into(),
                unit: if label.starts_with("SpO2") { "%".into() } else { "mV".into() },
                samples_per_record: rate,
                physical_range: (-3.2768, 3.2767),
                digital_range: (-32768, 32767),
                prefilter: String::new(),
            })
            .collect(),
    };
    let mut writer = EdfWriter::create(&path, &spec).expect("a writable file");
    // Samples that tell the file, the signal and the time apart.
    let salt: usize = made.name.bytes().map(usize::from).sum();
    for (number, &onset_s) in made.records.iter().enumerate() {
        let record: Vec<Vec<i16>> = (0..made.signals.len())
            .map(|signal| {
                let count = made.signals[signal].1;
                (0..count)
                    .map(|i| {
                        ((salt * 911 + signal * 7919 + (number * count + i) * 31) % 65_536) as u16 as i16
                    })
                    .collect()
            })
            .collect();
        let annotations: Vec<Annotation> = made
            .annotations
            .iter()
            .filter(|_| number == 0)
            .map(|&(onset_s, text)| Annotation { onset_s, duration_s: None, text: text.into() })
            .collect();
        writer.write_record(onset_s, &record, &annotations).expect("a record");
    }
    writer.finish().expect("a finished file");
    path
}

fn config(recordings: &[&Path], speed: Pace) -> ReplayedConfig {
    ReplayedConfig {
        recordings: recordings.iter().map(|path| path.to_path_buf()).collect(),
        speed,
        looped: false,
    }
}

/// What a stream gave: its layouts with the piece before which each came, and its pieces.
#[derive(Default)]
struct Given {
    layouts: Vec<(usize, LiveLayout)>,
    pieces: Vec<Received>,
    ended: bool,
}

impl Given {
    /// Each frame's number and bits. All layouts have as many channels.
    fn frames(&self, from: u64) -> Vec<(u64, Vec<u32>)> {
        let channels = self.layouts[0].1.channels.len();
        let mut next = from;
        let mut frames = Vec::new();
        for piece in &self.pieces {
            next += piece.lost_before;
            for frame in piece.values.chunks(channels) {
                frames.push((next, frame.iter().map(|value| value.to_bits()).collect()));
                next += 1;
            }
        }
        frames
    }

    /// Each mark's frame and text.
    fn marks(&self) -> Vec<(u64, String)> {
        let channels = self.layouts[0].1.channels.len();
        let mut next = 0;
        let mut marks = Vec::new();
        for piece in &self.pieces {
            next += piece.lost_before;
            marks.extend(piece.marks.iter().map(|mark| (next + mark.frame as u64, mark.text.clone())));
            next += (piece.values.len() / channels) as u64;
        }
        marks
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

/// Plays from a frame on until the end, or until `most` pieces were given.
fn play(config: &ReplayedConfig, from: u64, most: usize) -> Given {
    runtime().block_on(async {
        let mut source = ReplayedSource::new(config.clone());
        assert!(source.resume_at(from));
        let mut given = Given::default();
        given.layouts.push((0, source.connect().await.expect("a connection")));
        while given.pieces.len() < most {
            match source.receive().await.expect("what comes next") {
                Incoming::Samples(received) => given.pieces.push(received),
                Incoming::Layout(layout) => given.layouts.push((given.pieces.len(), layout)),
                Incoming::Ended => {
                    given.ended = true;
                    break;
                }
            }
        }
        given
    })
}

/// Each frame of a recording, with its number and bits, as the recording's own source has them.
fn recorded(path: &Path, channels: &[usize]) -> Vec<(u64, Vec<u32>)> {
    let mut source = RecordingSource::open(path).expect("a recording");
    source.select(channels).expect("channels");
    let mut frames = Vec::new();
    while let Some(piece) = source.next_piece().expect("a piece") {
        if let Piece::Samples { first_sample, channels } = piece {
            for i in 0..channels[0].len() {
                frames.push((first_sample + i as u64, channels.iter().map(|c| c[i].to_bits()).collect()));
            }
        }
    }
    frames
}

fn patient_recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("patients/chb03/recordings")
}

fn gappy(folder: &Path) -> PathBuf {
    make(
        folder,
        &Made {
            name: "gappy.edf",
            start: "2031-02-03T04:05:06.25",
            signals: &EEG,
            records: &[0.0, 1.0, 2.0, 4.5, 5.5, 9.123, 10.123, 11.123, 12.123, 13.123, 14.123],
            annotations: &[
                (0.0, "first"),
                (2.005, "within"),
                (3.7, "in a gap"),
                (12.5, "late"),
                (99.0, "behind"),
            ],
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_samples_are_those_of_the_recording_at_any_speed_and_from_any_frame(
        speed in prop::sample::select(vec![Pace::Max, Pace::Times(1000.0), Pace::Times(130.0)]),
        from in prop_oneof![Just(0u64), 0u64..3100],
    ) {
        let folder = TempDir::new().expect("a folder");
        let path = gappy(folder.path());
        let given = play(&config(&[&path], speed), from, usize::MAX);
        prop_assert!(given.ended);
        let expected: Vec<_> = recorded(&path, &[0, 1, 2]).into_iter().filter(|&(frame, _)| frame >= from).collect();
        prop_assert_eq!(given.frames(from), expected);
    }
}

#[test]
fn a_patients_recording_plays_as_it_is_read() {
    let path = patient_recordings().join("sub-chb03_ses-01_task-szMonitoring_run-02_eeg.edf");
    let given = play(&config(&[&path], Pace::Max), 0, usize::MAX);
    let layout = &given.layouts[0].1;
    assert_eq!(layout.rate_hz, 256.0);
    let all: Vec<usize> = (0..layout.channels.len()).collect();
    assert_eq!(given.frames(0), recorded(&path, &all));
    assert!(layout.channels.iter().all(|channel| channel.rails.is_some_and(|(low, high)| low < high)));
}

#[test]
fn a_folder_plays_in_time_order_on_one_time_line() {
    let folder = TempDir::new().expect("a folder");
    let recording = |name, start, records| {
        make(folder.path(), &Made { name, start, signals: &EEG, records, annotations: &[] })
    };
    // Named against their order in time; the last is said to begin within the one before.
    let second = recording("a/second.edf", "2031-02-03T10:00:20.3", &[0.0, 1.0]);
    let first = recording("b/first.edf", "2031-02-03T10:00:00", &[0.0, 1.0, 5.0]);
    let third = recording("c/deep/third.EDF", "2031-02-03T10:00:22", &[0.0, 1.0]);
    std::fs::write(folder.path().join("a/notes.txt"), b"nothing").expect("a file");
    let given = play(&config(&[folder.path()], Pace::Max), 0, usize::MAX);
    let at = |path: &Path, offset: u64| {
        recorded(path, &[0, 1, 2]).into_iter().map(move |(frame, bits)| (frame + offset, bits))
    };
    let expected: Vec<_> = at(&first, 0).chain(at(&second, 4060)).chain(at(&third, 4460)).collect();
    assert_eq!(given.frames(0), expected);
    assert_eq!(given.layouts.len(), 1);
    // The same when it is taken up between and within recordings.
    for from in [1199, 1200, 3000, 4059, 4060, 4459, 4460, 4859, 4860, 9999] {
        let given = play(&config(&[folder.path()], Pace::Max), from, usize::MAX);
        let rest: Vec<_> = expected.iter().filter(|(frame, _)| *frame >= from).cloned().collect();
        assert_eq!(given.frames(from), rest, "from frame {from}");
        assert!(given.ended);
    }
}

#[test]
fn recordings_of_one_time_are_refused_by_name() {
    let folder = TempDir::new().expect("a folder");
    for (name, start) in [("one.edf", "2031-02-03T10:00:00"), ("two.edf", "2031-02-03T10:00:03")] {
        let records = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        make(folder.path(), &Made { name, start, signals: &EEG, records: &records, annotations: &[] });
    }
    let error = refusal(&config(&[folder.path()], Pace::Max)).to_string();
    assert!(error.contains("one.edf") && error.contains("two.edf") && error.contains("4 s"), "{error}");
}

fn refusal(config: &ReplayedConfig) -> LiveError {
    runtime().block_on(ReplayedSource::new(config.clone()).connect()).expect_err("a refusal")
}

#[test]
fn what_is_not_there_or_no_recording_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let error = refusal(&config(&[folder.path()], Pace::Max));
    assert!(matches!(error, LiveError::Unsuitable { .. }), "{error}");
    assert!(matches!(refusal(&config(&[], Pace::Max)), LiveError::Unsuitable { .. }));
    let missing = folder.path().join("missing.edf");
    assert!(matches!(refusal(&config(&[&missing], Pace::Max)), LiveError::Recording(_)));
    std::fs::write(&missing, b"no recording at all").expect("a file");
    assert!(matches!(refusal(&config(&[&missing], Pace::Max)), LiveError::Recording(_)));
    let empty = make(
        folder.path(),
        &Made {
            name: "missing.edf",
            start: "2031-02-03T10:00:00",
            signals: &EEG,
            records: &[],
            annotations: &[],
        },
    );
    let looped = ReplayedConfig { looped: true, ..config(&[&empty], Pace::Max) };
    assert!(matches!(refusal(&looped), LiveError::Unsuitable { .. }));
}

#[test]
fn the_rate_of_most_eeg_channels_chooses_the_channels() {
    let folder = TempDir::new().expect("a folder");
    let signals = [
        ("SpO2", 1),
        ("Resp A", 50),
        ("EEG Fp1-REF", 200),
        ("Resp B", 50),
        ("EEG Cz-REF", 100),
        ("ECG", 200),
        ("EEG O1-REF", 200),
        ("Resp C", 50),
        ("SpO2 fast", 200),
    ];
    let path = make(
        folder.path(),
        &Made {
            name: "x.edf",
            start: "2031-02-03T10:00:00",
            signals: &signals,
            records: &[0.0, 1.0],
            annotations: &[],
        },
    );
    let given = play(&config(&[&path], Pace::Max), 0, usize::MAX);
    let layout = &given.layouts[0].1;
    let labels: Vec<&str> = layout.channels.iter().filter_map(|c| c.label.as_deref()).collect();
    assert_eq!((layout.rate_hz, labels), (200.0, vec!["EEG Fp1-REF", "ECG", "EEG O1-REF", "SpO2 fast"]));
    assert_eq!(given.frames(0), recorded(&path, &[2, 5, 6, 8]));
    let units: Vec<&str> = layout.channels.iter().filter_map(|c| c.unit.as_deref()).collect();
    assert_eq!(units, ["uV", "uV", "uV", "%"]);
    // Millivolts are given as microvolts, and so are their rails.
    let (low, high) = layout.channels[0].rails.expect("rails");
    assert!((low + 3276.8).abs() < 1e-6 && (high - 3276.7).abs() < 1e-6);
    assert_eq!(layout.channels[3].rails, None);
}

#[test]
fn another_layout_is_announced_before_its_samples_and_frames_count_on() {
    let folder = TempDir::new().expect("a folder");
    let other = [("EEG Fp1-REF", 100), ("EEG T3-REF", 100), ("EEG Cz-REF", 100)];
    let recording = |name, start, signals| {
        make(folder.path(), &Made { name, start, signals, records: &[0.0, 1.0, 2.0], annotations: &[] })
    };
    let first = recording("1.edf", "2031-02-03T10:00:00", &EEG);
    let second = recording("2.edf", "2031-02-03T10:00:10", &other);
    let third = recording("3.edf", "2031-02-03T10:00:20", &other);
    let given = play(&config(&[folder.path()], Pace::Max), 0, usize::MAX);
    assert_eq!(given.layouts.len(), 2);
    let (before, layout) = &given.layouts[1];
    assert_eq!((layout.rate_hz, layout.channels[1].label.as_deref()), (100.0, Some("EEG T3-REF")));
    // Three seconds at 200 Hz, then seven lost and all that follows at 100 Hz.
    assert_eq!(given.pieces[..*before].iter().map(|piece| piece.values.len()).sum::<usize>(), 3 * 600);
    let at = |path: &Path, offset: u64| {
        recorded(path, &[0, 1, 2]).into_iter().map(move |(frame, bits)| (frame + offset, bits))
    };
    let expected: Vec<_> = at(&first, 0).chain(at(&second, 1300)).chain(at(&third, 2300)).collect();
    assert_eq!(given.frames(0), expected);
    // Taken up late, the layout is the right one at once.
    let late = play(&config(&[folder.path()], Pace::Max), 1400, usize::MAX);
    assert_eq!(late.layouts, [(0, layout.clone())]);
    assert_eq!(late.frames(1400)[..], expected[700..]);
}

#[test]
fn a_loop_goes_on_with_a_second_lost() {
    let folder = TempDir::new().expect("a folder");
    let path = gappy(folder.path());
    let once = recorded(&path, &[0, 1, 2]);
    let length = once.last().expect("frames").0 + 1 + 200;
    let looped = ReplayedConfig { looped: true, ..config(&[&path], Pace::Max) };
    let many: Vec<_> = (0..5)
        .flat_map(|pass| once.iter().map(move |(frame, bits)| (frame + pass * length, bits.clone())))
        .collect();
    let given = play(&looped, 0, 40);
    let frames = given.frames(0);
    assert!(frames.len() > 2 * once.len() && !given.ended);
    assert_eq!(frames[..], many[..frames.len()]);
    assert_eq!(given.layouts.len(), 1);
    // Days later it is where it would have been.
    let from = 1_000_000 * length + 400;
    let given = play(&looped, from, 3);
    let frames = given.frames(from);
    let expected: Vec<_> = once.iter().filter(|(frame, _)| *frame >= 400).collect();
    for ((frame, bits), (other, same)) in frames.iter().zip(expected) {
        assert_eq!((frame - 1_000_000 * length, bits), (*other, same));
    }
    // Within the second between two passes, the rest of it is lost.
    let given = play(&looped, length - 50, 1);
    assert_eq!(given.pieces[0].lost_before, 50);
}

#[test]
fn remarks_come_with_their_frames_at_any_speed() {
    let folder = TempDir::new().expect("a folder");
    let path = gappy(folder.path());
    let last = recorded(&path, &[0]).last().expect("frames").0;
    let expected: Vec<(u64, String)> =
        [(0, "first"), (401, "within"), (900, "in a gap"), (2500, "late"), (last, "behind")]
            .map(|(frame, text)| (frame, text.to_string()))
            .to_vec();
    for speed in [Pace::Max, Pace::Times(300.0)] {
        assert_eq!(play(&config(&[&path], speed), 0, usize::MAX).marks(), expected);
    }
}

#[test]
fn a_wait_that_is_given_up_loses_nothing() {
    let folder = TempDir::new().expect("a folder");
    let path = gappy(folder.path());
    let frames = runtime().block_on(async {
        let mut source = ReplayedSource::new(config(&[&path], Pace::Times(60.0)));
        let mut given = Given::default();
        given.layouts.push((0, source.connect().await.expect("a connection")));
        loop {
            let patience = std::time::Duration::from_micros(700);
            match tokio::time::timeout(patience, source.receive()).await {
                Err(_) => continue,
                Ok(Ok(Incoming::Samples(received))) => given.pieces.push(received),
                Ok(Ok(Incoming::Ended)) => return given.frames(0),
                Ok(other) => panic!("{other:?}"),
            }
        }
    });
    assert_eq!(frames, recorded(&path, &[0, 1, 2]));
}

#[test]
fn it_plays_no_faster_than_its_pace_and_stamps_follow() {
    let folder = TempDir::new().expect("a folder");
    let path = gappy(folder.path());
    let begun = std::time::Instant::now();
    let given = play(&config(&[&path], Pace::Times(20.0)), 0, usize::MAX);
    // Eleven seconds of signal; gaps are not waited for.
    assert!(begun.elapsed().as_secs_f64() >= 11.0 / 20.0);
    let stamps: Vec<f64> = given.pieces.iter().map(|piece| piece.taken_at_s.expect("a stamp")).collect();
    let first = stamps[0];
    let mut played = 0.0;
    for (stamp, piece) in stamps.iter().zip(&given.pieces) {
        assert!((stamp - first - played / 20.0).abs() < 1e-3);
        played += piece.values.len() as f64 / 3.0 / 200.0;
    }
}

#[test]
fn nothing_comes_before_a_connection() {
    let error = runtime().block_on(ReplayedSource::new(config(&[], Pace::Max)).receive());
    assert!(matches!(error, Err(LiveError::Lost { .. })), "{error:?}");
}

#[test]
fn settings_are_read_and_what_they_cannot_be_is_refused() {
    let read = |text: &str| toml::from_str::<ReplayedConfig>(text);
    let plain = read("recordings = [\"a.edf\"]").expect("settings");
    assert_eq!((plain.speed, plain.looped), (Pace::Times(1.0), false));
    assert_eq!(read("recordings = []\nspeed = \"max\"").expect("settings").speed, Pace::Max);
    assert_eq!(read("recordings = []\nspeed = 8").expect("settings").speed, Pace::Times(8.0));
    assert_eq!(read("recordings = []\nspeed = 0").expect("settings").speed, Pace::Max);
    for wrong in ["-1", "\"fast\"", "nan", "1e9", "true"] {
        let error = read(&format!("recordings = []\nspeed = {wrong}")).expect_err("a refusal").to_string();
        assert!(error.contains("multiple of real time"), "{error}");
    }
    assert!(read("recordings = []\nloop = true").is_err());
    let written = toml::to_string(&ReplayedConfig { speed: Pace::Max, ..plain.clone() }).expect("text");
    assert_eq!(read(&written).expect("settings").speed, Pace::Max);
}
