//! Labelled recordings of many people: found on disk, conditioned once, held in memory.
//!
//! Invariant: a second belongs to one person, whatever names that person goes by.

mod chbmit_edition;
mod conditioned;
mod error;
mod fit;
mod gather;
mod namesakes;
mod remarks;

pub use conditioned::{Dataset, LabelledRecording, Second, Stretch};
pub use error::{DatasetError, Unusable};
pub use fit::{must_fit, unusable};
pub use gather::{Gathered, People, events_beside, gather, look_through, person_of, refuse_twice};
pub use namesakes::{Namesakes, may_be_one, root_names};
pub use remarks::{Faulty, Remark};
