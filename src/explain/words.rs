//! An explanation in sentences.

use super::recording::{Explanation, tells_of_seizure};
use crate::detect::Label;
use crate::eeg::{CHAINS, DOUBLE_BANANA};
use crate::model::SLICES;

/// A drop below this is not worth a sentence.
const WORTH_TELLING: f32 = 0.05;

/// A derivation is named beside the first where its drop is at least this share of the first's.
const BESIDE_THE_FIRST: f32 = 0.5;

/// A mean drop in company below this is not worth a name: means are smaller than what they are of.
const WORTH_NAMING: f32 = 0.01;

/// The most derivations that a sentence names.
const NAMED: usize = 5;

/// What matters most, in sentences.
pub fn in_words(explanation: &Explanation) -> Vec<String> {
    let mut sentences = vec![of_label(explanation), of_derivations(explanation)];
    sentences.push(of_company(explanation));
    sentences.push(of_chains(explanation));
    sentences.extend(of_other_labels(explanation));
    sentences.push(of_slices(explanation));
    sentences
}

/// What the class whose probability is explained is called.
pub(super) fn quantity(explanation: &Explanation) -> String {
    format!("{} probability", explanation.explained.name())
}

fn of_label(explanation: &Explanation) -> String {
    let (label, quantity) = (explanation.label.name(), quantity(explanation));
    let labelled = match explanation.label {
        Label::Seizure => "labelled seizure".to_string(),
        _ => format!("not labelled seizure but {label}{}", of_no_seizure(explanation)),
    };
    let whole = explanation.occlusion.whole[explanation.class()];
    format!("The second is {labelled}. What follows is about its {quantity}, which is {whole:.2}.")
}

/// Why the label is not seizure although the probabilities speak for it; nothing where they do not.
fn of_no_seizure(explanation: &Explanation) -> String {
    let (seizure, threshold) = (explanation.occlusion.whole[0], explanation.rule.seizure_probability);
    if !tells_of_seizure(&explanation.rule, explanation.occlusion.whole) {
        return String::new();
    }
    // As many decimals as tell the two apart.
    let alike = format!("{seizure:.2}") == format!("{threshold:.2}");
    let decimals = if alike { 4 } else { 2 };
    if seizure >= threshold {
        return format!(
            ", although its seizure probability of {seizure:.decimals$} reaches the threshold of \
             {threshold:.decimals$}: the autoencoder calls it unusual"
        );
    }
    format!(
        ", although seizure is the likeliest: its probability of {seizure:.decimals$} is below the threshold of \
         {threshold:.decimals$}"
    )
}

/// The derivations whose drop is worth telling, largest first.
fn telling(explanation: &Explanation) -> Vec<(usize, f32)> {
    let drops = explanation.occlusion.derivation_drops(explanation.class());
    let mut telling: Vec<(usize, f32)> =
        drops.iter().enumerate().filter_map(|(d, drop)| drop.map(|drop| (d, drop))).collect();
    telling.sort_by(|a, b| b.1.total_cmp(&a.1));
    let first = telling.first().map_or(0.0, |(_, drop)| *drop);
    telling.retain(|(_, drop)| *drop >= WORTH_TELLING.max(first * BESIDE_THE_FIRST));
    telling.truncate(NAMED);
    telling
}

fn of_derivations(explanation: &Explanation) -> String {
    let whole = explanation.occlusion.whole[explanation.class()];
    let quantity = quantity(explanation);
    let telling = telling(explanation);
    let names: Vec<String> = telling.iter().map(|(d, _)| DOUBLE_BANANA[*d].to_string()).collect();
    let left: Vec<String> = telling.iter().map(|(_, drop)| format!("{:.2}", whole - drop)).collect();
    match names.as_slice() {
        [] => {
            let drops = explanation.occlusion.derivation_drops(explanation.class());
            let without = || drops.iter().flatten().map(|drop| whole - drop);
            let (low, high) =
                (without().fold(f32::INFINITY, f32::min), without().fold(f32::NEG_INFINITY, f32::max));
            format!(
                "No derivation is needed alone: without any one of them the {quantity} is {low:.2} to \
                 {high:.2} in place of {whole:.2}."
            )
        }
        [name] => format!("{name}: without it the {quantity} falls from {whole:.2} to {}.", listed(&left)),
        _ => format!(
            "{}: without each of them the {quantity} falls from {whole:.2} to {}.",
            listed(&names),
            listed(&left)
        ),
    }
}

fn of_company(explanation: &Explanation) -> String {
    let drops = explanation.occlusion.company_drops(explanation.class());
    let mut largest: Vec<(usize, f32)> = drops
        .iter()
        .enumerate()
        .filter_map(|(d, drop)| drop.map(|drop| (d, drop)))
        .filter(|(_, drop)| *drop >= WORTH_NAMING)
        .collect();
    largest.sort_by(|a, b| b.1.total_cmp(&a.1));
    largest.truncate(3);
    let names: Vec<String> = largest.iter().map(|(d, _)| DOUBLE_BANANA[*d].to_string()).collect();
    let lower: Vec<String> = largest.iter().map(|(_, drop)| format!("{drop:.2}")).collect();
    let (names, lower, quantity) = (listed(&names), listed(&lower), quantity(explanation));
    match largest.len() {
        0 => "When several derivations are left out together, no one of them makes a difference.".into(),
        1 => format!(
            "When several derivations are left out together, {names} matters most: the {quantity} is on \
             average {lower} lower without it."
        ),
        _ => format!(
            "When several derivations are left out together, {names} matter most: the {quantity} is on \
             average {lower} lower without each of them."
        ),
    }
}

fn of_chains(explanation: &Explanation) -> String {
    let class = explanation.class();
    let (whole, quantity) = (explanation.occlusion.whole[class], quantity(explanation));
    let drops = explanation.occlusion.chain_drops(class);
    let chains = CHAINS.iter().zip(drops).filter_map(|(chain, drop)| Some((chain, drop?)));
    match chains.max_by(|a, b| a.1.total_cmp(&b.1)) {
        Some((chain, drop)) if drop >= WORTH_TELLING => format!(
            "Of the chains, the {} one matters most: without all of it the {quantity} falls to {:.2}.",
            chain.name,
            whole - drop
        ),
        largest => format!(
            "No chain is needed alone: without any one of them the {quantity} is at least {:.2}.",
            whole - largest.map_or(0.0, |(_, drop)| drop)
        ),
    }
}

/// Derivations that alone change the label.
fn of_other_labels(explanation: &Explanation) -> Vec<String> {
    [Label::Seizure, Label::Abnormal, Label::NonSeizure]
        .into_iter()
        .filter(|label| *label != explanation.label)
        .filter_map(|label| {
            let names: Vec<String> = DOUBLE_BANANA
                .iter()
                .zip(&explanation.occlusion.derivations)
                .filter(|(_, without)| {
                    without.is_some_and(|without| explanation.label_with(without.everywhere) == label)
                })
                .map(|(derivation, _)| derivation.to_string())
                .collect();
            let which = match names.as_slice() {
                [] => return None,
                [name] => name.clone(),
                _ => format!("any one of {}", listed(&names)),
            };
            Some(format!("Without {which} the label would be {}.", label.name()))
        })
        .collect()
}

fn of_slices(explanation: &Explanation) -> String {
    let whole = explanation.occlusion.whole[explanation.class()];
    let quantity = quantity(explanation);
    let drops = explanation.occlusion.slice_drops(explanation.class());
    let largest = drops.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
    match largest {
        Some((slice, drop)) if *drop >= WORTH_TELLING => {
            let [from, to] =
                [slice, slice + 1].map(|edge| explanation.seen.onset_s + edge as f64 / SLICES as f64);
            format!(
                "Of the eighths of the second, {from:.3} to {to:.3} s matters most: with nothing drawn there \
                 the {quantity} falls to {:.2}.",
                whole - drop
            )
        }
        _ => format!(
            "No eighth of the second is needed alone: with nothing drawn in one, the {quantity} is at least \
             {:.2}.",
            whole - largest.map_or(0.0, |(_, drop)| *drop)
        ),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
