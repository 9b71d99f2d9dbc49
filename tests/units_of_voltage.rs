//! What a recording is in is known, or the recording is refused; EEG of a size that no head gives is told.

mod recordings;

use std::path::Path;

use recordings::{REFERENTIAL, background, refusal, vigil, ward, write_recording};
use tempfile::TempDir;
use vigil::dataset::{Dataset, LabelledRecording};
use vigil::eeg::{microvolts_per_stream_unit, microvolts_per_unit};
use vigil::signal::{Reading, SignalConfig};
use vigil::source::live::{LiveChannel, LiveLayout};
use vigil::ward::intake::{Intake, StreamRules};

const START: &str = "2024-05-06T07:08:09";

/// Writes a recording of the 19 electrodes and SpO2, the units of which are exchanged for these.
fn write_in(path: &Path, unit_of: impl Fn(usize) -> &'static str) {
    let labels: Vec<&str> = REFERENTIAL.iter().copied().chain(["SpO2"]).collect();
    write_recording(path, &labels, 256, 5, START, background);
    let mut bytes = std::fs::read(path).expect("the recording");
    for signal in 0..labels.len() {
        let at = unit_at(signal);
        bytes[at..at + 8].copy_from_slice(format!("{:<8}", unit_of(signal)).as_bytes());
    }
    std::fs::write(path, bytes).expect("a writable file");
}

/// Where the unit of a signal stands: 21 signals, the annotations last.
fn unit_at(signal: usize) -> usize {
    256 + 96 * 21 + 8 * signal
}

fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    folder
}

#[test]
fn every_usual_spelling_of_a_voltage_is_known() {
    let spellings: [(f64, &[&str]); 5] = [
        (1e6, &["V", "v", "Volt", "volts", "VOLTS", " V "]),
        (1e3, &["mV", "mv", "mVolt", "mvolts", "millivol", "Millivolts", "MILLIVOLT", "milliV"]),
        (
            1.0,
            &[
                "uV",
                "uv",
                "UV",
                "uVolt",
                "µV",
                "μV",
                "µVolts",
                "\u{e6}V",
                "\u{fffd}V",
                "\u{c2}\u{b5}V",
                "\u{ce}\u{bc}V",
                "uV.",
                "microvol",
                "Microvolts",
                "microV",
            ],
        ),
        (1e-3, &["nV", "nv", "NV", "nanovolt", "nVolt"]),
        (1e-6, &["pV", "pv", "picovolt"]),
    ];
    for (factor, units) in spellings {
        for unit in units {
            assert_eq!(microvolts_per_unit(unit), Some(factor), "{unit:?}");
            assert_eq!(microvolts_per_stream_unit(unit), Some(factor), "{unit:?}");
        }
    }
}

#[test]
fn what_may_mean_two_things_or_is_no_voltage_is_not_guessed() {
    for unit in [
        "", " ", "MV", "Mv", "MVolt", "PV", "10uV", "uV/bit", "N/A", "n/a", "%", "vol", "Vol", "mmHg", "kV",
        "dV", "V/s", "mA", "Boolean", "m V", "µ", "muV", ".", "MV.",
    ] {
        assert_eq!(microvolts_per_unit(unit), None, "{unit:?}");
        assert_eq!(microvolts_per_stream_unit(unit), None, "{unit:?}");
    }
}

#[test]
fn a_power_of_ten_is_the_unit_of_a_stream_and_of_no_file() {
    for (unit, factor) in [("0", 1e6), ("-3", 1e3), ("-6", 1.0), ("1e-06", 1.0), ("-9", 1e-3)] {
        assert_eq!(microvolts_per_stream_unit(unit), Some(factor), "{unit:?}");
        assert_eq!(microvolts_per_unit(unit), None, "{unit:?}");
    }
}

#[test]
fn a_recording_in_no_known_voltage_is_refused_with_channel_unit_and_byte_whatever_is_done_with_it() {
    let folder = folder();
    for (unit, told) in [("MV", "\"MV\""), ("", "no unit"), ("10uV", "\"10uV\"")] {
        write_in(&folder.path().join("r.edf"), move |_| unit);
        for command in [&["replay", "r.edf", "--patient", "chb03"][..], &["patient", "fit", "chb03", "r.edf"]]
        {
            let message = refusal(folder.path(), command, 5);
            let found = format!("channel \"EEG Fp1-REF\" is in {told} (8 bytes from byte {} ", unit_at(0));
            assert!(message.contains("r.edf") && message.contains(&found), "{message}");
            assert!(message.contains("expected a voltage: V, mV, uV, nV or pV"), "{message}");
        }
    }
    assert!(!folder.path().join("out/verdicts.tsv").exists());
}

#[test]
fn one_channel_of_the_montage_in_another_unit_is_enough_and_any_other_channel_does_not_count() {
    let folder = folder();
    write_in(&folder.path().join("one.edf"), |signal| if signal == 7 { "Mv" } else { "uV" });
    let message = refusal(folder.path(), &["replay", "one.edf", "--patient", "chb03"], 5);
    let found = format!("channel \"EEG T5-REF\" is in \"Mv\" (8 bytes from byte {} ", unit_at(7));
    assert!(message.contains(&found), "{message}");

    write_in(&folder.path().join("other.edf"), |signal| if signal == 19 { "%" } else { "uV" });
    let output = vigil(folder.path(), &["replay", "other.edf", "--patient", "chb03"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
    assert!(!message.contains("likely wrong"), "{message}");
}

#[test]
fn among_many_recordings_one_in_no_known_voltage_is_left_out_and_eeg_of_an_unlikely_size_is_told() {
    let folder = folder();
    let labelled = |name: &str, unit: &'static str| {
        let path = folder.path().join(name);
        write_in(&path, move |_| unit);
        LabelledRecording { person: "p".into(), path, events: Vec::new() }
    };
    let recordings = vec![
        labelled("good.edf", "uV"),
        labelled("strange.edf", "MV"),
        labelled("small.edf", "nV"),
        labelled("large.edf", "mV"),
    ];
    let dataset = Dataset::load(recordings, &SignalConfig::default(), &mut |_, _| ()).expect("a data set");
    let [(path, why)] = dataset.left_out.as_slice() else { panic!("{:?}", dataset.left_out) };
    assert!(path.ends_with("strange.edf") && why.contains("\"MV\""), "{why}");
    let [(small, first), (large, second)] = dataset.remarks.as_slice() else {
        panic!("{:?}", dataset.remarks)
    };
    assert!(small.ends_with("small.edf") && first.to_string().contains("the EEG measures 0.0"), "{first}");
    assert!(
        large.ends_with("large.edf") && second.to_string().contains("expected 0.5 to 2000 uV"),
        "{second}"
    );
}

#[test]
fn a_replay_of_eeg_of_an_unlikely_size_says_so_once_and_goes_on() {
    let folder = folder();
    write_in(&folder.path().join("small.edf"), |_| "nV");
    let output = vigil(folder.path(), &["replay", "small.edf", "--patient", "chb03"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{message}");
    assert_eq!(message.matches("the unit in the header is likely wrong").count(), 1, "{message}");
    assert!(message.contains("small.edf"), "{message}");
}

#[test]
fn info_says_whether_a_recording_can_be_judged_as_the_detector_says_it() {
    let folder = folder();
    let json = |name: &str| -> serde_json::Value {
        let output = vigil(folder.path(), &["info", name, "--json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    };
    let text = |name: &str| {
        let output = vigil(folder.path(), &["info", name]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    write_in(&folder.path().join("good.edf"), |signal| if signal == 19 { "%" } else { "uV" });
    assert!(text("good.edf").contains("as vigil reads it: 18 of 18 derivations, 256 Hz, uV\n"));
    let told = json("good.edf");
    assert_eq!(told["format"], "EDF+C");
    let reading = &told["reading"];
    assert_eq!((&reading["usable"], &reading["derivations"]), (&true.into(), &18.into()));
    assert_eq!((&reading["rate_hz"], &reading["units"]), (&256.0.into(), &serde_json::json!(["uV"])));
    assert!(reading["refused"].is_null());

    write_in(&folder.path().join("strange.edf"), |_| "MV");
    assert!(
        text("strange.edf").contains("as vigil reads it: cannot be judged: channel \"EEG Fp1-REF\" is in")
    );
    let reading = &json("strange.edf")["reading"];
    assert_eq!(reading["usable"], false);
    let reason = reading["refused"].as_str().expect("a reason");
    let message = refusal(folder.path(), &["replay", "strange.edf", "--patient", "chb03"], 5);
    // A message may be broken into lines; its words are the same.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(&message).contains(&words(reason)), "{message}\nshould give\n{reason}");
}

#[test]
fn an_oxygen_saturation_named_o2_does_not_cost_a_stream_or_a_recording_its_electrode() {
    let folder = folder();
    let mut labels = vec!["O2"];
    let electrodes = REFERENTIAL.map(|label| label.replace("EEG ", "").replace("-REF", ""));
    labels.extend(electrodes.iter().map(String::as_str));
    let path = folder.path().join("oxygen.edf");
    write_recording(&path, &labels, 256, 5, START, background);
    let mut bytes = std::fs::read(&path).expect("the recording");
    bytes[unit_at(0)..][..8].copy_from_slice(b"%       ");
    std::fs::write(&path, bytes).expect("a writable file");
    let reading = Reading::of(&path, &SignalConfig::default()).expect("a readable recording");
    assert_eq!((reading.refused, reading.derivations), (None, 18));
    let [remark] = &reading.remarks[..] else { panic!("{:?}", reading.remarks) };
    assert!(remark.contains("is used in place of channel 1 \"O2\", which is in \"%\""), "{remark}");

    let channel = |(place, label): (usize, &&str)| LiveChannel {
        label: Some(label.to_string()),
        unit: Some(if place == 0 { "%" } else { "uV" }.into()),
        rails: None,
    };
    let channels = labels.iter().enumerate().map(channel).collect();
    let layout = LiveLayout { stream: "EEG".into(), rate_hz: 256.0, channels };
    let intake =
        Intake::new(&layout, &StreamRules::default(), &SignalConfig::default(), 0).expect("a montage");
    assert_eq!(intake.montage().channels(), (1..20).collect::<Vec<_>>());
}
