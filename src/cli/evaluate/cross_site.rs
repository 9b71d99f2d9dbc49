//! `vigil evaluate cross-site`: networks of one data set score the people of another, then the other way round.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::error::CliError;
use super::super::labelled::labelled;
use super::networks::{Named, NetworkArgs, Networks, conditioned_alike};
use super::part::{Part, short_recordings, summary};
use super::protocol::{Autoencoding, Protocol, ProtocolArgs, Told};
use super::unjudged::told_of_unjudged;
use crate::dataset::{Dataset, DatasetError, LabelledRecording, People, may_be_one, refuse_twice};
use crate::evaluate::report::ProtocolReport;
use crate::evaluate::{FITTED_ON_OTHERS, Unjudged, first_unseen, same_windows, unjudged};
use crate::model::AutoencoderConfig;
use crate::train::{AutoencoderFit, cross_fitted_opinions};

/// Train on one data set, test on another, then swap
#[derive(Debug, Args)]
pub struct CrossSiteArgs {
    /// Folder of one data set (BIDS tree or CHB-MIT folders)
    #[arg(long, value_name = "DIR")]
    first: PathBuf,
    /// Folder of the other
    #[arg(long, value_name = "DIR")]
    second: PathBuf,
    /// Three-class networks of the first data set: one for each fold, on whose people settings are chosen, and best one
    /// of everybody, which scores the other data set (else the one of most people does)
    #[arg(long, required = true, value_delimiter = ',', value_name = "NAME")]
    first_three_class: Vec<String>,
    /// Two-class networks of the first data set
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    first_two_class: Vec<String>,
    /// Two-class networks of the first data set, trained with hard negatives
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    first_hard_negatives: Vec<String>,
    /// Three-class networks of the second data set
    #[arg(long, required = true, value_delimiter = ',', value_name = "NAME")]
    second_three_class: Vec<String>,
    /// Two-class networks of the second data set
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    second_two_class: Vec<String>,
    /// Two-class networks of the second data set, trained with hard negatives
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    second_hard_negatives: Vec<String>,
    /// Subjects of the same name in both data sets are different people
    #[arg(long)]
    distinct_people: bool,
    #[command(flatten)]
    protocol: ProtocolArgs,
}

/// On what it rests that nobody is at both sites.
const SAME_BY_NAME: &str = "That nobody was trained on at one site and scored at the other rests on their names, and on no \
    recording being in both: somebody with two names, and other recordings under each, would not be noticed.";

/// One data set with what was trained on it.
struct Site {
    path: PathBuf,
    recordings: Vec<LabelledRecording>,
    people: BTreeSet<String>,
    networks: Networks,
}

impl Site {
    fn of(path: &Path, networks: Networks) -> Result<Site, CliError> {
        let recordings = labelled(&[path.to_path_buf()], &People::default())?;
        let people = recordings.iter().map(|recording| recording.person.clone()).collect();
        Ok(Site { path: path.to_path_buf(), recordings, people, networks })
    }

    /// Whether every network was trained on people of this site alone.
    fn check(&self) -> Result<(), CliError> {
        for (name, network) in self.networks.all() {
            let Some(stranger) = network
                .people()
                .iter()
                .find(|seen| !self.people.iter().any(|person| may_be_one(seen, person)))
            else {
                continue;
            };
            return Err(CliError::Usage(format!(
                "{name} is given as a network of {}, but was trained on {stranger}, who is not there: one person \
                 may be on both sides. Expected networks that were trained below that folder alone",
                self.path.display()
            )));
        }
        Ok(())
    }
}

/// Runs the protocol.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &CrossSiteArgs) -> Result<(), CliError> {
    let protocol = Protocol::begin(&args.protocol)?;
    let names = [
        NetworkArgs::of(&args.first_three_class, &args.first_two_class, &args.first_hard_negatives),
        NetworkArgs::of(&args.second_three_class, &args.second_two_class, &args.second_hard_negatives),
    ];
    let first = Site::of(&args.first, protocol.networks(&names[0])?)?;
    let mut second = Site::of(&args.second, protocol.networks(&names[1])?)?;
    first.check()?;
    second.check()?;
    same_windows(&first.networks.all().chain(second.networks.all()).cloned().collect::<Vec<_>>())?;
    conditioned_alike(first.networks.all().chain(second.networks.all()), protocol.mains())?;
    refuse_overlap(args, &first, &second)?;
    // From here on names are unique; networks know the second data set's people by the names that they had.
    let renamed: BTreeMap<String, String> = second
        .people
        .iter()
        .map(|person| {
            let taken = first.people.contains(person);
            (if taken { format!("{person} (second)") } else { person.clone() }, person.clone())
        })
        .collect();
    for recording in &mut second.recordings {
        if first.people.contains(&recording.person) {
            recording.person = format!("{} (second)", recording.person);
        }
    }
    let recordings = first.recordings.iter().chain(&second.recordings).cloned().collect();
    let dataset = protocol.dataset(recordings, &first.networks.signal())?;
    told_of_unjudged(&dataset);
    let is_second = |person: &str| renamed.contains_key(person);
    let forth = Direction { from: &first, to: &second, is_scored: &is_second, name_at_home: &str::to_string };
    let home = |person: &str| renamed.get(person).cloned().unwrap_or_else(|| person.to_string());
    let is_first = |person: &str| !is_second(person);
    let back = Direction { from: &second, to: &first, is_scored: &is_first, name_at_home: &home };
    let reports = [
        (Some("first-on-second"), forth.report(&protocol, &dataset)?),
        (Some("second-on-first"), back.report(&protocol, &dataset)?),
    ];
    protocol.finish(&reports)
}

fn refuse_overlap(args: &CrossSiteArgs, first: &Site, second: &Site) -> Result<(), CliError> {
    let both = first.recordings.iter().chain(&second.recordings);
    let both: Vec<&Path> = both.map(|recording| recording.path.as_path()).collect();
    match refuse_twice(&both) {
        Err(DatasetError::Twice { first, second }) => {
            return Err(CliError::Usage(format!(
                "{} is in both data sets, there as {}; expected two without a recording in common",
                first.display(),
                second.display()
            )));
        }
        other => other?,
    }
    match second.people.iter().find(|person| first.people.contains(*person)) {
        Some(person) if !args.distinct_people => Err(CliError::Usage(format!(
            "{person} is in {} and in {}: one person on both sides would be scored on what was learnt of them. \
             If these are two people of one name, say --distinct-people",
            first.path.display(),
            second.path.display()
        ))),
        _ => Ok(()),
    }
}

/// From one site to the other.
struct Direction<'a> {
    from: &'a Site,
    to: &'a Site,
    /// Whether a person is of the scored site.
    is_scored: &'a (dyn Fn(&str) -> bool + Sync),
    /// The name by which networks know a person of the site that they come from.
    name_at_home: &'a (dyn Fn(&str) -> String + Sync),
}

impl Direction<'_> {
    fn report(&self, protocol: &Protocol<'_>, dataset: &Dataset) -> Result<ProtocolReport, CliError> {
        let unjudged = unjudged(dataset);
        let signal = self.from.networks.signal();
        let config = AutoencoderConfig { signal, ..AutoencoderConfig::default() };
        let fit = AutoencoderFit::default();
        let autoencoding = Autoencoding {
            of: "the other half",
            config: config.clone(),
            judge: &|person, seconds| Ok(cross_fitted_opinions(dataset, person, seconds, &config, &fit)?),
        };
        let judged = protocol.judgements(
            dataset,
            &self.from.networks,
            &|networks: &[Named], person| {
                if (self.is_scored)(person) {
                    return Ok(networks.iter().max_by_key(|(_, network)| network.people().len()));
                }
                // Whom all of them have seen is no help in choosing settings.
                Ok(first_unseen(networks, &(self.name_at_home)(person)).ok())
            },
            &Part::WHOLE,
            &autoencoding,
        )?;
        let folds: BTreeMap<String, usize> = judged
            .three_class
            .iter()
            .map(|person| (person.person.clone(), usize::from((self.is_scored)(&person.person))))
            .collect();
        let at_home = || judged.three_class.iter().filter(|person| !(self.is_scored)(&person.person));
        if at_home().next().is_none() {
            return Err(CliError::Usage(format!(
                "every network of {} was trained on all of its people, so that no settings can be chosen there; add \
                 networks of folds (vigil train --fold K/N)",
                self.from.path.display()
            )));
        }
        if !at_home().flat_map(|person| &person.seconds).any(|judged| judged.seizure) {
            let people: Vec<&str> = at_home().map(|person| person.person.as_str()).collect();
            return Err(CliError::Usage(format!(
                "of the people of {} some network has not seen {} alone, who has no seizure, so that no settings can be chosen \
                 there; add networks of folds (vigil train --fold K/N)",
                self.from.path.display(),
                people.join(", ")
            )));
        }
        let comparison = protocol.comparison();
        let mut methods =
            protocol.score(dataset, judged, &folds, &comparison, &|person| (self.is_scored)(person))?;
        methods.retain(|method| !FITTED_ON_OTHERS.contains(&method.name.as_str()));
        let (from, to) = (self.from.path.display(), self.to.path.display());
        let how = vec![
            format!(
                "Networks were trained on {from} alone and score the people of {to}: of each kind the network that was \
                 trained on most people."
            ),
            format!("The settings of alarms are chosen on people of {from} whom some network has not seen."),
            "A person's own autoencoder judges only seconds of the half of the recordings that it was not fitted on."
                .into(),
        ];
        let scored = Part {
            second: &|person, _| (self.is_scored)(person),
            unjudged: &|recording| (self.is_scored)(&dataset.recordings[recording].person),
        };
        let data = vec![summary(std::slice::from_ref(&self.to.path), dataset, &scored)];
        let title = format!("Trained on {from}, tested on {to}");
        let mut limits = vec![SAME_BY_NAME.to_string()];
        limits.push(
            "Rhythm trees, calibrated probabilities and suppressors are no part of this: beside the networks of one site they \
             could be fitted on the scored people alone, and settings would follow from these people's marks."
                .into(),
        );
        limits.extend(unjudged.iter().filter(|one| (self.is_scored)(&one.person)).map(Unjudged::told));
        limits.extend(short_recordings(dataset));
        Ok(protocol.report(
            Told { protocol: "cross-site", title, how, data, about: None, limits },
            &comparison,
            methods,
        ))
    }
}
