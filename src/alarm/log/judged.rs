//! What a judgement may say of the time of its seizure.
//!
//! Corrected times become training data, and are counted against: one that lies far from its alarm is a slip of the pen.

use super::error::LogError;
use super::record::Held;
use crate::alarm::entry::{Judgement, Review};
use crate::alarm::moment::{Moment, wall_text};
use crate::alarm::state::AlarmKind;

/// Longest seizure that a person states, in microseconds.
pub const LONGEST_US: i64 = 3_600_000_000;

/// How far from its alarm a corrected seizure may lie.
const NEAR_US: i64 = 600_000_000;

/// Clocks differ by so much.
const CLOCKS_DIFFER_US: i64 = 60_000_000;

/// Whether a judgement fits its alarm.
///
/// # Errors
/// [`LogError::Mistake`].
pub(super) fn check(review: &Review, held: &Held, now: &Moment) -> Result<(), LogError> {
    let mistake = |what: String| Err(LogError::Mistake(what));
    if held.kind() != AlarmKind::Seizure {
        return mistake(
            "a technical alarm is not reviewed: it is about the watch, not the patient".to_string(),
        );
    }
    let Review { judgement, onset_us, offset_us, .. } = review;
    if onset_us.is_none() && offset_us.is_none() {
        return Ok(());
    }
    if *judgement != Judgement::Seizure {
        return mistake("onset and offset are given, but the alarm is not judged a seizure".to_string());
    }
    let Some((own_onset, own_raised, own_end)) = held.span_us() else { return Ok(()) };
    let own_end = own_end.unwrap_or(own_raised);
    let (onset, end) = (onset_us.unwrap_or(own_onset), offset_us.unwrap_or(own_end));
    if offset_us.is_some() && end <= onset {
        return mistake("the seizure's offset lies before its onset".to_string());
    }
    let told = format!("the seizure would last from {} to {}", wall_text(onset), wall_text(end.max(onset)));
    // An alarm that itself lasted for hours may be corrected all the same.
    let longest = LONGEST_US.max(own_end.saturating_sub(own_onset).saturating_add(2 * NEAR_US));
    if end.saturating_sub(onset) > longest {
        return mistake(format!("{told}; expected at most an hour"));
    }
    let after = onset.saturating_sub(own_end) > NEAR_US;
    if after || own_onset.saturating_sub(end.max(onset)) > NEAR_US {
        let (from, until) = (wall_text(own_onset), wall_text(own_end));
        return mistake(format!("{told}; expected within 10 minutes of its alarm, {from} to {until}"));
    }
    // The time of a replay may lie ahead of the clock; a ward's does not.
    let latest = now.wall_us.max(own_end).saturating_add(CLOCKS_DIFFER_US);
    if onset.max(end) > latest {
        return mistake(format!("{told}; expected a time that has passed"));
    }
    Ok(())
}
