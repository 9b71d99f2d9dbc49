//! A span of a bed's record, opened: which stretches of which files lie in it, and when each of their frames was taken.

use std::path::Path;

use super::error::ReviewError;
use crate::record::{About, RecordFile, Stretch, files_between, files_of, start_of};

/// A stretch without a gap, with its wall clock.
pub struct TimedStretch {
    /// Index of its file in [`Span::files`].
    pub file: usize,
    /// Its rows and frames.
    pub stretch: Stretch,
    /// When its first frame was taken, in seconds since 1970. All of its frames are counted from there, so that two
    /// pages agree on where a sample lies.
    pub begin_s: f64,
}

/// The files of a bed that hold something of a span, and their stretches in it, in time order.
pub struct Span {
    /// The files.
    pub files: Vec<RecordFile>,
    /// Their stretches that reach into the span.
    pub stretches: Vec<TimedStretch>,
}

impl TimedStretch {
    /// The end, in seconds since 1970.
    pub fn end_s(&self, rate_hz: f64) -> f64 {
        self.begin_s + self.stretch.rows as f64 / rate_hz
    }
}

impl Span {
    /// Opens what can lie in a span; only the files that begin near it are looked into.
    ///
    /// # Errors
    /// [`ReviewError::Record`] where a file cannot be read.
    pub fn open(folder: &Path, bed: &str, from_s: f64, to_s: f64) -> Result<Span, ReviewError> {
        let mut span = Span { files: Vec::new(), stretches: Vec::new() };
        for path in files_between(folder, bed, from_s, to_s)? {
            let file = RecordFile::open(&path)?;
            let rate_hz = file.about().rate_hz;
            let mut within = false;
            for stretch in file.stretches()? {
                let begin_s = file.time_of(stretch.first_frame)?;
                let timed = TimedStretch { file: span.files.len(), stretch, begin_s };
                if begin_s < to_s && timed.end_s(rate_hz) > from_s {
                    within = true;
                    span.stretches.push(timed);
                }
            }
            if within {
                span.files.push(file);
            }
        }
        span.stretches.sort_by(|a, b| a.begin_s.total_cmp(&b.begin_s));
        Ok(span)
    }

    /// What a stretch's file is about.
    pub fn about(&self, stretch: &TimedStretch) -> &About {
        self.files[stretch.file].about()
    }

    /// The file whose signal is nearest to a moment: its patient and its layout are those that are shown.
    pub fn nearest(&self, at_s: f64) -> Option<&About> {
        let away = |timed: &&TimedStretch| {
            let end_s = timed.end_s(self.about(timed).rate_hz);
            (timed.begin_s - at_s).max(at_s - end_s).max(0.0)
        };
        let nearest = self.stretches.iter().min_by(|a, b| away(a).total_cmp(&away(b)))?;
        Some(self.about(nearest))
    }

    /// When a frame of a file was taken, as the file's stretches say; `None` where it lies in none of the span.
    pub fn time_of(&self, file: usize, frame: u64) -> Option<f64> {
        let rate_hz = self.files[file].about().rate_hz;
        let holds = |timed: &&TimedStretch| {
            timed.file == file && (timed.stretch.first_frame..timed.stretch.end_frame()).contains(&frame)
        };
        let timed = self.stretches.iter().find(holds)?;
        Some(timed.begin_s + (frame - timed.stretch.first_frame) as f64 / rate_hz)
    }
}

/// Why a file is not shown beside another; `None` where it can be.
pub fn unlike(about: &About, shown: &About) -> Option<&'static str> {
    if about.patient != shown.patient {
        Some("another patient")
    } else if about.labels != shown.labels || about.units != shown.units || about.rate_hz != shown.rate_hz {
        Some("another layout of the stream")
    } else {
        None
    }
}

/// Says that there is nothing, and what there is.
pub fn nothing(folder: &Path, bed: &str, from_s: f64, to_s: f64) -> ReviewError {
    let files = files_of(folder, bed).unwrap_or_default();
    let at = |path: Option<&std::path::PathBuf>| path.and_then(|path| start_of(path)).map(text);
    let hint = match (at(files.first()), at(files.last())) {
        (Some(first), Some(last)) => format!("its record begins at {first}, the last file at {last}"),
        _ => "there is no record of it: was it recorded, and kept for long enough?".into(),
    };
    let when = format!("from {} to {}", text(from_s), text(to_s));
    ReviewError::NotRecorded { bed: bed.into(), when, hint }
}

/// A time in words.
pub fn text(unix_s: f64) -> String {
    jiff::Timestamp::from_millisecond((unix_s * 1e3) as i64)
        .map_or_else(|_| format!("{unix_s:.0} s"), |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// A span that somebody asks for.
///
/// # Errors
/// [`ReviewError::Mistake`] where it is none, or too long.
pub fn checked(from_s: f64, seconds: f64, longest_s: f64) -> Result<(f64, f64), ReviewError> {
    let within = from_s.is_finite() && from_s.abs() < 1e11 && seconds > 0.0 && seconds <= longest_s;
    if !within {
        return Err(ReviewError::Mistake(format!(
            "from is {from_s}, seconds is {seconds}; expected seconds since 1970, and at most {longest_s} seconds"
        )));
    }
    Ok((from_s, from_s + seconds))
}
