//! Whatever a sender does, a reader gets its samples at the right time, or an error that says what is
//! wrong; it does not wait for ever.

#[path = "lsl/reading.rs"]
mod reading;
#[path = "lsl/sender.rs"]
mod sender;

use reading::{here, in_time, samples, unique, values};
use sender::{Clock, Says, serve, stream};
use tokio::task::JoinSet;
use vigil::source::live::{LiveError, LiveLayout, LiveSource};
use vigil::source::lsl::LslSource;
use vigil::source::lsl::feed::response;
use vigil::source::lsl::info::StreamInfo;
use vigil::source::lsl::sample::{ByteOrder, SampleFormat, encode_chunk, test_patterns};
use vigil::source::lsl::time::{local_clock_s, unix_s};

/// The beginning of a sound feed.
fn opening(info: &StreamInfo) -> Vec<u8> {
    let mut bytes = response(&info.uid);
    bytes.extend(test_patterns(info.format, ByteOrder::Little, info.channel_count));
    bytes
}

fn source(info: &StreamInfo) -> LslSource {
    LslSource::new(here(&info.source_id)).expect("a configuration")
}

async fn connect(info: &StreamInfo) -> Result<(LslSource, LiveLayout), LiveError> {
    let mut source = source(info);
    let layout = in_time(source.connect()).await?;
    Ok((source, layout))
}

#[tokio::test]
async fn a_sender_whose_clock_is_ahead_is_put_on_our_clock() {
    for clock in [Clock::Ahead(-1e5), Clock::AheadAndLate(3e6)] {
        let (Clock::Ahead(ahead_s) | Clock::AheadAndLate(ahead_s)) = clock else { continue };
        let info = stream(&unique("ahead"), 1);
        let taken_s = local_clock_s() - 7.0;
        let mut feed = opening(&info);
        feed.extend(encode_chunk(&[1.0, 2.0], 1, taken_s + ahead_s));
        let _sender = serve(info.clone(), clock, None, Says::Bytes(feed, 1000)).await;
        let (mut source, _) = connect(&info).await.expect("a stream");
        let received = in_time(samples(&mut source)).await.expect("samples");
        let taken_at_s = received.taken_at_s.expect("a clock");
        // Half of the least round trip, with room for a busy machine, is far less than what a late
        // answer would cost.
        assert!((taken_at_s - unix_s(taken_s)).abs() < 0.025, "{}", taken_at_s - unix_s(taken_s));
    }
}

#[tokio::test]
async fn a_sender_without_a_clock_gives_samples_without_a_time() {
    for clock in [Clock::Silent, Clock::Nonsense] {
        let info = stream(&unique("timeless"), 2);
        let mut feed = opening(&info);
        feed.extend(encode_chunk(&[1.0, 2.0], 2, 5.0));
        let _sender = serve(info.clone(), clock, None, Says::Bytes(feed, 1000)).await;
        let (mut source, _) = connect(&info).await.expect("a stream");
        let received = in_time(samples(&mut source)).await.expect("samples");
        assert_eq!((received.values, received.taken_at_s), (vec![1.0, 2.0], None));
    }
}

#[tokio::test]
async fn a_big_endian_sender_is_read() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/lsl/int16_4321.bin");
    let feed = std::fs::read(golden).expect("golden bytes");
    let info = StreamInfo {
        uid: String::from_utf8_lossy(&feed).lines().nth(1).expect("UID")[5..].to_owned(),
        format: SampleFormat::Int16,
        ..stream(&unique("big"), 3)
    };
    for most in [1, 7, 1000] {
        let _sender = serve(info.clone(), Clock::Ahead(0.0), None, Says::Bytes(feed.clone(), most)).await;
        let (mut source, _) = connect(&info).await.expect("a stream");
        let (read, _) = in_time(values(&mut source, 3, 8)).await;
        assert_eq!(read[..6], [0.0, -1.0, 32767.0, -32768.0, 258.0, -300.0]);
    }
}

#[tokio::test]
async fn a_step_of_the_stamps_begins_a_new_message_and_jitter_does_not() {
    let info = stream(&unique("steps"), 1);
    let mut feed = opening(&info);
    let start_s = local_clock_s();
    // Blocks of four, all but the first sample of each stamped with the block's own time.
    for block in 0..6 {
        let gap_s = if block < 3 { 0.0 } else { 1.5 };
        for sample in 0..4 {
            let stamp_s = start_s + gap_s + f64::from(block * 4) / 256.0 + f64::from(sample) * 1e-5;
            feed.extend(encode_chunk(&[(block * 4 + sample) as f32], 1, stamp_s));
        }
    }
    let _sender = serve(info.clone(), Clock::Ahead(0.0), None, Says::Bytes(feed, 100_000)).await;
    let (mut source, _) = connect(&info).await.expect("a stream");
    let (read, times) = in_time(values(&mut source, 1, 24)).await;
    assert_eq!(read, (0..24).map(|number| number as f32).collect::<Vec<_>>());
    let taken_at_s = |frame: usize| times.iter().find(|(first, _)| *first == frame).and_then(|(_, s)| *s);
    let (before, after) = (taken_at_s(0).expect("a time"), taken_at_s(12).expect("a message of its own"));
    assert!((after - before - 1.5 - 12.0 / 256.0).abs() < 0.02, "{}", after - before);
}

#[tokio::test]
async fn a_sender_that_says_the_wrong_thing_is_named_with_what_it_said() {
    let float = |channels| stream(&unique("wrong"), channels);
    let lost: fn(&LiveError) -> bool = |error| matches!(error, LiveError::Lost { .. });
    let malformed: fn(&LiveError) -> bool = |error| matches!(error, LiveError::Malformed { .. });
    let unsuitable: fn(&LiveError) -> bool = |error| matches!(error, LiveError::Unsuitable { .. });
    let info = float(2);
    let other_uid = StreamInfo { uid: "another".into(), ..info.clone() }.to_xml(true);
    let other_order = [response(&info.uid), test_patterns(info.format, ByteOrder::Big, 2)].concat();
    let old = b"LSL/110 200 OK\r\nByte-Order: 0\r\nData-Protocol-Version: 100\r\n\r\n".to_vec();
    for (description, feed, kind, reason) in [
        (None, b"LSL/110 404 Not found".to_vec(), lost, "another stream"),
        (None, b"LSL/110 505 Version not supported".to_vec(), unsuitable, "1.10"),
        (None, old, unsuitable, "1.00"),
        (None, b"SSH-2.0-OpenSSH_9.9\r\n".to_vec(), malformed, "SSH"),
        (None, vec![b'x'; 40_000], malformed, "header"),
        (None, Vec::new(), lost, "closed"),
        (None, response(&info.uid), lost, "test patterns"),
        (None, other_order, malformed, "layout"),
        (Some(other_uid.as_bytes().to_vec()), Vec::new(), lost, "another stream"),
        (Some(b"<html/>".to_vec()), Vec::new(), malformed, "<info>"),
        (Some(Vec::new()), Vec::new(), lost, "description"),
        (Some(vec![b'<'; 6 << 20]), Vec::new(), malformed, "bytes"),
    ] {
        let _sender =
            serve(info.clone(), Clock::Ahead(0.0), description.map(Says::LastBytes), Says::LastBytes(feed))
                .await;
        let error = connect(&info).await.map(|_| ()).expect_err(reason);
        assert!(kind(&error) && error.to_string().contains(reason), "{reason}: {error}");
    }
}

#[tokio::test]
async fn a_sender_that_falls_silent_while_connecting_is_given_up() {
    type Feed = fn(&StreamInfo) -> Says;
    let half: Feed = |info: &StreamInfo| Says::Bytes(response(&info.uid)[..20].to_vec(), 1000);
    let header: Feed = |info: &StreamInfo| Says::Bytes(response(&info.uid), 1000);
    let silence: Feed = |_: &StreamInfo| Says::Silence;
    let ways: [(Option<Says>, Feed); 4] =
        [(Some(Says::Silence), silence), (None, silence), (None, half), (None, header)];
    let mut attempts = JoinSet::new();
    for (description, feed) in ways {
        let info = stream(&unique("silent"), 2);
        let feed = feed(&info);
        attempts.spawn(async move {
            let _sender = serve(info.clone(), Clock::Ahead(0.0), description, feed).await;
            connect(&info).await.map(|_| ()).expect_err("silence")
        });
    }
    for error in attempts.join_all().await {
        assert!(matches!(error, LiveError::Lost { .. }), "{error}");
        assert!(error.to_string().contains("within 5 s"), "{error}");
    }
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_unreachable() {
    let info = stream(&unique("closed"), 2);
    let _sender = serve(info.clone(), Clock::Ahead(0.0), None, Says::Closed).await;
    let error = connect(&info).await.map(|_| ()).expect_err("nobody");
    assert!(matches!(error, LiveError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn garbage_within_a_feed_is_an_error_and_the_next_connection_is_sound() {
    let info = stream(&unique("garbage"), 1);
    let mut feed = opening(&info);
    feed.extend(encode_chunk(&[1.0], 1, 5.0));
    feed.push(0x99);
    let _sender = serve(info.clone(), Clock::Ahead(0.0), None, Says::Bytes(feed, 1)).await;
    let mut source = source(&info);
    for _ in 0..2 {
        in_time(source.connect()).await.expect("a stream");
        assert_eq!(in_time(samples(&mut source)).await.expect("a sample").values, [1.0]);
        let error = in_time(samples(&mut source)).await.expect_err("garbage");
        assert!(matches!(error, LiveError::Malformed { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_reader_that_is_interrupted_loses_nothing() {
    let info = stream(&unique("interrupted"), 3);
    let mut feed = opening(&info);
    let sent: Vec<f32> = (0..3000).map(|number| number as f32).collect();
    for chunk in sent.chunks(30) {
        feed.extend(encode_chunk(chunk, 3, 5.0));
    }
    let _sender = serve(info.clone(), Clock::Silent, None, Says::Bytes(feed, 11)).await;
    let (mut source, _) = connect(&info).await.expect("a stream");
    let mut read = Vec::new();
    in_time(async {
        while read.len() < sent.len() {
            tokio::select! {
                biased;
                received = samples(&mut source) => read.extend(received.expect("samples").values),
                () = tokio::task::yield_now() => {}
            }
        }
    })
    .await;
    assert_eq!(read, sent);
}
