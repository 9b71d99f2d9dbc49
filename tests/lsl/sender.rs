//! A sender that does as it is told, right or wrong.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinSet;
use vigil::source::lsl::info::StreamInfo;
use vigil::source::lsl::query::{ShortInfoRequest, matches, reply};
use vigil::source::lsl::sample::SampleFormat;
use vigil::source::lsl::time::{TimeRequest, local_clock_s};

/// What the sender does when it is asked for something.
#[derive(Clone)]
pub enum Says {
    /// These bytes, so many at a time, and then nothing more.
    Bytes(Vec<u8>, usize),
    /// These bytes, and then it hangs up.
    LastBytes(Vec<u8>),
    /// Nothing, for ever.
    Silence,
    /// Nothing; it does not even listen.
    Closed,
}

/// How the sender answers clock probes.
#[derive(Clone, Copy)]
pub enum Clock {
    /// By a clock that is so many seconds ahead of ours.
    Ahead(f64),
    /// The same, but every other answer leaves 60 ms after it says so.
    AheadAndLate(f64),
    /// Not at all.
    Silent,
    /// With nonsense.
    Nonsense,
}

/// A stream for a sender to serve.
pub fn stream(source_id: &str, channels: usize) -> StreamInfo {
    StreamInfo {
        name: format!("stream {source_id}"),
        stream_type: "EEG".into(),
        channel_count: channels,
        format: SampleFormat::Float32,
        source_id: source_id.into(),
        rate_hz: 256.0,
        version: 110,
        created_at_s: 1.0,
        uid: format!("uid-{source_id}"),
        session_id: "default".into(),
        hostname: "test".into(),
        v4_data_port: 0,
        v4_service_port: 0,
        v6_data_port: 0,
        v6_service_port: 0,
        channels: Vec::new(),
        misdescribed: None,
    }
}

/// Serves until the set is dropped. `description` replaces the true one.
pub async fn serve(mut info: StreamInfo, clock: Clock, description: Option<Says>, feed: Says) -> JoinSet<()> {
    let mut udp = None;
    for port in (16573..=16603).rev() {
        if let Ok(socket) = UdpSocket::bind(("127.0.0.1", port)).await {
            udp = Some(socket);
            break;
        }
    }
    let udp = Arc::new(udp.expect("a free port"));
    let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    info.v4_service_port = udp.local_addr().expect("bound").port();
    info.v4_data_port = tcp.local_addr().expect("bound").port();
    let description = description.unwrap_or_else(|| Says::LastBytes(info.to_xml(true).into_bytes()));
    let mut tasks = JoinSet::new();
    tasks.spawn(answer(udp, info, clock));
    if matches!(feed, Says::Closed) {
        return tasks;
    }
    tasks.spawn(async move {
        let mut sessions = JoinSet::new();
        while let Ok((connection, _)) = tcp.accept().await {
            sessions.spawn(session(connection, description.clone(), feed.clone()));
        }
    });
    tasks
}

async fn session(mut connection: TcpStream, description: Says, feed: Says) {
    let mut request = [0; 4096];
    let length = connection.read(&mut request).await.unwrap_or(0);
    let says = if request[..length].starts_with(b"LSL:fullinfo") { description } else { feed };
    match says {
        Says::Bytes(bytes, most) => {
            for piece in bytes.chunks(most.max(1)) {
                if connection.write_all(piece).await.is_err() {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
        Says::LastBytes(bytes) => {
            let _ = connection.write_all(&bytes).await;
            return;
        }
        Says::Silence | Says::Closed => {}
    }
    // Until the reader goes.
    while connection.read(&mut request).await.unwrap_or(0) > 0 {}
}

async fn answer(udp: Arc<UdpSocket>, info: StreamInfo, clock: Clock) {
    let mut packet = [0; 4096];
    let mut probes = 0u32;
    loop {
        let Ok((length, from)) = udp.recv_from(&mut packet).await else { continue };
        let received_s = local_clock_s();
        if let Ok(request) = ShortInfoRequest::parse(&packet[..length]) {
            if matches(request.query, &info) {
                let _ = udp.send_to(&reply(request.query_id, &info), (from.ip(), request.return_port)).await;
            }
        } else if let Ok(request) = TimeRequest::parse(&packet[..length]) {
            probes += 1;
            let (ahead_s, late) = match clock {
                Clock::Ahead(ahead_s) => (ahead_s, false),
                Clock::AheadAndLate(ahead_s) => (ahead_s, probes % 2 == 1),
                Clock::Silent => continue,
                Clock::Nonsense => {
                    for nonsense in [&b"nonsense"[..], b" 1 1 1 nan", b" 0 1 2", b"\xff\xfe"] {
                        let _ = udp.send_to(nonsense, from).await;
                    }
                    continue;
                }
            };
            let answer = request.answer(received_s + ahead_s, local_clock_s() + ahead_s);
            let udp = Arc::clone(&udp);
            tokio::spawn(async move {
                if late {
                    tokio::time::sleep(Duration::from_millis(60)).await;
                }
                let _ = udp.send_to(&answer, from).await;
            });
        }
    }
}
