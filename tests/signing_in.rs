//! Who signs in is known by a cookie that nobody else has, proves each change, and may do what the role says, no more.

mod daemon;
mod visitor;

use std::collections::BTreeSet;

use daemon::{Daemon, TOKEN, Ward};
use vigil::alarm::entry::What;
use visitor::{Answer, Listener, PASSWORD, ROLES, Visitor, http, with_accounts};

const BED: &str = "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.synthetic = {}\n";

fn started() -> (Ward, Daemon) {
    let ward = with_accounts("");
    let daemon = ward.start();
    (ward, daemon)
}

#[test]
fn signing_in_gives_a_session_and_signing_out_ends_it() {
    let (_ward, daemon) = started();
    let mut visitor = Visitor::at(&daemon.address);
    let answer = visitor.sign_in("rita", PASSWORD);
    let session = answer.json();
    assert_eq!((&session["person"], &session["role"]), (&"rita".into(), &"reviewer".into()));
    assert_eq!((&session["mode"], &session["signed_in"]), (&"accounts".into(), &true.into()));
    let may =
        serde_json::json!({ "acknowledge": true, "review": true, "administer": false, "see_names": true });
    assert_eq!(session["may"], may);
    assert_eq!(session["ward"], "Test");
    // Without TLS the port is this machine's own: the cookie says all that holds without it.
    let cookie = answer.header("set-cookie").unwrap();
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict");
    assert_eq!(pair.strip_prefix("vigil=").unwrap().len(), 64, "256 bits: {pair}");
    assert_eq!(visitor.get("/api/v1/session").json(), session, "a page that is loaded anew finds the same");
    let mut listener = Listener::start(&visitor);
    assert!(listener.hears("beat"));
    let out = visitor.ask("DELETE", "/api/v1/session", "");
    assert_eq!((out.code, &out.json()["done"]), (200, &"signed out".into()));
    assert!(out.header("set-cookie").unwrap().starts_with("vigil=; Max-Age=0"));
    assert!(listener.ends(), "the page is told nothing any more");
    assert_eq!(visitor.get("/api/v1/beds").code, 401);
    assert_eq!(visitor.get("/api/v1/session").json()["signed_in"], false);
}

#[test]
fn only_a_display_stays_signed_in_when_its_browser_is_started_anew() {
    let (_ward, daemon) = started();
    for (name, _) in ROLES {
        let answer = Visitor::at(&daemon.address).sign_in(name, PASSWORD);
        let cookie = answer.header("set-cookie").unwrap();
        assert_eq!(cookie.contains("Max-Age=2592000"), name == "vera", "{cookie}");
    }
}

#[test]
fn each_session_is_another_and_a_new_one_in_the_same_browser_ends_the_old() {
    let (_ward, daemon) = started();
    let first = Visitor::signed_in(&daemon.address, "nora");
    let second = Visitor::signed_in(&daemon.address, "nora");
    assert!(first.cookie != second.cookie && first.csrf != second.csrf);
    let mut third = first.clone();
    assert_eq!(third.sign_in("nora", PASSWORD).code, 200);
    assert_ne!(third.cookie, first.cookie);
    assert_eq!(first.get("/api/v1/beds").code, 401, "what was known before signing in opens nothing");
    assert_eq!((second.get("/api/v1/beds").code, third.get("/api/v1/beds").code), (200, 200));
}

#[test]
fn a_change_needs_the_proof_of_its_own_session() {
    let (_ward, daemon) = started();
    let rita = Visitor::signed_in(&daemon.address, "rita");
    let nora = Visitor::signed_in(&daemon.address, "nora");
    let body = "{\"from\": \"2026-01-01\"}";
    let path = "/api/v1/alarms/s-none-1-1/acknowledge";
    assert_eq!(nora.ask("POST", path, "{}").code, 404, "with the proof it is the alarm that is missing");
    for csrf in [None, Some(String::new()), Some("0".repeat(64)), rita.csrf.clone()] {
        let wrong = Visitor { csrf, ..nora.clone() };
        assert_eq!(wrong.ask("POST", path, body).code, 401);
        assert_eq!(wrong.ask("DELETE", "/api/v1/session", "").code, 401);
    }
    assert_eq!(nora.get("/api/v1/beds").code, 200, "nothing was ended");
}

#[test]
fn a_cookie_that_was_made_up_cut_or_ended_opens_nothing() {
    let (_ward, daemon) = started();
    let nora = Visitor::signed_in(&daemon.address, "nora");
    let cookie = nora.cookie.clone().unwrap();
    let ended = Visitor::signed_in(&daemon.address, "nora");
    ended.ask("DELETE", "/api/v1/session", "");
    for wrong in [
        format!("vigil={}", "0".repeat(64)),
        cookie[..cookie.len() - 1].to_string(),
        cookie.to_uppercase(),
        format!("{cookie}0"),
        cookie.replace("vigil=", "__Host-vigil="),
        "vigil=".to_string(),
        "vigil".to_string(),
        ended.cookie.clone().unwrap(),
    ] {
        let wrong = Visitor { cookie: Some(wrong), ..nora.clone() };
        assert_eq!(wrong.get("/api/v1/beds").code, 401, "{:?}", wrong.cookie);
        assert_eq!(wrong.ask("POST", "/api/v1/reload", "").code, 401, "{:?}", wrong.cookie);
    }
    let among = Visitor { cookie: Some(format!("theme=dark; {cookie}; other=1")), ..nora };
    assert_eq!(among.get("/api/v1/beds").code, 200);
}

#[test]
fn nobody_acts_in_anothers_name() {
    let ward = with_accounts(BED);
    let mut daemon = ward.start();
    let nora = Visitor::signed_in(&daemon.address, "nora");
    let path = "/api/v1/beds/emu-01/maintenance";
    daemon.wait_for("the bed", |daemon| (nora.get("/api/v1/beds/emu-01").code == 200).then(|| daemon.log()));
    let refused = nora.ask("PUT", path, "{\"begins\": true, \"by\": \"rita\"}");
    assert_eq!((refused.code, refused.detail().contains("signed in as nora")), (403, true));
    assert_eq!(nora.ask("PUT", path, "{\"begins\": true}").code, 200);
    let entries = ward.log().unwrap().of_kind("maintenance").unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].entry.who, "nora");
}

/// Every operation that the API describes, with the right that it says it needs.
fn operations(described: &serde_json::Value) -> Vec<(String, String, Option<String>)> {
    let mut all = Vec::new();
    for (path, item) in described["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let right = operation["x-right"].as_str().map(str::to_string);
            all.push((method.to_uppercase(), path.clone(), right));
        }
    }
    all
}

#[test]
fn every_operation_lets_in_the_roles_that_have_its_right_and_no_other() {
    let (_ward, daemon) = started();
    let visitors: Vec<(&str, Visitor)> =
        ROLES.iter().map(|(name, role)| (*role, Visitor::signed_in(&daemon.address, name))).collect();
    let nobody = Visitor::at(&daemon.address);
    let described = visitors[0].1.get("/api/v1/openapi.json").json();
    let operations = operations(&described);
    assert!(operations.len() > 20, "{operations:?}");
    let open: BTreeSet<&str> =
        operations.iter().filter(|(.., right)| right.is_none()).map(|(_, path, _)| path.as_str()).collect();
    assert_eq!(open, BTreeSet::from(["/api/v1/session"]), "what is for whoever asks");
    for (method, path, right) in &operations {
        let Some(right) = right else { continue };
        let least = match right.as_str() {
            "watch" => 0,
            "acknowledge" | "see-names" => 1,
            "review" => 2,
            "administer" => 3,
            other => panic!("{other}"),
        };
        // What changes something is for those who may change it; the own password is everybody's own.
        assert!(
            method == "GET" || least > 0 || path == "/api/v1/session/password",
            "{method} {path}: {right}"
        );
        // Names that nothing has: whoever is let in finds nothing, or a mistake.
        let path = path.split('/').map(|part| if part.starts_with('{') { "none" } else { part });
        let path = path.collect::<Vec<_>>().join("/");
        assert_eq!(nobody.ask(method, &path, "").code, 401, "nobody: {method} {path}");
        if path.ends_with("/events") {
            continue;
        }
        for (rank, (role, visitor)) in visitors.iter().enumerate() {
            let code = visitor.ask(method, &path, "").code;
            assert_eq!(code == 403, rank < least, "{role}: {method} {path} needs {right}: {code}");
            assert_ne!(code, 401, "{role}: {method} {path}");
            assert!(code < 500 || code == 503, "{role}: {method} {path}: {code}");
        }
    }
    for (method, path) in [
        ("GET", "/api/v1/accounts"),
        ("POST", "/api/v1/accounts"),
        ("PUT", "/api/v1/accounts/{name}"),
        ("DELETE", "/api/v1/accounts/{name}"),
        ("PUT", "/api/v1/beds/{bed}"),
        ("DELETE", "/api/v1/beds/{bed}"),
        ("POST", "/api/v1/reload"),
        ("PUT", "/api/v1/patients/{patient}/version"),
    ] {
        let there = operations.iter().find(|(m, p, _)| (m.as_str(), p.as_str()) == (method, path));
        assert_eq!(there.and_then(|(.., right)| right.as_deref()), Some("administer"), "{method} {path}");
    }
}

#[test]
fn wrong_name_and_wrong_password_are_told_in_the_same_words() {
    let (ward, daemon) = started();
    let try_in = |name: &str, password: &str| Visitor::at(&daemon.address).sign_in(name, password);
    let wrong = try_in("nora", "not the password");
    assert_eq!(wrong.code, 401);
    for (name, password) in
        [("nobody", PASSWORD), ("nobody", "not the password"), ("Nora", PASSWORD), ("", "")]
    {
        let answer = try_in(name, password);
        assert_eq!((answer.code, &answer.body), (401, &wrong.body), "{name}");
        assert!(answer.header("set-cookie").is_none());
    }
    // A password that was typed where the name belongs stands nowhere.
    assert_eq!(try_in("hunter2-my-secret", PASSWORD).code, 401);
    let told = daemon.stop();
    assert!(!told.contains("hunter2"), "{told}");
    let entries = ward.log().unwrap().of_kind("access").unwrap();
    assert!(entries.iter().all(|logged| !format!("{logged:?}").contains("hunter2")), "{entries:?}");
    let refused: Vec<String> = entries
        .into_iter()
        .filter_map(|logged| match logged.entry.what {
            What::Access { account, from, .. } => Some(format!("{account}@{from}")),
            _ => None,
        })
        .collect();
    assert_eq!(refused.iter().filter(|of| *of == "nora@127.0.0.1").count(), 1, "{refused:?}");
}

#[test]
fn many_wrong_passwords_have_to_wait_and_fill_no_log() {
    let (ward, daemon) = started();
    let hammered: Answer = (0..60)
        .map(|_| Visitor::at(&daemon.address).sign_in("nora", "not the password"))
        .find(|answer| answer.code != 401)
        .expect("an end of guessing");
    assert_eq!(hammered.code, 429);
    let wait: u64 = hammered.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=301).contains(&wait), "{wait}");
    assert!(hammered.detail().contains("too many attempts"));
    // Others go in and out meanwhile, and new names do not help who guesses.
    assert_eq!(Visitor::at(&daemon.address).sign_in("rita", PASSWORD).code, 200);
    let guessed = (0..200).map(|n| Visitor::at(&daemon.address).sign_in(&format!("guess{n}"), PASSWORD).code);
    assert!(guessed.into_iter().any(|code| code == 429), "an address has to wait, too");
    daemon.stop();
    let logged = ward.log().unwrap().of_kind("access").unwrap().len();
    assert!(logged < 40, "{logged} entries");
}

#[test]
fn signing_in_comes_from_our_own_page_as_json_or_not_at_all() {
    let (_ward, daemon) = started();
    let visitor = Visitor::at(&daemon.address);
    let body = format!("{{\"name\": \"nora\", \"password\": \"{PASSWORD}\"}}");
    let ask = |more: &[(&str, &str)]| visitor.ask_with("POST", "/api/v1/session", more, &body);
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""] {
        assert_eq!(ask(&[("Content-Type", kind)]).code, 415, "{kind}");
    }
    let ours = format!("http://{}", daemon.address);
    for (more, code) in [
        (vec![("Origin", "https://evil.example")], 403),
        (vec![("Origin", "null")], 403),
        (vec![("Origin", "http://127.0.0.1:1")], 403),
        (vec![("Sec-Fetch-Site", "cross-site")], 403),
        (vec![("Sec-Fetch-Site", "same-site")], 403),
        (vec![("Origin", ours.as_str()), ("Sec-Fetch-Site", "same-origin")], 200),
    ] {
        assert_eq!(ask(&more).code, code, "{more:?}");
    }
    for body in ["", "{}", "[]", "{\"name\": \"nora\"}", "{\"name\": 1, \"password\": 2}", "{\"name\":"] {
        let more = [("Content-Type", "application/json")];
        assert_eq!(visitor.ask_with("POST", "/api/v1/session", &more, body).code, 400, "{body}");
    }
}

#[test]
fn ones_own_password_is_changed_with_the_old_one_and_ends_ones_other_sessions() {
    let (_ward, daemon) = started();
    let here = Visitor::signed_in(&daemon.address, "nora");
    let elsewhere = Visitor::signed_in(&daemon.address, "nora");
    let other = Visitor::signed_in(&daemon.address, "rita");
    let change = |current: &str, new: &str| {
        let body = serde_json::json!({ "current": current, "new": new }).to_string();
        here.ask("PUT", "/api/v1/session/password", &body)
    };
    let new = "a new one for the night";
    assert_eq!(change("not the password", new).code, 403);
    let short = change(PASSWORD, "short");
    assert_eq!((short.code, short.detail().contains("expected 12 or more")), (400, true));
    assert_eq!(elsewhere.get("/api/v1/beds").code, 200);
    assert_eq!(change(PASSWORD, new).code, 200);
    assert_eq!(elsewhere.get("/api/v1/beds").code, 401);
    assert_eq!((here.get("/api/v1/beds").code, other.get("/api/v1/beds").code), (200, 200));
    assert_eq!(Visitor::at(&daemon.address).sign_in("nora", PASSWORD).code, 401);
    assert_eq!(Visitor::at(&daemon.address).sign_in("nora", new).code, 200);
    // The token is nobody's password.
    let token = ("Authorization", &*format!("Bearer {TOKEN}"));
    let body = "{\"current\": \"x\", \"new\": \"y\"}";
    assert_eq!(
        Visitor::at(&daemon.address).ask_with("PUT", "/api/v1/session/password", &[token], body).code,
        409
    );
}

#[test]
fn administrators_keep_accounts_on_the_page() {
    let (ward, daemon) = started();
    let ada = Visitor::signed_in(&daemon.address, "ada");
    let add = |name: &str, password: &str| {
        let body = serde_json::json!({ "name": name, "role": "nurse", "password": password });
        ada.ask("POST", "/api/v1/accounts", &body.to_string())
    };
    assert_eq!(add("otto", PASSWORD).code, 200);
    assert_eq!(
        (add("otto", PASSWORD).code, add("o/t", PASSWORD).code, add("ludwig", "short").code),
        (409, 400, 400)
    );
    let otto = Visitor::signed_in(&daemon.address, "otto");
    let list = ada.get("/api/v1/accounts").json();
    let row = list.as_array().unwrap().iter().find(|row| row["name"] == "otto").unwrap();
    let keys: BTreeSet<&str> = row.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, BTreeSet::from(["name", "role", "disabled", "created", "last_sign_in", "sessions"]));
    assert_eq!((&row["role"], &row["sessions"]), (&"nurse".into(), &1.into()));
    assert!(row["last_sign_in"].as_str().is_some_and(|time| time.contains('T')), "{row}");
    let put = |name: &str, body: &str| ada.ask("PUT", &format!("/api/v1/accounts/{name}"), body);
    assert_eq!(put("otto", "{\"role\": \"reviewer\"}").code, 200);
    assert_eq!(otto.get("/api/v1/beds").code, 401, "with another role one signs in anew");
    assert_eq!((put("otto", "{}").code, put("nobody", "{\"disabled\": true}").code), (400, 404));
    assert_eq!(put("otto", "{\"disabled\": true}").code, 200);
    assert_eq!(Visitor::at(&daemon.address).sign_in("otto", PASSWORD).code, 401);
    for refused in [put("ada", "{\"role\": \"nurse\"}"), put("ada", "{\"disabled\": true}")] {
        assert_eq!((refused.code, refused.detail().contains("last administrator")), (409, true));
    }
    assert_eq!(ada.ask("DELETE", "/api/v1/accounts/ada", "").code, 409);
    assert_eq!(ada.ask("DELETE", "/api/v1/accounts/otto", "").code, 200);
    assert_eq!(ada.ask("DELETE", "/api/v1/accounts/otto", "").code, 404);
    daemon.stop();
    let told: Vec<String> = ward
        .log()
        .unwrap()
        .of_kind("access")
        .unwrap()
        .into_iter()
        .filter_map(|logged| match logged.entry.what {
            What::Access { act, account, .. } => Some(format!("{} {act:?} {account}", logged.entry.who)),
            _ => None,
        })
        .collect();
    for entry in [
        "ada SignedIn ada",
        "otto SignedIn otto",
        "ada AccountAdded otto",
        "ada AccountChanged otto",
        "vigil Refused otto",
        "ada AccountRemoved otto",
    ] {
        assert!(told.iter().any(|told| told == entry), "{entry}: {told:?}");
    }
}

#[test]
fn accounts_that_cannot_be_written_stay_as_they_are() {
    let ward = with_accounts("");
    // A folder in the place of the lock: nobody can write beside the file.
    std::fs::remove_file(ward.path("accounts.toml.lock")).unwrap();
    std::fs::create_dir(ward.path("accounts.toml.lock")).unwrap();
    http(&ward, "");
    let daemon = ward.start();
    let before = std::fs::read(ward.path("accounts.toml")).unwrap();
    let ada = Visitor::signed_in(&daemon.address, "ada");
    let refused = ada.ask("PUT", "/api/v1/accounts/nora", "{\"role\": \"viewer\"}");
    assert_eq!((refused.code, refused.detail().contains("cannot write")), (503, true));
    assert_eq!(std::fs::read(ward.path("accounts.toml")).unwrap(), before);
    assert_eq!(Visitor::at(&daemon.address).sign_in("nora", PASSWORD).code, 200);
}
