//! A sound that was turned off for a while comes back: pages are told when the pause runs out, though nobody does anything.

mod daemon;
mod story;
mod visitor;

use daemon::{TOKEN, Ward};
use story::{Story, hours_ago};
use visitor::{Listener, Visitor};

#[test]
fn an_alarm_whose_pause_ran_out_is_told_to_pages_as_one_that_sounds() {
    let ward = Ward::new("");
    let mut story = Story::begin(ward.folder.path(), hours_ago(1.0));
    story.watched("emu-01", "chb03", 0, 600);
    // It is over and nobody has seen it: it sounds until somebody does.
    let alarm = story.alarm("emu-01", "chb03", [100, 106, 130]);
    let daemon = ward.start();
    let mut page = Listener::start(&Visitor::at(&daemon.address));
    // After a second beat the page has been told of what stood before.
    for _ in 0..2 {
        assert!(page.hears("beat"));
        page.heard.clear();
    }
    let asked = r#"{"by": "Nurse N", "seconds": 5}"#;
    let (code, told) = daemon.ask("POST", &format!("/api/v1/alarms/{alarm}/pause"), Some(TOKEN), asked);
    assert_eq!(code, 200, "{told}");
    let told_as = |sounds: bool| {
        let sounds = format!("\"sounds\":{sounds}");
        move |line: &str| line.contains("\"phase\":\"latched\"") && line.contains(&sounds)
    };
    let silent = page.hears_line(told_as(false));
    let loud = page.hears_line(told_as(true));
    assert!(silent < loud, "it sounded again before it was silent");
}
