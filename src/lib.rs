//! vigil: seizure detection on EEG, second by second.
//!
//! Samples flow one way: `source` gives them, `signal` conditions them into windows, `plot` draws
//! each window, `model` judges the image, `detect` turns judgements into alarms. `train` and
//! `evaluate` run the same stages over files, `replay` plays files through the detector.

#![forbid(unsafe_code)]
#![warn(missing_docs)]
// What comes from outside may be anything; a panic would end the watch.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod access;
pub mod alarm;
pub mod calibrate;
pub mod channel;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod dataset;
pub mod detect;
pub mod durable;
pub mod eeg;
pub mod evaluate;
pub mod explain;
pub mod format;
pub mod model;
pub mod plot;
pub mod record;
pub mod replay;
pub mod review;
pub mod signal;
pub mod source;
pub mod train;
pub mod ward;
pub mod web;
