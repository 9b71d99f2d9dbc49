//! `vigil patient`: a patient from the first recording to the first alarm.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::error::CliError;
use super::patient_name::name_patient;
use super::replay::watched;
use super::terminal::progress_bar;
use crate::config::versions::switch_to;
use crate::config::{
    CalibrationRecord, ConfigError, FitRecord, PatientConfig, PatientId, WardConfig, give_to_owner,
};
use crate::dataset::{Dataset, LabelledRecording, Second, events_beside};
use crate::detect::{AccumulatorConfig, Detector, LabelRule};
use crate::eeg::Event;
use crate::evaluate::AFTER_S;
use crate::model::{Autoencoder, AutoencoderConfig, Card, Classifier, write_card};
use crate::replay::{Replayed, Speed, Summary, in_time_order, rejudge, replay, summarise};
use crate::signal::{Mains, SignalConfig};
use crate::train::{AutoencoderFit, fit_autoencoder};
use crate::ward::adapt::adapt;
use crate::ward::cnn_path;
use crate::ward::lifecycle::FitRequest;

/// Make, fit, calibrate and show patients
#[derive(Debug, Args)]
pub struct PatientArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a patient with default settings
    New {
        #[command(flatten)]
        whose: Whose,
        /// The CNN: a folder below the models
        #[arg(long, default_value = "cnn", value_name = "NAME")]
        cnn: String,
        /// Frequency of the mains where the patient is recorded: 50, 60, or 0 for no notch
        #[arg(long, default_value_t = 60, value_name = "HZ")]
        mains: u32,
    },
    /// Fit the patient's autoencoder on early recordings
    Fit {
        #[command(flatten)]
        whose: Whose,
        /// The baseline: recordings or folders of them
        #[arg(required = true, value_name = "REC")]
        recordings: Vec<PathBuf>,
        /// Fit on marked seizures too; the fit distrusts the loudest quarter of every batch anyway
        #[arg(long)]
        ignore_events: bool,
    },
    /// Choose the alarm threshold on earlier recordings for a wanted false alarm rate
    Calibrate {
        #[command(flatten)]
        whose: Whose,
        /// Recordings to choose on; what is scored later must not be among them
        #[arg(required = true, value_name = "REC")]
        recordings: Vec<PathBuf>,
        /// False alarms per hour that are acceptable
        #[arg(long, default_value_t = 1.0, value_name = "RATE")]
        false_alarms_per_hour: f64,
    },
    /// Put another of the patient's autoencoders into use; 0 is the shared one
    Switch {
        #[command(flatten)]
        whose: Whose,
        /// Number of the version, as `vigil patient show` lists them
        #[arg(value_name = "VERSION")]
        version: u32,
        /// Who switches, for the log
        #[arg(long, default_value = "command line", value_name = "NAME")]
        by: String,
    },
    /// Give the patient a name, which nurses see instead of the id; it stands in no log and no address
    Name {
        #[command(flatten)]
        whose: Whose,
        /// The name
        #[arg(value_name = "NAME", required_unless_present = "remove")]
        name: Option<String>,
        /// Take the name away
        #[arg(long, conflicts_with = "name")]
        remove: bool,
    },
    /// Fit an autoencoder on what a bed has gathered; the daemon does this by itself
    #[command(hide = true)]
    Adapt {
        /// The ward's configuration
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// What was gathered
        #[arg(long, value_name = "FILE")]
        request: PathBuf,
    },
    /// Show a patient's settings, autoencoder and CNN
    Show {
        #[command(flatten)]
        whose: Whose,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
struct Whose {
    /// The patient
    #[arg(value_name = "ID")]
    id: String,
    /// Where patients lie
    #[arg(long, default_value = "patients", value_name = "DIR")]
    patients: PathBuf,
    /// Where models lie
    #[arg(long, default_value = "models", value_name = "DIR")]
    models: PathBuf,
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &PatientArgs) -> Result<(), CliError> {
    let (done, whose) = match &args.action {
        Action::New { whose, cnn, mains } => (make(whose, cnn, *mains), whose),
        Action::Fit { whose, recordings, ignore_events } => (fit(whose, recordings, *ignore_events), whose),
        Action::Calibrate { whose, recordings, false_alarms_per_hour } => {
            (calibrate(whose, recordings, *false_alarms_per_hour), whose)
        }
        Action::Switch { whose, version, by } => (switch(whose, *version, by), whose),
        Action::Name { whose, name, .. } => {
            (name_patient(&whose.patients, &whose.id, name.as_deref()), whose)
        }
        Action::Adapt { config, request } => return adapt_from(config, request),
        Action::Show { whose, json } => return show(whose, *json),
    };
    done?;
    let id = PatientId::new(&whose.id)?;
    give_to_owner(&whose.patients, &id).map_err(|source| {
        let path = id.folder(&whose.patients);
        ConfigError::Io { doing: "write", path, source }.into()
    })
}

fn switch(whose: &Whose, version: u32, by: &str) -> Result<(), CliError> {
    let id = PatientId::new(&whose.id)?;
    PatientConfig::load(&whose.patients, &id)?;
    let switch = switch_to(&whose.patients, &id, version, &jiff::Timestamp::now().to_string(), by)?;
    let which =
        if version == 0 { "the shared autoencoder".to_string() } else { format!("version {version}") };
    say!("patient {id}: {which} is in use; a running daemon takes it over when it reloads (SIGHUP)");
    if !switch.digest.is_empty() {
        say!("SHA-256 {}", switch.digest);
    }
    Ok(())
}

/// The last line on standard output is the comparison, as JSON.
fn adapt_from(config: &Path, request: &Path) -> Result<(), CliError> {
    // The beds come first; this may take as long as it takes.
    let _ = rustix::process::nice(19);
    let config = WardConfig::load(config)?;
    let text = super::read_text(request)?;
    let gathered: FitRequest = serde_json::from_str(&text)
        .map_err(|e| CliError::Damaged { path: request.to_path_buf(), reason: e.to_string() })?;
    let comparison = adapt(&gathered, &config)?;
    let line = serde_json::to_string(&comparison)
        .map_err(|e| CliError::Damaged { path: request.to_path_buf(), reason: e.to_string() })?;
    say!("{line}");
    Ok(())
}

fn make(whose: &Whose, cnn: &str, mains: u32) -> Result<(), CliError> {
    let id = PatientId::new(&whose.id)?;
    let path = PatientConfig::path(&whose.patients, &id);
    if path.exists() {
        return Err(ConfigError::Exists { id: id.to_string(), path }.into());
    }
    let mains = Mains::try_from(mains).map_err(CliError::Usage)?;
    // A typo in the model's name is better found now than at the first fit.
    Classifier::load(&cnn_path(&whose.models, cnn))?;
    PatientConfig::new(cnn, mains).save(&whose.patients, &id)?;
    say!("{}: settings with their reasons; next: vigil patient fit {id} REC...", path.display());
    Ok(())
}

fn fit(whose: &Whose, inputs: &[PathBuf], ignore_events: bool) -> Result<(), CliError> {
    let id = PatientId::new(&whose.id)?;
    let mut config = PatientConfig::load(&whose.patients, &id)?;
    let classifier = Classifier::load(&cnn_path(&whose.models, &config.cnn))?;
    let signal = SignalConfig { mains_hz: config.mains_hz, ..classifier.config().signal.clone() };
    let plans = in_time_order(inputs)?;
    let names: Vec<String> = plans.iter().map(|plan| plan.name.clone()).collect();
    let recordings = plans
        .iter()
        .map(|plan| {
            let events = if ignore_events { None } else { events_beside(&plan.path)? };
            Ok(LabelledRecording {
                person: id.to_string(),
                path: plan.path.clone(),
                events: events.unwrap_or_default(),
            })
        })
        .collect::<Result<Vec<_>, CliError>>()?;
    let dataset = Dataset::load(recordings, &signal, &mut |_, _| {})?;
    if let Some((path, reason)) = dataset.left_out.first() {
        return Err(CliError::Unsuitable { path: path.clone(), reason: reason.clone() });
    }
    let seconds: Vec<Second> = dataset.seconds().filter(|&second| !dataset.is_seizure(second)).collect();
    let settings = AutoencoderConfig { signal, ..AutoencoderConfig::default() };
    let bar = progress_bar("fitting", "steps");
    let began = std::time::Instant::now();
    let fitted = fit_autoencoder(
        &dataset,
        &seconds,
        id.as_str(),
        &settings,
        &AutoencoderFit::default(),
        &mut |step, steps| {
            bar.set_length(steps as u64);
            bar.set_position(step as u64);
        },
    )?;
    bar.finish_and_clear();
    let path = PatientConfig::autoencoder_path(&whose.patients, &id);
    fitted.save(&path)?;
    config.fit = Some(FitRecord { recordings: names, seconds: seconds.len(), date: super::today() });
    config.save(&whose.patients, &id)?;
    let saved = Autoencoder::load(&path, id.as_str(), &settings.signal)?;
    write_card(&id.folder(&whose.patients).join("card.md"), &autoencoder_card(&id, &config, &saved))?;
    say!(
        "{}: fitted on {} s in {:.0} s; a second is flagged above an error of {:.3}",
        path.display(),
        seconds.len(),
        began.elapsed().as_secs_f64(),
        saved.baseline().threshold
    );
    Ok(())
}

fn autoencoder_card(id: &PatientId, config: &PatientConfig, autoencoder: &Autoencoder) -> Card {
    let baseline = autoencoder.baseline();
    let mut card = Card::new(&format!("Autoencoder of patient {id}"));
    card.paragraph("Says how unlike this patient's usual EEG a second is. Research only: no medical device.");
    card.section("Made by").block("sh", &super::command_line());
    let recordings = config.fit.as_ref().map(|fit| fit.recordings.join(", ")).unwrap_or_default();
    card.table(
        &["", ""],
        &[
            vec!["date".into(), super::today()],
            vec!["weights, SHA-256".into(), format!("`{}`", autoencoder.digest())],
            vec!["baseline".into(), format!("{} s of {recordings}", baseline.seconds)],
            vec!["error, median".into(), format!("{:.4}", baseline.log_error_median.exp())],
            vec!["error, flagged above".into(), format!("{:.4}", baseline.threshold)],
        ],
    );
    card.paragraph(
        "Errors are root mean squares in units of the patient's typical amplitude. Median and threshold come from \
         seconds that the judging network was not fitted on: each half of the baseline is judged by a network fitted \
         on the other. The time of the baseline never counts in the patient's own score.",
    );
    let json = serde_json::to_string_pretty(autoencoder.config()).unwrap_or_else(|e| e.to_string());
    card.section("Configuration").block("json", &json);
    card
}

fn calibrate(whose: &Whose, inputs: &[PathBuf], wanted: f64) -> Result<(), CliError> {
    if !(wanted >= 0.0 && wanted.is_finite()) {
        return Err(CliError::Usage(format!("--false-alarms-per-hour is {wanted}; expected 0 or more")));
    }
    let id = PatientId::new(&whose.id)?;
    let mut watched = watched(&whose.patients, &whose.models, &id)?;
    let plans = in_time_order(inputs)?;
    let names: Vec<String> = plans.iter().map(|plan| plan.name.clone()).collect();
    let expert = plans.iter().map(|plan| events_beside(&plan.path)).collect::<Result<Vec<_>, _>>()?;
    if let Some(unmarked) = plans.iter().zip(&expert).find(|(_, events)| events.is_none()) {
        return Err(CliError::Unsuitable {
            path: unmarked.0.path.clone(),
            reason: "no expert marks beside it (x_events.tsv for x_eeg.edf); without them no alarm is right or wrong".into(),
        });
    }
    let detector = Detector::new(watched.config.label, watched.config.accumulator)?;
    let replayed = replay(plans, &watched.judge, detector, &watched.signal, Speed::Max, &mut |_| {})?;
    if summarise(id.as_str(), &replayed, &expert, &[]).score.false_alarms_per_hour.is_none() {
        return Err(CliError::Unsuitable {
            path: inputs[0].clone(),
            reason: format!(
                "every second of these recordings lies in a seizure or in the {AFTER_S:.0} s after one, where no alarm \
                 is false; add recordings of ordinary hours, or set seizure_probability and threshold by hand"
            ),
        });
    }
    let chosen = choose(&id, &watched.config, &replayed, &expert, wanted)?;
    let Some((rule, accumulator, summary)) = chosen else {
        return Err(CliError::Unsuitable {
            path: inputs[0].clone(),
            reason: format!(
                "no threshold keeps to {wanted} false alarms an hour on these recordings; the settings stay as they were"
            ),
        });
    };
    let score = &summary.score;
    let interval = score.false_alarms_per_hour.map_or([0.0, f64::INFINITY], |i| [i.lower, i.upper]);
    watched.config.label = rule;
    watched.config.accumulator = accumulator;
    watched.config.calibration = Some(CalibrationRecord {
        recordings: names,
        hours: (summary.score.hours * 1e4).round() / 1e4,
        false_alarms: score.false_alarms.len() as u64,
        false_alarms_per_hour: interval.map(|end| (end * 1e3).round() / 1e3),
        seizures: score.seizures.len() as u64,
        detected: score.detected as u64,
        date: super::today(),
    });
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

/// Seizure probabilities and thresholds that calibration tries.
const PROBABILITIES: [f32; 7] = [0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9];
const THRESHOLDS: [f32; 8] = [4.0, 5.0, 6.0, 8.0, 10.0, 12.0, 15.0, 20.0];

type Chosen = (LabelRule, AccumulatorConfig, Summary);

/// The settings that find most seizures within the wanted rate; among equals the fewest false
/// alarms, then the shortest latency, then the highest probability.
fn choose(
    id: &PatientId,
    config: &PatientConfig,
    replayed: &Replayed,
    expert: &[Option<Vec<Event>>],
    wanted: f64,
) -> Result<Option<Chosen>, CliError> {
    let mut best: Option<(Chosen, (usize, i64, i64))> = None;
    for threshold in THRESHOLDS {
        for seizure_probability in PROBABILITIES {
            let rule = LabelRule { seizure_probability, ..config.label };
            let accumulator = AccumulatorConfig { threshold, cap: 2.0 * threshold, ..config.accumulator };
            let again = rejudge(replayed, Detector::new(rule, accumulator)?);
            // Calibration looks at all that it is given: nothing here is scored.
            let summary = summarise(id.as_str(), &again, expert, &[]);
            let score = &summary.score;
            let false_alarms = score.false_alarms.len();
            if false_alarms as f64 > wanted * summary.score.hours {
                continue;
            }
            let latency = score.median_latency_s.unwrap_or(f64::from(threshold));
            let merit = (score.detected, -(false_alarms as i64), -(latency * 10.0) as i64);
            if best.as_ref().is_none_or(|(_, before)| merit > *before) {
                best = Some(((rule, accumulator, summary), merit));
            }
        }
    }
    Ok(best.map(|(chosen, _)| chosen))
}

fn show(whose: &Whose, json: bool) -> Result<(), CliError> {
    let id = PatientId::new(&whose.id)?;
    let config = PatientConfig::load(&whose.patients, &id)?;
    let classifier = Classifier::load(&cnn_path(&whose.models, &config.cnn));
    let path = PatientConfig::autoencoder_path(&whose.patients, &id);
    let autoencoder = match &classifier {
        Ok(classifier) => Some(Autoencoder::load(&path, id.as_str(), &classifier.config().signal)),
        Err(_) => None,
    };
    if json {
        let report = serde_json::json!({
            "patient": id.as_str(),
            "settings": config,
            "cnn": classifier.as_ref().ok().map(|c| serde_json::json!({ "digest": c.digest(), "people": c.people() })),
            "autoencoder": autoencoder.as_ref().and_then(|a| a.as_ref().ok()).map(|a| serde_json::json!({
                "digest": a.digest(), "baseline": a.baseline(),
            })),
        });
        say!("{report:#}");
        return Ok(());
    }
    put!("{}", config.to_documented_toml(&id));
    match &classifier {
        Ok(c) => {
            say!("# CNN {}: trained on {} people, SHA-256 {}", config.cnn, c.people().len(), c.digest())
        }
        Err(error) => say!("# CNN {}: {error}", config.cnn),
    }
    match autoencoder {
        Some(Ok(a)) => say!(
            "# autoencoder: fitted on {} s, flags errors above {:.4}, SHA-256 {}",
            a.baseline().seconds,
            a.baseline().threshold,
            a.digest()
        ),
        Some(Err(error)) => say!("# autoencoder: {error}"),
        None => {}
    }
    show_recordings(&path);
    Ok(())
}

fn show_recordings(autoencoder: &Path) {
    let recordings = autoencoder.with_file_name("recordings");
    if recordings.is_dir() {
        say!("# recordings: {}", recordings.display());
    }
}
