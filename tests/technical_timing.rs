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

proptest! {
    #[test]
    fn alarms_alternate_and_none_rises_before_its_time(
        seen in prop::collection::vec((0usize..15, any::<bool>(), 0.0f64..5.0), 1..300),
    ) {
        let mut health = Health::default();
        let mut now = 0.0;
        let mut up = [false; 15];
        let mut since: [Option<f64>; 15] = [None; 15];
        for (index, holds, passed) in seen {
            now += passed;
            let kind = TechnicalKind::ALL[index];
            if holds {
                since[index].get_or_insert(now);
            }
            if let Some(told) = health.observe(kind, holds.then(|| "why".to_string()), now) {
                prop_assert_eq!(told.raised, !up[index]);
                if told.raised {
                    prop_assert!(now - since[index].unwrap() >= kind.raised_after_s());
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
