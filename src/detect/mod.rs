//! One patient's detector: a window in, a verdict out.
//!
//! Invariant: no clock and no I/O; time is the number of the second.

mod accumulator;
mod detector;
mod judge;
mod level;
mod rule;
mod verdict;

pub use accumulator::{Accumulator, AccumulatorConfig, Step};
pub use detector::Detector;
pub use judge::{Judge, JudgeError, Opinion};
pub use level::{DEEPEST, LEAST_S, LOWEST_LOG_ODDS, Level};
pub use rule::{AeFlag, LabelRule};
pub use verdict::{Alarm, Label, SettingError, Verdict};
