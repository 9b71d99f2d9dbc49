//! Whether what looks like a seizure and is none raises alarms.
//!
//! The recordings that a system is scored on may hold little of it. Here a simulated pattern is added to the seizure-free
//! EEG of the people who are scored, and what counts is in how many stretches of it an alarm comes of that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::interval::clopper_pearson;
use super::line::{JudgedPerson, JudgedSecond, PersonLine};
use super::methods::Method;
use super::report::LookAlikeReport;
use super::seconds::EvaluateError;
use super::settings::label_rule;
use crate::dataset::{Dataset, Second};
use crate::detect::{AccumulatorConfig, Opinion, SettingError};
use crate::eeg::DERIVATIONS;
use crate::model::{Classifier, Viewer};

/// Seconds that a stretch has at least: an alarm takes some.
const FEWEST_S: usize = 15;

/// Seconds of it that are used: one long recording is not to weigh more than many short ones.
const MOST_S: usize = 60;

/// What a method says of seizure-free stretches to which a look-alike was added.
#[derive(Debug, Clone, PartialEq)]
pub struct Imitated {
    /// What was added.
    pub look_alike: String,
    /// The judged seconds of each person.
    pub people: Vec<JudgedPerson>,
}

/// Seizure-free seconds of one person that follow each other within one stretch of signal, at least 15 and at most
/// the first 60 of such a run.
pub fn calm_runs(dataset: &Dataset, person: &str) -> Vec<Vec<Second>> {
    let calm = dataset
        .seconds()
        .filter(|&second| dataset.recording_of(second).person == person && !dataset.is_seizure(second));
    let mut runs = runs_of(calm.collect());
    runs.iter_mut().for_each(|run| run.truncate(MOST_S));
    runs.retain(|run| run.len() >= FEWEST_S);
    runs
}

/// Seconds cut where one does not follow the other.
fn runs_of(seconds: Vec<Second>) -> Vec<Vec<Second>> {
    let mut runs: Vec<Vec<Second>> = Vec::new();
    for second in seconds {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| follows(*last, second)) => run.push(second),
            _ => runs.push(vec![second]),
        }
    }
    runs
}

fn follows(before: Second, second: Second) -> bool {
    before.stretch == second.stretch && before.index + 1 == second.index
}

/// What a network says of runs of seconds to each of which a signal was added: conditioned microvolts, derivation after
/// derivation, as long as the run.
///
/// # Errors
/// A network's failure.
pub fn judge_runs(
    dataset: &Dataset,
    classifier: &Classifier,
    runs: &[Vec<Second>],
    added: &[Vec<f32>],
) -> Result<Vec<Vec<[f32; 3]>>, EvaluateError> {
    let viewer = Viewer::new(Arc::new(classifier.clone()))?;
    let rate = dataset.rate;
    let judge = |(run, added): (&Vec<Second>, &Vec<f32>)| {
        let (mut viewer, mut window) = (viewer.clone(), Vec::new());
        let length = added.len() / DERIVATIONS;
        let judged = run.iter().enumerate().map(|(number, second)| {
            let stretch = &dataset.stretches[second.stretch];
            stretch.window_at(second.index * rate, rate, &mut window);
            for (trace, added) in window.chunks_exact_mut(rate).zip(added.chunks_exact(length.max(1))) {
                let added = added.iter().skip(number * rate);
                trace.iter_mut().zip(added).for_each(|(sample, added)| *sample += added);
            }
            Ok(viewer.probabilities(&window, &stretch.present[second.index])?)
        });
        judged.collect::<Result<Vec<[f32; 3]>, EvaluateError>>()
    };
    runs.par_iter().zip(added).map(judge).collect()
}

/// A person's runs as they were judged, one after the other.
pub fn judged_runs(
    person: &str,
    model: &str,
    runs: &[Vec<Second>],
    judged: Vec<Vec<[f32; 3]>>,
) -> JudgedPerson {
    let opinions = runs.iter().flatten().zip(judged.into_iter().flatten());
    let seconds = opinions.map(|(&second, probabilities)| JudgedSecond {
        second,
        seizure: false,
        opinion: Some(Opinion { ae_error: None, ae_flag: None, probabilities }),
    });
    JudgedPerson {
        person: person.to_string(),
        model: model.to_string(),
        seconds: seconds.collect(),
        unjudged: Vec::new(),
    }
}

/// Counts the stretches in which a method raises an alarm, without anything added and with each look-alike; nothing
/// where none was asked. Each person's alarms are those of the threshold and the accumulator that `settings` has for
/// them; the accumulator is empty where a stretch begins.
///
/// # Errors
/// [`SettingError`] where a setting is out of range.
pub(super) fn score_look_alikes(
    dataset: &Dataset,
    method: &Method,
    settings: &dyn Fn(&str) -> Option<(f32, AccumulatorConfig)>,
    scored: &dyn Fn(&str) -> bool,
) -> Result<Vec<LookAlikeReport>, SettingError> {
    let Some(first) = method.changed.imitated.first() else { return Ok(Vec::new()) };
    if method.second_look.is_some() {
        return Ok(Vec::new());
    }
    let count = |look_alike: &str, people: &[JudgedPerson]| {
        let mut report = LookAlikeReport {
            look_alike: look_alike.to_string(),
            stretches: 0,
            with_alarm: 0,
            share: None,
            share_95: None,
            hours: 0.0,
        };
        for person in people.iter().filter(|person| scored(&person.person)) {
            let Some((threshold, accumulator)) = settings(&person.person) else { continue };
            for run in parts(person) {
                let alarms = PersonLine::of(dataset, &run)
                    .alarms(label_rule(threshold, method.ae_flag), accumulator)?;
                report.stretches += 1;
                report.with_alarm += u64::from(!alarms.is_empty());
                report.hours += run.seconds.len() as f64 / 3600.0;
            }
        }
        report.share = (report.stretches > 0).then(|| report.with_alarm as f64 / report.stretches as f64);
        report.share_95 = clopper_pearson(report.with_alarm, report.stretches);
        Ok(report)
    };
    let nothing_added = count(LookAlikeReport::NOTHING_ADDED, &of_seconds(&method.people, &first.people))?;
    let imitated =
        method.changed.imitated.iter().map(|imitated| count(&imitated.look_alike, &imitated.people));
    std::iter::once(Ok(nothing_added)).chain(imitated).collect()
}

/// What was said of the seconds that others were said of too.
fn of_seconds(people: &[JudgedPerson], same: &[JudgedPerson]) -> Vec<JudgedPerson> {
    let mut people = people.to_vec();
    let key = |second: &Second| (second.stretch, second.index);
    for person in &mut people {
        let these: BTreeSet<(usize, usize)> = same
            .iter()
            .filter(|other| other.person == person.person)
            .flat_map(|other| other.seconds.iter().map(|judged| key(&judged.second)))
            .collect();
        person.seconds.retain(|judged| these.contains(&key(&judged.second)));
    }
    people
}

/// A person's judged seconds, run by run.
fn parts(person: &JudgedPerson) -> Vec<JudgedPerson> {
    let judged: BTreeMap<(usize, usize), JudgedSecond> =
        person.seconds.iter().map(|judged| ((judged.second.stretch, judged.second.index), *judged)).collect();
    runs_of(judged.values().map(|judged| judged.second).collect())
        .into_iter()
        .map(|run| {
            let seconds =
                run.iter().filter_map(|second| judged.get(&(second.stretch, second.index)).copied());
            JudgedPerson {
                seconds: seconds.collect(),
                unjudged: Vec::new(),
                person: person.person.clone(),
                model: person.model.clone(),
            }
        })
        .collect()
}
