//! `vigil patient`: a patient from the first recording to the first alarm.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::calibrate::{Reviewed, calibrate, calibrate_on_reviews};
use super::error::CliError;
use super::inputs::{Marks, marks_beside, ordered};
use super::labelled::tell_of_recordings;
use super::patient_name::name_patient;
use super::terminal::progress_bar;
use crate::config::versions::{
    add_version, keep_active, switch_to, version_fit, version_in_use, version_weights, versions,
    versions_folder, write_fit, write_level,
};
use crate::config::{ConfigError, FitRecord, PatientConfig, PatientId, WardConfig, give_to_owner};
use crate::dataset::{Dataset, LabelledRecording, Second};
use crate::detect::{LOWEST_LOG_ODDS, LabelRule};
use crate::model::{Autoencoder, AutoencoderConfig, Card, Classifier, write_card};
use crate::signal::{Mains, SignalConfig};
use crate::train::{AutoencoderFit, fit_autoencoder, level_of};
use crate::ward::adapt::{AdaptError, adapt};
use crate::ward::lifecycle::FitRequest;
use crate::ward::{Models, cnn_digest, cnn_path};

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
        /// Take the recordings in the order given, where their dates were removed or made up
        #[arg(long)]
        in_order_given: bool,
    },
    /// Choose the alarm threshold on earlier recordings for a wanted false alarm rate
    Calibrate {
        #[command(flatten)]
        whose: Whose,
        /// Recordings to choose on; what is scored later must not be among them
        #[arg(required_unless_present = "reviews", value_name = "REC")]
        recordings: Vec<PathBuf>,
        /// Take the recordings in the order given, where their dates were removed or made up: one that does not begin after
        /// the one before is set behind it
        #[arg(long, conflicts_with = "reviews")]
        in_order_given: bool,
        /// False alarms per hour that are acceptable
        #[arg(long, default_value_t = 1.0, value_name = "RATE")]
        false_alarms_per_hour: f64,
        #[command(flatten)]
        reviewed: Reviewed,
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
pub(super) struct Whose {
    /// The patient
    #[arg(value_name = "ID")]
    pub(super) id: String,
    /// Where patients lie
    #[arg(long, default_value = "patients", value_name = "DIR")]
    pub(super) patients: PathBuf,
    /// Where models lie
    #[arg(long, default_value = "models", value_name = "DIR")]
    pub(super) models: PathBuf,
}

/// Seconds of baseline that a patient's autoencoder should be fitted on; fewer are told of.
const WANTED_S: usize = 600;

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &PatientArgs) -> Result<(), CliError> {
    let (done, whose) = match &args.action {
        Action::New { whose, cnn, mains } => (make(whose, cnn, *mains), whose),
        Action::Fit { whose, recordings, ignore_events, in_order_given } => {
            (fit(whose, recordings, *ignore_events, *in_order_given), whose)
        }
        Action::Calibrate { whose, recordings, in_order_given, false_alarms_per_hour, reviewed } => {
            match &reviewed.reviews {
                Some(config) => {
                    return calibrate_on_reviews(&whose.id, config, *false_alarms_per_hour, reviewed);
                }
                None => (calibrate(whose, recordings, *in_order_given, *false_alarms_per_hour), whose),
            }
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
    let cnn = cnn_digest(&whose.models, &PatientConfig::load(&whose.patients, &id)?);
    let switch = switch_to(&whose.patients, &id, version, &cnn, &jiff::Timestamp::now().to_string(), by)?;
    let which =
        if version == 0 { "the shared autoencoder".to_string() } else { format!("version {version}") };
    say!("patient {id}: {which} is in use; a running daemon takes it over when it reloads (SIGHUP)");
    if !switch.digest.is_empty() {
        say!("SHA-256 {}", switch.digest);
    }
    tell_of_level(&whose.patients, &id)
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

fn fit(whose: &Whose, inputs: &[PathBuf], ignore_events: bool, in_order_given: bool) -> Result<(), CliError> {
    let id = PatientId::new(&whose.id)?;
    let config = PatientConfig::load(&whose.patients, &id)?;
    let classifier = Arc::new(Classifier::load(&cnn_path(&whose.models, &config.cnn))?);
    let signal = SignalConfig { mains_hz: config.mains_hz, ..classifier.config().signal.clone() };
    let plans = ordered(inputs, in_order_given)?;
    let names: Vec<String> = plans.iter().map(|plan| plan.name.clone()).collect();
    let recordings = plans
        .iter()
        .map(|plan| {
            let events = marks_beside(&plan.path, Marks::unless(ignore_events))?;
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
    tell_of_recordings(&dataset);
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
    let level = level_of(&classifier, &dataset, &seconds)?;
    if seconds.len() < WANTED_S {
        warn!(
            "warning: {} s of baseline, expected {WANTED_S} or more, with waking and sleep: what this autoencoder has not \
             seen it calls unusual",
            seconds.len()
        );
    }
    let record = FitRecord { recordings: names, seconds: seconds.len(), date: super::today() };
    // What is in use stays as a version, and the new one is a version, with its record, before it is in use.
    keep_active(&whose.patients, &id)?;
    let version = add_version(&whose.patients, &id, |folder| -> Result<(), AdaptError> {
        let weights = folder.join("autoencoder.safetensors");
        write_fit(folder, &record)?;
        if let Some(level) = &level {
            write_level(folder, level)?;
        }
        fitted.save(&weights)?;
        let saved = Autoencoder::load(&weights, id.as_str(), &settings.signal)?;
        write_card(&folder.join("card.md"), &autoencoder_card(&id, &record, &saved))?;
        Ok(())
    })
    .map_err(|error| match error {
        AdaptError::Io(source) => {
            CliError::Unwritable { path: versions_folder(&whose.patients, &id), source }
        }
        other => other.into(),
    })?;
    let time = jiff::Timestamp::now().to_string();
    switch_to(&whose.patients, &id, version, classifier.digest(), &time, "vigil patient fit")?;
    let weights = version_weights(&whose.patients, &id, version);
    let saved = Autoencoder::load(&weights, id.as_str(), &settings.signal)?;
    say!(
        "{}: version {version}, fitted on {} s in {:.0} s; a second is flagged above an error of {:.3}",
        PatientConfig::autoencoder_path(&whose.patients, &id).display(),
        seconds.len(),
        began.elapsed().as_secs_f64(),
        saved.baseline().threshold
    );
    tell_of_level(&whose.patients, &id)?;
    for remark in Models::default().watched(&whose.patients, &whose.models, &id)?.remarks() {
        warn!("warning: {remark}");
    }
    Ok(())
}

/// Says what the threshold follows, if it does.
fn tell_of_level(patients: &Path, id: &PatientId) -> Result<(), CliError> {
    let config = PatientConfig::load(patients, id)?;
    let holds = config.label.seizure_probability;
    match config.followed() {
        Some(level) => say!(
            "seizure_probability {holds}: the CNN says of {} s of this patient's EEG log-odds of {:.2}, of anybody's with seizures no \
             less than {LOWEST_LOG_ODDS}; {} by default",
            level.seconds,
            level.log_odds,
            LabelRule::default().seizure_probability
        ),
        None if config.calibration.is_some() => say!("seizure_probability {holds}, as calibrated"),
        None if !config.follow_level => {
            say!("seizure_probability {holds}, as it was set: follow_level is false")
        }
        None => say!("seizure_probability {holds}, the default"),
    }
    Ok(())
}

fn autoencoder_card(id: &PatientId, fit: &FitRecord, autoencoder: &Autoencoder) -> Card {
    let baseline = autoencoder.baseline();
    let mut card = Card::new(&format!("Autoencoder of patient {id}"));
    card.paragraph("Says how unlike this patient's usual EEG a second is. Research only: no medical device.");
    card.section("Made by").block("sh", &super::command_line());
    let recordings = fit.recordings.join(", ");
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
            "version": version_in_use(&whose.patients, &id),
            "versions": versions(&whose.patients, &id),
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
        Some(Ok(a)) => {
            say!(
                "# autoencoder: fitted on {} s of {:.1} uV (typical root mean square), flags errors above {:.4}, SHA-256 {}",
                a.baseline().seconds,
                a.baseline().typical_uv(),
                a.baseline().threshold,
                a.digest()
            );
            for remark in Models::default().watched(&whose.patients, &whose.models, &id)?.remarks() {
                say!("# {remark}");
            }
        }
        Some(Err(error)) => say!("# autoencoder: {error}"),
        None => {}
    }
    show_versions(whose, &id)?;
    show_recordings(&path);
    Ok(())
}

fn show_versions(whose: &Whose, id: &PatientId) -> Result<(), CliError> {
    let in_use = version_in_use(&whose.patients, id);
    for version in versions(&whose.patients, id) {
        let fitted_on = match version_fit(&whose.patients, id, version)? {
            Some(fit) if fit.recordings.is_empty() => format!("fitted on {} s gathered live", fit.seconds),
            Some(fit) => format!("fitted on {} s of {}", fit.seconds, fit.recordings.join(", ")),
            None => "nothing is told of what it was fitted on".to_string(),
        };
        let used = if in_use == Some(version) { "; in use" } else { "" };
        say!("# version {version}: {fitted_on}{used}");
    }
    Ok(())
}

fn show_recordings(autoencoder: &Path) {
    let recordings = autoencoder.with_file_name("recordings");
    if recordings.is_dir() {
        say!("# recordings: {}", recordings.display());
    }
}
