//! The measured false alarm rate, and the measured sensitivity, out of the log alone.
//!
//! Numerator: alarms that a reviewer judged false. Denominator: hours in which the bed was watched as it should be.
//! What was raised outside these hours is shown and not counted, since its time is not counted either. Rates are those
//! of one detector: another network or another threshold is another detector.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::entry::Judgement;
use super::export::{confirmed_us, joined};
use super::exposure::Excluded;
use super::log::{Held, Mark, Stretch};
use super::state::AlarmKind;
use crate::evaluate::{Interval, clopper_pearson, garwood};

/// What rates are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// All beds together.
    Ward,
    /// Each bed.
    Bed,
    /// Each patient.
    Patient,
}

/// A rate and what it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Rate {
    /// The bed or patient; absent for the ward.
    pub of: Option<String>,
    /// Digests of the detectors that it is of: more than one is a rate over different detectors.
    pub detectors: Vec<String>,
    /// Whether it is pooled over different detectors.
    pub pooled: bool,
    /// Wall clock of the first and the last second, in microseconds since 1970.
    pub period_us: Option<[i64; 2]>,
    /// Hours that count.
    pub monitored_h: f64,
    /// Hours that do not, by reason.
    pub excluded_h: BTreeMap<&'static str, f64>,
    /// Seizure alarms in monitored hours.
    pub alarms: u64,
    /// Of them, judged a seizure.
    pub seizures: u64,
    /// Of them, judged false.
    pub false_alarms: u64,
    /// Of them, judged uncertain.
    pub uncertain: u64,
    /// Of them, not yet judged.
    pub unreviewed: u64,
    /// Alarms in hours that do not count.
    pub alarms_in_excluded: u64,
    /// Alarms an hour, judged or not.
    pub alarms_per_hour: Option<f64>,
    /// Alarms judged false an hour.
    pub false_alarms_per_hour: Option<f64>,
    /// Its exact 95 % interval (Garwood).
    pub false_alarms_per_hour_95: Option<Interval>,
    /// The rate if everything unreviewed or uncertain were false: the truth lies in between.
    pub at_most_per_hour: Option<f64>,
    /// Its exact 95 % interval.
    pub at_most_per_hour_95: Option<Interval>,
    /// Distinct seizures: those behind alarms, and those that a reviewer marked as missed.
    pub known_seizures: u64,
    /// Of them, marked as missed and not found.
    pub missed: u64,
    /// Share of them with an alarm; `None` without any, or where nobody has marked a missed one: then it is not known
    /// whether anybody looked.
    pub sensitivity: Option<f64>,
    /// Its exact 95 % interval (Clopper and Pearson).
    pub sensitivity_95: Option<Interval>,
}

/// The rates of a period: one for each detector, and where there are several, one more that is pooled and says so.
pub fn rates(by: By, alarms: &[Held], stretches: &[Stretch], marks: &[Mark]) -> Vec<Rate> {
    let seizures: Vec<&Held> = alarms.iter().filter(|alarm| alarm.kind() == AlarmKind::Seizure).collect();
    let of = |bed: &str, patient: &str| match by {
        By::Ward => None,
        By::Bed => Some(bed.to_string()),
        By::Patient => Some(patient.to_string()),
    };
    let mut groups: BTreeSet<Option<String>> = BTreeSet::new();
    groups.extend(stretches.iter().map(|stretch| of(&stretch.bed, &stretch.patient)));
    groups.extend(seizures.iter().map(|alarm| of(&alarm.bed, &alarm.patient)));
    groups.extend(marks.iter().map(|mark| of(&mark.bed, &mark.patient)));
    let mut rates = Vec::new();
    for group in groups {
        let mine: Vec<&Stretch> =
            stretches.iter().filter(|stretch| of(&stretch.bed, &stretch.patient) == group).collect();
        let raised: Vec<&Held> =
            seizures.iter().copied().filter(|alarm| of(&alarm.bed, &alarm.patient) == group).collect();
        let missed: Vec<&Mark> = marks.iter().filter(|mark| of(&mark.bed, &mark.patient) == group).collect();
        let mut detectors: Vec<&str> = Vec::new();
        let named = (mine.iter().map(|stretch| stretch.detector.as_str()))
            .chain(raised.iter().map(|alarm| alarm.detector.as_str()))
            .chain(missed.iter().map(|mark| mark.detector.as_str()));
        for detector in named {
            if !detectors.contains(&detector) {
                detectors.push(detector);
            }
        }
        for &detector in &detectors {
            rates.push(rate(
                group.clone(),
                &[detector],
                mine.iter().filter(|stretch| stretch.detector == detector).copied(),
                raised.iter().filter(|alarm| alarm.detector == detector).copied(),
                missed.iter().filter(|mark| mark.detector == detector).copied(),
            ));
        }
        if detectors.len() > 1 {
            let (mine, raised, missed) =
                (mine.iter().copied(), raised.iter().copied(), missed.iter().copied());
            rates.push(rate(group, &detectors, mine, raised, missed));
        }
    }
    rates
}

fn rate<'a>(
    of: Option<String>,
    detectors: &[&str],
    stretches: impl Iterator<Item = &'a Stretch>,
    alarms: impl Iterator<Item = &'a Held>,
    marks: impl Iterator<Item = &'a Mark>,
) -> Rate {
    let (mut monitored_s, mut excluded_s) = (0, BTreeMap::new());
    let mut period: Option<[i64; 2]> = None;
    for Stretch { exposure, .. } in stretches {
        monitored_s += exposure.monitored_s;
        for why in Excluded::ALL {
            *excluded_s.entry(why.name()).or_insert(0) += exposure.excluded_s(why);
        }
        let from = (exposure.from_wall_s * 1e6) as i64;
        let until = from + (exposure.to_second - exposure.from_second) as i64 * 1_000_000;
        period = Some(period.map_or([from, until], |[first, last]| [first.min(from), last.max(until)]));
    }
    let (counted, apart): (Vec<&Held>, Vec<&Held>) = alarms.partition(|alarm| alarm.excluded.is_none());
    let judged = |judgement| {
        let as_such = |alarm: &&&Held| alarm.review.as_ref().map(|r| r.review.judgement) == Some(judgement);
        counted.iter().filter(as_such).count() as u64
    };
    let (seizures, false_alarms, uncertain) =
        (judged(Judgement::Seizure), judged(Judgement::FalseAlarm), judged(Judgement::Uncertain));
    let unreviewed = counted.len() as u64 - seizures - false_alarms - uncertain;
    let monitored_h = monitored_s as f64 / 3600.0;
    let per_hour = |count: u64| (monitored_h > 0.0).then(|| count as f64 / monitored_h);
    let marks: Vec<&Mark> = marks.collect();
    let [known, found] = known_and_found(counted.iter().chain(&apart).copied(), &marks);
    // Where nobody has marked a seizure, nobody is known to have looked: that all known ones were found says nothing.
    let looked = !marks.is_empty();
    let at_most = false_alarms + uncertain + unreviewed;
    Rate {
        of,
        detectors: detectors.iter().map(ToString::to_string).collect(),
        pooled: detectors.len() > 1,
        period_us: period,
        monitored_h,
        excluded_h: excluded_s.into_iter().map(|(why, s)| (why, s as f64 / 3600.0)).collect(),
        alarms: counted.len() as u64,
        seizures,
        false_alarms,
        uncertain,
        unreviewed,
        alarms_in_excluded: apart.len() as u64,
        alarms_per_hour: per_hour(counted.len() as u64),
        false_alarms_per_hour: per_hour(false_alarms),
        false_alarms_per_hour_95: garwood(false_alarms, monitored_h),
        at_most_per_hour: per_hour(at_most),
        at_most_per_hour_95: garwood(at_most, monitored_h),
        known_seizures: known,
        missed: known - found,
        sensitivity: (looked && known > 0).then(|| found as f64 / known as f64),
        sensitivity_95: clopper_pearson(found, known).filter(|_| looked),
    }
}

/// Distinct seizures of each patient, and those of them with an alarm: behind alarms that were judged such, and marked as
/// missed. What overlaps is one seizure, whoever said it; one that was found and marked as well was found.
fn known_and_found<'a>(alarms: impl Iterator<Item = &'a Held>, marks: &[&'a Mark]) -> [u64; 2] {
    let confirmed = alarms.filter_map(|held| Some((held.patient.as_str(), confirmed_us(held)?, true)));
    let marked = marks.iter().map(|mark| (mark.patient.as_str(), [mark.onset_us, mark.offset_us], false));
    let mut spans: BTreeMap<&str, Vec<([i64; 2], bool)>> = BTreeMap::new();
    for (patient, span, found) in confirmed.chain(marked) {
        spans.entry(patient).or_default().push((span, found));
    }
    let mut counts = [0, 0];
    for mut spans in spans.into_values() {
        spans.sort_unstable();
        let seizures = joined(spans, |found, also| *found |= also);
        counts[0] += seizures.len() as u64;
        counts[1] += seizures.iter().filter(|(_, found)| *found).count() as u64;
    }
    counts
}
