//! The methods that are compared: what networks and autoencoders say of everybody's seconds, and the plainest
//! score of all beside them.

use std::collections::BTreeMap;

use super::calibrated::calibrated;
use super::changed::Changed;
use super::line::{JudgedPerson, JudgedSecond};
use super::methods::Method;
use super::rhythm_trees::TreeOpinions;
use super::suppressor::SecondLook;
use crate::dataset::{Dataset, Second};
use crate::detect::{AeFlag, Opinion};
use crate::model::{AutoencoderOpinion, ModelError};

/// The names of the methods that come of the networks of each kind; other networks have others.
pub const METHODS: [&str; 13] = [
    "two-class",
    "two-class, hard negatives",
    "autoencoder alone",
    "three-class",
    "three-class with flag",
    "three-class, suppressor",
    "three-class, suppressor with history",
    "three-class, calibrated",
    "three-class, mean over gains",
    "rhythm trees alone",
    "three-class with rhythm trees",
    "two-class with rhythm trees",
    "line length",
];

/// What was judged by whom.
pub struct Judgements {
    /// By the two-class networks.
    pub two_class: Option<Vec<JudgedPerson>>,
    /// By the same, where the EEG was changed.
    pub two_class_changed: Changed,
    /// By the two-class networks that were trained with hard negatives.
    pub hard_negatives: Option<Vec<JudgedPerson>>,
    /// By the three-class networks.
    pub three_class: Vec<JudgedPerson>,
    /// By the same, where the EEG was changed.
    pub three_class_changed: Changed,
    /// By networks that were trained or asked in other ways.
    pub variants: Vec<Variant>,
    /// By each person's own autoencoder, second for second as in `three_class`.
    pub autoencoders: BTreeMap<String, Vec<Option<AutoencoderOpinion>>>,
}

/// What networks say that were trained or asked in another way.
pub struct Variant {
    /// A short name.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Whether they are a trial beside the methods that are compared.
    pub on_trial: bool,
    /// What they say.
    pub people: Vec<JudgedPerson>,
    /// What they say where the EEG was changed.
    pub changed: Changed,
}

/// Methods in which something beside the networks is fitted on the people of the other folds. Where there are two folds, of
/// whom one is scored, that would be the scored people alone.
pub const FITTED_ON_OTHERS: [&str; 6] = [
    "rhythm trees alone",
    "three-class with rhythm trees",
    "two-class with rhythm trees",
    "three-class, calibrated",
    "three-class, suppressor",
    "three-class, suppressor with history",
];

impl Judgements {
    /// The methods, in the order in which the literature went, and the plainest of all.
    ///
    /// # Errors
    /// [`ModelError`] where windows are too short for their rhythm to be described.
    pub fn methods(
        self,
        dataset: &Dataset,
        folds: &BTreeMap<String, usize>,
    ) -> Result<Vec<Method>, ModelError> {
        let trees = TreeOpinions::of(dataset, &self.three_class, folds)?;
        let of = |name: &str, description: &str, people| Method {
            name: name.into(),
            description: description.into(),
            on_trial: false,
            ae_flag: AeFlag::Ignore,
            second_look: None,
            is_probability: true,
            people,
            changed: Changed::default(),
        };
        let on_trial = |name: &str, description: &str, people| Method {
            on_trial: true,
            ..of(name, description, people)
        };
        let mut methods = Vec::new();
        let mut with_trees = vec![
            on_trial(
                "rhythm trees alone",
                "boosted trees on the line length, spectrum and autocorrelation of a second, fitted on the other folds' people",
                trees.alone(&self.three_class),
            ),
            on_trial(
                "three-class with rhythm trees",
                "the three-class CNN, its log-odds averaged with those of the rhythm trees",
                trees.beside(&self.three_class),
            ),
        ];
        if let Some(people) = &self.two_class {
            let description = "the two-class CNN, in the same way";
            with_trees.push(on_trial("two-class with rhythm trees", description, trees.beside(people)));
        }
        if let Some(people) = self.two_class {
            methods.push(Method {
                changed: self.two_class_changed,
                ..of("two-class", "CNN on window images, seizure or not (Emami 2019a)", people)
            });
        }
        if let Some(people) = self.hard_negatives {
            let description =
                "the same, with half of the non-seizure training seconds of high autoencoder error";
            methods.push(of("two-class, hard negatives", description, people));
        }
        let alone = with_autoencoder(&self.three_class, &self.autoencoders, |_, ae| {
            let ratio = ae.error / ae.threshold.max(f32::MIN_POSITIVE);
            Some(scored(ratio / (1.0 + ratio)))
        });
        methods.push(Method {
            is_probability: false,
            ..of("autoencoder alone", "error of the person's own autoencoder (Emami 2019b)", alone)
        });
        let flagged = with_autoencoder(&self.three_class, &self.autoencoders, |opinion, ae| {
            Some(Opinion { ae_error: Some(ae.error), ae_flag: Some(ae.flag()), ..opinion? })
        });
        let looked_at_again = [
            (
                "three-class, suppressor",
                SecondLook::Run,
                "the same; an alarm whose run looks like other people's false ones is withheld at the second that raises it",
            ),
            (
                "three-class, suppressor with history",
                SecondLook::RunAndHistory,
                "the same, which also knows what went before the run and the alarms of ten minutes; on recordings that \
                 begin with their seizures that tells the place in the recording, and flatters",
            ),
        ]
        .map(|(name, look, description)| Method {
            second_look: Some(look),
            ..on_trial(name, description, flagged.clone())
        });
        let set_right = on_trial(
            "three-class, calibrated",
            "the same, its probabilities set right on other people by a logistic curve (Platt 1999)",
            calibrated(&self.three_class, folds),
        );
        let variants: Vec<Method> = self
            .variants
            .into_iter()
            .map(|variant| Method {
                on_trial: variant.on_trial,
                changed: variant.changed,
                ..of(&variant.name, &variant.description, variant.people)
            })
            .collect();
        let lengths = line_lengths(dataset, &self.three_class);
        methods.push(Method {
            changed: self.three_class_changed,
            ..of(
                "three-class",
                "CNN with a class for abnormal seconds that are no seizure, labelled with autoencoders (Takahashi 2020)",
                self.three_class,
            )
        });
        methods.push(Method {
            ae_flag: AeFlag::Demotes,
            ..of(
                "three-class with flag",
                "the same, and the autoencoder's flag makes seconds abnormal",
                flagged,
            )
        });
        methods.extend(looked_at_again);
        methods.push(set_right);
        methods.extend(with_trees);
        methods.extend(variants);
        methods.push(Method {
            is_probability: false,
            ..of("line length", "mean over derivations of the logarithm of the line length", lengths)
        });
        Ok(methods)
    }
}

fn scored(score: f32) -> Opinion {
    Opinion { ae_error: None, ae_flag: None, probabilities: [score, 0.0, 1.0 - score] }
}

/// The people's seconds with opinions to which the autoencoder adds; where it says nothing the method has none.
fn with_autoencoder(
    people: &[JudgedPerson],
    autoencoders: &BTreeMap<String, Vec<Option<AutoencoderOpinion>>>,
    combine: impl Fn(Option<Opinion>, AutoencoderOpinion) -> Option<Opinion>,
) -> Vec<JudgedPerson> {
    let none = Vec::new();
    people
        .iter()
        .map(|person| {
            let opinions = autoencoders.get(&person.person).unwrap_or(&none);
            let seconds = person.seconds.iter().enumerate().map(|(index, judged)| {
                let ae = opinions.get(index).copied().flatten();
                JudgedSecond { opinion: ae.and_then(|ae| combine(judged.opinion, ae)), ..*judged }
            });
            JudgedPerson { seconds: seconds.collect(), ..person.clone() }
        })
        .collect()
}

/// The plainest method: how long the traces of a second are.
fn line_lengths(dataset: &Dataset, people: &[JudgedPerson]) -> Vec<JudgedPerson> {
    people
        .iter()
        .map(|person| {
            let seconds = person.seconds.iter().map(|judged| {
                let length = line_length(dataset, judged.second);
                // Rising with the length, from 0 to 1.
                JudgedSecond { opinion: Some(scored(length / (1.0 + length))), ..*judged }
            });
            JudgedPerson { model: "none".into(), seconds: seconds.collect(), ..person.clone() }
        })
        .collect()
}

/// Mean over the derivations present of ln(1 + sum of the absolute differences of neighbouring samples, in uV).
pub(super) fn line_length(dataset: &Dataset, second: Second) -> f32 {
    let stretch = &dataset.stretches[second.stretch];
    let length = stretch.seconds() * dataset.rate;
    let from = second.index * dataset.rate;
    let (mut sum, mut derivations) = (0.0, 0.0f32);
    for (trace, present) in stretch.signal.chunks_exact(length).zip(stretch.present[second.index]) {
        if present {
            let window = &trace[from..from + dataset.rate];
            let length: f32 = window.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
            sum += length.ln_1p();
            derivations += 1.0;
        }
    }
    sum / derivations.max(1.0)
}
