//! Scoring: areas under curves, rates and shares with their intervals, alarms as a ward counts them.
//!
//! Invariant: a figure comes with what it rests on; one that rests on nothing is absent.

mod alarms;
mod auroc;
mod folds;
mod interval;
pub mod report;
mod seconds;
mod settings;
mod szcore;
mod tables;

pub use alarms::{AFTER_S, AlarmMark, SeizureMark, SeizureScore, WardScore, score_ward, seconds_at_risk};
pub use auroc::auroc;
pub use folds::{FoldError, grouped_folds};
pub use interval::{Interval, clopper_pearson, garwood, median_interval};
pub use seconds::{CONTEXT_S, EvaluateError, PersonScore, ScoredSecond, score_people};
pub use settings::score_settings;
pub use szcore::{Counts, Measures, mask, score_events, score_overlap, score_samples};
pub use tables::{Latency, Pair, Report, ScoreError, Scores, WardCounts, pair_tables, score_tables};
