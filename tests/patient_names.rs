//! A patient's name is shown to those whose work needs it, and stands nowhere else.

mod daemon;
mod receiver;
mod visitor;

use std::path::Path;
use std::process::{Command, Output};

use daemon::{TOKEN, Ward};
use receiver::{Behaviour, Receiver};
use visitor::{ROLES, Visitor, with_accounts};

const NAME: &str = "Wilhelmina Trautenau";

/// A seizure every few hundred seconds, fast.
const BED: &str = "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.synthetic = { speed = 200.0, eeg = { \
     seed = 1, duration_s = 600, seizure_onsets_s = [100.0, 400.0] } }\n";

fn patient(ward: &Ward, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vigil"))
        .arg("patient")
        .args(arguments)
        .arg("--patients")
        .arg(ward.path("patients"))
        .output()
        .unwrap()
}

fn name(ward: &Ward) {
    let named = patient(ward, &["name", "chb03", NAME]);
    assert!(named.status.success(), "{}", String::from_utf8_lossy(&named.stderr));
}

/// Whether any file of the daemon's own holds the name.
fn holds(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return holds(&path);
        }
        let bytes = std::fs::read(&path).unwrap();
        bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes())
    })
}

#[test]
fn the_name_is_shown_to_nurses_and_up_in_one_place() {
    let ward = with_accounts(BED);
    name(&ward);
    let daemon = ward.start();
    for (account, role) in ROLES {
        let visitor = Visitor::signed_in(&daemon.address, account);
        let patients = visitor.get("/api/v1/patients").json();
        let expected = if role == "viewer" { serde_json::Value::Null } else { NAME.into() };
        assert_eq!((&patients[0]["patient"], &patients[0]["name"]), (&"chb03".into(), &expected), "{role}");
        for path in
            ["/api/v1/beds", "/api/v1/alarms", "/api/v1/patients/chb03/versions", "/metrics", "/readyz"]
        {
            assert!(!visitor.get(path).body.contains("Wilhelmina"), "{role}: {path}");
        }
    }
    assert_eq!(Visitor::at(&daemon.address).get("/api/v1/patients").code, 401);
}

#[test]
fn messages_carry_the_name_only_where_a_channel_is_told_to() {
    let (told, untold) = (Receiver::start(Behaviour::Take), Receiver::start(Behaviour::Take));
    let channels = format!(
        "{}{}{}",
        told.channel("told", "patient = true\nnames = true"),
        untold.channel("untold", "patient = true"),
        Receiver::start(Behaviour::Take).channel("escalated", "escalation_after_s = 3600"),
    );
    let ward = Ward::with(&channels, BED);
    name(&ward);
    let mut daemon = ward.start();
    let raised = |receiver: &Receiver| receiver.taken().into_iter().find(|m| m["kind"] == "seizure");
    let message = daemon.wait_for("the message", |_| raised(&told));
    assert_eq!((&message["patient"], &message["patient_name"]), (&"chb03".into(), &NAME.into()));
    let message = daemon.wait_for("the other", |_| raised(&untold));
    assert_eq!((&message["patient"], message.get("patient_name")), (&"chb03".into(), None));
    daemon.wait_for("the end", |daemon| (daemon.bed("emu-01")["phase"] == "ended").then_some(()));
    let token = ("Authorization", &*format!("Bearer {TOKEN}"));
    let metrics = Visitor::at(&daemon.address).ask_with("GET", "/metrics", &[token], "").body;
    assert!(!metrics.contains("Wilhelmina"), "{metrics}");
    // Not in the daemon's words, its log of alarms, its states and its records.
    let log = daemon.stop();
    assert!(!log.contains("Wilhelmina"), "{log}");
    assert!(!holds(&ward.path("state")) && !holds(&ward.path("record")));
}

#[test]
fn hl7_carries_it_as_pid_5_and_syslog_never() {
    use vigil::channel::hl7::{Hl7Config, report};
    let message: vigil::alarm::message::Message = serde_json::from_value(serde_json::json!({
        "key": "k", "event": "raised", "ward": "EMU", "alarm": "s-emu-01-1-2", "kind": "seizure", "phase": "active",
        "priority": "high",
        "bed": "emu-01", "patient": "chb03", "patient_name": "O^Hara|Scarlett", "detail": "seizure alarm",
        "time": "2026-11-24T03:00:00.000Z", "raised": "2026-11-24T03:00:00.000Z", "by": "vigil", "detector": "",
        "notice": "",
    }))
    .unwrap();
    let config: Hl7Config = serde_json::from_value(serde_json::json!({ "to": "127.0.0.1:2575" })).unwrap();
    let text = report(&message, &config, "1");
    assert!(text.contains("\rPID|||chb03||O\\S\\Hara\\F\\Scarlett\r"), "{text}");
    let line = vigil::channel::syslog::line(&message, 16);
    assert!(!line.contains("Hara") && !line.contains("Scarlett"), "{line}");
    let channel = "[[channel]]\nname = \"log\"\nsyslog = { to = \"udp://127.0.0.1:514\" }\nnames = true\n";
    let ward = Ward::with(channel, "");
    let output = Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(["check", "--config"])
        .arg(ward.path("vigil.toml"))
        .output()
        .unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(8) && words.contains("no patient's name goes to syslog"), "{words}");
}

#[test]
fn a_name_is_given_changed_and_taken_away_and_a_mistake_in_one_is_told_without_it() {
    let ward = Ward::new("");
    let path = ward.path("patients/chb03/patient.toml");
    let before =
        vigil::config::PatientConfig::parse(&path, &std::fs::read_to_string(&path).unwrap()).unwrap();
    name(&ward);
    let text = std::fs::read_to_string(&path).unwrap();
    let after = vigil::config::PatientConfig::parse(&path, &text).unwrap();
    assert_eq!(after.name.as_ref().map(|name| name.as_str()), Some(NAME));
    assert!(!format!("{after:?}").contains("Wilhelmina"), "what is printed for debugging ends in logs");
    assert_eq!(vigil::config::PatientConfig { name: None, ..after }, before, "nothing else has changed");
    assert!(patient(&ward, &["name", "chb03", "--remove"]).status.success());
    assert!(!std::fs::read_to_string(&path).unwrap().contains("Wilhelmina"));
    for wrong in [" ", "a\u{7}b", &"x".repeat(200)] {
        let output = patient(&ward, &["name", "chb03", wrong]);
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(2) && words.contains("expected a name"), "{words}");
    }
    std::fs::write(&path, text.replace(NAME, "Wilhelmina\\u0007")).unwrap();
    let output = patient(&ward, &["name", "chb03", "Other"]);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(8) && words.contains("patient.toml, line"), "{words}");
    assert!(!words.contains("Wilhelmina"), "{words}");
}
