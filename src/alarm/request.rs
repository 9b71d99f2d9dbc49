//! What people ask of the log, over the network or on the command line, made into entries.

use serde::Deserialize;

use super::entry::{Entry, Judgement, Review, What};
use super::log::{AlarmLog, LogError};
use super::moment::{Moment, wall_text, wall_us};

/// A judgement of an alarm.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReviewRequest {
    /// Who.
    pub by: String,
    /// What it was.
    pub judgement: Judgement,
    /// What the reviewer says.
    #[serde(default)]
    pub note: String,
    /// Corrected beginning, RFC 3339.
    #[serde(default)]
    pub onset: Option<String>,
    /// Corrected end, RFC 3339.
    #[serde(default)]
    pub offset: Option<String>,
    /// The seizure's type in the words of the ILAE.
    #[serde(default)]
    pub seizure_type: Option<String>,
    /// Number of the review that the reviewer has seen; absent where there was none.
    #[serde(default)]
    pub after: Option<i64>,
}

impl ReviewRequest {
    /// The entry.
    ///
    /// # Errors
    /// [`LogError::Mistake`] where a time is none, or nobody is named.
    pub fn entry(&self, alarm: &str, now: &Moment) -> Result<Entry, LogError> {
        Ok(Entry::of_alarm(alarm, now, somebody(&self.by)?, What::Reviewed(self.review()?)))
    }

    /// The entry of a second reading.
    ///
    /// # Errors
    /// See [`ReviewRequest::entry`].
    pub fn second_entry(&self, alarm: &str, now: &Moment) -> Result<Entry, LogError> {
        Ok(Entry::of_alarm(alarm, now, somebody(&self.by)?, What::SecondReading(self.review()?)))
    }

    fn review(&self) -> Result<Review, LogError> {
        Ok(Review {
            judgement: self.judgement,
            note: self.note.clone(),
            onset_us: self.onset.as_deref().map(|text| time("onset", text)).transpose()?,
            offset_us: self.offset.as_deref().map(|text| time("offset", text)).transpose()?,
            seizure_type: self.seizure_type.clone(),
        })
    }
}

/// A seizure that no alarm told of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MissedRequest {
    /// Who found it.
    pub by: String,
    /// The bed.
    pub bed: String,
    /// Its beginning, RFC 3339.
    pub onset: String,
    /// Its end, RFC 3339.
    pub offset: String,
    /// What the reviewer says.
    #[serde(default)]
    pub note: String,
}

impl MissedRequest {
    /// The entry: whose seizure it was, and which detector missed it, the log knows.
    ///
    /// # Errors
    /// [`LogError::Mistake`] where a time is none, and where the bed was not watched then.
    pub fn entry(&self, log: &AlarmLog, now: &Moment) -> Result<Entry, LogError> {
        let (onset_us, offset_us) = (time("onset", &self.onset)?, time("offset", &self.offset)?);
        if offset_us <= onset_us {
            return Err(LogError::Mistake("the seizure's offset lies before its onset".into()));
        }
        let watched = log.stretches(i64::MIN, i64::MAX)?.into_iter().rfind(|stretch| {
            let from = (stretch.exposure.from_wall_s * 1e6) as i64;
            // The last seconds are not in the log yet. A replay's time may lie ahead of the clock; a ward's does not.
            let seconds = stretch.exposure.to_second - stretch.exposure.from_second;
            let unlogged = if onset_us <= now.wall_us { 2 * super::exposure::STRETCH_S } else { 0 };
            let until = from + (seconds + unlogged) as i64 * 1_000_000;
            stretch.bed == self.bed && (from..until).contains(&onset_us)
        });
        let Some(watched) = watched else {
            let (bed, at) = (&self.bed, wall_text(onset_us));
            return Err(LogError::Mistake(format!(
                "bed {bed:?} was not watched at {at}; expected the name of a bed and a time of its watch"
            )));
        };
        let what = What::Missed { onset_us, offset_us, note: self.note.clone() };
        Ok(Entry::of_bed(&self.bed, now, somebody(&self.by)?, what)
            .on(&self.bed, &watched.patient)
            .by_detector(&watched.detector))
    }
}

/// A mark of a missed seizure that was a mistake.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WithdrawRequest {
    /// Who.
    pub by: String,
    /// The mark.
    pub mark: String,
    /// What the reviewer says.
    #[serde(default)]
    pub note: String,
}

impl WithdrawRequest {
    /// The entry.
    ///
    /// # Errors
    /// [`LogError::Mistake`] where there is no such mark, or nobody is named.
    pub fn entry(&self, log: &AlarmLog, now: &Moment) -> Result<Entry, LogError> {
        let marks = log.marks(i64::MIN, i64::MAX)?;
        let Some(mark) = marks.iter().find(|mark| mark.mark == self.mark) else {
            let words = format!("there is no mark {:?}; `vigil alarms list --missed` shows them", self.mark);
            return Err(LogError::Mistake(words));
        };
        let what = What::MissedWithdrawn { mark: self.mark.clone(), note: self.note.clone() };
        Ok(Entry::of_bed(&mark.bed, now, somebody(&self.by)?, what).on(&mark.bed, &mark.patient))
    }
}

/// The moment that a person wrote.
///
/// # Errors
/// [`LogError::Mistake`].
pub fn time(name: &str, text: &str) -> Result<i64, LogError> {
    wall_us(text).ok_or_else(|| {
        LogError::Mistake(format!(
            "{name} is {text:?}; expected a time like 2026-11-24T03:00:00Z, or a day like 2026-11-24"
        ))
    })
}

/// A person's name.
///
/// # Errors
/// [`LogError::Mistake`] where it is empty.
pub fn somebody(by: &str) -> Result<&str, LogError> {
    let by = by.trim();
    if by.is_empty() || by == super::entry::DAEMON {
        return Err(LogError::Mistake("who acts is not named: every act on an alarm is somebody's".into()));
    }
    Ok(by)
}
