//! Second by second: how well a CNN ranks the seconds of people whom it was not trained on.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use thiserror::Error;

use super::auroc::auroc;
use super::kept::{Kept, KeptError, recordings_of};
use super::line::{JudgedPerson, JudgedSecond};
use super::unjudged::unjudged_recordings;
use crate::dataset::{Dataset, Second, may_be_one};
use crate::detect::Opinion;
use crate::model::{Classifier, ModelError, Viewer};
use crate::plot::PlotError;

/// What is scored beside the single second is a causal mean in which a second's weight fades with its age, by a factor of e in
/// so many seconds. Its seconds are as old, on average, as those of a plain mean of ten.
pub const CONTEXT_S: f64 = 5.0;

/// A scoring that cannot be done.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// Every model given was trained on this person.
    #[error(
        "every model given was trained on {person}, who would be scored on what it has learnt; \
         add a model that has not seen {person}, or leave {person} out with --exclude"
    )]
    NobodyUnseen {
        /// The person.
        person: String,
    },
    /// Two models that do not see the same windows.
    #[error("{first} and {second} condition or draw the signal differently; score them apart")]
    DifferentWindows {
        /// One model.
        first: String,
        /// The other.
        second: String,
    },
    /// A network failed.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A window cannot be drawn.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// What was judged cannot be kept.
    #[error(transparent)]
    Kept(#[from] KeptError),
}

/// One person's score, second by second.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonScore {
    /// The person.
    pub person: String,
    /// The model that judged them: one that never saw them.
    pub model: String,
    /// Seconds that an expert marked.
    pub seizure_s: usize,
    /// Seconds outside.
    pub other_s: usize,
    /// Area under the ROC curve of single seconds; `None` without both kinds.
    pub auroc: Option<f64>,
    /// The same of the causal mean that fades in [`CONTEXT_S`].
    pub auroc_context: Option<f64>,
}

impl PersonScore {
    /// Scores the seconds of one person on which there is an opinion, by the probability of seizure.
    pub fn of(person: &JudgedPerson) -> PersonScore {
        let (seconds, scores) = scores_of(person);
        let truths: Vec<bool> = seconds.iter().map(|judged| judged.seizure).collect();
        PersonScore {
            person: person.person.clone(),
            model: person.model.clone(),
            seizure_s: truths.iter().filter(|seizure| **seizure).count(),
            other_s: truths.iter().filter(|seizure| !**seizure).count(),
            auroc: auroc(&scores, &truths),
            auroc_context: auroc(&fading_means(&seconds, &scores), &truths),
        }
    }
}

/// The seconds with an opinion, and their probabilities of seizure.
pub(super) fn scores_of(person: &JudgedPerson) -> (Vec<&JudgedSecond>, Vec<f64>) {
    person
        .seconds
        .iter()
        .filter_map(|judged| Some((judged, f64::from(judged.opinion?.probabilities[0]))))
        .unzip()
}

/// For each second the mean over it and those before it in its stretch, each weighted by e<sup>-age / [`CONTEXT_S`]</sup>. Where
/// a stretch has just begun it is the mean of what there is.
fn fading_means(seconds: &[&JudgedSecond], scores: &[f64]) -> Vec<f64> {
    let (mut sum, mut weight) = (0.0, 0.0);
    let mut last: Option<Second> = None;
    seconds
        .iter()
        .zip(scores)
        .map(|(judged, score)| {
            let now = judged.second;
            let kept = match last.replace(now) {
                Some(last) if last.stretch == now.stretch => {
                    (-((now.index - last.index) as f64) / CONTEXT_S).exp()
                }
                _ => 0.0,
            };
            sum = kept * sum + score;
            weight = kept * weight + 1.0;
            sum / weight
        })
        .collect()
}

/// Judges every second of every person of `dataset` by the first of `models` that was not trained on
/// them; a window is looked at with each of these `gains`, and the probabilities are the mean. What is `kept` is not
/// judged again.
///
/// # Errors
/// [`EvaluateError::NobodyUnseen`] where each model has seen a person; a network's failure.
pub fn judge_people(
    dataset: &Dataset,
    models: &[(String, Classifier)],
    gains: &[f32],
    kept: &Kept,
    told: &(dyn Fn(usize) + Sync),
) -> Result<Vec<JudgedPerson>, EvaluateError> {
    same_windows(models)?;
    let unseen = |person: &str| Ok(Some(first_unseen(models, person)?));
    judge_people_by(dataset, &unseen, gains, kept, told)
}

/// The first of some networks that was not trained on a person.
///
/// # Errors
/// [`EvaluateError::NobodyUnseen`] where there is none.
pub fn first_unseen<'a>(
    models: &'a [(String, Classifier)],
    person: &str,
) -> Result<&'a (String, Classifier), EvaluateError> {
    models
        .iter()
        .find(|(_, classifier)| !classifier.people().iter().any(|seen| may_be_one(seen, person)))
        .ok_or_else(|| EvaluateError::NobodyUnseen { person: person.to_string() })
}

/// Refuses networks that do not see the same windows. The mains may differ: it belongs to the place of recording.
///
/// # Errors
/// [`EvaluateError::DifferentWindows`].
pub fn same_windows(models: &[(String, Classifier)]) -> Result<(), EvaluateError> {
    for pair in models.windows(2) {
        let [(first, a), (second, b)] = pair else { continue };
        let alike = a.config().signal.compatible_with(&b.config().signal);
        if !alike || a.config().plot != b.config().plot {
            return Err(EvaluateError::DifferentWindows { first: first.clone(), second: second.clone() });
        }
    }
    Ok(())
}

/// Which network judges a person, if any.
pub type NetworkFor<'a, 'n> = &'a dyn Fn(&str) -> Result<Option<&'n (String, Classifier)>, EvaluateError>;

/// Judges every second of each person by the network that `network_for` names for them; those for whom it names none are left
/// out, those of whom no second can be judged are not. See [`judge_people`].
///
/// # Errors
/// What `network_for` refuses; a network's failure.
pub fn judge_people_by(
    dataset: &Dataset,
    network_for: NetworkFor<'_, '_>,
    gains: &[f32],
    kept: &Kept,
    told: &(dyn Fn(usize) + Sync),
) -> Result<Vec<JudgedPerson>, EvaluateError> {
    let mut people = Vec::new();
    for (person, seconds) in seconds_by_person(dataset) {
        if let Some(network) = network_for(&person)? {
            people.push((person, seconds, network));
        }
    }
    let unjudged = unjudged_recordings(dataset);
    people
        .into_iter()
        .map(|(person, seconds, (name, classifier))| {
            let of = serde_json::json!({
                "network": classifier.digest(), "gains": gains, "recordings": recordings_of(dataset, &person),
            });
            let judged = kept.get_or(&of, || judge_seconds(dataset, classifier, &seconds, gains))?;
            told(seconds.len());
            let seconds = seconds.iter().zip(judged).map(|(&second, probabilities)| JudgedSecond {
                second,
                seizure: dataset.is_seizure(second),
                opinion: Some(Opinion { ae_error: None, ae_flag: None, probabilities }),
            });
            let of_person = |recording: &usize| dataset.recordings[*recording].person == person;
            let unjudged = unjudged.iter().copied().filter(of_person).collect();
            Ok(JudgedPerson { seconds: seconds.collect(), unjudged, person, model: name.clone() })
        })
        .collect()
}

/// The judgeable seconds of each person, in the order of the data set; nobody is left out for want of them.
pub fn seconds_by_person(dataset: &Dataset) -> BTreeMap<String, Vec<Second>> {
    let everybody = dataset.people().into_iter().map(|person| (person, Vec::new()));
    let mut by_person: BTreeMap<String, Vec<Second>> = everybody.collect();
    for second in dataset.seconds() {
        by_person.entry(dataset.recording_of(second).person.clone()).or_default().push(second);
    }
    by_person
}

/// What a network says of some seconds.
///
/// # Errors
/// A network's failure.
pub fn judge_seconds(
    dataset: &Dataset,
    classifier: &Classifier,
    seconds: &[Second],
    gains: &[f32],
) -> Result<Vec<[f32; 3]>, EvaluateError> {
    let viewer = Viewer::new(Arc::new(classifier.clone()))?;
    let parts = seconds.par_chunks(64).map(|part| judge(dataset, part, gains, viewer.clone()));
    Ok(parts.collect::<Result<Vec<_>, _>>()?.concat())
}

fn judge(
    dataset: &Dataset,
    seconds: &[Second],
    gains: &[f32],
    mut viewer: Viewer,
) -> Result<Vec<[f32; 3]>, EvaluateError> {
    let (mut window, mut scaled) = (Vec::new(), Vec::new());
    seconds
        .iter()
        .map(|second| {
            let stretch = &dataset.stretches[second.stretch];
            stretch.window_at(second.index * dataset.rate, dataset.rate, &mut window);
            let mut mean = [0.0; 3];
            for gain in gains {
                scaled.clear();
                scaled.extend(window.iter().map(|sample| sample * gain));
                let judged = viewer.probabilities(&scaled, &stretch.present[second.index])?;
                mean.iter_mut().zip(judged).for_each(|(sum, share)| *sum += share / gains.len() as f32);
            }
            Ok(mean)
        })
        .collect()
}
