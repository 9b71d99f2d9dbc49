//! How long a bed was watched: what a false alarm rate divides by.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Longest stretch that one entry of the log tells of, in seconds.
pub const STRETCH_S: u64 = 300;

/// Why a second does not count as monitored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Excluded {
    /// The bed was being worked on.
    Maintenance,
    /// A technical alarm said that the bed is not watched as it should be.
    Technical,
    /// The second could not be judged: too few channels.
    Unjudged,
    /// There was no signal.
    Gap,
}

impl Excluded {
    /// Every reason.
    pub const ALL: [Excluded; 4] =
        [Excluded::Maintenance, Excluded::Technical, Excluded::Unjudged, Excluded::Gap];

    /// The name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Excluded::Maintenance => "maintenance",
            Excluded::Technical => "technical",
            Excluded::Unjudged => "unjudged",
            Excluded::Gap => "gap",
        }
    }
}

/// A stretch of a bed's time line under one detector: so many seconds monitored, so many not, and why not.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, ToSchema)]
pub struct Exposure {
    /// Which of the bed's time lines.
    pub timeline: u64,
    /// Its first second.
    pub from_second: u64,
    /// The second after its last.
    pub to_second: u64,
    /// Wall clock of its first second, in seconds since 1970.
    pub from_wall_s: f64,
    /// Seconds that were judged under good conditions.
    pub monitored_s: u64,
    /// Seconds of maintenance.
    pub maintenance_s: u64,
    /// Seconds under a technical alarm that impairs judging.
    pub technical_s: u64,
    /// Seconds that could not be judged.
    pub unjudged_s: u64,
    /// Seconds without signal.
    pub gap_s: u64,
}

impl Exposure {
    /// Whether it holds nothing yet.
    pub fn is_empty(&self) -> bool {
        self.to_second == self.from_second
    }

    /// Takes a second, and the gap before it. `wall_s` is the second's wall clock.
    pub fn observe(&mut self, timeline: u64, second: u64, wall_s: f64, excluded: Option<Excluded>) {
        // Another time line, or one that somebody wound back: what lies between is not known.
        if self.timeline != timeline || second < self.to_second {
            *self = Exposure {
                timeline,
                from_second: second,
                to_second: second,
                from_wall_s: wall_s,
                ..Exposure::default()
            };
        }
        self.gap_s += second - self.to_second;
        self.to_second = second + 1;
        *match excluded {
            None => &mut self.monitored_s,
            Some(Excluded::Maintenance) => &mut self.maintenance_s,
            Some(Excluded::Technical) => &mut self.technical_s,
            Some(Excluded::Unjudged) => &mut self.unjudged_s,
            Some(Excluded::Gap) => &mut self.gap_s,
        } += 1;
    }

    /// Whether it is long enough to be told.
    pub fn is_full(&self) -> bool {
        self.to_second - self.from_second >= STRETCH_S
    }

    /// Gives the stretch away; the next begins where it ends, so that a gap in between is counted.
    pub fn take(&mut self) -> Exposure {
        let taken = *self;
        *self = Exposure {
            timeline: taken.timeline,
            from_second: taken.to_second,
            to_second: taken.to_second,
            from_wall_s: taken.from_wall_s + (taken.to_second - taken.from_second) as f64,
            ..Exposure::default()
        };
        taken
    }

    /// Seconds that are excluded for a reason.
    pub fn excluded_s(&self, why: Excluded) -> u64 {
        match why {
            Excluded::Maintenance => self.maintenance_s,
            Excluded::Technical => self.technical_s,
            Excluded::Unjudged => self.unjudged_s,
            Excluded::Gap => self.gap_s,
        }
    }
}
