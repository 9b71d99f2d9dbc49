//! Alarms reach other programs: a webhook receiver, a real MQTT broker, an independent HL7 library, a syslog server.

mod daemon;
mod receiver;

use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use daemon::{TOKEN, Ward};
use receiver::{Behaviour, Receiver};
use vigil::alarm::entry::{DAEMON, Entry, What, seizure_id};
use vigil::alarm::log::Appended;
use vigil::alarm::message::{Message, Route, Routing};
use vigil::alarm::moment::Moment;
use vigil::alarm::state::{AlarmKind, Phase};
use vigil::alarm::{AlarmLog, Priority};
use vigil::channel::{hl7, syslog, webhook};

/// A bed that raises an alarm within seconds, twenty times as fast as a patient.
fn bed(name: &str) -> String {
    format!(
        "[[bed]]\nname = \"{name}\"\npatient = \"chb03\"\n\
         source.synthetic = {{ speed = 20.0, eeg = {{ seed = 1, duration_s = 4000, seizure_onsets_s = [40.0] }} }}\n"
    )
}

struct Program {
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Program {
    fn start(command: &mut Command) -> Option<Program> {
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let (stdout, lines) = (child.stdout.take()?, Arc::new(Mutex::new(Vec::new())));
        let into = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                into.lock().unwrap().push(line);
            }
        });
        Some(Program { child, lines })
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn message() -> Message {
    Message {
        key: "s-emu-01-7-46/raised".into(),
        event: "raised".into(),
        ward: "EMU ^ East".into(),
        alarm: "s-emu-01-7-46".into(),
        kind: AlarmKind::Seizure,
        phase: Phase::Active,
        priority: Priority::High,
        bed: "emu-01".into(),
        patient: Some("chb03".into()),
        patient_name: None,
        detail: "seizure alarm".into(),
        time: "2026-11-24T03:00:00.250Z".into(),
        raised: "2026-11-24T03:00:00.250Z".into(),
        onset: None,
        by: "vigil".into(),
        detector: "d1".into(),
        notice: String::new(),
    }
}

#[test]
fn a_webhook_is_signed_names_its_happening_and_no_patient() {
    // import hmac; hmac.new(b"a-token-for-tests-only", b'1700000000.{"a":1}', "sha256").hexdigest()
    let golden = "t=1700000000,v1=c5745f9695faa584f3236bf2d6257970419358734b2bce7d830dac8318093ac6";
    assert_eq!(webhook::signature(TOKEN, 1_700_000_000, b"{\"a\":1}"), golden);
    let receiver = Receiver::start(Behaviour::Take);
    let ward = Ward::with(&receiver.channel("desk", ""), &bed("emu-01"));
    let mut daemon = ward.start();
    daemon.wait_for("the alarm and its end", |_| (receiver.taken().len() >= 2).then_some(()));
    let came = &receiver.came()[0];
    let raised = came.json();
    assert_eq!(
        (&raised["event"], &raised["kind"], &raised["bed"]),
        (&"raised".into(), &"seizure".into(), &"emu-01".into())
    );
    assert_eq!((&raised["ward"], &raised["priority"]), (&"Test".into(), &"high".into()));
    assert!(raised.get("patient").is_none(), "{raised}");
    assert_eq!(came.header("Idempotency-Key"), raised["key"].as_str());
    let signature = came.header("Vigil-Signature").unwrap();
    let time = signature[2..].split(',').next().unwrap().parse().unwrap();
    assert_eq!(signature, webhook::signature(TOKEN, time, came.body.as_bytes()));
    assert_eq!(receiver.taken()[1]["event"], "ended");
    // That they were taken stands in the log.
    daemon.wait_for("the log", |_| {
        let history = ward.log()?.history(raised["alarm"].as_str()?).ok()?;
        (history.iter().filter(|logged| logged.entry.what.name() == "delivered").count() == 2).then_some(())
    });
    daemon.stop();
}

#[test]
fn a_real_mqtt_broker_takes_alarms_also_after_it_was_away() {
    if Command::new("mosquitto").arg("-h").stdout(Stdio::null()).status().is_err() {
        println!("skipped: mosquitto and mosquitto_sub are not installed (make counterparties)");
        return;
    }
    // Below those that whoever asks for any port is given: nobody else has it before the broker comes.
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    let port = (first..).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap();
    let channel = format!(
        "[[channel]]\nname = \"broker\"\npatient = true\nmqtt = {{ host = \"127.0.0.1\", port = {port}, topic = \"hospital/eeg\" }}\n"
    );
    // Whoever listens only after the first alarm was sent hears of the second.
    let ward = Ward::with(&channel, &bed("emu-01").replace("[40.0]", "[40.0, 1200.0]"));
    // The broker is not there when the alarm rises.
    let mut daemon = ward.start();
    daemon.wait_for("a technical alarm", |_| {
        ward.alarms().into_iter().find(|entry| entry["kind"] == "channel-down" && entry["raised"] == true)
    });
    daemon.wait_for("the alarm", |_| ward.alarms().into_iter().find(|entry| entry["what"] == "seizure"));
    let config = ward.path("mosquitto.conf");
    std::fs::write(&config, format!("listener {port} 127.0.0.1\nallow_anonymous true\n")).unwrap();
    let _broker = Program::start(Command::new("mosquitto").arg("-c").arg(&config)).unwrap();
    // The subscriber may come before the broker listens, or after: it tries until it hears something.
    let mut subscriber = None;
    let heard = daemon.wait_for("the messages at the subscriber", |_| {
        let ended = subscriber
            .as_mut()
            .is_none_or(|program: &mut Program| program.child.try_wait().unwrap().is_some());
        if ended {
            let port = port.to_string();
            let arguments = ["-h", "127.0.0.1", "-p", &port, "-t", "hospital/eeg/#", "-v", "-q", "1"];
            subscriber = Program::start(Command::new("mosquitto_sub").args(arguments));
        }
        let lines = subscriber.as_ref()?.lines();
        lines.iter().any(|line| line.starts_with("hospital/eeg/emu-01/seizure")).then_some(lines)
    });
    let line = heard.iter().find(|line| line.starts_with("hospital/eeg/emu-01/seizure")).unwrap();
    let told: serde_json::Value = serde_json::from_str(line.split_once(' ').unwrap().1).unwrap();
    assert_eq!(told["patient"], "chb03");
    daemon.wait_for("the channel's recovery", |_| {
        ward.alarms().into_iter().find(|entry| entry["kind"] == "channel-down" && entry["raised"] == false)
    });
    daemon.stop();
}

fn python() -> Option<PathBuf> {
    let python = std::env::var_os("VIGIL_PYTHON")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(".venv/bin/python"), PathBuf::from);
    let has = Command::new(&python).args(["-c", "import hl7apy"]).stderr(Stdio::null()).status();
    has.is_ok_and(|status| status.success()).then_some(python)
}

#[test]
fn an_independent_hl7_listener_reads_every_field_of_an_alarm() {
    let Some(python) = python() else {
        println!("skipped: no Python with hl7apy (make python)");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/channels/hl7_listener.py");
    let listener = Program::start(Command::new(python).arg(script)).unwrap();
    let began = std::time::Instant::now();
    let port = loop {
        if let Some(line) = listener.lines().first() {
            break line.clone();
        }
        assert!(began.elapsed() < daemon::PATIENCE, "the listener does not start");
        std::thread::sleep(Duration::from_millis(20));
    };
    let channel = format!(
        "[[channel]]\nname = \"integration\"\npatient = true\ntimeout_s = 60\nhl7 = {{ to = \"127.0.0.1:{port}\" }}\n"
    );
    let ward = Ward::with(&channel, &bed("emu-01"));
    let mut daemon = ward.start();
    daemon.wait_for("the alarm and its end", |_| (listener.lines().len() >= 3).then_some(()));
    let told: Vec<serde_json::Value> =
        listener.lines()[1..].iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told[0]["type"], "ORU^R40^ORU_R40");
    assert_eq!(told[0]["version"], "2.6");
    assert!(told[0]["profile"].as_str().unwrap().starts_with("IHE_PCD_ACM_001^IHE PCD"));
    assert_eq!(told[0]["bed"], "Test^^emu-01");
    assert_eq!(told[0]["patient"], "chb03");
    let raised = ward.alarms().into_iter().find(|entry| entry["what"] == "seizure").unwrap();
    let alarm = raised["alarm"].as_str().unwrap();
    assert_eq!(told[0]["alarm"], format!("{alarm}^VIGIL"));
    let facets = |index: usize, name: &str| told[index]["facets"][name].as_str().unwrap().to_string();
    assert_eq!(facets(0, "MDC_ATTR_EVENT_PHASE"), "start");
    assert_eq!(facets(0, "MDC_ATTR_ALARM_STATE"), "active");
    assert_eq!(facets(0, "MDC_ATTR_ALARM_PRIORITY"), "PH");
    assert_eq!(facets(0, "MDC_ATTR_ALERT_TYPE"), "SP");
    assert_eq!(facets(1, "MDC_ATTR_EVENT_PHASE"), "end");
    assert_eq!(facets(1, "MDC_ATTR_ALARM_STATE"), "latched");
    daemon.stop();
}

/// What HL7 is told of what happens to a seizure alarm, in order: phase of the event, state of the alarm, and whether its
/// sound is on.
fn told_over_hl7(happenings: &[(&str, What)]) -> Vec<[String; 3]> {
    let folder = tempfile::tempdir().unwrap();
    let route = Route {
        channel: "integration".into(),
        kinds: vec![AlarmKind::Seizure],
        least: Priority::Low,
        beds: Vec::new(),
        after_s: None,
    };
    let log = AlarmLog::open(&folder.path().join("alarms.sqlite")).unwrap();
    let mut log = log.with_routing(Routing { routes: vec![route] });
    let at = |second: i64| Moment {
        wall_us: (1_700_000_000 + second) * 1_000_000,
        mono_us: second * 1_000_000,
        boot: "one".into(),
    };
    let alarm = seizure_id("emu-01", 7, 46);
    let raised = What::Seizure {
        timeline: 7,
        onset_second: 40,
        raised_second: 46,
        onset_us: at(-6).wall_us,
        excluded: None,
    };
    let mut outgoing = Vec::new();
    for (second, (who, what)) in [(DAEMON, raised)].iter().chain(happenings).enumerate() {
        let entry = Entry::of_alarm(&alarm, &at(second as i64), who, what.clone());
        match log.append(&entry.on("emu-01", "chb03")).unwrap() {
            Appended::New(new) => outgoing.extend(new),
            Appended::Known => panic!("each happens once"),
        }
    }
    // They are told after all of it has happened, as after an outage: each is told as it was.
    let config: hl7::Hl7Config = serde_json::from_str("{\"to\": \"localhost:2575\"}").unwrap();
    let facet = |text: &str, name: &str| {
        let segment = text.split('\r').find(|segment| segment.contains(name)).unwrap();
        segment.split('|').nth(5).unwrap().to_string()
    };
    let report = |outgoing| hl7::report(&log.message(outgoing, "EMU").unwrap().unwrap(), &config, "c");
    let facets = ["MDC_ATTR_EVENT_PHASE", "MDC_ATTR_ALARM_STATE", "MDC_ATTR_ALARM_INACTIVATION_STATE"];
    outgoing.iter().map(report).map(|text| facets.map(|name| facet(&text, name))).collect()
}

#[test]
fn a_seizure_alarm_that_is_over_is_inactive_whichever_came_first() {
    let ended = || ("vigil", What::Ended { end_second: Some(80), detail: String::new() });
    let acknowledged = || ("Ada", What::Acknowledged);
    assert_eq!(
        told_over_hl7(&[acknowledged(), ended()]),
        [
            ["start", "active", "enabled"],
            ["update", "active", "alert-acknowledged"],
            ["end", "inactive", "enabled"]
        ]
    );
    assert_eq!(
        told_over_hl7(&[ended(), acknowledged()]),
        [["start", "active", "enabled"], ["end", "latched", "enabled"], ["end", "inactive", "enabled"]]
    );
    let paused = ("Ada", What::AudioPaused { for_s: 60 });
    assert_eq!(told_over_hl7(&[paused])[1], ["update", "active", "audio-paused"]);
}

#[test]
fn an_hl7_listener_that_hangs_up_after_each_message_gets_the_next_at_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config: vigil::channel::ChannelConfig = serde_json::from_value(serde_json::json!({
        "name": "integration",
        "hl7": { "to": listener.local_addr().unwrap().to_string() },
    }))
    .unwrap();
    let (hung_up, hangs_up) = std::sync::mpsc::channel();
    let answering = std::thread::spawn(move || {
        for _ in 0..3 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = Vec::new();
            let mut byte = [0];
            while !bytes.ends_with(&[0x1c, 0x0d]) {
                stream.read_exact(&mut byte).unwrap();
                bytes.push(byte[0]);
            }
            let text = String::from_utf8(bytes).unwrap();
            let control = text.split('|').nth(9).unwrap();
            let answer = format!("\u{b}MSH|^~\\&|x\rMSA|AA|{control}\r\u{1c}\r");
            std::io::Write::write_all(&mut stream, answer.as_bytes()).unwrap();
            drop(stream);
            hung_up.send(()).unwrap();
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut channel = vigil::channel::Channel::new(&config).unwrap();
        for _ in 0..3 {
            channel.send(&message()).await.unwrap();
            // The listener has hung up, and on one computer that has arrived; the runtime hears of it as it waits.
            hangs_up.recv_timeout(daemon::PATIENCE).unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    answering.join().unwrap();
}

#[test]
fn what_hl7_takes_for_its_own_is_escaped_and_answers_are_matched() {
    let config: hl7::Hl7Config = serde_json::from_str("{\"to\": \"localhost:2575\"}").unwrap();
    let text = hl7::report(&message(), &config, "c-1");
    assert!(text.contains("PV1||I|EMU \\S\\ East^^emu-01\r"), "{text}");
    assert!(text.starts_with("MSH|^~\\&|VIGIL||||20261124030000.250+0000||ORU^R40^ORU_R40|c-1|P|2.6|"));
    let answer = |code: &str, control: &str| format!("MSH|^~\\&|x\rMSA|{code}|{control}|why\r");
    assert_eq!(hl7::acknowledged(&answer("AA", "c-1"), "c-1"), Some(Ok(())));
    assert_eq!(
        hl7::acknowledged(&answer("AE", "c-1"), "c-1"),
        Some(Err("the listener answered AE why".into()))
    );
    assert_eq!(hl7::acknowledged(&answer("AA", "another"), "c-1"), None);
    assert_eq!(hl7::acknowledged("nonsense", "c-1"), None);
}

#[test]
fn syslog_hears_of_alarms_over_udp_and_tcp() {
    let line = syslog::line(&Message { detail: "a]\"b\nc".into(), ..message() }, 16);
    assert!(line.starts_with("<129>1 2026-11-24T03:00:00.250Z "), "{line}");
    assert!(line.contains("[alarm@32473 key=\"s-emu-01-7-46/raised\""), "{line}");
    assert!(!line.contains('\n'));
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    udp.set_read_timeout(Some(daemon::PATIENCE)).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let channels = format!(
        "[[channel]]\nname = \"udp\"\nsyslog = {{ to = \"udp://{}\" }}\n[[channel]]\nname = \"tcp\"\nkinds = [\"seizure\"]\nsyslog = {{ to = \"tcp://{}\" }}\n",
        udp.local_addr().unwrap(),
        tcp.local_addr().unwrap()
    );
    let ward = Ward::with(&channels, &bed("emu-01"));
    let daemon = ward.start();
    let mut buffer = [0; 2048];
    let count = udp.recv(&mut buffer).unwrap();
    let over_udp = String::from_utf8_lossy(&buffer[..count]).into_owned();
    assert!(over_udp.contains(" vigil ") && over_udp.contains("seizure raised: seizure alarm"), "{over_udp}");
    // Connections that only look whether somebody is there bring nothing.
    let over_tcp = loop {
        let (mut stream, _) = tcp.accept().unwrap();
        stream.set_read_timeout(Some(daemon::PATIENCE)).unwrap();
        let count = stream.read(&mut buffer).unwrap();
        if count > 0 {
            break String::from_utf8_lossy(&buffer[..count]).into_owned();
        }
    };
    let (length, rest) = over_tcp.split_once(' ').unwrap();
    assert!(rest.len() >= length.parse().unwrap() && rest.starts_with("<129>1 "), "{over_tcp}");
    daemon.stop();
}
