//! What liblsl sends is read as it was meant, in both byte orders and however it is cut; what is not
//! LSL is refused with a reason.

use std::path::PathBuf;

use proptest::prelude::*;
use serde_json::Value;
use vigil::source::lsl::feed::{FeedHeader, FeedRequest, MAX_HEADER_BYTES, request, response};
use vigil::source::lsl::info::StreamInfo;
use vigil::source::lsl::query::{ShortInfoRequest, matches, parse_reply, query_for, reply};
use vigil::source::lsl::sample::{ByteOrder, FeedDecoder, Frames, SampleFormat, encode_chunk, test_patterns};
use vigil::source::lsl::time::{ClockProbe, TimeReply, TimeRequest, estimate};
use vigil::source::lsl::wire::WireError;

fn golden(file: &str) -> Vec<u8> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/lsl")).join(file);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn described() -> StreamInfo {
    StreamInfo::parse(&golden("fullinfo.xml")).expect("liblsl's own description")
}

/// A feed of liblsl: its bytes, what they hold, and the stream that it belongs to.
struct GoldenFeed {
    file: String,
    bytes: Vec<u8>,
    info: StreamInfo,
    order: ByteOrder,
    values: Vec<u32>,
    stamps_s: Vec<Option<f64>>,
}

fn golden_feeds() -> Vec<GoldenFeed> {
    let list: Value = serde_json::from_slice(&golden("feeds.json")).expect("JSON");
    let list = list.as_array().expect("a list");
    let feed = |feed: &Value| {
        let file = feed["file"].as_str().expect("a name").to_owned();
        let mut info = described();
        info.format = SampleFormat::named(feed["format"].as_str().expect("a format")).expect("known");
        info.uid = feed["uid"].as_str().expect("a uid").to_owned();
        GoldenFeed {
            bytes: golden(&file),
            info,
            order: if feed["order"] == "big" { ByteOrder::Big } else { ByteOrder::Little },
            values: feed["bits"]
                .as_array()
                .expect("bits")
                .iter()
                .map(|b| b.as_u64().unwrap() as u32)
                .collect(),
            stamps_s: feed["stamps_s"].as_array().expect("times").iter().map(Value::as_f64).collect(),
            file,
        }
    };
    list.iter().map(feed).collect()
}

/// The decoder behind the header, and what is left for it.
fn opened(feed: &GoldenFeed) -> (FeedDecoder, &[u8]) {
    let header = FeedHeader::parse(&feed.bytes, false, &feed.info).expect("a header").expect("a whole one");
    assert_eq!(header.order, feed.order, "{}", feed.file);
    let decoder =
        FeedDecoder::new(feed.info.format, header.order, feed.info.channel_count, feed.info.rate_hz);
    (decoder.expect("numbers"), &feed.bytes[header.bytes..])
}

fn assert_read(feed: &GoldenFeed, decoder: &FeedDecoder, frames: &Frames) {
    assert!(decoder.is_verified(), "{}", feed.file);
    let bits: Vec<u32> = frames.values.iter().map(|value| value.to_bits()).collect();
    assert_eq!(bits, feed.values, "{}", feed.file);
    assert_eq!(frames.stamps_s, feed.stamps_s, "{}", feed.file);
}

#[test]
fn every_numeric_format_is_read_bit_for_bit_in_both_byte_orders() {
    let feeds = golden_feeds();
    assert_eq!(feeds.len(), 12);
    assert_eq!(feeds.iter().filter(|feed| feed.order == ByteOrder::Big).count(), 5);
    for feed in &feeds {
        let (mut decoder, bytes) = opened(feed);
        let mut frames = Frames::default();
        decoder.decode(bytes, &mut frames).expect("a sound feed");
        assert_read(feed, &decoder, &frames);
    }
}

proptest! {
    #[test]
    fn it_does_not_matter_how_a_feed_is_cut(cuts in prop::collection::vec(1usize..40, 1..400)) {
        for feed in &golden_feeds() {
            let (mut decoder, mut bytes) = opened(feed);
            let mut frames = Frames::default();
            let mut sizes = cuts.iter().cycle();
            while !bytes.is_empty() {
                let size = sizes.next().copied().unwrap_or(1).min(bytes.len());
                let (piece, rest) = bytes.split_at(size);
                decoder.decode(piece, &mut frames).expect("a sound feed");
                bytes = rest;
            }
            assert_read(feed, &decoder, &frames);
        }
    }

    #[test]
    fn what_an_outlet_writes_is_what_a_reader_reads(
        frames in prop::collection::vec(any::<[f32; 4]>(), 1..50), stamp in 1.0..1e9f64,
    ) {
        let values: Vec<f32> = frames.concat();
        let mut bytes = test_patterns(SampleFormat::Float32, ByteOrder::Little, 4);
        bytes.extend(encode_chunk(&values, 4, stamp));
        let mut decoder = FeedDecoder::new(SampleFormat::Float32, ByteOrder::Little, 4, 512.0).unwrap();
        let mut read = Frames::default();
        decoder.decode(&bytes, &mut read).unwrap();
        let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        prop_assert_eq!(bits(&read.values), bits(&values));
        prop_assert_eq!(read.stamps_s.len(), frames.len());
        prop_assert_eq!(read.stamps_s[0], Some(stamp));
    }

    #[test]
    fn any_text_can_be_looked_for(name in "[ -~äµ]{1,20}", source_id in "[ -~]{1,20}") {
        let mut info = described();
        info.name = name.trim().to_owned();
        info.source_id = source_id.trim().to_owned();
        prop_assume!(!info.name.is_empty());
        let query = query_for(&[("name", &info.name), ("source_id", &info.source_id)]);
        let packet = ShortInfoRequest { query: &query, return_port: 4000, query_id: "7" }.to_bytes();
        let request = ShortInfoRequest::parse(&packet).expect("our own question");
        prop_assert_eq!(request.query, query.as_str());
        let both = |text: &str| text.contains('\'') && text.contains('"');
        if !both(&info.name) && !both(&info.source_id) {
            prop_assert!(matches(&query, &info));
            info.name.push('x');
            prop_assert!(!matches(&query, &info));
            info.name.pop();
        }
        let again = parse_reply(&reply("7", &info), "7").expect("an answer to 7").expect("a description");
        prop_assert_eq!((again.name, again.source_id), (info.name, info.source_id));
    }
}

#[test]
fn a_stamp_that_is_not_sent_follows_from_the_rate_and_one_that_is_no_number_is_not_believed() {
    let mut bytes = test_patterns(SampleFormat::Float32, ByteOrder::Little, 1);
    let sample = |stamp: Option<f64>| {
        let mut bytes = vec![if stamp.is_some() { 2 } else { 1 }];
        bytes.extend(stamp.iter().flat_map(|stamp| stamp.to_le_bytes()));
        bytes.extend(1.0f32.to_le_bytes());
        bytes
    };
    for stamp in [None, Some(10.0), None, Some(f64::NAN), Some(11.0)] {
        bytes.extend(sample(stamp));
    }
    let mut decoder = FeedDecoder::new(SampleFormat::Float32, ByteOrder::Little, 1, 4.0).unwrap();
    let mut frames = Frames::default();
    decoder.decode(&bytes, &mut frames).unwrap();
    assert_eq!(frames.stamps_s, [None, Some(10.0), Some(10.25), Some(10.5), Some(11.0)]);
    assert_eq!(frames.values.len(), 5);
}

#[test]
fn another_layout_than_announced_is_found_out_by_the_test_patterns() {
    for (format, order, channels) in [
        (SampleFormat::Float32, ByteOrder::Big, 3),
        (SampleFormat::Int32, ByteOrder::Little, 3),
        (SampleFormat::Float32, ByteOrder::Little, 2),
        (SampleFormat::Float32, ByteOrder::Little, 4),
        (SampleFormat::Int16, ByteOrder::Little, 6),
    ] {
        let mut decoder = FeedDecoder::new(format, order, channels, 256.0).unwrap();
        let mut sent = test_patterns(SampleFormat::Float32, ByteOrder::Little, 3);
        sent.extend(encode_chunk(&[0.0; 30], 3, 1.0));
        let error = decoder.decode(&sent, &mut Frames::default()).expect_err("another layout");
        assert!(error.to_string().contains("layout"), "{error}");
    }
}

#[test]
fn test_patterns_wrap_where_the_format_ends() {
    // 200 channels of one byte: k + 4 + 1 modulo 127, odd channels negated.
    let bytes = test_patterns(SampleFormat::Int8, ByteOrder::Little, 200);
    let first: Vec<i8> = bytes[9..209].iter().map(|&byte| byte as i8).collect();
    assert_eq!((first[0], first[1], first[121], first[122], first[123]), (5, -6, -126, 0, -1));
}

#[test]
fn a_tag_that_is_none_ends_the_feed() {
    let mut bytes = test_patterns(SampleFormat::Int16, ByteOrder::Little, 2);
    bytes.push(9);
    let mut decoder = FeedDecoder::new(SampleFormat::Int16, ByteOrder::Little, 2, 1.0).unwrap();
    let error = decoder.decode(&bytes, &mut Frames::default()).expect_err("no tag");
    assert!(error.to_string().contains("byte 9"), "{error}");
}

#[test]
fn a_description_of_liblsl_is_read_whole() {
    let info = described();
    assert_eq!((info.name.as_str(), info.stream_type.as_str()), ("golden float32", "EEG"));
    assert_eq!((info.channel_count, info.format, info.rate_hz), (3, SampleFormat::Float32, 256.0));
    assert_eq!((info.source_id.as_str(), info.version), ("golden-float32", 110));
    assert!(info.created_at_s > 0.0 && info.v4_data_port > 0 && info.v4_service_port > 0);
    let channels: Vec<_> =
        info.channels.iter().map(|channel| (channel.label.as_deref(), channel.unit.as_deref())).collect();
    assert_eq!(channels, [(Some("Fp1"), Some("microvolts")), (Some("F3 & <C3>"), Some("µV")), (None, None)]);
    assert_eq!(info.check_usable(), Ok(()));
    let answer = parse_reply(&golden("shortinfo.bin"), "4711").expect("ours").expect("a description");
    assert_eq!((&answer.uid, answer.channels.len()), (&info.uid, 0));
    assert!(parse_reply(&golden("shortinfo.bin"), "4712").is_none());
}

#[test]
fn a_description_that_was_written_is_read_as_it_was() {
    let info = described();
    let again = StreamInfo::parse(info.to_xml(true).as_bytes()).expect("our own");
    assert_eq!(again, info);
    let short = StreamInfo::parse(info.to_xml(false).as_bytes()).expect("our own");
    assert_eq!(short, StreamInfo { channels: Vec::new(), ..info });
}

#[test]
fn a_description_in_latin_1_is_read() {
    let xml = String::from_utf8(golden("fullinfo.xml")).unwrap();
    let latin_1: Vec<u8> = xml.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let info = StreamInfo::parse(&latin_1).expect("a description");
    assert_eq!(info.channels[1].unit.as_deref(), Some("µV"));
}

#[test]
fn labels_for_another_number_of_channels_are_not_used() {
    let xml = String::from_utf8(golden("fullinfo.xml")).unwrap();
    let info = StreamInfo::parse(xml.replace("<channel_count>3", "<channel_count>4").as_bytes()).unwrap();
    assert_eq!((info.channel_count, info.channels.len(), info.misdescribed), (4, 0, Some(3)));
}

#[test]
fn descriptions_that_cannot_be_used_say_why() {
    let xml = String::from_utf8(golden("fullinfo.xml")).unwrap();
    let usable = |from: &str, to: &str| {
        assert!(xml.contains(from), "{from}");
        StreamInfo::parse(xml.replace(from, to).as_bytes())
            .and_then(|info| info.check_usable())
            .expect_err(to)
            .to_string()
    };
    assert!(usable(">float32<", ">string<").contains("texts"));
    assert!(usable(">256.0000000000000<", ">0<").contains("no fixed rate"));
    assert!(usable(">1.100000000000000<", ">1.0<").contains("protocol 1.00"));
    assert!(usable(">1.100000000000000<", ">2.1<").contains("protocol 2.10"));
    assert!(usable("<channel_count>3<", "<channel_count>1025<").contains("1 to 1024"));
    assert!(usable("<channel_count>3<", "<channel_count>0<").contains("0 channels"));
    for (from, to) in [
        ("<channel_count>3<", "<channel_count>-3<"),
        ("<channel_count>3<", "<channel_count>99999999999999999999<"),
        (">float32<", ">complex64<"),
        (">256.0000000000000<", ">NaN<"),
        (">256.0000000000000<", ">-1<"),
        (">256.0000000000000<", ">inf<"),
        ("<v4data_port>", "<v4data_port>9"),
        ("<name>golden float32<", "<name><"),
        ("<uid>", "<uid>a\r\nb "),
        ("</info>", ""),
        ("<info>", "<!DOCTYPE info [<!ENTITY a \"b\">]><info>"),
    ] {
        let altered = xml.replacen(from, to, 1);
        let error = StreamInfo::parse(altered.as_bytes()).expect_err(to);
        assert!(matches!(error, WireError::Malformed { .. }), "{to}: {error}");
    }
}

#[test]
fn a_document_made_to_exhaust_a_reader_is_refused() {
    let deep = format!("<info>{}", "<a>".repeat(1_000_000));
    let wide = format!("<info>{}</info>", "<a/>".repeat(900_000));
    let attributes: String = (0..300_000).map(|number| format!(" a{number}=''")).collect();
    let attributes = format!("<info{attributes}/>");
    let namespaces: String = (0..60_000).map(|number| format!("<a xmlns:b{number}='c{number}'>")).collect();
    let long = format!("<info><name>{}</name></info>", "x".repeat(5 << 20));
    for document in [deep, wide, attributes, namespaces, long] {
        assert!(StreamInfo::parse(document.as_bytes()).is_err());
    }
}

#[test]
fn an_answer_that_refuses_says_what_to_do() {
    let info = described();
    let parse = |bytes: &[u8]| FeedHeader::parse(bytes, true, &info).expect_err("a refusal");
    assert!(matches!(parse(&golden("not_found.bin")), WireError::Gone { .. }));
    assert!(matches!(parse(b""), WireError::Gone { .. }));
    assert!(matches!(parse(b"LSL/110 200 OK\r\nUID: "), WireError::Gone { .. }));
    assert!(matches!(parse(b"LSL/100 505 Version not supported"), WireError::Unsuitable { .. }));
    assert!(matches!(parse(b"HTTP/1.1 400 Bad Request\r\n\r\n"), WireError::Malformed { .. }));
    let ok = format!("LSL/110 200 OK\r\nUID: {}\r\n", info.uid);
    let header = |lines: &str| FeedHeader::parse(format!("{ok}{lines}\r\n").as_bytes(), false, &info);
    assert!(header("Byte-Order: 1234\r\nData-Protocol-Version: 110\r\n").unwrap().is_some());
    assert!(header("BYTE-ORDER: 4321 ; big\r\nData-Protocol-Version:110\r\n").unwrap().is_some());
    let error = header("Byte-Order: 2134\r\nData-Protocol-Version: 110\r\n").expect_err("PDP order");
    assert!(error.to_string().contains("2134"), "{error}");
    assert!(header("Data-Protocol-Version: 110\r\n").is_err());
    let error = header("Byte-Order: 1234\r\nData-Protocol-Version: 110\r\nValue-Size: 8\r\n").expect_err("8");
    assert!(error.to_string().contains("8 bytes"), "{error}");
    let other = b"LSL/110 200 OK\r\nUID: another\r\nByte-Order: 1234\r\nData-Protocol-Version: 110\r\n\r\n";
    assert!(matches!(FeedHeader::parse(other, false, &info), Err(WireError::Gone { .. })));
    assert!(FeedHeader::parse(&vec![b'a'; MAX_HEADER_BYTES], false, &info).is_err());
    assert_eq!(FeedHeader::parse(b"LSL/110 200 OK\r\n", false, &info), Ok(None));
}

#[test]
fn a_feed_in_protocol_1_00_is_refused_with_what_to_do() {
    // What liblsl answers to a reader with values of another size.
    let bytes = golden("value_size_8.bin");
    let uid = String::from_utf8_lossy(&bytes).lines().nth(1).expect("UID")[5..].to_owned();
    let info = StreamInfo { uid, ..described() };
    let error = FeedHeader::parse(&bytes, false, &info).expect_err("1.00");
    assert!(matches!(error, WireError::Unsuitable { .. }));
    assert!(error.to_string().contains("1.00") && error.to_string().contains("update"), "{error}");
}

#[test]
fn requests_for_a_feed_are_read_as_they_were_written() {
    let info = described();
    let bytes = request(&info, 92_160);
    let read = FeedRequest::parse(&bytes).expect("a request").expect("a whole one");
    assert_eq!(
        read,
        FeedRequest { version: 110, uid: info.uid.clone(), takes_float32: true, buffered_samples: 92_160 }
    );
    assert_eq!(FeedRequest::parse(&bytes[..bytes.len() - 1]), Ok(None));
    assert!(FeedRequest::parse(b"GET / HTTP/1.1\r\n\r\n").is_err());
    let header = FeedHeader::parse(&response(&info.uid), false, &info).unwrap().expect("a header");
    assert_eq!(header.order, ByteOrder::Little);
}

#[test]
fn queries_as_lsl_makes_them_find_what_they_should() {
    let info = described();
    for (query, found) in [
        ("", true),
        ("session_id='default'", true),
        ("session_id='default' and name='golden float32'", true),
        ("channel_count='3' and name='golden float32' and type='EEG' and channel_format='float32'", true),
        ("session_id='default' and type=\"ECG\"", false),
        ("name!=''", true),
        ("name != 'golden float32'", false),
        ("name='golden float32' or type='EEG'", false),
        ("name='golden float32'and type='EEG'", true),
        ("name='golden float32", false),
        ("count(//channel)=3", false),
        ("'", false),
        ("=", false),
    ] {
        assert_eq!(matches(query, &info), found, "{query}");
    }
}

#[test]
fn a_clock_is_read_from_the_probe_of_least_round_trip() {
    let request = TimeRequest { wave: 77, sent_s: 12_345.678901234 };
    assert_eq!(TimeRequest::parse(&request.to_bytes()), Ok(request));
    let answer = TimeReply::parse(&golden("timedata.bin")).expect("liblsl's answer");
    assert_eq!((answer.wave, answer.times_s[0]), (77, 12_345.678901234));
    assert!(answer.times_s[2] >= answer.times_s[1]);
    for wrong in [&b"77 1 2"[..], b"", b" x 1 2 3", b"77 1 2 nan", b"77 1 inf 3", b"\xff 1 2 3"] {
        assert!(TimeReply::parse(wrong).is_err());
    }
    // Their clock is 100 s ahead; the way back takes longer and longer.
    let mut wave: Vec<ClockProbe> = (1..=5)
        .map(|slow| {
            let back = f64::from(slow) * 0.5;
            ClockProbe::of(10.0, 110.25, 110.5, 10.5 + back).expect("a sound probe")
        })
        .collect();
    assert_eq!(estimate(&wave), None, "five answers are too few");
    wave.push(ClockProbe::of(20.0, 120.25, 120.5, 20.75).expect("a sound probe"));
    assert_eq!(estimate(&wave), Some(-100.0));
    assert_eq!(ClockProbe::of(10.0, 110.0, 120.0, 11.0), None, "answered before it was asked");
}
