//! One patient's detector: opinions in, verdicts out.
//!
//! No clock and no I/O: time is the number of the second.

use super::accumulator::{Accumulator, AccumulatorConfig};
use super::judge::Opinion;
use super::rule::LabelRule;
use super::verdict::{SettingError, Verdict};

/// The part of the detector that remembers: label rule and accumulator.
#[derive(Debug, Clone)]
pub struct Detector {
    rule: LabelRule,
    accumulator: Accumulator,
}

impl Detector {
    /// A detector at rest.
    ///
    /// # Errors
    /// [`SettingError`] where a setting is out of range.
    pub fn new(rule: LabelRule, accumulator: AccumulatorConfig) -> Result<Detector, SettingError> {
        rule.validate()?;
        Ok(Detector { rule, accumulator: Accumulator::new(accumulator)? })
    }

    /// The verdict on the next second. One that could not be judged counts as a gap of one second: it neither feeds
    /// nor silences an alarm at once, but many in a row are a long gap.
    pub fn next(&mut self, second: u64, opinion: Option<Opinion>) -> Verdict {
        let Some(opinion) = opinion else {
            self.accumulator.gap(1);
            return Verdict::unjudged(second, self.accumulator.value(), self.accumulator.alarming());
        };
        let label = self.rule.label(opinion.probabilities, opinion.ae_flag);
        let step = self.accumulator.step(label);
        Verdict {
            second,
            ae_error: opinion.ae_error,
            ae_flag: opinion.ae_flag,
            probabilities: Some(opinion.probabilities),
            label: Some(label),
            accumulator: step.value,
            alarm: step.alarm,
            alarming: step.alarming,
        }
    }

    /// The accumulator, to be saved.
    pub fn accumulator(&self) -> &Accumulator {
        &self.accumulator
    }

    /// Goes on with an accumulator that was saved, under this detector's own settings.
    pub fn resume(&mut self, saved: &Accumulator) {
        self.accumulator.resume(saved);
    }

    /// Signal is missing for this many seconds.
    pub fn gap(&mut self, seconds: u64) {
        self.accumulator.gap(seconds);
    }
}
