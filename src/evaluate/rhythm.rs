//! How rhythmic a second is: a seizure repeats itself, muscle does not.

use rayon::prelude::*;

use crate::dataset::{Dataset, Second};

/// Slowest and fastest cycles that are looked for, in seconds: 2 to 13 Hz.
const CYCLES_S: [f64; 2] = [1.0 / 13.0, 0.5];

/// The signal is averaged down to about this many samples a second first; it holds nothing faster than 30 Hz.
const RATE_HZ: usize = 64;

/// Of each second the median over the derivations present of the highest autocorrelation at a lag of one cycle: near 1
/// for a steady rhythm, near 0 for noise.
pub fn rhythms(dataset: &Dataset, seconds: &[Second]) -> Vec<f32> {
    seconds
        .par_iter()
        .map(|second| {
            let stretch = &dataset.stretches[second.stretch];
            let mut window = Vec::new();
            stretch.window_at(second.index * dataset.rate, dataset.rate, &mut window);
            let mut found: Vec<f32> = window
                .chunks_exact(dataset.rate)
                .zip(stretch.present[second.index])
                .filter(|(_, present)| *present)
                .map(|(trace, _)| rhythm(trace))
                .collect();
            found.sort_by(f32::total_cmp);
            found.get(found.len() / 2).copied().unwrap_or(0.0)
        })
        .collect()
}

/// The highest autocorrelation of one trace of a second.
pub fn rhythm(trace: &[f32]) -> f32 {
    let step = (trace.len() / RATE_HZ).max(1);
    let coarse: Vec<f32> =
        trace.chunks_exact(step).map(|part| part.iter().sum::<f32>() / step as f32).collect();
    let mean = coarse.iter().sum::<f32>() / coarse.len().max(1) as f32;
    let centred: Vec<f32> = coarse.iter().map(|value| value - mean).collect();
    let lags = CYCLES_S.map(|cycle| (cycle * coarse.len() as f64).round() as usize);
    (lags[0].max(1)..=lags[1])
        .map(|lag| {
            let (early, late) =
                (&centred[..centred.len().saturating_sub(lag)], &centred[lag.min(centred.len())..]);
            let product: f32 = early.iter().zip(late).map(|(a, b)| a * b).sum();
            let square = |part: &[f32]| part.iter().map(|value| value * value).sum::<f32>();
            product / (square(early) * square(late)).sqrt().max(f32::MIN_POSITIVE)
        })
        .fold(0.0, f32::max)
}
