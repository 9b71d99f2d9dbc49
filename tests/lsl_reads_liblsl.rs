//! Streams of liblsl's own outlets are found, described and read bit for bit.

#[path = "lsl/peer.rs"]
mod peer;
#[path = "lsl/reading.rs"]
mod reading;

use peer::{Peer, python};
use reading::{here, in_time, samples, unique, values};
use serde_json::{Value, json};
use vigil::source::live::{LiveError, LiveSource};
use vigil::source::lsl::{LslConfig, LslSource};

fn outlet(python: &str, settings: &Value) -> Peer {
    let mut peer = Peer::start(python, "outlet.py", &[&settings.to_string()]);
    peer.hear();
    peer
}

fn eeg(source_id: &str) -> Value {
    json!({"name": source_id, "type": "EEG", "source_id": source_id, "format": "float32", "rate_hz": 256, "channels": 4})
}

fn bits(values: &[f32]) -> Vec<u64> {
    values.iter().map(|value| u64::from(value.to_bits())).collect()
}

#[tokio::test]
async fn every_numeric_format_arrives_bit_for_bit() {
    let Some(python) = python("pylsl") else { return };
    for format in ["float32", "double64", "int8", "int16", "int32", "int64"] {
        let source_id = unique(format);
        let mut settings = eeg(&source_id);
        settings["format"] = json!(format);
        let mut peer = outlet(&python, &settings);
        let mut source = LslSource::new(here(&source_id)).expect("a configuration");
        in_time(async {
            let layout = source.connect().await.expect("a stream");
            assert_eq!((layout.rate_hz, layout.channels.len()), (256.0, 4));
            for command in ["push 200", "chunk 500"] {
                peer.say(command);
                let sent = peer.hear();
                let expected: Vec<u64> =
                    sent["bits"].as_array().expect("bits").iter().filter_map(Value::as_u64).collect();
                let (read, times) = values(&mut source, 4, expected.len() / 4).await;
                assert_eq!(bits(&read), expected, "{format} {command}");
                // One machine, so the wall clock of both sides is the same.
                for (frame, taken_at_s) in times {
                    let Some(between) = sent["stamps_s"].get(frame) else { continue };
                    let [from_s, to_s] = [0, 1].map(|end| between[end].as_f64().expect("a moment"));
                    let taken_at_s = taken_at_s.expect("liblsl answers clock probes");
                    let near = from_s - 0.05..to_s + 0.05;
                    assert!(near.contains(&taken_at_s), "{taken_at_s} is not in {near:?}");
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn labels_and_units_come_along() {
    let Some(python) = python("pylsl") else { return };
    let source_id = unique("labels");
    let mut settings = eeg(&source_id);
    settings["labels"] = json!(["Fp1-F7", "T8-P8 <2>", "Ö & co", ""]);
    settings["units"] = json!(["microvolts", "uV", "µV", "V"]);
    let _peer = outlet(&python, &settings);
    let mut source = LslSource::new(here(&source_id)).expect("a configuration");
    let layout = in_time(source.connect()).await.expect("a stream");
    assert_eq!(layout.stream, source_id);
    let said: Vec<_> = layout.channels.iter().map(|c| (c.label.as_deref(), c.unit.as_deref())).collect();
    let expected = [
        (Some("Fp1-F7"), Some("microvolts")),
        (Some("T8-P8 <2>"), Some("uV")),
        (Some("Ö & co"), Some("µV")),
        (None, Some("V")),
    ];
    assert_eq!(said, expected);
}

#[tokio::test]
async fn a_stream_is_found_by_its_name_by_its_type_and_by_its_source_id() {
    let Some(python) = python("pylsl") else { return };
    let (name, kind, source_id) = (unique("name 'Ä'"), unique("type"), unique("id"));
    let mut settings = eeg(&source_id);
    settings["name"] = json!(name);
    settings["type"] = json!(kind);
    let _peer = outlet(&python, &settings);
    let anybody = LslConfig { source_id: None, ..here("") };
    for config in [
        LslConfig { name: Some(name.clone()), ..anybody.clone() },
        LslConfig { stream_type: Some(kind.clone()), ..anybody.clone() },
        LslConfig { source_id: Some(source_id.clone()), ..anybody.clone() },
        LslConfig {
            name: Some(name.clone()),
            stream_type: Some(kind),
            source_id: Some(source_id),
            ..anybody
        },
    ] {
        let mut source = LslSource::new(config.clone()).expect("a configuration");
        let layout = in_time(source.connect()).await.unwrap_or_else(|error| panic!("{config:?}: {error}"));
        assert_eq!(layout.stream, name);
    }
}

#[tokio::test]
async fn of_two_streams_with_one_name_the_source_id_tells_which() {
    let Some(python) = python("pylsl") else { return };
    let (name, one, other) = (unique("namesake"), unique("one"), unique("other"));
    let mut peers = Vec::new();
    for (source_id, channels) in [(&one, 2), (&other, 3)] {
        let mut settings = eeg(source_id);
        settings["name"] = json!(name);
        settings["channels"] = json!(channels);
        peers.push(outlet(&python, &settings));
    }
    let by_name = LslConfig { name: Some(name), source_id: None, ..here("") };
    // Both are asked at once; one that answers too late was not there.
    let text = in_time(async {
        loop {
            let mut source = LslSource::new(by_name.clone()).expect("a configuration");
            let Err(error) = source.connect().await else { continue };
            assert!(matches!(error, LiveError::Unsuitable { .. }), "{error}");
            break error.to_string();
        }
    })
    .await;
    assert!(text.contains(&one) && text.contains(&other) && text.contains("source_id"), "{text}");
    for (source_id, channels) in [(one, 2), (other, 3)] {
        let config = LslConfig { source_id: Some(source_id), ..by_name.clone() };
        let mut source = LslSource::new(config).expect("a configuration");
        assert_eq!(in_time(source.connect()).await.expect("a stream").channels.len(), channels);
    }
}

#[tokio::test]
async fn markers_under_the_name_of_a_signal_are_not_taken_for_it() {
    let Some(python) = python("pylsl") else { return };
    let source_id = unique("with-markers");
    let mut markers = eeg(&source_id);
    markers["format"] = json!("string");
    markers["rate_hz"] = json!(0.0);
    markers["channels"] = json!(1);
    let _peers = [outlet(&python, &markers), outlet(&python, &eeg(&source_id))];
    // Where the markers alone answered in time there is no signal yet.
    let layout = in_time(async {
        loop {
            let mut source = LslSource::new(here(&source_id)).expect("a configuration");
            if let Ok(layout) = source.connect().await {
                break layout;
            }
        }
    })
    .await;
    assert_eq!(layout.channels.len(), 4);
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_told_with_those_that_are() {
    let Some(python) = python("pylsl") else { return };
    let source_id = unique("there");
    let _peer = outlet(&python, &eeg(&source_id));
    let missing = unique("missing");
    let config = LslConfig { resolve_timeout_s: 0.5, ..here(&missing) };
    // Others are listened to for less than a second; one that answers too late was not there.
    in_time(async {
        loop {
            let mut source = LslSource::new(config.clone()).expect("a configuration");
            let error = source.connect().await.expect_err("nobody");
            let LiveError::NotFound { wanted, seen, .. } = &error else { panic!("{error}") };
            assert!(wanted.contains(&missing), "{error}");
            if seen.contains("others answered") {
                break;
            }
            assert!(seen.contains("no other stream answered"), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn streams_of_texts_and_of_no_rate_are_refused() {
    let Some(python) = python("pylsl") else { return };
    for (format, rate_hz, reason) in [("string", 256.0, "texts"), ("float32", 0.0, "no fixed rate")] {
        let source_id = unique("refused");
        let mut settings = eeg(&source_id);
        settings["format"] = json!(format);
        settings["rate_hz"] = json!(rate_hz);
        let _peer = outlet(&python, &settings);
        let mut source = LslSource::new(here(&source_id)).expect("a configuration");
        let error = in_time(source.connect()).await.expect_err("unsuitable");
        assert!(matches!(error, LiveError::Unsuitable { .. }), "{error}");
        assert!(error.to_string().contains(reason), "{error}");
        let error = in_time(source.receive()).await.expect_err("not connected");
        assert!(matches!(error, LiveError::Lost { .. }), "{error}");
    }
}

#[tokio::test]
async fn an_outlet_that_is_killed_and_started_anew_is_found_again() {
    let Some(python) = python("pylsl") else { return };
    let source_id = unique("restarted");
    let mut source = LslSource::new(here(&source_id)).expect("a configuration");
    in_time(async {
        let mut uids = Vec::new();
        for start in 0..3 {
            let mut peer = Peer::start(&python, "outlet.py", &[&eeg(&source_id).to_string()]);
            uids.push(peer.hear()["uid"].as_str().expect("a uid").to_owned());
            source.connect().await.unwrap_or_else(|error| panic!("start {start}: {error}"));
            peer.say("marks 100");
            let (read, _) = values(&mut source, 4, 100).await;
            assert_eq!(read[4 * 99..], [99.0; 4]);
            peer.kill();
            let error = loop {
                match samples(&mut source).await {
                    Ok(_) => {}
                    Err(error) => break error,
                }
            };
            assert!(matches!(error, LiveError::Lost { .. }), "{error}");
        }
        uids.dedup();
        assert_eq!(uids.len(), 3);
    })
    .await;
}

#[test]
fn a_configuration_that_names_no_stream_is_refused() {
    for (config, reason) in [
        (LslConfig::default(), "needs a name"),
        (LslConfig { name: Some("two\nlines".into()), ..LslConfig::default() }, "one line"),
        (LslConfig { name: Some(String::new()), ..LslConfig::default() }, "not empty"),
        (LslConfig { resolve_timeout_s: f64::NAN, ..here("x") }, "resolve_timeout_s"),
        (LslConfig { hosts: Vec::new(), ..here("x") }, "hosts"),
        (LslConfig { hosts: vec!["a".into(); 65], ..here("x") }, "at most 64"),
    ] {
        let error = LslSource::new(config).expect_err(reason).to_string();
        assert!(error.contains(reason), "{error}");
    }
    let config: LslConfig = toml::from_str("name = \"EEG-01\"\ntype = \"EEG\"").expect("TOML");
    assert_eq!(
        (config.stream_type.as_deref(), config.multicast, config.resolve_timeout_s),
        (Some("EEG"), true, 5.0)
    );
    assert!(toml::from_str::<LslConfig>("nam = \"EEG-01\"").is_err());
}
