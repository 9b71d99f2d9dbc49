//! From judgements to alarm settings: which are chosen for a wanted rate of false alarms, what they would have done to a
//! patient's last days, and how somebody accepts them.
//!
//! ```text
//!  record: opinions, second by second ──┐
//!                                       ├─> Period ──> count(settings) ──> choose ──> Preview ──> Proposal ──> patient.toml
//!  log: judgements, marks, maintenance ─┘                (detector run again)           a person accepts
//! ```
//!
//! Invariant: no setting changes by itself; what is compared is counted by one rule; and what nobody has judged is left out,
//! not taken for right or wrong.

mod choose;
mod outcome;
mod preview;
mod proposal;
mod recorded;
mod settings;
mod truth;

pub use choose::choose;
pub use outcome::{Counted, GatherError, Outcome, Period};
pub use preview::{FEWEST_HOURS, Gained, Lost, Preview, Wanted, needed_hours, preview, too_little};
pub use proposal::{Proposal, ProposalError};
pub use recorded::{Raised, RecordedLine, RecordedSecond, RecordedTime, beds_of};
pub use settings::{AlarmSettings, TriedSettings};
pub use truth::{LeftOut, LoggedAlarm, Truth, settled};
