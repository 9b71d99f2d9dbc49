//! EEG on a time axis for people: the panel of traces that figures share.

use jiff::civil::DateTime;
use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, Face, Rect, colour};
use super::config::{PlotConfig, Polarity};
use super::error::PlotError;
use super::ticks;
use crate::eeg::{DERIVATIONS, DOUBLE_BANANA, Derivation};

/// Above the first band and below the last.
const HEADROOM: f64 = 18.0;

/// The longest time that a figure knows, in seconds: 317 years.
const LONGEST_S: f64 = 1e10;

/// The EEG of a figure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traces<'a> {
    /// 18 x n conditioned samples in microvolts, derivation after derivation.
    pub samples: &'a [f32],
    pub present: &'a [bool; DERIVATIONS],
    pub rate_hz: f64,
    /// Where the first sample lies, in seconds from the recording's start.
    pub start_s: f64,
    /// Wall time of the recording's start, where known.
    pub recording_start: Option<DateTime>,
    /// Order, polarity, and the gain that is drawn where it is readable.
    pub config: &'a PlotConfig,
}

impl Traces<'_> {
    /// Checks that there is EEG, and that a window on it is one.
    pub fn check(&self, (window_start_s, window_s): (f64, f64)) -> Result<(), PlotError> {
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
        // Far beyond any recording, so that no place on the sheet is out of a number's range.
        let sound = |seconds: f64| seconds.abs() <= LONGEST_S;
        if !(sound(self.start_s) && sound(window_start_s) && sound(window_s) && window_s > 1.0 / LONGEST_S) {
            let found = format!("{window_s} s long from {window_start_s} s");
            return wrong("the window", found, "a positive length and a time in seconds of the recording");
        }
        Ok(())
    }

    pub fn duration_s(&self) -> f64 {
        self.count() as f64 / self.rate_hz
    }

    /// Samples of a derivation.
    fn count(&self) -> usize {
        self.samples.len() / DERIVATIONS
    }

    /// The network's gain, or the next lower one of a few at which most of the EEG stays in its bands.
    fn readable_spacing_uv(&self) -> f64 {
        let network = f64::from(self.config.spacing_uv);
        let traces = self.samples.chunks_exact(self.count()).zip(self.present).filter(|(_, there)| **there);
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
}

/// A part of the EEG's time in a rectangle of the figure.
pub(super) struct Panel<'a> {
    traces: Traces<'a>,
    /// The 18 bands.
    pub rect: Rect,
    /// The bands and some room above and below, so that the outermost traces are not cut at once.
    pub frame: Rect,
    from_s: f64,
    px_per_s: f64,
    /// Microvolts from the middle of a trace's band to the next.
    spacing_uv: f64,
}

impl<'a> Panel<'a> {
    /// Lays `span_s` seconds from `from_s` out over a rectangle.
    pub fn new(traces: Traces<'a>, rect: Rect, from_s: f64, span_s: f64) -> Panel<'a> {
        Panel {
            traces,
            rect,
            frame: Rect { top: rect.top - HEADROOM, bottom: rect.bottom + HEADROOM, ..rect },
            from_s,
            px_per_s: rect.width() / span_s,
            spacing_uv: traces.readable_spacing_uv(),
        }
    }

    pub fn x(&self, seconds: f64) -> f64 {
        self.rect.left + (seconds - self.from_s) * self.px_per_s
    }

    /// The rectangle over the panel's height that a span of time covers, cut to the panel.
    pub fn span(&self, from_s: f64, to_s: f64) -> Rect {
        let at = |seconds: f64| self.x(seconds).clamp(self.rect.left, self.rect.right);
        Rect { left: at(from_s), right: at(to_s), ..self.frame }
    }

    pub fn band_height(&self) -> f64 {
        self.rect.height() / DERIVATIONS as f64
    }

    /// The middle of a band, counted from the top.
    pub fn centre(&self, place: usize) -> f64 {
        self.rect.top + (place as f64 + 0.5) * self.band_height()
    }

    /// The derivations from the top band to the bottom one: their places and indices.
    pub fn bands(&self) -> impl Iterator<Item = (usize, usize)> + use<'a> {
        self.traces.config.order.iter().copied().enumerate()
    }

    pub fn draw_time_axis(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let frame = self.frame;
        let step = ticks::time_step_s(self.px_per_s, 64.0);
        let end_s = self.from_s + frame.width() / self.px_per_s;
        let clock = Face::new(12.0, colour::INK).align(Align::Middle);
        let offset = Face::new(11.0, colour::QUIET).align(Align::Middle);
        // A tick that rounding put a hair outside still belongs to the axis.
        let first = ((self.from_s - 1e-6) / step).ceil();
        let ticks = ((end_s + 1e-6) / step).floor() - first;
        for tick in 0..=ticks.max(0.0) as u32 {
            let seconds = (first + f64::from(tick)) * step;
            let x = self.x(seconds).clamp(frame.left, frame.right);
            canvas.line((x, frame.top), (x, frame.bottom), 0.7, colour::GRID)?;
            canvas.line((x, frame.bottom), (x, frame.bottom + 5.0), 1.0, colour::INK)?;
            let below = frame.bottom + 19.0;
            let after = format!("{} s", ticks::number(seconds));
            match self.traces.recording_start {
                Some(start) => {
                    let time = ticks::wall_time(start, seconds);
                    canvas.text(&ticks::clock(time), (x, below), clock)?;
                    canvas.text(&after, (x, below + 16.0), offset)?;
                }
                None => canvas.text(&after, (x, below), clock)?,
            }
        }
        for side in [frame.left, frame.right] {
            canvas.line((side, frame.top), (side, frame.bottom), 0.7, colour::GRID)?;
        }
        canvas.line((frame.left, frame.bottom), (frame.right, frame.bottom), 1.0, colour::INK)
    }

    /// The names of the derivations left of the panel.
    pub fn draw_names(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let x = self.rect.left - 10.0;
        for (place, index) in self.bands() {
            let Some(derivation) = DOUBLE_BANANA.get(index) else { continue };
            let (name, centre) = (derivation.to_string(), self.centre(place));
            let label = Face::new(13.0, side_colour(*derivation)).align(Align::End).centred();
            if self.traces.present[index] {
                canvas.text(&name, (x, centre), label)?;
                continue;
            }
            // In the margin, where no neighbour's trace crosses it.
            let quiet = Face { colour: colour::QUIET, ..label };
            canvas.text(&name, (x, centre - 6.0), quiet)?;
            canvas.text("absent", (x, centre + 8.0), Face { size: 11.0, ..quiet })?;
        }
        Ok(())
    }

    /// The trace in one band, as far as it lies within a span of time.
    pub fn draw_trace(
        &self,
        canvas: &Canvas<'_>,
        (place, index): (usize, usize),
        (from_s, to_s): (f64, f64),
        thickness: f64,
        colour: RGBColor,
    ) -> Result<(), PlotError> {
        let Traces { samples, rate_hz, start_s, config, .. } = self.traces;
        let count = self.traces.count();
        let Some(trace) = samples.get(index * count..(index + 1) * count) else { return Ok(()) };
        let downwards = match config.polarity {
            Polarity::NegativeUp => 1.0,
            Polarity::PositiveUp => -1.0,
        };
        let (band, centre) = (self.band_height(), self.centre(place));
        let px_per_uv = downwards * band / self.spacing_uv;
        let reach = f64::from(config.overlap_spacings) * band;
        let clip = Rect {
            top: (centre - reach).max(self.frame.top),
            bottom: (centre + reach).min(self.frame.bottom),
            ..self.span(from_s, to_s)
        };
        let points = trace.iter().enumerate().map(|(sample, &microvolts)| {
            let seconds = start_s + (sample as f64 + 0.5) / rate_hz;
            (self.x(seconds), centre + f64::from(microvolts) * px_per_uv)
        });
        canvas.curve(points, clip, thickness, colour)
    }

    /// The scale bars, and which way negative is; with `names` also whose colour is whose.
    pub fn draw_scale(&self, canvas: &Canvas<'_>, names: bool) -> Result<(), PlotError> {
        let px_per_uv = self.band_height() / self.spacing_uv;
        let microvolts = ticks::round_down(42.0 / px_per_uv);
        let seconds = ticks::round_down(180.0 / self.px_per_s);
        let face = Face::new(12.0, colour::INK).centred();
        let (left, bottom) = (self.rect.left, self.frame.bottom + 92.0);
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
        let direction = match self.traces.config.polarity {
            Polarity::NegativeUp => "negative up",
            Polarity::PositiveUp => "positive up",
        };
        let absent = self.traces.present.iter().filter(|present| !**present).count();
        let meaning = match absent {
            0 => direction.to_owned(),
            _ => format!("{direction}; {absent} of {DERIVATIONS} derivations absent"),
        };
        let quiet = Face { colour: colour::QUIET, ..face };
        let taken = if names { 220.0 } else { 0.0 };
        let meaning = canvas.fitted(&meaning, quiet, self.rect.right - from - taken);
        canvas.text(&meaning, (from, middle), quiet)?;
        let mut right = self.rect.right;
        let sides = [("midline", colour::BLACK), ("right", colour::VERMILLION), ("left", colour::BLUE)];
        for (name, side) in sides.into_iter().filter(|_| names) {
            let face = Face { colour: side, ..face }.align(Align::End);
            canvas.text(name, (right, middle), face)?;
            right -= canvas.text_width(name, face) + 16.0;
        }
        Ok(())
    }
}

/// Blue over the left hemisphere, red over the right, black over the midline.
pub(super) fn side_colour(derivation: Derivation) -> RGBColor {
    let number = derivation.to_string().chars().find_map(|letter| letter.to_digit(10));
    match number {
        None => colour::BLACK,
        Some(number) if number % 2 == 1 => colour::BLUE,
        Some(_) => colour::VERMILLION,
    }
}
