//! A second reader judges without having been shown the first judgement, as another person, and how far the two agree is
//! what the field calls kappa.

mod daemon;
mod story;

use std::process::Command;

use daemon::{Daemon, TOKEN, Ward};
use serde_json::{Value, json};
use story::{Story, hours_ago, review};
use vigil::alarm::agreement::{agreement, kappa};
use vigil::alarm::entry::{Judgement, Review};
use vigil::alarm::rate::{By, rates};

use Judgement::{FalseAlarm, Seizure, Uncertain};

fn post(daemon: &Daemon, path: &str, body: &Value) -> (u16, Value) {
    let (code, text) = daemon.ask("POST", &format!("/api/v1{path}"), Some(TOKEN), &body.to_string());
    (code, serde_json::from_str(&text).unwrap_or(Value::Null))
}

fn get(daemon: &Daemon, path: &str) -> (u16, String) {
    daemon.ask("GET", &format!("/api/v1{path}"), Some(TOKEN), "")
}

/// A ward whose alarms were judged by Ada, each with words and times that can be searched for.
fn judged_ward() -> (Ward, Vec<String>) {
    let ward = Ward::new("");
    let mut story = Story::begin(ward.folder.path(), hours_ago(5.0));
    story.watched("emu-01", "chb03", 0, 3600);
    let judgements = [Seizure, FalseAlarm, Uncertain, FalseAlarm, Seizure];
    let mut alarms = Vec::new();
    for (number, judgement) in (0u64..).zip(judgements) {
        let onset = 300 + 600 * number;
        let alarm = story.alarm("emu-01", "chb03", [onset, onset + 6, onset + 40]);
        let corrected = (judgement == Seizure).then_some(onset as f64 + 1.337);
        let said = Review {
            judgement,
            note: format!("whisper {number}"),
            onset_us: corrected.map(|second| story.us(second)),
            offset_us: corrected.map(|second| story.us(second + 20.0)),
            seizure_type: corrected.map(|_| "focal onset, secret".into()),
        };
        story.judge_as(&alarm, "Ada Reviewer", said);
        alarms.push(alarm);
    }
    // One that nobody has judged.
    alarms.push(story.alarm("emu-01", "chb03", [3400, 3406, 3420]));
    (ward, alarms)
}

#[test]
fn what_waits_for_a_second_reader_is_told_without_a_trace_of_the_first_judgement() {
    let (ward, alarms) = judged_ward();
    let daemon = ward.start();
    let (code, text) = get(&daemon, "/second-reading?by=Grace");
    assert_eq!(code, 200, "{text}");
    let waiting: Vec<Value> = serde_json::from_str(&text).unwrap();
    let named: Vec<&str> = waiting.iter().map(|alarm| alarm["alarm"].as_str().unwrap()).collect();
    assert_eq!(named, alarms[..5], "all that were judged, whatever as, in the order of their raising");
    for trace in ["Ada", "whisper", "secret", "judg", "review", "false", "uncertain", ".337", "note"] {
        assert!(!text.to_lowercase().contains(&trace.to_lowercase()), "{trace} is in {text}");
    }
    let mut members: Vec<&String> = waiting[0].as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["alarm", "bed", "ended", "onset", "patient", "raised", "seconds"]);
    assert_eq!(waiting[0]["seconds"], 40.0);
    // A judgement that is changed moves nothing in the list.
    let body =
        json!({ "by": "Ada Reviewer", "judgement": "uncertain", "after": last_review(&ward, &alarms[0]) });
    assert_eq!(post(&daemon, &format!("/alarms/{}/review", alarms[0]), &body).0, 200);
    assert_eq!(get(&daemon, "/second-reading?by=Grace").1, text);
    assert_eq!(
        get(&daemon, "/second-reading?by=%20ada%20reviewer").1,
        "[]",
        "what Ada judged is not hers to read again"
    );
    assert_eq!(get(&daemon, "/second-reading").0, 400, "who reads must be known");
    daemon.stop();
}

fn last_review(ward: &Ward, alarm: &str) -> i64 {
    let history = ward.log().unwrap().history(alarm).unwrap();
    vigil::alarm::log::Held::fold(&history).unwrap().review.unwrap().seq
}

#[test]
fn a_second_reading_is_another_persons_follows_a_first_and_is_never_overwritten_unseen() {
    let (ward, alarms) = judged_ward();
    let daemon = ward.start();
    let path = |alarm: usize| format!("/alarms/{}/second-review", alarms[alarm]);
    let read = |by: &str, judgement: &str| json!({ "by": by, "judgement": judgement, "note": "seen" });

    let (code, told) = post(&daemon, &path(0), &read("ada reviewer", "seizure"));
    assert_eq!(code, 403, "{told}");
    assert!(told["detail"].as_str().unwrap().contains("another person"), "{told}");
    let (code, told) = post(&daemon, &path(5), &read("Grace", "seizure"));
    assert!(code == 409 && told["detail"].as_str().unwrap().contains("has not been judged yet"), "{told}");
    assert!(told.get("current").is_none());
    assert_eq!(post(&daemon, "/alarms/s-none/second-review", &read("Grace", "seizure")).0, 404);
    assert_eq!(post(&daemon, &path(0), &read("", "seizure")).0, 400);
    let mistake = json!({ "by": "Grace", "judgement": "false-alarm", "onset": "2026-01-01T00:00:00Z" });
    assert_eq!(post(&daemon, &path(0), &mistake).0, 400);

    let (code, told) = post(&daemon, &path(0), &read("Grace", "false-alarm"));
    assert_eq!(code, 200, "{told}");
    let (code, told) = post(&daemon, &path(0), &read("Edsger", "seizure"));
    assert_eq!(code, 409, "{told}");
    assert_eq!(
        (&told["current"]["by"], &told["current"]["judgement"]),
        (&json!("Grace"), &json!("false-alarm"))
    );
    assert!(!told.to_string().contains("Ada") && !told.to_string().contains("whisper"), "{told}");
    let mut body = read("Edsger", "seizure");
    body["after"] = told["current"]["seq"].clone();
    assert_eq!(post(&daemon, &path(0), &body).0, 200);

    // The list that is not blinded shows both, and the rate counts the first.
    let (_, text) = get(&daemon, &format!("/alarms/{}", alarms[0]));
    let shown: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(shown["alarm"]["review"]["judgement"], "seizure");
    assert_eq!(shown["alarm"]["second_reading"]["by"], "Edsger");
    let log = ward.log().unwrap();
    let all = (i64::MIN, i64::MAX);
    let counted =
        rates(By::Ward, &log.alarms(all.0, all.1).unwrap(), &log.stretches(all.0, all.1).unwrap(), &[]);
    assert_eq!((counted[0].seizures, counted[0].false_alarms), (2, 2));
    let left: Value = serde_json::from_str(&get(&daemon, "/second-reading?by=Grace").1).unwrap();
    assert_eq!(left.as_array().unwrap().len(), 4);
    daemon.stop();
}

#[test]
fn agreement_counts_what_two_people_said_independently() {
    let (ward, alarms) = judged_ward();
    let mut story = Story::begin(ward.folder.path(), hours_ago(5.0));
    for (alarm, judgement) in alarms.iter().zip([Seizure, Seizure, Uncertain, FalseAlarm]) {
        story.read_again(alarm, "Grace", judgement);
    }
    // Having seen the second reading, Ada changes her mind: the alarm's judgement is another, what was said is not.
    story.judge(&alarms[1], "Ada Reviewer", Seizure);
    let daemon = ward.start();
    let (code, text) = get(&daemon, "/agreement");
    assert_eq!(code, 200, "{text}");
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&found["pairs"], &found["agree"], &found["waiting"]), (&json!(4), &json!(3), &json!(1)));
    assert_eq!(found["table"], json!([[1, 0, 0], [1, 1, 0], [0, 0, 1]]));
    assert_eq!(found["readers"][0]["first"], "Ada Reviewer");
    assert_eq!(found["readers"][0]["second"], "Grace");
    let differing = found["disagreements"].as_array().unwrap();
    assert_eq!(differing.len(), 1);
    assert_eq!(differing[0]["alarm"], alarms[1].as_str());
    assert_eq!(
        (&differing[0]["first"]["judgement"], &differing[0]["second"]["judgement"]),
        (&json!("false-alarm"), &json!("seizure"))
    );
    let kappa_of = kappa(&[[1, 0, 0], [1, 1, 0], [0, 0, 1]]).unwrap();
    assert!((found["kappa"].as_f64().unwrap() - kappa_of.kappa).abs() < 1e-12);
    let nothing: Value = serde_json::from_str(&get(&daemon, "/agreement?patient=nobody").1).unwrap();
    assert_eq!(
        (&nothing["pairs"], &nothing["kappa"], &nothing["observed"]),
        (&json!(0), &Value::Null, &Value::Null)
    );
    daemon.stop();

    let command = Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(["alarms", "agreement", "--json", "--config"])
        .arg(ward.path("vigil.toml"))
        .output()
        .unwrap();
    assert!(command.status.success(), "{}", String::from_utf8_lossy(&command.stderr));
    let said: Value = serde_json::from_slice(&command.stdout).unwrap();
    assert_eq!(said, found, "the command line says what the port says");
}

#[test]
fn the_command_line_reads_a_second_time_without_showing_the_first() {
    let (ward, alarms) = judged_ward();
    let read = |by: &str| {
        Command::new(env!("CARGO_BIN_EXE_vigil"))
            .args(["alarms", "review", &alarms[1], "seizure", "--second", "--by", by, "--config"])
            .arg(ward.path("vigil.toml"))
            .output()
            .unwrap()
    };
    let own = read("Ada Reviewer");
    assert_eq!(own.status.code(), Some(12), "{}", String::from_utf8_lossy(&own.stderr));
    let done = read("Grace");
    let said = String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.contains("second reading"), "{said}");
    assert!(!said.contains("Ada") && !said.contains("false") && !said.contains("whisper"), "{said}");
    assert_eq!(agreement(&ward.log().unwrap().alarms(i64::MIN, i64::MAX).unwrap()).table[1][0], 1);
}

#[test]
fn kappa_and_its_interval_are_those_of_scikit_learn_and_statsmodels() {
    let golden: Value = serde_json::from_str(include_str!("golden/agreement/kappa.json")).unwrap();
    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() >= 10);
    for case in cases {
        let table: [[u64; 3]; 3] = serde_json::from_value(case["table"].clone()).unwrap();
        let found = kappa(&table);
        match case["kappa"].as_f64() {
            None => assert_eq!(found, None, "{case}"),
            Some(expected) => {
                let found = found.unwrap();
                assert!((found.kappa - expected).abs() < 1e-12, "{case} {found:?}");
                let error = case["standard_error"].as_f64().unwrap_or(0.0);
                assert!((found.standard_error - error).abs() < 1e-9, "{case} {found:?}");
                match found.interval {
                    None => assert!(error < 1e-9, "{case}"),
                    Some(ends) => {
                        let [lower, upper] = ["lower", "upper"].map(|end| case[end].as_f64().unwrap());
                        assert!((ends.lower - lower.max(-1.0)).abs() < 1e-9, "{case} {ends:?}");
                        assert!((ends.upper - upper.min(1.0)).abs() < 1e-9, "{case} {ends:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn of_readers_at_once_one_stands_and_the_others_are_told() {
    let (ward, alarms) = judged_ward();
    let path = vigil::alarm::log::log_path(&ward.path("state"));
    let stood: usize = std::thread::scope(|scope| {
        let readers: Vec<_> = (0..8)
            .map(|reader| {
                let (path, alarm) = (path.clone(), alarms[0].clone());
                scope.spawn(move || {
                    let mut log = vigil::alarm::AlarmLog::open_existing(&path).unwrap();
                    let now = vigil::alarm::moment::Clocks::here().now();
                    let what = vigil::alarm::entry::What::SecondReading(review(Seizure));
                    let entry =
                        vigil::alarm::entry::Entry::of_alarm(&alarm, &now, &format!("reader {reader}"), what);
                    loop {
                        match log.read_again(&entry, None) {
                            Ok(_) => return 1,
                            Err(vigil::alarm::LogError::ReadMeanwhile { .. }) => return 0,
                            Err(vigil::alarm::LogError::Locked { .. }) => {}
                            Err(error) => panic!("{error}"),
                        }
                    }
                })
            })
            .collect();
        readers.into_iter().map(|reader| reader.join().unwrap()).sum()
    });
    assert_eq!(stood, 1);
}
