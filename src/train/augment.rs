//! Variations of a window that EEG allows, and its image.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::error::TrainError;
use crate::dataset::{Dataset, Second};
use crate::eeg::{DERIVATIONS, mirror_window};
use crate::plot::{PlotConfig, Rasteriser};
use crate::signal::MAX_MISSING;

/// How far a training image may differ from its second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// The window starts up to this many seconds earlier or later, within its stretch.
    pub shift_s: f64,
    /// Standard deviation of the natural logarithm of the gain: skulls and electrodes differ.
    pub log_gain: f64,
    /// Share of the images with left and right exchanged.
    pub mirror: f64,
    /// Share of the images that run backwards in time.
    pub reverse: f64,
    /// Share of the images that lack derivations (1 to 6 more than the recording lacks).
    pub missing: f64,
}

impl Default for Augmentation {
    fn default() -> Self {
        Augmentation { shift_s: 0.45, log_gain: 0.05, mirror: 0.5, reverse: 0.5, missing: 0.1 }
    }
}

/// What an image shows, before it is varied.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The second.
    pub second: Second,
    /// How many times as large as it is.
    pub size: f32,
    /// Microvolts that are added to it, one for each sample.
    pub added: Option<&'a [f32]>,
}

/// Draws seconds as images.
pub struct Painter {
    rasteriser: Rasteriser,
    rate: usize,
    window: Vec<f32>,
}

impl Painter {
    /// Prepares to draw windows of `rate` samples per derivation.
    ///
    /// # Errors
    /// [`TrainError::Plot`] where the image cannot be drawn.
    pub fn new(plot: &PlotConfig, rate: usize) -> Result<Painter, TrainError> {
        Ok(Painter { rasteriser: Rasteriser::new(plot, rate)?, rate, window: Vec::new() })
    }

    /// Draws a second without variation.
    fn draw(&mut self, dataset: &Dataset, shown: Shown<'_>, image: &mut [u8]) {
        let stretch = &dataset.stretches[shown.second.stretch];
        self.take(dataset, shown, shown.second.index * self.rate);
        self.rasteriser.draw(&self.window, &stretch.present[shown.second.index], image);
    }

    /// Takes the second that begins at a sample of its stretch, with its size and what is added.
    fn take(&mut self, dataset: &Dataset, Shown { second, size, added }: Shown<'_>, start: usize) {
        dataset.stretches[second.stretch].window_at(start, self.rate, &mut self.window);
        self.window.iter_mut().for_each(|sample| *sample *= size);
        for (sample, added) in self.window.iter_mut().zip(added.into_iter().flatten()) {
            *sample += added;
        }
    }

    /// Draws a variation of a second.
    pub fn draw_varied(
        &mut self,
        dataset: &Dataset,
        shown: Shown<'_>,
        augmentation: &Augmentation,
        rng: &mut impl Rng,
        image: &mut [u8],
    ) {
        let second = shown.second;
        let stretch = &dataset.stretches[second.stretch];
        let mut present = stretch.present[second.index];
        let most = (augmentation.shift_s * self.rate as f64) as i64;
        let shift = rng.random_range(-most..=most);
        let last = ((stretch.seconds() - 1) * self.rate) as i64;
        let start = ((second.index * self.rate) as i64 + shift).clamp(0, last) as usize;
        // A neighbouring second that lacks a derivation would lend zeros to a trace.
        for neighbour in [start / self.rate, start.div_ceil(self.rate)] {
            for (d, there) in present.iter_mut().enumerate() {
                *there &= stretch.present[neighbour][d];
            }
        }
        if present.iter().filter(|there| !**there).count() > MAX_MISSING {
            return self.draw(dataset, shown, image);
        }
        self.take(dataset, shown, start);

        let gain = (augmentation.log_gain * normal(rng)).exp() as f32;
        self.window.iter_mut().for_each(|sample| *sample *= gain);
        if rng.random_bool(augmentation.reverse) {
            self.window.chunks_exact_mut(self.rate).for_each(<[f32]>::reverse);
        }
        if rng.random_bool(augmentation.mirror) {
            let traces = self.window.clone();
            present = mirror_window(&traces, &present, &mut self.window);
        }
        if rng.random_bool(augmentation.missing) {
            let lacking = present.iter().filter(|there| !**there).count();
            if lacking < MAX_MISSING {
                for _ in 0..rng.random_range(1..=MAX_MISSING - lacking) {
                    present[rng.random_range(0..DERIVATIONS)] = false;
                }
            }
        }
        self.rasteriser.draw(&self.window, &present, image);
    }
}

/// A standard normal number (Box and Muller 1958).
fn normal(rng: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.random::<f64>()).cos()
}
