//! Gathering the seconds that a patient's own autoencoder is fitted on.
//!
//! What is gathered are numbers of frames; the signal itself lies in the record. A second counts where
//! it was whole, every derivation of the montage was good, the label was `non-seizure`, and no alarm was
//! near; the fit itself then leaves out the worst quarter of each batch, so that what slipped through
//! stays unlearnt.

use serde::{Deserialize, Serialize};

use crate::detect::{Label, Verdict};
use crate::signal::Window;

/// Seconds after an alarm that are not gathered: the EEG after a seizure is not this patient's usual one.
pub const AFTER_ALARM_S: u64 = 600;

/// Seconds before an alarm that are taken out again: a seizure begins before it is recognised.
pub const BEFORE_ALARM_S: u64 = 60;

/// Shorter stretches are not used: the filters need a few seconds to settle.
pub const SHORTEST_S: u64 = 10;

/// Most stretches that are kept. A baseline in more pieces than this is no baseline.
const MOST_SPANS: usize = 20_000;

/// Frames that follow one another and are fit to learn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Number of the first frame.
    pub first_frame: u64,
    /// How many.
    pub frames: u64,
    /// Second of the time line of the first.
    pub first_second: u64,
    /// How many seconds.
    pub seconds: u64,
}

/// What was gathered so far.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Baseline {
    spans: Vec<Span>,
    seconds: u64,
    /// Nothing is gathered before this second.
    not_before: u64,
}

impl Baseline {
    /// Seconds gathered.
    pub fn seconds(&self) -> u64 {
        self.seconds
    }

    /// Seconds in stretches that are long enough to learn from.
    pub fn usable_seconds(&self) -> u64 {
        self.spans.iter().map(|span| span.seconds).filter(|seconds| *seconds >= SHORTEST_S).sum()
    }

    /// The stretches, in time order.
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// Takes a second into account: `frames` is the window's length as received.
    pub fn observe(&mut self, window: &Window, frames: u64, verdict: &Verdict) {
        if verdict.alarm.is_some() || verdict.alarming {
            self.not_before = verdict.second + AFTER_ALARM_S;
            let onset = verdict.alarm.map_or(verdict.second, |alarm| alarm.onset_second);
            self.forget_from(onset.saturating_sub(BEFORE_ALARM_S));
            return;
        }
        let usual = verdict.label == Some(Label::NonSeizure) && verdict.accumulator == 0.0;
        let good = window.faults.iter().all(Option::is_none);
        if !usual || !good || verdict.second < self.not_before {
            return;
        }
        self.seconds += 1;
        if let Some(last) = self.spans.last_mut()
            && last.first_frame + last.frames == window.first_sample
            && last.first_second + last.seconds == verdict.second
        {
            last.frames += frames;
            last.seconds += 1;
            return;
        }
        if self.spans.len() == MOST_SPANS {
            self.seconds -= self.spans.remove(0).seconds;
        }
        let (first_frame, first_second) = (window.first_sample, verdict.second);
        self.spans.push(Span { first_frame, frames, first_second, seconds: 1 });
    }

    /// Begins anew, as after a switch of the model.
    pub fn begin_anew(&mut self) {
        *self = Baseline { not_before: self.not_before, ..Baseline::default() };
    }

    fn forget_from(&mut self, second: u64) {
        while let Some(last) = self.spans.last_mut() {
            if last.first_second + last.seconds <= second {
                return;
            }
            if last.first_second < second {
                let kept = second - last.first_second;
                self.seconds -= last.seconds - kept;
                last.frames = last.frames * kept / last.seconds;
                last.seconds = kept;
                return;
            }
            self.seconds -= last.seconds;
            self.spans.pop();
        }
    }
}
