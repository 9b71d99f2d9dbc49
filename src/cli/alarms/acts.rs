//! What a person does with an alarm. The daemon may run: it sees what was done within a second.

use clap::{Args, ValueEnum};

use super::Place;
use crate::alarm::entry::{Entry, Judgement, What};
use crate::alarm::log::{Held, LogError};
use crate::alarm::moment::Clocks;
use crate::alarm::request::{MissedRequest, ReviewRequest, WithdrawRequest, somebody};
use crate::cli::error::CliError;

/// Take note of an alarm, in your own name: its sound ends, and it is not escalated
#[derive(Debug, Args)]
pub struct AcknowledgeArgs {
    /// The alarm
    alarm: String,
    /// Who you are
    #[arg(long)]
    by: String,
    #[command(flatten)]
    place: Place,
}

/// Turn an alarm's sound off for a while
#[derive(Debug, Args)]
pub struct PauseArgs {
    /// The alarm
    alarm: String,
    /// Who you are
    #[arg(long)]
    by: String,
    /// For how long
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    seconds: u32,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Judged {
    Seizure,
    FalseAlarm,
    Uncertain,
}

/// Judge an alarm
#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// The alarm
    alarm: String,
    /// What it was
    #[arg(value_enum)]
    judgement: Judged,
    /// Who you are
    #[arg(long)]
    by: String,
    /// What you have to say
    #[arg(long, default_value = "")]
    note: String,
    /// The seizure's true beginning
    #[arg(long, value_name = "TIME")]
    onset: Option<String>,
    /// The seizure's true end
    #[arg(long, value_name = "TIME")]
    offset: Option<String>,
    /// The seizure's type in the words of the ILAE
    #[arg(long, value_name = "TYPE")]
    seizure_type: Option<String>,
    /// Judge anew what was judged before; the earlier judgement stays in the log
    #[arg(long)]
    again: bool,
    /// Read a second time what another has judged; the first judgement is not shown, and stays what rates count
    #[arg(long)]
    second: bool,
    #[command(flatten)]
    place: Place,
}

/// Mark a seizure that no alarm told of
#[derive(Debug, Args)]
pub struct MissedArgs {
    /// The bed
    #[arg(long)]
    bed: String,
    /// Its beginning
    #[arg(long, value_name = "TIME")]
    onset: String,
    /// Its end
    #[arg(long, value_name = "TIME")]
    offset: String,
    /// Who you are
    #[arg(long)]
    by: String,
    /// What you have to say
    #[arg(long, default_value = "")]
    note: String,
    #[command(flatten)]
    place: Place,
}

/// Withdraw a mark of a missed seizure that was a mistake; it stays in the log
#[derive(Debug, Args)]
pub struct WithdrawArgs {
    /// The mark; `vigil alarms list --missed` shows them
    mark: String,
    /// Who you are
    #[arg(long)]
    by: String,
    /// What you have to say
    #[arg(long, default_value = "")]
    note: String,
    #[command(flatten)]
    place: Place,
}

/// Say that somebody works on a bed, or has finished: its time does not count meanwhile
#[derive(Debug, Args)]
pub struct MaintenanceArgs {
    /// The bed
    bed: String,
    /// It is finished
    #[arg(long)]
    end: bool,
    /// Who you are
    #[arg(long)]
    by: String,
    /// What is being done
    #[arg(long, default_value = "")]
    note: String,
    #[command(flatten)]
    place: Place,
}

/// Acknowledges.
///
/// # Errors
/// [`CliError`].
pub fn acknowledge(args: &AcknowledgeArgs) -> Result<(), CliError> {
    let mut log = args.place.open()?;
    let now = Clocks::here().now();
    log.append(&Entry::of_alarm(&args.alarm, &now, somebody(&args.by)?, What::Acknowledged))?;
    say!("{}: acknowledged by {}", args.alarm, args.by);
    Ok(())
}

/// Pauses the sound.
///
/// # Errors
/// [`CliError`].
pub fn pause(args: &PauseArgs) -> Result<(), CliError> {
    let mut log = args.place.open()?;
    let now = Clocks::here().now();
    let what = What::AudioPaused { for_s: args.seconds };
    log.append(&Entry::of_alarm(&args.alarm, &now, somebody(&args.by)?, what))?;
    say!("{}: sound paused for {} s by {}", args.alarm, args.seconds, args.by);
    Ok(())
}

/// Reviews.
///
/// # Errors
/// [`CliError`].
pub fn review(args: &ReviewArgs) -> Result<(), CliError> {
    let mut log = args.place.open()?;
    let held = Held::fold(&log.history(&args.alarm)?);
    let before = held.and_then(|held| if args.second { held.second_reading } else { held.review });
    if let Some(before) = before.as_ref().filter(|_| !args.again) {
        let judged = before.review.judgement.name();
        return Err(LogError::Mistake(format!(
            "{} was judged {judged} by {} on {}; to judge it anew, add --again; as a second reader, --second",
            args.alarm, before.by, before.time
        ))
        .into());
    }
    let request = ReviewRequest {
        by: args.by.clone(),
        judgement: match args.judgement {
            Judged::Seizure => Judgement::Seizure,
            Judged::FalseAlarm => Judgement::FalseAlarm,
            Judged::Uncertain => Judgement::Uncertain,
        },
        note: args.note.clone(),
        onset: args.onset.clone(),
        offset: args.offset.clone(),
        seizure_type: args.seizure_type.clone(),
        after: before.map(|before| before.seq),
    };
    let now = Clocks::here().now();
    if args.second {
        log.read_again(&request.second_entry(&args.alarm, &now)?, request.after)?;
    } else {
        log.review(&request.entry(&args.alarm, &now)?, request.after)?;
    }
    let reading = if args.second { ", second reading" } else { "" };
    say!("{}: {} (by {}{reading})", args.alarm, request.judgement.name(), args.by);
    Ok(())
}

/// Marks a missed seizure.
///
/// # Errors
/// [`CliError`].
pub fn missed(args: &MissedArgs) -> Result<(), CliError> {
    let mut log = args.place.open()?;
    let request = MissedRequest {
        by: args.by.clone(),
        bed: args.bed.clone(),
        onset: args.onset.clone(),
        offset: args.offset.clone(),
        note: args.note.clone(),
    };
    // Who lies in the bed at this moment, the daemon alone knows.
    let entry = request.entry(&log, &Clocks::here().now(), None)?;
    log.append(&entry)?;
    say!("{}: a missed seizure of {} is marked", entry.key, entry.patient);
    Ok(())
}

/// Withdraws a mark.
///
/// # Errors
/// [`CliError`].
pub fn withdraw(args: &WithdrawArgs) -> Result<(), CliError> {
    let mut log = args.place.open()?;
    let request = WithdrawRequest { by: args.by.clone(), mark: args.mark.clone(), note: args.note.clone() };
    let entry = request.entry(&log, &Clocks::here().now())?;
    log.append(&entry)?;
    say!("{}: withdrawn by {}", args.mark, args.by);
    Ok(())
}

/// Begins or ends a maintenance.
///
/// # Errors
/// [`CliError`].
pub fn maintenance(args: &MaintenanceArgs) -> Result<(), CliError> {
    let mut log = args.place.open()?;
    let under_way = log.in_maintenance()?.into_iter().find(|(bed, _)| *bed == args.bed);
    match (&under_way, args.end) {
        (Some((_, by)), false) => {
            let words = format!("bed {}: {by} is working on it already", args.bed);
            return Err(LogError::Mistake(words).into());
        }
        (None, true) => {
            let words = format!("bed {}: nobody is working on it", args.bed);
            return Err(LogError::Mistake(words).into());
        }
        _ => {}
    }
    let what = What::Maintenance { begins: !args.end, note: args.note.clone() };
    log.append(&Entry::of_bed(&args.bed, &Clocks::here().now(), somebody(&args.by)?, what))?;
    let verb = if args.end { "ends" } else { "begins" };
    say!("bed {}: maintenance {verb} (by {})", args.bed, args.by);
    Ok(())
}
