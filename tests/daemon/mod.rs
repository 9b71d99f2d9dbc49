//! The daemon as a process, with a configuration of its own in a folder of its own.
#![allow(dead_code, reason = "each test uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use vigil::alarm::AlarmLog;
use vigil::alarm::entry::What;

/// The secret word of these tests.
pub const TOKEN: &str = "a-token-for-tests-only";

/// Longest time that anything here may take.
pub const PATIENCE: Duration = Duration::from_secs(240);

/// A ward in a folder.
pub struct Ward {
    pub folder: tempfile::TempDir,
}

impl Ward {
    /// A ward with patients chb03 (with an autoencoder) and new (without), and the given beds.
    pub fn new(beds: &str) -> Ward {
        Ward::with("", beds)
    }

    /// The same, with further sections.
    pub fn with(sections: &str, beds: &str) -> Ward {
        let ward = Ward { folder: tempfile::tempdir().unwrap() };
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let patients = ward.path("patients");
        for (id, own) in [("chb03", true), ("new", false)] {
            std::fs::create_dir_all(patients.join(id)).unwrap();
            let settings = std::fs::read_to_string(root.join("patients/chb03/patient.toml")).unwrap();
            std::fs::write(patients.join(id).join("patient.toml"), settings).unwrap();
            if own {
                let weights = "autoencoder.safetensors";
                std::fs::copy(root.join("patients/chb03").join(weights), patients.join(id).join(weights))
                    .unwrap();
            }
        }
        std::fs::write(ward.path("token"), TOKEN).unwrap();
        ward.configure(sections, beds);
        ward
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes vigil.toml.
    pub fn configure(&self, sections: &str, beds: &str) {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("models");
        let text = format!(
            "[ward]\nname = \"Test\"\nstate = \"state\"\npatients = \"patients\"\nmodels = {models:?}\n\
             [http]\nlisten = \"127.0.0.1:0\"\ntoken_file = \"token\"\n\
             [record]\nfolder = \"record\"\nkeep_free_gb = 0\nwarn_free_gb = 0\n{sections}\n{beds}\n"
        );
        std::fs::write(self.path("vigil.toml"), text).unwrap();
    }

    /// Starts the daemon and waits until it listens.
    pub fn start(&self) -> Daemon {
        self.start_with(&[])
    }

    /// The same, with variables in its environment.
    pub fn start_with(&self, variables: &[(&str, &str)]) -> Daemon {
        self.start_by(Command::new(env!("CARGO_BIN_EXE_vigil")), variables)
    }

    /// The same, by a command that ends in the program.
    pub fn start_by(&self, mut command: Command, variables: &[(&str, &str)]) -> Daemon {
        let mut child = command
            .args(["serve", "--config"])
            .arg(self.path("vigil.toml"))
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (stderr, into) = (child.stderr.take().unwrap(), log.clone());
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut log = into.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        let mut daemon = Daemon { child, log, reader: Some(reader), address: String::new() };
        daemon.address = daemon.wait_for("the address", |daemon| {
            let log = daemon.log();
            let at = log.find("address=")?;
            Some(log[at + 8..].split_whitespace().next()?.to_string())
        });
        daemon
    }

    /// The files of a bed's record, in order.
    pub fn files(&self, bed: &str) -> Vec<PathBuf> {
        vigil::record::files_of(&self.path("record"), bed).unwrap()
    }

    /// The log of alarms, as the daemon keeps it; `None` before there is one.
    pub fn log(&self) -> Option<AlarmLog> {
        AlarmLog::open_existing(&self.path("state/alarms.sqlite")).ok()
    }

    /// What the log says of alarms and exchanged networks, oldest first. The end of a technical alarm is told as the
    /// same alarm, no longer raised.
    pub fn alarms(&self) -> Vec<serde_json::Value> {
        let entries = self.log().map(|log| log.entries().unwrap()).unwrap_or_default();
        let mut technical = std::collections::BTreeMap::new();
        let mut told = Vec::new();
        for logged in entries {
            let entry = logged.entry;
            let mut value = serde_json::to_value(&entry.what).unwrap();
            match &entry.what {
                What::Technical { .. } => {
                    value["raised"] = true.into();
                    technical.insert(entry.alarm.clone(), value.clone());
                }
                What::Ended { .. } => {
                    if let Some(raised) = technical.get(&entry.alarm) {
                        value = raised.clone();
                        value["raised"] = false.into();
                    }
                }
                What::Seizure { .. } | What::Switched { .. } => {}
                _ => continue,
            }
            value["bed"] = entry.bed.into();
            value["patient"] = entry.patient.into();
            value["alarm"] = entry.alarm.into();
            value["time"] = entry.at.text().into();
            told.push(value);
        }
        told
    }
}

/// A daemon that runs; it is killed when dropped.
pub struct Daemon {
    pub child: Child,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
    pub address: String,
}

impl Daemon {
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until something holds; fails with the log.
    pub fn wait_for<T>(&mut self, what: &str, mut holds: impl FnMut(&mut Daemon) -> Option<T>) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = holds(self) {
                return found;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(
                ended.is_none() && began.elapsed() < PATIENCE,
                "waited for {what}; ended: {ended:?}; the log:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A request; the status code and the body.
    pub fn ask(&self, method: &str, path: &str, token: Option<&str>, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let authorization = token.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{authorization}{kind}Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let code = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (code, answer.split_once("\r\n\r\n").map(|(_, body)| body.to_string()).unwrap_or_default())
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        self.ask("GET", path, None, "")
    }

    /// A bed as the API shows it; null where there is none.
    pub fn bed(&self, bed: &str) -> serde_json::Value {
        let (code, body) = self.get(&format!("/api/v1/beds/{bed}"));
        if code == 200 { serde_json::from_str(&body).unwrap() } else { serde_json::Value::Null }
    }

    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").arg(signal).arg(self.child.id().to_string()).status().unwrap();
        assert!(sent.success());
    }

    /// Stops it in order.
    pub fn stop(self) -> String {
        self.signal("-TERM");
        self.stop_when_told()
    }

    /// Waits until it has stopped; all that it said.
    pub fn stop_when_told(mut self) -> String {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < PATIENCE, "it does not stop; the log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        let ended = self.child.wait().unwrap();
        // Its last lines may still be on their way. Whoever holds its other end open has outlived it.
        let reader = self.reader.take().unwrap();
        while !reader.is_finished() {
            assert!(began.elapsed() < PATIENCE, "what it started does not end; the log:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(5));
        }
        reader.join().unwrap();
        assert!(ended.success(), "{}", self.log());
        self.log()
    }

    /// Kills it.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
