//! `vigil explain`: which derivations and which part of a second its label rests on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::error::CliError;
use super::replay::watched;
use crate::config::PatientId;
use crate::detect::{Judge, Label, LabelRule};
use crate::explain::{ExplainError, ExplanationReport, Moment, explain_recording, table, write_figure};
use crate::model::{Classes, Classifier};
use crate::signal::SignalConfig;
use crate::ward::cnn_path;

/// Show what a second's label rests on: derivations and parts of the second, each left out in turn
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The recording
    #[arg(value_name = "REC")]
    recording: PathBuf,
    /// The second: seconds from the recording's start, or its wall time like "2075-09-05 03:35:22"
    #[arg(long, value_name = "T", allow_hyphen_values = true)]
    at: Moment,
    /// Whose recording it is: judged with this patient's networks and settings
    #[arg(long, value_name = "ID", required_unless_present = "model", conflicts_with = "model")]
    patient: Option<String>,
    /// Judge with this CNN and the default settings, without a patient
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Explain the probability of this class; without it, that of the label, or of seizure where that is likeliest
    #[arg(long, value_name = "CLASS")]
    class: Option<Class>,
    /// Draw it over the EEG
    #[arg(long, value_name = "FILE")]
    png: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Where patients lie
    #[arg(long, default_value = "patients", value_name = "DIR")]
    patients: PathBuf,
    /// Where models lie
    #[arg(long, default_value = "models", value_name = "DIR")]
    models: PathBuf,
}

/// A class, as the command line names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Class {
    Seizure,
    Abnormal,
    NonSeizure,
}

impl From<Class> for Label {
    fn from(class: Class) -> Label {
        match class {
            Class::Seizure => Label::Seizure,
            Class::Abnormal => Label::Abnormal,
            Class::NonSeizure => Label::NonSeizure,
        }
    }
}

/// What a second is judged with.
struct Eyes {
    judge: Judge,
    signal: SignalConfig,
    rule: LabelRule,
    /// Who judges, for people.
    whose: String,
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &ExplainArgs) -> Result<(), CliError> {
    let Eyes { mut judge, signal, rule, whose } = eyes(args)?;
    let path = &args.recording;
    if args.class == Some(Class::Abnormal) && judge.classifier().config().classes == Classes::Two {
        return Err(CliError::Usage(format!(
            "--class abnormal: the network of {whose} has two classes; expected seizure or non-seizure"
        )));
    }
    let explained = args.class.map(Label::from);
    let explanation = explain_recording(path, &signal, &mut judge, rule, args.at, explained)
        .map_err(|error| failed(path, error))?;
    if let Some(png) = &args.png {
        write_figure(png, &explanation, judge.classifier().config(), &whose)?;
    }
    if args.json {
        let text = serde_json::to_string_pretty(&ExplanationReport::from(&explanation))
            .map_err(|e| CliError::Damaged { path: path.clone(), reason: e.to_string() })?;
        say!("{text}");
    } else {
        put!("{}", table(&explanation));
        if let Some(png) = &args.png {
            say!("\n{}: the same over the EEG", png.display());
        }
    }
    Ok(())
}

fn eyes(args: &ExplainArgs) -> Result<Eyes, CliError> {
    if let Some(id) = &args.patient {
        let id = PatientId::new(id)?;
        let watched = watched(&args.patients, &args.models, &id)?;
        let (signal, rule) = (watched.signal, watched.config.label);
        return Ok(Eyes { judge: watched.judge, signal, rule, whose: format!("patient {id}") });
    }
    let name = args.model.as_deref().unwrap_or_default();
    let classifier = Classifier::load(&cnn_path(&args.models, name))?;
    let signal = classifier.config().signal.clone();
    let judge = Judge::new(Arc::new(classifier), None)?;
    Ok(Eyes { judge, signal, rule: LabelRule::default(), whose: format!("model {name}") })
}

fn failed(path: &Path, error: ExplainError) -> CliError {
    let path = path.to_path_buf();
    match error {
        ExplainError::Stream(source) => CliError::Stream { path, source },
        ExplainError::Judge(error) => CliError::Judge(error),
        source => CliError::Explain { path, source },
    }
}
