//! Why a window got its label, for people: the EEG with each derivation in the colour of its drop, the
//! window's slices above it, and each derivation in each slice beside it.

use std::path::Path;

use jiff::civil::DateTime;
use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, Face, Rect, colour, paint, tint};
use super::config::PlotConfig;
use super::error::PlotError;
use super::picture::Picture;
use super::ticks;
use super::traces::{Panel, Traces};
use crate::eeg::DERIVATIONS;

/// What the figure of an explanation shows.
#[derive(Debug, Clone)]
pub struct ExplanationFigure<'a> {
    /// The heading: which recording, which second.
    pub title: &'a str,
    /// A line below it: who judged, how the signal was conditioned. May be empty.
    pub subtitle: &'a str,
    /// What matters most, a sentence a line.
    pub sentences: &'a [String],
    /// 18 x n conditioned samples in microvolts, derivation after derivation in the order of
    /// [`crate::eeg::DOUBLE_BANANA`]; n is at least 2. A sample that is not a number (a gap) is not drawn.
    pub samples: &'a [f32],
    /// Which derivations the window has; the others are said to be absent.
    pub present: [bool; DERIVATIONS],
    /// Samples per second.
    pub rate_hz: f64,
    /// Where the first sample lies, in seconds from the recording's start.
    pub start_s: f64,
    /// Wall time of the recording's start, where known.
    pub recording_start: Option<DateTime>,
    /// Start of the explained window, in seconds from the recording's start.
    pub window_start_s: f64,
    /// Length of that window in seconds.
    pub window_s: f64,
    /// Order and polarity of the traces.
    pub config: &'a PlotConfig,
    /// What the drops are drops of: "seizure probability".
    pub quantity: &'a str,
    /// That quantity in the windows of the EEG: where each starts, and its value where it was judged.
    pub course: &'a [(f64, Option<f32>)],
    /// By how much the quantity falls without each derivation; none for an absent one.
    pub derivations: [Option<f32>; DERIVATIONS],
    /// The same without each of the window's slices, which are of equal length.
    pub slices: &'a [f32],
    /// The same without each derivation in each slice; not one value for an absent derivation.
    pub parts: &'a [Vec<f32>],
}

const LEFT: f64 = 84.0;
/// Width of the EEG's panel in pixels.
const EEG_WIDTH: f64 = 720.0;
/// Between the EEG and the explained window, enlarged.
const BETWEEN: f64 = 80.0;
const WINDOW_WIDTH: f64 = 400.0;
/// The drops of the derivations, beside the window.
const DROPS_WIDTH: f64 = 54.0;
const BEFORE_DROPS: f64 = 8.0;
const BEFORE_PARTS: f64 = 28.0;
const PARTS_WIDTH: f64 = 288.0;
const RIGHT: f64 = 40.0;

const FIRST_LINE: f64 = 87.0;
const LINE: f64 = 18.0;
/// From the last sentence to the headings of the panels.
const BEFORE_HEADINGS: f64 = 14.0;
/// The strip above the panels, from the headings: the course over the EEG, the slices over the window.
const STRIP: (f64, f64) = (10.0, 34.0);
/// From the headings to the highest band.
const BEFORE_BANDS: f64 = 60.0;
const HEIGHT: f64 = 18.0 * 38.0;
const BOTTOM: f64 = 130.0;

/// The highest value of the colour scale is the first of these that no drop exceeds.
const SCALES: [f32; 9] = [0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0];
/// No drop: a grey that is still seen as a trace.
const LEAST: RGBColor = RGBColor(182, 182, 182);
/// The colour scale darkens steadily, so it can also be read without colour.
const RAMP: [RGBColor; 4] = [LEAST, RGBColor(230, 159, 0), RGBColor(205, 80, 0), RGBColor(84, 12, 22)];

/// Writes the figure of an explanation as a PNG file.
///
/// # Errors
/// [`PlotError::Figure`] or [`PlotError::Config`] where the parts of the figure do not fit together,
/// [`PlotError::Write`] where the file cannot be written.
pub fn explanation_figure(path: &Path, figure: &ExplanationFigure<'_>) -> Result<(), PlotError> {
    draw_explanation_figure(figure)?.write_png(path)
}

/// Draws the figure of an explanation.
///
/// # Errors
/// As [`explanation_figure`], without a file.
pub fn draw_explanation_figure(figure: &ExplanationFigure<'_>) -> Result<Picture, PlotError> {
    figure.check()?;
    let layout = Layout::of(figure);
    let width = layout.parts.right + RIGHT;
    let height = layout.drops.bottom + BOTTOM;
    paint(width.ceil() as u32, height.ceil() as u32, |canvas| {
        layout.draw_headings(canvas)?;
        layout.draw_eeg(canvas)?;
        layout.draw_window(canvas)?;
        layout.draw_drops(canvas)?;
        layout.draw_slices(canvas)?;
        layout.draw_parts(canvas)?;
        layout.draw_scale(canvas)
    })
}

impl ExplanationFigure<'_> {
    fn check(&self) -> Result<(), PlotError> {
        self.config.validate()?;
        self.traces().check((self.window_start_s, self.window_s))?;
        let uneven = self.parts.iter().any(|parts| !parts.is_empty() && parts.len() != self.slices.len());
        if self.slices.is_empty() || self.parts.len() != DERIVATIONS || uneven {
            let found = format!("{} slices, {} derivations in slices", self.slices.len(), self.parts.len());
            let expected = format!("a slice or more, and {DERIVATIONS} derivations with as many or none");
            return Err(PlotError::Figure { what: "the explanation", found, expected });
        }
        Ok(())
    }

    fn traces(&self) -> Traces<'_> {
        Traces {
            samples: self.samples,
            present: &self.present,
            rate_hz: self.rate_hz,
            start_s: self.start_s,
            recording_start: self.recording_start,
            config: self.config,
        }
    }

    fn end_s(&self) -> f64 {
        self.window_start_s + self.window_s
    }
}

/// Where the parts of the figure lie, and its scale.
struct Layout<'a> {
    figure: &'a ExplanationFigure<'a>,
    eeg: Panel<'a>,
    /// The explained window, enlarged.
    window: Panel<'a>,
    drops: Rect,
    parts: Rect,
    /// Where the headings of the panels stand.
    headings: f64,
    /// Top and bottom of the strip above the panels.
    strip: (f64, f64),
    /// The drop with the darkest colour.
    most: f32,
}

impl<'a> Layout<'a> {
    fn of(figure: &'a ExplanationFigure<'a>) -> Layout<'a> {
        let traces = figure.traces();
        let lines = figure.sentences.len() as f64;
        let headings = FIRST_LINE + LINE * lines + BEFORE_HEADINGS;
        let top = headings + BEFORE_BANDS;
        let eeg = Rect::new(LEFT, top, LEFT + EEG_WIDTH, top + HEIGHT);
        let left = eeg.right + BETWEEN;
        let window = Rect { left, right: left + WINDOW_WIDTH, ..eeg };
        let left = window.right + BEFORE_DROPS;
        let drops = Rect { left, right: left + DROPS_WIDTH, ..eeg };
        let left = drops.right + BEFORE_PARTS;
        let all = figure.derivations.iter().flatten().chain(figure.slices);
        let highest = all.chain(figure.parts.iter().flatten()).copied().fold(0.0, f32::max);
        Layout {
            figure,
            eeg: Panel::new(traces, eeg, figure.start_s, traces.duration_s()),
            window: Panel::new(traces, window, figure.window_start_s, figure.window_s),
            drops,
            headings,
            strip: (headings + STRIP.0, headings + STRIP.1),
            parts: Rect { left, right: left + PARTS_WIDTH, ..eeg },
            most: SCALES.into_iter().find(|scale| *scale >= highest).unwrap_or(1.0),
        }
    }

    fn colour(&self, drop: f32) -> RGBColor {
        ramp(f64::from(drop / self.most))
    }

    fn draw_headings(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let figure = self.figure;
        let width = self.parts.right - 24.0;
        let title = Face::new(20.0, colour::INK).bold();
        canvas.text(&canvas.fitted(figure.title, title, width), (24.0, 38.0), title)?;
        let subtitle = Face::new(13.0, colour::QUIET);
        canvas.text(&canvas.fitted(figure.subtitle, subtitle, width), (24.0, 60.0), subtitle)?;
        let line = Face::new(13.0, colour::INK);
        for (place, sentence) in figure.sentences.iter().enumerate() {
            let y = FIRST_LINE + LINE * place as f64;
            canvas.text(&canvas.fitted(sentence, line, width), (24.0, y), line)?;
        }
        let heading = Face::new(12.0, colour::INK).bold();
        let course = format!("{} of each second", figure.quantity);
        for (text, left, right) in [
            (course.as_str(), self.eeg.rect.left, self.eeg.rect.right),
            ("one eighth of the second left out", self.window.rect.left, self.window.rect.right),
            ("one derivation left out in one eighth", self.parts.left, self.parts.right),
        ] {
            canvas.text(&canvas.fitted(text, heading, right - left), (left, self.headings), heading)?;
        }
        Ok(())
    }

    /// The EEG so far, and the explained window in the colours of the drops.
    fn draw_eeg(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let (figure, panel) = (self.figure, &self.eeg);
        let window = panel.span(figure.window_start_s, figure.end_s());
        canvas.fill(window, tint(colour::SKY, 0.2))?;
        for y in [window.top, window.bottom] {
            canvas.line((window.right, y), (self.window.rect.left, y), 1.2, colour::SKY)?;
        }
        panel.draw_time_axis(canvas)?;
        panel.draw_names(canvas)?;
        let before = (f64::NEG_INFINITY, figure.window_start_s);
        for band in panel.bands() {
            panel.draw_trace(canvas, band, before, 1.0, colour::QUIET)?;
        }
        self.draw_coloured(canvas, panel, 1.4)?;
        panel.draw_scale(canvas, false)?;
        let face = Face::new(12.0, colour::INK).align(Align::Middle).centred();
        for &(onset_s, value) in figure.course {
            let Rect { left, right, .. } = panel.span(onset_s, onset_s + figure.window_s);
            if right - left < 30.0 {
                continue;
            }
            let text = value.map_or("–".to_owned(), |value| format!("{value:.2}"));
            let explained = onset_s == figure.window_start_s;
            let face = if explained { face.bold() } else { face };
            canvas.text(&text, ((left + right) / 2.0, (self.strip.0 + self.strip.1) / 2.0), face)?;
        }
        Ok(())
    }

    /// The explained window's traces, the darkest on top.
    fn draw_coloured(&self, canvas: &Canvas<'_>, panel: &Panel<'_>, thickness: f64) -> Result<(), PlotError> {
        let span = (self.figure.window_start_s, self.figure.end_s());
        let mut bands: Vec<_> = panel
            .bands()
            .filter_map(|band| self.figure.derivations[band.1].map(|drop| (band, drop)))
            .collect();
        bands.sort_by(|a, b| a.1.total_cmp(&b.1));
        for (band, drop) in bands {
            panel.draw_trace(canvas, band, span, thickness, self.colour(drop))?;
        }
        Ok(())
    }

    fn draw_window(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let frame = self.window.frame;
        canvas.fill(frame, tint(colour::SKY, 0.08))?;
        let count = self.figure.slices.len();
        for edge in 1..count {
            let x = frame.left + frame.width() * edge as f64 / count as f64;
            canvas.line((x, frame.top), (x, frame.bottom), 0.7, colour::GRID)?;
        }
        self.window.draw_time_axis(canvas)?;
        canvas.frame(frame, 1.2, colour::SKY)?;
        self.draw_coloured(canvas, &self.window, 2.0)
    }

    /// The drops of the derivations as numbers on their colours.
    fn draw_drops(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let heading = Face::new(11.0, colour::INK).align(Align::Middle).centred();
        let middle = (self.drops.left + self.drops.right) / 2.0;
        canvas.text("one", (middle, self.drops.top - 36.0), heading)?;
        canvas.text("derivation", (middle, self.drops.top - 23.0), heading)?;
        canvas.text("left out", (middle, self.drops.top - 10.0), heading)?;
        let half = self.window.band_height() / 2.0 - 2.0;
        for (place, index) in self.window.bands() {
            let Some(drop) = self.figure.derivations[index] else { continue };
            let centre = self.window.centre(place);
            let cell = Rect { top: centre - half, bottom: centre + half, ..self.drops };
            self.draw_cell(canvas, cell, drop, 13.0)?;
        }
        Ok(())
    }

    fn draw_slices(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        for (cell, drop) in cells(self.window.rect, self.strip, self.figure.slices) {
            self.draw_cell(canvas, cell, drop, 11.0)?;
        }
        Ok(())
    }

    /// Each derivation in each slice.
    fn draw_parts(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let half = self.window.band_height() / 2.0 - 2.0;
        for (place, index) in self.window.bands() {
            let Some(drops) = self.figure.parts.get(index) else { continue };
            let centre = self.window.centre(place);
            for (cell, drop) in cells(self.parts, (centre - half, centre + half), drops) {
                self.draw_cell(canvas, cell, drop, 10.0)?;
            }
        }
        let face = Face::new(12.0, colour::INK);
        let below = self.window.frame.bottom + 19.0;
        for (seconds, x, align) in [
            (self.figure.window_start_s, self.parts.left, Align::Start),
            (self.figure.end_s(), self.parts.right, Align::End),
        ] {
            canvas.text(&format!("{} s", ticks::number(seconds)), (x, below), face.align(align))?;
        }
        Ok(())
    }

    /// A cell in the colour of a drop, with the number in it.
    fn draw_cell(&self, canvas: &Canvas<'_>, cell: Rect, drop: f32, size: f64) -> Result<(), PlotError> {
        let ground = self.colour(drop);
        canvas.fill(cell, ground)?;
        let face = Face::new(size, on(ground)).align(Align::Middle).centred();
        let place = ((cell.left + cell.right) / 2.0, (cell.top + cell.bottom) / 2.0);
        canvas.text(&signed(drop), place, face)
    }

    /// The colour bar and what its colours are.
    fn draw_scale(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let (left, right) = (self.window.rect.left, self.window.rect.right);
        let top = self.window.frame.bottom + 62.0;
        let bar = Rect::new(left, top, right, top + 14.0);
        let steps = bar.width().round().max(1.0) as usize;
        for step in 0..steps {
            let part = (step as f64 + 0.5) / steps as f64;
            let x = left + step as f64;
            canvas.fill(Rect { left: x, right: x + 1.0, ..bar }, ramp(part))?;
        }
        let tick = Face::new(12.0, colour::INK).align(Align::Middle);
        for part in [0.0, 0.5, 1.0] {
            let x = left + part * bar.width();
            canvas.line((x, bar.bottom), (x, bar.bottom + 4.0), 1.0, colour::INK)?;
            let value = ticks::number(part * f64::from(self.most));
            let value = if part == 0.0 { "0 or less".to_owned() } else { value };
            canvas.text(&value, (x, bar.bottom + 18.0), tick)?;
        }
        let caption = Face::new(12.0, colour::INK).centred();
        let text = format!("by how much the {} falls without it", self.figure.quantity);
        let from = right + 22.0;
        let text = canvas.fitted(&text, caption, self.parts.right - from);
        canvas.text(&text, (from, (bar.top + bar.bottom) / 2.0), caption)?;
        let quiet = Face::new(12.0, colour::QUIET).centred();
        let text = canvas.fitted("below 0: it rises", quiet, self.parts.right - from);
        canvas.text(&text, (from, bar.bottom + 14.0), quiet)
    }
}

/// Cells side by side, with a hair between them.
fn cells(
    rect: Rect,
    (top, bottom): (f64, f64),
    drops: &[f32],
) -> impl Iterator<Item = (Rect, f32)> + use<'_> {
    let width = rect.width() / drops.len() as f64;
    drops.iter().enumerate().map(move |(place, drop)| {
        let left = rect.left + place as f64 * width;
        (Rect::new(left + 0.5, top, left + width - 0.5, bottom), *drop)
    })
}

/// The colour of a part of the scale, from 0 to 1.
fn ramp(part: f64) -> RGBColor {
    let place = part.clamp(0.0, 1.0) * (RAMP.len() - 1) as f64;
    let from = (place as usize).min(RAMP.len() - 2);
    let within = place - from as f64;
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * within).round() as u8;
    let (a, b) = (RAMP[from], RAMP[from + 1]);
    RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// Black or white, whichever is read on a ground.
fn on(ground: RGBColor) -> RGBColor {
    let light = 0.299 * f64::from(ground.0) + 0.587 * f64::from(ground.1) + 0.114 * f64::from(ground.2);
    if light > 128.0 { colour::BLACK } else { RGBColor(255, 255, 255) }
}

/// Two decimals with a true minus; no minus before a zero.
fn signed(drop: f32) -> String {
    let text = format!("{drop:.2}");
    match text.strip_prefix('-') {
        None => text,
        Some("0.00") => "0.00".to_owned(),
        Some(size) => format!("−{size}"),
    }
}
