//! What becomes of alarm settings where people's EEG is smaller or larger than the one that they were chosen on.
//!
//! Networks use amplitude: at the fixed gain of an EEG page it tells much. A ward's EEG may have another one than that of
//! the people on whom networks were trained and settings were chosen, and a ward that chooses no settings of its own
//! would not know. Here the same EEG is multiplied, which shows this one difference and no other.

use std::iter::once;

use super::line::{AlarmSpan, Counting, JudgedPerson, PersonLine, score_lines};
use super::methods::{Method, figures, spread};
use super::report::AmplitudeReport;
use super::seconds::PersonScore;
use super::settings::label_rule;
use crate::dataset::Dataset;
use crate::detect::{AccumulatorConfig, SettingError};

/// What a method says of the same people's seconds, every sample of them multiplied by a factor.
#[derive(Debug, Clone, PartialEq)]
pub struct Scaled {
    /// By what the conditioned signal was multiplied; which derivations a second has was found out before.
    pub factor: f32,
    /// The judged seconds of each person.
    pub people: Vec<JudgedPerson>,
}

/// Scores a method at every amplitude at which it was asked, and as it was recorded, factors rising; nothing where it was asked
/// at none. Each person's alarms are those of the threshold and the accumulator that `settings` has for them, so that
/// at another amplitude nothing is chosen anew.
///
/// # Errors
/// [`SettingError`] where a setting is out of range.
pub(super) fn score_amplitudes(
    dataset: &Dataset,
    method: &Method,
    settings: &dyn Fn(&str) -> Option<(f32, AccumulatorConfig)>,
    scored: &dyn Fn(&str) -> bool,
) -> Result<Vec<AmplitudeReport>, SettingError> {
    if method.changed.scaled.is_empty() || method.second_look.is_some() {
        return Ok(Vec::new());
    }
    let scaled = method.changed.scaled.iter().map(|scaled| (scaled.factor, &scaled.people));
    let mut all: Vec<(f32, &Vec<JudgedPerson>)> = once((1.0, &method.people)).chain(scaled).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all.into_iter()
        .map(|(factor, people)| {
            let people: Vec<&JudgedPerson> = people.iter().filter(|person| scored(&person.person)).collect();
            let lines: Vec<PersonLine> =
                people.iter().map(|person| PersonLine::of(dataset, person)).collect();
            let alarms = people
                .iter()
                .zip(&lines)
                .map(|(person, line)| match settings(&person.person) {
                    Some((threshold, accumulator)) => {
                        line.alarms(label_rule(threshold, method.ae_flag), accumulator)
                    }
                    None => Ok(Vec::new()),
                })
                .collect::<Result<Vec<Vec<AlarmSpan>>, SettingError>>()?;
            let scores: Vec<PersonScore> = people.iter().map(|person| PersonScore::of(person)).collect();
            let lines = lines.iter().zip(alarms.iter().map(Vec::as_slice));
            Ok(AmplitudeReport {
                factor,
                auroc: spread(&scores, |score| score.auroc),
                strict: figures(&score_lines(lines, Counting::Strict)),
            })
        })
        .collect()
}
