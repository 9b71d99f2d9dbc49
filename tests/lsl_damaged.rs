//! Bytes from the network that are damaged, or made to do harm, are refused: no panic, and never more
//! values than bytes.

use std::path::PathBuf;

use proptest::prelude::*;
use vigil::source::lsl::feed::{FeedHeader, FeedRequest};
use vigil::source::lsl::info::StreamInfo;
use vigil::source::lsl::query::{ShortInfoRequest, matches, parse_reply};
use vigil::source::lsl::sample::{FeedDecoder, Frames};
use vigil::source::lsl::time::{TimeReply, TimeRequest};

const FILES: [&str; 8] = [
    "fullinfo.xml",
    "shortinfo.bin",
    "timedata.bin",
    "not_found.bin",
    "value_size_8.bin",
    "float32_1234.bin",
    "int64_4321.bin",
    "int8_1234.bin",
];

fn golden(file: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/lsl")).join(file))
        .expect("golden bytes")
}

/// One change to a packet.
#[derive(Debug, Clone)]
enum Damage {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let telling = prop::sample::select(vec![
        "\r\n",
        "\n\n",
        "<",
        "<info>",
        "99999999999",
        "-1",
        "nan",
        "'",
        "&#0;",
        ":",
    ]);
    prop_oneof![
        (any::<prop::sample::Index>(), 1u8..).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        any::<prop::sample::Index>().prop_map(Damage::Cut),
        (any::<prop::sample::Index>(), telling).prop_map(|(at, text)| Damage::Insert(at, text.into())),
        (any::<prop::sample::Index>(), prop::collection::vec(any::<u8>(), 1..20))
            .prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
        (any::<prop::sample::Index>(), 1usize..200).prop_map(|(at, times)| Damage::Repeat(at, times)),
    ]
}

fn damaged(mut bytes: Vec<u8>, all: &[Damage]) -> Vec<u8> {
    for change in all {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match change {
            Damage::Flip(at, bits) => bytes[at.index(length)] ^= bits,
            Damage::Cut(at) => bytes.truncate(at.index(length)),
            Damage::Insert(at, more) => {
                bytes.splice(at.index(length)..at.index(length), more.iter().copied());
            }
            Damage::Repeat(at, times) => {
                let piece = bytes[at.index(length)..].to_vec();
                bytes.extend(piece.iter().cycle().take((piece.len() * times).min(100_000)));
            }
        }
    }
    bytes
}

/// Everything that reads from the network reads these bytes.
fn read_everywhere(bytes: &[u8], info: &StreamInfo) {
    let _ = StreamInfo::parse(bytes).map(|info| info.check_usable());
    let _ = parse_reply(bytes, "4711");
    let _ = ShortInfoRequest::parse(bytes).map(|request| matches(request.query, info));
    let _ = TimeRequest::parse(bytes);
    let _ = TimeReply::parse(bytes);
    let _ = FeedRequest::parse(bytes);
    if let Ok(Some(header)) = FeedHeader::parse(bytes, true, info) {
        assert!(header.bytes <= bytes.len());
        let channels = info.channel_count;
        if let Ok(mut decoder) = FeedDecoder::new(info.format, header.order, channels, info.rate_hz) {
            let mut frames = Frames::default();
            let _ = decoder.decode(&bytes[header.bytes..], &mut frames);
            assert!(frames.values.len() <= bytes.len());
            assert_eq!(frames.values.len(), frames.stamps_s.len() * channels);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damaged_packets_are_read_or_refused(
        file in prop::sample::select(FILES.to_vec()),
        changes in prop::collection::vec(damage(), 0..6),
    ) {
        let mut info = StreamInfo::parse(&golden("fullinfo.xml")).expect("a description");
        let bytes = golden(file);
        if let Some(uid) = String::from_utf8_lossy(&bytes).lines().nth(1).and_then(|line| line.strip_prefix("UID: ")) {
            info.uid = uid.to_owned();
        }
        read_everywhere(&damaged(bytes, &changes), &info);
    }

    #[test]
    fn noise_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let info = StreamInfo::parse(&golden("fullinfo.xml")).expect("a description");
        read_everywhere(&bytes, &info);
    }

    #[test]
    fn any_query_is_answered_with_yes_or_no(query in "(name|type|uid|and|=|!=|'|\"|x| |ä){0,30}") {
        let info = StreamInfo::parse(&golden("fullinfo.xml")).expect("a description");
        let _ = matches(&query, &info);
    }
}
