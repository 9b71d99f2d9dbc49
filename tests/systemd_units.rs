//! The units say nothing that systemd does not understand, and leave the daemon little that it could do.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        println!("skipped: {program} is not installed");
    }
    there
}

/// The units in a folder of their own, for a program that is there.
fn units(folder: &Path, change: impl Fn(String) -> String) -> PathBuf {
    for unit in ["vigil.service", "vigil.socket"] {
        let text = std::fs::read_to_string(root().join("systemd").join(unit)).unwrap();
        let text = text.replace("/usr/local/bin/vigil", env!("CARGO_BIN_EXE_vigil"));
        // The manual is installed with the program.
        let text: String =
            text.lines().filter(|l| !l.starts_with("Documentation=")).map(|l| format!("{l}\n")).collect();
        std::fs::write(folder.join(unit), change(text)).unwrap();
    }
    folder.join("vigil.service")
}

fn verify(unit: &Path) -> String {
    let output = Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(unit).output().unwrap();
    // It succeeds whatever it finds: what counts is that it says nothing.
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn systemd_has_nothing_to_say_of_the_units_and_would_of_a_typo() {
    if !there("systemd-analyze") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(verify(&units(folder.path(), |text| text)), "");
    let typo = units(folder.path(), |text| text.replace("WatchdogSec", "WatchdogSek"));
    assert!(verify(&typo).contains("WatchdogSek"));
}

#[test]
fn the_service_is_exposed_by_one_and_a_half_points_at_most() {
    if !there("systemd-analyze") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let unit = units(folder.path(), |text| text);
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager"])
        .arg(&unit)
        .output();
    let text = String::from_utf8_lossy(&output.unwrap().stdout).into_owned();
    let line =
        text.lines().find(|line| line.contains("Overall exposure level")).unwrap_or_else(|| panic!("{text}"));
    let level: f64 = line.split(": ").nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap();
    println!("{line}");
    assert!(level <= 1.5, "{text}");
}

#[test]
fn the_example_of_a_configuration_is_one() {
    let text = std::fs::read_to_string(root().join("systemd/vigil.toml")).unwrap();
    let config = vigil::config::WardConfig::parse(Path::new("/etc/vigil/vigil.toml"), &text).unwrap();
    assert!(config.bed.is_empty());
    // So are the beds in it, once they are uncommented.
    let beds = text.split("# One [[bed]] for each bed.").nth(1).unwrap();
    let beds: String =
        beds.lines().skip(2).map(|line| format!("{}\n", line.trim_start_matches("# "))).collect();
    let with_beds = format!("{text}\n{}", beds.replace("#\n", "\n"));
    let config = vigil::config::WardConfig::parse(Path::new("/etc/vigil/vigil.toml"), &with_beds).unwrap();
    assert_eq!(config.bed.len(), 3);
}

#[test]
fn the_account_and_the_folders_are_understood() {
    for (program, file) in [("systemd-sysusers", "vigil.sysusers"), ("systemd-tmpfiles", "vigil.tmpfiles")] {
        if !there(program) {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let etc = folder.path().join("etc");
        std::fs::create_dir_all(&etc).unwrap();
        std::fs::write(etc.join("passwd"), "root:x:0:0::/:/bin/sh\nvigil:x:990:990::/:/bin/sh\n").unwrap();
        std::fs::write(etc.join("group"), "root:x:0:\nvigil:x:990:\n").unwrap();
        let mut command = Command::new(program);
        command.arg(format!("--root={}", folder.path().display()));
        if program == "systemd-tmpfiles" {
            command.arg("--create");
        }
        let output = command.arg(root().join("systemd").join(file)).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{program}: {said}");
    }
}
