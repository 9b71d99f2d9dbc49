//! What the log says: alarms as their entries make them, reviews, marks, watched time.

use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use serde::Serialize;

use super::{AlarmLog, LogError};
use crate::alarm::entry::{DetectorId, Entry, Review, What};
use crate::alarm::exposure::{Excluded, Exposure};
use crate::alarm::moment::Moment;
use crate::alarm::state::{Act, AlarmKind, AlarmState, Phase};
use crate::alarm::technical::Priority;

/// An entry with its place in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// Its number: higher is later.
    pub seq: i64,
    /// The entry.
    pub entry: Entry,
}

/// An alarm as its entries make it.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Its identity.
    pub alarm: String,
    /// Its bed; empty for the ward's own.
    pub bed: String,
    /// Its patient's id.
    pub patient: String,
    /// The detector that raised it.
    pub detector: String,
    /// How soon somebody must act.
    pub priority: Priority,
    /// What and where, in words.
    pub detail: String,
    /// When it was raised.
    pub raised: Moment,
    /// Wall clock of a seizure's onset.
    pub onset_us: Option<i64>,
    /// When its condition went.
    pub ended: Option<Moment>,
    /// The second in which it was raised, with the time line of which it is one.
    pub second: Option<(u64, u64)>,
    /// Why the time in which it was raised does not count as monitored.
    pub excluded: Option<Excluded>,
    /// Who took note, and when.
    pub acknowledged: Vec<(String, Moment)>,
    /// Where it stands.
    pub state: AlarmState,
    /// The review that holds, and its number.
    pub review: Option<ReviewRecord>,
    kind: AlarmKind,
}

/// A review and its place in the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReviewRecord {
    /// Its number: whoever reviews again names it.
    pub seq: i64,
    /// Who.
    pub by: String,
    /// When.
    pub time: String,
    /// What.
    #[serde(flatten)]
    pub review: Review,
}

/// An alarm for lists.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlarmRecord {
    /// Its identity.
    pub alarm: String,
    /// Its kind.
    pub kind: AlarmKind,
    /// How soon somebody must act.
    pub priority: Priority,
    /// Its bed; empty for the ward's own.
    pub bed: String,
    /// Its patient's id.
    pub patient: String,
    /// Where it stands.
    pub phase: Phase,
    /// Whether it is to be heard.
    pub sounds: bool,
    /// What and where, in words.
    pub detail: String,
    /// Wall clock of a seizure's onset.
    pub onset: Option<String>,
    /// Wall clock of the raising.
    pub raised: String,
    /// Wall clock of the end of its condition.
    pub ended: Option<String>,
    /// Who took note, and when.
    pub acknowledged: Vec<(String, String)>,
    /// The review that holds.
    pub review: Option<ReviewRecord>,
    /// Why the time in which it was raised does not count as monitored.
    pub excluded: Option<Excluded>,
    /// The detector that raised it.
    pub detector: String,
    /// Second of the bed's time line in which it was raised, with that time line.
    pub second: Option<(u64, u64)>,
}

/// A missed seizure that a reviewer marked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Mark {
    /// Its key.
    pub mark: String,
    /// The bed.
    pub bed: String,
    /// The patient's id.
    pub patient: String,
    /// The detector that missed it.
    pub detector: String,
    /// Who marked it.
    pub by: String,
    /// Its beginning, in microseconds since 1970.
    pub onset_us: i64,
    /// Its end.
    pub offset_us: i64,
    /// What the reviewer says.
    pub note: String,
}

/// A stretch of watched time and whose it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stretch {
    /// The bed.
    pub bed: String,
    /// The patient's id.
    pub patient: String,
    /// The detector.
    pub detector: String,
    /// How long.
    #[serde(flatten)]
    pub exposure: Exposure,
}

impl Held {
    /// An alarm out of its entries in order; `None` where the first does not raise it.
    pub fn fold(history: &[Logged]) -> Option<Held> {
        let first = history.first()?;
        let mut held = Held::raised(&first.entry)?;
        for logged in &history[1..] {
            held.take(logged);
        }
        Some(held)
    }

    /// An alarm out of the entry that raises it.
    pub fn raised(entry: &Entry) -> Option<Held> {
        let kind = entry.what.raises()?;
        let mut state = AlarmState::pending(kind);
        state.apply(Act::Raised, &entry.at).ok()?;
        let (priority, detail, onset_us, second, excluded) = match &entry.what {
            What::Seizure { timeline, raised_second, onset_us, excluded, .. } => {
                let detail = "seizure alarm".to_string();
                (Priority::High, detail, Some(*onset_us), Some((*timeline, *raised_second)), *excluded)
            }
            What::Technical { kind, priority, detail } => {
                (*priority, format!("{kind}: {detail}"), None, None, None)
            }
            _ => return None,
        };
        Some(Held {
            alarm: entry.alarm.clone()?,
            bed: entry.bed.clone(),
            patient: entry.patient.clone(),
            detector: entry.detector.clone(),
            priority,
            detail,
            raised: entry.at.clone(),
            onset_us,
            ended: None,
            second,
            excluded,
            acknowledged: Vec::new(),
            state,
            review: None,
            kind,
        })
    }

    /// Takes what came after.
    pub fn take(&mut self, logged: &Logged) {
        let Entry { at, who, what, .. } = &logged.entry;
        if let Some(act) = what.act(who) {
            // An entry that stands in the log was checked before it was written.
            let _ = self.state.apply(act, at);
        }
        match what {
            What::Ended { .. } => self.ended = Some(at.clone()),
            What::Acknowledged => self.acknowledged.push((who.clone(), at.clone())),
            What::Reviewed(review) => {
                let (by, time) = (who.clone(), at.text());
                self.review = Some(ReviewRecord { seq: logged.seq, by, time, review: review.clone() });
            }
            _ => {}
        }
    }

    /// Its kind.
    pub fn kind(&self) -> AlarmKind {
        self.kind
    }

    /// For lists.
    pub fn record(&self, now: &Moment) -> AlarmRecord {
        AlarmRecord {
            alarm: self.alarm.clone(),
            kind: self.kind,
            priority: self.priority,
            bed: self.bed.clone(),
            patient: self.patient.clone(),
            phase: self.state.phase(now),
            sounds: self.state.sounds(now),
            detail: self.detail.clone(),
            onset: self.onset_us.map(crate::alarm::moment::wall_text),
            raised: self.raised.text(),
            ended: self.ended.as_ref().map(Moment::text),
            acknowledged: self.acknowledged.iter().map(|(by, at)| (by.clone(), at.text())).collect(),
            review: self.review.clone(),
            excluded: self.excluded,
            detector: self.detector.clone(),
            second: self.second,
        }
    }
}

impl AlarmLog {
    /// Every entry, oldest first.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn entries(&self) -> Result<Vec<Logged>, LogError> {
        select(&self.connection, "", []).map_err(self.told("read"))
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
        let condition = "alarm IN (SELECT alarm FROM entry WHERE what = 'seizure' AND bed = ?1)";
        let entries = select(&self.connection, condition, [bed]).map_err(self.told("read"))?;
        let mut alarms = alarms_of(&entries);
        alarms.retain(|alarm| alarm.second.is_some_and(|(of, _)| of == timeline));
        Ok(alarms)
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
                What::Missed { onset_us, offset_us, note } if (from_us..until_us).contains(&onset_us) => marks
                    .push(Mark {
                        mark: entry.key,
                        bed: entry.bed,
                        patient: entry.patient,
                        detector: entry.detector,
                        by: entry.who,
                        onset_us,
                        offset_us,
                        note,
                    }),
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
        let entries = select(&self.connection, "what = 'watched'", []).map_err(self.told("read"))?;
        let stretch = |Logged { entry, .. }| match entry.what {
            What::Watched(exposure) => Some(Stretch {
                bed: entry.bed,
                patient: entry.patient,
                detector: entry.detector,
                exposure,
            }),
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

    /// What changes whenever another process has written to the log.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn change(&self) -> Result<i64, LogError> {
        self.connection
            .query_row("PRAGMA data_version", [], |row| row.get(0))
            .map_err(self.told("read"))
    }
}

/// The last review of an alarm.
pub(super) fn last_review(connection: &Connection, alarm: &str) -> rusqlite::Result<Option<ReviewRecord>> {
    Ok(Held::fold(&entries_of(connection, alarm)?).and_then(|held| held.review))
}

pub(super) fn entries_of(connection: &Connection, alarm: &str) -> rusqlite::Result<Vec<Logged>> {
    select(connection, "alarm = ?1", [alarm])
}

/// Alarms out of entries in order, which may lie mixed.
fn alarms_of(entries: &[Logged]) -> Vec<Held> {
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

fn select<P: rusqlite::Params>(
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
