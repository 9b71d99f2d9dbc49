//! `vigil labels`: seconds that networks judge otherwise than the expert, as a table that a person reviews.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;

use super::error::CliError;
use super::evaluate::{conditioned_alike, told_of_strangers};
use super::labelled::{found, load};
use super::mains::parse_mains;
use super::namesakes::{NamesakeArgs, places_must_differ};
use super::terminal::progress_bar;
use crate::dataset::{Gathered, People};
use crate::evaluate::{Kept, judge_people};
use crate::format::label_review::{ProposalKind, ReviewRow, ReviewTable};
use crate::model::Classifier;
use crate::signal::Mains;
use crate::train::{ProposalRule, RenewedTable, names_of, propose, renew};
use crate::ward::cnn_path;

/// Propose other labels where networks that have not seen a person disagree with the expert
#[derive(Debug, Args)]
pub struct LabelsArgs {
    /// Folder of recordings with expert events (BIDS tree or CHB-MIT folders); may be repeated
    #[arg(long, required = true, value_name = "DIR")]
    data: Vec<PathBuf>,
    /// A model below MODELS; each person is judged by the first that was not trained on them
    #[arg(long, required = true, value_delimiter = ',', value_name = "NAME")]
    model: Vec<String>,
    /// Where models lie
    #[arg(long, default_value = "models", value_name = "DIR")]
    models: PathBuf,
    /// Frequency of the mains where these people were recorded, in place of the models' own: 50, 60, or 0 for no notch
    #[arg(long, value_name = "HZ", value_parser = parse_mains)]
    mains: Option<Mains>,
    /// Judge these people alone
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Leave these people out
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    exclude: Vec<String>,
    #[command(flatten)]
    namesakes: NamesakeArgs,
    /// The table to write. One that is there already keeps its decisions, its rows of recordings that are not judged this
    /// time, and the columns and remarks that people added
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Seconds from an event's onset or end within which its edge may move
    #[arg(long, default_value_t = 5, value_name = "S")]
    edge: u64,
    /// Fewest seconds of a look-alike
    #[arg(long, default_value_t = 5, value_name = "S")]
    look_alike: u64,
    /// An event's second below this probability of seizure may be none; by default a tenth of the seizure seconds lie below
    #[arg(long, value_name = "P")]
    low: Option<f32>,
    /// A second outside above this probability may be a seizure's; by default half of the seizure seconds lie above
    #[arg(long, value_name = "P")]
    high: Option<f32>,
}

/// Runs the subcommand.
///
/// # Errors
/// [`CliError`].
pub fn run(args: &LabelsArgs) -> Result<(), CliError> {
    for (option, limit) in [("--low", args.low), ("--high", args.high)] {
        if let Some(limit) = limit.filter(|limit| !(0.0..=1.0).contains(limit)) {
            return Err(CliError::Usage(format!("{option} {limit}: expected a probability from 0 to 1")));
        }
    }
    if let (Some(low), Some(high)) = (args.low, args.high) {
        must_lie_below(low, high)?;
    }
    let models = args
        .model
        .iter()
        .map(|name| Ok((name.clone(), Classifier::load(&cnn_path(&args.models, name))?)))
        .collect::<Result<Vec<_>, CliError>>()?;
    // It is read again before it is written; a mistake in it is better told now than then.
    ReviewTable::read_if_there(&args.out)?;
    let people =
        People { only: &args.only, exclude: &args.exclude, needed: &[], namesakes: args.namesakes.rule() };
    let Gathered { recordings, there, .. } = found(&args.data, &people)?;
    places_must_differ(&recordings, &args.data)?;
    let signal = conditioned_alike(&models, args.mains)?;
    let dataset = load(recordings, &signal)?;
    let everybody: Vec<String> = there.into_iter().map(|(person, _)| person).collect();
    told_of_strangers(&everybody, &models);
    let bar = progress_bar("judging", "seconds");
    bar.set_length(dataset.seconds().count() as u64);
    let judged =
        judge_people(&dataset, &models, &[1.0], &Kept::default(), &|seconds| bar.inc(seconds as u64))?;
    bar.finish_and_clear();
    let Some(usual) = ProposalRule::of(&judged, args.edge, args.look_alike) else {
        return Err(CliError::Usage(
            "no seizure second among these recordings: there is nothing to compare with; expected expert events".into(),
        ));
    };
    let rule =
        ProposalRule { low: args.low.unwrap_or(usual.low), high: args.high.unwrap_or(usual.high), ..usual };
    // One limit may be given and lie on the wrong side of the other, which is then the usual one.
    if args.low.is_some() || args.high.is_some() {
        must_lie_below(rule.low, rule.high)?;
    }
    let names: BTreeSet<String> = names_of(&dataset, &args.data).into_iter().collect();
    let renewed = renew(&args.out, &propose(&dataset, &args.data, &judged, &rule), &names)?;
    print(&renewed.table.rows, &rule);
    print_kept(&renewed);
    say!("wrote {}", args.out.display());
    Ok(())
}

fn must_lie_below(low: f32, high: f32) -> Result<(), CliError> {
    if low < high {
        return Ok(());
    }
    Err(CliError::Usage(format!("--low is {low} and --high is {high}; expected --low below --high")))
}

fn print(rows: &[ReviewRow], rule: &ProposalRule) {
    say!(
        "proposed where the probability of seizure, mean over 3 s, lies below {:.3} in an event or above {:.3} outside",
        rule.low,
        rule.high
    );
    let mut people: BTreeMap<&str, [u64; 4]> = BTreeMap::new();
    for row in rows.iter().map(ReviewRow::proposal) {
        let counts = people.entry(&row.person).or_default();
        let kind = 2 * usize::from(row.kind == ProposalKind::LookAlike);
        counts[kind] += 1;
        counts[kind + 1] += row.duration_s;
    }
    say!("{:<16} {:>8} {:>10} {:>14} {:>10}", "person", "edges", "seconds", "look-alikes", "seconds");
    for (person, [edges, edge_s, look_alikes, look_alike_s]) in &people {
        say!("{person:<16} {edges:>8} {edge_s:>10} {look_alikes:>14} {look_alike_s:>10}");
    }
    if people.is_empty() {
        say!("nobody: networks and expert agree");
    }
}

/// What of an older table is still there, and what is not.
fn print_kept(RenewedTable { decided, not_judged, gone, .. }: &RenewedTable) {
    if decided + not_judged + gone > 0 {
        say!(
            "of the table as it was: {decided} decided rows are kept, and {not_judged} undecided ones of recordings that were \
             not judged this time; {gone} undecided ones are proposed no more"
        );
    }
}
