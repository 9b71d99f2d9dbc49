//! The review page makes its traces of the very channels that the detector takes.

use vigil::review::{PageMontage, traces_of};

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
