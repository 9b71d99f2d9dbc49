//! Answers of a FieldTrip buffer are decoded or refused, and what is decoded fits into what arrived.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigil::source::fieldtrip::event::events;
use vigil::source::fieldtrip::header::header;
use vigil::source::fieldtrip::wire::{Framed, HEAD, LARGEST, framed, samples, waited};

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    loop {
        match framed(rest) {
            Err(_) => return,
            Ok(Framed::Incomplete(size)) => return assert!(size > rest.len() && size <= LARGEST),
            Ok(Framed::Whole { order, body, size, .. }) => {
                assert!(size == HEAD + body.len() && size <= rest.len());
                // What an answer is follows from the question: here it is read as each.
                if let Ok(header) = header(body, order) {
                    let stream = header.stream;
                    assert!(stream.rate_hz.is_finite() && stream.rate_hz > 0.0 && stream.channels > 0);
                    assert!(stream.names.is_empty() || stream.names.len() == stream.channels);
                    assert!(8 * stream.resolutions_uv.len() <= body.len());
                }
                if let Ok(samples) = samples(body, order, &[0.5]) {
                    assert_eq!(samples.values.len(), samples.count * samples.channels);
                    assert!(samples.values.len() * samples.kind.width() <= body.len());
                }
                if let Ok(events) = events(body, order) {
                    assert!(32 * events.len() <= body.len());
                }
                let _ = waited(body, order);
                rest = &rest[size..];
            }
        }
    }
});
