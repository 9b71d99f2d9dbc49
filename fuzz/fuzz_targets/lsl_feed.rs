//! LSL feeds are read or refused, however they are cut, with the same result.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vigil::source::lsl::sample::{ByteOrder, FeedDecoder, Frames, SampleFormat, test_patterns};

fuzz_target!(|input: (u8, bool, u8, u8, &[u8])| {
    let (format, big, channels, cut, bytes) = input;
    let format = SampleFormat::ALL[usize::from(format) % SampleFormat::ALL.len()];
    let order = if big { ByteOrder::Big } else { ByteOrder::Little };
    let channels = usize::from(channels);
    let Ok(mut whole) = FeedDecoder::new(format, order, channels, 256.0) else { return };
    let mut pieces = whole.clone();
    let feed = [test_patterns(format, order, channels), bytes.to_vec()].concat();
    let (mut at_once, mut bit_by_bit) = (Frames::default(), Frames::default());
    let one = whole.decode(&feed, &mut at_once).is_ok();
    let other =
        feed.chunks(usize::from(cut).max(1)).all(|piece| pieces.decode(piece, &mut bit_by_bit).is_ok());
    assert_eq!(one, other);
    let bits = |frames: &Frames| frames.values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&at_once), bits(&bit_by_bit));
    assert_eq!(at_once.values.len(), at_once.stamps_s.len() * channels);
});
