//! What networks say of EEG that was changed in a way that is known.

use super::amplitudes::Scaled;
use super::look_alikes::Imitated;

/// What a method says where the scored people's EEG was changed; empty where that was not asked.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Changed {
    /// Of the same seconds at other amplitudes.
    pub scaled: Vec<Scaled>,
    /// Of seizure-free stretches to which look-alikes were added.
    pub imitated: Vec<Imitated>,
}
