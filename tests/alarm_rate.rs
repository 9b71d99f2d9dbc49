//! The false alarm rate counts what a reviewer judged, in time that was watched, for one detector at a time.

use vigil::alarm::AlarmLog;
use vigil::alarm::entry::{DAEMON, Entry, Judgement, Review, What, seizure_id};
use vigil::alarm::exposure::{Excluded, Exposure};
use vigil::alarm::log::log_path;
use vigil::alarm::moment::Moment;
use vigil::alarm::rate::{By, Rate, rates};

const START_S: i64 = 1_700_000_000;

fn at(second: i64) -> Moment {
    Moment { wall_us: (START_S + second) * 1_000_000, mono_us: second * 1_000_000, boot: "one".into() }
}

struct Night {
    folder: tempfile::TempDir,
    log: AlarmLog,
}

impl Night {
    fn new() -> Night {
        let folder = tempfile::tempdir().unwrap();
        let log = AlarmLog::open(&log_path(folder.path())).unwrap();
        Night { folder, log }
    }

    fn watched(&mut self, detector: &str, from: u64, monitored_s: u64, excluded_s: [u64; 4]) {
        let [maintenance_s, technical_s, unjudged_s, gap_s] = excluded_s;
        let exposure = Exposure {
            timeline: 1,
            from_second: from,
            to_second: from + monitored_s + excluded_s.iter().sum::<u64>(),
            from_wall_s: (START_S + from as i64) as f64,
            monitored_s,
            maintenance_s,
            technical_s,
            unjudged_s,
            gap_s,
        };
        let entry = Entry::of_bed("emu-01", &at(from as i64), DAEMON, What::Watched(exposure));
        self.log.append(&entry.on("emu-01", "chb03").by_detector(detector)).unwrap();
    }

    fn alarm(&mut self, detector: &str, second: u64, excluded: Option<Excluded>, judged: Option<Judgement>) {
        let id = seizure_id("emu-01", 1, second);
        let onset_us = at(second as i64 - 6).wall_us;
        let what = What::Seizure {
            timeline: 1,
            onset_second: second - 6,
            raised_second: second,
            onset_us,
            excluded,
        };
        let raised = Entry::of_alarm(&id, &at(second as i64), DAEMON, what);
        self.log.append(&raised.on("emu-01", "chb03").by_detector(detector)).unwrap();
        let ended = What::Ended { end_second: Some(second + 20), detail: String::new() };
        self.log.append(&Entry::of_alarm(&id, &at(second as i64 + 20), DAEMON, ended)).unwrap();
        if let Some(judgement) = judged {
            let review = Review {
                judgement,
                note: String::new(),
                onset_us: None,
                offset_us: None,
                seizure_type: None,
            };
            let entry = Entry::of_alarm(&id, &at(second as i64 + 9_000), "Ada", What::Reviewed(review));
            self.log.review(&entry, None).unwrap();
        }
    }

    fn rates(&self, by: By) -> Vec<Rate> {
        let (from, until) = (i64::MIN, i64::MAX);
        rates(
            by,
            &self.log.alarms(from, until).unwrap(),
            &self.log.stretches(from, until).unwrap(),
            &self.log.marks(from, until).unwrap(),
        )
    }
}

#[test]
fn only_alarms_judged_false_in_watched_time_are_in_the_rate() {
    let mut night = Night::new();
    night.watched("d1", 0, 7_000, [100, 80, 15, 5]);
    night.watched("d1", 7_200, 7_400, [0; 4]);
    night.alarm("d1", 100, None, Some(Judgement::FalseAlarm));
    night.alarm("d1", 1_000, None, Some(Judgement::Seizure));
    night.alarm("d1", 2_000, None, Some(Judgement::Uncertain));
    night.alarm("d1", 3_000, None, None);
    night.alarm("d1", 4_000, Some(Excluded::Technical), Some(Judgement::FalseAlarm));
    let [rate] = &night.rates(By::Ward)[..] else { panic!("one rate") };
    assert!((rate.monitored_h - 4.0).abs() < 1e-12);
    assert_eq!(
        (
            rate.alarms,
            rate.seizures,
            rate.false_alarms,
            rate.uncertain,
            rate.unreviewed,
            rate.alarms_in_excluded
        ),
        (4, 1, 1, 1, 1, 1)
    );
    assert!((rate.excluded_h["maintenance"] - 100.0 / 3600.0).abs() < 1e-12);
    assert!((rate.excluded_h["gap"] - 5.0 / 3600.0).abs() < 1e-12);
    assert!((rate.false_alarms_per_hour.unwrap() - 0.25).abs() < 1e-12);
    // scipy.stats.chi2.ppf([0.025, 0.975], [2, 4]) / 2 / 4
    let ends = rate.false_alarms_per_hour_95.unwrap();
    assert!((ends.lower - 0.006_329_451_996_072_469).abs() < 1e-9, "{ends:?}");
    assert!((ends.upper - 1.392_910_847_734_724_5).abs() < 1e-9, "{ends:?}");
    assert!((rate.at_most_per_hour.unwrap() - 0.75).abs() < 1e-12);
    assert_eq!(rate.period_us.unwrap(), [at(0).wall_us, at(14_600).wall_us]);
}

#[test]
fn another_detector_begins_another_period_and_pooling_says_so() {
    let mut night = Night::new();
    night.watched("d1", 0, 3_600, [0; 4]);
    night.alarm("d1", 100, None, Some(Judgement::FalseAlarm));
    night.watched("d2", 3_600, 7_200, [0; 4]);
    night.alarm("d2", 5_000, None, Some(Judgement::FalseAlarm));
    let rates = night.rates(By::Bed);
    let seen: Vec<(Vec<String>, bool, u64)> =
        rates.iter().map(|rate| (rate.detectors.clone(), rate.pooled, rate.false_alarms)).collect();
    let named = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        seen,
        [(named(&["d1"]), false, 1), (named(&["d2"]), false, 1), (named(&["d1", "d2"]), true, 2)]
    );
    assert!((rates[1].false_alarms_per_hour.unwrap() - 0.5).abs() < 1e-12);
}

#[test]
fn marked_seizures_without_an_alarm_lower_the_sensitivity_and_two_alarms_of_one_seizure_count_once() {
    let mut night = Night::new();
    night.watched("d1", 0, 36_000, [0; 4]);
    night.alarm("d1", 1_000, None, Some(Judgement::Seizure));
    // Raised while the seizure of the first still lasted.
    night.alarm("d1", 1_015, None, Some(Judgement::Seizure));
    night.alarm("d1", 5_000, None, Some(Judgement::Seizure));
    let missed =
        What::Missed { onset_us: at(9_000).wall_us, offset_us: at(9_060).wall_us, note: String::new() };
    let entry = Entry::of_bed("emu-01", &at(20_000), "Ada", missed).on("emu-01", "chb03").by_detector("d1");
    night.log.append(&entry).unwrap();
    let rate = &night.rates(By::Patient)[0];
    assert_eq!((rate.of.as_deref(), rate.known_seizures, rate.missed), (Some("chb03"), 3, 1));
    assert!((rate.sensitivity.unwrap() - 2.0 / 3.0).abs() < 1e-12);
    // A mark that was a mistake is withdrawn, and stays in the log.
    let withdrawn = What::MissedWithdrawn { mark: entry.key, note: "chewing".into() };
    night.log.append(&Entry::of_bed("emu-01", &at(20_060), "Ada", withdrawn)).unwrap();
    let rate = &night.rates(By::Ward)[0];
    // And with no mark left nobody is known to have looked for missed ones: that both were found says nothing of others.
    assert_eq!((rate.known_seizures, rate.missed, rate.sensitivity), (2, 0, None));
    assert_eq!(rate.sensitivity_95, None);
    assert!(night.folder.path().join("alarms.sqlite").is_file());
}

#[test]
fn a_seizure_that_several_people_tell_of_counts_once_and_one_that_was_found_is_not_missed() {
    let mut night = Night::new();
    night.watched("d1", 0, 36_000, [0; 4]);
    night.alarm("d1", 1_000, None, Some(Judgement::Seizure));
    let mut act = 0;
    let mut mark = |by: &str, onset: i64, offset: i64| {
        act += 1;
        let missed =
            What::Missed { onset_us: at(onset).wall_us, offset_us: at(offset).wall_us, note: String::new() };
        let entry = Entry::of_bed("emu-01", &at(20_000 + act), by, missed);
        night.log.append(&entry.on("emu-01", "chb03").by_detector("d1")).unwrap();
    };
    // Two people mark the same one, a little differently.
    mark("Ada", 9_000, 9_060);
    mark("Grace", 9_010, 9_070);
    // It lasted, and what came after was marked as another part.
    mark("Ada", 9_070, 9_500);
    // And the one that was found, over its edges.
    mark("Ada", 980, 1_010);
    let rate = &night.rates(By::Patient)[0];
    assert_eq!((rate.known_seizures, rate.missed, rate.sensitivity), (2, 1, Some(0.5)));
}

#[test]
fn without_watched_time_there_is_no_rate() {
    let mut night = Night::new();
    night.alarm("d1", 100, None, Some(Judgement::FalseAlarm));
    let rate = &night.rates(By::Ward)[0];
    assert_eq!((rate.false_alarms_per_hour, rate.false_alarms_per_hour_95), (None, None));
    assert!(Night::new().rates(By::Ward).is_empty());
}

#[test]
fn seconds_are_counted_once_each_with_the_gaps_between_them() {
    let mut exposure = Exposure::default();
    for (second, why) in
        [(10, None), (11, Some(Excluded::Technical)), (15, None), (16, Some(Excluded::Maintenance))]
    {
        exposure.observe(1, second, 100.0 + second as f64, why);
    }
    assert_eq!(
        (exposure.monitored_s, exposure.technical_s, exposure.maintenance_s, exposure.gap_s),
        (2, 1, 1, 3)
    );
    assert_eq!(exposure.to_second - exposure.from_second, 7);
    let taken = exposure.take();
    assert_eq!((taken.from_second, taken.to_second), (10, 17));
    // A gap after the stretch was told belongs to the next.
    exposure.observe(1, 20, 120.0, None);
    assert_eq!((exposure.from_second, exposure.gap_s, exposure.monitored_s), (17, 3, 1));
    assert!((exposure.from_wall_s - 117.0).abs() < 1e-9);
    // Another time line begins anew.
    exposure.observe(2, 3, 500.0, None);
    assert_eq!((exposure.from_second, exposure.gap_s, exposure.monitored_s), (3, 0, 1));
}
