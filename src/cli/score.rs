//! `vigil score`: a detector's events against an expert's.

use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use crate::evaluate::{Measures, Pair, Report, Scores, pair_tables, score_tables};

/// Score detected events against an expert's: SzCORE, any overlap, and as a ward counts
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// Folder of the expert's tables: names that end in _events.tsv
    #[arg(long, value_name = "DIR")]
    reference: PathBuf,
    /// Folder of the detector's tables, each at the same place below it as the expert's
    #[arg(long, value_name = "DIR")]
    hypothesis: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &ScoreArgs) -> Result<(), CliError> {
    let (pairs, unasked) = pair_tables(&args.reference, &args.hypothesis)?;
    for path in &unasked {
        warn!(
            "warning: {} is not scored: {} has no table at the same place",
            args.hypothesis.join(path).display(),
            args.reference.display()
        );
    }
    pairs.iter().for_each(warn_of_misfits);
    for pair in pairs.iter().filter(|pair| pair.without_rows) {
        warn!(
            "warning: {} has a header and no row, and counts as of a recording without a seizure; one has a row of type bckg, and \
             an export that went wrong has none",
            pair.path.display()
        );
    }
    let unjudged = pairs.iter().filter(|pair| !pair.judged).count();
    if unjudged > 0 {
        warn!(
            "warning: {unjudged} of {} recordings have no table below {}: they count as without a detection",
            pairs.len(),
            args.hypothesis.display()
        );
    }
    let report = score_tables(&pairs);
    if args.json {
        let text = serde_json::to_string_pretty(&report)
            .map_err(|error| CliError::Usage(format!("the scores cannot be written: {error}")))?;
        say!("{text}");
    } else {
        print(&report, pairs.len());
    }
    Ok(())
}

/// Events that reach beyond their recording are cut to it, as the scoring does, and not silently.
fn warn_of_misfits(pair: &Pair) {
    if let Some(other) = pair.other_duration_s {
        warn!(
            "warning: the hypothesis for {} is of a recording of {other:.2} s, the reference of one of {:.2} s: are both of \
             the same one?",
            pair.path.display(),
            pair.duration_s
        );
    }
    for (whose, passed_over) in ["reference", "hypothesis"].into_iter().zip(&pair.passed_over) {
        if let Some(passed_over) = passed_over {
            warn!("warning: the {whose}'s table for {}: {passed_over}", pair.path.display());
        }
    }
    for (whose, events) in [("reference", &pair.reference), ("hypothesis", &pair.hypothesis)] {
        let beyond: Vec<_> = events
            .iter()
            .filter(|event| event.onset_s < 0.0 || event.end_s() > pair.duration_s + 1.0)
            .collect();
        if let Some(first) = beyond.first() {
            warn!(
                "warning: {} of the {whose}'s events for {} reach beyond the recording's 0 to {:.2} s and are cut to \
                 it, the first from {:.2} to {:.2} s",
                beyond.len(),
                pair.path.display(),
                pair.duration_s,
                first.onset_s,
                first.end_s()
            );
        }
    }
}

fn print(report: &Report, recordings: usize) {
    say!(
        "{:<12} {:>20} {:>11} {:>6} {:>7} {:>11} {:>6} {:>8} {:>11} {:>9}",
        "subject",
        "SzCORE event: found",
        "sensitivity",
        "F1",
        "FP/24 h",
        "sample: F1",
        "OVLP",
        "FP/24 h",
        "ward: found",
        "false/h"
    );
    for (subject, scores) in &report.subjects {
        say!("{}", row(subject, scores));
    }
    say!("{}", row("all", &report.overall));
    let ward = &report.overall.ward;
    say!("");
    say!(
        "subjects: {}, recordings: {recordings}, hours: {:.2}; shares and rates of SzCORE and OVLP are means over \
         subjects",
        report.subjects.len(),
        ward.recorded_hours
    );
    if let (Some(share), Some(interval)) = (ward.sensitivity, ward.sensitivity_95) {
        say!(
            "as a ward counts: {} of {} seizures ({:.0} %, 95 % interval {:.0} to {:.0} %)",
            ward.detected,
            ward.seizures,
            100.0 * share,
            100.0 * interval.lower,
            100.0 * interval.upper
        );
    }
    match (ward.false_alarms_per_hour, ward.false_alarms_per_hour_95) {
        (Some(rate), Some(interval)) => say!(
            "{} of {} alarms false, in {:.2} h outside seizures and the 60 s after them: {rate:.2} an hour \
             (95 % interval {:.2} to {:.2})",
            ward.false_alarms,
            ward.alarms,
            ward.hours,
            interval.lower,
            interval.upper
        ),
        _ => say!("no rate of false alarms: no time lies outside seizures and the 60 s after them"),
    }
    if let Some(latency) = ward.latency_s {
        say!(
            "from the annotated onset to the alarm: median {:.1} s, {:.1} to {:.1} s",
            latency.median,
            latency.range[0],
            latency.range[1]
        );
    }
}

fn row(name: &str, scores: &Scores) -> String {
    let number = |value: Option<f64>, digits: usize| {
        value.map_or("-".to_string(), |value| format!("{value:.digits$}"))
    };
    let found = |measures: &Measures| format!("{}/{}", measures.tp, measures.refs);
    let Scores { event, sample, ovlp, ward } = scores;
    format!(
        "{name:<12} {:>20} {:>11} {:>6} {:>7} {:>11} {:>6} {:>8} {:>11} {:>9}",
        found(event),
        number(event.sensitivity, 3),
        number(event.f1, 3),
        number(event.fp_per_24h, 1),
        number(sample.f1, 3),
        found(ovlp),
        number(ovlp.fp_per_24h, 1),
        format!("{}/{}", ward.detected, ward.seizures),
        number(ward.false_alarms_per_hour, 2)
    )
}
