//! Alarms, judgements and recorded EEG can be taken along, and what is taken along is opened by others.

mod daemon;
mod story;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use daemon::{Daemon, TOKEN, Ward};
use serde_json::Value;
use story::{Story, hours_ago, review};
use vigil::alarm::entry::{Judgement, Review};
use vigil::eeg::RecordingFormat;
use vigil::format::edf::EdfReader;
use vigil::format::events::parse_events;

const RATE_HZ: u64 = 128;

fn microvolts(channel: usize, t: f64) -> f64 {
    80.0 * (std::f64::consts::TAU * (4.0 + channel as f64) * t).sin()
}

/// Ten minutes of one patient with three alarms, then another patient in the same bed.
fn past() -> (Ward, Story, Vec<String>) {
    let ward = Ward::new("");
    let mut story = Story::begin(ward.folder.path(), hours_ago(5.0));
    story.watched("emu-01", "chb03", 0, 600);
    story.watched("emu-01", "new", 900, 300);
    let opinion = |second: u64| if (100..120).contains(&second) { [0.9, 0.0, 0.1] } else { [0.1, 0.0, 0.9] };
    story.recorded("emu-01", "chb03", 0..300, (&["Fp1", "F7", "T7"], RATE_HZ), opinion, microvolts);
    let alarms = vec![
        story.alarm("emu-01", "chb03", [100, 106, 130]),
        story.alarm("emu-01", "chb03", [200, 206, 230]),
        story.alarm("emu-01", "chb03", [400, 406, 430]),
    ];
    let said = Review {
        onset_us: Some(story.us(95.0)),
        offset_us: Some(story.us(118.5)),
        note: "=HYPERLINK(\"http://evil.example\"), \"quoted\"\nsecond line".into(),
        seizure_type: Some("focal".into()),
        ..review(Judgement::Seizure)
    };
    story.judge_as(&alarms[0], "Ada", said);
    story.judge(&alarms[1], "@Ada", Judgement::FalseAlarm);
    story.missed("emu-01", "chb03", "Ada", [500, 520]);
    (ward, story, alarms)
}

/// An answer's code, head and body, as bytes.
fn fetch(daemon: &Daemon, path: &str) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(&daemon.address).unwrap();
    write!(
        stream,
        "GET /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(answer[..end].to_vec()).unwrap().to_lowercase();
    let code = head.split(' ').nth(1).unwrap().parse().unwrap();
    (code, head, answer[end + 4..].to_vec())
}

fn text(daemon: &Daemon, path: &str) -> (u16, String, String) {
    let (code, head, body) = fetch(daemon, path);
    (code, head, String::from_utf8(body).unwrap())
}

/// The cells of a CSV text (RFC 4180), read by rules of their own.
fn cells(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => cell.push(chars.next().unwrap()),
            ('"', _) => quoted = !quoted,
            (',', false) => row.push(std::mem::take(&mut cell)),
            ('\r', false) => {}
            ('\n', false) => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (c, _) => cell.push(c),
        }
    }
    assert!(cell.is_empty() && row.is_empty() && !quoted);
    rows
}

#[test]
fn the_table_of_alarms_holds_every_judgement_and_no_formula() {
    let (ward, story, alarms) = past();
    let daemon = ward.start();
    let (code, head, table) = text(&daemon, "/alarms.csv");
    assert_eq!(code, 200, "{table}");
    assert!(
        head.contains("content-type: text/csv") && head.contains("attachment; filename=\"alarms.csv\""),
        "{head}"
    );
    let rows = cells(&table);
    let column = |name: &str| rows[0].iter().position(|cell| cell == name).unwrap();
    let mine: Vec<&Vec<String>> = rows.iter().filter(|row| alarms.contains(&row[column("alarm")])).collect();
    assert_eq!(mine.len(), 3);
    assert!(mine.iter().all(|row| row.len() == rows[0].len()));
    let first = mine[0];
    assert_eq!(first[column("judgement")], "seizure");
    assert_eq!(first[column("corrected_onset")], story.text(95.0));
    assert_eq!(first[column("corrected_offset")], story.text(118.5));
    assert_eq!(first[column("seizure_type")], "focal");
    assert_eq!(first[column("note")], "'=HYPERLINK(\"http://evil.example\"), \"quoted\"\nsecond line");
    assert_eq!(mine[1][column("reviewer")], "'@Ada");
    assert_eq!(mine[2][column("judgement")], "");
    for row in &rows {
        assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@'])), "{row:?}");
    }
    let unreviewed = cells(&text(&daemon, "/alarms.csv?unreviewed=true&bed=emu-01").2);
    assert_eq!(unreviewed.len(), 2);
    assert_eq!(unreviewed[1][0], alarms[2]);
    daemon.stop();
}

#[test]
fn events_of_detector_and_reviewers_are_scored_by_our_own_scorer() {
    let (ward, story, _) = past();
    let daemon = ward.start();
    let period = format!("from={}&until={}", story.text(0.0), story.text(600.0));
    let folder = tempfile::tempdir().unwrap();
    for of in ["detector", "reviewers"] {
        let (code, head, table) = text(&daemon, &format!("/beds/emu-01/events.tsv?{period}&of={of}"));
        assert_eq!(code, 200, "{table}");
        assert!(head.contains("_events.tsv\""), "{head}");
        assert!(head.contains("x-vigil-unreviewed: 1"), "{head}");
        let events = parse_events(&table).unwrap();
        assert!(events.iter().all(|event| event.recording_duration_s == Some(600.0)), "{table}");
        let spans: Vec<(f64, f64)> = events.iter().map(|event| (event.onset_s, event.end_s())).collect();
        match of {
            "detector" => {
                assert_eq!(spans, [(100.0, 130.0), (200.0, 230.0), (400.0, 430.0)]);
                assert_eq!(events[0].alarm_s, Some(107.0), "when the second that raised it was over");
            }
            _ => assert_eq!(spans, [(95.0, 118.5), (500.0, 520.0)]),
        }
        std::fs::create_dir_all(folder.path().join(of)).unwrap();
        std::fs::write(folder.path().join(of).join("sub-chb03_events.tsv"), table).unwrap();
    }
    let score = Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(["score", "--json", "--reference"])
        .arg(folder.path().join("reviewers"))
        .arg("--hypothesis")
        .arg(folder.path().join("detector"))
        .output()
        .unwrap();
    assert!(score.status.success(), "{}", String::from_utf8_lossy(&score.stderr));
    let report: Value = serde_json::from_slice(&score.stdout).unwrap();
    let ward_score = &report["overall"]["ward"];
    assert_eq!(
        (&ward_score["seizures"], &ward_score["detected"], &ward_score["false_alarms"]),
        (&2.into(), &1.into(), &2.into()),
        "{report}"
    );
    daemon.stop();
}

#[test]
fn a_period_of_two_patients_is_of_neither_until_one_is_named() {
    let (ward, story, _) = past();
    let daemon = ward.start();
    let period = format!("from={}&until={}&of=detector", story.text(0.0), story.text(1200.0));
    let (code, _, told) = text(&daemon, &format!("/beds/emu-01/events.tsv?{period}"));
    assert_eq!(code, 409, "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (&told["patients"][0]["patient"], &told["patients"][1]["patient"]),
        (&"chb03".into(), &"new".into())
    );
    let (code, _, table) = text(&daemon, &format!("/beds/emu-01/events.tsv?{period}&patient=new"));
    assert!(code == 200 && table.contains("bckg"), "{table}");
    let never = format!("from={}&until={}&of=detector", story.text(-9000.0), story.text(-8000.0));
    assert_eq!(text(&daemon, &format!("/beds/emu-01/events.tsv?{never}")).0, 404);
    let backwards = format!("from={}&until={}&of=detector", story.text(10.0), story.text(0.0));
    assert_eq!(text(&daemon, &format!("/beds/emu-01/events.tsv?{backwards}")).0, 400);
    daemon.stop();
}

#[test]
fn a_clip_is_the_recorded_signal_with_what_is_known_of_it_and_no_names() {
    let (ward, story, alarms) = past();
    let daemon = ward.start();
    let from = story.start_s + 90;
    let (code, head, bytes) = fetch(&daemon, &format!("/beds/emu-01/clip.edf?from={from}&seconds=60"));
    assert_eq!(code, 200, "{}", String::from_utf8_lossy(&bytes));
    assert!(head.contains("attachment; filename=\"emu-01_") && head.contains(".edf\""), "{head}");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clip.edf");
    std::fs::write(&path, &bytes).unwrap();
    let mut reader = EdfReader::open(&path).unwrap();
    assert_eq!(reader.header().format, RecordingFormat::EdfPlusC);
    assert!((reader.header().duration_s - 60.0).abs() < 1e-9);
    let mut channels = vec![Vec::new()];
    reader.read_microvolts(&[1], 0, RATE_HZ as usize, &mut channels).unwrap();
    for (index, sample) in channels[0].iter().enumerate() {
        let expected = microvolts(1, 90.0 + index as f64 / RATE_HZ as f64);
        assert!((f64::from(*sample) - expected).abs() < 0.01, "{index}: {sample} {expected}");
    }
    let annotations = reader.annotations().unwrap();
    let at = |text: &str| {
        let found = annotations.iter().find(|annotation| annotation.text == text);
        let found = found.unwrap_or_else(|| panic!("no {text:?} in {annotations:?}"));
        (found.onset_s, found.duration_s.unwrap_or_default())
    };
    assert_eq!(at(&format!("vigil: seizure alarm {}", alarms[0])), (10.0, 30.0));
    assert_eq!(at("vigil: alarm raised").0, 17.0);
    assert_eq!(at("review: seizure, focal"), (5.0, 23.5));
    assert_eq!(at("vigil label: seizure"), (10.0, 20.0));
    assert!(bytes[8..88].starts_with(b"chb03 X X X "), "an id, and no sex, birthdate or name");
    for name in ["Ada", "HYPERLINK"] {
        assert!(!bytes.windows(name.len()).any(|window| window == name.as_bytes()), "{name} is in it");
    }
    // For a reader who is not to see judgements.
    let (_, _, blind) =
        fetch(&daemon, &format!("/beds/emu-01/clip.edf?from={from}&seconds=60&judgements=false"));
    assert!(!blind.windows(7).any(|window| window == b"review:"));
    opened_by_others(&path);
    for (query, code) in [
        (format!("from={from}&seconds=3601"), 400),
        (format!("from={from}&seconds=0"), 400),
        ("from=tomorrow&seconds=10".into(), 400),
        (format!("from={}&seconds=10", story.start_s - 90_000), 404),
        // Watched, and not recorded any more.
        (format!("from={}&seconds=10", story.start_s + 400), 410),
    ] {
        let (found, _, told) = fetch(&daemon, &format!("/beds/emu-01/clip.edf?{query}"));
        assert_eq!(found, code, "{query}: {}", String::from_utf8_lossy(&told));
    }
    assert_eq!(fetch(&daemon, "/beds/..%2F..%2Fetc/clip.edf?from=0&seconds=10").0, 404);
    let (code, _, _) =
        fetch(&daemon, &format!("/beds/emu-01/clip.edf?from={}&seconds=10", story.text(100.0)));
    assert_eq!(code, 200, "a time in words is a time, too");
    daemon.stop();
}

/// Others open the clip and read the same.
fn opened_by_others(path: &Path) {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/python").to_string();
    let python = std::env::var("VIGIL_PYTHON").unwrap_or(beside);
    let script = "import sys, pyedflib\n\
                  f = pyedflib.EdfReader(sys.argv[1])\n\
                  onset, duration, text = f.readAnnotations()\n\
                  print(f.getPatientCode(), f.getPatientName(), len(f.readSignal(0)), *text, sep='|')";
    let run = Command::new(&python).args(["-c", script]).arg(path).output();
    match run {
        Ok(output) if output.status.success() => {
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(said.starts_with("chb03|"), "{said}");
            assert!(
                said.contains(&format!("|{}|", 60 * RATE_HZ)) && said.contains("review: seizure, focal"),
                "{said}"
            );
        }
        Ok(output) if String::from_utf8_lossy(&output.stderr).contains("No module named") => {
            println!("skipped: {python} has no pyedflib; VIGIL_PYTHON names one that has");
        }
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => println!("skipped: {python}: {error}; VIGIL_PYTHON names a Python with pyedflib"),
    }
}
