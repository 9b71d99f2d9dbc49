//! Several methods on the same seconds of the same people, under one alarm rule, at one sensitivity.

use std::collections::BTreeMap;

use super::alarms::WardScore;
use super::changed::Changed;
use super::curves::{calibration, curves, trueness};
use super::equipment::score_equipment;
use super::interval::{clopper_pearson, garwood};
use super::line::{AlarmSpan, Counting, JudgedPerson, PersonLine, score_lines};
use super::look_alikes::score_look_alikes;
use super::npv::alarm_free_blocks;
use super::report::{CurvePoint, MethodReport, PersonReport, Spread, WardFigures};
use super::rests::score_rests;
use super::seconds::PersonScore;
use super::settings::{Comparison, Ready, Tried, choose, try_settings};
use super::suppressor::{SecondLook, withhold};
use super::szcore::{Counts, Measures, mean_measures};
use crate::dataset::Dataset;
use crate::detect::{AeFlag, SettingError};

/// A method and what it says of everybody's seconds.
pub struct Method {
    /// A short name.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Whether it is a trial beside the methods that are compared.
    pub on_trial: bool,
    /// Whether the autoencoder's flag has a say at run time.
    pub ae_flag: AeFlag,
    /// Whether and by what alarms are looked at once more before they are raised, and some withheld.
    pub second_look: Option<SecondLook>,
    /// Whether its score is a probability, so that its calibration can be told.
    pub is_probability: bool,
    /// The judged seconds of each person.
    pub people: Vec<JudgedPerson>,
    /// What it says of EEG that was changed, where that was asked. Not told for methods with a second look, which is
    /// not taken there.
    pub changed: Changed,
}

/// Compares a method with others by scoring it alone: settings for the people of a fold are chosen on the
/// people of the other folds. `folds` tells each person's. Only the people that are `scored` are reported; the
/// others are there to choose settings on.
///
/// # Errors
/// [`SettingError`] where the accumulator's settings are out of range.
pub fn score_method(
    dataset: &Dataset,
    method: &Method,
    folds: &BTreeMap<String, usize>,
    comparison: &Comparison,
    scored: &dyn Fn(&str) -> bool,
) -> Result<MethodReport, SettingError> {
    let people: Vec<Ready<'_>> = method
        .people
        .iter()
        .map(|judged| Ready {
            line: match method.second_look {
                Some(_) => PersonLine::with_rhythms(dataset, judged),
                None => PersonLine::of(dataset, judged),
            },
            fold: folds.get(&judged.person).copied().unwrap_or_default(),
            judged,
        })
        .collect();
    let tried = try_settings(method, &people, comparison)?;
    let by_fold = match (method.second_look, comparison.accumulators.first()) {
        (Some(look), Some(usual)) => withhold(&people, &tried, look, usual, comparison.soon_s),
        _ => BTreeMap::new(),
    };
    let chosen: BTreeMap<usize, &Tried> = folds
        .values()
        .filter_map(|fold| {
            let others = |index: usize| people[index].fold != *fold;
            let tried = by_fold.get(fold).unwrap_or(&tried);
            Some((*fold, choose(tried, comparison.target_sensitivity, others)?))
        })
        .collect();
    let settings = |person: &str| {
        let chosen = chosen.get(&folds.get(person).copied().unwrap_or_default())?;
        Some((chosen.threshold, chosen.accumulator))
    };
    let usual = comparison.accumulators.first();
    let equipment = score_equipment(dataset, method, usual, &settings, scored)?;
    let look_alikes = score_look_alikes(dataset, method, &settings, scored)?;
    let rests = score_rests(dataset, method, &comparison.rests_s, &settings, scored)?;
    let of_own_fold = of_own_folds(&people, &by_fold, comparison.soon_s);
    let reported: Vec<usize> =
        (0..people.len()).filter(|&index| scored(&people[index].judged.person)).collect();
    let report = Scored {
        method,
        people: &people,
        tried: of_own_fold.as_deref().unwrap_or(&tried),
        chosen: &chosen,
        reported,
        comparison,
    }
    .report();
    Ok(MethodReport { rests, equipment, look_alikes, ..report })
}

/// What each setting gives where everybody's alarms are those of their own fold; `None` where folds do not differ.
fn of_own_folds(
    people: &[Ready<'_>],
    by_fold: &BTreeMap<usize, Vec<Tried>>,
    soon_s: f64,
) -> Option<Vec<Tried>> {
    let settings = by_fold.values().next()?;
    let joined = settings.iter().enumerate().map(|(setting, first)| {
        let alarms = people.iter().enumerate().map(|(index, person)| {
            let of_fold = by_fold.get(&person.fold).and_then(|settings| settings.get(setting));
            of_fold.unwrap_or(first).alarms[index].clone()
        });
        Tried::of(first.threshold, first.accumulator, alarms.collect(), people, soon_s)
    });
    Some(joined.collect())
}

/// A method with all that its report follows from.
struct Scored<'a> {
    method: &'a Method,
    people: &'a [Ready<'a>],
    tried: &'a [Tried],
    /// The settings for each fold's people.
    chosen: &'a BTreeMap<usize, &'a Tried>,
    /// Whom the report is about.
    reported: Vec<usize>,
    comparison: &'a Comparison,
}

impl Scored<'_> {
    /// A person's alarms with the settings that were chosen on others.
    fn alarms_of(&self, index: usize) -> &[AlarmSpan] {
        self.chosen.get(&self.people[index].fold).map_or(&[], |tried| tried.alarms[index].as_slice())
    }

    /// The reported people's lines and alarms.
    fn everyone(&self) -> impl Iterator<Item = (&PersonLine, &[AlarmSpan])> {
        self.reported.iter().map(|&index| (&self.people[index].line, self.alarms_of(index)))
    }

    fn person(&self, index: usize, score: &PersonScore) -> PersonReport {
        let person = &self.people[index];
        let alone = |counting| score_lines([(&person.line, self.alarms_of(index))], counting);
        let (ward, strict) = (alone(Counting::Ward), alone(Counting::Strict));
        let chosen = self.chosen.get(&person.fold);
        PersonReport {
            person: person.judged.person.clone(),
            model: person.judged.model.clone(),
            seizure_s: score.seizure_s,
            other_s: score.other_s,
            auroc: score.auroc,
            auroc_context: score.auroc_context,
            threshold: chosen.map_or(1.0, |tried| f64::from(tried.threshold)),
            accumulator: chosen.map(|tried| tried.accumulator).unwrap_or_default(),
            seizures: ward.seizures.len() as u64,
            detected: ward.detected as u64,
            false_alarms: ward.false_alarms.len() as u64,
            hours: ward.hours,
            strictly_false: strict.false_alarms.len() as u64,
            strict_hours: strict.hours,
            median_latency_s: ward.median_latency_s,
        }
    }

    /// What one setting for everybody gives, counted strictly.
    fn point(&self, tried: &Tried) -> Option<CurvePoint> {
        let lines =
            self.reported.iter().map(|&index| (&self.people[index].line, tried.alarms[index].as_slice()));
        let score = score_lines(lines, Counting::Strict);
        let false_alarms = score.false_alarms.len() as u64;
        Some(CurvePoint {
            threshold: f64::from(tried.threshold),
            sensitivity: score.detected as f64
                / (!score.seizures.is_empty()).then_some(score.seizures.len())? as f64,
            false_alarms_per_hour: false_alarms as f64 / score.hours,
            false_alarms_per_hour_95: garwood(false_alarms, score.hours)?,
            median_latency_s: score.median_latency_s,
        })
    }

    fn report(&self) -> MethodReport {
        let judged: Vec<&JudgedPerson> =
            self.reported.iter().map(|&index| self.people[index].judged).collect();
        let scores: Vec<PersonScore> = judged.iter().map(|person| PersonScore::of(person)).collect();
        let (mut event, mut sample): (Vec<Measures>, Vec<Measures>) = Default::default();
        for (line, alarms) in self.everyone() {
            let (by_event, by_second) = line.szcore(alarms);
            event.push(Counts::measures(&by_event));
            sample.push(Counts::measures(&by_second));
        }
        let people =
            self.reported.iter().zip(&scores).map(|(&index, score)| self.person(index, score)).collect();
        let ward = score_lines(self.everyone(), Counting::Ward);
        let mut latencies_s: Vec<f64> =
            ward.seizures.iter().filter_map(|seizure| seizure.latency_s).collect();
        latencies_s.sort_by(f64::total_cmp);
        let (roc, precision_recall) = curves(&judged);
        let usual = self.comparison.accumulators.first();
        let reported = |index: usize| self.reported.contains(&index);
        MethodReport {
            name: self.method.name.clone(),
            description: self.method.description.clone(),
            on_trial: self.method.on_trial,
            auroc: spread(&scores, |score| score.auroc),
            auroc_context: spread(&scores, |score| score.auroc_context),
            people,
            roc,
            precision_recall,
            calibration: if self.method.is_probability { calibration(&judged) } else { Vec::new() },
            trueness: self.method.is_probability.then(|| trueness(&judged)).flatten(),
            curve: self
                .tried
                .iter()
                .filter(|tried| Some(&tried.accumulator) == usual)
                .filter_map(|tried| self.point(tried))
                .collect(),
            // Where no setting finds so many there is no figure at that sensitivity.
            matched: choose(self.tried, self.comparison.target_sensitivity, reported)
                .and_then(|tried| self.point(tried))
                .filter(|point| point.sensitivity >= self.comparison.target_sensitivity),
            strict: figures(&score_lines(self.everyone(), Counting::Strict)),
            rests: Vec::new(),
            equipment: Vec::new(),
            look_alikes: Vec::new(),
            alarm_free: self.comparison.block_s.map(|block_s| alarm_free_blocks(self.everyone(), block_s)),
            ward: figures(&ward),
            event: mean_measures(&event),
            sample: mean_measures(&sample),
            latencies_s,
        }
    }
}

/// A figure over the people who have one.
pub(super) fn spread(scores: &[PersonScore], of: fn(&PersonScore) -> Option<f64>) -> Option<Spread> {
    let figures = scores.iter().filter_map(|score| Some((score.person.as_str(), of(score)?)));
    Spread::of(&figures.collect::<Vec<_>>())
}

/// A count with its shares, rates and intervals.
pub(super) fn figures(score: &WardScore) -> WardFigures {
    let (detected, seizures) = (score.detected as u64, score.seizures.len() as u64);
    let false_alarms = score.false_alarms.len() as u64;
    WardFigures {
        seizures,
        detected,
        sensitivity: (seizures > 0).then(|| detected as f64 / seizures as f64),
        sensitivity_95: clopper_pearson(detected, seizures),
        false_alarms,
        hours: score.hours,
        false_alarms_per_hour: (score.hours > 0.0).then(|| false_alarms as f64 / score.hours),
        false_alarms_per_hour_95: garwood(false_alarms, score.hours),
        median_latency_s: score.median_latency_s,
    }
}
