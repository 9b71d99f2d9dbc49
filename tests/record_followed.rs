//! A record can be read while it grows, by this program and by another.

mod daemon;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use daemon::Ward;
use vigil::detect::Verdict;
use vigil::record::{About, Item, RecordConfig, RecordFile, RecordedVerdict, Recorder, VERSION, files_of};

/// The beginning of an hour: a file holds one.
const START_S: f64 = 1_795_003_200.0;

/// Frames a second of a record that is mostly tables.
const RATE: u64 = 4;

fn second(number: u64) -> [Item; 2] {
    let time_s = START_S + number as f64;
    let verdict = Verdict {
        second: number,
        ae_error: None,
        ae_flag: None,
        probabilities: None,
        label: None,
        accumulator: 0.0,
        alarm: None,
        alarming: false,
    };
    let first_frame = number * RATE;
    let values = (first_frame..first_frame + RATE).map(|frame| frame as f32).collect();
    [
        Item::Signal { first_frame, time_s, values },
        Item::Verdict(RecordedVerdict { verdict, frame: first_frame, latency_ms: 1.0, model: 0, time_s }),
    ]
}

#[test]
fn whoever_reads_while_a_second_is_written_finds_it_whole_or_not_at_all() {
    const SECONDS: u64 = 3600;
    let folder = tempfile::tempdir().unwrap();
    let (recorder, thread) = Recorder::start(RecordConfig::new(folder.path().to_path_buf())).unwrap();
    let bed: Arc<str> = "emu-01".into();
    let about = About {
        version: VERSION,
        written_by: "test".into(),
        bed: bed.to_string(),
        patient: "p001".into(),
        stream: "test".into(),
        timeline: 7,
        rate_hz: RATE as f64,
        labels: vec!["Fp1".into()],
        units: vec!["uV".into()],
        first_frame: 0,
        start_s: START_S,
        models: Vec::new(),
        configuration: serde_json::Value::Null,
    };
    recorder.record(&bed, Item::Begin(Box::new(about)));
    // How often it was looked at while it grew, and how many seconds were found.
    let (looks, found) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let writing = {
        let (recorder, bed) = (recorder.clone(), bed.clone());
        let (looks, found) = (looks.clone(), found.clone());
        let wait_for = |count: &AtomicU64, more_than: u64| {
            while count.load(Ordering::Relaxed) <= more_than {
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        std::thread::spawn(move || {
            for number in 0..SECONDS {
                for item in second(number) {
                    assert!(recorder.record(&bed, item), "the recorder gave something up");
                }
                // Slow enough to be read many times while it grows, however slow the reader is.
                std::thread::sleep(Duration::from_micros(300));
                if number % 120 == 119 {
                    wait_for(&looks, looks.load(Ordering::Relaxed));
                }
                // What was written is on disk soon, though nothing follows.
                if number % 1200 == 1199 {
                    wait_for(&found, number);
                }
            }
            recorder.stop();
        })
    };
    let began = Instant::now();
    while !thread.is_finished() {
        assert!(began.elapsed() < daemon::PATIENCE, "what is written is not found");
        let Some(path) = files_of(folder.path(), &bed).unwrap().pop() else { continue };
        let file = RecordFile::open(&path).unwrap();
        let verdicts = file.verdicts().unwrap();
        for (number, read) in verdicts.iter().enumerate() {
            let of = (read.verdict.second, read.frame, read.time_s);
            assert_eq!(of, (number as u64, number as u64 * RATE, START_S + number as f64));
        }
        found.store(verdicts.len() as u64, Ordering::Relaxed);
        for stretch in file.stretches().unwrap() {
            assert_eq!((stretch.row, stretch.first_frame), (0, 0));
            assert_eq!(file.time_of(stretch.first_frame).unwrap(), START_S);
            let last = file.read(stretch.rows - 1, 1).unwrap();
            assert_eq!(last, [(stretch.rows - 1) as f32], "the last of {} rows", stretch.rows);
            looks.fetch_add(1, Ordering::Relaxed);
        }
    }
    writing.join().unwrap();
    thread.join().unwrap();
    let looks = looks.load(Ordering::Relaxed);
    assert!(looks > 20, "it was looked at {looks} times only while it grew");
    let path = files_of(folder.path(), &bed).unwrap().pop().unwrap();
    assert_eq!(RecordFile::open(&path).unwrap().verdicts().unwrap().len() as u64, SECONDS);
}

#[test]
fn a_reader_follows_a_file_that_is_being_written() {
    let ward = Ward::new("[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.synthetic = {}\n");
    let mut daemon = ward.start();
    // At a full hour another file goes on: then the new one is followed, from its beginning.
    let (path, rows) = loop {
        let path = daemon.wait_for("a file", |_| ward.files("emu-01").pop());
        let file = RecordFile::open(&path).unwrap();
        let goes_on = || ward.files("emu-01").last() == Some(&path);
        let rows = daemon.wait_for("signal", |_| {
            file.refresh().unwrap();
            let is_there = file.rows() > 0 && !file.verdicts().unwrap().is_empty();
            (is_there || !goes_on()).then(|| file.rows())
        });
        daemon.wait_for("more signal", |_| {
            file.refresh().unwrap();
            (file.rows() > rows + 256 || !goes_on()).then_some(())
        });
        if file.rows() > rows + 256 && rows > 0 {
            assert_eq!(file.read(0, rows).unwrap().len(), rows * 19);
            break (path, rows);
        }
    };
    let python = std::env::var("VIGIL_PYTHON")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/python").into());
    let script = "import sys, h5py; f = h5py.File(sys.argv[1], 'r', swmr=True); print(f['signal'].shape[0])";
    let there = std::process::Command::new(&python).args(["-c", "import h5py"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        println!("skipped in part: {python} has no h5py; VIGIL_PYTHON names an interpreter that has it");
        return;
    }
    let output = std::process::Command::new(&python).args(["-c", script]).arg(&path).output().unwrap();
    let read = String::from_utf8_lossy(&output.stdout).trim().parse::<usize>().unwrap();
    assert!(read > rows, "{}", String::from_utf8_lossy(&output.stderr));
}
