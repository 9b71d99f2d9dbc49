//! The time on which a false alarm rate rests.
//!
//! An alarm from a seizure's onset to a minute after its end is about the seizure and cannot be
//! false. Seconds in which no alarm *can* be false say nothing of how often alarms are: with them in
//! the denominator, a detector that is always on would score few false alarms an hour on recordings
//! that end a minute after their seizure.

use super::alarms::{AFTER_S, SeizureMark};

/// How many of the judged seconds are at risk: an alarm raised at that second's end would be false.
///
/// `ends_s` has the end of each judged second, on the time line of `seizures`. The rule is that of
/// [`score_ward`](super::score_ward), so each false alarm of a judged second lies in a counted one.
pub fn seconds_at_risk(ends_s: impl IntoIterator<Item = f64>, seizures: &[SeizureMark]) -> usize {
    let exempt = |end_s: f64| seizures.iter().any(|s| (s.onset_s..=s.end_s + AFTER_S).contains(&end_s));
    ends_s.into_iter().filter(|&end_s| !exempt(end_s)).count()
}
