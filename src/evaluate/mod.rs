//! Scoring: areas under curves, rates and shares with their intervals, alarms as a ward counts them.
//!
//! Invariant: a figure comes with what it rests on; one that rests on nothing is absent.

mod alarms;
mod auroc;
mod boost;
mod calibrated;
mod calm;
mod changed;
mod cost;
mod curves;
mod equipment;
mod folds;
mod interval;
mod judgements;
mod kept;
mod levelled;
mod line;
pub mod logistic;
mod look_alikes;
mod methods;
mod npv;
pub mod report;
mod rests;
pub mod rhythm;
mod rhythm_trees;
mod seconds;
mod settings;
mod suppressor;
mod szcore;
mod tables;
mod unjudged;
mod weighed;
mod within_patient;

pub use alarms::{
    AFTER_S, AlarmMark, SeizureMark, SeizureScore, WardScore, merged, score_strictly, score_ward,
    seconds_at_risk, seconds_outside,
};
pub use auroc::auroc;
pub use boost::{BoostConfig, BoostSample, boost};
pub use calm::{Chosen, SEIZURE_PROBABILITIES, THRESHOLDS, borne, keeps_to, most_sensitive};
pub use changed::Changed;
pub use cost::{Timed, turns, window_costs};
pub use equipment::{Equipment, Recorded};
pub use folds::{FoldError, grouped_folds};
pub use interval::{Interval, clopper_pearson, garwood, median_interval};
pub use judgements::{FITTED_ON_OTHERS, Judgements, METHODS, Variant};
pub use kept::{Kept, KeptError, recordings_of};
pub use levelled::Levels;
pub use line::{
    AlarmSpan, BEHIND_S, Counting, JudgedPerson, JudgedSecond, PersonLine, Tally, score_lines, score_settings,
};
pub use look_alikes::{Imitated, calm_runs, judge_runs, judged_runs};
pub use methods::{Method, score_method};
pub use npv::{AlarmFree, alarm_free_blocks};
pub use rhythm_trees::TreeOpinions;
pub use seconds::{
    CONTEXT_S, EvaluateError, PersonScore, first_unseen, judge_people, judge_people_by, judge_seconds,
    same_windows, seconds_by_person,
};
pub use settings::Comparison;
pub use suppressor::SecondLook;
pub use szcore::{Counts, Measures, mask, mean_measures, score_events, score_overlap, score_samples};
pub use tables::{Latency, Pair, Report, ScoreError, Scores, WardCounts, pair_tables, score_tables};
pub use unjudged::{Unjudged, unjudged, unjudged_recordings};
pub use weighed::{Voices, Weights, weighed};
pub use within_patient::{Division, FEWEST_SEIZURES, divide, out_of_order};
