//! Descriptions of LSL streams are read or refused, and what was read can be written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigil::source::lsl::info::StreamInfo;

fuzz_target!(|bytes: &[u8]| {
    let Ok(info) = StreamInfo::parse(bytes) else { return };
    assert!(info.channels.is_empty() || info.channels.len() == info.channel_count);
    let _ = info.check_usable();
    let again = StreamInfo::parse(info.to_xml(true).as_bytes()).expect("what was written can be read");
    assert_eq!((again.uid, again.channel_count), (info.uid, info.channel_count));
});
