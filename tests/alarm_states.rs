//! An alarm's states follow each other in order, whatever happens in whatever order; a day of alarms passes in
//! milliseconds, since time is a value.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vigil::alarm::entry::{DAEMON, Entry, What, seizure_id};
use vigil::alarm::log::{Appended, Held};
use vigil::alarm::moment::{Moment, wall_text, wall_us};
use vigil::alarm::state::{Act, AlarmKind, AlarmState, LONGEST_PAUSE_S, OutOfOrder, Phase};
use vigil::alarm::{AlarmLog, LogError};

fn at(second: i64) -> Moment {
    Moment {
        wall_us: 1_700_000_000_000_000 + second * 1_000_000,
        mono_us: second * 1_000_000,
        boot: "one".into(),
    }
}

fn raised(kind: AlarmKind) -> AlarmState {
    let mut state = AlarmState::pending(kind);
    state.apply(Act::Raised, &at(0)).unwrap();
    state
}

#[test]
fn an_alarm_that_is_only_pending_can_be_neither_acknowledged_nor_ended() {
    let mut state = AlarmState::pending(AlarmKind::Seizure);
    assert_eq!(state.phase(&at(0)), Phase::Pending);
    assert!(!state.sounds(&at(0)));
    for act in [Act::Ended, Act::Acknowledged { by: "Ada" }, Act::AudioPaused { by: "Ada", for_s: 60 }] {
        assert_eq!(state.apply(act, &at(1)), Err(OutOfOrder::NotRaised));
    }
}

#[test]
fn a_seizure_that_ended_before_anybody_came_waits_for_somebody() {
    let mut state = raised(AlarmKind::Seizure);
    state.apply(Act::Ended, &at(40)).unwrap();
    assert_eq!(state.phase(&at(9_000)), Phase::Latched);
    assert!(state.sounds(&at(9_000)));
    state.apply(Act::Acknowledged { by: "Ada" }, &at(9_001)).unwrap();
    assert_eq!(state.phase(&at(9_001)), Phase::Cleared);
}

#[test]
fn a_technical_alarm_is_over_with_its_cause() {
    let mut state = raised(AlarmKind::Technical);
    state.apply(Act::Ended, &at(5)).unwrap();
    assert_eq!(state.phase(&at(5)), Phase::Cleared);
}

#[test]
fn a_pause_of_the_sound_runs_out_by_the_clock_that_only_goes_forward() {
    let mut state = raised(AlarmKind::Seizure);
    state.apply(Act::AudioPaused { by: "Ada", for_s: 120 }, &at(10)).unwrap();
    assert_eq!(state.phase(&at(129)), Phase::AudioPaused);
    assert_eq!(state.phase(&at(130)), Phase::Active);
    // The wall clock is set back an hour: the pause does not last an hour longer.
    let set_back = Moment { wall_us: at(0).wall_us - 3_600_000_000, ..at(131) };
    assert_eq!(state.phase(&set_back), Phase::Active);
    // The machine was started anew: nobody knows how long that took, so the alarm is heard.
    let rebooted = Moment { boot: "two".into(), ..at(20) };
    assert_eq!(state.phase(&rebooted), Phase::Active);
    assert!(state.sounds(&rebooted));
}

#[test]
fn times_in_the_log_know_no_summer_time_and_are_read_back_as_written() {
    // Central Europe sets its clocks back at 01:00 UTC: the hour before and the hour after have other names in UTC.
    let (before, after) = ("2026-10-25T00:59:59.900Z", "2026-10-25T01:00:00.100Z");
    let (first, second) = (wall_us(before).unwrap(), wall_us(after).unwrap());
    assert_eq!(second - first, 200_000);
    assert_eq!((wall_text(first).as_str(), wall_text(second).as_str()), (before, after));
    // Local times with their offset are the same moments; a day begins in UTC.
    assert_eq!(wall_us("2026-10-25T02:59:59.900+02:00"), Some(first));
    assert_eq!(wall_us("2026-10-25T02:00:00.100+01:00"), Some(second));
    assert_eq!(wall_us("2026-10-25").map(wall_text).as_deref(), Some("2026-10-25T00:00:00.000Z"));
    assert_eq!(wall_us("25.10.2026"), None);
}

#[test]
fn acts_of_nobody_and_pauses_without_end_are_refused() {
    let mut state = raised(AlarmKind::Seizure);
    assert_eq!(state.apply(Act::Acknowledged { by: "  " }, &at(1)), Err(OutOfOrder::Nobody));
    for for_s in [0, LONGEST_PAUSE_S + 1] {
        assert_eq!(
            state.apply(Act::AudioPaused { by: "Ada", for_s }, &at(1)),
            Err(OutOfOrder::Pause { for_s })
        );
    }
    state.apply(Act::Acknowledged { by: "Ada" }, &at(2)).unwrap();
    assert_eq!(
        state.apply(Act::Acknowledged { by: "Ada" }, &at(3)),
        Err(OutOfOrder::AlreadyAcknowledged { by: "Ada".into() })
    );
    // Another person may take note, too: it is personal.
    state.apply(Act::Acknowledged { by: "Grace" }, &at(4)).unwrap();
    assert_eq!(state.acknowledged_by(), ["Ada", "Grace"]);
}

/// What a random day is made of.
#[derive(Debug, Clone)]
enum Happens {
    Raise(usize),
    End(usize),
    Acknowledge(usize, usize),
    Pause(usize, u32),
    Escalate(usize),
    Wait(i64),
    SetWallClock(i64),
    Restart,
}

fn happens() -> impl Strategy<Value = Happens> {
    let alarm = 0..6usize;
    prop_oneof![
        alarm.clone().prop_map(Happens::Raise),
        alarm.clone().prop_map(Happens::End),
        (alarm.clone(), 0..3usize).prop_map(|(alarm, who)| Happens::Acknowledge(alarm, who)),
        (alarm.clone(), 0..700u32).prop_map(|(alarm, for_s)| Happens::Pause(alarm, for_s)),
        alarm.prop_map(Happens::Escalate),
        (1..2_000i64).prop_map(Happens::Wait),
        (-7_200..7_200i64).prop_map(Happens::SetWallClock),
        Just(Happens::Restart),
    ]
}

/// The plainest model: what is known of an alarm, without any of the code under test.
#[derive(Debug, Clone, Default)]
struct Model {
    raised: bool,
    ended: bool,
    acknowledged: Vec<&'static str>,
    pause_until: Option<i64>,
}

impl Model {
    fn is_over(&self) -> bool {
        self.ended && !self.acknowledged.is_empty()
    }

    fn phase(&self, now_s: i64) -> Phase {
        match (self.ended, self.acknowledged.is_empty()) {
            (true, true) => Phase::Latched,
            (true, false) => Phase::Cleared,
            (false, false) => Phase::Acknowledged,
            (false, true) if self.pause_until.is_some_and(|until| now_s < until) => Phase::AudioPaused,
            (false, true) => Phase::Active,
        }
    }
}

const PEOPLE: [&str; 3] = ["Ada", "Grace", ""];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_log_holds_what_happened_and_nothing_out_of_order(
        day in proptest::collection::vec(happens(), 1..120)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("alarms.sqlite");
        let mut log = AlarmLog::open(&path).unwrap();
        let mut models: BTreeMap<usize, Model> = BTreeMap::new();
        let (mut now_s, mut wall_off_s, mut taken) = (0i64, 0i64, 0usize);
        for (step, happens) in day.iter().enumerate() {
            now_s += 1;
            let now = Moment { wall_us: at(now_s + wall_off_s).wall_us, ..at(now_s) };
            let id = |alarm: usize| seizure_id("emu-01", 7, alarm as u64);
            let (alarm, entry, allowed) = match *happens {
                Happens::Raise(alarm) => {
                    let what = What::Seizure {
                        timeline: 7, onset_second: 0, raised_second: alarm as u64, onset_us: now.wall_us, excluded: None,
                    };
                    let entry = Entry::of_alarm(&id(alarm), &now, DAEMON, what).on("emu-01", "chb03");
                    (alarm, entry, models.get(&alarm).is_none_or(|model| !model.raised))
                }
                Happens::End(alarm) => {
                    let what = What::Ended { end_second: None, detail: String::new() };
                    let allowed = models.get(&alarm).is_some_and(|model| model.raised && !model.ended);
                    (alarm, Entry::of_alarm(&id(alarm), &now, DAEMON, what), allowed)
                }
                Happens::Acknowledge(alarm, who) => {
                    let by = PEOPLE[who];
                    let entry = Entry::of_alarm(&id(alarm), &now, by, What::Acknowledged);
                    let allowed = models.get(&alarm).is_some_and(|model| {
                        model.raised && !model.is_over() && !by.is_empty() && !model.acknowledged.contains(&by)
                    });
                    (alarm, entry, allowed)
                }
                Happens::Pause(alarm, for_s) => {
                    let entry = Entry::of_alarm(&id(alarm), &now, "Ada", What::AudioPaused { for_s });
                    let allowed = models.get(&alarm).is_some_and(|model| {
                        model.raised && model.acknowledged.is_empty() && (1..=LONGEST_PAUSE_S).contains(&for_s)
                    });
                    (alarm, entry, allowed)
                }
                Happens::Escalate(alarm) => {
                    let entry = Entry::of_alarm(&id(alarm), &now, DAEMON, What::Escalated { to: "pager".into() });
                    let allowed = models.get(&alarm).is_some_and(|model| model.raised && model.acknowledged.is_empty());
                    (alarm, entry, allowed)
                }
                Happens::Wait(seconds) => { now_s += seconds; continue }
                Happens::SetWallClock(seconds) => { wall_off_s += seconds; continue }
                Happens::Restart => {
                    drop(log);
                    log = AlarmLog::open(&path).unwrap();
                    continue;
                }
            };
            // One second has one happening: keys that carry a moment of the wall clock would meet otherwise.
            let mut entry = entry;
            if !matches!(happens, Happens::Raise(_) | Happens::End(_)) {
                entry.key = format!("{}/{step}", entry.key);
            }
            let what = entry.what.clone();
            match log.append(&entry) {
                Ok(Appended::New(_)) => {
                    prop_assert!(allowed, "step {step}: {happens:?} was taken");
                    taken += 1;
                    let model = models.entry(alarm).or_default();
                    match what {
                        What::Seizure { .. } => model.raised = true,
                        What::Ended { .. } => model.ended = true,
                        What::Acknowledged => {
                            let who = PEOPLE.iter().find(|name| **name == entry.who).unwrap();
                            model.acknowledged.push(who);
                        }
                        What::AudioPaused { for_s } => model.pause_until = Some(now_s + i64::from(for_s)),
                        _ => {}
                    }
                }
                // Raised or ended once more under the same name: it is the same happening.
                Ok(Appended::Known) => prop_assert!(matches!(happens, Happens::Raise(_) | Happens::End(_))),
                Err(LogError::Refused { .. } | LogError::NoAlarm { .. }) => {
                    prop_assert!(!allowed, "step {step}: {happens:?} was refused");
                }
                Err(error) => prop_assert!(false, "step {step}: {error}"),
            }
        }
        // Nothing is lost and nothing is there that did not happen; each alarm stands where the model says.
        let entries = log.entries().unwrap();
        prop_assert_eq!(entries.len(), taken);
        prop_assert!(entries.windows(2).all(|pair| pair[0].seq < pair[1].seq));
        prop_assert!(entries.iter().all(|logged| !logged.entry.who.is_empty()));
        let now = Moment { wall_us: at(now_s + wall_off_s).wall_us, ..at(now_s) };
        let open: Vec<String> = log.open_alarms().unwrap().into_iter().map(|held| held.alarm).collect();
        for (alarm, model) in &models {
            let id = seizure_id("emu-01", 7, *alarm as u64);
            let held = Held::fold(&log.history(&id).unwrap()).unwrap();
            prop_assert_eq!(held.state.phase(&now), model.phase(now_s));
            prop_assert_eq!(held.state.acknowledged_by(), &model.acknowledged[..]);
            prop_assert_eq!(open.contains(&id), !model.is_over());
        }
    }
}
