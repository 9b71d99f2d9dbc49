//! A whole replay on one page: probabilities, autoencoder error, accumulator, alarms, expert marks.

use std::path::Path;

use jiff::civil::DateTime;

use super::canvas::{Canvas, Face, Rect, colour, paint, tint};
use super::error::PlotError;
use super::lanes::Lanes;
use super::picture::Picture;
use super::tape::{self, Piece};

/// What the overview shows: recordings in time order.
#[derive(Debug, Clone)]
pub struct OverviewFigure<'a> {
    /// The heading: whose recordings.
    pub title: &'a str,
    /// A line below it, say the counts. May be empty.
    pub subtitle: &'a str,
    /// The autoencoder's error above which a second is flagged, where there is an autoencoder.
    pub ae_threshold: Option<f32>,
    /// The accumulator at which an alarm is raised, where there is an accumulator.
    pub alarm_threshold: Option<f32>,
    /// The recordings, in the order in which they are drawn.
    pub recordings: &'a [OverviewRecording],
}

/// One recording of an overview.
#[derive(Debug, Clone)]
pub struct OverviewRecording {
    /// A short name, for it is drawn above the recording: `run-01`.
    pub name: String,
    /// Wall time of the start, where known.
    pub start: Option<DateTime>,
    /// Seconds.
    pub duration_s: f64,
    /// What was found in each second, in ascending order; seconds without a verdict are left out.
    pub seconds: Vec<OverviewSecond>,
    /// The alarms.
    pub alarms: Vec<OverviewAlarm>,
    /// Expert marks: start and end in seconds from the recording's start.
    pub expert: Vec<(f64, f64)>,
}

/// What was found in one second; a value that there is not is NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverviewSecond {
    /// Which second of the recording, from 0.
    pub second: u64,
    /// Probability of the class seizure.
    pub p_seizure: f32,
    /// Probability of the class abnormal; NaN with two classes.
    pub p_abnormal: f32,
    /// Probability of the class non-seizure.
    pub p_nonseizure: f32,
    /// The autoencoder's error; NaN without an autoencoder.
    pub ae_error: f32,
    /// Whether that error is above the patient's threshold.
    pub ae_flag: bool,
    /// The accumulator after this second.
    pub accumulator: f32,
}

impl Default for OverviewSecond {
    /// The first second, with nothing found.
    fn default() -> Self {
        OverviewSecond {
            second: 0,
            p_seizure: f32::NAN,
            p_abnormal: f32::NAN,
            p_nonseizure: f32::NAN,
            ae_error: f32::NAN,
            ae_flag: false,
            accumulator: f32::NAN,
        }
    }
}

/// One alarm, in seconds from the recording's start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OverviewAlarm {
    /// The first second of the run that led to it.
    pub onset_s: f64,
    /// When it was raised.
    pub raised_s: f64,
}

impl OverviewRecording {
    /// The length that is drawn: to the stated end or the last verdict's.
    pub(super) fn length_s(&self) -> f64 {
        let judged = self.seconds.last().map_or(0.0, |second| second.second as f64 + 1.0);
        let stated = if self.duration_s.is_finite() { self.duration_s } else { 0.0 };
        stated.max(judged)
    }
}

const WIDTH: f64 = 1800.0;
const LEFT: f64 = 148.0;
const RIGHT: f64 = 120.0;
const HEADER: f64 = 84.0;
const FOOTER: f64 = 40.0;

/// Writes the overview as a PNG file.
///
/// Observed time is drawn on one scale, in as many rows as it needs; what lies between recordings,
/// and a long gap within one, is a narrow cut with the length of time that it stands for.
///
/// # Errors
/// [`PlotError::Figure`] where there is nothing to draw, [`PlotError::Write`] where the file cannot
/// be written.
pub fn overview_figure(path: &Path, figure: &OverviewFigure<'_>) -> Result<(), PlotError> {
    draw_overview_figure(figure)?.write_png(path)
}

/// Draws the overview.
///
/// # Errors
/// As [`overview_figure`], without a file.
pub fn draw_overview_figure(figure: &OverviewFigure<'_>) -> Result<Picture, PlotError> {
    let stretches = tape::stretches(figure.recordings);
    if stretches.is_empty() {
        return Err(PlotError::Figure {
            what: "the overview",
            found: format!("{} recordings without a second of signal", figure.recordings.len()),
            expected: "a recording of some length".into(),
        });
    }
    let (pieces, left_out) = tape::lay_out(&stretches, WIDTH - LEFT - RIGHT);
    let lanes = Lanes::of(figure, LEFT, WIDTH - RIGHT);
    // Row by row, so that a long page is never in memory at its drawing size.
    let mut parts = vec![paint(WIDTH as u32, HEADER as u32, |canvas| draw_header(canvas, figure, left_out))?];
    for row in pieces.chunk_by(|earlier, later| earlier.row == later.row) {
        let placed: Vec<Piece> = row
            .iter()
            .map(|piece| Piece { left: piece.left + LEFT, right: piece.right + LEFT, ..*piece })
            .collect();
        parts.push(paint(WIDTH as u32, lanes.height().ceil() as u32, |canvas| lanes.draw(canvas, &placed))?);
    }
    let legend = Legend {
        errors: lanes.have_errors(),
        unjudged: pieces.iter().any(|piece| {
            let recording = figure.recordings.get(piece.recording);
            recording.is_some_and(|recording| super::lanes::has_unjudged(recording, piece))
        }),
        reduced: pieces.iter().any(|piece| piece.px_per_s() < 1.0),
    };
    parts.push(paint(WIDTH as u32, FOOTER as u32, |canvas| legend.draw(canvas))?);
    Ok(Picture::stacked(parts))
}

fn draw_header(canvas: &Canvas<'_>, figure: &OverviewFigure<'_>, left_out: usize) -> Result<(), PlotError> {
    let width = WIDTH - 48.0;
    let title = Face::new(20.0, colour::INK).bold();
    canvas.text(&canvas.fitted(figure.title, title, width), (24.0, 38.0), title)?;
    let subtitle = Face::new(13.0, colour::QUIET);
    let text = match left_out {
        0 => figure.subtitle.to_owned(),
        _ => format!("the last {left_out} stretches do not fit on this page; {}", figure.subtitle),
    };
    canvas.text(&canvas.fitted(&text, subtitle, width), (24.0, 61.0), subtitle)
}

/// Which signs the page holds beyond those that every page holds.
struct Legend {
    errors: bool,
    unjudged: bool,
    reduced: bool,
}

impl Legend {
    fn draw(&self, canvas: &Canvas<'_>) -> Result<(), PlotError> {
        let face = Face::new(12.0, colour::QUIET).centred();
        let middle = 12.0;
        let mut x = LEFT;
        let mut entry = |name: &str, swatch: &dyn Fn(Rect) -> Result<(), PlotError>| {
            swatch(Rect::new(x, middle - 6.0, x + 22.0, middle + 6.0))?;
            canvas.text(name, (x + 30.0, middle), face)?;
            x += 30.0 + canvas.text_width(name, face) + 30.0;
            Ok::<(), PlotError>(())
        };
        entry("marked by the expert", &|swatch| canvas.fill(swatch, colour::BLUE))?;
        entry("alarm, from its onset to when it was raised", &|swatch| {
            super::lanes::draw_alarm_swatch(canvas, swatch)
        })?;
        if self.errors {
            entry("autoencoder error above its threshold", &|swatch| {
                canvas.fill(Rect { top: middle - 2.5, bottom: middle + 2.5, ..swatch }, colour::PURPLE)
            })?;
        }
        if self.unjudged {
            entry("no verdict", &|swatch| canvas.fill(swatch, super::lanes::UNJUDGED))?;
        }
        if self.reduced {
            entry("pale: highest, full: mean of the seconds in a pixel", &|swatch| {
                canvas.fill(swatch, tint(colour::VERMILLION, super::lanes::PALE))?;
                canvas.fill(Rect { top: middle, ..swatch }, colour::VERMILLION)
            })?;
        }
        Ok(())
    }
}
