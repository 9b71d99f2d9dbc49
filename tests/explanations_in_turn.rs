//! Explanations keep no bed from the processor: one is made at a time, few wait, the others are told when to ask again.

mod daemon;
mod visitor;

use daemon::Ward;
use visitor::Visitor;

const BED: &str = "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\n\
    source.synthetic = { speed = 20.0, eeg = { seed = 1, duration_s = 160, seizure_onsets_s = [40.0] } }\n";

#[test]
fn of_many_who_ask_at_once_few_are_answered_and_the_others_are_told_to_ask_again() {
    let ward = Ward::new(BED);
    let mut daemon = ward.start();
    let alarm = daemon.wait_for("an alarm that is over", |_| {
        let mut alarms = ward.log()?.alarms(i64::MIN, i64::MAX).ok()?;
        alarms.retain(|alarm| alarm.onset_us.is_some() && alarm.ended.is_some());
        Some(alarms.first()?.alarm.clone())
    });
    let path = format!("/api/v1/alarms/{alarm}/explanation");
    let asking: Vec<_> = (0..24)
        .map(|_| {
            let (visitor, path) = (Visitor::at(&daemon.address), path.clone());
            std::thread::spawn(move || visitor.get(&path))
        })
        .collect();
    let answers: Vec<_> = asking.into_iter().map(|asking| asking.join().unwrap()).collect();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.code != 200).collect();
    assert!(!refused.is_empty() && refused.len() < answers.len(), "{} of {}", refused.len(), answers.len());
    for answer in refused {
        assert_eq!((answer.code, answer.header("retry-after")), (503, Some("5")), "{answer:?}");
        assert!(answer.detail().contains("being explained"), "{answer:?}");
    }
    // Whoever comes afterwards is answered, and the watch goes on.
    assert_eq!(Visitor::at(&daemon.address).get(&path).code, 200);
    daemon.wait_for("the proof", |daemon| (daemon.get("/healthz").0 == 200).then_some(()));
}
