//! `vigil train`: fits a CNN on the recordings of many people.

mod divided;
mod fold;
mod origin;
mod place;
mod reviews;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::error::CliError;
use super::labelled::{found, labelled, load};
use super::mains::{at_mains, parse_mains, told_of_mains};
use super::namesakes::NamesakeArgs;
use super::shared_autoencoder::fit_shared;
use super::terminal::progress_bar;
use crate::config::mistake;
use crate::dataset::{Dataset, Gathered, Second};
use crate::model::{AutoencoderConfig, Classes, Classifier, CnnConfig, write_card};
use crate::signal::Mains;
use crate::train::simulated::SimulatedShares;
use crate::train::{
    Checkpoint, EpochLog, KnownRecordings, PersonLabels, Progress, SecondLabel, Sizes, Start, Task,
    TrainConfig, TrainError, TrainedCnn, TrainingFacts, cross_fitted_labels, expert_labels, train_cnn,
    training_card,
};
use crate::ward::{SHARED, cnn_path};
use divided::Divided;
use fold::{Fold, parse_fold, people_of};
use origin::{Origin, beginning, few_with_seizures, must_be_unseen, seen};
use place::{folder_for, plain_name, write_run_log};
use reviews::add_reviews;
use table::Table;

/// Fit a CNN on the recordings of many people.
#[derive(Debug, Args)]
pub struct TrainArgs {
    /// Folder of recordings with expert events, a BIDS tree (sub-*/ses-*/eeg) or CHB-MIT's folders; may be repeated
    #[arg(long, required = true, value_name = "DIR")]
    data: Vec<PathBuf>,
    /// The model's name: its files are written to MODELS/NAME
    #[arg(long, default_value = "cnn", value_name = "NAME")]
    name: String,
    /// Where models lie
    #[arg(long, default_value = "models", value_name = "DIR")]
    models: PathBuf,
    /// Train on these people alone
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Leave these people out altogether
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    exclude: Vec<String>,
    #[command(flatten)]
    namesakes: NamesakeArgs,
    /// Leave out the people of fold K of N (as K/N), for `vigil evaluate` to score: whoever has most
    /// seconds is dealt first, to the fold with fewest
    #[arg(long, value_name = "K/N", value_parser = parse_fold)]
    fold: Option<Fold>,
    /// Watch these people for early stopping; nothing is fitted on them
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    hold_out: Vec<String>,
    /// After early stopping, train anew on everyone for as many epochs as were best
    #[arg(long, requires = "hold_out")]
    refit: bool,
    /// Fit the shared autoencoder, by which patients are judged until their own is fitted
    #[arg(long, conflicts_with_all = ["fold", "hold_out", "refit", "two_classes", "config"])]
    autoencoder: bool,
    /// Seizure and non-seizure alone, without the abnormal class
    #[arg(long)]
    two_classes: bool,
    /// With two classes: draw half of the non-seizure images from seconds of high autoencoder error
    #[arg(long, requires = "two_classes")]
    hard_negatives: bool,
    /// Show in three of four images without a seizure the people whose seizures are shown, as often as these
    #[arg(long)]
    matched_people: bool,
    /// Draw three of four images of people without seizures as large as the EEG of somebody with seizures
    #[arg(long)]
    enlarged: bool,
    /// Train on simulated seizures and artifacts alone, added to the seizure-free seconds of these people
    #[arg(long)]
    simulated: bool,
    /// Half of the abnormal images are seizure-free seconds with simulated look-alikes of seizures added
    #[arg(long, conflicts_with = "two_classes")]
    look_alikes: bool,
    /// Go on from the weights of MODELS/NAME, with a network of the same kind; whoever that was trained on counts as
    /// seen. For a network on drawing and traces (--config), NAME may be one on the drawing alone: it stays as it
    /// is, and the traces are trained
    #[arg(long, value_name = "NAME")]
    from: Option<String>,
    /// Of the people with seizures take only so many, chosen by the seed; people without seizures stay
    #[arg(long, value_name = "N")]
    seizure_people: Option<usize>,
    /// A reviewed table of `vigil labels`: seconds are trained on as it says. People held out are watched by the experts'
    /// marks alone
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// What becomes of that table's rows which nobody has reviewed
    #[arg(long, value_enum, default_value_t = Proposed::LeaveOut, requires = "labels", value_name = "WHAT")]
    proposed: Proposed,
    /// A ward's configuration: what its reviewers say is trained on as well, with the EEG of its record
    #[arg(long, value_name = "VIGIL_TOML", conflicts_with_all = ["autoencoder", "distinct_people"])]
    reviews: Option<PathBuf>,
    /// Settings to use in place of the defaults: a TOML file with tables [model] and [training]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Frequency of the mains where these people were recorded, in place of the settings': 50, 60, or 0 for no notch
    #[arg(long, value_name = "HZ", value_parser = parse_mains)]
    mains: Option<Mains>,
    /// Number of epochs
    #[arg(long)]
    epochs: Option<NonZeroUsize>,
    /// Seed of everything random
    #[arg(long)]
    seed: Option<u64>,
    /// Forget the checkpoint of an interrupted training
    #[arg(long)]
    restart: bool,
    /// Train a network anew that is there already
    #[arg(long, conflicts_with = "autoencoder")]
    replace: bool,
}

/// What becomes of proposals that nobody has reviewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Proposed {
    /// Their seconds are not trained on
    LeaveOut,
    /// They are taken as proposed
    Relabel,
    /// The expert's marks hold
    Ignore,
}

/// What a settings file may hold.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Told {
    model: Option<CnnConfig>,
    training: TrainConfig,
}

/// What is trained, and how.
#[derive(Debug)]
struct Settings {
    model: CnnConfig,
    training: TrainConfig,
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &TrainArgs) -> Result<(), CliError> {
    if args.autoencoder {
        let signal = at_mains(&CnnConfig::default().signal, args.mains)?;
        let dataset = load(labelled(&args.data, &args.people(&[]))?, &signal)?;
        return fit_shared(&dataset, &signal, &args.models.join(SHARED), &super::command_line());
    }
    plain_name("--name", &args.name)?;
    args.from.as_deref().map_or(Ok(()), |name| plain_name("--from", name))?;
    let start = args.from.as_deref().map(|name| Start::of(&cnn_path(&args.models, name))).transpose()?;
    let start = start.map(|start| start.with_mains(args.mains));
    let told = read_settings(args.config.as_deref())?;
    let model = told.model.or_else(|| start.as_ref().map(|start| start.config().clone()));
    let mut settings = Settings { model: model.unwrap_or_default(), training: told.training };
    settings.model.signal = at_mains(&settings.model.signal, args.mains)?;
    if args.two_classes {
        settings.model.classes = Classes::Two;
    }
    if args.hard_negatives {
        settings.training.hard_negatives = 0.5;
    }
    if args.matched_people {
        settings.training.matched_people = 0.75;
    }
    if args.enlarged {
        settings.training.enlarged = 0.75;
    }
    if args.simulated {
        let artifacts = if settings.model.classes == Classes::Three { 1.0 } else { 0.0 };
        settings.training.simulated = SimulatedShares { seizures: 1.0, artifacts, look_alikes: 0.0 };
    }
    if args.look_alikes {
        settings.training.simulated.artifacts *= 0.5;
        settings.training.simulated.look_alikes = 0.5;
    }
    settings.training.epochs = args.epochs.map_or(settings.training.epochs, NonZeroUsize::get);
    settings.training.seed = args.seed.unwrap_or(settings.training.seed);
    let (folder, _held) = folder_for(args)?;
    train(args, &settings, start.as_ref(), &folder).inspect_err(|_| {
        // A folder in which nothing came about is none; one with a checkpoint is not empty and stays.
        let _ = std::fs::remove_dir(&folder);
    })
}

fn train(
    args: &TrainArgs,
    settings: &Settings,
    start: Option<&Start>,
    folder: &Path,
) -> Result<(), CliError> {
    let Gathered { recordings, there, .. } = found(&args.data, &args.people(&args.hold_out))?;
    let mut dataset = load(recordings, &settings.model.signal)?;
    // Labels take an hour of fitting: a table that is none of these recordings is told of before.
    let table = Table::of(args, &KnownRecordings::of(&there, &dataset, &args.data))?;
    let mut excluded = args.exclude.clone();
    let mut remarks = Vec::new();
    if let Some(fold) = args.fold {
        let tested = people_of(fold, &dataset, &args.hold_out)?;
        say!("fold {} of {} leaves out {}", fold.number, fold.of, tested.join(", "));
        must_be_unseen(args, start, &tested, "is left out by --fold, to be scored")?;
        dataset = dataset.without(&tested);
        excluded.extend(tested);
    }
    must_be_unseen(args, start, &args.exclude, "is left out by --exclude")?;
    must_be_unseen(args, start, &args.hold_out, "is held out for early stopping")?;
    if let Some(wanted) = args.seizure_people {
        let (taken, others) = few_with_seizures(&dataset, wanted, settings.training.seed)?;
        let told = format!("Of the people with seizures only {} were taken.", taken.join(", "));
        say!("{told}");
        remarks.push(told);
        dataset = dataset.without(&others);
        excluded.extend(others);
    }
    if let (Some(start), Some(name)) = (start, &args.from) {
        remarks.extend(beginning(start, name, &settings.model));
    }
    remarks.extend(told_of_mains(args.mains));
    remarks.extend(settings.training.simulated.told());
    let flagged = settings.model.classes == Classes::Three || settings.training.hard_negatives > 0.0;
    let labels = match flagged {
        false => expert_labels(&dataset),
        true => {
            let bar = progress_bar("autoencoders", "people");
            let config =
                AutoencoderConfig { signal: settings.model.signal.clone(), ..AutoencoderConfig::default() };
            let labels =
                cross_fitted_labels(&dataset, &config, &settings.training.autoencoder, &mut |done, all| {
                    bar.set_length(all as u64);
                    bar.set_position(done as u64);
                })?;
            bar.finish();
            labels
        }
    };
    let mut divided = Divided::of(&dataset, labels, &args.hold_out);
    let mut cleaned_by = None;
    if let Some(table) = &table {
        let everybody: BTreeSet<&str> = there.iter().map(|(person, _)| person.as_str()).collect();
        let let_in = table.let_in(&dataset, &divided, &everybody);
        let told = table.apply(&dataset, &mut divided);
        cleaned_by = Some(told.clone());
        say!("{told}");
        let_in.iter().for_each(|told| warn!("warning: {told}"));
        remarks.push(told);
        remarks.extend(let_in);
    }
    let data = describe(&dataset, &args.data);
    if let Some(config) = &args.reviews {
        let signal = &settings.model.signal;
        let told = add_reviews(args, config, &mut dataset, &mut divided, signal, &excluded)?;
        cleaned_by = Some(cleaned_by.map_or(told.clone(), |before: String| format!("{before} {told}")));
        remarks.push(told);
    }
    let mut done = fit(
        &dataset,
        &divided.trained,
        &divided.watched,
        settings,
        Origin { start, cleaned_by: cleaned_by.as_deref() },
        None,
        &folder.join("checkpoint"),
    )?;
    let mut log = done.log.clone();
    let mut people = PersonLabels::count(&dataset, &divided.trained);
    if args.refit {
        let everyone = divided.everyone();
        say!("best epoch {}: training on everyone for as long", done.epoch);
        done = fit(
            &dataset,
            &everyone,
            &[],
            settings,
            Origin { start, cleaned_by: cleaned_by.as_deref() },
            Some(done.epoch),
            &folder.join("checkpoint-refit"),
        )?;
        log.extend(done.log.clone());
        people = PersonLabels::count(&dataset, &everyone);
    }
    let mut names: Vec<String> = people.keys().cloned().collect();
    // Early stopping chose the network by these people: it has seen them too.
    names.extend(args.hold_out.iter().cloned());
    let weights = folder.join("weights.safetensors");
    let fitted = if args.refit { divided.everyone() } else { divided.trained };
    let seen = seen(names, &Sizes::of(&dataset, &fitted), start, &mut remarks);
    Classifier::save(&weights, &settings.model, &seen, &done.net)?;
    let digest = Classifier::load(&weights)?.digest().to_string();
    let card = training_card(
        &TrainingFacts {
            name: &args.name,
            command: &super::command_line(),
            date: &super::today(),
            data: &data,
            trained: &people,
            held_out: &if args.refit {
                BTreeMap::new()
            } else {
                PersonLabels::count(&dataset, &divided.watched)
            },
            excluded: &excluded,
            left_out: &dataset
                .left_out
                .iter()
                .map(|(path, why)| format!("{}: {why}", path.display()))
                .collect::<Vec<_>>(),
            remarks: &remarks,
            model: &settings.model,
            training: &settings.training,
            log: &log,
            epoch: done.epoch,
            elapsed_s: done.elapsed_s,
            digest: &digest,
        },
        &done.net,
    );
    write_run_log(&folder.join("log.tsv"), &log)?;
    write_card(&folder.join("card.md"), &card)?;
    Checkpoint::new(&folder.join("checkpoint")).remove()?;
    Checkpoint::new(&folder.join("checkpoint-refit")).remove()?;
    say!("wrote {}, log.tsv and card.md", weights.display());
    Ok(())
}

fn fit(
    dataset: &Dataset,
    labels: &[(Second, SecondLabel)],
    held_out: &[(Second, SecondLabel)],
    settings: &Settings,
    Origin { start, cleaned_by }: Origin<'_>,
    stop_after: Option<usize>,
    checkpoint: &Path,
) -> Result<TrainedCnn, TrainError> {
    let task = Task {
        dataset,
        labels,
        held_out,
        model: &settings.model,
        config: &settings.training,
        cleaned_by,
        start,
        stop_after,
    };
    let bar = progress_bar("training", "steps");
    let trained = train_cnn(&task, checkpoint, &mut |progress| match progress {
        Progress::Resumed { step } => {
            tell(&bar, format!("going on from step {step}"));
            bar.set_position(step as u64);
            bar.reset_eta();
        }
        Progress::Step { step, steps, loss } => {
            bar.set_length(steps as u64);
            bar.set_position(step as u64);
            bar.set_message(format!("loss {loss:.4}"));
        }
        Progress::Epoch(entry) => tell(&bar, epoch_line(entry)),
    });
    bar.finish();
    trained
}

/// A line that stays: above the bar on a terminal, on standard output elsewhere.
fn tell(bar: &indicatif::ProgressBar, line: String) {
    if bar.is_hidden() { say!("{line}") } else { bar.println(line) }
}

fn epoch_line(entry: &EpochLog) -> String {
    let auroc =
        entry.held_out_auroc.map_or(String::new(), |auroc| format!(", AUROC of held-out people {auroc:.4}"));
    format!("epoch {}: loss {:.4}{auroc}, {:.0} s", entry.epoch, entry.loss, entry.elapsed_s)
}

fn describe(dataset: &Dataset, roots: &[PathBuf]) -> String {
    let roots: Vec<String> = roots.iter().map(|root| root.display().to_string()).collect();
    format!(
        "{} recordings, {:.1} hours, from {}.",
        dataset.recordings.len(),
        dataset.seconds().count() as f64 / 3600.0,
        roots.join(" and ")
    )
}

fn read_settings(path: Option<&Path>) -> Result<Told, CliError> {
    let Some(path) = path else { return Ok(Told::default()) };
    let text = super::read_text(path)?;
    Ok(toml::from_str(&text)
        .map_err(|error| mistake(path, &text, &error, |_| "[training] with epochs = 8"))?)
}
