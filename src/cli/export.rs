//! `vigil export`: a span of a bed's record as EDF+, and its alarms as a table.

use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use crate::record::RecordedSpan;

/// Turn a span of a bed's record into EDF+ with annotations, and a table of its alarms
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The record's folder, as vigil.toml names it
    #[arg(long, value_name = "DIR")]
    record: PathBuf,
    /// The bed
    #[arg(long, value_name = "NAME")]
    bed: String,
    /// Where the span begins: a time like 2026-11-23T20:15:00Z; without it, at the beginning
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_hyphen_values = true)]
    from: Option<f64>,
    /// Where it ends; without it, at the end
    #[arg(long, value_name = "TIME", value_parser = parse_time, allow_hyphen_values = true)]
    to: Option<f64>,
    /// The EDF+ file to write
    #[arg(long, value_name = "FILE", required_unless_present = "events")]
    out: Option<PathBuf>,
    /// The table of alarms to write, as SzCORE defines it
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
}

/// A moment with its offset from UTC, in seconds since 1970.
fn parse_time(text: &str) -> Result<f64, String> {
    text.parse::<jiff::Timestamp>()
        .map(|at| at.as_millisecond() as f64 / 1e3)
        .map_err(|_| "expected a time with its offset from UTC, like 2026-11-23T20:15:00Z".to_string())
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &ExportArgs) -> Result<(), CliError> {
    let (from, to) = (args.from.unwrap_or(f64::MIN), args.to.unwrap_or(f64::MAX));
    if from >= to {
        return Err(CliError::Usage("--from lies behind --to".into()));
    }
    let span = RecordedSpan::open(&args.record, &args.bed, from, to)?;
    let exported = span.export(args.out.as_deref(), args.events.as_deref())?;
    for left_out in &exported.left_out {
        warn!("left out: {left_out}");
    }
    say!(
        "bed {} from {}Z: {:.0} s of signal within {:.0} s, {} alarms",
        args.bed,
        exported.start.strftime("%Y-%m-%dT%H:%M:%S"),
        exported.signal_s,
        exported.duration_s,
        exported.events.len()
    );
    if let Some(path) = &args.out {
        say!("{}: rounded to 16 bits, at most {:.3} off", path.display(), exported.rounding);
    }
    if let Some(path) = &args.events {
        say!("{}", path.display());
    }
    Ok(())
}
