//! A webhook receiver that behaves as it is told.
#![allow(dead_code, reason = "each test uses a part")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

/// What it does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Takes it.
    Take,
    /// Answers with this code.
    Answer(u16),
    /// Answers with this code to whatever holds this text, and takes the rest.
    AnswerTo(&'static str, u16),
    /// Answers with 503 until a request holds these texts, and takes it and whatever comes from then on.
    TakeFrom([&'static str; 2]),
    /// Takes it after so many milliseconds.
    Slow(u64),
    /// Reads it and says nothing.
    Never,
    /// Answers with what is no HTTP.
    Nonsense,
}

/// A request that was read.
#[derive(Debug, Clone)]
pub struct Came {
    pub at: SystemTime,
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub taken: bool,
}

impl Came {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

pub struct Receiver {
    pub address: String,
    behaviour: Arc<Mutex<Behaviour>>,
    came: Arc<Mutex<Vec<Came>>>,
}

impl Receiver {
    pub fn start(behaviour: Behaviour) -> Receiver {
        Receiver::on("127.0.0.1:0", behaviour)
    }

    pub fn on(address: &str, behaviour: Behaviour) -> Receiver {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (behaviour, came) = (Arc::new(Mutex::new(behaviour)), Arc::new(Mutex::new(Vec::new())));
        let (how, into) = (behaviour.clone(), came.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (how, into) = (how.clone(), into.clone());
                std::thread::spawn(move || serve(stream, &how, &into));
            }
        });
        Receiver { address, behaviour, came }
    }

    pub fn set(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    pub fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }

    /// The messages that were taken.
    pub fn taken(&self) -> Vec<serde_json::Value> {
        self.came().iter().filter(|came| came.taken).map(Came::json).collect()
    }

    /// A channel of vigil.toml that sends here.
    pub fn channel(&self, name: &str, more: &str) -> String {
        format!(
            "[[channel]]\nname = \"{name}\"\nwebhook = {{ url = \"http://{}/hook\", secret_file = \"token\" }}\n{more}\n",
            self.address
        )
    }
}

fn serve(stream: TcpStream, how: &Mutex<Behaviour>, came: &Mutex<Vec<Came>>) {
    let mut answer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let mut headers = Vec::new();
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            let Some((name, value)) = line.trim().split_once(':') else { break };
            headers.push((name.to_string(), value.trim().to_string()));
        }
        let length = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let body = String::from_utf8(body).unwrap();
        let mut how = how.lock().unwrap();
        if matches!(*how, Behaviour::TakeFrom(texts) if texts.iter().all(|text| body.contains(text))) {
            *how = Behaviour::Take;
        }
        let behaviour = *how;
        drop(how);
        let behaviour = match behaviour {
            Behaviour::TakeFrom(_) => Behaviour::Answer(503),
            Behaviour::AnswerTo(text, code) if body.contains(text) => Behaviour::Answer(code),
            Behaviour::AnswerTo(..) => Behaviour::Take,
            other => other,
        };
        let taken = matches!(behaviour, Behaviour::Take | Behaviour::Slow(_));
        came.lock().unwrap().push(Came { at: SystemTime::now(), headers, body, taken });
        let words = match behaviour {
            Behaviour::Take | Behaviour::AnswerTo(..) | Behaviour::TakeFrom(_) => {
                "HTTP/1.1 204 No Content\r\n\r\n".to_string()
            }
            Behaviour::Slow(ms) => {
                std::thread::sleep(Duration::from_millis(ms));
                "HTTP/1.1 204 No Content\r\n\r\n".to_string()
            }
            Behaviour::Answer(code) => format!("HTTP/1.1 {code} Whatever\r\nContent-Length: 0\r\n\r\n"),
            Behaviour::Nonsense => "220 mail.example ready\r\n\r\n".to_string(),
            Behaviour::Never => {
                std::thread::sleep(Duration::from_secs(3600));
                return;
            }
        };
        if answer.write_all(words.as_bytes()).is_err() {
            return;
        }
    }
}
