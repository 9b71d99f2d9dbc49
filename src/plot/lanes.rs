//! One row of the overview: lanes below each other on a common time axis.

use plotters::style::RGBColor;

use super::canvas::{Align, Canvas, Face, Rect, colour, tint};
use super::error::PlotError;
use super::overview::{OverviewAlarm, OverviewFigure, OverviewRecording, OverviewSecond};
use super::tape::{Before, Piece};
use super::ticks;
use super::timeline::draw_times;

/// Time without a verdict.
pub(super) const UNJUDGED: RGBColor = RGBColor(214, 214, 214);
/// Strength of the colour up to the highest of several seconds in a pixel.
pub(super) const PALE: f64 = 0.35;
/// Strength of the expert's marks across the lanes.
const VEIL: f64 = 0.16;
const GROUND: RGBColor = RGBColor(247, 247, 247);

/// Above the lanes: names of the recordings.
const NAMES: f64 = 22.0;
const EXPERT: (f64, f64) = (NAMES + 2.0, NAMES + 15.0);
const ALARM: (f64, f64) = (NAMES + 20.0, NAMES + 33.0);
const FIRST_LANE: f64 = NAMES + 44.0;
const BETWEEN: f64 = 11.0;
/// Height of the strip that shows the autoencoder's flags.
const FLAGS: f64 = 5.0;
/// Below the lanes: times and dates, and room to the next row.
const TIMES: f64 = 62.0;

/// How values become heights.
#[derive(Debug, Clone, Copy)]
enum Axis {
    /// From 0 to the top value.
    Linear(f64),
    /// Logarithmic between two positive values.
    Logarithmic(f64, f64),
}

impl Axis {
    /// 0 at the bottom of the lane, 1 at its top.
    fn part(self, value: f64) -> f64 {
        let part = match self {
            Axis::Linear(top) => value / top,
            Axis::Logarithmic(low, high) => (value / low).ln() / (high / low).ln(),
        };
        // `clamp` keeps NaN, which breaks a curve.
        part.clamp(0.0, 1.0)
    }

    fn ticks(self) -> Vec<f64> {
        match self {
            Axis::Linear(top) => vec![0.0, ticks::round_down(top)],
            Axis::Logarithmic(low, high) => ticks::logarithmic(low, high),
        }
    }
}

struct Lane {
    name: &'static str,
    rect: Rect,
    axis: Axis,
    colour: RGBColor,
    value: fn(&OverviewSecond) -> f32,
    /// Whether the area below the values is filled, or they are a curve.
    filled: bool,
    /// A line across the lane, and what it is.
    limit: Option<(f64, String)>,
    flags: bool,
}

/// The lanes that a figure has data for.
pub(super) struct Lanes<'a> {
    figure: &'a OverviewFigure<'a>,
    lanes: Vec<Lane>,
    left: f64,
    right: f64,
}

impl<'a> Lanes<'a> {
    /// Lanes from `left` to `right`.
    pub fn of(figure: &'a OverviewFigure<'a>, left: f64, right: f64) -> Lanes<'a> {
        let mut top = FIRST_LANE;
        let mut lanes = Vec::new();
        let mut add = |height: f64, lane: Lane| {
            let any = figure.recordings.iter().flat_map(|recording| &recording.seconds);
            if any.map(lane.value).any(f32::is_finite) {
                lanes.push(Lane { rect: Rect::new(left, top, right, top + height), ..lane });
                top += height + BETWEEN;
            }
        };
        let lane = |name, colour, value| Lane {
            name,
            rect: Rect::new(0.0, 0.0, 0.0, 0.0),
            axis: Axis::Linear(1.0),
            colour,
            value,
            filled: true,
            limit: None,
            flags: false,
        };
        add(60.0, lane("p seizure", colour::VERMILLION, |second| second.p_seizure));
        add(38.0, lane("p abnormal", colour::ORANGE, |second| second.p_abnormal));
        add(38.0, lane("p non-seizure", colour::SKY, |second| second.p_nonseizure));
        let threshold = limit(figure.ae_threshold);
        add(
            74.0,
            Lane {
                axis: error_axis(figure, threshold),
                filled: false,
                flags: true,
                limit: threshold.map(|threshold| (threshold, "threshold".to_owned())),
                ..lane("AE error", colour::PURPLE, |second| second.ae_error)
            },
        );
        let alarm = limit(figure.alarm_threshold);
        let highest = highest(figure, |second| second.accumulator).max(alarm.unwrap_or(0.0));
        add(
            74.0,
            Lane {
                axis: Axis::Linear(if highest > 0.0 { highest * 1.12 } else { 1.0 }),
                limit: alarm.map(|alarm| (alarm, "alarm at".to_owned())),
                ..lane("accumulator", colour::GREEN, |second| second.accumulator)
            },
        );
        Lanes { figure, lanes, left, right }
    }

    /// Whether there is an autoencoder's error to show.
    pub fn have_errors(&self) -> bool {
        self.lanes.iter().any(|lane| lane.flags)
    }

    fn bottom(&self) -> f64 {
        self.lanes.last().map_or(FIRST_LANE - BETWEEN, |lane| lane.rect.bottom)
    }

    /// Height of a row in pixels.
    pub fn height(&self) -> f64 {
        self.bottom() + TIMES
    }

    /// Draws one row.
    pub fn draw(&self, canvas: &Canvas<'_>, pieces: &[Piece]) -> Result<(), PlotError> {
        for piece in pieces {
            if let Some(recording) = self.figure.recordings.get(piece.recording) {
                self.draw_ground(canvas, piece, recording)?;
                self.draw_expert(canvas, piece, recording)?;
                for lane in &self.lanes {
                    lane.draw(canvas, piece, recording)?;
                }
                self.draw_alarms(canvas, piece, recording)?;
            }
            self.draw_cut(canvas, piece)?;
        }
        let end = pieces.last().map_or(self.right, |piece| piece.right);
        self.draw_names(canvas, end)?;
        draw_times(canvas, pieces, self.figure.recordings, NAMES - 7.0, self.bottom())
    }

    /// Where there is signal, and where there is a verdict.
    fn draw_ground(
        &self,
        canvas: &Canvas<'_>,
        piece: &Piece,
        recording: &OverviewRecording,
    ) -> Result<(), PlotError> {
        let fill = |from: f64, to: f64, ground: RGBColor| -> Result<(), PlotError> {
            let (left, right) = (piece.x(from), piece.x(to));
            for lane in &self.lanes {
                canvas.fill(Rect { left, right, ..lane.rect }, ground)?;
            }
            canvas.fill(Rect::new(left, EXPERT.0 - 2.0, right, ALARM.1 + 2.0), GROUND)
        };
        fill(piece.from_s, piece.to_s, GROUND)?;
        let mut judged_to = piece.from_s;
        let ends = visible(recording, piece).iter().map(|second| second.second as f64).chain([piece.to_s]);
        for second in ends {
            if second > judged_to {
                fill(judged_to, second.min(piece.to_s), UNJUDGED)?;
            }
            judged_to = judged_to.max(second + 1.0);
        }
        Ok(())
    }

    /// The expert's marks, below the data.
    fn draw_expert(
        &self,
        canvas: &Canvas<'_>,
        piece: &Piece,
        recording: &OverviewRecording,
    ) -> Result<(), PlotError> {
        for &(from, to) in &recording.expert {
            let Some((left, right)) = clipped(piece, from, to) else { continue };
            canvas.fill(Rect::new(left, EXPERT.0, right, EXPERT.1), colour::BLUE)?;
            for lane in &self.lanes {
                canvas.fill(Rect { left, right, ..lane.rect }, tint(colour::BLUE, VEIL))?;
            }
        }
        Ok(())
    }

    /// The alarms, above the data.
    fn draw_alarms(
        &self,
        canvas: &Canvas<'_>,
        piece: &Piece,
        recording: &OverviewRecording,
    ) -> Result<(), PlotError> {
        for &OverviewAlarm { onset_s, raised_s } in &recording.alarms {
            if let Some((left, right)) = clipped(piece, onset_s, raised_s) {
                canvas.fill(Rect::new(left, ALARM.0 + 3.0, right, ALARM.1 - 3.0), colour::INK)?;
            }
            let ends_here = raised_s == piece.to_s && raised_s >= recording.length_s();
            if (piece.from_s..piece.to_s).contains(&raised_s) || ends_here {
                let x = piece.x(raised_s);
                canvas.line((x, ALARM.1), (x, self.bottom()), 1.2, colour::INK)?;
                draw_triangle(canvas, x, ALARM)?;
            }
        }
        Ok(())
    }

    /// What was cut out before a piece.
    fn draw_cut(&self, canvas: &Canvas<'_>, piece: &Piece) -> Result<(), PlotError> {
        let text = match piece.cut {
            Some(Before::Gap(seconds)) if seconds < 0.0 => "overlap".to_owned(),
            Some(Before::Gap(seconds)) => ticks::duration(seconds),
            _ => return Ok(()),
        };
        let face = Face::new(10.0, colour::QUIET).align(Align::Middle).centred().upwards();
        canvas.text(&text, (piece.left - 8.0, (FIRST_LANE + self.bottom()) / 2.0), face)
    }

    /// The names of the lanes, their scales and limits.
    fn draw_names(&self, canvas: &Canvas<'_>, end: f64) -> Result<(), PlotError> {
        let name = Face::new(13.0, colour::INK).align(Align::End).centred();
        let tick = Face::new(10.0, colour::QUIET).align(Align::End).centred();
        for (text, (top, bottom)) in [("expert", EXPERT), ("alarm", ALARM)] {
            canvas.text(text, (self.left - 40.0, (top + bottom) / 2.0), name)?;
        }
        for lane in &self.lanes {
            let middle = (lane.rect.top + lane.rect.bottom) / 2.0;
            canvas.text(lane.name, (self.left - 40.0, middle), name)?;
            for value in lane.axis.ticks() {
                let y = lane.y(value).clamp(lane.rect.top + 4.0, lane.rect.bottom - 4.0);
                canvas.text(&ticks::number(value), (self.left - 6.0, y), tick)?;
            }
            if let Some((value, what)) = &lane.limit {
                let y = lane.y(*value);
                canvas.dashes((self.left, y), (end, y), 1.0, colour::INK)?;
                let label = Face::new(11.0, colour::INK).centred();
                canvas.text(&format!("{what} {}", ticks::number(*value)), (end + 8.0, y), label)?;
            }
        }
        Ok(())
    }
}

impl Lane {
    fn y(&self, value: f64) -> f64 {
        // Values stay below the strip of flags.
        let above = if self.flags { FLAGS + 4.0 } else { 0.0 };
        self.rect.bottom - self.axis.part(value) * (self.rect.height() - above)
    }

    fn draw(
        &self,
        canvas: &Canvas<'_>,
        piece: &Piece,
        recording: &OverviewRecording,
    ) -> Result<(), PlotError> {
        let seconds = visible(recording, piece);
        if self.filled {
            self.draw_area(canvas, piece, seconds)?;
        } else {
            self.draw_curve(canvas, piece, seconds)?;
        }
        if self.flags {
            for second in seconds.iter().filter(|second| second.ae_flag) {
                if let Some((left, right)) = clipped(piece, second.second as f64, second.second as f64 + 1.0)
                {
                    let strip = Rect::new(left, self.rect.top, right, self.rect.top + FLAGS);
                    canvas.fill(strip, self.colour)?;
                }
            }
        }
        Ok(())
    }

    /// The mean of the seconds in each pixel in full colour, the highest of them pale.
    fn draw_area(
        &self,
        canvas: &Canvas<'_>,
        piece: &Piece,
        seconds: &[OverviewSecond],
    ) -> Result<(), PlotError> {
        let pixel = |second: &OverviewSecond| piece.x(second.second as f64).max(piece.left).floor() as i64;
        let single = piece.px_per_s() >= 1.0;
        for shared in seconds.chunk_by(|earlier, later| !single && pixel(earlier) == pixel(later)) {
            let values = || {
                shared.iter().map(|second| f64::from((self.value)(second))).filter(|value| value.is_finite())
            };
            let count = values().count();
            let (Some(first), Some(last)) = (shared.first(), shared.last()) else { continue };
            if count == 0 {
                continue;
            }
            let Some((left, right)) = clipped(piece, first.second as f64, last.second as f64 + 1.0) else {
                continue;
            };
            let mean = values().sum::<f64>() / count as f64;
            let highest = values().fold(f64::NEG_INFINITY, f64::max);
            for (value, strength) in [(highest, if count > 1 { PALE } else { 0.0 }), (mean, 1.0)] {
                let top = self.y(value);
                if self.rect.bottom - top > 0.2 && strength > 0.0 {
                    canvas.fill(Rect { left, right, top, ..self.rect }, tint(self.colour, strength))?;
                }
            }
        }
        Ok(())
    }

    fn draw_curve(
        &self,
        canvas: &Canvas<'_>,
        piece: &Piece,
        seconds: &[OverviewSecond],
    ) -> Result<(), PlotError> {
        let clip = Rect { left: piece.left, right: piece.right, ..self.rect };
        let mut expected = None;
        let points = seconds.iter().flat_map(|second| {
            let from = second.second as f64;
            let y = self.y(f64::from((self.value)(second)));
            let joined =
                expected.replace(second.second.saturating_add(1)).is_none_or(|next| next == second.second);
            let start = (piece.x(from), if joined { y } else { f64::NAN });
            [start, (piece.x(from), y), (piece.x(from + 1.0), y)]
        });
        canvas.curve(points, clip, 1.5, self.colour)
    }
}

/// Whether a piece holds time without a verdict.
pub(super) fn has_unjudged(recording: &OverviewRecording, piece: &Piece) -> bool {
    let judged = visible(recording, piece).len() as f64;
    judged + 1.0 <= piece.to_s.floor() - piece.from_s.ceil()
}

/// The seconds that lie in a piece.
fn visible<'s>(recording: &'s OverviewRecording, piece: &Piece) -> &'s [OverviewSecond] {
    let seconds = &recording.seconds;
    let from = seconds.partition_point(|second| second.second as f64 + 1.0 <= piece.from_s);
    let to = seconds.partition_point(|second| (second.second as f64) < piece.to_s);
    seconds.get(from..to).unwrap_or_default()
}

/// Where a time span lies on a piece, at least a visible pixel wide; none where it lies elsewhere.
fn clipped(piece: &Piece, from_s: f64, to_s: f64) -> Option<(f64, f64)> {
    let (from, to) = (from_s.max(piece.from_s), to_s.min(piece.to_s));
    if from > to || from >= piece.to_s {
        return None;
    }
    let left = piece.x(from);
    Some((left, piece.x(to).max(left + 1.0).min(piece.right.max(left + 1.0))))
}

/// A threshold that can be drawn.
fn limit(threshold: Option<f32>) -> Option<f64> {
    threshold.map(f64::from).filter(|threshold| *threshold > 0.0 && threshold.is_finite())
}

fn highest(figure: &OverviewFigure<'_>, value: fn(&OverviewSecond) -> f32) -> f64 {
    let seconds = figure.recordings.iter().flat_map(|recording| &recording.seconds);
    seconds.map(value).filter(|value| value.is_finite()).map(f64::from).fold(0.0, f64::max)
}

/// Errors span decades: from the smallest to the largest, and the threshold with some room.
fn error_axis(figure: &OverviewFigure<'_>, threshold: Option<f64>) -> Axis {
    let seconds = figure.recordings.iter().flat_map(|recording| &recording.seconds);
    let errors =
        seconds.map(|second| f64::from(second.ae_error)).filter(|error| *error > 0.0 && error.is_finite());
    let (low, high) = errors
        .chain(threshold)
        .fold((f64::INFINITY, 0.0), |(low, high), error| (f64::min(low, error), f64::max(high, error)));
    if low > high {
        return Axis::Linear(1.0);
    }
    Axis::Logarithmic(low / 1.25, high * 1.25)
}

fn draw_triangle(canvas: &Canvas<'_>, x: f64, (top, bottom): (f64, f64)) -> Result<(), PlotError> {
    canvas.polygon(&[(x - 6.0, top), (x + 6.0, top), (x, bottom)], colour::INK)
}

/// An alarm for the legend.
pub(super) fn draw_alarm_swatch(canvas: &Canvas<'_>, swatch: Rect) -> Result<(), PlotError> {
    let bar =
        Rect { top: swatch.top + 3.0, bottom: swatch.bottom - 3.0, right: swatch.right - 6.0, ..swatch };
    canvas.fill(bar, colour::INK)?;
    draw_triangle(canvas, swatch.right - 6.0, (swatch.top, swatch.bottom))
}
