//! Lays recordings out side by side on one time axis, cut into rows.
//!
//! Recordings of a patient lie hours or days apart. True to scale they would be specks in an empty
//! axis, so time that was not observed is cut out, each cut is said, and what was observed is drawn
//! on one scale throughout.

use super::overview::OverviewRecording;

/// A stretch of one recording without a long gap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// Index of the recording.
    pub recording: usize,
    /// Where it begins, in seconds from the recording's start.
    pub from_s: f64,
    /// Where it ends.
    pub to_s: f64,
    /// What lies before it.
    pub before: Before,
}

/// What lies between a stretch and the one before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Before {
    /// Nothing: it is the first.
    Start,
    /// Too little to speak of.
    Seamless,
    /// Seconds that were not observed; negative where recordings overlap.
    Gap(f64),
    /// An unknown time.
    Unknown,
}

/// A part of a stretch on the page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Index of the recording.
    pub recording: usize,
    /// Where it begins, in seconds from the recording's start.
    pub from_s: f64,
    /// Where it ends.
    pub to_s: f64,
    /// The row, from the top.
    pub row: usize,
    /// Pixels from the row's left end to its own.
    pub left: f64,
    /// And to its right end.
    pub right: f64,
    /// Where this is the first piece of its stretch and not the first of its row.
    pub cut: Option<Before>,
}

impl Piece {
    /// Where a time of the recording lies.
    pub fn x(&self, seconds: f64) -> f64 {
        self.left + (seconds - self.from_s) * self.px_per_s()
    }

    /// Its scale.
    pub fn px_per_s(&self) -> f64 {
        (self.right - self.left) / (self.to_s - self.from_s)
    }
}

/// Width of a cut that is said, and of one between recordings that follow each other at once.
const CUT: f64 = 16.0;
const SEAM: f64 = 3.0;
/// A stretch is never narrower than this.
const NARROWEST: f64 = 4.0;
/// Recordings should on average have this room, for most of them to bear their start time.
const LABEL: f64 = 110.0;
/// A row should not hold more time than this.
const ROW_S: f64 = 4.0 * 3600.0;
/// More rows than this make no readable picture; the scale shrinks instead.
pub const MOST_ROWS: usize = 24;
/// Recordings that are cut from one stream may miss each other by this little.
const SEAMLESS_S: f64 = 5.0;
/// A gap inside a recording that is longer than this is cut out.
const LONG_GAP_S: f64 = 60.0;

/// Cuts recordings at their long gaps, in the order given.
pub fn stretches(recordings: &[OverviewRecording]) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    for (index, recording) in recordings.iter().enumerate() {
        let mut before = match index.checked_sub(1).and_then(|last| recordings.get(last)) {
            None => Before::Start,
            Some(last) => match (last.start, recording.start) {
                (Some(earlier), Some(later)) => {
                    let apart = later.duration_since(earlier).as_secs_f64() - last.length_s();
                    if apart.abs() < SEAMLESS_S { Before::Seamless } else { Before::Gap(apart) }
                }
                _ => Before::Unknown,
            },
        };
        let end_s = recording.length_s();
        let marked = |from: f64, to: f64| {
            let overlaps = |mark: &(f64, f64)| mark.0 < to && mark.1 > from;
            recording.expert.iter().any(overlaps)
        };
        let mut from_s = 0.0;
        let mut seen_s = 0.0;
        for second in recording.seconds.iter().map(|second| second.second as f64).chain([end_s]) {
            if second - seen_s > LONG_GAP_S && second < end_s && !marked(seen_s, second) {
                let missing = second - seen_s;
                if seen_s > from_s {
                    found.push(Stretch { recording: index, from_s, to_s: seen_s, before });
                    before = Before::Gap(missing);
                } else if let Before::Gap(apart) = before {
                    before = Before::Gap(apart + missing);
                } else if before == Before::Seamless {
                    before = Before::Gap(missing);
                }
                from_s = second;
            }
            seen_s = f64::max(seen_s, second + 1.0);
        }
        if end_s > from_s {
            found.push(Stretch { recording: index, from_s, to_s: end_s, before });
        }
    }
    found
}

/// Lays stretches out in rows of `width` pixels on one scale; also says how many did not fit.
pub fn lay_out(stretches: &[Stretch], width: f64) -> (Vec<Piece>, usize) {
    let total_s: f64 = stretches.iter().map(|stretch| stretch.to_s - stretch.from_s).sum();
    let by_label = (stretches.len() as f64 * LABEL / width).ceil();
    let by_time = (total_s / ROW_S).ceil();
    let rows = (by_label.max(by_time) as usize).clamp(1, MOST_ROWS);
    let mut px_per_s = rows as f64 * width / total_s.max(1.0);
    // What cuts and row ends take is only known once it is laid out, so the scale shrinks until all
    // fits; 200 steps of 3 % are a factor of 400.
    for _ in 0..200 {
        let pieces = lay_out_at(stretches, width, px_per_s);
        if pieces.last().is_none_or(|piece| piece.row < rows) {
            return (pieces, 0);
        }
        px_per_s *= 0.97;
    }
    let mut pieces = lay_out_at(stretches, width, px_per_s);
    let laid_out = pieces.len();
    pieces.retain(|piece| piece.row < MOST_ROWS);
    let left_out = laid_out - pieces.len();
    (pieces, left_out)
}

fn lay_out_at(stretches: &[Stretch], width: f64, px_per_s: f64) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(stretches.len());
    let (mut row, mut left) = (0, 0.0);
    for stretch in stretches {
        let mut from_s = stretch.from_s;
        let mut cut = Some(stretch.before);
        loop {
            let gap = match cut {
                Some(Before::Seamless) => SEAM,
                Some(Before::Gap(_) | Before::Unknown) => CUT,
                Some(Before::Start) | None => 0.0,
            };
            let gap = if left == 0.0 { 0.0 } else { gap };
            let needed = ((stretch.to_s - from_s) * px_per_s).clamp(NARROWEST, f64::MAX);
            let room = width - left - gap;
            let fits = needed <= room + 1e-6;
            // A short stretch goes whole into the next row; a long one, or one that leaves much of
            // this row empty, is cut at the row's end.
            if !fits && left > 0.0 && (room < width / 4.0 || needed < width / 4.0) {
                (row, left) = (row + 1, 0.0);
                continue;
            }
            let taken = if fits { needed } else { room };
            let to_s = if fits { stretch.to_s } else { from_s + taken / px_per_s };
            let start = left + gap;
            let cut_here = if left == 0.0 { None } else { cut };
            pieces.push(Piece {
                recording: stretch.recording,
                from_s,
                to_s,
                row,
                left: start,
                right: start + taken,
                cut: cut_here,
            });
            if fits {
                left = start + taken;
                break;
            }
            from_s = to_s;
            cut = None;
            (row, left) = (row + 1, 0.0);
        }
    }
    pieces
}
