//! The alarm settings that are tried, and the choice among them without those who are scored.

use rayon::prelude::*;

use super::line::{AlarmSpan, JudgedPerson, PersonLine, Tally};
use super::methods::Method;
use crate::detect::{AccumulatorConfig, AeFlag, LabelRule, SettingError};

/// Thresholds that are tried: so many quantiles of a method's own scores.
const THRESHOLDS: usize = 80;

/// Further ones among the highest scores, where seizures are rare.
const TAIL: usize = 40;

/// Seconds after an alarm in which none is raised where methods are compared. A ward's detector rests longer by default; but
/// recordings often go on for no more than a minute after a seizure, and with a longer rest nothing of that minute, the
/// hardest to tell from a seizure, would tell one method from another.
const COMPARED_REST_S: u64 = 30;

/// Rests with which the chosen settings are told once more, the one of the comparison and the default among them.
const RESTS_S: [u64; 4] = [0, COMPARED_REST_S, 60, 120];

/// How methods are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// From labels to alarms: the settings that each method may choose from. The first is the one that
    /// curves are drawn with.
    pub accumulators: Vec<AccumulatorConfig>,
    /// The settings for the people of a fold are those with fewest false alarms among those that find this share
    /// of the seizures of *other* people.
    pub target_sensitivity: f64,
    /// Of those, settings are preferred with which half of the seizures found have their alarm within so many seconds of the onset.
    pub soon_s: f64,
    /// Rests after an alarm, in seconds, with which the chosen settings are told once more; none were chosen by.
    pub rests_s: Vec<u64>,
    /// Seconds of the blocks whose alarm-free share is told, if any.
    pub block_s: Option<u64>,
}

impl Comparison {
    /// The settings that an accumulator may have: how long a run must be, how much an abnormal second takes
    /// from it and how much another one.
    ///
    /// How long after an alarm there is no other is not among them: recordings that end soon after their seizures would
    /// choose the longest rest, in which nothing that follows a seizure is ever heard, and promise what no ward sees. All
    /// are compared with a rest of [`COMPARED_REST_S`].
    pub fn of(target_sensitivity: f64, soon_s: f64) -> Comparison {
        let usual = AccumulatorConfig { refractory_s: COMPARED_REST_S, ..AccumulatorConfig::default() };
        let mut accumulators = vec![usual];
        for threshold in [4.0, 6.0, 8.0, 10.0] {
            for decay_abnormal in [usual.decay_abnormal, 2.0 * usual.decay_abnormal] {
                for decay_normal in [usual.decay_normal, 0.5 * usual.decay_normal] {
                    let cap = 2.0 * threshold;
                    let tried = AccumulatorConfig { threshold, cap, decay_abnormal, decay_normal, ..usual };
                    if tried != usual {
                        accumulators.push(tried);
                    }
                }
            }
        }
        let rests_s = RESTS_S.to_vec();
        Comparison { accumulators, target_sensitivity, soon_s, rests_s, block_s: None }
    }
}

impl Comparison {
    /// The alarm rule in words: what is tried and shared.
    pub fn rule(&self) -> String {
        let values = |of: fn(&AccumulatorConfig) -> f32| {
            let mut values: Vec<f32> = self.accumulators.iter().map(of).collect();
            values.sort_by(f32::total_cmp);
            values.dedup();
            let values: Vec<String> = values.iter().map(f32::to_string).collect();
            match values.split_last() {
                Some((last, [])) => last.clone(),
                Some((last, others)) => format!("{} or {last}", others.join(", ")),
                None => String::new(),
            }
        };
        format!(
            "a second at or above a threshold counts {} up, an abnormal one {} down, any other {} down, never beyond \
             twice the height of {} at which the alarm is raised; none is raised within {} s after another",
            values(|accumulator| accumulator.gain),
            values(|accumulator| accumulator.decay_abnormal),
            values(|accumulator| accumulator.decay_normal),
            values(|accumulator| accumulator.threshold),
            values(|accumulator| accumulator.refractory_s as f32)
        )
    }
}

/// One person, ready to be scored with any setting.
pub(super) struct Ready<'a> {
    pub judged: &'a JudgedPerson,
    pub line: PersonLine,
    pub fold: usize,
}

/// What one setting gives for each person, in their order.
pub(super) struct Tried {
    pub threshold: f32,
    pub accumulator: AccumulatorConfig,
    pub alarms: Vec<Vec<AlarmSpan>>,
    tallies: Vec<Tally>,
}

impl Tried {
    /// What these alarms of each person come to.
    pub fn of(
        threshold: f32,
        accumulator: AccumulatorConfig,
        alarms: Vec<Vec<AlarmSpan>>,
        people: &[Ready<'_>],
        soon_s: f64,
    ) -> Tried {
        let tallies =
            people.iter().zip(&alarms).map(|(person, alarms)| person.line.tally(alarms, soon_s)).collect();
        Tried { threshold, accumulator, alarms, tallies }
    }

    /// The counts of some of the people together.
    pub fn tally(&self, counted: impl Fn(usize) -> bool) -> Tally {
        let counted = self.tallies.iter().enumerate().filter(|(index, _)| counted(*index));
        counted.fold(Tally::default(), |sum, (_, tally)| sum + *tally)
    }
}

/// Steps every person's detector with every setting.
///
/// # Errors
/// [`SettingError`] where a setting is out of range.
pub(super) fn try_settings(
    method: &Method,
    people: &[Ready<'_>],
    comparison: &Comparison,
) -> Result<Vec<Tried>, SettingError> {
    let thresholds = thresholds(&method.people);
    let settings: Vec<(AccumulatorConfig, f32)> = comparison
        .accumulators
        .iter()
        .flat_map(|accumulator| thresholds.iter().map(|threshold| (*accumulator, *threshold)))
        .collect();
    settings
        .into_par_iter()
        .map(|(accumulator, threshold)| {
            let rule = label_rule(threshold, method.ae_flag);
            let alarms = people
                .iter()
                .map(|person| person.line.alarms(rule, accumulator))
                .collect::<Result<Vec<_>, SettingError>>()?;
            Ok(Tried::of(threshold, accumulator, alarms, people, comparison.soon_s))
        })
        .collect()
}

/// What makes a label of a second where its threshold is this.
pub(super) fn label_rule(threshold: f32, ae_flag: AeFlag) -> LabelRule {
    LabelRule {
        seizure_probability: threshold,
        ae_flag,
        // A flag overrules what is not far above the threshold.
        certain_probability: (threshold + (1.0 - threshold) * 0.75).min(1.0),
    }
}

/// Quantiles of the scores, rising. Where seizures are rare, as in uncut recordings, the thresholds that matter lie among the
/// last of these: then the last one's share is divided further, evenly in the logarithm of what lies above.
fn thresholds(people: &[JudgedPerson]) -> Vec<f32> {
    let mut scores: Vec<f32> = people
        .iter()
        .flat_map(|person| &person.seconds)
        .filter_map(|judged| Some(judged.opinion?.probabilities[0]))
        .filter(|score| *score > 0.0 && *score <= 1.0)
        .collect();
    scores.sort_by(f32::total_cmp);
    let mut thresholds: Vec<f32> =
        (0..THRESHOLDS).filter_map(|i| scores.get(i * scores.len() / THRESHOLDS).copied()).collect();
    let seconds = || people.iter().flat_map(|person| &person.seconds);
    let seizure_seconds = seconds().filter(|judged| judged.seizure).count();
    if seizure_seconds < seconds().count() / 10 {
        let highest = (scores.len() / THRESHOLDS) as f64;
        thresholds.extend((1..=TAIL).filter_map(|i| {
            let above = highest.powf(1.0 - i as f64 / TAIL as f64);
            scores.get(scores.len().checked_sub(above.round() as usize)?).copied()
        }));
    }
    thresholds.dedup();
    thresholds
}

/// Of the settings that find enough of the seizures of some people, and half of these soon, the one with fewest false
/// alarms, counted strictly; of several the one that finds most. Where none is soon enough, any that finds enough will do; where
/// none finds enough, the one that finds most. Nothing where these people have no seizure: nothing can be found then, and whatever
/// never raises an alarm would look best.
pub(super) fn choose(tried: &[Tried], target: f64, counted: impl Fn(usize) -> bool) -> Option<&Tried> {
    let counts: Vec<(Tally, &Tried)> = tried.iter().map(|tried| (tried.tally(&counted), tried)).collect();
    if counts.first().is_none_or(|(tally, _)| tally.seizures == 0) {
        return None;
    }
    let enough = |tally: &Tally| tally.detected as f64 >= target * tally.seizures as f64;
    let soon = |tally: &Tally| 2 * tally.soon >= tally.detected;
    let quietest = |wanted: &dyn Fn(&Tally) -> bool| {
        counts
            .iter()
            .filter(|(tally, _)| wanted(tally))
            // Settings are tried with rising thresholds: the last of equals is the strictest.
            .max_by_key(|(tally, _)| (std::cmp::Reverse(tally.false_alarms), tally.detected))
    };
    let most =
        || counts.iter().max_by_key(|(tally, _)| (tally.detected, std::cmp::Reverse(tally.false_alarms)));
    quietest(&|tally| enough(tally) && soon(tally))
        .or_else(|| quietest(&enough))
        .or_else(most)
        .map(|(_, tried)| *tried)
}
