//! What people ask of the log, over the network or on the command line, made into entries.

use serde::Deserialize;

use super::entry::{Entry, Judgement, Review, What};
use super::exposure::STRETCH_S;
use super::log::{AlarmLog, LONGEST_US, LogError, Stretch};
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

/// Who lies in a bed now, and what judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lying {
    /// The patient's id.
    pub patient: String,
    /// SHA-256 of the CNN.
    pub cnn: String,
    /// SHA-256 of the autoencoder; empty without one.
    pub autoencoder: String,
}

impl MissedRequest {
    /// The entry: whose seizure it was, and which detector missed it, the log knows. The last minutes are not in it yet:
    /// they are those of whom lies there now (`live`; `None` where nobody is asked), if the log's last stretch is theirs.
    ///
    /// # Errors
    /// [`LogError::Mistake`] where a time is none, and where the bed was not watched then, or nobody knows yet for whom.
    pub fn entry(&self, log: &AlarmLog, now: &Moment, live: Option<&Lying>) -> Result<Entry, LogError> {
        let (onset_us, offset_us) = (time("onset", &self.onset)?, time("offset", &self.offset)?);
        if offset_us <= onset_us {
            return Err(LogError::Mistake("the seizure's offset lies before its onset".into()));
        }
        if offset_us.saturating_sub(onset_us) > LONGEST_US {
            let (from, until) = (wall_text(onset_us), wall_text(offset_us));
            return Err(LogError::Mistake(format!(
                "the seizure would last from {from} to {until}; expected at most an hour: mark a longer one in parts"
            )));
        }
        let stretches: Vec<Stretch> = log
            .stretches(i64::MIN, i64::MAX)?
            .into_iter()
            .filter(|stretch| stretch.bed == self.bed)
            .collect();
        let watched = self.watched(log, &stretches, onset_us, now, live)?;
        // Its last moment: what ends with the watch ends within it.
        let until = self.watched(log, &stretches, offset_us - 1, now, live)?;
        if until.patient != watched.patient {
            let at = wall_text(offset_us);
            return Err(LogError::Mistake(format!(
                "at {at} another patient lay in bed {:?}; expected the seizure of one patient",
                self.bed
            )));
        }
        let what = What::Missed { onset_us, offset_us, note: self.note.clone() };
        Ok(Entry::of_bed(&self.bed, now, somebody(&self.by)?, what)
            .on(&self.bed, &watched.patient)
            .by_detector(&watched.detector))
    }
}

impl MissedRequest {
    /// The stretch of the bed's watch that a moment lies in.
    fn watched<'s>(
        &self,
        log: &AlarmLog,
        stretches: &'s [Stretch],
        at_us: i64,
        now: &Moment,
        live: Option<&Lying>,
    ) -> Result<&'s Stretch, LogError> {
        let (bed, at) = (&self.bed, wall_text(at_us));
        if let Some(stretch) = stretches.iter().rfind(|stretch| {
            let [from, until] = span_us(stretch);
            (from..until).contains(&at_us)
        }) {
            return Ok(stretch);
        }
        // What is not in the log yet. A replay's time may lie ahead of the clock; a ward's does not.
        let unlogged = |stretch: &&Stretch| {
            let [_, until] = span_us(stretch);
            let recent = now.wall_us - until < 2 * STRETCH_S as i64 * 1_000_000;
            recent && (until..=now.wall_us).contains(&at_us)
        };
        let Some(last) = stretches.last().filter(unlogged) else {
            return Err(LogError::Mistake(format!(
                "bed {bed:?} was not watched at {at}; expected the name of a bed and a time of its watch"
            )));
        };
        // The bed may have changed its patient or its detector since.
        if let Some(live) = live
            && live.patient == last.patient
            && is_judged_by(log, live, last)?
        {
            return Ok(last);
        }
        Err(LogError::Mistake(format!(
            "whom bed {bed:?} watched at {at} is not in the log yet; watched time is logged every five minutes: mark it \
             again then"
        )))
    }
}

/// From when to when a stretch lasted, in microseconds since 1970.
fn span_us(stretch: &Stretch) -> [i64; 2] {
    let from = (stretch.exposure.from_wall_s * 1e6) as i64;
    let seconds = stretch.exposure.to_second - stretch.exposure.from_second;
    [from, from + seconds as i64 * 1_000_000]
}

/// Whether a bed's detector is still that of a stretch: the same networks, and no other settings accepted since.
fn is_judged_by(log: &AlarmLog, live: &Lying, stretch: &Stretch) -> Result<bool, LogError> {
    let [_, until] = span_us(stretch);
    let same_networks = log.detectors()?.into_iter().any(|(digest, id)| {
        digest == stretch.detector && id.cnn == live.cnn && id.autoencoder == live.autoencoder
    });
    let others_accepted = log
        .of_kind("recalibrated")?
        .iter()
        .any(|logged| logged.entry.patient == stretch.patient && logged.entry.at.wall_us >= until);
    Ok(same_networks && !others_accepted)
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
