//! `vigil evaluate architectures`: how well several networks rank seconds, and what they cost.

use std::path::PathBuf;

use clap::Args;

use super::super::error::CliError;
use super::super::labelled::{labelled, load};
use super::super::mains::parse_mains;
use super::super::namesakes::NamesakeArgs;
use super::super::terminal::progress_bar;
use super::super::{command_line, today};
use super::networks::{Named, conditioned_alike, told_of_strangers};
use super::unjudged::told_of_unjudged;
use crate::dataset::{People, Second};
use crate::evaluate::report::{ArchitectureReport, ArchitecturesReport, Spread};
use crate::evaluate::{Kept, PersonScore, Timed, judge_people, turns, window_costs};
use crate::model::{Architecture, Classifier, CnnConfig, CnnNet, NetworkSize, compute_device};
use crate::signal::Mains;
use crate::ward::cnn_path;

/// Windows of a compact network, and of VGG-16, in each round.
const WINDOWS: usize = 40;
const WINDOWS_OF_VGG16: usize = 1;

/// Side of VGG-16's image as it was published.
const VGG16_SIDE: u32 = 224;

/// Compare networks of several architectures: AUROC against processor time, VGG-16's cost beside them
#[derive(Debug, Args)]
pub struct ArchitecturesArgs {
    /// Folder of recordings with expert events (BIDS tree or CHB-MIT folders); may be repeated
    #[arg(long, required = true, value_name = "DIR")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    namesakes: NamesakeArgs,
    /// An architecture and its networks, one for each fold, as NAME=NET,NET,…; may be repeated
    #[arg(long, required = true, value_name = "NAME=NETS", value_parser = parse_architecture)]
    networks: Vec<Architectural>,
    /// Which of them is the one in use, to be marked
    #[arg(long, value_name = "NAME")]
    shipped: Option<String>,
    /// Where models lie
    #[arg(long, default_value = "models", value_name = "DIR")]
    models: PathBuf,
    /// Frequency of the mains where these people were recorded, in place of the networks' own: 50, 60, or 0 for no notch
    #[arg(long, value_name = "HZ", value_parser = parse_mains)]
    mains: Option<Mains>,
    /// Measure what they cost and judge nobody
    #[arg(long)]
    cost_only: bool,
    /// Write architectures.json, architectures.md and architectures.png to this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone)]
struct Architectural {
    name: String,
    networks: Vec<String>,
}

fn parse_architecture(text: &str) -> Result<Architectural, String> {
    text.split_once('=')
        .map(|(name, networks)| Architectural {
            name: name.trim().to_string(),
            networks: networks.split(',').map(str::to_string).collect(),
        })
        .filter(|one| !one.name.is_empty() && one.networks.iter().all(|network| !network.is_empty()))
        .ok_or_else(|| "expected NAME=NET,NET,… as narrow=narrow-1,narrow-2,narrow-3".to_string())
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &ArchitecturesArgs) -> Result<(), CliError> {
    if let Some(shipped) =
        args.shipped.as_ref().filter(|name| args.networks.iter().all(|one| one.name != **name))
    {
        let names: Vec<&str> = args.networks.iter().map(|one| one.name.as_str()).collect();
        return Err(CliError::Usage(format!(
            "--shipped {shipped}: expected one of the names of --networks: {}",
            names.join(", ")
        )));
    }
    let loaded = args
        .networks
        .iter()
        .map(|one| {
            let load = |name: &String| Ok((name.clone(), Classifier::load(&cnn_path(&args.models, name))?));
            Ok((one.name.clone(), one.networks.iter().map(load).collect::<Result<_, CliError>>()?))
        })
        .collect::<Result<Vec<(String, Vec<Named>)>, CliError>>()?;
    let signal = conditioned_alike(loaded.iter().flat_map(|(_, networks)| networks), args.mains)?;
    let people = People { namesakes: args.namesakes.rule(), ..People::default() };
    let dataset = load(labelled(&args.data, &people)?, &signal)?;
    told_of_unjudged(&dataset);
    let seconds: Vec<Second> = dataset.seconds().collect();
    if seconds.is_empty() {
        return Err(CliError::Usage("no second of these recordings can be judged".into()));
    }
    if !args.cost_only {
        told_of_strangers(&dataset.people(), loaded.iter().flat_map(|(_, networks)| networks));
    }
    let vgg16 = vgg16(&signal)?;
    let mut timed: Vec<Timed> = loaded
        .iter()
        .filter_map(|(_, networks)| networks.first())
        .map(|(_, classifier)| Timed { classifier: classifier.clone(), windows: WINDOWS })
        .collect();
    timed.push(Timed { classifier: vgg16.clone(), windows: WINDOWS_OF_VGG16 });
    let bar = progress_bar("measuring", "turns");
    bar.set_length(turns(timed.len()) as u64);
    let mut costs = window_costs(&dataset, &seconds, &timed, &|| bar.inc(1))?.into_iter();
    bar.finish_and_clear();
    let mut architectures = Vec::new();
    for (name, networks) in &loaded {
        let Some((_, classifier)) = networks.first() else { continue };
        let auroc = match args.cost_only {
            true => None,
            false => {
                let bar = progress_bar("judging", "seconds");
                bar.set_length(seconds.len() as u64);
                let judged =
                    judge_people(&dataset, networks, &[1.0], &Kept::default(), &|done| bar.inc(done as u64))?;
                bar.finish_and_clear();
                let scores: Vec<PersonScore> = judged.iter().map(PersonScore::of).collect();
                let figures: Vec<(&str, f64)> =
                    scores.iter().filter_map(|score| Some((score.person.as_str(), score.auroc?))).collect();
                Spread::of(&figures)
            }
        };
        let shipped = args.shipped.as_ref() == Some(name);
        let one = entry(name, classifier, costs.next().unwrap_or(f64::NAN), auroc);
        architectures.push(ArchitectureReport { shipped, ..one });
    }
    architectures.push(entry("VGG-16", &vgg16, costs.next().unwrap_or(f64::NAN), None));
    let report = ArchitecturesReport {
        command: command_line(),
        date: today(),
        data: args.data.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and "),
        architectures,
    };
    if args.json {
        let text =
            serde_json::to_string_pretty(&report).map_err(crate::evaluate::report::ReportError::from)?;
        say!("{text}");
    } else {
        print(&report);
    }
    if let Some(out) = &args.out {
        report.write(out)?;
        if !args.json {
            say!("wrote {}", out.join("architectures.md").display());
        }
    }
    Ok(())
}

/// VGG-16 as it was published but for its one grey channel and its classes, with random weights: it is there for its
/// cost alone.
fn vgg16(signal: &crate::signal::SignalConfig) -> Result<Classifier, CliError> {
    let mut config =
        CnnConfig { architecture: Architecture::Vgg16, signal: signal.clone(), ..CnnConfig::default() };
    config.plot.width = VGG16_SIDE;
    config.plot.height = VGG16_SIDE;
    Ok(Classifier::of_net(&config, &CnnNet::new(&config, &compute_device())?)?)
}

fn entry(name: &str, classifier: &Classifier, window_ms: f64, auroc: Option<Spread>) -> ArchitectureReport {
    let config = classifier.config();
    let size = NetworkSize::of(config);
    ArchitectureReport {
        name: name.to_string(),
        shipped: false,
        image: [config.plot.width, config.plot.rows()],
        parameters: size.parameters,
        multiplications: size.multiplications,
        window_ms,
        image_ms: window_ms / 2.0,
        auroc,
    }
}

fn print(report: &ArchitecturesReport) {
    say!(
        "{:<20} {:>9} {:>11} {:>10} {:>9} {:>10} {:>13} {:>6}",
        "network",
        "image",
        "parameters",
        "M mult.",
        "ms/image",
        "ms/window",
        "AUROC median",
        "mean"
    );
    for one in &report.architectures {
        let auroc = |of: fn(&Spread) -> f64| {
            one.auroc.as_ref().map_or("-".into(), |spread| format!("{:.3}", of(spread)))
        };
        say!(
            "{:<20} {:>9} {:>11} {:>10} {:>9.2} {:>10.2} {:>13} {:>6}",
            format!("{}{}", one.name, if one.shipped { " (shipped)" } else { "" }),
            format!("{}x{}", one.image[0], one.image[1]),
            one.parameters,
            one.multiplications / 1_000_000,
            one.image_ms,
            one.window_ms,
            auroc(|spread| spread.median),
            auroc(|spread| spread.mean)
        );
    }
}
