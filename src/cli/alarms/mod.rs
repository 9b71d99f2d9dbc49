//! `vigil alarms`: the log of alarms, and the rates that come out of it.

mod acts;
mod agreement;
mod audit;
mod keep;
mod list;
mod rate;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::error::CliError;
use crate::alarm::log::log_path;
use crate::alarm::message::Routing;
use crate::alarm::request::time;
use crate::alarm::{AlarmLog, LogError};
use crate::channel::ChannelConfig;
use crate::config::WardConfig;

/// Look into the log of alarms, judge alarms, and measure the false alarm rate
#[derive(Debug, Args)]
pub struct AlarmsArgs {
    #[command(subcommand)]
    what: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(list::ListArgs),
    Show(list::ShowArgs),
    Export(list::ExportArgs),
    Rate(rate::RateArgs),
    Agreement(agreement::AgreementArgs),
    Audit(audit::AuditArgs),
    Acknowledge(acts::AcknowledgeArgs),
    Pause(acts::PauseArgs),
    Review(acts::ReviewArgs),
    Missed(acts::MissedArgs),
    Withdraw(acts::WithdrawArgs),
    Maintenance(acts::MaintenanceArgs),
    Backup(keep::BackupArgs),
    Restore(keep::RestoreArgs),
    Check(keep::CheckArgs),
}

/// Whose log.
#[derive(Debug, Args)]
struct Place {
    /// The ward's configuration, which says where the log lies and who is told
    #[arg(long, default_value = "vigil.toml", value_name = "FILE")]
    config: PathBuf,
    /// The daemon's folder, instead of a configuration; nobody is told of anything then
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    state: Option<PathBuf>,
}

impl Place {
    fn path(&self) -> Result<(PathBuf, Routing), CliError> {
        match &self.state {
            Some(state) => Ok((log_path(state), Routing::default())),
            None => {
                let config = WardConfig::load(&self.config)?;
                let routes = config.channel.iter().map(ChannelConfig::route).collect();
                Ok((log_path(&config.ward.state), Routing { routes }))
            }
        }
    }

    fn open(&self) -> Result<AlarmLog, CliError> {
        let (path, routing) = self.path()?;
        Ok(AlarmLog::open_existing(&path)?.with_routing(routing))
    }
}

/// A time span.
#[derive(Debug, Args)]
struct Period {
    /// From this moment on (2026-11-24T03:00:00Z, or a day)
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this moment
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl Period {
    fn ends(&self) -> Result<(i64, i64), LogError> {
        let end = |name, text: &Option<String>, otherwise| {
            text.as_deref().map_or(Ok(otherwise), |text| time(name, text))
        };
        Ok((end("--from", &self.from, i64::MIN)?, end("--until", &self.until, i64::MAX)?))
    }
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &AlarmsArgs) -> Result<(), CliError> {
    match &args.what {
        Command::List(args) => list::list(args),
        Command::Show(args) => list::show(args),
        Command::Export(args) => list::export(args),
        Command::Rate(args) => rate::run(args),
        Command::Agreement(args) => agreement::run(args),
        Command::Audit(args) => audit::run(args),
        Command::Acknowledge(args) => acts::acknowledge(args),
        Command::Pause(args) => acts::pause(args),
        Command::Review(args) => acts::review(args),
        Command::Missed(args) => acts::missed(args),
        Command::Withdraw(args) => acts::withdraw(args),
        Command::Maintenance(args) => acts::maintenance(args),
        Command::Backup(args) => keep::backup(args),
        Command::Restore(args) => keep::restore_from(args),
        Command::Check(args) => keep::check(args),
    }
}
