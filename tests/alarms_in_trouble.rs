//! A log that is locked, damaged or on a full disk, a channel that is slow, wrong or silent: alarms go out all the same,
//! nothing is lost, and what is wrong is told.

mod daemon;
mod receiver;
mod small_disk;

use std::time::{Duration, Instant};

use daemon::{TOKEN, Ward};
use receiver::{Behaviour, Receiver};
use rusqlite::Connection;
use small_disk::SmallDisk;

/// A bed that raises alarms at these seconds or soon after, `speed` times as fast as a patient.
fn bed(name: &str, onsets: &str, speed: f64) -> String {
    format!(
        "[[bed]]\nname = \"{name}\"\npatient = \"chb03\"\n\
         source.synthetic = {{ speed = {speed:?}, eeg = {{ seed = 1, duration_s = 4000, seizure_onsets_s = [{onsets}] }} }}\n"
    )
}

fn seizures(receiver: &Receiver, event: &str) -> Vec<serde_json::Value> {
    receiver.taken().into_iter().filter(|told| told["kind"] == "seizure" && told["event"] == event).collect()
}

fn technical(receiver: &Receiver, detail: &str) -> Option<serde_json::Value> {
    let words = |told: &serde_json::Value| told["detail"].as_str().is_some_and(|text| text.contains(detail));
    receiver
        .taken()
        .into_iter()
        .find(|told| told["kind"] == "technical" && told["event"] == "raised" && words(told))
}

const ALL: &str = "priority = \"low\"";

#[test]
fn while_another_process_holds_the_log_alarms_go_out_and_are_in_it_afterwards() {
    let receiver = Receiver::start(Behaviour::Take);
    let ward = Ward::with(&receiver.channel("desk", ALL), &bed("emu-01", "60.0, 300.0", 20.0));
    let mut daemon = ward.start();
    daemon.wait_for("the log", |_| ward.log());
    let holder = Connection::open(ward.path("state/alarms.sqlite")).unwrap();
    holder.busy_timeout(Duration::from_secs(5)).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let raised = daemon.wait_for("an alarm", |_| seizures(&receiver, "raised").into_iter().next());
    daemon.wait_for("that the log is down", |_| technical(&receiver, "locked by another process"));
    assert!(ward.alarms().iter().all(|entry| entry["alarm"] != raised["alarm"]), "it was not held");
    assert!(ward.path("state/alarms-not-in-log.jsonl").is_file());
    holder.execute_batch("ROLLBACK").unwrap();
    daemon.wait_for("the entries in the log", |_| {
        ward.alarms().into_iter().find(|entry| entry["alarm"] == raised["alarm"])
    });
    daemon.wait_for("that the log is up", |_| {
        ward.alarms().into_iter().find(|entry| entry["kind"] == "log-down" && entry["raised"] == false)
    });
    assert!(!ward.path("state/alarms-not-in-log.jsonl").exists());
    // What was told while the log was down is not told again under another name.
    let mut names: Vec<String> = daemon.wait_for("the next alarm", |_| {
        let told = seizures(&receiver, "raised");
        let names: Vec<String> = told.iter().map(|told| told["alarm"].to_string()).collect();
        names.iter().any(|name| *name != names[0]).then_some(names)
    });
    names.dedup();
    assert_eq!(names.len(), 2);
    daemon.stop();
}

#[test]
fn with_a_damaged_log_the_daemon_starts_alarms_and_takes_a_restored_one() {
    let receiver = Receiver::start(Behaviour::Take);
    let ward = Ward::with(&receiver.channel("desk", ALL), &bed("emu-01", "40.0, 400.0", 20.0));
    std::fs::create_dir_all(ward.path("state")).unwrap();
    let letter = "not a log of alarms, but a letter that somebody saved here by mistake. ".repeat(60);
    std::fs::write(ward.path("state/alarms.sqlite"), &letter).unwrap();
    let mut daemon = ward.start();
    let raised = daemon.wait_for("an alarm", |_| seizures(&receiver, "raised").into_iter().next());
    daemon.wait_for("that the log is down", |_| technical(&receiver, "vigil alarms restore"));
    assert_eq!(std::fs::read_to_string(ward.path("state/alarms.sqlite")).unwrap(), letter);
    // An empty log of another daemon is the backup.
    let backup = ward.path("backup.sqlite");
    drop(vigil::alarm::AlarmLog::open(&backup).unwrap());
    let restored = std::process::Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(["alarms", "restore"])
        .arg(&backup)
        .arg("--config")
        .arg(ward.path("vigil.toml"))
        .output()
        .unwrap();
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));
    assert_eq!(std::fs::read_to_string(ward.path("state/alarms.damaged-1.sqlite")).unwrap(), letter);
    daemon.wait_for("the alarm in the new log", |_| {
        ward.alarms().into_iter().find(|entry| entry["alarm"] == raised["alarm"])
    });
    daemon.stop();
}

#[test]
fn a_kill_while_the_log_is_down_loses_no_alarm_and_names_none_twice() {
    let receiver = Receiver::start(Behaviour::Take);
    let ward = Ward::with(&receiver.channel("desk", ""), &bed("emu-01", "40.0", 20.0));
    let mut daemon = ward.start();
    daemon.wait_for("the log", |_| ward.log());
    let holder = Connection::open(ward.path("state/alarms.sqlite")).unwrap();
    holder.busy_timeout(Duration::from_secs(5)).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let raised = daemon.wait_for("an alarm", |_| seizures(&receiver, "raised").into_iter().next());
    daemon.kill();
    holder.execute_batch("ROLLBACK").unwrap();
    let mut daemon = ward.start();
    daemon.wait_for("the alarm in the log", |_| {
        ward.alarms().into_iter().find(|entry| entry["alarm"] == raised["alarm"])
    });
    daemon.wait_for("its end", |_| seizures(&receiver, "ended").into_iter().next());
    assert!(seizures(&receiver, "raised").iter().all(|told| told["alarm"] == raised["alarm"]));
    daemon.stop();
}

#[test]
fn a_slow_a_wrong_and_a_silent_channel_keep_no_other_from_its_work() {
    let good = Receiver::start(Behaviour::Take);
    let others = [
        Receiver::start(Behaviour::Slow(700)),
        Receiver::start(Behaviour::Answer(500)),
        Receiver::start(Behaviour::Nonsense),
        Receiver::start(Behaviour::Never),
    ];
    let mut channels = good.channel("good", ALL);
    for (name, receiver) in ["slow", "broken", "nonsense", "silent"].iter().zip(&others) {
        channels.push_str(&receiver.channel(name, "timeout_s = 1\nkinds = [\"seizure\"]"));
    }
    let ward = Ward::with(&channels, &bed("emu-01", "40.0", 20.0));
    let mut daemon = ward.start();
    let raised =
        daemon.wait_for("the alarm at the good one", |_| seizures(&good, "raised").into_iter().next());
    for channel in ["broken", "nonsense", "silent"] {
        daemon.wait_for(channel, |_| technical(&good, &format!("channel {channel}: ")));
    }
    daemon.wait_for("the alarm at the slow one", |_| seizures(&others[0], "raised").into_iter().next());
    // Once they are well again they hear of it, under the same key.
    for receiver in &others[1..] {
        receiver.set(Behaviour::Take);
    }
    for receiver in &others[1..] {
        let told = daemon.wait_for("the alarm later", |_| seizures(receiver, "raised").into_iter().next());
        assert_eq!(told["key"], raised["key"]);
    }
    daemon.wait_for("that they are up", |daemon| {
        let (_, metrics) = daemon.get("/metrics");
        ["slow", "broken", "nonsense", "silent"]
            .iter()
            .all(|name| metrics.contains(&format!("vigil_channel_up{{channel=\"{name}\"}} 1")))
            .then_some(())
    });
    daemon.stop();
}

#[test]
fn a_message_that_is_refused_holds_up_none_behind_it() {
    let receiver = Receiver::start(Behaviour::Answer(400));
    let ward = Ward::with(&receiver.channel("desk", ""), &bed("emu-01", "40.0", 20.0));
    let mut daemon = ward.start();
    // Raised is refused; its end is offered all the same.
    daemon.wait_for("both", |_| {
        let events: Vec<_> = receiver.came().iter().map(|came| came.json()["event"].to_string()).collect();
        (events.contains(&"\"raised\"".into()) && events.contains(&"\"ended\"".into())).then_some(())
    });
    receiver.set(Behaviour::Take);
    daemon.wait_for("both taken", |_| {
        (seizures(&receiver, "raised").len() == 1 && seizures(&receiver, "ended").len() == 1).then_some(())
    });
    daemon.stop();
}

#[test]
fn one_message_that_is_refused_does_not_make_the_channel_down() {
    let receiver = Receiver::start(Behaviour::AnswerTo("\"event\":\"raised\"", 422));
    let ward = Ward::with(&receiver.channel("desk", "kinds = [\"seizure\"]"), &bed("emu-01", "40.0", 20.0));
    let mut daemon = ward.start();
    let refused =
        |receiver: &Receiver| receiver.came().iter().filter(|came| came.json()["event"] == "raised").count();
    // More often than a channel that is away may fail.
    daemon.wait_for("attempts", |_| (refused(&receiver) >= 4).then_some(()));
    daemon.wait_for("the end of the alarm", |_| seizures(&receiver, "ended").into_iter().next());
    assert!(ward.alarms().iter().all(|entry| entry["kind"] != "channel-down"), "{:?}", ward.alarms());
    let (_, metrics) = daemon.get("/metrics");
    assert!(metrics.contains("vigil_channel_up{channel=\"desk\"} 1"), "{metrics}");
    daemon.stop();
}

#[test]
fn a_channel_that_refuses_every_message_is_down() {
    let good = Receiver::start(Behaviour::Take);
    let strict = Receiver::start(Behaviour::Answer(401));
    let channels = good.channel("good", ALL) + &strict.channel("strict", "kinds = [\"seizure\"]");
    let ward = Ward::with(&channels, &bed("emu-01", "40.0", 20.0));
    let mut daemon = ward.start();
    daemon.wait_for("that nobody can be told", |_| technical(&good, "channel strict: "));
    strict.set(Behaviour::Take);
    daemon.wait_for("that it is up", |_| {
        ward.alarms().into_iter().find(|entry| entry["kind"] == "channel-down" && entry["raised"] == false)
    });
    daemon.stop();
}

#[test]
fn what_nobody_acknowledges_in_time_goes_to_the_second_channel_and_what_somebody_did_does_not() {
    let (desk, pager) = (Receiver::start(Behaviour::Take), Receiver::start(Behaviour::Take));
    let channels = desk.channel("desk", "kinds = [\"seizure\"]")
        + &pager.channel("pager", "kinds = [\"seizure\"]\nescalation_after_s = 45");
    // Each alarm lasts half a minute: long enough for everything that is asked about it. The second is another bed's, and
    // rises a few seconds after the first.
    let lasting = (bed("emu-01", "20.0", 4.0) + &bed("emu-02", "40.0", 4.0))
        .replace("duration_s = 4000", "duration_s = 4000, seizure_duration_s = [180.0, 180.0]");
    let ward = Ward::with(&channels, &lasting);
    let mut daemon = ward.start();
    let first = daemon.wait_for("the first alarm", |_| seizures(&desk, "raised").into_iter().next());
    let path = format!("/api/v1/alarms/{}/acknowledge", first["alarm"].as_str().unwrap());
    assert_eq!(daemon.ask("POST", &path, None, "{\"by\": \"Ada\"}").0, 401);
    assert_eq!(daemon.ask("POST", &path, Some(TOKEN), "{\"by\": \"\"}").0, 400);
    assert_eq!(daemon.ask("POST", &path, Some(TOKEN), "{\"by\": \"Ada\"}").0, 200);
    let again = daemon.ask("POST", &path, Some(TOKEN), "{\"by\": \"Ada\"}");
    assert!(again.0 == 409 && again.1.contains("has acknowledged this alarm before"), "{}", again.1);
    let told = daemon.wait_for("the escalation", |_| pager.taken().into_iter().next());
    assert_eq!(told["event"], "escalated");
    let second = seizures(&desk, "raised").into_iter().nth(1).unwrap();
    assert_eq!(told["alarm"], second["alarm"]);
    assert_eq!(pager.taken().len(), 1, "the first was acknowledged");
    assert!(desk.taken().iter().any(|told| told["event"] == "acknowledged" && told["by"] == "Ada"));
    daemon.stop();
}

#[test]
fn what_is_acknowledged_before_its_escalation_arrives_is_not_escalated_also_after_a_restart() {
    let (desk, pager) = (Receiver::start(Behaviour::Take), Receiver::start(Behaviour::Answer(503)));
    let channels = desk.channel("desk", "kinds = [\"seizure\"]")
        + &pager.channel("pager", "kinds = [\"seizure\"]\nescalation_after_s = 1");
    let ward = Ward::with(&channels, &bed("emu-01", "40.0, 300.0, 600.0", 20.0));
    let mut daemon = ward.start();
    let alarms = |desk: &Receiver| -> Vec<String> {
        seizures(desk, "raised").iter().map(|told| told["alarm"].as_str().unwrap().to_string()).collect()
    };
    let acknowledge = |daemon: &daemon::Daemon, alarm: &str| {
        let path = format!("/api/v1/alarms/{alarm}/acknowledge");
        assert_eq!(daemon.ask("POST", &path, Some(TOKEN), "{\"by\": \"Ada\"}").0, 200);
    };
    let tried = |alarm: &str| pager.came().iter().any(|came| came.body.contains(alarm));
    // The first is acknowledged while its escalation waits with the channel's task,
    daemon
        .wait_for("the first escalation", |_| alarms(&desk).first().filter(|alarm| tried(alarm)).map(|_| ()));
    acknowledge(&daemon, &alarms(&desk)[0]);
    // the second while it waits in the log of a daemon that is not there.
    daemon
        .wait_for("the second escalation", |_| alarms(&desk).get(1).filter(|alarm| tried(alarm)).map(|_| ()));
    daemon.kill();
    let acknowledged = std::process::Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(["alarms", "acknowledge", &alarms(&desk)[1], "--by", "Grace", "--config"])
        .arg(ward.path("vigil.toml"))
        .output()
        .unwrap();
    assert!(acknowledged.status.success(), "{}", String::from_utf8_lossy(&acknowledged.stderr));
    pager.set(Behaviour::Take);
    let mut daemon = ward.start();
    daemon.wait_for("the third escalation", |_| {
        let known = alarms(&desk);
        let third =
            |told: &serde_json::Value| !known[..2].iter().any(|alarm| told["alarm"] == alarm.as_str());
        pager.taken().into_iter().find(third)
    });
    let known = alarms(&desk);
    for told in pager.taken() {
        assert!(!known[..2].iter().any(|alarm| told["alarm"] == alarm.as_str()), "{told}");
    }
    let waiting = ward.log().unwrap().waiting().unwrap();
    assert!(waiting.iter().all(|outgoing| !known[..2].contains(&outgoing.alarm)), "{waiting:?}");
    daemon.stop();
}

#[test]
fn an_acknowledgement_on_the_command_line_is_seen_by_the_daemon() {
    let (desk, pager) = (Receiver::start(Behaviour::Take), Receiver::start(Behaviour::Take));
    let channels = desk.channel("desk", "kinds = [\"seizure\"]")
        + &pager.channel("pager", "kinds = [\"seizure\"]\nescalation_after_s = 45");
    let ward = Ward::with(&channels, &bed("emu-01", "40.0", 20.0));
    let mut daemon = ward.start();
    let alarm = daemon.wait_for("the alarm", |_| seizures(&desk, "raised").into_iter().next());
    let raised = Instant::now();
    let acknowledge = || {
        std::process::Command::new(env!("CARGO_BIN_EXE_vigil"))
            .args(["alarms", "acknowledge", alarm["alarm"].as_str().unwrap(), "--by", "Grace", "--config"])
            .arg(ward.path("vigil.toml"))
            .output()
            .unwrap()
    };
    let mut acknowledged = acknowledge();
    // The daemon was writing for longer than the command waits: it is asked again, as its message says.
    while acknowledged.status.code() == Some(9) {
        acknowledged = acknowledge();
    }
    assert!(acknowledged.status.success(), "{}", String::from_utf8_lossy(&acknowledged.stderr));
    daemon.wait_for("the desk to hear of it", |_| {
        desk.taken().into_iter().find(|told| told["event"] == "acknowledged" && told["by"] == "Grace")
    });
    daemon.wait_for("the end of the alarm", |_| seizures(&desk, "ended").into_iter().next());
    // Its escalation would have come by now.
    std::thread::sleep(Duration::from_secs(47).saturating_sub(raised.elapsed()));
    assert!(pager.taken().is_empty());
    let (code, body) = daemon.get(&format!("/api/v1/alarms/{}", alarm["alarm"].as_str().unwrap()));
    assert!(code == 200 && body.contains("\"phase\":\"cleared\""), "{body}");
    daemon.stop();
}

#[test]
fn on_a_full_disk_alarms_go_out_and_are_in_the_log_once_there_is_room() {
    let receiver = Receiver::start(Behaviour::Take);
    let ward = Ward::with(&receiver.channel("desk", ALL), &bed("emu-01", "80.0, 800.0", 20.0));
    let Some(disk) = SmallDisk::mount_over(&ward.path("state"), 16) else { return };
    let mut daemon = ward.start();
    daemon.wait_for("the log", |_| ward.log());
    let filler = disk.fill();
    let raised = daemon.wait_for("an alarm", |_| seizures(&receiver, "raised").into_iter().next());
    daemon.wait_for("that the log is down", |_| technical(&receiver, "alarms.sqlite"));
    daemon.wait_for("its end", |_| seizures(&receiver, "ended").into_iter().next());
    std::fs::remove_file(filler).unwrap();
    let told = daemon.wait_for("both in the log", |_| {
        let history = ward.log()?.history(raised["alarm"].as_str()?).ok()?;
        let names: Vec<&str> = history.iter().map(|logged| logged.entry.what.name()).collect();
        (names.contains(&"seizure") && names.contains(&"ended")).then_some(names.len())
    });
    assert!(told >= 2);
    daemon.stop();
}

#[test]
fn what_a_killed_daemon_left_open_is_ended_also_where_the_log_was_locked_at_the_start() {
    let ward = Ward::with("[[channel]]\nname = \"desk\"\nwebhook = { url = \"http://127.0.0.1:9/\" }", "");
    let open = |ward: &Ward| {
        let open = ward.log().unwrap().open_alarms().unwrap();
        open.into_iter().map(|held| held.alarm).collect::<Vec<_>>()
    };
    let mut daemon = ward.start();
    let left = daemon.wait_for("a technical alarm", |_| {
        ward.alarms().into_iter().find(|entry| entry["kind"] == "channel-down")
    });
    daemon.kill();
    assert_eq!(open(&ward), [left["alarm"].as_str().unwrap()]);
    let holder = Connection::open(ward.path("state/alarms.sqlite")).unwrap();
    holder.busy_timeout(Duration::from_secs(5)).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut daemon = ward.start();
    daemon.wait_for("the log to be down", |daemon| {
        daemon.log().contains("the log of alarms is down").then_some(())
    });
    holder.execute_batch("ROLLBACK").unwrap();
    daemon.wait_for("the end of what was left", |_| {
        let history = ward.log()?.history(left["alarm"].as_str()?).ok()?;
        history.iter().any(|logged| logged.entry.what.name() == "ended").then_some(())
    });
    // Its own alarm of the same channel lasts.
    daemon.wait_for("the new one", |_| {
        (open(&ward).iter().any(|alarm| alarm.contains("channel-desk"))).then_some(())
    });
    daemon.stop();
}
