//! Times that no calendar knows stop no recorder and lead no record into another age.

mod daemon;
mod recorder;

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use daemon::Ward;
use vigil::record::{About, Item, RecordConfig, RecordFile, Recorder, VERSION, files_of};

fn about(bed: &str) -> About {
    About {
        version: VERSION,
        written_by: "test".into(),
        bed: bed.into(),
        patient: "p001".into(),
        stream: "test".into(),
        timeline: 7,
        rate_hz: 4.0,
        labels: vec!["Fp1".into()],
        units: vec!["uV".into()],
        first_frame: 0,
        start_s: 0.0,
        models: Vec::new(),
        configuration: serde_json::Value::Null,
    }
}

#[test]
fn every_stream_gets_a_file_of_its_own_whatever_time_it_claims() {
    let folder = tempfile::tempdir().unwrap();
    let (recorder, thread) = Recorder::start(RecordConfig::new(folder.path().to_path_buf())).unwrap();
    // Seconds as milliseconds, beyond all numbers of a calendar, and before the first of ours.
    let times = [("milliseconds", 1.8e12), ("huge", 1e300), ("early", -1e15), ("usual", 1_795_003_200.0)];
    for (bed, time_s) in times {
        let bed: Arc<str> = bed.into();
        for stream in 0..3u64 {
            assert!(recorder.record(&bed, Item::Begin(Box::new(about(&bed)))));
            let values = vec![stream as f32; 4];
            assert!(recorder.record(&bed, Item::Signal { first_frame: stream * 4, time_s, values }));
        }
    }
    recorder.stop();
    let (ended, wait) = channel();
    std::thread::spawn(move || ended.send(thread.join().is_ok()));
    let ended = wait.recv_timeout(Duration::from_secs(60));
    assert_eq!(ended, Ok(true), "the recorder looks for a name and never comes to an end");
    for (bed, _) in times {
        let files = files_of(folder.path(), bed).unwrap();
        let firsts: Vec<f32> =
            files.iter().map(|path| RecordFile::open(path).unwrap().read(0, 1).unwrap()[0]).collect();
        assert_eq!(firsts, [0.0, 1.0, 2.0], "{bed}: {files:?}");
    }
}

#[test]
fn a_device_that_stamps_in_milliseconds_is_recorded_at_the_time_of_its_arrival_and_told() {
    let name = format!("milliseconds-{}", std::process::id());
    recorder::stream_over_lsl(&name, |due_s| (1.8e9 + due_s) * 1e3);
    let ward = Ward::new(&format!(
        "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\n\
         source.lsl = {{ source_id = \"{name}\", hosts = [\"127.0.0.1\"], multicast = false }}\n"
    ));
    let mut daemon = ward.start();
    let detail = daemon.wait_for("the alarm", |daemon| {
        daemon.bed("emu-01")["technical"]["clock-jump"].as_str().map(String::from)
    });
    assert!(
        detail.starts_with("the stream's stamps are +")
            && detail.ends_with(" s off the clock and are not used"),
        "{detail}"
    );
    daemon.wait_for("verdicts", |daemon| daemon.bed("emu-01")["second"].as_u64().filter(|now| *now >= 5));
    let time: jiff::Timestamp = daemon.bed("emu-01")["time"].as_str().unwrap().parse().unwrap();
    let now_s = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((time.as_millisecond() as f64 / 1e3 - now_s()).abs() < 60.0, "{time}");
    daemon.stop();
    let files = ward.files("emu-01");
    assert!(!files.is_empty(), "nothing was recorded");
    let file = RecordFile::open(&files[0]).unwrap();
    let begun_s = file.time_of(file.about().first_frame).unwrap();
    assert!((begun_s - now_s()).abs() < 300.0, "recorded as of {begun_s}");
    // A full hour begins another file of the same stream.
    let rows: usize = files.iter().map(|path| RecordFile::open(path).unwrap().rows()).sum();
    assert!(rows > 4 * 256, "{rows}");
}
