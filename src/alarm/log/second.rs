//! The second reading: another person judges an alarm without having been shown what the first one said.
//!
//! Invariant: what waits for a second reading is told without a trace of the first, and in the order in which it was
//! raised, which no judgement has a part in.

use rusqlite::TransactionBehavior;
use serde::Serialize;
use utoipa::ToSchema;

use super::record::Held;
use super::{AlarmLog, Appended, LogError, append_in, of_sqlite, read};
use crate::alarm::entry::Entry;
use crate::alarm::moment::wall_text;
use crate::alarm::state::AlarmKind;

/// An alarm that waits for a second reader.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ToRead {
    /// Its identity.
    pub alarm: String,
    /// Its bed.
    pub bed: String,
    /// Its patient's id.
    pub patient: String,
    /// Wall clock of the onset, as the detector has it.
    pub onset: String,
    /// Wall clock of the raising.
    pub raised: String,
    /// Wall clock of the end, where it has one.
    pub ended: Option<String>,
    /// Seconds from the onset to the end; to the raising where it lasts.
    pub seconds: f64,
}

impl ToRead {
    fn of(held: &Held) -> Option<ToRead> {
        let (onset_us, raised_us, ended_us) = held.span_us()?;
        Some(ToRead {
            alarm: held.alarm.clone(),
            bed: held.bed.clone(),
            patient: held.patient.clone(),
            onset: wall_text(onset_us),
            raised: wall_text(raised_us),
            ended: ended_us.map(wall_text),
            seconds: (ended_us.unwrap_or(raised_us) - onset_us) as f64 / 1e6,
        })
    }
}

/// Whether two names are one person's: upper case and blanks around tell nobody apart.
pub fn same_person(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

impl AlarmLog {
    /// Appends a second reading, if the last one of the alarm is the one that the reader has seen (`after`, by its
    /// number; `None` for an alarm without one), and the reader is none of those who judged it first.
    ///
    /// # Errors
    /// [`LogError::NotReviewed`], [`LogError::OwnReview`], [`LogError::ReadMeanwhile`], and see [`AlarmLog::append`].
    pub fn read_again(&mut self, entry: &Entry, after: Option<i64>) -> Result<Appended, LogError> {
        let path = self.path.clone();
        let told = |error| of_sqlite(&error, "write", &path);
        let alarm = entry.alarm.clone().unwrap_or_default();
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(told)?;
        let history = read::entries_of(&transaction, &alarm).map_err(told)?;
        let Some(held) = Held::fold(&history) else { return Err(LogError::NoAlarm { alarm }) };
        if held.kind() == AlarmKind::Seizure && held.review.is_none() {
            return Err(LogError::NotReviewed { alarm });
        }
        if held.judged_by.iter().any(|by| same_person(by, &entry.who)) {
            return Err(LogError::OwnReview { alarm, by: entry.who.clone() });
        }
        if let Some(last) = held.second_reading.filter(|last| Some(last.seq) != after) {
            let judgement = last.review.judgement.name();
            return Err(LogError::ReadMeanwhile { alarm, by: last.by, judgement });
        }
        let appended = append_in(&transaction, &self.routing, entry, &path)?;
        transaction.commit().map_err(told)?;
        Ok(appended)
    }

    /// What waits for a second reading by somebody, in the order in which it was raised: alarms that were judged once,
    /// by others. All of them, whatever the judgement was: to be in the list tells nothing of it.
    ///
    /// Alarms without a first judgement are not in it: their first reading is nobody's second.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn to_read_again(&self, from_us: i64, until_us: i64, reader: &str) -> Result<Vec<ToRead>, LogError> {
        let waiting = |held: &Held| {
            held.review.is_some()
                && held.second_reading.is_none()
                && !held.judged_by.iter().any(|by| same_person(by, reader))
        };
        let alarms = self.alarms(from_us, until_us)?;
        Ok(alarms.iter().filter(|held| waiting(held)).filter_map(ToRead::of).collect())
    }
}
