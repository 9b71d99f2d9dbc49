//! Charts for people: curves and points on two axes, and bars with names, told apart by colour, dashes
//! and marks.
//!
//! Charts are drawn at twice the size at which they are meant to be read, so that they stay crisp.

pub use super::axis::Axis;
pub use super::bars::{Bar, BarChart, draw_bar_chart};

use plotters::style::RGBColor;

use super::canvas::{Canvas, Face, Rect, colour, paint};
use super::error::PlotError;
use super::path::Style;
use super::picture::Picture;

/// Curves and points on two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What is to be seen.
    pub title: String,
    /// A line below it. May be empty.
    pub subtitle: String,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// Lines to compare with, drawn in grey.
    pub guides: Vec<Guide>,
    /// What is drawn, the last one on top.
    pub series: Vec<Series>,
}

/// One thing of several that are drawn in one chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Lines below the name. May be empty.
    pub notes: Vec<String>,
    /// Which colour, dashes and mark: from 0; after seven the colours come again
    /// with other dashes and marks.
    pub style: usize,
    /// How much it is to be seen.
    pub emphasis: Emphasis,
    /// Points in the axes' units that are joined to a line; one that is no number breaks it.
    pub line: Vec<(f64, f64)>,
    /// Points in the axes' units that are marked.
    pub points: Vec<Point>,
}

/// How much a series is to be seen beside others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emphasis {
    /// A thin grey line without marks below all others; the legend counts such lines and names none.
    Faint,
    /// A line like others.
    Plain,
    /// The one that the chart is about: thicker.
    Strong,
}

/// A marked point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Where it is from left to right; no number: it is not drawn.
    pub x: f64,
    /// Where it is from bottom to top; no number: it is not drawn.
    pub y: f64,
    /// Lower and upper end of the interval of `x`.
    pub x_95: Option<[f64; 2]>,
    /// Lower and upper end of the interval of `y`.
    pub y_95: Option<[f64; 2]>,
}

/// A line to compare with.
#[derive(Debug, Clone, PartialEq)]
pub struct Guide {
    /// What it is, for the legend.
    pub name: String,
    /// One end, in the axes' units.
    pub from: (f64, f64),
    /// The other.
    pub to: (f64, f64),
}

pub(super) const WIDTH: f64 = 1400.0;
const HEIGHT: f64 = 900.0;
pub(super) const MARGIN: f64 = 36.0;
const TOP: f64 = 132.0;
const LEFT: f64 = 158.0;
const RIGHT: f64 = 486.0;
const BOTTOM: f64 = 108.0;
/// From the panel to the legend.
const BETWEEN: f64 = 46.0;
pub(super) const GUIDE_DASHES: [f64; 2] = [4.0, 7.0];

const FAINT: f64 = 2.4;
const THIN: f64 = 3.6;
const THICK: f64 = 5.6;
const MARK: f64 = 9.0;

/// Draws a chart of 1400 x 900 pixels, higher only where the legend needs it.
///
/// # Errors
/// [`PlotError::Figure`] where an axis has no length.
pub fn draw_chart(chart: &Chart) -> Result<Picture, PlotError> {
    chart.x.check()?;
    chart.y.check()?;
    let entries: f64 = chart.told().map(|series| entry_height(series.notes.len())).sum();
    let others = chart.guides.len() + usize::from(chart.faint() > 0);
    let legend = TOP + entries + others as f64 * entry_height(0);
    let height = HEIGHT.max((legend + MARGIN).ceil());
    let panel = Rect::new(LEFT, TOP, WIDTH - RIGHT, height - BOTTOM);
    paint(WIDTH as u32, height as u32, |canvas| {
        draw_heading(canvas, &chart.title, &chart.subtitle)?;
        chart.x.draw_uprights(canvas, panel)?;
        chart.y.draw_levels(canvas, panel)?;
        chart.x.draw_below(canvas, panel)?;
        chart.y.draw_beside(canvas, panel)?;
        for guide in &chart.guides {
            let place = |(x, y)| {
                (
                    chart.x.place(x, (panel.left, panel.right), 0.0),
                    chart.y.place(y, (panel.bottom, panel.top), 0.0),
                )
            };
            canvas.path(&[place(guide.from), place(guide.to)], 2.4, colour::QUIET, &GUIDE_DASHES)?;
        }
        // Intervals below all curves, marks above them: what was measured is never hidden by its doubt.
        let plots: Vec<Plot<'_>> = (0..chart.series.len()).map(|at| Plot::of(chart, at, panel)).collect();
        plots.iter().try_for_each(|plot| plot.draw_intervals(canvas))?;
        plots.iter().try_for_each(|plot| plot.draw_line(canvas))?;
        plots.iter().try_for_each(|plot| plot.draw_marks(canvas))?;
        chart.draw_legend(canvas, (panel.right + BETWEEN, TOP))
    })
}

/// Title and subtitle of a figure.
pub(super) fn draw_heading(canvas: &Canvas<'_>, title: &str, subtitle: &str) -> Result<(), PlotError> {
    let width = WIDTH - 2.0 * MARGIN;
    let bold = Face::new(32.0, colour::INK).bold();
    canvas.text(&canvas.fitted(title, bold, width), (MARGIN, 56.0), bold)?;
    let quiet = Face::new(22.0, colour::QUIET);
    canvas.text(&canvas.fitted(subtitle, quiet, width), (MARGIN, 92.0), quiet)
}

/// One series on its panel.
struct Plot<'a> {
    chart: &'a Chart,
    series: &'a Series,
    panel: Rect,
    style: Style,
    /// Where in an axis' place for zero it goes, so that no two series lie on each other there.
    lane: f64,
}

impl<'a> Plot<'a> {
    fn of(chart: &'a Chart, at: usize, panel: Rect) -> Plot<'a> {
        let series = &chart.series[at];
        let lane = (at as f64 + 0.5) / chart.series.len() as f64;
        Plot { chart, series, panel, style: Style::of(series.style), lane }
    }

    fn x(&self, value: f64) -> f64 {
        self.chart.x.place(value, (self.panel.left, self.panel.right), self.lane)
    }

    fn y(&self, value: f64) -> f64 {
        self.chart.y.place(value, (self.panel.bottom, self.panel.top), 0.0)
    }

    fn points(&self) -> impl Iterator<Item = &Point> {
        let marked = self.series.emphasis != Emphasis::Faint;
        self.series.points.iter().filter(move |point| marked && point.x.is_finite() && point.y.is_finite())
    }

    fn draw_line(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let apart = |(x, y): (f64, f64)| (x.is_finite() && y.is_finite()).then(|| self.chart.x.is_apart(x));
        // No line leads from zero to a logarithm.
        for run in self.series.line.chunk_by(|a, b| apart(*a) == apart(*b)) {
            if run.first().is_some_and(|point| apart(*point).is_some()) {
                let run: Vec<_> = run.iter().map(|&(x, y)| (self.x(x), self.y(y))).collect();
                match self.series.emphasis {
                    Emphasis::Faint => canvas.path(&run, FAINT, colour::FAINT, &[])?,
                    other => canvas.path(&run, thickness(other), self.style.colour, self.style.dashes)?,
                }
            }
        }
        Ok(())
    }

    fn draw_intervals(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        for point in self.points() {
            let (x, y) = (self.x(point.x), self.y(point.y));
            if let Some([lower, upper]) = point.x_95.filter(are_finite) {
                self.whisker(canvas, (self.x(lower), y), (self.x(upper), y))?;
            }
            if let Some([lower, upper]) = point.y_95.filter(are_finite) {
                self.whisker(canvas, (x, self.y(lower)), (x, self.y(upper)))?;
            }
        }
        Ok(())
    }

    fn whisker(&self, canvas: &Canvas<'_>, from: (f64, f64), to: (f64, f64)) -> Result<(), PlotError> {
        draw_whisker(canvas, from, to, self.style.colour)
    }

    fn draw_marks(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let radius = if self.series.emphasis == Emphasis::Strong { MARK + 3.0 } else { MARK };
        self.points()
            .try_for_each(|point| canvas.mark((self.x(point.x), self.y(point.y)), radius, self.style))
    }
}

fn are_finite(ends: &[f64; 2]) -> bool {
    ends.iter().all(|end| end.is_finite())
}

/// A level or upright line with an end across at either side.
pub(super) fn draw_whisker(
    canvas: &Canvas<'_>,
    from: (f64, f64),
    to: (f64, f64),
    colour: RGBColor,
) -> Result<(), PlotError> {
    const THICKNESS: f64 = 2.4;
    const END: f64 = 8.0;
    canvas.line(from, to, THICKNESS, colour)?;
    let (across, along) = if from.1 == to.1 { (0.0, END) } else { (END, 0.0) };
    [from, to].into_iter().try_for_each(|(x, y)| {
        canvas.line((x - across, y - along), (x + across, y + along), THICKNESS, colour)
    })
}

const SWATCH: f64 = 66.0;
const NOTE: f64 = 27.0;

fn entry_height(notes: usize) -> f64 {
    46.0 + notes as f64 * NOTE
}

fn thickness(emphasis: Emphasis) -> f64 {
    match emphasis {
        Emphasis::Faint => FAINT,
        Emphasis::Plain => THIN,
        Emphasis::Strong => THICK,
    }
}

impl Chart {
    /// The series that the legend names: the one that the chart is about is drawn last and named first.
    fn told(&self) -> impl Iterator<Item = &Series> {
        self.series.iter().rev().filter(|series| series.emphasis != Emphasis::Faint)
    }

    /// How many series are faint.
    fn faint(&self) -> usize {
        self.series.iter().filter(|series| series.emphasis == Emphasis::Faint).count()
    }

    fn draw_legend(&self, canvas: &Canvas<'_>, (left, top): (f64, f64)) -> Result<(), PlotError> {
        let mut top = top;
        let width = WIDTH - left - SWATCH - 14.0 - MARGIN;
        for series in self.told() {
            let style = Style::of(series.style);
            let middle = top + 12.0;
            let ends = [(left, middle), (left + SWATCH, middle)];
            if !series.line.is_empty() {
                canvas.path(&ends, thickness(series.emphasis), style.colour, style.dashes)?;
            }
            if !series.points.is_empty() {
                canvas.mark((left + SWATCH / 2.0, middle), MARK, style)?;
            }
            // Rather in smaller letters than cut.
            let faces = [23.0, 21.0, 19.0, 17.0].map(|size| {
                let face = Face::new(size, colour::INK).centred();
                if series.emphasis == Emphasis::Strong { face.bold() } else { face }
            });
            let fits = |face: &Face| canvas.text_width(&series.name, *face) <= width;
            let name = faces.into_iter().find(fits).unwrap_or(faces[3]);
            let text = left + SWATCH + 14.0;
            canvas.text(&canvas.fitted(&series.name, name, width), (text, middle), name)?;
            let quiet = Face::new(20.0, colour::QUIET).centred();
            for (at, note) in series.notes.iter().enumerate() {
                let below = middle + (at as f64 + 1.0) * NOTE;
                canvas.text(&canvas.fitted(note, quiet, width), (text, below), quiet)?;
            }
            top += entry_height(series.notes.len());
        }
        let quiet = Face::new(22.0, colour::QUIET).centred();
        let mut tell = |name: &str, thickness, colour, dashes: &[f64]| {
            let middle = top + 12.0;
            top += entry_height(0);
            canvas.path(&[(left, middle), (left + SWATCH, middle)], thickness, colour, dashes)?;
            canvas.text(&canvas.fitted(name, quiet, width), (left + SWATCH + 14.0, middle), quiet)
        };
        if self.faint() > 0 {
            tell(&format!("{} on trial: see tables", self.faint()), FAINT, colour::FAINT, &[])?;
        }
        for guide in &self.guides {
            tell(&guide.name, 2.4, colour::QUIET, &GUIDE_DASHES)?;
        }
        Ok(())
    }
}
