//! The page on a desk's screen and on a tablet, light and dark: nothing overlaps, every control has a name, contrast passes
//! WCAG AA. `VIGIL_SCREENSHOTS` names a folder in which the pictures are kept.

mod browser;
mod daemon;

use daemon::Ward;
use vigil::alarm::state::AlarmKind;

#[test]
fn every_view_is_whole_named_and_readable_in_both_themes_and_sizes() {
    let Some(python) = browser::python() else { return };
    let ward = Ward::new(&format!(
        "{}{}{}",
        browser::bed("emu-01", "60.0, 400.0, 700.0", 20.0),
        browser::bed("emu-02", "", 1.0),
        "[[bed]]\nname = \"emu-03\"\npatient = \"new\"\nsource.lsl = { name = \"nobody-sends-this\" }\n"
    ));
    let mut daemon = ward.start();
    let alarms = daemon.wait_for("two alarms", |_| {
        let mut alarms = ward.log()?.alarms(i64::MIN, i64::MAX).ok()?;
        alarms.retain(|alarm| alarm.kind() == AlarmKind::Seizure && alarm.ended.is_some());
        (alarms.len() >= 2).then_some(alarms)
    });
    let review = r#"{"by": "Dr. First", "judgement": "seizure", "note": "left temporal"}"#;
    let session: serde_json::Value = serde_json::from_str(&daemon.get("/api/v1/session").1).unwrap();
    assert_eq!(session["signed_in"], true);
    let path = format!("/api/v1/alarms/{}/review", alarms[0].alarm);
    let (code, body) = daemon.ask("POST", &path, Some(daemon::TOKEN), review);
    assert_eq!(code, 200, "{body}");
    let kept = std::env::var("VIGIL_SCREENSHOTS")
        .unwrap_or_else(|_| ward.path("screenshots").to_string_lossy().into_owned());
    let told = browser::run(&python, "looks.py", &[&daemon.address, &kept]);
    assert!(told.ends_with("done\n"), "{told}");
}
