//! A recorder's stream is decoded or refused, and what is decoded fits into what arrived.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigil::source::rda::wire::{Framed, HEAD, Kind, LARGEST, block, framed, start};

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    let mut resolutions = vec![1.0; 2];
    loop {
        match framed(rest) {
            Err(_) => return,
            Ok(Framed::Incomplete(size)) => return assert!(size > rest.len() && size <= LARGEST),
            Ok(Framed::Whole { kind, body, size }) => {
                assert!(size == HEAD + body.len() && size <= rest.len());
                match kind {
                    Kind::Start => {
                        if let Ok(start) = start(body) {
                            assert!(start.rate_hz.is_finite() && start.rate_hz > 0.0);
                            assert_eq!(start.names.len(), start.resolutions_uv.len());
                            resolutions = start.resolutions_uv;
                        }
                    }
                    Kind::Data(width) => {
                        if let Ok(block) = block(body, width, &resolutions) {
                            assert_eq!(block.values_uv.len(), block.points * resolutions.len());
                            assert!(2 * block.values_uv.len() + 16 * block.markers.len() <= body.len());
                        }
                    }
                    Kind::Stop | Kind::Other(_) => {}
                }
                rest = &rest[size..];
            }
        }
    }
});
