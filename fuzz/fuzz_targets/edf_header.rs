//! A header is decoded or refused, and one that is decoded can be believed.
#![no_main]

mod sound;

use libfuzzer_sys::fuzz_target;
use vigil::format::edf::Header;

fuzz_target!(|difference: &[u8]| {
    let file = sound::changed_by(difference);
    let length = Header::length(&file);
    let Ok(header) = Header::decode(&file) else { return };
    assert_eq!(length.ok().map(|length| length as u64), Some(header.bytes));
    assert!(header.bytes <= file.len() as u64);
    let mut offset = 0;
    for signal in &header.signals {
        assert_eq!(signal.offset, offset);
        assert!(signal.samples_per_record > 0 && signal.digital_range.0 < signal.digital_range.1);
        offset += (signal.samples_per_record * header.sample_bytes()) as u64;
    }
    assert_eq!(offset, header.record_bytes);
});
