//! Bars with names, one below the other, as many as there are.

use super::axis::Axis;
use super::canvas::{Align, Canvas, Face, Rect, colour, paint, tint};
use super::chart::{GUIDE_DASHES, MARGIN, WIDTH, draw_heading, draw_whisker};
use super::error::PlotError;
use super::path::Style;
use super::picture::Picture;

/// Bars with names.
#[derive(Debug, Clone, PartialEq)]
pub struct BarChart {
    /// What is to be seen.
    pub title: String,
    /// A line below it. May be empty.
    pub subtitle: String,
    /// From left to right.
    pub axis: Axis,
    /// Where the bars begin, in the axis' unit, and what that is.
    pub base: (f64, String),
    /// A bar that stands for all others, above them.
    pub summary: Option<Bar>,
    /// The bars from top to bottom.
    pub bars: Vec<Bar>,
    /// What the bars are, for the legend.
    pub name: String,
    /// What the bars are that are marked, for the legend.
    pub marked: String,
    /// Names of the styles of [`Bar::others`], for the legend.
    pub others: Vec<(usize, String)>,
}

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Whose it is.
    pub name: String,
    /// Where it ends, in the axis' unit; no number: no bar is drawn.
    pub value: f64,
    /// The same as it is to be read.
    pub label: String,
    /// Lower and upper end of its interval.
    pub interval: Option<[f64; 2]>,
    /// Whether it is pointed out.
    pub marked: bool,
    /// What others have in its place, each with the number of its style.
    pub others: Vec<(usize, f64)>,
}

/// The most bars that are drawn.
const MOST: usize = 400;
/// Bars that are drawn at a time, so that a long figure is never in memory at its drawing size.
const AT_A_TIME: usize = 25;
const HEADER: f64 = 120.0;
const ROW: f64 = 40.0;
const BAR: f64 = 22.0;
const NAMES: f64 = 280.0;
const LABELS: f64 = 340.0;
const AXIS: f64 = 112.0;
const ENTRY: f64 = 40.0;

/// Draws a bar chart, 1400 pixels wide and as high as its bars need: about 350 pixels and 40 for each
/// bar. Of more than 400 bars the first are drawn, and the subtitle says so.
///
/// # Errors
/// [`PlotError::Figure`] where the axis has no length.
pub fn draw_bar_chart(chart: &BarChart) -> Result<Picture, PlotError> {
    chart.axis.check()?;
    let shown = &chart.bars[..chart.bars.len().min(MOST)];
    let subtitle = match chart.bars.len() - shown.len() {
        0 => chart.subtitle.clone(),
        more => format!("{more} more do not fit on this page; {}", chart.subtitle),
    };
    let wide = WIDTH as u32;
    let mut parts = vec![paint(wide, HEADER as u32, |canvas| draw_heading(canvas, &chart.title, &subtitle))?];
    let summary = chart.summary.as_slice();
    for rows in std::iter::once(summary).chain(shown.chunks(AT_A_TIME)).filter(|rows| !rows.is_empty()) {
        let height = rows.len() as f64 * ROW;
        parts.push(paint(wide, height as u32, |canvas| chart.draw_rows(canvas, rows))?);
    }
    let height = AXIS + chart.legend_rows() as f64 * ENTRY + 12.0;
    parts.push(paint(wide, height as u32, |canvas| {
        chart.axis.draw_below(canvas, panel(0.0))?;
        chart.draw_legend(canvas)
    })?);
    Ok(Picture::stacked(parts))
}

/// Where bars are, in a part of the figure of this height.
fn panel(height: f64) -> Rect {
    Rect::new(NAMES, 0.0, WIDTH - LABELS, height)
}

impl BarChart {
    fn x(&self, value: f64) -> f64 {
        let panel = panel(0.0);
        self.axis.place(value, (panel.left, panel.right), 0.0)
    }

    fn draw_rows(&self, canvas: &Canvas<'_>, rows: &[Bar]) -> Result<(), PlotError> {
        let panel = panel(rows.len() as f64 * ROW);
        self.axis.draw_uprights(canvas, panel)?;
        for (at, bar) in rows.iter().enumerate() {
            let middle = (at as f64 + 0.5) * ROW;
            let is_summary = self.summary.as_ref().is_some_and(|summary| std::ptr::eq(summary, bar));
            self.draw_bar(canvas, bar, middle, is_summary)?;
        }
        let base = self.x(self.base.0);
        canvas.path(&[(base, 0.0), (base, panel.bottom)], 2.4, colour::QUIET, &GUIDE_DASHES)
    }

    fn draw_bar(
        &self,
        canvas: &Canvas<'_>,
        bar: &Bar,
        middle: f64,
        is_summary: bool,
    ) -> Result<(), PlotError> {
        let face = Face::new(22.0, colour::INK).centred();
        let face = if bar.marked || is_summary { face.bold() } else { face };
        let name = canvas.fitted(&bar.name, face, NAMES - MARGIN - 16.0);
        canvas.text(&name, (NAMES - 16.0, middle), face.align(Align::End))?;
        let label = canvas.fitted(&bar.label, face, LABELS - MARGIN - 16.0);
        canvas.text(&label, (WIDTH - LABELS + 20.0, middle), face)?;
        if !bar.value.is_finite() {
            return Ok(());
        }
        let (base, end) = (self.x(self.base.0), self.x(bar.value));
        let rect = Rect::new(base.min(end), middle - BAR / 2.0, base.max(end), middle + BAR / 2.0);
        match (is_summary, bar.marked) {
            (true, _) => canvas.fill(rect, tint(colour::INK, 0.45))?,
            (_, true) => canvas.fill(rect, colour::BLUE)?,
            _ => canvas.fill(rect, tint(colour::BLUE, PALE))?,
        }
        if let Some([lower, upper]) = bar.interval.filter(|ends| ends.iter().all(|end| end.is_finite())) {
            let ends = [(self.x(lower), middle), (self.x(upper), middle)];
            draw_whisker(canvas, ends[0], ends[1], colour::BLACK)?;
        }
        bar.others
            .iter()
            .filter(|(_, value)| value.is_finite())
            .try_for_each(|(style, value)| canvas.mark((self.x(*value), middle), OTHER, Style::of(*style)))
    }

    fn entries(&self) -> usize {
        // The bars, the marked ones, where bars begin.
        3 + self.others.len()
    }

    fn legend_rows(&self) -> usize {
        self.entries().div_ceil(COLUMNS)
    }

    fn draw_legend(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let width = (WIDTH - 2.0 * MARGIN) / COLUMNS as f64;
        let face = Face::new(20.0, colour::INK).centred();
        let place = |at: usize| {
            let left = MARGIN + (at % COLUMNS) as f64 * width;
            (left, AXIS + ((at / COLUMNS) as f64 + 0.5) * ENTRY)
        };
        let name = |at: usize, name: &str| {
            let (left, middle) = place(at);
            canvas.text(&canvas.fitted(name, face, width - 64.0), (left + 48.0, middle), face)
        };
        let swatch = |at: usize| {
            let (left, middle) = place(at);
            Rect::new(left, middle - BAR / 2.0, left + 36.0, middle + BAR / 2.0)
        };
        canvas.fill(swatch(0), tint(colour::BLUE, PALE))?;
        name(0, &self.name)?;
        canvas.fill(swatch(1), colour::BLUE)?;
        name(1, &self.marked)?;
        let (left, middle) = place(2);
        canvas.path(&[(left, middle), (left + 36.0, middle)], 2.4, colour::QUIET, &GUIDE_DASHES)?;
        name(2, &self.base.1)?;
        for (at, (style, other)) in self.others.iter().enumerate() {
            let (left, middle) = place(at + 3);
            canvas.mark((left + 18.0, middle), OTHER, Style::of(*style))?;
            name(at + 3, other)?;
        }
        Ok(())
    }
}

const COLUMNS: usize = 3;
const OTHER: f64 = 7.5;
/// Strength of the colour of bars that are not marked.
const PALE: f64 = 0.4;
