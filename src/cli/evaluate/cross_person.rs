//! `vigil evaluate cross-person` and `vigil evaluate longitudinal`: several methods on the same people, none of
//! whom any network has seen.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;

use super::super::error::CliError;
use super::super::labelled::labelled;
use super::super::namesakes::NamesakeArgs;
use super::dealt::Dealt;
use super::networks::{Named, NetworkArgs, told_of_strangers};
use super::part::{Part, short_recordings, summary};
use super::protocol::{Autoencoding, Protocol, ProtocolArgs, Told, folds};
use super::unjudged::told_of_unjudged;
use crate::dataset::{Dataset, People};
use crate::evaluate::out_of_order;
use crate::model::AutoencoderConfig;
use crate::train::{AutoencoderFit, cross_fitted_opinions};

/// Compare methods, and line length, on people whom no network was trained on
#[derive(Debug, Args)]
pub struct CrossPersonArgs {
    /// Folder of recordings with expert events (BIDS tree or CHB-MIT folders); may be repeated
    #[arg(long, required = true, value_name = "DIR")]
    data: Vec<PathBuf>,
    /// Score these people alone
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Leave these people out
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    exclude: Vec<String>,
    #[command(flatten)]
    namesakes: NamesakeArgs,
    #[command(flatten)]
    networks: NetworkArgs,
    #[command(flatten)]
    protocol: ProtocolArgs,
}

/// Follow each person's stream in time order, and tell what a time without an alarm is worth
#[derive(Debug, Args)]
pub struct LongitudinalArgs {
    #[command(flatten)]
    people: CrossPersonArgs,
    /// Seconds of observed signal that make a block: an hour by default
    #[arg(long, default_value_t = 3600, value_name = "S")]
    block: u64,
}

/// Runs the cross-person protocol.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &CrossPersonArgs) -> Result<(), CliError> {
    score_everybody(args, None)
}

/// Runs the longitudinal protocol.
///
/// # Errors
/// [`CliError`].
pub fn run_longitudinal(args: &LongitudinalArgs) -> Result<(), CliError> {
    if !(1..=7 * 86_400).contains(&args.block) {
        return Err(CliError::Usage(format!("--block {}: expected seconds from 1 to a week", args.block)));
    }
    score_everybody(&args.people, Some(args.block))
}

fn score_everybody(args: &CrossPersonArgs, block_s: Option<u64>) -> Result<(), CliError> {
    let about = args.networks.about()?;
    let protocol = Protocol::begin(&args.protocol)?;
    let networks = protocol.networks(&args.networks)?;
    let signal = networks.signal();
    let people =
        People { only: &args.only, exclude: &args.exclude, needed: &[], namesakes: args.namesakes.rule() };
    let dataset = protocol.dataset(labelled(&args.data, &people)?, &signal)?;
    let strangers = told_of_strangers(&dataset.people(), networks.all());
    let unjudged = told_of_unjudged(&dataset);
    let dealt = Dealt::of(&dataset, &networks);
    let disordered = block_s.and_then(|_| told_of_order(&dataset));
    let config = AutoencoderConfig { signal, ..AutoencoderConfig::default() };
    let fit = AutoencoderFit::default();
    let autoencoding = Autoencoding {
        of: "the other half",
        config: config.clone(),
        judge: &|person, seconds| Ok(cross_fitted_opinions(&dataset, person, seconds, &config, &fit)?),
    };
    let judged = protocol.judgements(
        &dataset,
        &networks,
        &|named: &[Named], person| dealt.pick(named, person),
        &Part::WHOLE,
        &autoencoding,
    )?;
    let folds = folds(&judged.three_class);
    let unchosen = settings_can_be_chosen(&dataset, &folds)?;
    let mut comparison = protocol.comparison();
    comparison.block_s = block_s;
    let methods = protocol.score(&dataset, judged, &folds, &comparison, &|_| true)?;
    let number = folds.values().max().map_or(0, |last| last + 1);
    let mut limits = vec![LEAK.to_string()];
    limits.extend(strangers);
    limits.extend(disordered);
    limits.extend(unchosen);
    limits.extend(unjudged);
    limits.extend(short_recordings(&dataset));
    let mut how = vec![
        format!("People are dealt into {number} folds; everybody is judged by a network that saw none of their fold."),
        "The settings for the people of a fold - a second's threshold and how labels become alarms - are those \
         with fewest false alarms, counted strictly, among those that find the wanted share of the seizures of the \
         other folds' people, half of them in time. Where none is in time, any that find enough will do."
            .into(),
        "A person's own autoencoder judges only seconds of the half of the recordings that it was not fitted on.".into(),
    ];
    how.extend(told_of_dealt(&dealt));
    let (name, title) = match block_s {
        None => ("cross-person", "People whom no network has seen".to_string()),
        Some(block_s) => {
            how.push(format!(
                "Each person's recordings are one stream in time order; the detector is frozen and never begins anew but \
                 where the signal pauses. Observed seconds are cut into blocks of {block_s} s; what is left at the end is \
                 no block."
            ));
            limits.push(
                "How often a time without an alarm is rightly so depends on how often there are seizures. In these \
                 recordings that is more often than on any ward, so the figure is lower than there."
                    .into(),
            );
            ("longitudinal", "One person's stream after another's, in time order".to_string())
        }
    };
    let data = vec![summary(&args.data, &dataset, &Part::WHOLE)];
    let report =
        protocol.report(Told { protocol: name, title, how, data, about, limits }, &comparison, methods);
    protocol.finish(&[(None, report)])
}

/// Says how people were dealt to networks; the same for a report.
pub fn told_of_dealt(dealt: &Dealt) -> Option<String> {
    let words = dealt.told()?;
    warn!("{words}");
    Some(words)
}

/// Warns of people whose recordings have no order in time, for protocols that need one; the same for a report.
pub fn told_of_order(dataset: &Dataset) -> Option<String> {
    let people = out_of_order(dataset);
    if people.is_empty() {
        return None;
    }
    let words = format!(
        "Recordings of {} begin before the one before them has ended, by their headers, as where dates were removed: they are \
         taken in the order of these dates and then of their names, and what counts as earlier may have been recorded later.",
        people.join(", ")
    );
    warn!("warning: {words}");
    Some(words)
}

/// Refuses people whose settings could be chosen on nobody; people of whom no second could be judged do not count there. Says
/// of whom nobody with a seizure is left to choose on, for the report, and warns of them.
///
/// # Errors
/// [`CliError::Usage`] where one network judges all of them.
pub fn settings_can_be_chosen(
    dataset: &Dataset,
    folds: &BTreeMap<String, usize>,
) -> Result<Vec<String>, CliError> {
    let judged: BTreeSet<&str> =
        dataset.seconds().map(|second| dataset.recording_of(second).person.as_str()).collect();
    let of_judged = |(person, fold): (&String, &usize)| judged.contains(person.as_str()).then_some(*fold);
    if folds.iter().filter_map(of_judged).collect::<BTreeSet<usize>>().len() < 2 {
        return Err(CliError::Usage(
            "one network judges all of these people, and the settings of alarms are chosen on people of other folds; expected \
             people of two folds or more (see --only), or `vigil evaluate --alarms`, which tells many settings"
                .into(),
        ));
    }
    let has_seizure = |fold: usize| {
        dataset.recordings.iter().any(|recording| {
            folds.get(&recording.person) == Some(&fold)
                && recording.events.iter().any(|event| event.is_seizure())
        })
    };
    let with: Vec<usize> = folds.values().copied().filter(|fold| has_seizure(*fold)).collect();
    let mut told = Vec::new();
    for fold in folds.values().copied().collect::<BTreeSet<usize>>() {
        if with.iter().any(|other| *other != fold) {
            continue;
        }
        let people: Vec<&str> =
            folds.iter().filter(|(_, of)| **of == fold).map(|(person, _)| person.as_str()).collect();
        let words = format!(
            "Nobody of the other folds has a seizure, so that no settings of alarms can be chosen for {}: they have no alarm \
             in these tables, and their seizures count as not found.",
            people.join(", ")
        );
        warn!("warning: {words}");
        told.push(words);
    }
    Ok(told)
}

/// What choosing settings on people whose networks have seen the scored ones may leak.
pub const LEAK: &str = "The networks that judge one fold were trained on the people of the others, on whom the \
    settings for this fold are chosen: each of those was then judged by a network that had seen people of this fold. \
    So it is with rhythm trees, calibration and weights: what the other folds' people are given was fitted with the scored ones' \
    marks. Settings are few numbers, so little can leak; it is not nothing.";
