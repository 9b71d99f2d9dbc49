//! The alarms, one alarm, and the log for other programs.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Period, Place};
use crate::alarm::entry::What;
use crate::alarm::export::csv;
use crate::alarm::log::{AlarmRecord, Held, Mark};
use crate::alarm::moment::{Clocks, wall_text};
use crate::alarm::state::AlarmKind;
use crate::cli::error::CliError;
use crate::durable::replace_file;

/// List alarms, the latest last
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Those alone that last or wait for somebody
    #[arg(long)]
    open: bool,
    /// Seizure alarms alone that nobody has judged
    #[arg(long)]
    unreviewed: bool,
    /// Technical alarms, too
    #[arg(long)]
    technical: bool,
    /// Instead of alarms, the seizures that somebody marked as missed
    #[arg(long, conflicts_with_all = ["open", "unreviewed", "technical"])]
    missed: bool,
    /// One bed's alone
    #[arg(long)]
    bed: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    place: Place,
}

/// Show one alarm with everything that happened to it
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The alarm
    alarm: String,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// Alarms, one a line, for tables
    Csv,
    /// Every entry of the log, one JSON object a line
    Jsonl,
}

/// Write the log for other programs
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// What to write
    #[arg(long, value_enum, default_value = "csv")]
    format: Format,
    /// The file
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    place: Place,
}

/// Lists.
///
/// # Errors
/// [`CliError`].
pub fn list(args: &ListArgs) -> Result<(), CliError> {
    let log = args.place.open()?;
    let (from, until) = args.period.ends()?;
    if args.missed {
        return list_missed(args, log.marks(from, until)?);
    }
    let now = Clocks::here().now();
    let held = if args.open { log.open_alarms()? } else { log.alarms(from, until)? };
    let wanted = |held: &&Held| {
        (args.technical || args.open || held.kind() == AlarmKind::Seizure)
            && (!args.unreviewed || (held.kind() == AlarmKind::Seizure && held.review.is_none()))
            && args.bed.as_ref().is_none_or(|bed| *bed == held.bed)
    };
    let records: Vec<AlarmRecord> = held.iter().filter(wanted).map(|held| held.record(&now)).collect();
    if args.json {
        say!("{}", serde_json::to_string_pretty(&records).unwrap_or_default());
        return Ok(());
    }
    if records.is_empty() {
        say!("no alarm");
    }
    for record in &records {
        let bed = if record.bed.is_empty() { "ward" } else { &record.bed };
        let review = match (&record.review, record.kind) {
            (Some(review), _) => review.review.judgement.name(),
            (None, AlarmKind::Seizure) => "unreviewed",
            (None, AlarmKind::Technical) => "",
        };
        let what = if record.kind == AlarmKind::Seizure { &record.patient } else { &record.detail };
        say!(
            "{}  {:<9} {:<12} {:<13} {:<11} {}  {what}",
            record.raised,
            record.kind.name(),
            bed,
            record.phase.name(),
            review,
            record.alarm
        );
    }
    Ok(())
}

fn list_missed(args: &ListArgs, mut marks: Vec<Mark>) -> Result<(), CliError> {
    marks.retain(|mark| args.bed.as_ref().is_none_or(|bed| *bed == mark.bed));
    if args.json {
        say!("{}", serde_json::to_string_pretty(&marks).unwrap_or_default());
        return Ok(());
    }
    if marks.is_empty() {
        say!("no seizure is marked as missed");
    }
    for mark in &marks {
        let (onset, offset) = (wall_text(mark.onset_us), wall_text(mark.offset_us));
        say!(
            "{onset} to {offset}  {}  {}  by {}  {}  {}",
            mark.bed,
            mark.patient,
            mark.by,
            mark.mark,
            mark.note
        );
    }
    Ok(())
}

/// Shows.
///
/// # Errors
/// [`CliError`].
pub fn show(args: &ShowArgs) -> Result<(), CliError> {
    let log = args.place.open()?;
    let history = log.history(&args.alarm)?;
    let now = Clocks::here().now();
    if let Some(held) = Held::fold(&history) {
        let record = held.record(&now);
        say!("{}: {}", record.alarm, record.detail);
        say!("  bed {}, patient {}, {} now", record.bed, record.patient, record.phase);
        if let Some(onset) = &record.onset {
            say!("  onset {onset}, detector {}", record.detector.get(..12).unwrap_or(&record.detector));
        }
    }
    for logged in &history {
        let entry = &logged.entry;
        let what = match &entry.what {
            What::Seizure { .. } => "raised".to_string(),
            What::Technical { detail, .. } => format!("raised: {detail}"),
            What::Ended { detail, .. } if detail.is_empty() => "ended".into(),
            What::Ended { detail, .. } => format!("ended: {detail}"),
            What::AudioPaused { for_s } => format!("sound paused for {for_s} s"),
            What::Escalated { to } => format!("escalated to {to}"),
            What::Delivered { channel, attempts, .. } => format!("taken by {channel}, attempt {attempts}"),
            What::Undelivered { channel, attempts, reason, .. } => {
                format!("given up by {channel} after {attempts} attempts: {reason}")
            }
            What::Reviewed(review) => format!("reviewed: {} {}", review.judgement.name(), review.note),
            What::SecondReading(review) => {
                format!("read a second time: {} {}", review.judgement.name(), review.note)
            }
            other => other.name().to_string(),
        };
        say!("  {:>6}  {}  {:<10} {what}", logged.seq, entry.at.text(), entry.who);
    }
    Ok(())
}

/// Exports.
///
/// # Errors
/// [`CliError`].
pub fn export(args: &ExportArgs) -> Result<(), CliError> {
    let log = args.place.open()?;
    let (from, until) = args.period.ends()?;
    let text = match args.format {
        Format::Csv => {
            let now = Clocks::here().now();
            let alarms = log.alarms(from, until)?;
            csv(&alarms.iter().map(|held| held.record(&now)).collect::<Vec<_>>())
        }
        Format::Jsonl => {
            let entries = log.entries()?.into_iter().map(|logged| logged.entry);
            entries
                .filter(|entry| (from..until).contains(&entry.at.wall_us))
                .map(|entry| serde_json::to_string(&entry).unwrap_or_default() + "\n")
                .collect()
        }
    };
    replace_file(&args.out, |file| file.write_all(text.as_bytes()))
        .map_err(|source: std::io::Error| CliError::Unwritable { path: args.out.clone(), source })?;
    say!("wrote {}", args.out.display());
    Ok(())
}
