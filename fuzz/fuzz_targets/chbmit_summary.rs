//! A summary of CHB-MIT is read or refused, and its seizures end after they start.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigil::format::chbmit::parse_summary;

fuzz_target!(|bytes: &[u8]| {
    let summary = parse_summary(&String::from_utf8_lossy(bytes)).unwrap_or_default();
    for record in summary.records {
        assert!(record.seizures.iter().all(|(onset, end)| onset.is_finite() && onset <= end));
        assert!(record.clock_s.is_none_or(|(start, end)| start <= end));
    }
});
