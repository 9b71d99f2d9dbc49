//! What the log says: alarms as their entries make them, reviews, marks, watched time.

use std::collections::BTreeSet;

use rusqlite::types::Type;
use rusqlite::{Connection, Row};

use super::record::{Held, Logged, Mark, ReviewRecord, Stretch};
use super::{AlarmLog, LogError};
use crate::alarm::entry::{DetectorId, Entry, What};
use crate::alarm::moment::Moment;

impl AlarmLog {
    /// Every entry, oldest first.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn entries(&self) -> Result<Vec<Logged>, LogError> {
        select(&self.connection, "", []).map_err(self.told("read"))
    }

    /// The entries of one kind, by its name in the log, oldest first.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn of_kind(&self, what: &str) -> Result<Vec<Logged>, LogError> {
        select(&self.connection, "what = ?1", [what]).map_err(self.told("read"))
    }

    /// The entries of one alarm, oldest first.
    ///
    /// # Errors
    /// [`LogError::NoAlarm`] where there are none.
    pub fn history(&self, alarm: &str) -> Result<Vec<Logged>, LogError> {
        let history = entries_of(&self.connection, alarm).map_err(self.told("read"))?;
        if history.is_empty() { Err(LogError::NoAlarm { alarm: alarm.to_string() }) } else { Ok(history) }
    }

    /// The alarms that were raised from one moment of the wall clock (in microseconds) on and before another, in the
    /// order in which they were raised.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn alarms(&self, from_us: i64, until_us: i64) -> Result<Vec<Held>, LogError> {
        let condition = "alarm IN (SELECT alarm FROM entry WHERE what IN ('seizure', 'technical')
             AND wall_us >= ?1 AND wall_us < ?2)";
        let entries = select(&self.connection, condition, [from_us, until_us]).map_err(self.told("read"))?;
        Ok(alarms_of(&entries))
    }

    /// The alarms whose condition lasts, or that nobody has taken note of though they wait for it.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn open_alarms(&self) -> Result<Vec<Held>, LogError> {
        // What has ended and is acknowledged is over; a technical alarm is over with its end.
        let condition = "alarm IN (
             SELECT alarm FROM entry WHERE what IN ('seizure', 'technical')
             EXCEPT
             SELECT e.alarm FROM entry e WHERE e.what = 'ended' AND (
                e.alarm LIKE 't-%'
                OR EXISTS (SELECT 1 FROM entry a WHERE a.alarm = e.alarm AND a.what = 'acknowledged')))";
        let entries = select(&self.connection, condition, []).map_err(self.told("read"))?;
        Ok(alarms_of(&entries))
    }

    /// The seizure alarms of one time line of a bed, by the second in which they were raised.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn seizures_of(&self, bed: &str, timeline: u64) -> Result<Vec<Held>, LogError> {
        let mut alarms = self.seizures_on(bed)?;
        alarms.retain(|alarm| alarm.second.is_some_and(|(of, _)| of == timeline));
        Ok(alarms)
    }

    /// Every seizure alarm of a bed, in the order in which they were raised.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn seizures_on(&self, bed: &str) -> Result<Vec<Held>, LogError> {
        let condition = "alarm IN (SELECT alarm FROM entry WHERE what = 'seizure' AND bed = ?1)";
        let entries = select(&self.connection, condition, [bed]).map_err(self.told("read"))?;
        Ok(alarms_of(&entries))
    }

    /// Missed seizures that reviewers marked and did not withdraw, with an onset in a period.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn marks(&self, from_us: i64, until_us: i64) -> Result<Vec<Mark>, LogError> {
        let entries = select(&self.connection, "what IN ('missed', 'missed-withdrawn')", [])
            .map_err(self.told("read"))?;
        let mut marks: Vec<Mark> = Vec::new();
        for Logged { entry, .. } in entries {
            match entry.what {
                What::Missed { onset_us, offset_us, note } if (from_us..until_us).contains(&onset_us) => {
                    marks.push(Mark {
                        mark: entry.key,
                        bed: entry.bed,
                        patient: entry.patient,
                        detector: entry.detector,
                        by: entry.who,
                        onset_us,
                        offset_us,
                        note,
                    })
                }
                What::MissedWithdrawn { mark, .. } => marks.retain(|kept| kept.mark != mark),
                _ => {}
            }
        }
        Ok(marks)
    }

    /// Watched time that began in a period, in the order in which it was logged.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn stretches(&self, from_us: i64, until_us: i64) -> Result<Vec<Stretch>, LogError> {
        // It is logged after it began; a clock that was set back meanwhile by up to a day is allowed for.
        let logged_from = from_us.saturating_sub(86_400_000_000);
        let entries = select(&self.connection, "what = 'watched' AND wall_us >= ?1", [logged_from])
            .map_err(self.told("read"))?;
        let stretch = |Logged { entry, .. }| match entry.what {
            What::Watched(exposure) => {
                Some(Stretch { bed: entry.bed, patient: entry.patient, detector: entry.detector, exposure })
            }
            _ => None,
        };
        let began = |stretch: &Stretch| (stretch.exposure.from_wall_s * 1e6) as i64;
        Ok(entries
            .into_iter()
            .filter_map(stretch)
            .filter(|stretch| (from_us..until_us).contains(&began(stretch)))
            .collect())
    }

    /// The detectors that were used, with their digests.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn detectors(&self) -> Result<Vec<(String, DetectorId)>, LogError> {
        let entries = select(&self.connection, "what = 'detector'", []).map_err(self.told("read"))?;
        Ok(entries
            .into_iter()
            .filter_map(|Logged { entry, .. }| match entry.what {
                What::Detector(id) => Some((entry.detector, id)),
                _ => None,
            })
            .collect())
    }

    /// The beds that are in maintenance, with who began it.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn in_maintenance(&self) -> Result<Vec<(String, String)>, LogError> {
        let entries = select(&self.connection, "what = 'maintenance'", []).map_err(self.told("read"))?;
        let mut beds: Vec<(String, String)> = Vec::new();
        for Logged { entry, .. } in entries {
            beds.retain(|(bed, _)| *bed != entry.bed);
            if matches!(entry.what, What::Maintenance { begins: true, .. }) {
                beds.push((entry.bed, entry.who));
            }
        }
        Ok(beds)
    }

    /// The entries that tell when beds were not watched as they should be: maintenance, technical alarms and ends of
    /// alarms, oldest first.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn disturbances(&self) -> Result<Vec<Logged>, LogError> {
        select(&self.connection, "what IN ('maintenance', 'technical', 'ended')", [])
            .map_err(self.told("read"))
    }

    /// What changes whenever another process has written to the log.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn change(&self) -> Result<i64, LogError> {
        self.connection.query_row("PRAGMA data_version", [], |row| row.get(0)).map_err(self.told("read"))
    }
}

/// The last review of an alarm.
pub(super) fn last_review(connection: &Connection, alarm: &str) -> rusqlite::Result<Option<ReviewRecord>> {
    Ok(Held::fold(&entries_of(connection, alarm)?).and_then(|held| held.review))
}

pub(super) fn entries_of(connection: &Connection, alarm: &str) -> rusqlite::Result<Vec<Logged>> {
    select(connection, "alarm = ?1", [alarm])
}

/// Some alarms, by identity.
pub(super) fn alarms_of_ids(connection: &Connection, ids: &BTreeSet<&str>) -> rusqlite::Result<Vec<Held>> {
    ids.iter()
        .filter_map(|id| entries_of(connection, id).map(|entries| Held::fold(&entries)).transpose())
        .collect()
}

/// Alarms out of entries in order, which may lie mixed.
pub(super) fn alarms_of(entries: &[Logged]) -> Vec<Held> {
    let mut alarms: Vec<Held> = Vec::new();
    let mut places: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
    for logged in entries {
        let Some(alarm) = logged.entry.alarm.as_deref() else { continue };
        match places.get(alarm) {
            Some(&place) => alarms[place].take(logged),
            None => {
                if let Some(held) = Held::raised(&logged.entry) {
                    places.insert(alarm, alarms.len());
                    alarms.push(held);
                }
            }
        }
    }
    alarms
}

pub(super) fn select<P: rusqlite::Params>(
    connection: &Connection,
    condition: &str,
    values: P,
) -> rusqlite::Result<Vec<Logged>> {
    let condition = if condition.is_empty() { "true" } else { condition };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT seq, key, wall_us, mono_us, boot, alarm, bed, patient, detector, who, body
         FROM entry WHERE {condition} ORDER BY seq"
    ))?;
    statement.query_map(values, logged)?.collect()
}

fn logged(row: &Row<'_>) -> rusqlite::Result<Logged> {
    let body: String = row.get(10)?;
    let what = serde_json::from_str(&body)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(10, Type::Text, error.into()))?;
    Ok(Logged {
        seq: row.get(0)?,
        entry: Entry {
            key: row.get(1)?,
            at: Moment { wall_us: row.get(2)?, mono_us: row.get(3)?, boot: row.get::<_, String>(4)?.into() },
            alarm: row.get(5)?,
            bed: row.get(6)?,
            patient: row.get(7)?,
            detector: row.get(8)?,
            who: row.get(9)?,
            what,
        },
    })
}
