//! Whatever ends the writing of a recording, the file holds every record that was written, whole.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use vigil::eeg::{Annotation, RecordingFormat};
use vigil::format::FormatError;
use vigil::format::edf::{EdfReader, EdfWriter, WriterSignal, WriterSpec};

const RATE: usize = 64;

fn create(path: &Path) -> Result<EdfWriter, FormatError> {
    let signal = WriterSignal {
        label: "Cz".into(),
        unit: "uV".into(),
        samples_per_record: RATE,
        physical_range: (-3276.8, 3276.7),
        digital_range: (-32768, 32767),
        prefilter: String::new(),
    };
    let spec = WriterSpec {
        format: RecordingFormat::EdfPlusC,
        start: "2031-02-03T04:05:06".parse().expect("a date and time"),
        patient: "X X X X".into(),
        recording: "X X test".into(),
        record_s: 1.0,
        annotation_bytes: 160,
        signals: vec![signal],
    };
    EdfWriter::create(path, &spec)
}

/// Samples that differ from record to record.
fn samples(record: usize) -> Vec<i16> {
    (0..RATE).map(|i| ((record * 104_729 + i * 31) % 65_536) as u16 as i16).collect()
}

fn mark(onset_s: f64, text: &str) -> Annotation {
    Annotation { onset_s, duration_s: None, text: text.into() }
}

/// The file holds exactly this many records, each with its samples and its tick.
fn holds(path: &Path, records: usize) {
    let mut reader = EdfReader::open(path).expect("a readable file");
    let mut read = Vec::new();
    reader.read_digital(0, 0, records * RATE, &mut read).expect("samples");
    assert!(read.iter().copied().eq((0..records).flat_map(samples).map(i32::from)), "samples differ");
    assert_eq!(reader.segments()[0].records as usize, records);
    let ticks: Vec<Annotation> = (0..records).map(|record| mark(record as f64, "tick")).collect();
    assert_eq!(reader.annotations().expect("annotations"), ticks);
}

#[test]
fn a_disk_that_refuses_is_told_with_the_file() {
    let full = Path::new("/dev/full");
    if full.exists() {
        let error = create(full).map(|_| ()).expect_err("a full disk");
        assert!(matches!(&error, FormatError::Io { doing: "write", path, .. } if path == full), "{error}");
    }
    let nowhere = Path::new("/nowhere/at/all.edf");
    let error = create(nowhere).map(|_| ()).expect_err("no such folder");
    assert!(error.to_string().contains("/nowhere/at/all.edf"), "{error}");
}

/// Names the file that the child of the next test writes.
const CHILD: &str = "VIGIL_TEST_WRITES_UNTIL_KILLED";

#[test]
fn a_writer_that_is_killed_leaves_every_record_that_it_wrote() {
    if let Ok(path) = std::env::var(CHILD) {
        write_for_ever(Path::new(&path));
    }
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("killed.edf");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "a_writer_that_is_killed_leaves_every_record_that_it_wrote", "--nocapture"])
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let mut told = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut written = 0;
    for line in told.by_ref() {
        if line.expect("a line").contains("written") {
            written += 1;
        }
        if written == 25 {
            break;
        }
    }
    child.kill().expect("SIGKILL");
    child.wait().expect("its end");

    let bytes = std::fs::read(&path).expect("the file");
    assert_eq!(&bytes[236..244], b"-1      ", "the number of records is not known yet");
    // Between the last line that was read and the kill, more may have been written.
    let records = EdfReader::open(&path).expect("a readable file").segments()[0].records as usize;
    assert!(records >= written, "{records} of {written} records");
    holds(&path, records);
}

fn write_for_ever(path: &Path) -> ! {
    let mut writer = create(path).expect("a file");
    for record in 0.. {
        let at = record as f64;
        writer.write_record(at, &[samples(record)], &[mark(at, "tick")]).expect("a record");
        println!("written {record}");
    }
    unreachable!("the parent ends this")
}

/// Names the file that the child of the next test writes until there is no room.
const CROWDED: &str = "VIGIL_TEST_WRITES_UNTIL_THERE_IS_NO_ROOM";

#[test]
fn a_disk_that_fills_up_costs_the_record_that_found_no_room_and_no_other() {
    const NAME: &str = "a_disk_that_fills_up_costs_the_record_that_found_no_room_and_no_other";
    if let Ok(path) = std::env::var(CROWDED) {
        write_until_refused(Path::new(&path));
        return;
    }
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("crowded.edf");
    // A limit on the size of files stands for a full disk: writing fails in the midst of a record.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 21; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().expect("this program"))
        .args(["--exact", NAME, "--nocapture"])
        .env(CROWDED, &path)
        .output()
        .expect("a child");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("refused: cannot write"), "{said}");
    let written: usize =
        said.lines().find_map(|line| line.strip_prefix("whole ")?.parse().ok()).expect("a number");
    assert!(written > 10, "{written} records");
    assert_eq!(EdfReader::open(&path).expect("a readable file").warnings(), &[] as &[String]);
    holds(&path, written);
}

fn write_until_refused(path: &Path) {
    let mut writer = create(path).expect("a file");
    for record in 0.. {
        let at = record as f64;
        if let Err(error) = writer.write_record(at, &[samples(record)], &[mark(at, "tick")]) {
            println!("refused: {error}");
            println!("whole {record}");
            break;
        }
    }
    // Nothing of the refused record waits: it was told, and could be given again.
    writer.finish().expect("a readable file");
}

#[test]
fn a_record_that_was_refused_can_be_mended_and_given_again() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("mended.edf");
    let mut writer = create(&path).expect("a file");
    for record in 0..3 {
        let at = record as f64;
        let long = [mark(at, "tick"), mark(at, &"x".repeat(300))];
        let message = writer.write_record(at, &[samples(record)], &long).expect_err("too long").to_string();
        assert!(message.contains("mended.edf: an annotation is 305 bytes long"), "{message}");
        writer.write_record(at, &[samples(record)[1..].to_vec()], &long[..1]).expect_err("too few samples");
        writer.write_record(at, &[samples(record)], &long[..1]).expect("the mended record");
    }
    writer.finish().expect("a finished file");
    holds(&path, 3);
}
