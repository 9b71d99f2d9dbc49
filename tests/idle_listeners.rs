//! A thousand pages that listen and ask for nothing cost the ward nothing: all are told, and others are served.

mod daemon;
mod visitor;

use std::io::Write;
use std::process::Command;

use daemon::{Daemon, Ward};
use visitor::{Listener, Visitor};

const LISTENERS: usize = 1000;

/// Open files that this test needs for itself, besides one for each listener.
const OWN_FILES: u64 = 200;

fn memory_kib(daemon: &Daemon) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.child.id())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Raises the number of files that this test may open.
fn room_for(files: u64) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_some_and(|current| current < files) {
        let wanted = Rlimit { current: Some(files), maximum };
        setrlimit(Resource::Nofile, wanted).expect("room for a thousand connections");
    }
}

/// The program, started by a shell after a command of it. No script is written for that: the process that another
/// test is just starting may still hold it open for writing, and then it cannot be executed.
fn after(command: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("{command}; exec \"$0\" \"$@\"")]).arg(env!("CARGO_BIN_EXE_vigil"));
    shell
}

#[test]
fn a_thousand_idle_pages_are_told_while_others_are_served() {
    room_for(LISTENERS as u64 + OWN_FILES);
    let bed = "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.synthetic = {}\n";
    let ward = Ward::new(bed);
    // As a shell or a service manager starts it: few files may be open, until the daemon asks for what it is allowed.
    let mut daemon = ward.start_by(after("ulimit -S -n 256"), &[]);
    let visitor = Visitor::at(&daemon.address);
    daemon.wait_for("verdicts", |daemon| daemon.bed("emu-01")["second"].as_u64());
    let before = memory_kib(&daemon);
    let mut listeners: Vec<Listener> = (0..LISTENERS).map(|_| Listener::start(&visitor)).collect();
    for listener in &mut listeners {
        assert!(listener.hears("hello") && listener.hears("beat"));
    }
    assert_eq!(visitor.get("/api/v1/beds").code, 200);
    assert!(visitor.get("/metrics").body.contains("vigil_"));
    // Every one is told again, and the bed is judged as before.
    for listener in &mut listeners {
        listener.heard.clear();
        assert!(listener.hears("beat"));
    }
    let second = daemon.bed("emu-01")["second"].as_u64().unwrap();
    daemon.wait_for("the bed going on", |daemon| {
        (daemon.bed("emu-01")["second"].as_u64()? > second).then_some(())
    });
    let each_kib = memory_kib(&daemon).saturating_sub(before) / LISTENERS as u64;
    println!("{each_kib} KiB for each listener");
    assert!(each_kib < 300, "{each_kib} KiB for each");
    drop(listeners);
    daemon
        .wait_for("the place of those who left", |_| (visitor.get("/api/v1/ward").code == 200).then_some(()));
    daemon.stop();
}

#[test]
fn where_few_files_may_be_open_the_watch_keeps_those_that_it_needs() {
    let ward = Ward::new("");
    let mut daemon = ward.start_by(after("ulimit -n 256"), &[]);
    daemon.wait_for("the warning", |daemon| {
        daemon.log().contains("fewer connections are served").then_some(())
    });
    // More than there is room for: those that are too many are hung up on, and the log of alarms can be read.
    let mut streams = Vec::new();
    for _ in 0..300 {
        let mut stream = std::net::TcpStream::connect(&daemon.address).unwrap();
        let _ = stream.write_all(b"GET ");
        streams.push(stream);
    }
    daemon.wait_for("a page's answer once there is room", |daemon| {
        streams.pop();
        (Visitor::at(&daemon.address).get("/api/v1/alarms").code == 200).then_some(())
    });
    assert!(!daemon.log().contains("Too many open files"), "{}", daemon.log());
}
