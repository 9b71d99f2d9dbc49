//! Who judges whom: people whom one network has not seen go to that one, those whom several have not seen are dealt round.

use std::collections::{BTreeMap, BTreeSet};

use super::networks::{Named, Networks};
use crate::dataset::{Dataset, may_be_one};
use crate::evaluate::{EvaluateError, first_unseen};

/// The people whom several of the three-class networks have not seen, as all of somebody else's are. Were all of them judged by
/// the first, they would be one group, and nobody would be left to choose its settings on.
pub struct Dealt {
    /// Of each the place of their network among the three-class ones that have not seen them.
    places: BTreeMap<String, usize>,
    /// How many networks they were dealt to.
    networks: usize,
}

/// How many people a network judges, those with seizures first: the next goes where fewest are.
type Load = (usize, usize);

impl Dealt {
    /// Deals the people of a data set, those with seizures first, in the order of their names, each to the network that has
    /// fewest so far: groups have about as many people with seizures, and about as many in all.
    pub fn of(dataset: &Dataset, networks: &Networks) -> Dealt {
        let three_class = distinct(&networks.three_class);
        let has_seizure = |person: &str| {
            let mut theirs = dataset.recordings.iter().filter(|recording| recording.person == person);
            theirs.any(|recording| recording.events.iter().any(|event| event.is_seizure()))
        };
        let mut people: Vec<(bool, String, Vec<usize>)> = dataset
            .people()
            .into_iter()
            .map(|person| {
                let unseen = unseen_by(&three_class, &person);
                (!has_seizure(&person), person, unseen)
            })
            .collect();
        people.sort();
        let mut loads: Vec<Load> = vec![(0, 0); three_class.len()];
        for (calm, _, unseen) in &people {
            if let [only] = unseen.as_slice() {
                add(&mut loads[*only], *calm);
            }
        }
        let (mut places, mut used) = (BTreeMap::new(), BTreeSet::new());
        for (calm, person, unseen) in people.into_iter().filter(|(.., unseen)| unseen.len() > 1) {
            let lightest = |&(_, &network): &(usize, &usize)| match calm {
                true => (loads[network].1, loads[network].0),
                false => loads[network],
            };
            // Of equals the first.
            if let Some((place, &network)) = unseen.iter().enumerate().min_by_key(lightest) {
                add(&mut loads[network], calm);
                used.insert(network);
                places.insert(person, place);
            }
        }
        Dealt { places, networks: used.len() }
    }

    /// The network of one kind that judges a person: the one that has not seen them; of several, for those who were dealt, the
    /// one at their place, for the rest the first.
    ///
    /// # Errors
    /// [`EvaluateError::NobodyUnseen`] where all have seen them.
    pub fn pick<'n>(&self, networks: &'n [Named], person: &str) -> Result<Option<&'n Named>, EvaluateError> {
        let Some(place) = self.places.get(person) else { return first_unseen(networks, person).map(Some) };
        let distinct = distinct(networks);
        let unseen = unseen_by(&distinct, person);
        match unseen.get(place % unseen.len().max(1)) {
            Some(&network) => Ok(distinct.get(network).copied()),
            None => first_unseen(networks, person).map(Some),
        }
    }

    /// What a report says of it, if anybody was dealt.
    pub fn told(&self) -> Option<String> {
        (!self.places.is_empty()).then(|| {
            format!(
                "{} people whom several of the networks have not seen were dealt to {} of these, each to one, so that the groups \
                 have about as many people with seizures; a method's other networks judge the same groups.",
                self.places.len(),
                self.networks
            )
        })
    }
}

fn add(load: &mut Load, calm: bool) {
    load.0 += usize::from(!calm);
    load.1 += 1;
}

/// Networks without those that are named twice, which would be one group all the same.
fn distinct(networks: &[Named]) -> Vec<&Named> {
    let mut names = BTreeSet::new();
    networks.iter().filter(|(name, _)| names.insert(name.as_str())).collect()
}

/// The places of the networks that have not seen a person.
fn unseen_by(networks: &[&Named], person: &str) -> Vec<usize> {
    let unseen = |named: &Named| !named.1.people().iter().any(|seen| may_be_one(seen, person));
    (0..networks.len()).filter(|&place| unseen(networks[place])).collect()
}
