#![forbid(unsafe_code)]
pub mod eeg;
use burn as _;
