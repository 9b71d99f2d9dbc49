//! A state folder has one daemon at a time, and none that was killed keeps another from it.

mod daemon;

use std::process::Command;

use daemon::Ward;

const BED: &str =
    "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.synthetic = { eeg = { seed = 1 } }\n";

#[test]
fn a_second_daemon_is_refused_with_the_process_to_stop_and_may_start_once_the_first_was_killed() {
    let ward = Ward::new(BED);
    let mut first = ward.start();
    first.wait_for("verdicts", |daemon| daemon.bed("emu-01")["second"].as_u64());
    let second = Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(["serve", "--config"])
        .arg(ward.path("vigil.toml"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&second.stderr);
    let process = format!("(process {})", first.child.id());
    assert_eq!((second.status.code(), told.contains(&process)), (Some(9), true), "{told}");
    assert!(told.contains("stop it first"), "{told}");
    // The configuration can be checked meanwhile, and the first goes on.
    let checked = Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(["check", "--config"])
        .arg(ward.path("vigil.toml"))
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let now = first.bed("emu-01")["second"].as_u64().unwrap();
    first.wait_for("further verdicts", |daemon| {
        daemon.bed("emu-01")["second"].as_u64().filter(|second| *second > now)
    });
    first.kill();
    let mut third = ward.start();
    third.wait_for("verdicts", |daemon| daemon.bed("emu-01")["second"].as_u64());
    third.stop();
}
