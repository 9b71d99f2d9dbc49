//! `vigil patient calibrate`: the alarm threshold, on recordings with expert marks or on what a ward's reviewers say.

use std::path::{Path, PathBuf};

use clap::Args;

use super::error::CliError;
use super::inputs::{Marks, expert_events, ordered};
use super::patient::Whose;
use super::replay::watched;
use crate::alarm::AlarmLog;
use crate::alarm::entry::{Entry, What};
use crate::alarm::log::log_path;
use crate::alarm::moment::Clocks;
use crate::alarm::request::somebody;
use crate::calibrate::{
    GatherError, Outcome, Period, Preview, Proposal, TriedSettings, Wanted, choose, needed_hours, preview,
};
use crate::config::{CalibrationRecord, ConfigError, PatientConfig, PatientId, WardConfig, give_to_owner};
use crate::detect::Detector;
use crate::evaluate::AFTER_S;
use crate::replay::{Speed, Summary, rejudge, replay, summarise};

/// Calibration on what reviewers say.
#[derive(Debug, Args)]
pub(super) struct Reviewed {
    /// Choose on the record of a ward and what its reviewers say, instead of recordings: the ward's configuration, which
    /// also says where patients lie
    #[arg(long, value_name = "VIGIL_TOML", conflicts_with_all = ["recordings", "patients", "models"])]
    pub reviews: Option<PathBuf>,
    /// Of these last days
    #[arg(
        long,
        default_value_t = 7.0,
        requires = "reviews",
        conflicts_with = "recordings",
        value_name = "DAYS"
    )]
    days: f64,
    // What conflicts with a needed option excuses from it, so each says for itself that it does not go with recordings.
    /// Show what the settings would have done, and change nothing
    #[arg(long, requires = "reviews", conflicts_with = "recordings")]
    preview: bool,
    /// With --preview: as JSON
    #[arg(long, requires = "preview", conflicts_with = "recordings")]
    json: bool,
    /// Who accepts the settings, for the log
    #[arg(
        long,
        default_value = "command line",
        requires = "reviews",
        conflicts_with = "recordings",
        value_name = "NAME"
    )]
    by: String,
    /// What there is to say of it, for the log
    #[arg(long, default_value = "", requires = "reviews", conflicts_with = "recordings")]
    note: String,
}

/// Chooses settings on recordings with expert marks.
///
/// # Errors
/// [`CliError`].
pub(super) fn calibrate(
    whose: &Whose,
    inputs: &[PathBuf],
    in_order_given: bool,
    wanted: f64,
) -> Result<(), CliError> {
    if !(wanted >= 0.0 && wanted.is_finite()) {
        return Err(CliError::Usage(format!("--false-alarms-per-hour is {wanted}; expected 0 or more")));
    }
    let id = PatientId::new(&whose.id)?;
    let mut watched = watched(&whose.patients, &whose.models, &id)?;
    let plans = ordered(inputs, in_order_given)?;
    let names: Vec<String> = plans.iter().map(|plan| plan.name.clone()).collect();
    let expert = expert_events(&plans, Marks::Needed)?;
    if let Some(unmarked) = plans.iter().zip(&expert).find(|(_, events)| events.is_none()) {
        return Err(CliError::Unsuitable {
            path: unmarked.0.path.clone(),
            reason: "no expert marks beside it (x_events.tsv for x_eeg.edf, with a row of type bckg where there is no seizure); \
                     without them no alarm is right or wrong"
                .into(),
        });
    }
    let detector = Detector::new(watched.config.label, watched.config.accumulator)?;
    let replayed = replay(plans, &watched.judge, detector, &watched.signal, Speed::Max, &mut |_| {})?;
    let score = summarise(id.as_str(), &replayed, &expert, &[]).score;
    if score.false_alarms_per_hour.is_none() {
        return Err(CliError::Unsuitable {
            path: inputs[0].clone(),
            reason: format!(
                "every second of these recordings lies in a seizure or in the {AFTER_S:.0} s after one, where no alarm \
                 is false; add recordings of ordinary hours, or set seizure_probability and threshold by hand"
            ),
        });
    }
    // What is found is then no guide, and minutes without an alarm would let the threshold fall much too far.
    if score.seizures.is_empty() && score.hours < needed_hours(wanted) {
        return Err(CliError::Unsuitable {
            path: inputs[0].clone(),
            reason: format!(
                "these recordings have no seizure, and {:.2} h are too few to choose by false alarms alone; expected at least \
                 {:.1} h for a rate of {wanted} an hour: add recordings, or set seizure_probability by hand",
                score.hours,
                needed_hours(wanted)
            ),
        });
    }
    let tried = |rule, accumulator| -> Result<(Summary, Vec<f64>), CliError> {
        let again = rejudge(&replayed, Detector::new(rule, accumulator)?);
        let lasting_s = again.alarms.iter().map(|one| (one.end_second - one.alarm.raised_second) as f64);
        // Calibration looks at all that it is given: nothing here is scored.
        Ok((summarise(id.as_str(), &again, &expert, &[]), lasting_s.collect()))
    };
    let (label, accumulator) = (watched.config.label, watched.config.accumulator);
    let lasting_s = |(_, lasting_s): &(Summary, Vec<f64>), alarm: usize| {
        // All recordings are marked and count, so an alarm has the same index in both.
        lasting_s.get(alarm).copied().unwrap_or(0.0)
    };
    let chosen = choose(label, accumulator, wanted, tried, |(summary, _)| &summary.score, lasting_s)?;
    let Some((rule, accumulator, (summary, _))) = chosen else {
        return Err(CliError::Unsuitable {
            path: inputs[0].clone(),
            reason: format!(
                "no threshold keeps to {wanted} false alarms an hour on these recordings; the settings stay as they were"
            ),
        });
    };
    let score = &summary.score;
    if score.seizures.is_empty() {
        warn!(
            "warning: these recordings have no seizure, so the most sensitive settings that keep to the rate were chosen; how \
             many seizures they find is not known"
        );
    }
    if score.hours < needed_hours(wanted) {
        warn!(
            "warning: {:.2} h in which an alarm would be false are too few to tell whether these settings keep to {wanted} an \
             hour; expected {:.1} h or more. Settings from minutes were measured to raise three to eleven times the wanted rate",
            score.hours,
            needed_hours(wanted)
        );
    }
    let interval = score.false_alarms_per_hour.map_or([0.0, f64::INFINITY], |i| [i.lower, i.upper]);
    let record = CalibrationRecord {
        recordings: names,
        hours: (summary.score.hours * 1e4).round() / 1e4,
        false_alarms: score.false_alarms.len() as u64,
        false_alarms_per_hour: interval.map(|end| (end * 1e3).round() / 1e3),
        seizures: score.seizures.len() as u64,
        detected: score.detected as u64,
        date: super::today(),
    };
    watched.config.calibrated(rule, accumulator, record);
    watched.config.save(&whose.patients, &id)?;
    say!(
        "seizure_probability {} and threshold {}: {} on these recordings (95 % interval {:.1} to {:.1} false alarms an hour)",
        rule.seizure_probability,
        accumulator.threshold,
        summary.line(),
        interval[0],
        interval[1]
    );
    Ok(())
}

/// Chooses settings on the record of a ward and what its reviewers say of it; with `--preview`, shows alone what they would
/// have done.
///
/// # Errors
/// [`CliError`].
pub(super) fn calibrate_on_reviews(
    id: &str,
    config: &Path,
    wanted: f64,
    reviewed: &Reviewed,
) -> Result<(), CliError> {
    if !(wanted >= 0.0 && wanted.is_finite()) {
        return Err(CliError::Usage(format!("--false-alarms-per-hour is {wanted}; expected 0 or more")));
    }
    let id = PatientId::new(id)?;
    let ward = WardConfig::load(config)?;
    let settings = PatientConfig::load(&ward.ward.patients, &id)?;
    let mut log = AlarmLog::open_existing(&log_path(&ward.ward.state))?;
    let now = Clocks::here().now();
    let folder = &ward.record.folder;
    let period = Period::gather(folder, &log, id.as_str(), reviewed.days, now.wall_us as f64 / 1e6).map_err(
        |error| match error {
            GatherError::Record(error) => CliError::Record(error),
            GatherError::Log(error) => CliError::Log(error),
            GatherError::Days(_) => CliError::Usage(format!("--{error}")),
            error => CliError::Unsuitable { path: folder.clone(), reason: error.to_string() },
        },
    )?;
    let shown =
        preview(&id, &settings, &period, &Wanted { per_hour: wanted, tried: TriedSettings::default() })?;
    if reviewed.preview {
        if reviewed.json {
            say!("{}", serde_json::to_string_pretty(&shown).unwrap_or_default());
        } else {
            print(&shown);
        }
        return Ok(());
    }
    if let Some(reason) = shown.refused {
        return Err(CliError::Unsuitable { path: folder.clone(), reason });
    }
    shown.warnings.iter().for_each(|words| warn!("warning: {words}"));
    let Some(proposal) = &shown.proposal else {
        say!("patient {id}: the settings stay as they are");
        return Ok(());
    };
    let proposal = Proposal::read(proposal).map_err(|error| CliError::Usage(error.to_string()))?;
    let changed =
        proposal.apply(&ward.ward.patients, &id).map_err(|error| CliError::Usage(error.to_string()))?;
    let who = somebody(&reviewed.by)?;
    let entry = Entry::of_bed("", &now, who, What::Recalibrated(proposal.accepted(&reviewed.note)));
    log.append(&entry.on("", id.as_str()))?;
    changed.save(&ward.ward.patients, &id)?;
    give_to_owner(&ward.ward.patients, &id).map_err(|source| {
        let path = id.folder(&ward.ward.patients);
        ConfigError::Io { doing: "write", path, source }
    })?;
    let interval = shown.after.as_ref().and_then(|after| after.interval).unwrap_or([0.0, f64::INFINITY]);
    let (found, hours) = (shown.after.as_ref().map_or(String::new(), counted), shown.hours);
    say!(
        "seizure_probability {} and threshold {}: {found} in {hours:.2} h at risk of one (95 % interval {:.1} to {:.1} false \
         alarms an hour); a running daemon takes them over when it reloads (SIGHUP)",
        proposal.to.seizure_probability,
        proposal.to.threshold,
        interval[0],
        interval[1]
    );
    Ok(())
}

fn counted(outcome: &Outcome) -> String {
    let seizures = outcome.confirmed_kept + outcome.missed;
    format!("{} of {seizures} seizures found, {} false alarms", outcome.confirmed_kept, outcome.false_alarms)
}

fn print(shown: &Preview) {
    say!(
        "patient {}: {} to {}, {:.2} h at risk of a false alarm",
        shown.patient,
        shown.from,
        shown.until,
        shown.hours
    );
    say!(
        "now       seizure_probability {}, threshold {}: {} alarms, {}",
        shown.now.seizure_probability,
        shown.now.threshold,
        shown.before.alarms,
        counted(&shown.before)
    );
    if let (Some(proposed), Some(after)) = (&shown.proposed, &shown.after) {
        say!(
            "proposed  seizure_probability {}, threshold {}: {} alarms, {}",
            proposed.seizure_probability,
            proposed.threshold,
            after.alarms,
            counted(after)
        );
        say!("{} alarms kept, {} gained, {} lost", shown.kept, shown.gained.len(), shown.lost.len());
    }
    for gained in &shown.gained {
        let judged = gained.judgement.map_or("not judged", |judgement| judgement.name());
        say!("  gained  {}  {}  {:.0} s  {judged}", gained.onset, gained.bed, gained.seconds);
    }
    for lost in &shown.lost {
        let judged = lost.judgement.map_or("not judged", |judgement| judgement.name());
        let alarm = lost.alarm.as_deref().unwrap_or("not in the log");
        say!("  lost    {}  {}  {:.0} s  {judged}  {alarm}", lost.onset, lost.bed, lost.seconds);
    }
    if let Some(why) = &shown.refused {
        say!("nothing is proposed: {why}");
    }
    for words in &shown.warnings {
        say!("note: {words}");
    }
}
