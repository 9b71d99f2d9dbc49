//! Times that people state - corrected ones, and those of missed seizures - lie near what was watched, and a mark stands
//! under whom it was watched for.

mod story;

use story::{Story, hours_ago, review};
use vigil::alarm::LogError;
use vigil::alarm::entry::{DetectorId, Entry, Judgement, Review, What};
use vigil::alarm::moment::Clocks;
use vigil::alarm::request::{Lying, MissedRequest};
use vigil::calibrate::Truth;

/// A bed that was watched for an hour until `ago_s` seconds ago, with an alarm.
fn past(folder: &tempfile::TempDir, ago_s: f64) -> (Story, String) {
    let mut story = Story::begin(folder.path(), hours_ago(1.0 + ago_s / 3600.0));
    story.watched("emu-01", "chb03", 0, 3600);
    let alarm = story.alarm("emu-01", "chb03", [1000, 1006, 1040]);
    (story, alarm)
}

/// What the log says to a seizure with these corrected times, in seconds of the story.
fn corrected(story: &mut Story, alarm: &str, onset: Option<f64>, offset: Option<f64>) -> Result<(), String> {
    let review = Review {
        onset_us: onset.map(|second| story.us(second)),
        offset_us: offset.map(|second| story.us(second)),
        ..review(Judgement::Seizure)
    };
    let entry = Entry::of_alarm(alarm, &Clocks::here().now(), "Ada", What::Reviewed(review));
    let history = story.log.history(alarm).unwrap();
    let after = vigil::alarm::log::Held::fold(&history).unwrap().review.map(|review| review.seq);
    match story.log.review(&entry, after) {
        Ok(_) => Ok(()),
        Err(LogError::Mistake(words)) => Err(words),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn corrected_times_far_from_the_alarm_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (mut story, alarm) = past(&folder, 3600.0);
    let centuries = 200.0 * 365.0 * 86_400.0;
    for (onset, offset, words) in [
        (Some(-centuries), None, "at most an hour"),
        (None, Some(centuries), "at most an hour"),
        (Some(-5000.0), Some(-4900.0), "within 10 minutes of its alarm"),
        (Some(2000.0), Some(2060.0), "within 10 minutes of its alarm"),
        (Some(1010.0), Some(1005.0), "lies before its onset"),
        // Alone, too, an offset does not lie before the onset that the detector has.
        (None, Some(990.0), "lies before its onset"),
        (Some(1000.0), Some(4700.0), "at most an hour"),
    ] {
        let said = corrected(&mut story, &alarm, onset, offset).unwrap_err();
        assert!(said.contains(words), "{onset:?} to {offset:?}: {said}");
    }
    assert_eq!(corrected(&mut story, &alarm, Some(990.0), Some(1100.0)), Ok(()));
    assert_eq!(corrected(&mut story, &alarm, None, Some(4500.0)), Ok(()));
    assert_eq!(corrected(&mut story, &alarm, Some(500.0), Some(520.0)), Ok(()));
}

#[test]
fn a_seizure_does_not_end_in_the_future() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::begin(folder.path(), hours_ago(0.1));
    let alarm = story.alarm("emu-01", "chb03", [200, 206, 240]);
    let said = corrected(&mut story, &alarm, None, Some(1800.0)).unwrap_err();
    assert!(said.contains("a time that has passed"), "{said}");
}

fn marked(story: &Story, [onset, offset]: [f64; 2], live: Option<&Lying>) -> Result<Entry, String> {
    let request = MissedRequest {
        by: "Ada".into(),
        bed: "emu-01".into(),
        onset: story.text(onset),
        offset: story.text(offset),
        note: String::new(),
    };
    request.entry(&story.log, &Clocks::here().now(), live).map_err(|error| error.to_string())
}

#[test]
fn a_mark_begins_and_ends_in_the_watched_time_of_one_patient() {
    let folder = tempfile::tempdir().unwrap();
    let (mut story, _) = past(&folder, 7200.0);
    story.watched("emu-01", "new", 3600, 600);
    assert_eq!(marked(&story, [2000.0, 2060.0], None).unwrap().patient, "chb03");
    assert_eq!(marked(&story, [4150.0, 4200.0], None).unwrap().patient, "new");
    for (span, words) in [
        ([2000.0, 9e9], "at most an hour"),
        ([4190.0, 4260.0], "was not watched"),
        ([-10.0, 20.0], "was not watched"),
        ([3590.0, 3620.0], "another patient"),
    ] {
        let said = marked(&story, span, None).unwrap_err();
        assert!(said.contains(words), "{span:?}: {said}");
    }
}

#[test]
fn what_is_not_logged_yet_is_marked_for_whom_it_is_known_alone() {
    let folder = tempfile::tempdir().unwrap();
    // Two minutes since the last stretch was logged.
    let (mut story, _) = past(&folder, 120.0);
    let id = DetectorId { cnn: "c".into(), autoencoder: "a".into(), settings: serde_json::json!({}) };
    let known = Entry::of_bed("", &Clocks::here().now(), "vigil", What::Detector(id)).by_detector("d1");
    story.log.append(&known).unwrap();
    let lying = |patient: &str, cnn: &str| Lying {
        patient: patient.into(),
        cnn: cnn.into(),
        autoencoder: "a".into(),
    };
    let span = [3620.0, 3640.0];
    let entry = marked(&story, span, Some(&lying("chb03", "c"))).unwrap();
    assert_eq!((entry.patient.as_str(), entry.detector.as_str()), ("chb03", "d1"));
    // The bed has changed its patient, or its network; or nobody knows, as on the command line.
    for live in [Some(lying("new", "c")), Some(lying("chb03", "other")), None] {
        let said = marked(&story, span, live.as_ref()).unwrap_err();
        assert!(said.contains("not in the log yet"), "{live:?}: {said}");
    }
}

#[test]
fn an_alarm_judged_false_within_a_seizure_counts_as_neither() {
    let folder = tempfile::tempdir().unwrap();
    let (mut story, alarm) = past(&folder, 3600.0);
    story.judge(&alarm, "Ada", Judgement::FalseAlarm);
    let truth = |story: &Story| {
        Truth::of(&story.log, "chb03", story.start_s as f64, story.start_s as f64 + 3600.0).unwrap()
    };
    let known = truth(&story);
    assert_eq!((known.judged, known.uncertain, known.seizures.len(), known.left_out.len()), (1, 0, 0, 0));
    story.missed("emu-01", "chb03", "Grace", [900, 1200]);
    story.missed("emu-01", "chb03", "Grace", [2000, 2060]);
    let known = truth(&story);
    assert_eq!((known.judged, known.uncertain, known.contradicted, known.marks), (0, 1, 1, 2));
    let seizures: Vec<f64> =
        known.seizures.iter().map(|seizure| seizure.onset_s - story.start_s as f64).collect();
    assert_eq!(seizures, [2000.0], "what is contradicted is not known");
    let holds = |second: f64| {
        let at_s = story.start_s as f64 + second;
        known.left_out.iter().any(|out| out.span_s[0] <= at_s && at_s <= out.span_s[1])
    };
    assert!(holds(850.0) && holds(1006.0) && holds(1250.0) && !holds(2030.0));
}
