//! A bed's next patient begins anew: nothing of the one before is taken for theirs.

mod daemon;

use daemon::Ward;
use vigil::record::{RecordFile, RecordedSource, RecordedSpan};
use vigil::ward::checkpoint::decode;

fn bed(patient: &str, seed: u32) -> String {
    format!(
        "[[bed]]\nname = \"emu-01\"\npatient = \"{patient}\"\n\
         source.synthetic = {{ speed = 20.0, eeg = {{ seed = {seed}, seizure_onsets_s = [20.0] }} }}\n"
    )
}

fn until(daemon: &mut daemon::Daemon, second: u64) {
    daemon
        .wait_for("verdicts", |daemon| daemon.bed("emu-01")["second"].as_u64().filter(|now| *now >= second));
}

#[test]
fn frames_alarms_and_baseline_of_two_patients_of_a_bed_are_never_mixed() {
    let ward = Ward::new(&bed("chb03", 1));
    let mut daemon = ward.start();
    until(&mut daemon, 90);
    ward.configure("", &bed("new", 1));
    daemon.signal("-HUP");
    daemon.wait_for("the next patient", |daemon| (daemon.bed("emu-01")["patient"] == "new").then_some(()));
    until(&mut daemon, 40);
    daemon.wait_for("the new patient's record", |_| {
        let file = RecordFile::open(ward.files("emu-01").last()?).ok()?;
        (file.about().patient == "new" && !file.verdicts().ok()?.is_empty()).then_some(())
    });
    // A state of theirs is on disk before the kill: without one their count would begin once more.
    daemon.wait_for("the new patient's state", |_| {
        let state = decode(&std::fs::read(ward.path("state/beds/emu-01.state")).ok()?).ok()?;
        (state.patient == "new").then_some(())
    });
    // The daemon is killed, and looks for what it recorded of the new patient alone.
    daemon.kill();
    let mut daemon = ward.start();
    until(&mut daemon, 90);
    daemon.stop();
    let about: Vec<_> =
        ward.files("emu-01").iter().map(|path| RecordFile::open(path).unwrap().about().clone()).collect();
    let (first, last) = (about.first().unwrap(), about.last().unwrap());
    assert_eq!((first.patient.as_str(), last.patient.as_str()), ("chb03", "new"));
    assert_ne!(first.timeline, last.timeline);
    for file in &about {
        let of_first = file.timeline == first.timeline;
        assert_eq!(file.patient, if of_first { "chb03" } else { "new" });
        assert!(of_first || file.timeline == last.timeline, "the count began a third time");
    }
    let folder = ward.path("record");
    let mut frames = [0, 0];
    for (of, timeline) in [first.timeline, last.timeline].into_iter().enumerate() {
        let source = RecordedSource::open(&folder, "emu-01", timeline, 0, u64::MAX).unwrap();
        frames[of] = source.frames();
    }
    assert!(frames.iter().all(|frames| *frames > 60 * 256), "{frames:?}");
    let exported =
        RecordedSpan::open(&folder, "emu-01", f64::MIN, f64::MAX).unwrap().export(None, None).unwrap();
    assert!(
        exported.left_out.iter().any(|words| words.ends_with("another patient")),
        "{:?}",
        exported.left_out
    );
    // Both had a seizure at the same second of their own time: both were announced.
    let alarms: Vec<_> = ward.alarms().into_iter().filter(|entry| entry["what"] == "seizure").collect();
    for (patient, timeline) in [("chb03", first.timeline), ("new", last.timeline)] {
        let of = alarms.iter().filter(|entry| entry["patient"] == patient);
        assert!(of.clone().count() > 0, "no alarm of {patient}: {alarms:?}");
        assert!(of.clone().all(|entry| entry["timeline"] == timeline));
    }
}

#[test]
fn the_next_patient_is_never_shown_with_what_was_found_of_the_one_before() {
    // The first is in a seizure that does not end before the change.
    let first = "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\n\
                 source.synthetic = { speed = 5.0, eeg = { seed = 1, seizure_onsets_s = [20.0], seizure_duration_s = [80.0, 80.0] } }\n";
    let ward = Ward::new(first);
    let mut daemon = ward.start();
    daemon.wait_for("the alarm", |daemon| (daemon.bed("emu-01")["alarming"] == true).then_some(()));
    // The second's amplifier is not there: no verdict comes to write over what was.
    let second = "[[bed]]\nname = \"emu-01\"\npatient = \"new\"\n\
                  source.rda = { host = \"127.0.0.1\", port = 9 }\n";
    ward.configure("", second);
    daemon.signal("-HUP");
    let status = daemon.wait_for("the next patient", |daemon| {
        let status = daemon.bed("emu-01");
        (status["patient"] == "new").then_some(status)
    });
    assert_eq!(status["alarming"], false, "{status}");
    for what in ["probabilities", "label", "second", "time", "stream"] {
        assert!(status[what].is_null(), "{what}: {status}");
    }
    assert_eq!((&status["frames"], &status["alarms"]), (&0.into(), &0.into()), "{status}");
    daemon.stop();
}
