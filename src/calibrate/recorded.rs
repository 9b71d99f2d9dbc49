//! A patient's recorded opinions, second by second, and what any settings would have made of them.

use std::collections::BTreeMap;
use std::path::Path;

use super::settings::AlarmSettings;
use crate::detect::{Detector, Opinion, SettingError};
use crate::record::{RecordError, RecordFile, files_between};

/// Seconds before a period from which on the detector runs, so that the accumulator and its rest after an alarm are as
/// they were.
const RUN_IN_S: f64 = 1800.0;

/// One recorded second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordedSecond {
    /// Its number on the bed's time line.
    pub second: u64,
    /// When it began, in seconds since 1970.
    pub time_s: f64,
    /// What the networks said; `None` where it could not be judged.
    pub opinion: Option<Opinion>,
}

/// The recorded seconds of one time line of a bed, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedLine {
    /// The bed.
    pub bed: String,
    /// Which of its time lines.
    pub timeline: u64,
    /// The seconds.
    pub seconds: Vec<RecordedSecond>,
}

/// An alarm that settings raise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Raised {
    /// Index of the line.
    pub line: usize,
    /// First second of the run that led to it.
    pub onset_second: u64,
    /// The second that raised it.
    pub raised_second: u64,
    /// The second after its last.
    pub end_second: u64,
    /// When it began, in seconds since 1970.
    pub onset_s: f64,
    /// When it was raised: the end of the second that raised it.
    pub raised_s: f64,
    /// When it ended.
    pub end_s: f64,
}

/// A patient's recorded time, and the files that could not be read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecordedTime {
    /// The lines.
    pub lines: Vec<RecordedLine>,
    /// Files that could not be read, and why.
    pub unreadable: Vec<String>,
}

impl RecordedTime {
    /// Reads what was recorded of a patient, on any bed, from one moment up to another (seconds since 1970), and some time
    /// before it.
    ///
    /// # Errors
    /// [`RecordError`] where a folder cannot be read. A file that cannot be read is named and passed over.
    pub fn of(folder: &Path, patient: &str, from_s: f64, to_s: f64) -> Result<RecordedTime, RecordError> {
        let mut lines: BTreeMap<(String, u64), Vec<RecordedSecond>> = BTreeMap::new();
        let mut unreadable = Vec::new();
        for bed in beds_of(folder)? {
            for path in files_between(folder, &bed, from_s - RUN_IN_S, to_s)? {
                let read = RecordFile::open(&path).and_then(|file| match file.about().patient == patient {
                    true => Ok(Some((file.about().timeline, file.verdicts()?))),
                    false => Ok(None),
                });
                let (timeline, verdicts) = match read {
                    Ok(Some(read)) => read,
                    Ok(None) => continue,
                    Err(error) => {
                        unreadable.push(error.to_string());
                        continue;
                    }
                };
                let line = lines.entry((bed.clone(), timeline)).or_default();
                for recorded in verdicts {
                    let (verdict, time_s) = (recorded.verdict, recorded.time_s);
                    // What a restart judged and recorded again is taken once.
                    let known = line.last().is_some_and(|last| last.second >= verdict.second);
                    if known || !(from_s - RUN_IN_S..to_s).contains(&time_s) {
                        continue;
                    }
                    let opinion = verdict.probabilities.map(|probabilities| Opinion {
                        ae_error: verdict.ae_error,
                        ae_flag: verdict.ae_flag,
                        probabilities,
                    });
                    line.push(RecordedSecond { second: verdict.second, time_s, opinion });
                }
            }
        }
        let lines = lines
            .into_iter()
            .filter(|(_, seconds)| !seconds.is_empty())
            .map(|((bed, timeline), seconds)| RecordedLine { bed, timeline, seconds })
            .collect();
        Ok(RecordedTime { lines, unreadable })
    }

    /// When the last recorded second ends, in seconds since 1970.
    pub fn end_s(&self) -> Option<f64> {
        let ends = self.lines.iter().filter_map(|line| line.seconds.last());
        ends.map(|second| second.time_s + 1.0).max_by(f64::total_cmp)
    }

    /// The alarms that settings raise, line after line. Each line begins at rest.
    ///
    /// # Errors
    /// [`SettingError`] where a setting is out of range.
    pub fn alarms(&self, settings: &AlarmSettings) -> Result<Vec<Raised>, SettingError> {
        let mut alarms = Vec::new();
        for (line, recorded) in self.lines.iter().enumerate() {
            alarms.extend(recorded.alarms(line, settings)?);
        }
        Ok(alarms)
    }
}

impl RecordedLine {
    fn alarms(&self, line: usize, settings: &AlarmSettings) -> Result<Vec<Raised>, SettingError> {
        let mut detector = Detector::new(settings.label(), settings.accumulator())?;
        let mut alarms: Vec<Raised> = Vec::new();
        let mut next_second = 0;
        let mut lasting = false;
        for recorded in &self.seconds {
            if recorded.second > next_second {
                detector.gap(recorded.second - next_second);
            }
            next_second = recorded.second + 1;
            let verdict = detector.next(recorded.second, recorded.opinion);
            if let Some(alarm) = verdict.alarm {
                alarms.push(Raised {
                    line,
                    onset_second: alarm.onset_second,
                    raised_second: alarm.raised_second,
                    end_second: next_second,
                    onset_s: self.time_of(alarm.onset_second).unwrap_or(recorded.time_s),
                    raised_s: recorded.time_s + 1.0,
                    end_s: recorded.time_s + 1.0,
                });
            } else if verdict.alarming
                && lasting
                && let Some(last) = alarms.last_mut()
            {
                (last.end_second, last.end_s) = (next_second, recorded.time_s + 1.0);
            }
            lasting = verdict.alarming;
        }
        Ok(alarms)
    }

    fn time_of(&self, second: u64) -> Option<f64> {
        let at = self.seconds.partition_point(|recorded| recorded.second < second);
        self.seconds.get(at).map(|recorded| recorded.time_s)
    }
}

/// The beds that have a record, in alphabetical order; none where there is no record.
///
/// # Errors
/// [`RecordError::Io`] where the folder cannot be read.
pub fn beds_of(folder: &Path) -> Result<Vec<String>, RecordError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(RecordError::Io { doing: "read", path: folder.to_path_buf(), source }),
    };
    let mut beds: Vec<String> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    beds.sort();
    Ok(beds)
}
