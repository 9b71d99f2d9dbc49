//! kill -9 at random moments: every file opens, at most the last second is missing, and the daemon goes
//! on as if it had not been killed.

mod daemon;

use std::collections::BTreeMap;
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

/// Everything on record of a bed: verdicts by second, and frames.
fn on_record(ward: &Ward, bed: &str) -> (BTreeMap<u64, RecordedVerdict>, Vec<(u64, f32)>) {
    let mut verdicts = BTreeMap::new();
    let mut frames: BTreeMap<u64, f32> = BTreeMap::new();
    for path in ward.files(bed) {
        let file = RecordFile::open(&path).unwrap_or_else(|error| panic!("{error}"));
        for verdict in file.verdicts().unwrap() {
            verdicts.entry(verdict.verdict.second).or_insert(verdict);
        }
        let channels = file.about().labels.len();
        for stretch in file.stretches().unwrap() {
            let values = file.read(stretch.row, stretch.rows).unwrap();
            for (index, frame) in values.chunks_exact(channels).enumerate() {
                frames.insert(stretch.first_frame + index as u64, frame[0]);
            }
        }
    }
    (verdicts, frames.into_iter().collect())
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
        daemon.wait_for("a bed", |daemon| daemon.bed(BEDS[0])["second"].as_u64().or(Some(0)));
        std::thread::sleep(Duration::from_millis(rng.random_range(20..600)));
        let seen: Vec<u64> = BEDS.iter().map(|bed| daemon.bed(bed)["second"].as_u64().unwrap_or(0)).collect();
        daemon.kill();
        for (bed, seen) in BEDS.iter().zip(seen) {
            let (verdicts, _) = on_record(&broken, bed);
            let last = verdicts.keys().next_back().copied().unwrap_or(0);
            // Half a second of wall clock lies between two flushes, and one more may have been under way.
            let unflushed = (2.0 * speed).ceil() as u64 + 1;
            assert!(
                last + unflushed >= seen,
                "kill {kill}: {bed} had judged second {seen}, {last} is on record"
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
        let (expected, frames) = on_record(&whole, bed);
        let (found, found_frames) = on_record(&broken, bed);
        assert_eq!(expected.len() as u64, seconds);
        for (second, verdict) in &found {
            assert_eq!(bits(verdict), bits(&expected[second]), "{bed}, second {second}");
        }
        // The last second before a kill may lack its row; what followed from it may not.
        assert!(
            found.len() + kills >= expected.len(),
            "{bed}: {} of {} seconds",
            found.len(),
            expected.len()
        );
        assert_eq!(found_frames, frames, "{bed}");
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
    killed(6, 300, 40.0);
}

#[test]
#[ignore = "minutes; `make crash` runs it"]
fn a_hundred_kills_lose_nothing_that_was_judged() {
    killed(100, 3000, 40.0);
}
