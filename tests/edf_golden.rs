//! Of every recording of the data set, vigil reads the samples and annotations that edfio and
//! pyedflib read.
//!
//! The values lie in `golden/edf/recordings.tsv`; `make.py` beside it says how they were hashed. The
//! recordings of the demo patient are in the repository and are always compared.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use vigil::eeg::Annotation;
use vigil::format::bids;
use vigil::format::edf::EdfReader;

const GOLDEN: &str = include_str!("golden/edf/recordings.tsv");

/// One line of the golden values.
#[derive(Debug, PartialEq)]
struct Content {
    file: String,
    signals: usize,
    samples: u64,
    start: String,
    digital: String,
    annotations: String,
}

fn golden() -> Vec<Content> {
    let mut lines = GOLDEN.lines().filter(|line| !line.starts_with('#'));
    let columns = lines.next().expect("a line of names");
    assert_eq!(columns, "file\tsignals\tsamples\tstart\tdigital\tannotations");
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let [file, signals, samples, start, digital, annotations] = cells[..] else {
                panic!("six columns, not {line:?}")
            };
            Content {
                file: file.into(),
                signals: signals.parse().expect("a number"),
                samples: samples.parse().expect("a number"),
                start: start.into(),
                digital: digital.into(),
                annotations: annotations.into(),
            }
        })
        .collect()
}

/// The same of vigil's reader.
fn read(path: &Path) -> Content {
    let mut reader = EdfReader::open(path).expect("a readable recording");
    assert_eq!(reader.warnings(), [""; 0], "{}", path.display());
    let header = reader.header().clone();
    let mut digest = Sha256::new();
    let mut samples = Vec::new();
    for (signal, about) in header.signals.iter().enumerate() {
        reader.read_digital(signal, 0, about.samples as usize, &mut samples).expect("samples");
        assert_eq!(samples.len() as u64, about.samples, "{} of {}", about.label, path.display());
        for sample in &samples {
            digest.update(sample.to_le_bytes());
        }
    }
    Content {
        file: path.file_name().expect("a name").to_string_lossy().into_owned(),
        signals: header.signals.len(),
        samples: header.signals.iter().map(|signal| signal.samples).sum(),
        start: header.start.to_string(),
        digital: hexadecimal(digest),
        annotations: digest_of(&reader.annotations().expect("annotations")),
    }
}

fn digest_of(annotations: &[Annotation]) -> String {
    let mut lines: Vec<String> = annotations
        .iter()
        .map(|annotation| {
            let duration = annotation.duration_s.map_or("n/a".into(), |seconds| format!("{seconds:.6}"));
            format!("{:.6}\t{duration}\t{}\n", annotation.onset_s, annotation.text)
        })
        .collect();
    lines.sort();
    let mut digest = Sha256::new();
    lines.iter().for_each(|line| digest.update(line));
    hexadecimal(digest)
}

fn hexadecimal(digest: Sha256) -> String {
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares the recordings at these paths, and gives their number.
fn compare(paths: &[PathBuf]) -> usize {
    let golden = golden();
    for path in paths {
        let found = read(path);
        let expected = golden.iter().find(|content| content.file == found.file);
        assert_eq!(Some(&found), expected, "{}", path.display());
    }
    paths.len()
}

#[test]
fn the_demo_patients_recordings_are_read_as_other_programs_read_them() {
    let folder = repository("patients/chb03/recordings");
    let paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the demo patient's recordings")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "edf"))
        .collect();
    assert_eq!(compare(&paths), 11);
}

#[test]
fn every_recording_of_the_data_set_is_read_as_other_programs_read_it() {
    let data = repository("../shared/data/scalp-bids");
    if !data.is_dir() {
        println!("not compared: there is no data set at {}", data.display());
        return;
    }
    let paths: Vec<PathBuf> =
        bids::recordings(&data).expect("a BIDS tree").into_iter().map(|found| found.eeg_path).collect();
    assert_eq!(compare(&paths), golden().len());
}
