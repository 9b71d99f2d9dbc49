//! What a time without an alarm is worth is told from whole blocks of observed time, and a seizure that was found is no
//! failure of the block in which its alarm had not come yet.

use std::path::PathBuf;

use jiff::civil::DateTime;
use proptest::prelude::*;
use vigil::dataset::{Dataset, LabelledRecording, Second, Stretch};
use vigil::detect::Opinion;
use vigil::eeg::{DERIVATIONS, Event, EventKind};
use vigil::evaluate::{AlarmFree, AlarmSpan, JudgedPerson, JudgedSecond, PersonLine, alarm_free_blocks};

fn blocks(seconds: usize, seizures: &[(usize, usize)], alarms: &[AlarmSpan], block_s: u64) -> AlarmFree {
    let event = |(onset, end): &(usize, usize)| Event {
        onset_s: *onset as f64,
        duration_s: (end - onset) as f64,
        kind: EventKind::Seizure("sz".into()),
        confidence: None,
        channels: None,
        date_time: None,
        recording_duration_s: None,
        alarm_s: None,
    };
    let dataset = Dataset {
        rate: 1,
        recordings: vec![LabelledRecording {
            person: "p".into(),
            path: PathBuf::from("p.edf"),
            events: seizures.iter().map(event).collect(),
        }],
        stretches: vec![Stretch {
            recording: 0,
            start: DateTime::default(),
            first_second: 0,
            signal: vec![0.0; DERIVATIONS * seconds],
            present: vec![[true; DERIVATIONS]; seconds],
        }],
        left_out: vec![],
        remarks: vec![],
    };
    let judged = (0..seconds).map(|index| JudgedSecond {
        second: Second { stretch: 0, index },
        seizure: false,
        opinion: Some(Opinion { ae_error: None, ae_flag: None, probabilities: [0.0, 0.0, 1.0] }),
    });
    let person =
        JudgedPerson { person: "p".into(), model: "m".into(), seconds: judged.collect(), unjudged: vec![] };
    let line = PersonLine::of(&dataset, &person);
    alarm_free_blocks([(&line, alarms)], block_s)
}

fn alarm(onset: u64, raised: u64, end: u64) -> AlarmSpan {
    AlarmSpan { onset, raised, end }
}

#[test]
fn a_missed_seizure_makes_its_blocks_wrong_and_a_found_one_none() {
    // Blocks of 60 s: a seizure over the border of the second and third, another in the fifth; six in all.
    let seizures = [(115, 140), (250, 270)];
    let silent = blocks(360, &seizures, &[], 60);
    assert_eq!((silent.blocks, silent.with_seizure, silent.alarm_free, silent.rightly), (6, 3, 6, 3));
    assert_eq!(silent.value, Some(0.5));
    // The alarm for the first rises in the third block only; the second is missed.
    let one = blocks(360, &seizures, &[alarm(118, 124, 141)], 60);
    assert_eq!((one.alarm_free, one.rightly), (4, 3));
    // A false alarm takes its block out of those without alarm.
    let more = blocks(360, &seizures, &[alarm(118, 124, 141), alarm(10, 15, 20)], 60);
    assert_eq!((more.alarm_free, more.rightly), (3, 2));
}

#[test]
fn what_is_left_at_the_end_is_no_block_and_no_block_gives_no_value() {
    let short = blocks(59, &[], &[], 60);
    assert_eq!((short.blocks, short.value, short.value_95), (0, None, None));
    assert_eq!(blocks(119, &[], &[], 60).blocks, 1);
}

proptest! {
    /// More alarms never add to the blocks without one, and the counts hold together.
    #[test]
    fn counts_hold_together(
        seizures in prop::collection::vec((0usize..500, 1usize..60), 0..4),
        alarms in prop::collection::vec((0u64..500, 1u64..30, 1u64..30), 0..6),
        block_s in 1u64..120,
    ) {
        let seizures: Vec<(usize, usize)> = seizures.into_iter().map(|(onset, length)| (onset, onset + length)).collect();
        let spans: Vec<AlarmSpan> =
            alarms.into_iter().map(|(onset, run, lasts)| alarm(onset, onset + run, onset + run + lasts)).collect();
        let all = blocks(600, &seizures, &spans, block_s);
        prop_assert_eq!(all.blocks, 600 / block_s);
        prop_assert!(all.rightly <= all.alarm_free && all.alarm_free <= all.blocks);
        prop_assert!(all.rightly <= all.blocks - all.with_seizure);
        for fewer in 0..spans.len() {
            let some = blocks(600, &seizures, &spans[..fewer], block_s);
            prop_assert!(some.alarm_free >= all.alarm_free);
        }
        if let (Some(value), Some(interval)) = (all.value, all.value_95) {
            prop_assert!(interval.lower <= value && value <= interval.upper);
        }
    }
}
