//! `vigil serve`: the daemon.

use std::path::PathBuf;

use clap::Args;
use tracing_subscriber::EnvFilter;

use super::error::CliError;
use crate::config::WardConfig;
use crate::daemon;

/// Watch the beds of a ward, for weeks
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// The ward's configuration
    #[arg(long, default_value = "vigil.toml", value_name = "FILE")]
    config: PathBuf,
    /// Write the log as JSON, one object a line
    #[arg(long)]
    json_log: bool,
}

impl ServeArgs {
    /// For a configuration.
    pub fn of(config: PathBuf) -> ServeArgs {
        ServeArgs { config, json_log: false }
    }
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &ServeArgs) -> Result<(), CliError> {
    let config = WardConfig::load(&args.config)?;
    log_to_stderr(args.json_log);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(std::thread::available_parallelism().map_or(2, |cores| cores.get().min(4)))
        .thread_name("ward")
        .enable_all()
        .build()
        .map_err(|source| daemon::DaemonError::Start { what: "the ward's threads", source })?;
    let ward = config.ward.name.clone();
    runtime.block_on(daemon::run(&args.config, config, |address| {
        tracing::info!(%ward, %address, "watching; research only, not a medical device");
    }))?;
    Ok(())
}

/// The daemon's log goes to standard error, where systemd takes it up.
fn log_to_stderr(json: bool) {
    let filter = EnvFilter::try_from_env("VIGIL_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log =
        tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(std::io::stderr);
    // A second initialisation, in a test, keeps the first.
    let _ = if json { log.json().flatten_event(true).try_init() } else { log.with_ansi(false).try_init() };
}
