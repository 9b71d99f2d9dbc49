//! Answers of a buffer, byte by byte as its protocol describes them.

use std::path::Path;

use serde_json::Value;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/fieldtrip");

/// The bytes of `name`.
pub fn golden(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(GOLDEN).join(name)).expect("golden bytes")
}

/// What the answers `name` must be read as.
pub fn expected(name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(Path::new(GOLDEN).join("expected.json")).expect("golden values");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    all[name].as_array().expect("golden values").clone()
}
