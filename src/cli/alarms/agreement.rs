//! `vigil alarms agreement`.

use clap::Args;

use super::{Period, Place};
use crate::alarm::agreement::{Agreement, agreement};
use crate::cli::error::CliError;

/// Measure how far first and second readers agree: Cohen's kappa
#[derive(Debug, Args)]
pub struct AgreementArgs {
    /// One bed's alarms alone
    #[arg(long)]
    bed: Option<String>,
    /// One patient's alarms alone
    #[arg(long)]
    patient: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    place: Place,
}

/// Prints the agreement.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &AgreementArgs) -> Result<(), CliError> {
    let log = args.place.open()?;
    let (from, until) = args.period.ends()?;
    let mut alarms = log.alarms(from, until)?;
    alarms.retain(|alarm| {
        args.bed.as_ref().is_none_or(|bed| alarm.bed == *bed)
            && args.patient.as_ref().is_none_or(|patient| alarm.patient == *patient)
    });
    let found = agreement(&alarms);
    if args.json {
        say!("{}", serde_json::to_string_pretty(&found).unwrap_or_default());
    } else {
        print(&found);
    }
    Ok(())
}

fn print(found: &Agreement) {
    say!(
        "{} alarms were judged by two readers, {} the same; {} wait for a second reader",
        found.pairs,
        found.agree,
        found.waiting
    );
    if found.pairs == 0 {
        return;
    }
    say!(
        "  first \\ second{}",
        found.judgements.map(|judgement| format!("{:>13}", judgement.name())).concat()
    );
    for (judgement, row) in found.judgements.iter().zip(&found.table) {
        say!("  {:<14}{}", judgement.name(), row.map(|count| format!("{count:>13}")).concat());
    }
    match (found.kappa, found.kappa_ci) {
        (Some(kappa), Some([lower, upper])) => {
            say!(
                "  kappa {kappa:.3} (95 %: {lower:.3} to {upper:.3}, asymptotic; too narrow with few pairs)"
            );
        }
        (Some(kappa), None) => {
            say!("  kappa {kappa:.3}; no interval: its asymptotic error is 0, which says nothing")
        }
        _ => say!("  kappa: not defined where both say the same one thing of every alarm"),
    }
    for pair in &found.readers {
        let kappa = pair.kappa.map_or("not defined".to_string(), |kappa| format!("{kappa:.3}"));
        say!(
            "  {} and then {}: {} of {} the same, kappa {kappa}",
            pair.first,
            pair.second,
            pair.agree,
            pair.pairs
        );
    }
    for differing in &found.disagreements {
        say!(
            "  {}  {}: {}, {}: {}",
            differing.alarm,
            differing.first.by,
            differing.first.review.judgement.name(),
            differing.second.by,
            differing.second.review.judgement.name()
        );
    }
}
