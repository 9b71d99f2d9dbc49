//! Whatever is sent to the port, nothing is given away, nothing is half done, and the daemon goes on.

mod daemon;
mod visitor;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::middleware::from_fn;
use axum::routing::get;
use daemon::{PATIENCE, TOKEN, Ward};
use tokio::io::AsyncWriteExt;
use tower::ServiceExt;
use vigil::web::dress::dressed;
use vigil::web::stall::Stalling;
use visitor::{Visitor, http, send, with_accounts};

const BED: &str = "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.synthetic = {}\n";

/// Everybody's rights, as a program has them.
fn with_token(visitor: &Visitor, method: &str, path: &str, body: &str) -> visitor::Answer {
    visitor.ask_with(method, path, &[("Authorization", &format!("Bearer {TOKEN}"))], body)
}

fn all_files(folder: &Path) -> BTreeSet<String> {
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files.extend(all_files(&path));
        } else {
            files.insert(path.display().to_string());
        }
    }
    files
}

#[test]
fn no_id_leads_out_of_its_folder() {
    let ward = Ward::new(BED);
    let daemon = ward.start();
    let visitor = Visitor::at(&daemon.address);
    let before = all_files(&ward.path("patients"));
    let long = "a".repeat(5000);
    for id in [
        "..",
        "%2e%2e",
        "..%2f..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e%2f%2e%2e%2ftoken",
        "..%5c..%5ctoken",
        "%2fetc%2fpasswd",
        "%2f%2fetc%2fpasswd",
        "....%2f%2f....%2f%2ftoken",
        "chb03%2f..%2f..%2ftoken",
        "chb03%00",
        "%ff%fe",
        "%252e%252e%252ftoken",
        "%00",
        "%0d%0aSet-Cookie:%20a=b",
        &long,
    ] {
        for path in [
            format!("/api/v1/patients/{id}/versions"),
            format!("/api/v1/beds/{id}"),
            format!("/api/v1/beds/{id}/recorded"),
            format!("/api/v1/beds/{id}/eeg?from=0&seconds=1"),
            format!("/api/v1/beds/{id}/verdicts?from=0&seconds=1"),
            format!("/api/v1/beds/{id}/trend?from=0&seconds=1"),
            format!("/api/v1/alarms/{id}"),
            format!("/api/v1/alarms/{id}/explanation"),
            format!("/page/{id}"),
            format!("/page/../{id}"),
            format!("/{id}"),
        ] {
            let answer = with_token(&visitor, "GET", &path, "");
            assert!(matches!(answer.code, 400 | 404), "{path}: {answer:?}");
            assert!(!answer.body.contains("root:") && !answer.body.contains(TOKEN), "{path}: {answer:?}");
            assert!(answer.header("set-cookie").is_none(), "{path}: {answer:?}");
        }
        let path = format!("/api/v1/patients/{id}/version");
        let answer = with_token(&visitor, "PUT", &path, "{\"version\": 0, \"by\": \"Ada\"}");
        assert!(matches!(answer.code, 400 | 404), "{path}: {answer:?}");
        let path = format!("/api/v1/beds/{id}");
        let answer =
            with_token(&visitor, "PUT", &path, "{\"patient\": \"chb03\", \"source\": {\"synthetic\": {}}}");
        assert!(matches!(answer.code, 400 | 404), "{path}: {answer:?}");
    }
    for (absolute, code) in [("/etc/passwd", 404), ("//etc/passwd", 404), ("/page//etc/passwd", 404)] {
        assert_eq!(visitor.get(absolute).code, code, "{absolute}");
    }
    assert_eq!(all_files(&ward.path("patients")), before);
}

#[test]
fn bodies_that_are_too_large_malformed_or_of_another_kind_are_refused_with_the_right_status() {
    let ward = Ward::new(BED);
    let daemon = ward.start();
    let visitor = Visitor::at(&daemon.address);
    let path = "/api/v1/alarms/s-none-1-1/review";
    let large = format!("{{\"judgement\": \"seizure\", \"note\": \"{}\"}}", "x".repeat(70_000));
    assert_eq!(with_token(&visitor, "POST", path, &large).code, 413);
    for body in [
        "{",
        "[]",
        "null",
        "\"x\"",
        "{\"judgement\": \"perhaps\"}",
        "{\"judgement\": \"seizure\", \"judgement\": \"seizure\"}",
        "{\"judgement\": \"seizure\", \"unknown\": 1}",
        "{\"judgement\": \"seizure\", \"after\": 1e400}",
        "{\"judgement\": \"seizure\", \"note\": \"\\ud800\"}",
        "\u{feff}{\"judgement\": \"seizure\"}",
        &"[".repeat(60_000),
    ] {
        let answer = with_token(&visitor, "POST", path, body);
        assert_eq!((answer.code, answer.detail().is_empty()), (400, false), "{answer:?}");
    }
    let token = format!("Bearer {TOKEN}");
    for kind in ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""] {
        let more = [("Authorization", token.as_str()), ("Content-Type", kind)];
        assert_eq!(visitor.ask_with("POST", path, &more, "{\"judgement\": \"seizure\"}").code, 415, "{kind}");
    }
    // A length that lies about more than is allowed is refused without waiting for it.
    let huge = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n\
         Content-Length: 99999999999\r\nConnection: close\r\n\r\n{{",
        daemon.address
    );
    assert_eq!(send(&daemon.address, huge.as_bytes()).code, 413);
    // So is one that comes in pieces without an end.
    let mut pieces = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {token}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
        daemon.address
    );
    for _ in 0..20 {
        pieces.push_str(&format!("1000\r\n{}\r\n", "x".repeat(4096)));
    }
    assert_eq!(send(&daemon.address, pieces.as_bytes()).code, 413);
}

#[test]
fn what_is_no_http_or_has_too_much_of_it_is_turned_away() {
    let ward = Ward::new("");
    let daemon = ward.start();
    let head = format!("GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", daemon.address);
    let large = format!("{head}X-Large: {}\r\n\r\n", "x".repeat(200_000));
    let many: String = (0..500).map(|n| format!("X-Header-{n}: 1\r\n")).collect();
    let many = format!("{head}{many}\r\n");
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(200_000));
    let smuggled = format!(
        "POST /api/v1/reload HTTP/1.1\r\nHost: {}\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
        daemon.address
    );
    for bytes in [
        large.as_bytes(),
        many.as_bytes(),
        long.as_bytes(),
        smuggled.as_bytes(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = send(&daemon.address, bytes);
        assert!(matches!(answer.code, 0 | 400 | 414 | 431 | 505), "{answer:?}");
    }
    let visitor = Visitor::at(&daemon.address);
    assert_eq!(visitor.ask("DELETE", "/healthz", "").code, 401, "a change without a proof");
    assert_eq!(with_token(&visitor, "DELETE", "/healthz", "").code, 405);
    assert_eq!(with_token(&visitor, "TRACE", "/api/v1/beds", "").code, 405);
    assert_eq!(visitor.get("/api/v1/session").code, 200);
}

#[test]
fn a_request_that_names_somebody_else_is_not_for_us() {
    let ward = Ward::new("");
    http(&ward, "names = [\"vigil.ward.example\", \"10.1.2.3\"]");
    let daemon = ward.start();
    let visitor = Visitor::at(&daemon.address);
    let port = daemon.address.rsplit(':').next().unwrap();
    let ask = |host: &str| visitor.ask_with("GET", "/api/v1/session", &[("Host", host)], "").code;
    for host in [
        "evil.example",
        &format!("evil.example:{port}"),
        "192.0.2.1",
        "vigil.ward.example.evil.example",
        "[::2]",
    ] {
        assert_eq!(ask(host), 421, "{host}");
    }
    for host in [
        "localhost",
        &format!("localhost:{port}"),
        "127.0.0.1",
        "[::1]:80",
        "VIGIL.ward.example:443",
        "10.1.2.3",
    ] {
        assert_eq!(ask(host), 200, "{host}");
    }
    assert_eq!(send(&daemon.address, b"GET /api/v1/session HTTP/1.0\r\n\r\n").code, 400);
    let two =
        "GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(send(&daemon.address, two.as_bytes()).code, 400);
    let other =
        "GET http://evil.example/api/v1/session HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(send(&daemon.address, other.as_bytes()).code, 421);
    // A load balancer may ask for health by any name: it learns nothing.
    let health = visitor.ask_with("GET", "/healthz", &[("Host", "evil.example")], "");
    assert!(matches!(health.code, 200 | 503), "{health:?}");
}

#[test]
fn another_sites_page_reads_and_changes_nothing() {
    let ward = Ward::new("");
    let daemon = ward.start();
    let visitor = Visitor::at(&daemon.address);
    let csrf = visitor.get("/api/v1/session").json()["csrf"].as_str().unwrap().to_string();
    let page = Visitor { csrf: Some(csrf), ..visitor.clone() };
    let path = "/api/v1/alarms/s-none-1-1/acknowledge";
    let body = "{\"by\": \"Ada\"}";
    for more in [("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
        assert_eq!(visitor.ask_with("GET", "/api/v1/session", &[more], "").code, 403, "{more:?}");
        assert_eq!(page.ask_with("POST", path, &[more], body).code, 403, "{more:?}");
        assert!(
            visitor.ask_with("OPTIONS", path, &[more], "").header("access-control-allow-origin").is_none()
        );
    }
    let ours = format!("http://{}", daemon.address);
    let more = [("Origin", ours.as_str()), ("Sec-Fetch-Site", "same-origin")];
    assert_eq!(
        page.ask_with("POST", path, &more, body).code,
        404,
        "ours is let in, to an alarm that is none"
    );
    // A link from elsewhere may lead to the page.
    assert_eq!(visitor.ask_with("GET", "/", &[("Sec-Fetch-Site", "cross-site")], "").code, 200);
}

#[test]
fn every_answer_wears_the_headers_that_guard_it() {
    let ward = with_accounts(BED);
    let daemon = ward.start();
    let nora = Visitor::signed_in(&daemon.address, "nora");
    let nobody = Visitor::at(&daemon.address);
    let answers = [
        nora.get("/"),
        nora.get("/page/page.css"),
        nora.get("/page/none"),
        nora.get("/healthz"),
        nora.get("/metrics"),
        nora.get("/api/v1/session"),
        nora.get("/api/v1/beds"),
        nora.get("/api/v1/openapi.json"),
        nora.get("/api/v1/accounts"),
        nora.get("/none"),
        nora.ask("DELETE", "/metrics", ""),
        nora.ask("POST", "/api/v1/reload", ""),
        nora.ask_with("GET", "/api/v1/beds", &[("Host", "evil.example")], ""),
        nobody.get("/api/v1/beds"),
        nobody.ask("POST", "/api/v1/session", "{"),
    ];
    let codes: BTreeSet<u16> = answers.iter().map(|answer| answer.code).collect();
    assert!(codes.is_superset(&BTreeSet::from([200, 400, 401, 403, 404, 405, 421])), "{codes:?}");
    for answer in answers {
        let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{answer:?}"));
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains('*') && !policy.contains("http"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"));
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"));
        assert!(answer.header("permissions-policy").is_some());
        assert!(answer.header("server").is_none(), "{answer:?}");
        let kept = answer.header("cache-control").unwrap();
        assert!(kept == "no-store" || kept == "no-cache", "{answer:?}");
    }
}

#[tokio::test]
async fn a_handler_that_panics_is_answered_for_without_a_word_of_its_insides() {
    async fn panics() -> &'static str {
        assert!(std::hint::black_box(false), "the insides of patient chb03");
        "never"
    }
    let router: Router = Router::new().route("/", get(panics)).layer(from_fn(dressed));
    let response = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 500);
    assert!(response.headers().contains_key("content-security-policy"));
    let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
    let told = String::from_utf8(body.to_vec()).unwrap();
    assert!(told.contains("the daemon's log says why"), "{told}");
    for inside in ["chb03", "panic", ".rs", "insides"] {
        assert!(!told.contains(inside), "{told}");
    }
}

#[tokio::test]
async fn who_listens_and_does_not_read_is_given_up() {
    let (ours, theirs) = tokio::io::duplex(64);
    let mut stalling = Stalling::new(ours, Duration::from_millis(50));
    stalling.write_all(&[0; 64]).await.unwrap();
    let error = stalling.write_all(&[0; 64]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    drop(theirs);
}

#[test]
fn slow_clients_are_hung_up_on_while_others_are_served() {
    let ward = Ward::new("");
    let daemon = ward.start();
    let connect = || {
        let stream = TcpStream::connect(&daemon.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    };
    let silent = connect();
    let mut head = connect();
    head.write_all(b"GET /api/v1/session HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").unwrap();
    let mut body = connect();
    let begun = format!(
        "POST /api/v1/alarms/s-none-1-1/acknowledge HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\nConnection: close\r\n\r\n{{"
    );
    body.write_all(begun.as_bytes()).unwrap();
    // One that goes on and on, a byte at a time, gains nothing by it.
    let mut dripping = head.try_clone().unwrap();
    std::thread::spawn(move || {
        while dripping.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    let visitor = Visitor::at(&daemon.address);
    assert_eq!(visitor.get("/api/v1/session").code, 200);
    let rest = |mut stream: TcpStream| {
        let mut text = Vec::new();
        let _ = stream.read_to_end(&mut text);
        visitor::Answer::read(&String::from_utf8_lossy(&text))
    };
    let answer = rest(body);
    assert_eq!((answer.code, answer.detail().contains("did not come within")), (408, true));
    assert!(matches!(rest(head).code, 0 | 408));
    assert_eq!(rest(silent).code, 0);
    assert_eq!(visitor.get("/api/v1/session").code, 200);
}

#[test]
fn more_connections_than_there_is_room_for_are_closed_and_room_comes_back() {
    let ward = Ward::new("");
    http(&ward, "connections = 16");
    let mut daemon = ward.start();
    let held: Vec<TcpStream> = (0..16).map(|_| TcpStream::connect(&daemon.address).unwrap()).collect();
    let visitor = Visitor::at(&daemon.address);
    daemon.wait_for("a full house", |_| (visitor.get("/api/v1/session").code == 0).then_some(()));
    drop(held);
    daemon.wait_for("room", |_| (visitor.get("/api/v1/session").code == 200).then_some(()));
}
