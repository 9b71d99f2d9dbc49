//! `vigil evaluate cross-person`: several methods on the same people, none of whom any network has seen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;

use super::super::error::CliError;
use super::super::terminal::progress_bar;
use super::super::{command_line, today};
use crate::dataset::{Dataset, People, Second, gather};
use crate::evaluate::report::{DataSummary, MethodReport, ProtocolReport};
use crate::evaluate::{Comparison, JudgedPerson, Judgements, Kept, judge_people, score_method};
use crate::model::{AutoencoderConfig, AutoencoderOpinion, Classifier};
use crate::train::{AutoencoderFit, cross_fitted_opinions};
use crate::ward::cnn_path;

/// Compare five methods and a plain one on people whom no network was trained on
#[derive(Debug, Args)]
pub struct CrossPersonArgs {
    /// Folder of recordings with expert events (BIDS tree or CHB-MIT folders); may be repeated
    #[arg(long, required = true, value_name = "DIR")]
    data: Vec<PathBuf>,
    /// Three-class networks, one for each fold of people
    #[arg(long, required = true, value_delimiter = ',', value_name = "NAME")]
    three_class: Vec<String>,
    /// Two-class networks of the same folds
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    two_class: Vec<String>,
    /// Two-class networks of the same folds, trained with hard negatives
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    hard_negatives: Vec<String>,
    /// Where models lie
    #[arg(long, default_value = "models", value_name = "DIR")]
    models: PathBuf,
    /// Score these people alone
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Leave these people out
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    exclude: Vec<String>,
    /// Share of the seizures at which the methods are compared
    #[arg(long, default_value_t = 0.75, value_name = "SHARE")]
    sensitivity: f64,
    /// Print every figure as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the protocol.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &CrossPersonArgs) -> Result<(), CliError> {
    if !(args.sensitivity > 0.0 && args.sensitivity <= 1.0) {
        return Err(CliError::Usage(format!(
            "--sensitivity {}: expected a share above 0 and at most 1",
            args.sensitivity
        )));
    }
    let three_class = load(&args.models, &args.three_class)?;
    let two_class = load(&args.models, &args.two_class)?;
    let hard_negatives = load(&args.models, &args.hard_negatives)?;
    let Some((_, first)) = three_class.first() else { return Ok(()) };
    let signal = first.config().signal.clone();
    let people = People { only: &args.only, exclude: &args.exclude, needed: &[] };
    let bar = progress_bar("reading", "recordings");
    let dataset = Dataset::load(gather(&args.data, &people)?, &signal, &mut |done, all| {
        bar.set_length(all as u64);
        bar.set_position(done as u64);
    })?;
    bar.finish_and_clear();
    for (path, why) in &dataset.left_out {
        warn!("warning: {} is left out: {why}", path.display());
    }
    let three_class = judge(&dataset, &three_class, "three classes")?;
    let judged = Judgements {
        two_class: (!two_class.is_empty()).then(|| judge(&dataset, &two_class, "two classes")).transpose()?,
        hard_negatives: (!hard_negatives.is_empty())
            .then(|| judge(&dataset, &hard_negatives, "hard negatives"))
            .transpose()?,
        autoencoders: autoencoders(
            &dataset,
            &three_class,
            &AutoencoderConfig { signal, ..AutoencoderConfig::default() },
        )?,
        three_class,
    };
    let folds = folds(&judged.three_class);
    let comparison = Comparison::of(args.sensitivity);
    let methods = judged
        .methods(&dataset)
        .iter()
        .map(|method| Ok(score_method(&dataset, method, &folds, &comparison, &|_| true)?))
        .collect::<Result<Vec<MethodReport>, CliError>>()?;
    let report = ProtocolReport {
        protocol: "cross-person".into(),
        title: "People whom no network has seen".into(),
        how: how(folds.values().max().map_or(0, |last| last + 1)),
        command: command_line(),
        date: today(),
        data: vec![summary(&args.data, &dataset)],
        alarm_rule: "see below".into(),
        target_sensitivity: args.sensitivity,
        methods,
        limits: limits(&dataset),
    };
    if args.json {
        let text = serde_json::to_string_pretty(&report)
            .map_err(|error| CliError::Usage(format!("the figures cannot be written: {error}")))?;
        say!("{text}");
    } else {
        print(&report);
    }
    Ok(())
}

fn load(models: &Path, names: &[String]) -> Result<Vec<(String, Classifier)>, CliError> {
    names.iter().map(|name| Ok((name.clone(), Classifier::load(&cnn_path(models, name))?))).collect()
}

fn judge(
    dataset: &Dataset,
    models: &[(String, Classifier)],
    what: &'static str,
) -> Result<Vec<JudgedPerson>, CliError> {
    let bar = progress_bar(what, "seconds");
    bar.set_length(dataset.seconds().count() as u64);
    let judged = judge_people(dataset, models, &[1.0], &Kept::default(), &|seconds| bar.inc(seconds as u64))?;
    bar.finish_and_clear();
    Ok(judged)
}

fn autoencoders(
    dataset: &Dataset,
    people: &[JudgedPerson],
    config: &AutoencoderConfig,
) -> Result<BTreeMap<String, Vec<Option<AutoencoderOpinion>>>, CliError> {
    let bar = progress_bar("autoencoders", "people");
    bar.set_length(people.len() as u64);
    let opinions = people
        .iter()
        .map(|person| {
            let seconds: Vec<Second> = person.seconds.iter().map(|judged| judged.second).collect();
            let fit = AutoencoderFit::default();
            let opinions = cross_fitted_opinions(dataset, &person.person, &seconds, config, &fit)?;
            bar.inc(1);
            Ok((person.person.clone(), opinions))
        })
        .collect();
    bar.finish_and_clear();
    opinions
}

/// People whom one network judged are one fold: it has seen none of them.
fn folds(people: &[JudgedPerson]) -> BTreeMap<String, usize> {
    let mut models: Vec<&str> = people.iter().map(|person| person.model.as_str()).collect();
    models.sort_unstable();
    models.dedup();
    people
        .iter()
        .map(|person| {
            let fold = models.iter().position(|model| *model == person.model).unwrap_or_default();
            (person.person.clone(), fold)
        })
        .collect()
}

fn how(folds: usize) -> Vec<String> {
    vec![
        format!("People are dealt into {folds} folds; everybody is judged by a network that saw none of their fold."),
        "Each method's threshold for the people of a fold is the highest at which the wanted share of the seizures \
         of the other folds' people is found."
            .into(),
        "A person's own autoencoder judges only seconds of the half of the recordings that it was not fitted on.".into(),
    ]
}

/// What no figure of these data can say.
fn limits(dataset: &Dataset) -> Vec<String> {
    let mut limits = vec![
        "The networks that judge one fold were trained on the people of the others, on whom the threshold for this \
         fold is chosen: each of those was then judged by a network that had seen people of this fold. Thresholds \
         are one number each, so little can leak; it is not nothing."
            .to_string(),
    ];
    let longest = dataset.stretches.iter().map(crate::dataset::Stretch::seconds).max().unwrap_or(0);
    if longest < 3600 {
        limits.push(format!(
            "No stretch of signal is longer than {longest} s: a rate of false alarms of a day on a ward does not follow \
             from it."
        ));
    }
    limits
}

fn summary(paths: &[PathBuf], dataset: &Dataset) -> DataSummary {
    let seconds: Vec<Second> = dataset.seconds().collect();
    let seizure_s = seconds.iter().filter(|&&second| dataset.is_seizure(second)).count();
    let seizures = |recording: &crate::dataset::LabelledRecording| {
        recording.events.iter().filter(|event| event.is_seizure()).count() as u64
    };
    let mut with_seizures: Vec<&str> = dataset
        .recordings
        .iter()
        .filter(|recording| seizures(recording) > 0)
        .map(|recording| recording.person.as_str())
        .collect();
    with_seizures.sort_unstable();
    with_seizures.dedup();
    DataSummary {
        path: paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and "),
        people: dataset.people().len(),
        people_with_seizures: with_seizures.len(),
        recordings: dataset.recordings.len(),
        hours: seconds.len() as f64 / 3600.0,
        seizure_hours: seizure_s as f64 / 3600.0,
        seizures: dataset.recordings.iter().map(seizures).sum(),
    }
}

fn print(report: &ProtocolReport) {
    say!(
        "{:<28} {:>13} {:>6} {:>10} {:>6} {:>9} {:>13} {:>8}",
        "method",
        "AUROC median",
        "mean",
        "in context",
        "mean",
        "found",
        "false / hours",
        "latency"
    );
    for method in &report.methods {
        let number = |value: Option<f64>| value.map_or("-".to_string(), |value| format!("{value:.3}"));
        let (auroc, context) = (method.auroc.as_ref(), method.auroc_context.as_ref());
        say!(
            "{:<28} {:>13} {:>6} {:>10} {:>6} {:>9} {:>13} {:>8}",
            method.name,
            number(auroc.map(|spread| spread.median)),
            number(auroc.map(|spread| spread.mean)),
            number(context.map(|spread| spread.median)),
            number(context.map(|spread| spread.mean)),
            format!("{}/{}", method.ward.detected, method.ward.seizures),
            format!("{} / {:.2}", method.ward.false_alarms, method.ward.hours),
            method.ward.median_latency_s.map_or("-".into(), |latency| format!("{latency:.0} s"))
        );
    }
}
