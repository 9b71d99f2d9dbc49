//! What a reviewer looks at: pages of recorded EEG, the detector's traces beside them, trends over hours, what an alarm
//! rests on. No HTTP, and nothing is kept: everything comes from the record and the log of alarms.
//!
//! The review page's own files lie in `page/`.
//!
//! Invariant: what was not recorded is told as a gap with its reason, never drawn; and one page shows one patient.

mod display;
mod eeg;
mod error;
mod explanation;
mod leads;
mod recorded;
mod span;
mod traces;
mod trend;

pub use display::Cuts;
pub use eeg::{EegPage, EegRequest, PageGap, Trace, eeg_page};
pub use error::ReviewError;
pub use explanation::{AlarmSecond, explain_alarm};
pub use leads::{PageMontage, PageTrace, traces_of};
pub use recorded::{Recorded, RecordedStretch};
pub use traces::{TracePoint, Traces, traces};
pub use trend::{Band, TrendPage, trend_page};
