//! An explanation as JSON for programs.

use serde::Serialize;
use utoipa::ToSchema;

use super::recording::Explanation;
use super::words::in_words;
use crate::detect::Label;
use crate::eeg::{CHAINS, DOUBLE_BANANA};
use crate::model::SLICES;

/// The CNN's probabilities.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct Probabilities {
    pub seizure: f32,
    pub abnormal: f32,
    pub non_seizure: f32,
}

impl From<[f32; 3]> for Probabilities {
    fn from([seizure, abnormal, non_seizure]: [f32; 3]) -> Self {
        Probabilities { seizure, abnormal, non_seizure }
    }
}

/// What the CNN would say without a part.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct PartReport {
    /// By how much the explained probability falls.
    pub drop: f32,
    /// The probabilities without it.
    pub without: Probabilities,
}

/// What the CNN would say without a derivation.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DerivationReport {
    /// Its name.
    pub derivation: String,
    /// Whether the second has it; if not, the other members are null.
    pub present: bool,
    /// By how much the explained probability falls without it.
    pub drop: Option<f32>,
    /// The same on average over sets of derivations that are left out together.
    pub drop_in_company: Option<f32>,
    /// The probabilities without it.
    pub without: Option<Probabilities>,
    /// The label that these give.
    pub label_without: Option<Label>,
    /// Left out in each slice alone.
    pub in_slice: Option<Vec<PartReport>>,
}

/// What the CNN would say without a chain of derivations.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ChainReport {
    /// Its name.
    pub chain: &'static str,
    /// Those of its derivations that the second has; with none, the other members are null.
    pub derivations: Vec<String>,
    /// By how much the explained probability falls without all of it.
    pub drop: Option<f32>,
    /// The probabilities without it.
    pub without: Option<Probabilities>,
    /// The label that these give.
    pub label_without: Option<Label>,
}

/// What the CNN would say without a slice of the second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct SliceReport {
    /// Where it starts, in seconds from the recording's start.
    pub from_s: f64,
    /// Where it ends.
    pub to_s: f64,
    /// By how much the explained probability falls without it.
    pub drop: f32,
    /// The probabilities without it.
    pub without: Probabilities,
}

/// A second before the explained one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct BeforeReport {
    /// Where it starts, in seconds from the recording's start.
    pub onset_s: f64,
    /// Its probabilities; null where it cannot be judged.
    pub probabilities: Option<Probabilities>,
}

/// A whole explanation for programs.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct ExplanationReport {
    /// The recording's name.
    pub recording: String,
    /// The second, as the table of verdicts counts.
    pub second: u64,
    /// Where it starts, in seconds from the recording's start.
    pub onset_s: f64,
    /// Wall time of the second, as the table of verdicts tells it: by its number.
    pub date_time: String,
    /// Its label.
    pub label: Label,
    /// The class whose probability is explained.
    pub explained: Label,
    /// The probabilities of the whole second.
    pub probabilities: Probabilities,
    /// The autoencoder's error, where there is an autoencoder.
    pub ae_error: Option<f32>,
    /// Whether it lies above the patient's threshold.
    pub ae_flag: Option<bool>,
    /// Up to nine seconds before it.
    pub before: Vec<BeforeReport>,
    /// The explanation in sentences.
    pub words: Vec<String>,
    /// The derivations, in the order of the montage.
    pub derivations: Vec<DerivationReport>,
    /// The chains, from left to right, the midline last.
    pub chains: Vec<ChainReport>,
    /// The slices, in the order of time.
    pub slices: Vec<SliceReport>,
}

impl From<&Explanation> for ExplanationReport {
    fn from(explanation: &Explanation) -> Self {
        let class = explanation.class();
        let occlusion = &explanation.occlusion;
        let part = |without: [f32; 3]| PartReport {
            drop: occlusion.whole[class] - without[class],
            without: without.into(),
        };
        let onset_s = explanation.seen.onset_s;
        ExplanationReport {
            recording: explanation.recording.clone(),
            second: explanation.seen.second,
            onset_s,
            date_time: explanation.time.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            label: explanation.label,
            explained: explanation.explained,
            probabilities: occlusion.whole.into(),
            ae_error: explanation.opinion.ae_error,
            ae_flag: explanation.opinion.ae_flag,
            before: explanation
                .seen
                .before
                .iter()
                .zip(&explanation.before)
                .map(|((onset_s, _), judged)| BeforeReport {
                    onset_s: *onset_s,
                    probabilities: judged.map(Probabilities::from),
                })
                .collect(),
            words: in_words(explanation),
            derivations: DOUBLE_BANANA
                .iter()
                .zip(occlusion.derivations.iter().zip(occlusion.company_drops(class)))
                .map(|(derivation, (without, in_company))| {
                    let everywhere = without.map(|without| part(without.everywhere));
                    DerivationReport {
                        derivation: derivation.to_string(),
                        present: without.is_some(),
                        drop: everywhere.map(|part| part.drop),
                        drop_in_company: in_company,
                        without: everywhere.map(|part| part.without),
                        label_without: without.map(|without| explanation.label_with(without.everywhere)),
                        in_slice: without.map(|without| without.in_slice.map(part).to_vec()),
                    }
                })
                .collect(),
            chains: CHAINS
                .iter()
                .zip(occlusion.chains)
                .map(|(chain, without)| ChainReport {
                    chain: chain.name,
                    derivations: DOUBLE_BANANA
                        .iter()
                        .enumerate()
                        .filter(|(d, _)| chain.holds(*d) && explanation.seen.window.present[*d])
                        .map(|(_, derivation)| derivation.to_string())
                        .collect(),
                    drop: without.map(|without| part(without).drop),
                    without: without.map(Probabilities::from),
                    label_without: without.map(|without| explanation.label_with(without)),
                })
                .collect(),
            slices: occlusion
                .slices
                .iter()
                .enumerate()
                .map(|(slice, without)| {
                    let PartReport { drop, without } = part(*without);
                    let edge = |slice: usize| onset_s + slice as f64 / SLICES as f64;
                    SliceReport { from_s: edge(slice), to_s: edge(slice + 1), drop, without }
                })
                .collect(),
        }
    }
}
