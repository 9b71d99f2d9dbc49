//! The audit: every entry of the log, the latest first, a page at a time.

use rusqlite::named_params;
use rusqlite::types::Type;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{AlarmLog, LogError};
use crate::alarm::moment::wall_text;

/// Entries of a page, where nobody says how many.
pub const PAGE: u32 = 100;

/// Most entries of a page.
pub const LARGEST_PAGE: u32 = 500;

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuditQuery {
    /// From this moment on, in microseconds since 1970.
    pub from_us: Option<i64>,
    /// Before this moment.
    pub until_us: Option<i64>,
    /// Of this person, or of the daemon.
    pub who: Option<String>,
    /// Of this bed.
    pub bed: Option<String>,
    /// Of this alarm.
    pub alarm: Option<String>,
    /// Those before this number.
    pub before: Option<i64>,
    /// So many at most.
    pub limit: u32,
}

/// One entry, as it stands in the log.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditEntry {
    /// Its number.
    pub seq: i64,
    /// When.
    pub time: String,
    /// Who: a person, or the daemon.
    pub who: String,
    /// The bed; empty for the ward's own.
    pub bed: String,
    /// The patient's id; empty where it is about no patient.
    pub patient: String,
    /// The alarm, for what is about one.
    pub alarm: Option<String>,
    /// What, in short words.
    pub what: String,
    /// The whole entry.
    pub entry: Value,
}

/// A page of the audit.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct AuditPage {
    /// The entries, the latest first.
    pub entries: Vec<AuditEntry>,
    /// What the next page is asked for with, as `before`; null where there is none.
    pub next: Option<i64>,
}

impl AlarmLog {
    /// A page of the log, the latest entry first. Entries are told as they stand there, whatever they are: also what a
    /// later version of this program has written.
    ///
    /// # Errors
    /// [`LogError::Mistake`] where the page is none or too large, and [`LogError`].
    pub fn audit(&self, query: &AuditQuery) -> Result<AuditPage, LogError> {
        if !(1..=LARGEST_PAGE).contains(&query.limit) {
            let words = format!("limit is {}; expected 1 to {LARGEST_PAGE}", query.limit);
            return Err(LogError::Mistake(words));
        }
        let mut entries = self.audited(query).map_err(self.told("read"))?;
        let more = entries.len() > query.limit as usize;
        entries.truncate(query.limit as usize);
        let next = entries.last().filter(|_| more).map(|entry| entry.seq);
        Ok(AuditPage { entries, next })
    }

    fn audited(&self, query: &AuditQuery) -> rusqlite::Result<Vec<AuditEntry>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, wall_us, who, bed, patient, alarm, what, body FROM entry
             WHERE seq < coalesce(:before, 9223372036854775807)
               AND wall_us >= coalesce(:from, -9223372036854775808)
               AND wall_us < coalesce(:until, 9223372036854775807)
               AND (:who IS NULL OR who = :who) AND (:bed IS NULL OR bed = :bed)
               AND (:alarm IS NULL OR alarm = :alarm)
             ORDER BY seq DESC LIMIT :limit",
        )?;
        let values = named_params! {
            ":before": query.before, ":from": query.from_us, ":until": query.until_us, ":who": query.who,
            ":bed": query.bed, ":alarm": query.alarm, ":limit": i64::from(query.limit) + 1,
        };
        let entry = |row: &rusqlite::Row<'_>| {
            let body: String = row.get(7)?;
            let entry: Value = serde_json::from_str(&body)
                .map_err(|error| rusqlite::Error::FromSqlConversionFailure(7, Type::Text, error.into()))?;
            let kind: String = row.get(6)?;
            Ok(AuditEntry {
                seq: row.get(0)?,
                time: wall_text(row.get(1)?),
                who: row.get(2)?,
                bed: row.get(3)?,
                patient: row.get(4)?,
                alarm: row.get(5)?,
                what: words(&kind, &entry),
                entry,
            })
        };
        statement.query_map(values, entry)?.collect()
    }
}

/// An entry in short words. One that these words do not know is told by its name and what it holds.
fn words(kind: &str, entry: &Value) -> String {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let number = |name: &str| entry.get(name).and_then(Value::as_f64).unwrap_or_default();
    let with = |words: String, more: &str| if more.is_empty() { words } else { format!("{words}: {more}") };
    let judged = || text("judgement").replace('-', " ");
    let thresholds = || {
        let pair = entry.get("seizure_probability").and_then(Value::as_array).map(Vec::as_slice);
        match pair {
            Some([before, after]) if before != after => {
                format!("seizure probability {after}, until now {before}")
            }
            _ => String::new(),
        }
    };
    match kind {
        "seizure" => "seizure alarm raised".into(),
        "technical" => with("technical alarm raised".into(), text("detail")),
        "ended" => with("alarm ended".into(), text("detail")),
        "acknowledged" => "acknowledged".into(),
        "audio-paused" => format!("sound off for {} s", number("for_s")),
        "escalated" => format!("escalated to {}", text("to")),
        "delivered" => format!("taken by channel {}", text("channel")),
        "undelivered" => with(format!("given up by channel {}", text("channel")), text("reason")),
        "reviewed" => with(format!("judged {}", judged()), text("note")),
        "second-reading" => with(format!("read a second time: {}", judged()), text("note")),
        "missed" => with("marked a missed seizure".into(), text("note")),
        "missed-withdrawn" => with("withdrew the mark of a missed seizure".into(), text("note")),
        "watched" => format!("watched for {} s", number("to_second") - number("from_second")),
        "maintenance" => {
            let begins = entry.get("begins").and_then(Value::as_bool) == Some(true);
            with(format!("maintenance {}", if begins { "begins" } else { "ends" }), text("note"))
        }
        "switched" => {
            with(format!("networks exchanged from second {}", number("from_second")), &thresholds())
        }
        "detector" => "a detector used for the first time".into(),
        "access" => {
            let account = text("account");
            let did = text("act").replace('-', " ");
            with(if account.is_empty() { did } else { format!("{did} ({account})") }, text("detail"))
        }
        "recalibrated" => with("accepted other settings of the detector".into(), text("note")),
        other => {
            let told = |(name, value): (&String, &Value)| {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_string);
                format!("{} {value}", name.replace('_', " "))
            };
            let held = entry.as_object().into_iter().flatten().filter(|(name, _)| *name != "what");
            with(other.replace('-', " "), &held.map(told).collect::<Vec<_>>().join(", "))
        }
    }
}
