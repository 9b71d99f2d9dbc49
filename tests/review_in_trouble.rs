//! A review while something is wrong: the recording is gone, the disk is full, another reviewer was first. What happened is
//! told in words, and no judgement is lost or overwritten unseen.

mod daemon;
mod small_disk;
mod story;

use daemon::{Daemon, TOKEN, Ward};
use serde_json::{Value, json};
use small_disk::SmallDisk;
use story::{Story, hours_ago};
use vigil::alarm::entry::What;

/// Ten minutes with an alarm, recorded.
fn past(ward: &Ward) -> (Story, String) {
    let mut story = Story::begin(ward.folder.path(), hours_ago(5.0));
    story.watched("emu-01", "chb03", 0, 600);
    let opinion = |second: u64| if (100..120).contains(&second) { [0.9, 0.0, 0.1] } else { [0.1, 0.0, 0.9] };
    story.recorded("emu-01", "chb03", 0..300, (&["Fp1", "F7"], 128), opinion, |_, t| (20.0 * t).sin());
    let alarm = story.alarm("emu-01", "chb03", [100, 106, 130]);
    (story, alarm)
}

fn ask(daemon: &Daemon, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let (code, text) = daemon.ask(method, &format!("/api/v1{path}"), Some(TOKEN), &body);
    (code, serde_json::from_str(&text).unwrap_or(Value::Null))
}

#[test]
fn a_recording_that_is_gone_is_told_with_its_time_and_what_to_do_and_can_be_judged_all_the_same() {
    let ward = Ward::new("");
    let (story, alarm) = past(&ward);
    let daemon = ward.start();
    let from = story.start_s + 90;
    let places = [
        format!("/beds/emu-01/eeg?from={from}&seconds=10"),
        format!("/beds/emu-01/verdicts?from={from}&seconds=60"),
        format!("/beds/emu-01/trend?from={from}&seconds=60"),
    ];
    for place in &places {
        assert_eq!(ask(&daemon, "GET", place, &Value::Null).0, 200, "{place}");
    }
    for file in ward.files("emu-01") {
        std::fs::remove_file(file).unwrap();
    }
    for place in places.iter().chain([
        &format!("/beds/emu-01/clip.edf?from={from}&seconds=10"),
        &format!("/alarms/{alarm}/explanation"),
    ]) {
        let (code, told) = ask(&daemon, "GET", place, &Value::Null);
        assert_eq!(code, 410, "{place}: {told}");
        let words = told["detail"].as_str().unwrap();
        for part in [
            "its recording of that time is gone",
            "record.keep_days",
            "Put the file back from a backup",
            "alarms can be judged",
        ] {
            assert!(words.contains(part), "{part} is not in {words}");
        }
        assert!(words.contains(&story.text(0.0)), "{words}");
        assert_eq!(told["watched"]["from"], story.text(0.0));
        assert_eq!(told["recorded"]["first"], Value::Null);
    }
    // What was never watched is another thing.
    let never = format!("/beds/emu-01/eeg?from={}&seconds=10", story.start_s - 90_000);
    let (code, told) = ask(&daemon, "GET", &never, &Value::Null);
    assert!(code == 404 && told["detail"].as_str().unwrap().contains("nothing is recorded"), "{told}");
    assert_eq!(ask(&daemon, "GET", "/beds/emu-77/eeg?from=0&seconds=10", &Value::Null).0, 404);
    let body = json!({ "by": "Ada", "judgement": "uncertain", "note": "the recording is gone" });
    assert_eq!(ask(&daemon, "POST", &format!("/alarms/{alarm}/review"), &body).0, 200);
    let read = json!({ "by": "Grace", "judgement": "uncertain" });
    assert_eq!(ask(&daemon, "POST", &format!("/alarms/{alarm}/second-review"), &read).0, 200);
    daemon.stop();
}

#[test]
fn on_a_full_disk_a_judgement_is_refused_in_words_and_taken_once_there_is_room() {
    let ward = Ward::new("");
    let Some(disk) = SmallDisk::mount_over(&ward.path("state"), 16) else { return };
    let (_story, alarm) = past(&ward);
    let mut daemon = ward.start();
    let judge = |daemon: &Daemon, judgement: &str, note: &str| {
        let body = json!({ "by": "Ada", "judgement": judgement, "note": note });
        ask(daemon, "POST", &format!("/alarms/{alarm}/review"), &body)
    };
    let filler = disk.fill();
    // What the log has in hand may still be taken; more than that is not.
    let long = "a word ".repeat(1200);
    let (mut last, mut refused) = (None, None);
    for attempt in 0..40 {
        let body = json!({
            "by": "Ada", "judgement": "uncertain", "note": format!("{attempt} {long}"), "after": last,
        });
        let (code, told) = ask(&daemon, "POST", &format!("/alarms/{alarm}/review"), &body);
        if code != 200 {
            refused = Some((attempt, code, told));
            break;
        }
        let history = ward.log().unwrap().history(&alarm).unwrap();
        last = vigil::alarm::log::Held::fold(&history).unwrap().review.map(|review| review.seq);
    }
    let (attempt, code, told) = refused.expect("a full disk takes no more");
    assert_eq!(code, 503, "{told}");
    let words = told["detail"].as_str().unwrap();
    assert!(words.contains("cannot write the log of alarms") || words.contains("full"), "{words}");
    std::fs::remove_file(filler).unwrap();
    // Nothing of what was taken is lost, and nothing of what was refused is there.
    let reviews = |ward: &Ward| {
        let history = ward.log().unwrap().history(&alarm).unwrap();
        history.iter().filter(|logged| matches!(logged.entry.what, What::Reviewed(_))).count()
    };
    assert_eq!(reviews(&ward), attempt);
    daemon.wait_for("the judgement to be taken", |daemon| {
        let body = json!({ "by": "Ada", "judgement": "seizure", "note": "again", "after": last });
        let (code, told) = ask(daemon, "POST", &format!("/alarms/{alarm}/review"), &body);
        assert!(code == 200 || code == 503, "{code} {told}");
        (code == 200).then_some(())
    });
    assert_eq!(reviews(&ward), attempt + 1);
    assert_eq!(judge(&daemon, "false-alarm", "unseen").0, 409);
    daemon.stop();
}

#[test]
fn of_many_reviewers_at_once_exactly_one_stands_and_the_others_are_shown_it() {
    let ward = Ward::new("");
    let (_story, alarm) = past(&ward);
    let daemon = ward.start();
    let answers: Vec<(u16, Value)> = std::thread::scope(|scope| {
        let reviewing: Vec<_> = (0..12)
            .map(|reviewer| {
                let (daemon, alarm) = (&daemon, &alarm);
                scope.spawn(move || {
                    let judgement = if reviewer % 2 == 0 { "seizure" } else { "false-alarm" };
                    let body = json!({ "by": format!("reviewer {reviewer}"), "judgement": judgement });
                    ask(daemon, "POST", &format!("/alarms/{alarm}/review"), &body)
                })
            })
            .collect();
        reviewing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let stood: Vec<usize> = (0..12).filter(|reviewer| answers[*reviewer].0 == 200).collect();
    assert_eq!(stood.len(), 1, "{answers:?}");
    let first = format!("reviewer {}", stood[0]);
    for (code, told) in answers.iter().filter(|(code, _)| *code != 200) {
        assert_eq!((*code, &told["current"]["by"]), (409, &json!(first)), "{told}");
        assert!(told["current"]["seq"].is_i64());
    }
    // Whoever has seen it may say something else after it; and not twice after the same.
    let body = json!({ "by": "Edsger", "judgement": "uncertain", "after": answers.iter().find_map(|(_, told)| told["current"]["seq"].as_i64()) });
    assert_eq!(ask(&daemon, "POST", &format!("/alarms/{alarm}/review"), &body).0, 200);
    let (code, told) = ask(&daemon, "POST", &format!("/alarms/{alarm}/review"), &body);
    assert_eq!((code, &told["current"]["by"]), (409, &json!("Edsger")));
    daemon.stop();
}
