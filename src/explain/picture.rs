//! An explanation drawn over the EEG.

use std::path::Path;

use super::recording::Explanation;
use super::words::{in_words, quantity};
use crate::model::CnnConfig;
use crate::plot::PlotError;
use crate::plot::explanation::{ExplanationFigure, explanation_figure};

/// Draws an explanation as a PNG file. `config` is that of the CNN, `whose` says who judged.
///
/// # Errors
/// [`PlotError`].
pub fn write_figure(
    path: &Path,
    explanation: &Explanation,
    config: &CnnConfig,
    whose: &str,
) -> Result<(), PlotError> {
    let (class, seen) = (explanation.class(), &explanation.seen);
    let rate = config.signal.rate_hz as usize;
    let (start_s, samples) = seen.eeg(rate);
    let [low, high] = config.signal.band_hz;
    let parts: Vec<Vec<f32>> = explanation
        .occlusion
        .part_drops(class)
        .iter()
        .map(|drops| drops.map_or(Vec::new(), |drops| drops.to_vec()))
        .collect();
    let course: Vec<(f64, Option<f32>)> = seen
        .before
        .iter()
        .map(|(onset_s, _)| *onset_s)
        .zip(&explanation.before)
        .map(|(onset_s, judged)| (onset_s, judged.map(|probabilities| probabilities[class])))
        .chain([(seen.onset_s, Some(explanation.occlusion.whole[class]))])
        .collect();
    explanation_figure(
        path,
        &ExplanationFigure {
            title: &format!(
                "{}, second {}: {}",
                explanation.recording,
                seen.second,
                explanation.label.name()
            ),
            subtitle: &format!("{whose}; {low}-{high} Hz, {} Hz recorded", explanation.rate_hz),
            sentences: &in_words(explanation),
            samples: &samples,
            present: seen.window.present,
            rate_hz: rate as f64,
            start_s,
            recording_start: Some(explanation.start),
            window_start_s: seen.onset_s,
            window_s: 1.0,
            config: &config.plot,
            quantity: &quantity(explanation),
            course: &course,
            derivations: explanation.occlusion.derivation_drops(class),
            slices: &explanation.occlusion.slice_drops(class),
            parts: &parts,
        },
    )
}
