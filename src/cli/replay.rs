//! `vigil replay`: recordings of one patient through the detector.

use std::collections::BTreeMap;
use std::io::{ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use clap::Args;

use super::error::CliError;
use super::inputs::{Marks, expert_events, ordered};
use crate::config::PatientId;
use crate::config::versions::used_recordings;
use crate::detect::Verdict;
use crate::durable;
use crate::eeg::Event;
use crate::format::bids::prediction_path;
use crate::replay::{
    Observation, PlannedRecording, ReplayError, Replayed, Speed, Summary, replay, summarise, write_alarms,
    write_annotated, write_overview, write_recording_events, write_verdicts,
};
use crate::ward::{Models, Watched};

/// Play recordings of one patient through the detector
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Recordings, or folders of them; they are played in time order
    #[arg(required = true, value_name = "REC")]
    pub(super) recordings: Vec<PathBuf>,
    /// Whose they are
    #[arg(long, value_name = "ID")]
    pub(super) patient: String,
    /// Where the tables, pictures and annotated recordings go
    #[arg(long, default_value = "out", value_name = "DIR")]
    pub(super) out: PathBuf,
    /// `max`, or how many seconds of recording to play in one second
    #[arg(long, default_value = "max", value_name = "N")]
    pub(super) speed: Speed,
    /// Where patients lie
    #[arg(long, default_value = "patients", value_name = "DIR")]
    pub(super) patients: PathBuf,
    /// Where models lie
    #[arg(long, default_value = "models", value_name = "DIR")]
    pub(super) models: PathBuf,
    /// Do not look at tables of events beside the recordings: nothing is compared with an expert
    #[arg(long)]
    ignore_events: bool,
    /// Play in the order given, for recordings whose dates were removed or made up: one that does not begin after the one
    /// before is set behind it
    #[arg(long, conflicts_with = "serve")]
    in_order_given: bool,
    /// Do not write annotated copies of the recordings
    #[arg(long)]
    no_copies: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
    /// Run the daemon over the recordings, with its log of alarms, channels and API, until it is stopped
    #[arg(long, conflicts_with_all = ["no_copies", "json"])]
    serve: bool,
    /// With --serve: address and port of the API
    #[arg(long, default_value = "127.0.0.1:8765", requires = "serve", conflicts_with_all = ["no_copies", "json"], value_name = "ADDRESS")]
    pub(super) listen: String,
    /// With --serve: a file of [[channel]] sections, who is told of alarms
    #[arg(long, requires = "serve", conflicts_with_all = ["no_copies", "json"], value_name = "FILE")]
    pub(super) channels: Option<PathBuf>,
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Speed, String> {
        if text == "max" {
            return Ok(Speed::Max);
        }
        let times =
            text.trim_end_matches('x').parse::<f64>().ok().filter(|times| *times > 0.0 && *times <= 1e4);
        times.map(Speed::Times).ok_or_else(|| "expected max, or a number above 0 and up to 10000".to_string())
    }
}

/// A patient ready to be watched. One who has no autoencoder yet is judged by the shared one, and a
/// warning says so.
///
/// # Errors
/// [`CliError`].
pub fn watched(patients: &Path, models: &Path, id: &PatientId) -> Result<Watched, CliError> {
    let watched = Models::default().watched(patients, models, id)?;
    if watched.shared {
        warn!(
            "patient {id} has no autoencoder yet and is judged by the shared one; vigil patient fit {id} makes one"
        );
    }
    for remark in watched.remarks() {
        warn!("warning: patient {id}: {remark}");
    }
    Ok(watched)
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &ReplayArgs) -> Result<(), CliError> {
    if args.serve {
        return super::replay_serve::run(args);
    }
    let id = PatientId::new(&args.patient)?;
    let watched = watched(&args.patients, &args.models, &id)?;
    let plans = ordered(&args.recordings, args.in_order_given)?;
    let used = used_recordings(&args.patients, &id, &watched.config)?;
    let marks = Marks::unless(args.ignore_events);
    let (speed, out) = (args.speed, args.out.as_path());
    let summary =
        Play { used: &used, marks, speed, out, copies: !args.no_copies }.run(&id, &watched, plans)?;
    if args.json {
        say!("{}", summary_json(&args.out, &summary)?);
    } else {
        put!("{}", summary.table());
        let events = if args.no_copies { "events" } else { "events and annotated copies" };
        say!(
            "written to {}: verdicts.tsv, alarms.tsv, overview.png, summary.json, {events}",
            args.out.display()
        );
    }
    Ok(())
}

/// How recordings are played.
pub(super) struct Play<'a> {
    /// Recordings that the patient's autoencoders were fitted on: they do not count.
    pub used: &'a [String],
    /// What becomes of the expert's marks beside them.
    pub marks: Marks,
    /// How fast.
    pub speed: Speed,
    /// Where everything is written.
    pub out: &'a Path,
    /// Whether annotated copies are written too.
    pub copies: bool,
}

impl Play<'_> {
    /// Plays recordings, writes everything and returns the summary.
    ///
    /// # Errors
    /// [`CliError`].
    pub(super) fn run(
        &self,
        id: &PatientId,
        watched: &Watched,
        plans: Vec<PlannedRecording>,
    ) -> Result<Summary, CliError> {
        must_be_a_place_for(&plans, self.out)?;
        refuse_same_names(&plans, self.out)?;
        for plan in &plans {
            plan.warnings.iter().for_each(|warning| warn!("warning: {}: {warning}", plan.path.display()));
        }
        let expert = expert_events(&plans, self.marks)?;
        let mut line = LiveLine::new(self.speed);
        let replayed = replay(
            plans,
            &watched.judge,
            watched.detector.clone(),
            &watched.signal,
            self.speed,
            &mut |seen| line.show(&seen),
        )?;
        line.clear();
        tell_faults(&replayed);
        let summary = summarise(id.as_str(), &replayed, &expert, self.used);
        write_all(id, watched, &replayed, &expert, &summary, self.out, self.copies)?;
        Ok(summary)
    }
}

fn write_all(
    id: &PatientId,
    watched: &Watched,
    replayed: &Replayed,
    expert: &[Option<Vec<Event>>],
    summary: &Summary,
    out: &Path,
    copies: bool,
) -> Result<(), CliError> {
    // What was found comes first: a copy that cannot be written must not cost an alarm.
    write_verdicts(&out.join("verdicts.tsv"), replayed)?;
    write_alarms(&out.join("alarms.tsv"), replayed)?;
    for (index, recording) in replayed.recordings.iter().enumerate() {
        write_recording_events(&prediction_path(out, &recording.plan.path), replayed, index)?;
    }
    let threshold = watched.judge.autoencoder().map(|autoencoder| autoencoder.baseline().threshold);
    let title = format!("patient {id}");
    let thresholds = (threshold, watched.config.accumulator.threshold);
    write_overview(&out.join("overview.png"), &title, replayed, expert, summary, thresholds)?;
    let path = out.join("summary.json");
    let text = summary_json(out, summary)?;
    durable::replace_file(&path, |file| file.write_all(text.as_bytes()))
        .map_err(|source: std::io::Error| CliError::Unwritable { path, source })?;
    for (index, recording) in replayed.recordings.iter().enumerate().filter(|_| copies) {
        let events = prediction_path(out, &recording.plan.path);
        let copy = events.with_file_name(format!("{}_annotated.edf", recording.plan.name));
        write_annotated(&copy, replayed, index, expert[index].as_deref())?;
    }
    Ok(())
}

fn summary_json(out: &Path, summary: &Summary) -> Result<String, CliError> {
    serde_json::to_string_pretty(summary)
        .map_err(|e| CliError::Damaged { path: out.to_path_buf(), reason: e.to_string() })
}

/// Refuses an output folder that is a file, and one whose tables would lie where the recordings lie: a table of what was
/// found has the name of the expert's beside its recording.
fn must_be_a_place_for(plans: &[PlannedRecording], out: &Path) -> Result<(), CliError> {
    if out.is_file() {
        let source = std::io::Error::new(ErrorKind::NotADirectory, "it is a file; expected a folder");
        return Err(CliError::Unwritable { path: out.to_path_buf(), source });
    }
    let above = |path: &Path| path.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut folders: Vec<PathBuf> =
        plans.iter().map(|plan| above(&prediction_path(out, &plan.path))).collect();
    folders.push(out.to_path_buf());
    folders.sort();
    folders.dedup();
    // A folder that is not there yet holds no recording.
    let written: Vec<(PathBuf, &PathBuf)> =
        folders.iter().filter_map(|folder| Some((whole(folder)?, folder))).collect();
    for plan in plans {
        let Some(lies) = whole(&above(&plan.path)) else { continue };
        if let Some((_, folder)) = written.iter().find(|(place, _)| *place == lies) {
            return Err(CliError::Usage(format!(
                "--out {}: {} is where the recording {} lies, and its table of expert events would be overwritten; \
                 expected another folder",
                out.display(),
                folder.display(),
                plan.path.display()
            )));
        }
    }
    Ok(())
}

/// A folder's one true path, whatever links and dots lead to it; `None` where it is not there.
fn whole(folder: &Path) -> Option<PathBuf> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    folder.canonicalize().ok()
}

fn refuse_same_names(plans: &[PlannedRecording], out: &Path) -> Result<(), CliError> {
    let mut outputs: Vec<(PathBuf, &Path)> =
        plans.iter().map(|plan| (prediction_path(out, &plan.path), plan.path.as_path())).collect();
    outputs.sort();
    match outputs.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        None => Ok(()),
        Some(pair) => Err(ReplayError::SameName {
            first: pair[0].1.to_path_buf(),
            second: pair[1].1.to_path_buf(),
            output: pair[0].0.clone(),
        }
        .into()),
    }
}

/// Says once what holds for several recordings, and of each recording what failed in it.
fn tell_faults(replayed: &Replayed) {
    let mut remarks: BTreeMap<String, Vec<&Path>> = BTreeMap::new();
    for recording in &replayed.recordings {
        let path = recording.plan.path.as_path();
        for remark in &recording.remarks {
            remarks.entry(format!("note: {remark}")).or_default().push(path);
        }
        for unlikely in &recording.unlikely {
            remarks.entry(format!("warning: {unlikely}")).or_default().push(path);
        }
        if !recording.missing.is_empty() {
            let lacking = format!("warning: without {}", recording.missing.join(", "));
            remarks.entry(lacking).or_default().push(path);
        }
    }
    for (remark, paths) in remarks {
        match paths.as_slice() {
            [path] => warn!("{remark} ({})", path.display()),
            [first, ..] => warn!("{remark} ({} recordings, first {})", paths.len(), first.display()),
            [] => {}
        }
    }
    for recording in replayed.recordings.iter().filter(|recording| !recording.faults.is_empty()) {
        let faults: Vec<String> = recording
            .faults
            .iter()
            .map(|((label, fault), seconds)| format!("{label} {fault} in {seconds} s"))
            .collect();
        let (name, seconds) = (recording.plan.path.display(), recording.verdicts.len());
        warn!("warning: {name}: of {seconds} s, {}", faults.join(", "));
    }
}

/// One line on the terminal that follows the detector.
struct LiveLine {
    shown: bool,
    every: Duration,
    last: Instant,
}

impl LiveLine {
    fn new(speed: Speed) -> LiveLine {
        let every = if speed == Speed::Max { Duration::from_millis(40) } else { Duration::ZERO };
        LiveLine {
            shown: std::io::stderr().is_terminal(),
            every,
            last: Instant::now() - Duration::from_secs(1),
        }
    }

    fn show(&mut self, seen: &Observation<'_>) {
        let Observation::Verdict { plan, second, verdict } = seen else { return };
        let time = plan.time_at(*second as f64).strftime("%Y-%m-%d %H:%M:%S");
        if verdict.alarm.is_some() {
            self.clear();
            warn!("{time}  ALARM  {}", plan.name);
        }
        if self.shown && self.last.elapsed() >= self.every {
            self.last = Instant::now();
            hint!("\r{time}  {:<11}  {}\x1b[K", label_of(verdict), meter(verdict.accumulator));
            let _ = std::io::stderr().flush();
        }
    }

    fn clear(&self) {
        if self.shown {
            hint!("\r\x1b[K");
        }
    }
}

fn label_of(verdict: &Verdict) -> &'static str {
    verdict.label.map_or("not judged", |label| label.name())
}

fn meter(accumulator: f32) -> String {
    format!("{accumulator:5.1} {}", "#".repeat(accumulator.clamp(0.0, 40.0) as usize))
}
