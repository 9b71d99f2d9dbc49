//! What a training rests on beside its recordings and their labels: a network to go on from, fewer people.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use super::super::error::CliError;
use super::TrainArgs;
use crate::dataset::{Dataset, People, may_be_one};
use crate::model::{CnnConfig, Seen};
use crate::train::{Sizes, Start};

impl TrainArgs {
    /// Whom to train on; `needed` must be among them.
    pub(super) fn people<'a>(&'a self, needed: &'a [String]) -> People<'a> {
        let namesakes = self.namesakes.rule();
        People { only: &self.only, exclude: &self.exclude, needed, namesakes }
    }
}

/// In words, which network a training went on from and what became of it.
pub(super) fn beginning(start: &Start, name: &str, model: &CnnConfig) -> Vec<String> {
    let mut remarks = vec![format!(
        "Began with the weights of {name} (SHA-256 `{}`), which was trained on {} people: they count as seen here too.",
        start.digest(),
        start.people().len()
    )];
    if start.is_drawing_of(model) {
        remarks
            .push("They see the drawing and stay as they are; only what sees the traces was trained.".into());
    }
    remarks
}

/// What a training rests on beside its recordings.
#[derive(Clone, Copy)]
pub(super) struct Origin<'a> {
    /// The network to go on from.
    pub start: Option<&'a Start>,
    /// What changed the labels.
    pub cleaned_by: Option<&'a str>,
}

/// Whose EEG a network has seen, and how large that of people with seizures was, in this training and in the one that it went on
/// from; the same in words for its card.
pub(super) fn seen(
    mut people: Vec<String>,
    sizes: &Sizes,
    start: Option<&Start>,
    remarks: &mut Vec<String>,
) -> Seen {
    people.extend(start.iter().flat_map(|start| start.people().iter().cloned()));
    people.sort();
    people.dedup();
    let both = [sizes.of_people_with_seizures(), start.and_then(Start::amplitudes_uv)];
    let amplitudes_uv = both.into_iter().flatten().reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])]);
    if let Some([least, largest]) = amplitudes_uv {
        remarks.push(format!(
            "Outside seizures the EEG of people with seizures measured {least:.1} to {largest:.1} uV (each person's median root mean \
             square of a second)."
        ));
    }
    Seen { people, amplitudes_uv }
}

/// Refuses to go on from a network that has seen people who are to stay unseen.
pub(super) fn must_be_unseen(
    args: &TrainArgs,
    start: Option<&Start>,
    people: &[String],
    why: &str,
) -> Result<(), CliError> {
    let seen = |person: &&String| {
        start.is_some_and(|start| start.people().iter().any(|seen| may_be_one(seen, person)))
    };
    match people.iter().find(seen) {
        None => Ok(()),
        Some(person) => Err(CliError::Usage(format!(
            "overlapping folds: {person} {why}, but {} was trained on them; go on from a network that has not seen them",
            args.from.as_deref().unwrap_or_default()
        ))),
    }
}

/// So many of the people with seizures, and the others with seizures. The first few for a seed are among the first
/// more.
pub(super) fn few_with_seizures(
    dataset: &Dataset,
    wanted: usize,
    seed: u64,
) -> Result<(Vec<String>, Vec<String>), CliError> {
    let mut people = dataset.people();
    people.retain(|person| {
        dataset.recordings.iter().any(|recording| {
            recording.person == *person && recording.events.iter().any(|event| event.is_seizure())
        })
    });
    if wanted == 0 || wanted > people.len() {
        return Err(CliError::Usage(format!(
            "--seizure-people {wanted}: expected 1 to {}, for so many of these people have seizures",
            people.len()
        )));
    }
    people.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    let mut others = people.split_off(wanted);
    people.sort();
    others.sort();
    Ok((people, others))
}
