//! Lines through many points, whole or in dashes, and the marks that tell curves apart.

use plotters::style::RGBColor;

use super::canvas::{Canvas, colour};
use super::error::PlotError;

/// Points nearer than this to the one before, in pixels, add nothing to a line.
const NEAR: f64 = 0.4;

/// Corners of what passes for a circle.
const ROUND: usize = 24;

/// How one series looks: colour, dashes and mark, each alone enough to tell it from the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub colour: RGBColor,
    /// Lengths in pixels that are drawn and left out in turn; empty is a whole line.
    pub dashes: &'static [f64],
    /// The mark: a regular polygon.
    corners: usize,
    /// Its rotation, in parts of a turn from a corner at the top.
    turn: f64,
}

/// As many series as can be told apart. Yellow is left out: it is lost on white.
const STYLES: [Style; 7] = [
    Style { colour: colour::BLUE, dashes: &[], corners: ROUND, turn: 0.0 },
    Style { colour: colour::VERMILLION, dashes: &[18.0, 8.0], corners: 4, turn: 0.125 },
    Style { colour: colour::GREEN, dashes: &[5.0, 6.0], corners: 3, turn: 0.0 },
    Style { colour: colour::PURPLE, dashes: &[22.0, 7.0, 5.0, 7.0], corners: 4, turn: 0.0 },
    Style { colour: colour::ORANGE, dashes: &[11.0, 5.0], corners: 3, turn: 0.5 },
    Style { colour: colour::SKY, dashes: &[32.0, 9.0], corners: 6, turn: 0.0 },
    Style { colour: colour::INK, dashes: &[20.0, 6.0, 5.0, 6.0, 5.0, 6.0], corners: 5, turn: 0.0 },
];

impl Style {
    /// The style of a series by its number; after the last the colours come again with other dashes and marks.
    pub fn of(number: usize) -> Style {
        let round = number / STYLES.len();
        let colour = STYLES[number % STYLES.len()].colour;
        Style { colour, ..STYLES[(number + round) % STYLES.len()] }
    }
}

impl Canvas<'_> {
    /// A line through points in any order, with round bends. `dashes` are lengths in pixels that are
    /// drawn and left out in turn, all along the line; empty is a whole line.
    pub fn path(
        &self,
        points: &[(f64, f64)],
        thickness: f64,
        colour: RGBColor,
        dashes: &[f64],
    ) -> Result<(), PlotError> {
        let mut points = points.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).peekable();
        let Some(mut from) = points.next() else { return Ok(()) };
        let mut lengths = dashes.iter().copied().filter(|length| *length > 0.0).cycle();
        let mut left = lengths.next().unwrap_or(f64::INFINITY);
        let mut drawn = true;
        while let Some(to) = points.next() {
            let length = (to.0 - from.0).hypot(to.1 - from.1);
            if length < NEAR && points.peek().is_some() {
                continue;
            }
            let at = |distance: f64| {
                let part = if length > 0.0 { distance / length } else { 1.0 };
                (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
            };
            let mut done = 0.0;
            while done < length {
                let end = (done + left).min(length);
                if drawn {
                    self.line(at(done), at(end), thickness, colour)?;
                }
                left -= end - done;
                done = end;
                // What rounding leaves of a dash would be drawn for ever.
                if left <= 1e-6 {
                    left = lengths.next().unwrap_or(f64::INFINITY);
                    drawn = !drawn;
                }
            }
            if drawn && points.peek().is_some() {
                self.polygon(&regular(to, thickness / 2.0, ROUND, 0.0), colour)?;
            }
            from = to;
        }
        Ok(())
    }

    /// A straight line of dashes.
    pub fn dashes(
        &self,
        from: (f64, f64),
        to: (f64, f64),
        thickness: f64,
        colour: RGBColor,
    ) -> Result<(), PlotError> {
        self.path(&[from, to], thickness, colour, &[5.0, 3.0])
    }

    /// The mark of a style, set off from what lies below it; `radius` in pixels.
    pub fn mark(&self, at: (f64, f64), radius: f64, style: Style) -> Result<(), PlotError> {
        // Of polygons of one radius, those with fewer corners look smaller.
        let radius = if style.corners < 5 { radius * 1.2 } else { radius };
        let white = plotters::style::WHITE;
        self.polygon(&regular(at, radius + 2.0, style.corners, style.turn), white)?;
        self.polygon(&regular(at, radius, style.corners, style.turn), style.colour)
    }
}

fn regular(centre: (f64, f64), radius: f64, corners: usize, turn: f64) -> Vec<(f64, f64)> {
    (0..corners)
        .map(|corner| {
            let angle = (corner as f64 / corners as f64 + turn) * std::f64::consts::TAU;
            (centre.0 + radius * angle.sin(), centre.1 - radius * angle.cos())
        })
        .collect()
}
