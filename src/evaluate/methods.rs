//! Several methods on the same seconds of the same people, under one alarm rule, at one sensitivity.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::interval::{clopper_pearson, garwood};
use super::line::{AlarmSpan, JudgedPerson, PersonLine, score_lines};
use super::report::{CalibrationBin, CurvePoint, MethodReport, PersonReport, Spread, WardFigures};
use super::seconds::{PersonScore, scores_of};
use super::szcore::{Counts, Measures, mean_measures};
use crate::dataset::Dataset;
use crate::detect::{AccumulatorConfig, AeFlag, LabelRule, SettingError};

/// Thresholds that are tried: so many quantiles of a method's own scores.
const THRESHOLDS: usize = 120;

/// Bins of equal width of the calibration curve.
const BINS: usize = 10;

/// Points that are kept of a ROC or precision-recall curve.
const POINTS: usize = 200;

/// A method and what it says of everybody's seconds.
pub struct Method {
    /// A short name.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Whether the autoencoder's flag has a say at run time.
    pub ae_flag: AeFlag,
    /// Whether its score is a probability, so that its calibration can be told.
    pub is_probability: bool,
    /// The judged seconds of each person.
    pub people: Vec<JudgedPerson>,
}

/// How methods are compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// From labels to alarms, the same for all.
    pub accumulator: AccumulatorConfig,
    /// Each method's threshold is the highest at which this share of the seizures of *other* people is
    /// found.
    pub target_sensitivity: f64,
}

/// One person, ready to be scored at any threshold.
struct Ready<'a> {
    judged: &'a JudgedPerson,
    line: PersonLine,
    fold: usize,
}

/// What one threshold gives for each person, in their order.
struct Tried {
    threshold: f32,
    alarms: Vec<Vec<AlarmSpan>>,
}

/// Compares a method with others by scoring it alone: thresholds for the people of a fold are chosen on the
/// people of the other folds. `folds` tells each person's.
///
/// # Errors
/// [`SettingError`] where the accumulator's settings are out of range.
pub fn score_method(
    dataset: &Dataset,
    method: &Method,
    folds: &BTreeMap<String, usize>,
    comparison: &Comparison,
) -> Result<MethodReport, SettingError> {
    let people: Vec<Ready<'_>> = method
        .people
        .iter()
        .map(|judged| Ready {
            line: PersonLine::of(dataset, judged),
            fold: folds.get(&judged.person).copied().unwrap_or_default(),
            judged,
        })
        .collect();
    let tried = thresholds(&method.people)
        .into_par_iter()
        .map(|threshold| {
            let rule = LabelRule {
                seizure_probability: threshold,
                ae_flag: method.ae_flag,
                // A flag overrules what is not far above the threshold.
                certain_probability: (threshold + (1.0 - threshold) * 0.75).min(1.0),
            };
            let alarms = people.iter().map(|person| person.line.alarms(rule, comparison.accumulator));
            Ok(Tried { threshold, alarms: alarms.collect::<Result<_, SettingError>>()? })
        })
        .collect::<Result<Vec<Tried>, SettingError>>()?;
    let chosen: BTreeMap<usize, &Tried> = folds
        .values()
        .filter_map(|fold| Some((*fold, choose(&people, &tried, *fold, comparison.target_sensitivity)?)))
        .collect();
    Ok(report(method, &people, &tried, &chosen))
}

/// Quantiles of the scores, rising.
fn thresholds(people: &[JudgedPerson]) -> Vec<f32> {
    let mut scores: Vec<f32> = people
        .iter()
        .flat_map(|person| &person.seconds)
        .filter_map(|judged| Some(judged.opinion?.probabilities[0]))
        .filter(|score| *score > 0.0 && *score <= 1.0)
        .collect();
    scores.sort_by(f32::total_cmp);
    let mut thresholds: Vec<f32> =
        (0..THRESHOLDS).filter_map(|i| scores.get(i * scores.len() / THRESHOLDS).copied()).collect();
    thresholds.dedup();
    thresholds
}

/// The highest threshold at which enough seizures of people of other folds are found; where none is low
/// enough, the one that finds most.
fn choose<'a>(people: &[Ready<'_>], tried: &'a [Tried], fold: usize, target: f64) -> Option<&'a Tried> {
    let found: Vec<(f64, &Tried)> = tried
        .iter()
        .map(|tried| {
            let others = people
                .iter()
                .zip(&tried.alarms)
                .filter(|(person, _)| person.fold != fold)
                .map(|(person, alarms)| (&person.line, alarms.as_slice()));
            let score = score_lines(others);
            (score.detected as f64 / score.seizures.len().max(1) as f64, tried)
        })
        .collect();
    let enough = found.iter().rev().find(|(sensitivity, _)| *sensitivity >= target);
    let most = found.iter().max_by(|(a, _), (b, _)| a.total_cmp(b));
    enough.or(most).map(|(_, tried)| *tried)
}

fn report(
    method: &Method,
    people: &[Ready<'_>],
    tried: &[Tried],
    chosen: &BTreeMap<usize, &Tried>,
) -> MethodReport {
    let scores: Vec<PersonScore> = method.people.iter().map(PersonScore::of).collect();
    let none = Vec::new();
    let alarms_of =
        |index: usize| chosen.get(&people[index].fold).map_or(&none, |tried| &tried.alarms[index]);
    let mut measures: [Vec<Measures>; 2] = Default::default();
    let mut persons = Vec::with_capacity(people.len());
    for (index, (person, score)) in people.iter().zip(&scores).enumerate() {
        let alarms = alarms_of(index);
        let ward = score_lines([(&person.line, alarms.as_slice())]);
        let (event, sample) = person.line.szcore(alarms);
        for (kept, counts) in measures.iter_mut().zip([event, sample]) {
            kept.push(Counts::measures(&counts));
        }
        persons.push(PersonReport {
            person: person.judged.person.clone(),
            model: person.judged.model.clone(),
            seizure_s: score.seizure_s,
            other_s: score.other_s,
            auroc: score.auroc,
            auroc_context: score.auroc_context,
            threshold: chosen.get(&person.fold).map_or(1.0, |tried| f64::from(tried.threshold)),
            seizures: ward.seizures.len() as u64,
            detected: ward.detected as u64,
            false_alarms: ward.false_alarms.len() as u64,
            hours: ward.hours,
            median_latency_s: ward.median_latency_s,
        });
    }
    let everyone =
        || people.iter().enumerate().map(|(index, person)| (&person.line, alarms_of(index).as_slice()));
    let ward = score_lines(everyone());
    let mut latencies_s: Vec<f64> = ward.seizures.iter().filter_map(|seizure| seizure.latency_s).collect();
    latencies_s.sort_by(f64::total_cmp);
    let (roc, precision_recall) = curves(&method.people);
    let spread = |of: fn(&PersonScore) -> Option<f64>| {
        Spread::of(
            &scores.iter().filter_map(|score| Some((score.person.as_str(), of(score)?))).collect::<Vec<_>>(),
        )
    };
    MethodReport {
        name: method.name.clone(),
        description: method.description.clone(),
        auroc: spread(|score| score.auroc),
        auroc_context: spread(|score| score.auroc_context),
        people: persons,
        roc,
        precision_recall,
        calibration: if method.is_probability { calibration(&method.people) } else { Vec::new() },
        curve: tried.iter().filter_map(|tried| point(people, tried)).collect(),
        ward: WardFigures {
            seizures: ward.seizures.len() as u64,
            detected: ward.detected as u64,
            sensitivity: (!ward.seizures.is_empty())
                .then(|| ward.detected as f64 / ward.seizures.len() as f64),
            sensitivity_95: clopper_pearson(ward.detected as u64, ward.seizures.len() as u64),
            false_alarms: ward.false_alarms.len() as u64,
            hours: ward.hours,
            false_alarms_per_hour: (ward.hours > 0.0).then(|| ward.false_alarms.len() as f64 / ward.hours),
            false_alarms_per_hour_95: garwood(ward.false_alarms.len() as u64, ward.hours),
            median_latency_s: ward.median_latency_s,
        },
        event: mean_measures(&measures[0]),
        sample: mean_measures(&measures[1]),
        latencies_s,
    }
}

fn point(people: &[Ready<'_>], tried: &Tried) -> Option<CurvePoint> {
    let score = score_lines(
        people.iter().zip(&tried.alarms).map(|(person, alarms)| (&person.line, alarms.as_slice())),
    );
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

/// ROC and precision-recall curves of all people's seconds together.
fn curves(people: &[JudgedPerson]) -> (Vec<[f64; 2]>, Vec<[f64; 2]>) {
    let mut seconds: Vec<(f64, bool)> = people
        .iter()
        .flat_map(|person| {
            let (seconds, scores) = scores_of(person);
            scores.into_iter().zip(seconds.into_iter().map(|judged| judged.seizure)).collect::<Vec<_>>()
        })
        .collect();
    seconds.sort_by(|a, b| b.0.total_cmp(&a.0));
    let positives = seconds.iter().filter(|(_, seizure)| *seizure).count();
    let negatives = seconds.len() - positives;
    if positives == 0 || negatives == 0 {
        return (Vec::new(), Vec::new());
    }
    let (mut roc, mut precision_recall) = (vec![[0.0, 0.0]], Vec::new());
    let (mut hits, mut misses) = (0usize, 0usize);
    let step = (seconds.len() / POINTS).max(1);
    for (index, &(score, seizure)) in seconds.iter().enumerate() {
        if seizure {
            hits += 1
        } else {
            misses += 1
        }
        // Equal scores are one point.
        let last_of_score = seconds.get(index + 1).is_none_or(|(next, _)| *next != score);
        if last_of_score && (index % step == 0 || index + 1 == seconds.len()) {
            roc.push([misses as f64 / negatives as f64, hits as f64 / positives as f64]);
            precision_recall.push([hits as f64 / positives as f64, hits as f64 / (hits + misses) as f64]);
        }
    }
    (roc, precision_recall)
}

fn calibration(people: &[JudgedPerson]) -> Vec<CalibrationBin> {
    let mut bins = [(0.0, 0usize, 0usize); BINS];
    for person in people {
        let (seconds, scores) = scores_of(person);
        for (judged, score) in seconds.iter().zip(scores) {
            let bin = &mut bins[((score * BINS as f64) as usize).min(BINS - 1)];
            *bin = (bin.0 + score, bin.1 + usize::from(judged.seizure), bin.2 + 1);
        }
    }
    bins.into_iter()
        .filter(|(.., seconds)| *seconds > 0)
        .map(|(sum, seizures, seconds)| CalibrationBin {
            predicted: sum / seconds as f64,
            observed: seizures as f64 / seconds as f64,
            observed_95: clopper_pearson(seizures as u64, seconds as u64),
            seconds,
        })
        .collect()
}
