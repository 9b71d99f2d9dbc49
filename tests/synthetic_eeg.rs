//! Synthetic EEG is the same however it is read and wherever it is taken up, says truly where its
//! seizures and faults are, and looks enough like EEG to load and to show a watcher.

use std::path::Path;
use std::process::Command;

use proptest::prelude::*;
use tempfile::TempDir;
use vigil::eeg::{ChannelLabel, Electrode, RecordingFormat};
use vigil::format::edf::EdfReader;
use vigil::format::events::read_events;
use vigil::source::live::{Incoming, LiveError, LiveSource, Received};
use vigil::source::pace::Pace;
use vigil::source::synthetic::{
    ElectrodeFault, Faults, RAILS_UV, Silence, Synthesiser, SyntheticConfig, SyntheticError, SyntheticFile,
    SyntheticSource, write_edf,
};

fn config(seed: u64) -> SyntheticConfig {
    SyntheticConfig { seed, ..SyntheticConfig::default() }
}

fn synthesiser(config: &SyntheticConfig) -> Synthesiser {
    Synthesiser::new(config).expect("a configuration that can be")
}

/// Seconds of a stream, frame after frame, as bits: what is not a number is compared as well.
fn seconds(config: &SyntheticConfig, seconds: impl IntoIterator<Item = u64>) -> Vec<u32> {
    let mut synthesiser = synthesiser(config);
    let (mut digital, mut frames, mut all) = (Vec::new(), Vec::new(), Vec::new());
    for second in seconds {
        synthesiser.second(second, &mut digital, &mut frames);
        all.extend(frames.iter().map(|value| value.to_bits()));
    }
    all
}

/// Seconds of one electrode in microvolts.
fn electrode(config: &SyntheticConfig, row: usize, seconds: std::ops::Range<u64>) -> Vec<f64> {
    let (mut synthesiser, rate) = (synthesiser(config), config.rate_hz as usize);
    let mut digital = Vec::new();
    let mut all = Vec::new();
    for second in seconds {
        synthesiser.digital(second, &mut digital);
        all.extend(digital[row * rate..(row + 1) * rate].iter().map(|&value| 0.1 * f64::from(value)));
    }
    all
}

fn rms(samples: &[f64]) -> f64 {
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    (samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
}

/// Root of the power at one frequency, with a window of the whole length.
fn at_frequency(samples: &[f64], rate_hz: f64, frequency_hz: f64) -> f64 {
    let (mut real, mut imaginary) = (0.0, 0.0);
    for (i, sample) in samples.iter().enumerate() {
        let taper = (std::f64::consts::PI * i as f64 / samples.len() as f64).sin().powi(2);
        let (sine, cosine) = (std::f64::consts::TAU * frequency_hz * i as f64 / rate_hz).sin_cos();
        real += taper * sample * cosine;
        imaginary += taper * sample * sine;
    }
    4.0 * real.hypot(imaginary) / samples.len() as f64
}

/// Mean power from one frequency to another over pieces of four seconds.
fn power(samples: &[f64], rate_hz: f64, low: f64, high: f64) -> f64 {
    let piece = 4 * rate_hz as usize;
    let steps = ((high - low) / 0.25) as usize;
    let total: f64 = samples
        .chunks_exact(piece)
        .flat_map(|piece| {
            (0..steps)
                .map(|step| at_frequency(piece, rate_hz, low + 0.25 * step as f64).powi(2))
                .collect::<Vec<_>>()
        })
        .sum();
    total / (samples.len() / piece) as f64
}

fn row(electrode: Electrode) -> usize {
    Electrode::ALL.iter().position(|&e| e == electrode).expect("one of the 19")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime")
}

/// Everything that a source gives from a frame on, until it ends or `most` frames were given.
fn received(config: &SyntheticConfig, pace: Pace, from: u64, most: usize) -> (Vec<Received>, bool) {
    let channels = 19 + usize::from(config.ecg);
    runtime().block_on(async {
        let mut source = SyntheticSource::new(config.clone(), pace);
        assert!(source.resume_at(from));
        source.connect().await.expect("a connection");
        let (mut pieces, mut frames) = (Vec::new(), 0);
        while frames < most {
            match source.receive().await.expect("what comes next") {
                Incoming::Samples(received) => {
                    frames += received.values.len() / channels;
                    pieces.push(received);
                }
                Incoming::Ended => return (pieces, true),
                Incoming::Layout(layout) => panic!("another layout: {layout:?}"),
            }
        }
        (pieces, false)
    })
}

fn bits(pieces: &[Received]) -> Vec<u32> {
    pieces.iter().flat_map(|piece| &piece.values).map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_second_is_the_same_whatever_was_asked_for_before(
        seed in any::<u64>(),
        rate_hz in 128u32..=1024,
        start in 0u64..5_000_000,
        ecg in any::<bool>(),
    ) {
        let config = SyntheticConfig {
            rate_hz, ecg, artifacts_per_hour: 360.0, blinks_per_minute: 20.0, seizures_per_hour: 20.0, ..config(seed)
        };
        let in_order = seconds(&config, start..start + 12);
        let length = in_order.len() / 12;
        for second in [11, 3, 7] {
            let alone = seconds(&config, [start + second]);
            prop_assert_eq!(&alone[..], &in_order[second as usize * length..(second as usize + 1) * length]);
        }
    }

    #[test]
    fn the_live_stream_gives_the_same_bits_from_any_frame_and_in_any_pieces(
        seed in any::<u64>(),
        rate_hz in 128u32..=600,
        from in 0u64..2_000_000,
        speed in prop::sample::select(vec![Pace::Max, Pace::Times(1000.0), Pace::Times(640.0)]),
    ) {
        let config = SyntheticConfig { rate_hz, artifacts_per_hour: 360.0, ..config(seed) };
        let (pieces, _) = received(&config, speed, from, 3 * rate_hz as usize);
        let given = bits(&pieces);
        let first = from / u64::from(rate_hz);
        let whole = seconds(&config, first..first + 6);
        let skip = 19 * (from % u64::from(rate_hz)) as usize;
        prop_assert_eq!(&given[..], &whole[skip..skip + given.len()]);
        prop_assert!(pieces.iter().all(|piece| piece.lost_before == 0));
    }

    #[test]
    fn every_rate_gives_numbers_within_the_rails(rate_hz in 128u32..=1024, second in 0u64..100_000) {
        let config = SyntheticConfig { rate_hz, ..config(9) };
        let values = seconds(&config, [second]);
        prop_assert_eq!(values.len(), 19 * rate_hz as usize);
        let (low, high) = (RAILS_UV.0 as f32, RAILS_UV.1 as f32);
        prop_assert!(values.iter().all(|&bits| (low..=high).contains(&f32::from_bits(bits))));
    }
}

#[test]
fn signals_run_on_smoothly_from_second_to_second() {
    let config =
        SyntheticConfig { seizure_onsets_s: vec![20.3], mains_uv: 0.0, artifacts_per_hour: 0.0, ..config(4) };
    // Were there jumps between seconds, they would stand out among the steps just before and after.
    let (mut joints, mut beside) = (0.0, 0.0);
    for row in 0..19 {
        let samples = electrode(&config, row, 0..120);
        let step = |frame: usize| (samples[frame] - samples[frame - 1]).abs();
        for joint in (256..samples.len() - 1).step_by(256) {
            joints += step(joint);
            beside += 0.5 * (step(joint - 1) + step(joint + 1));
        }
    }
    assert!(joints < 1.15 * beside, "{joints} between seconds, {beside} beside");
}

#[test]
fn another_seed_is_another_person() {
    assert_ne!(seconds(&config(1), [100]), seconds(&config(2), [100]));
}

#[test]
fn amplitudes_are_those_of_eeg() {
    let quiet = SyntheticConfig {
        artifacts_per_hour: 0.0,
        blinks_per_minute: 0.0,
        seizures_per_hour: 0.0,
        ..config(1)
    };
    for seed in 0..6 {
        let quiet = SyntheticConfig { seed, ..quiet.clone() };
        for row in 0..19 {
            let background = rms(&electrode(&quiet, row, 0..60));
            assert!((10.0..50.0).contains(&background), "seed {seed}, row {row}: {background} µV");
        }
        let with_seizure = SyntheticConfig { seizure_onsets_s: vec![10.0], ..quiet.clone() };
        let events = synthesiser(&with_seizure).events(0.0, 200.0);
        let late = (10.0 + 0.6 * events[0].duration_s) as u64;
        let largest = (0..19)
            .map(|row| {
                electrode(&with_seizure, row, late..late + 5).iter().fold(0.0, |a: f64, b| a.max(b.abs()))
            })
            .fold(0.0, f64::max);
        assert!((120.0..500.0).contains(&largest), "seed {seed}: a seizure of {largest} µV");
    }
}

#[test]
fn the_alpha_rhythm_is_behind_and_sleep_is_slow() {
    let config = SyntheticConfig {
        artifacts_per_hour: 0.0,
        blinks_per_minute: 0.0,
        seizures_per_hour: 0.0,
        sleep_every_s: 1000.0,
        ..config(7)
    };
    assert_eq!(synthesiser(&config).sleep_depth(200.0), 0.0);
    assert!(synthesiser(&config).sleep_depth(700.0) > 0.7);
    let (o1, fp1) = (row(Electrode::O1), row(Electrode::Fp1));
    let alpha = |row, from| power(&electrode(&config, row, from..from + 120), 256.0, 8.0, 12.0);
    let delta = |row, from| power(&electrode(&config, row, from..from + 120), 256.0, 0.5, 4.0);
    assert!(alpha(o1, 200) > 4.0 * alpha(fp1, 200));
    assert!(alpha(o1, 200) > 3.0 * alpha(o1, 680));
    assert!(delta(o1, 680) > 2.0 * delta(o1, 200));
}

#[test]
fn the_mains_are_where_they_were_asked_for() {
    for mains_hz in [50, 60] {
        let config = SyntheticConfig { mains_hz, mains_uv: 5.0, ..config(3) };
        let samples = electrode(&config, row(Electrode::Cz), 30..40);
        let (at, beside) = (
            at_frequency(&samples, 256.0, f64::from(mains_hz)),
            at_frequency(&samples, 256.0, f64::from(mains_hz) - 3.0),
        );
        assert!(at > 1.5 && at > 5.0 * beside, "{mains_hz} Hz: {at} µV, beside {beside} µV");
    }
}

#[test]
fn a_seizure_stands_where_it_is_said_to_be_and_slows() {
    for seed in 0..5 {
        let config = SyntheticConfig {
            artifacts_per_hour: 0.0,
            blinks_per_minute: 0.0,
            seizure_onsets_s: vec![100.0],
            seizure_duration_s: [60.0, 60.0],
            ..config(seed)
        };
        let event = synthesiser(&config).events(0.0, 1000.0).remove(0);
        assert_eq!((event.onset_s, event.duration_s), (100.0, 60.0));
        let focus = event.channels.expect("a focus").split(',').next().and_then(Electrode::from_name);
        let samples = electrode(&config, row(focus.expect("an electrode")), 0..260);
        let second = |from: usize, to: usize| &samples[from * 256..to * 256];
        let before = rms(second(60, 90));
        assert!(rms(second(140, 158)) > 3.0 * before);
        assert!(rms(second(230, 260)) < 2.5 * before);
        let early = power(second(106, 118), 256.0, 4.5, 8.0) / power(second(106, 118), 256.0, 2.0, 4.0);
        let late = power(second(146, 158), 256.0, 4.5, 8.0) / power(second(146, 158), 256.0, 2.0, 4.0);
        assert!(early > 2.0 * late, "seed {seed}: {early} early, {late} late");
    }
}

#[test]
fn seizures_come_at_the_rate_that_was_asked_for_and_never_overlap() {
    for rate in [0.1, 0.5, 4.0, 20.0] {
        let config = SyntheticConfig { seizures_per_hour: rate, ..config(11) };
        let events = synthesiser(&config).events(0.0, 3600.0 * 100.0);
        let expected = 100.0 * rate;
        assert!((events.len() as f64 - expected).abs() <= 1.0, "{} at {rate} an hour", events.len());
        assert!(events.windows(2).all(|pair| pair[0].end_s() + 60.0 <= pair[1].onset_s + 1e-6));
        assert!(events.iter().all(|event| (30.0..=80.0).contains(&event.duration_s)));
        // What is said of a part is what is said of the whole.
        for event in events.iter().take(5) {
            let part = synthesiser(&config).events(event.onset_s + 1.0, event.onset_s + 2.0);
            assert_eq!(part, std::slice::from_ref(event));
        }
    }
}

#[test]
fn an_artifact_stands_where_it_is_said_to_be() {
    let none = SyntheticConfig {
        artifacts_per_hour: 0.0,
        blinks_per_minute: 0.0,
        seizures_per_hour: 0.0,
        sleep_every_s: 0.0,
        ..config(21)
    };
    let some = SyntheticConfig { artifacts_per_hour: 60.0, ..none.clone() };
    let artifacts = synthesiser(&some).artifacts(0.0, 1800.0);
    assert!(artifacts.len() > 15, "{}", artifacts.len());
    let touched = |second: u64| {
        artifacts.iter().any(|a| {
            a.onset_s < (second + 1) as f64 && a.onset_s + a.duration_s.unwrap_or(0.0) > second as f64
        })
    };
    for second in 0..1800 {
        let same = seconds(&none, [second]) == seconds(&some, [second]);
        assert!(same || touched(second), "second {second} differs, and nothing is said to be there");
    }
    let different = artifacts
        .iter()
        .filter(|a| {
            let middle = (a.onset_s + 0.5 * a.duration_s.unwrap_or(0.0)) as u64;
            seconds(&none, [middle]) != seconds(&some, [middle])
        })
        .count();
    assert_eq!(different, artifacts.len());
}

fn fault(electrodes: &[&str], begin_s: u64) -> Option<ElectrodeFault> {
    let electrodes = electrodes.iter().map(ToString::to_string).collect();
    Some(ElectrodeFault { electrodes, begin_s, duration_s: 2 })
}

#[test]
fn faults_come_when_they_are_due_and_go_again() {
    let sound = config(5);
    let config = SyntheticConfig {
        faults: Faults {
            unplugged: fault(&["T7"], 10),
            saturated: fault(&["T4", "o2"], 20),
            not_a_number: fault(&[], 30),
            silence: None,
        },
        ..sound.clone()
    };
    let value = |second: u64, electrode: Electrode| -> Vec<f32> {
        seconds(&config, [second]).chunks(19).map(|frame| f32::from_bits(frame[row(electrode)])).collect()
    };
    for second in [10, 11] {
        assert!(value(second, Electrode::T7).iter().all(|&value| value == 0.0));
        assert!(value(second, Electrode::T8).iter().any(|&value| value != 0.0));
    }
    for second in [20, 21] {
        for electrode in [Electrode::T8, Electrode::O2] {
            assert!(value(second, electrode).iter().all(|&value| value == RAILS_UV.1 as f32));
        }
    }
    assert!(Electrode::ALL.iter().all(|&e| value(31, e).iter().all(|value| value.is_nan())));
    for second in [9, 12, 19, 22, 29, 32] {
        assert_eq!(seconds(&config, [second]), seconds(&sound, [second]));
    }
}

#[test]
fn a_silence_is_told_as_lost_frames_where_the_device_counts() {
    for (counted, lost) in [(true, 3 * 256), (false, 0)] {
        let silence = Some(Silence { begin_s: 2, duration_s: 3, counted });
        let sound = config(8);
        let config = SyntheticConfig {
            duration_s: Some(7),
            faults: Faults { silence, ..Faults::default() },
            ..sound.clone()
        };
        // At fifty times real time the silence lasts 60 ms.
        let (pieces, ended) = received(&config, Pace::Times(50.0), 0, usize::MAX);
        assert!(ended);
        assert_eq!(bits(&pieces), seconds(&sound, [0, 1, 5, 6]));
        let at = pieces.iter().position(|piece| piece.lost_before > 0);
        assert_eq!(pieces.iter().map(|piece| piece.lost_before).sum::<u64>(), lost);
        // Time passes either way.
        let stamps: Vec<f64> = pieces.iter().map(|piece| piece.taken_at_s.expect("a stamp")).collect();
        let jump = stamps.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
        assert!(jump > 3.0 / 50.0, "the stamps jump by {jump} s at most");
        if let Some(at) = at {
            assert!(stamps[at] - stamps[at - 1] > 3.0 / 50.0);
        }
    }
}

#[test]
fn taken_up_within_a_silence_the_rest_of_it_is_lost() {
    let silence = Some(Silence { begin_s: 2, duration_s: 3, counted: true });
    let config = SyntheticConfig { faults: Faults { silence, ..Faults::default() }, ..config(8) };
    let (pieces, _) = received(&config, Pace::Max, 3 * 256 + 100, 256);
    assert_eq!(pieces[0].lost_before, 2 * 256 - 100);
}

#[test]
fn the_stream_plays_at_its_pace_and_ends() {
    let config = SyntheticConfig { duration_s: Some(3), ..config(2) };
    let begun = std::time::Instant::now();
    let (pieces, ended) = received(&config, Pace::Times(10.0), 0, usize::MAX);
    assert!(ended);
    // It cannot have come earlier than it was due.
    assert!(begun.elapsed().as_secs_f64() >= 0.3);
    assert_eq!(bits(&pieces), seconds(&config, 0..3));
    assert!(pieces.iter().all(|piece| piece.values.len() <= 19 * 160));
    let (pieces, ended) = received(&config, Pace::Max, 3 * 256, usize::MAX);
    assert!(ended && pieces.is_empty());
}

#[test]
fn seizures_are_marked_in_the_stream() {
    let config = SyntheticConfig { seizure_onsets_s: vec![5.5], artifacts_per_hour: 0.0, ..config(2) };
    let (pieces, _) = received(&config, Pace::Max, 0, 8 * 256);
    let mut frame = 0;
    let mut marks = Vec::new();
    for piece in &pieces {
        marks.extend(piece.marks.iter().map(|mark| (frame + mark.frame, mark.text.clone())));
        frame += piece.values.len() / 19;
    }
    assert_eq!(marks.len(), 1);
    assert_eq!(marks[0].0, 1408);
    assert!(marks[0].1.starts_with("synthetic seizure"), "{}", marks[0].1);
}

fn file(folder: &TempDir, seconds: u64) -> SyntheticFile {
    SyntheticFile {
        path: folder.path().join("made/night_eeg.edf"),
        seconds,
        start: "2031-02-03T22:00:00".parse().expect("a date and time"),
        events: true,
    }
}

#[test]
fn a_written_recording_holds_the_bits_of_the_live_stream_and_says_what_it_is() {
    let folder = TempDir::new().expect("a folder");
    let config =
        SyntheticConfig { ecg: true, rate_hz: 200, seizure_onsets_s: vec![12.25], ..config(u64::MAX) };
    let file = file(&folder, 60);
    let mut told = 0;
    let events = write_edf(&config, &file, &mut |done| told = done).expect("a recording");
    assert_eq!(told, 60);
    let mut reader = EdfReader::open(&file.path).expect("a recording");
    assert!(reader.warnings().is_empty(), "{:?}", reader.warnings());
    assert_eq!(reader.header().format, RecordingFormat::EdfPlusC);
    assert_eq!((reader.header().duration_s, reader.header().start), (60.0, file.start));
    let labels: Vec<String> = reader.header().signals.iter().map(|signal| signal.label.clone()).collect();
    assert!(labels[..19].iter().all(|label| ChannelLabel::parse(label) != ChannelLabel::Other), "{labels:?}");
    assert_eq!(labels[19], "ECG");
    let all: Vec<usize> = (0..20).collect();
    let mut channels = vec![Vec::new(); 20];
    reader.read_microvolts(&all, 0, 60 * 200, &mut channels).expect("samples");
    let live = seconds(&config, 0..60);
    for (frame, live) in live.chunks(20).enumerate() {
        let read: Vec<u32> = channels.iter().map(|channel| channel[frame].to_bits()).collect();
        assert_eq!(read, live, "frame {frame}");
    }
    let remarks = reader.annotations().expect("remarks");
    assert!(remarks.iter().any(|remark| remark.text.contains("recorded from nobody")));
    let seizure = remarks.iter().find(|remark| remark.text == "synthetic seizure").expect("the seizure");
    assert_eq!(seizure.onset_s, 12.25);
    let table = read_events(&folder.path().join("made/night_events.tsv")).expect("a table");
    assert_eq!(table.len(), 1);
    assert!((table[0].onset_s - 12.25).abs() < 0.01 && table[0].is_seizure());
    assert_eq!(events.len(), 1);
    // The seizure is longer than what is left, and no event outlasts its recording.
    assert!(table[0].end_s() <= 60.0 + 0.01);
    assert!(table[0].channels.as_deref().is_some_and(|channels| channels.contains("synthetic")));
    let header = String::from_utf8_lossy(&std::fs::read(&file.path).expect("bytes")[..256]).into_owned();
    assert!(header.contains("synthetic_EEG_seed_18446744073709551615"), "{header}");
}

#[test]
fn a_silence_is_a_gap_in_the_recording() {
    let folder = TempDir::new().expect("a folder");
    let silence = Some(Silence { begin_s: 10, duration_s: 5, counted: true });
    let config = SyntheticConfig { faults: Faults { silence, ..Faults::default() }, ..config(3) };
    let file = file(&folder, 30);
    write_edf(&config, &file, &mut |_| {}).expect("a recording");
    let reader = EdfReader::open(&file.path).expect("a recording");
    assert_eq!(reader.header().format, RecordingFormat::EdfPlusD);
    let segments: Vec<(f64, u64)> = reader.segments().iter().map(|s| (s.onset_s, s.records)).collect();
    assert_eq!(segments, [(0.0, 10), (15.0, 15)]);
}

#[test]
fn what_cannot_be_written_leaves_no_file() {
    let folder = TempDir::new().expect("a folder");
    let nan = Faults { not_a_number: fault(&[], 3), ..Faults::default() };
    let at_once = Silence { begin_s: 0, duration_s: 5, counted: true };
    let late = Faults { silence: Some(at_once), ..Faults::default() };
    for faults in [nan, late] {
        let error = write_edf(&SyntheticConfig { faults, ..config(3) }, &file(&folder, 30), &mut |_| {});
        assert!(matches!(error, Err(SyntheticError::Setting { .. })), "{error:?}");
    }
    let mut blocked = file(&folder, 30);
    std::fs::write(folder.path().join("taken"), b"").expect("a file");
    blocked.path = folder.path().join("taken/night.edf");
    let error = write_edf(&config(3), &blocked, &mut |_| {});
    assert!(matches!(error, Err(SyntheticError::Format(_))), "{error:?}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
}

#[test]
fn settings_that_cannot_be_are_refused_by_name() {
    let refused = |config: SyntheticConfig, name: &str| {
        let error = Synthesiser::new(&config).err().expect("a refusal").to_string();
        assert!(error.contains(name), "{error}");
        let error = runtime().block_on(SyntheticSource::new(config, Pace::Max).connect());
        assert!(matches!(error, Err(LiveError::Unsuitable { .. })), "{error:?}");
    };
    refused(SyntheticConfig { rate_hz: 100, ..config(1) }, "rate_hz");
    refused(SyntheticConfig { mains_hz: 55, ..config(1) }, "mains_hz");
    refused(SyntheticConfig { mains_uv: f64::NAN, ..config(1) }, "mains_uv");
    refused(SyntheticConfig { sleep_every_s: 5.0, ..config(1) }, "sleep_every_s");
    refused(SyntheticConfig { seizures_per_hour: 30.0, ..config(1) }, "seizures_per_hour");
    refused(SyntheticConfig { seizure_onsets_s: vec![10.0, 100.0], ..config(1) }, "seizure_onsets_s");
    refused(SyntheticConfig { seizure_duration_s: [40.0, 30.0], ..config(1) }, "seizure_duration_s");
    refused(SyntheticConfig { duration_s: Some(0), ..config(1) }, "duration_s");
    let faults = Faults { saturated: fault(&["A1"], 3), ..Faults::default() };
    refused(SyntheticConfig { faults, ..config(1) }, "faults.saturated");
    let faults = Faults { unplugged: fault(&[], u64::MAX), ..Faults::default() };
    refused(SyntheticConfig { faults, ..config(1) }, "faults.unplugged");
}

#[test]
fn settings_are_read_with_defaults_and_unknown_names_are_refused() {
    let read = |text: &str| toml::from_str::<SyntheticConfig>(text);
    assert_eq!(read("").expect("the defaults"), SyntheticConfig::default());
    let some =
        read("seed = 4\nrate_hz = 500\n[faults.silence]\nbegin_s = 60\nduration_s = 10").expect("settings");
    assert_eq!((some.seed, some.rate_hz), (4, 500));
    assert!(some.faults.silence.is_some_and(|silence| silence.counted));
    assert!(read("sede = 4").is_err());
    assert!(read("[faults.silence]\nbegin_s = 60\nduration_s = 10\nhow = 3").is_err());
}

/// The interpreter that can read EDF, if there is one.
fn python() -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var("VIGIL_PYTHON")
        .unwrap_or_else(|_| root.join(".venv/bin/python").to_string_lossy().into_owned());
    let able = Command::new(&python).args(["-c", "import pyedflib"]).output();
    able.is_ok_and(|output| output.status.success()).then_some(python)
}

#[test]
fn another_reader_finds_the_recording_sound() {
    let Some(python) = python() else {
        println!("skipped: no Python with pyedflib (VIGIL_PYTHON)");
        return;
    };
    let folder = TempDir::new().expect("a folder");
    let file = file(&folder, 40);
    let config = SyntheticConfig { seizure_onsets_s: vec![5.0], ..config(3) };
    write_edf(&config, &file, &mut |_| {}).expect("a recording");
    let script = "import sys, pyedflib\n\
        e = pyedflib.EdfReader(sys.argv[1])\n\
        print(e.signals_in_file, e.getSampleFrequency(0), e.getFileDuration(), \
        e.readAnnotations()[2].tolist(), round(float(abs(e.readSignal(0)).max()), 1))";
    let output =
        Command::new(python).args(["-c", script]).arg(&file.path).output().expect("the interpreter runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.starts_with("19 256.0 40"), "{said}");
    assert!(said.contains("'synthetic seizure'"), "{said}");
    let largest = electrode(&config, 0, 0..40).iter().fold(0.0, |a: f64, b| a.max(b.abs()));
    assert!(said.trim_end().ends_with(&format!("{largest:.1}")), "{said}: expected {largest:.1}");
}
