//! kill -9 at random moments while alarms rise: no announced alarm is missing from the log, and none is announced under
//! two names.

mod daemon;
mod receiver;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use daemon::Ward;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use receiver::{Behaviour, Receiver};

const BEDS: usize = 4;

/// Beds with a seizure every two and a half minutes of their time, which passes quickly.
fn beds(seconds: u64, speed: f64) -> String {
    let onsets: Vec<String> = (0..seconds / 150).map(|n| format!("{}.0", 30 + 150 * n)).collect();
    (0..BEDS)
        .map(|seed| {
            format!(
                "[[bed]]\nname = \"emu-{seed}\"\npatient = \"chb03\"\noutputs = {{ record = {} }}\n\
                 source.synthetic = {{ speed = {speed:?}, eeg = {{ seed = {seed}, duration_s = {seconds}, seizure_onsets_s = [{}] }} }}\n",
                seed % 2 == 0,
                onsets.join(", ")
            )
        })
        .collect()
}

fn killed(kills: usize, seconds: u64, speed: f64) {
    let receiver = Receiver::start(Behaviour::Take);
    let ward = Ward::with(&receiver.channel("desk", "kinds = [\"seizure\"]"), &beds(seconds, speed));
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for _ in 0..kills {
        let mut daemon = ward.start();
        // Every bed's first state is on disk before the first kill: without one its time begins anew, and rightly.
        daemon.wait_for("a state of every bed", |_| {
            let is_there = |seed| ward.path(&format!("state/beds/emu-{seed}.state")).is_file();
            (0..BEDS).all(is_there).then_some(())
        });
        // A state is saved every three seconds: some kills come before one, some after.
        std::thread::sleep(Duration::from_millis(rng.random_range(50..5_500)));
        daemon.kill();
    }
    // One that is left alone, so that what waits is sent.
    let mut daemon = ward.start();
    daemon.wait_for("an empty outbox", |_| {
        let waiting = ward.log()?.waiting().ok()?;
        let raised = receiver.came().iter().filter(|told| told.json()["event"] == "raised").count();
        (waiting.is_empty() && raised >= kills / 2).then_some(())
    });
    daemon.stop();
    let log = ward.log().unwrap();
    log.check().unwrap();
    let logged = log.alarms(i64::MIN, i64::MAX).unwrap();
    let names: BTreeSet<String> = logged.iter().map(|held| held.alarm.clone()).collect();
    assert_eq!(names.len(), logged.len());
    // Announced: read by the receiver, or written to the daemon's own log (which says it after the log of alarms).
    let announced: Vec<serde_json::Value> =
        receiver.came().iter().map(receiver::Came::json).filter(|told| told["event"] == "raised").collect();
    assert!(announced.len() >= kills / 2, "{} alarms in {kills} runs: too few to tell", announced.len());
    for told in &announced {
        let name = told["alarm"].as_str().unwrap();
        assert!(names.contains(name), "{name} was announced and is not in the log");
    }
    // One happening, one name: the same second of a bed's signal never has two.
    let mut by_second: BTreeMap<(String, u64, u64), BTreeSet<String>> = BTreeMap::new();
    for held in logged.iter().filter(|held| held.second.is_some()) {
        let (timeline, second) = held.second.unwrap();
        by_second.entry((held.bed.clone(), timeline, second)).or_default().insert(held.alarm.clone());
    }
    assert!(by_second.values().all(|names| names.len() == 1));
    let timelines: BTreeSet<(String, u64)> =
        by_second.keys().map(|(bed, timeline, _)| (bed.clone(), *timeline)).collect();
    assert!(timelines.len() <= BEDS, "a bed's time began anew: {timelines:?}");
    // Two alarms of one bed are as far apart as its accumulator lets them be.
    let keys: Vec<&(String, u64, u64)> = by_second.keys().collect();
    for pair in keys.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        assert!(pair[1].2 - pair[0].2 >= 30, "{pair:?}: one alarm under two names");
    }
    println!("{kills} kills, {} alarms in the log, {} announcements", by_second.len(), announced.len());
}

#[test]
fn a_few_kills_lose_no_alarm_and_name_none_twice() {
    killed(6, 3_000, 120.0);
}

#[test]
#[ignore = "minutes; `make crash` runs it"]
fn two_hundred_kills_lose_no_alarm_and_name_none_twice() {
    killed(200, 60_000, 120.0);
}
