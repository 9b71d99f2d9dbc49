//! Requests, answers, headers and clock probes of LSL are read or refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigil::source::lsl::feed::{FeedHeader, FeedRequest};
use vigil::source::lsl::info::StreamInfo;
use vigil::source::lsl::query::{ShortInfoRequest, matches, parse_reply};
use vigil::source::lsl::time::{TimeReply, TimeRequest};

const DESCRIPTION: &[u8] = include_bytes!("../../tests/golden/lsl/fullinfo.xml");

fuzz_target!(|bytes: &[u8]| {
    let info = StreamInfo::parse(DESCRIPTION).expect("a description");
    let _ = parse_reply(bytes, "4711");
    let _ = FeedRequest::parse(bytes);
    let _ = TimeReply::parse(bytes);
    if let Ok(request) = ShortInfoRequest::parse(bytes) {
        let _ = matches(request.query, &info);
    }
    if let Ok(request) = TimeRequest::parse(bytes) {
        assert_eq!(TimeRequest::parse(&request.to_bytes()), Ok(request));
    }
    if let Ok(Some(header)) = FeedHeader::parse(bytes, true, &info) {
        assert!(header.bytes <= bytes.len());
    }
});
