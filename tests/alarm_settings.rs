//! Settings are chosen on other people, and an alarm is withheld only where it looks like their false ones.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::civil::DateTime;
use proptest::prelude::*;
use vigil::dataset::{Dataset, LabelledRecording, Second, Stretch};
use vigil::detect::{AeFlag, Opinion};
use vigil::eeg::{DERIVATIONS, Event, EventKind};
use vigil::evaluate::report::MethodReport;
use vigil::evaluate::{
    Changed, Comparison, Equipment, JudgedPerson, JudgedSecond, Method, Recorded, SecondLook, score_method,
};

const RATE: usize = 64;
const LENGTH_S: usize = 300;

/// What is said of one person's seconds: probabilities of seizure and abnormal, and the expert's seizure.
struct Person {
    said: Vec<(f32, f32)>,
    seizure: (usize, usize),
}

fn event((onset, end): (usize, usize)) -> Event {
    Event {
        onset_s: onset as f64,
        duration_s: (end - onset) as f64,
        kind: EventKind::Seizure("sz".into()),
        confidence: None,
        channels: None,
        date_time: None,
        recording_duration_s: None,
        alarm_s: None,
    }
}

fn scored(people: &[Person], second_look: Option<SecondLook>) -> MethodReport {
    scored_with(people, second_look, &[])
}

/// What is said of everybody's seconds, in the order of [`scored_with`]'s data set.
fn judged(people: &[Person]) -> Vec<JudgedPerson> {
    let judged = |number: usize, person: &Person| {
        let seconds = person.said.iter().enumerate().map(|(index, &(seizure, abnormal))| JudgedSecond {
            second: Second { stretch: number, index },
            seizure: (person.seizure.0..person.seizure.1).contains(&index),
            opinion: Some(Opinion {
                ae_error: None,
                ae_flag: None,
                probabilities: [seizure, abnormal, 1.0 - seizure - abnormal],
            }),
        });
        JudgedPerson {
            seconds: seconds.collect(),
            unjudged: vec![],
            person: format!("p{number}"),
            model: "m".into(),
        }
    };
    people.iter().enumerate().map(|(number, person)| judged(number, person)).collect()
}

/// The same with what is said at other amplitudes.
fn scored_with(
    people: &[Person],
    second_look: Option<SecondLook>,
    scaled: &[(f32, Vec<Person>)],
) -> MethodReport {
    let mut dataset = Dataset { rate: RATE, ..Dataset::default() };
    let mut folds = BTreeMap::new();
    for (number, person) in people.iter().enumerate() {
        let name = format!("p{number}");
        folds.insert(name.clone(), number);
        dataset.recordings.push(LabelledRecording {
            person: name.clone(),
            path: PathBuf::from(&name),
            events: vec![event(person.seizure)],
        });
        dataset.stretches.push(Stretch {
            recording: number,
            start: DateTime::default(),
            first_second: 0,
            signal: vec![0.0; DERIVATIONS * RATE * person.said.len()],
            present: vec![[true; DERIVATIONS]; person.said.len()],
        });
    }
    let recorded = scaled
        .iter()
        .map(|(factor, people)| Recorded { by: Equipment::Amplitude(*factor), people: judged(people) });
    let method = Method {
        on_trial: false,
        name: "m".into(),
        description: "made up".into(),
        ae_flag: AeFlag::Ignore,
        second_look,
        is_probability: true,
        people: judged(people),
        changed: Changed { recorded: recorded.collect(), ..Changed::default() },
    };
    score_method(&dataset, &method, &folds, &Comparison::of(1.0, 10.0), &|_| true).expect("settings in range")
}

/// A seizure, and later a run of the same height that is a little more abnormal.
fn with_look_alike(number: usize) -> Person {
    let (seizure, false_run) = ((60 + number, 90 + number), 200 + number..230 + number);
    let said = (0..LENGTH_S)
        .map(|second| match second {
            second if (seizure.0..seizure.1).contains(&second) => (0.9, 0.02),
            second if false_run.contains(&second) => (0.9, 0.09),
            _ => (0.02, 0.03),
        })
        .collect();
    Person { said, seizure }
}

#[test]
fn alarms_that_look_like_other_peoples_false_ones_are_withheld() {
    let people: Vec<Person> = (0..6).map(with_look_alike).collect();
    let plain = scored(&people, None).strict;
    assert_eq!((plain.detected, plain.false_alarms), (6, 6));
    let looked_at_again = scored(&people, Some(SecondLook::Run)).strict;
    assert_eq!((looked_at_again.detected, looked_at_again.false_alarms), (6, 0));
}

#[test]
fn of_two_folds_there_is_nobody_to_choose_a_limit_on_and_nothing_is_withheld() {
    let people: Vec<Person> = (0..2).map(with_look_alike).collect();
    let (plain, again) = (scored(&people, None).strict, scored(&people, Some(SecondLook::Run)).strict);
    assert_eq!((plain.detected, plain.false_alarms), (2, 2));
    assert_eq!((again.detected, again.false_alarms), (2, 2));
}

#[test]
fn where_nothing_tells_false_alarms_apart_no_seizure_is_lost() {
    // The same run, in a seizure or not: withholding any would lose seizures.
    let people: Vec<Person> = (0..6)
        .map(|number| {
            let run = 100..130;
            let said = (0..LENGTH_S)
                .map(|second| if run.contains(&second) { (0.9, 0.05) } else { (0.02, 0.03) })
                .collect();
            Person { said, seizure: if number % 2 == 0 { (100, 130) } else { (250, 260) } }
        })
        .collect();
    let (plain, again) = (scored(&people, None).strict, scored(&people, Some(SecondLook::Run)).strict);
    assert_eq!(plain.detected, again.detected);
}

#[test]
fn settings_at_another_amplitude_are_those_that_were_chosen_on_eeg_as_it_was_recorded() {
    let people = |change: fn(usize, (f32, f32)) -> (f32, f32)| -> Vec<Person> {
        (0..6)
            .map(with_look_alike)
            .map(|person| {
                let said = person.said.iter().enumerate().map(|(second, said)| change(second, *said));
                Person { said: said.collect(), ..person }
            })
            .collect()
    };
    let recorded = people(|_, said| said);
    // Smaller, all is said with half the certainty, so that seconds rank as before; larger, one more run looks like a seizure.
    let smaller = || people(|_, (seizure, abnormal)| (seizure / 2.0, abnormal / 2.0));
    let larger = people(|second, said| if (5..20).contains(&second) { (0.9, 0.02) } else { said });
    let report = scored_with(&recorded, None, &[(2.0, larger), (0.5, smaller())]);

    let counted = report.equipment.iter().map(|equipment| {
        let strict = equipment.strict;
        (equipment.recorded.as_str(), strict.detected, strict.false_alarms, strict.seizures)
    });
    let expected = [("as it was", 6, 6, 6), ("multiplied by 2", 6, 12, 6), ("multiplied by 0.5", 0, 0, 6)];
    assert_eq!(counted.collect::<Vec<_>>(), expected);
    assert_eq!(report.equipment[0].strict, report.strict, "the first row is that of the main table");
    assert_eq!(report.equipment[0].auroc, report.auroc);
    assert_eq!(report.equipment[2].auroc, report.auroc, "how seconds rank does not rest on settings");
    assert_eq!(scored(&smaller(), None).strict.detected, 6, "chosen anew, settings find what these miss");

    // What is asked beside the main table changes nothing in it.
    let plain = scored(&recorded, None);
    assert!(plain.equipment.is_empty());
    assert!(MethodReport { equipment: vec![], ..report } == plain);
}

#[test]
fn a_rest_is_not_chosen_and_what_it_covers_is_told() {
    // A seizure, and the same again for 20 s, which begins 80 s after the seizure's end. Whatever the settings, the
    // seizure's alarm has ended at most 40 s after it.
    let seizure = (60, 90);
    let people: Vec<Person> = (0..6)
        .map(|_| {
            let high = |second: usize| (60..90).contains(&second) || (170..190).contains(&second);
            let said = (0..LENGTH_S).map(|second| if high(second) { (0.9, 0.02) } else { (0.02, 0.03) });
            Person { said: said.collect(), seizure }
        })
        .collect();
    let report = scored(&people, None);
    let counted: Vec<_> = report
        .rests
        .iter()
        .map(|rest| (rest.rest_s, rest.strict.detected, rest.strict.false_alarms, rest.strict.seizures))
        .collect();
    assert_eq!(counted, [(0, 6, 6, 6), (30, 6, 6, 6), (60, 6, 6, 6), (120, 6, 0, 6)]);
    let compared = &report.rests[1];
    assert_eq!(compared.strict, report.strict, "the row of the comparison's rest is that of the main table");
    let ready: Vec<f64> = report.rests.iter().map(|rest| rest.ready_hours).collect();
    assert!(ready[0] < report.strict.hours, "while an alarm lasts none can rise");
    assert!(ready[1] < ready[0] && ready[2] < ready[1], "the same alarms, longer rests: {ready:?}");
    // Before the seizure 60 s, and what is left of the 300 s once its alarm has ended and 120 s have passed.
    let ready_s = report.rests[3].ready_hours * 3600.0 / 6.0;
    assert!((110.0..=150.0).contains(&ready_s), "{ready_s}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whoever is scored has no say in their own settings: other marks of theirs change nothing.
    #[test]
    fn a_persons_own_marks_do_not_choose_their_settings(
        heights in prop::collection::vec(0.2f32..0.95, 4),
        moved in 120usize..250,
        suppressor: bool,
    ) {
        let look = suppressor.then_some(SecondLook::RunAndHistory);
        let people = |moved: Option<usize>| -> Vec<Person> {
            heights.iter().enumerate().map(|(number, &height)| {
                let seizure = (60, 85);
                let said = (0..LENGTH_S).map(|second| match second {
                    60..85 => (height, 0.01),
                    150..170 => (height * 0.8, 0.1),
                    _ => (0.01, 0.02),
                }).collect();
                let seizure = moved.filter(|_| number == 0).map_or(seizure, |onset| (onset, onset + 25));
                Person { said, seizure }
            }).collect()
        };
        let (before, after) = (scored(&people(None), look), scored(&people(Some(moved)), look));
        prop_assert_eq!(before.people[0].threshold, after.people[0].threshold);
        prop_assert_eq!(before.people[0].accumulator, after.people[0].accumulator);
    }
}
