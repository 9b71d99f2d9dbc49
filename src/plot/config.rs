//! How a window is drawn, written down: a model is only good for the images that it was trained on.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::error::PlotError;
use crate::eeg::DERIVATIONS;

/// Which way a positive voltage deflects the trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// Negative is up, as an EEG screen shows it.
    NegativeUp,
    /// Positive is up, as a physicist's graph shows it.
    PositiveUp,
}

/// How a window of 18 derivations becomes an image.
///
/// The image has `height` rows of `width` bytes; 0 is the background, 255 is full ink. The rows are
/// shared out evenly among the 18 derivations, one *band* of `height / 18` rows (a real number)
/// each. A trace is drawn around the middle of its band: `spacing_uv` microvolts are one band.
///
/// Every field is part of a model's identity; a change of what any of them means raises
/// [`PlotConfig::VERSION`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlotConfig {
    /// Version of this description; another one is refused.
    pub version: u32,
    /// Columns of the image: the time axis, the whole window.
    pub width: u32,
    /// Rows of the image: 18 bands.
    pub height: u32,
    /// Microvolts from the middle of a trace's band to the middle of the next: the gain.
    pub spacing_uv: f32,
    /// A trace saturates this many bands from the middle of its own, and at the image's edge; 0.5
    /// keeps each trace in its band.
    pub overlap_spacings: f32,
    /// Thickness of the line in pixels.
    pub line_width_px: f32,
    /// Which way a positive voltage deflects the trace.
    pub polarity: Polarity,
    /// From the top band to the bottom one: which derivation of [`crate::eeg::DOUBLE_BANANA`] is
    /// drawn there, each index once.
    pub order: [usize; DERIVATIONS],
    /// Under the drawing stand 18 more rows, the *strips*: each is one trace as grey values, in the same order.
    /// [`PlotConfig::STRIP_ZERO`] is 0 uV; from there the grey value rises with the voltage, linearly up to about this
    /// many microvolts and with their logarithm beyond. Without it there are no strips.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strips_uv: Option<f32>,
}

impl Default for PlotConfig {
    /// 128 columns of two samples each, and 160 rows: 8.9 rows a band, so that 11 uV move a trace
    /// by one row. At 100 uV a band, background EEG fills its own band; 2.5 bands of overlap let the
    /// large waves of a seizure be seen as large.
    fn default() -> Self {
        PlotConfig {
            version: Self::VERSION,
            width: 128,
            height: 160,
            spacing_uv: 100.0,
            overlap_spacings: 2.5,
            line_width_px: 1.0,
            polarity: Polarity::NegativeUp,
            order: std::array::from_fn(|band| band),
            strips_uv: None,
        }
    }
}

impl PlotConfig {
    /// The version that this build reads and writes.
    pub const VERSION: u32 = 1;

    /// The largest width and height: far above any network's input, far below what could exhaust
    /// memory.
    pub const MAX_SIDE: u32 = 4096;

    /// The grey value of 0 uV in a strip.
    pub const STRIP_ZERO: u8 = 128;

    /// Grey values from 0 uV to where `asinh(microvolts / strips_uv)` is 1: at 30 uV about one for each microvolt, and
    /// white at 790 uV.
    pub const STRIP_STEPS: f32 = 32.0;

    /// Bytes of one image.
    pub fn pixels(&self) -> usize {
        self.width as usize * self.rows() as usize
    }

    /// Rows of one image: the drawing's, and those of the strips under it.
    pub fn rows(&self) -> u32 {
        self.height + self.strips_uv.map_or(0, |_| DERIVATIONS as u32)
    }

    /// Checks that an image can be drawn like this.
    ///
    /// # Errors
    /// [`PlotError::Config`] with the first field that is out of range.
    pub fn validate(&self) -> Result<(), PlotError> {
        if self.version != Self::VERSION {
            return Err(refused("version", self.version, Self::VERSION));
        }
        if !(1..=Self::MAX_SIDE).contains(&self.width) {
            return Err(refused("width", self.width, format!("1 to {}", Self::MAX_SIDE)));
        }
        let fewest_rows = DERIVATIONS as u32;
        if !(fewest_rows..=Self::MAX_SIDE).contains(&self.height) {
            return Err(refused("height", self.height, format!("{fewest_rows} to {}", Self::MAX_SIDE)));
        }
        // The negations also refuse NaN.
        if !(1e-3..=1e6).contains(&self.spacing_uv) {
            return Err(refused("spacing_uv", self.spacing_uv, "0.001 to 1000000 microvolts"));
        }
        if !(0.5..=DERIVATIONS as f32).contains(&self.overlap_spacings) {
            return Err(refused("overlap_spacings", self.overlap_spacings, format!("0.5 to {DERIVATIONS}")));
        }
        if let Some(bend_uv) = self.strips_uv
            && !(1e-3..=1e6).contains(&bend_uv)
        {
            return Err(refused("strips_uv", bend_uv, "0.001 to 1000000 microvolts"));
        }
        let band = self.height as f32 / DERIVATIONS as f32;
        if !(0.1..=band).contains(&self.line_width_px) {
            let expected = format!("0.1 to {band} pixels (the height of a band)");
            return Err(refused("line_width_px", self.line_width_px, expected));
        }
        let mut drawn = [false; DERIVATIONS];
        for &derivation in &self.order {
            match drawn.get_mut(derivation) {
                Some(seen) if !*seen => *seen = true,
                _ => {
                    let expected = format!("each of 0 to {} once", DERIVATIONS - 1);
                    return Err(refused("order", format!("{:?}", self.order), expected));
                }
            }
        }
        Ok(())
    }
}

fn refused(field: &'static str, found: impl Display, expected: impl Display) -> PlotError {
    PlotError::Config { field, found: found.to_string(), expected: expected.to_string() }
}
