//! How a ward keeps up, measured: `make bench-ward` and `make soak` print what is found. Not part of
//! `make test`, for it takes minutes and its figures are the machine's.

mod daemon;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use daemon::{Daemon, Ward};

fn setting(name: &str, default: f64) -> f64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Resident memory of a process, in megabytes.
fn resident_mb(id: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

/// Seconds of processor that a process has used.
fn processor_s(id: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

struct Load(Child);

impl Load {
    fn start(name: &str, streams: usize) -> Load {
        let child = Command::new(env!("CARGO_BIN_EXE_vigil"))
            .args(["synth", "--lsl", name, "--streams", &streams.to_string()])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Load(child)
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn beds(name: &str, beds: usize) -> String {
    (1..=beds)
        .map(|bed| {
            let stream = if beds == 1 { name.to_string() } else { format!("{name}-{bed:02}") };
            format!(
                "[[bed]]\nname = \"bed-{bed:02}\"\npatient = \"chb03\"\n\
                 source.lsl = {{ source_id = \"vigil-synth-{stream}\", hosts = [\"127.0.0.1\"], multicast = false }}\n"
            )
        })
        .collect()
}

fn all(daemon: &Daemon) -> Vec<serde_json::Value> {
    serde_json::from_str(&daemon.get("/api/v1/beds").1).unwrap()
}

fn sum(beds: &[serde_json::Value], what: &str) -> u64 {
    beds.iter().map(|bed| bed[what].as_u64().unwrap_or(0)).sum()
}

/// Memory of a ward of so many beds once all of them are judged.
fn ward_of(count: usize, minutes: f64) -> (f64, f64, serde_json::Value, Vec<serde_json::Value>, f64) {
    let name = format!("load-{}", std::process::id());
    let _load = Load::start(&name, count);
    let ward = Ward::new(&beds(&name, count));
    let mut daemon = ward.start();
    daemon.wait_for("every bed", |daemon| {
        (daemon.get("/readyz").0 == 200 && all(daemon).len() == count).then_some(())
    });
    let began = Instant::now();
    let before = all(&daemon);
    let (cpu, id) = (processor_s(daemon.child.id()), daemon.child.id());
    std::thread::sleep(Duration::from_secs_f64(60.0 * minutes));
    let after = all(&daemon);
    let elapsed = began.elapsed().as_secs_f64();
    let frames = sum(&after, "frames") - sum(&before, "frames");
    let ward_figures = serde_json::from_str(&daemon.get("/api/v1/ward").1).unwrap();
    let cpu = (processor_s(id) - cpu) / elapsed;
    let memory = resident_mb(id);
    daemon.stop();
    (memory, frames as f64 / elapsed / count as f64, ward_figures, after, cpu)
}

#[test]
#[ignore = "ten minutes; `make bench-ward` runs it"]
fn a_ward_of_64_beds_keeps_up() {
    let (count, minutes) = (setting("VIGIL_WARD_BEDS", 64.0) as usize, setting("VIGIL_WARD_MINUTES", 10.0));
    let (one_mb, ..) = ward_of(1, 0.5);
    let (memory_mb, rate_hz, ward, beds, cpu) = ward_of(count, minutes);
    let latency = &ward["latency_ms"];
    let lost = sum(&beds, "lost_frames");
    let per_bed = (memory_mb - one_mb) / (count - 1) as f64;
    println!(
        "{count} beds of 19 channels at 256 Hz over LSL for {minutes} min, {} verdicts",
        ward["verdicts"]
    );
    println!(
        "  last sample received to verdict: p50 {} ms, p99 {} ms, longest {} ms",
        latency["p50"], latency["p99"], latency["max"]
    );
    println!("  samples lost: {lost}; {rate_hz:.2} a second and channel");
    println!(
        "  memory: {one_mb:.0} MB with one bed, {memory_mb:.0} MB with {count}: {per_bed:.2} MB for each further bed"
    );
    println!("  processor: {:.0} % of one core", 100.0 * cpu);
    assert_eq!(lost, 0);
    assert!(beds.iter().all(|bed| bed["technical"].as_object().is_some_and(|t| t.is_empty())), "{beds:?}");
}

#[test]
#[ignore = "up to twenty minutes; `make soak` runs it"]
fn memory_stays_flat_over_a_simulated_day() {
    let hours = setting("VIGIL_SOAK_HOURS", 24.0);
    let seconds = (3600.0 * hours) as u64;
    let beds: String = (1..=4)
        .map(|bed| {
            format!(
                "[[bed]]\nname = \"bed-{bed}\"\npatient = \"chb03\"\n\
                 source.synthetic = {{ speed = \"max\", eeg = {{ seed = {bed}, duration_s = {seconds} }} }}\n"
            )
        })
        .collect();
    let ward = Ward::new(&beds);
    let mut daemon = ward.start();
    let began = Instant::now();
    let mut readings: Vec<(f64, f64)> = Vec::new();
    loop {
        std::thread::sleep(Duration::from_secs(2));
        assert!(daemon.child.try_wait().unwrap().is_none(), "{}", daemon.log());
        let beds = all(&daemon);
        let judged: u64 = beds.iter().filter_map(|bed| bed["second"].as_u64()).sum();
        readings.push((judged as f64 / 4.0 / 3600.0, resident_mb(daemon.child.id())));
        if beds.iter().all(|bed| bed["phase"] == "ended" && bed["second"].as_u64() == Some(seconds - 1)) {
            break;
        }
    }
    let elapsed = began.elapsed().as_secs_f64();
    let at = |share: f64| {
        let hour = hours * share;
        readings.iter().find(|(at, _)| *at >= hour).map_or(f64::NAN, |(_, mb)| *mb)
    };
    let alarms = sum(&all(&daemon), "alarms");
    daemon.stop();
    println!(
        "{hours} h of 4 beds in {:.1} min, {:.0} times real time",
        elapsed / 60.0,
        3600.0 * hours / elapsed
    );
    for share in [0.05, 0.25, 0.5, 0.75, 0.99] {
        println!("  after {:4.1} h: {:.0} MB", hours * share, at(share));
    }
    println!("  {alarms} alarms on synthetic EEG, which say nothing of accuracy");
    let (early, late) = (at(0.25), at(0.99));
    assert!(late < early + 32.0, "memory grew from {early:.0} to {late:.0} MB");
}
