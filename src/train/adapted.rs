//! A network whose last layer was adapted to a patient's earlier recordings, judging the later ones.

use std::sync::Arc;

use rayon::prelude::*;

use super::error::TrainError;
use super::head::{PENALTIES, SeenSecond, adapt_head};
use crate::dataset::{Dataset, Second};
use crate::evaluate::auroc;
use crate::model::{Classifier, Head, Viewer};

/// What an adapted network says.
#[derive(Debug, Clone, PartialEq)]
pub struct AdaptedOpinions {
    /// How hard the weights were pulled back; `None` where the network was best left as it is.
    pub penalty: Option<f32>,
    /// Probabilities of seizure, abnormal and non-seizure of the judged seconds, in their order.
    pub probabilities: Vec<[f32; 3]>,
}

/// Adapts the last layer of a network to some seconds of a person and judges others by it.
///
/// How hard the weights are pulled back follows from the fitted seconds alone: each of their recordings with a seizure is
/// left out in turn and judged by what was fitted on the rest, and the penalty with the highest area under the ROC
/// curve of all seconds so judged is taken. Where no penalty beats the network as it is, or there are not two such
/// recordings, it stays as it is.
///
/// # Errors
/// [`TrainError`] where the network fails, or has no single last layer.
pub fn adapted_opinions(
    dataset: &Dataset,
    classifier: &Classifier,
    fitted: &[Second],
    judged: &[Second],
) -> Result<AdaptedOpinions, TrainError> {
    let Some((fitted_seen, head)) = see(dataset, classifier, fitted)? else {
        return Ok(AdaptedOpinions { penalty: None, probabilities: Vec::new() });
    };
    let recordings: Vec<usize> =
        fitted.iter().map(|second| dataset.stretches[second.stretch].recording).collect();
    let penalty = best_penalty(&head, &fitted_seen, &recordings);
    let adapted = penalty.map_or(head.clone(), |penalty| adapt_head(&head, &fitted_seen, penalty));
    let judged = see(dataset, classifier, judged)?.map_or(Vec::new(), |(seen, _)| seen);
    let probabilities = judged.iter().map(|second| second.probabilities(&adapted)).collect();
    Ok(AdaptedOpinions { penalty, probabilities })
}

/// Seconds as the last layer sees them, and that layer; `None` without seconds.
fn see(
    dataset: &Dataset,
    classifier: &Classifier,
    seconds: &[Second],
) -> Result<Option<(Vec<SeenSecond>, Head)>, TrainError> {
    let viewer = Viewer::new(Arc::new(classifier.clone()))?;
    let parts = seconds.par_chunks(64).map(|part| {
        let (mut viewer, mut window) = (viewer.clone(), Vec::new());
        part.iter()
            .map(|&second| {
                let stretch = &dataset.stretches[second.stretch];
                stretch.window_at(second.index * dataset.rate, dataset.rate, &mut window);
                let (images, head) = viewer.features(&window, &stretch.present[second.index])?;
                Ok((SeenSecond { images, seizure: dataset.is_seizure(second) }, head))
            })
            .collect::<Result<Vec<_>, TrainError>>()
    });
    let (seen, mut heads): (Vec<SeenSecond>, Vec<Head>) =
        parts.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().unzip();
    Ok(heads.pop().map(|head| (seen, head)))
}

/// The penalty that ranks the seconds of left-out recordings best; `None` where none does better than no change.
fn best_penalty(head: &Head, seconds: &[SeenSecond], recordings: &[usize]) -> Option<f32> {
    let mut left_out: Vec<usize> = seconds
        .iter()
        .zip(recordings)
        .filter(|(second, _)| second.seizure)
        .map(|(_, recording)| *recording)
        .collect();
    left_out.dedup();
    if left_out.len() < 2 {
        return None;
    }
    let quality = |penalty: Option<f32>| {
        let (scores, truths): (Vec<f64>, Vec<bool>) = left_out
            .iter()
            .flat_map(|recording| {
                let of = |wanted: bool| {
                    seconds
                        .iter()
                        .zip(recordings)
                        .filter(move |(_, of)| (*of == recording) == wanted)
                        .map(|(second, _)| second)
                };
                let rest: Vec<SeenSecond> = of(false).cloned().collect();
                let adapted = penalty.map_or(head.clone(), |penalty| adapt_head(head, &rest, penalty));
                of(true)
                    .map(|second| (f64::from(second.probabilities(&adapted)[0]), second.seizure))
                    .collect::<Vec<_>>()
            })
            .unzip();
        auroc(&scores, &truths).unwrap_or(0.0)
    };
    let as_it_is = quality(None);
    let tried: Vec<(f32, f64)> =
        PENALTIES.into_par_iter().map(|penalty| (penalty, quality(Some(penalty)))).collect();
    // Of equals the last, which changes least.
    let best = tried.into_iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
    (best.1 > as_it_is).then_some(best.0)
}
