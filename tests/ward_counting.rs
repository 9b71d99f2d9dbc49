//! Alarms are counted as a nurse would count them, and rates say what they rest on.

use vigil::evaluate::{AlarmMark, SeizureMark, garwood, score_ward, seconds_at_risk};

fn seizure(onset_s: f64, end_s: f64) -> SeizureMark {
    SeizureMark { onset_s, end_s }
}

fn alarm(raised_s: f64) -> AlarmMark {
    AlarmMark { onset_s: raised_s - 8.0, raised_s }
}

#[test]
fn latency_runs_from_the_annotated_onset_to_the_first_alarm() {
    let score = score_ward(&[seizure(100.0, 160.0)], &[alarm(150.0), alarm(112.5)], 1.0);
    assert_eq!((score.seizures[0].alarm, score.seizures[0].latency_s), (Some(1), Some(12.5)));
    assert_eq!((score.detected, score.median_latency_s), (1, Some(12.5)));
    assert!(score.false_alarms.is_empty(), "a second alarm within a seizure is not false");
}

#[test]
fn an_alarm_before_the_onset_is_false_and_finds_nothing() {
    let score = score_ward(&[seizure(100.0, 160.0)], &[alarm(99.9)], 1.0);
    assert_eq!((score.detected, score.false_alarms.as_slice()), (0, [0].as_slice()));
}

#[test]
fn an_alarm_up_to_a_minute_after_the_end_is_about_the_seizure_and_later_is_false() {
    let score = score_ward(&[seizure(100.0, 160.0)], &[alarm(220.0)], 1.0);
    assert_eq!((score.detected, score.seizures[0].latency_s, score.false_alarms.len()), (1, Some(120.0), 0));
    let score = score_ward(&[seizure(100.0, 160.0)], &[alarm(220.1)], 1.0);
    assert_eq!((score.detected, score.false_alarms.len()), (0, 1));
}

#[test]
fn alarms_are_not_merged_so_each_false_one_counts() {
    let score = score_ward(&[], &[alarm(50.0), alarm(51.0), alarm(52.0)], 2.0);
    assert_eq!(score.false_alarms, [0, 1, 2]);
    assert_eq!(score.false_alarms_per_hour, garwood(3, 2.0));
}

#[test]
fn one_alarm_between_two_seizures_can_be_about_both() {
    let score = score_ward(&[seizure(100.0, 120.0), seizure(150.0, 170.0)], &[alarm(155.0)], 1.0);
    assert_eq!((score.detected, score.false_alarms.len()), (2, 0));
    assert_eq!(score.seizures[0].latency_s, Some(55.0));
    assert_eq!(score.median_latency_s, Some(30.0));
}

#[test]
fn what_rests_on_nothing_is_absent() {
    let score = score_ward(&[], &[], 0.0);
    assert_eq!((score.sensitivity, score.false_alarms_per_hour, score.median_latency_s), (None, None, None));
    let missed = score_ward(&[seizure(0.0, 9.0)], &[], 1.0);
    assert_eq!((missed.detected, missed.median_latency_s), (0, None));
    let sensitivity = missed.sensitivity.expect("one seizure");
    assert!(sensitivity.lower == 0.0 && (sensitivity.upper - 0.975).abs() < 1e-9, "{sensitivity:?}");
}

#[test]
fn seconds_from_an_onset_to_a_minute_after_the_end_are_not_at_risk_of_a_false_alarm() {
    // Seconds 0 to 299; a seizure from 100 to 160. Alarms are raised at a second's end.
    let ends = || (0..300).map(|second| f64::from(second) + 1.0);
    assert_eq!(seconds_at_risk(ends(), &[]), 300);
    assert_eq!(seconds_at_risk(ends(), &[seizure(100.0, 160.0)]), 99 + 80);
    assert_eq!(seconds_at_risk(ends(), &[seizure(100.0, 160.0), seizure(170.0, 200.0)]), 99 + 40);
}

#[test]
fn a_detector_that_is_always_on_has_a_false_alarm_in_each_second_at_risk_and_in_no_other() {
    let seizures = [seizure(100.0, 160.0), seizure(171.5, 200.25), seizure(900.0, 901.0)];
    let ends: Vec<f64> = (0..1000).map(|second| f64::from(second) + 1.0).collect();
    let alarms: Vec<AlarmMark> = ends.iter().map(|&end| alarm(end)).collect();
    let score = score_ward(&seizures, &alarms, 1.0);
    assert_eq!(score.false_alarms.len(), seconds_at_risk(ends, &seizures));
}

#[test]
fn recordings_that_end_a_minute_after_their_seizure_say_nothing_of_false_alarms() {
    // As cut: one recording [onset, end + 60 s), or the ictal seconds and [onset + 60 s, end + 60 s).
    let seizures = [seizure(0.0, 69.0), seizure(5000.0, 5047.0)];
    let seconds = (0..129).chain(5000..5047).chain(5060..5107);
    let at_risk = seconds_at_risk(seconds.map(|second| f64::from(second) + 1.0), &seizures);
    assert_eq!(at_risk, 0);
    assert_eq!(
        garwood(0, at_risk as f64 / 3600.0),
        None,
        "no rate, rather than a rate of 0 with an upper bound"
    );
}

#[test]
fn an_alarm_that_nothing_within_the_seizure_led_to_is_told_apart() {
    let late = AlarmMark { onset_s: 165.0, raised_s: 173.0 };
    let score = score_ward(&[seizure(100.0, 160.0)], &[alarm(112.0), late], 1.0);
    assert_eq!((score.detected, score.after_seizure), (1, 1));
    let straddling = AlarmMark { onset_s: 155.0, raised_s: 163.0 };
    assert_eq!(score_ward(&[seizure(100.0, 160.0)], &[straddling], 1.0).after_seizure, 0);
}
