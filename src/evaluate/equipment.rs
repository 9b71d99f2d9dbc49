//! What becomes of a detector where people's EEG is recorded otherwise: smaller or larger, through other filters, with
//! electrodes missing.
//!
//! Networks use amplitude: at the fixed gain of an EEG page it tells much. A ward's EEG may have another one than that of
//! the people on whom networks were trained and settings were chosen, its amplifiers may filter, and electrodes come off.
//! Here the same EEG is changed, which shows this one difference and no other.

use std::collections::BTreeMap;
use std::iter::once;

use super::calm::{borne, keeps_to, most_sensitive};
use super::levelled::Levels;
use super::line::{AlarmSpan, Counting, JudgedPerson, JudgedSecond, PersonLine, score_lines};
use super::methods::{Method, figures, spread};
use super::report::EquipmentReport;
use super::seconds::PersonScore;
use super::settings::label_rule;
use crate::dataset::{Dataset, Stretch};
use crate::detect::{AccumulatorConfig, LabelRule, SettingError};
use crate::eeg::Electrode::{self, *};
use crate::eeg::{DERIVATIONS, DOUBLE_BANANA, Event};
use crate::signal::filter::{Cascade, Frame, Section};

/// False alarms an hour that settings of a person's own may have: what `vigil patient calibrate` is told by default.
const OWN_PER_HOUR: f64 = 1.0;

/// How the same EEG would have been recorded otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Equipment {
    /// Every sample multiplied: another distance from the source, another skull, another age.
    Amplitude(f32),
    /// Through a high-pass of first order with -3 dB at so many hertz, such as an amplifier's time constant.
    HighPass(f64),
    /// Through a low-pass of first order with -3 dB at so many hertz.
    LowPass(f64),
    /// Without these electrodes: every derivation that needs one is absent.
    Without(&'static [Electrode]),
}

impl Equipment {
    /// What is judged where other equipment is asked for: a time constant of 0.1 s, a strong muscle filter, an electrode
    /// that came off, a cap without a midline, and as few derivations as are judged at all.
    pub const OTHERS: [Equipment; 5] = [
        Equipment::HighPass(1.6),
        Equipment::LowPass(15.0),
        Equipment::Without(&[T7]),
        Equipment::Without(&[Fz, Cz, Pz]),
        Equipment::Without(&[Fz, Cz, Pz, O1, O2]),
    ];

    /// In a few words.
    pub fn name(&self) -> String {
        match self {
            Equipment::Amplitude(factor) => format!("multiplied by {factor}"),
            Equipment::HighPass(hz) => format!("high-pass at {hz} Hz"),
            Equipment::LowPass(hz) => format!("low-pass at {hz} Hz"),
            Equipment::Without(electrodes) => {
                let names: Vec<&str> = electrodes.iter().map(|electrode| electrode.name()).collect();
                format!("without {}", names.join(", "))
            }
        }
    }

    /// The data set as it would have been recorded. What is changed is the conditioned signal: our own filters are linear, so
    /// that it does not matter which comes first, but for the moments in which they settle.
    pub fn record(&self, dataset: &Dataset) -> Dataset {
        let mut dataset = dataset.clone();
        let rate_hz = dataset.rate as f64;
        for stretch in &mut dataset.stretches {
            match *self {
                Equipment::Amplitude(factor) => {
                    stretch.signal.iter_mut().for_each(|sample| *sample *= factor);
                }
                Equipment::HighPass(hz) => filter(stretch, first_order(hz, rate_hz, true)),
                Equipment::LowPass(hz) => filter(stretch, first_order(hz, rate_hz, false)),
                Equipment::Without(electrodes) => take_off(stretch, electrodes),
            }
        }
        dataset
    }
}

/// A Butterworth filter of first order by the bilinear transform: what scipy's `butter(1, …)` gives.
fn first_order(hz: f64, rate_hz: f64, high: bool) -> Section {
    let k = (std::f64::consts::PI * hz / rate_hz).tan();
    let b = if high { [1.0, -1.0, 0.0] } else { [k, k, 0.0] };
    Section { b: b.map(|weight| weight / (1.0 + k)), a: [(k - 1.0) / (k + 1.0), 0.0] }
}

/// Filters each derivation of a stretch; where it has been absent it begins anew, as the conditioner does.
fn filter(stretch: &mut Stretch, section: Section) {
    let seconds = stretch.seconds();
    let length = stretch.signal.len() / DERIVATIONS;
    let rate = length / seconds.max(1);
    let mut cascade = Cascade::new(vec![section]);
    let mut frames: Vec<Frame> = Vec::with_capacity(rate);
    for second in 0..seconds {
        let from = second * rate;
        for d in 0..DERIVATIONS {
            let begins = second == 0 || !stretch.present[second - 1][d];
            if begins && stretch.present[second][d] {
                cascade.restart(d, f64::from(stretch.signal[d * length + from]));
            }
        }
        frames.clear();
        frames.extend(
            (from..from + rate).map(|at| std::array::from_fn(|d| f64::from(stretch.signal[d * length + at]))),
        );
        cascade.filter(&mut frames);
        for d in (0..DERIVATIONS).filter(|&d| stretch.present[second][d]) {
            let filtered = frames.iter().map(|frame| frame[d] as f32);
            let samples = stretch.signal[d * length + from..].iter_mut();
            samples.zip(filtered).for_each(|(sample, filtered)| *sample = filtered);
        }
    }
}

fn take_off(stretch: &mut Stretch, electrodes: &[Electrode]) {
    let length = stretch.signal.len() / DERIVATIONS;
    for (d, derivation) in DOUBLE_BANANA.iter().enumerate() {
        if electrodes.contains(&derivation.anode) || electrodes.contains(&derivation.cathode) {
            stretch.signal[d * length..(d + 1) * length].fill(0.0);
            stretch.present.iter_mut().for_each(|present| present[d] = false);
        }
    }
}

/// What a method says of the same people's seconds, recorded otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// How.
    pub by: Equipment,
    /// The judged seconds of each person.
    pub people: Vec<JudgedPerson>,
}

/// Scores a method as the EEG was recorded and with each equipment with which it was asked; nothing where it was asked with
/// none. Each person's alarms are those of the threshold and the accumulator that `settings` has for them, so that
/// nothing is chosen anew; those where the threshold follows the person's level, as after a fit; and those of settings
/// from the seizure-free seconds of the person's own other recordings, as they come from that equipment, with the
/// accumulator `usual`.
///
/// # Errors
/// [`SettingError`] where a setting is out of range.
pub(super) fn score_equipment(
    dataset: &Dataset,
    method: &Method,
    usual: Option<&AccumulatorConfig>,
    settings: &dyn Fn(&str) -> Option<(f32, AccumulatorConfig)>,
    scored: &dyn Fn(&str) -> bool,
) -> Result<Vec<EquipmentReport>, SettingError> {
    let (false, None, Some(usual)) = (method.changed.recorded.is_empty(), method.second_look, usual) else {
        return Ok(Vec::new());
    };
    let recorded = method.changed.recorded.iter().map(|recorded| (recorded.by.name(), &recorded.people));
    once((EquipmentReport::AS_IT_WAS.to_string(), &method.people))
        .chain(recorded)
        .map(|(recorded, people)| {
            let people: Vec<&JudgedPerson> = people.iter().filter(|person| scored(&person.person)).collect();
            let lines: Vec<PersonLine> =
                people.iter().map(|person| PersonLine::of(dataset, person)).collect();
            let alarms_on = |lines: &[PersonLine]| {
                let alarms = people.iter().zip(lines).map(|(person, line)| match settings(&person.person) {
                    Some((threshold, accumulator)) => {
                        line.alarms(label_rule(threshold, method.ae_flag), accumulator)
                    }
                    None => Ok(Vec::new()),
                });
                alarms.collect::<Result<Vec<Vec<AlarmSpan>>, SettingError>>()
            };
            let alarms = alarms_on(&lines)?;
            // Opinions that are higher by as much as the threshold is lower.
            let levels = Levels::of_other_halves(people.iter().copied());
            let set_against = levels.set_against(people.iter().copied());
            let followed: Vec<PersonLine> =
                set_against.iter().map(|person| PersonLine::of(dataset, person)).collect();
            let of_followed = alarms_on(&followed)?;
            let of_followed = followed.iter().zip(of_followed.iter().map(Vec::as_slice));
            let scores: Vec<PersonScore> = people.iter().map(|person| PersonScore::of(person)).collect();
            let of_others = lines.iter().zip(alarms.iter().map(Vec::as_slice));
            let mut own = Vec::new();
            for person in &people {
                own.extend(alarms_of_own(dataset, method, person, *usual)?);
            }
            let of_own = own.iter().map(|(line, alarms)| (line, alarms.as_slice()));
            Ok(EquipmentReport {
                recorded,
                auroc: spread(&scores, |score| score.auroc),
                strict: figures(&score_lines(of_others, Counting::Strict)),
                lowest_level: levels.lowest_with_seizures(people.iter().copied()),
                followed: figures(&score_lines(of_followed, Counting::Strict)),
                own: figures(&score_lines(of_own, Counting::Strict)),
            })
        })
        .collect()
}

/// Each half of a person's recordings, with alarms of the settings that the seizure-free seconds of the other half give:
/// chosen as `vigil patient calibrate` does where no seizure is known, but on less. Where none keep to the rate, or the
/// other half has no such second, the usual ones stay. Nothing for a person whose recordings cannot be halved.
fn alarms_of_own(
    dataset: &Dataset,
    method: &Method,
    person: &JudgedPerson,
    usual: AccumulatorConfig,
) -> Result<Vec<(PersonLine, Vec<AlarmSpan>)>, SettingError> {
    let Some(halves) = halves(dataset, person) else { return Ok(Vec::new()) };
    let others = halves.iter().rev();
    halves
        .iter()
        .zip(others)
        .map(|(half, other)| {
            let mut calm = other.clone();
            calm.seconds.retain(|judged| !judged.seizure && judged.opinion.is_some());
            let hours = calm.seconds.len() as f64 / 3600.0;
            let line = PersonLine::of(dataset, &calm);
            let label = LabelRule { ae_flag: method.ae_flag, ..LabelRule::default() };
            let chosen = most_sensitive(label, usual, |rule, accumulator| {
                let alarms = line.alarms(rule, accumulator)?;
                let lasting = alarms.iter().map(|alarm| (alarm.end - alarm.raised) as f64);
                Ok(keeps_to(borne(lasting), hours, OWN_PER_HOUR).then_some(()))
            })?;
            let line = PersonLine::of(dataset, half);
            let alarms = match chosen {
                Some((rule, accumulator, ())) if hours > 0.0 => line.alarms(rule, accumulator)?,
                _ => line.alarms(label, usual)?,
            };
            Ok((line, alarms))
        })
        .collect()
}

/// A person's recordings in time order, cut before each that holds a seizure, so that what follows a seizure stays with it; every
/// other piece is of one half. A single piece without a seizure is cut in two; one with a seizure cannot be.
fn halves(dataset: &Dataset, person: &JudgedPerson) -> Option<[JudgedPerson; 2]> {
    let recording_of = |judged: &JudgedSecond| dataset.stretches[judged.second.stretch].recording;
    let mut recordings: Vec<_> = person
        .seconds
        .iter()
        .map(|judged| (dataset.stretches[judged.second.stretch].start, recording_of(judged)))
        .collect();
    recordings.sort();
    recordings.dedup();
    let has_seizure = |recording: usize| dataset.recordings[recording].events.iter().any(Event::is_seizure);
    let mut piece_of = BTreeMap::new();
    let mut pieces = 0;
    for (number, (_, recording)) in recordings.iter().enumerate() {
        pieces += usize::from(number == 0 || has_seizure(*recording));
        piece_of.insert(*recording, pieces);
    }
    let single = pieces < 2;
    if single && recordings.iter().any(|(_, recording)| has_seizure(*recording)) {
        return None;
    }
    let first = |number: usize, judged: &JudgedSecond| match single {
        true => 2 * number < person.seconds.len(),
        false => piece_of.get(&recording_of(judged)).is_some_and(|piece| piece % 2 == 1),
    };
    Some([true, false].map(|half| {
        let seconds =
            person.seconds.iter().enumerate().filter(|(number, judged)| first(*number, judged) == half);
        JudgedPerson {
            seconds: seconds.map(|(_, judged)| *judged).collect(),
            // Counted once, with either half.
            unjudged: if half { person.unjudged.clone() } else { Vec::new() },
            person: person.person.clone(),
            model: person.model.clone(),
        }
    }))
}
