//! How far the sender's clock is from ours.
//!
//! A probe is a UDP packet `LSL:timedata\r\n<wave> <t0>\r\n`, the answer ` <wave> <t0> <t1> <t2>`:
//! sent at t0 and received at t3 by our clock, received at t1 and answered at t2 by theirs; seconds,
//! in decimal. Then their clock is ahead of ours by ((t1 - t0) + (t2 - t3)) / 2, wrong by at most half
//! of the round trip (t3 - t0) - (t2 - t1). Of a wave of probes, the one of least round trip counts.
//!
//! LSL's clock is any that never steps back, from any zero. Ours counts from the start of the
//! program.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio::time::timeout;

use super::wire::{WireError, shown};

/// Probes in a wave, and how many answers make an estimate.
const PROBES: u32 = 8;
const LEAST_ANSWERS: usize = 6;
const BETWEEN_PROBES: Duration = Duration::from_millis(20);
/// An answer that comes later says little.
const LONGEST_ROUND_TRIP: Duration = Duration::from_millis(250);
/// From one wave to the next.
const BETWEEN_WAVES: Duration = Duration::from_secs(2);

/// Seconds of this program's own clock, which never steps.
pub fn local_clock_s() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    // A clock at zero would look like one that is not set.
    START.get_or_init(Instant::now).elapsed().as_secs_f64() + 1.0
}

/// The moment `local_s` of our own clock in seconds since 1970, by what this machine's wall clock says
/// now.
pub fn unix_s(local_s: f64) -> f64 {
    let age_s = local_clock_s() - local_s;
    let now_s = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    };
    now_s - age_s
}

/// A probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeRequest {
    /// Tells answers apart.
    pub wave: i32,
    /// When it was sent, by the sender's clock, in seconds.
    pub sent_s: f64,
}

impl TimeRequest {
    /// The packet.
    pub fn to_bytes(&self) -> Vec<u8> {
        format!("LSL:timedata\r\n{} {}\r\n", self.wave, self.sent_s).into_bytes()
    }

    /// Reads a probe.
    ///
    /// # Errors
    /// [`WireError::Malformed`] where it is none.
    pub fn parse(packet: &[u8]) -> Result<TimeRequest, WireError> {
        let read = || {
            let rest = std::str::from_utf8(packet).ok()?.strip_prefix("LSL:timedata")?;
            let mut words = rest.split_ascii_whitespace();
            Some(TimeRequest { wave: words.next()?.parse().ok()?, sent_s: seconds(words.next()?)? })
        };
        read().ok_or_else(|| WireError::malformed(shown(packet), "LSL:timedata, a number and a time"))
    }

    /// The answer, received at `received_s` and sent at `answered_s` by the answering clock.
    pub fn answer(&self, received_s: f64, answered_s: f64) -> Vec<u8> {
        format!(" {} {} {received_s} {answered_s}", self.wave, self.sent_s).into_bytes()
    }
}

/// The answer to a probe.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeReply {
    /// The probe's own number.
    pub wave: i32,
    /// t0, t1 and t2.
    pub times_s: [f64; 3],
}

impl TimeReply {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`WireError::Malformed`] where it is none.
    pub fn parse(packet: &[u8]) -> Result<TimeReply, WireError> {
        let read = || {
            let mut words = std::str::from_utf8(packet).ok()?.split_ascii_whitespace();
            let wave = words.next()?.parse().ok()?;
            let mut time = || seconds(words.next()?);
            Some(TimeReply { wave, times_s: [time()?, time()?, time()?] })
        };
        read().ok_or_else(|| WireError::malformed(shown(packet), "a number and three times"))
    }
}

fn seconds(word: &str) -> Option<f64> {
    word.parse().ok().filter(|seconds: &f64| seconds.is_finite())
}

/// What one probe tells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockProbe {
    /// Time on the way, there and back, in seconds.
    pub round_trip_s: f64,
    /// What to add to the sender's stamps to have our clock's, in seconds.
    pub correction_s: f64,
}

impl ClockProbe {
    /// Of the four times; `None` where they cannot be so: an answer before its question.
    pub fn of(t0: f64, t1: f64, t2: f64, t3: f64) -> Option<ClockProbe> {
        let round_trip_s = (t3 - t0) - (t2 - t1);
        let correction_s = ((t0 - t1) + (t3 - t2)) / 2.0;
        // Decimal times lose their last digits on the way.
        (round_trip_s > -1e-3 && round_trip_s.is_finite() && correction_s.is_finite())
            .then_some(ClockProbe { round_trip_s, correction_s })
    }
}

/// The correction of a wave: that of the probe of least round trip. `None` where fewer than six
/// came back.
pub fn estimate(wave: &[ClockProbe]) -> Option<f64> {
    if wave.len() < LEAST_ANSWERS {
        return None;
    }
    wave.iter().min_by(|a, b| a.round_trip_s.total_cmp(&b.round_trip_s)).map(|probe| probe.correction_s)
}

/// Keeps the clock correction of one sender up to date for as long as it lives.
#[derive(Debug)]
pub(super) struct ClockWatch {
    correction_s: watch::Receiver<Option<f64>>,
    task: tokio::task::JoinHandle<()>,
}

impl ClockWatch {
    /// Starts to probe the service port at `peer`, and waits for the first estimate for as long as
    /// one takes. A sender that does not answer is a sender without a clock, not an error.
    pub(super) async fn start(peer: SocketAddr) -> ClockWatch {
        let (send, correction_s) = watch::channel(None);
        let mut first = correction_s.clone();
        let task = tokio::spawn(watch_clock(peer, send));
        let _ = timeout(Duration::from_secs(1), first.wait_for(Option::is_some)).await;
        ClockWatch { correction_s, task }
    }

    /// What to add to the sender's stamps, in seconds; `None` while it is not known.
    pub(super) fn correction_s(&self) -> Option<f64> {
        *self.correction_s.borrow()
    }
}

impl Drop for ClockWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn watch_clock(peer: SocketAddr, correction_s: watch::Sender<Option<f64>>) {
    let any = if peer.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let mut first_wave = 0;
    loop {
        // A new socket each time: one that has failed, as after a change of the network, stays bad.
        let socket = match UdpSocket::bind(any).await {
            Ok(socket) => socket.connect(peer).await.map(|()| socket),
            Err(error) => Err(error),
        };
        match socket {
            Ok(socket) => {
                if let Some(estimate) = estimate(&probe(&socket, first_wave).await) {
                    correction_s.send_replace(Some(estimate));
                }
            }
            Err(error) => tracing::debug!(%peer, %error, "cannot probe the clock of an LSL sender"),
        }
        first_wave = (first_wave + PROBES as i32) & 0x00ff_ffff;
        tokio::time::sleep(BETWEEN_WAVES).await;
    }
}

/// Sends one wave and gathers its answers.
async fn probe(socket: &UdpSocket, first_wave: i32) -> Vec<ClockProbe> {
    let mut sent_s = Vec::new();
    let mut probes = Vec::new();
    for wave in (first_wave..).take(PROBES as usize) {
        let now_s = local_clock_s();
        sent_s.push(Some(now_s));
        if let Err(error) = socket.send(&TimeRequest { wave, sent_s: now_s }.to_bytes()).await {
            tracing::debug!(%error, "cannot send a clock probe");
        }
        gather(socket, first_wave, &mut sent_s, &mut probes, BETWEEN_PROBES).await;
    }
    gather(socket, first_wave, &mut sent_s, &mut probes, LONGEST_ROUND_TRIP).await;
    probes
}

/// Takes answers for so long, or until every probe of the wave has one.
async fn gather(
    socket: &UdpSocket,
    first_wave: i32,
    sent_s: &mut [Option<f64>],
    probes: &mut Vec<ClockProbe>,
    time: Duration,
) {
    let until = tokio::time::Instant::now() + time;
    let mut packet = [0; 512];
    while probes.len() < PROBES as usize && tokio::time::Instant::now() < until {
        let received = match tokio::time::timeout_at(until, socket.recv(&mut packet)).await {
            Err(_) => return,
            // The system's report that nobody listens there.
            Ok(Err(_)) => continue,
            Ok(Ok(length)) => &packet[..length],
        };
        let received_s = local_clock_s();
        let Ok(reply) = TimeReply::parse(received) else { continue };
        let number = reply.wave.checked_sub(first_wave).and_then(|number| usize::try_from(number).ok());
        // Each probe counts once, and by our own note of when it left.
        let Some(sent) = number.and_then(|number| sent_s.get_mut(number)).and_then(Option::take) else {
            continue;
        };
        let [_, t1, t2] = reply.times_s;
        probes.extend(ClockProbe::of(sent, t1, t2, received_s));
    }
}
