//! References that a label of an EDF header has no room for.

use std::collections::BTreeMap;

/// Characters of a label in EDF and BDF.
const ROOM: usize = 16;

/// A shorter beginning says too little.
const SHORTEST: usize = 3;

/// The whole reference of each channel whose label is cut, as another channel of the recording has it; `None` where a
/// reference stands as it is.
///
/// `channels` has each channel's label and its reference as [`super::ChannelLabel`] reads it. `EEG F3-LinkedEars` has 17
/// characters, and `EEG Fp1-(A1+A2)/2` too: shorter names leave more of their reference, and the two would pass for
/// different ones. So the reference of a label that fills its 16 characters may be the beginning of another, unless a
/// shorter label has the very same, or it is the beginning of two.
pub fn whole_references(channels: &[(&str, &str)]) -> Vec<Option<String>> {
    // Whether a label with room to spare ends with the reference.
    let mut known: BTreeMap<&str, bool> = BTreeMap::new();
    for (label, reference) in channels {
        *known.entry(reference).or_default() |= beginning(label, reference).is_none();
    }
    channels
        .iter()
        .map(|(label, reference)| whole(&beginning(label, reference)?, reference, &known))
        .collect()
}

/// What the whole reference begins with, where the label is cut.
fn beginning(label: &str, reference: &str) -> Option<String> {
    // A blank at the end ("EEG Fp1-Average Ref") is lost with the padding.
    let blanks = ROOM.checked_sub(label.trim().chars().count()).filter(|blanks| *blanks <= 1)?;
    (reference.chars().count() >= SHORTEST).then(|| format!("{reference}{}", " ".repeat(blanks)))
}

fn whole(beginning: &str, reference: &str, known: &BTreeMap<&str, bool>) -> Option<String> {
    if known.get(reference).copied().unwrap_or_default() {
        return None;
    }
    let longer = || known.iter().filter(|(other, _)| **other != reference && other.starts_with(beginning));
    let (longest, _) = longer().max_by_key(|(other, _)| other.len())?;
    // Those between are cut as well, and begin it; else two references begin alike, and which is meant is not known.
    let one = longer().all(|(other, spare)| other == longest || (!spare && longest.starts_with(*other)));
    one.then(|| longest.to_string())
}
