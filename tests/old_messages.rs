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

#[test]
fn messages_of_days_ago_and_for_channels_that_are_gone_are_given_up_at_the_start() {
    let receiver = Receiver::start(Behaviour::Take);
    let ward = Ward::with(&receiver.channel("desk", ""), "");
    let route = |channel: &str| Route {
        channel: channel.into(),
        kinds: vec![AlarmKind::Seizure],
        least: Priority::Low,
        beds: Vec::new(),
        after_s: None,
    };
    let nine_days_ago = Moment {
        wall_us: Clocks::here().now().wall_us - 9 * 86_400_000_000,
        mono_us: 0,
        boot: "before the machine was started anew".into(),
    };
    let alarm = seizure_id("emu-01", 7, 46);
    let what = What::Seizure {
        timeline: 7,
        onset_second: 40,
        raised_second: 46,
        onset_us: nine_days_ago.wall_us - 6_000_000,
        excluded: None,
    };
    let raised = Entry::of_alarm(&alarm, &nine_days_ago, DAEMON, what).on("emu-01", "chb03");
    let mut log = AlarmLog::open(&ward.path("state/alarms.sqlite"))
        .unwrap()
        .with_routing(Routing { routes: vec![route("desk"), route("gone")] });
    log.append(&raised).unwrap();
    drop(log);
    let mut daemon = ward.start();
    let given_up = daemon.wait_for("what is given up", |_| {
        let history = ward.log()?.history(&alarm).ok()?;
        let mut channels: Vec<String> = history
            .iter()
            .filter_map(|logged| match &logged.entry.what {
                What::Undelivered { channel, message, .. } if *message == raised.key => Some(channel.clone()),
                _ => None,
            })
            .collect();
        channels.sort();
        (channels.len() == 2).then_some(channels)
    });
    assert_eq!(given_up, ["desk", "gone"]);
    // That it is over is news: nobody watches the bed any more.
    daemon.wait_for("its end", |_| receiver.taken().into_iter().find(|told| told["event"] == "ended"));
    assert!(receiver.came().iter().all(|came| came.json()["event"] != "raised"));
    assert!(ward.log().unwrap().waiting().unwrap().iter().all(|outgoing| outgoing.channel == "desk"));
    daemon.stop();
}
