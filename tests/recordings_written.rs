//! A recording that is written reads back as it was, and what cannot be read back is not written.

use jiff::civil::DateTime;
use proptest::prelude::*;
use tempfile::TempDir;
use vigil::eeg::{Annotation, RecordingFormat};
use vigil::format::edf::{EdfReader, EdfWriter, WriterSignal, WriterSpec};

fn signal(label: &str, samples_per_record: usize) -> WriterSignal {
    WriterSignal {
        label: label.into(),
        unit: "uV".into(),
        samples_per_record,
        physical_range: (-3276.8, 3276.7),
        digital_range: (-32768, 32767),
        prefilter: String::new(),
    }
}

fn spec(format: RecordingFormat, start: &str, signals: Vec<WriterSignal>) -> WriterSpec {
    WriterSpec {
        format,
        start: start.parse::<DateTime>().expect("a date and time"),
        patient: "X X X X".into(),
        recording: "X X test".into(),
        record_s: 1.0,
        annotation_bytes: 160,
        signals,
    }
}

/// Samples that differ from signal to signal and record to record.
fn samples(signal: usize, record: usize, count: usize) -> Vec<i16> {
    (0..count).map(|i| ((signal * 7919 + record * 104_729 + i * 31) % 65_536) as u16 as i16).collect()
}

fn mark(onset_s: f64, duration_s: Option<f64>, text: &str) -> Annotation {
    Annotation { onset_s, duration_s, text: text.into() }
}

fn sorted(mut annotations: Vec<Annotation>) -> Vec<Annotation> {
    annotations.sort_by(|a, b| a.onset_s.total_cmp(&b.onset_s).then_with(|| a.text.cmp(&b.text)));
    annotations
}

/// What to write: records before each gap, the gap's length in seconds, rates, annotations.
#[derive(Debug, Clone)]
struct Plan {
    stretches: Vec<(usize, u32)>,
    rates: Vec<usize>,
    annotations: Vec<(u32, Option<u32>, String)>,
    milliseconds: u32,
}

fn plans() -> impl Strategy<Value = Plan> {
    (
        prop::collection::vec((1usize..6, 1u32..2000), 1..4),
        prop::collection::vec(1usize..300, 1..5),
        prop::collection::vec((0u32..90_000, prop::option::of(0u32..5000), "[a-zA-Z äµé:,.]{1,60}"), 0..6),
        0u32..1000,
    )
        .prop_map(|(stretches, rates, annotations, milliseconds)| Plan {
            stretches,
            rates,
            annotations,
            milliseconds,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_reads_back(plan in plans(), gaps in any::<bool>()) {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("written.edf");
        let format = if gaps { RecordingFormat::EdfPlusD } else { RecordingFormat::EdfPlusC };
        let start = format!("2031-02-03T04:05:06.{:03}", plan.milliseconds);
        let signals = plan.rates.iter().enumerate().map(|(i, &rate)| signal(&format!("S{i}"), rate)).collect();
        let spec = spec(format, &start, signals);
        let annotations: Vec<Annotation> = plan
            .annotations
            .iter()
            .map(|(at, duration, text)| {
                mark(f64::from(*at) / 1000.0, duration.map(|d| f64::from(d) / 1000.0), text)
            })
            .collect();

        let mut writer = EdfWriter::create(&path, &spec).expect("a file");
        let (mut record, mut onset_s, mut expected) = (0, 0.0, Vec::new());
        for &(records, gap) in &plan.stretches {
            expected.push((record as u64, records as u64, onset_s));
            for _ in 0..records {
                let data: Vec<Vec<i16>> =
                    plan.rates.iter().enumerate().map(|(s, &rate)| samples(s, record, rate)).collect();
                // All annotations come with the first record: those without room there spill over.
                let now = if record == 0 { annotations.as_slice() } else { &[] };
                writer.write_record(onset_s, &data, now).expect("a record");
                record += 1;
                onset_s += 1.0;
            }
            onset_s += if gaps { f64::from(gap) / 8.0 } else { 0.0 };
        }
        let finished = writer.finish();

        let mut reader = EdfReader::open(&path).expect("a readable file");
        prop_assert_eq!(reader.header().format, format);
        prop_assert_eq!(reader.header().start, start.parse::<DateTime>().expect("a time"));
        prop_assert_eq!(reader.warnings(), &[] as &[String]);
        let mut read = Vec::new();
        for (s, &rate) in plan.rates.iter().enumerate() {
            reader.read_digital(s, 0, record * rate, &mut read).expect("samples");
            let written: Vec<i32> =
                (0..record).flat_map(|r| samples(s, r, rate)).map(i32::from).collect();
            prop_assert!(read == written, "signal {}", s);
        }
        let found: Vec<(u64, u64, f64)> =
            reader.segments().iter().map(|s| (s.first_record, s.records, s.onset_s)).collect();
        if gaps {
            prop_assert_eq!(found.len(), expected.len());
            for (found, expected) in found.iter().zip(&expected) {
                prop_assert_eq!((found.0, found.1), (expected.0, expected.1));
                prop_assert!((found.2 - expected.2).abs() < 1e-5, "{:?} {:?}", found, expected);
            }
        } else {
            prop_assert_eq!(found, vec![(0, record as u64, 0.0)]);
        }
        let read = sorted(reader.annotations().expect("annotations"));
        // What found no room is told, and nothing else is lost.
        match finished {
            Ok(()) => prop_assert_eq!(read.len(), annotations.len()),
            Err(error) => {
                let lost = annotations.len() - read.len();
                prop_assert!(lost > 0 && error.to_string().contains(&format!("{lost} more annotations")), "{}", error);
            }
        }
        for annotation in &read {
            let near = |other: &&Annotation| {
                other.text.trim() == annotation.text.trim()
                    && (other.onset_s - annotation.onset_s).abs() < 1e-5
                    && match (other.duration_s, annotation.duration_s) {
                        (Some(a), Some(b)) => (a - b).abs() < 1e-5,
                        (a, b) => a == b,
                    }
            };
            prop_assert!(annotations.iter().any(|written| near(&written)), "{:?}", annotation);
        }
    }
}

#[test]
fn annotations_without_room_go_into_the_records_that_follow_and_keep_their_times() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("spilled.edf");
    let spec = spec(RecordingFormat::EdfPlusC, "2031-02-03T04:05:06.5", vec![signal("Cz", 8)]);
    let long: Vec<Annotation> =
        ["a", "b", "c"].iter().map(|letter| mark(0.25, Some(0.5), &letter.repeat(100))).collect();
    let mut writer = EdfWriter::create(&path, &spec).expect("a file");
    for record in 0..3 {
        let now = if record == 0 { long.as_slice() } else { &[] };
        writer.write_record(f64::from(record), &[vec![0; 8]], now).expect("a record");
    }
    writer.finish().expect("room for all");
    // Two signals of 16 and 160 bytes: a record of 160 has room for one of the three.
    let bytes = std::fs::read(&path).expect("the file");
    for (record, annotation) in bytes[3 * 256..].chunks(176).zip(&long) {
        let text = annotation.text.as_bytes();
        assert!(record.windows(text.len()).any(|window| window == text), "{}", annotation.text);
    }
    assert_eq!(EdfReader::open(&path).expect("a file").annotations().expect("annotations"), long);
}

#[test]
fn microvolts_come_back_within_half_a_quantum() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("scaled.edf");
    let scaled = WriterSignal {
        unit: "mV".into(),
        physical_range: (-1.25, 3.75),
        digital_range: (-2048, 2047),
        ..signal("EEG Fp1-REF", 256)
    };
    let spec = spec(RecordingFormat::EdfPlusC, "2031-02-03T04:05:06", vec![scaled]);
    let quantum_uv = 5000.0 / 4095.0;
    let wanted_uv: Vec<f64> = (0..256).map(|i| -1250.0 + 5000.0 * f64::from(i) / 255.0).collect();
    let digital: Vec<i16> =
        wanted_uv.iter().map(|uv| (-2048.0 + (uv + 1250.0) / quantum_uv).round() as i16).collect();
    let mut writer = EdfWriter::create(&path, &spec).expect("a file");
    writer.write_record(0.0, &[digital], &[]).expect("a record");
    writer.finish().expect("a file");
    let mut found = vec![Vec::new()];
    EdfReader::open(&path).expect("a file").read_microvolts(&[0], 0, 256, &mut found).expect("samples");
    for (found, wanted) in found[0].iter().zip(&wanted_uv) {
        assert!((f64::from(*found) - wanted).abs() <= quantum_uv / 2.0 + 1e-3, "{found} for {wanted} uV");
    }
}

#[test]
fn a_time_that_goes_back_and_a_gap_in_a_file_without_gaps_are_refused() {
    let folder = TempDir::new().expect("a folder");
    for (format, second, expected) in
        [(RecordingFormat::EdfPlusD, 0.5, "or later"), (RecordingFormat::EdfPlusC, 2.0, "without gaps")]
    {
        let path = folder.path().join("times.edf");
        let spec = spec(format, "2031-02-03T04:05:06", vec![signal("Cz", 8)]);
        let mut writer = EdfWriter::create(&path, &spec).expect("a file");
        writer.write_record(0.0, &[vec![0; 8]], &[]).expect("a record");
        let message = writer.write_record(second, &[vec![0; 8]], &[]).expect_err("a wrong time").to_string();
        assert!(message.contains("times.edf") && message.contains(expected), "{message}");
        let short = writer.write_record(1.0, &[vec![0; 7]], &[]).expect_err("too few samples").to_string();
        assert!(short.contains("[7] samples") && short.contains("[8]"), "{short}");
    }
}

#[test]
fn what_edf_cannot_hold_is_refused_before_anything_is_written() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("never.edf");
    let long = "a label of more than 16 characters";
    let spec = spec(RecordingFormat::EdfPlusC, "2031-02-03T04:05:06", vec![signal(long, 8)]);
    let message = EdfWriter::create(&path, &spec).map(|_| ()).expect_err("too long").to_string();
    assert!(message.contains("never.edf") && message.contains(long), "{message}");
    assert!(!path.exists());
}

#[test]
fn a_physical_range_that_eight_characters_cannot_tell_apart_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("range.edf");
    let create = |physical_range| {
        let ranged = WriterSignal { physical_range, ..signal("Cz", 8) };
        EdfWriter::create(&path, &spec(RecordingFormat::EdfPlusC, "2031-02-03T04:05:06", vec![ranged]))
    };
    for good in [(-3276.8, 3276.7), (5.0, -5.0), (-0.00001, 0.00001), (99_999.9, 100_000.1)] {
        create(good).expect("a file").finish().expect("a file");
        assert_eq!(EdfReader::open(&path).expect("a readable file").physical_range(0), good);
    }
    std::fs::remove_file(&path).expect("the file");
    for bad in [(1.0, 1.0), (100_000.01, 100_000.02), (100_000.01, 100_000.12), (f64::NAN, 1.0), (0.0, 1e9)] {
        let message = create(bad).map(|_| ()).expect_err("a bad range").to_string();
        assert!(message.contains("range.edf: ") && message.contains("physical"), "{message}");
    }
    assert!(!path.exists());
}

#[test]
fn a_signal_that_readers_would_take_for_annotations_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("label.edf");
    for label in ["EDF Annotations", "BDF Annotations", " EDF Annotations"] {
        let spec = spec(RecordingFormat::EdfPlusC, "2031-02-03T04:05:06", vec![signal(label, 8)]);
        let message =
            EdfWriter::create(&path, &spec).map(|_| ()).expect_err("its samples get lost").to_string();
        assert!(message.contains("label.edf: a label is") && message.contains(label), "{message}");
    }
}

#[test]
fn an_annotation_that_readers_would_pass_over_is_refused() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("marks.edf");
    let spec = spec(RecordingFormat::EdfPlusC, "2031-02-03T04:05:06.25", vec![signal("Cz", 8)]);
    let mut writer = EdfWriter::create(&path, &spec).expect("a file");
    for (onset_s, text) in [(f64::NAN, "nan"), (f64::INFINITY, "inf"), (1e12, "far"), (0.5, "")] {
        let bad = mark(onset_s, None, text);
        let message = writer.write_record(0.0, &[vec![0; 8]], &[bad]).expect_err("lost").to_string();
        assert!(message.contains("marks.edf: an annotation is") && message.contains(text), "{message}");
    }
    // Before the start is a time like any other; a duration that is none is left out.
    let good = [mark(-3.0, Some(-1.0), "before"), mark(0.5, Some(f64::INFINITY), "endless")];
    writer.write_record(0.0, &[vec![0; 8]], &good).expect("a record");
    writer.finish().expect("room for both");
    let read = EdfReader::open(&path).expect("a file").annotations().expect("annotations");
    assert_eq!(read, [mark(-3.0, None, "before"), mark(0.5, None, "endless")]);
}
