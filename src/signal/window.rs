//! One second of conditioned signal, and what was wrong with it.

use std::fmt;

use crate::eeg::DERIVATIONS;

/// Why a derivation that the montage has is absent from one window, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    /// A sample is not a number, infinite, or larger than any voltage on a head.
    NonFinite,
    /// The amplifier was at an end of its range for half of the second or longer.
    Saturated,
    /// The value stood still for half of the second or longer.
    Flat,
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FaultKind::NonFinite => "samples that are no numbers",
            FaultKind::Saturated => "amplifier saturated",
            FaultKind::Flat => "flat",
        })
    }
}

/// A fault and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What is wrong.
    pub kind: FaultKind,
    /// The recording's channel (index into the labels given to [`super::Montage::resolve`]).
    pub channel: usize,
}

/// One second of 18 derivations.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Seconds of signal before this window since the stream began or the last gap ended: 0, 1, 2…
    pub second: u64,
    /// Index of the window's first input sample, as the caller numbers samples (0 for the first
    /// sample of a stream; [`super::Conditioner::gap`] sets the number after a gap). Divided by
    /// the input rate it is the window's time; the sample index is the truth.
    pub first_sample: u64,
    /// Filtered microvolts at the model's rate, derivation after derivation in the order of
    /// [`crate::eeg::DOUBLE_BANANA`], so `18 * rate_hz` values. An absent derivation is all zeros.
    pub samples: Vec<f32>,
    /// Which derivations this window has: those of the montage that are without a fault.
    pub present: [bool; DERIVATIONS],
    /// The fault that makes a derivation absent here. `None` for one that is present, and for
    /// one that the montage never had.
    pub faults: [Option<Fault>; DERIVATIONS],
}

impl Window {
    /// The samples of one derivation; empty if there is no such derivation.
    pub fn derivation(&self, index: usize) -> &[f32] {
        let length = self.samples.len() / DERIVATIONS;
        self.samples.chunks_exact(length.max(1)).nth(index).unwrap_or_default()
    }

    /// How many of the 18 are absent.
    pub fn absent(&self) -> usize {
        self.present.iter().filter(|present| !**present).count()
    }
}
