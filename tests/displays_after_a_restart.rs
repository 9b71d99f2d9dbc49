//! A display on the wall stays signed in when the daemon is started anew; everybody else, and whoever lost the account
//! meanwhile, does not. What is kept for it opens nothing.

mod daemon;
mod visitor;

use std::os::unix::fs::PermissionsExt;

use daemon::{Daemon, Ward};
use visitor::{Visitor, account, with_accounts};

/// What is kept of displays, once it has so many sessions.
fn kept(ward: &Ward, daemon: &mut Daemon, sessions: usize) -> String {
    daemon.wait_for("what is kept", |_| {
        let text = std::fs::read_to_string(ward.path("state/displays.json")).ok()?;
        let all: serde_json::Value = serde_json::from_str(&text).ok()?;
        (all.as_array()?.len() == sessions).then_some(text)
    })
}

/// The same browser before the daemon that was started anew.
fn again(visitor: &Visitor, daemon: &Daemon) -> Visitor {
    Visitor { address: daemon.address.clone(), ..visitor.clone() }
}

#[test]
fn a_display_is_signed_in_still_and_a_nurse_signs_in_anew() {
    let ward = with_accounts("");
    let mut daemon = ward.start();
    let vera = Visitor::signed_in(&daemon.address, "vera");
    let nora = Visitor::signed_in(&daemon.address, "nora");
    let text = kept(&ward, &mut daemon, 1);
    let secret = vera.cookie.as_ref().unwrap().trim_start_matches("vigil=");
    assert!(!text.contains(secret) && !text.contains(vera.csrf.as_ref().unwrap()) && !text.contains("nora"));
    let mode = std::fs::metadata(ward.path("state/displays.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    daemon.kill();

    let mut daemon = ward.start();
    let (mut vera, nora) = (again(&vera, &daemon), again(&nora, &daemon));
    assert_eq!((vera.get("/api/v1/beds").code, nora.get("/api/v1/beds").code), (200, 401));
    let session = vera.get("/api/v1/session").json();
    assert_eq!((&session["person"], &session["role"]), (&"vera".into(), &"viewer".into()));
    // The proof is another one; the page asks for it when it is connected again.
    assert_ne!(session["csrf"].as_str(), vera.csrf.as_deref());
    vera.csrf = session["csrf"].as_str().map(str::to_string);
    assert_eq!(vera.ask("DELETE", "/api/v1/session", "").code, 200);
    kept(&ward, &mut daemon, 0);
    daemon.kill();

    let daemon = ward.start();
    assert_eq!(again(&vera, &daemon).get("/api/v1/beds").code, 401, "who signed out stays out");
}

#[test]
fn one_whose_account_was_disabled_or_has_another_password_meanwhile_is_not() {
    for change in [["disable", "vera"], ["remove", "vera"], ["password", "vera"]] {
        let ward = with_accounts("");
        let mut daemon = ward.start();
        let vera = Visitor::signed_in(&daemon.address, "vera");
        kept(&ward, &mut daemon, 1);
        daemon.kill();
        let changed = account(&ward, &change, "another password for vera");
        assert!(changed.status.success(), "{}", String::from_utf8_lossy(&changed.stderr));
        let mut daemon = ward.start();
        assert_eq!(again(&vera, &daemon).get("/api/v1/beds").code, 401, "{change:?}");
        kept(&ward, &mut daemon, 0);
    }
}

#[test]
fn a_file_that_cannot_be_read_keeps_nobody_from_signing_in() {
    let ward = with_accounts("");
    std::fs::create_dir_all(ward.path("state")).unwrap();
    std::fs::write(ward.path("state/displays.json"), "[{\"key\": 1}]").unwrap();
    let mut daemon = ward.start();
    assert!(daemon.log().contains("displays sign in anew"), "{}", daemon.log());
    let vera = Visitor::signed_in(&daemon.address, "vera");
    kept(&ward, &mut daemon, 1);
    assert_eq!(vera.get("/api/v1/beds").code, 200);
}
