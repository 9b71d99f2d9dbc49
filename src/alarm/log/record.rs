//! An alarm as its entries make it, and what else the log tells of.

use serde::Serialize;
use utoipa::ToSchema;

use crate::alarm::entry::{Entry, Review, What};
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
    /// The second reading that holds.
    pub second_reading: Option<ReviewRecord>,
    /// Everybody who has given a first judgement, in order.
    pub judged_by: Vec<String>,
    /// What two people said independently: the first judgement as it stood when the alarm was first read a second time,
    /// and that reading. What either says later rests on more than the EEG.
    pub independent: Option<(ReviewRecord, ReviewRecord)>,
    /// Seconds from a seizure's onset to the second in which it was raised, and to that in which it ended.
    pub run_s: Option<(u64, Option<u64>)>,
    kind: AlarmKind,
}

/// A review and its place in the log.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
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
    /// The second reading that holds.
    pub second_reading: Option<ReviewRecord>,
}

/// A missed seizure that a reviewer marked.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
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
        let mut run_s = None;
        let (priority, detail, onset_us, second, excluded) = match &entry.what {
            What::Seizure { timeline, onset_second, raised_second, onset_us, excluded } => {
                let detail = "seizure alarm".to_string();
                run_s = Some((raised_second.saturating_sub(*onset_second), None));
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
            second_reading: None,
            judged_by: Vec::new(),
            independent: None,
            run_s,
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
            What::Ended { end_second, .. } => {
                self.ended = Some(at.clone());
                if let (Some((raised, ended)), Some((_, raised_second)), Some(end_second)) =
                    (&mut self.run_s, self.second, end_second)
                {
                    *ended = Some(*raised + end_second.saturating_sub(raised_second));
                }
            }
            What::Acknowledged => self.acknowledged.push((who.clone(), at.clone())),
            What::Reviewed(review) => {
                self.review = Some(ReviewRecord::of(logged, review));
                self.judged_by.push(who.clone());
            }
            What::SecondReading(review) => {
                let second = ReviewRecord::of(logged, review);
                if let (None, Some(first)) = (&self.independent, &self.review) {
                    self.independent = Some((first.clone(), second.clone()));
                }
                self.second_reading = Some(second);
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
            second_reading: self.second_reading.clone(),
        }
    }

    /// What a seizure alarm spans of the recorded time, in microseconds since 1970: onset, the end of the second in which
    /// it was raised, and its end where it has one. `None` for a technical alarm.
    ///
    /// Where the end was told without a second - the daemon was started anew - the moment of the telling stands in.
    pub fn span_us(&self) -> Option<(i64, i64, Option<i64>)> {
        let (onset_us, (raised_s, ended_s)) = (self.onset_us?, self.run_s?);
        let after = |seconds: u64| onset_us.saturating_add((seconds as i64).saturating_mul(1_000_000));
        let raised_us = after(raised_s + 1);
        let told = self.ended.as_ref().map(|at| at.wall_us.max(raised_us));
        Some((onset_us, raised_us, ended_s.map(after).or(told).map(|end| end.max(raised_us))))
    }
}

impl ReviewRecord {
    pub(super) fn of(logged: &Logged, review: &Review) -> ReviewRecord {
        let entry = &logged.entry;
        ReviewRecord { seq: logged.seq, by: entry.who.clone(), time: entry.at.text(), review: review.clone() }
    }
}
