//! One window for people: the EEG around it, and beside it the image that the network sees.

use std::path::Path;

use jiff::civil::DateTime;

use super::canvas::{Canvas, Face, Rect, colour, paint};
use super::config::PlotConfig;
use super::error::PlotError;
use super::picture::{Picture, check_image};
use super::ticks;
use super::traces::{Panel, Traces, side_colour};
use crate::eeg::{DERIVATIONS, DOUBLE_BANANA};

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
    let height = layout.panel.rect.bottom.max(layout.image.bottom) + BOTTOM;
    paint(width.ceil() as u32, height.ceil() as u32, |canvas| {
        let width = layout.image.right - 24.0;
        let title = Face::new(20.0, colour::INK).bold();
        canvas.text(&canvas.fitted(figure.title, title, width), (24.0, 38.0), title)?;
        let subtitle = Face::new(13.0, colour::QUIET);
        canvas.text(&canvas.fitted(figure.subtitle, subtitle, width), (24.0, 61.0), subtitle)?;
        layout.draw_window_mark(canvas)?;
        layout.panel.draw_time_axis(canvas)?;
        layout.panel.draw_names(canvas)?;
        layout.draw_traces(canvas, figure)?;
        layout.panel.draw_scale(canvas, true)?;
        layout.draw_image(canvas, figure)
    })
}

impl WindowFigure<'_> {
    fn check(&self) -> Result<(), PlotError> {
        check_image(self.image, self.config)?;
        self.traces().check((self.window_start_s, self.window_s))
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
}

/// Where the parts of the figure lie.
struct Layout<'a> {
    panel: Panel<'a>,
    image: Rect,
    /// Pixels of the figure per pixel of the network's image; below 1, pixels are left out.
    enlargement: f64,
    /// The network's window on the panel.
    window: Rect,
}

impl<'a> Layout<'a> {
    fn of(figure: &'a WindowFigure<'_>) -> Layout<'a> {
        let (width, height) = (f64::from(figure.config.width), f64::from(figure.config.height));
        let fits = IMAGE_SIDE / width.max(height);
        let enlargement = if fits >= 1.0 { fits.floor() } else { 1.0 / fits.recip().ceil() };
        let (wide, high) = (width * enlargement, height * enlargement);
        // The panel is as high as the image where that is readable, so that traces and image line up.
        let rect = Rect::new(LEFT, TOP, LEFT + PANEL_WIDTH, TOP + high.max(480.0));
        let traces = figure.traces();
        let panel = Panel::new(traces, rect, traces.start_s, traces.duration_s());
        let image_left = rect.right + BETWEEN;
        Layout {
            window: panel.span(figure.window_start_s, figure.window_start_s + figure.window_s),
            panel,
            image: Rect::new(image_left, TOP, image_left + wide.max(180.0), TOP + high),
            enlargement,
        }
    }

    /// The network's window in colour, and lines that lead from it to the image.
    fn draw_window_mark(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        if self.window.width() <= 0.0 {
            return Ok(());
        }
        canvas.fill(self.window, super::canvas::tint(colour::YELLOW, 0.38))?;
        let (window, image) = (self.window, self.image);
        for (from, to) in [(window.top, image.top), (window.bottom, image.bottom)] {
            let (lead, right) = (colour::ORANGE, self.panel.rect.right);
            canvas.line((window.right, from), (right, from), 1.4, lead)?;
            canvas.line((right, from), (image.left, to), 1.4, lead)?;
        }
        Ok(())
    }

    fn draw_traces(&self, canvas: &Canvas<'_>, figure: &WindowFigure<'_>) -> Result<(), PlotError> {
        let whole = (f64::NEG_INFINITY, f64::INFINITY);
        for band in self.panel.bands().filter(|(_, index)| figure.present[*index]) {
            let Some(derivation) = DOUBLE_BANANA.get(band.1) else { continue };
            self.panel.draw_trace(canvas, band, whole, 1.1, side_colour(*derivation))?;
        }
        Ok(())
    }

    /// The network's image, each pixel a square, and what it is.
    fn draw_image(&self, canvas: &Canvas<'_>, figure: &WindowFigure<'_>) -> Result<(), PlotError> {
        let config = figure.config;
        let (wide, high) = (config.width as usize, config.height as usize);
        let skipped = self.enlargement.recip().round().max(1.0) as usize;
        let side = self.enlargement.max(1.0);
        for (row, pixels) in figure.image.chunks_exact(wide).take(high).step_by(skipped).enumerate() {
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
        canvas.text(&canvas.fitted(&gain, quiet, width), (frame.left, below + 35.0), quiet)?;
        // The strips would stand beside no trace, and say nothing to people that the traces do not.
        match config.strips_uv {
            Some(_) => {
                let strips = canvas.fitted("also, not shown: each trace as shades of grey", quiet, width);
                canvas.text(&strips, (frame.left, below + 52.0), quiet)
            }
            None => Ok(()),
        }
    }
}
