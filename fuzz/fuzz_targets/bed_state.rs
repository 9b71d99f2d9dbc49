#![no_main]

//! A bed's saved state: any bytes give a state or a reason.

use libfuzzer_sys::fuzz_target;
use vigil::ward::checkpoint::{decode, encode};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(state) = decode(bytes) {
        assert!(encode(&state).is_ok());
    }
});
