//! Annotation lists are read or passed over, and their times are times.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigil::format::edf::parse_tals;

fuzz_target!(|bytes: &[u8]| {
    let (tals, damaged) = parse_tals(bytes);
    let lists = bytes.split(|&byte| byte == 0).filter(|list| !list.is_empty()).count();
    assert_eq!(tals.len() + damaged, lists);
    for tal in tals {
        assert!(tal.onset_s.is_finite() && tal.duration_s.is_none_or(|seconds| seconds >= 0.0));
    }
});
