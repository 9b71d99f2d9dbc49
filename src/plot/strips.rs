//! Traces as grey values: under the drawing, one row of pixels for each derivation.
//!
//! In the drawing, large traces cross each other and saturate, and small ones move less than a row. A strip keeps
//! each trace apart from all others, and nearly as exact as it was measured.

use super::config::PlotConfig;
use crate::eeg::DERIVATIONS;

/// Writes strips.
#[derive(Debug, Clone)]
pub(super) struct Strips {
    bend_uv: f32,
    order: [usize; DERIVATIONS],
}

impl Strips {
    /// `None` where the configuration asks for none.
    pub(super) fn new(config: &PlotConfig) -> Option<Strips> {
        config.strips_uv.map(|bend_uv| Strips { bend_uv, order: config.order })
    }

    /// Writes 18 rows of `firsts.len() - 1` pixels, in the order of the bands. Column `c` is the mean of the samples from
    /// `firsts[c]` to before `firsts[c + 1]`, or the one there where there are none. A missing derivation and a hole in
    /// a trace read as 0 uV.
    pub(super) fn write(
        &self,
        samples: &[f32],
        present: &[bool; DERIVATIONS],
        firsts: &[usize],
        rows: &mut [u8],
    ) {
        let length = samples.len() / DERIVATIONS;
        let width = firsts.len() - 1;
        for (row, derivation) in rows.chunks_exact_mut(width).zip(self.order) {
            if !present[derivation] {
                row.fill(PlotConfig::STRIP_ZERO);
                continue;
            }
            let trace = &samples[derivation * length..(derivation + 1) * length];
            for (pixel, span) in row.iter_mut().zip(firsts.windows(2)) {
                let first = span[0].min(length - 1);
                let column = &trace[first..span[1].max(first + 1)];
                let (sum, count) = column
                    .iter()
                    .filter(|value| !value.is_nan())
                    .fold((0.0_f32, 0.0_f32), |(sum, count), value| (sum + value, count + 1.0));
                *pixel = self.grey(sum / count);
            }
        }
    }

    /// Linear around 0 uV, logarithmic beyond the bend.
    fn grey(&self, microvolts: f32) -> u8 {
        if microvolts.is_nan() {
            return PlotConfig::STRIP_ZERO;
        }
        let steps = PlotConfig::STRIP_STEPS * (microvolts / self.bend_uv).asinh();
        // From 1 to 255, as far below as above.
        (f32::from(PlotConfig::STRIP_ZERO) + steps.clamp(-127.0, 127.0)).round() as u8
    }
}
