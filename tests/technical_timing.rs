//! A technical alarm rises when its cause lasts and clears when it stays away, each after its stated time.

use proptest::prelude::*;
use vigil::alarm::{Health, TechnicalKind};

#[test]
fn a_flicker_neither_raises_nor_clears() {
    let kind = TechnicalKind::ElectrodeFlat;
    let mut health = Health::default();
    assert_eq!(health.observe(kind, Some("T7".into()), 0.0), None);
    assert_eq!(health.observe(kind, None, 1.0), None);
    assert_eq!(health.observe(kind, Some("T7".into()), 2.0), None);
    assert_eq!(health.observe(kind, Some("T7".into()), 4.0), None);
    let raised = health.observe(kind, Some("T7".into()), 5.0).unwrap();
    assert!(raised.raised && raised.detail == "T7");
    assert_eq!(health.observe(kind, None, 6.0), None);
    assert_eq!(health.observe(kind, Some("T7".into()), 7.0), None);
    assert_eq!(health.observe(kind, None, 9.0), None);
    assert!(!health.observe(kind, None, 10.0).unwrap().raised);
}

#[test]
fn what_is_an_event_stays_to_be_seen() {
    let mut health = Health::default();
    assert!(health.observe(TechnicalKind::SamplesLost, Some("5".into()), 0.0).unwrap().raised);
    assert_eq!(health.observe(TechnicalKind::SamplesLost, None, 59.0), None);
    assert!(!health.observe(TechnicalKind::SamplesLost, None, 60.0).unwrap().raised);
}

/// What an alarm does over seconds in which its condition holds (`x`) or does not (`.`): the seconds of its
/// transitions, from `begin` on.
fn transitions(health: &mut Health, kind: TechnicalKind, begin: usize, seconds: &str) -> Vec<(usize, bool)> {
    (begin..)
        .zip(seconds.chars())
        .filter_map(|(second, holds)| {
            let detail = (holds == 'x').then(|| "why".to_string());
            health.observe(kind, detail, second as f64).map(|told| (second, told.raised))
        })
        .collect()
}

#[test]
fn every_kind_rises_and_clears_after_the_time_that_is_stated() {
    use TechnicalKind as Kind;
    for kind in Kind::ALL {
        // How long its condition lasts before it is raised, and is away before it is cleared, in seconds.
        let (raised_after, cleared_after) = match kind {
            Kind::ElectrodeFlat | Kind::Saturated | Kind::NotANumber => (3, 3),
            Kind::TooFewChannels => (2, 2),
            Kind::DetectorBehind => (0, 2),
            Kind::SourceLost | Kind::NoSignal => (0, 5),
            Kind::SamplesLost | Kind::ClockJump => (0, 60),
            _ => (0, 0),
        };
        // It holds from second 10 to 15, and is away from 16 on.
        let seconds = "..........xxxxxx".to_string() + &".".repeat(100);
        let told = transitions(&mut Health::default(), kind, 0, &seconds);
        let cleared = (15 + cleared_after).max(16);
        assert_eq!(told, [(10 + raised_after, true), (cleared, false)], "{kind}");
    }
}

const OF_SECONDS: [TechnicalKind; 4] = [
    TechnicalKind::TooFewChannels,
    TechnicalKind::ElectrodeFlat,
    TechnicalKind::Saturated,
    TechnicalKind::NotANumber,
];

#[test]
fn a_condition_that_holds_for_two_seconds_of_three_is_told_once_and_ends_with_its_share() {
    for kind in OF_SECONDS {
        let mut health = Health::default();
        let told = transitions(&mut health, kind, 0, &"xx.".repeat(60));
        // The tenth second in which it holds is number 13.
        assert_eq!(told, [(13, true)], "{kind}");
        // The last such seconds were 175, 177 and 178: with 175 out of sight, two are left.
        assert_eq!(transitions(&mut health, kind, 180, &".".repeat(60)), [(205, false)], "{kind}");
    }
}

#[test]
fn a_condition_that_holds_for_a_second_now_and_then_is_not_told() {
    for kind in OF_SECONDS {
        assert_eq!(transitions(&mut Health::default(), kind, 0, &"x...".repeat(60)), [], "{kind}");
    }
}

#[test]
fn a_condition_that_lasted_and_is_over_is_not_kept_by_its_share() {
    let told =
        transitions(&mut Health::default(), TechnicalKind::ElectrodeFlat, 0, "xxxxxxxxxxxxxxxxxxxx.....");
    assert_eq!(told, [(3, true), (22, false)]);
}

#[test]
fn a_connection_that_breaks_again_and_again_is_one_alarm_that_stays() {
    for kind in [TechnicalKind::SourceLost, TechnicalKind::NoSignal] {
        let mut health = Health::default();
        let mut told = Vec::new();
        for step in 0..400 {
            let now = f64::from(step) * 0.25;
            // It breaks every 0.75 seconds for a minute, then it holds.
            let broken = step % 3 == 0 && now < 60.0;
            told.extend(
                health.observe(kind, broken.then(|| "why".into()), now).map(|told| (now, told.raised)),
            );
        }
        assert_eq!(told, [(0.0, true), (64.25, false)], "{kind}");
    }
}

#[test]
fn an_alarm_says_what_holds_now() {
    let mut health = Health::default();
    let kind = TechnicalKind::SourceLost;
    health.observe(kind, Some("refused".into()), 0.0);
    assert_eq!(health.observe(kind, Some("no route".into()), 1.0), None);
    assert_eq!(health.detail(kind), Some("no route"));
    assert_eq!(health.observe(kind, None, 6.0).map(|told| told.detail), Some("no route".to_string()));
    assert_eq!(health.detail(kind), None);
}

/// What is told in a second in which these channels are flat: as a bed does, whoever hears of an end looks again.
fn flat(health: &mut Health, channels: &[&str], second: u32) -> Vec<(bool, String)> {
    let kind = TechnicalKind::ElectrodeFlat;
    let detail = (!channels.is_empty()).then(|| channels.join(", "));
    let mut told = Vec::new();
    while let Some(one) = health.observe_channels(kind, detail.clone(), channels, f64::from(second)) {
        told.push((one.raised, one.detail));
        if one.raised || channels.is_empty() {
            break;
        }
    }
    told
}

#[test]
fn a_second_electrode_that_comes_off_ends_the_alarm_and_raises_it_with_both() {
    let mut health = Health::default();
    let mut told = Vec::new();
    for second in 0..20 {
        let channels: &[&str] = if second < 10 { &["T7"] } else { &["T7", "O1"] };
        told.extend(flat(&mut health, channels, second).into_iter().map(|told| (second, told)));
    }
    let expected = [(3, (true, "T7")), (13, (false, "T7, O1")), (13, (true, "T7, O1"))];
    assert_eq!(told, expected.map(|(second, (raised, detail))| (second, (raised, detail.to_string()))));
}

#[test]
fn an_electrode_that_wavers_while_another_is_off_is_told_once() {
    let mut health = Health::default();
    let mut raised = Vec::new();
    for second in 0..300 {
        // O1 is on again for four seconds of every ten.
        let channels: &[&str] = if second % 10 < 6 { &["T7", "O1"] } else { &["T7"] };
        raised.extend(flat(&mut health, channels, second).into_iter().filter(|told| told.0));
    }
    assert_eq!(raised, [(true, "T7, O1".to_string())]);
}

#[test]
fn two_electrodes_that_take_turns_are_told_once_each() {
    let mut health = Health::default();
    let mut raised = Vec::new();
    for second in 0..300 {
        let channels: &[&str] = if second / 4 % 2 == 0 { &["T7"] } else { &["O1"] };
        raised.extend(flat(&mut health, channels, second).into_iter().filter(|told| told.0));
    }
    assert_eq!(raised, [(true, "T7".to_string()), (true, "O1".to_string())]);
}

#[test]
fn an_electrode_that_was_mended_and_comes_off_again_later_is_news() {
    let mut health = Health::default();
    let mut raised = Vec::new();
    for second in 0..200 {
        let channels: &[&str] = if (20..120).contains(&second) { &["T7"] } else { &["T7", "O1"] };
        raised.extend(flat(&mut health, channels, second).into_iter().filter(|told| told.0).map(|_| second));
    }
    assert_eq!(raised, [3, 123]);
}

proptest! {
    #[test]
    fn alarms_alternate_and_none_rises_before_its_time(
        seen in prop::collection::vec((0usize..15, any::<bool>(), 0.0f64..5.0), 1..300),
    ) {
        let mut health = Health::default();
        let mut now = 0.0;
        let mut up = [false; 15];
        let mut since: [Option<f64>; 15] = [None; 15];
        let mut held = vec![Vec::new(); 15];
        for (index, holds, passed) in seen {
            now += passed;
            let kind = TechnicalKind::ALL[index];
            if holds {
                since[index].get_or_insert(now);
                held[index].push(now);
            }
            if let Some(told) = health.observe(kind, holds.then(|| "why".to_string()), now) {
                prop_assert_eq!(told.raised, !up[index]);
                if told.raised {
                    let share = held[index].iter().filter(|then| now - **then < 30.0).count() >= 10;
                    prop_assert!(share || now - since[index].unwrap() >= kind.raised_after_s());
                } else {
                    since[index] = None;
                }
                up[index] = told.raised;
            } else if !holds && !up[index] {
                since[index] = None;
            }
            prop_assert_eq!(health.is_raised(kind), up[index]);
        }
        let standing = up.iter().filter(|up| **up).count();
        prop_assert_eq!(health.raised().count(), standing);
        prop_assert_eq!(health.clear_all().len(), standing);
    }
}
