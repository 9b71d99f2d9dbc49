//! What a person should know about recordings that were taken.

use std::fmt;

use crate::signal::FaultCounts;

/// Most channels with a fault that are named.
const MOST_CHANNELS: usize = 5;

/// Something odd about a recording that was taken all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// In words, which may well be the same for many recordings.
    Words(String),
    /// Channels that had faults.
    Faults(Faulty),
}

/// Channels of one recording that had faults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faulty {
    /// Seconds of the recording.
    seconds: usize,
    /// Channel and fault, with how many seconds of it; those with most seconds first.
    channels: Vec<(String, usize)>,
}

impl Faulty {
    /// Of what was counted in so many seconds; `None` where no channel had a fault.
    pub fn of(counts: FaultCounts, seconds: usize) -> Option<Faulty> {
        let mut channels: Vec<(String, usize)> =
            counts.into_iter().map(|((label, fault), s)| (format!("{} {fault}", label.trim()), s)).collect();
        channels.sort_by_key(|(_, seconds)| std::cmp::Reverse(*seconds));
        (!channels.is_empty()).then_some(Faulty { seconds, channels })
    }

    /// Seconds of channels that are lost, a share of the recording's seconds: above 1 where several channels are.
    pub fn lost(&self) -> f64 {
        let lost: usize = self.channels.iter().map(|(_, seconds)| seconds).sum();
        lost as f64 / self.seconds.max(1) as f64
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told: Vec<String> = self
            .channels
            .iter()
            .take(MOST_CHANNELS)
            .map(|(what, seconds)| format!("{what} in {seconds} s"))
            .collect();
        if self.channels.len() > MOST_CHANNELS {
            told.push(format!("and {} more", self.channels.len() - MOST_CHANNELS));
        }
        write!(f, "of {} s, {}", self.seconds, told.join(", "))
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remark::Words(words) => f.write_str(words),
            Remark::Faults(faulty) => faulty.fmt(f),
        }
    }
}
