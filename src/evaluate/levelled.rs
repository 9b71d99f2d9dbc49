//! Opinions set against the level of the person's own seizure-free EEG, as a ward's threshold follows it.

use std::collections::{BTreeMap, BTreeSet};

use super::calibrated::{log_odds, share, with_seizure};
use super::changed::Changed;
use super::line::{JudgedPerson, JudgedSecond};
use crate::dataset::Second;
use crate::detect::Level;

/// The levels that everybody's seconds are set against: none of a second's own half, or of what is scored.
#[derive(Debug, Clone, Default)]
pub struct Levels {
    of: BTreeMap<String, OwnLevels>,
}

#[derive(Debug, Clone, Default)]
struct OwnLevels {
    /// Seconds that are set against the first level; all others are against the second.
    first: BTreeSet<(usize, usize)>,
    levels: [Option<Level>; 2],
}

impl Levels {
    /// Each half of a person's seconds, in the order of the data set, is set against the level of the other half: as their
    /// autoencoders judge.
    pub fn of_other_halves(people: &[JudgedPerson]) -> Levels {
        let own = people.iter().map(|person| {
            let (earlier, later) = person.seconds.split_at(person.seconds.len() / 2);
            let first = earlier.iter().map(|judged| key(judged.second)).collect();
            (person.person.clone(), OwnLevels { first, levels: [level(later), level(earlier)] })
        });
        Levels { of: own.collect() }
    }

    /// The scored seconds of a person are set against the level of those that are not scored.
    pub fn of_the_rest(people: &[JudgedPerson], scored: &dyn Fn(&str, Second) -> bool) -> Levels {
        let own = people.iter().map(|person| {
            let rest = person.seconds.iter().filter(|judged| !scored(&person.person, judged.second));
            let level = level(rest);
            (person.person.clone(), OwnLevels { first: BTreeSet::new(), levels: [level.clone(), level] })
        });
        Levels { of: own.collect() }
    }

    /// The mean level over some people, each by the mean of theirs, and how many of them have one.
    pub fn mean_over(&self, counted: impl Fn(&str) -> bool) -> Option<(f64, usize)> {
        let means: Vec<f64> = self
            .of
            .iter()
            .filter(|(person, _)| counted(person))
            .filter_map(|(_, own)| {
                let known: Vec<f64> =
                    own.levels.iter().flatten().map(|level| f64::from(level.log_odds)).collect();
                (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
            })
            .collect();
        (!means.is_empty()).then(|| (means.iter().sum::<f64>() / means.len() as f64, means.len()))
    }

    /// The same people with opinions set against their levels; where there is none they stay as they are.
    pub fn set_against(&self, people: &[JudgedPerson]) -> Vec<JudgedPerson> {
        people
            .iter()
            .map(|person| {
                let own = self.of.get(&person.person);
                let seconds = person.seconds.iter().map(|judged| {
                    let shift = own.and_then(|own| own.level(judged.second)).map_or(0.0, Level::shift);
                    let moved =
                        |opinion| with_seizure(opinion, share(log_odds(opinion) - f64::from(shift)) as f32);
                    JudgedSecond { opinion: judged.opinion.map(moved), ..*judged }
                });
                JudgedPerson { seconds: seconds.collect(), ..person.clone() }
            })
            .collect()
    }
}

impl OwnLevels {
    fn level(&self, second: Second) -> Option<&Level> {
        self.levels[usize::from(!self.first.contains(&key(second)))].as_ref()
    }
}

/// What is said of changed EEG, set against levels: those of a patient on whom other equipment records are of EEG that it
/// recorded, those of one whose EEG shows look-alikes are of EEG without.
pub fn levelled(changed: &Changed, people: &[JudgedPerson]) -> Changed {
    let mut changed = changed.clone();
    for recorded in &mut changed.recorded {
        recorded.people = Levels::of_other_halves(&recorded.people).set_against(&recorded.people);
    }
    let usual = Levels::of_other_halves(people);
    for imitated in &mut changed.imitated {
        imitated.people = usual.set_against(&imitated.people);
    }
    changed
}

fn key(second: Second) -> (usize, usize) {
    (second.stretch, second.index)
}

/// The level of the seizure-free ones among some seconds.
fn level<'a>(seconds: impl IntoIterator<Item = &'a JudgedSecond>) -> Option<Level> {
    let calm = seconds.into_iter().filter(|judged| !judged.seizure);
    Level::of("", calm.filter_map(|judged| Some(judged.opinion?.probabilities[0])))
}
