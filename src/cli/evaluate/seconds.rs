//! `vigil evaluate --model …`: how well CNNs tell the seconds of people whom they were not trained on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::super::error::CliError;
use super::super::labelled::{found, load};
use super::super::mains::parse_mains;
use super::super::namesakes::NamesakeArgs;
use super::super::read_text;
use super::super::terminal::progress_bar;
use super::networks::{conditioned_alike, told_of_strangers};
use super::unjudged::told_of_unjudged;
use crate::dataset::{Dataset, Gathered, People};
use crate::detect::{AccumulatorConfig, LabelRule};
use crate::evaluate::{
    CONTEXT_S, JudgedPerson, Kept, PersonScore, Unjudged, WardScore, judge_people, median_interval,
    score_settings, unjudged,
};
use crate::format::lines;
use crate::model::Classifier;
use crate::signal::Mains;
use crate::ward::cnn_path;

/// What is scored second by second.
#[derive(Debug, Args)]
pub struct SecondsArgs {
    /// Folder of recordings with expert events (BIDS tree or CHB-MIT folders); may be repeated
    #[arg(long, required = true, value_name = "DIR")]
    data: Vec<PathBuf>,
    /// A model below MODELS; each person is scored by the first that was not trained on them
    #[arg(long, required = true, value_delimiter = ',', value_name = "NAME")]
    model: Vec<String>,
    /// Where models lie
    #[arg(long, default_value = "models", value_name = "DIR")]
    models: PathBuf,
    /// Score these people alone
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Leave these people out
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    exclude: Vec<String>,
    /// Frequency of the mains where these people were recorded, in place of the models' own: 50, 60, or 0 for no notch
    #[arg(long, value_name = "HZ", value_parser = parse_mains)]
    mains: Option<Mains>,
    // Options that are taken in from elsewhere would hide from the parser that these are asked for at all.
    /// Subjects of one name below several --data are one person
    #[arg(long, conflicts_with = "distinct_people")]
    same_people: bool,
    /// Subjects of one name below several --data are different people: everybody is called by the folder too, as north:p01
    #[arg(long)]
    distinct_people: bool,
    /// Show the columns of this table beside ours: tab-separated, first column `person`, AUROC in the others
    #[arg(long, value_name = "FILE")]
    beside: Option<PathBuf>,
    /// Write every second with its truth and probabilities to this file
    #[arg(long, value_name = "FILE")]
    seconds: Option<PathBuf>,
    /// Also count the alarms that would come of it, for each of several settings of the detector
    #[arg(long)]
    alarms: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &SecondsArgs) -> Result<(), CliError> {
    let models = args
        .model
        .iter()
        .map(|name| Ok((name.clone(), Classifier::load(&cnn_path(&args.models, name))?)))
        .collect::<Result<Vec<_>, CliError>>()?;
    let others = args.beside.as_deref().map(read_others).transpose()?;
    let signal = conditioned_alike(&models, args.mains)?;
    let people = People {
        only: &args.only,
        exclude: &args.exclude,
        needed: &[],
        namesakes: NamesakeArgs::new(args.same_people, args.distinct_people).rule(),
    };
    let Gathered { recordings, there, .. } = found(&args.data, &people)?;
    if recordings.is_empty() {
        return Err(CliError::Usage(
            "nobody is left to judge; expected recordings with expert events of somebody whom --only and --exclude keep"
                .into(),
        ));
    }
    let dataset = load(recordings, &signal)?;
    let everybody: Vec<String> = there.into_iter().map(|(person, _)| person).collect();
    told_of_strangers(&everybody, &models);
    told_of_unjudged(&dataset);
    let bar = progress_bar("judging", "seconds");
    bar.set_length(dataset.seconds().count() as u64);
    let judged =
        judge_people(&dataset, &models, &[1.0], &Kept::default(), &|seconds| bar.inc(seconds as u64))?;
    bar.finish_and_clear();
    if let Some(path) = &args.seconds {
        write_seconds(path, &dataset, &judged)?;
    }
    let alarms = if args.alarms { Some(score_grid(&dataset, &judged)?) } else { None };
    let scores: Vec<PersonScore> = judged.iter().map(PersonScore::of).collect();
    if args.json {
        print_json(&scores, alarms.as_deref(), &unjudged(&dataset), signal.mains_hz);
        return Ok(());
    }
    print_table(&scores, others.as_ref());
    if let Some(grid) = alarms {
        print_grid(&grid);
    }
    Ok(())
}

/// AUROCs of other methods: column names, and each person's values.
struct Others {
    columns: Vec<String>,
    rows: BTreeMap<String, Vec<Option<f64>>>,
}

fn read_others(path: &Path) -> Result<Others, CliError> {
    let text = read_text(path)?;
    let mut lines = lines(&text).enumerate().filter(|(_, line)| !line.starts_with('#'));
    let header: Vec<&str> = lines.next().map_or("", |(_, line)| line).split('\t').collect();
    if header.first() != Some(&"person") {
        return Err(CliError::Damaged {
            path: path.to_path_buf(),
            reason: format!(
                "the first line starts with {:?}; expected a column `person`",
                header.first().unwrap_or(&"")
            ),
        });
    }
    let rows = lines
        .map(|(index, line)| {
            let mut cells = line.split('\t');
            let person = cells.next().unwrap_or_default().to_string();
            let columns = header[1..].iter().copied().chain(std::iter::repeat("without a name"));
            let values = cells.zip(columns).map(|(cell, column)| {
                auroc_of(cell).map_err(|reason| CliError::Damaged {
                    path: path.to_path_buf(),
                    reason: format!("line {}, column {column}: {reason}", index + 1),
                })
            });
            Ok((person, values.collect::<Result<_, _>>()?))
        })
        .collect::<Result<_, CliError>>()?;
    Ok(Others { columns: header[1..].iter().map(ToString::to_string).collect(), rows })
}

/// A cell's AUROC; `None` where it says that there is none.
fn auroc_of(cell: &str) -> Result<Option<f64>, String> {
    if ["", "-", "n/a"].contains(&cell.trim()) {
        return Ok(None);
    }
    match cell.trim().parse::<f64>().ok().filter(|value| (0.0..=1.0).contains(value)) {
        Some(value) => Ok(Some(value)),
        None => {
            Err(format!("found {cell:?}; expected an AUROC from 0 to 1, or - or n/a where there is none"))
        }
    }
}

/// The median; `None` of nobody.
fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[n / 2]),
        n => Some((values[n / 2 - 1] + values[n / 2]) / 2.0),
    }
}

/// The mean; `None` of nobody.
fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn print_table(scores: &[PersonScore], others: Option<&Others>) {
    let columns = others.map(|others| others.columns.as_slice()).unwrap_or_default();
    put!(
        "{:<10} {:<10} {:>9} {:>8} {:>8} {:>9}",
        "person",
        "model",
        "seizure s",
        "other s",
        "AUROC",
        "context"
    );
    columns.iter().for_each(|column| put!(" {column:>12}"));
    say!("");
    let mut kept: Vec<Vec<f64>> = vec![Vec::new(); 2 + columns.len()];
    for score in scores.iter() {
        let (Some(auroc), Some(with_context)) = (score.auroc, score.auroc_context) else { continue };
        put!(
            "{:<10} {:<10} {:>9} {:>8} {auroc:>8.3} {with_context:>9.3}",
            score.person,
            score.model,
            score.seizure_s,
            score.other_s
        );
        kept[0].push(auroc);
        kept[1].push(with_context);
        for column in 0..columns.len() {
            let value =
                others.and_then(|others| others.rows.get(&score.person)?.get(column).copied().flatten());
            match value {
                Some(value) => {
                    put!(" {value:>12.3}");
                    kept[2 + column].push(value);
                }
                None => put!(" {:>12}", "-"),
            }
        }
        say!("");
    }
    for (name, of) in [("median", median as fn(&[f64]) -> Option<f64>), ("mean", mean)] {
        put!("{name:<10} {:<10} {:>9} {:>8}", "", "", "");
        for (column, values) in kept.iter().enumerate() {
            let value = of(values).map_or("-".to_string(), |value| format!("{value:.3}"));
            let width = [8, 9].get(column).copied().unwrap_or(12);
            put!(" {value:>width$}");
        }
        say!("");
    }
    put!("{:<39}", "95 % interval of the median");
    for (column, values) in kept.iter().enumerate() {
        let interval = median_interval(values)
            .map_or("-".to_string(), |interval| format!("{:.2}-{:.2}", interval.lower, interval.upper));
        let width = [10, 9].get(column).copied().unwrap_or(12);
        put!(" {interval:>width$}");
    }
    say!("");
    let without: Vec<&str> =
        scores.iter().filter(|score| score.auroc.is_none()).map(|score| score.person.as_str()).collect();
    say!("{} people with seizure and seizure-free seconds", kept[0].len());
    if !without.is_empty() {
        say!("{} people without one of the two have no AUROC: {}", without.len(), without.join(", "));
    }
}

/// Settings that are compared; everything else has its default.
const PROBABILITIES: [f32; 8] = [0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8];
const THRESHOLDS: [f32; 6] = [4.0, 5.0, 6.0, 8.0, 10.0, 12.0];

/// One setting and what came of it.
type Tried = (f32, f32, WardScore);

fn score_grid(dataset: &Dataset, people: &[JudgedPerson]) -> Result<Vec<Tried>, CliError> {
    let pairs = PROBABILITIES.iter().flat_map(|&p| THRESHOLDS.iter().map(move |&threshold| (p, threshold)));
    pairs
        .map(|(seizure_probability, threshold)| {
            let rule = LabelRule { seizure_probability, ..LabelRule::default() };
            let accumulator =
                AccumulatorConfig { threshold, cap: 2.0 * threshold, ..AccumulatorConfig::default() };
            Ok((seizure_probability, threshold, score_settings(dataset, people, rule, accumulator)?))
        })
        .collect()
}

fn print_grid(grid: &[Tried]) {
    let Some((_, _, first)) = grid.first() else { return };
    say!(
        "\nalarms, with {} seizures and {:.2} h in which an alarm would be false:",
        first.seizures.len(),
        first.hours
    );
    say!(
        "seizure probability  threshold  found  after the end  median latency  false alarms  per hour (95 %)"
    );
    for (probability, threshold, score) in grid {
        let latency = score.median_latency_s.map_or("-".to_string(), |latency| format!("{latency:.0} s"));
        let rate = score
            .false_alarms_per_hour
            .map_or("-".to_string(), |rate| format!("{:.1} to {:.1}", rate.lower, rate.upper));
        say!(
            "{probability:>19} {threshold:>10} {:>6} {:>14} {latency:>15} {:>13}  {rate}",
            score.detected,
            score.after_seizure,
            score.false_alarms.len()
        );
    }
}

fn print_json(scores: &[PersonScore], alarms: Option<&[Tried]>, unjudged: &[Unjudged], mains_hz: Mains) {
    let people: Vec<_> = scores
        .iter()
        .map(|score| {
            json!({
                "person": score.person, "model": score.model, "seizure_s": score.seizure_s, "other_s": score.other_s,
                "auroc": score.auroc, "auroc_context": score.auroc_context,
            })
        })
        .collect();
    let of = |pick: fn(&PersonScore) -> Option<f64>| {
        let values: Vec<f64> = scores.iter().filter_map(pick).collect();
        let interval = median_interval(&values);
        json!({
            "median": median(&values), "median_interval": interval, "mean": mean(&values), "people": values.len(),
        })
    };
    let report = json!({
        "people": people,
        "mains_hz": mains_hz,
        "unjudged": unjudged,
        "auroc": of(|score| score.auroc),
        "auroc_context": of(|score| score.auroc_context),
        "context_time_constant_s": CONTEXT_S,
        "alarms": alarms.map(|grid| grid.iter().map(|(seizure_probability, threshold, score)| json!({
            "seizure_probability": seizure_probability, "threshold": threshold, "detected": score.detected,
            "seizures": score.seizures.len(), "sensitivity": score.sensitivity,
            "after_seizure": score.after_seizure, "median_latency_s": score.median_latency_s,
            "false_alarms": score.false_alarms.len(), "hours": score.hours,
            "false_alarms_per_hour": score.false_alarms_per_hour,
        })).collect::<Vec<_>>()),
    });
    say!("{report:#}");
}

fn write_seconds(path: &Path, dataset: &Dataset, people: &[JudgedPerson]) -> Result<(), CliError> {
    let write = |file: &mut std::io::BufWriter<std::fs::File>| -> std::io::Result<()> {
        use std::io::Write;
        writeln!(file, "person\tmodel\trecording\tsecond\tseizure\tp_seizure\tp_abnormal\tp_nonseizure")?;
        for person in people {
            for judged in &person.seconds {
                let stretch = &dataset.stretches[judged.second.stretch];
                let recording = dataset.recording_of(judged.second).path.file_name().unwrap_or_default();
                let Some(opinion) = judged.opinion else { continue };
                let [seizure, abnormal, non_seizure] = opinion.probabilities;
                writeln!(
                    file,
                    "{}\t{}\t{}\t{}\t{}\t{seizure:.6}\t{abnormal:.6}\t{non_seizure:.6}",
                    person.person,
                    person.model,
                    recording.to_string_lossy(),
                    stretch.first_second + judged.second.index,
                    u8::from(judged.seizure)
                )?;
            }
        }
        Ok(())
    };
    crate::durable::replace_file(path, write)
        .map_err(|source| CliError::Unwritable { path: path.to_path_buf(), source })
}
