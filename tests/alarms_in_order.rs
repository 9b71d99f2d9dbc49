//! Alarms go out in the order in which they happened, and a message that fails for ever holds up none behind it.

mod daemon;
mod receiver;

use daemon::{Daemon, TOKEN, Ward};
use receiver::{Behaviour, Receiver};

/// A bed that raises alarms at these seconds or soon after, twenty times as fast as a patient.
fn bed(onsets: &str) -> String {
    format!(
        "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\n\
         source.synthetic = {{ speed = 20.0, eeg = {{ seed = 1, duration_s = 4000, seizure_onsets_s = [{onsets}] }} }}\n"
    )
}

/// The seizure alarm that the log tells of.
fn raised(ward: &Ward, daemon: &mut Daemon) -> String {
    let alarm = daemon.wait_for("the alarm", |_| {
        ward.alarms().into_iter().find(|entry| entry["what"] == "seizure").map(|entry| entry["alarm"].clone())
    });
    alarm.as_str().unwrap().to_string()
}

/// What the log tells of an alarm, by name.
fn names(ward: &Ward, alarm: &str) -> Vec<&'static str> {
    let history = ward.log().and_then(|log| log.history(alarm).ok()).unwrap_or_default();
    history.iter().map(|logged| logged.entry.what.name()).collect()
}

fn act(daemon: &Daemon, alarm: &str, act: &str, body: &str) {
    let (code, answer) = daemon.ask("POST", &format!("/api/v1/alarms/{alarm}/{act}"), Some(TOKEN), body);
    assert_eq!(code, 200, "{answer}");
}

/// The keys of what was taken, in order.
fn keys(receiver: &Receiver) -> Vec<String> {
    receiver.taken().iter().map(|told| told["key"].as_str().unwrap().to_string()).collect()
}

#[test]
fn what_waited_while_the_other_end_was_away_arrives_in_the_order_in_which_it_happened() {
    let receiver = Receiver::start(Behaviour::Answer(503));
    let ward = Ward::with(&receiver.channel("desk", ""), &bed("40.0"));
    let mut daemon = ward.start();
    let alarm = raised(&ward, &mut daemon);
    act(&daemon, &alarm, "pause", "{\"by\": \"Ada\", \"seconds\": 600}");
    daemon.wait_for("its end", |_| names(&ward, &alarm).contains(&"ended").then_some(()));
    // Failed so often that others were tried, too.
    daemon.wait_for("attempts", |_| (receiver.came().len() >= 6).then_some(()));
    assert!(receiver.taken().is_empty());
    // It is back when the oldest is tried, and not between that one and another that is tried in its stead.
    receiver.set(Behaviour::TakeFrom(["\"kind\":\"seizure\"", "\"event\":\"raised\""]));
    // What is new is no reason to go first.
    act(&daemon, &alarm, "acknowledge", "{\"by\": \"Grace\"}");
    daemon.wait_for("all of it", |_| {
        let events = ["raised", "audio-paused", "ended", "acknowledged"];
        let taken = receiver.taken();
        let came = |event: &&str| {
            taken.iter().any(|told| told["alarm"] == alarm.as_str() && told["event"] == **event)
        };
        events.iter().all(came).then_some(())
    });
    let taken = keys(&receiver);
    let entries = ward.log().unwrap().entries().unwrap();
    let logged: Vec<&String> =
        entries.iter().map(|logged| &logged.entry.key).filter(|key| taken.contains(key)).collect();
    assert_eq!(taken.iter().collect::<Vec<_>>(), logged);
    daemon.stop();
}

#[test]
fn a_message_that_fails_for_ever_holds_up_none_behind_it() {
    let receiver = Receiver::start(Behaviour::AnswerTo("\"event\":\"audio-paused\"", 500));
    let ward = Ward::with(&receiver.channel("desk", "kinds = [\"seizure\"]"), &bed("40.0, 300.0"));
    let mut daemon = ward.start();
    let alarm = raised(&ward, &mut daemon);
    act(&daemon, &alarm, "pause", "{\"by\": \"Ada\", \"seconds\": 600}");
    daemon.wait_for("the first attempt", |_| {
        receiver.came().into_iter().find(|came| came.json()["event"] == "audio-paused")
    });
    daemon.wait_for("the next alarm", |_| {
        let raised = |told: &&serde_json::Value| told["event"] == "raised" && told["alarm"] != alarm.as_str();
        receiver.taken().iter().find(raised).map(|_| ())
    });
    let taken = receiver.taken();
    let at =
        |event: &str| taken.iter().position(|told| told["alarm"] == alarm.as_str() && told["event"] == event);
    assert!(at("raised") < at("ended") && at("raised").is_some(), "{taken:?}");
    assert_eq!(at("audio-paused"), None);
    // It is not forgotten either.
    receiver.set(Behaviour::Take);
    daemon.wait_for("the message that failed", |_| {
        receiver.taken().into_iter().find(|told| told["event"] == "audio-paused")
    });
    daemon.stop();
}

#[test]
fn after_a_restart_no_alarm_ends_before_it_is_told_of() {
    let receiver = Receiver::start(Behaviour::Answer(503));
    let ward = Ward::with(&receiver.channel("desk", ""), &bed("40.0"));
    let mut daemon = ward.start();
    let alarm = raised(&ward, &mut daemon);
    daemon.wait_for("an attempt", |_| {
        receiver.came().iter().any(|came| came.json()["event"] == "raised").then_some(())
    });
    daemon.kill();
    receiver.set(Behaviour::Take);
    // The bed is taken away meanwhile: whatever lasted ends with the start.
    ward.configure(&receiver.channel("desk", ""), "");
    let mut daemon = ward.start();
    daemon.wait_for("its end", |_| {
        receiver.taken().into_iter().find(|told| told["alarm"] == alarm.as_str() && told["event"] == "ended")
    });
    let mut events: Vec<String> = receiver
        .taken()
        .iter()
        .filter(|told| told["alarm"] == alarm.as_str())
        .map(|told| told["event"].as_str().unwrap().to_string())
        .collect();
    // A message that was on its way at the kill may come again.
    events.dedup();
    assert_eq!(events, ["raised", "ended"]);
    daemon.stop();
}
