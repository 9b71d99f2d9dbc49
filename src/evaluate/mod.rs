//! Scoring: areas under curves, rates and shares with their intervals, alarms as a ward counts them.
//!
//! Invariant: a figure comes with what it rests on; one that rests on nothing is absent.

mod alarms;
mod auroc;
mod cross_person;
mod folds;
mod interval;
mod line;
mod methods;
pub mod report;
mod seconds;
mod szcore;
mod tables;

pub use alarms::{AFTER_S, AlarmMark, SeizureMark, SeizureScore, WardScore, score_ward, seconds_at_risk};
pub use auroc::auroc;
pub use cross_person::CrossPerson;
pub use folds::{FoldError, grouped_folds};
pub use interval::{Interval, clopper_pearson, garwood, median_interval};
pub use line::{AlarmSpan, JudgedPerson, JudgedSecond, PersonLine, score_lines, score_settings};
pub use methods::{Comparison, Method, score_method};
pub use seconds::{CONTEXT_S, EvaluateError, PersonScore, judge_people};
pub use szcore::{Counts, Measures, mask, mean_measures, score_events, score_overlap, score_samples};
pub use tables::{Latency, Pair, Report, ScoreError, Scores, WardCounts, pair_tables, score_tables};
