//! People of all roles before the page of a ward with accounts: what each sees, may and may not do; a second reader who is
//! shown nothing of the first; settings that are accepted and told of in the audit.

mod browser;
mod daemon;
mod visitor;

use vigil::alarm::state::AlarmKind;

#[test]
fn each_role_sees_and_does_what_it_may_and_the_page_says_why_not() {
    let Some(python) = browser::python() else { return };
    let ward = visitor::with_accounts(&browser::bed("emu-01", "60.0, 400.0", 20.0));
    let settings = ward.path("patients/chb03/patient.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, format!("name = \"Ada Lovelace\"\n{text}")).unwrap();
    let mut daemon = ward.start();
    daemon.wait_for("two alarms that are over", |_| {
        let mut alarms = ward.log()?.alarms(i64::MIN, i64::MAX).ok()?;
        alarms.retain(|alarm| alarm.kind() == AlarmKind::Seizure && alarm.ended.is_some());
        (alarms.len() >= 2).then_some(())
    });
    let told = browser::run(&python, "people.py", &[&daemon.address, visitor::PASSWORD]);
    assert!(told.ends_with("done\n"), "{told}");
    let log = daemon.log();
    assert!(!log.contains("Lovelace") && !log.contains(visitor::PASSWORD), "{log}");
}

#[test]
fn a_page_whose_session_ended_by_itself_says_that_no_alarm_reaches_it_and_is_heard() {
    let Some(python) = browser::python() else { return };
    let ward = visitor::with_accounts(&browser::bed("emu-01", "40.0", 20.0));
    let mut daemon = ward.start();
    daemon.wait_for("an alarm", |_| ward.alarms().into_iter().find(|alarm| alarm["what"] == "seizure"));
    let told = browser::run(&python, "signed_out.py", &[&daemon.address, visitor::PASSWORD, daemon::TOKEN]);
    assert!(told.ends_with("done\n"), "{told}");
}
