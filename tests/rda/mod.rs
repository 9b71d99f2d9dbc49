//! Recorders to read from: golden streams on a loopback socket, and one that another program plays.

use std::future::Future;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use vigil::source::live::{Incoming, LiveError, LiveLayout, LiveSource};
use vigil::source::rda::{RdaConfig, RdaSource};

const TESTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");

/// The golden stream `name`.
pub fn golden(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(TESTS).join("golden/rda").join(format!("{name}.bin"))).expect("a golden stream")
}

/// What the golden stream `name` must be read as.
pub fn expected(name: &str) -> Vec<Value> {
    let text =
        std::fs::read_to_string(Path::new(TESTS).join("golden/rda/expected.json")).expect("golden values");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    all[name].as_array().expect("a golden stream").clone()
}

/// Serves `bytes` to whoever connects first, in pieces, then closes. Gives the port.
pub async fn serve(bytes: Vec<u8>, piece: usize) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        stream.set_nodelay(true).expect("a socket");
        for piece in bytes.chunks(piece) {
            if stream.write_all(piece).await.is_err() {
                return;
            }
            tokio::task::yield_now().await;
        }
    });
    port
}

/// A source of the recorder at `port`.
pub fn source(port: u16) -> RdaSource {
    RdaSource::new(RdaConfig { host: "127.0.0.1".into(), port })
}

/// All that a source gives, as the golden values tell it.
pub async fn read(source: &mut RdaSource) -> Vec<Value> {
    let mut all = vec![layout(&source.connect().await.expect("a start message"))];
    loop {
        match source.receive().await {
            Ok(came) => all.push(incoming(&came)),
            Err(error) => {
                all.push(ended(&error));
                return all;
            }
        }
    }
}

/// A layout, as the golden values tell it.
pub fn layout(layout: &LiveLayout) -> Value {
    assert!(layout.channels.iter().all(|channel| channel.unit.as_deref() == Some("uV")));
    let labels: Vec<&Option<String>> = layout.channels.iter().map(|channel| &channel.label).collect();
    json!({"layout": {"rate_hz": layout.rate_hz, "labels": labels}})
}

/// What came, as the golden values tell it.
pub fn incoming(incoming: &Incoming) -> Value {
    match incoming {
        Incoming::Samples(received) => {
            let bits: Vec<u32> = received.values.iter().map(|value| value.to_bits()).collect();
            let marks: Vec<Value> =
                received.marks.iter().map(|mark| json!([mark.frame, mark.text])).collect();
            json!({"samples": {"bits": bits, "lost_before": received.lost_before, "marks": marks}})
        }
        Incoming::Layout(told) => layout(told),
        Incoming::Ended => json!("ended"),
    }
}

/// The end of a stream, as the golden values tell it.
pub fn ended(error: &LiveError) -> Value {
    match error {
        LiveError::Lost { reason, .. } => json!({"lost": reason}),
        other => json!({"error": other.to_string()}),
    }
}

/// A generous limit: a test that hangs fails.
pub async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it ends")
}

/// A recorder that `server.py` plays.
pub struct Recorder {
    child: Child,
    say: ChildStdin,
    hear: Lines<BufReader<ChildStdout>>,
    /// Points of the block before.
    pub last_points: u64,
}

impl Recorder {
    /// Starts one, where there is a Python.
    pub fn start() -> Option<Recorder> {
        let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/.venv/bin/python").to_string();
        let named = std::env::var("VIGIL_PYTHON").ok();
        let started = named.into_iter().chain([beside, "python3".into()]).find_map(|python| {
            let mut command = Command::new(python);
            command.arg("-B").arg(Path::new(TESTS).join("rda/server.py"));
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()
        });
        let Some(mut child) = started else {
            println!("skipped: there is no Python; VIGIL_PYTHON names one");
            return None;
        };
        let say = child.stdin.take().expect("a pipe");
        let hear = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Some(Recorder { child, say, hear, last_points: 0 })
    }

    /// Where it listens.
    pub fn port(&mut self) -> u16 {
        self.hear()["port"].as_u64().and_then(|port| port.try_into().ok()).expect("a port")
    }

    /// Tells it what to do next.
    pub fn say(&mut self, command: &Value) {
        writeln!(self.say, "{command}").and_then(|()| self.say.flush()).expect("the recorder listens");
    }

    /// What it answers.
    pub fn hear(&mut self) -> Value {
        let line = self.hear.next().expect("an answer").expect("an answer");
        serde_json::from_str(&line).expect("JSON")
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
