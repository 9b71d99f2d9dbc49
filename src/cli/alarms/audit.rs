//! `vigil alarms audit`.

use clap::Args;

use super::{Period, Place};
use crate::alarm::log::{AuditQuery, PAGE};
use crate::cli::error::CliError;

/// Show the log entry by entry, the latest first: who did what, and when
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// What this person did; the daemon's own entries are of `vigil`
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// One bed's entries alone
    #[arg(long)]
    bed: Option<String>,
    /// One alarm's entries alone
    #[arg(long)]
    alarm: Option<String>,
    /// Entries before this number
    #[arg(long, value_name = "SEQ")]
    before: Option<i64>,
    /// How many: at most 500
    #[arg(long, default_value_t = PAGE, value_name = "COUNT")]
    limit: u32,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    place: Place,
}

/// Prints a page of the audit.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &AuditArgs) -> Result<(), CliError> {
    let log = args.place.open()?;
    let (from, until) = args.period.ends()?;
    let page = log.audit(&AuditQuery {
        from_us: Some(from),
        until_us: Some(until),
        who: args.who.clone(),
        bed: args.bed.clone(),
        alarm: args.alarm.clone(),
        before: args.before,
        limit: args.limit,
    })?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&page).unwrap_or_default());
        return Ok(());
    }
    if page.entries.is_empty() {
        say!("no entry");
    }
    for entry in &page.entries {
        let about = entry.alarm.as_deref().unwrap_or(if entry.bed.is_empty() { "ward" } else { &entry.bed });
        say!("{:>6}  {}  {:<12} {about}  {}", entry.seq, entry.time, entry.who, entry.what);
    }
    if let Some(next) = page.next {
        say!("more: --before {next}");
    }
    Ok(())
}
