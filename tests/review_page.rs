//! A night before the review page, in a real browser: an alarm is seen, heard, paused, taken note of, judged by keyboard and
//! exported, the rates follow, and a second session sees it all.

mod browser;
mod daemon;

use daemon::Ward;

#[test]
fn an_alarm_is_seen_heard_paused_acknowledged_reviewed_and_exported() {
    let Some(python) = browser::python() else { return };
    let ward = Ward::new(&format!(
        "{}{}",
        // The one whose alarm lasts for a minute of ours, long enough to be acted on, and one that has had its night already.
        browser::bed("emu-01", "24.0", 2.0)
            .replace("eeg = { ", "eeg = { seizure_duration_s = [180.0, 180.0], "),
        browser::bed("emu-02", "60.0, 400.0", 20.0)
    ));
    let daemon = ward.start();
    let out = ward.path("exported");
    std::fs::create_dir_all(&out).unwrap();
    let told = browser::run(&python, "night.py", &[&daemon.address, &out.to_string_lossy()]);
    assert!(told.ends_with("done\n"), "{told}");
}
