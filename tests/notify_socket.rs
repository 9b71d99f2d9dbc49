//! The service manager is told in its own words, over a real datagram socket; where there is none,
//! nobody is told and nothing goes wrong.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use tempfile::TempDir;
use vigil::ward::notify::{MAX_STATUS_BYTES, Notifier, NotifyError, VARIABLES, watchdog_period};

/// The service manager's end of the socket.
struct Manager {
    folder: TempDir,
    socket: UnixDatagram,
}

impl Manager {
    fn new() -> Manager {
        let folder = TempDir::new().expect("a folder");
        let socket = UnixDatagram::bind(folder.path().join("notify")).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        Manager { folder, socket }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("notify")
    }

    fn notifier(&self) -> Notifier {
        Notifier::to(self.path().as_os_str()).expect("a notifier")
    }

    /// The next message; a message is a datagram.
    fn next(&self) -> String {
        // As large as systemd's own buffer.
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).expect("a message");
        String::from_utf8(buffer[..length].to_vec()).expect("text")
    }

    fn is_silent(&self) -> bool {
        self.socket.set_nonblocking(true).expect("a socket");
        let nothing = self.socket.recv(&mut [0; 16]).map_err(|error| error.kind());
        self.socket.set_nonblocking(false).expect("a socket");
        nothing == Err(ErrorKind::WouldBlock)
    }
}

#[test]
fn each_state_is_said_in_one_datagram_in_the_words_of_systemd() {
    let manager = Manager::new();
    let notifier = manager.notifier();
    assert!(notifier.is_heard());
    notifier.ready().expect("said");
    assert_eq!(manager.next(), "READY=1\n");
    notifier.status("2 beds, 1 without signal").expect("said");
    assert_eq!(manager.next(), "STATUS=2 beds, 1 without signal\n");
    notifier.watchdog().expect("said");
    assert_eq!(manager.next(), "WATCHDOG=1\n");
    notifier.stopping("the recorder writes its last piece").expect("said");
    assert_eq!(manager.next(), "STOPPING=1\nSTATUS=the recorder writes its last piece\n");
    assert!(manager.is_silent(), "nothing else was said");
}

#[test]
fn a_reload_carries_the_monotonic_time_and_ends_with_ready() {
    let manager = Manager::new();
    let notifier = manager.notifier();
    let mut times = Vec::new();
    for _ in 0..2 {
        notifier.reloading().expect("said");
        let said = manager.next();
        let time = said.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect("the time with it");
        times.push(time.trim_end().parse::<u64>().expect("microseconds"));
        notifier.reloaded().expect("said");
        assert_eq!(manager.next(), "READY=1\n");
    }
    assert!(times[0] > 0 && times[0] <= times[1], "{times:?}");
}

#[test]
fn a_status_stays_one_line_that_systemd_takes() {
    let manager = Manager::new();
    let notifier = manager.notifier();
    notifier.status("bed emu-01\nMAINPID=1\r\tlost").expect("said");
    assert_eq!(manager.next(), "STATUS=bed emu-01 MAINPID=1  lost\n", "a line end begins no other message");

    // Two bytes each: the limit is met between characters.
    notifier.status(&"\u{fc}".repeat(MAX_STATUS_BYTES)).expect("said");
    let said = manager.next();
    assert_eq!(said.trim_start_matches("STATUS=").trim_end(), "\u{fc}".repeat(MAX_STATUS_BYTES / 2));
    notifier.stopping(&format!("a{}", "\u{fc}".repeat(MAX_STATUS_BYTES))).expect("said");
    assert!(manager.next().len() < 4096);
    assert!(manager.is_silent());
}

#[test]
fn without_a_service_manager_nothing_is_said_and_nothing_fails() {
    let notifier = Notifier::to_nobody();
    assert!(!notifier.is_heard());
    notifier.ready().expect("nothing to do");
    notifier.reloading().expect("nothing to do");
    notifier.reloaded().expect("nothing to do");
    notifier.status("nobody reads this").expect("nothing to do");
    notifier.watchdog().expect("nothing to do");
    notifier.stopping("the end").expect("nothing to do");
}

#[test]
fn a_socket_that_is_gone_is_an_error_and_a_new_one_in_its_place_is_found() {
    let manager = Manager::new();
    let notifier = manager.notifier();
    notifier.ready().expect("said");
    assert_eq!(manager.next(), "READY=1\n");

    std::fs::remove_file(manager.path()).expect("the socket's file");
    let error = notifier.watchdog().expect_err("nobody is there");
    let text = error.to_string();
    assert!(text.contains("WATCHDOG=1") && text.contains(&manager.path().display().to_string()), "{text}");

    let again = UnixDatagram::bind(manager.path()).expect("a socket");
    notifier.watchdog().expect("the service manager is back");
    let mut buffer = [0; 64];
    assert_eq!(again.recv(&mut buffer).expect("a message"), b"WATCHDOG=1\n".len());
}

#[test]
fn a_service_manager_that_does_not_read_delays_the_watch_and_does_not_stop_it() {
    let manager = Manager::new();
    let notifier = manager.notifier();
    // The system holds a bounded number of datagrams; one more cannot be sent.
    let refused = (0..100_000).find_map(|_| notifier.watchdog().err()).expect("the queue has an end");
    match refused {
        NotifyError::Unsaid { source, .. } => assert_eq!(source.kind(), ErrorKind::WouldBlock),
        other => panic!("{other}"),
    }
    manager.next();
    notifier.ready().expect("there is room again");
}

#[test]
fn an_address_that_is_no_socket_is_refused_with_what_was_expected() {
    for address in ["notify", "@", "vsock:2:1234"] {
        let error = Notifier::to(OsStr::new(address)).expect_err("not an address");
        assert!(matches!(error, NotifyError::BadAddress { .. }), "{error}");
        assert!(error.to_string().contains(address), "{error}");
    }
    let long = format!("/{}", "x".repeat(200));
    let error = Notifier::to(OsStr::new(&long)).expect_err("longer than a socket's name may be");
    assert!(matches!(error, NotifyError::NoSocket { .. }), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_socket_is_reached() {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;

    let name = format!("vigil/test/{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("an address");
    let socket = UnixDatagram::bind_addr(&address).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let notifier = Notifier::to(OsStr::new(&format!("@{name}"))).expect("a notifier");
    notifier.ready().expect("said");
    let mut buffer = [0; 64];
    let length = socket.recv(&mut buffer).expect("a message");
    assert_eq!(&buffer[..length], b"READY=1\n");
}

/// Set for the child of the tests below: what it is to do with the environment that it was given.
const CHILD: &str = "VIGIL_TEST_NOTIFIES_AS_CHILD";

/// Runs `the_child_of_the_tests_of_the_environment` in a process of its own: a process has one
/// environment for all its threads.
fn in_an_environment(set: &[(&str, &str)], to_do: &str) -> Output {
    let mut child = Command::new(std::env::current_exe().expect("this test"));
    child.args(["--exact", "the_child_of_the_tests_of_the_environment", "--nocapture"]);
    for name in VARIABLES {
        child.env_remove(name);
    }
    child.env(CHILD, to_do).envs(set.iter().copied()).output().expect("the child ran")
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().find_map(|line| line.split_once("child says: "));
    line.unwrap_or_else(|| panic!("the child said nothing: {text}")).1.to_string()
}

#[test]
fn the_child_of_the_tests_of_the_environment() {
    let Ok(to_do) = std::env::var(CHILD) else { return };
    match to_do.as_str() {
        "notify" => {
            let notifier = Notifier::from_environment().expect("a notifier");
            notifier.ready().expect("said");
            // The variable is still there: a second notifier says more.
            let second = Notifier::from_environment().expect("a notifier");
            second.status("from the environment").expect("said");
            println!("\nchild says: {}", notifier.is_heard());
        }
        "watchdog" => println!("\nchild says: {:?}", watchdog_period()),
        // The shell stands for systemd: it starts the program under its own process id.
        "watchdog of this process" => {
            let this = std::env::current_exe().expect("this test");
            let script = "WATCHDOG_PID=$$ exec \"$0\" \
                          --exact the_child_of_the_tests_of_the_environment --nocapture";
            let status = Command::new("sh").args(["-c", script]).arg(this).env(CHILD, "watchdog").status();
            assert!(status.expect("the shell ran").success());
        }
        other => panic!("unknown: {other}"),
    }
}

#[test]
fn the_socket_is_the_one_that_the_environment_names() {
    let manager = Manager::new();
    let path = manager.path().display().to_string();
    assert_eq!(said(&in_an_environment(&[("NOTIFY_SOCKET", &path)], "notify")), "true");
    assert_eq!(manager.next(), "READY=1\n");
    assert_eq!(manager.next(), "STATUS=from the environment\n");
    assert_eq!(said(&in_an_environment(&[], "notify")), "false");
    assert_eq!(said(&in_an_environment(&[("NOTIFY_SOCKET", "")], "notify")), "false");
    assert!(manager.is_silent());
}

#[test]
fn the_watchdog_waits_for_the_process_that_it_names_and_no_other() {
    let own = "watchdog of this process";
    assert_eq!(said(&in_an_environment(&[("WATCHDOG_USEC", "30000000")], own)), "Some(30s)");
    assert_eq!(said(&in_an_environment(&[("WATCHDOG_USEC", "0")], own)), "None");
    assert_eq!(said(&in_an_environment(&[("WATCHDOG_USEC", "soon")], own)), "None");
    assert_eq!(said(&in_an_environment(&[], own)), "None");
    let of_another = [("WATCHDOG_USEC", "30000000"), ("WATCHDOG_PID", "1")];
    assert_eq!(said(&in_an_environment(&of_another, "watchdog")), "None");
}
