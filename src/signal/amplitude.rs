//! Whether EEG is as large as EEG is: a unit that is wrong, in a file's header or a stream's description, shows in
//! nothing else.

use std::collections::VecDeque;

use super::window::Window;
use crate::eeg::DERIVATIONS;

/// Root mean squares in microvolts that EEG of a head may have; generously, for what lies outside is told as a mistake.
const LIKELY_UV: std::ops::RangeInclusive<f64> = 0.5..=2_000.0;

/// The size of what was judged, summed up window by window.
#[derive(Debug, Clone, Default)]
pub struct Amplitude {
    squares: [f64; DERIVATIONS],
    samples: [u64; DERIVATIONS],
}

impl Amplitude {
    /// Takes a window; what is absent in it does not count.
    pub fn add(&mut self, window: &Window) {
        for (d, _) in window.present.iter().enumerate().filter(|(_, present)| **present) {
            let trace = window.derivation(d);
            self.squares[d] += trace.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>();
            self.samples[d] += trace.len() as u64;
        }
    }

    /// The median over derivations of their root mean square, in microvolts; `None` before the first sample.
    pub fn median_uv(&self) -> Option<f64> {
        let mut sizes: Vec<f64> = self
            .squares
            .iter()
            .zip(&self.samples)
            .filter(|(_, samples)| **samples > 0)
            .map(|(squares, samples)| (squares / *samples as f64).sqrt())
            .collect();
        sizes.sort_by(f64::total_cmp);
        sizes.get(sizes.len() / 2).copied()
    }

    /// What to tell where no head gives EEG of this size.
    pub fn unlikely(&self) -> Option<String> {
        unlikely(self.median_uv()?, "the header")
    }
}

/// Over how many seconds the size of a stream is looked at.
const RECENT_S: usize = 60;

/// How many of them must be known.
const ENOUGH_S: usize = 30;

/// The size of a stream's latest seconds. The median of them is taken: a moment in which electrodes are plugged in is
/// larger than minutes of EEG.
#[derive(Debug, Clone, Default)]
pub struct RecentAmplitude {
    /// Of each second the median over derivations of their root mean square, in microvolts.
    seconds_uv: VecDeque<f64>,
}

impl RecentAmplitude {
    /// Takes a second; one of which less than half of the derivations is left says nothing of the unit.
    pub fn add(&mut self, window: &Window) {
        if 2 * window.absent() > DERIVATIONS {
            return;
        }
        let mut second = Amplitude::default();
        second.add(window);
        if let Some(size_uv) = second.median_uv() {
            self.seconds_uv.push_back(size_uv);
            self.seconds_uv.drain(..self.seconds_uv.len().saturating_sub(RECENT_S));
        }
    }

    /// What to tell where no head gives EEG of the size that most of the latest seconds have.
    pub fn unlikely(&self) -> Option<String> {
        if self.seconds_uv.len() < ENOUGH_S {
            return None;
        }
        let mut sizes: Vec<f64> = self.seconds_uv.iter().copied().collect();
        sizes.sort_by(f64::total_cmp);
        unlikely(sizes[sizes.len() / 2], "the stream")
    }
}

/// What to tell of EEG of a size, where no head gives it; `named_in` says where its unit is named.
fn unlikely(median_uv: f64, named_in: &str) -> Option<String> {
    (!LIKELY_UV.contains(&median_uv)).then(|| {
        format!(
            "the EEG measures {} uV (root mean square, median over derivations); expected {} to {} uV; the unit in \
             {named_in} is likely wrong, and then what is found here means nothing",
            three_digits(median_uv),
            LIKELY_UV.start(),
            LIKELY_UV.end()
        )
    })
}

/// A positive number with three digits that count.
fn three_digits(value: f64) -> String {
    let decimals = (2.0 - value.max(1e-9).log10().floor()).clamp(0.0, 9.0);
    format!("{value:.*}", decimals as usize)
}
