//! A new patient is judged by the shared autoencoder, gets one of their own when enough was gathered,
//! and every switch can be undone.

mod daemon;

use std::sync::{Mutex, PoisonError};

use daemon::{TOKEN, Ward};
use vigil::detect::Level;

/// One ward at a time: fits have the lowest priority, and wait while another bed is judged.
static ALONE: Mutex<()> = Mutex::new(());

fn bed(sections_switch: &str) -> (String, String) {
    (
        format!("[baseline]\nseconds = 90\ncompared_s = 30\nswitch = \"{sections_switch}\""),
        "[[bed]]\nname = \"emu-01\"\npatient = \"new\"\n\
         source.synthetic = { speed = 30.0, eeg = { seed = 5, seizures_per_hour = 0, artifacts_per_hour = 6 } }\n"
            .to_string(),
    )
}

#[test]
fn a_new_patient_starts_with_the_shared_autoencoder_and_moves_to_their_own_by_itself() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (sections, beds) = bed("automatic");
    let ward = Ward::with(&sections, &beds);
    let mut daemon = ward.start();
    let shared = daemon.wait_for("the bed", |daemon| {
        let status = daemon.bed("emu-01");
        (status["shared_autoencoder"] == true).then(|| status["autoencoder"].as_str().unwrap().to_string())
    });
    assert!(daemon.log().contains("judged by the shared autoencoder"), "{}", daemon.log());
    let own = daemon.wait_for("the patient's own", |daemon| {
        let status = daemon.bed("emu-01");
        (status["shared_autoencoder"] == false).then(|| status["autoencoder"].as_str().unwrap().to_string())
    });
    assert_ne!(shared, own);
    let version = ward.path("patients/new/versions/0001");
    let comparison: serde_json::Value =
        serde_json::from_slice(&std::fs::read(version.join("comparison.json")).unwrap()).unwrap();
    assert_eq!(comparison["new"], own);
    assert_eq!(comparison["old"], shared);
    assert!(comparison["compared_s"].as_u64().unwrap() >= 30);
    assert!(std::fs::read_to_string(version.join("card.md")).unwrap().contains("gathered on bed emu-01"));
    // The threshold follows the level of what was gathered, and that is told.
    let level: serde_json::Value =
        serde_json::from_slice(&std::fs::read(version.join("level.json")).unwrap()).unwrap();
    let level: Level = serde_json::from_value(level).unwrap();
    assert!(level.seconds >= 60, "{level:?}");
    let threshold = || {
        let text = std::fs::read_to_string(ward.path("patients/new/patient.toml")).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("seizure_probability = ")).unwrap();
        line.parse::<f64>().unwrap()
    };
    let [usual, followed] = [0, 1].map(|at| comparison["seizure_probability"][at].as_f64().unwrap());
    assert_eq!((threshold(), usual), (followed, 0.6));
    // The synthetic EEG of this seed lies below anybody's level.
    assert!(
        followed < 0.6 && (followed - f64::from(level.threshold(0.6))).abs() < 1e-6,
        "{level:?}: {followed}"
    );
    let card = std::fs::read_to_string(version.join("card.md")).unwrap();
    assert!(card.contains(&format!("| with this one | {followed} |")), "{card}");
    let switched =
        daemon.wait_for("the log", |_| ward.alarms().into_iter().find(|entry| entry["what"] == "switched"));
    assert_eq!((&switched["from"], &switched["to"]), (&shared.clone().into(), &own.clone().into()));
    let told = [0, 1].map(|at| switched["seizure_probability"][at].as_f64().unwrap());
    assert!((told[0] - usual).abs() < 1e-6 && (told[1] - followed).abs() < 1e-6, "{told:?}");
    let second = daemon.bed("emu-01")["second"].as_u64().unwrap();
    daemon.wait_for("a while under the patient's own", |daemon| {
        (daemon.bed("emu-01")["second"].as_u64()? > second + 60).then_some(())
    });
    // Back, by a person, and it is all in the patient's own log.
    let back = r#"{"version": 0, "by": "Dr. Example"}"#;
    assert_eq!(daemon.ask("PUT", "/api/v1/patients/new/version", None, back).0, 401);
    assert_eq!(daemon.ask("PUT", "/api/v1/patients/new/version", Some(TOKEN), back).0, 200);
    daemon.wait_for("the shared one again", |daemon| {
        (daemon.bed("emu-01")["autoencoder"] == shared).then_some(())
    });
    let (_, versions) = daemon.get("/api/v1/patients/new/versions");
    let versions: serde_json::Value = serde_json::from_str(&versions).unwrap();
    assert_eq!(versions["in_use"], 0);
    assert_eq!(versions["switches"].as_array().unwrap().len(), 2);
    assert_eq!(versions["switches"][1]["by"], "Dr. Example");
    assert_eq!((threshold(), &versions["switches"][1]["seizure_probability"]), (0.6, &0.6.into()));
    let missing =
        daemon.ask("PUT", "/api/v1/patients/new/version", Some(TOKEN), r#"{"version": 9, "by": "x"}"#);
    assert!(missing.0 == 400 && missing.1.contains("no autoencoder version 9"), "{}", missing.1);
    // The record names the model of each second.
    daemon.stop();
    let mut judges = std::collections::BTreeSet::new();
    for path in ward.files("emu-01") {
        let file = vigil::record::RecordFile::open(&path).unwrap();
        for verdict in file.verdicts().unwrap() {
            judges.insert(file.about().models[verdict.model as usize].autoencoder.clone());
        }
    }
    assert!(judges.contains(&shared) && judges.contains(&own), "{judges:?}");
}

#[test]
fn a_new_autoencoder_waits_for_a_person_where_that_is_configured() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let (sections, beds) = bed("by-person");
    let ward = Ward::with(&sections, &beds);
    let mut daemon = ward.start();
    daemon.wait_for("the fit", |daemon| daemon.log().contains("waits for a person").then_some(()));
    assert_eq!(daemon.bed("emu-01")["shared_autoencoder"], true);
    let switched = std::process::Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(["patient", "switch", "new", "1", "--by", "night shift", "--patients"])
        .arg(ward.path("patients"))
        .output()
        .unwrap();
    assert!(switched.status.success(), "{}", String::from_utf8_lossy(&switched.stderr));
    daemon.signal("-HUP");
    daemon
        .wait_for("the switch", |daemon| (daemon.bed("emu-01")["shared_autoencoder"] == false).then_some(()));
}
