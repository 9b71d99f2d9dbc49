//! The axis of a chart: from values to pixels, its ticks and its name.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, Face, Rect, colour};
use super::error::PlotError;
use super::ticks;

/// Pixels between a logarithmic axis's place for zero and its lowest value.
const BREAK: f64 = 26.0;
/// Pixels of a logarithmic axis's place for zero.
const ZERO: f64 = 96.0;
const ZERO_GROUND: RGBColor = RGBColor(244, 244, 244);
const TICK: f64 = 22.0;
const NAME: f64 = 24.0;

/// An axis of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub(super) name: String,
    low: f64,
    high: f64,
    scale: Scale,
    percent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Scale {
    Linear,
    /// With a place of its own for zero, which has no logarithm.
    Logarithmic {
        zero: bool,
    },
}

impl Axis {
    /// An axis of shares from 0 to 1, marked in per cent.
    pub fn shares(name: impl Into<String>) -> Axis {
        Axis { percent: true, ..Axis::linear(name, 0.0, 1.0) }
    }

    /// A linear axis from `low` to `high`, in the unit that its name tells.
    pub fn linear(name: impl Into<String>, low: f64, high: f64) -> Axis {
        Axis { name: name.into(), low, high, scale: Scale::Linear, percent: false }
    }

    /// A logarithmic axis that holds all of the values, in the unit that its name tells. Zeros, and what is
    /// below, are shown at its left edge, in a place of their own; what is no number is left out.
    pub fn logarithmic(name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Axis {
        let (mut low, mut high, mut zero) = (f64::INFINITY, 0.0_f64, false);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            if value > 0.0 {
                (low, high) = (low.min(value), high.max(value));
            } else {
                zero = true;
            }
        }
        if high == 0.0 {
            (low, high) = (0.1, 10.0);
        }
        // A curve that ended in a corner of the chart would be hard to see.
        let (low, high) = (ticks::round_down(low / 1.1), ticks::round_up(high * 1.1));
        let high = if high < low * 10.0 { low * 10.0 } else { high };
        Axis { name: name.into(), low, high, scale: Scale::Logarithmic { zero }, percent: false }
    }

    /// Where the axis begins, in its place for zero if it has one, and where it ends.
    pub fn ends(&self) -> (f64, f64) {
        let apart = self.scale == (Scale::Logarithmic { zero: true });
        (if apart { 0.0 } else { self.low }, self.high)
    }

    /// Checks that the axis can be drawn.
    pub(super) fn check(&self) -> Result<(), PlotError> {
        let positive = self.scale == Scale::Linear || self.low > 0.0;
        if self.low.is_finite() && self.high.is_finite() && self.low < self.high && positive {
            return Ok(());
        }
        Err(PlotError::Figure {
            what: "an axis",
            found: format!("{} from {} to {}", self.name, self.low, self.high),
            expected: "two numbers, the first one lower, above zero on a logarithmic axis".into(),
        })
    }

    /// Whether the value lies in the place for zero, apart from all others.
    pub(super) fn is_apart(&self, value: f64) -> bool {
        matches!(self.scale, Scale::Logarithmic { .. }) && value <= 0.0
    }

    /// The pixel of a value between `start` and `end`; beyond the axis, its edge. `lane` from 0 to 1 says where
    /// in the place for zero a zero goes.
    pub(super) fn place(&self, value: f64, (start, end): (f64, f64), lane: f64) -> f64 {
        let part = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Logarithmic { zero } => {
                if self.is_apart(value) {
                    return if zero { start + lane * ZERO } else { start };
                }
                (value / self.low).ln() / (self.high / self.low).ln()
            }
        };
        let start = start + self.zero_width();
        start + part.clamp(0.0, 1.0) * (end - start)
    }

    fn zero_width(&self) -> f64 {
        if self.scale == (Scale::Logarithmic { zero: true }) { ZERO + BREAK } else { 0.0 }
    }

    fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => ticks::linear(self.low, self.high),
            Scale::Logarithmic { .. } => ticks::logarithmic(self.low, self.high),
        }
    }

    fn label(&self, value: f64) -> String {
        if self.percent { format!("{} %", ticks::number(value * 100.0)) } else { ticks::number(value) }
    }

    /// Draws the axis below a panel.
    pub(super) fn draw_below(&self, canvas: &Canvas<'_>, panel: Rect) -> Result<(), PlotError> {
        let face = Face::new(TICK, colour::INK).align(Align::Middle);
        for value in self.ticks() {
            let x = self.place(value, (panel.left, panel.right), 0.0);
            canvas.line((x, panel.bottom), (x, panel.bottom + 8.0), 2.0, colour::INK)?;
            canvas.text(&self.label(value), (x, panel.bottom + 34.0), face)?;
        }
        let axis = panel.left + self.zero_width();
        if axis > panel.left {
            canvas.text("0", (panel.left + ZERO / 2.0, panel.bottom + 34.0), face)?;
            canvas.line((panel.left, panel.bottom), (panel.left + ZERO, panel.bottom), 2.0, colour::INK)?;
        }
        canvas.line((axis, panel.bottom), (panel.right, panel.bottom), 2.0, colour::INK)?;
        let name = Face::new(NAME, colour::INK).align(Align::Middle);
        let text = canvas.fitted(&self.name, name, panel.width() + 200.0);
        canvas.text(&text, ((panel.left + panel.right) / 2.0, panel.bottom + 78.0), name)
    }

    /// Draws the upright lines of an axis below a panel.
    pub(super) fn draw_uprights(&self, canvas: &Canvas<'_>, panel: Rect) -> Result<(), PlotError> {
        if self.zero_width() > 0.0 {
            canvas.fill(Rect { right: panel.left + ZERO, ..panel }, ZERO_GROUND)?;
        }
        for value in self.ticks() {
            let x = self.place(value, (panel.left, panel.right), 0.0);
            canvas.line((x, panel.top), (x, panel.bottom), 1.4, colour::GRID)?;
        }
        Ok(())
    }

    /// Draws the level lines of an axis left of a panel.
    pub(super) fn draw_levels(&self, canvas: &Canvas<'_>, panel: Rect) -> Result<(), PlotError> {
        self.ticks().into_iter().try_for_each(|value| {
            let y = self.place(value, (panel.bottom, panel.top), 0.0);
            canvas.line((panel.left, y), (panel.right, y), 1.4, colour::GRID)
        })
    }

    /// Draws the axis left of a panel.
    pub(super) fn draw_beside(&self, canvas: &Canvas<'_>, panel: Rect) -> Result<(), PlotError> {
        let face = Face::new(TICK, colour::INK).align(Align::End).centred();
        for value in self.ticks() {
            let y = self.place(value, (panel.bottom, panel.top), 0.0);
            canvas.line((panel.left - 8.0, y), (panel.left, y), 2.0, colour::INK)?;
            canvas.text(&self.label(value), (panel.left - 14.0, y), face)?;
        }
        canvas.line((panel.left, panel.top), (panel.left, panel.bottom), 2.0, colour::INK)?;
        let name = Face::new(NAME, colour::INK).align(Align::Middle).upwards();
        let text = canvas.fitted(&self.name, name, panel.height() + 60.0);
        canvas.text(&text, (panel.left - 106.0, (panel.top + panel.bottom) / 2.0), name)
    }
}
