//! Who is fitted and who is watched.

use crate::dataset::{Dataset, Second};
use crate::train::{Labels, SecondLabel};

/// Labels of those who are trained on, and of those who are held out for early stopping.
pub(super) struct Divided {
    /// What is trained on.
    pub trained: Labels,
    /// What early stopping watches: the people held out, as the experts mark them.
    pub watched: Labels,
    /// The same people's seconds as a refit on everyone takes them.
    pub refitted: Labels,
}

impl Divided {
    /// Divides labels by person.
    pub fn of(dataset: &Dataset, labels: Labels, held_out: &[String]) -> Divided {
        let (watched, trained) = by_person(dataset, labels, held_out);
        Divided { trained, refitted: watched.clone(), watched }
    }

    /// Adds further seconds, each on the side of its person; how many are of people held out.
    pub fn add(&mut self, dataset: &Dataset, more: Labels, held_out: &[String]) -> usize {
        let (watched, trained) = by_person(dataset, more, held_out);
        self.trained.extend(trained);
        self.refitted.extend(&watched);
        self.watched.extend(&watched);
        watched.len()
    }

    /// What a refit is trained on.
    pub fn everyone(&self) -> Labels {
        self.trained.iter().chain(&self.refitted).copied().collect()
    }
}

fn by_person(dataset: &Dataset, labels: Labels, held_out: &[String]) -> (Labels, Labels) {
    let is_held_out =
        |(second, _): &(Second, SecondLabel)| held_out.contains(&dataset.recording_of(*second).person);
    labels.into_iter().partition(is_held_out)
}
