//! `vigil check`: would the daemon start, and could every bed be watched?

use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use crate::channel::Channel;
use crate::config::{PatientId, WardConfig, is_writable};
use crate::ward::Models;

/// Check the ward's configuration, its patients and their models
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The ward's configuration
    #[arg(long, default_value = "vigil.toml", value_name = "FILE")]
    config: PathBuf,
}

/// Runs the subcommand. A bed that cannot be watched is told, and does not fail the check: the daemon
/// watches the others.
///
/// # Errors
/// [`CliError`] for what would keep the daemon from starting, or from watching any bed.
pub fn run(args: &CheckArgs) -> Result<(), CliError> {
    let config = WardConfig::load(&args.config)?;
    crate::web::port::check(&config.http)?;
    let mut models = Models::default();
    let mut failed = None;
    let mut watched = 0;
    for bed in &config.bed {
        let id = PatientId::new(&bed.patient)?;
        let loaded = models.watched(&config.ward.patients, &config.ward.models, &id);
        let opened = bed.source.open();
        match (loaded, opened) {
            (Ok(patient), Ok(source)) => {
                watched += 1;
                let whose =
                    if patient.shared { "the shared autoencoder" } else { "the patient's own autoencoder" };
                say!("bed {}: patient {id}, {}, {whose}", bed.name, source.describe());
                for remark in patient.remarks() {
                    warn!("bed {}: {remark}", bed.name);
                }
                if patient.shared && !is_writable(&config.ward.patients, &id) {
                    warn!(
                        "bed {}: this account cannot write in {}, so the patient's own autoencoder could not \
                         be kept there: give the folder to the account that the daemon runs as",
                        bed.name,
                        id.folder(&config.ward.patients).display()
                    );
                }
            }
            (Err(error), _) => {
                warn!("bed {}: {error}", bed.name);
                failed.get_or_insert(CliError::from(error));
            }
            (_, Err(error)) => {
                warn!("bed {}: {error}", bed.name);
                failed.get_or_insert(CliError::from(error));
            }
        }
    }
    for channel in &config.channel {
        match Channel::new(channel) {
            Ok(_) => say!("channel {}: can be set up", channel.name),
            // The daemon watches all the same, and says that the channel is down.
            Err(error) => warn!("{error}"),
        }
    }
    say!("{}: {} of {} beds can be watched", args.config.display(), watched, config.bed.len());
    match failed {
        Some(error) if watched == 0 => Err(error),
        _ => Ok(()),
    }
}
