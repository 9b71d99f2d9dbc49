#![allow(dead_code, reason = "no test needs all of it")]
//! Python programs as the other side: liblsl's own outlets, readers and players.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

/// The interpreter that has `module`, if there is one.
pub fn python(module: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/python");
    let python = std::env::var("VIGIL_PYTHON").unwrap_or_else(|_| beside.into());
    let there = Command::new(&python)
        .args(["-c", &format!("import {module}")])
        .env("LSLAPICFG", lsl_api_cfg())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if there.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    println!("skipped: {python} has no {module}; VIGIL_PYTHON names an interpreter that has it");
    None
}

fn lsl_api_cfg() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lsl/lsl_api.cfg"))
}

/// A running script; it ends with this.
pub struct Peer {
    child: Child,
    say: ChildStdin,
    hear: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Starts `tests/lsl/<script>`.
    pub fn start(python: &str, script: &str, arguments: &[&str]) -> Peer {
        let script = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lsl")).join(script);
        let mut child = Command::new(python)
            .arg(script)
            .args(arguments)
            .env("LSLAPICFG", lsl_api_cfg())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the interpreter starts");
        let say = child.stdin.take().expect("a pipe");
        let hear = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Peer { child, say, hear }
    }

    /// Tells the script something.
    pub fn say(&mut self, line: &str) {
        writeln!(self.say, "{line}").and_then(|()| self.say.flush()).expect("the script listens");
    }

    /// The script's next line, which is JSON.
    pub fn hear(&mut self) -> Value {
        let line = self.hear.next().expect("the script says something").expect("text");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    /// Ends the script at once, as a crash would.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
