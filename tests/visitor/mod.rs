//! Somebody at the port: a browser with a cookie and a page's proof, or whoever sends what no browser would.
#![allow(dead_code, reason = "each test uses a part")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};

use super::daemon::{PATIENCE, Ward};

/// The password of every account here.
pub const PASSWORD: &str = "correct horse battery";

/// One account of each role: viewer, nurse, reviewer, administrator.
pub const ROLES: [(&str, &str); 4] =
    [("vera", "viewer"), ("nora", "nurse"), ("rita", "reviewer"), ("ada", "administrator")];

/// Adds lines to [http] of a ward's configuration.
pub fn http(ward: &Ward, lines: &str) {
    let text = std::fs::read_to_string(ward.path("vigil.toml")).unwrap();
    let text = text.replace("token_file = \"token\"\n", &format!("token_file = \"token\"\n{lines}\n"));
    std::fs::write(ward.path("vigil.toml"), text).unwrap();
}

/// `vigil account ...` on a ward, with something on standard input.
pub fn account(ward: &Ward, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args(["account", "--config"])
        .arg(ward.path("vigil.toml"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that refuses before it reads has hung up.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// A ward where people sign in, with an account of each role.
pub fn with_accounts(beds: &str) -> Ward {
    let ward = Ward::new(beds);
    http(&ward, "accounts = \"accounts.toml\"");
    for (name, role) in ROLES {
        let added = account(&ward, &["add", name, "--role", role], PASSWORD);
        assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    }
    ward
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub code: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The words of a problem.
    pub fn detail(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        self.json()["detail"].as_str().unwrap().to_string()
    }

    pub fn read(text: &str) -> Answer {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let code = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).unwrap_or(0);
        let pair =
            |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_string()));
        Answer { code, headers: lines.filter_map(pair).collect(), body: body.to_string() }
    }
}

/// Sends bytes and reads until the other end hangs up; code 0 where it says nothing.
pub fn send(address: &str, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // Who is refused early may find the other end gone while still sending.
    let _ = stream.write_all(bytes);
    let mut text = Vec::new();
    let _ = stream.read_to_end(&mut text);
    Answer::read(&String::from_utf8_lossy(&text))
}

/// Somebody, with or without a session.
#[derive(Clone)]
pub struct Visitor {
    pub address: String,
    pub tls: Option<Arc<rustls::ClientConfig>>,
    pub cookie: Option<String>,
    pub csrf: Option<String>,
}

impl Visitor {
    /// Nobody yet.
    pub fn at(address: &str) -> Visitor {
        Visitor { address: address.to_string(), tls: None, cookie: None, csrf: None }
    }

    /// Over TLS, trusting one certificate.
    pub fn over_tls(address: &str, certificate: CertificateDer<'static>) -> Visitor {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(certificate).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Visitor { tls: Some(Arc::new(config)), ..Visitor::at(address) }
    }

    /// Somebody who is signed in.
    pub fn signed_in(address: &str, name: &str) -> Visitor {
        let mut visitor = Visitor::at(address);
        let answer = visitor.sign_in(name, PASSWORD);
        assert_eq!(answer.code, 200, "{answer:?}");
        visitor
    }

    /// Signs in; cookie and proof are kept.
    pub fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let body = serde_json::json!({ "name": name, "password": password }).to_string();
        let answer = self.ask("POST", "/api/v1/session", &body);
        if answer.code == 200 {
            let cookie = answer.header("set-cookie").unwrap();
            self.cookie = Some(cookie.split(';').next().unwrap().to_string());
            self.csrf = answer.json()["csrf"].as_str().map(str::to_string);
        }
        answer
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    /// As the page asks.
    pub fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_with(method, path, &[], body)
    }

    /// The same, with further headers; `Host`, `Cookie` and `X-CSRF-Token` stand for those of the page.
    pub fn ask_with(&self, method: &str, path: &str, more: &[(&str, &str)], body: &str) -> Answer {
        let given = |name: &str| more.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        let mut put = |name: &str, value: &str| {
            if !given(name) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        };
        put("Host", &self.address);
        if let Some(cookie) = &self.cookie {
            put("Cookie", cookie);
        }
        if let Some(csrf) = self.csrf.as_ref().filter(|_| method != "GET") {
            put("X-CSRF-Token", csrf);
        }
        if !body.is_empty() {
            put("Content-Type", "application/json");
        }
        if !body.is_empty() || method != "GET" {
            put("Content-Length", &body.len().to_string());
        }
        for (name, value) in more.iter().filter(|(_, value)| !value.is_empty()) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        self.exchange(format!("{head}\r\n{body}").as_bytes())
    }

    fn exchange(&self, bytes: &[u8]) -> Answer {
        let Some(config) = &self.tls else { return send(&self.address, bytes) };
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let client = rustls::ClientConnection::new(config.clone(), name).unwrap();
        let mut stream = rustls::StreamOwned::new(client, stream);
        let mut text = Vec::new();
        // Who does not trust the other end says nothing to it.
        if stream.write_all(bytes).is_ok() {
            let _ = stream.read_to_end(&mut text);
        }
        Answer::read(&String::from_utf8_lossy(&text))
    }
}

/// A page that listens to what happens.
pub struct Listener {
    pub stream: TcpStream,
    pub heard: Vec<u8>,
}

impl Listener {
    pub fn start(visitor: &Visitor) -> Listener {
        let mut stream = TcpStream::connect(&visitor.address).unwrap();
        let cookie = visitor.cookie.as_ref().map_or(String::new(), |cookie| format!("Cookie: {cookie}\r\n"));
        let head = format!("GET /api/v1/events HTTP/1.1\r\nHost: {}\r\n{cookie}\r\n", visitor.address);
        stream.write_all(head.as_bytes()).unwrap();
        Listener { stream, heard: Vec::new() }
    }

    /// Waits until an event of this name has come; `false` where the stream ends before.
    pub fn hears(&mut self, event: &str) -> bool {
        let wanted = format!("event: {event}\n");
        self.reads_until(|heard| String::from_utf8_lossy(heard).contains(&wanted))
    }

    /// Waits for a line of this kind; where it begins in what was heard.
    pub fn hears_line(&mut self, wanted: impl Fn(&str) -> bool) -> usize {
        let find = |heard: &[u8]| {
            let text = String::from_utf8_lossy(heard).into_owned();
            let mut begins = 0;
            for line in text.split_inclusive('\n') {
                // A line whose end has not come yet is none.
                if line.ends_with('\n') && wanted(line) {
                    return Some(begins);
                }
                begins += line.len();
            }
            None
        };
        assert!(self.reads_until(|heard| find(heard).is_some()), "the stream ended before");
        find(&self.heard).expect("just found")
    }

    /// Waits until the stream ends.
    pub fn ends(&mut self) -> bool {
        !self.reads_until(|_| false)
    }

    fn reads_until(&mut self, done: impl Fn(&[u8]) -> bool) -> bool {
        self.stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut bytes = [0; 4096];
        let began = std::time::Instant::now();
        while !done(&self.heard) {
            assert!(began.elapsed() < PATIENCE, "neither what was waited for nor the end");
            match self.stream.read(&mut bytes) {
                // The last chunk of a stream that ended in order is empty.
                Ok(length) if length > 0 && !bytes[..length].ends_with(b"0\r\n\r\n") => {
                    self.heard.extend_from_slice(&bytes[..length]);
                }
                Ok(_) => return false,
                Err(error) => panic!("neither an event nor the end: {error}"),
            }
        }
        true
    }
}
