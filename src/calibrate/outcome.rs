//! What settings come to over a patient's recorded time, counted against what reviewers say.

use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

use super::recorded::{Raised, RecordedTime};
use super::settings::AlarmSettings;
use super::truth::Truth;
use crate::alarm::{AlarmLog, LogError};
use crate::detect::SettingError;
use crate::evaluate::{AFTER_S, AlarmMark, SeizureMark, WardScore, merged, score_ward};
use crate::record::RecordError;

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// A period of a patient, ready to be counted.
pub struct Period {
    /// The recorded seconds.
    pub time: RecordedTime,
    /// What reviewers say.
    pub truth: Truth,
    /// The period, in seconds since 1970.
    pub span_s: [f64; 2],
    /// The seizures that begin in it and were recorded.
    pub seizures: Vec<SeizureMark>,
    /// Seizures that begin in it and were not recorded: no settings could find them.
    pub unrecorded: usize,
    /// Hours in which an alarm would be false.
    pub hours: f64,
    /// Hours that were judged at all.
    pub judged_hours: f64,
    /// For each line, the time that is left out of it: sorted, without overlaps.
    left_out: Vec<Vec<[f64; 2]>>,
}

/// What settings came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Counted {
    /// The alarms that were raised in the period, left-out time included.
    pub alarms: Vec<Raised>,
    /// Of them, raised where nobody can tell: they are not scored.
    pub not_counted: usize,
    /// The score of the others. Its indices are those of the alarms that are counted.
    pub score: WardScore,
    /// For how many seconds each alarm that is counted lasts once it is raised.
    pub lasting_s: Vec<f64>,
}

/// What settings came to, in numbers.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Outcome {
    /// Alarms.
    pub alarms: usize,
    /// Of them, for nothing.
    pub false_alarms: usize,
    /// Of them, raised in time that is left out: they count as neither right nor wrong.
    pub not_counted: usize,
    /// Known seizures with an alarm.
    pub confirmed_kept: usize,
    /// Known seizures without one.
    pub missed: usize,
    /// False alarms an hour.
    pub false_alarms_per_hour: Option<f64>,
    /// Its exact 95 % interval (Garwood).
    pub interval: Option<[f64; 2]>,
    /// Median of the seconds from onset to alarm.
    pub median_latency_s: Option<f64>,
}

/// A period that cannot be gathered.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum GatherError {
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The log of alarms.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Nothing was recorded of the patient.
    #[error(
        "nothing is recorded of patient {patient} in the last {days} days below {folder}; expected the record of a bed in \
         which the patient lies or lay: is it recorded, and kept for long enough (record.keep_days)?"
    )]
    NotRecorded {
        /// The patient.
        patient: String,
        /// How many days.
        days: f64,
        /// The record's folder.
        folder: std::path::PathBuf,
    },
    /// A number of days that is none.
    #[error("days is {0}; expected more than 0 and at most 400")]
    Days(f64),
}

impl Period {
    /// Gathers a patient's last days: up to now (seconds since 1970), or to the end of the record where that lies later, as
    /// in a replay.
    ///
    /// # Errors
    /// [`GatherError`].
    pub fn gather(
        folder: &std::path::Path,
        log: &AlarmLog,
        patient: &str,
        days: f64,
        now_s: f64,
    ) -> Result<Period, GatherError> {
        if !(days > 0.0 && days <= 400.0) {
            return Err(GatherError::Days(days));
        }
        let time = RecordedTime::of(folder, patient, now_s - days * DAY_S, f64::INFINITY)?;
        let Some(end_s) = time.end_s() else {
            let (patient, folder) = (patient.to_string(), folder.to_path_buf());
            return Err(GatherError::NotRecorded { patient, days, folder });
        };
        let until_s = end_s.max(now_s);
        let span_s = [until_s - days * DAY_S, until_s];
        let truth = Truth::of(log, patient, span_s[0], span_s[1])?;
        Ok(Period::new(time, truth, span_s))
    }

    /// Puts the two together.
    pub fn new(time: RecordedTime, truth: Truth, span_s: [f64; 2]) -> Period {
        let left_out: Vec<Vec<[f64; 2]>> = time
            .lines
            .iter()
            .map(|line| {
                let mine =
                    truth.left_out.iter().filter(|out| out.bed.as_ref().is_none_or(|bed| *bed == line.bed));
                merged(mine.map(|out| out.span_s))
            })
            .collect();
        let begins = |seizure: &&SeizureMark| (span_s[0]..span_s[1]).contains(&seizure.onset_s);
        let recorded = |seizure: &SeizureMark| {
            time.lines.iter().any(|line| {
                let at = line.seconds.partition_point(|second| second.time_s < seizure.onset_s);
                line.seconds.get(at).is_some_and(|second| second.time_s < seizure.end_s + AFTER_S)
            })
        };
        let (seizures, unrecorded): (Vec<SeizureMark>, Vec<SeizureMark>) =
            truth.seizures.iter().filter(begins).partition(|seizure| recorded(seizure));
        let about = merged(truth.seizures.iter().map(|seizure| [seizure.onset_s, seizure.end_s + AFTER_S]));
        let (mut judged, mut at_risk) = (0usize, 0usize);
        for (line, out) in time.lines.iter().zip(&left_out) {
            for second in line.seconds.iter().filter(|second| second.opinion.is_some()) {
                let end_s = second.time_s + 1.0;
                if !(span_s[0]..span_s[1]).contains(&second.time_s) {
                    continue;
                }
                judged += 1;
                at_risk += usize::from(!holds(out, end_s) && !holds(&about, end_s));
            }
        }
        Period {
            seizures,
            unrecorded: unrecorded.len(),
            hours: at_risk as f64 / 3600.0,
            judged_hours: judged as f64 / 3600.0,
            left_out,
            time,
            truth,
            span_s,
        }
    }

    /// What settings come to.
    ///
    /// # Errors
    /// [`SettingError`].
    pub fn count(&self, settings: &AlarmSettings) -> Result<Counted, SettingError> {
        let mut alarms = self.time.alarms(settings)?;
        alarms.retain(|alarm| (self.span_s[0]..=self.span_s[1]).contains(&alarm.raised_s));
        let explained =
            |alarm: &Raised| self.truth.seizures.iter().any(|seizure| seizure.explains(alarm.raised_s));
        let counts = |alarm: &&Raised| {
            explained(alarm) || !self.left_out.get(alarm.line).is_some_and(|out| holds(out, alarm.raised_s))
        };
        // An alarm about a seizure that began before the period says nothing of the period.
        let of_period = |alarm: &&Raised| {
            !explained(alarm) || self.seizures.iter().any(|seizure| seizure.explains(alarm.raised_s))
        };
        let (marks, lasting_s): (Vec<AlarmMark>, Vec<f64>) = alarms
            .iter()
            .filter(counts)
            .filter(of_period)
            .map(|alarm| {
                let mark = AlarmMark { onset_s: alarm.onset_s, raised_s: alarm.raised_s };
                (mark, alarm.end_s - alarm.raised_s)
            })
            .unzip();
        let score = score_ward(&self.seizures, &marks, self.hours);
        Ok(Counted { not_counted: alarms.len() - marks.len(), alarms, score, lasting_s })
    }

    /// The known seizure that explains an alarm.
    pub fn seizure_of(&self, alarm: &Raised) -> Option<&SeizureMark> {
        self.truth.seizures.iter().find(|seizure| seizure.explains(alarm.raised_s))
    }
}

impl Counted {
    /// In numbers.
    pub fn outcome(&self) -> Outcome {
        let score = &self.score;
        let false_alarms = score.false_alarms.len();
        Outcome {
            alarms: self.alarms.len(),
            false_alarms,
            not_counted: self.not_counted,
            confirmed_kept: score.detected,
            missed: score.seizures.len() - score.detected,
            false_alarms_per_hour: (score.hours > 0.0).then(|| false_alarms as f64 / score.hours),
            interval: score.false_alarms_per_hour.map(|ends| [ends.lower, ends.upper]),
            median_latency_s: score.median_latency_s,
        }
    }
}

fn holds(spans: &[[f64; 2]], at_s: f64) -> bool {
    let after = spans.partition_point(|span| span[0] <= at_s);
    after.checked_sub(1).and_then(|last| spans.get(last)).is_some_and(|span| at_s <= span[1])
}
