//! What stands above and below a row of the overview: names of recordings, times and dates.

use jiff::civil::DateTime;

use super::canvas::{Canvas, Face, colour};
use super::error::PlotError;
use super::overview::OverviewRecording;
use super::tape::Piece;
use super::ticks;

/// Names of the recordings above, times and dates below.
pub(super) fn draw_times(
    canvas: &Canvas<'_>,
    pieces: &[Piece],
    recordings: &[OverviewRecording],
    names_y: f64,
    bottom: f64,
) -> Result<(), PlotError> {
    let face = Face::new(11.0, colour::QUIET);
    let mut names_to = f64::NEG_INFINITY;
    let mut labels = TimeLabels { canvas, bottom, taken_to: f64::NEG_INFINITY, date: None };
    for (place, piece) in pieces.iter().enumerate() {
        let Some(recording) = recordings.get(piece.recording) else { continue };
        let next = pieces.get(place + 1).map_or(f64::INFINITY, |next| next.left);
        let room = piece.right.max(next.min(piece.right + 14.0) - 4.0) - piece.left;
        if piece.left >= names_to && room >= 24.0 {
            let text = canvas.fitted(&recording.name, face, room);
            canvas.text(&text, (piece.left, names_y), face)?;
            names_to = piece.left + canvas.text_width(&text, face) + 6.0;
        }
        labels.draw(piece.x(piece.from_s), f64::INFINITY, recording, piece.from_s, ticks::clock)?;
        let step = ticks::time_step_s(piece.px_per_s(), 76.0);
        let written = if step < 60.0 { ticks::clock } else { ticks::hour_and_minute };
        // Ticks stand at round times of day where the time of day is known.
        let since_midnight = recording.start.map_or(0.0, ticks::since_midnight_s);
        let first = ((piece.from_s + since_midnight) / step).floor() as i64 + 1;
        let end = ((piece.to_s + since_midnight) / step).ceil() as i64;
        for tick in first..end {
            let seconds = tick as f64 * step - since_midnight;
            // The start of the next recording says more than a tick before it.
            labels.draw(piece.x(seconds), next - 8.0, recording, seconds, written)?;
        }
    }
    Ok(())
}

/// Times below a row from left to right; one that would touch another is left out.
struct TimeLabels<'c, 'a> {
    canvas: &'c Canvas<'a>,
    bottom: f64,
    /// Where the last label ended.
    taken_to: f64,
    /// The last date that was written.
    date: Option<String>,
}

impl TimeLabels<'_, '_> {
    fn draw(
        &mut self,
        x: f64,
        limit: f64,
        recording: &OverviewRecording,
        seconds: f64,
        written: fn(DateTime) -> String,
    ) -> Result<(), PlotError> {
        let (canvas, bottom) = (self.canvas, self.bottom);
        canvas.line((x, bottom), (x, bottom + 5.0), 1.0, colour::INK)?;
        let (clock, quiet) = (Face::new(11.0, colour::INK), Face::new(11.0, colour::QUIET));
        let (text, date) = match recording.start.map(|start| ticks::wall_time(start, seconds)) {
            Some(time) => (written(time), Some(ticks::date(time))),
            None => (format!("{} s", ticks::number(seconds)), None),
        };
        let date = date.filter(|date| self.date.as_ref() != Some(date));
        let date_width = date.as_ref().map_or(0.0, |date| canvas.text_width(date, quiet));
        let to = x + canvas.text_width(&text, clock).max(date_width);
        if x < self.taken_to || to > limit {
            return Ok(());
        }
        canvas.text(&text, (x, bottom + 18.0), clock)?;
        if let Some(date) = date {
            canvas.text(&date, (x, bottom + 33.0), quiet)?;
            self.date = Some(date);
        }
        self.taken_to = to + 8.0;
        Ok(())
    }
}
