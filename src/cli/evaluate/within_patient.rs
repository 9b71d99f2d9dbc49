//! `vigil evaluate within-patient`: what was fitted on a patient's earlier recordings, scored on the later ones.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::super::error::CliError;
use super::super::labelled::labelled;
use super::super::namesakes::NamesakeArgs;
use super::super::terminal::progress_bar;
use super::cross_person::{LEAK, settings_can_be_chosen, told_of_dealt, told_of_order};
use super::dealt::Dealt;
use super::networks::{Named, NetworkArgs, Pick, told_of_strangers};
use super::part::{Part, short_recordings, summary};
use super::protocol::{Autoencoding, Protocol, ProtocolArgs, Told, folds};
use super::unjudged::told_of_unjudged;
use crate::dataset::{Dataset, People};
use crate::detect::Opinion;
use crate::evaluate::{
    Changed, Division, FEWEST_SEIZURES, JudgedPerson, JudgedSecond, TreeOpinions, Variant, divide,
    recordings_of, weighed,
};
use crate::model::{Architecture, AutoencoderConfig};
use crate::train::{AutoencoderFit, adapted_opinions, later_opinions};

/// Fit on a patient's earlier recordings, score on the later ones
#[derive(Debug, Args)]
pub struct WithinPatientArgs {
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

/// Runs the protocol.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &WithinPatientArgs) -> Result<(), CliError> {
    let about = args.networks.about()?;
    let protocol = Protocol::begin(&args.protocol)?;
    let networks = protocol.networks(&args.networks)?;
    let signal = networks.signal();
    let people =
        People { only: &args.only, exclude: &args.exclude, needed: &[], namesakes: args.namesakes.rule() };
    let dataset = protocol.dataset(labelled(&args.data, &people)?, &signal)?;
    let (divisions, others) = divide(&dataset);
    let too_few: Vec<String> = others
        .iter()
        .filter(|(_, seizures)| *seizures > 0)
        .map(|(person, seizures)| format!("{person} ({seizures})"))
        .collect();
    if divisions.is_empty() {
        return Err(CliError::Usage(format!(
            "nobody in these recordings can be divided in time; expected {FEWEST_SEIZURES} seizures or more of one \
             person in two recordings or more; found {}",
            if too_few.is_empty() { "no seizure".into() } else { too_few.join(", ") }
        )));
    }
    let without: Vec<String> = others.iter().map(|(person, _)| person.clone()).collect();
    let dataset = dataset.without(&without);
    // The stretches have new numbers now.
    let (divisions, _) = divide(&dataset);
    let of: BTreeMap<&str, &Division> =
        divisions.iter().map(|division| (division.person.as_str(), division)).collect();
    let later =
        |person: &str, second| of.get(person).is_some_and(|division| division.later.contains(&second));
    let later_unjudged =
        |recording: usize| divisions.iter().any(|division| division.later_unjudged.contains(&recording));
    let scored = Part { second: &later, unjudged: &later_unjudged };
    let unjudged = told_of_unjudged(&dataset);
    let strangers = told_of_strangers(&dataset.people(), networks.all());
    let dealt = Dealt::of(&dataset, &networks);
    let pick: Pick<'_> = &|named: &[Named], person| dealt.pick(named, person);
    let disordered = told_of_order(&dataset);
    let config = AutoencoderConfig { signal, ..AutoencoderConfig::default() };
    let fit = AutoencoderFit::default();
    let autoencoding = Autoencoding {
        of: "the earlier recordings",
        config: config.clone(),
        judge: &|person, seconds| {
            let earlier = of.get(person).map_or(&[][..], |division| &division.earlier);
            Ok(later_opinions(&dataset, person, earlier, seconds, &config, &fit)?)
        },
    };
    let mut judged = protocol.judgements(&dataset, &networks, pick, &scored, &autoencoding)?;
    let folds = folds(&judged.three_class);
    let unchosen = settings_can_be_chosen(&dataset, &folds)?;
    let everything = |named: &[Named]| {
        let judged = protocol.judge(&dataset, named, "earlier recordings", pick, &[1.0]);
        judged.map(|people| Part { unjudged: &later_unjudged, ..Part::WHOLE }.of(people))
    };
    let trees = TreeOpinions::of(&dataset, &everything(&networks.three_class)?, &folds)?;
    let kinds = [("three-class", &networks.three_class)].into_iter();
    for (kind, named) in kinds.chain(networks.also.iter().map(|(label, named)| (label.as_str(), named))) {
        judged.variants.push(Variant {
            name: format!("{kind}, weighed"),
            description: format!(
                "the networks of \"{kind}\", rhythm trees and line length, each with a weight of the patient's own"
            ),
            on_trial: false,
            people: weighed(&dataset, &everything(named)?, &trees, &folds, &later),
            changed: Changed::default(),
        });
    }
    // VGG-16 has no single last layer.
    let vgg = |(_, network): &Named| matches!(network.config().architecture, Architecture::Vgg16);
    let also = networks.also.iter().filter(|(_, named)| !named.iter().any(vgg));
    let also = also.map(|(label, named)| (label.as_str(), named));
    let mut unchanged = Vec::new();
    for (kind, named) in [("three-class", &networks.three_class)].into_iter().chain(also) {
        let (people, unchanged_here) = adapt(&protocol, &dataset, (named, pick), &judged.three_class, &of)?;
        judged.variants.push(Variant {
            name: format!("{kind}, adapted"),
            description: format!(
                "the networks of \"{kind}\", the last layer adapted to the patient's earlier recordings"
            ),
            on_trial: false,
            people,
            changed: Changed::default(),
        });
        if !unchanged_here.is_empty() {
            let untried = |person: &&String| of[person.as_str()].earlier_with_seizure < 2;
            let (few, left): (Vec<&String>, Vec<&String>) = unchanged_here.iter().partition(untried);
            let names =
                |people: &[&String]| people.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            if !left.is_empty() {
                unchanged.push(format!(
                    "Of \"{kind}\" the last layer was best left as it was for {}.",
                    names(&left)
                ));
            }
            if !few.is_empty() {
                unchanged.push(format!(
                    "Of \"{kind}\" the last layer was not adapted to {}: fewer than two of the earlier recordings hold a \
                     seizure, so that none can be left out to see whether adapting helps.",
                    names(&few)
                ));
            }
        }
    }
    let comparison = protocol.comparison();
    let methods = protocol.score(&dataset, judged, &folds, &comparison, &|_| true)?;
    let seizures = |count: fn(&Division) -> usize| divisions.iter().map(count).sum::<usize>();
    let mut how = vec![
        format!(
            "Of each person with {FEWEST_SEIZURES} seizures or more, the recordings up to half of the seizures (rounded \
             down) are the earlier part: {} seizures of {} people in all. Only the later part is scored: {} seizures. \
             No recording is divided.",
            seizures(|division| division.earlier_seizures),
            divisions.len(),
            seizures(|division| division.later_seizures)
        ),
        "The autoencoder is fitted on the seizure-free seconds of the earlier part. Networks are those of the \
         cross-person protocol, which have not seen the person."
            .into(),
        "An adapted network's last layer is fitted on the earlier part with its seizures. How hard it is pulled back to \
         the network as it was follows from leaving out each of the earlier recordings with a seizure in turn."
            .into(),
        "Where opinions are weighed, three weights that are not negative - of the network's log-odds, of those of rhythm \
         trees, and of the line length - and a constant are fitted on the earlier part with its seizures, pulled back to the \
         network alone. How hard is what ranks the later seconds of the other folds' people best."
            .into(),
        "The settings of alarms are chosen on the later parts of other people, of other folds.".into(),
    ];
    how.extend(told_of_dealt(&dealt));
    how.extend(unchanged);
    let mut limits = vec![LEAK.to_string()];
    limits.extend(strangers);
    limits.extend(disordered);
    limits.extend(unchosen);
    if !too_few.is_empty() {
        limits.push(format!(
            "Not scored, since their recordings do not divide into an earlier part and a later one with {FEWEST_SEIZURES} \
             seizures in all (seizures): {}.",
            too_few.join(", ")
        ));
    }
    limits.extend(unjudged);
    limits.extend(short_recordings(&dataset));
    let data = vec![summary(&args.data, &dataset, &scored)];
    let title = "A patient's later recordings, after a fit to the earlier ones".to_string();
    let told = Told { protocol: "within-patient", title, how, data, about, limits };
    let report = protocol.report(told, &comparison, methods);
    protocol.finish(&[(None, report)])
}

/// What some networks say of the scored seconds once they are adapted, and for whom nothing was changed.
fn adapt(
    protocol: &Protocol<'_>,
    dataset: &Dataset,
    (networks, pick): (&[Named], Pick<'_>),
    people: &[JudgedPerson],
    of: &BTreeMap<&str, &Division>,
) -> Result<(Vec<JudgedPerson>, Vec<String>), CliError> {
    let bar = progress_bar("adapting", "people");
    bar.set_length(people.len() as u64);
    let mut unchanged = Vec::new();
    let mut adapted = Vec::new();
    for person in people {
        let Some((name, network)) = pick(networks, &person.person)? else { continue };
        let earlier = of.get(person.person.as_str()).map_or(&[][..], |division| &division.earlier);
        let seconds: Vec<_> = person.seconds.iter().map(|judged| judged.second).collect();
        let key = json!({
            "adapted": network.digest(), "fitted": earlier.len(), "judged": seconds.len(),
            "recordings": recordings_of(dataset, &person.person),
        });
        let (penalty, probabilities): (Option<f32>, Vec<[f32; 3]>) = protocol.kept().get_or(&key, || {
            let opinions = adapted_opinions(dataset, network, earlier, &seconds)?;
            Ok::<_, CliError>((opinions.penalty, opinions.probabilities))
        })?;
        if penalty.is_none() {
            unchanged.push(person.person.clone());
        }
        let seconds = person.seconds.iter().zip(probabilities).map(|(judged, probabilities)| JudgedSecond {
            opinion: Some(Opinion { ae_error: None, ae_flag: None, probabilities }),
            ..*judged
        });
        adapted.push(JudgedPerson {
            seconds: seconds.collect(),
            unjudged: person.unjudged.clone(),
            model: name.clone(),
            person: person.person.clone(),
        });
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok((adapted, unchanged))
}
