//! Everything that stands in the log can be read back, entry by entry: who did what, and when.

mod daemon;
mod story;

use std::process::Command;

use daemon::{Daemon, TOKEN, Ward};
use serde_json::Value;
use story::{Story, hours_ago};
use vigil::alarm::entry::{Entry, Judgement, What};
use vigil::alarm::log::{AuditQuery, log_path};
use vigil::alarm::moment::Clocks;

fn past() -> (Ward, Vec<String>) {
    let ward = Ward::new("");
    let mut story = Story::begin(ward.folder.path(), hours_ago(5.0));
    story.watched("emu-01", "chb03", 0, 1800);
    story.watched("emu-02", "new", 0, 600);
    let alarms = vec![
        story.alarm("emu-01", "chb03", [300, 306, 340]),
        story.alarm("emu-01", "chb03", [900, 906, 940]),
        story.alarm("emu-02", "new", [400, 406, 440]),
    ];
    story.judge(&alarms[0], "Ada", Judgement::Seizure);
    story.judge(&alarms[1], "Ada", Judgement::FalseAlarm);
    story.read_again(&alarms[0], "Grace", Judgement::FalseAlarm);
    story.missed("emu-01", "chb03", "Ada", [1200, 1230]);
    (ward, alarms)
}

fn audit(daemon: &Daemon, query: &str) -> Value {
    let (code, text) = daemon.ask("GET", &format!("/api/v1/audit{query}"), Some(TOKEN), "");
    assert_eq!(code, 200, "{text}");
    serde_json::from_str(&text).unwrap()
}

fn numbers(page: &Value) -> Vec<i64> {
    page["entries"].as_array().unwrap().iter().map(|entry| entry["seq"].as_i64().unwrap()).collect()
}

#[test]
fn page_after_page_every_entry_is_told_once_the_latest_first() {
    let (ward, _) = past();
    let daemon = ward.start();
    let (mut told, mut before) = (Vec::new(), String::new());
    loop {
        let page = audit(&daemon, &format!("?limit=3{before}"));
        assert!(page["entries"].as_array().unwrap().len() <= 3);
        told.extend(numbers(&page));
        match page["next"].as_i64() {
            Some(next) => before = format!("&before={next}"),
            None => break,
        }
    }
    daemon.stop();
    let mut all: Vec<i64> = ward.log().unwrap().entries().unwrap().iter().map(|logged| logged.seq).collect();
    // The daemon may have written something of its own since.
    all.retain(|seq| *seq <= told[0]);
    all.reverse();
    assert_eq!(told, all);
}

#[test]
fn entries_are_found_by_person_bed_alarm_and_time() {
    let (ward, alarms) = past();
    let daemon = ward.start();
    let ada = audit(&daemon, "?who=Ada");
    assert_eq!(numbers(&ada).len(), 3);
    assert_eq!(ada["entries"][0]["what"], "marked a missed seizure");
    assert_eq!(ada["entries"][0]["patient"], "chb03");
    assert_eq!(ada["entries"][1]["what"], "judged false alarm");
    assert_eq!(ada["entries"][1]["entry"]["judgement"], "false-alarm");
    let of_alarm = audit(&daemon, &format!("?alarm={}", alarms[0]));
    let words: Vec<&str> =
        of_alarm["entries"].as_array().unwrap().iter().map(|entry| entry["what"].as_str().unwrap()).collect();
    assert_eq!(
        words,
        ["read a second time: false alarm", "judged seizure", "alarm ended", "seizure alarm raised"]
    );
    let of_bed = audit(&daemon, "?bed=emu-02&limit=500");
    assert!(of_bed["entries"].as_array().unwrap().iter().all(|entry| entry["bed"] == "emu-02"));
    assert!(numbers(&of_bed).len() >= 4);
    let from = ada["entries"][1]["time"].as_str().unwrap();
    let until = ada["entries"][0]["time"].as_str().unwrap();
    let between = audit(&daemon, &format!("?from={from}&until={until}&limit=500"));
    let between: Vec<&Value> = between["entries"].as_array().unwrap().iter().collect();
    assert_eq!(between.len(), 2, "{between:?}");
    for (query, expected) in [
        ("?limit=501", "expected 1 to 500"),
        ("?limit=0", "expected 1 to 500"),
        ("?from=yesterday", "expected a time"),
        ("?nonsense=1", "unknown field"),
    ] {
        let (code, text) = daemon.ask("GET", &format!("/api/v1/audit{query}"), Some(TOKEN), "");
        assert!(code == 400 && text.contains(expected), "{query}: {code} {text}");
    }
    daemon.stop();
}

#[test]
fn what_a_later_program_wrote_is_told_by_its_name_and_what_it_holds() {
    let (ward, _) = past();
    let path = log_path(&ward.path("state"));
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute(
            "INSERT INTO entry (key, wall_us, mono_us, boot, what, alarm, bed, patient, detector, who, body)
             VALUES ('later', 1, 1, 'b', 'tea-was-made', NULL, '', '', '', 'Ada', ?1)",
            [r#"{"what": "tea-was-made", "cups": 3, "kind_of_tea": "Assam"}"#],
        )
        .unwrap();
    drop(database);
    let query = AuditQuery { who: Some("Ada".into()), limit: 1, ..AuditQuery::default() };
    let page = ward.log().unwrap().audit(&query).unwrap();
    let entry = &page.entries[0];
    assert!(entry.what.starts_with("tea was made: "), "{}", entry.what);
    assert!(entry.what.contains("cups 3") && entry.what.contains("kind of tea Assam"), "{}", entry.what);
    assert_eq!(entry.entry["cups"], 3);
    assert_eq!(page.next, Some(entry.seq));
}

#[test]
fn a_switch_of_networks_tells_the_threshold_where_it_moved() {
    let (ward, _) = past();
    let mut log = ward.log().unwrap();
    let clocks = Clocks::here();
    for (from_second, seizure_probability, expected) in [
        (7, Some([0.6, 0.356]), "networks exchanged from second 7: seizure probability 0.356, until now 0.6"),
        (8, Some([0.6, 0.6]), "networks exchanged from second 8"),
        (9, None, "networks exchanged from second 9"),
    ] {
        let (from, to) = ("a".to_string(), "b".to_string());
        let what = What::Switched { from, to, from_second, seizure_probability };
        log.append(&Entry::of_bed("emu-01", &clocks.now(), "Grace", what)).unwrap();
        let query = AuditQuery { limit: 1, ..AuditQuery::default() };
        assert_eq!(ward.log().unwrap().audit(&query).unwrap().entries[0].what, expected);
    }
}

#[test]
fn the_command_line_tells_the_same() {
    let (ward, alarms) = past();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_vigil"))
            .args(["alarms", "audit"])
            .args(arguments)
            .arg("--config")
            .arg(ward.path("vigil.toml"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = run(&["--who", "Grace"]);
    assert!(text.contains("read a second time: false alarm") && text.contains(&alarms[0]), "{text}");
    assert!(run(&["--limit", "2"]).contains("more: --before "));
    assert!(run(&["--who", "nobody"]).contains("no entry"));
    let page: Value = serde_json::from_str(&run(&["--json", "--limit", "500"])).unwrap();
    let all = ward.log().unwrap().audit(&AuditQuery { limit: 500, ..AuditQuery::default() }).unwrap();
    assert_eq!(page, serde_json::to_value(&all).unwrap());
}
