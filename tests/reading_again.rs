//! What is read again while the ward runs is taken over, and what the answer says is so.

mod daemon;

use std::time::{Duration, Instant, SystemTime};

use daemon::{Daemon, TOKEN, Ward};

const BED: &str =
    "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.synthetic = { eeg = { seed = 1 } }\n";

fn watched() -> (Ward, Daemon) {
    let ward = Ward::new(BED);
    let mut daemon = ward.start();
    daemon.wait_for("verdicts", |daemon| daemon.bed("emu-01")["second"].as_u64());
    (ward, daemon)
}

fn read_again(daemon: &Daemon) -> (u16, String) {
    daemon.ask("POST", "/api/v1/reload", Some(TOKEN), "")
}

/// Replaces part of chb03's settings, which must have it.
fn change(ward: &Ward, from: &str, to: &str) {
    let path = ward.path("patients/chb03/patient.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from}");
    std::fs::write(&path, text.replace(from, to)).unwrap();
}

#[test]
fn a_misspelt_setting_of_a_patient_is_the_answer_and_changes_nothing() {
    let (ward, daemon) = watched();
    change(&ward, "\nthreshold = ", "\nthreshhold = ");
    ward.configure("", &format!("{BED}{}", BED.replace("emu-01", "emu-02")));
    let (code, body) = read_again(&daemon);
    assert_eq!((code, body.contains("did you mean")), (400, true), "{body}");
    assert!(daemon.bed("emu-02").is_null(), "half of what was read is taken over");
    change(&ward, "\nthreshhold = ", "\nthreshold = ");
    let (code, body) = read_again(&daemon);
    assert_eq!((code, body.contains("bed emu-02: started")), (200, true), "{body}");
    daemon.stop();
}

#[test]
fn a_patient_who_has_left_may_be_gone_from_the_disk() {
    let (ward, mut daemon) = watched();
    std::fs::remove_dir_all(ward.path("patients/chb03")).unwrap();
    ward.configure("", &BED.replace("chb03", "new"));
    let (code, body) = read_again(&daemon);
    assert_eq!((code, body.contains("bed emu-01: changed")), (200, true), "{body}");
    daemon.wait_for("the next patient", |daemon| (daemon.bed("emu-01")["patient"] == "new").then_some(()));
    daemon.stop();
}

#[test]
fn another_threshold_is_told_as_taken_over_and_only_once() {
    let (ward, daemon) = watched();
    change(&ward, "\nthreshold = 6.0", "\nthreshold = 7.0");
    let (code, body) = read_again(&daemon);
    let told = "bed emu-01: settings or networks of patient chb03 taken over";
    assert_eq!((code, body.contains(told)), (200, true), "{body}");
    let (code, body) = read_again(&daemon);
    assert_eq!((code, body.contains("nothing has changed")), (200, true), "{body}");
    daemon.stop();
}

#[test]
fn another_frequency_of_the_mains_gives_the_bed_other_filters() {
    let (ward, mut daemon) = watched();
    let second = daemon.bed("emu-01")["second"].as_u64().unwrap();
    change(&ward, "\nmains_hz = 60", "\nmains_hz = 50");
    let (code, body) = read_again(&daemon);
    let told = "bed emu-01: started anew with other filters for patient chb03";
    assert_eq!((code, body.contains(told)), (200, true), "{body}");
    // Its time goes on.
    daemon.wait_for("further verdicts", |daemon| {
        daemon.bed("emu-01")["second"].as_u64().filter(|now| *now > second + 3)
    });
    let (_, body) = read_again(&daemon);
    assert!(body.contains("nothing has changed"), "{body}");
    daemon.stop();
}

#[test]
fn what_takes_a_restart_is_told_and_not_half_taken_over() {
    let (ward, daemon) = watched();
    let old = ward.path("record/emu-09/2020-01-01");
    std::fs::create_dir_all(&old).unwrap();
    let old = old.join("emu-09_20200101T000000.000Z.h5");
    let file = std::fs::File::create(&old).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3 * 86_400)).unwrap();
    let text = std::fs::read_to_string(ward.path("vigil.toml")).unwrap();
    let text = text
        .replace("warn_free_gb = 0", "warn_free_gb = 0\nkeep_days = 1")
        .replace("patients = \"patients\"", "patients = \"others\"");
    std::fs::write(ward.path("vigil.toml"), format!("{text}\n[baseline]\nseconds = 600\n")).unwrap();
    for _ in 0..2 {
        // As long as it is so, not only when it was found first.
        let (code, body) = read_again(&daemon);
        assert_eq!(code, 200, "{body}");
        for part in ["record", "baseline", "ward.patients"] {
            assert!(body.contains(&format!("{part} has changed; that takes a restart")), "{part}: {body}");
        }
    }
    // Old files are looked for once a minute.
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(70) {
        assert!(old.exists(), "a file was deleted by a section that is said not to hold");
        std::thread::sleep(Duration::from_millis(500));
    }
    daemon.stop();
}
