//! Which of a recording's channels make each derivation of the double banana.

use std::collections::BTreeMap;

use super::error::SignalError;
use crate::eeg::{ChannelLabel, DERIVATIONS, DOUBLE_BANANA, Derivation, Electrode, whole_references};

/// How many of the 18 derivations may be missing from a recording.
pub const MAX_MISSING: usize = 6;

/// How many labels a message quotes before it counts the rest.
const QUOTED_LABELS: usize = 40;

/// How one derivation is made of channels; `plus` and `minus` count within [`Montage::channels`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Source {
    /// The channel that is taken as it is.
    pub(super) plus: Option<usize>,
    /// The channel that is subtracted.
    pub(super) minus: Option<usize>,
}

/// A recording's channels, sorted into the 18 derivations by what their labels say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Montage {
    channels: Vec<usize>,
    labels: Vec<String>,
    sources: [Option<Source>; DERIVATIONS],
    warnings: Vec<String>,
    set_aside: Vec<String>,
}

/// What the second input of an amplifier's channel was joined to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Reference {
    Electrode(Electrode),
    Named(String),
}

/// One usable channel: `electrode` against `reference`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Lead {
    channel: usize,
    electrode: Electrode,
    reference: Reference,
}

impl Lead {
    fn read(channel: usize, label: &str) -> Option<Lead> {
        let (electrode, reference) = match ChannelLabel::parse(label) {
            // An electrode against itself is no signal.
            ChannelLabel::Bipolar(anode, cathode) if anode == cathode => return None,
            ChannelLabel::Bipolar(anode, cathode) => (anode, Reference::Electrode(cathode)),
            ChannelLabel::Referential { electrode, reference } => (electrode, Reference::Named(reference)),
            ChannelLabel::Other => return None,
        };
        Some(Lead { channel, electrode, reference })
    }

    /// Its channel, in words.
    fn told(&self, labels: &[&str]) -> String {
        let label = labels.get(self.channel).map_or("", |label| label.trim());
        format!("channel {} {label:?}", self.channel + 1)
    }
}

impl Montage {
    /// Finds the channels for each derivation by label.
    ///
    /// A derivation that was recorded as such is taken as it is, one recorded the other way round
    /// ("F7-Fp1") with its sign changed; else two channels with the same reference are subtracted,
    /// be that a named one ("Fp1-REF", "F7-REF"), none ("Fp1", "F7") or an electrode ("Fp1-Cz",
    /// "F7-Cz"). Where a label repeats, the first channel is used, but one that spells O1 or O2 with
    /// the letter before one with the digit, and a reference that a full label has no room for is
    /// completed ([`whole_references`]); [`Montage::warnings`] says so. Up to [`MAX_MISSING`] derivations may be missing.
    ///
    /// # Errors
    /// [`SignalError::NoEegChannel`] where no label names a scalp electrode,
    /// [`SignalError::TooFewChannels`] where more than [`MAX_MISSING`] derivations are missing,
    /// [`SignalError::TwoNames`] where the names cannot be those of scalp electrodes.
    pub fn resolve(labels: &[&str]) -> Result<Montage, SignalError> {
        Montage::of_recording(labels, &[], &[])
    }

    /// The same for a recording of which some channels count as absent, whatever their labels: those with a reason in
    /// `set_aside`. Another channel takes their place where there is one. So it does where a channel is in no known
    /// voltage: `not_volts` has the unit of those, in words (an oxygen saturation may be called O2). A channel that
    /// either list does not reach is as it should be.
    ///
    /// # Errors
    /// As [`Montage::resolve`].
    pub fn of_recording(
        labels: &[&str],
        set_aside: &[Option<String>],
        not_volts: &[Option<String>],
    ) -> Result<Montage, SignalError> {
        let (mut read, absent) = read_leads(labels, set_aside);
        let named: Vec<(usize, Electrode)> = read
            .iter()
            .filter(|lead| matches!(lead.reference, Reference::Named(_)))
            .map(|lead| (lead.channel, lead.electrode))
            .collect();
        let mut warnings = complete(&mut read, labels);
        let leads = without_repeats(read, labels, not_volts, &mut warnings);
        // What a message says was found.
        let quoted = || match absent.join("; ") {
            reasons if reasons.is_empty() => quote(labels),
            reasons => format!("{} ({reasons})", quote(labels)),
        };
        if leads.is_empty() {
            return Err(SignalError::NoEegChannel { count: labels.len(), found: quoted() });
        }

        let found = DOUBLE_BANANA.map(|derivation| find(derivation, &leads));
        let mut channels: Vec<usize> =
            found.iter().flatten().flat_map(|(plus, minus)| [*plus, *minus]).flatten().collect();
        channels.sort_unstable();
        channels.dedup();
        refuse_two_names(labels, &named, &channels)?;
        let place =
            |channel: Option<usize>| channel.and_then(|channel| channels.binary_search(&channel).ok());
        let sources =
            found.map(|pair| pair.map(|(plus, minus)| Source { plus: place(plus), minus: place(minus) }));
        let labels_used = channels
            .iter()
            .map(|channel| labels.get(*channel).map_or("", |label| label.trim()).to_string())
            .collect();
        let (found, set_aside) = (quoted(), absent.clone());
        warnings.extend(absent);
        let mut montage = Montage { channels, labels: labels_used, sources, warnings, set_aside };

        let missing = montage.missing();
        let names = missing.iter().map(Derivation::to_string).collect::<Vec<_>>().join(", ");
        if missing.len() > MAX_MISSING {
            return Err(SignalError::TooFewChannels {
                missing_count: missing.len(),
                allowed: MAX_MISSING,
                missing: names,
                found,
            });
        }
        if !missing.is_empty() {
            montage.warnings.push(format!("no channels for {names}; drawn as absent"));
        }
        Ok(montage)
    }

    /// The recording's channels that are needed, ascending: indices into the labels given.
    pub fn channels(&self) -> &[usize] {
        &self.channels
    }

    /// The labels of [`Montage::channels`], as recorded.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// Which of the 18 derivations the recording has.
    pub fn present(&self) -> [bool; DERIVATIONS] {
        self.sources.map(|source| source.is_some())
    }

    /// The derivations that the recording does not have.
    pub fn missing(&self) -> Vec<Derivation> {
        DOUBLE_BANANA
            .into_iter()
            .zip(&self.sources)
            .filter_map(|(derivation, source)| source.is_none().then_some(derivation))
            .collect()
    }

    /// The channels that are named like electrodes and count as absent, and why.
    pub fn set_aside(&self) -> &[String] {
        &self.set_aside
    }

    /// What a person should know about the channels: repeated labels, channels that count as absent, missing
    /// derivations.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The sampling rate that the montage's channels share; `rates_hz` has one for each channel
    /// of the recording.
    ///
    /// # Errors
    /// [`SignalError::UnequalRates`] where they differ, [`SignalError::Input`] where a rate is
    /// lacking.
    pub fn common_rate_hz(&self, rates_hz: &[f64]) -> Result<f64, SignalError> {
        let mut first: Option<(&str, f64)> = None;
        for (channel, label) in self.channels.iter().zip(&self.labels) {
            let Some(&rate_hz) = rates_hz.get(*channel) else {
                return Err(SignalError::Input {
                    found: format!("{} sampling rates", rates_hz.len()),
                    expected: format!("one for each channel, {} at the least", channel + 1),
                });
            };
            match first {
                None => first = Some((label, rate_hz)),
                Some((_, first_hz)) if first_hz == rate_hz => {}
                Some((first, first_hz)) => {
                    return Err(SignalError::UnequalRates {
                        first: first.to_string(),
                        first_hz,
                        other: label.clone(),
                        other_hz: rate_hz,
                    });
                }
            }
        }
        // A montage has at least 12 derivations, so there is a first channel.
        Ok(first.map_or(0.0, |(_, rate_hz)| rate_hz))
    }

    pub(super) fn sources(&self) -> &[Option<Source>; DERIVATIONS] {
        &self.sources
    }
}

/// The channels that are named like electrodes, and in words those of them that count as absent.
fn read_leads(labels: &[&str], set_aside: &[Option<String>]) -> (Vec<Lead>, Vec<String>) {
    let (mut leads, mut absent) = (Vec::new(), Vec::new());
    for (channel, label) in labels.iter().enumerate() {
        let Some(lead) = Lead::read(channel, label) else { continue };
        match set_aside.get(channel) {
            Some(Some(reason)) => absent.push(format!("{} counts as absent: {reason}", lead.told(labels))),
            _ => leads.push(lead),
        }
    }
    (leads, absent)
}

/// Completes the references that labels had no room for; gives a remark for each reference that was completed.
fn complete(leads: &mut [Lead], labels: &[&str]) -> Vec<String> {
    let named: Vec<(usize, &str, &str)> = leads
        .iter()
        .enumerate()
        .filter_map(|(place, lead)| match &lead.reference {
            Reference::Named(reference) => Some((place, *labels.get(lead.channel)?, reference.as_str())),
            Reference::Electrode(_) => None,
        })
        .collect();
    let channels: Vec<(&str, &str)> =
        named.iter().map(|(_, label, reference)| (*label, *reference)).collect();
    let completed: Vec<(usize, String)> = named
        .iter()
        .zip(whole_references(&channels))
        .filter_map(|((place, ..), whole)| Some((*place, whole?)))
        .collect();
    let mut remarks: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (place, whole) in completed {
        let Some(lead) = leads.get_mut(place) else { continue };
        remarks.entry(whole.clone()).or_default().push(lead.told(labels));
        lead.reference = Reference::Named(whole);
    }
    let remark = |(whole, cut): (String, Vec<String>)| {
        format!(
            "{}: cut at 16 characters; the reference is read as {whole:?}, which begins alike",
            cut.join(", ")
        )
    };
    remarks.into_iter().map(remark).collect()
}

/// One lead of each electrode and reference: the first of those that are the likeliest to be it.
fn without_repeats(
    read: Vec<Lead>,
    labels: &[&str],
    not_volts: &[Option<String>],
    warnings: &mut Vec<String>,
) -> Vec<Lead> {
    let unit = |lead: &Lead| not_volts.get(lead.channel).and_then(Option::as_ref);
    let digit =
        |lead: &Lead| labels.get(lead.channel).is_some_and(|label| ChannelLabel::has_digit_for_letter(label));
    let mut leads: Vec<Lead> = Vec::new();
    for lead in read {
        let same = |known: &&mut Lead| known.electrode == lead.electrode && known.reference == lead.reference;
        let Some(first) = leads.iter_mut().find(same) else {
            leads.push(lead);
            continue;
        };
        let (told, before) = (lead.told(labels), first.told(labels));
        let against = match (unit(first), unit(&lead)) {
            (Some(unit), None) => Some(format!("is in {unit}")),
            (None, Some(_)) => None,
            _ => (digit(first) && !digit(&lead)).then(|| "has a digit in place of the letter O".to_string()),
        };
        match against {
            Some(reason) => {
                warnings.push(format!("{told} is used in place of {before}, which {reason}"));
                *first = lead;
            }
            None => warnings.push(format!("{told} repeats {before}; the first is used")),
        }
    }
    leads
}

/// The channels to add and to subtract for one derivation.
fn find(derivation: Derivation, leads: &[Lead]) -> Option<(Option<usize>, Option<usize>)> {
    let recorded = |anode: Electrode, cathode: Electrode| {
        let reference = Reference::Electrode(cathode);
        leads.iter().find(|lead| lead.electrode == anode && lead.reference == reference)
    };
    let Derivation { anode, cathode } = derivation;
    if let Some(lead) = recorded(anode, cathode) {
        return Some((Some(lead.channel), None));
    }
    if let Some(lead) = recorded(cathode, anode) {
        return Some((None, Some(lead.channel)));
    }
    leads.iter().filter(|lead| lead.electrode == anode).find_map(|plus| {
        let minus =
            leads.iter().find(|lead| lead.electrode == cathode && lead.reference == plus.reference)?;
        Some((Some(plus.channel), Some(minus.channel)))
    })
}

/// Refuses electrodes under their older and their newer name side by side, each as a channel against a reference, where
/// one of them is used. Contacts in the brain are numbered from 1 on, behind a letter of their own: T3 and T7 are two of
/// one shaft, and would pass for one electrode of the scalp.
fn refuse_two_names(
    labels: &[&str],
    named: &[(usize, Electrode)],
    used: &[usize],
) -> Result<(), SignalError> {
    let label = |channel: usize| labels.get(channel).copied().unwrap_or_default();
    for (place, &(first, electrode)) in named.iter().enumerate() {
        let other = named[..place].iter().find(|&&(other, of)| {
            of == electrode
                && ChannelLabel::has_old_name(label(other)) != ChannelLabel::has_old_name(label(first))
                && (used.contains(&first) || used.contains(&other))
        });
        if let Some(&(other, _)) = other {
            return Err(SignalError::TwoNames {
                first: label(other).trim().to_string(),
                second: label(first).trim().to_string(),
            });
        }
    }
    Ok(())
}

fn quote(labels: &[&str]) -> String {
    if labels.is_empty() {
        return "no channels at all".to_string();
    }
    let mut quoted = labels
        .iter()
        .take(QUOTED_LABELS)
        .map(|label| format!("{:?}", label.trim()))
        .collect::<Vec<_>>()
        .join(", ");
    if labels.len() > QUOTED_LABELS {
        quoted.push_str(&format!(" and {} more", labels.len() - QUOTED_LABELS));
    }
    quoted
}
