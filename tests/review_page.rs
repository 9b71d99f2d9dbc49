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
        browser::bed("emu-01", "200.0, 500.0, 800.0, 1100.0", 12.0),
        browser::bed("emu-02", "", 1.0)
    ));
    let daemon = ward.start();
    let out = ward.path("exported");
    std::fs::create_dir_all(&out).unwrap();
    let told = browser::run(&python, "night.py", &[&daemon.address, &out.to_string_lossy()]);
    assert!(told.ends_with("done\n"), "{told}");
}
