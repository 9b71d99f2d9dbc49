//! A bed of whose signal no whole second arrives is told by an alarm, and takes no other bed with it.

mod daemon;
mod recorder;

use std::time::{Duration, Instant};

use daemon::Ward;
use recorder::Recorder;

/// Longer than verdicts may stay away before the ward counts as standing still, with room for the look that finds it.
const LONG_ENOUGH: Duration = Duration::from_secs(45);

#[test]
fn a_bed_whose_stream_breaks_off_within_each_second_is_told_and_the_ward_counts_as_moving() {
    let recorder = Recorder::start(256.0, 1.0);
    let ward = Ward::new(&format!(
        "[[bed]]\nname = \"broken\"\npatient = \"chb03\"\nsource.rda = {{ host = \"127.0.0.1\", port = {} }}\n\
         [[bed]]\nname = \"sound\"\npatient = \"chb03\"\nsource.synthetic = {{ eeg = {{ seed = 1 }} }}\n",
        recorder.port()
    ));
    let mut daemon = ward.start();
    for bed in ["broken", "sound"] {
        daemon.wait_for("verdicts", |daemon| daemon.bed(bed)["second"].as_u64());
    }
    daemon.wait_for("the proof", |daemon| (daemon.get("/healthz").0 == 200).then_some(()));
    recorder.lose_a_block_each_second(true);
    let detail = daemon.wait_for("the alarm", |daemon| {
        daemon.bed("broken")["technical"]["too-few-channels"].as_str().map(String::from)
    });
    assert_eq!(detail, "no whole second arrives: the signal breaks off within each");
    // No verdict comes of what arrives, for as long as one likes: that is no reason to end the watch over the others.
    let frames = daemon.bed("broken")["frames"].as_u64().unwrap();
    let second = daemon.bed("broken")["second"].as_u64().unwrap();
    let began = Instant::now();
    while began.elapsed() < LONG_ENOUGH {
        let (code, body) = daemon.get("/healthz");
        assert_eq!(code, 200, "{body}: {}", daemon.log());
        std::thread::sleep(Duration::from_millis(500));
    }
    let broken = daemon.bed("broken");
    assert!(broken["frames"].as_u64().unwrap() > frames + 30 * 200, "{broken}");
    assert_eq!(broken["second"].as_u64(), Some(second), "a window was made of a broken second");
    assert!(broken["technical"]["too-few-channels"].is_string(), "{broken}");
    assert!(daemon.bed("sound")["technical"]["too-few-channels"].is_null());
    // Whole again, it is judged again, and the alarm clears by itself.
    recorder.lose_a_block_each_second(false);
    daemon.wait_for("the end of the alarm", |daemon| {
        let bed = daemon.bed("broken");
        (bed["technical"]["too-few-channels"].is_null() && bed["second"].as_u64()? > second).then_some(())
    });
    daemon.stop();
}
