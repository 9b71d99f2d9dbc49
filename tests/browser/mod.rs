//! Scenarios in headless Chromium: the scripts in tests/page, run against a daemon.
#![allow(dead_code, reason = "each test uses a part")]

use std::process::{Command, Stdio};

/// Where a Python with Playwright lies, and Debian's Chromium; `None`, with the reason printed, where one is missing.
pub fn python() -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/python").to_string();
    let python = std::env::var("VIGIL_PYTHON").unwrap_or(beside);
    let imports = "import playwright, axe_playwright_python, sys, shutil, os;\
                   sys.exit(0 if os.environ.get('VIGIL_CHROMIUM') or shutil.which('chromium') else 3)";
    let found = Command::new(&python).args(["-c", imports]).stderr(Stdio::null()).status();
    match found.ok().and_then(|status| status.code()) {
        Some(0) => Some(python),
        Some(3) => {
            println!(
                "skipped: there is no chromium (make browser installs it; VIGIL_CHROMIUM names another)"
            );
            None
        }
        _ => {
            println!(
                "skipped: {python} has no playwright (make python installs it; VIGIL_PYTHON names another)"
            );
            None
        }
    }
}

/// Runs a script of tests/page to its end; what it tells is printed, and it must succeed.
pub fn run(python: &str, script: &str, arguments: &[&str]) -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page");
    let output = Command::new(python)
        .arg(folder.join(script))
        .args(arguments)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("{told}");
    assert!(
        output.status.success(),
        "{script} {arguments:?} failed after:\n{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    told
}

/// A bed with made-up EEG, `speed` times as fast as a patient, with seizures.
pub fn bed(name: &str, seizures: &str, speed: f64) -> String {
    format!(
        "[[bed]]\nname = \"{name}\"\npatient = \"chb03\"\n\
         source.synthetic = {{ speed = {speed:.1}, eeg = {{ seed = 1, duration_s = 40000, seizure_onsets_s = [{seizures}] }} }}\n"
    )
}
