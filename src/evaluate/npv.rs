//! What an hour without an alarm is worth: how often there was indeed no seizure in it.

use serde::{Deserialize, Serialize};

use super::interval::{Interval, clopper_pearson};
use super::line::{AlarmSpan, PersonLine};

/// Blocks of observed time, and those that passed without an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AlarmFree {
    /// Seconds of observed signal in a block.
    pub block_s: u64,
    /// Whole blocks.
    pub blocks: u64,
    /// Of them, those that hold a second of a seizure.
    pub with_seizure: u64,
    /// Blocks without an alarm.
    pub alarm_free: u64,
    /// Of these, those without a second of a seizure.
    pub rightly: u64,
    /// The negative predictive value: the share of the blocks without an alarm in which there was no seizure; `None`
    /// without any.
    pub value: Option<f64>,
    /// Its 95 % interval, as if blocks were independent.
    pub value_95: Option<Interval>,
}

/// Cuts each person's observed seconds, in time order, into blocks of `block_s` and counts those without an alarm. An
/// alarm lies in every block in which it lasts, and in every one that the seizure touches which it finds: a block is not
/// without alarm because the alarm for its seizure came in the next one. What is left at a person's end is no block.
pub fn alarm_free_blocks<'a>(
    people: impl IntoIterator<Item = (&'a PersonLine, &'a [AlarmSpan])>,
    block_s: u64,
) -> AlarmFree {
    let (mut blocks, mut with_seizure, mut alarm_free, mut rightly) = (0, 0, 0, 0);
    let length = usize::try_from(block_s.max(1)).unwrap_or(usize::MAX);
    for (line, alarms) in people {
        let in_found = line.found_by(alarms);
        let seconds: Vec<u64> = line.observed().collect();
        for block in seconds.chunks_exact(length) {
            let lasts = |second: &u64| alarms.iter().any(|alarm| (alarm.raised..alarm.end).contains(second));
            let alarming = block.iter().any(|second| lasts(second) || in_found(*second));
            let seizing = block.iter().any(|second| line.is_seizure(*second));
            blocks += 1;
            with_seizure += u64::from(seizing);
            alarm_free += u64::from(!alarming);
            rightly += u64::from(!alarming && !seizing);
        }
    }
    AlarmFree {
        block_s,
        blocks,
        with_seizure,
        alarm_free,
        rightly,
        value: (alarm_free > 0).then(|| rightly as f64 / alarm_free as f64),
        value_95: clopper_pearson(rightly, alarm_free),
    }
}
