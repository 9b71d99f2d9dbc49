//! Copies of the log, and whether it is sound.

use std::path::PathBuf;

use clap::Args;

use super::Place;
use crate::alarm::log::restore;
use crate::cli::error::CliError;

/// Copy the log; the daemon may go on writing
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The copy
    to: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Take a copy back: what the log lacks is added, nothing is lost, a damaged log is set aside; the daemon may run
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The copy
    from: PathBuf,
    #[command(flatten)]
    place: Place,
}

/// Look through the whole log for damage
#[derive(Debug, Args)]
pub struct CheckArgs {
    #[command(flatten)]
    place: Place,
}

/// Copies.
///
/// # Errors
/// [`CliError`].
pub fn backup(args: &BackupArgs) -> Result<(), CliError> {
    let log = args.place.open()?;
    log.back_up(&args.to)?;
    say!("wrote {}: {} entries", args.to.display(), log.entries()?.len());
    Ok(())
}

/// Takes back.
///
/// # Errors
/// [`CliError`].
pub fn restore_from(args: &RestoreArgs) -> Result<(), CliError> {
    let (path, _) = args.place.path()?;
    let merged = restore(&path, &args.from)?;
    if let Some(aside) = &merged.set_aside {
        say!("the damaged log lies in {} now", aside.display());
    }
    say!("{}: {} entries added, {} were there", path.display(), merged.added, merged.known);
    Ok(())
}

/// Checks.
///
/// # Errors
/// [`CliError`].
pub fn check(args: &CheckArgs) -> Result<(), CliError> {
    let log = args.place.open()?;
    log.check()?;
    say!("{}: sound, {} entries", log.path().display(), log.entries()?.len());
    for waiting in log.waiting_by_channel()? {
        say!(
            "  channel {}: {} messages wait, {} were given up",
            waiting.channel,
            waiting.messages,
            waiting.given_up
        );
    }
    Ok(())
}
