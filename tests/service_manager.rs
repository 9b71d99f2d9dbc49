//! The daemon tells its service manager when it is ready, that data moves, that it reloads, and that it
//! stops.

mod daemon;

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use daemon::Ward;

struct Manager {
    socket: UnixDatagram,
}

impl Manager {
    fn hear(&self, word: &str) -> Instant {
        let began = Instant::now();
        let mut heard = Vec::new();
        while began.elapsed() < daemon::PATIENCE {
            let mut bytes = [0; 4096];
            if let Ok(length) = self.socket.recv(&mut bytes) {
                let said = String::from_utf8_lossy(&bytes[..length]).into_owned();
                if said.lines().any(|line| line.starts_with(word)) {
                    return Instant::now();
                }
                heard.push(said);
            }
        }
        panic!("{word} was not said; heard: {heard:?}");
    }
}

#[test]
fn readiness_watchdog_reload_and_stopping_are_told() {
    let ward = Ward::new("[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\nsource.synthetic = {}\n");
    let path = ward.path("notify");
    let manager = Manager { socket: UnixDatagram::bind(&path).unwrap() };
    manager.socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut daemon =
        ward.start_with(&[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "3000000")]);
    manager.hear("READY=1");
    manager.hear("WATCHDOG=1");
    manager.hear("WATCHDOG=1");
    manager.hear("STATUS=1 beds");
    // A record is there before the end: only what is recorded has a gap that begins. The manager goes on listening.
    daemon.wait_for("a record", |_| {
        manager.hear("WATCHDOG=1");
        ward.files("emu-01").pop()
    });
    daemon.signal("-HUP");
    manager.hear("RELOADING=1");
    manager.hear("READY=1");
    daemon.signal("-TERM");
    manager.hear("STOPPING=1");
    let log = daemon.stop_when_told();
    assert!(log.contains("stopping"), "{log}");
    // What was recorded is closed in order, and the gap that begins is marked.
    let files = ward.files("emu-01");
    for file in &files {
        assert_eq!(vigil::record::mend(file).unwrap(), vigil::record::Mended::Sound);
    }
    // One that was closed at a full hour has no gap.
    let gaps = vigil::record::RecordFile::open(files.last().unwrap()).unwrap().gaps().unwrap();
    assert_eq!(gaps.last().map(|gap| gap.reason), Some(vigil::record::GapReason::Stopped));
}
