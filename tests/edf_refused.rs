//! What cannot be an EDF or BDF file is refused with file, byte, what was expected and what was
//! found; what is merely cut short or odd is read, and a warning says what is missing.

mod edf_bytes;

use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex};

use edf_bytes::Part::{Lists, Samples};
use edf_bytes::{Edf, digital, marks, open, refusal};
use vigil::format::edf::EdfReader;

/// Three records of two signals and a list.
fn sound() -> Edf {
    let mut file = Edf::new("EDF+C").channel("A", 2).channel("B", 1).annotations(10);
    for i in 0..3 {
        let lists = format!("+{i}\x14\x14\0+{i}\x14m{i}\x14\0");
        file = file.record(&[Samples(&[i, i + 10]), Samples(&[i + 100]), Lists(&lists)]);
    }
    file
}

/// Bytes of its header and of one of its records.
const HEADER: usize = 4 * 256;
const RECORD: usize = 2 * (2 + 1 + 10);

/// Asserts that a message tells file, byte, what was found and what was expected.
#[track_caller]
fn assert_told(message: &str, byte: usize, what: &str, found: &str, expected: &str) {
    let start = format!("{}, byte {byte}: {what} is {found}", edf_bytes::NAME);
    assert!(message.starts_with(&start), "{message}\nshould start with\n{start}");
    assert!(message.contains(&format!("; expected {expected}")), "{message}\nshould expect {expected}");
}

#[test]
fn a_file_without_a_byte_is_refused() {
    assert_told(&refusal(Vec::new()), 0, "the version", "missing: the file ends after 0 bytes", "8 bytes");
}

#[test]
fn a_file_that_ends_within_the_header_is_refused() {
    let bytes = sound().bytes();
    let found = "missing: the file ends after 200 bytes";
    assert_told(&refusal(bytes[..200].to_vec()), 252, "the number of signals", found, "4 bytes");
    let found = "cut short after 700 bytes";
    assert_told(&refusal(bytes[..700].to_vec()), 700, "the header", found, "1024 bytes for 3 signals");
}

#[test]
fn an_unknown_version_is_refused() {
    let mut file = sound();
    file.version = b"1       ".to_vec();
    assert_told(
        &file.refusal(),
        0,
        "the version",
        "\"1\"",
        "\"0\" (EDF) or the byte 255 and \"BIOSEMI\" (BDF)",
    );
    assert_told(&refusal(b"GIF89a..".repeat(40)), 0, "the version", "\"GIF89a..\"", "\"0\" (EDF)");
}

#[test]
fn numbers_that_cannot_be_are_refused_at_their_byte() {
    type Spoil = fn(&mut Edf);
    // Where a column of the three signals stands: `start` bytes of each come before it.
    let column = |start: usize, signal: usize| 256 + 3 * start + 8 * signal;
    let (length, records, seconds) =
        ("the header's length", "the number of records", "the length of a record");
    let samples = "the samples per record of signal 2 (\"B\")";
    let wide = "0 or 0.000001 to 86400 s";
    let cases: [(Spoil, usize, &str, &str, &str); 8] = [
        (|f| f.header_bytes = Some("long".into()), 184, length, "\"long\"", "a whole number"),
        (|f| f.records = Some("-2".into()), 236, records, "-2", "0 or more, or -1"),
        (|f| f.records = Some("3.5".into()), 236, records, "\"3.5\"", "a whole number"),
        (|f| f.record_s = "inf".into(), 244, seconds, "\"inf\"", "a finite number"),
        (|f| f.record_s = "-1".into(), 244, seconds, "-1 s", wide),
        (|f| f.record_s = "1e-300".into(), 244, seconds, "0.000", wide),
        (|f| f.record_s = "0".into(), 244, seconds, "0 s", "more than 0 s in a file with signals"),
        (|f| f.channels[1].samples = "0".into(), column(216, 1), samples, "0", "1 or more"),
    ];
    for (spoil, byte, what, found, expected) in cases {
        let mut file = sound();
        spoil(&mut file);
        assert_told(&file.refusal(), byte, what, found, expected);
    }
}

#[test]
fn ranges_that_cannot_be_are_the_trouble_of_their_signal_alone_and_are_told_at_their_byte() {
    type Spoil = fn(&mut Edf);
    let column = |start: usize, signal: usize| 256 + 3 * start + 8 * signal;
    let lowest = "the physical minimum of signal 2 (\"B\")";
    let highest = "the physical maximum of signal 1 (\"A\")";
    let digital_most = "the digital maximum of signal 2 (\"B\")";
    let cases: [(Spoil, usize, usize, &str, &str, &str); 6] = [
        (
            |f| f.channels[1].physical.0 = "nan".into(),
            1,
            column(104, 1),
            lowest,
            "\"nan\"",
            "a finite number",
        ),
        (|f| f.channels[1].physical.0 = String::new(), 1, column(104, 1), lowest, "\"\"", "a finite number"),
        (
            |f| f.channels[0].physical.1 = "-3276.8".into(),
            0,
            column(112, 0),
            highest,
            "-3276.8 and the minimum too",
            "another value",
        ),
        (|f| f.channels[0].physical.1 = "1e308".into(), 0, column(112, 0), highest, "1000", "at most 3.4e38"),
        (
            |f| f.channels[1].digital.1 = "-9".into(),
            1,
            column(128, 1),
            digital_most,
            "-9 with a minimum of 5",
            "more",
        ),
        (|f| f.channels[1].digital.1 = "5".into(), 1, column(128, 1), digital_most, "5 with", "more"),
    ];
    for (spoil, signal, byte, what, found, expected) in cases {
        let mut file = sound();
        file.channels[1].digital.0 = "5".into();
        spoil(&mut file);
        let mut reader = file.reader();
        let [warning] = reader.warnings() else { panic!("{:?}", reader.warnings()) };
        assert!(warning.starts_with(&format!("byte {byte}: {what} is {found}")), "{warning}");
        assert!(warning.contains(&format!("; expected {expected}")), "{warning}");
        assert!(warning.ends_with("the signal counts as absent"), "{warning}");
        assert!(reader.malformed(signal).is_some() && reader.malformed(1 - signal).is_none());
        let other = if signal == 0 { vec![100, 101, 102] } else { vec![0, 10, 1, 11, 2, 12] };
        assert_eq!(digital(&mut reader, 1 - signal), other);
        assert_eq!(marks(&mut reader).len(), 3);
    }
}

#[test]
fn many_signals_with_ranges_that_cannot_be_are_told_once() {
    let mut file = sound();
    for channel in &mut file.channels[..2] {
        channel.physical = ("0".into(), "0".into());
    }
    let reader = file.reader();
    let [warning] = reader.warnings() else { panic!("{:?}", reader.warnings()) };
    assert!(
        warning.contains("signal 1 (\"A\")") && warning.contains("as do others like it: \"B\""),
        "{warning}"
    );
}

#[test]
fn a_file_without_signals_is_refused() {
    assert_told(&Edf::new("EDF").refusal(), 252, "the number of signals", "0", "1 to 9999");
}

#[test]
fn a_file_that_is_not_there_and_a_folder_are_told_by_name() {
    for path in ["nowhere/night.edf", env!("CARGO_MANIFEST_DIR")] {
        let message = EdfReader::open(Path::new(path)).err().expect("a refusal").to_string();
        assert!(message.starts_with(&format!("cannot read {path}: ")), "{message}");
    }
}

#[test]
fn a_truncated_last_record_is_left_out_and_the_warning_says_what_is_missing() {
    let bytes = sound().bytes();
    for (missing, rest) in [
        (1, format!("record 3 is cut short: {} of its 26 bytes are there", RECORD - 1)),
        (RECORD, "it ends with a whole record".into()),
    ] {
        let mut reader = open(bytes[..bytes.len() - missing].to_vec()).expect("a readable file");
        assert_eq!(digital(&mut reader, 0), [0, 10, 1, 11]);
        assert_eq!(marks(&mut reader).len(), 2);
        assert_eq!(reader.header().duration_s, 2.0);
        let warning = format!("the file is truncated: 2 of 3 records are there, 1.0 s are missing ({rest})");
        assert_eq!(reader.warnings(), [warning]);
    }
}

#[test]
fn a_header_without_a_whole_record_is_a_recording_of_no_length() {
    for length in [HEADER, HEADER + RECORD - 1] {
        let mut reader = open(sound().bytes()[..length].to_vec()).expect("a readable file");
        assert_eq!(reader.header().duration_s, 0.0);
        assert_eq!(reader.segments(), []);
        assert_eq!((digital(&mut reader, 0), marks(&mut reader)), (vec![], vec![]));
        assert!(reader.warnings()[0].contains("0 of 3 records are there, 3.0 s are missing"));
    }
}

#[test]
fn bytes_behind_the_last_record_are_not_read_and_are_said() {
    let mut bytes = sound().bytes();
    bytes.extend([7; 30]);
    let mut reader = open(bytes).expect("a readable file");
    assert_eq!(digital(&mut reader, 1), [100, 101, 102]);
    assert_eq!(reader.warnings(), ["30 bytes follow the last of 3 records and are not read"]);
}

#[test]
fn a_file_that_is_still_being_written_is_read_up_to_its_last_whole_record() {
    let mut file = sound();
    file.records = Some("-1".into());
    let bytes = file.bytes();
    let mut reader = open(bytes[..bytes.len() - 5].to_vec()).expect("a readable file");
    assert_eq!(digital(&mut reader, 0), [0, 10, 1, 11]);
    let [warning] = reader.warnings() else { panic!("{:?}", reader.warnings()) };
    assert!(
        warning.contains("still being written") && warning.contains("2 whole records so far"),
        "{warning}"
    );
    assert!(warning.contains("record 3 is cut short: 21 of its 26 bytes are there"), "{warning}");
}

/// A file that others write to while it is open.
struct Shared(Arc<Mutex<Cursor<Vec<u8>>>>);

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.0.lock().expect("one thread").read(buffer)
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.lock().expect("one thread").seek(to)
    }
}

#[test]
fn what_is_written_after_opening_changes_nothing_and_what_is_cut_off_is_told() {
    let mut file = sound();
    file.records = Some("-1".into());
    let bytes = file.bytes();
    let shared = Arc::new(Mutex::new(Cursor::new(bytes[..HEADER + 2 * RECORD].to_vec())));
    let stored = Box::new(Shared(Arc::clone(&shared)));
    let mut reader = EdfReader::from_stored(Path::new(edf_bytes::NAME), stored).expect("a readable file");
    *shared.lock().expect("one thread").get_mut() = bytes;
    assert_eq!(digital(&mut reader, 1), [100, 101]);
    assert_eq!(reader.header().duration_s, 2.0);
    shared.lock().expect("one thread").get_mut().truncate(HEADER + RECORD);
    let error = reader.read_digital(1, 0, 2, &mut Vec::new()).unwrap_err().to_string();
    assert!(error.starts_with("cannot read made.edf: "), "{error}");
    assert!(reader.annotations().is_err());
}

#[test]
fn a_request_outside_the_file_is_refused() {
    let mut reader = sound().reader();
    let mut out = Vec::new();
    let error = reader.read_digital(2, 0, 1, &mut out).unwrap_err().to_string();
    assert_eq!(error, "made.edf: the signal is 2; expected 0 to 1");
    for (first, count) in [(0, 7), (6, 1), (u64::MAX, 1), (1, usize::MAX)] {
        let error = reader.read_digital(0, first, count, &mut out).unwrap_err().to_string();
        assert_eq!(
            error,
            format!(
                "made.edf: the range of samples is {count} from {first}; expected a part of the file's 6"
            )
        );
    }
    reader.read_digital(0, 6, 0, &mut out).expect("nothing, at the end");
    assert_eq!(out, [0; 0]);
}

#[test]
fn odd_fields_are_put_right_and_said() {
    let mut file = sound();
    file.header_bytes = Some("768".into());
    file.record_s = "1,0".into();
    (file.recording, file.date, file.time) = (String::new(), "31.02.24".into(), "7 h".into());
    let mut reader = file.reader();
    assert_eq!(reader.header().start.to_string(), "1985-01-01T00:00:00");
    assert_eq!(digital(&mut reader, 1), [100, 101, 102]);
    let bytes: Vec<&str> = reader.warnings().iter().filter_map(|warning| warning.split(':').next()).collect();
    assert_eq!(bytes, ["byte 184", "byte 244", "byte 168", "byte 176"]);
}

#[test]
fn two_digits_of_a_year_mean_1985_to_2084() {
    let mut file = sound();
    for (recording, date, expected) in [
        ("", "01.02.85", "1985-02-01T07:08:09"),
        ("", "01.02.84", "2084-02-01T07:08:09"),
        ("Startdate 02-SEP-2175 X X X", "02.09.yy", "2175-09-02T07:08:09"),
        ("Startdate X X X X", "06.05.24", "2024-05-06T07:08:09"),
    ] {
        (file.recording, file.date) = (recording.into(), date.into());
        assert_eq!(file.reader().header().start.to_string(), expected);
    }
}
