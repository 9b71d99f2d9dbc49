//! One second of EEG being drawn up.

use std::ops::Range;

use super::head::{ELECTRODES, Weights};

/// A second of all electrodes, in microvolts.
pub(super) struct Sheet {
    /// The second, counted from the stream's start.
    pub second: u64,
    /// Samples per second.
    pub rate: usize,
    /// Electrode after electrode.
    samples: Vec<f32>,
    /// A row that is being made.
    scratch: Vec<f32>,
}

impl Sheet {
    pub fn new(rate: usize) -> Sheet {
        Sheet { second: 0, rate, samples: vec![0.0; ELECTRODES * rate], scratch: Vec::new() }
    }

    /// An empty sheet for another second.
    pub fn clear(&mut self, second: u64) {
        self.second = second;
        self.samples.fill(0.0);
    }

    /// The samples of one electrode.
    pub fn row(&mut self, electrode: usize) -> &mut [f32] {
        &mut self.samples[electrode * self.rate..(electrode + 1) * self.rate]
    }

    /// All samples, electrode after electrode.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// Frames of this second that lie within a stretch of time.
    pub fn frames(&self, begin_s: f64, end_s: f64) -> Range<usize> {
        let frame =
            |t: f64| ((t - self.second as f64) * self.rate as f64).ceil().clamp(0.0, self.rate as f64);
        let (first, end) = (frame(begin_s) as usize, frame(end_s) as usize);
        first..end.max(first)
    }

    /// Seconds from `origin_s` to the first frame of this second.
    pub fn since(&self, origin_s: f64) -> f64 {
        self.second as f64 - origin_s
    }

    /// Has a row made for some frames, which start at zero, and adds it to each electrode by weight.
    pub fn add(&mut self, frames: Range<usize>, weights: &Weights, make: impl FnOnce(&mut [f32])) {
        if frames.is_empty() {
            return;
        }
        self.scratch.clear();
        self.scratch.resize(frames.len(), 0.0);
        make(&mut self.scratch);
        for (row, &weight) in self.samples.chunks_exact_mut(self.rate).zip(weights) {
            if weight.abs() > 1e-3 {
                for (out, made) in row[frames.clone()].iter_mut().zip(&self.scratch) {
                    *out += weight * made;
                }
            }
        }
    }
}
