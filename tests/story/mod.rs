//! A ward's past, told second by second: what was watched, which alarms were raised, what reviewers said, what was recorded.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use vigil::alarm::AlarmLog;
use vigil::alarm::entry::{DAEMON, Entry, Judgement, Review, What, seizure_id};
use vigil::alarm::exposure::Exposure;
use vigil::alarm::log::log_path;
use vigil::alarm::moment::Moment;
use vigil::detect::{AccumulatorConfig, Detector, LabelRule, Opinion};
use vigil::record::{About, Item, Models, RecordConfig, RecordedVerdict, Recorder, VERSION};

/// The time line of every story.
pub const TIMELINE: u64 = 7;

/// The 19 electrodes.
pub const LABELS: [&str; 19] = [
    "Fp1", "Fp2", "F3", "F4", "C3", "C4", "P3", "P4", "O1", "O2", "F7", "F8", "T7", "T8", "P7", "P8", "Fz",
    "Cz", "Pz",
];

/// A ward's past. Seconds count from `start_s`.
pub struct Story {
    pub start_s: i64,
    pub record: PathBuf,
    pub log: AlarmLog,
    /// Each act is later than the one before.
    acts: i64,
}

/// A whole second, some hours ago.
pub fn hours_ago(hours: f64) -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    (now.as_secs_f64() - hours * 3600.0) as i64
}

impl Story {
    /// Begins a past below a ward's folder.
    pub fn begin(folder: &Path, start_s: i64) -> Story {
        let log = AlarmLog::open(&log_path(&folder.join("state"))).unwrap();
        Story { start_s, record: folder.join("record"), log, acts: 0 }
    }

    pub fn us(&self, second: f64) -> i64 {
        self.start_s * 1_000_000 + (second * 1e6) as i64
    }

    pub fn text(&self, second: f64) -> String {
        vigil::alarm::moment::wall_text(self.us(second))
    }

    fn at(&self, second: f64) -> Moment {
        Moment { wall_us: self.us(second), mono_us: (second * 1e6) as i64, boot: "past".into() }
    }

    fn next_act(&mut self) -> Moment {
        self.acts += 1;
        self.at(100_000.0 + self.acts as f64)
    }

    /// A bed was watched for so long.
    pub fn watched(&mut self, bed: &str, patient: &str, from: u64, seconds: u64) {
        for begin in (from..from + seconds).step_by(300) {
            let end = (begin + 300).min(from + seconds);
            let exposure = Exposure {
                timeline: TIMELINE,
                from_second: begin,
                to_second: end,
                from_wall_s: (self.start_s + begin as i64) as f64,
                monitored_s: end - begin,
                ..Exposure::default()
            };
            let entry = Entry::of_bed(bed, &self.at(end as f64), DAEMON, What::Watched(exposure));
            self.log.append(&entry.on(bed, patient).by_detector("d1")).unwrap();
        }
    }

    /// An alarm with the seconds of its onset, its raising and its end.
    pub fn alarm(&mut self, bed: &str, patient: &str, [onset, raised, end]: [u64; 3]) -> String {
        let id = seizure_id(bed, TIMELINE, raised);
        let what = What::Seizure {
            timeline: TIMELINE,
            onset_second: onset,
            raised_second: raised,
            onset_us: self.us(onset as f64),
            excluded: None,
        };
        let entry = Entry::of_alarm(&id, &self.at(raised as f64 + 1.1), DAEMON, what);
        self.log.append(&entry.on(bed, patient).by_detector("d1")).unwrap();
        let ended = What::Ended { end_second: Some(end), detail: String::new() };
        self.log.append(&Entry::of_alarm(&id, &self.at(end as f64 + 1.1), DAEMON, ended)).unwrap();
        id
    }

    /// A first judgement.
    pub fn judge(&mut self, alarm: &str, by: &str, judgement: Judgement) {
        self.judge_as(alarm, by, review(judgement));
    }

    /// A first judgement with all that can be said.
    pub fn judge_as(&mut self, alarm: &str, by: &str, review: Review) {
        let last = self.log.history(alarm).unwrap();
        let after = vigil::alarm::log::Held::fold(&last).unwrap().review.map(|review| review.seq);
        let at = self.next_act();
        self.log.review(&Entry::of_alarm(alarm, &at, by, What::Reviewed(review)), after).unwrap();
    }

    /// A second reading.
    pub fn read_again(&mut self, alarm: &str, by: &str, judgement: Judgement) {
        let at = self.next_act();
        let what = What::SecondReading(review(judgement));
        self.log.read_again(&Entry::of_alarm(alarm, &at, by, what), None).unwrap();
    }

    /// A seizure that no alarm told of.
    pub fn missed(&mut self, bed: &str, patient: &str, by: &str, [onset, offset]: [u64; 2]) -> String {
        let what = What::Missed {
            onset_us: self.us(onset as f64),
            offset_us: self.us(offset as f64),
            note: String::new(),
        };
        let at = self.next_act();
        let entry = Entry::of_bed(bed, &at, by, what).on(bed, patient).by_detector("d1");
        self.log.append(&entry).unwrap();
        entry.key
    }

    /// Records a bed: opinions of so many seconds, and signal at a rate. The verdicts are those of the default settings.
    pub fn recorded(
        &self,
        bed: &str,
        patient: &str,
        seconds: std::ops::Range<u64>,
        (labels, rate_hz): (&[&str], u64),
        opinion: impl Fn(u64) -> [f32; 3],
        microvolts: impl Fn(usize, f64) -> f64,
    ) {
        let (recorder, thread) = Recorder::start(RecordConfig::new(self.record.clone())).unwrap();
        let of: Arc<str> = bed.into();
        let about = About {
            version: VERSION,
            written_by: "test".into(),
            bed: bed.into(),
            patient: patient.into(),
            stream: "test".into(),
            timeline: TIMELINE,
            rate_hz: rate_hz as f64,
            labels: labels.iter().map(ToString::to_string).collect(),
            units: vec!["uV".into(); labels.len()],
            first_frame: seconds.start * rate_hz,
            start_s: 0.0,
            models: vec![Models { cnn: "c".into(), autoencoder: "a".into() }],
            configuration: serde_json::json!({}),
        };
        assert!(recorder.record(&of, Item::Begin(Box::new(about))));
        let mut detector = Detector::new(LabelRule::default(), AccumulatorConfig::default()).unwrap();
        detector.gap(seconds.start);
        for second in seconds {
            let time_s = (self.start_s + second as i64) as f64;
            let first_frame = second * rate_hz;
            let values = (first_frame..first_frame + rate_hz)
                .flat_map(|frame| (0..labels.len()).map(move |channel| (channel, frame)))
                .map(|(channel, frame)| microvolts(channel, frame as f64 / rate_hz as f64) as f32)
                .collect();
            assert!(recorder.record(&of, Item::Signal { first_frame, time_s, values }));
            let probabilities = opinion(second);
            let opinion = Opinion { ae_error: Some(0.1), ae_flag: Some(false), probabilities };
            let verdict = detector.next(second, Some(opinion));
            let verdict = RecordedVerdict { verdict, frame: first_frame, latency_ms: 1.0, model: 0, time_s };
            assert!(recorder.record(&of, Item::Verdict(verdict)));
            if second % 64 == 0 {
                let (done, wait) = std::sync::mpsc::channel();
                assert!(recorder.after_flush(&of, move || {
                    let _ = done.send(());
                }));
                wait.recv().unwrap();
            }
        }
        recorder.stop();
        thread.join().unwrap();
    }
}

/// A judgement and nothing more.
pub fn review(judgement: Judgement) -> Review {
    Review { judgement, note: String::new(), onset_us: None, offset_us: None, seizure_type: None }
}
