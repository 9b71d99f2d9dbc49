//! Labelled recordings of many people: found on disk, conditioned once, held in memory.
//!
//! Invariant: a second belongs to one person, whatever names that person goes by.

mod chbmit_edition;
mod conditioned;
mod error;
mod gather;
mod namesakes;

pub use conditioned::{Dataset, LabelledRecording, Second, Stretch, must_fit};
pub use error::DatasetError;
pub use gather::{Gathered, People, events_beside, gather, person_of, refuse_twice};
pub use namesakes::{Namesakes, may_be_one, root_names};
