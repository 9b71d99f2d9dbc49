//! A second look at an alarm before it is raised: what is known of it at that second, and whether it looks like the
//! false alarms of other people.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::line::{AlarmSpan, PersonLine};
use super::logistic::Logistic;
use super::settings::{Ready, Tried};
use crate::detect::{AccumulatorConfig, Opinion};

/// Numbers that describe an alarm.
const FEATURES: usize = 12;

/// Share of the seizures of other people that may be lost to withheld alarms.
pub const LOST: f64 = 0.02;

/// By what an alarm is looked at once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondLook {
    /// The run that led to it.
    Run,
    /// The same, what went before it, and the alarms of the last minutes.
    ///
    /// Where recordings begin with their seizures, what went before tells the place in the recording rather than the
    /// kind of the alarm: nothing precedes a seizure there, and a seizure precedes all else.
    RunAndHistory,
}

/// Seconds of the run that are looked at, of what went before, of the baseline and of the alarms before.
const RUN_S: u64 = 10;
const BEFORE_S: u64 = 60;
const BASELINE_S: u64 = 300;
const HISTORY_S: u64 = 600;

/// What is known of an alarm at the second that raises it: of the run its mean, highest and rising probability of
/// seizure, its probability of abnormal, the share of its seconds that the autoencoder flags, the rhythm of the signal
/// and how long the run took. With history also, of the minute before, the mean probabilities and how the rhythm rose
/// since; how the autoencoder's error rose beside that of the five minutes before; and how many alarms there were in ten
/// minutes. Without history those are 0.
fn describe(line: &PersonLine, alarm: &AlarmSpan, before: &[AlarmSpan], look: SecondLook) -> [f64; FEATURES] {
    let run_from = (alarm.raised + 1).saturating_sub(RUN_S);
    let run: Vec<(Opinion, f32)> = line.between(run_from, alarm.raised + 1).collect();
    let (early, late) = run.split_at(run.len() / 2);
    let mut features = [0.0; FEATURES];
    features[..7].copy_from_slice(&[
        mean(&run, seizure),
        run.iter().map(seizure).fold(0.0, f64::max),
        mean(late, seizure) - mean(early, seizure),
        mean(&run, abnormal),
        mean(&run, |(opinion, _)| f64::from(u8::from(opinion.ae_flag.unwrap_or(false)))),
        mean(&run, rhythm),
        (alarm.raised - alarm.onset) as f64,
    ]);
    if look == SecondLook::RunAndHistory {
        let minute: Vec<(Opinion, f32)> = line.between(run_from.saturating_sub(BEFORE_S), run_from).collect();
        let baseline: Vec<(Opinion, f32)> =
            line.between(run_from.saturating_sub(BASELINE_S), run_from).collect();
        let rise = |seconds: &[(Opinion, f32)], value: Value| {
            if seconds.is_empty() { 0.0 } else { mean(&run, value) - mean(seconds, value) }
        };
        let recent = before.iter().filter(|before| before.raised + HISTORY_S > alarm.raised).count();
        features[7..].copy_from_slice(&[
            mean(&minute, seizure),
            mean(&minute, abnormal),
            rise(&minute, rhythm),
            rise(&baseline, log_error),
            (recent as f64).ln_1p(),
        ]);
    }
    features
}

/// A number of one second.
type Value = fn(&(Opinion, f32)) -> f64;

fn mean(seconds: &[(Opinion, f32)], value: Value) -> f64 {
    seconds.iter().map(value).sum::<f64>() / seconds.len().max(1) as f64
}

fn seizure((opinion, _): &(Opinion, f32)) -> f64 {
    f64::from(opinion.probabilities[0])
}

fn abnormal((opinion, _): &(Opinion, f32)) -> f64 {
    f64::from(opinion.probabilities[1])
}

fn rhythm((_, rhythm): &(Opinion, f32)) -> f64 {
    f64::from(*rhythm)
}

fn log_error((opinion, _): &(Opinion, f32)) -> f64 {
    f64::from(opinion.ae_error.unwrap_or(1.0).max(1e-9)).ln()
}

/// Each alarm of a person, described.
fn described(line: &PersonLine, alarms: &[AlarmSpan], look: SecondLook) -> Vec<[f64; FEATURES]> {
    alarms.iter().enumerate().map(|(index, alarm)| describe(line, alarm, &alarms[..index], look)).collect()
}

/// What each setting gives once alarms are withheld, for each fold: nothing in a fold's part rests on the marks of its own people.
/// The regression that judges a fold's alarms is fitted on those of
/// the other folds' people with every threshold of the usual accumulator; the limit below which alarms are withheld is, for each
/// setting, the highest at which the other folds' people lose no more than [`LOST`] of their seizures.
pub(super) fn withhold(
    people: &[Ready<'_>],
    tried: &[Tried],
    look: SecondLook,
    usual: &AccumulatorConfig,
    soon_s: f64,
) -> BTreeMap<usize, Vec<Tried>> {
    let mut folds: Vec<usize> = people.iter().map(|person| person.fold).collect();
    folds.sort_unstable();
    folds.dedup();
    let mut by_fold: BTreeMap<usize, Vec<Tried>> = folds.iter().map(|&fold| (fold, Vec::new())).collect();
    let samples: Vec<(usize, [f64; FEATURES], bool)> = tried
        .par_iter()
        .filter(|tried| tried.accumulator == *usual)
        .flat_map_iter(|tried| {
            people.iter().zip(&tried.alarms).flat_map(|(person, alarms)| {
                let features = described(&person.line, alarms, look);
                let truths = alarms.iter().map(|alarm| person.line.tally(&[*alarm], soon_s).detected > 0);
                features
                    .into_iter()
                    .zip(truths)
                    .map(|(features, truth)| (person.fold, features, truth))
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    // A pair of folds is left out where the limit is chosen: alarms of `a` are then judged by what saw neither.
    let fits: BTreeMap<(usize, usize), Option<Logistic<FEATURES>>> = folds
        .iter()
        .flat_map(|&a| folds.iter().map(move |&b| (a, b)))
        .filter(|(a, b)| a <= b)
        .map(|(a, b)| ((a, b), fit(samples.iter().filter(|(fold, ..)| *fold != a && *fold != b))))
        .collect();
    let fit_without = |a: usize, b: usize| fits.get(&(a.min(b), a.max(b))).and_then(Option::as_ref);
    tried
        .par_iter()
        .map(|tried| {
            let features: Vec<Vec<[f64; FEATURES]>> = people
                .iter()
                .zip(&tried.alarms)
                .map(|(person, alarms)| described(&person.line, alarms, look))
                .collect();
            let scores = |fold: usize| -> Vec<Vec<f64>> {
                people
                    .iter()
                    .zip(&features)
                    .map(|(person, features)| {
                        let fitted = fit_without(fold, person.fold);
                        let score = |features| fitted.map_or(1.0, |fitted| fitted.probability(features));
                        features.iter().map(score).collect()
                    })
                    .collect()
            };
            let for_fold = |fold: usize| {
                let scores = scores(fold);
                // Of two folds there is no pair to leave out, and no limit to choose: then nothing is withheld.
                let chosen_on = people.iter().filter(|person| person.fold != fold);
                let judged = chosen_on.clone().any(|person| fit_without(fold, person.fold).is_some());
                let limit = if judged { limit(people, tried, &scores, fold) } else { 0.0 };
                let alarms: Vec<Vec<AlarmSpan>> = tried
                    .alarms
                    .iter()
                    .zip(&scores)
                    .map(|(alarms, scores)| raised(alarms, scores, limit))
                    .collect();
                Tried::of(tried.threshold, tried.accumulator, alarms, people, soon_s)
            };
            folds.iter().map(|&fold| for_fold(fold)).collect::<Vec<Tried>>()
        })
        .collect::<Vec<_>>()
        .into_iter()
        .for_each(|of_setting| {
            for (settings, tried) in by_fold.values_mut().zip(of_setting) {
                settings.push(tried);
            }
        });
    by_fold
}

/// Both kinds of alarm weigh the same in all, and all together as much as a hundred alarms: thresholds side by side give
/// the same alarms again.
fn fit<'a>(samples: impl Iterator<Item = &'a (usize, [f64; FEATURES], bool)>) -> Option<Logistic<FEATURES>> {
    let samples: Vec<_> = samples.collect();
    let truths = samples.iter().filter(|(.., truth)| *truth).count();
    let weight = |truth: bool| 50.0 / (if truth { truths } else { samples.len() - truths }).max(1) as f64;
    let weighted: Vec<([f64; FEATURES], bool, f64)> =
        samples.iter().map(|(_, features, truth)| (*features, *truth, weight(*truth))).collect();
    Logistic::fit(&weighted)
}

fn raised(alarms: &[AlarmSpan], scores: &[f64], limit: f64) -> Vec<AlarmSpan> {
    alarms.iter().zip(scores).filter(|(_, score)| **score >= limit).map(|(alarm, _)| *alarm).collect()
}

/// The highest limit at which the people of other folds keep their seizures but for [`LOST`].
fn limit(people: &[Ready<'_>], tried: &Tried, scores: &[Vec<f64>], fold: usize) -> f64 {
    let others = || people.iter().enumerate().filter(|(_, person)| person.fold != fold);
    let found = |limit: f64| -> usize {
        let detected = others().map(|(index, person)| {
            person.line.tally(&raised(&tried.alarms[index], &scores[index], limit), 0.0).detected
        });
        detected.sum()
    };
    let seizures: usize = others().map(|(_, person)| person.line.tally(&[], 0.0).seizures).sum();
    let enough = found(0.0) as f64 - LOST * seizures as f64;
    let mut limits: Vec<f64> = others().flat_map(|(index, _)| scores[index].iter().copied()).collect();
    limits.sort_by(f64::total_cmp);
    // Fewer alarms find no more seizures, so the limits that keep enough are the first ones.
    let keep = limits.partition_point(|&limit| found(limit) as f64 >= enough);
    keep.checked_sub(1).and_then(|last| limits.get(last).copied()).unwrap_or(0.0)
}
