//! `vigil alarms` as a person uses it: a replayed night, judged, measured, exported, copied; and what it says to mistakes.

mod daemon;
mod receiver;

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use daemon::{TOKEN, Ward};
use vigil::config::WardConfig;

fn alarms(config: &Path, arguments: &[&str]) -> Output {
    let began = Instant::now();
    loop {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vigil"));
        let output = command.arg("alarms").args(arguments).arg("--config").arg(config).output().unwrap();
        // A daemon may write for longer than the command waits: it is asked again, as its message says.
        if output.status.code() != Some(9) || began.elapsed() > daemon::PATIENCE {
            return output;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

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
fn a_night_is_judged_measured_exported_and_copied() {
    let bed = "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\n\
         source.synthetic = { speed = 200.0, eeg = { seed = 1, duration_s = 1500, seizure_onsets_s = [100.0, 500.0, 900.0] } }\n";
    let ward = Ward::new(bed);
    let config = ward.path("vigil.toml");
    refused(&alarms(&config, &["list"]), 3, "there is no log of alarms");
    let mut daemon = ward.start();
    daemon.wait_for("the end", |daemon| {
        let bed = daemon.bed("emu-01");
        (bed["phase"] == "ended" && bed["second"] == 1499).then_some(())
    });
    let list = said(&alarms(&config, &["list", "--json"]));
    let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    assert!(list.len() >= 2, "{list:?}");
    let names: Vec<&str> = list.iter().map(|alarm| alarm["alarm"].as_str().unwrap()).collect();
    assert!(list.iter().all(|alarm| alarm["phase"] == "latched" && alarm["sounds"] == true));
    // One is acknowledged, judged, judged again; another is judged false over the network.
    said(&alarms(&config, &["acknowledge", names[0], "--by", "Ada"]));
    refused(&alarms(&config, &["acknowledge", names[0], "--by", "Ada"]), 12, "the alarm is cleared");
    refused(&alarms(&config, &["acknowledge", names[1], "--by", " "]), 2, "who acts is not named");
    refused(
        &alarms(&config, &["acknowledge", "s-none-1-2", "--by", "Ada"]),
        12,
        "there is no alarm s-none-1-2",
    );
    said(&alarms(&config, &["review", names[0], "uncertain", "--by", "Ada"]));
    refused(&alarms(&config, &["review", names[0], "seizure", "--by", "Grace"]), 2, "add --again");
    said(&alarms(&config, &["review", names[0], "seizure", "--by", "Grace", "--again"]));
    refused(
        &alarms(&config, &["review", names[1], "seizure", "--by", "Ada", "--onset", "yesterday"]),
        2,
        "onset is \"yesterday\"; expected a time like",
    );
    let review =
        |body: &str| daemon.ask("POST", &format!("/api/v1/alarms/{}/review", names[1]), Some(TOKEN), body);
    assert_eq!(review("{\"by\": \"Ada\", \"judgement\": \"false-alarm\"}").0, 200);
    let meanwhile = review("{\"by\": \"Grace\", \"judgement\": \"seizure\"}");
    assert!(meanwhile.0 == 409 && meanwhile.1.contains("reviewed by Ada meanwhile"), "{}", meanwhile.1);
    assert_eq!(review("{\"by\": \"Ada\", \"judgement\": \"perhaps\"}").0, 400);
    assert_eq!(daemon.get("/api/v1/alarms/s-none-1-2").0, 404);
    // What was watched is in the log once the daemon stops, at the latest.
    daemon.stop();
    let rate = said(&alarms(&config, &["rate", "--by", "bed", "--json"]));
    let rate: Vec<serde_json::Value> = serde_json::from_str(&rate).unwrap();
    assert_eq!((rate.len(), &rate[0]["of"], &rate[0]["pooled"]), (1, &"emu-01".into(), &false.into()));
    assert_eq!((&rate[0]["seizures"], &rate[0]["false_alarms"]), (&1.into(), &1.into()));
    let hours: f64 = rate[0]["monitored_h"].as_f64().unwrap()
        + rate[0]["excluded_h"].as_object().unwrap().values().map(|h| h.as_f64().unwrap()).sum::<f64>();
    assert!((hours * 3600.0 - 1500.0).abs() < 1e-6, "{hours}");
    assert!(said(&alarms(&config, &["rate"])).contains("false alarms 2.4"), "one in 25 minutes");
    // A seizure that nobody was called to is marked, and the mark taken back.
    let seconds = |second: i64| {
        let stretch = &ward.log().unwrap().stretches(i64::MIN, i64::MAX).unwrap()[0];
        vigil::alarm::moment::wall_text((stretch.exposure.from_wall_s * 1e6) as i64 + second * 1_000_000)
    };
    let marked = ["--onset", &seconds(700), "--offset", &seconds(760), "--by", "Ada"];
    refused(&alarms(&config, &[&["missed", "--bed", "emu-09"], &marked[..]].concat()), 2, "was not watched");
    said(&alarms(&config, &[&["missed", "--bed", "emu-01"], &marked[..]].concat()));
    assert!(said(&alarms(&config, &["rate"])).contains("50 % of 2 known seizures"));
    let marks = said(&alarms(&config, &["list", "--missed", "--json"]));
    let marks: Vec<serde_json::Value> = serde_json::from_str(&marks).unwrap();
    assert_eq!((marks.len(), &marks[0]["patient"], &marks[0]["by"]), (1, &"chb03".into(), &"Ada".into()));
    refused(&alarms(&config, &["withdraw", "b-none", "--by", "Ada"]), 2, "there is no mark");
    said(&alarms(&config, &["withdraw", marks[0]["mark"].as_str().unwrap(), "--by", "Ada"]));
    assert!(said(&alarms(&config, &["list", "--missed"])).contains("no seizure is marked"));
    // Without a mark nobody is known to have looked for seizures that no alarm told of.
    assert!(
        said(&alarms(&config, &["rate"])).contains("sensitivity: it is not known; 1 seizures had an alarm")
    );
    let table = ward.path("alarms.csv");
    said(&alarms(&config, &["export", "--out", table.to_str().unwrap()]));
    let table = std::fs::read_to_string(table).unwrap();
    assert!(table.contains(&format!("{},emu-01,chb03,seizure,seizure alarm,high,", names[0])), "{table}");
    let copy = ward.path("copy.sqlite");
    said(&alarms(&config, &["backup", copy.to_str().unwrap()]));
    assert!(said(&alarms(&config, &["restore", copy.to_str().unwrap()])).contains(" 0 entries added"));
    assert!(said(&alarms(&config, &["check"])).contains("sound"));
    assert!(said(&alarms(&config, &["show", names[0]])).contains("reviewed: seizure"));
    assert!(
        said(&alarms(&config, &["list", "--unreviewed"])).lines().count() == list.len() - 2
            || list.len() == 2
    );
}

#[test]
fn time_under_maintenance_does_not_count() {
    let bed = "[[bed]]\nname = \"emu-01\"\npatient = \"chb03\"\n\
         source.synthetic = { speed = 20.0, eeg = { seed = 1, duration_s = 40000 } }\n";
    let ward = Ward::new(bed);
    let config = ward.path("vigil.toml");
    let mut daemon = ward.start();
    daemon.wait_for("the log", |_| ward.log());
    said(&alarms(&config, &["maintenance", "emu-01", "--by", "Ada", "--note", "new electrodes"]));
    refused(&alarms(&config, &["maintenance", "emu-01", "--by", "Grace"]), 2, "Ada is working on it already");
    daemon.wait_for("the daemon to know", |daemon| {
        daemon.bed("emu-01")["maintenance"].is_string().then_some(())
    });
    let second = daemon.bed("emu-01")["second"].as_u64().unwrap_or(0);
    daemon.wait_for("a minute of the bed's time", |daemon| {
        (daemon.bed("emu-01")["second"].as_u64()? > second + 120).then_some(())
    });
    said(&alarms(&config, &["maintenance", "emu-01", "--end", "--by", "Ada"]));
    daemon.stop();
    let stretches = ward.log().unwrap().stretches(i64::MIN, i64::MAX).unwrap();
    let maintenance: u64 = stretches.iter().map(|stretch| stretch.exposure.maintenance_s).sum();
    assert!(maintenance >= 60, "{maintenance} s");
    assert!(stretches.iter().map(|stretch| stretch.exposure.gap_s).sum::<u64>() == 0);
}

#[test]
fn a_mistake_in_a_channel_is_told_with_its_line_and_an_example() {
    let ward = Ward::new("");
    for (section, words) in [
        ("webhook = { url = \"ftp://a\" }", "expected http:// or https://"),
        ("syslog = { to = \"a:514\" }", "expected udp://host:514"),
        ("hl7 = { to = \"nowhere\" }", "expected host:port"),
        ("mqtt = { host = \"b\", topic = \"a/#\" }", "expected words without # or +"),
        ("mqtt = { host = \"b\", user = \"u\" }", "go together"),
        ("webhook = { url = \"http://a\" }\nbeds = [\"emu-09\"]", "there is no bed \"emu-09\""),
        ("webhook = { url = \"http://a\" }\nescalation_after_s = 0", "expected 1 to 3600"),
        ("webhook = { url = \"http://a\" }\nkinds = []", "kinds is empty"),
        ("webhook = { uri = \"http://a\" }", "vigil.toml"),
        ("", "vigil.toml"),
    ] {
        ward.configure(&format!("[[channel]]\nname = \"desk\"\n{section}"), "");
        let error = WardConfig::load(&ward.path("vigil.toml")).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("line "), "{section}: {error}");
    }
    let twice = "[[channel]]\nname = \"desk\"\nwebhook = { url = \"http://a\" }\n".repeat(2);
    ward.configure(&twice, "");
    assert!(
        WardConfig::load(&ward.path("vigil.toml"))
            .unwrap_err()
            .to_string()
            .contains("two channels are named")
    );
}

#[test]
fn a_channel_whose_secret_is_missing_is_down_and_the_daemon_watches() {
    let channel = "[[channel]]\nname = \"desk\"\nwebhook = { url = \"http://127.0.0.1:9/\", secret_file = \"no-such-file\" }\n";
    let ward = Ward::with(channel, "");
    let mut daemon = ward.start();
    let told = daemon.wait_for("a technical alarm", |_| {
        ward.alarms().into_iter().find(|entry| entry["kind"] == "channel-down")
    });
    assert!(told["detail"].as_str().unwrap().contains("cannot read the secret"), "{told}");
    daemon.stop();
}
