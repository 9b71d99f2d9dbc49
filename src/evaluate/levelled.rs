//! Opinions set against the level of the person's own seizure-free EEG, as a patient's threshold follows it after a fit.

use std::collections::{BTreeMap, BTreeSet};

use super::calibrated::{log_odds, share, with_seizure};
use super::line::{JudgedPerson, JudgedSecond};
use crate::dataset::Second;
use crate::detect::Level;

/// The levels that everybody's seconds are set against: never that of a second's own half.
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
    pub fn of_other_halves<'a>(people: impl IntoIterator<Item = &'a JudgedPerson>) -> Levels {
        let own = people.into_iter().map(|person| {
            let (earlier, later) = person.seconds.split_at(person.seconds.len() / 2);
            let first = earlier.iter().map(|judged| key(judged.second)).collect();
            (person.person.clone(), OwnLevels { first, levels: [level(later), level(earlier)] })
        });
        Levels { of: own.collect() }
    }

    /// The lowest level of those of some people who have seizures, each by the mean of theirs; `None` where no level is known.
    pub fn lowest_with_seizures<'a>(
        &self,
        people: impl IntoIterator<Item = &'a JudgedPerson>,
    ) -> Option<f64> {
        people
            .into_iter()
            .filter(|person| person.seconds.iter().any(|judged| judged.seizure))
            .filter_map(|person| {
                let levels = self.of.get(&person.person)?.levels.iter().flatten();
                let known: Vec<f64> = levels.map(|level| f64::from(level.log_odds)).collect();
                (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
            })
            .min_by(f64::total_cmp)
    }

    /// The same people with opinions set against their levels; where there is none they stay as they are.
    pub fn set_against<'a>(&self, people: impl IntoIterator<Item = &'a JudgedPerson>) -> Vec<JudgedPerson> {
        people
            .into_iter()
            .map(|person| {
                let own = self.of.get(&person.person);
                let seconds = person.seconds.iter().map(|judged| {
                    let fall = own.and_then(|own| own.level(judged.second)).map_or(0.0, Level::fall);
                    let raised = |opinion| match fall {
                        0.0 => opinion,
                        fall => with_seizure(opinion, share(log_odds(opinion) + f64::from(fall)) as f32),
                    };
                    JudgedSecond { opinion: judged.opinion.map(raised), ..*judged }
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

fn key(second: Second) -> (usize, usize) {
    (second.stretch, second.index)
}

/// The level of the seizure-free ones among some seconds.
fn level<'a>(seconds: impl IntoIterator<Item = &'a JudgedSecond>) -> Option<Level> {
    let calm = seconds.into_iter().filter(|judged| !judged.seizure);
    Level::of("", calm.filter_map(|judged| Some(judged.opinion?.probabilities[0])))
}
