//! A bed whose stream comes at another sampling rate begins a new count: all of it is recorded, and nothing is judged twice.

mod daemon;

use std::collections::BTreeMap;

use daemon::{TOKEN, Ward};
use vigil::record::{RecordFile, RecordedSource};
use vigil::ward::checkpoint::decode;

fn until(daemon: &mut daemon::Daemon, second: u64) {
    daemon
        .wait_for("verdicts", |daemon| daemon.bed("emu-01")["second"].as_u64().filter(|now| *now >= second));
}

#[test]
fn what_comes_at_a_lower_rate_is_recorded_from_its_first_second_on_and_judged_once() {
    let ward = Ward::new(
        "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\n\
         source.synthetic = { speed = 20.0, eeg = { seed = 1, rate_hz = 512 } }\n",
    );
    let mut daemon = ward.start();
    until(&mut daemon, 90);
    let lower = r#"{"patient": "chb03", "source": {"synthetic": {"speed": 20.0, "eeg": {"seed": 1, "rate_hz": 256}}}}"#;
    let (code, body) = daemon.ask("PUT", "/api/v1/beds/emu-01", Some(TOKEN), lower);
    assert_eq!((code, body.contains("bed emu-01: changed")), (200, true), "{body}");
    daemon.wait_for("the other rate", |daemon| (daemon.bed("emu-01")["rate_hz"] == 256.0).then_some(()));
    until(&mut daemon, 70);
    // A state of the new count is on disk before the kill: without one a restart would take up the old one's.
    daemon.wait_for("the new count's state", |_| {
        let file = RecordFile::open(ward.files("emu-01").last()?).ok()?;
        let state = decode(&std::fs::read(ward.path("state/beds/emu-01.state")).ok()?).ok()?;
        (file.about().rate_hz == 256.0 && state.timeline == file.about().timeline).then_some(())
    });
    // A restart takes up the new count, and none of the old one's frames.
    daemon.kill();
    let mut daemon = ward.start();
    until(&mut daemon, 100);
    daemon.stop();
    let mut rates = BTreeMap::new();
    let mut judged: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for path in ward.files("emu-01") {
        let file = RecordFile::open(&path).unwrap();
        let about = file.about();
        let rate_hz = *rates.entry(about.timeline).or_insert(about.rate_hz);
        assert_eq!(rate_hz, about.rate_hz, "one count at two rates: {}", path.display());
        let seconds = judged.entry(about.timeline).or_default();
        seconds.extend(file.verdicts().unwrap().iter().map(|verdict| verdict.verdict.second));
    }
    assert_eq!(rates.values().copied().collect::<Vec<f64>>(), [512.0, 256.0]);
    for (timeline, rate_hz) in &rates {
        let source = RecordedSource::open(&ward.path("record"), "emu-01", *timeline, 0, u64::MAX).unwrap();
        assert!(source.frames() as f64 > 60.0 * rate_hz, "{} frames at {rate_hz} Hz", source.frames());
        let seconds = &judged[timeline];
        assert!(seconds.len() > 60, "{seconds:?}");
        assert!(
            seconds.windows(2).all(|pair| pair[0] < pair[1]),
            "judged twice at {rate_hz} Hz: {seconds:?}"
        );
    }
}
