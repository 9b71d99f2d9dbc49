//! Draws a window of EEG as the image that the network sees.
//!
//! The samples of a trace are joined by straight lines; in each column of pixels the trace covers
//! the rows from the line's lowest to its highest point, widened by the thickness of the line. A
//! row that is covered in part gets that part of the ink, so that a shift by a fraction of a row
//! is seen. Where traces overlap the stronger ink counts (the maximum), not the sum: a trace looks
//! the same whoever crosses it, and the result does not depend on the order of drawing.
//!
//! A derivation that is missing leaves its band empty. That is not silence: a flat signal is a
//! horizontal line of full ink.

use super::config::{PlotConfig, Polarity};
use super::error::PlotError;
use super::strips::Strips;
use crate::eeg::DERIVATIONS;

/// Draws windows; keeps its buffers from one to the next.
#[derive(Debug, Clone)]
pub struct Rasteriser {
    width: usize,
    height: usize,
    samples_per_window: usize,
    /// Rows downwards per microvolt.
    rows_per_uv: f32,
    half_line: f32,
    bands: [Band; DERIVATIONS],
    /// `width + 1` places: where the trace crosses from one column into the next.
    edges: Vec<Edge>,
    /// `width + 1` sample indices: column `c` holds the samples from `firsts[c]` to before
    /// `firsts[c + 1]`.
    firsts: Vec<usize>,
    /// The row of each sample of the trace at hand.
    rows: Vec<f32>,
    /// The image with its columns contiguous, because ink is laid down column by column.
    columns: Vec<u8>,
    /// Writes what stands under the drawing.
    strips: Option<Strips>,
}

/// Where one derivation is drawn; rows are real numbers, downwards from the image's top.
#[derive(Debug, Clone, Copy)]
struct Band {
    derivation: usize,
    centre: f32,
    /// The line's middle stays from `top` to `bottom`.
    top: f32,
    bottom: f32,
}

/// A place between two samples of a trace: `left + (right - left) * fraction`.
#[derive(Debug, Clone, Copy)]
struct Edge {
    left: usize,
    right: usize,
    fraction: f32,
}

impl Rasteriser {
    /// The longest window, in samples of one derivation.
    pub const MAX_SAMPLES: usize = 1 << 20;

    /// Prepares for windows of `samples_per_window` samples of each derivation; this need not be a
    /// multiple of the image's width.
    ///
    /// # Errors
    /// [`PlotError`] where the configuration or the window's length cannot be drawn.
    pub fn new(config: &PlotConfig, samples_per_window: usize) -> Result<Rasteriser, PlotError> {
        config.validate()?;
        if !(1..=Self::MAX_SAMPLES).contains(&samples_per_window) {
            return Err(PlotError::WindowLength { found: samples_per_window, max: Self::MAX_SAMPLES });
        }
        let (width, height) = (config.width as usize, config.height as usize);
        let band = config.height as f32 / DERIVATIONS as f32;
        let half_line = config.line_width_px / 2.0;
        let downwards = match config.polarity {
            Polarity::NegativeUp => 1.0,
            Polarity::PositiveUp => -1.0,
        };
        Ok(Rasteriser {
            width,
            height,
            samples_per_window,
            rows_per_uv: downwards * band / config.spacing_uv,
            half_line,
            bands: std::array::from_fn(|place| {
                let centre = (place as f32 + 0.5) * band;
                let reach = config.overlap_spacings * band;
                Band {
                    derivation: config.order[place],
                    centre,
                    // All of the line's thickness stays inside the clip and the image, so a trace
                    // that is present always leaves ink.
                    top: (centre - reach).max(0.0) + half_line,
                    bottom: (centre + reach).min(height as f32) - half_line,
                }
            }),
            edges: (0..=width).map(|column| edge(column, width, samples_per_window)).collect(),
            firsts: (0..=width).map(|column| first_sample(column, width, samples_per_window)).collect(),
            rows: vec![0.0; samples_per_window],
            columns: vec![0; width * height],
            strips: Strips::new(config),
        })
    }

    /// Draws one window.
    ///
    /// `samples`: 18 x `samples_per_window` microvolts, derivation after derivation in the order of
    /// [`crate::eeg::DOUBLE_BANANA`]. `present`: which derivations are drawn; the samples of the
    /// others are not looked at. `image`: [`PlotConfig::rows`] x `width` bytes, row after row from
    /// the top, 0 where there is no ink to 255, then the strips; whatever it held is overwritten.
    ///
    /// A sample that is not a number is a hole in the trace; an infinite one saturates.
    ///
    /// # Panics
    /// If `samples` or `image` has another length.
    pub fn draw(&mut self, samples: &[f32], present: &[bool; DERIVATIONS], image: &mut [u8]) {
        assert_eq!(samples.len(), DERIVATIONS * self.samples_per_window, "samples of a window");
        let strips = if self.strips.is_some() { DERIVATIONS } else { 0 };
        assert_eq!(image.len(), self.width * (self.height + strips), "pixels of an image");
        let (image, under) = image.split_at_mut(self.width * self.height);
        if let Some(strips) = &self.strips {
            strips.write(samples, present, &self.firsts, under);
        }
        self.columns.fill(0);
        for band in self.bands {
            if present[band.derivation] {
                let start = band.derivation * self.samples_per_window;
                self.draw_trace(&samples[start..start + self.samples_per_window], band);
            }
        }
        transpose(&self.columns, self.height, image, self.width);
    }

    fn draw_trace(&mut self, microvolts: &[f32], band: Band) {
        for (row, &value) in self.rows.iter_mut().zip(microvolts) {
            // `clamp` keeps NaN.
            *row = (band.centre + value * self.rows_per_uv).clamp(band.top, band.bottom);
        }
        let rows = &self.rows[..];
        let mut entry = self.edges[0].row(rows);
        let columns = self.columns.chunks_exact_mut(self.height);
        let spans = self.edges[1..].iter().zip(self.firsts.windows(2));
        for (column, (edge, span)) in columns.zip(spans) {
            let exit = edge.row(rows);
            let (mut top, mut bottom) = (f32::INFINITY, f32::NEG_INFINITY);
            for &row in rows[span[0]..span[1]].iter().chain(&[entry, exit]) {
                // Comparisons with NaN are false: a hole widens nothing.
                if row < top {
                    top = row;
                }
                if row > bottom {
                    bottom = row;
                }
            }
            if top <= bottom {
                ink(column, top - self.half_line, bottom + self.half_line);
            }
            entry = exit;
        }
    }
}

impl Edge {
    fn row(self, rows: &[f32]) -> f32 {
        let (left, right) = (rows[self.left], rows[self.right]);
        left + (right - left) * self.fraction
    }
}

/// Sample `i` of `samples` stands at `(i + 1/2) * width / samples` columns: the middle of its share
/// of the window. Column `column` starts at this place among the samples; before the first and
/// behind the last sample the trace holds its value.
fn edge(column: usize, width: usize, samples: usize) -> Edge {
    let last = samples - 1;
    let doubled = (2 * column * samples) as u64;
    let unit = 2 * width as u64;
    let Some(ahead) = doubled.checked_sub(width as u64) else {
        return Edge { left: 0, right: 0, fraction: 0.0 };
    };
    let left = (ahead / unit) as usize;
    if left >= last {
        return Edge { left: last, right: last, fraction: 0.0 };
    }
    Edge { left, right: left + 1, fraction: (ahead % unit) as f32 / unit as f32 }
}

/// The first sample that stands in `column` or behind it.
fn first_sample(column: usize, width: usize, samples: usize) -> usize {
    (2 * column * samples).saturating_sub(width).div_ceil(2 * width).min(samples)
}

/// Lays ink on the rows from `top` to `bottom` of one column, both within it.
fn ink(column: &mut [u8], top: f32, bottom: f32) {
    // Which row holds an end is as good as random, so a branch on it would be mispredicted; where
    // both ends lie in one row, both lines darken it to the same level.
    let (first, last) = (top as u32, bottom as u32);
    darken(column, first, bottom.min((first + 1) as f32) - top);
    darken(column, last, bottom - top.max(last as f32));
    if let Some(covered) = column.get_mut(first as usize + 1..last as usize) {
        covered.fill(u8::MAX);
    }
}

fn darken(column: &mut [u8], row: u32, coverage: f32) {
    if let Some(pixel) = column.get_mut(row as usize) {
        *pixel = (*pixel).max((coverage * 255.0 + 0.5) as u8);
    }
}

/// Turns `width` columns of `height` bytes into `height` rows of `width` bytes.
fn transpose(columns: &[u8], height: usize, image: &mut [u8], width: usize) {
    // A tile of columns stays in the cache while its bytes are spread over the rows.
    const TILE: usize = 16;
    for (tile, columns) in columns.chunks(TILE * height).enumerate() {
        let left = tile * TILE;
        let right = left + columns.len() / height;
        for (row, pixels) in image.chunks_exact_mut(width).enumerate() {
            for (pixel, column) in pixels[left..right].iter_mut().zip(columns.chunks_exact(height)) {
                *pixel = column[row];
            }
        }
    }
}
