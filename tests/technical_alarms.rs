//! Every technical alarm is raised by its cause, within its stated time, cleared by itself, and logged
//! apart from seizure alarms.

mod daemon;
mod recorder;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use daemon::{TOKEN, Ward};
use recorder::Recorder;

fn synthetic(name: &str, eeg: &str) -> String {
    format!(
        "[[bed]]\nname = \"{name}\"\npatient = \"chb03\"\nsource.synthetic = {{ eeg = {{ seed = 1, {eeg} }} }}\n"
    )
}

/// The log's lines on one kind of one bed: raised or cleared, when, and what they say.
fn told(ward: &Ward, bed: &str, kind: &str) -> Vec<(bool, f64, String)> {
    let seconds = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond() as f64 / 1e3;
    ward.alarms()
        .iter()
        .filter(|entry| entry["what"] == "technical" && entry["bed"] == bed && entry["kind"] == kind)
        .map(|entry| {
            let time = seconds(entry["time"].as_str().unwrap());
            (entry["raised"] == true, time, entry["detail"].as_str().unwrap().to_string())
        })
        .collect()
}

/// Waits until the alarm was raised and cleared; what it said, and for how long it stood.
fn raised_and_cleared(ward: &Ward, daemon: &mut daemon::Daemon, bed: &str, kind: &str) -> (String, f64) {
    daemon.wait_for(&format!("{kind} on {bed}"), |_| {
        let lines = told(ward, bed, kind);
        let raised = lines.iter().find(|line| line.0)?.clone();
        let cleared = lines.iter().find(|line| !line.0)?;
        Some((raised.2, cleared.1 - raised.1))
    })
}

#[test]
fn electrodes_that_fail_are_named_and_so_is_their_recovery() {
    let fault = |kind: &str, electrode: &str| {
        format!("faults = {{ {kind} = {{ electrodes = [\"{electrode}\"], begin_s = 3, duration_s = 6 }} }}")
    };
    let beds = [
        synthetic("flat", &fault("unplugged", "T7")),
        synthetic("saturated", &fault("saturated", "O2")),
        synthetic("nan", &fault("not_a_number", "F3")),
        synthetic("all", "faults = { unplugged = { begin_s = 3, duration_s = 6 } }"),
    ]
    .concat();
    let ward = Ward::new(&beds);
    let mut daemon = ward.start();
    for (bed, kind, words) in [
        ("flat", "electrode-flat", "flat: EEG T7-REF"),
        ("saturated", "saturated", "amplifier saturated: EEG O2-REF"),
        ("nan", "not-a-number", "samples that are no numbers: EEG F3-REF"),
    ] {
        let (detail, _) = raised_and_cleared(&ward, &mut daemon, bed, kind);
        assert_eq!(detail, words);
    }
    let (detail, _) = raised_and_cleared(&ward, &mut daemon, "all", "too-few-channels");
    assert_eq!(detail, "18 of 18 derivations are absent");
    // Technical alarms are no seizure alarms.
    assert!(ward.alarms().iter().all(|entry| entry["what"] == "technical"));
}

#[test]
fn a_source_that_falls_silent_is_told_within_seconds_and_its_lost_samples_are_counted() {
    let silence = "faults = { silence = { begin_s = 4, duration_s = 12, counted = true } }";
    let ward = Ward::new(&synthetic("emu-01", silence));
    let mut daemon = ward.start();
    let (detail, stood_s) = raised_and_cleared(&ward, &mut daemon, "emu-01", "no-signal");
    assert_eq!(detail, "no sample for 2 s");
    // It was told while the silence lasted: then come the five seconds for which samples must have come again.
    assert!(stood_s > 5.0, "{stood_s} s");
    let lost = daemon.wait_for("the loss", |_| told(&ward, "emu-01", "samples-lost").pop());
    assert!(lost.0 && lost.2.starts_with("3072 samples (12.00 s) are missing"), "{}", lost.2);
    let (_, metrics) = daemon.get("/metrics");
    assert!(metrics.contains("vigil_lost_frames_total{bed=\"emu-01\"} 3072"), "{metrics}");
}

#[test]
fn a_source_that_is_unplugged_is_lost_and_found_again_without_a_restart() {
    let recorder = Recorder::start(256.0, 1.0);
    let bed = format!(
        "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.rda = {{ host = \"127.0.0.1\", port = {} }}\n",
        recorder.port()
    );
    let ward = Ward::new(&bed);
    let mut daemon = ward.start();
    daemon.wait_for("verdicts", |daemon| daemon.bed("emu-01")["second"].as_u64());
    // It is away until that is noticed, and for some seconds more.
    recorder.hang_up(Duration::from_secs(3600));
    daemon.wait_for("the loss", |_| told(&ward, "emu-01", "source-lost").pop());
    recorder.hang_up(Duration::from_secs(3));
    let (detail, _) = raised_and_cleared(&ward, &mut daemon, "emu-01", "source-lost");
    assert!(detail.contains("RDA") || detail.contains("127.0.0.1"), "{detail}");
    let gap = daemon.wait_for("the gap", |_| told(&ward, "emu-01", "samples-lost").pop());
    assert!(gap.2.contains("the source was away"), "{}", gap.2);
    let second = daemon.bed("emu-01")["second"].as_u64().unwrap();
    daemon.wait_for("further verdicts", |daemon| {
        (daemon.bed("emu-01")["second"].as_u64()? > second + 1).then_some(())
    });
}

#[test]
fn a_stream_whose_rate_is_not_what_it_says_is_told() {
    // A tenth too slow: no sample is lost, the rate is not what it says.
    let recorder = Recorder::start(256.0, 0.9);
    let bed = format!(
        "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.rda = {{ host = \"127.0.0.1\", port = {} }}\n",
        recorder.port()
    );
    let ward = Ward::new(&bed);
    let mut daemon = ward.start();
    let raised = daemon.wait_for("the alarm", |_| told(&ward, "emu-01", "wrong-rate").pop());
    assert!(raised.0 && raised.2.contains("256 Hz are announced"), "{}", raised.2);
    recorder.set_speed(1.0);
    raised_and_cleared(&ward, &mut daemon, "emu-01", "wrong-rate");
}

#[test]
fn volts_that_are_called_microvolts_are_told_within_a_minute_of_signal() {
    // As fast as a patient: half of the minute is left to look at the bed after the alarm.
    let recorder = Recorder::start(256.0, 1.0);
    recorder.set_gain(1e-6);
    let bed = format!(
        "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.rda = {{ host = \"127.0.0.1\", port = {} }}\n",
        recorder.port()
    );
    let ward = Ward::new(&bed);
    let mut daemon = ward.start();
    let raised = daemon.wait_for("the alarm", |_| told(&ward, "emu-01", "wrong-unit").pop());
    assert!(raised.0 && raised.2.contains("the unit in the stream is likely wrong"), "{}", raised.2);
    let second = daemon.bed("emu-01")["second"].as_u64().unwrap();
    assert!(second < 60, "{second} s");
    assert_eq!(told(&ward, "emu-01", "electrode-flat"), []);
    // The size of a second does not depend on how fast it comes.
    recorder.set_speed(4.0);
    recorder.set_gain(1.0);
    raised_and_cleared(&ward, &mut daemon, "emu-01", "wrong-unit");
}

#[test]
fn a_device_whose_clock_is_moved_is_told_and_loses_no_sample() {
    let name = format!("clock-{}", std::process::id());
    let (leaps, moved) = (Arc::new(AtomicBool::new(false)), 100.0);
    let leap = leaps.clone();
    // Stamps leap by a hundred seconds while samples flow.
    recorder::stream_over_lsl(
        &name,
        move |due_s| {
            if leap.load(Ordering::Relaxed) { due_s + moved } else { due_s }
        },
    );
    let ward = Ward::new(&format!(
        "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\n\
         source.lsl = {{ source_id = \"{name}\", hosts = [\"127.0.0.1\"], multicast = false }}\n"
    ));
    let mut daemon = ward.start();
    daemon.wait_for("verdicts", |daemon| daemon.bed("emu-01")["second"].as_u64());
    leaps.store(true, Ordering::Relaxed);
    let (detail, stood_s) = raised_and_cleared(&ward, &mut daemon, "emu-01", "clock-jump");
    let told = detail.strip_prefix("the device's clock moved by ").and_then(|rest| rest.split_once(" s"));
    let told_s: f64 = told.expect("by how much").0.parse().unwrap();
    assert!((told_s - moved).abs() < 0.1, "{detail}");
    // A minute, less what the entry of its raising may have waited for the disk.
    assert!(stood_s > 30.0, "{stood_s} s");
    assert_eq!(daemon.bed("emu-01")["lost_frames"], 0);
}

#[test]
fn a_stream_that_changes_its_layout_is_watched_on_and_recorded_anew() {
    let recorder = Recorder::start(256.0, 1.0);
    let bed = format!(
        "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.rda = {{ host = \"127.0.0.1\", port = {} }}\n",
        recorder.port()
    );
    let ward = Ward::new(&bed);
    let mut daemon = ward.start();
    let second = daemon.wait_for("verdicts", |daemon| daemon.bed("emu-01")["second"].as_u64());
    recorder.turn_round();
    daemon.wait_for("the other layout", |daemon| (daemon.bed("emu-01")["labels"][0] == "Pz").then_some(()));
    daemon.wait_for("further verdicts", |daemon| {
        (daemon.bed("emu-01")["second"].as_u64()? > second + 2).then_some(())
    });
    daemon.stop();
    let mut labels: Vec<String> = ward
        .files("emu-01")
        .iter()
        .map(|path| vigil::record::RecordFile::open(path).unwrap().about().labels[0].clone())
        .collect();
    // A full hour begins another file of the same layout.
    labels.dedup();
    assert_eq!(labels, ["Fp1", "Pz"]);
}

#[test]
fn a_stream_that_does_not_fit_is_told_at_once_and_by_name() {
    let bed = "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nlabels = [LABELS]\nsource.rda = { host = \"127.0.0.1\", port = PORT }\n";
    let recorder = Recorder::start(256.0, 1.0);
    let labels: Vec<String> = (0..19).map(|channel| format!("\"X{channel}\"")).collect();
    let bed = bed.replace("LABELS", &labels.join(", ")).replace("PORT", &recorder.port().to_string());
    let ward = Ward::new(&bed);
    let mut daemon = ward.start();
    let raised = daemon.wait_for("the alarm", |_| told(&ward, "emu-01", "misfit").pop());
    assert!(
        raised.2.contains("channel 1 is \"Fp1\" in the stream and \"X0\" in the bed's `labels`"),
        "{}",
        raised.2
    );
}

#[test]
fn a_detector_that_falls_behind_is_told_and_catches_up_without_leaving_a_second_out() {
    let ward = Ward::new(&synthetic("emu-01", "seizures_per_hour = 0"));
    // A network that takes seconds for each second: the stall is real.
    let models = ward.path("models");
    slow_network(&models);
    let patient = ward.path("patients/slow");
    std::fs::create_dir_all(&patient).unwrap();
    let settings = std::fs::read_to_string(ward.path("patients/new/patient.toml")).unwrap();
    std::fs::write(patient.join("patient.toml"), settings.replace("cnn = \"cnn\"", "cnn = \"slow\""))
        .unwrap();
    let text = std::fs::read_to_string(ward.path("vigil.toml")).unwrap();
    let line = text.lines().find(|line| line.starts_with("models")).unwrap();
    std::fs::write(ward.path("vigil.toml"), text.replace(line, "models = \"models\"")).unwrap();
    let mut daemon = ward.start();
    daemon.wait_for("verdicts", |daemon| daemon.bed("emu-01")["second"].as_u64());
    let slow = r#"{"patient": "slow", "source": {"synthetic": {"eeg": {"seed": 2}}}}"#;
    // Several of them: one alone may still keep up on a fast machine.
    let slow_beds: Vec<String> = (1..=8).map(|bed| format!("/api/v1/beds/slow-{bed}")).collect();
    for bed in &slow_beds {
        assert_eq!(daemon.ask("PUT", bed, Some(TOKEN), slow).0, 200);
    }
    let raised = daemon.wait_for("the alarm", |_| told(&ward, "emu-01", "detector-behind").pop());
    assert!(raised.0 && raised.2.contains("wait for their verdict"), "{}", raised.2);
    for bed in &slow_beds {
        assert_eq!(daemon.ask("DELETE", bed, Some(TOKEN), "").0, 200);
    }
    raised_and_cleared(&ward, &mut daemon, "emu-01", "detector-behind");
    let second = daemon.bed("emu-01")["second"].as_u64().unwrap();
    daemon.stop();
    let seconds: Vec<u64> = ward
        .files("emu-01")
        .iter()
        .flat_map(|path| vigil::record::RecordFile::open(path).unwrap().verdicts().unwrap())
        .map(|recorded| recorded.verdict.second)
        .collect();
    assert!(seconds.len() as u64 > second);
    assert!(seconds.iter().copied().eq(0..seconds.len() as u64), "a second was left out: {seconds:?}");
}

/// VGG-16 on a large image, with the weights of chance, beside the shared autoencoder.
fn slow_network(models: &std::path::Path) {
    use vigil::model::{Architecture, Classifier, CnnConfig, CnnNet, Seen, compute_device};
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
    for (name, file) in [("shared", "autoencoder.safetensors"), ("cnn", "weights.safetensors")] {
        std::fs::create_dir_all(models.join(name)).unwrap();
        std::fs::copy(root.join(name).join(file), models.join(name).join(file)).unwrap();
    }
    let config = CnnConfig { architecture: Architecture::Vgg16, ..CnnConfig::default() };
    let net = CnnNet::new(&config, &compute_device()).unwrap();
    std::fs::create_dir_all(models.join("slow")).unwrap();
    Classifier::save(&models.join("slow/weights.safetensors"), &config, &Seen::default(), &net).unwrap();
}

#[test]
fn a_full_disk_stops_the_record_and_nothing_else() {
    let ward = Ward::new(&synthetic("emu-01", "seizures_per_hour = 0"));
    let folder = ward.path("record");
    std::fs::create_dir_all(&folder).unwrap();
    let mounted = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
        .arg(&folder)
        .output()
        .is_ok_and(|output| output.status.success());
    if !mounted {
        println!("skipped: a small file system cannot be mounted here (this needs root)");
        return;
    }
    let text = std::fs::read_to_string(ward.path("vigil.toml")).unwrap();
    std::fs::write(ward.path("vigil.toml"), text.replace("warn_free_gb = 0", "warn_free_gb = 0.02")).unwrap();
    let mut daemon = ward.start();
    daemon.wait_for("verdicts", |daemon| daemon.bed("emu-01")["second"].as_u64());
    std::fs::write(folder.join("filler"), vec![0; 20 << 20]).unwrap();
    let raised = daemon.wait_for("the alarm", |_| told(&ward, "emu-01", "recorder-fails").pop());
    assert!(raised.0 && raised.2.contains("MB are free"), "{}", raised.2);
    daemon.wait_for("the warning", |_| told(&ward, "", "disk-nearly-full").pop());
    let second = daemon.bed("emu-01")["second"].as_u64().unwrap();
    daemon.wait_for("further verdicts", |daemon| {
        (daemon.bed("emu-01")["second"].as_u64()? > second + 2).then_some(())
    });
    std::fs::remove_file(folder.join("filler")).unwrap();
    raised_and_cleared(&ward, &mut daemon, "emu-01", "recorder-fails");
    daemon.wait_for("a second file", |_| (ward.files("emu-01").len() > 1).then_some(()));
    daemon.stop();
    for path in ward.files("emu-01") {
        vigil::record::RecordFile::open(&path).unwrap();
    }
    let _ = std::process::Command::new("umount").arg("-l").arg(&folder).status();
}
