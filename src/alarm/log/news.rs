//! What is new in the log since somebody looked.

use std::collections::BTreeSet;

use super::read::alarms_of_ids;
use super::record::Held;
use super::{AlarmLog, LogError};

/// What was touched since an entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Touched {
    /// The number of the last entry.
    pub seq: i64,
    /// The alarms with an entry since, as they are now.
    pub alarms: Vec<Held>,
    /// The kinds of entries since.
    kinds: BTreeSet<String>,
}

impl Touched {
    /// What lists and rates rest on and has changed.
    pub fn changed(&self) -> Vec<&'static str> {
        let any = |kinds: &[&str]| kinds.iter().any(|kind| self.kinds.contains(*kind));
        [
            ("reviews", any(&["reviewed", "second-reading"])),
            ("marks", any(&["missed", "missed-withdrawn"])),
            ("maintenance", any(&["maintenance"])),
        ]
        .into_iter()
        .filter_map(|(what, touched)| touched.then_some(what))
        .collect()
    }
}

impl AlarmLog {
    /// The number of the last entry; 0 where there is none.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn last_seq(&self) -> Result<i64, LogError> {
        self.connection
            .query_row("SELECT coalesce(max(seq), 0) FROM entry", [], |row| row.get(0))
            .map_err(self.told("read"))
    }

    /// What came after an entry.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn touched_since(&self, seq: i64) -> Result<Touched, LogError> {
        let found = self.rows_since(seq).map_err(self.told("read"))?;
        let last = found.last().map_or(seq, |(seq, ..)| *seq);
        let ids: BTreeSet<&str> = found.iter().filter_map(|(_, alarm, _)| alarm.as_deref()).collect();
        let alarms = alarms_of_ids(&self.connection, &ids).map_err(self.told("read"))?;
        Ok(Touched { seq: last, alarms, kinds: found.iter().map(|(.., what)| what.clone()).collect() })
    }

    fn rows_since(&self, seq: i64) -> rusqlite::Result<Vec<(i64, Option<String>, String)>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT seq, alarm, what FROM entry WHERE seq > ?1 ORDER BY seq")?;
        statement.query_map([seq], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
    }
}
