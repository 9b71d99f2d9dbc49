//! Curves over thresholds of single seconds, and whether probabilities mean what they say.

use super::interval::clopper_pearson;
use super::line::JudgedPerson;
use super::report::{CalibrationBin, Trueness};
use super::seconds::scores_of;

/// Bins of equal width of the calibration curve.
const BINS: usize = 10;

/// Points that are kept of a ROC or precision-recall curve.
const POINTS: usize = 200;

/// ROC and precision-recall curves of all people's seconds together: share of other seconds and of seizure
/// seconds; recall and precision.
pub(super) fn curves(people: &[&JudgedPerson]) -> (Vec<[f64; 2]>, Vec<[f64; 2]>) {
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
    let mut kept = 0;
    for (index, &(score, seizure)) in seconds.iter().enumerate() {
        if seizure {
            hits += 1
        } else {
            misses += 1
        }
        // Equal scores are one point.
        let last_of_score = seconds.get(index + 1).is_none_or(|(next, _)| *next != score);
        if last_of_score && (index + 1 >= kept + step || index + 1 == seconds.len()) {
            kept = index + 1;
            roc.push([misses as f64 / negatives as f64, hits as f64 / positives as f64]);
            precision_recall.push([hits as f64 / positives as f64, hits as f64 / (hits + misses) as f64]);
        }
    }
    (roc, precision_recall)
}

/// How often a seizure second had which probability.
pub(super) fn calibration(people: &[&JudgedPerson]) -> Vec<CalibrationBin> {
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

/// How far the probabilities are from the truth; `None` without seconds.
pub(super) fn trueness(people: &[&JudgedPerson]) -> Option<Trueness> {
    let (mut squares, mut seizures, mut seconds) = (0.0, 0.0, 0usize);
    for person in people {
        let (judged, scores) = scores_of(person);
        for (judged, score) in judged.iter().zip(scores) {
            let truth = f64::from(u8::from(judged.seizure));
            squares += (score - truth) * (score - truth);
            seizures += truth;
            seconds += 1;
        }
    }
    let all = (seconds > 0).then_some(seconds as f64)?;
    let share = seizures / all;
    let bins = calibration(people);
    let distances = bins.iter().map(|bin| (bin.predicted - bin.observed).abs() * bin.seconds as f64);
    Some(Trueness {
        brier: squares / all,
        brier_of_share: share * (1.0 - share),
        calibration_error: distances.sum::<f64>() / all,
        seconds,
    })
}
