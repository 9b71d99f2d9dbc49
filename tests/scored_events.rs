//! Event tables in the form of SzCORE are read and written as other scorers expect them.

use std::path::Path;

use jiff::civil::DateTime;
use proptest::prelude::*;
use tempfile::TempDir;
use vigil::eeg::{Event, EventKind};
use vigil::format::events::{parse_events, read_events, write_events};

const HEADER: &str = "onset\tduration\teventType\tconfidence\tchannels\tdateTime\trecordingDuration";

fn start() -> DateTime {
    "2031-02-03T04:05:06".parse().expect("a time")
}

fn seizure(onset_s: f64, duration_s: f64, confidence: Option<f64>) -> Event {
    Event {
        onset_s,
        duration_s,
        kind: EventKind::Seizure("sz".into()),
        confidence,
        channels: None,
        date_time: Some(start()),
        recording_duration_s: Some(3600.0),
    }
}

fn written(events: &[Event]) -> String {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("x_events.tsv");
    write_events(&path, events, start(), 3600.0).expect("a table");
    std::fs::read_to_string(path).expect("a table")
}

#[test]
fn a_recording_without_a_seizure_has_one_background_row_over_its_whole_length() {
    assert_eq!(
        written(&[]),
        format!("{HEADER}\n0.00\t3600.00\tbckg\tn/a\tn/a\t2031-02-03 04:05:06\t3600.00\n")
    );
}

#[test]
fn seizures_have_two_decimals_and_the_start_of_the_recording() {
    assert_eq!(
        written(&[seizure(12.25, 40.0, Some(0.8125)), seizure(100.0, 9.5, None)]),
        format!(
            "{HEADER}\n12.25\t40.00\tsz\t0.812\tn/a\t2031-02-03 04:05:06\t3600.00\n\
             100.00\t9.50\tsz\tn/a\tn/a\t2031-02-03 04:05:06\t3600.00\n"
        )
    );
}

#[test]
fn the_reader_goes_by_column_names_and_needs_three() {
    let events =
        parse_events("eventType\tduration\tremark\tonset\r\nsz_foc_ia\t4\tx\t1.5\r\n\r\nbckg\t1\t\t9\r\n")
            .expect("events");
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].kind, EventKind::Seizure("sz_foc_ia".into()));
    assert_eq!((events[0].onset_s, events[0].end_s(), events[0].confidence), (1.5, 5.5, None));
    assert_eq!(events[1].kind, EventKind::Background);
}

#[test]
fn a_mistake_is_told_with_file_and_line() {
    let row = |text: &str| format!("{HEADER}\n0\t1\tsz\tn/a\tn/a\tn/a\tn/a\n{text}\n");
    for (text, line, what) in [
        (String::new(), 1, "empty"),
        ("onset\tduration\n1\t2\n".into(), 1, "\"eventType\""),
        (row("1\t2\tspike\tn/a\tn/a\tn/a\tn/a"), 3, "\"spike\""),
        (row("one\t2\tsz\tn/a\tn/a\tn/a\tn/a"), 3, "\"one\""),
        (row("1\t-2\tsz\tn/a\tn/a\tn/a\tn/a"), 3, "0 or more"),
        (row("1\tinf\tsz\tn/a\tn/a\tn/a\tn/a"), 3, "a number of seconds"),
        (row("1\t2\tsz\t1.5\tn/a\tn/a\tn/a"), 3, "0 to 1"),
        (row("1\t2\tsz\tn/a\tn/a\tyesterday\tn/a"), 3, "YYYY-MM-DD"),
        (row("1"), 3, "missing"),
    ] {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("x_events.tsv");
        std::fs::write(&path, &text).expect("a file");
        let message = read_events(&path).expect_err(&text).to_string();
        assert!(message.contains(&format!("x_events.tsv, line {line}")), "{message}");
        assert!(message.contains(what), "{message}");
    }
}

#[test]
fn the_tables_of_the_data_set_are_written_back_with_the_same_rows() {
    let index = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/scalp-bids");
    if !index.is_dir() {
        println!("skipped: {} is not there", index.display());
        return;
    }
    let (mut tables, mut seizures) = (0, 0);
    for recording in vigil::format::bids::recordings(&index).expect("the data set") {
        let path = recording.events_path.expect("a table beside each recording");
        let text = std::fs::read_to_string(&path).expect("a table");
        let events = read_events(&path).expect("events");
        let from = events[0].date_time.expect("a time");
        let length = events[0].recording_duration_s.expect("a length");
        let folder = TempDir::new().expect("a folder");
        let again = folder.path().join("again_events.tsv");
        write_events(&again, &events, from, length).expect("a table");
        let again = read_events(&again).expect("events");
        let spans = |events: &[Event]| -> Vec<(f64, f64, bool)> {
            events.iter().map(|e| (e.onset_s, e.duration_s, e.is_seizure())).collect()
        };
        // Ours keeps seizures, and one background row where there is none.
        let kept: Vec<Event> = match events.iter().any(Event::is_seizure) {
            true => events.iter().filter(|event| event.is_seizure()).cloned().collect(),
            false => events[..1].to_vec(),
        };
        assert_eq!(spans(&again), spans(&kept), "{text}");
        tables += 1;
        seizures += events.iter().filter(|event| event.is_seizure()).count();
    }
    println!("{tables} tables with {seizures} seizures");
    assert_eq!(tables, 254);
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        spans in prop::collection::vec((0u32..400_000, 1u32..60_000, prop::option::of(0u32..1000)), 1..20)
    ) {
        let events: Vec<Event> = spans
            .iter()
            .map(|&(onset, duration, confidence)| {
                seizure(f64::from(onset) / 100.0, f64::from(duration) / 100.0, confidence.map(|c| f64::from(c) / 1000.0))
            })
            .collect();
        let read = parse_events(&written(&events)).expect("events");
        prop_assert_eq!(read, events);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(onset|duration|eventType|sz|bckg|n/a|[0-9.e+-]{0,6}|\t|\n|\\PC){0,60}") {
        let _ = parse_events(&text);
    }
}
