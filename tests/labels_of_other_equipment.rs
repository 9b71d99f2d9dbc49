//! Labels as other equipment writes them: numbers that look like electrodes, gases that are called like them, references that
//! are cut at 16 characters. The detector and the review page take the same channels.

use vigil::eeg::{ChannelLabel, DERIVATIONS, DOUBLE_BANANA};
use vigil::review::{PageMontage, traces_of};
use vigil::signal::Montage;

const ELECTRODES: [&str; 19] = [
    "Fp1", "F3", "C3", "P3", "O1", "F7", "T7", "P7", "Fz", "Cz", "Pz", "Fp2", "F4", "C4", "P4", "O2", "F8",
    "T8", "P8",
];

/// A TUH-style set of labels behind others.
fn behind<'a>(first: &[&'a str], set: &'a [String]) -> Vec<&'a str> {
    first.iter().copied().chain(set.iter().map(String::as_str)).collect()
}

#[test]
fn a_channel_that_is_merely_numbered_never_takes_the_place_of_o1_or_o2() {
    let against_ref = ELECTRODES.map(|name| format!("EEG {name}-REF"));
    let bare = ELECTRODES.map(str::to_string);
    for (numbers, set) in
        [(["EEG 01-REF", "EEG 02-REF", "EEG 03-REF"], &against_ref), (["01", "02", "03"], &bare)]
    {
        let labels = behind(&numbers, set);
        let montage = Montage::resolve(&labels).unwrap();
        assert_eq!(montage.channels(), (3..22).collect::<Vec<_>>());
        let (o1, first) = (labels[7], numbers[0]);
        assert_eq!(
            montage.warnings()[0],
            format!(
                "channel 8 {o1:?} is used in place of channel 1 {first:?}, which has a digit in place of the letter O"
            )
        );
        // The other way round nothing changes.
        let turned: Vec<&str> = labels.iter().rev().copied().collect();
        let montage = Montage::resolve(&turned).unwrap();
        assert_eq!(montage.channels(), (0..19).collect::<Vec<_>>());
        assert!(montage.warnings().iter().all(|warning| warning.ends_with("the first is used")));
    }
    // Nor as one of a pair.
    let mut pairs: Vec<String> = DOUBLE_BANANA.iter().map(ToString::to_string).collect();
    let place = pairs.iter().position(|pair| pair == "P4-O2").unwrap();
    let letter = std::mem::replace(&mut pairs[place], "P4-02".into());
    pairs.push(letter);
    let montage = Montage::resolve(&behind(&[], &pairs)).unwrap();
    assert!(montage.channels().contains(&18) && !montage.channels().contains(&place));
}

#[test]
fn of_two_channels_of_one_name_the_one_in_volts_is_used() {
    let set = ELECTRODES.map(str::to_string);
    let labels = behind(&["O2"], &set);
    let mut not_volts = vec![None; labels.len()];
    not_volts[0] = Some("\"%\"".to_string());
    let montage = Montage::of_recording(&labels, &[], &not_volts).unwrap();
    assert_eq!(montage.channels(), (1..20).collect::<Vec<_>>());
    assert_eq!(
        montage.warnings(),
        ["channel 17 \"O2\" is used in place of channel 1 \"O2\", which is in \"%\""]
    );
    // A letter is no reason to take what is no voltage.
    let labels = behind(&["02"], &set);
    let mut not_volts = vec![None; labels.len()];
    not_volts[16] = Some("\"%\"".to_string());
    let montage = Montage::of_recording(&labels, &[], &not_volts).unwrap();
    assert!(montage.channels().contains(&0) && !montage.channels().contains(&16));
}

/// Labels as an EDF header holds them: 16 characters, read without the padding.
fn cut(suffix: &str) -> Vec<String> {
    let whole = ELECTRODES.iter().map(|name| format!("EEG {name}-{suffix}"));
    whole.map(|label| label.chars().take(16).collect::<String>().trim().to_string()).collect()
}

#[test]
fn references_that_sixteen_characters_cut_at_different_places_are_one() {
    for suffix in ["(A1+A2)/2", "LinkedEars", "Linked Ears", "Average Ref", "AvgReference"] {
        let labels = cut(suffix);
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let montage = Montage::resolve(&labels).unwrap();
        assert_eq!(montage.present(), [true; DERIVATIONS], "{suffix}: {labels:?}");
        let [remark] = montage.warnings() else { panic!("{suffix}: {:?}", montage.warnings()) };
        assert!(
            remark.contains("cut at 16 characters") && remark.contains("channel 1 \"EEG Fp1-"),
            "{remark}"
        );
    }
}

#[test]
fn a_reference_is_completed_only_where_its_label_is_full_and_one_other_begins_alike() {
    let missing = |labels: &[&str]| Montage::resolve(labels).unwrap().missing().len();
    let mut labels = ELECTRODES.map(|name| format!("{name}-(A1+A2)/2"));
    (labels[0], labels[11]) = ("Fp1-(A1+A2)/".into(), "Fp2-(A1+A2)/".into());
    assert_eq!(missing(&behind(&[], &labels)), 4);
    // Too little of a reference is left.
    let mut labels = ELECTRODES.map(|name| format!("{name}-ABCD"));
    labels[0] = "EEG      Fp1-ABC".into();
    assert_eq!(missing(&behind(&[], &labels)), 0);
    labels[0] = "EEG       Fp1-AB".into();
    assert_eq!(missing(&behind(&[], &labels)), 2);
    // Two references begin alike, or there is a whole one of that name.
    labels[0] = "EEG      Fp1-ABC".into();
    labels[5] = "F7-ABCE".into();
    assert_eq!(missing(&behind(&[], &labels)), 3);
    labels[5] = "F7-ABC".into();
    assert_eq!(missing(&behind(&[], &labels)), 2);
}

#[test]
fn labels_are_read_with_dots_dashes_and_other_marks_behind_eeg() {
    for (label, plain) in [
        ("EEG-Fp1", "Fp1"),
        ("EEG_Fp1", "Fp1"),
        ("EEG\tFp1", "Fp1"),
        ("EEG-Fp1-REF", "Fp1-REF"),
        ("Fp1.", "Fp1"),
        ("C3..", "C3"),
        ("Fp1.-F7..", "Fp1-F7"),
        ("T3..", "T7"),
        ("Fp1\u{2013}F7", "Fp1-F7"),
        ("Fp1\u{96}F7", "Fp1-F7"),
        ("Fp1\u{e2}\u{80}\u{93}REF", "Fp1-REF"),
        ("Fp1\u{2212}F7", "Fp1-F7"),
    ] {
        assert_eq!(ChannelLabel::parse(label), ChannelLabel::parse(plain), "{label:?}");
        assert_ne!(ChannelLabel::parse(label), ChannelLabel::Other, "{label:?}");
    }
    // Contacts in the brain are named so, and what joins a name is no mark behind EEG.
    for label in ["POL Fp1", "$Fp1", "EEGFp1", "EEG", "EEG-", "EEG_", ".Fp1", "Fp.1", "...", "EEG-REF"] {
        assert_eq!(ChannelLabel::parse(label), ChannelLabel::Other, "{label:?}");
    }
    assert!(ChannelLabel::has_old_name("EEG_T3..") && !ChannelLabel::has_old_name("T7..-T3"));
}

fn made_of(labels: &[&str], units: &[&str], trace: &str) -> Option<Vec<(usize, f64)>> {
    let owned = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<Vec<_>>();
    let (traces, _) = traces_of(&owned(labels), &owned(units), PageMontage::Longitudinal);
    traces.into_iter().find(|found| found.label == trace).map(|found| found.parts)
}

#[test]
fn a_trace_of_the_page_is_made_of_the_channel_with_the_letter_and_of_the_one_in_volts() {
    let labels = ["EEG 02-REF", "EEG P4-REF", "EEG O2-REF"];
    assert_eq!(made_of(&labels, &["uV"; 3], "P4-O2"), Some(vec![(1, 1.0), (2, -1.0)]));
    let labels = ["O2", "P4", "O2"];
    assert_eq!(made_of(&labels, &["%", "uV", "uV"], "P4-O2"), Some(vec![(1, 1.0), (2, -1.0)]));
    assert_eq!(made_of(&["O2", "P4"], &["uV"; 2], "P4-O2"), Some(vec![(1, 1.0), (0, -1.0)]));
}

#[test]
fn a_trace_of_the_page_joins_channels_of_one_reference_that_is_cut_at_different_places() {
    let labels = ["EEG Fp1-(A1+A2)/", "EEG F3-(A1+A2)/2"];
    assert_eq!(made_of(&labels, &["uV"; 2], "Fp1-F3"), Some(vec![(0, 1.0), (1, -1.0)]));
}
