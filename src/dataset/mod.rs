//! Labelled recordings of many people: found on disk, conditioned once, held in memory.
//!
//! Invariant: a second belongs to one person, whatever names that person goes by.

mod conditioned;
mod error;
mod gather;

pub use conditioned::{Dataset, LabelledRecording, Second, Stretch, must_fit};
pub use error::DatasetError;
pub use gather::{Gathered, People, events_beside, gather, person_of, refuse_twice};
