//! Time to read one hour of 23 channels at 256 Hz as physical values: at most what edfio needs.
//!
//! `edf_reading.py` beside this file compares with edfio and pyedflib. It runs this program as
//! `edf_reading serve FILE`, which reads the file once for each line on standard input, `whole` or
//! `pieces`, and answers with the seconds it took and the sum of all values.

use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group};
use vigil::eeg::RecordingFormat;
use vigil::format::edf::{EdfReader, EdfWriter, WriterSignal, WriterSpec};

const CHANNELS: usize = 23;
const RATE: usize = 256;
const SECONDS: usize = 3600;

/// Seconds in a piece, as replay reads them.
const PIECE_S: usize = 8;

/// Opens a file and reads all samples of its signals, which have one rate, into new memory.
fn read_whole(path: &Path) -> Vec<Vec<f32>> {
    let mut reader = EdfReader::open(path).expect("a readable recording");
    let signals: Vec<usize> = (0..reader.header().signals.len()).collect();
    let samples = reader.header().signals[0].samples as usize;
    let mut values = vec![Vec::new(); signals.len()];
    reader.read_microvolts(&signals, 0, samples, &mut values).expect("samples");
    values
}

/// The same a few seconds at a time, into memory that is used again.
fn read_in_pieces(path: &Path) {
    let mut reader = EdfReader::open(path).expect("a readable recording");
    let signals: Vec<usize> = (0..reader.header().signals.len()).collect();
    let samples = reader.header().signals[0].samples as usize;
    let mut values = vec![Vec::new(); signals.len()];
    for first in (0..samples).step_by(PIECE_S * RATE) {
        let count = samples.min(first + PIECE_S * RATE) - first;
        reader.read_microvolts(&signals, first as u64, count, &mut values).expect("samples");
        black_box(&values);
    }
}

/// Writes an hour of noise.
fn write_hour(path: &Path) {
    let signal = |i| WriterSignal {
        label: format!("channel {i}"),
        unit: "uV".into(),
        samples_per_record: RATE,
        physical_range: (-800.0, 800.0),
        digital_range: (-2048, 2047),
        prefilter: String::new(),
    };
    let spec = WriterSpec {
        format: RecordingFormat::EdfPlusC,
        start: "2024-05-06T07:08:09".parse().expect("a date and time"),
        patient: "X X X X".into(),
        recording: "X X X".into(),
        record_s: 1.0,
        signals: (0..CHANNELS).map(signal).collect(),
        annotation_bytes: 114,
    };
    let mut writer = EdfWriter::create(path, &spec).expect("a writable file");
    let mut noise = 1_u32;
    for second in 0..SECONDS {
        let mut next = || {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 20) as i16 - 2048
        };
        let record: Vec<Vec<i16>> = (0..CHANNELS).map(|_| (0..RATE).map(|_| next()).collect()).collect();
        writer.write_record(second as f64, &record, &[]).expect("a record");
    }
    writer.finish().expect("a finished file");
}

fn read_hour(criterion: &mut Criterion) {
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("hour.edf");
    write_hour(&path);
    let mut group = criterion.benchmark_group("edf_reading");
    group.throughput(Throughput::Elements((CHANNELS * RATE * SECONDS) as u64)).sample_size(20);
    group.bench_function("whole", |bencher| bencher.iter(|| read_whole(black_box(&path))));
    group.bench_function("pieces", |bencher| bencher.iter(|| read_in_pieces(black_box(&path))));
    group.finish();
}

fn serve(path: &Path) {
    // Once and not timed: the sum by which the script sees that all read the same.
    let sum: f64 = read_whole(path).iter().flatten().map(|&value| f64::from(value)).sum();
    for way in std::io::stdin().lines().map_while(Result::ok) {
        let start = Instant::now();
        let values = match way.as_str() {
            "pieces" => {
                read_in_pieces(path);
                Vec::new()
            }
            _ => read_whole(path),
        };
        let seconds = start.elapsed().as_secs_f64();
        drop(black_box(values));
        println!("{seconds} {sum}");
        std::io::stdout().flush().expect("someone who reads the answer");
    }
}

criterion_group!(benches, read_hour);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1..3) {
        Some([command, path]) if command == "serve" => serve(Path::new(path)),
        _ => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
