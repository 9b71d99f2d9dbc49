//! The API's description, which is made from the code, holds: schemathesis asks everything that it describes, with what is
//! right and with what is wrong, and never meets an error of the server.

mod daemon;

use std::process::{Command, Stdio};

use daemon::{TOKEN, Ward};
use serde_json::Value;

/// A bed with an alarm soon, so that lists are not empty.
const BED: &str = "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\n\
    source.synthetic = { speed = 20.0, eeg = { seed = 1, duration_s = 4000, seizure_onsets_s = [40.0] } }\n";

#[test]
fn every_operation_is_described_with_its_answer_and_its_problems_and_needs_no_other_document() {
    let ward = Ward::new("");
    let daemon = ward.start();
    let (code, body) = daemon.get("/api/v1/openapi.json");
    assert_eq!(code, 200);
    let document: Value = serde_json::from_str(&body).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    let mut operations = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with("/api/v1/"), "{path}");
        for (method, operation) in methods.as_object().unwrap() {
            operations += 1;
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|code| code.starts_with('2')), "{method} {path} has no good answer");
            assert!(
                operation["description"].is_string() || operation["summary"].is_string(),
                "{method} {path} says nothing of itself"
            );
        }
    }
    assert!(operations > 20, "{operations}");
    assert!(!body.contains("\"$ref\":\"http"), "a reference leads out of the document");
}

#[test]
fn schemathesis_meets_no_error_of_the_server_and_no_answer_that_is_not_described() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/schemathesis").to_string();
    if !std::path::Path::new(&beside).exists() {
        println!("skipped: there is no schemathesis in .venv (make python installs it)");
        return;
    }
    let ward = Ward::new(BED);
    let mut daemon = ward.start();
    daemon.wait_for("an alarm", |_| ward.alarms().first().cloned());
    let output = Command::new(beside)
        .args(["run", &format!("http://{}/api/v1/openapi.json", daemon.address)])
        .args([
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
        ])
        // The stream of events has no end, and an example of a bed would be one that is watched from then on.
        .args(["--exclude-path", "/api/v1/events"])
        .args(["--header", &format!("Authorization: Bearer {TOKEN}")])
        .args(["--max-examples", "15", "--seed", "1", "--request-timeout", "30", "--no-color"])
        .current_dir(ward.folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    // It is alive, and none of its threads has panicked. Under so much the proof may come late.
    daemon.wait_for("the proof", |daemon| (daemon.get("/healthz").0 == 200).then_some(()));
    assert!(!daemon.log().contains("panicked"), "{}", daemon.log());
    daemon.stop();
}
