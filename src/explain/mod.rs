//! Why a second of a recording got its label: what the CNN's answer rests on.
//!
//! Invariant: the second is conditioned and judged as a replay does it, from the recording's start on,
//! so what is explained is, bit for bit, what the detector said.

mod error;
mod moment;
mod picture;
mod recording;
mod report;
mod seen;
mod table;
mod words;

pub use error::ExplainError;
pub use moment::Moment;
pub use picture::write_figure;
pub use recording::{Explanation, explain_recording};
pub use report::{
    BeforeReport, ChainReport, DerivationReport, ExplanationReport, PartReport, Probabilities, SliceReport,
};
pub use seen::{SeenSecond, find_second};
pub use table::table;
pub use words::in_words;
