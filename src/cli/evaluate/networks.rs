//! The networks that a protocol compares.

use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;

use super::super::error::CliError;
use super::super::mains::at_mains;
use crate::dataset::may_be_one;
use crate::evaluate::{EvaluateError, METHODS, same_windows};
use crate::model::{Classes, Classifier};
use crate::signal::{Mains, SignalConfig};
use crate::ward::cnn_path;

/// Names of networks, one list for each kind.
#[derive(Debug, Args)]
pub struct NetworkArgs {
    /// Three-class networks, one for each fold of people
    #[arg(long, required = true, value_delimiter = ',', value_name = "NAME")]
    three_class: Vec<String>,
    /// Two-class networks of the same folds
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    two_class: Vec<String>,
    /// Two-class networks of the same folds, trained with hard negatives
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    hard_negatives: Vec<String>,
    /// More networks of the same folds, trained in some other way, as LABEL=NAME,NAME,…; may be repeated
    #[arg(long, value_name = "LABEL=NAMES", value_parser = parse_variant)]
    also: Vec<Variant>,
    /// The label of those --also networks that the report is to be about; else it is about the three-class ones
    #[arg(long, value_name = "LABEL")]
    about: Option<String>,
}

impl NetworkArgs {
    /// The label of those networks that the report is to be about, if told.
    ///
    /// # Errors
    /// [`CliError::Usage`] where no other networks have that label, or two methods one name.
    pub fn about(&self) -> Result<Option<String>, CliError> {
        let labels: Vec<&str> = self.also.iter().map(|variant| variant.label.as_str()).collect();
        let mut taken: BTreeSet<&str> = METHODS.into_iter().collect();
        if let Some(label) = labels.iter().find(|label| !taken.insert(label)) {
            return Err(CliError::Usage(format!(
                "--also {label:?}: that is the name of another method; expected a label of its own"
            )));
        }
        let Some(about) = self.about.as_deref().filter(|about| !labels.contains(about)) else {
            return Ok(self.about.clone());
        };
        let there_are = match labels.as_slice() {
            [] => "and there is none".to_string(),
            labels => format!("one of: {}", labels.join("; ")),
        };
        Err(CliError::Usage(format!(
            "--about {about:?}: expected the label of other networks (--also), {there_are}"
        )))
    }

    /// From lists of names alone.
    pub fn of(three_class: &[String], two_class: &[String], hard_negatives: &[String]) -> NetworkArgs {
        NetworkArgs {
            three_class: three_class.to_vec(),
            two_class: two_class.to_vec(),
            hard_negatives: hard_negatives.to_vec(),
            also: Vec::new(),
            about: None,
        }
    }
}

/// Networks that were trained in some other way.
#[derive(Debug, Clone)]
struct Variant {
    label: String,
    names: Vec<String>,
}

fn parse_variant(text: &str) -> Result<Variant, String> {
    text.split_once('=')
        .map(|(label, names)| Variant {
            label: label.trim().to_string(),
            names: names.split(',').map(str::to_string).collect(),
        })
        .filter(|variant| !variant.label.is_empty() && variant.names.iter().all(|name| !name.is_empty()))
        .ok_or_else(|| "expected LABEL=NAME,NAME,… as longer=long-1,long-2,long-3".to_string())
}

/// A network and its name.
pub type Named = (String, Classifier);

/// The networks of a protocol.
pub struct Networks {
    /// Those that tell three classes apart.
    pub three_class: Vec<Named>,
    /// Those that tell seizure from the rest.
    pub two_class: Vec<Named>,
    /// The same, trained with hard negatives.
    pub hard_negatives: Vec<Named>,
    /// Others, each kind with its label.
    pub also: Vec<(String, Vec<Named>)>,
    signal: SignalConfig,
}

impl Networks {
    /// Reads networks; all must see the same windows. `mains` takes the place of their own, if it is told.
    ///
    /// # Errors
    /// [`CliError`] where one is missing, damaged or of another configuration.
    pub fn load(models: &Path, names: &NetworkArgs, mains: Option<Mains>) -> Result<Networks, CliError> {
        let load = |names: &[String]| -> Result<Vec<Named>, CliError> {
            names.iter().map(|name| Ok((name.clone(), Classifier::load(&cnn_path(models, name))?))).collect()
        };
        let also = names.also.iter().map(|variant| Ok((variant.label.clone(), load(&variant.names)?)));
        let mut networks = Networks {
            three_class: load(&names.three_class)?,
            two_class: load(&names.two_class)?,
            hard_negatives: load(&names.hard_negatives)?,
            also: also.collect::<Result<_, CliError>>()?,
            signal: SignalConfig::default(),
        };
        for (option, named, classes) in [
            ("--three-class", &networks.three_class, Classes::Three),
            ("--two-class", &networks.two_class, Classes::Two),
            ("--hard-negatives", &networks.hard_negatives, Classes::Two),
        ] {
            if let Some((name, _)) = named.iter().find(|(_, network)| network.config().classes != classes) {
                return Err(CliError::Usage(format!(
                    "{option} {name}: expected a network of {} classes, and it has another number; --also takes either",
                    if classes == Classes::Two { "two" } else { "three" }
                )));
            }
        }
        // Variants may draw otherwise: only the signal is conditioned once for all.
        let compared = [&networks.three_class, &networks.two_class, &networks.hard_negatives];
        same_windows(&compared.into_iter().flatten().cloned().collect::<Vec<_>>())?;
        networks.signal = conditioned_alike(networks.all(), mains)?;
        Ok(networks)
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &Named> {
        let also = self.also.iter().flat_map(|(_, networks)| networks);
        self.three_class.iter().chain(&self.two_class).chain(&self.hard_negatives).chain(also)
    }

    /// How the signal is conditioned for all of them.
    pub fn signal(&self) -> SignalConfig {
        self.signal.clone()
    }
}

/// How the signal is conditioned for networks that are to see the same one: as they were trained, or with the mains that was
/// told.
///
/// # Errors
/// [`CliError`] where they condition it differently, and where only their mains differ and none was told.
pub fn conditioned_alike<'a>(
    networks: impl IntoIterator<Item = &'a Named>,
    mains: Option<Mains>,
) -> Result<SignalConfig, CliError> {
    let mut networks = networks.into_iter();
    let Some((first, network)) = networks.next() else {
        return Ok(SignalConfig::default().with_mains(mains));
    };
    let signal = at_mains(&network.config().signal, mains)?;
    for (name, other) in networks {
        let (own, wanted) = (&other.config().signal, &signal);
        if own.with_mains(mains) == *wanted {
            continue;
        }
        if own.with_mains(Some(wanted.mains_hz)) == *wanted {
            return Err(CliError::Usage(format!(
                "{first} was trained with mains_hz = {}, {name} with {}; say where these people were recorded, as --mains 50",
                u32::from(wanted.mains_hz),
                u32::from(own.mains_hz)
            )));
        }
        return Err(EvaluateError::DifferentWindows { first: first.clone(), second: name.clone() }.into());
    }
    Ok(signal)
}

/// Warns where the networks know people and nobody of the scored data is among them, by name; the same for a report. That a
/// person was not trained on is told by the name alone, and data sets are handed on with other names.
pub fn told_of_strangers<'a>(
    people: &[String],
    networks: impl IntoIterator<Item = &'a Named>,
) -> Option<String> {
    let known: BTreeSet<&str> =
        networks.into_iter().flat_map(|(_, network)| network.people()).map(String::as_str).collect();
    if known.is_empty() || people.iter().any(|person| known.iter().any(|seen| may_be_one(seen, person))) {
        return None;
    }
    let words = "Nobody of these data is among the people whom these networks know, and people are told apart by name alone. If \
                 these recordings may be of the same people under other names, the figures are not of unseen people.";
    warn!("warning: {words}");
    Some(words.to_string())
}

/// Which of some networks judges a person, if any.
pub type Pick<'a> =
    &'a (dyn for<'n> Fn(&'n [Named], &str) -> Result<Option<&'n Named>, EvaluateError> + Sync);
