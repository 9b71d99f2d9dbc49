//! kill -9 at random moments: every file opens, at most the last second is missing, and the daemon goes
//! on as if it had not been killed.

mod daemon;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use daemon::Ward;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vigil::record::{Mended, RecordFile, RecordedVerdict, mend};

const BEDS: [&str; 2] = ["emu-01", "emu-02"];

fn beds(seconds: u64, speed: f64) -> String {
    BEDS.iter()
        .enumerate()
        .map(|(seed, bed)| {
            format!(
                "[[bed]]\nname = \"{bed}\"\npatient = \"chb03\"\n\
                 source.synthetic = {{ speed = {speed:?}, eeg = {{ seed = {seed}, duration_s = {seconds}, seizure_onsets_s = [40.0, 200.0] }} }}\n"
            )
        })
        .collect()
}

fn bits(recorded: &RecordedVerdict) -> impl PartialEq + std::fmt::Debug {
    let v = &recorded.verdict;
    let probabilities = v.probabilities.map(|p| p.map(f32::to_bits));
    let onset = v.alarm.map(|alarm| alarm.onset_second);
    (recorded.frame, probabilities, v.ae_error.map(f32::to_bits), v.accumulator.to_bits(), v.alarming, onset)
}

/// Every verdict on record of a bed, by second; none stands there twice.
fn verdicts_of(ward: &Ward, bed: &str) -> BTreeMap<u64, RecordedVerdict> {
    let mut verdicts = BTreeMap::new();
    for path in ward.files(bed) {
        let file = RecordFile::open(&path).unwrap_or_else(|error| panic!("{error}"));
        for verdict in file.verdicts().unwrap() {
            let second = verdict.verdict.second;
            assert!(verdicts.insert(second, verdict).is_none(), "{bed}: second {second} is on record twice");
        }
    }
    verdicts
}

/// The first channel of every frame on record of a bed; none stands there twice.
fn frames_of(ward: &Ward, bed: &str) -> BTreeMap<u64, f32> {
    let mut frames: BTreeMap<u64, f32> = BTreeMap::new();
    for path in ward.files(bed) {
        let file = RecordFile::open(&path).unwrap_or_else(|error| panic!("{error}"));
        let channels = file.about().labels.len();
        for stretch in file.stretches().unwrap() {
            let values = file.read(stretch.row, stretch.rows).unwrap();
            for (index, frame) in values.chunks_exact(channels).enumerate() {
                let number = stretch.first_frame + index as u64;
                assert!(
                    frames.insert(number, frame[0]).is_none(),
                    "{bed}: frame {number} is on record twice"
                );
            }
        }
    }
    frames
}

/// The last second whose verdict is on record, also while the record grows.
fn last_on_record(ward: &Ward, bed: &str) -> Option<u64> {
    let last = |path: &std::path::PathBuf| {
        let verdicts = RecordFile::open(path).ok()?.verdicts().ok()?;
        verdicts.last().map(|recorded| recorded.verdict.second)
    };
    // The newest may have none yet.
    ward.files(bed).iter().rev().find_map(last)
}

fn run_to_the_end(ward: &Ward, seconds: u64) {
    let mut daemon = ward.start();
    for bed in BEDS {
        daemon.wait_for("the end", |daemon| {
            let status = daemon.bed(bed);
            (status["phase"] == "ended" && status["second"].as_u64() == Some(seconds - 1)).then_some(())
        });
    }
    daemon.stop();
}

fn killed(kills: usize, seconds: u64, speed: f64) {
    let whole = Ward::new(&beds(seconds, 1000.0));
    run_to_the_end(&whole, seconds);
    let broken = Ward::new(&beds(seconds, speed));
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for kill in 0..kills {
        let mut daemon = broken.start();
        // Every bed's first state is on disk before the first kill: without one its count begins anew, and rightly.
        daemon.wait_for("a state of every bed", |_| {
            let is_there = |bed: &&str| broken.path(&format!("state/beds/{bed}.state")).is_file();
            BEDS.iter().all(is_there).then_some(())
        });
        // A state is saved every three seconds: some kills come before one, some after.
        std::thread::sleep(Duration::from_millis(rng.random_range(20..3000)));
        let seen = BEDS.map(|bed| daemon.bed(bed)["second"].as_u64());
        // What was judged comes to the disk by itself, soon.
        daemon.wait_for("what was judged on disk", |_| {
            let is_there = |(bed, seen): (&&str, &Option<u64>)| last_on_record(&broken, bed) >= *seen;
            BEDS.iter().zip(&seen).all(is_there).then_some(())
        });
        // It is flushed twice a second: some kills come soon after that, some when much waits for the next time.
        std::thread::sleep(Duration::from_millis(rng.random_range(0..1000)));
        daemon.kill();
        for (bed, seen) in BEDS.iter().zip(seen) {
            let last = verdicts_of(&broken, bed).keys().next_back().copied();
            assert!(
                last >= seen,
                "kill {kill}: second {seen:?} of {bed} was on record, {last:?} is the last now"
            );
            for path in broken.files(bed) {
                let copy = broken.path("copy.h5");
                std::fs::copy(&path, &copy).unwrap();
                assert!(matches!(mend(&copy).unwrap(), Mended::Sound | Mended::Cleared));
                hdf5::File::open(&copy)
                    .unwrap_or_else(|error| panic!("kill {kill}: {}: {error}", path.display()));
            }
        }
    }
    run_to_the_end(&broken, seconds);
    for bed in BEDS {
        let (expected, found) = (verdicts_of(&whole, bed), verdicts_of(&broken, bed));
        assert_eq!((expected.len() as u64, found.len() as u64), (seconds, seconds), "{bed}");
        for (second, verdict) in &found {
            assert_eq!(bits(verdict), bits(&expected[second]), "{bed}, second {second}");
        }
        // A kill may take the begun second of signal with it, which waits for its chunk, and no more.
        let (frames, found) = (frames_of(&whole, bed), frames_of(&broken, bed));
        assert!(found.iter().all(|(number, value)| frames[number].to_bits() == value.to_bits()), "{bed}");
        assert!(found.len() + 256 * kills >= frames.len(), "{bed}: {} of {}", found.len(), frames.len());
        // Every daemon but the first went on from a state: there is one count of frames.
        let counts: BTreeSet<u64> =
            broken.files(bed).iter().map(|path| RecordFile::open(path).unwrap().about().timeline).collect();
        assert_eq!(counts.len(), 1, "{bed}: the count of frames began anew");
    }
    let announced = |ward: &Ward| {
        let mut alarms: Vec<(String, u64)> = ward
            .alarms()
            .iter()
            .filter(|entry| entry["what"] == "seizure")
            .map(|entry| (entry["bed"].to_string(), entry["raised_second"].as_u64().unwrap()))
            .collect();
        alarms.sort();
        alarms
    };
    assert_eq!(announced(&broken), announced(&whole));
}

#[test]
fn a_few_kills_lose_nothing_that_was_judged() {
    killed(6, 700, 30.0);
}

#[test]
#[ignore = "minutes; `make crash` runs it"]
fn a_hundred_kills_lose_nothing_that_was_judged() {
    killed(100, 8000, 30.0);
}
