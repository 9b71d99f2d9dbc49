//! Derivations, the longitudinal bipolar ("double banana") montage, and what a channel label says.

use std::borrow::Cow;
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
    /// Recorded against a reference ("EEG Fp1-REF", "F7-CS2", "Fp1", "Fp1-0"); two electrodes can be
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
    /// Reads a label as amplifiers write it: with or without `EEG` and a blank, a tab, `-` or `_`
    /// before a name, any case, old or new electrode names, PhysioNet's dots behind a name, `-REF`,
    /// `-LE`, `-CS2` or any other reference behind the first hyphen (or a dash that stands for it), and
    /// at the end the number by which MNE tells channels of one name apart ("T8-P8-0").
    pub fn parse(label: &str) -> ChannelLabel {
        let label = hyphenated(label);
        let (first, second) = parts(&label);
        let Some(electrode) = Electrode::from_name(first) else {
            return ChannelLabel::Other;
        };
        let against = |reference: &str| ChannelLabel::Referential {
            electrode,
            reference: reference.to_ascii_uppercase(),
        };
        let Some(second) = second else { return against("") };
        if let Some(cathode) = Electrode::from_name(without_dots(second)) {
            return ChannelLabel::Bipolar(electrode, cathode);
        }
        let (rest, number) = second.rsplit_once('-').unwrap_or(("", second));
        let number = number.trim_start();
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return against(second);
        }
        match Electrode::from_name(rest) {
            Some(cathode) => ChannelLabel::Bipolar(electrode, cathode),
            // Higher numbers say something else: "P3-4" is two contacts of a depth electrode.
            None if ["0", "1"].contains(&number) => against(rest.trim()),
            None => against(second),
        }
    }

    /// Whether a label calls its electrode by the older of two names ("T3" for T7).
    pub fn has_old_name(label: &str) -> bool {
        let label = hyphenated(label);
        let (first, _) = parts(&label);
        ["T3", "T4", "T5", "T6"].iter().any(|old| first.trim().eq_ignore_ascii_case(old))
    }

    /// Whether a label spells O1 or O2 with the digit in place of the letter, which may be a mere number.
    pub fn has_digit_for_letter(label: &str) -> bool {
        let label = hyphenated(label);
        let (first, second) = parts(&label);
        let second = second.and_then(|second| second.split('-').next());
        [Some(first), second].into_iter().flatten().any(|name| ["01", "02"].contains(&without_dots(name)))
    }
}

/// Dashes that stand for a hyphen: hyphens and en dash of Unicode, minus, and what an en dash of the Windows code page
/// or of UTF-8 is where its bytes are read as Latin-1.
const DASHES: [&str; 6] = ["\u{2010}", "\u{2011}", "\u{2013}", "\u{2212}", "\u{96}", "\u{e2}\u{80}\u{93}"];

/// A label with the hyphens of ASCII.
fn hyphenated(label: &str) -> Cow<'_, str> {
    if label.is_ascii() {
        return Cow::Borrowed(label);
    }
    Cow::Owned(DASHES.iter().fold(label.to_string(), |label, dash| label.replace(dash, "-")))
}

/// What stands before and behind a label's first hyphen, without `EEG `.
fn parts(label: &str) -> (&str, Option<&str>) {
    let place = without_eeg(label);
    match place.split_once('-') {
        Some((first, second)) => (without_dots(first), Some(without_eeg(second))),
        None => (without_dots(place), None),
    }
}

fn without_eeg(name: &str) -> &str {
    let name = name.trim();
    match name.split_at_checked(3) {
        Some((eeg, rest)) if eeg.eq_ignore_ascii_case("EEG") => {
            rest.strip_prefix([' ', '\t', '-', '_']).map_or(name, str::trim_start)
        }
        _ => name,
    }
}

/// A name without the dots that PhysioNet's recordings fill it up with ("Fp1.", "C3..").
fn without_dots(name: &str) -> &str {
    name.trim().trim_end_matches('.')
}
