//! What networks say of EEG that was changed in a way that is known.

use super::equipment::Recorded;
use super::look_alikes::Imitated;

/// What a method says where the scored people's EEG was changed; empty where that was not asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changed {
    /// Of the same seconds as other equipment would have recorded them.
    pub recorded: Vec<Recorded>,
    /// Of seizure-free stretches to which look-alikes were added.
    pub imitated: Vec<Imitated>,
}
