//! Pages hear of alarms also after the log of alarms was exchanged for one that counts from lower numbers.

mod daemon;
mod visitor;

use daemon::Ward;
use vigil::alarm::AlarmLog;
use visitor::{Listener, Visitor};

#[test]
fn a_page_is_told_to_read_anew_and_hears_of_the_next_alarm() {
    let bed = "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\n\
         source.synthetic = { speed = 20.0, eeg = { seed = 1, duration_s = 4000, seizure_onsets_s = [40.0, 900.0] } }\n";
    let ward = Ward::new(bed);
    let mut daemon = ward.start();
    let mut listener = Listener::start(&Visitor::at(&daemon.address));
    let of_alarm = |line: &str| line.starts_with("data:") && line.contains("\"alarm\":\"s-emu-01-");
    listener.hears_line(of_alarm);
    // As `vigil alarms restore` does with a damaged one: it is set aside, and another takes its place. Here that one is
    // made before, and takes it at once: the daemon, which looks for a log all the time, begins none of its own.
    let (log, other) = (ward.path("state/alarms.sqlite"), ward.path("state/other.sqlite"));
    drop(AlarmLog::open(&other).unwrap());
    let aside = |end: &str| ward.path(&format!("state/alarms.damaged-1.sqlite{end}"));
    for end in ["-wal", "-shm"] {
        let _ = std::fs::rename(ward.path(&format!("state/alarms.sqlite{end}")), aside(end));
    }
    std::fs::hard_link(&log, aside("")).unwrap();
    std::fs::rename(&other, &log).unwrap();
    assert!(listener.hears("resync"));
    listener.heard.clear();
    listener.hears_line(of_alarm);
    let raised = |entry: &serde_json::Value| entry["what"] == "seizure";
    daemon.wait_for("the alarm in the new log", |_| ward.alarms().into_iter().find(raised));
    daemon.stop();
}
