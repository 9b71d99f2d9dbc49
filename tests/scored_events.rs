//! Event tables in the form of SzCORE are read and written as other scorers expect them.

use std::path::Path;

use jiff::civil::DateTime;
use proptest::prelude::*;
use tempfile::TempDir;
use vigil::eeg::{Event, EventKind};
use vigil::format::Place;
use vigil::format::events::{parse_events, parse_table, read_events, write_detections, write_events};

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
        // A table that does not tell when somebody is called means the onset.
        alarm_s: Some(onset_s),
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

/// What an independent reader finds in the tables; the first row is of what our writer wrote.
const READ: &str = include_str!("golden/events/read.tsv");
const WRITTEN: &str = include_str!("golden/events/written.tsv");

fn three_seizures() -> [Event; 3] {
    let focal = Event {
        kind: EventKind::Seizure("sz_foc_ia_m".into()),
        channels: Some("F7-T7,T7-P7".into()),
        ..seizure(30.0, 50.75, None)
    };
    [seizure(12.25, 40.0, Some(0.812)), focal, seizure(3590.5, 9.5, Some(1.0))]
}

/// Compares a table with the row that the independent reader gave for it.
fn agrees(text: &str, row: &str) {
    let cells: Vec<&str> = row.split('\t').collect();
    let events = parse_events(text).expect(cells[0]);
    let length = events[0].recording_duration_s.expect("a length");
    // Hundredths of a second, marked as a scorer marks them: what overlaps counts once.
    let mut marked = vec![false; (length * 100.0).round() as usize];
    for event in events.iter().filter(|event| event.is_seizure()) {
        let (from, to) = ((event.onset_s * 100.0).round() as usize, (event.end_s() * 100.0).round() as usize);
        let to = to.min(marked.len());
        marked[from..to].fill(true);
    }
    let found = [
        events.len().to_string(),
        events.iter().filter(|event| event.is_seizure()).count().to_string(),
        format!("{:.2}", marked.iter().filter(|&&ictal| ictal).count() as f64 / 100.0),
        format!("{length:.2}"),
        events[0].date_time.expect("a time").to_string(),
    ];
    assert_eq!(found.as_slice(), &cells[1..], "{}", cells[0]);
}

#[test]
fn what_the_writer_writes_means_the_same_to_an_independent_reader() {
    assert_eq!(written(&three_seizures()), WRITTEN);
    assert_eq!(parse_events(WRITTEN).expect("events"), three_seizures());
    agrees(WRITTEN, READ.lines().nth(1).expect("a row"));
}

#[test]
fn tables_are_read_as_an_independent_reader_reads_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut agreed, mut absent) = (0, 0);
    for row in READ.lines().skip(2) {
        let name = row.split('\t').next().expect("a name");
        let subject = name.split('_').next().expect("a subject");
        let places = [
            root.join("patients/chb03/recordings").join(name),
            root.join("../shared/data/scalp-bids").join(subject).join("ses-01/eeg").join(name),
        ];
        // Those of the demonstration's patient are always there.
        match places.iter().find_map(|path| std::fs::read_to_string(path).ok()) {
            Some(text) => {
                agrees(&text, row);
                agreed += 1;
            }
            None => absent += 1,
        }
    }
    println!("{agreed} tables agree, {absent} are not there");
    assert!(agreed >= 11);
}

#[test]
fn rows_out_of_time_order_are_read_and_stay_in_the_order_of_the_file() {
    let onsets: Vec<f64> = parse_events("onset\tduration\teventType\n90\t5\tsz\n10\t5\tsz\n50\t5\tsz\n")
        .expect("events")
        .iter()
        .map(|event| event.onset_s)
        .collect();
    assert_eq!(onsets, [90.0, 10.0, 50.0]);
}

#[test]
fn a_table_that_is_not_there_is_named() {
    let message = read_events(Path::new("nowhere/x_events.tsv")).expect_err("no file").to_string();
    assert!(message.starts_with("cannot read nowhere/x_events.tsv: "), "{message}");
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
fn lines_end_as_any_program_ends_them() {
    let table = format!("{HEADER}\n12.5\t4\tsz\tn/a\tn/a\tn/a\t60\n20\t5\tsz\tn/a\tn/a\tn/a\t60\n");
    let events = parse_events(&table).expect("events");
    assert_eq!(events.len(), 2);
    for end in ["\r", "\r\n"] {
        assert_eq!(parse_events(&table.replace('\n', end)).expect("events"), events, "{end:?}");
        let wrong = format!("{table}30\tlong\tsz\n").replace('\n', end);
        let told = parse_events(&wrong).expect_err("a mistake");
        assert_eq!(told.place, Place::Line(4), "{end:?}: {told:?}");
    }
}

#[test]
fn types_are_the_same_in_capitals_and_a_check_of_impedances_is_no_seizure() {
    let rows = ["SZ", "Sz_Foc_IA", "Seizure", "BCKG", "impd", "IMPD"].map(|kind| format!("1\t2\t{kind}\n"));
    let events = parse_events(&format!("onset\tduration\teventType\n{}", rows.concat())).expect("events");
    let kinds: Vec<&EventKind> = events.iter().map(|event| &event.kind).collect();
    let seizure = |kind: &str| EventKind::Seizure(kind.into());
    let (sz, focal, none) = (seizure("sz"), seizure("sz_foc_ia"), EventKind::Background);
    assert_eq!(kinds, [&sz, &focal, &sz, &none, &none, &none]);
}

#[test]
fn every_type_that_is_not_known_is_told_at_once() {
    let rows = ["sz", "seiz", "artf", "seiz", "bckg"].map(|kind| format!("1\t2\t{kind}\n"));
    let told = parse_events(&format!("onset\tduration\teventType\n{}", rows.concat())).expect_err("types");
    assert_eq!((told.place, told.what.as_str()), (Place::Line(3), "eventType"));
    assert_eq!(told.found, "\"seiz\" (2 rows, the first in line 3), \"artf\" (line 4)");
    let many: String = (0..2000).map(|number| format!("1\t2\ttype{number}\n")).collect();
    let told = parse_events(&format!("onset\tduration\teventType\n{many}")).expect_err("types");
    assert!(told.found.ends_with("and 1990 more types") && told.found.len() < 400, "{}", told.found);
}

#[test]
fn bids_own_name_of_the_column_does_where_its_values_are_types_of_events() {
    let of = |text: &str| {
        parse_events(text).map(|events| events.iter().map(Event::is_seizure).collect::<Vec<_>>())
    };
    assert_eq!(
        of("onset\tduration\ttrial_type\n1\t2\tseizure\n9\t2\tbckg\n").expect("events"),
        [true, false]
    );
    let both = "onset\tduration\ttrial_type\teventType\n1\t2\tsz\tbckg\n";
    assert_eq!(of(both).expect("events"), [false], "SzCORE's column counts where it is there");
    let told = of("onset\tduration\ttrial_type\n1\t2\tface\n").expect_err("no type of event");
    assert_eq!((told.place, told.what.as_str()), (Place::Line(2), "trial_type"));
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
        (row("1\tn/a\tsz\tn/a\tn/a\tn/a\tn/a"), 3, "missing"),
        (row("1\t2\tn/a\tn/a\tn/a\tn/a\tn/a"), 3, "missing"),
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
fn a_value_that_decides_nothing_and_cannot_be_understood_is_told_and_costs_no_seizure() {
    let table = |confidence: &str, time: &str| {
        parse_table(&format!("{HEADER}\n1\t2\tsz\t{confidence}\tn/a\t{time}\t60\n")).expect("a table")
    };
    for confidence in ["nan", "100", "1.5", "-0.1", "high"] {
        let read = table(confidence, "n/a");
        assert_eq!((read.events.len(), read.events[0].confidence), (1, None), "{confidence}");
        let told = read.passed_over.expect(confidence);
        let expected =
            format!("line 2: confidence is {confidence:?}; expected 0 to 1 or n/a; it counts as n/a");
        assert_eq!(told, expected);
    }
    for time in ["02.09.2075 16:59:56", "0000-00-00 00:00:00", "16:59:56", "yesterday"] {
        let read = table("n/a", time);
        assert_eq!((read.events.len(), read.events[0].date_time), (1, None), "{time}");
        let told = read.passed_over.expect(time);
        assert!(told.starts_with(&format!("line 2: dateTime is {time:?}; expected YYYY-MM-DD")), "{told}");
    }
    assert_eq!(table("0.5", "n/a").passed_over, None);
    // Once for a table, with how many more there are.
    let rows = "1\t2\tsz\t100\tn/a\tyesterday\t60\n".repeat(3);
    let told = parse_table(&format!("{HEADER}\n{rows}")).expect("a table").passed_over.expect("told");
    assert!(
        told.starts_with("line 2: confidence")
            && told.ends_with("as do 5 more values of confidence and dateTime"),
        "{told}"
    );
}

#[test]
fn times_in_iso_8601_are_wall_times_as_written() {
    let written = [
        "2031-02-03T04:05:06",
        "2031-02-03T04:05:06Z",
        "2031-02-03T04:05:06+02:00",
        "2031-02-03 04:05:06-0500",
    ];
    for time in written {
        let table = format!("{HEADER}\n1\t2\tsz\tn/a\tn/a\t{time}\t60\n");
        let read = parse_table(&table).expect("a table");
        assert_eq!((read.events[0].date_time, read.passed_over), (Some(start()), None), "{time}");
    }
}

#[test]
fn a_row_that_is_no_seizure_may_lack_how_long_it_lasts() {
    let events = parse_events("onset\tduration\teventType\n0\tn/a\tbckg\n5\t\timpd\n").expect("events");
    assert!(events.iter().all(|event| !event.is_seizure() && event.duration_s == 0.0), "{events:?}");
    for row in ["0\tn/a\tsz", "0\t-1\tbckg", "0\tlong\tbckg"] {
        parse_events(&format!("onset\tduration\teventType\n{row}\n")).expect_err(row);
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

#[test]
fn a_detectors_table_tells_when_somebody_is_called_and_where_nobody_is() {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("x_events.tsv");
    let called = Event { alarm_s: Some(19.0), ..seizure(12.0, 40.0, Some(0.9)) };
    let elsewhere = Event { alarm_s: None, ..seizure(0.0, 5.0, None) };
    for events in [vec![elsewhere.clone(), called.clone()], vec![elsewhere], vec![called], Vec::new()] {
        write_detections(&path, &events, start(), 3600.0).expect("a table");
        let text = std::fs::read_to_string(&path).expect("the table");
        assert!(text.lines().all(|line| line.split('\t').count() == 8), "{text}");
        let read = parse_events(&text).expect("events");
        assert_eq!(read.iter().filter(|event| event.is_seizure()).cloned().collect::<Vec<_>>(), events);
    }
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
