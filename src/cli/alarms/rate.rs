//! `vigil alarms rate`.

use clap::{Args, ValueEnum};

use super::{Period, Place};
use crate::alarm::moment::wall_text;
use crate::alarm::rate::{By, Rate, rates};
use crate::cli::error::CliError;
use crate::evaluate::Interval;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Each {
    Ward,
    Bed,
    Patient,
}

/// Measure the false alarm rate and the sensitivity, from the log alone
#[derive(Debug, Args)]
pub struct RateArgs {
    /// One rate for each of these, and for each detector
    #[arg(long, value_enum, default_value = "ward")]
    by: Each,
    /// As JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    period: Period,
    #[command(flatten)]
    place: Place,
}

/// Prints the rates.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &RateArgs) -> Result<(), CliError> {
    let log = args.place.open()?;
    let (from, until) = args.period.ends()?;
    let by = match args.by {
        Each::Ward => By::Ward,
        Each::Bed => By::Bed,
        Each::Patient => By::Patient,
    };
    let found = rates(by, &log.alarms(from, until)?, &log.stretches(from, until)?, &log.marks(from, until)?);
    if args.json {
        say!("{}", serde_json::to_string_pretty(&found).unwrap_or_default());
        return Ok(());
    }
    if found.is_empty() {
        say!("nothing was watched in this period; the log tells of watched time every five minutes");
    }
    let detectors = log.detectors()?;
    for rate in &found {
        print(rate, args.by);
        for (digest, id) in detectors.iter().filter(|(digest, _)| rate.detectors.contains(digest)) {
            if !rate.pooled {
                let short = |digest: &str| digest.get(..12).unwrap_or(digest).to_string();
                let autoencoder =
                    if id.autoencoder.is_empty() { "none".into() } else { short(&id.autoencoder) };
                say!("  detector {}: CNN {}, autoencoder {autoencoder}", short(digest), short(&id.cnn));
            }
        }
    }
    Ok(())
}

fn print(rate: &Rate, by: Each) {
    let of = match (by, &rate.of) {
        (Each::Bed, Some(bed)) => format!("bed {bed}"),
        (Each::Patient, Some(patient)) => format!("patient {patient}"),
        _ => "ward".to_string(),
    };
    let which = match rate.pooled {
        true => format!("POOLED over {} different detectors", rate.detectors.len()),
        false => "one detector".to_string(),
    };
    say!("{of}, {which}");
    if let Some([from, until]) = rate.period_us {
        say!("  from {} to {}", wall_text(from), wall_text(until));
    }
    let excluded: Vec<String> =
        rate.excluded_h.iter().filter(|(_, h)| **h > 0.0).map(|(why, h)| format!("{h:.2} h {why}")).collect();
    let excluded = if excluded.is_empty() { "none".into() } else { excluded.join(", ") };
    say!("  monitored {:.2} h; excluded: {excluded}", rate.monitored_h);
    say!(
        "  alarms {}: {} seizure, {} false, {} uncertain, {} not yet reviewed; {} more in excluded time",
        rate.alarms,
        rate.seizures,
        rate.false_alarms,
        rate.uncertain,
        rate.unreviewed,
        rate.alarms_in_excluded
    );
    let per_hour = |name: &str, value: Option<f64>, ends: Option<Interval>| match (value, ends) {
        (Some(value), Some(Interval { lower, upper })) => {
            say!("  {name} {value:.3} an hour (95 %: {lower:.3} to {upper:.3})");
        }
        _ => say!("  {name}: not known without monitored time"),
    };
    per_hour("false alarms", rate.false_alarms_per_hour, rate.false_alarms_per_hour_95);
    if rate.unreviewed + rate.uncertain > 0 {
        per_hour("at most, were all others false,", rate.at_most_per_hour, rate.at_most_per_hour_95);
    }
    match (rate.sensitivity, rate.sensitivity_95) {
        (Some(share), Some(Interval { lower, upper })) => say!(
            "  sensitivity {:.0} % of {} known seizures (95 %: {:.0} to {:.0} %), {} marked as missed",
            100.0 * share,
            rate.known_seizures,
            100.0 * lower,
            100.0 * upper,
            rate.missed
        ),
        _ if rate.known_seizures > 0 => say!(
            "  sensitivity: it is not known; {} seizures had an alarm, and nobody has marked one that had none",
            rate.known_seizures
        ),
        _ => say!("  sensitivity: no seizure is known"),
    }
}
