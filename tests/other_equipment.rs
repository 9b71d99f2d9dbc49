//! What a report says of other equipment is said of the same EEG with that one change, and a person's own threshold rests on
//! recordings that are not scored with it.

use std::collections::BTreeMap;
use std::f64::consts::{PI, TAU};

use jiff::civil::date;
use vigil::dataset::{Dataset, LabelledRecording, Stretch};
use vigil::detect::{AccumulatorConfig, AeFlag, LabelRule, Opinion};
use vigil::eeg::Electrode::{self, *};
use vigil::eeg::{DERIVATIONS, DOUBLE_BANANA, Event, EventKind};
use vigil::evaluate::report::MethodReport;
use vigil::evaluate::{
    Changed, Comparison, Equipment, JudgedPerson, JudgedSecond, Method, Recorded, most_sensitive,
    score_method,
};

const RATE: usize = 256;

/// A data set of one recording, a sine of so many hertz in every derivation.
fn sine(hz: f64, seconds: usize) -> Dataset {
    let trace: Vec<f32> =
        (0..seconds * RATE).map(|at| (TAU * hz * at as f64 / RATE as f64).sin() as f32).collect();
    let stretch = Stretch {
        recording: 0,
        start: date(2075, 9, 2).at(8, 0, 0, 0),
        first_second: 0,
        signal: trace.repeat(DERIVATIONS),
        present: vec![[true; DERIVATIONS]; seconds],
    };
    let recording = LabelledRecording { person: "a".into(), path: "a.edf".into(), events: vec![] };
    Dataset {
        rate: RATE,
        recordings: vec![recording],
        stretches: vec![stretch],
        left_out: vec![],
        remarks: vec![],
    }
}

/// Root mean square of one derivation's last second.
fn rms_at_the_end(dataset: &Dataset, derivation: usize) -> f64 {
    let length = dataset.stretches[0].signal.len() / DERIVATIONS;
    let last = &dataset.stretches[0].signal[(derivation + 1) * length - RATE..(derivation + 1) * length];
    (last.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / RATE as f64).sqrt()
}

#[test]
fn a_filter_of_first_order_takes_what_its_formula_says() {
    for hz in [1.0, 2.0, 5.0, 16.0, 30.0] {
        let recorded = sine(hz, 10);
        let before = rms_at_the_end(&recorded, 7);
        // Of the bilinear transform: frequencies are bent, tan(pi f / rate).
        let bent = |hz: f64| (PI * hz / RATE as f64).tan();
        for (equipment, gain) in [
            (Equipment::HighPass(1.6), 1.0 / (1.0 + (bent(1.6) / bent(hz)).powi(2)).sqrt()),
            (Equipment::LowPass(15.0), 1.0 / (1.0 + (bent(hz) / bent(15.0)).powi(2)).sqrt()),
            (Equipment::Amplitude(0.7), 0.7),
        ] {
            let after = rms_at_the_end(&equipment.record(&recorded), 7);
            assert!((after / before - gain).abs() < 1e-3, "{} at {hz} Hz", equipment.name());
        }
    }
    assert_eq!(rms_at_the_end(&sine(5.0, 10), 3), rms_at_the_end(&sine(5.0, 10), 9));
}

#[test]
fn a_filter_begins_anew_where_a_derivation_was_absent_and_leaves_absent_seconds_alone() {
    let mut recorded = sine(0.0, 6);
    recorded.stretches[0].signal.fill(40.0);
    for second in [2, 3] {
        recorded.stretches[0].present[second][4] = false;
    }
    let filtered = Equipment::HighPass(1.6).record(&recorded);
    let trace = &filtered.stretches[0].signal[4 * 6 * RATE..5 * 6 * RATE];
    // A constant that lasts for ever is nothing behind a high-pass, from the first sample on.
    for (second, samples) in trace.chunks_exact(RATE).enumerate() {
        let expected = if [2, 3].contains(&second) { 40.0 } else { 0.0 };
        assert!(samples.iter().all(|sample| (sample - expected).abs() < 1e-4), "second {second}");
    }
}

#[test]
fn without_an_electrode_every_derivation_that_needs_it_is_absent_and_no_other() {
    let recorded = sine(5.0, 3);
    for electrodes in [&[T7][..], &[Fz, Cz, Pz], &[Fz, Cz, Pz, O1, O2]] {
        let without: &'static [Electrode] = electrodes.to_vec().leak();
        let changed = Equipment::Without(without).record(&recorded);
        for (d, derivation) in DOUBLE_BANANA.iter().enumerate() {
            let needs = electrodes.contains(&derivation.anode) || electrodes.contains(&derivation.cathode);
            assert!(changed.stretches[0].present.iter().all(|present| present[d] != needs), "{derivation}");
            assert_eq!(rms_at_the_end(&changed, d) == 0.0, needs, "{derivation}");
        }
        assert_eq!(changed.seconds().count(), 3, "such seconds are still judged");
    }
}

#[test]
fn from_the_strictest_settings_on_the_first_that_ask_too_much_end_the_search() {
    let (label, usual) = (LabelRule::default(), AccumulatorConfig::default());
    assert_eq!(usual.threshold, 6.0);
    let mut asked = Vec::new();
    let mut search = |enough: fn(f32, f32) -> bool| {
        asked.clear();
        let found = most_sensitive(label, usual, |rule, accumulator| {
            asked.push((rule.seizure_probability, accumulator.threshold));
            Ok::<_, ()>(enough(rule.seizure_probability, accumulator.threshold).then_some(()))
        });
        let found = found.expect("nothing fails").map(|(rule, accumulator, ())| {
            // Nothing else is changed.
            assert_eq!(LabelRule { seizure_probability: label.seizure_probability, ..rule }, label);
            let AccumulatorConfig { threshold, cap, .. } = accumulator;
            assert_eq!(AccumulatorConfig { threshold: 6.0, cap: usual.cap, ..accumulator }, usual);
            assert_eq!(cap, 2.0 * threshold);
            (rule.seizure_probability, threshold)
        });
        (found, asked.clone())
    };
    let strict = [(0.9, 20.0), (0.9, 15.0), (0.9, 12.0), (0.9, 10.0), (0.9, 8.0), (0.9, 6.0)];
    let (found, asked) = search(|probability, _| probability > 0.65);
    assert_eq!(found, Some((0.7, 6.0)));
    assert_eq!(asked, [&strict[..], &[(0.85, 6.0), (0.8, 6.0), (0.7, 6.0), (0.6, 6.0)]].concat());
    assert_eq!(search(|_, threshold| threshold > 11.0), (Some((0.9, 12.0)), strict[..4].to_vec()));
    assert_eq!(search(|_, _| true).0, Some((0.05, 6.0)));
    assert_eq!(search(|_, _| false), (None, strict[..1].to_vec()));
    assert!(most_sensitive(label, usual, |_, _| Err::<Option<()>, _>("broken")).is_err());
}

/// Seconds of a clip, and of the seizure that it begins with.
const CLIP_S: usize = 180;
const SEIZURE_S: usize = 20;

/// Clips an hour apart.
fn clips(persons: &[&str], recordings: usize) -> Dataset {
    let mut dataset = Dataset { rate: RATE, ..Dataset::default() };
    for person in persons {
        for number in 0..recordings {
            dataset.stretches.push(Stretch {
                recording: dataset.recordings.len(),
                start: date(2075, 9, 2).at(number as i8, 0, 0, 0),
                first_second: 0,
                signal: vec![],
                present: vec![[true; DERIVATIONS]; CLIP_S],
            });
            let event = Event {
                onset_s: 0.0,
                duration_s: SEIZURE_S as f64,
                kind: EventKind::Seizure("sz".into()),
                confidence: None,
                channels: None,
                date_time: None,
                recording_duration_s: None,
                alarm_s: None,
            };
            let path = format!("{person}-{number}.edf").into();
            let recording = LabelledRecording { person: person.to_string(), path, events: vec![event] };
            dataset.recordings.push(recording);
        }
    }
    dataset
}

/// What a network says of the clips: how likely a second is a seizure, by recording and second.
fn judged(dataset: &Dataset, says: impl Fn(usize, usize) -> f32) -> Vec<JudgedPerson> {
    let mut people: BTreeMap<String, JudgedPerson> = BTreeMap::new();
    for second in dataset.seconds() {
        let recording = dataset.recording_of(second);
        let person = people.entry(recording.person.clone()).or_insert_with(|| JudgedPerson {
            person: recording.person.clone(),
            model: format!("unseen by {}", recording.person),
            seconds: vec![],
            unjudged: vec![],
        });
        let seizure = dataset.is_seizure(second);
        let share = says(dataset.stretches[second.stretch].recording, second.index);
        let probabilities = [share, 0.0, 1.0 - share];
        person.seconds.push(JudgedSecond {
            second,
            seizure,
            opinion: Some(Opinion { ae_error: None, ae_flag: None, probabilities }),
        });
    }
    people.into_values().collect()
}

fn scored(dataset: &Dataset, people: Vec<JudgedPerson>, small: Vec<JudgedPerson>) -> MethodReport {
    let folds = people.iter().enumerate().map(|(fold, person)| (person.person.clone(), fold)).collect();
    let recorded = vec![Recorded { by: Equipment::Amplitude(0.5), people: small }];
    let method = Method {
        name: "a network".into(),
        description: String::new(),
        on_trial: false,
        ae_flag: AeFlag::Ignore,
        second_look: None,
        is_probability: true,
        people,
        changed: Changed { recorded, imitated: vec![] },
    };
    score_method(dataset, &method, &folds, &Comparison::of(0.75, 10.0), &|_| true).expect("settings in range")
}

#[test]
fn a_persons_own_threshold_finds_what_other_peoples_settings_miss_where_eeg_is_smaller() {
    let dataset = clips(&["a", "b"], 4);
    let of = |ictal: f32, calm: f32| move |_, second| if second < SEIZURE_S { ictal } else { calm };
    let report = scored(&dataset, judged(&dataset, of(0.9, 0.3)), judged(&dataset, of(0.35, 0.12)));
    let [as_it_was, small] = &report.equipment[..] else { panic!("two rows: {:?}", report.equipment) };
    assert_eq!((as_it_was.recorded.as_str(), small.recorded.as_str()), ("as it was", "multiplied by 0.5"));
    // As they were, both find all; half as large, the threshold that separates the large ones finds none.
    assert_eq!((as_it_was.strict.detected, as_it_was.own.detected), (8, 8));
    assert_eq!((small.strict.detected, small.own.detected), (0, 8));
    assert_eq!((as_it_was.own.false_alarms, small.own.false_alarms), (0, 0));
    assert_eq!(small.own.seizures, 8);
    assert_eq!(small.own.hours, small.strict.hours);
}

#[test]
fn a_persons_own_threshold_knows_nothing_of_the_half_that_it_is_used_on() {
    // Every other recording is loud from a minute after its seizure on: a threshold that had seen it would lie above that.
    let dataset = clips(&["a", "b"], 4);
    let loud = |recording: usize, second: usize| match second {
        ..SEIZURE_S => 0.95,
        80.. if recording.is_multiple_of(2) => 0.55,
        _ => 0.12,
    };
    let report = scored(&dataset, judged(&dataset, loud), judged(&dataset, loud));
    let own = &report.equipment[0].own;
    // The quiet half's 0.15 lets all four loud clips raise an alarm; the loud half's 0.6 finds the quiet half's seizures.
    assert_eq!((own.detected, own.false_alarms), (8, 4), "{own:?}");
}
