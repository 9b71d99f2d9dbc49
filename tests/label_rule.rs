//! A second's label follows from the CNN's probabilities and, where configured, the autoencoder's flag.

use vigil::detect::{AccumulatorConfig, AeFlag, Detector, Label, LabelRule, Opinion};

fn rule(ae_flag: AeFlag) -> LabelRule {
    LabelRule { seizure_probability: 0.7, ae_flag, certain_probability: 0.9 }
}

fn opinion(seizure: f32, ae_flag: Option<bool>) -> Option<Opinion> {
    let rest = (1.0 - seizure) / 2.0;
    Some(Opinion { ae_error: ae_flag.map(|_| 1.0), ae_flag, probabilities: [seizure, rest, rest] })
}

#[test]
fn a_second_is_seizure_from_the_configured_probability_on() {
    let rule = rule(AeFlag::Ignore);
    assert_eq!(rule.label([0.7, 0.2, 0.1], None), Label::Seizure);
    assert_eq!(rule.label([0.699, 0.2, 0.101], None), Label::Abnormal);
}

#[test]
fn below_it_the_likelier_of_the_other_two_is_the_label_however_likely_a_seizure_is() {
    let rule = rule(AeFlag::Ignore);
    assert_eq!(rule.label([0.6, 0.25, 0.15], None), Label::Abnormal);
    assert_eq!(rule.label([0.6, 0.15, 0.25], None), Label::NonSeizure);
    assert_eq!(
        rule.label([0.6, 0.2, 0.2], None),
        Label::NonSeizure,
        "a draw is no reason to call a second abnormal"
    );
}

#[test]
fn an_ignored_flag_changes_no_label() {
    let rule = rule(AeFlag::Ignore);
    for probabilities in [[0.8, 0.1, 0.1], [0.1, 0.2, 0.7], [0.1, 0.7, 0.2]] {
        assert_eq!(rule.label(probabilities, Some(true)), rule.label(probabilities, None));
    }
}

#[test]
fn a_flag_that_demotes_makes_a_second_abnormal() {
    let rule = rule(AeFlag::Demotes);
    assert_eq!(rule.label([0.8, 0.1, 0.1], Some(true)), Label::Abnormal);
    assert_eq!(rule.label([0.1, 0.1, 0.8], Some(true)), Label::Abnormal);
    assert_eq!(rule.label([0.8, 0.1, 0.1], Some(false)), Label::Seizure);
    assert_eq!(
        rule.label([0.8, 0.1, 0.1], None),
        Label::Seizure,
        "a patient without an autoencoder has no flag"
    );
}

#[test]
fn no_flag_overrules_a_seizure_that_the_cnn_is_certain_of() {
    let rule = rule(AeFlag::Demotes);
    assert_eq!(rule.label([0.9, 0.05, 0.05], Some(true)), Label::Seizure);
    assert_eq!(rule.label([0.899, 0.05, 0.051], Some(true)), Label::Abnormal);
}

#[test]
fn a_generalised_seizure_that_is_flagged_in_every_second_raises_its_alarm_on_time() {
    let mut detector =
        Detector::new(rule(AeFlag::Demotes), AccumulatorConfig::default()).expect("settings in range");
    let raised: Vec<u64> =
        (0..30).filter(|&second| detector.next(second, opinion(0.95, Some(true))).alarm.is_some()).collect();
    assert_eq!(raised, [5]);
}

#[test]
fn a_verdict_carries_all_that_led_to_it() {
    let mut detector =
        Detector::new(rule(AeFlag::Ignore), AccumulatorConfig::default()).expect("settings in range");
    let verdict = detector.next(41, opinion(0.75, Some(true)));
    assert_eq!((verdict.second, verdict.ae_error, verdict.ae_flag), (41, Some(1.0), Some(true)));
    assert_eq!(verdict.probabilities, Some([0.75, 0.125, 0.125]));
    assert_eq!((verdict.label, verdict.accumulator, verdict.alarming), (Some(Label::Seizure), 1.0, false));
}

#[test]
fn a_second_without_enough_channels_has_no_label_and_leaves_the_accumulator() {
    let mut detector =
        Detector::new(rule(AeFlag::Ignore), AccumulatorConfig::default()).expect("settings in range");
    detector.next(0, opinion(0.9, None));
    let verdict = detector.next(1, None);
    assert_eq!((verdict.label, verdict.probabilities, verdict.accumulator), (None, None, 1.0));
}

#[test]
fn labels_are_written_as_tables_name_them() {
    for (label, name) in
        [(Label::Seizure, "seizure"), (Label::Abnormal, "abnormal"), (Label::NonSeizure, "non-seizure")]
    {
        assert_eq!(label.name(), name);
        assert_eq!(serde_json::to_value(label).expect("a label as JSON"), name);
    }
}

#[test]
fn a_probability_that_is_none_is_refused_by_its_setting() {
    for (setting, rule) in [
        ("seizure_probability", LabelRule { seizure_probability: 0.0, ..LabelRule::default() }),
        ("seizure_probability", LabelRule { seizure_probability: f32::NAN, ..LabelRule::default() }),
        ("certain_probability", LabelRule { certain_probability: 1.1, ..LabelRule::default() }),
    ] {
        assert_eq!(rule.validate().expect_err(setting).setting, setting);
    }
}
