//! How long it takes from a verdict to a webhook received on loopback: a measurement, printed and not judged, since a
//! busy machine is not a broken one.

mod daemon;
mod receiver;

use std::time::UNIX_EPOCH;

use daemon::Ward;
use receiver::{Behaviour, Receiver};

#[test]
#[ignore = "a measurement of two minutes; `make alarm-latency` runs it"]
fn from_verdict_to_webhook() {
    const BEDS: usize = 4;
    const SECONDS: usize = 3_600;
    let onsets: Vec<String> = (0..SECONDS / 180).map(|n| format!("{}.0", 40 + 180 * n)).collect();
    let beds: String = (0..BEDS)
        .map(|seed| {
            format!(
                "[[bed]]\nname = \"emu-{seed}\"\npatient = \"chb03\"\n\
                 source.synthetic = {{ speed = 30.0, eeg = {{ seed = {seed}, duration_s = {SECONDS}, seizure_onsets_s = [{}] }} }}\n",
                onsets.join(", ")
            )
        })
        .collect();
    let receiver = Receiver::start(Behaviour::Take);
    let ward = Ward::with(&receiver.channel("desk", "kinds = [\"seizure\"]"), &beds);
    let mut daemon = ward.start();
    while !(0..BEDS).all(|bed| daemon.bed(&format!("emu-{bed}"))["phase"] == "ended") {
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert!(daemon.child.try_wait().unwrap().is_none(), "{}", daemon.log());
    }
    let log = ward.log().unwrap();
    let mut ms: Vec<f64> = Vec::new();
    for came in receiver.came().iter().filter(|came| came.json()["event"] == "raised") {
        // The entry's moment is taken as soon as the verdict is there, before anything is written.
        let history = log.history(came.json()["alarm"].as_str().unwrap()).unwrap();
        let arrived_us = came.at.duration_since(UNIX_EPOCH).unwrap().as_micros() as i64;
        ms.push((arrived_us - history[0].entry.at.wall_us) as f64 / 1e3);
    }
    ms.sort_by(f64::total_cmp);
    let at = |share: f64| ms[((ms.len() - 1) as f64 * share).round() as usize];
    println!(
        "{} alarms: p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, largest {:.1} ms",
        ms.len(),
        at(0.5),
        at(0.9),
        at(0.99),
        at(1.0)
    );
    assert!(ms.len() >= 20, "{} alarms: too few to measure", ms.len());
    daemon.stop();
}
