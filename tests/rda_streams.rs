//! A recorder's stream arrives bit for bit, with its losses counted and its markers in place; what is no
//! recorder's stream is refused.

#[path = "rda/mod.rs"]
mod rda;

use std::time::Duration;

use proptest::prelude::*;
use rda::{Recorder, expected, golden, in_time, read, serve, source};
use serde_json::{Value, json};
use vigil::source::live::{Incoming, LiveError, LiveSource};
use vigil::source::rda::wire::{Framed, GUID, HEAD, Kind, LARGEST, block, framed, start};
use vigil::source::rda::{FLOAT_PORT, RdaConfig};

/// Serves the golden stream `name` in pieces of `piece` bytes and reads it to its end.
async fn as_read(name: &str, piece: usize) -> Vec<Value> {
    in_time(async {
        let port = serve(golden(name), piece).await;
        let mut source = source(port);
        read(&mut source).await
    })
    .await
}

#[tokio::test]
async fn floats_and_integers_arrive_bit_for_bit() {
    for name in ["float32", "int16"] {
        for piece in [7, 1 << 20] {
            assert_eq!(as_read(name, piece).await, expected(name), "{name} in pieces of {piece}");
        }
    }
}

#[tokio::test]
async fn samples_of_dropped_blocks_are_counted_also_where_the_counter_wraps() {
    assert_eq!(as_read("dropped", 100).await, expected("dropped"));
}

#[tokio::test]
async fn a_minute_may_be_lost_at_once_and_no_more_than_that_without_time_that_passes() {
    let message = |kind: u32, body: &[u8]| {
        let size = (HEAD as u32 + body.len() as u32).to_le_bytes();
        [&GUID[..], &size, &kind.to_le_bytes(), body].concat()
    };
    // One channel, a sample a second, one in each block.
    let started = [&1u32.to_le_bytes()[..], &1e6f64.to_le_bytes(), &1f64.to_le_bytes(), b"A\0"].concat();
    let block = |number: u32| {
        let numbers = [number, 1, 0].map(u32::to_le_bytes).concat();
        message(4, &[&numbers[..], &[0; 4]].concat())
    };
    let stream = [message(1, &started), block(7), block(7 + 41), block(7 + 82)].concat();
    let mut source = source(serve(stream, 1 << 20).await);
    in_time(async {
        source.connect().await.expect("a start message");
        for lost in [0, 40] {
            let came = source.receive().await.expect("a block");
            assert!(matches!(&came, Incoming::Samples(received) if received.lost_before == lost), "{came:?}");
        }
        let error = source.receive().await.expect_err("more than can have been lost");
        assert!(error.to_string().contains("block 89 after block 48: 40 s of signal"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn markers_keep_their_place_and_words() {
    assert_eq!(as_read("markers", 100).await, expected("markers"));
}

#[tokio::test]
async fn a_recorder_that_starts_anew_tells_its_channels_again() {
    assert_eq!(as_read("changed", 100).await, expected("changed"));
}

#[tokio::test]
async fn a_recorder_that_ends_within_a_message_is_lost() {
    let stream = golden("int16");
    // Within the first block: the start message is 24 + 12 + 3 * 8 + names long.
    let port = serve(stream[..200].to_vec(), 50).await;
    let mut source = source(port);
    in_time(async {
        source.connect().await.expect("a start message");
        let error = source.receive().await.expect_err("half a message");
        assert!(matches!(&error, LiveError::Lost { .. }), "{error}");
        assert!(error.to_string().contains("closed within a message"), "{error}");
        assert!(source.receive().await.is_err(), "it is no longer connected");
    })
    .await;
}

#[tokio::test]
async fn what_does_not_speak_the_protocol_is_named_with_its_bytes() {
    let port = serve(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), 4).await;
    let error = in_time(source(port).connect()).await.expect_err("no recorder");
    assert!(matches!(&error, LiveError::Malformed { .. }), "{error}");
    assert!(error.to_string().contains("begins with 48 54 54 50; expected 8e 45 58 43"), "{error}");
}

#[tokio::test]
async fn what_a_message_cannot_say_is_refused() {
    let whole = |kind: u32, body: &[u8]| {
        let mut bytes = GUID.to_vec();
        bytes.extend((HEAD as u32 + body.len() as u32).to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend(body);
        bytes
    };
    let start_of = |channels: u32, interval: f64, resolution: f64, names: &[u8]| {
        let mut body = channels.to_le_bytes().to_vec();
        body.extend(interval.to_le_bytes());
        body.extend(resolution.to_le_bytes());
        body.extend(names);
        whole(1, &body)
    };
    let sound = start_of(1, 1000.0, 1.0, b"A\0");
    let block_of = |numbers: [u32; 3], rest: &[u8]| {
        let mut body: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        body.extend(rest);
        [sound.clone(), whole(4, &body)].concat()
    };
    let two = |first, second| {
        [block_of([first, 1, 0], &[0; 4]), block_of([second, 1, 0], &[0; 4])[sound.len()..].to_vec()].concat()
    };
    // A sample in each block, a thousand in a second: a minute and a bit cannot be missing between two.
    let leap = two(5, 5 + 61_000);
    let size = |size: u32| [&GUID[..], &size.to_le_bytes(), &4u32.to_le_bytes()].concat();
    for (bytes, said) in [
        (start_of(0, 1000.0, 1.0, b"A\0"), "0 channels"),
        (start_of(u32::MAX, 1000.0, 1.0, b"A\0"), "4294967295 channels"),
        (start_of(1, 0.0, 1.0, b"A\0"), "0 us between samples"),
        (start_of(1, f64::NAN, 1.0, b"A\0"), "NaN us between samples"),
        (start_of(1, 1000.0, 0.0, b"A\0"), "a resolution of 0 for channel 1"),
        (start_of(1, 1000.0, f64::INFINITY, b"A\0"), "a resolution of inf"),
        (start_of(2, 1000.0, 1.0, b"A\0"), "a start message of 46 bytes"),
        (start_of(1, 1000.0, 1.0, b""), "a start message of 44 bytes"),
        (block_of([1, 2, 0], &[0; 4]), "a data message of 40 bytes"),
        (block_of([1, u32::MAX, 0], &[0; 4]), "a data message of 40 bytes"),
        (block_of([1, 1, 1], &[0; 4]), "a data message of 40 bytes"),
        (block_of([1, 1, u32::MAX], &[0; 4]), "a data message of 40 bytes"),
        (
            block_of([1, 0, 1], &[15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            "a data message of 52 bytes",
        ),
        (two(5, 5), "block 5 after block 5"),
        (two(5, 2), "block 2 after block 5"),
        (leap, "block 61005 after block 5: 61 s of signal"),
        (two(5, 2_000_000_000), "block 2000000000 after block 5: 2000000 s of signal"),
        (size(23), "a message of 23 bytes"),
        (size(LARGEST as u32 + 1), "a message of 16777217 bytes"),
    ] {
        let port = serve(bytes, 1 << 20).await;
        let mut source = source(port);
        let error = in_time(async {
            let mut came = source.connect().await.map(Incoming::Layout);
            while came.is_ok() {
                came = source.receive().await;
            }
            came.expect_err("a refusal")
        })
        .await;
        assert!(matches!(&error, LiveError::Malformed { .. }), "{said}: {error}");
        assert!(error.to_string().contains(said), "{said}: {error}");
    }
}

#[tokio::test]
async fn a_receive_that_is_given_up_loses_nothing() {
    in_time(async {
        let port = serve(golden("float32"), 11).await;
        let mut source = source(port);
        let layout = source.connect().await.expect("a start message");
        let mut all = vec![rda::layout(&layout)];
        loop {
            match tokio::time::timeout(Duration::from_micros(300), source.receive()).await {
                Err(_) => {}
                Ok(Ok(incoming)) => all.push(rda::incoming(&incoming)),
                Ok(Err(error)) => {
                    all.push(rda::ended(&error));
                    break;
                }
            }
        }
        assert_eq!(all, expected("float32"));
    })
    .await;
}

#[tokio::test]
async fn a_port_without_a_recorder_is_told_as_such() {
    // A socket that does not listen keeps the port from others.
    let nobody = tokio::net::TcpSocket::new_v4().expect("a socket");
    nobody.bind(([127, 0, 0, 1], 0).into()).expect("a free port");
    let port = nobody.local_addr().expect("bound").port();
    let error = in_time(source(port).connect()).await.expect_err("nobody listens");
    assert!(matches!(&error, LiveError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn a_recorder_written_elsewhere_is_read_as_it_happens() {
    let Some(mut recorder) = Recorder::start() else { return };
    let mut source = source(recorder.port());
    let mut started =
        json!({"interval_us": 3906.25, "resolutions": [0.1, 0.5, 1.0], "names": ["Fp1", "", "C3"]});
    in_time(async {
        // The recorder monitors only after somebody has connected.
        for command in [json!({"message": 9}), json!({"message": 10000}), json!({"start": started})] {
            recorder.say(&command);
        }
        let layout = source.connect().await.expect("a start message");
        assert_eq!(
            rda::layout(&layout),
            json!({"layout": {"rate_hz": 256.0, "labels": ["Fp1", null, "C3"]}})
        );
        for _ in 0..3 {
            recorder.hear();
        }
        let mut number = 40;
        for (points, missing, int16) in [(12, 0, false), (8, 2, false), (20, 1, true), (1, 0, true)] {
            let lost_before = if number == 40 { 0 } else { missing * recorder.last_points };
            number += 1 + missing;
            recorder.last_points = points;
            let markers = json!([[0, "Stimulus", "S  1"]]);
            let told = json!({"number": number, "points": points, "int16": int16, "markers": markers});
            recorder.say(&json!({"block": told}));
            let bits = recorder.hear()["bits"].clone();
            let came = source.receive().await.expect("a block");
            let marks = json!([[0, "Stimulus: S  1"]]);
            let samples = json!({"bits": bits, "lost_before": lost_before, "marks": marks});
            assert_eq!(rda::incoming(&came), json!({"samples": samples}));
        }
        started["names"] = json!(["Fp1", "Fp2", "C3"]);
        recorder.say(&json!({"start": started}));
        assert!(matches!(source.receive().await, Ok(Incoming::Layout(_))));
        recorder.say(&json!({"bytes": "8e45"}));
        recorder.say(&json!({"close": true}));
        assert!(matches!(source.receive().await, Err(LiveError::Lost { .. })));
        // The same source connects again.
        recorder.say(&json!({"start": started}));
        assert!(source.connect().await.is_ok());
        recorder.say(&json!({"message": 3}));
        let error = source.receive().await.expect_err("a stop");
        assert!(error.to_string().contains("the recorder stopped"), "{error}");
    })
    .await;
}

#[test]
fn the_port_for_floats_is_the_usual_one_and_unknown_settings_are_refused() {
    let config: RdaConfig = serde_json::from_value(json!({"host": "eeg-7"})).expect("a host is enough");
    assert_eq!(config, RdaConfig { host: "eeg-7".into(), port: FLOAT_PORT });
    assert!(serde_json::from_value::<RdaConfig>(json!({"host": "eeg-7", "prot": 1})).is_err());
}

/// What a stream of messages decodes to, fed in pieces that end at `cuts`.
fn decoded(bytes: &[u8], cuts: &[usize]) -> Vec<String> {
    let (mut all, mut buffer, mut resolutions, mut from) = (Vec::new(), Vec::new(), vec![1.0; 2], 0);
    for to in cuts.iter().copied().chain([bytes.len()]) {
        buffer.extend_from_slice(&bytes[from..to.max(from)]);
        from = to.max(from);
        loop {
            match framed(&buffer) {
                Ok(Framed::Incomplete(size)) => {
                    assert!(size > buffer.len() && size <= LARGEST);
                    break;
                }
                Err(error) => {
                    // Pieces may show a wrong beginning earlier than the whole does.
                    all.push(error.expected.to_string());
                    return all;
                }
                Ok(Framed::Whole { kind, body, size }) => {
                    assert!(size == HEAD + body.len() && size <= buffer.len());
                    all.push(match kind {
                        Kind::Start => match start(body) {
                            Ok(start) => {
                                assert!(start.rate_hz.is_finite() && start.rate_hz > 0.0);
                                assert_eq!(start.names.len(), start.resolutions_uv.len());
                                resolutions.clone_from(&start.resolutions_uv);
                                format!("{start:?}")
                            }
                            Err(error) => error.to_string(),
                        },
                        Kind::Data(width) => match block(body, width, &resolutions) {
                            Ok(block) => {
                                assert_eq!(block.values_uv.len(), block.points * resolutions.len());
                                assert!(block.values_uv.len() * 2 + block.markers.len() * 16 <= body.len());
                                format!("{block:?}")
                            }
                            Err(error) => error.to_string(),
                        },
                        other => format!("{other:?}"),
                    });
                    buffer.drain(..size);
                }
            }
        }
    }
    all
}

proptest! {
    #[test]
    fn pieces_of_any_size_decode_alike(
        name in prop::sample::select(vec!["float32", "int16", "dropped", "markers", "changed"]),
        mut cuts in prop::collection::vec(0usize..1500, 0..40),
    ) {
        let bytes = golden(name);
        cuts.iter_mut().for_each(|cut| *cut = (*cut).min(bytes.len()));
        cuts.sort_unstable();
        prop_assert_eq!(decoded(&bytes, &cuts), decoded(&bytes, &[]));
    }

    #[test]
    fn changed_bytes_are_read_or_refused(
        name in prop::sample::select(vec!["float32", "int16", "dropped", "markers", "changed"]),
        changes in prop::collection::vec((0usize..1500, any::<u8>()), 1..6),
        cuts in prop::collection::vec(0usize..500, 0..3),
    ) {
        let mut bytes = golden(name);
        for (at, byte) in changes {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut % bytes.len()).collect();
        cuts.sort_unstable();
        prop_assert_eq!(decoded(&bytes, &cuts), decoded(&bytes, &[]));
    }
}
