//! What the outlet serves is read by liblsl and by vigil alike; a reader that is too slow loses the
//! oldest, and nobody else loses anything.

#[path = "lsl/peer.rs"]
mod peer;
#[path = "lsl/reading.rs"]
mod reading;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use peer::{Peer, python};
use reading::{here, in_time, samples, unique, values};
use serde_json::{Value, json};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use vigil::source::live::{LiveError, LiveSource};
use vigil::source::lsl::info::StreamInfo;
use vigil::source::lsl::query::{ShortInfoRequest, parse_reply, query_for};
use vigil::source::lsl::{LslConfig, LslSource, Outlet, OutletError, OutletStream};

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const GROUP: Ipv4Addr = Ipv4Addr::new(239, 255, 172, 215);

fn stream(source_id: &str, channels: usize) -> OutletStream {
    OutletStream {
        name: format!("stream of {source_id}"),
        type_: "EEG".into(),
        source_id: source_id.into(),
        labels: (0..channels).map(|channel| format!("E{channel} <&>")).collect(),
        units: vec!["microvolts".into(); channels],
        rate_hz: 256.0,
    }
}

/// Frames with every value another.
fn frames(channels: usize, count: usize, seed: usize) -> Vec<f32> {
    (0..channels * count).map(|number| (seed * 1000) as f32 - number as f32 / 3.0).collect()
}

async fn readers(outlet: &Outlet, stream: usize, wanted: usize) {
    in_time(async {
        while outlet.readers(stream).expect("a stream") != wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn liblsl_finds_describes_and_reads_a_stream() {
    let Some(python) = python("pylsl") else { return };
    let ids = [unique("first"), unique("second")];
    let outlet = Outlet::bind(HERE, vec![stream(&ids[0], 3), stream(&ids[1], 5)]).await.expect("an outlet");
    // The script is waited for on another thread, so that the outlet can answer.
    let (id, python_too) = (ids[1].clone(), python.clone());
    let mut peer = tokio::task::spawn_blocking(move || {
        let mut peer = Peer::start(&python_too, "inlet.py", &[&json!({"source_id": id}).to_string()]);
        let info = peer.hear();
        assert_eq!(info["name"], json!(format!("stream of {id}")));
        assert_eq!((&info["type"], &info["rate_hz"]), (&json!("EEG"), &json!(256.0)));
        assert_eq!(info["labels"], json!(["E0 <&>", "E1 <&>", "E2 <&>", "E3 <&>", "E4 <&>"]));
        assert_eq!(info["units"], json!(vec!["microvolts"; 5]));
        assert_eq!(peer.hear()["open"], json!(true));
        peer
    })
    .await
    .expect("the reader opens the stream");
    readers(&outlet, 1, 1).await;
    let sent = frames(5, 512, 7);
    for chunk in sent.chunks(5 * 32) {
        outlet.push(1, chunk).expect("frames");
    }
    outlet.push(0, &frames(3, 10, 1)).expect("frames for nobody");
    let heard = tokio::task::spawn_blocking(move || {
        peer.say("pull 512");
        peer.hear()
    })
    .await
    .expect("samples");
    let bits: Vec<u64> = heard["bits"].as_array().expect("bits").iter().filter_map(Value::as_u64).collect();
    assert_eq!(bits, sent.iter().map(|value| u64::from(value.to_bits())).collect::<Vec<_>>());
    for age_s in heard["ages_s"].as_array().expect("ages").iter().filter_map(Value::as_f64) {
        assert!((-0.05..60.0).contains(&age_s), "{age_s}");
    }
    readers(&outlet, 1, 0).await;
    assert_eq!(outlet.dropped(1).expect("a stream"), 0);
}

#[tokio::test]
async fn sixty_four_streams_of_one_outlet_are_told_apart() {
    let ids: Vec<String> = (0..64).map(|number| unique(&format!("bed-{number}"))).collect();
    let outlet = Outlet::bind(HERE, ids.iter().map(|id| stream(id, 4)).collect()).await.expect("an outlet");
    in_time(async {
        let mut sources = tokio::task::JoinSet::new();
        for (number, id) in ids.iter().enumerate() {
            let mut source = LslSource::new(here(id)).expect("a configuration");
            sources.spawn(async move {
                source.connect().await.unwrap_or_else(|error| panic!("{number}: {error}"));
                (number, source)
            });
        }
        for (number, mut source) in sources.join_all().await {
            readers(&outlet, number, 1).await;
            let sent = frames(4, 100, number);
            outlet.push(number, &sent).expect("frames");
            let (read, times) = values(&mut source, 4, 100).await;
            assert_eq!(read, sent);
            assert!(times[0].1.is_some(), "no clock");
        }
    })
    .await;
}

#[tokio::test]
async fn a_slow_reader_loses_the_oldest_and_another_reader_nothing() {
    let id = unique("slow");
    let outlet = Outlet::bind(HERE, vec![stream(&id, 64)]).await.expect("an outlet");
    let mut quick = LslSource::new(here(&id)).expect("a configuration");
    let mut slow = LslSource::new(here(&id)).expect("a configuration");
    in_time(async {
        quick.connect().await.expect("a stream");
        slow.connect().await.expect("a stream");
        readers(&outlet, 0, 2).await;
        // 700 s of 64 channels: more than 360 s and what lies in sockets on the way.
        let (mut read, mut pushed) = (0, 0);
        for second in 0..700usize {
            let values = vec![second as f32; 64 * 256];
            pushed += values.len();
            outlet.push(0, &values).expect("frames");
            while read < pushed {
                let received = samples(&mut quick).await.expect("samples");
                for (number, value) in received.values.iter().enumerate() {
                    assert_eq!(*value, ((read + number) / (64 * 256)) as f32);
                }
                read += received.values.len();
            }
        }
        let dropped = outlet.dropped(0).expect("a stream");
        assert!(dropped > 0, "nothing was dropped");
        let mut seconds = Vec::new();
        let mut read = 0;
        while (read as u64) < (700 * 256 - dropped) * 64 {
            let received = samples(&mut slow).await.expect("samples");
            read += received.values.len();
            seconds.extend(received.values.iter().map(|&second| second as usize));
            seconds.dedup();
        }
        assert!(seconds.is_sorted());
        assert_eq!((seconds.first(), seconds.last()), (Some(&0), Some(&699)));
        assert_eq!(seconds.len() as u64, 700 - dropped / 256);
        assert!(seconds.len() >= 360);
    })
    .await;
}

#[tokio::test]
async fn the_end_of_an_outlet_is_a_loss_and_its_successor_is_found() {
    let id = unique("successor");
    let mut source = LslSource::new(here(&id)).expect("a configuration");
    for _ in 0..2 {
        let outlet = Outlet::bind(HERE, vec![stream(&id, 2)]).await.expect("an outlet");
        in_time(source.connect()).await.expect("a stream");
        readers(&outlet, 0, 1).await;
        drop(outlet);
        let error = in_time(samples(&mut source)).await.expect_err("the end");
        assert!(matches!(error, LiveError::Lost { .. }), "{error}");
    }
}

/// A socket that hears and asks the groups on this machine's own loop, where the system lets it.
fn group_socket(port: u16) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    socket.join_multicast_v4(&GROUP, &Ipv4Addr::LOCALHOST)?;
    socket.set_multicast_if_v4(&Ipv4Addr::LOCALHOST)?;
    UdpSocket::from_std(socket.into())
}

#[tokio::test]
async fn a_question_to_a_group_is_asked_and_answered() {
    let id = unique("multicast");
    let _outlet = Outlet::bind(HERE, vec![stream(&id, 2)]).await.expect("an outlet");
    let (Ok(mut asking), Ok(hearing)) = (group_socket(0), group_socket(16571)) else {
        println!("skipped: no multicast on this machine's loop");
        return;
    };
    let query = query_for(&[("source_id", &id)]);
    let answer = in_time(ask(&mut asking, &query)).await;
    assert_eq!(answer.source_id, id);
    // The reader's own question goes to the group too.
    let unheard = unique("unheard");
    let config = LslConfig {
        hosts: Vec::new(),
        multicast: true,
        interfaces: vec![Ipv4Addr::LOCALHOST],
        resolve_timeout_s: 0.6,
        ..here(&unheard)
    };
    let mut source = LslSource::new(config).expect("a configuration");
    let heard = async {
        let mut packet = [0; 4096];
        loop {
            let (length, _) = hearing.recv_from(&mut packet).await.expect("packets");
            if String::from_utf8_lossy(&packet[..length]).contains(&unheard) {
                return;
            }
        }
    };
    let (connected, ()) = in_time(async { tokio::join!(source.connect(), heard) }).await;
    assert!(matches!(connected, Err(LiveError::NotFound { .. })));
}

/// Asks the group until somebody answers.
async fn ask(socket: &mut UdpSocket, query: &str) -> StreamInfo {
    let return_port = socket.local_addr().expect("bound").port();
    let question = ShortInfoRequest { query, return_port, query_id: "12" }.to_bytes();
    let mut packet = vec![0; 65_536];
    loop {
        socket.send_to(&question, (GROUP, 16571)).await.expect("a question");
        let answer = tokio::time::timeout(Duration::from_millis(300), socket.recv(&mut packet)).await;
        let Ok(Ok(length)) = answer else { continue };
        if let Some(info) = parse_reply(&packet[..length], "12") {
            return info.expect("a description");
        }
    }
}

#[tokio::test]
async fn a_request_that_cannot_be_served_is_refused_in_words() {
    let id = unique("refusals");
    let outlet = Outlet::bind(HERE, vec![stream(&id, 2)]).await.expect("an outlet");
    let mut description = LslSource::new(here(&id)).expect("a configuration");
    in_time(description.connect()).await.expect("a stream");
    let port = outlet.data(0).expect("a stream").port();
    let ask = |request: String| async move {
        let mut connection = TcpStream::connect((HERE, port)).await.expect("a connection");
        connection.write_all(request.as_bytes()).await.expect("a request");
        let mut answer = Vec::new();
        // A connection that is closed over unread bytes ends with an error.
        let _ = in_time(connection.read_to_end(&mut answer)).await;
        String::from_utf8(answer).expect("text")
    };
    assert_eq!(ask("LSL:streamfeed/110 another\r\n\r\n".into()).await, "LSL/110 404 Not found");
    let too_new = ask("LSL:streamfeed/200 \r\n\r\n".into()).await;
    assert_eq!(too_new, "LSL/110 505 Version not supported");
    let doubles = ask("LSL:streamfeed/110\r\nValue-Size: 8\r\n\r\n".into()).await;
    assert_eq!(doubles, "LSL/110 505 Version not supported");
    assert!(ask("LSL:fullinfo\r\n".into()).await.contains("<label>E1 &lt;&amp;&gt;</label>"));
    assert!(ask(format!("LSL:shortinfo\r\nsource_id='{id}'\r\n")).await.contains("<desc></desc>"));
    assert_eq!(ask("LSL:shortinfo\r\nsource_id='another'\r\n".into()).await, "");
    assert_eq!(ask("GET / HTTP/1.1\r\n\r\n".into()).await, "");
    assert_eq!(ask("x".repeat(17 << 10)).await, "");
}

#[tokio::test]
async fn streams_that_no_reader_could_use_are_not_served() {
    let good = stream("good", 2);
    for bad in [
        OutletStream { name: " ".into(), ..good.clone() },
        OutletStream { labels: Vec::new(), ..good.clone() },
        OutletStream { units: vec!["uV".into()], ..good.clone() },
        OutletStream { rate_hz: 0.0, ..good.clone() },
        OutletStream { rate_hz: f64::NAN, ..good.clone() },
    ] {
        let error = Outlet::bind(HERE, vec![bad]).await.expect_err("unusable");
        assert!(matches!(error, OutletError::Stream { .. }), "{error}");
    }
    let outlet = Outlet::bind(HERE, vec![good]).await.expect("an outlet");
    assert!(matches!(outlet.push(0, &[1.0; 3]), Err(OutletError::Frames { .. })));
    assert!(matches!(outlet.push(1, &[1.0; 2]), Err(OutletError::Missing { .. })));
}

#[test]
fn a_search_may_take_as_long_as_its_setting_says() {
    let config = LslConfig { name: Some("nobody".into()), resolve_timeout_s: 300.0, ..LslConfig::default() };
    let source = LslSource::new(config).expect("a stream that is named");
    assert!(source.connects_within() > Duration::from_secs(300));
}
