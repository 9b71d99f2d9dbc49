//! Beds come, change and go while the others run, and a mistake stops nothing.

mod daemon;

use daemon::{TOKEN, Ward};
use vigil::alarm::entry::What;

fn synthetic(name: &str, seed: u32) -> String {
    format!(
        "[[bed]]\nname = \"{name}\"\npatient = \"chb03\"\nsource.synthetic = {{ eeg = {{ seed = {seed} }} }}\n"
    )
}

fn watching(daemon: &mut daemon::Daemon, bed: &str) {
    daemon.wait_for(&format!("verdicts on {bed}"), |daemon| daemon.bed(bed)["second"].as_u64());
}

#[test]
fn who_hears_the_address_finds_every_bed() {
    let beds: String = (1..=8).map(|bed| synthetic(&format!("emu-{bed:02}"), bed)).collect();
    let ward = Ward::new(&beds);
    let daemon = ward.start();
    let (code, body) = daemon.get("/api/v1/beds");
    let listed: serde_json::Value = serde_json::from_str(&body).unwrap();
    let patients: Vec<_> = listed.as_array().unwrap().iter().map(|bed| bed["patient"].clone()).collect();
    assert_eq!((code, patients), (200, vec![serde_json::json!("chb03"); 8]), "{body}");
}

#[test]
fn a_bed_can_be_added_changed_and_removed_over_the_api_while_others_run() {
    let ward = Ward::new(&synthetic("emu-01", 1));
    let mut daemon = ward.start();
    watching(&mut daemon, "emu-01");
    let bed = r#"{"patient": "chb03", "source": {"synthetic": {"eeg": {"seed": 2}}}}"#;
    assert_eq!(daemon.ask("PUT", "/api/v1/beds/emu-02", None, bed).0, 401);
    assert_eq!(daemon.ask("PUT", "/api/v1/beds/emu-02", Some("wrong"), bed).0, 401);
    let (code, body) = daemon.ask("PUT", "/api/v1/beds/emu-02", Some(TOKEN), bed);
    assert_eq!((code, body.contains("bed emu-02: started")), (200, true), "{body}");
    assert_eq!(daemon.bed("emu-02")["patient"], "chb03", "what was added is there from the answer on");
    watching(&mut daemon, "emu-02");
    let changed = bed.replace("\"seed\": 2", "\"seed\": 3");
    let (code, body) = daemon.ask("PUT", "/api/v1/beds/emu-02", Some(TOKEN), &changed);
    assert_eq!((code, body.contains("bed emu-02: changed")), (200, true), "{body}");
    // What was changed outlives a restart.
    daemon.stop();
    let mut daemon = ward.start();
    watching(&mut daemon, "emu-02");
    let frames = daemon.bed("emu-01")["frames"].as_u64().unwrap();
    let (code, body) = daemon.ask("DELETE", "/api/v1/beds/emu-02", Some(TOKEN), "");
    assert_eq!((code, body.contains("bed emu-02: removed")), (200, true), "{body}");
    assert!(daemon.bed("emu-02").is_null());
    assert_eq!(daemon.ask("DELETE", "/api/v1/beds/emu-02", Some(TOKEN), "").0, 404);
    daemon.wait_for("the other bed going on", |daemon| {
        (daemon.bed("emu-01")["frames"].as_u64().unwrap() > frames + 256).then_some(())
    });
    assert_eq!(daemon.bed("emu-01")["lost_frames"], 0);
}

#[test]
fn a_restart_ends_no_alarm_of_a_bed_that_was_added_over_the_api() {
    let ward = Ward::new(&synthetic("emu-01", 1));
    let mut daemon = ward.start();
    watching(&mut daemon, "emu-01");
    let bed = r#"{"patient": "chb03", "source": {"synthetic": {"speed": 5.0,
        "eeg": {"seed": 1, "seizure_onsets_s": [20.0], "seizure_duration_s": [180.0, 180.0]}}}}"#;
    let (code, body) = daemon.ask("PUT", "/api/v1/beds/emu-02", Some(TOKEN), bed);
    assert_eq!(code, 200, "{body}");
    daemon.wait_for("the alarm", |daemon| (daemon.bed("emu-02")["alarming"] == true).then_some(()));
    let raised = daemon.bed("emu-02")["second"].as_u64().unwrap();
    // A state that knows of the alarm is on disk.
    daemon.wait_for("a state", |daemon| {
        daemon.bed("emu-02")["second"].as_u64().filter(|second| *second > raised + 30)
    });
    daemon.kill();
    let mut daemon = ward.start();
    daemon.wait_for("the bed going on", |daemon| {
        daemon.bed("emu-02")["second"].as_u64().filter(|second| *second > raised + 35)
    });
    let logged = ward.log().unwrap().entries().unwrap();
    let ended: Vec<String> = logged
        .into_iter()
        .filter_map(|logged| match logged.entry.what {
            What::Ended { detail, .. } => Some(detail),
            _ => None,
        })
        .filter(|detail| detail.contains("not watched any more"))
        .collect();
    assert!(ended.is_empty(), "{ended:?}");
    assert_eq!(ward.alarms().iter().filter(|entry| entry["what"] == "seizure").count(), 1);
    daemon.stop();
}

#[test]
fn a_bed_whose_change_cannot_be_read_is_told_and_not_forgotten() {
    let ward = Ward::new(&synthetic("emu-01", 1));
    let daemon = ward.start();
    let bed = r#"{"patient": "chb03", "source": {"synthetic": {}}}"#;
    let (code, body) = daemon.ask("PUT", "/api/v1/beds/emu-02", Some(TOKEN), bed);
    assert_eq!(code, 200, "{body}");
    daemon.stop();
    std::fs::write(ward.path("state/beds/emu-02.change.json"), "{\"bed\": ").unwrap();
    let mut daemon = ward.start();
    let told = daemon.wait_for("the alarm", |daemon| {
        daemon.bed("emu-02")["technical"]["misfit"].as_str().map(String::from)
    });
    assert!(told.contains("emu-02.change.json"), "{told}");
    assert_eq!(daemon.bed("emu-02")["phase"], "unusable");
    watching(&mut daemon, "emu-01");
    let (code, body) = daemon.ask("DELETE", "/api/v1/beds/emu-02", Some(TOKEN), "");
    assert_eq!((code, body.contains("bed emu-02: removed")), (200, true), "{body}");
    assert!(daemon.bed("emu-02").is_null());
    daemon.stop();
}

#[test]
fn what_the_api_cannot_use_is_told_and_changes_nothing() {
    let ward = Ward::new(&synthetic("emu-01", 1));
    let mut daemon = ward.start();
    // The port opens before the beds are begun.
    watching(&mut daemon, "emu-01");
    for (body, words) in [
        ("{", "no JSON"),
        (r#"{"patient": "chb03"}"#, "source"),
        (r#"{"patient": "chb03", "sauce": 1, "source": {"synthetic": {}}}"#, "unknown field `sauce`"),
        (r#"{"name": "other", "patient": "chb03", "source": {"synthetic": {}}}"#, "names bed other"),
        (r#"{"patient": "../x", "source": {"synthetic": {}}}"#, "cannot be a patient's id"),
    ] {
        let (code, answer) = daemon.ask("PUT", "/api/v1/beds/emu-02", Some(TOKEN), body);
        assert_eq!((code, answer.contains(words)), (400, true), "{body}: {answer}");
    }
    let (_, beds) = daemon.get("/api/v1/beds");
    assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&beds).unwrap().len(), 1);
}

#[test]
fn hanging_up_reads_the_configuration_again_and_a_typo_changes_nothing() {
    let ward = Ward::new(&synthetic("emu-01", 1));
    let mut daemon = ward.start();
    watching(&mut daemon, "emu-01");
    ward.configure("", &format!("{}{}", synthetic("emu-01", 1), synthetic("emu-02", 2)));
    daemon.signal("-HUP");
    watching(&mut daemon, "emu-02");
    ward.configure("", &synthetic("emu-01", 1).replace("patient", "pateint"));
    daemon.signal("-HUP");
    daemon.wait_for("the refusal", |daemon| {
        daemon
            .log()
            .contains("there is no setting \\\"pateint\\\"; did you mean \\\"patient\\\"?")
            .then_some(())
    });
    assert!(!daemon.bed("emu-02").is_null());
    ward.configure("", &synthetic("emu-01", 1));
    daemon.signal("-HUP");
    daemon.wait_for("the removal", |daemon| daemon.bed("emu-02").is_null().then_some(()));
    watching(&mut daemon, "emu-01");
}

#[test]
fn a_bed_that_cannot_be_watched_is_told_and_the_others_run() {
    let nobody = "[[bed]]\nname = \"emu-03\"\npatient = \"nobody\"\nsource.synthetic = {}\n";
    let labels = "[[bed]]\nname = \"emu-04\"\npatient = \"chb03\"\nlabels = [\"Fp1\", \"F7\"]\nsource.synthetic = {}\n";
    let ward = Ward::new(&format!("{nobody}{labels}{}", synthetic("emu-01", 1)));
    let mut daemon = ward.start();
    watching(&mut daemon, "emu-01");
    let reason = |daemon: &mut daemon::Daemon, bed: &str| {
        daemon.wait_for("the reason", |daemon| {
            let status = daemon.bed(bed);
            (status["phase"] == "unusable")
                .then(|| status["technical"]["misfit"].as_str().unwrap_or_default().to_string())
        })
    };
    let nobody = reason(&mut daemon, "emu-03");
    assert!(nobody.contains("no patient nobody"), "{nobody}");
    let labels = reason(&mut daemon, "emu-04");
    assert!(labels.contains("the stream has 19 channels, the bed's `labels` has 2"), "{labels}");
    let (code, body) = daemon.get("/readyz");
    assert_eq!((code, body.contains("emu-03")), (503, true), "{body}");
}

#[test]
fn the_alarm_of_a_bed_that_cannot_be_watched_ends_with_its_reason() {
    let ward = Ward::new(&synthetic("emu-01", 1));
    let mut daemon = ward.start();
    watching(&mut daemon, "emu-01");
    for patient in ["nobody1", "nobody2"] {
        let bed = format!(r#"{{"patient": "{patient}", "source": {{"synthetic": {{}}}}}}"#);
        let (code, body) = daemon.ask("PUT", "/api/v1/beds/emu-03", Some(TOKEN), &bed);
        let told = format!("no patient {patient}");
        assert_eq!(
            (code, body.contains("cannot be watched"), body.contains(&told)),
            (200, true, true),
            "{body}"
        );
    }
    let (code, body) = daemon.ask("DELETE", "/api/v1/beds/emu-03", Some(TOKEN), "");
    assert_eq!((code, body.contains("bed emu-03: removed")), (200, true), "{body}");
    daemon.wait_for("the end of both alarms", |_| {
        let of_bed = |raised: bool| {
            let alarms = ward.alarms().into_iter().filter(move |entry| {
                entry["bed"] == "emu-03" && entry["kind"] == "misfit" && entry["raised"] == raised
            });
            alarms.map(|entry| entry["alarm"].as_str().unwrap().to_string()).collect::<Vec<_>>()
        };
        let (raised, ended) = (of_bed(true), of_bed(false));
        assert!(raised.len() <= 2, "{raised:?}");
        (raised.len() == 2 && raised == ended).then_some(())
    });
    daemon.stop();
}

#[test]
fn a_configuration_with_a_mistake_is_refused_with_its_line() {
    let run = |ward: &Ward| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_vigil"))
            .args(["check", "--config"])
            .arg(ward.path("vigil.toml"))
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    for (beds, words) in [
        (format!("{}{}", synthetic("emu-01", 1), synthetic("emu-01", 2)), "two beds are named \"emu-01\""),
        (synthetic("emu/01", 1), "cannot be a bed's name"),
        (synthetic("emu-01", 1).replace("synthetic", "synthethic"), "synthethic"),
        (synthetic("emu-01", 1).replace("seed", "sead"), "did you mean \"seed\""),
        (format!("{}\nrange_uv = [5, -5]", synthetic("emu-01", 1)), "two rising voltages"),
    ] {
        let (code, told) = run(&Ward::new(&beds));
        assert_eq!((code, told.contains(words), told.contains(", line ")), (Some(8), true, true), "{told}");
    }
}

#[test]
fn a_taken_port_and_an_unwritable_state_are_told_with_their_exit_codes() {
    let ward = Ward::new(&synthetic("emu-01", 1));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("127.0.0.1:{}", taken.local_addr().unwrap().port());
    let text = std::fs::read_to_string(ward.path("vigil.toml")).unwrap();
    let run = |text: String| {
        std::fs::write(ward.path("vigil.toml"), text).unwrap();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_vigil"))
            .args(["serve", "--config"])
            .arg(ward.path("vigil.toml"))
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, told) = run(text.replace("127.0.0.1:0", &port));
    assert_eq!((code, told.contains(&port)), (Some(11), true), "{told}");
    std::fs::write(ward.path("file"), "").unwrap();
    let (code, told) = run(text.replace("state = \"state\"", "state = \"file/state\""));
    assert_eq!((code, told.contains("cannot write")), (Some(9), true), "{told}");
}
