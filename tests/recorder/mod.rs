//! A stand-in for BrainVision Recorder, written from the protocol's description: it sends as fast as it
//! is told. Beside it, a sender over LSL with stamps of a test's choice.
#![allow(dead_code, reason = "each test uses a part")]

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use vigil::source::lsl::time::local_clock_s;
use vigil::source::lsl::{Outlet, OutletStream};

pub const LABELS: [&str; 19] = [
    "Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2", "F7", "F8", "T7", "T8", "P7", "P8", "Fz",
    "Cz", "Pz",
];

const GUID: [u8; 16] =
    [0x8e, 0x45, 0x58, 0x43, 0x96, 0xc9, 0x86, 0x4c, 0xaf, 0x4a, 0x98, 0xbb, 0xf6, 0xc9, 0x14, 0x50];

struct State {
    speed: AtomicU64,
    gain: AtomicU64,
    away_until: Mutex<Instant>,
    stopped: AtomicBool,
    turned: AtomicBool,
    breaking: AtomicBool,
}

/// A recorder that listens; it ends when dropped.
pub struct Recorder {
    port: u16,
    state: Arc<State>,
}

impl Recorder {
    /// Announces `rate_hz` and sends at `speed` times that rate.
    pub fn start(rate_hz: f64, speed: f64) -> Recorder {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State {
            speed: AtomicU64::new(speed.to_bits()),
            gain: AtomicU64::new(1f64.to_bits()),
            away_until: Mutex::new(Instant::now()),
            stopped: AtomicBool::new(false),
            turned: AtomicBool::new(false),
            breaking: AtomicBool::new(false),
        });
        let of_thread = state.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if of_thread.stopped.load(Ordering::Relaxed) {
                    return;
                }
                if Instant::now() >= *of_thread.away_until.lock().unwrap() {
                    // A client that goes away ends its own stream.
                    let _ = serve(stream, rate_hz, &of_thread);
                }
            }
        });
        Recorder { port, state }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn set_speed(&self, speed: f64) {
        self.state.speed.store(speed.to_bits(), Ordering::Relaxed);
    }

    /// What every value is multiplied by from now on: 1e-6 are volts that are called microvolts.
    pub fn set_gain(&self, gain: f64) {
        self.state.gain.store(gain.to_bits(), Ordering::Relaxed);
    }

    /// Turns the order of the channels round, in the middle of the stream.
    pub fn turn_round(&self) {
        self.state.turned.store(true, Ordering::Relaxed);
    }

    /// From now on, whether one of the sixteen blocks of every second is lost.
    pub fn lose_a_block_each_second(&self, lost: bool) {
        self.state.breaking.store(lost, Ordering::Relaxed);
    }

    /// Ends the connection and refuses others for a while.
    pub fn hang_up(&self, wait: Duration) {
        *self.state.away_until.lock().unwrap() = Instant::now() + wait;
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn message(kind: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = GUID.to_vec();
    bytes.extend_from_slice(&(24 + body.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&kind.to_le_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn description(rate_hz: f64, labels: &[&str]) -> Vec<u8> {
    let mut body = (LABELS.len() as u32).to_le_bytes().to_vec();
    body.extend_from_slice(&(1e6 / rate_hz).to_le_bytes());
    for _ in LABELS {
        body.extend_from_slice(&0.5f64.to_le_bytes());
    }
    for label in labels {
        body.extend_from_slice(label.as_bytes());
        body.push(0);
    }
    message(1, &body)
}

fn serve(mut stream: TcpStream, rate_hz: f64, state: &State) -> std::io::Result<()> {
    stream.write_all(&description(rate_hz, &LABELS))?;
    let mut turned = false;
    let points = (rate_hz / 16.0) as usize;
    let mut sample = 0usize;
    // Paced by what is due: late wake-ups must not add up to another rate.
    let mut due = Instant::now();
    for block in 0u32.. {
        if state.stopped.load(Ordering::Relaxed) || Instant::now() < *state.away_until.lock().unwrap() {
            return Ok(());
        }
        if !turned && state.turned.load(Ordering::Relaxed) {
            turned = true;
            let mut labels = LABELS;
            labels.reverse();
            stream.write_all(&description(rate_hz, &labels))?;
        }
        let mut body = block.to_le_bytes().to_vec();
        body.extend_from_slice(&(points as u32).to_le_bytes());
        body.extend_from_slice(&0u32.to_le_bytes());
        let gain = f64::from_bits(state.gain.load(Ordering::Relaxed));
        for _ in 0..points {
            for channel in 0..LABELS.len() {
                let phase = sample as f64 / rate_hz * std::f64::consts::TAU * (5.0 + channel as f64 / 3.0);
                body.extend_from_slice(&((60.0 * gain * phase.sin()) as f32).to_le_bytes());
            }
            sample += 1;
        }
        if block % 16 != 15 || !state.breaking.load(Ordering::Relaxed) {
            stream.write_all(&message(4, &body))?;
        }
        let speed = f64::from_bits(state.speed.load(Ordering::Relaxed));
        due += Duration::from_secs_f64(points as f64 / rate_hz / speed);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// Sends the 19 channels at 256 Hz over LSL from 127.0.0.1, in real time, until the test ends. `name` is its source id, too;
/// `stamp` makes a stamp of the moment, by LSL's clock in seconds, at which a block of 16 frames is due.
pub fn stream_over_lsl(name: &str, stamp: impl Fn(f64) -> f64 + Send + 'static) {
    let name = name.to_string();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let stream = OutletStream {
                name: name.clone(),
                type_: "EEG".into(),
                source_id: name,
                labels: LABELS.map(String::from).to_vec(),
                units: vec!["microvolts".into(); 19],
                rate_hz: 256.0,
            };
            let outlet = Outlet::bind([127, 0, 0, 1].into(), vec![stream]).await.unwrap();
            let began_s = local_clock_s();
            for piece in 0u32.. {
                let due_s = began_s + f64::from(piece) / 16.0;
                tokio::time::sleep(Duration::from_secs_f64((due_s - local_clock_s()).max(0.0))).await;
                let frames: Vec<f32> =
                    (0..16 * 19).map(|at| ((piece * 304 + at) as f32 / 50.0).sin() * 40.0).collect();
                outlet.push_stamped(0, &frames, stamp(due_s)).unwrap();
            }
        });
    });
}
