//! FieldTrip buffers to read from, played by other programs.

use std::future::Future;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use vigil::source::fieldtrip::{FieldTripConfig, FieldTripSource};
use vigil::source::live::{Incoming, LiveSource, Received};

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");

/// A generous limit: a test that hangs fails.
pub async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it ends")
}

/// A buffer that a script plays.
pub struct Buffer {
    child: Child,
    say: ChildStdin,
    hear: Lines<BufReader<ChildStdout>>,
    port: u16,
}

impl Buffer {
    /// A buffer written from the description of the protocol, with a ring of so many samples, answering in
    /// the byte order `order`; none where there is no Python.
    pub fn start(ring: usize, order: &str) -> Option<Buffer> {
        let python = python("json")?;
        Some(Buffer::of(&python, "server.py", &[&ring.to_string(), order]))
    }

    /// The buffer of the EEGsynth, with a ring of so many seconds; none where it is not installed.
    pub fn of_the_eegsynth(seconds: f64) -> Option<Buffer> {
        let python = python("lib.FieldTrip")?;
        Some(Buffer::of(&python, "eegsynth.py", &[&seconds.to_string()]))
    }

    fn of(python: &str, script: &str, arguments: &[&str]) -> Buffer {
        let mut command = Command::new(python);
        command.arg("-B").arg(Path::new(TESTS).join("fieldtrip").join(script)).args(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a script");
        let say = child.stdin.take().expect("a pipe");
        let hear = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        let mut buffer = Buffer { child, say, hear, port: 0 };
        buffer.port = buffer.hear()["port"].as_u64().and_then(|port| port.try_into().ok()).expect("a port");
        buffer
    }

    /// A source that reads it.
    pub fn source(&self) -> FieldTripSource {
        FieldTripSource::new(FieldTripConfig { host: "127.0.0.1".into(), port: self.port })
    }

    /// Does something with it, and gives what it says.
    #[expect(clippy::needless_pass_by_value, reason = "it reads better")]
    pub fn ask(&mut self, command: Value) -> Value {
        writeln!(self.say, "{command}").and_then(|()| self.say.flush()).expect("the script listens");
        self.hear()
    }

    /// Puts so many samples in, and gives the bits that they must be read as.
    pub fn put(&mut self, samples: usize) -> Vec<u64> {
        bits_of(&self.ask(json!({"put": samples})))
    }

    fn hear(&mut self) -> Value {
        let line = self.hear.next().expect("an answer").expect("an answer");
        serde_json::from_str(&line).expect("JSON")
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The interpreter that has `module`, if there is one.
fn python(module: &str) -> Option<String> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/python").to_string();
    let named = std::env::var("VIGIL_PYTHON").ok();
    let found = named.into_iter().chain([beside, "python3".into()]).find(|python| {
        let mut command = Command::new(python);
        command.args(["-c", &format!("import {module}")]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    });
    if found.is_none() {
        println!("skipped: no Python has {module}; VIGIL_PYTHON names one");
    }
    found
}

/// The bits that a script told.
pub fn bits_of(told: &Value) -> Vec<u64> {
    told["bits"].as_array().expect("bits").iter().filter_map(Value::as_u64).collect()
}

/// The bits of what came.
pub fn bits(values: &[f32]) -> Vec<u64> {
    values.iter().map(|value| u64::from(value.to_bits())).collect()
}

/// The next samples.
pub async fn samples(source: &mut FieldTripSource) -> Received {
    match source.receive().await.expect("samples") {
        Incoming::Samples(received) => received,
        other => panic!("{other:?}"),
    }
}

/// What comes until so many values have come: their bits, the samples that were lost, and the marks with
/// the number of their sample.
pub async fn until(
    source: &mut FieldTripSource,
    channels: usize,
    values: usize,
) -> (Vec<u64>, u64, Vec<(usize, String)>) {
    let (mut all, mut lost, mut marks) = (Vec::new(), 0, Vec::new());
    while all.len() < values {
        let received = samples(source).await;
        let first = all.len() / channels;
        marks.extend(received.marks.into_iter().map(|mark| (first + mark.frame, mark.text)));
        lost += received.lost_before;
        all.extend(bits(&received.values));
    }
    (all, lost, marks)
}
