//! Where in a ward's record the seconds lie that reviewers speak of.

use std::collections::BTreeMap;
use std::path::Path;

use crate::detect::Label;
use crate::record::{RecordError, RecordFile, files_between, whole_seconds_before};

/// Seconds of signal before what is trained on, over which the filters settle.
const RUN_IN_S: u64 = 60;

/// Seconds after it: resampling holds some samples back.
const RUN_OUT_S: f64 = 2.0;

/// What a reviewer says of a stretch of time.
pub struct Statement {
    /// The alarm or the mark.
    pub name: String,
    /// Of whom.
    pub patient: String,
    /// Where.
    pub bed: String,
    /// From when to when, in seconds since 1970.
    pub span_s: [f64; 2],
    /// What.
    pub said: Said,
}

/// What it says.
pub enum Said {
    /// A seizure with an alarm.
    Confirmed,
    /// A seizure without one.
    Marked,
    /// A rejected alarm: its time line, and the seconds from its onset up to its end.
    Rejected(u64, [u64; 2]),
}

/// Frames of one count of a bed that statements are about.
#[derive(Default)]
pub struct Wanted {
    /// Frames a second.
    pub rate_hz: f64,
    /// Of seizures: which statement, first frame, frame after the last.
    pub seizures: Vec<(usize, u64, u64)>,
    /// Of seconds that fed a rejected alarm: which statement, first frame.
    pub fed: Vec<(usize, u64)>,
    /// What is read: from, to.
    pub spans: Vec<(u64, u64)>,
}

impl Wanted {
    /// What is read, in rising order, spans that touch joined.
    pub fn joined(&self) -> Vec<(u64, u64)> {
        let mut spans = self.spans.clone();
        spans.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for (from, to) in spans {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => joined.push((from, to)),
            }
        }
        joined
    }
}

/// Finds a statement's seconds in the record, and adds them to what is wanted of their patient, bed and count.
///
/// # Errors
/// [`RecordError`] where a file that is there cannot be read.
pub fn place(
    record: &Path,
    index: usize,
    statement: &Statement,
    wanted: &mut BTreeMap<(String, String, u64), Wanted>,
) -> Result<(), RecordError> {
    let [from_s, to_s] = statement.span_s;
    for path in files_between(record, &statement.bed, from_s, to_s)? {
        let file = match RecordFile::open(&path) {
            Ok(file) => file,
            // A file that was deleted since is one that is gone.
            Err(_) if !path.exists() => continue,
            Err(error) => return Err(error),
        };
        let about = file.about();
        if about.patient != statement.patient {
            continue;
        }
        let rate_hz = about.rate_hz;
        let verdicts = file.verdicts()?;
        let key = (statement.patient.clone(), statement.bed.clone(), about.timeline);
        let mut found: Vec<(u64, u64)> = Vec::new();
        match statement.said {
            Said::Rejected(timeline, [onset, end]) => {
                if timeline != about.timeline {
                    continue;
                }
                let fed = verdicts.iter().filter(|recorded| {
                    (onset..end).contains(&recorded.verdict.second)
                        && recorded.verdict.label == Some(Label::Seizure)
                });
                for recorded in fed {
                    wanted.entry(key.clone()).or_default().fed.push((index, recorded.frame));
                    found.push((recorded.frame, recorded.frame + rate_hz.ceil() as u64));
                }
            }
            Said::Confirmed | Said::Marked => {
                for stretch in file.stretches()? {
                    let begin_s = file.time_of(stretch.first_frame)?;
                    let frame = |time_s: f64| {
                        let row = ((time_s - begin_s) * rate_hz).round().clamp(0.0, stretch.rows as f64);
                        stretch.first_frame + row as u64
                    };
                    let (from, to) = (frame(from_s), frame(to_s));
                    if from < to {
                        wanted.entry(key.clone()).or_default().seizures.push((index, from, to));
                        found.push((from, to));
                    }
                }
            }
        }
        for (from, to) in found {
            // Whole seconds before a judged one, so that the windows fall as they fell live.
            let judged = verdicts.iter().rev().map(|recorded| recorded.frame).find(|frame| *frame <= from);
            let begin = whole_seconds_before(judged.unwrap_or(from), RUN_IN_S, rate_hz);
            let wanted = wanted.entry(key.clone()).or_default();
            wanted.rate_hz = rate_hz;
            wanted.spans.push((begin, to + (RUN_OUT_S * rate_hz).ceil() as u64));
        }
    }
    Ok(())
}
