//! Derivations, the longitudinal bipolar ("double banana") montage, and what a channel label says.

use std::fmt;

use super::electrode::Electrode::{self, *};

/// The difference of two electrodes: `anode - cathode`, in the sense of "Fp1-F7".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Derivation {
    /// The electrode on the amplifier's first input.
    pub anode: Electrode,
    /// The electrode that is subtracted.
    pub cathode: Electrode,
}

/// How many derivations the network sees.
pub const DERIVATIONS: usize = 18;

const fn derivation(anode: Electrode, cathode: Electrode) -> Derivation {
    Derivation { anode, cathode }
}

/// The 18 derivations of the longitudinal bipolar montage, in the order in which they are drawn:
/// left temporal, left parasagittal, right parasagittal, right temporal chain, midline.
pub const DOUBLE_BANANA: [Derivation; DERIVATIONS] = [
    derivation(Fp1, F7),
    derivation(F7, T7),
    derivation(T7, P7),
    derivation(P7, O1),
    derivation(Fp1, F3),
    derivation(F3, C3),
    derivation(C3, P3),
    derivation(P3, O1),
    derivation(Fp2, F4),
    derivation(F4, C4),
    derivation(C4, P4),
    derivation(P4, O2),
    derivation(Fp2, F8),
    derivation(F8, T8),
    derivation(T8, P8),
    derivation(P8, O2),
    derivation(Fz, Cz),
    derivation(Cz, Pz),
];

/// A row of derivations from front to back that follow each other in [`DOUBLE_BANANA`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    /// What it is called.
    pub name: &'static str,
    /// Index of its first derivation.
    pub first: usize,
    /// How many it has.
    pub count: usize,
}

/// The chains of [`DOUBLE_BANANA`].
pub const CHAINS: [Chain; 5] = [
    Chain { name: "left temporal", first: 0, count: 4 },
    Chain { name: "left parasagittal", first: 4, count: 4 },
    Chain { name: "right parasagittal", first: 8, count: 4 },
    Chain { name: "right temporal", first: 12, count: 4 },
    Chain { name: "midline", first: 16, count: 2 },
];

impl Chain {
    /// Whether a derivation, by its index, belongs to it.
    pub const fn holds(self, derivation: usize) -> bool {
        self.first <= derivation && derivation < self.first + self.count
    }
}

impl Derivation {
    /// The derivation over the same place of the other hemisphere.
    pub const fn mirrored(self) -> Derivation {
        Derivation { anode: self.anode.mirrored(), cathode: self.cathode.mirrored() }
    }
}

/// Index in [`DOUBLE_BANANA`] of the derivation over the same place of the other hemisphere.
pub fn mirror_indices() -> [usize; DERIVATIONS] {
    std::array::from_fn(|d| {
        let mirror = DOUBLE_BANANA[d].mirrored();
        DOUBLE_BANANA.iter().position(|derivation| *derivation == mirror).unwrap_or(d)
    })
}

/// Writes a window with left and right exchanged to `mirrored` and returns which derivations it has.
/// `samples` holds the derivations of [`DOUBLE_BANANA`] one after the other.
pub fn mirror_window(
    samples: &[f32],
    present: &[bool; DERIVATIONS],
    mirrored: &mut Vec<f32>,
) -> [bool; DERIVATIONS] {
    let (indices, length) = (mirror_indices(), samples.len() / DERIVATIONS);
    mirrored.clear();
    for d in indices {
        mirrored.extend_from_slice(&samples[d * length..(d + 1) * length]);
    }
    indices.map(|d| present[d])
}

impl fmt::Display for Derivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.anode, self.cathode)
    }
}

/// What a recording's channel label says about the place on the head.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelLabel {
    /// Recorded between two scalp electrodes ("T7-P7", "EEG F7-T3").
    Bipolar(Electrode, Electrode),
    /// Recorded against a reference ("EEG Fp1-REF", "F7-CS2", "Fp1"); two electrodes can be
    /// subtracted only where `reference` is equal. A bare name has the reference "".
    Referential {
        /// The scalp electrode.
        electrode: Electrode,
        /// The reference as written, in upper case.
        reference: String,
    },
    /// Not one of the 19 scalp electrodes (ECG, ear lobes, photic stimulus, empty).
    Other,
}

impl ChannelLabel {
    /// Reads a label as amplifiers write it: with or without a leading `EEG `, any case, old or
    /// new electrode names, `-REF`, `-LE`, `-CS2` or any other reference behind the last hyphen.
    pub fn parse(label: &str) -> ChannelLabel {
        let label = label.trim();
        let place = match label.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("EEG ") => label[4..].trim_start(),
            _ => label,
        };
        let (first, second) = match place.split_once('-') {
            Some((first, second)) => (first, Some(second.trim())),
            None => (place, None),
        };
        let Some(electrode) = Electrode::from_name(first) else {
            return ChannelLabel::Other;
        };
        match second {
            None => ChannelLabel::Referential { electrode, reference: String::new() },
            Some(second) => match Electrode::from_name(second) {
                Some(cathode) => ChannelLabel::Bipolar(electrode, cathode),
                None => ChannelLabel::Referential { electrode, reference: second.to_ascii_uppercase() },
            },
        }
    }
}
