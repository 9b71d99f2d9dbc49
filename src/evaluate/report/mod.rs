//! What a protocol found: every figure with what it rests on, as one value that is written as JSON and
//! drawn as a page.

mod architectures;
mod figures;
mod html;
mod markdown;
mod over_people;
mod page;
mod people;
mod tables;
pub mod words;
mod write;

pub use architectures::{AFFORDABLE_MS, ArchitectureReport, ArchitecturesReport};
pub use over_people::{Difference, OverPeople, drawn, over_people};
pub use write::{ReportError, write_report};

use serde::{Deserialize, Serialize};

use super::interval::{Interval, median_interval};
use super::npv::AlarmFree;
use super::szcore::Measures;
use crate::detect::AccumulatorConfig;

/// What came of one protocol.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProtocolReport {
    /// `cross-person`, `within-patient`, `cross-site` or `longitudinal`.
    pub protocol: String,
    /// A headline.
    pub title: String,
    /// How it was done, in sentences.
    pub how: Vec<String>,
    /// The command that makes it anew.
    pub command: String,
    /// Day, `YYYY-MM-DD`.
    pub date: String,
    /// What was scored.
    pub data: Vec<DataSummary>,
    /// The alarm rule that all methods share, in words.
    pub alarm_rule: String,
    /// The sensitivity at which the methods are compared.
    pub target_sensitivity: f64,
    /// One entry per method.
    pub methods: Vec<MethodReport>,
    /// The method that the report is about, where it was named.
    #[serde(default)]
    pub about: Option<String>,
    /// What comes of each method where people are drawn anew, and by how much the main one ranks better; see
    /// [`ProtocolReport::with_people_drawn`].
    #[serde(default)]
    pub over_people: Vec<OverPeople>,
    /// What the data cannot show.
    pub limits: Vec<String>,
}

impl ProtocolReport {
    /// The same with [`ProtocolReport::over_people`] of its methods.
    pub fn with_people_drawn(self) -> ProtocolReport {
        ProtocolReport { over_people: over_people(&self.methods, self.main_index()), ..self }
    }

    /// The method that the report is about: the one that was named, else the last that is called `three-class`, else
    /// the first; `None` without methods.
    pub fn main_method(&self) -> Option<&MethodReport> {
        self.methods.get(self.main_index())
    }

    fn main_index(&self) -> usize {
        let name = self.about.as_deref().unwrap_or("three-class");
        self.methods.iter().rposition(|method| method.name == name).unwrap_or(0)
    }

    /// The methods with the number of their style in figures: the main one first, with 0, those on trial last.
    fn styles(&self) -> impl Iterator<Item = (usize, &MethodReport)> {
        let main = self.main_index();
        let others = |on_trial: bool| {
            let chosen =
                move |(index, method): &(usize, &MethodReport)| *index != main && method.on_trial == on_trial;
            self.methods.iter().enumerate().filter(chosen).map(|(_, method)| method)
        };
        self.main_method().into_iter().chain(others(false)).chain(others(true)).enumerate()
    }
}

/// What was scored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataSummary {
    /// The folder.
    pub path: String,
    /// People scored.
    pub people: usize,
    /// Of them, people with both seizure and other seconds.
    pub people_with_seizures: usize,
    /// Recordings.
    pub recordings: usize,
    /// Hours judged.
    pub hours: f64,
    /// Hours within seizures.
    pub seizure_hours: f64,
    /// Seizures.
    pub seizures: u64,
}

/// What came of one method.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MethodReport {
    /// A short name, unique in the report.
    pub name: String,
    /// What it is, in a sentence.
    pub description: String,
    /// Whether it is a trial beside the methods that are compared: in the tables, and pale in the figures.
    #[serde(default)]
    pub on_trial: bool,
    /// Whom it was scored on.
    pub people: Vec<PersonReport>,
    /// Area under the ROC curve of single seconds, over people.
    pub auroc: Option<Spread>,
    /// The same of a causal mean over the last seconds.
    pub auroc_context: Option<Spread>,
    /// Points of the ROC curve of all people's seconds: share of other seconds, share of seizure seconds.
    pub roc: Vec<[f64; 2]>,
    /// Points of the precision-recall curve of all people's seconds: recall, precision.
    pub precision_recall: Vec<[f64; 2]>,
    /// How often a seizure second had which probability; empty where a score is no probability.
    pub calibration: Vec<CalibrationBin>,
    /// How far the probabilities are from the truth.
    pub trueness: Option<Trueness>,
    /// Sensitivity against false alarms, counted strictly, one point per threshold, thresholds rising.
    pub curve: Vec<CurvePoint>,
    /// Of all settings, the one with fewest false alarms that finds the wanted share of the seizures; chosen on
    /// what is scored, so it compares methods at one sensitivity and promises nothing.
    pub matched: Option<CurvePoint>,
    /// What a ward would count with the settings that were chosen on other people.
    pub ward: WardFigures,
    /// The same, counted strictly: the minute after a seizure is time without seizure, and an alarm whose whole
    /// run lies in it finds nothing and is false.
    pub strict: WardFigures,
    /// The chosen settings with other rests after an alarm.
    #[serde(default)]
    pub rests: Vec<RestReport>,
    /// The same people's EEG as it was recorded, then as other equipment would have recorded it; empty where that was not asked.
    #[serde(default)]
    pub equipment: Vec<EquipmentReport>,
    /// Seizure-free stretches with nothing added, and with each look-alike; empty where that was not asked.
    #[serde(default)]
    pub look_alikes: Vec<LookAlikeReport>,
    /// What a time without an alarm was worth, where that was asked.
    pub alarm_free: Option<AlarmFree>,
    /// SzCORE by event at the same thresholds, mean over people.
    pub event: Measures,
    /// SzCORE by second at the same thresholds, mean over people.
    pub sample: Measures,
    /// Seconds from the annotated onset to the alarm, one per detected seizure, rising.
    pub latencies_s: Vec<f64>,
}

/// What came of one method for one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonReport {
    /// The person.
    pub person: String,
    /// The model that judged them: one that never saw them.
    pub model: String,
    /// Seconds within seizures.
    pub seizure_s: usize,
    /// Seconds outside.
    pub other_s: usize,
    /// Area under the ROC curve of single seconds; `None` without both kinds.
    pub auroc: Option<f64>,
    /// The same of the causal mean.
    pub auroc_context: Option<f64>,
    /// The threshold that was chosen on other people.
    pub threshold: f64,
    /// How labels become alarms, chosen on other people.
    pub accumulator: AccumulatorConfig,
    /// Seizures.
    pub seizures: u64,
    /// Seizures with an alarm.
    pub detected: u64,
    /// Alarms for nothing.
    pub false_alarms: u64,
    /// Hours in which an alarm would have been false.
    pub hours: f64,
    /// False alarms, counted strictly.
    pub strictly_false: u64,
    /// Hours outside of seizures.
    pub strict_hours: f64,
    /// Median seconds from the annotated onset to the alarm.
    pub median_latency_s: Option<f64>,
}

/// What came of one method with another rest after an alarm, all other settings as they were chosen on other people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RestReport {
    /// Seconds after an alarm's end in which none is raised.
    pub rest_s: u64,
    /// Alarms counted strictly.
    pub strict: WardFigures,
    /// Of the hours outside of seizures, those in which an alarm could have been raised: none lasted, and the rest was over.
    pub ready_hours: f64,
}

/// What came of one method where the scored people's EEG was recorded otherwise: simulated, not other people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EquipmentReport {
    /// How: a factor, a filter, electrodes that are missing; [`EquipmentReport::AS_IT_WAS`] for the EEG itself.
    pub recorded: String,
    /// Area under the ROC curve of single seconds, over people.
    pub auroc: Option<Spread>,
    /// Alarms counted strictly, with the settings that were chosen on other people's EEG as it was recorded.
    pub strict: WardFigures,
    /// The lowest level ([`Level::log_odds`](crate::detect::Level::log_odds)) of anybody who has seizures.
    pub lowest_level: Option<f64>,
    /// Alarms counted strictly, with those settings, but for the threshold, which follows the person's level in the other half
    /// of their recordings down.
    pub followed: WardFigures,
    /// Alarms counted strictly, with settings from the seizure-free seconds of the person's own other recordings.
    pub own: WardFigures,
}

impl EquipmentReport {
    /// The EEG as it was recorded.
    pub const AS_IT_WAS: &'static str = "as it was";
}

/// How often a method raises an alarm in seizure-free stretches to which a look-alike of a seizure was added: simulated,
/// not other people who have it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookAlikeReport {
    /// What was added; [`LookAlikeReport::NOTHING_ADDED`] for the same stretches as they were recorded.
    pub look_alike: String,
    /// Stretches.
    pub stretches: u64,
    /// Of them, with an alarm by the settings that were chosen on other people's EEG as it was recorded.
    pub with_alarm: u64,
    /// Their share; `None` without stretches.
    pub share: Option<f64>,
    /// Its 95 % interval.
    pub share_95: Option<Interval>,
    /// Hours of these stretches.
    pub hours: f64,
}

impl LookAlikeReport {
    /// What stands in the row of stretches to which nothing was added.
    pub const NOTHING_ADDED: &str = "nothing added";
}

/// A figure over people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// People it rests on.
    pub people: usize,
    /// Median.
    pub median: f64,
    /// 95 % interval of the median (Thompson 1936); `None` with fewer than 6 people.
    pub median_95: Option<Interval>,
    /// Mean.
    pub mean: f64,
    /// The worst tenth of the people, at least one, worst first.
    pub worst_tenth: Vec<String>,
    /// Their mean.
    pub worst_tenth_mean: f64,
}

impl Spread {
    /// Of people's figures; `None` without any.
    pub fn of(people: &[(&str, f64)]) -> Option<Spread> {
        let mut sorted = people.to_vec();
        sorted.sort_by(|a, b| a.1.total_cmp(&b.1));
        let values: Vec<f64> = sorted.iter().map(|(_, value)| *value).collect();
        let n = values.len();
        let (low, high) = (values.get(n.checked_sub(1)? / 2)?, values.get(n / 2)?);
        let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
        let worst = n.div_ceil(10);
        Some(Spread {
            people: n,
            median: (low + high) / 2.0,
            median_95: median_interval(&values),
            mean: mean(&values),
            worst_tenth: sorted[..worst].iter().map(|(person, _)| (*person).to_string()).collect(),
            worst_tenth_mean: mean(&values[..worst]),
        })
    }
}

/// Seconds whose probabilities are alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Mean probability of seizure.
    pub predicted: f64,
    /// Share of the seconds that are seizure.
    pub observed: f64,
    /// 95 % interval of that share as if seconds were independent, which they are not.
    pub observed_95: Option<Interval>,
    /// Seconds.
    pub seconds: usize,
}

/// How far probabilities of seizure are from the truth, second by second.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Trueness {
    /// Mean squared distance of the probability from the truth, 0 or 1 (Brier 1950).
    pub brier: f64,
    /// The same of one probability for all seconds, the share of seizure seconds.
    pub brier_of_share: f64,
    /// Mean distance of probability and share in the bins of the calibration curve, weighted by their seconds.
    pub calibration_error: f64,
    /// Seconds.
    pub seconds: usize,
}

/// What one setting for all gives, counted strictly.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// The threshold of a second's score.
    pub threshold: f64,
    /// Share of the seizures with an alarm.
    pub sensitivity: f64,
    /// Alarms for nothing, in an hour.
    pub false_alarms_per_hour: f64,
    /// Its 95 % interval.
    pub false_alarms_per_hour_95: Interval,
    /// Median seconds from the annotated onset to the alarm.
    pub median_latency_s: Option<f64>,
}

/// What a ward would count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WardFigures {
    /// Seizures.
    pub seizures: u64,
    /// Seizures with an alarm.
    pub detected: u64,
    /// The detected share.
    pub sensitivity: Option<f64>,
    /// Its 95 % interval.
    pub sensitivity_95: Option<Interval>,
    /// Alarms for nothing.
    pub false_alarms: u64,
    /// Hours in which an alarm would have been false.
    pub hours: f64,
    /// Alarms for nothing, in an hour; `None` without such hours.
    pub false_alarms_per_hour: Option<f64>,
    /// Its 95 % interval.
    pub false_alarms_per_hour_95: Option<Interval>,
    /// Median seconds from the annotated onset to the alarm.
    pub median_latency_s: Option<f64>,
}
