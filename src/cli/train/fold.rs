//! The folds of people that `vigil evaluate` scores later.

use std::collections::BTreeMap;

use super::super::error::CliError;
use crate::dataset::Dataset;
use crate::evaluate::grouped_folds;

/// One fold of several.
#[derive(Debug, Clone, Copy)]
pub struct Fold {
    /// Its number, from 1.
    pub number: usize,
    /// How many there are.
    pub of: usize,
}

/// K/N as a fold.
///
/// # Errors
/// What was expected, in words.
pub fn parse_fold(text: &str) -> Result<Fold, String> {
    text.split_once('/')
        .and_then(|(number, of)| Some(Fold { number: number.parse().ok()?, of: of.parse().ok()? }))
        .filter(|fold| fold.of >= 2 && (1..=fold.of).contains(&fold.number))
        .ok_or_else(|| "expected K/N with K from 1 to N and N at least 2, as 1/3".to_string())
}

/// Who is left out by a fold.
///
/// # Errors
/// [`CliError::Usage`] where there are too few people, or one of them is held out for early stopping.
pub fn people_of(fold: Fold, dataset: &Dataset, held_out: &[String]) -> Result<Vec<String>, CliError> {
    let mut seconds: BTreeMap<String, usize> = BTreeMap::new();
    for second in dataset.seconds() {
        *seconds.entry(dataset.recording_of(second).person.clone()).or_default() += 1;
    }
    let dealt =
        grouped_folds(&seconds, fold.of).map_err(|error| CliError::Usage(format!("--fold: {error}")))?;
    let tested: Vec<String> =
        dealt.into_iter().filter(|(_, dealt)| dealt + 1 == fold.number).map(|(person, _)| person).collect();
    match held_out.iter().find(|person| tested.contains(person)) {
        Some(person) => Err(CliError::Usage(format!(
            "{person} is in fold {} and held out for early stopping, which would choose on what is scored; \
             hold out others",
            fold.number
        ))),
        None => Ok(tested),
    }
}
