//! A person's recordings stand on one line in time order, and alarms are where they were raised, whatever was not judged.

use jiff::civil::{DateTime, date};
use vigil::dataset::{Dataset, LabelledRecording, Stretch};
use vigil::detect::{AccumulatorConfig, LabelRule, Opinion};
use vigil::eeg::{DERIVATIONS, Event, EventKind};
use vigil::evaluate::{Counting, JudgedPerson, JudgedSecond, PersonLine, score_lines, unjudged_recordings};

const RATE: usize = 64;

/// A recording of a minute and a half, its seizure, the seconds without enough derivations, and those of which nothing is said.
struct Clip {
    start: DateTime,
    seizure: (f64, f64),
    unjudged: std::ops::Range<usize>,
    silent: std::ops::Range<usize>,
}

const CLIP_S: usize = 90;

fn at(hour: i8, minute: i8) -> DateTime {
    date(2075, 9, 2).at(hour, minute, 0, 0)
}

fn clip(start: DateTime, seizure: (f64, f64)) -> Clip {
    Clip { start, seizure, unjudged: 0..0, silent: 0..0 }
}

/// The clips of one person; a network is sure of the seizures and of the rest.
fn line(clips: &[Clip]) -> PersonLine {
    let mut dataset = Dataset { rate: RATE, ..Dataset::default() };
    for (recording, clip) in clips.iter().enumerate() {
        let (onset_s, end_s) = clip.seizure;
        dataset.recordings.push(LabelledRecording {
            person: "a".into(),
            path: format!("{recording}.edf").into(),
            events: vec![Event {
                onset_s,
                duration_s: end_s - onset_s,
                kind: EventKind::Seizure("sz".into()),
                confidence: None,
                channels: None,
                date_time: None,
                recording_duration_s: None,
                alarm_s: None,
            }],
        });
        let present = (0..CLIP_S).map(|second| [!clip.unjudged.contains(&second); DERIVATIONS]);
        dataset.stretches.push(Stretch {
            recording,
            start: clip.start,
            first_second: 0,
            signal: vec![],
            present: present.collect(),
        });
    }
    let seconds = dataset.seconds().map(|second| {
        let seizure = dataset.is_seizure(second);
        let probabilities = if seizure { [0.95, 0.0, 0.05] } else { [0.02, 0.0, 0.98] };
        let silent = &clips[dataset.stretches[second.stretch].recording].silent;
        let opinion = (!silent.contains(&second.index)).then_some(Opinion {
            ae_error: None,
            ae_flag: None,
            probabilities,
        });
        JudgedSecond { second, seizure, opinion }
    });
    let person = JudgedPerson {
        person: "a".into(),
        model: "m".into(),
        seconds: seconds.collect(),
        unjudged: unjudged_recordings(&dataset),
    };
    PersonLine::of(&dataset, &person)
}

fn raised(line: &PersonLine) -> Vec<u64> {
    let alarms = line.alarms(LabelRule::default(), AccumulatorConfig::default()).expect("settings in range");
    alarms.iter().map(|alarm| alarm.raised).collect()
}

#[test]
fn an_alarm_is_where_it_was_raised_also_where_the_first_seconds_were_not_judged() {
    let whole = line(&[clip(at(8, 0), (40.0, 70.0))]);
    let late = line(&[Clip { unjudged: 0..38, ..clip(at(8, 0), (40.0, 70.0)) }]);
    assert_eq!(raised(&whole), [45]);
    assert_eq!(raised(&late), raised(&whole));
}

#[test]
fn recordings_that_all_begin_at_one_made_up_time_count_as_if_they_followed_each_other() {
    let seizures = [(0.0, 30.0), (10.0, 40.0), (40.0, 80.0)];
    let clips = |starts: [DateTime; 3]| -> Vec<Clip> {
        starts.into_iter().zip(seizures).map(|(start, seizure)| clip(start, seizure)).collect()
    };
    let apart = line(&clips([at(8, 0), at(9, 0), at(10, 0)]));
    let score = |line: &PersonLine| {
        let alarms = line.alarms(LabelRule::default(), AccumulatorConfig::default()).expect("settings");
        score_lines([(line, alarms.as_slice())], Counting::Strict)
    };
    let expected = score(&apart);
    assert_eq!((expected.detected, expected.false_alarms.len()), (3, 0));
    // All at one time; two of them; one that reaches into the next by a second, as amplifiers round.
    for starts in [
        [at(8, 0); 3],
        [at(8, 0), at(8, 0), at(10, 0)],
        [at(8, 0), date(2075, 9, 2).at(8, 1, 29, 0), at(9, 0)],
    ] {
        let told = score(&line(&clips(starts)));
        assert_eq!((told.detected, told.false_alarms.len()), (3, 0), "{starts:?}");
        assert_eq!(told.median_latency_s, expected.median_latency_s, "{starts:?}");
        assert_eq!(told.hours, expected.hours, "{starts:?}");
    }
}

#[test]
fn seconds_without_an_opinion_are_no_time_in_which_an_alarm_could_be_false() {
    let dataset_line = line(&[clip(at(8, 0), (0.0, 30.0))]);
    let all = score_lines([(&dataset_line, &[][..])], Counting::Strict);
    assert_eq!(all.hours, 60.0 / 3600.0);
    let late = line(&[Clip { silent: 50..70, ..clip(at(8, 0), (0.0, 30.0)) }]);
    let fewer = score_lines([(&late, &[][..])], Counting::Strict);
    assert_eq!(fewer.hours, 40.0 / 3600.0);
}

#[test]
fn a_seizure_of_a_recording_that_nobody_can_judge_is_missed_and_its_seconds_are_not_observed() {
    let seizures = [(20.0, 50.0), (10.0, 40.0), (40.0, 80.0)];
    let clips = |starts: [DateTime; 3], unjudged: Option<usize>| -> Vec<Clip> {
        let clips = starts.into_iter().zip(seizures).enumerate();
        let whole = |number| if Some(number) == unjudged { 0..CLIP_S } else { 0..0 };
        clips
            .map(|(number, (start, seizure))| Clip { unjudged: whole(number), ..clip(start, seizure) })
            .collect()
    };
    let score = |line: &PersonLine| {
        let alarms = line.alarms(LabelRule::default(), AccumulatorConfig::default()).expect("settings");
        (score_lines([(line, alarms.as_slice())], Counting::Strict), line.szcore(&alarms))
    };
    // In time order, and where all begin at one made-up time, at which the seizures would lie on each other.
    for starts in [[at(8, 0), at(9, 0), at(10, 0)], [at(8, 0); 3]] {
        let (judged, (_, judged_by_second)) = score(&line(&clips(starts, None)));
        assert_eq!((judged.detected, judged.seizures.len()), (3, 3));
        for (missing, (onset_s, end_s)) in seizures.into_iter().enumerate() {
            let (told, (by_event, by_second)) = score(&line(&clips(starts, Some(missing))));
            assert_eq!((told.detected, told.seizures.len()), (2, 3), "{starts:?}, {missing}");
            assert_eq!(told.false_alarms.len(), 0, "{starts:?}, {missing}");
            let outside = CLIP_S as f64 - (end_s - onset_s);
            assert!((told.hours - (judged.hours - outside / 3600.0)).abs() < 1e-9, "{starts:?}, {missing}");
            assert_eq!((by_event.refs, by_event.tp), (3, 2), "{starts:?}, {missing}");
            assert_eq!(by_second.refs, judged_by_second.refs, "{starts:?}, {missing}");
            assert_eq!(by_second.seconds, 2 * CLIP_S as u64, "{starts:?}, {missing}");
        }
    }
}

#[test]
fn a_seizure_behind_the_last_judged_second_is_missed_and_adds_no_time() {
    let line =
        line(&[Clip { unjudged: 45..CLIP_S, ..clip(at(8, 0), (50.0, 70.0)) }, clip(at(9, 0), (20.0, 50.0))]);
    let alarms = line.alarms(LabelRule::default(), AccumulatorConfig::default()).expect("settings");
    let (by_event, by_second) = line.szcore(&alarms);
    assert_eq!((by_event.refs, by_event.tp, by_event.seconds), (2, 1, 45 + CLIP_S as u64));
    assert_eq!((by_second.refs, by_second.seconds), (20 + 30, 45 + CLIP_S as u64));
}

#[test]
fn settings_are_not_compared_by_seizures_that_none_of_them_could_find() {
    let line =
        line(&[clip(at(8, 0), (20.0, 50.0)), Clip { unjudged: 0..CLIP_S, ..clip(at(9, 0), (20.0, 50.0)) }]);
    let alarms = line.alarms(LabelRule::default(), AccumulatorConfig::default()).expect("settings");
    let tally = line.tally(&alarms, 30.0);
    assert_eq!((tally.detected, tally.seizures), (1, 1));
    assert_eq!(score_lines([(&line, alarms.as_slice())], Counting::Strict).seizures.len(), 2);
}
