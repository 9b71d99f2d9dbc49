//! A replay writes what it promises, and says the same whatever its speed.

mod edf_bytes;
mod recordings;

use std::collections::BTreeMap;
use std::path::Path;

use edf_bytes::{Edf, Part};
use recordings::{REFERENTIAL, background, refusal, repository, vigil, ward, write_recording};
use tempfile::TempDir;
use vigil::eeg::Event;
use vigil::format::edf::EdfReader;
use vigil::format::events::read_events;

const COLUMNS: &str = "recording\tsecond\tdateTime\tae_error\tae_flag\tp_seizure\tp_abnormal\tp_nonseizure\tlabel\taccumulator\talarm";

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The demo patient's recordings of the third and fourth seizure, replayed into a folder.
fn replayed(speed: &str) -> TempDir {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    let recordings = repository("patients/chb03/recordings");
    let recording =
        |run: &str| recordings.join(format!("sub-chb03_ses-01_task-szMonitoring_run-{run}_eeg.edf"));
    let (first, second) = (recording("05"), recording("06"));
    let output = vigil(
        folder.path(),
        &[
            "replay",
            &second.to_string_lossy(),
            &first.to_string_lossy(),
            "--patient",
            "chb03",
            "--speed",
            speed,
        ],
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

#[test]
fn every_second_has_a_verdict_with_the_promised_columns_in_time_order() {
    let folder = replayed("max");
    let text = read(&folder.path().join("out/verdicts.tsv"));
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(COLUMNS));
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split('\t').collect()).collect();
    assert_eq!(rows.len(), 52 + 52);
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &rows {
        assert_eq!(row.len(), 11, "{row:?}");
        let next = seen.entry(row[0]).or_default();
        assert_eq!(row[1].parse::<u64>().ok(), Some(*next), "{row:?}");
        *next += 1;
        let shares: f64 = row[5..8].iter().filter_map(|cell| cell.parse::<f64>().ok()).sum();
        assert!(
            row[8] == "n/a" || (shares - 1.0).abs() < 1e-3,
            "probabilities of {row:?} add up to {shares}"
        );
        assert!(["seizure", "abnormal", "non-seizure", "n/a"].contains(&row[8]), "{row:?}");
        assert!(["off", "raised", "on"].contains(&row[10]), "{row:?}");
    }
    // The recordings were given the wrong way round and are played by their start times.
    assert!(rows[0][0].ends_with("run-05") && rows[103][0].ends_with("run-06"));
    assert!(rows.windows(2).all(|pair| pair[0][2] < pair[1][2]), "wall time goes forward");
}

#[test]
fn played_at_a_bedside_pace_or_as_fast_as_possible_the_verdicts_are_the_same() {
    let fast = replayed("max");
    let paced = replayed("400");
    assert_eq!(
        read(&fast.path().join("out/verdicts.tsv")),
        read(&paced.path().join("out/verdicts.tsv")),
        "two workers and one, many windows and one"
    );
    assert_eq!(read(&fast.path().join("out/alarms.tsv")), read(&paced.path().join("out/alarms.tsv")));
}

#[test]
fn each_recording_gets_its_events_under_its_own_name_and_a_readable_copy() {
    let folder = replayed("max");
    for run in ["05", "06"] {
        let name = format!("sub-chb03_ses-01_task-szMonitoring_run-{run}");
        let events: Vec<Event> =
            read_events(&folder.path().join("out").join(format!("{name}_events.tsv"))).expect("events");
        assert!(!events.is_empty(), "a recording without alarms has one background row");
        let mut copy = EdfReader::open(&folder.path().join("out").join(format!("{name}_annotated.edf")))
            .expect("a copy");
        let original = repository("patients/chb03/recordings").join(format!("{name}_eeg.edf"));
        let mut original = EdfReader::open(&original).expect("the recording");
        assert_eq!(copy.header().start, original.header().start);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for signal in [0, 7, 22] {
            copy.read_digital(signal, 0, 52 * 256, &mut ours).expect("samples");
            original.read_digital(signal, 0, 52 * 256, &mut theirs).expect("samples");
            assert_eq!(ours, theirs, "signal {signal}");
        }
        let texts: Vec<String> =
            copy.annotations().expect("annotations").into_iter().map(|a| a.text).collect();
        assert_eq!(texts.iter().any(|text| text == "expert: seizure"), run == "05", "{texts:?}");
        let alarms = texts.iter().filter(|text| *text == "vigil: alarm raised").count();
        let raised = read(&folder.path().join("out/alarms.tsv"))
            .lines()
            .skip(1)
            .filter(|line| line.contains(&name))
            .count();
        assert_eq!(alarms, raised);
    }
}

#[test]
fn the_overview_is_a_picture_and_the_summary_adds_up() {
    let folder = replayed("max");
    let picture = std::fs::read(folder.path().join("out/overview.png")).expect("a picture");
    assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"));
    let summary: serde_json::Value =
        serde_json::from_str(&read(&folder.path().join("out/summary.json"))).expect("JSON");
    assert_eq!(summary["recordings"], 2);
    assert_eq!(summary["seconds"], 104);
    assert_eq!(summary["seizures"].as_array().map(Vec::len), Some(1));
    let seconds = |value: &serde_json::Value| 3600.0 * value.as_f64().expect("hours");
    assert!((seconds(&summary["hours"]) - 104.0).abs() < 10.0, "of 104 s, some were not judged: {summary}");
    assert_eq!(
        seconds(&summary["score"]["hours"]),
        0.0,
        "both recordings end within the minute after a seizure"
    );
    assert!(summary["score"]["false_alarms_per_hour"].is_null(), "a rate that rests on nothing is absent");
}

#[test]
fn a_gap_in_a_recording_stays_a_gap() {
    use vigil::eeg::RecordingFormat;
    use vigil::format::edf::{EdfWriter, WriterSignal, WriterSpec};
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    let plain = folder.path().join("plain.edf");
    write_recording(&plain, &REFERENTIAL, 256, 4, "2024-05-06T07:08:09", background);
    let mut reader = EdfReader::open(&plain).expect("a recording");
    let spec = WriterSpec {
        format: RecordingFormat::EdfPlusD,
        start: reader.header().start,
        patient: "X X X X".into(),
        recording: "X X test".into(),
        record_s: 1.0,
        annotation_bytes: 128,
        signals: REFERENTIAL
            .iter()
            .map(|label| WriterSignal {
                label: (*label).into(),
                unit: "uV".into(),
                samples_per_record: 256,
                physical_range: (-3276.8, 3276.7),
                digital_range: (-32768, 32767),
                prefilter: String::new(),
            })
            .collect(),
    };
    let mut writer = EdfWriter::create(&folder.path().join("gap.edf"), &spec).expect("a file");
    let mut samples = Vec::new();
    for (record, onset_s) in [0.0, 1.0, 100.0, 101.0].into_iter().enumerate() {
        let signals: Vec<Vec<i16>> = (0..REFERENTIAL.len())
            .map(|signal| {
                reader.read_digital(signal, record as u64 * 256, 256, &mut samples).expect("samples");
                samples.iter().map(|&sample| sample as i16).collect()
            })
            .collect();
        writer.write_record(onset_s, &signals, &[]).expect("a record");
    }
    writer.finish().expect("a finished file");
    let output = vigil(folder.path(), &["replay", "gap.edf", "--patient", "chb03"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = read(&folder.path().join("out/verdicts.tsv"));
    let seconds: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split('\t').nth(1)).collect();
    assert_eq!(seconds, ["0", "1", "100", "101"]);
}

#[test]
fn a_copy_that_cannot_be_written_costs_no_alarm() {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    write_recording(
        &folder.path().join("night.edf"),
        &REFERENTIAL,
        256,
        12,
        "2024-05-06T07:08:09",
        background,
    );
    // Something else stands in the copy's place.
    std::fs::create_dir_all(folder.path().join("out/night_annotated.edf/in the way")).expect("a folder");
    let output = vigil(folder.path(), &["replay", "night.edf", "--patient", "chb03"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(9), "{message}");
    assert!(message.contains("night_annotated.edf"), "{message}");
    for whole in ["verdicts.tsv", "alarms.tsv", "night_events.tsv", "overview.png", "summary.json"] {
        assert!(folder.path().join("out").join(whole).is_file(), "{whole} is missing");
    }
    assert_eq!(read(&folder.path().join("out/verdicts.tsv")).lines().count(), 13);
}

#[test]
fn a_recording_in_volts_is_judged_as_the_same_in_microvolts_and_its_copy_is_in_microvolts() {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    let plain = folder.path().join("microvolts.edf");
    write_recording(&plain, &REFERENTIAL, 256, 8, "2024-05-06T07:08:09", background);
    let mut reader = EdfReader::open(&plain).expect("a recording");
    // The same bytes, with other units in the header: 20 signals, the annotations last.
    let mut bytes = std::fs::read(&plain).expect("a recording");
    for signal in 0..REFERENTIAL.len() {
        for (field, text) in [(96, b"V       "), (104, b"-.003277"), (112, b".003277 ")] {
            let at = 256 + field * 20 + 8 * signal;
            bytes[at..at + 8].copy_from_slice(text);
        }
    }
    std::fs::write(folder.path().join("volts.edf"), bytes).expect("a file");
    let output = vigil(folder.path(), &["replay", "volts.edf", "--patient", "chb03"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut copy = EdfReader::open(&folder.path().join("out/volts_annotated.edf")).expect("a copy");
    assert_eq!(copy.header().signals[0].unit, "uV");
    assert_eq!(copy.physical_range(0), (-3277.0, 3277.0));
    let (mut ours, mut theirs) = (vec![Vec::new()], vec![Vec::new()]);
    copy.read_microvolts(&[3], 0, 8 * 256, &mut ours).expect("samples");
    reader.read_microvolts(&[3], 0, 8 * 256, &mut theirs).expect("samples");
    // The two ranges differ by a ten-thousandth.
    assert!(ours[0].iter().zip(&theirs[0]).all(|(a, b)| (a - b).abs() < 0.1 + 1e-3 * b.abs()));
}

#[test]
fn a_replay_into_the_folder_of_its_recordings_is_refused_and_the_experts_table_stays() {
    let folder = TempDir::new().expect("a folder");
    let root = folder.path();
    ward(root);
    let marks = "onset\tduration\teventType\n2.0\t4.0\tsz\n";
    let subject = "sub-p1_ses-01_task-szMonitoring_run-01";
    let tree = root.join("tree/sub-p1/ses-01/eeg");
    let night = root.join("night");
    for (place, name) in [(&night, "r"), (&tree, subject)] {
        std::fs::create_dir_all(place).expect("a folder");
        let path = place.join(format!("{name}_eeg.edf"));
        write_recording(&path, &REFERENTIAL, 256, 8, "2024-05-06T07:08:09", background);
        std::fs::write(place.join(format!("{name}_events.tsv")), marks).expect("a table");
    }
    std::os::unix::fs::symlink("night", root.join("linked")).expect("a link");
    for (input, out) in [
        ("night", "night"),
        ("night", "night/../night"),
        ("night", "linked"),
        // The prediction for a recording of a tree lies at the same place below --out.
        ("tree", "tree"),
        ("tree", "tree/sub-p1/ses-01/eeg"),
    ] {
        let message = refusal(root, &["replay", input, "--patient", "chb03", "--out", out], 2);
        assert!(message.contains("_eeg.edf") && message.contains("expected another folder"), "{message}");
    }
    let here = ["replay", "r_eeg.edf", "--patient", "chb03", "--out", "."];
    refusal(&night, &[&here[..], &["--patients", "../patients", "--models", "../models"]].concat(), 2);
    assert_eq!(read(&night.join("r_events.tsv")), marks);
    assert_eq!(read(&tree.join(format!("{subject}_events.tsv"))), marks);
    for place in [&night, &tree] {
        assert_eq!(std::fs::read_dir(place).expect("files").count(), 2, "nothing is written");
    }
}

#[test]
fn a_replay_without_a_seizure_says_that_none_of_it_lies_in_one() {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    let recording = folder.path().join("calm_eeg.edf");
    write_recording(&recording, &REFERENTIAL, 256, 12, "2024-05-06T07:08:09", background);
    std::fs::write(folder.path().join("calm_events.tsv"), "onset\tduration\teventType\n0.0\t12.0\tbckg\n")
        .expect("a table");
    let output = vigil(folder.path(), &["replay", "calm_eeg.edf", "--patient", "chb03"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains(", 0 s of it in seizures"), "{said}");
}

/// An amplifier of 24 bits, as BioSemi's: a quarter of a volt up and down, in steps of a 32nd of a microvolt.
const LOWEST_UV: f64 = -262_144.0;

fn biosemi(microvolts: impl Fn(usize, f64) -> f64, seconds: usize) -> Edf {
    let mut file = Edf::new("BDF");
    file.kind = "24BIT".into();
    for label in REFERENTIAL {
        file = file.channel(label, 256);
    }
    for channel in &mut file.channels {
        channel.physical = ("-262144".into(), "262143".into());
        channel.digital = ("-8388608".into(), "8388607".into());
    }
    for second in 0..seconds {
        let samples: Vec<Vec<i32>> = (0..REFERENTIAL.len())
            .map(|channel| {
                let time = |i: usize| second as f64 + i as f64 / 256.0;
                (0..256).map(|i| (32.0 * microvolts(channel, time(i))).round() as i32).collect()
            })
            .collect();
        let parts: Vec<Part<'_>> = samples.iter().map(|samples| Part::Samples(samples)).collect();
        file = file.record(&parts);
    }
    file
}

#[test]
fn small_eeg_on_a_large_offset_of_24_bits_survives_its_copy_of_16_bits() {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    // Offsets of both signs; one that no header's 8 characters hold to a hundredth.
    let offset = |channel: usize| [-20_000.123, 31.7, 150_000.4, -0.02][channel % 4];
    let seconds = 40;
    let small = |channel: usize, t: f64| offset(channel) + background(channel, t) / 10.0;
    std::fs::write(folder.path().join("amp.bdf"), biosemi(small, seconds).bytes()).expect("a file");
    let output = vigil(folder.path(), &["replay", "amp.bdf", "--patient", "chb03"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut copy = EdfReader::open(&folder.path().join("out/amp_annotated.edf")).expect("a copy");
    let mut original = EdfReader::open(&folder.path().join("amp.bdf")).expect("the recording");
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for signal in 0..REFERENTIAL.len() {
        let count = seconds * 256;
        copy.read_digital(signal, 0, count, &mut ours).expect("samples");
        original.read_digital(signal, 0, count, &mut theirs).expect("samples");
        let (least, most) = copy.physical_range(signal);
        let step = (most - least) / 65_535.0;
        assert_eq!(copy.digital_range(signal), (-32768, 32767));
        let gain = 524_287.0 / 16_777_215.0;
        let apart = ours.iter().zip(&theirs).map(|(copied, recorded)| {
            let copied = least + (f64::from(*copied) + 32_768.0) * step;
            let recorded = LOWEST_UV + (f64::from(*recorded) + 8_388_608.0) * gain;
            (copied - recorded).abs()
        });
        let furthest = apart.fold(0.0, f64::max);
        assert!(furthest <= 0.51 * step, "signal {signal}: {furthest} uV at steps of {step} uV");
        assert!(step < 0.001, "signal {signal}: steps of {step} uV");
    }
}

#[test]
fn a_signal_of_24_bits_that_stands_still_has_a_copy_that_does() {
    let folder = TempDir::new().expect("a folder");
    ward(folder.path());
    let one_still = |channel: usize, t: f64| if channel == 3 { -12_345.5 } else { background(channel, t) };
    std::fs::write(folder.path().join("amp.bdf"), biosemi(one_still, 8).bytes()).expect("a file");
    let output = vigil(folder.path(), &["replay", "amp.bdf", "--patient", "chb03"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut copy = EdfReader::open(&folder.path().join("out/amp_annotated.edf")).expect("a copy");
    let mut original = EdfReader::open(&folder.path().join("amp.bdf")).expect("the recording");
    let (mut ours, mut theirs) = (vec![Vec::new()], vec![Vec::new()]);
    copy.read_microvolts(&[3], 0, 8 * 256, &mut ours).expect("samples");
    original.read_microvolts(&[3], 0, 8 * 256, &mut theirs).expect("samples");
    assert!(ours[0].iter().zip(&theirs[0]).all(|(a, b)| (a - b).abs() < 0.01), "{:?}", &ours[0][..4]);
}
