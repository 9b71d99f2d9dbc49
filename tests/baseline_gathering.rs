//! What a patient's own autoencoder is fitted on: usual seconds, far from alarms, and nothing else.

use proptest::prelude::*;
use vigil::detect::{Alarm, Label, Verdict};
use vigil::eeg::DERIVATIONS;
use vigil::signal::{Fault, FaultKind, Window};
use vigil::ward::{AFTER_ALARM_S, BEFORE_ALARM_S, Baseline};

const RATE: u64 = 256;

fn window(second: u64, faulty: bool) -> Window {
    let mut faults = [None; DERIVATIONS];
    if faulty {
        faults[3] = Some(Fault { kind: FaultKind::Flat, channel: 3 });
    }
    let present = faults.map(|fault| fault.is_none());
    Window { second, first_sample: second * RATE, samples: Vec::new(), present, faults }
}

fn usual(second: u64) -> Verdict {
    Verdict { label: Some(Label::NonSeizure), ..Verdict::unjudged(second, 0.0, false) }
}

fn gathered(baseline: &Baseline) -> Vec<u64> {
    baseline.spans().iter().flat_map(|span| span.first_second..span.first_second + span.seconds).collect()
}

#[test]
fn usual_seconds_are_gathered_and_no_others() {
    let mut baseline = Baseline::default();
    let verdicts = [
        usual(0),
        Verdict { label: Some(Label::Abnormal), ..usual(1) },
        Verdict { label: Some(Label::Seizure), ..usual(2) },
        Verdict { accumulator: 1.0, ..usual(3) },
        Verdict::unjudged(4, 0.0, false),
        usual(5),
        usual(6),
    ];
    for verdict in &verdicts {
        baseline.observe(&window(verdict.second, verdict.second == 5), RATE, verdict);
    }
    assert_eq!(gathered(&baseline), [0, 6]);
    assert_eq!(baseline.spans()[1].first_frame, 6 * RATE);
}

#[test]
fn the_minute_before_an_alarm_is_taken_out_and_ten_minutes_after_are_left_out() {
    let mut baseline = Baseline::default();
    let (onset, raised, end) = (200, 206, 240);
    for second in 0..1000 {
        let alarm = (second == raised).then_some(Alarm { onset_second: onset, raised_second: raised });
        let alarming = (raised..end).contains(&second);
        let accumulator = if (onset..end).contains(&second) { 5.0 } else { 0.0 };
        baseline.observe(
            &window(second, false),
            RATE,
            &Verdict { alarm, alarming, accumulator, ..usual(second) },
        );
    }
    let last = end - 1;
    let expected: Vec<u64> = (0..onset - BEFORE_ALARM_S).chain(last + AFTER_ALARM_S..1000).collect();
    assert_eq!(gathered(&baseline), expected);
}

#[test]
fn short_stretches_count_for_nothing() {
    let mut baseline = Baseline::default();
    for second in (0..9).chain(20..40) {
        baseline.observe(&window(second, false), RATE, &usual(second));
    }
    assert_eq!((baseline.seconds(), baseline.usable_seconds()), (29, 20));
}

proptest! {
    #[test]
    fn spans_rise_without_overlap_and_add_up(events in prop::collection::vec((0u8..6, 1u64..80), 1..60)) {
        let mut baseline = Baseline::default();
        let mut second = 0;
        for (kind, seconds) in events {
            for _ in 0..seconds {
                let verdict = match kind {
                    0 => Verdict { label: Some(Label::Abnormal), ..usual(second) },
                    1 if seconds > 70 => Verdict {
                        alarm: Some(Alarm { onset_second: second, raised_second: second }),
                        ..usual(second)
                    },
                    _ => usual(second),
                };
                baseline.observe(&window(second, kind == 2), RATE, &verdict);
                second += 1;
            }
            second += u64::from(kind == 3) * 7;
        }
        let spans = baseline.spans();
        prop_assert!(spans.windows(2).all(|two| two[0].first_second + two[0].seconds < two[1].first_second));
        prop_assert!(spans.iter().all(|span| span.frames == span.seconds * RATE && span.first_frame == span.first_second * RATE));
        prop_assert_eq!(spans.iter().map(|span| span.seconds).sum::<u64>(), baseline.seconds());
    }
}
