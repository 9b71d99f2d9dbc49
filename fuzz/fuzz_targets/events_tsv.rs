//! An events table is read or refused, and its times are times.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigil::format::events::parse_events;

const HEADER: &str = "onset\tduration\teventType\tconfidence\tchannels\tdateTime\trecordingDuration\n";

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    // Once as it is, and once as rows of a table whose header is sound.
    for table in [text.to_string(), format!("{HEADER}{text}")] {
        for event in parse_events(&table).unwrap_or_default() {
            assert!(event.onset_s.is_finite() && event.duration_s.is_finite() && event.duration_s >= 0.0);
            assert!(event.confidence.is_none_or(|confidence| (0.0..=1.0).contains(&confidence)));
        }
    }
});
