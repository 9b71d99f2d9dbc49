//! `vigil evaluate`: how good it is, on people whom the networks were not trained on.

mod architectures;
mod changed;
mod cross_person;
mod cross_site;
mod dealt;
mod networks;
mod part;
mod print;
mod protocol;
mod seconds;
mod unjudged;
mod within_patient;

use clap::{Args, Subcommand};

use super::error::CliError;
pub(super) use networks::{conditioned_alike, told_of_strangers};

/// Score networks on people they were not trained on: second by second, or by a whole protocol
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct EvaluateArgs {
    #[command(subcommand)]
    protocol: Option<Protocol>,
    #[command(flatten)]
    seconds: Option<seconds::SecondsArgs>,
}

#[derive(Debug, Subcommand)]
enum Protocol {
    CrossPerson(cross_person::CrossPersonArgs),
    WithinPatient(within_patient::WithinPatientArgs),
    CrossSite(cross_site::CrossSiteArgs),
    Longitudinal(cross_person::LongitudinalArgs),
    Architectures(architectures::ArchitecturesArgs),
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &EvaluateArgs) -> Result<(), CliError> {
    match (&args.protocol, &args.seconds) {
        (Some(Protocol::CrossPerson(args)), _) => cross_person::run(args),
        (Some(Protocol::WithinPatient(args)), _) => within_patient::run(args),
        (Some(Protocol::CrossSite(args)), _) => cross_site::run(args),
        (Some(Protocol::Longitudinal(args)), _) => cross_person::run_longitudinal(args),
        (Some(Protocol::Architectures(args)), _) => architectures::run(args),
        (None, Some(args)) => seconds::run(args),
        (None, None) => Err(CliError::Usage("expected --data and --model, or a protocol".into())),
    }
}
