//! The row of a report in which opinions are set against the level of each person's seizure-free EEG.

use std::collections::BTreeSet;

use crate::dataset::{Dataset, LabelledRecording};
use crate::detect::{DEEPEST, HIGHEST, SHARE, USUAL_LOG_ODDS};
use crate::evaluate::{Changed, JudgedPerson, Judgements, Levels, Variant, levelled};

/// Of which EEG the levels are, and of whom they are told.
pub struct LevelsOf<'a> {
    /// The EEG, in words.
    pub whose: &'a str,
    /// Who is scored.
    pub scored: &'a dyn Fn(&str) -> bool,
    /// Whether EEG that was changed is set against levels of the other half, too.
    pub changed: bool,
}

/// Adds that row for the networks that the report is about, and says how it came about. `levels_of` takes what these
/// networks say of everybody.
pub fn add_levelled<E>(
    judged: &mut Judgements,
    dataset: &Dataset,
    about: Option<&str>,
    of: &LevelsOf<'_>,
    levels_of: impl FnOnce(&[JudgedPerson]) -> Result<Levels, E>,
) -> Result<String, E> {
    let variant = about.and_then(|label| judged.variants.iter().find(|variant| variant.name == label));
    let (kind, people, changed) = match variant {
        Some(variant) => (variant.name.as_str(), &variant.people, &variant.changed),
        None => ("three-class", &judged.three_class, &judged.three_class_changed),
    };
    let levels = levels_of(people)?;
    let row = Variant {
        name: format!("{kind}, levelled"),
        description: format!(
            "the networks of \"{kind}\", set against what they say of the person's own seizure-free EEG, as a threshold is after \
             vigil patient fit"
        ),
        on_trial: false,
        people: levels.set_against(people),
        changed: if of.changed { levelled(changed, people) } else { Changed::default() },
    };
    let marked = |recording: &&LabelledRecording| recording.events.iter().any(|event| event.is_seizure());
    let with_seizures: BTreeSet<&str> =
        dataset.recordings.iter().filter(marked).map(|recording| recording.person.as_str()).collect();
    let mean = levels.mean_over(|person| with_seizures.contains(person) && (of.scored)(person));
    let told = mean.map_or(String::new(), |(mean, people)| {
        format!(" Of {people} people with seizures it is {mean:.2} in the mean.")
    });
    let how = format!(
        "\"{}\": log-odds lessened by {SHARE} of the way from {USUAL_LOG_ODDS}, which is usual, to the person's own level, by no \
         less than -{DEEPEST} and no more than {HIGHEST}: the level is the median log-odds of the seizure-free seconds of {}.{told} \
         A patient's threshold follows their level in the same way after vigil patient fit.",
        row.name, of.whose
    );
    judged.variants.push(row);
    Ok(how)
}
