//! From a recording's channels to the windows that networks see.
//!
//! [`Montage`] finds the channels of the 18 derivations by label; [`Conditioner`] derives them,
//! resamples to the model's rate, takes out the mains, band-passes, and cuts windows of one
//! second. Everything is causal: what runs over a file is what runs at the bedside.

mod amplitude;
mod checkpoint;
mod conditioner;
mod config;
mod error;
mod faults;
pub mod filter;
mod hum;
mod montage;
mod quality;
mod reading;
pub mod resample;
pub mod trend;
mod window;

pub use amplitude::{Amplitude, RecentAmplitude};
pub use checkpoint::ConditionerState;
pub use conditioner::Conditioner;
pub use config::{Mains, SignalConfig};
pub use error::SignalError;
pub use faults::{FaultCounts, count_faults};
pub use hum::Hum;
pub use montage::{MAX_MISSING, Montage};
pub use reading::Reading;
pub use window::{Fault, FaultKind, Window};
mod recording;
pub use recording::{StreamError, StreamItem, WindowStream};
