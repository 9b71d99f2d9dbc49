//! Where other readers can read a file, vigil reads the same samples and annotations from it.
//!
//! The other readers are the crates edfplus and edf-rs. What each cannot read is asserted too, so
//! that a version that learns it is noticed.

mod edf_bytes;

use std::path::{Path, PathBuf};

use edf_bytes::Edf;
use edf_bytes::Part::Samples;
use edf_rs::file::EDFFile;
use edf_rs::record;
use vigil::format::bids;
use vigil::format::edf::EdfReader;

/// Digital samples of each ordinary signal, and onset and duration in microseconds and the text of
/// each annotation. edf-rs does not tell an absent duration from 0, so it is 0 here.
#[derive(Debug, PartialEq, Default)]
struct Content {
    samples: Vec<Vec<i32>>,
    annotations: Vec<(i64, i64, String)>,
}

fn microseconds(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

fn by_vigil(path: &Path) -> Content {
    let mut reader = EdfReader::open(path).expect("vigil reads it");
    let mut annotations: Vec<_> = reader
        .annotations()
        .expect("annotations")
        .into_iter()
        .map(|a| (microseconds(a.onset_s), microseconds(a.duration_s.unwrap_or(0.0)), a.text))
        .collect();
    annotations.sort();
    let signals = 0..reader.header().signals.len();
    Content { samples: signals.map(|i| edf_bytes::digital(&mut reader, i)).collect(), annotations }
}

fn by_edfplus(path: &Path) -> Result<Content, String> {
    let mut reader = edfplus::EdfReader::open(path).map_err(|error| error.to_string())?;
    // It counts in units of 100 ns; -1 stands for no duration.
    let mut annotations: Vec<_> = reader
        .annotations()
        .iter()
        .map(|a| (a.onset / 10, a.duration.max(0) / 10, a.description.clone()))
        .collect();
    annotations.sort();
    let mut samples = Vec::new();
    for i in 0..reader.header().signals.len() {
        let count = reader.header().signals[i].samples_in_file as usize;
        samples.push(reader.read_digital_samples(i, count).map_err(|error| error.to_string())?);
    }
    Ok(Content { samples, annotations })
}

fn by_edf_rs(path: &Path) -> Result<Content, String> {
    let mut file = EDFFile::open(path).map_err(|error| format!("{error:?}"))?;
    file.seek_to_record(0).map_err(|error| format!("{error:?}"))?;
    let mut content = Content::default();
    while let Some(record) = file.read_record().map_err(|error| format!("{error:?}"))? {
        content.samples.resize(record.raw_signal_samples.len(), Vec::new());
        for (all, samples) in content.samples.iter_mut().zip(&record.raw_signal_samples) {
            match samples {
                record::Samples::Values16Bit(samples) => all.extend(samples.iter().map(|&s| i32::from(s))),
                record::Samples::Values24Bit(samples) => all.extend(samples),
            }
        }
        for list in record.annotations.iter().flatten() {
            let (onset, duration) = (microseconds(list.onset), microseconds(list.duration));
            let texts = list.annotations.iter().filter(|text| !text.is_empty());
            content.annotations.extend(texts.map(|text| (onset, duration, text.clone())));
        }
    }
    content.annotations.sort();
    Ok(content)
}

/// Compares a recording as both others read it.
fn agree(path: &Path) {
    let ours = by_vigil(path);
    assert!(by_edfplus(path).as_ref() == Ok(&ours), "edfplus reads {} differently", path.display());
    assert!(by_edf_rs(path).as_ref() == Ok(&ours), "edf-rs reads {} differently", path.display());
}

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

#[test]
fn the_demo_patients_recordings_are_the_same_in_all_three_readers() {
    let folder = repository("patients/chb03/recordings");
    let mut compared = 0;
    for entry in std::fs::read_dir(folder).expect("the demo patient's recordings") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "edf") {
            agree(&path);
            compared += 1;
        }
    }
    assert_eq!(compared, 11);
}

#[test]
fn a_recording_of_every_person_of_the_data_set_is_the_same_in_all_three_readers() {
    let data = repository("../shared/data/scalp-bids");
    if !data.is_dir() {
        println!("not compared: there is no data set at {}", data.display());
        return;
    }
    let mut recordings = bids::recordings(&data).expect("a BIDS tree");
    recordings.dedup_by(|later, earlier| later.subject == earlier.subject);
    assert!(recordings.len() > 30, "{} people", recordings.len());
    recordings.iter().for_each(|recording| agree(&recording.eeg_path));
}

/// What another reader makes of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Outcome {
    Same,
    /// The samples are the same; annotations are lost.
    FewerAnnotations,
    Refused,
}
use Outcome::{FewerAnnotations, Refused, Same};

fn outcome(read: Result<Content, String>, ours: &Content) -> Outcome {
    let Ok(content) = read else { return Refused };
    assert_eq!(content.samples, ours.samples);
    if content.annotations == ours.annotations {
        return Same;
    }
    let known = content.annotations.iter().all(|found| ours.annotations.contains(found));
    assert!(known && content.annotations.len() < ours.annotations.len(), "{content:?}\n{ours:?}");
    FewerAnnotations
}

/// Two records of one signal and, in the kinds that have them, the annotations of each.
fn made(kind: &str, first: &str, second: &str) -> Edf {
    let file = Edf::new(kind).channel("A", 2);
    if !kind.contains('+') {
        return file.record(&[Samples(&[1, -2])]).record(&[Samples(&[3, -4])]);
    }
    file.annotations(20).marked(&[1, -2], first).marked(&[3, -4], second)
}

/// The reserved field in which BioSemi's own programs say how long a sample is.
fn biosemi(mut file: Edf) -> Edf {
    file.kind = "24BIT".into();
    file
}

#[test]
fn of_other_kinds_of_files_the_others_read_what_they_can() {
    let (start, one) = ("+0\x14\x14\0+0.5\x151.25\x14a\x14\0", "+1\x14\x14\0+1.5\x14c\x14\0");
    let minute = "+60\x14\x14\0+60.5\x14c\x14\0";
    let several = "+0\x14\x14\0+0.5\x14a\x14b\x14\0";
    let no_end = "+0\x14\x14\0+0.5\x14a\0";
    // First edfplus, then edf-rs.
    let cases = [
        ("EDF+C", made("EDF+C", start, one), Same, Same),
        // edfplus knows no plain EDF, no gaps, and no 24 bits.
        ("EDF", made("EDF", "", ""), Refused, Same),
        ("EDF+D", made("EDF+D", start, minute), Refused, Same),
        ("BDF+C", made("BDF+C", start, one), Refused, Same),
        ("BDF+D", made("BDF+D", start, minute), Refused, Same),
        ("BDF by BioSemi", biosemi(made("BDF", "", "")), Refused, Same),
        // edf-rs knows a BDF by its reserved field, not by its version.
        ("BDF", made("BDF", "", ""), Refused, Refused),
        // edfplus keeps the first text of a list, and no annotation at all behind a gap.
        ("several texts", made("EDF+C", several, one), FewerAnnotations, Same),
        ("a gap in EDF+C", made("EDF+C", start, minute), FewerAnnotations, Same),
        // edf-rs reads none of a file in which one list lacks its end.
        ("a list without end", made("EDF+C", no_end, one), FewerAnnotations, Refused),
    ];
    let folder = tempfile::TempDir::new().expect("a folder");
    let path = folder.path().join("made.edf");
    for (name, file, edfplus, edf_rs) in cases {
        std::fs::write(&path, file.bytes()).expect("a writable file");
        let ours = by_vigil(&path);
        assert_eq!(ours.samples, [[1, -2, 3, -4]], "{name}");
        let found = (outcome(by_edfplus(&path), &ours), outcome(by_edf_rs(&path), &ours));
        assert_eq!(found, (edfplus, edf_rs), "{name}");
    }
}
