//! Labels pile up to alarms as the rule says, whatever happens on the way.

use proptest::prelude::*;
use serde::Deserialize;
use vigil::detect::{Accumulator, AccumulatorConfig, Alarm, Detector, Label, LabelRule, Opinion, Step};

const GOLDEN: &str = include_str!("golden/accumulator/traces.json");

#[derive(Deserialize)]
struct Trace {
    config: AccumulatorConfig,
    trace: String,
    values: Vec<f32>,
    /// Onset, raising, first second after; `None` where it lasts at the trace's end.
    alarms: Vec<(u64, u64, Option<u64>)>,
}

/// A threshold at which runs are easy to count.
fn eight() -> AccumulatorConfig {
    AccumulatorConfig { threshold: 8.0, cap: 16.0, ..AccumulatorConfig::default() }
}

fn accumulator(config: AccumulatorConfig) -> Accumulator {
    Accumulator::new(config).expect("settings in range")
}

fn label(letter: char) -> Label {
    match letter {
        'S' => Label::Seizure,
        'A' => Label::Abnormal,
        'N' => Label::NonSeizure,
        other => panic!("no label {other}"),
    }
}

/// The steps that a line of labels makes.
fn steps(accumulator: &mut Accumulator, labels: &str) -> Vec<Step> {
    labels.chars().map(|letter| accumulator.step(label(letter))).collect()
}

fn alarms(accumulator: &mut Accumulator, labels: &str) -> Vec<Alarm> {
    steps(accumulator, labels).into_iter().filter_map(|step| step.alarm).collect()
}

fn repeat(pattern: &str, seconds: usize) -> String {
    pattern.chars().cycle().take(seconds).collect()
}

fn run_length(seconds: f32) -> AccumulatorConfig {
    AccumulatorConfig {
        cap: seconds,
        decay_abnormal: seconds,
        decay_normal: seconds,
        threshold: seconds,
        refractory_s: 0,
        ..eight()
    }
}

#[test]
fn values_and_alarms_equal_a_second_implementation_in_exact_fractions() {
    let traces: Vec<Trace> = serde_json::from_str(GOLDEN).expect("the golden traces");
    assert!(traces.iter().map(|trace| trace.alarms.len()).sum::<usize>() > 50, "traces that try something");
    for (number, golden) in traces.iter().enumerate() {
        let mut accumulator = accumulator(golden.config);
        let (mut now, mut values, mut alarms) = (0, Vec::new(), Vec::<(u64, u64, Option<u64>)>::new());
        for item in golden.trace.split(' ') {
            let before = accumulator.alarming();
            if let Ok(gap) = item.parse::<u64>() {
                accumulator.gap(gap);
                if before && !accumulator.alarming() {
                    alarms.last_mut().expect("an alarm that ends").2 = Some(now);
                }
                now += gap;
                continue;
            }
            let step = accumulator.step(label(item.chars().next().expect("a label")));
            values.push(step.value);
            assert_eq!(step.alarming, accumulator.alarming());
            if let Some(alarm) = step.alarm {
                alarms.push((alarm.onset_second, alarm.raised_second, None));
            }
            if before && !step.alarming {
                alarms.last_mut().expect("an alarm that ends").2 = Some(now + 1);
            }
            now += 1;
        }
        assert_eq!(values, golden.values, "values of trace {number}");
        assert_eq!(alarms, golden.alarms, "alarms of trace {number}");
    }
}

#[test]
fn an_alarm_tells_the_second_that_the_run_began_and_the_second_that_it_was_raised() {
    let mut accumulator = accumulator(eight());
    let raised = alarms(&mut accumulator, "NNNSSSSSSSSSS");
    assert_eq!(raised, [Alarm { onset_second: 3, raised_second: 10 }]);
}

#[test]
fn a_run_that_died_out_is_not_the_onset_of_the_next() {
    let mut accumulator = accumulator(eight());
    let raised = alarms(&mut accumulator, "SSNNNNSSSSSSSS");
    assert_eq!(raised, [Alarm { onset_second: 6, raised_second: 13 }]);
}

#[test]
fn an_alarm_lasts_until_the_accumulator_is_empty_and_only_then_ends() {
    let mut accumulator = accumulator(eight());
    steps(&mut accumulator, &repeat("S", 12));
    let fading = steps(&mut accumulator, &repeat("N", 12));
    assert!(fading[..11].iter().all(|step| step.alarming), "the accumulator is above 0");
    assert!(!fading[11].alarming && fading[11].value == 0.0);
}

#[test]
fn run_length_with_full_reset_is_one_setting() {
    let mut accumulator = accumulator(run_length(5.0));
    assert_eq!(alarms(&mut accumulator, "SSSSASSSSNSSSS"), []);
    assert_eq!(alarms(&mut accumulator, "S"), [Alarm { onset_second: 10, raised_second: 14 }]);
    assert_eq!(alarms(&mut accumulator, "ASSSSS"), [Alarm { onset_second: 16, raised_second: 20 }]);
}

#[test]
fn muscle_artifact_in_a_third_of_a_generalised_seizure_does_not_silence_it() {
    for (pattern, within) in [("SSA", 45), ("SSSA", 25), ("SSSSA", 20), ("ASSSSSSS", 15)] {
        let mut accumulator = accumulator(AccumulatorConfig::default());
        let raised = alarms(&mut accumulator, &repeat(pattern, 60));
        assert_eq!(raised.len(), 1, "{pattern}");
        assert!(raised[0].raised_second < within, "{pattern} is raised after {} s", raised[0].raised_second);
    }
}

#[test]
fn artifact_that_comes_once_an_alarm_is_raised_does_not_take_it_back_at_once() {
    let mut accumulator = accumulator(eight());
    steps(&mut accumulator, &repeat("S", 10));
    assert!(steps(&mut accumulator, "AAAAAA").iter().all(|step| step.alarming));
}

#[test]
fn a_look_alike_that_is_abnormal_every_other_second_raises_nothing() {
    let mut accumulator = accumulator(AccumulatorConfig::default());
    assert_eq!(alarms(&mut accumulator, &repeat("SA", 3600)), []);
}

#[test]
fn no_second_alarm_rises_before_the_refractory_time_has_passed() {
    let config = AccumulatorConfig { refractory_s: 20, ..eight() };
    let mut accumulator = accumulator(config);
    steps(&mut accumulator, "SSSSSSSSNNNNNNNN");
    // The alarm ended with second 15: seconds 16 to 35 rest, and a run that outlasts them is told.
    let raised = alarms(&mut accumulator, &repeat("S", 30));
    assert_eq!(raised, [Alarm { onset_second: 16, raised_second: 36 }]);
}

#[test]
fn a_short_gap_leaves_the_accumulator_and_a_long_one_empties_it() {
    let config = AccumulatorConfig { gap_reset_s: 10, ..eight() };
    let mut short = accumulator(config);
    steps(&mut short, "SSSSSS");
    short.gap(10);
    assert_eq!(alarms(&mut short, "SS"), [Alarm { onset_second: 0, raised_second: 17 }]);
    let mut long = accumulator(config);
    steps(&mut long, "SSSSSS");
    long.gap(11);
    assert_eq!(long.value(), 0.0);
    assert_eq!(alarms(&mut long, "SSSSSSSS"), [Alarm { onset_second: 17, raised_second: 24 }]);
}

#[test]
fn seconds_without_a_label_are_a_long_gap_where_they_are_many_in_a_row() {
    let mut few = accumulator(eight());
    steps(&mut few, "SSSSSS");
    (0..10).for_each(|_| few.gap(1));
    assert_eq!(alarms(&mut few, "SS"), [Alarm { onset_second: 0, raised_second: 17 }]);
    let mut many = accumulator(eight());
    steps(&mut many, "SSSSSSS");
    (0..16).for_each(|_| many.gap(1));
    assert_eq!((many.value(), many.next_second()), (0.0, 23));
    assert_eq!(alarms(&mut many, "SSSSSSSS"), [Alarm { onset_second: 23, raised_second: 30 }]);
    let mut apart = accumulator(eight());
    steps(&mut apart, "SSSSSS");
    apart.gap(9);
    steps(&mut apart, "A");
    apart.gap(9);
    assert_eq!(apart.value(), 4.5, "a label between them makes them two");
}

#[test]
fn an_alarm_does_not_outlast_seconds_that_nobody_can_judge() {
    let mut detector = Detector::new(LabelRule::default(), eight()).expect("settings in range");
    let certain = Opinion { ae_error: None, ae_flag: None, probabilities: [1.0, 0.0, 0.0] };
    for second in 0..20 {
        detector.next(second, Some(certain));
    }
    let alarming: Vec<bool> = (20..65).map(|second| detector.next(second, None).alarming).collect();
    assert!(alarming[..10].iter().all(|alarming| *alarming));
    assert!(alarming[10..].iter().all(|alarming| !alarming));
}

#[test]
fn a_long_gap_ends_an_alarm_and_counts_as_refractory_time() {
    let mut accumulator = accumulator(AccumulatorConfig { refractory_s: 30, ..eight() });
    steps(&mut accumulator, &repeat("S", 10));
    accumulator.gap(100);
    assert!(!accumulator.alarming());
    assert_eq!(alarms(&mut accumulator, &repeat("S", 8)), [Alarm { onset_second: 110, raised_second: 117 }]);
}

#[test]
fn a_setting_that_is_out_of_range_is_told_by_name_with_what_is_allowed() {
    let good = eight();
    assert_eq!(good.validate(), Ok(()));
    let bad = [
        ("gain", AccumulatorConfig { gain: 0.0, ..good }),
        ("gain", AccumulatorConfig { gain: f32::NAN, ..good }),
        ("threshold", AccumulatorConfig { threshold: -1.0, ..good }),
        ("threshold", AccumulatorConfig { threshold: f32::INFINITY, ..good }),
        ("cap", AccumulatorConfig { cap: 7.9, ..good }),
        ("cap", AccumulatorConfig { cap: f32::NAN, ..good }),
        ("decay_abnormal", AccumulatorConfig { decay_abnormal: -0.5, ..good }),
        ("decay_normal", AccumulatorConfig { decay_normal: 0.0, ..good }),
    ];
    for (setting, config) in bad {
        let error = Accumulator::new(config).expect_err(setting);
        assert_eq!(error.setting, setting);
        assert!(
            error.to_string().starts_with(&format!("{setting} is "))
                && error.to_string().contains("expected")
        );
    }
}

/// Settings in quarters, so that no rounding blurs what is compared.
fn settings() -> impl Strategy<Value = AccumulatorConfig> {
    let quarter = |most: u32| (1..=most).prop_map(|n| n as f32 / 4.0);
    (quarter(12), quarter(40), quarter(80), quarter(20), quarter(20), 0u64..40, 0u64..15).prop_map(
        |(gain, threshold, above, decay_abnormal, decay_normal, refractory_s, gap_reset_s)| {
            AccumulatorConfig {
                gain,
                cap: threshold + above,
                decay_abnormal,
                decay_normal,
                threshold,
                refractory_s,
                gap_reset_s,
            }
        },
    )
}

fn labels(most: usize) -> impl Strategy<Value = Vec<Label>> {
    let one =
        prop_oneof![3 => Just(Label::Seizure), 1 => Just(Label::Abnormal), 1 => Just(Label::NonSeizure)];
    prop::collection::vec(one, 0..most)
}

fn first_alarm(mut accumulator: Accumulator, labels: &[Label]) -> Option<u64> {
    labels.iter().find_map(|&label| accumulator.step(label).alarm).map(|alarm| alarm.raised_second)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_accumulator_stays_between_nothing_and_its_cap(config in settings(), labels in labels(300)) {
        let mut accumulator = accumulator(config);
        for label in labels {
            let step = accumulator.step(label);
            prop_assert!((0.0..=config.cap).contains(&step.value));
        }
    }

    #[test]
    fn an_alarm_is_raised_if_and_only_if_the_threshold_is_reached_while_armed(config in settings(), labels in labels(300)) {
        let mut accumulator = accumulator(config);
        let (mut alarming, mut ended) = (false, None::<u64>);
        for (second, label) in (0u64..).zip(labels) {
            let step = accumulator.step(label);
            let rested = ended.is_none_or(|end| second >= end + config.refractory_s);
            let due = step.value >= config.threshold && !alarming && rested;
            prop_assert_eq!(step.alarm.is_some(), due);
            if let Some(alarm) = step.alarm {
                prop_assert_eq!(alarm.raised_second, second);
                prop_assert!(alarm.onset_second <= second);
            }
            let alarms_now = step.value > 0.0 && (alarming || due);
            prop_assert_eq!(step.alarming, alarms_now);
            if alarming && !alarms_now {
                ended = Some(second + 1);
            }
            alarming = alarms_now;
        }
    }

    #[test]
    fn killed_and_resumed_at_any_second_it_goes_on_as_if_nothing_had_happened(config in settings(), labels in labels(120), at in 0usize..120) {
        let mut through = accumulator(config);
        let mut resumed = accumulator(config);
        for (second, label) in labels.into_iter().enumerate() {
            if second == at {
                let saved = serde_json::to_string(&resumed).expect("a state that can be saved");
                resumed = serde_json::from_str(&saved).expect("a state that can be restored");
            }
            prop_assert_eq!(through.step(label), resumed.step(label));
        }
        prop_assert_eq!(through, resumed);
    }

    #[test]
    fn seconds_without_a_label_do_the_same_however_they_are_cut(
        config in settings(), before in labels(120), cuts in prop::collection::vec(1u64..8, 1..8), after in labels(120)
    ) {
        let mut whole = accumulator(config);
        for label in before {
            whole.step(label);
        }
        let mut cut = whole.clone();
        whole.gap(cuts.iter().sum());
        for seconds in cuts {
            cut.gap(seconds);
            let saved = serde_json::to_string(&cut).expect("a state that can be saved");
            cut = serde_json::from_str(&saved).expect("a state that can be restored");
        }
        prop_assert_eq!(&whole, &cut);
        for label in after {
            prop_assert_eq!(whole.step(label), cut.step(label));
        }
    }

    #[test]
    fn more_seizure_labels_never_make_the_next_alarm_later(
        config in settings(), before in labels(60), after in labels(120), more in prop::collection::vec(any::<bool>(), 120)
    ) {
        let mut state = accumulator(config);
        for label in before {
            state.step(label);
        }
        // While an alarm lasts, more seizure labels rightly put off the next.
        prop_assume!(!state.alarming());
        let richer: Vec<Label> =
            after.iter().zip(&more).map(|(&label, &more)| if more { Label::Seizure } else { label }).collect();
        if let Some(raised) = first_alarm(state.clone(), &after) {
            prop_assert!(first_alarm(state, &richer).is_some_and(|earlier| earlier <= raised));
        }
    }

    #[test]
    fn two_minutes_of_seizure_with_a_third_of_artifact_raise_an_alarm_in_whatever_order(
        labels in Just([vec![Label::Seizure; 80], vec![Label::Abnormal; 40]].concat()).prop_shuffle()
    ) {
        prop_assert!(first_alarm(accumulator(AccumulatorConfig::default()), &labels).is_some());
    }
}
