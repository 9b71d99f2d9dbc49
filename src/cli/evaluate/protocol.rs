//! What all protocols share: whom they score, by which networks, and what becomes of the figures.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::super::error::CliError;
use super::super::labelled::load;
use super::super::mains::{parse_mains, told_of_mains};
use super::super::terminal::progress_bar;
use super::super::{command_line, today};
use super::changed::{Asked, ChangeArgs};
use super::networks::{Named, NetworkArgs, Networks, Pick};
use super::part::Part;
use super::print::print;
use crate::dataset::{Dataset, LabelledRecording, Second};
use crate::evaluate::report::{DataSummary, MethodReport, ProtocolReport, write_report};
use crate::evaluate::{
    Changed, Comparison, JudgedPerson, Judgements, Kept, Variant, judge_people_by, recordings_of,
    score_method,
};
use crate::model::{AutoencoderConfig, AutoencoderOpinion};
use crate::signal::{Mains, SignalConfig};

/// What every protocol is told.
#[derive(Debug, Args)]
pub struct ProtocolArgs {
    /// Where models lie
    #[arg(long, default_value = "models", value_name = "DIR")]
    models: PathBuf,
    /// Share of the seizures at which the methods are compared
    #[arg(long, default_value_t = 0.75, value_name = "SHARE")]
    sensitivity: f64,
    /// Settings are preferred with which half of the seizures found have their alarm within so many seconds
    #[arg(long, default_value_t = 10.0, value_name = "S")]
    latency: f64,
    /// Also score the three-class networks as the mean over these gains of each window
    #[arg(long, value_delimiter = ',', value_name = "GAIN")]
    gains: Vec<f32>,
    /// Frequency of the mains where these people were recorded, in place of the networks' own: 50, 60, or 0 for no notch
    #[arg(long, value_name = "HZ", value_parser = parse_mains)]
    mains: Option<Mains>,
    #[command(flatten)]
    change: ChangeArgs,
    /// Write the report to this folder: report.html, report.md, report.json and figures. What is judged is kept
    /// there until then, so that an interrupted run goes on where it stopped
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print every figure as JSON
    #[arg(long)]
    json: bool,
}

/// A protocol on its way.
pub struct Protocol<'a> {
    args: &'a ProtocolArgs,
    kept: Kept,
}

impl<'a> Protocol<'a> {
    /// Checks what was told, and opens the folder.
    ///
    /// # Errors
    /// [`CliError::Usage`] for values out of range; a folder that cannot be written.
    pub fn begin(args: &'a ProtocolArgs) -> Result<Protocol<'a>, CliError> {
        if !(args.sensitivity > 0.0 && args.sensitivity <= 1.0) {
            return Err(CliError::Usage(format!(
                "--sensitivity {}: expected a share above 0 and at most 1",
                args.sensitivity
            )));
        }
        if args.latency.is_nan() || args.latency <= 0.0 {
            return Err(CliError::Usage(format!("--latency {}: expected seconds above 0", args.latency)));
        }
        if let Some(gain) = args.gains.iter().find(|gain| !(0.1..=10.0).contains(*gain)) {
            return Err(CliError::Usage(format!(
                "--gains {gain}: expected gains from 0.1 to 10, as 0.8,1,1.25"
            )));
        }
        args.change.check()?;
        let kept = match &args.out {
            Some(folder) if folder.exists() && !folder.is_dir() => {
                let source = std::io::Error::from(std::io::ErrorKind::NotADirectory);
                return Err(CliError::Unwritable { path: folder.clone(), source });
            }
            Some(folder) => Kept::in_folder(&folder.join(JUDGED)),
            None => Kept::default(),
        };
        // What was judged behind one notch is not taken for what was judged behind another.
        let kept = match args.mains {
            Some(mains) => kept.apart(&format!("mains {}", u32::from(mains))),
            None => kept,
        };
        Ok(Protocol { args, kept })
    }

    /// The networks that were named.
    ///
    /// # Errors
    /// See [`Networks::load`].
    pub fn networks(&self, names: &NetworkArgs) -> Result<Networks, CliError> {
        Networks::load(&self.args.models, names, self.args.mains)
    }

    /// The mains that was told in place of the networks' own.
    pub fn mains(&self) -> Option<Mains> {
        self.args.mains
    }

    /// Where what is judged is kept.
    pub fn kept(&self) -> &Kept {
        &self.kept
    }

    /// How methods are compared.
    pub fn comparison(&self) -> Comparison {
        Comparison::of(self.args.sensitivity, self.args.latency)
    }

    /// Reads recordings.
    ///
    /// # Errors
    /// [`CliError`] where one cannot be read.
    pub fn dataset(
        &self,
        recordings: Vec<LabelledRecording>,
        signal: &SignalConfig,
    ) -> Result<Dataset, CliError> {
        let dataset = load(recordings, signal)?;
        if dataset.seconds().next().is_none() {
            return Err(CliError::Usage("no second of these recordings can be judged".into()));
        }
        Ok(dataset)
    }

    /// Has everybody judged by the networks of each kind; `pick` says by which of them, `keep` what of it is scored.
    /// Autoencoders are asked last, by `autoencoder`.
    ///
    /// # Errors
    /// [`CliError`] where a network or an autoencoder fails.
    pub fn judgements(
        &self,
        dataset: &Dataset,
        networks: &Networks,
        pick: Pick<'_>,
        keep: &Part<'_>,
        autoencoder: &Autoencoding<'_>,
    ) -> Result<Judgements, CliError> {
        let judge = |named: &[Named], what: &'static str, gains: &[f32]| {
            self.judge(dataset, named, what, pick, gains).map(|people| keep.of(people))
        };
        let some = |named: &[Named], what: &'static str| -> Result<Option<Vec<JudgedPerson>>, CliError> {
            (!named.is_empty()).then(|| judge(named, what, &[1.0])).transpose()
        };
        let signal = networks.signal();
        let asked = Asked { args: &self.args.change, dataset, signal: &signal, pick, kept: &self.kept };
        let changed = |named: &[Named]| -> Result<Changed, CliError> {
            let mut changed = asked.of(named)?;
            let recorded = changed.recorded.iter_mut().map(|recorded| &mut recorded.people);
            let imitated = changed.imitated.iter_mut().map(|imitated| &mut imitated.people);
            recorded.chain(imitated).for_each(|people| *people = keep.of(std::mem::take(people)));
            Ok(changed)
        };
        let three_class = judge(&networks.three_class, "three classes", &[1.0])?;
        let three_class_changed = changed(&networks.three_class)?;
        let two_class = some(&networks.two_class, "two classes")?;
        let two_class_changed = changed(&networks.two_class)?;
        let hard_negatives = some(&networks.hard_negatives, "hard negatives")?;
        let mut variants = Vec::new();
        if !self.args.gains.is_empty() {
            let gains: Vec<String> = self.args.gains.iter().map(f32::to_string).collect();
            let description = format!("the three-class networks, mean over the gains {}", gains.join(", "));
            let judged = judge(&networks.three_class, "gains", &self.args.gains)?;
            let name = "three-class, mean over gains".to_string();
            variants.push(Variant {
                name,
                description,
                on_trial: true,
                people: judged,
                changed: Changed::default(),
            });
        }
        for (label, named) in &networks.also {
            let description = format!("networks of the same folds: {label}");
            let (name, people) = (label.clone(), judge(named, "variant", &[1.0])?);
            variants.push(Variant { name, description, on_trial: false, people, changed: changed(named)? });
        }
        let autoencoders = self.autoencoders(dataset, &three_class, autoencoder)?;
        Ok(Judgements {
            two_class,
            two_class_changed,
            hard_negatives,
            three_class,
            three_class_changed,
            variants,
            autoencoders,
        })
    }

    /// Has all seconds of everybody judged by the networks of one kind; `what` is told while it lasts.
    ///
    /// # Errors
    /// [`CliError`] where a network fails.
    pub fn judge(
        &self,
        dataset: &Dataset,
        networks: &[Named],
        what: &'static str,
        pick: Pick<'_>,
        gains: &[f32],
    ) -> Result<Vec<JudgedPerson>, CliError> {
        let bar = progress_bar(what, "seconds");
        bar.set_length(dataset.seconds().count() as u64);
        let network_for = |person: &str| pick(networks, person);
        let judged =
            judge_people_by(dataset, &network_for, gains, &self.kept, &|seconds| bar.inc(seconds as u64))?;
        bar.finish_and_clear();
        Ok(judged)
    }

    fn autoencoders(
        &self,
        dataset: &Dataset,
        people: &[JudgedPerson],
        autoencoder: &Autoencoding<'_>,
    ) -> Result<BTreeMap<String, Vec<Option<AutoencoderOpinion>>>, CliError> {
        let bar = progress_bar("autoencoders", "people");
        bar.set_length(people.len() as u64);
        let opinions = people
            .iter()
            .map(|person| {
                let seconds: Vec<Second> = person.seconds.iter().map(|judged| judged.second).collect();
                if seconds.is_empty() {
                    return Ok((person.person.clone(), Vec::new()));
                }
                let of = json!({
                    "autoencoder": autoencoder.of, "config": autoencoder.config,
                    "recordings": recordings_of(dataset, &person.person),
                    "seconds": seconds.iter().map(|second| [second.stretch, second.index]).collect::<Vec<_>>(),
                });
                let opinions = self.kept.get_or(&of, || (autoencoder.judge)(&person.person, &seconds))?;
                bar.inc(1);
                Ok((person.person.clone(), opinions))
            })
            .collect();
        bar.finish_and_clear();
        opinions
    }

    /// Scores every method.
    ///
    /// # Errors
    /// [`CliError::Setting`] where an accumulator's setting is out of range.
    pub fn score(
        &self,
        dataset: &Dataset,
        judged: Judgements,
        folds: &BTreeMap<String, usize>,
        comparison: &Comparison,
        scored: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<MethodReport>, CliError> {
        judged
            .methods(dataset, folds)?
            .iter()
            .map(|method| Ok(score_method(dataset, method, folds, comparison, scored)?))
            .collect()
    }

    /// A report with what every protocol says in the same words.
    pub fn report(&self, told: Told, comparison: &Comparison, methods: Vec<MethodReport>) -> ProtocolReport {
        ProtocolReport {
            protocol: told.protocol.into(),
            title: told.title,
            how: told.how.into_iter().chain(told_of_mains(self.args.mains)).collect(),
            command: command_line(),
            date: today(),
            data: told.data,
            alarm_rule: comparison.rule(),
            target_sensitivity: self.args.sensitivity,
            methods,
            about: told.about,
            over_people: Vec::new(),
            limits: told.limits,
        }
        .with_people_drawn()
    }

    /// Prints the reports and writes them; several each to a folder of its own.
    ///
    /// # Errors
    /// [`CliError::Report`] where the folder cannot be written.
    pub fn finish(self, reports: &[(Option<&str>, ProtocolReport)]) -> Result<(), CliError> {
        if self.args.json {
            let text = match reports {
                [(None, report)] => serde_json::to_string_pretty(report),
                several => {
                    let named: BTreeMap<&str, &ProtocolReport> =
                        several.iter().map(|(name, report)| (name.unwrap_or_default(), report)).collect();
                    serde_json::to_string_pretty(&named)
                }
            };
            say!("{}", text.map_err(crate::evaluate::report::ReportError::from)?);
        } else {
            reports.iter().for_each(|(_, report)| print(report));
        }
        if let Some(out) = &self.args.out {
            for (name, report) in reports {
                let folder = name.map_or(out.clone(), |name| out.join(name));
                write_report(&folder, report)?;
                if !self.args.json {
                    say!("wrote {}", folder.join("report.html").display());
                }
            }
            self.kept.remove();
        }
        Ok(())
    }
}

/// Folder of what was judged, within the report's.
const JUDGED: &str = "judged";

/// How people's own autoencoders come about.
pub struct Autoencoding<'a> {
    /// In a word, which tells kept opinions apart.
    pub of: &'static str,
    /// Their settings.
    pub config: AutoencoderConfig,
    /// What the autoencoder of a person says of their seconds, in time order.
    #[allow(clippy::type_complexity)]
    pub judge: &'a dyn Fn(&str, &[Second]) -> Result<Vec<Option<AutoencoderOpinion>>, CliError>,
}

/// What a protocol says of itself.
pub struct Told {
    pub protocol: &'static str,
    pub title: String,
    pub how: Vec<String>,
    pub data: Vec<DataSummary>,
    /// What the report is about, if not the three-class networks.
    pub about: Option<String>,
    pub limits: Vec<String>,
}

/// People whom one network judged are one fold: it has seen none of them.
pub fn folds(people: &[JudgedPerson]) -> BTreeMap<String, usize> {
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
