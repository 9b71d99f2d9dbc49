//! What the daemon records, while it happens: signal, verdicts, gaps and marks, in HDF5.
//!
//! One file for each bed and hour, named by its first moment; a restart or another layout of the stream
//! begins a further one. Every file is written for single writer, multiple readers (SWMR), so that it can
//! be read while it grows.
//!
//! | dataset | shape | content |
//! |---|---|---|
//! | `signal` | frames x channels, f32 | as received, in microvolts; shuffled and compressed |
//! | `verdicts` | seconds x 14, f64 | columns in [`VERDICT_COLUMNS`]; NaN where there is none |
//! | `trend` | seconds x 44, f64 | see [`TREND_COLUMNS`]; files of earlier versions have none |
//! | `gaps` | n x 5, f64 | columns in [`GAP_COLUMNS`] |
//! | `marks` | n x 2, f64 | frame, seconds since 1970 |
//! | `mark_texts` | n x 128, u8 | UTF-8, filled up with zeros |
//! | `stamps` | n x 3, f64 | row of `signal`, frame, seconds since 1970 |
//! | `about` | bytes | JSON: [`About`] |
//!
//! Frames are counted over all files of a bed, lost ones included; rows of `signal` are not, so a gap
//! names the row before which it lies.
//!
//! Invariant: a crash of the program loses at most the last second, and nothing that the recorder does
//! makes a detector wait.

mod about;
mod clip;
mod config;
mod edf;
mod error;
mod export;
mod file;
mod reader;
mod recorder;
mod repair;
mod reserve;
mod retention;
mod source;

pub use about::{
    About, GAP_COLUMNS, GapReason, Models, RecordedGap, RecordedMark, RecordedTrend, RecordedVerdict,
    TREND_COLUMNS, VERDICT_COLUMNS, VERSION,
};
pub use clip::{ClipNote, MOST_CLIP_BYTES};
pub use config::RecordConfig;
pub use error::RecordError;
pub use export::{ExportError, Exported, RecordedSpan};
pub use reader::{RecordFile, Stretch, files_between, files_of, start_of};
pub use recorder::{Item, Recorder, RecorderState};
pub use repair::{Mended, mend, mended_superblock};
pub use retention::{Retained, free_bytes, retain};
pub use source::{RecordedSource, last_second, whole_seconds_before};
