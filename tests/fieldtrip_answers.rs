//! Answers of a FieldTrip buffer are decoded bit for bit in both byte orders, in pieces of any size; what is
//! no answer is refused, and nothing is believed that did not arrive.

#[path = "fieldtrip/golden.rs"]
mod golden;

use golden::{expected, golden};
use proptest::prelude::*;
use serde_json::{Value, json};
use vigil::source::fieldtrip::event::events;
use vigil::source::fieldtrip::header::header;
use vigil::source::fieldtrip::wire::{self, Framed, LARGEST, Order, framed, request, samples, waited};

/// Splits bytes into answers.
fn answers(mut bytes: &[u8]) -> Vec<(Order, u16, Vec<u8>)> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        match framed(bytes).expect("an answer") {
            Framed::Whole { order, command, body, size } => {
                all.push((order, command, body.to_vec()));
                bytes = &bytes[size..];
            }
            Framed::Incomplete(size) => panic!("an answer of {size} bytes where {} are left", bytes.len()),
        }
    }
    all
}

fn bits(values: &[f32]) -> Vec<u32> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn answers_of_both_byte_orders_are_read_alike() {
    for (name, written) in [("little", Order::Little), ("big", Order::Big)] {
        let expected = expected(name);
        let answers = answers(&golden(&format!("{name}.bin")));
        assert_eq!(answers.len(), expected.len());
        for ((order, command, body), expected) in answers.iter().zip(&expected) {
            assert_eq!(*order, written);
            let key = expected.as_object().and_then(|one| one.keys().next()).expect("one of a kind").as_str();
            let read = match key {
                "header" => {
                    let told = header(body, *order).expect("a header");
                    let stream = told.stream;
                    json!({"header": {
                        "samples": told.samples, "events": told.events, "channels": stream.channels,
                        "rate_hz": stream.rate_hz, "width": stream.kind.width(), "names": stream.names,
                        "resolutions": stream.resolutions_uv
                    }})
                }
                "plain" => {
                    let plain = samples(body, *order, &[]).expect("samples");
                    let scaled = samples(body, *order, &[0.1, -0.5, 1.0]).expect("samples");
                    assert_eq!((plain.channels, plain.count), (3, 7));
                    json!({"plain": bits(&plain.values), "scaled": bits(&scaled.values)})
                }
                "waited" => json!({"waited": waited(body, *order).expect("two numbers")}),
                "events" => {
                    let events = events(body, *order).expect("events");
                    let told: Vec<Value> =
                        events.iter().map(|event| json!([event.sample, event.text])).collect();
                    json!({"events": told})
                }
                _ => json!({"refused": *command == wire::GET_ERR && body.is_empty()}),
            };
            assert_eq!(&read, expected, "{name} {key}");
        }
    }
}

#[test]
fn requests_are_those_of_the_protocol() {
    let all = [
        request(wire::GET_HDR, &[]),
        request(wire::GET_DAT, &[4, 15]),
        request(wire::GET_DAT, &[]),
        request(wire::GET_EVT, &[8, 10]),
        request(wire::GET_EVT, &[]),
        request(wire::WAIT_DAT, &[256, u32::MAX, 500]),
    ];
    assert_eq!(all.concat(), golden("requests.bin"));
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

#[test]
fn a_header_that_cannot_be_is_refused() {
    let rate = 256f32.to_bits();
    let of = |channels, rate, kind, size, chunks: &[u8]| {
        let body = [numbers(&[channels, 0, 0, rate, kind, size]), chunks.to_vec()].concat();
        header(&body, Order::Little).expect_err("a refusal").to_string()
    };
    for (said, expected) in [
        (of(0, rate, 9, 0, &[]), "a header of 0 channels; expected 1 to 1024 channels"),
        (of(1025, rate, 9, 0, &[]), "a header of 1025 channels"),
        (of(1, 0, 9, 0, &[]), "a rate of 0 Hz"),
        (of(1, f32::NAN.to_bits(), 9, 0, &[]), "a rate of NaN Hz"),
        (of(1, rate, 11, 0, &[]), "data type 11; expected a data type from 0 to 10"),
        (of(1, rate, 9, 1, &[]), "0 bytes of 1 bytes of chunks"),
        (of(1, rate, 9, 8, &numbers(&[7, 1])), "chunk 7 of 1 bytes where 0 are left"),
        (of(1, rate, 9, 8, &numbers(&[1, u32::MAX])), "chunk 1 of 4294967295 bytes"),
        (of(1, rate, 9, 12, &numbers(&[3, 4, 0])), "resolutions of 4 bytes for 1 channels"),
        (of(1, rate, 9, 16, &numbers(&[3, 8, 0, 0])), "a resolution of 0 for channel 1"),
        (header(&[0; 23], Order::Big).expect_err("short").to_string(), "a header of 23 bytes"),
        (header(&[1; 3], Order::Big).expect_err("short").to_string(), "a header of 3 bytes"),
    ] {
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn names_are_given_for_every_channel_or_for_none() {
    let of = |names: &[u8]| {
        let size = names.len() as u32;
        let head = numbers(&[2, 0, 0, 256f32.to_bits(), 9, 8 + size, 1, size]);
        header(&[head, names.to_vec()].concat(), Order::Little).expect("a header").stream.names
    };
    assert_eq!(of(b"A\0B\0"), ["A", "B"]);
    assert_eq!(of(b"A\0B"), ["A", "B"]);
    assert_eq!(of(b"A\0\0"), ["A", ""]);
    assert_eq!(of(b"A\0B\0C\0"), ["A", "B"]);
    assert_eq!(of(b"\xd6\0B\0"), ["Ö", "B"]);
    assert!(of(b"A\0").is_empty());
    assert!(of(b"").is_empty());
}

#[test]
fn samples_and_events_that_are_not_there_are_not_believed() {
    for (head, bytes) in [
        ([2, 3, 6, 12], 11),
        ([2, 3, 6, 11], 12),
        ([u32::MAX, u32::MAX, 10, u32::MAX], 64),
        ([1, u32::MAX, 1, u32::MAX], 64),
        ([1, 1, 11, 8], 8),
    ] {
        let body = [numbers(&head), vec![0; bytes]].concat();
        assert!(samples(&body, Order::Little, &[]).is_err(), "{head:?}");
    }
    assert!(
        samples(&numbers(&[0, u32::MAX, 10, 0]), Order::Little, &[]).is_ok_and(|none| none.values.is_empty())
    );
    let event = |of: [u32; 4], size: u32, bytes: usize| {
        let head = numbers(&[of[0], of[1], of[2], of[3], 5, 0, 0, size]);
        events(&[head, vec![65; bytes]].concat(), Order::Little)
    };
    assert!(event([0, 1, 0, 1], 3, 2).is_err());
    for of in [[0, 2, 0, 1], [0, u32::MAX, 0, 1], [10, u32::MAX, 10, u32::MAX], [11, 1, 0, 1], [0, 1, 77, 1]]
    {
        let told = event(of, 2, 2).expect("an event");
        assert_eq!((told[0].sample, told[0].text.as_str()), (5, "an event that cannot be read"));
    }
    let long = event([1, 1000, 0, 0], 1000, 1000).expect("an event");
    assert!(
        long[0].text.starts_with("65 65 ") && long[0].text.ends_with("65 ...") && long[0].text.len() < 100
    );
}

/// What answers decode to, fed in pieces that end at `cuts`.
fn decoded(bytes: &[u8], cuts: &[usize]) -> Vec<String> {
    let (mut all, mut buffer, mut from) = (Vec::new(), Vec::new(), 0);
    for to in cuts.iter().copied().chain([bytes.len()]) {
        buffer.extend_from_slice(&bytes[from..to]);
        from = to;
        loop {
            match framed(&buffer) {
                Ok(Framed::Incomplete(size)) => {
                    assert!(size > buffer.len() && size <= LARGEST);
                    break;
                }
                Err(error) => {
                    all.push(error.expected.to_string());
                    return all;
                }
                Ok(Framed::Whole { order, body, size, .. }) => {
                    let samples = samples(body, order, &[0.5]);
                    assert!(samples.as_ref().map_or(0, |samples| samples.values.len()) <= body.len());
                    let events = events(body, order);
                    assert!(events.as_ref().map_or(0, Vec::len) * 32 <= body.len());
                    all.push(format!(
                        "{:?} {samples:?} {events:?} {:?}",
                        header(body, order),
                        waited(body, order)
                    ));
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
        name in prop::sample::select(vec!["little.bin", "big.bin"]),
        mut cuts in prop::collection::vec(0usize..1826, 0..40),
    ) {
        cuts.sort_unstable();
        let bytes = golden(name);
        prop_assert_eq!(decoded(&bytes, &cuts), decoded(&bytes, &[]));
    }

    #[test]
    fn changed_bytes_are_read_or_refused(
        name in prop::sample::select(vec!["little.bin", "big.bin"]),
        changes in prop::collection::vec((0usize..1826, any::<u8>()), 1..8),
        mut cuts in prop::collection::vec(0usize..1826, 0..3),
    ) {
        cuts.sort_unstable();
        let mut bytes = golden(name);
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        prop_assert_eq!(decoded(&bytes, &cuts), decoded(&bytes, &[]));
    }
}
