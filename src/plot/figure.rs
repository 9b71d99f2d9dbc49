//! One window for people: the EEG around it, and beside it the image that the network sees.

use std::path::Path;

use jiff::civil::DateTime;

use super::canvas::{Align, Canvas, Face, Rect, colour, paint};
use super::config::{PlotConfig, Polarity};
use super::error::PlotError;
use super::picture::{Picture, check_image};
use super::ticks;
use crate::eeg::{DERIVATIONS, DOUBLE_BANANA, Derivation};

/// What the figure of a window shows.
#[derive(Debug, Clone)]
pub struct WindowFigure<'a> {
    /// The heading: which recording.
    pub title: &'a str,
    /// A line below it: who, how the signal was conditioned. May be empty.
    pub subtitle: &'a str,
    /// 18 x n conditioned samples in microvolts, derivation after derivation in the order of
    /// [`DOUBLE_BANANA`]; n is at least 2. A sample that is not a number (a gap) is not drawn.
    pub samples: &'a [f32],
    /// Which derivations there are; the others are said to be absent.
    pub present: [bool; DERIVATIONS],
    /// Samples per second.
    pub rate_hz: f64,
    /// Where the first sample lies, in seconds from the recording's start.
    pub start_s: f64,
    /// Wall time of the recording's start, where known.
    pub recording_start: Option<DateTime>,
    /// Start of the window that the network sees, in seconds from the recording's start.
    pub window_start_s: f64,
    /// Length of that window in seconds.
    pub window_s: f64,
    /// How the network's image was drawn. The EEG is drawn in the same order and polarity, and with
    /// the same gain or, where its traces would run into each other, a lower one.
    pub config: &'a PlotConfig,
    /// The network's image, as [`super::Rasteriser::draw`] made it.
    pub image: &'a [u8],
}

/// Width of the EEG's panel in pixels.
const PANEL_WIDTH: f64 = 1040.0;
/// Greatest side of the network's image on the figure.
const IMAGE_SIDE: f64 = 720.0;
const LEFT: f64 = 84.0;
const TOP: f64 = 104.0;
const BOTTOM: f64 = 130.0;
/// Between the EEG and the image, where lines lead from one to the other.
const BETWEEN: f64 = 84.0;
const RIGHT: f64 = 36.0;
/// Above the first band and below the last.
const HEADROOM: f64 = 18.0;

/// Writes the figure of a window as a PNG file.
///
/// # Errors
/// [`PlotError::Figure`], [`PlotError::ImageSize`] or [`PlotError::Config`] where the parts of the
/// figure do not fit together, [`PlotError::Write`] where the file cannot be written.
pub fn window_figure(path: &Path, figure: &WindowFigure<'_>) -> Result<(), PlotError> {
    draw_window_figure(figure)?.write_png(path)
}

/// Draws the figure of a window.
///
/// # Errors
/// As [`window_figure`], without a file.
pub fn draw_window_figure(figure: &WindowFigure<'_>) -> Result<Picture, PlotError> {
    figure.check()?;
    let layout = Layout::of(figure);
    let width = layout.image.right + RIGHT;
    let height = layout.panel.bottom.max(layout.image.bottom) + BOTTOM;
    paint(width.ceil() as u32, height.ceil() as u32, |canvas| {
        let width = layout.image.right - 24.0;
        let title = Face::new(20.0, colour::INK).bold();
        canvas.text(&canvas.fitted(figure.title, title, width), (24.0, 38.0), title)?;
        let subtitle = Face::new(13.0, colour::QUIET);
        canvas.text(&canvas.fitted(figure.subtitle, subtitle, width), (24.0, 61.0), subtitle)?;
        layout.draw_window_mark(canvas)?;
        layout.draw_time_axis(canvas, figure)?;
        layout.draw_traces(canvas, figure)?;
        layout.draw_scale(canvas, figure)?;
        layout.draw_image(canvas, figure)
    })
}

impl WindowFigure<'_> {
    fn check(&self) -> Result<(), PlotError> {
        check_image(self.image, self.config)?;
        let wrong = |what, found: String, expected: &str| {
            Err(PlotError::Figure { what, found, expected: expected.to_owned() })
        };
        if !self.samples.len().is_multiple_of(DERIVATIONS) || self.samples.len() < 2 * DERIVATIONS {
            let found = format!("{} samples", self.samples.len());
            return wrong("the EEG", found, "18 derivations of equal length, 2 samples or more");
        }
        if !(self.rate_hz.is_finite() && self.rate_hz > 0.0) {
            return wrong("the sampling rate", format!("{} Hz", self.rate_hz), "a positive number");
        }
        if !(self.start_s.is_finite() && self.window_start_s.is_finite() && self.window_s > 0.0) {
            let found = format!("{} s long from {} s", self.window_s, self.window_start_s);
            return wrong("the window", found, "a positive length and a time in seconds");
        }
        Ok(())
    }

    fn duration_s(&self) -> f64 {
        (self.samples.len() / DERIVATIONS) as f64 / self.rate_hz
    }
}

/// Where the parts of the figure lie.
struct Layout {
    /// The 18 bands.
    panel: Rect,
    /// The panel and some room above and below, so that the outermost traces are not cut at once.
    frame: Rect,
    image: Rect,
    /// Pixels of the figure per pixel of the network's image; below 1, pixels are left out.
    enlargement: f64,
    /// The network's window on the panel.
    window: Rect,
    start_s: f64,
    px_per_s: f64,
    /// Microvolts from the middle of a trace's band to the next, on the panel.
    spacing_uv: f64,
}

impl Layout {
    fn of(figure: &WindowFigure<'_>) -> Layout {
        let (width, height) = (f64::from(figure.config.width), f64::from(figure.config.height));
        let fits = IMAGE_SIDE / width.max(height);
        let enlargement = if fits >= 1.0 { fits.floor() } else { 1.0 / fits.recip().ceil() };
        let (wide, high) = (width * enlargement, height * enlargement);
        // The panel is as high as the image where that is readable, so that traces and image line up.
        let panel_height = high.max(480.0);
        let panel = Rect::new(LEFT, TOP, LEFT + PANEL_WIDTH, TOP + panel_height);
        let image_left = panel.right + BETWEEN;
        let px_per_s = PANEL_WIDTH / figure.duration_s();
        let at = |seconds: f64| {
            (panel.left + (seconds - figure.start_s) * px_per_s).clamp(panel.left, panel.right)
        };
        let end_s = figure.window_start_s + figure.window_s;
        let frame = Rect { top: panel.top - HEADROOM, bottom: panel.bottom + HEADROOM, ..panel };
        Layout {
            panel,
            frame,
            image: Rect::new(image_left, TOP, image_left + wide.max(180.0), TOP + high),
            enlargement,
            window: Rect::new(at(figure.window_start_s), frame.top, at(end_s), frame.bottom),
            start_s: figure.start_s,
            px_per_s,
            spacing_uv: readable_spacing_uv(figure),
        }
    }

    fn band_height(&self) -> f64 {
        self.panel.height() / DERIVATIONS as f64
    }

    fn x(&self, seconds: f64) -> f64 {
        self.panel.left + (seconds - self.start_s) * self.px_per_s
    }

    /// The network's window in colour, and lines that lead from it to the image.
    fn draw_window_mark(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        if self.window.width() <= 0.0 {
            return Ok(());
        }
        canvas.fill(self.window, super::canvas::tint(colour::YELLOW, 0.38))?;
        let (window, image) = (self.window, self.image);
        for (from, to) in [(window.top, image.top), (window.bottom, image.bottom)] {
            let lead = colour::ORANGE;
            canvas.line((window.right, from), (self.panel.right, from), 1.4, lead)?;
            canvas.line((self.panel.right, from), (image.left, to), 1.4, lead)?;
        }
        Ok(())
    }

    fn draw_time_axis(&self, canvas: &Canvas<'_>, figure: &WindowFigure<'_>) -> Result<(), PlotError> {
        let panel = self.frame;
        let step = ticks::time_step_s(self.px_per_s, 64.0);
        let end_s = self.start_s + panel.width() / self.px_per_s;
        let clock = Face::new(12.0, colour::INK).align(Align::Middle);
        let offset = Face::new(11.0, colour::QUIET).align(Align::Middle);
        // A tick that rounding put a hair outside still belongs to the axis.
        let first = ((self.start_s - 1e-6) / step).ceil();
        let ticks = ((end_s + 1e-6) / step).floor() - first;
        for tick in 0..=ticks.max(0.0) as u32 {
            let seconds = (first + f64::from(tick)) * step;
            let x = self.x(seconds).clamp(panel.left, panel.right);
            canvas.line((x, panel.top), (x, panel.bottom), 0.7, colour::GRID)?;
            canvas.line((x, panel.bottom), (x, panel.bottom + 5.0), 1.0, colour::INK)?;
            let below = panel.bottom + 19.0;
            let after = format!("{} s", ticks::number(seconds));
            match figure.recording_start {
                Some(start) => {
                    let time = ticks::wall_time(start, seconds);
                    canvas.text(&ticks::clock(time), (x, below), clock)?;
                    canvas.text(&after, (x, below + 16.0), offset)?;
                }
                None => canvas.text(&after, (x, below), clock)?,
            }
        }
        for side in [panel.left, panel.right] {
            canvas.line((side, panel.top), (side, panel.bottom), 0.7, colour::GRID)?;
        }
        canvas.line((panel.left, panel.bottom), (panel.right, panel.bottom), 1.0, colour::INK)
    }

    fn draw_traces(&self, canvas: &Canvas<'_>, figure: &WindowFigure<'_>) -> Result<(), PlotError> {
        let config = figure.config;
        let band = self.band_height();
        let count = figure.samples.len() / DERIVATIONS;
        let downwards = match config.polarity {
            Polarity::NegativeUp => 1.0,
            Polarity::PositiveUp => -1.0,
        };
        let px_per_uv = downwards * band / self.spacing_uv;
        for (place, &index) in config.order.iter().enumerate() {
            let (Some(derivation), Some(trace)) =
                (DOUBLE_BANANA.get(index), figure.samples.get(index * count..(index + 1) * count))
            else {
                continue;
            };
            let centre = self.panel.top + (place as f64 + 0.5) * band;
            let present = figure.present[index];
            let side = if present { side_colour(*derivation) } else { colour::QUIET };
            let label = Face::new(13.0, side).align(Align::End).centred();
            let x = self.panel.left - 10.0;
            if !present {
                // In the margin, where no neighbour's trace crosses it.
                canvas.text(&derivation.to_string(), (x, centre - 6.0), label)?;
                canvas.text("absent", (x, centre + 8.0), Face { size: 11.0, ..label })?;
                continue;
            }
            canvas.text(&derivation.to_string(), (x, centre), label)?;
            let reach = f64::from(config.overlap_spacings) * band;
            let clip = Rect {
                top: (centre - reach).max(self.frame.top),
                bottom: (centre + reach).min(self.frame.bottom),
                ..self.frame
            };
            let points = trace.iter().enumerate().map(|(sample, &microvolts)| {
                let seconds = self.start_s + (sample as f64 + 0.5) / figure.rate_hz;
                (self.x(seconds), centre + f64::from(microvolts) * px_per_uv)
            });
            canvas.curve(points, clip, 1.1, side)?;
        }
        Ok(())
    }

    /// The scale bars, and what the deflections mean.
    fn draw_scale(&self, canvas: &Canvas<'_>, figure: &WindowFigure<'_>) -> Result<(), PlotError> {
        let px_per_uv = self.band_height() / self.spacing_uv;
        let microvolts = ticks::round_down(42.0 / px_per_uv);
        let seconds = ticks::round_down(180.0 / self.px_per_s);
        let face = Face::new(12.0, colour::INK).centred();
        let (left, bottom) = (self.panel.left, self.frame.bottom + 92.0);
        let top = bottom - microvolts * px_per_uv;
        canvas.line((left, top), (left, bottom), 2.0, colour::INK)?;
        let amplitude = format!("{} µV", ticks::number(microvolts));
        let middle = (top + bottom) / 2.0;
        canvas.text(&amplitude, (left + 9.0, middle), face)?;
        let from = left + 9.0 + canvas.text_width(&amplitude, face) + 28.0;
        let to = from + seconds * self.px_per_s;
        canvas.line((from, middle), (to, middle), 2.0, colour::INK)?;
        let time = format!("{} s", ticks::number(seconds));
        canvas.text(&time, (to + 9.0, middle), face)?;
        let from = to + 9.0 + canvas.text_width(&time, face) + 28.0;
        let direction = match figure.config.polarity {
            Polarity::NegativeUp => "negative up",
            Polarity::PositiveUp => "positive up",
        };
        let absent = figure.present.iter().filter(|present| !**present).count();
        let meaning = match absent {
            0 => direction.to_owned(),
            _ => format!("{direction}; {absent} of {DERIVATIONS} derivations absent"),
        };
        let quiet = Face { colour: colour::QUIET, ..face };
        let meaning = canvas.fitted(&meaning, quiet, self.panel.right - from - 220.0);
        canvas.text(&meaning, (from, middle), quiet)?;
        let mut right = self.panel.right;
        for (name, side) in
            [("midline", colour::BLACK), ("right", colour::VERMILLION), ("left", colour::BLUE)]
        {
            let face = Face { colour: side, ..face }.align(Align::End);
            canvas.text(name, (right, middle), face)?;
            right -= canvas.text_width(name, face) + 16.0;
        }
        Ok(())
    }

    /// The network's image, each pixel a square, and what it is.
    fn draw_image(&self, canvas: &Canvas<'_>, figure: &WindowFigure<'_>) -> Result<(), PlotError> {
        let config = figure.config;
        let (wide, high) = (config.width as usize, config.height as usize);
        let skipped = self.enlargement.recip().round().max(1.0) as usize;
        let side = self.enlargement.max(1.0);
        for (row, pixels) in figure.image.chunks_exact(wide).step_by(skipped).enumerate() {
            for (column, &pixel) in pixels.iter().step_by(skipped).enumerate() {
                let left = self.image.left + column as f64 * side;
                let top = self.image.top + row as f64 * side;
                canvas.fill(Rect::new(left, top, left + side, top + side), super::canvas::grey(pixel))?;
            }
        }
        let mut frame = self.image;
        frame.right = frame.left + wide as f64 * self.enlargement;
        let outset = Rect::new(frame.left - 2.0, frame.top - 2.0, frame.right + 2.0, frame.bottom + 2.0);
        canvas.frame(outset, 1.4, colour::ORANGE)?;
        let bold = Face::new(13.0, colour::INK).bold();
        let quiet = Face::new(12.0, colour::QUIET);
        let below = frame.bottom + 22.0;
        let width = self.image.width();
        let seen = canvas.fitted("What the network sees", bold, width);
        canvas.text(&seen, (frame.left, below), bold)?;
        let size = format!("{wide} × {high} pixels, {} s", ticks::number(figure.window_s));
        let shown = match skipped {
            1 => size,
            _ => format!("{size}; 1 pixel of {skipped} shown"),
        };
        canvas.text(&canvas.fitted(&shown, quiet, width), (frame.left, below + 18.0), quiet)?;
        let clip = f64::from(config.overlap_spacings * config.spacing_uv);
        let gain = format!(
            "{} µV from trace to trace, saturates at ±{} µV",
            ticks::number(f64::from(config.spacing_uv)),
            ticks::number(clip)
        );
        canvas.text(&canvas.fitted(&gain, quiet, width), (frame.left, below + 35.0), quiet)
    }
}

/// The network's gain, or the next lower one of a few at which most of the EEG stays in its bands.
fn readable_spacing_uv(figure: &WindowFigure<'_>) -> f64 {
    let network = f64::from(figure.config.spacing_uv);
    let count = figure.samples.len() / DERIVATIONS;
    let traces = figure.samples.chunks_exact(count).zip(figure.present).filter(|(_, present)| *present);
    let mut amplitudes: Vec<f32> = traces
        .flat_map(|(trace, _)| trace)
        .map(|value| value.abs())
        .filter(|value| value.is_finite())
        .collect();
    if amplitudes.is_empty() {
        return network;
    }
    let place = (amplitudes.len() - 1) * 95 / 100;
    let (_, most, _) = amplitudes.select_nth_unstable_by(place, f32::total_cmp);
    // A band reaches half a spacing to either side; neighbours that cross now and then are readable.
    let wanted = f64::from(*most) / 0.7;
    [1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0]
        .into_iter()
        .map(|times| network * times)
        .find(|spacing| *spacing >= wanted)
        .unwrap_or(network * 10.0)
}

/// Blue over the left hemisphere, red over the right, black over the midline.
fn side_colour(derivation: Derivation) -> plotters::style::RGBColor {
    let number = derivation.to_string().chars().find_map(|letter| letter.to_digit(10));
    match number {
        None => colour::BLACK,
        Some(number) if number % 2 == 1 => colour::BLUE,
        Some(_) => colour::VERMILLION,
    }
}
