//! One second in numbers: how long, strong, fast, regular and alike the traces of its derivations are.
//!
//! The image shows a network what an EEG screen shows a person; these numbers say what a filter bank and an
//! autocorrelation say. They know of no electrode's place, so a window and its mirror image have the same ones.

use std::f64::consts::TAU;

use super::error::ModelError;
use crate::eeg::DERIVATIONS;

/// How many numbers describe a second.
pub const RHYTHM_FEATURES: usize = OF_A_TRACE * POOLED + 2;

/// Numbers of each trace: line length, amplitude, the power of six bands, mean frequency, entropy and highest share of
/// the spectrum, autocorrelation at one cycle, peakedness.
const OF_A_TRACE: usize = 13;

/// What is told of each over the derivations: mean, deviation, lowest, lower and upper quartile, highest.
const POOLED: usize = 6;

/// Bands of the spectrum in whole hertz, the first within and the last beyond.
const BANDS_HZ: [(usize, usize); 6] = [(1, 3), (3, 5), (5, 8), (8, 13), (13, 20), (20, 31)];

/// The spectrum is looked at from 1 Hz to this one, the upper end of the usual band-pass.
const HIGHEST_HZ: usize = 30;

/// The autocorrelation is looked for in about this many samples a second, at lags of 5 to 32 of them: 2 to 13 Hz.
const COARSE_HZ: usize = 64;
const LAGS: std::ops::RangeInclusive<usize> = 5..=32;

/// Describes windows of one length.
#[derive(Debug, Clone)]
pub struct RhythmReader {
    rate: usize,
    /// For each frequency the Hann window times cosine and sine.
    waves: Vec<[Vec<f32>; 2]>,
}

impl RhythmReader {
    /// For windows of so many samples of each derivation, one second long.
    ///
    /// # Errors
    /// [`ModelError::Shape`] for fewer than 64 samples, too few for the highest frequency.
    pub fn new(rate: usize) -> Result<RhythmReader, ModelError> {
        if rate < COARSE_HZ {
            return Err(ModelError::Shape {
                expected: format!("windows of {COARSE_HZ} samples or more"),
                found: format!("{rate} samples"),
            });
        }
        let wave = |hertz: usize, of: fn(f64) -> f64| -> Vec<f32> {
            (0..rate)
                .map(|i| {
                    let hann = 0.5 - 0.5 * (TAU * i as f64 / (rate - 1) as f64).cos();
                    (hann * of(TAU * (hertz * i) as f64 / rate as f64)) as f32
                })
                .collect()
        };
        let waves = (1..=HIGHEST_HZ).map(|hertz| [wave(hertz, f64::cos), wave(hertz, f64::sin)]).collect();
        Ok(RhythmReader { rate, waves })
    }

    /// The numbers of a window: `samples` holds the 18 derivations in microvolts, one after the other. Absent ones are not
    /// looked at; without any, all numbers are 0.
    pub fn features(&self, samples: &[f32], present: &[bool; DERIVATIONS]) -> [f32; RHYTHM_FEATURES] {
        let traces: Vec<&[f32]> = samples
            .chunks_exact(self.rate)
            .zip(present)
            .filter(|(_, there)| **there)
            .map(|(trace, _)| trace)
            .collect();
        let mut features = [0.0; RHYTHM_FEATURES];
        if traces.is_empty() {
            return features;
        }
        let coarse: Vec<Vec<f32>> = traces.iter().map(|trace| self.coarse(trace)).collect();
        let numbers: Vec<[f32; OF_A_TRACE]> =
            traces.iter().zip(&coarse).map(|(trace, coarse)| self.of_trace(trace, coarse)).collect();
        for number in 0..OF_A_TRACE {
            let mut values: Vec<f32> = numbers.iter().map(|of_trace| of_trace[number]).collect();
            values.sort_by(f32::total_cmp);
            let last = values.len() - 1;
            let at = |seventeenths: usize| values[(seventeenths * last + 8) / 17];
            let (mean, deviation) = mean_and_deviation(&values);
            for (place, value) in [mean, deviation, at(0), at(4), at(13), at(17)].into_iter().enumerate() {
                features[place * OF_A_TRACE + number] = value;
            }
        }
        features[OF_A_TRACE * POOLED] = likeness(&coarse);
        let lengths: Vec<f32> = numbers.iter().map(|of_trace| of_trace[0]).collect();
        features[OF_A_TRACE * POOLED + 1] = (mean_and_deviation(&lengths).1 + 1e-3).ln();
        features
    }

    fn of_trace(&self, trace: &[f32], coarse: &[f32]) -> [f32; OF_A_TRACE] {
        let length: f32 = trace.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
        let (mean, deviation) = mean_and_deviation(trace);
        let fourth = trace.iter().map(|x| (x - mean).powi(4)).sum::<f32>() / trace.len() as f32;
        let power: Vec<f32> = self
            .waves
            .iter()
            .map(|wave| wave.iter().map(|part| dot(part, trace).powi(2)).sum::<f32>())
            .collect();
        let total = power.iter().sum::<f32>() + 1e-3;
        let share = || power.iter().map(|power| power / total);
        let mut numbers = [0.0; OF_A_TRACE];
        numbers[0] = length.ln_1p();
        numbers[1] = deviation.ln_1p();
        for (number, (from, to)) in numbers[2..].iter_mut().zip(BANDS_HZ) {
            *number = (power[from - 1..to - 1].iter().sum::<f32>() + 0.1).ln();
        }
        numbers[8] = share().zip(1u8..).map(|(share, hertz)| share * f32::from(hertz)).sum();
        numbers[9] = -share().map(|share| share * (share + 1e-9).ln()).sum::<f32>();
        numbers[10] = share().fold(0.0, f32::max);
        numbers[11] = repetition(coarse);
        numbers[12] = (fourth / (deviation * deviation + 1e-3).powi(2) + 1.0).ln();
        numbers
    }

    /// The trace averaged down, less its mean.
    fn coarse(&self, trace: &[f32]) -> Vec<f32> {
        let step = self.rate / COARSE_HZ;
        let mut coarse: Vec<f32> =
            trace.chunks_exact(step).map(|part| part.iter().sum::<f32>() / step as f32).collect();
        let mean = coarse.iter().sum::<f32>() / coarse.len() as f32;
        coarse.iter_mut().for_each(|value| *value -= mean);
        coarse
    }
}

/// The highest autocorrelation at a lag of one cycle; 0 for what never repeats itself.
fn repetition(coarse: &[f32]) -> f32 {
    LAGS.filter(|lag| *lag < coarse.len())
        .map(|lag| {
            let (early, late) = (&coarse[..coarse.len() - lag], &coarse[lag..]);
            dot(early, late) / (dot(early, early) * dot(late, late) + 1e-6).sqrt()
        })
        .fold(0.0, f32::max)
}

/// The mean absolute correlation of two derivations; 0 for one alone.
fn likeness(coarse: &[Vec<f32>]) -> f32 {
    let lengths: Vec<f32> = coarse.iter().map(|trace| dot(trace, trace).sqrt() + 1e-3).collect();
    let (mut sum, mut pairs) = (0.0, 0.0f32);
    for i in 1..coarse.len() {
        for j in 0..i {
            sum += (dot(&coarse[i], &coarse[j]) / (lengths[i] * lengths[j])).abs();
            pairs += 1.0;
        }
    }
    sum / pairs.max(1.0)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn mean_and_deviation(values: &[f32]) -> (f32, f32) {
    let count = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / count;
    let square = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
    (mean, square.sqrt())
}
