//! No damage to a file makes a decoder panic, or take more memory than the file's length justifies.
//!
//! `VIGIL_FUZZ_CASES` says how many damaged files each test reads; `make fuzz` asks for more. They
//! are drawn from fixed seeds, so a case that fails, fails again.

mod damage;
mod edf_bytes;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use damage::damage;
use edf_bytes::Edf;
use edf_bytes::Part::{Lists, Samples};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use vigil::format::edf::{EdfReader, parse_tals};
use vigil::format::info::RecordingInfo;
use vigil::format::{chbmit, events};

/// The system's allocator, which also notes how much each thread holds and has held at most.
struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

fn note(bytes: isize) {
    // A thread that ends may free memory after its counters are gone.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = MOST.try_with(|most| most.set(most.get().max(held.get())));
    });
}

// SAFETY: every call is handed on to the system's allocator as it is; only numbers are noted beside
// it. This is the project's one use of `unsafe`, for the trait cannot be had without it, and nothing
// else sees memory that was asked for and not yet used.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        note(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size as isize - layout.size() as isize);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most bytes that `work` held at once, beyond what was held before.
fn most_held(work: impl FnOnce()) -> usize {
    let before = HELD.get();
    MOST.set(before);
    work();
    usize::try_from(MOST.get() - before).unwrap_or(0)
}

/// Names the case when a test panics.
struct Case(String);

impl Drop for Case {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the case was {}", self.0);
        }
    }
}

fn cases() -> u64 {
    std::env::var("VIGIL_FUZZ_CASES").map_or(2000, |text| text.parse().expect("VIGIL_FUZZ_CASES is a number"))
}

/// Bytes that a file of this length may make a decoder hold: a few numbers for each sample or
/// character, and what messages need.
fn allowance(length: usize) -> usize {
    8 * length + (64 << 10)
}

/// Damages each seed in turn and gives it to `read`, with what is left of the case's chances.
fn for_each_case(name: &str, seeds: &[Vec<u8>], read: impl Fn(Vec<u8>, &mut ChaCha8Rng)) {
    for number in 0..cases() {
        let _case = Case(format!("{number} of {name}"));
        let mut rng = ChaCha8Rng::seed_from_u64(number);
        let mut bytes = seeds[number as usize % seeds.len()].clone();
        damage(&mut bytes, &mut rng);
        let length = bytes.len();
        let most = most_held(|| read(bytes, &mut rng));
        assert!(most <= allowance(length), "{most} bytes were held for a file of {length}");
    }
}

/// Opens a file and reads all that it has. What is read need not make sense, but must be consistent.
fn read_all(bytes: Vec<u8>, rng: &mut ChaCha8Rng) {
    let length = bytes.len() as u64;
    let stored = Box::new(Cursor::new(bytes));
    let mut reader = match EdfReader::from_stored(Path::new(edf_bytes::NAME), stored) {
        Ok(reader) => reader,
        Err(error) => return assert!(error.to_string().starts_with("made.edf, byte "), "{error}"),
    };
    let header = reader.header().clone();
    assert!(header.duration_s.is_finite() && header.duration_s >= 0.0);
    let mut end_s = 0.0;
    let mut next = 0;
    for segment in reader.segments() {
        assert!(segment.first_record == next && segment.records > 0, "records without a segment");
        assert!(segment.onset_s >= end_s - 0.01, "a segment in the one before");
        next += segment.records;
        end_s = segment.onset_s + segment.records as f64 * reader.record_duration_s();
    }
    let samples: u64 = header.signals.iter().map(|signal| signal.samples).sum();
    assert!(2 * samples <= length, "{samples} samples of {length} bytes");

    let info = RecordingInfo::of(&mut reader).expect("a description");
    assert!(info.annotations.iter().all(|annotation| annotation.onset_s.is_finite()));
    drop(info);

    let mut digital = Vec::new();
    let mut physical = [Vec::new()];
    for (i, signal) in header.signals.iter().enumerate() {
        assert!(signal.rate_hz.is_finite() && signal.rate_hz > 0.0);
        let (low, high) = reader.digital_range(i);
        assert!(low < high && reader.physical_range(i).0 != reader.physical_range(i).1);
        reader.read_digital(i, 0, signal.samples as usize, &mut digital).expect("all samples");
        assert_eq!(digital.len() as u64, signal.samples);
        let first = rng.random_range(0..=signal.samples);
        let count = rng.random_range(0..=signal.samples - first) as usize;
        reader.read_microvolts(&[i], first, count, &mut physical).expect("a range of samples");
        assert_eq!(physical[0].len(), count);
        assert!(!physical[0].iter().any(|value| value.is_nan()));
        assert!(reader.read_digital(i, first, signal.samples as usize + 1, &mut digital).is_err());
    }
}

/// A file of each kind, and the start of a real one.
fn files() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = ["EDF", "EDF+C", "EDF+D", "BDF", "BDF+C", "BDF+D"].map(made).to_vec();
    let mut growing = Edf::new("EDF").channel("A", 16).channel("B", 4);
    growing.records = Some("-1".into());
    seeds.push(growing.record(&[Samples(&[7; 16]), Samples(&[-7; 4])]).bytes());
    let mut marks = Edf::new("EDF+C").annotations(60);
    marks.record_s = "0".into();
    seeds.push(marks.record(&[Lists("+0\x14\x14\0+12.5\x153\x14seizure\x14clonic\x14\0")]).bytes());
    let real = std::fs::read(recordings().join("sub-chb03_ses-01_task-szMonitoring_run-01_eeg.edf"));
    // The header and two of the records.
    seeds.push(real.expect("a recording of the demo patient")[..32 << 10].to_vec());
    seeds
}

fn made(kind: &str) -> Vec<u8> {
    let mut file = Edf::new(kind).channel("EEG Fp1-REF", 32).channel("SpO2", 1);
    let plus = kind.contains('+');
    if plus {
        file = file.annotations(24);
    }
    for i in 0..40 {
        let (wave, slow) = ([i * 100; 32], [i]);
        let onset = if kind.ends_with('D') { i + 10 * (i / 7) } else { i };
        let lists = format!("+{onset}\x14\x14\0+{onset}.25\x151\x14mark {i}\x14\0");
        let mut parts = vec![Samples(&wave), Samples(&slow)];
        if plus {
            parts.push(Lists(&lists));
        }
        file = file.record(&parts);
    }
    file.bytes()
}

fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("patients/chb03/recordings")
}

#[test]
fn what_is_held_is_counted() {
    let most = most_held(|| drop(black_box(vec![0_u8; 1 << 20])));
    assert!((1 << 20..2 << 20).contains(&most), "{most} bytes");
}

#[test]
fn a_file_of_nothing_but_annotations_takes_memory_in_proportion() {
    for length in [20_000, 200_000] {
        let mut file = Edf::new("EDF+C").annotations(length / 2);
        file.record_s = "0".into();
        let bytes =
            file.record(&[Lists(&format!("+0\x14\x14{}\0", "a\x14".repeat(length / 2 - 10)))]).bytes();
        let mut count = 0;
        let most = most_held(|| {
            let stored = Box::new(Cursor::new(bytes));
            let mut reader = EdfReader::from_stored(Path::new(edf_bytes::NAME), stored).expect("a file");
            count = reader.annotations().expect("annotations").len();
        });
        assert_eq!(count, length / 2 - 10);
        // Two bytes are an annotation of 48 and its text.
        assert!(most <= 100 * length, "{most} bytes were held for a file of {length}");
    }
}

#[test]
fn damaged_recordings_are_read_or_refused() {
    let seeds = files();
    for seed in &seeds {
        read_all(seed.clone(), &mut ChaCha8Rng::seed_from_u64(0));
    }
    for_each_case("damaged recordings", &seeds, read_all);
}

#[test]
fn damaged_annotation_lists_are_read_or_passed_over() {
    let lists = "+0\x14\x14\0+1.5\x152.25\x14a\x14b\x14ü\x14\0-3\x14early\x14\0\0\0\0".repeat(20);
    for_each_case("damaged annotation lists", &[lists.into_bytes()], |bytes, _| {
        let (tals, damaged) = parse_tals(&bytes);
        assert!(tals.iter().all(|tal| tal.onset_s.is_finite() && tal.duration_s.is_none_or(|s| s >= 0.0)));
        assert!(tals.len() + damaged <= bytes.len());
    });
}

#[test]
fn damaged_event_tables_are_read_or_refused() {
    let mut seeds: Vec<Vec<u8>> = std::fs::read_dir(recordings())
        .expect("the demo patient's recordings")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tsv"))
        .map(|path| std::fs::read(path).expect("an events table"))
        .collect();
    seeds.sort();
    for_each_case("damaged event tables", &seeds, |bytes, _| {
        for event in events::parse_events(&String::from_utf8_lossy(&bytes)).unwrap_or_default() {
            assert!(event.onset_s.is_finite() && event.duration_s.is_finite() && event.duration_s >= 0.0);
        }
    });
}

#[test]
fn damaged_summaries_are_read_or_refused() {
    let mut summary = String::from("Data Sampling Rate: 256 Hz\n*****\n\nChannels in EDF Files:\n");
    summary.extend((1..=23).map(|i| format!("Channel {i}: FP{i}-F7\n")));
    for i in 0..4 {
        summary += &format!("\nFile Name: chb03_0{i}.edf\nFile Start Time: 2{i}:43:04\n");
        summary += "File End Time: 00:43:04\nNumber of Seizures in File: 2\n";
        summary += "Seizure Start Time: 362 seconds\nSeizure End Time: 414 seconds\n";
        summary += "Seizure 2 Start Time: 1000 seconds\nSeizure 2 End Time: 1010 seconds\n";
    }
    assert_eq!(chbmit::parse_summary(&summary).expect("a sound summary").records.len(), 4);
    for_each_case("damaged summaries", &[summary.into_bytes()], |bytes, _| {
        let summary = chbmit::parse_summary(&String::from_utf8_lossy(&bytes)).unwrap_or_default();
        let seizures = summary.records.iter().flat_map(|record| &record.seizures);
        assert!(
            seizures.into_iter().all(|(onset, end)| onset.is_finite() && end.is_finite() && onset <= end)
        );
    });
}
