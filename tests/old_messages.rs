//! What happened days ago does not go out as new, and what was for a channel that is gone does not wait for ever.

mod daemon;
mod receiver;

use daemon::Ward;
use receiver::{Behaviour, Receiver};
use vigil::alarm::entry::{DAEMON, Entry, What, seizure_id};
use vigil::alarm::message::{Route, Routing};
use vigil::alarm::moment::{Clocks, Moment};
use vigil::alarm::state::AlarmKind;
use vigil::alarm::{AlarmLog, Priority};

/// A log in which a seizure alarm was raised so many hours ago, under another start of the machine, and told to nobody.
fn left_behind(ward: &Ward, hours_ago: i64, channels: &[&str]) -> Entry {
    let route = |channel: &&str| Route {
        channel: (*channel).into(),
        kinds: vec![AlarmKind::Seizure],
        least: Priority::Low,
        beds: Vec::new(),
        after_s: None,
    };
    let then = Moment {
        wall_us: Clocks::here().now().wall_us - hours_ago * 3_600_000_000,
        mono_us: 0,
        boot: "before the machine was started anew".into(),
    };
    let what = What::Seizure {
        timeline: 7,
        onset_second: 40,
        raised_second: 46,
        onset_us: then.wall_us - 6_000_000,
        excluded: None,
    };
    let raised = Entry::of_alarm(&seizure_id("emu-01", 7, 46), &then, DAEMON, what).on("emu-01", "chb03");
    let mut log = AlarmLog::open(&ward.path("state/alarms.sqlite"))
        .unwrap()
        .with_routing(Routing { routes: channels.iter().map(route).collect() });
    log.append(&raised).unwrap();
    raised
}

/// The channels for which the log says that a message was given up.
fn given_up(ward: &Ward, raised: &Entry) -> Option<Vec<String>> {
    let history = ward.log()?.history(raised.alarm.as_deref()?).ok()?;
    let mut channels: Vec<String> = history
        .iter()
        .filter_map(|logged| match &logged.entry.what {
            What::Undelivered { channel, message, .. } if *message == raised.key => Some(channel.clone()),
            _ => None,
        })
        .collect();
    channels.sort();
    Some(channels)
}

#[test]
fn messages_of_days_ago_and_for_channels_that_are_gone_are_given_up_at_the_start() {
    let receiver = Receiver::start(Behaviour::Take);
    let ward = Ward::with(&receiver.channel("desk", ""), "");
    let raised = left_behind(&ward, 9 * 24, &["desk", "gone"]);
    let mut daemon = ward.start();
    let channels = daemon
        .wait_for("what is given up", |_| given_up(&ward, &raised).filter(|channels| channels.len() == 2));
    assert_eq!(channels, ["desk", "gone"]);
    // That it is over is news: nobody watches the bed any more.
    daemon.wait_for("its end", |_| receiver.taken().into_iter().find(|told| told["event"] == "ended"));
    assert!(receiver.came().iter().all(|came| came.json()["event"] != "raised"));
    assert!(ward.log().unwrap().waiting().unwrap().iter().all(|outgoing| outgoing.channel == "desk"));
    daemon.stop();
}

/// A clock in local time, or one that was not set yet, makes hours of nothing.
#[test]
fn what_is_too_old_by_less_than_a_wrong_clock_makes_is_tried_once_before_it_is_given_up() {
    let (taking, refusing) = (Receiver::start(Behaviour::Take), Receiver::start(Behaviour::Answer(400)));
    let channels = ["taking", "refusing"];
    let told =
        taking.channel(channels[0], "give_up_h = 24") + &refusing.channel(channels[1], "give_up_h = 24");
    let ward = Ward::with(&told, "");
    let raised = left_behind(&ward, 24 + 12, &channels);
    let mut daemon = ward.start();
    daemon.wait_for("it", |_| taking.taken().into_iter().find(|told| told["event"] == "raised"));
    let channels = daemon
        .wait_for("what is given up", |_| given_up(&ward, &raised).filter(|channels| !channels.is_empty()));
    assert_eq!(channels, ["refusing"]);
    daemon.stop();
    let of_it = |told: &serde_json::Value| told["event"] == "raised" && told["kind"] == "seizure";
    assert_eq!(refusing.came().iter().filter(|came| of_it(&came.json())).count(), 1);
}
