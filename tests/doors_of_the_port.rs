//! The port opens to other machines only with TLS and accounts; else the daemon does not start, and says what to do.

mod daemon;
mod visitor;

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Command, Output, Stdio};

use daemon::{TOKEN, Ward};
use rustls::pki_types::CertificateDer;
use visitor::{PASSWORD, Visitor, account, http, with_accounts};

const TLS: &str = "tls = { certificate = \"vigil.crt\", key = \"vigil.key\" }";

fn listening_on(ward: &Ward, address: &str) {
    let text = std::fs::read_to_string(ward.path("vigil.toml")).unwrap();
    std::fs::write(ward.path("vigil.toml"), text.replace("127.0.0.1:0", address)).unwrap();
}

fn certificate(ward: &Ward) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_string()]).unwrap();
    std::fs::write(ward.path("vigil.crt"), made.cert.pem()).unwrap();
    std::fs::write(ward.path("vigil.key"), made.signing_key.serialize_pem()).unwrap();
    made.cert.der().clone()
}

fn run(ward: &Ward, command: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_vigil"))
        .args([command, "--config"])
        .arg(ward.path("vigil.toml"))
        .output()
        .unwrap()
}

fn refused(output: &Output, code: i32, words: &[&str]) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert_eq!(told.lines().count(), 1, "one message: {told}");
    for word in words {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[test]
fn an_address_of_a_network_without_tls_and_accounts_is_refused_with_what_to_do() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.7:8765"] {
        for (lines, missing) in [
            ("", "neither `tls` nor `accounts` is set"),
            (TLS, "`accounts` is not set"),
            ("accounts = \"accounts.toml\"", "`tls` is not set"),
        ] {
            let ward = Ward::new("");
            http(&ward, lines);
            listening_on(&ward, address);
            for command in ["serve", "check"] {
                let words = [missing, "vigil.toml, line 7", "vigil account add", "listen on 127.0.0.1"];
                refused(&run(&ward, command), 8, &words);
            }
            assert!(!ward.path("state").exists(), "nothing was begun");
        }
    }
}

#[test]
fn a_socket_of_the_service_manager_on_a_network_is_refused_too() {
    let ward = Ward::new("");
    let socket = TcpListener::bind("0.0.0.0:0").unwrap();
    let output = Command::new("sh")
        .arg("-c")
        .arg("exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" serve --config \"$1\"")
        .arg(env!("CARGO_BIN_EXE_vigil"))
        .arg(ward.path("vigil.toml"))
        .stdin(Stdio::from(OwnedFd::from(socket)))
        .output()
        .unwrap();
    refused(&output, 8, &["listening on 0.0.0.0", "neither `tls` nor `accounts`"]);
}

#[test]
fn a_socket_of_the_service_manager_on_this_machine_is_served() {
    let ward = Ward::new("");
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let mut child = Command::new("sh")
        .arg("-c")
        .arg("exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" serve --config \"$1\"")
        .arg(env!("CARGO_BIN_EXE_vigil"))
        .arg(ward.path("vigil.toml"))
        .stdin(Stdio::from(OwnedFd::from(socket)))
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Whoever calls before the daemon is ready waits.
    let answer = Visitor::at(&address).get("/api/v1/session");
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!((answer.code, answer.json()["mode"].as_str()), (200, Some("open")));
}

#[test]
fn what_is_configured_and_cannot_be_used_is_told_before_anything_is_served() {
    let ward = Ward::new("");
    http(&ward, &format!("accounts = \"accounts.toml\"\n{TLS}"));
    let made = certificate(&ward);
    refused(&run(&ward, "serve"), 3, &["there is no file of accounts", "vigil account add"]);
    assert!(account(&ward, &["add", "ada", "--role", "administrator"], PASSWORD).status.success());
    Command::new("chmod").arg("644").arg(ward.path("accounts.toml")).status().unwrap();
    refused(&run(&ward, "serve"), 8, &["mode 644", "chmod 600"]);
    Command::new("chmod").arg("600").arg(ward.path("accounts.toml")).status().unwrap();
    let text = std::fs::read_to_string(ward.path("accounts.toml")).unwrap();
    std::fs::write(ward.path("accounts.toml"), text.replace("administrator", "admin")).unwrap();
    refused(&run(&ward, "serve"), 8, &["accounts.toml, line", "admin"]);
    std::fs::write(ward.path("accounts.toml"), text).unwrap();
    let key = std::fs::read(ward.path("vigil.key")).unwrap();
    std::fs::write(ward.path("vigil.key"), "no key").unwrap();
    refused(&run(&ward, "serve"), 8, &["vigil.key", "expected PEM"]);
    let other = rcgen::generate_simple_self_signed(["localhost".to_string()]).unwrap();
    std::fs::write(ward.path("vigil.key"), other.signing_key.serialize_pem()).unwrap();
    refused(&run(&ward, "serve"), 8, &["vigil.key", "does not go with"]);
    std::fs::write(ward.path("vigil.key"), key).unwrap();
    let daemon = ward.start();
    assert_eq!(Visitor::over_tls(&daemon.address, made).get("/api/v1/session").code, 200);
}

#[test]
fn this_machine_is_served_without_a_password_and_the_token_changes_beds() {
    let ward = Ward::new("");
    let daemon = ward.start();
    let visitor = Visitor::at(&daemon.address);
    let session = visitor.get("/api/v1/session").json();
    assert_eq!((&session["mode"], &session["signed_in"]), (&"open".into(), &true.into()));
    assert_eq!((&session["person"], &session["ward"]), (&serde_json::Value::Null, &"Test".into()));
    assert_eq!(visitor.get("/api/v1/beds").code, 200);
    // A page proves itself; one that does not is refused, and beds are for the token alone.
    assert_eq!(visitor.ask("POST", "/api/v1/reload", "").code, 401);
    let page = Visitor { csrf: session["csrf"].as_str().map(str::to_string), ..visitor.clone() };
    assert_eq!(page.ask("POST", "/api/v1/reload", "").code, 403);
    let token = ("Authorization", &*format!("Bearer {TOKEN}"));
    assert_eq!(visitor.ask_with("POST", "/api/v1/reload", &[token], "").code, 200);
    // Accounts there are none, and each door to them says so.
    let told = visitor.ask_with("GET", "/api/v1/accounts", &[token], "");
    assert_eq!((told.code, told.detail().contains("set `accounts` in [http]")), (409, true));
    assert_eq!(Visitor::at(&daemon.address).sign_in("ada", PASSWORD).code, 409);
}

#[test]
fn with_accounts_this_machine_too_has_to_sign_in() {
    let ward = with_accounts("");
    let daemon = ward.start();
    let visitor = Visitor::at(&daemon.address);
    for path in
        ["/api/v1/beds", "/api/v1/ward", "/metrics", "/readyz", "/api/v1/events", "/api/v1/openapi.json"]
    {
        assert_eq!(visitor.get(path).code, 401, "{path}");
    }
    let session = visitor.get("/api/v1/session").json();
    assert_eq!((&session["mode"], &session["signed_in"]), (&"accounts".into(), &false.into()));
    for hidden in ["person", "role", "csrf", "ward"] {
        assert!(session[hidden].is_null(), "{session}");
    }
    // Health says that it is well, or not, and the page is there to sign in on.
    assert!(matches!(visitor.get("/healthz").code, 200 | 503));
    assert_eq!(visitor.get("/").code, 200);
    let token = ("Authorization", &*format!("Bearer {TOKEN}"));
    assert_eq!(visitor.ask_with("GET", "/metrics", &[token], "").code, 200);
    assert_eq!(
        visitor.ask_with("GET", "/metrics", &[("Authorization", "Bearer wrong-but-long")], "").code,
        401
    );
}

#[test]
fn a_network_is_served_over_tls_with_a_cookie_for_it_alone() {
    let ward = with_accounts("");
    http(&ward, TLS);
    let trusted = certificate(&ward);
    listening_on(&ward, "0.0.0.0:0");
    let mut daemon = ward.start();
    let port = daemon.address.rsplit(':').next().unwrap().to_string();
    let address = format!("127.0.0.1:{port}");
    let mut visitor = Visitor::over_tls(&address, trusted);
    let answer = visitor.get("/api/v1/beds");
    assert_eq!(answer.code, 401);
    assert!(answer.header("strict-transport-security").unwrap().starts_with("max-age="));
    let answer = visitor.sign_in("nora", PASSWORD);
    let cookie = answer.header("set-cookie").unwrap();
    for part in ["__Host-vigil=", "; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert_eq!(visitor.get("/api/v1/beds").code, 200);
    // Without TLS nobody is answered.
    assert_eq!(Visitor::at(&address).get("/api/v1/session").code, 0);
    // A renewed certificate is taken over while the daemon runs; one that cannot be used is not.
    let renewed = certificate(&ward);
    daemon.signal("-HUP");
    daemon.wait_for("the renewed certificate", |_| {
        let code = Visitor::over_tls(&address, renewed.clone()).get("/api/v1/session").code;
        (code == 200).then_some(())
    });
    std::fs::write(ward.path("vigil.crt"), "nothing").unwrap();
    daemon.signal("-HUP");
    daemon.wait_for("the refusal", |daemon| {
        daemon.log().contains("the old certificate stays in use").then_some(())
    });
    assert_eq!(Visitor::over_tls(&address, renewed).get("/api/v1/session").code, 200);
}

#[test]
fn a_mistake_in_the_settings_of_the_port_is_told_with_its_line() {
    for (lines, words) in [
        ("acounts = \"accounts.toml\"", "did you mean \"accounts\""),
        ("tls = { certificate = \"vigil.crt\" }", "missing field `key`"),
        ("names = [\"https://vigil.example\"]", "expected a host's name or address"),
        ("session_idle_h = 0", "session_idle_h is 0; expected 1 to 168"),
        ("connections = 1", "connections is 1; expected 16 to 100000"),
    ] {
        let ward = Ward::new("");
        http(&ward, lines);
        refused(&run(&ward, "check"), 8, &[words, "vigil.toml, line 9", "for example: "]);
    }
}
