//! A FieldTrip buffer is read on bit for bit, its losses are counted, its events marked; a buffer that is
//! filled anew is told as such.

#[path = "fieldtrip/mod.rs"]
mod fieldtrip;

use std::time::Duration;

use fieldtrip::{Buffer, bits, bits_of, in_time, samples, until};
use serde_json::{Value, json};
use vigil::source::fieldtrip::{FieldTripConfig, PORT};
use vigil::source::live::{Incoming, LiveError, LiveSource};

const KINDS: [&str; 11] =
    ["char", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64", "float32", "float64"];

fn header(channels: usize, kind: &str) -> Value {
    json!({"header": {"channels": channels, "rate_hz": 256, "kind": kind}})
}

#[tokio::test]
async fn every_type_of_value_arrives_bit_for_bit_in_both_byte_orders() {
    for order in ["client", "big"] {
        let Some(mut buffer) = Buffer::start(1000, order) else { return };
        in_time(async {
            for kind in KINDS {
                buffer.ask(header(3, kind));
                let mut source = buffer.source();
                source.connect().await.expect("a header");
                let put = buffer.put(50);
                assert_eq!(until(&mut source, 3, 150).await, (put, 0, vec![]), "{kind} {order}");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn names_come_along_and_values_with_resolutions_are_microvolts() {
    let Some(mut buffer) = Buffer::start(1000, "client") else { return };
    let told = json!({"channels": 2, "rate_hz": 512, "kind": "int16", "names": ["Fp1", ""], "resolutions": [0.1, -2.5]});
    buffer.ask(json!({"header": told}));
    in_time(async {
        let mut source = buffer.source();
        let layout = source.connect().await.expect("a header");
        let channels: Vec<_> =
            layout.channels.iter().map(|one| (one.label.as_deref(), one.unit.as_deref())).collect();
        assert_eq!(layout.rate_hz, 512.0);
        assert_eq!(channels, [(Some("Fp1"), Some("uV")), (None, Some("uV"))]);
        let put = buffer.put(20);
        assert_eq!(until(&mut source, 2, 40).await.0, put);
        buffer.ask(header(1, "float32"));
        let layout = source.connect().await.expect("a header");
        assert_eq!((layout.channels[0].label.as_deref(), layout.channels[0].unit.as_deref()), (None, None));
    })
    .await;
}

#[tokio::test]
async fn reading_begins_with_what_comes_after_connecting() {
    let Some(mut buffer) = Buffer::start(1000, "client") else { return };
    in_time(async {
        buffer.ask(header(2, "float32"));
        buffer.put(100);
        let mut source = buffer.source();
        source.connect().await.expect("a header");
        let put = buffer.put(7);
        assert_eq!(until(&mut source, 2, 14).await, (put, 0, vec![]));
    })
    .await;
}

#[tokio::test]
async fn a_backlog_is_read_in_pieces_and_whole() {
    let Some(mut buffer) = Buffer::start(100_000, "client") else { return };
    in_time(async {
        buffer.ask(header(2, "int32"));
        let mut source = buffer.source();
        source.connect().await.expect("a header");
        let put = buffer.put(5000);
        let first = samples(&mut source).await;
        assert_eq!(first.values.len(), 2 * 4 * 256, "four seconds at once");
        let (rest, lost, _) = until(&mut source, 2, put.len() - first.values.len()).await;
        assert_eq!(([bits(&first.values), rest].concat(), lost), (put, 0));
    })
    .await;
}

#[tokio::test]
async fn overwritten_samples_are_counted_exactly() {
    for ring in [1, 100, 1024] {
        let Some(mut buffer) = Buffer::start(ring, "client") else { return };
        in_time(async {
            buffer.ask(header(2, "int16"));
            buffer.put(3);
            let mut source = buffer.source();
            source.connect().await.expect("a header");
            for (count, lost) in [(ring, 0), (ring + 1, 1), (4 * ring + 333, 3 * ring + 333)] {
                let put = buffer.put(count);
                let (came, told, _) = until(&mut source, 2, 2 * (count - lost)).await;
                assert_eq!(
                    (came, told),
                    (put[2 * lost..].to_vec(), lost as u64),
                    "{count} in a ring of {ring}"
                );
            }
        })
        .await;
    }
}

#[tokio::test]
async fn samples_that_are_overwritten_while_they_are_looked_for_are_counted_too() {
    for rush in [[1, 40], [30, 5], [90, 3], [250, 4]] {
        let Some(mut buffer) = Buffer::start(100, "client") else { return };
        in_time(async {
            buffer.ask(header(2, "int16"));
            let mut source = buffer.source();
            source.connect().await.expect("a header");
            buffer.ask(json!({"do": [{"put": 300}, {"rush": rush}]}));
            let first = samples(&mut source).await;
            let all = bits_of(&buffer.ask(json!({"all": true})));
            let lost = 2 * first.lost_before as usize;
            let (rest, further, _) = until(&mut source, 2, all.len() - lost - first.values.len()).await;
            assert_eq!(
                ([bits(&first.values), rest].concat(), further),
                (all[lost..].to_vec(), 0),
                "{rush:?}"
            );
        })
        .await;
    }
}

#[tokio::test]
async fn events_that_are_far_ahead_are_kept_up_to_a_bound() {
    let Some(mut buffer) = Buffer::start(1000, "client") else { return };
    in_time(async {
        buffer.ask(header(1, "int16"));
        let mut source = buffer.source();
        source.connect().await.expect("a header");
        for expected in [0, 0, 256, 256] {
            let far = vec![json!({"event": [1_000_000, "far", ""]}); 256];
            buffer.ask(json!({"do": [{"do": far}, {"put": 5}]}));
            let marks = until(&mut source, 1, 5).await.2;
            assert_eq!(marks, vec![(4, "far".to_string()); expected]);
        }
    })
    .await;
}

#[tokio::test]
async fn events_mark_their_samples() {
    let Some(mut buffer) = Buffer::start(1000, "client") else { return };
    let event = |sample: i32, kind: Value, value: Value| json!({"event": [sample, kind, value]});
    in_time(async {
        buffer.ask(header(1, "int16"));
        buffer.ask(event(0, json!("before"), json!("connecting")));
        buffer.put(10);
        let mut source = buffer.source();
        source.connect().await.expect("a header");
        let put = bits_of(
            &buffer.ask(json!({"do": [
                event(12, json!("Button"), json!("Left")),
                event(9, json!("late"), json!("")),
                event(25, json!("ahead"), json!(["int32", [-4, 5]])),
                {"put": 10}
            ]}))[3],
        );
        let marks = [(2, "Button: Left"), (0, "late")].map(|(at, text)| (at, text.to_string()));
        assert_eq!(until(&mut source, 1, 10).await, (put, 0, marks.to_vec()));
        let put = buffer.put(10);
        assert_eq!(until(&mut source, 1, 10).await, (put, 0, vec![(5, "ahead: -4 5".into())]));
        // Events that were flushed begin anew; a server without events is read without them.
        buffer.ask(json!({"do": [{"flush": "events"}, event(31, json!("again"), json!("")), {"put": 5}]}));
        assert_eq!(until(&mut source, 1, 5).await.2, [(1, "again".to_string())]);
        buffer
            .ask(json!({"do": [{"refuse_events": true}, event(36, json!("never"), json!("")), {"put": 5}]}));
        assert_eq!(until(&mut source, 1, 5).await.2, []);
    })
    .await;
}

#[tokio::test]
async fn a_buffer_that_is_filled_anew_is_told_and_read_from_its_start() {
    let Some(mut buffer) = Buffer::start(1000, "client") else { return };
    in_time(async {
        buffer.ask(header(2, "float32"));
        buffer.put(500);
        let mut source = buffer.source();
        let mut channels = 2;
        source.connect().await.expect("a header");
        // An event of a sample that never comes belongs to no other stream.
        let put = bits_of(&buffer.ask(json!({"do": [{"event": [505, "old", ""]}, {"put": 1}]}))[1]);
        assert_eq!(until(&mut source, 2, 2).await, (put, 0, vec![]));
        for again in [
            json!({"do": [header(2, "float32"), {"put": 20}]}),
            json!({"do": [{"flush": "samples"}, {}, {"put": 0}, {"put": 5}]}),
            json!({"do": [header(3, "int16"), {"put": 20}]}),
            // Past our place: the samples themselves tell it.
            json!({"do": [header(2, "int16"), {"put": 900}]}),
            json!({"do": [header(2, "float64"), {"put": 1000}]}),
        ] {
            let told = buffer.ask(again);
            let put = told.as_array().and_then(|told| told.last()).map(bits_of).expect("bits");
            channels = match source.receive().await.expect("a layout") {
                Incoming::Layout(layout) => layout.channels.len(),
                other => panic!("{other:?} with {channels} channels"),
            };
            assert_eq!(until(&mut source, channels, put.len()).await, (put, 0, vec![]));
        }
    })
    .await;
}

#[tokio::test]
async fn channels_that_are_renamed_unnoticed_are_found_out() {
    let Some(mut buffer) = Buffer::start(100_000, "client") else { return };
    let named = |name: &str| json!({"channels": 1, "rate_hz": 256, "kind": "int16", "names": [name]});
    in_time(async {
        buffer.ask(json!({"header": named("C3")}));
        let mut source = buffer.source();
        source.connect().await.expect("a header");
        // As many samples as before, of the same type: nothing but the header tells.
        buffer.ask(json!({"do": [{"header": named("C4")}, {"put": 50}]}));
        let layout = loop {
            match source.receive().await.expect("a stream") {
                Incoming::Layout(layout) => break layout,
                _ => buffer.put(10),
            };
        };
        assert_eq!(layout.channels[0].label.as_deref(), Some("C4"));
    })
    .await;
}

#[tokio::test]
async fn an_empty_buffer_is_waited_for_and_an_emptied_one_is_lost() {
    let Some(mut buffer) = Buffer::start(1000, "client") else { return };
    in_time(async {
        let mut source = buffer.source();
        let waits = tokio::time::timeout(Duration::from_millis(300), source.connect()).await;
        assert!(waits.is_err(), "there is no header yet: {waits:?}");
        let (connected, _) = tokio::join!(source.connect(), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            buffer.ask(header(2, "float32"))
        });
        assert_eq!(connected.expect("a header").channels.len(), 2);
        buffer.ask(json!({"flush": "header"}));
        let error = source.receive().await.expect_err("no header");
        assert!(matches!(&error, LiveError::Lost { .. }), "{error}");
        assert!(error.to_string().contains("the buffer was emptied"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_answer_is_refused_and_half_an_answer_is_a_loss() {
    let Some(mut buffer) = Buffer::start(1000, "client") else { return };
    in_time(async {
        buffer.ask(header(2, "float32"));
        for (bytes, said) in [
            ("485454502f312e31", "begins with 48 54 54 50 2f 31 2e 31; expected 01 00 or 00 01"),
            ("0100040200000000", "an answer 0x204; expected the numbers of samples and events"),
            ("01000404ffffffff", "a reply of 4294967295 bytes; expected at most 16 MiB"),
            ("0100040403000000010203", "an answer of 3 bytes; expected the numbers"),
            ("01000404080000000102", "connection lost: closed within a reply, after 10 bytes of it"),
            ("", "connection lost: the buffer closed it"),
        ] {
            let mut source = buffer.source();
            source.connect().await.expect("a header");
            buffer.ask(json!({"break": bytes}));
            let error = source.receive().await.expect_err("no answer");
            assert!(error.to_string().contains(said), "{error}");
            assert!(matches!(source.receive().await, Err(LiveError::Lost { .. })), "it is not connected");
        }
    })
    .await;
}

#[tokio::test]
async fn a_receive_that_is_given_up_loses_nothing() {
    let Some(mut buffer) = Buffer::start(1000, "client") else { return };
    in_time(async {
        buffer.ask(header(4, "int16"));
        let mut source = buffer.source();
        source.connect().await.expect("a header");
        let (mut put, mut came, mut marks) = (Vec::new(), Vec::new(), 0);
        while came.len() < 4 * 500 {
            if put.len() < 4 * 500 {
                let event = json!({"event": [put.len() / 4, "a", "b"]});
                let told = buffer.ask(json!({"do": [event, {"put": 5}]}));
                put.extend(bits_of(&told[1]));
            }
            // Short enough to end within a question, long enough to come forward.
            let patience = Duration::from_micros(50 + 37 * (came.len() + put.len()) as u64 % 900);
            if let Ok(incoming) = tokio::time::timeout(patience, source.receive()).await {
                let Ok(Incoming::Samples(received)) = incoming else { panic!("{incoming:?}") };
                assert_eq!(received.lost_before, 0);
                came.extend(bits(&received.values));
                marks += received.marks.len();
            }
        }
        assert_eq!((came, marks), (put, 100));
    })
    .await;
}

#[tokio::test]
async fn a_buffer_written_elsewhere_is_read_on() {
    let Some(mut buffer) = Buffer::of_the_eegsynth(1.0) else { return };
    in_time(async {
        let mut source = buffer.source();
        for kind in ["float32", "int16"] {
            buffer.ask(header(4, kind));
            let layout = source.connect().await.expect("a header");
            assert_eq!((layout.rate_hz, layout.channels.len()), (256.0, 4));
            for count in [1, 64, 63, 128] {
                let put = buffer.put(count);
                assert_eq!(until(&mut source, 4, 4 * count).await, (put, 0, vec![]), "{count} of {kind}");
            }
        }
        // Its ring holds a second, 256 samples; each piece fits into what is left before its end.
        let put: Vec<u64> = (0..12).flat_map(|_| buffer.put(64)).collect();
        let (came, lost, _) = until(&mut source, 4, 4 * 256).await;
        assert_eq!((came, lost), (put[4 * 512..].to_vec(), 512));
        buffer.ask(header(2, "float32"));
        assert!(matches!(source.receive().await, Ok(Incoming::Layout(layout)) if layout.channels.len() == 2));
    })
    .await;
}

#[test]
fn the_port_is_the_usual_one_and_unknown_settings_are_refused() {
    let config: FieldTripConfig = serde_json::from_value(json!({"host": "eeg-7"})).expect("a host is enough");
    assert_eq!(config, FieldTripConfig { host: "eeg-7".into(), port: PORT });
    assert!(serde_json::from_value::<FieldTripConfig>(json!({"host": "eeg-7", "user": 1})).is_err());
}
