//! Whether a recording's EEG is as large as EEG is: a unit that is wrong in the header shows in nothing else.

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
        let median_uv = self.median_uv().filter(|size| !LIKELY_UV.contains(size))?;
        Some(format!(
            "the EEG measures {} uV (root mean square, median over derivations); expected {} to {} uV; the unit in the \
             header is likely wrong, and then what is found here means nothing",
            three_digits(median_uv),
            LIKELY_UV.start(),
            LIKELY_UV.end()
        ))
    }
}

/// A positive number with three digits that count.
fn three_digits(value: f64) -> String {
    let decimals = (2.0 - value.max(1e-9).log10().floor()).clamp(0.0, 9.0);
    format!("{value:.*}", decimals as usize)
}
