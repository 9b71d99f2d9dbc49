//! Second by second: how well a CNN ranks the seconds of people whom it was not trained on.

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use thiserror::Error;

use super::auroc::auroc;
use crate::dataset::{Dataset, Second};
use crate::model::{Classifier, ModelError, Viewer};
use crate::plot::PlotError;

/// Seconds of the causal mean that is scored beside the single second.
pub const CONTEXT_S: usize = 5;

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
}

/// A second, its truth and what the CNN said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoredSecond {
    /// Which second.
    pub second: Second,
    /// Whether an expert marked it as seizure.
    pub seizure: bool,
    /// Probabilities of seizure, abnormal and non-seizure.
    pub probabilities: [f32; 3],
    /// Mean seizure probability of the last [`CONTEXT_S`] seconds, of as many as there are since
    /// the stretch began.
    pub context: f32,
}

/// One person's score.
#[derive(Debug, Clone, PartialEq)]
pub struct PersonScore {
    /// The person.
    pub person: String,
    /// The model that scored them: one that never saw them.
    pub model: String,
    /// Seconds that an expert marked.
    pub seizure_s: usize,
    /// Seconds outside.
    pub other_s: usize,
    /// Area under the ROC curve of single seconds; `None` without both kinds.
    pub auroc: Option<f64>,
    /// The same of the causal mean over [`CONTEXT_S`] seconds.
    pub auroc_context: Option<f64>,
    /// Every second.
    pub seconds: Vec<ScoredSecond>,
}

/// Scores every person of `dataset` by the first of `models` that was not trained on them.
///
/// # Errors
/// [`EvaluateError::NobodyUnseen`] where each model has seen a person; a network's failure.
pub fn score_people(
    dataset: &Dataset,
    models: &[(String, Classifier)],
    told: &(dyn Fn(usize) + Sync),
) -> Result<Vec<PersonScore>, EvaluateError> {
    for pair in models.windows(2) {
        let [(first, a), (second, b)] = pair else { continue };
        if a.config().signal != b.config().signal || a.config().plot != b.config().plot {
            return Err(EvaluateError::DifferentWindows { first: first.clone(), second: second.clone() });
        }
    }
    let mut by_person: BTreeMap<String, Vec<Second>> = BTreeMap::new();
    for second in dataset.seconds() {
        by_person.entry(dataset.recording_of(second).person.clone()).or_default().push(second);
    }
    by_person
        .into_iter()
        .map(|(person, seconds)| {
            let (name, classifier) = models
                .iter()
                .find(|(_, classifier)| !classifier.people().contains(&person))
                .ok_or_else(|| EvaluateError::NobodyUnseen { person: person.clone() })?;
            let viewer = Viewer::new(Arc::new(classifier.clone()))?;
            let judged: Vec<[f32; 3]> = seconds
                .par_chunks(64)
                .map(|part| {
                    let judged = judge(dataset, part, viewer.clone());
                    told(part.len());
                    judged
                })
                .collect::<Result<Vec<_>, _>>()?
                .concat();
            Ok(person_score(dataset, person, name, &seconds, &judged))
        })
        .collect()
}

fn judge(dataset: &Dataset, seconds: &[Second], mut viewer: Viewer) -> Result<Vec<[f32; 3]>, EvaluateError> {
    let mut window = Vec::new();
    seconds
        .iter()
        .map(|second| {
            let stretch = &dataset.stretches[second.stretch];
            stretch.window_at(second.index * dataset.rate, dataset.rate, &mut window);
            Ok(viewer.probabilities(&window, &stretch.present[second.index])?)
        })
        .collect()
}

fn person_score(
    dataset: &Dataset,
    person: String,
    model: &str,
    seconds: &[Second],
    judged: &[[f32; 3]],
) -> PersonScore {
    let scored: Vec<ScoredSecond> = seconds
        .iter()
        .zip(judged)
        .enumerate()
        .map(|(i, (&second, &probabilities))| {
            let first = (0..=i.min(CONTEXT_S - 1))
                .take_while(|back| seconds[i - back].stretch == second.stretch)
                .map(|back| judged[i - back][0]);
            let (sum, count) = first.fold((0.0, 0.0), |(sum, count), p| (sum + p, count + 1.0));
            ScoredSecond { second, seizure: dataset.is_seizure(second), probabilities, context: sum / count }
        })
        .collect();
    let truths: Vec<bool> = scored.iter().map(|second| second.seizure).collect();
    let of = |score: fn(&ScoredSecond) -> f32| {
        auroc(&scored.iter().map(|second| f64::from(score(second))).collect::<Vec<_>>(), &truths)
    };
    PersonScore {
        person,
        model: model.to_string(),
        seizure_s: truths.iter().filter(|seizure| **seizure).count(),
        other_s: truths.iter().filter(|seizure| !**seizure).count(),
        auroc: of(|second| second.probabilities[0]),
        auroc_context: of(|second| second.context),
        seconds: scored,
    }
}
