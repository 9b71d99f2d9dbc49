//! A recording is judged at whatever rate its amplifier's clock gave it, and its seconds are the header's.

use std::path::Path;

use vigil::eeg::RecordingFormat;
use vigil::format::edf::{EdfReader, EdfWriter, WriterSignal, WriterSpec};
use vigil::record::whole_seconds_before;
use vigil::signal::{Reading, SignalConfig, StreamItem, WindowStream};
use vigil::source::RecordingSource;
use vigil::ward::Baseline;

const LABELS: [&str; 19] = [
    "Fp1", "F3", "C3", "P3", "O1", "F7", "T3", "T5", "Fz", "Cz", "Pz", "Fp2", "F4", "C4", "P4", "O2", "F8",
    "T4", "T6",
];

/// Writes records of a length that 8 characters hold, with a gap of `gap_s` in their middle.
fn write(path: &Path, samples: usize, record_s: f64, records: usize, gap_s: f64) {
    let signals = LABELS.map(|label| WriterSignal {
        label: label.into(),
        unit: "uV".into(),
        samples_per_record: samples,
        physical_range: (-3276.8, 3276.7),
        digital_range: (-32768, 32767),
        prefilter: String::new(),
    });
    let spec = WriterSpec {
        format: RecordingFormat::EdfPlusD,
        start: "2024-05-06T07:08:09".parse().unwrap(),
        patient: "X X X X".into(),
        recording: "X X test".into(),
        record_s,
        annotation_bytes: 128,
        signals: signals.into(),
    };
    let mut writer = EdfWriter::create(path, &spec).unwrap();
    for record in 0..records {
        let values: Vec<Vec<i16>> = (0..LABELS.len())
            .map(|channel| (0..samples).map(|i| ((i * (channel + 3)) % 97) as i16 * 8).collect())
            .collect();
        let gap_s = if record >= records / 2 { gap_s } else { 0.0 };
        writer.write_record(record as f64 * record_s + gap_s, &values, &[]).unwrap();
    }
    writer.finish().unwrap();
}

fn windows_of(path: &Path) -> (Vec<f64>, Vec<f64>) {
    let source = RecordingSource::open(path).unwrap();
    let mut stream = WindowStream::new(source, &SignalConfig::default()).unwrap();
    let (mut onsets, mut gaps) = (Vec::new(), Vec::new());
    while let Some(item) = stream.next_item().unwrap() {
        match item {
            StreamItem::Window(window) => onsets.push(stream.onset_s(&window)),
            StreamItem::Gap { next_s } => gaps.push(next_s),
        }
    }
    (onsets, gaps)
}

#[test]
fn records_of_a_rounded_length_are_judged_at_their_own_rate_and_have_the_headers_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.edf");
    for (samples, record_s, records) in
        [(2183, 4.36681, 20), (255, 0.996094, 90), (128, 0.499999, 180), (200, 1.000001, 90)]
    {
        write(&path, samples, record_s, records, 0.0);
        let reading = Reading::of(&path, &SignalConfig::default()).unwrap();
        assert_eq!((reading.refused, reading.derivations), (None, 18), "{samples} in {record_s} s");
        let (onsets, gaps) = windows_of(&path);
        assert!(gaps.is_empty());
        let whole_s = (records as f64 * record_s) as usize;
        assert_eq!(onsets.len(), whole_s, "{samples} in {record_s} s");
        for (second, onset_s) in onsets.iter().enumerate() {
            let late_s = onset_s - second as f64;
            assert!((-1e-6..0.009).contains(&late_s), "{samples} in {record_s} s, {second}: {late_s} s");
        }
    }
}

#[test]
fn behind_a_gap_the_seconds_of_an_odd_rate_begin_where_its_record_is_stamped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.edf");
    write(&path, 2183, 4.36681, 20, 100.0);
    let (onsets, gaps) = windows_of(&path);
    let again_s = 10.0 * 4.36681 + 100.0;
    assert!(gaps.len() == 1 && (gaps[0] - again_s).abs() < 0.002, "{gaps:?}");
    let later: Vec<f64> = onsets.into_iter().filter(|onset_s| *onset_s > 100.0).collect();
    assert_eq!(later.len(), 43);
    for (second, onset_s) in later.iter().enumerate() {
        assert!((onset_s - again_s - second as f64).abs() < 0.004, "{second}: {onset_s}");
    }
}

#[test]
fn a_baseline_at_an_odd_rate_is_gathered_in_one_stretch() {
    use vigil::detect::{Label, Verdict};
    use vigil::eeg::DERIVATIONS;
    use vigil::source::live::{LiveChannel, LiveLayout};
    use vigil::ward::intake::{Intake, StreamRules};
    let channels =
        LABELS.map(|label| LiveChannel { label: Some(label.into()), unit: Some("uV".into()), rails: None });
    let layout = LiveLayout { stream: "EEG".into(), rate_hz: 2183.0 / 4.36681, channels: channels.to_vec() };
    let intake = Intake::new(&layout, &StreamRules::default(), &SignalConfig::default(), 0).unwrap();
    let mut baseline = Baseline::default();
    let mut first_sample = 0;
    for second in 0..60 {
        let window = vigil::signal::Window {
            second,
            first_sample,
            samples: Vec::new(),
            present: [true; DERIVATIONS],
            faults: [None; DERIVATIONS],
        };
        let frames = intake.frames_of(&window);
        let verdict = Verdict { label: Some(Label::NonSeizure), ..Verdict::unjudged(second, 0.0, false) };
        baseline.observe(&window, frames, &verdict);
        first_sample += frames;
    }
    assert_eq!((baseline.spans().len(), baseline.usable_seconds()), (1, 60));
    assert_eq!(first_sample, (60.0 * layout.rate_hz).ceil() as u64);
}

#[test]
fn whole_seconds_back_are_whole_at_any_rate() {
    assert_eq!(whole_seconds_before(100_000, 60, 256.0), 100_000 - 60 * 256);
    assert_eq!(whole_seconds_before(1000, 60, 256.0), 1000 - 3 * 256);
    assert_eq!(whole_seconds_before(100, 60, 256.0), 100);
    // 60 seconds of 251 frames would be half a second too many.
    assert_eq!(whole_seconds_before(100_000, 60, 250.5), 100_000 - 15_030);
    assert_eq!(whole_seconds_before(100_000, 60, 499.907), 100_000 - 29_994);
}

/// Writes short records with stamps of few decimals, and gives the stretches that are found.
fn stretches_of(samples: usize, record_s: f64, decimals: usize, gap_s: f64) -> Vec<(u64, u64)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stamped.edf");
    write(&path, samples, record_s, 60, gap_s);
    let mut bytes = std::fs::read(&path).unwrap();
    let signals_bytes = 2 * samples * LABELS.len();
    for (record, part) in bytes[256 * (2 + LABELS.len())..].chunks_mut(signals_bytes + 128).enumerate() {
        let onset_s = record as f64 * record_s + if record >= 30 { gap_s } else { 0.0 };
        let stamp = format!("{onset_s:+.decimals$}\u{14}\u{14}\0");
        part[signals_bytes..].fill(0);
        part[signals_bytes..][..stamp.len()].copy_from_slice(stamp.as_bytes());
    }
    std::fs::write(&path, bytes).unwrap();
    let reader = EdfReader::open(&path).unwrap();
    assert!(reader.warnings().is_empty(), "{:?}", reader.warnings());
    reader.segments().iter().map(|segment| (segment.first_record, segment.records)).collect()
}

#[test]
fn stamps_that_are_rounded_to_few_decimals_are_no_gaps_and_real_gaps_are_found_behind_them() {
    for (samples, record_s, decimals) in
        [(255, 0.996094, 2), (255, 0.996094, 1), (32, 0.125, 1), (128, 0.4999, 2)]
    {
        let case = format!("{record_s} s with {decimals} decimals");
        assert_eq!(stretches_of(samples, record_s, decimals, 0.0), [(0, 60)], "{case}");
        let gap_s = 2.0 * 0.1f64.powi(decimals as i32) + 0.011;
        assert_eq!(stretches_of(samples, record_s, decimals, gap_s), [(0, 30), (30, 30)], "{case}");
    }
    // Stamps that could tell the time of each record exactly are believed to 2 ms.
    assert_eq!(stretches_of(256, 1.0, 2, 0.01), [(0, 30), (30, 30)]);
    assert_eq!(stretches_of(64, 0.25, 2, 0.01), [(0, 30), (30, 30)]);
}
