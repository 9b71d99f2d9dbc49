//! A file is read to its end or refused, and its parts fit together.
#![no_main]

mod sound;

use std::io::Cursor;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use vigil::format::edf::EdfReader;
use vigil::format::info::RecordingInfo;

fuzz_target!(|difference: &[u8]| {
    let file = sound::changed_by(difference);
    let length = file.len() as u64;
    let Ok(mut reader) = EdfReader::from_stored(Path::new("fuzz.edf"), Box::new(Cursor::new(file))) else {
        return;
    };
    let info = RecordingInfo::of(&mut reader).expect("bytes in memory are readable");
    assert!(info.duration_s.is_finite() && info.duration_s >= 0.0);
    assert!(info.annotations.iter().all(|annotation| annotation.onset_s.is_finite()));
    assert!(info.segments.windows(2).all(|pair| pair[0].onset_s <= pair[1].onset_s));
    assert!(2 * info.signals.iter().map(|signal| signal.samples).sum::<u64>() <= length);
    let (mut digital, mut physical) = (Vec::new(), [Vec::new()]);
    for (i, signal) in info.signals.iter().enumerate() {
        assert!(signal.rate_hz.is_finite() && signal.rate_hz > 0.0);
        let (half, all) = (signal.samples / 2, signal.samples as usize);
        reader.read_digital(i, 0, all, &mut digital).expect("samples that are there");
        assert_eq!(digital.len(), all);
        reader.read_microvolts(&[i], half, all - half as usize, &mut physical).expect("the later half");
        assert!(!physical[0].iter().any(|value| value.is_nan()));
        assert!(reader.read_digital(i, half, all + 1, &mut digital).is_err());
    }
});
