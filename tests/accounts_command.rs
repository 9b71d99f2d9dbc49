//! `vigil account` as an administrator uses it, and what it says to mistakes.

mod daemon;
mod visitor;

use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use daemon::Ward;
use vigil::alarm::entry::What;
use visitor::{Listener, PASSWORD, ROLES, Visitor, account, http, with_accounts};

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn refused(output: &Output, code: i32, words: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains(words), "{text}");
    assert_eq!(output.status.code(), Some(code), "{text}");
}

#[test]
fn accounts_are_added_listed_changed_and_removed_and_no_password_is_kept() {
    let ward = with_accounts("");
    let file = ward.path("accounts.toml");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        !text.contains(PASSWORD) && text.matches("$argon2id$v=19$m=19456,t=2,p=1$").count() == 4,
        "{text}"
    );
    let list = said(&account(&ward, &["list"], ""));
    for (name, role) in ROLES {
        assert!(list.lines().any(|line| line.contains(name) && line.contains(role)), "{list}");
    }
    assert!(!list.contains("argon2"), "{list}");
    said(&account(&ward, &["role", "vera", "nurse"], ""));
    said(&account(&ward, &["disable", "nora"], ""));
    said(&account(&ward, &["remove", "rita"], ""));
    let list: serde_json::Value =
        serde_json::from_str(&said(&account(&ward, &["list", "--json"], ""))).unwrap();
    let row = |name: &str| list.as_array().unwrap().iter().find(|row| row["name"] == name).cloned();
    assert_eq!(row("vera").unwrap()["role"], "nurse");
    assert_eq!(row("nora").unwrap()["disabled"], true);
    assert!(row("rita").is_none());
    said(&account(&ward, &["enable", "nora"], ""));
    // Nothing else stays behind than the file and its lock.
    let left: Vec<String> = std::fs::read_dir(ward.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("accounts"))
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn the_last_administrator_stays() {
    let ward = with_accounts("");
    for arguments in [&["remove", "ada"][..], &["disable", "ada"], &["role", "ada", "reviewer"]] {
        refused(&account(&ward, arguments, ""), 2, "ada is the last administrator");
    }
    said(&account(&ward, &["role", "rita", "administrator"], ""));
    said(&account(&ward, &["disable", "ada"], ""));
    refused(&account(&ward, &["remove", "rita"], ""), 2, "rita is the last administrator");
    said(&account(&ward, &["remove", "ada"], ""));
}

#[test]
fn what_cannot_be_a_name_or_a_password_is_told_and_changes_nothing() {
    let ward = with_accounts("");
    let before = std::fs::read(ward.path("accounts.toml")).unwrap();
    let long = "x".repeat(65);
    for name in ["", "a b", "a/b", "..", "-a", "ä", "a\nb", &long] {
        refused(
            &account(&ward, &["add", "--role", "nurse", "--", name], PASSWORD),
            2,
            "cannot be an account's name",
        );
    }
    refused(
        &account(&ward, &["add", "ada", "--role", "nurse"], PASSWORD),
        2,
        "there is an account ada already",
    );
    refused(&account(&ward, &["add", "ADA", "--role", "nurse"], PASSWORD), 2, "already");
    for (password, words) in [
        ("", "the password has 0 letters; expected 12 or more"),
        ("elevenchars", "the password has 11 letters; expected 12 or more"),
        ("Bartholomew1", "the password is the account's name"),
        ("aaaaaaaaaaaaaaaa", "fewer than five different letters"),
    ] {
        refused(&account(&ward, &["add", "bartholomew1", "--role", "nurse"], password), 2, words);
    }
    refused(&account(&ward, &["password", "nobody"], PASSWORD), 2, "there is no account nobody");
    refused(&account(&ward, &["add", "otto", "--role", "king"], PASSWORD), 2, "king");
    assert_eq!(std::fs::read(ward.path("accounts.toml")).unwrap(), before);
    let without = Ward::new("");
    refused(&account(&without, &["list"], ""), 2, "names no file of accounts");
}

#[test]
fn a_password_comes_from_a_file_or_standard_input_and_never_as_an_argument() {
    let ward = with_accounts("");
    std::fs::write(ward.path("secret"), format!("{PASSWORD} of otto\nnot this line\n")).unwrap();
    let secret = ward.path("secret");
    said(&account(
        &ward,
        &["add", "otto", "--role", "nurse", "--password-file", secret.to_str().unwrap()],
        "",
    ));
    said(&account(&ward, &["password", "vera", "--password-file", "-"], "another good one\n"));
    refused(&account(&ward, &["password", "vera", "--password", "another good one"], ""), 2, "--password");
    let daemon = ward.start();
    let mut visitor = Visitor::at(&daemon.address);
    assert_eq!(visitor.sign_in("otto", &format!("{PASSWORD} of otto")).code, 200);
    assert_eq!(visitor.sign_in("vera", "another good one").code, 200);
    assert_eq!(visitor.sign_in("vera", PASSWORD).code, 401);
}

#[test]
fn a_running_daemon_follows_and_ends_the_sessions_of_accounts_that_became_others() {
    let ward = with_accounts("");
    let mut daemon = ward.start();
    type Doing = (&'static str, &'static [&'static str], &'static str);
    let doings: [Doing; 4] = [
        ("vera", &["role", "vera", "nurse"], ""),
        ("nora", &["password", "nora"], "quite another password"),
        ("rita", &["disable", "rita"], ""),
        ("nora", &["remove", "nora"], ""),
    ];
    let stays = Visitor::signed_in(&daemon.address, "ada");
    for (name, arguments, input) in doings {
        let mut visitor = Visitor::at(&daemon.address);
        let password = if arguments[0] == "remove" { "quite another password" } else { PASSWORD };
        assert_eq!(visitor.sign_in(name, password).code, 200, "{name}");
        let mut listener = Listener::start(&visitor);
        assert!(listener.hears("hello"));
        said(&account(&ward, arguments, input));
        assert!(listener.ends(), "the page of {name} is told nothing any more");
        daemon
            .wait_for("the end of the session", |_| (visitor.get("/api/v1/beds").code == 401).then_some(()));
    }
    assert_eq!(stays.get("/api/v1/beds").code, 200);
    assert_eq!(Visitor::at(&daemon.address).sign_in("rita", PASSWORD).code, 401);
    // A file that nobody can use changes nothing, and is told.
    std::fs::write(ward.path("accounts.toml"), "account = 1").unwrap();
    daemon
        .wait_for("the refusal", |daemon| daemon.log().contains("accounts stay as they were").then_some(()));
    assert_eq!(stays.get("/api/v1/beds").code, 200);
}

#[test]
fn what_was_done_to_accounts_stands_in_the_log_with_who_did_it() {
    let ward = with_accounts("");
    // The log begins with the daemon.
    ward.start().stop();
    said(&account(&ward, &["add", "otto", "--role", "nurse", "--by", "Grace"], PASSWORD));
    said(&account(&ward, &["role", "otto", "reviewer"], ""));
    said(&account(&ward, &["remove", "otto", "--by", "Grace"], ""));
    let told: Vec<String> = ward
        .log()
        .unwrap()
        .of_kind("access")
        .unwrap()
        .into_iter()
        .map(|logged| match logged.entry.what {
            What::Access { act, account, from, detail } => {
                format!("{} {act:?} {account}{from} {detail}", logged.entry.who)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        told,
        [
            "Grace AccountAdded otto as nurse",
            "command line AccountChanged otto role reviewer",
            "Grace AccountRemoved otto "
        ]
    );
}

#[test]
fn many_at_one_time_lose_no_account() {
    let ward = Ward::new("");
    http(&ward, "accounts = \"accounts.toml\"");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let ward = &ward;
            scope.spawn(move || {
                said(&account(ward, &["add", &format!("nurse{number}"), "--role", "nurse"], PASSWORD))
            });
        }
    });
    assert_eq!(said(&account(&ward, &["list"], "")).lines().count(), 8);
}
