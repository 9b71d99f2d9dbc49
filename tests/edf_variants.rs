//! All six kinds of EDF and BDF, and what writers do with them, are read for what they hold.
//!
//! The files are put together byte by byte (`edf_bytes`).

mod edf_bytes;

use edf_bytes::Part::{Lists, Samples};
use edf_bytes::{Edf, digital, marks};
use vigil::eeg::{ChannelLabel, Electrode, RecordingFormat};
use vigil::format::edf::Segment;
use vigil::format::info::RecordingInfo;

fn segment(first_record: u64, records: u64, onset_s: f64) -> Segment {
    Segment { first_record, records, onset_s }
}

#[test]
fn plain_edf_has_samples_and_no_annotations() {
    let mut reader = Edf::new("EDF")
        .channel("A", 3)
        .record(&[Samples(&[0, 1, -1])])
        .record(&[Samples(&[32767, -32768, 256])])
        .reader();
    assert_eq!(reader.header().format, RecordingFormat::Edf);
    assert_eq!(reader.header().start.to_string(), "2024-05-06T07:08:09");
    assert_eq!(reader.header().duration_s, 2.0);
    assert_eq!(digital(&mut reader, 0), [0, 1, -1, 32767, -32768, 256]);
    assert_eq!(marks(&mut reader), []);
    assert_eq!(reader.segments(), [segment(0, 2, 0.0)]);
    assert_eq!(reader.warnings(), [""; 0]);
}

#[test]
fn plain_bdf_has_samples_of_24_bits() {
    let samples = [0, -1, 8_388_607, -8_388_608, 65_536];
    let mut reader = Edf::new("BDF").channel("A", 5).record(&[Samples(&samples)]).reader();
    assert_eq!(reader.header().format, RecordingFormat::Bdf);
    assert_eq!(digital(&mut reader, 0), samples);
    let mut physical = [Vec::new()];
    reader.read_microvolts(&[0], 0, 5, &mut physical).expect("samples");
    assert_eq!(physical[0][1..3], [-0.1, 838_860.7]);
}

#[test]
fn the_reserved_word_of_biosemi_is_no_kind_of_bdf_plus() {
    let mut file = Edf::new("BDF").channel("A", 1).record(&[Samples(&[7])]);
    file.kind = "24BIT".into();
    assert_eq!(file.reader().header().format, RecordingFormat::Bdf);
}

#[test]
fn contiguous_files_have_annotations_and_one_segment() {
    for (kind, format) in [("EDF+C", RecordingFormat::EdfPlusC), ("BDF+C", RecordingFormat::BdfPlusC)] {
        let mut reader = Edf::new(kind)
            .channel("A", 2)
            .annotations(20)
            .marked(&[1, 2], "+0\x14\x14\0+0.5\x151.25\x14seizure\x14\0")
            .marked(&[3, 4], "+1\x14\x14\0")
            .reader();
        assert_eq!(reader.header().format, format);
        assert_eq!(reader.header().signals.len(), 1, "the annotation signal is no ordinary one");
        assert_eq!(digital(&mut reader, 0), [1, 2, 3, 4]);
        assert_eq!(marks(&mut reader), [(0.5, Some(1.25), "seizure".into())]);
        assert_eq!(reader.segments(), [segment(0, 2, 0.0)]);
        assert_eq!(reader.warnings(), [""; 0]);
    }
}

#[test]
fn interrupted_files_have_a_segment_for_each_stretch() {
    for (kind, format) in [("EDF+D", RecordingFormat::EdfPlusD), ("BDF+D", RecordingFormat::BdfPlusD)] {
        let mut file = Edf::new(kind).channel("A", 1).annotations(12);
        for (i, onset) in [0.0, 1.0, 2.0, 60.5, 61.5, 3600.0].into_iter().enumerate() {
            file = file.marked(&[i as i32], &format!("+{onset}\x14\x14\0"));
        }
        let mut reader = file.reader();
        assert_eq!(reader.header().format, format);
        assert_eq!(reader.segments(), [segment(0, 3, 0.0), segment(3, 2, 60.5), segment(5, 1, 3600.0)]);
        assert_eq!(reader.header().duration_s, 3601.0);
        assert_eq!(digital(&mut reader, 0), [0, 1, 2, 3, 4, 5]);
        assert_eq!(reader.warnings(), [""; 0]);
    }
}

#[test]
fn a_gap_is_found_wherever_it_is_and_whichever_record_lacks_its_time_stamp() {
    // Ten records, a gap of 5 s before one of them, and one record without a stamp.
    for (gap, unstamped) in (1..10_u64).flat_map(|gap| (1..10).map(move |unstamped| (gap, unstamped))) {
        let mut file = Edf::new("EDF+D").channel("A", 1).annotations(8);
        for record in 0..10 {
            let onset = if record < gap { record } else { record + 5 };
            let stamp = format!("+{onset}\x14\x14\0");
            file = file.marked(&[0], if record == unstamped { "" } else { &stamp });
        }
        // Where it is the record behind the gap, it is taken to follow the one before.
        let from = if unstamped == gap { gap + 1 } else { gap };
        let mut expected = vec![segment(0, from, 0.0)];
        if from < 10 {
            expected.push(segment(from, 10 - from, from as f64 + 5.0));
        }
        assert_eq!(file.reader().segments(), expected, "a gap before {gap}, no stamp in {unstamped}");
    }
}

#[test]
fn time_that_goes_back_starts_a_segment_without_a_gap_and_is_said_once() {
    let mut file = Edf::new("EDF+D").channel("A", 1).annotations(8);
    for onset in [0, 1, 1, 2, 2, 3] {
        file = file.marked(&[0], &format!("+{onset}\x14\x14\0"));
    }
    let reader = file.reader();
    assert_eq!(reader.segments(), [segment(0, 2, 0.0), segment(2, 2, 2.0), segment(4, 2, 4.0)]);
    let [warning] = reader.warnings() else { panic!("{:?}", reader.warnings()) };
    assert!(warning.contains("time goes back 2 times (record 3 is stamped 1 s"), "{warning}");
}

#[test]
fn a_gap_in_a_file_that_says_it_has_none_is_said() {
    let file = Edf::new("EDF+C").channel("A", 1).annotations(8);
    let reader = file.marked(&[0], "+0\x14\x14\0").marked(&[0], "+9\x14\x14\0").reader();
    assert_eq!(reader.segments(), [segment(0, 2, 0.0)]);
    let [warning] = reader.warnings() else { panic!("{:?}", reader.warnings()) };
    assert!(warning.contains("stamped 9.000 s where 1.000 s is expected"), "{warning}");
}

#[test]
fn each_signal_has_its_own_rate() {
    let mut file = Edf::new("EDF").channel("fast", 4).channel("slow", 1).channel("two", 2);
    file.record_s = "0.5".into();
    let mut reader = file
        .record(&[Samples(&[1, 2, 3, 4]), Samples(&[100]), Samples(&[-1, -2])])
        .record(&[Samples(&[5, 6, 7, 8]), Samples(&[200]), Samples(&[-3, -4])])
        .reader();
    let rates: Vec<f64> = reader.header().signals.iter().map(|signal| signal.rate_hz).collect();
    assert_eq!(rates, [8.0, 2.0, 4.0]);
    assert_eq!(digital(&mut reader, 0), [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(digital(&mut reader, 1), [100, 200]);
    assert_eq!(digital(&mut reader, 2), [-1, -2, -3, -4]);
    let mut part = Vec::new();
    reader.read_digital(0, 3, 3, &mut part).expect("samples across two records");
    assert_eq!(part, [4, 5, 6]);
    let error = reader.read_microvolts(&[0, 1], 0, 1, &mut [Vec::new(), Vec::new()]).unwrap_err();
    assert!(error.to_string().contains("4 and 1 samples per record; expected one rate"), "{error}");
}

#[test]
fn samples_become_microvolts_whatever_their_volt_unit() {
    let file = Edf::new("EDF").channel("A", 2).record(&[Samples(&[-32768, 32767])]);
    for (unit, low, high) in
        [("uV", -3276.8, 3276.7), ("mV", -3_276_800.0, 3_276_700.0), ("%", -3276.8, 3276.7)]
    {
        let mut file = file.clone();
        file.channels[0].unit = unit.into();
        let mut physical = [Vec::new()];
        file.reader().read_microvolts(&[0], 0, 2, &mut physical).expect("samples");
        assert_eq!(physical[0], [low, high], "{unit}");
    }
}

#[test]
fn the_micro_sign_is_read_as_utf_8_and_as_latin_1() {
    let mut file = Edf::new("EDF").channel("A", 1).record(&[Samples(&[0])]);
    file.channels[0].unit = "µV".into();
    assert_eq!(file.reader().header().signals[0].unit, "µV");
    let mut bytes = file.bytes();
    let at = bytes.windows(3).position(|window| window == "µV".as_bytes()).expect("the unit");
    bytes[at..at + 3].copy_from_slice(b"\xb5V ");
    assert_eq!(edf_bytes::open(bytes).expect("a readable file").header().signals[0].unit, "µV");
}

#[test]
fn one_list_can_hold_several_texts_and_one_record_several_lists() {
    let lists = "+0\x14\x14start\x14\0+0.25\x152\x14a\x14b c\x14\0+0.125\x14ü\x14\0";
    let mut reader = Edf::new("EDF+C").channel("A", 1).annotations(40).marked(&[0], lists).reader();
    let expected =
        [(0.0, None, "start"), (0.125, None, "ü"), (0.25, Some(2.0), "a"), (0.25, Some(2.0), "b c")];
    assert_eq!(marks(&mut reader), expected.map(|(onset, duration, text)| (onset, duration, text.into())));
}

#[test]
fn annotations_of_every_annotation_signal_are_read() {
    let mut reader = Edf::new("EDF+C")
        .annotations(8)
        .channel("A", 1)
        .annotations(8)
        .record(&[Lists("+0\x14\x14\0+3\x14x\x14\0"), Samples(&[5]), Lists("+2\x14y\x14\0")])
        .reader();
    assert_eq!(digital(&mut reader, 0), [5]);
    assert_eq!(marks(&mut reader), [(2.0, None, "y".into()), (3.0, None, "x".into())]);
}

#[test]
fn an_annotation_can_lie_before_the_start() {
    let lists = "+0\x14\x14\0-30.5\x15-0\x14lights off\x14\0";
    let mut reader = Edf::new("EDF+C").channel("A", 1).annotations(20).marked(&[0], lists).reader();
    assert_eq!(marks(&mut reader), [(-30.5, Some(0.0), "lights off".into())]);
}

#[test]
fn lists_with_a_fault_keep_their_text_and_damaged_ones_are_counted() {
    let faults = "+1\x15\x14no duration\x14\0+2\x15-1\x14negative\x14\0+3\x14no end\0";
    let damage = "+4\0five\x14x\x14\0+6e1\x14x\x14\0";
    let lists = format!("+0\x14\x14\0{faults}{damage}");
    let mut reader = Edf::new("EDF+C").channel("A", 1).annotations(40).marked(&[0], &lists).reader();
    let expected = [(1.0, "no duration"), (2.0, "negative"), (3.0, "no end")];
    assert_eq!(marks(&mut reader), expected.map(|(onset, text)| (onset, None, text.into())));
    assert_eq!(reader.warnings(), ["3 annotation lists are damaged and were passed over"]);
}

#[test]
fn a_start_within_a_second_moves_the_start_and_no_annotation() {
    for (kind, onset, nanosecond) in [("EDF+C", "+0.7", 700_000_000), ("BDF+D", "+0.000123", 123_000)] {
        let lists = format!("{onset}\x14\x14\0{onset}\x14now\x14\0");
        let mut reader = Edf::new(kind).channel("A", 1).annotations(20).marked(&[0], &lists).reader();
        assert_eq!(reader.header().start.second(), 9);
        assert_eq!(reader.header().start.subsec_nanosecond(), nanosecond);
        assert_eq!(marks(&mut reader), [(0.0, None, "now".into())]);
        assert_eq!(reader.segments(), [segment(0, 1, 0.0)]);
    }
}

#[test]
fn fields_can_be_filled_up_with_nuls() {
    let mut file = Edf::new("EDF").channel("EEG Fp1-REF", 2).record(&[Samples(&[1, 2])]);
    let spaces = file.reader().header().clone();
    file.padding = 0;
    assert_eq!(*file.reader().header(), spaces);
    assert_eq!(spaces.signals[0].label, "EEG Fp1-REF");
    assert_eq!(spaces.signals[0].unit, "uV");
}

#[test]
fn labels_with_a_reference_name_their_electrode() {
    let labels = ["EEG Fp1-REF", "EEG Fp1-LE", "FP1-CS2", "Fp1"];
    let mut file = Edf::new("EDF");
    for label in labels {
        file = file.channel(label, 1);
    }
    let reader = file.record(&[Samples(&[0]), Samples(&[0]), Samples(&[0]), Samples(&[0])]).reader();
    for ((signal, label), expected) in
        reader.header().signals.iter().zip(labels).zip(["REF", "LE", "CS2", ""])
    {
        assert_eq!(signal.label, label, "the label stays as it is written");
        let electrode = Electrode::from_name("Fp1").expect("an electrode");
        let referential = ChannelLabel::Referential { electrode, reference: expected.into() };
        assert_eq!(ChannelLabel::parse(&signal.label), referential);
    }
}

#[test]
fn a_file_of_annotations_alone_has_no_signals_and_no_duration() {
    let mut file = Edf::new("EDF+C").annotations(20);
    file.record_s = "0".into();
    let mut reader = file.record(&[Lists("+0\x14\x14\0+12.5\x153\x14seizure\x14\0")]).reader();
    assert_eq!(reader.header().signals, []);
    assert_eq!(reader.header().duration_s, 0.0);
    assert_eq!(marks(&mut reader), [(12.5, Some(3.0), "seizure".into())]);
    assert_eq!(reader.warnings(), [""; 0]);
}

#[test]
fn the_description_of_a_file_tells_all_of_it() {
    let file = Edf::new("EDF+D").channel("A", 2).annotations(12);
    let file = file.marked(&[1, 2], "+0\x14\x14\0").marked(&[3, 4], "+5\x14\x14\0+5.5\x14x\x14\0");
    let info = RecordingInfo::of(&mut file.reader()).expect("a description");
    assert_eq!((info.format.as_str(), info.start.as_str()), ("EDF+D", "2024-05-06T07:08:09"));
    assert_eq!(info.duration_s, 6.0);
    assert_eq!(
        (info.signals[0].label.as_str(), info.signals[0].rate_hz, info.signals[0].samples),
        ("A", 2.0, 4)
    );
    assert_eq!((info.annotations[0].onset_s, info.annotations[0].text.as_str()), (5.5, "x"));
    let segments: Vec<(f64, f64)> = info.segments.iter().map(|s| (s.onset_s, s.duration_s)).collect();
    assert_eq!(segments, [(0.0, 1.0), (5.0, 1.0)]);
}
