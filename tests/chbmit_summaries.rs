//! The summaries of CHB-MIT are read as they were published, all 24 of them.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vigil::eeg::EventKind;
use vigil::format::chbmit::{events_of, is_layout, parse_summary, passed_over, recordings};

const GOLDEN: &str = include_str!("golden/chbmit/seizures.tsv");

/// The published summaries, if they are there.
fn published() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/chbmit-summaries");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is not there", folder.display());
    None
}

#[test]
fn all_24_summaries_have_the_seizures_and_clocks_that_a_plain_search_finds() {
    let Some(folder) = published() else { return };
    let mut seizures = 0;
    for row in GOLDEN.lines().skip(1) {
        let cells: Vec<&str> = row.split('\t').collect();
        let text = std::fs::read(folder.join(format!("{}-summary.txt", cells[0]))).expect("a summary");
        let summary = parse_summary(&String::from_utf8_lossy(&text)).expect(cells[0]);
        let all: Vec<(f64, f64)> = summary.records.iter().flat_map(|r| r.seizures.clone()).collect();
        let clocks: Vec<(u32, u32)> = summary.records.iter().filter_map(|record| record.clock_s).collect();
        let found = [
            summary.records.len() as f64,
            summary.records.iter().filter(|record| !record.seizures.is_empty()).count() as f64,
            all.len() as f64,
            all.iter().map(|(onset, end)| end - onset).sum(),
            all.iter().map(|(_, end)| *end).fold(0.0, f64::max),
            clocks.len() as f64,
            clocks.iter().map(|(start, end)| f64::from(end - start)).sum(),
            clocks.iter().filter(|(_, end)| *end >= 86_400).count() as f64,
        ];
        let expected: Vec<f64> = cells[1..].iter().map(|cell| cell.parse().expect("a number")).collect();
        assert_eq!(found.as_slice(), expected, "{}", cells[0]);
        assert_eq!(summary.rate_hz, Some(256.0), "{}", cells[0]);
        seizures += all.len();
    }
    assert_eq!(seizures, 198);
}

#[test]
fn a_montage_that_changes_holds_for_the_records_after_it() {
    let Some(folder) = published() else { return };
    let text = std::fs::read_to_string(folder.join("chb12-summary.txt")).expect("a summary");
    let summary = parse_summary(&text).expect("chb12");
    let first_labels = |file: &str| {
        let record = summary.records.iter().find(|record| record.file == file).expect(file);
        record.channels[0].clone()
    };
    assert_eq!(first_labels("chb12_06.edf"), "FP1-F7");
    assert_eq!(first_labels("chb12_27.edf"), "F7-CS2");
    assert_eq!(first_labels("chb12_29.edf"), "F7");
    assert_eq!(first_labels("chb12_32.edf"), "FP1-F7");
}

#[test]
fn channels_that_are_listed_anew_replace_those_before() {
    let text = "Channels in EDF Files:\nChannel 1: FP1-F7\nChannel 2: F7-T7\nFile Name: a.edf\n\n\
                Channels changed:\nChannel 1: F7-CS2\nFile Name: b.edf\nFile Name: c.edf\n";
    let summary = parse_summary(text).expect("a summary");
    let channels: Vec<&[String]> = summary.records.iter().map(|record| record.channels.as_ref()).collect();
    assert_eq!(channels, [&["FP1-F7", "F7-T7"][..], &["F7-CS2"], &["F7-CS2"]]);
}

const TWO_NIGHTS: &str = "Data Sampling Rate: 256 Hz

Channels in EDF Files:
Channel 1: FP1-F7
Channel 2: F7-T7

File Name: chb99_01.edf
File Start Time: 23:30:00
File End Time: 24:30:00
Number of Seizures in File: 2
Seizure 1 Start Time: 100 seconds
Seizure 1 End Time: 140 seconds
Seizure 2 Start Time:  200 seconds
Seizure 2 End Time:  231 seconds

File Name: chb99_02.edf
File Start Time: 23:45:00
File End Time: 0:15:00
Number of Seizures in File: 0
";

#[test]
fn clocks_that_pass_midnight_go_on_counting_whichever_way_they_are_written() {
    let late = "File Name: a.edf\nFile Start Time: 25:10:00\nFile End Time: 29:10:00\n\
                File Name: b.edf\nFile Start Time: 25:10:00\nFile End Time: 2:10:00\n\
                File Name: c.edf\nNumber of Seizures in File: 0\n";
    let summary = parse_summary(late).expect("a summary");
    let clocks: Vec<_> = summary.records.iter().map(|record| record.clock_s).collect();
    assert_eq!(clocks, [Some((90_600, 105_000)), Some((90_600, 94_200)), None]);
    let summary = parse_summary(TWO_NIGHTS).expect("a summary");
    let clocks: Vec<_> = summary.records.iter().map(|record| record.clock_s).collect();
    assert_eq!(clocks, [Some((84_600, 88_200)), Some((85_500, 87_300))]);
    assert_eq!(summary.records[0].seizures, [(100.0, 140.0), (200.0, 231.0)]);
}

#[test]
fn records_under_one_list_of_channels_share_it() {
    let summary = parse_summary(TWO_NIGHTS).expect("a summary");
    assert!(std::sync::Arc::ptr_eq(&summary.records[0].channels, &summary.records[1].channels));
    assert_eq!(summary.records[1].channels.as_ref(), ["FP1-F7", "F7-T7"]);
}

#[test]
fn a_folder_of_cases_or_one_case_gives_the_records_that_are_there() {
    let folder = TempDir::new().expect("a folder");
    let case = folder.path().join("chb99");
    std::fs::create_dir(&case).expect("a folder");
    assert!(!is_layout(folder.path()));
    std::fs::write(case.join("chb99-summary.txt"), TWO_NIGHTS).expect("a file");
    std::fs::write(case.join("chb99_01.edf"), "").expect("a file");
    std::fs::write(case.join("notes.edf"), "").expect("a file");
    for root in [folder.path(), case.as_path()] {
        assert!(is_layout(root));
        let found = recordings(root).expect("records");
        // The second record is not on the disk, and no summary names the notes.
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].subject.as_str(), found[0].path.clone()), ("chb99", case.join("chb99_01.edf")));
        let spans: Vec<(f64, f64)> = found[0].events.iter().map(|e| (e.onset_s, e.duration_s)).collect();
        assert_eq!(spans, [(100.0, 40.0), (200.0, 31.0)]);
        assert!(found[0].events.iter().all(|event| event.kind == EventKind::Seizure("sz".into())));
    }
    assert_eq!(events_of(&case.join("chb99_02.edf")).expect("a summary"), Some(vec![]));
    assert_eq!(events_of(&case.join("notes.edf")).expect("a summary"), None);
}

#[test]
fn records_are_found_in_capitals_and_what_is_compressed_or_named_by_no_summary_is_told() {
    let folder = TempDir::new().expect("a folder");
    let case = folder.path().join("chb99");
    std::fs::create_dir_all(&case).expect("a folder");
    let record = |name: &str| format!("File Name: {name}\nNumber of Seizures in File: 0\n");
    let names = ["chb99_01.edf", "chb99_02.edf", "chb99_03.edf"];
    std::fs::write(case.join("chb99-summary.txt"), names.map(record).join("\n")).expect("a summary");
    for name in ["chb99_01.EDF", "chb99_02.edf.gz", "chb99_07.edf"] {
        std::fs::write(case.join(name), "x").expect("a file");
    }
    let found = recordings(folder.path()).expect("records");
    assert_eq!(
        found.iter().map(|record| record.path.clone()).collect::<Vec<_>>(),
        [case.join("chb99_01.EDF")]
    );
    let (compressed, unnamed) = passed_over(folder.path()).expect("what is not read");
    assert_eq!((compressed, unnamed), (vec![case.join("chb99_02.edf.gz")], vec![case.join("chb99_07.edf")]));
    assert!(events_of(&case.join("chb99_01.EDF")).expect("a summary").is_some());
}

#[test]
fn a_name_that_leads_out_of_the_folder_is_passed_over() {
    let folder = TempDir::new().expect("a folder");
    let case = folder.path().join("chb99");
    std::fs::create_dir(&case).expect("a folder");
    std::fs::write(folder.path().join("outside.edf"), "").expect("a file");
    std::fs::write(case.join("chb99-summary.txt"), "File Name: ../outside.edf\n").expect("a file");
    assert_eq!(recordings(&case).expect("no record"), []);
}

#[test]
fn a_mistake_in_a_case_is_told_with_the_file_of_the_case() {
    let folder = TempDir::new().expect("a folder");
    let case = folder.path().join("chb99");
    std::fs::create_dir(&case).expect("a folder");
    let text = TWO_NIGHTS.replace("File End Time: 24:30:00", "File End Time: 24:30");
    std::fs::write(case.join("chb99-summary.txt"), text).expect("a file");
    for message in [
        recordings(folder.path()).expect_err("a mistake").to_string(),
        events_of(&case.join("chb99_01.edf")).expect_err("a mistake").to_string(),
    ] {
        assert!(message.contains("chb99-summary.txt, line 9: the time is \"24:30\""), "{message}");
    }
}

#[test]
fn a_mistake_is_told_with_its_line() {
    for (text, line, what) in [
        ("Seizure Start Time: 5 seconds", 1, "File Name"),
        ("File Name: a.edf\nFile Start Time: 12:61:00", 2, "hh:mm:ss"),
        ("File Name: a.edf\nNumber of Seizures in File: two", 2, "a number"),
        ("File Name: a.edf\nSeizure Start Time: 9 seconds\nSeizure End Time: 3 seconds", 3, "a start before"),
        ("File Name: a.edf\nSeizure Start Time: 9 seconds\nFile Name: b.edf", 2, "an end time"),
        ("File Name: a.edf\nNumber of Seizures in File: 2\nFile Name: b.edf", 2, "as many as are listed"),
    ] {
        let mistake = parse_summary(text).expect_err(text);
        let message = mistake.in_file(Path::new("x-summary.txt")).to_string();
        assert!(message.contains(&format!("x-summary.txt, line {line}")), "{message}");
        assert!(message.contains(what), "{message}");
    }
}
