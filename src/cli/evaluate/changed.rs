//! Protocols on EEG that is changed in a known way: as other equipment would have recorded it, or with look-alikes of seizures
//! added.

use clap::Args;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::super::error::CliError;
use super::super::terminal::progress_bar;
use super::networks::{Named, Pick};
use crate::dataset::Dataset;
use crate::evaluate::{
    Changed, Equipment, Imitated, JudgedPerson, Kept, Recorded, calm_runs, judge_people_by, judge_runs,
    judged_runs, recordings_of, seconds_by_person,
};
use crate::signal::SignalConfig;
use crate::train::simulated::{LookAlike, Simulator};

/// How the scored people's EEG is changed, beside being judged as it was recorded.
#[derive(Debug, Args)]
pub struct ChangeArgs {
    /// Also judge the scored people's EEG multiplied by each of these factors, with settings chosen on EEG as it was
    /// recorded, for the three-class and two-class networks, and, where there are any, those of --also
    #[arg(long, value_delimiter = ',', value_name = "FACTOR", allow_hyphen_values = true)]
    amplitudes: Vec<f32>,
    /// Also judge the scored people's EEG as other equipment would have recorded it - through a high-pass and a
    /// low-pass, with electrodes missing - by the same networks and settings
    #[arg(long)]
    equipment: bool,
    /// Also judge the scored people's seizure-free EEG with simulated look-alikes of seizures added (periodic
    /// discharges, rhythmic delta, muscle, chewing, movement), by the same networks and settings
    #[arg(long)]
    look_alikes: bool,
}

impl ChangeArgs {
    /// Refuses factors that make no sense.
    ///
    /// # Errors
    /// [`CliError::Usage`] for one that is out of range, told twice or none at all.
    pub fn check(&self) -> Result<(), CliError> {
        let mut before: Vec<f32> = vec![1.0];
        let unusable = self.amplitudes.iter().copied().find(|factor| {
            let wrong = !(0.1..=10.0).contains(factor) || before.contains(factor);
            before.push(*factor);
            wrong
        });
        match unusable {
            None => Ok(()),
            Some(factor) => Err(CliError::Usage(format!(
                "--amplitudes {factor}: expected factors from 0.1 to 10, each once and none of them 1, which is \
                 reported anyway, as 0.5,0.7,1.4,2"
            ))),
        }
    }
}

/// Where networks are asked about changed EEG.
pub struct Asked<'a> {
    pub args: &'a ChangeArgs,
    pub dataset: &'a Dataset,
    /// How the networks want the signal conditioned, and so what is added to it.
    pub signal: &'a SignalConfig,
    pub pick: Pick<'a>,
    pub kept: &'a Kept,
}

impl Asked<'_> {
    /// What networks of one kind say.
    ///
    /// # Errors
    /// [`CliError`] where a network fails or what it says cannot be kept.
    pub fn of(&self, networks: &[Named]) -> Result<Changed, CliError> {
        if networks.is_empty() {
            return Ok(Changed::default());
        }
        let amplitudes = self.args.amplitudes.iter().map(|&factor| Equipment::Amplitude(factor));
        let others = if self.args.equipment { &Equipment::OTHERS[..] } else { &[] };
        let recorded = amplitudes.chain(others.iter().copied()).map(|by| self.recorded(networks, by));
        let recorded = recorded.collect::<Result<Vec<Recorded>, CliError>>()?;
        let look_alikes = if self.args.look_alikes { &LookAlike::ALL[..] } else { &[] };
        let imitated = look_alikes.iter().map(|&look_alike| self.imitated(networks, look_alike));
        Ok(Changed { recorded, imitated: imitated.collect::<Result<_, CliError>>()? })
    }

    fn recorded(&self, networks: &[Named], by: Equipment) -> Result<Recorded, CliError> {
        let dataset = by.record(self.dataset);
        let bar = progress_bar("equipment", "seconds");
        bar.set_length(dataset.seconds().count() as u64);
        let network_for = |person: &str| (self.pick)(networks, person);
        let told = |seconds: usize| bar.inc(seconds as u64);
        let kept = self.kept.apart(&by.name());
        let people = judge_people_by(&dataset, &network_for, &[1.0], &kept, &told)?;
        bar.finish_and_clear();
        Ok(Recorded { by, people })
    }

    fn imitated(&self, networks: &[Named], look_alike: LookAlike) -> Result<Imitated, CliError> {
        let simulator = Simulator::new(self.signal)?;
        let everybody: Vec<String> = seconds_by_person(self.dataset).into_keys().collect();
        let bar = progress_bar("look-alikes", "people");
        bar.set_length(everybody.len() as u64);
        let mut people: Vec<JudgedPerson> = Vec::new();
        for person in everybody {
            bar.inc(1);
            let Some((name, classifier)) = (self.pick)(networks, &person)? else { continue };
            let runs = calm_runs(self.dataset, &person);
            let of = json!({
                "look_alike": look_alike.name(), "network": classifier.digest(),
                "recordings": recordings_of(self.dataset, &person),
            });
            let judged = self.kept.get_or(&of, || {
                let added: Vec<Vec<f32>> = runs
                    .iter()
                    .enumerate()
                    .map(|(number, run)| {
                        simulator.look_alike(look_alike, run.len(), &mut chance(look_alike, &person, number))
                    })
                    .collect();
                judge_runs(self.dataset, classifier, &runs, &added)
            })?;
            people.push(judged_runs(&person, name, &runs, judged));
        }
        bar.finish_and_clear();
        Ok(Imitated { look_alike: look_alike.name(), people })
    }
}

/// The random numbers of what is added to one run of a person's seconds: the same whoever else is scored and by which
/// networks.
fn chance(look_alike: LookAlike, person: &str, run: usize) -> ChaCha8Rng {
    let digest = Sha256::digest(format!("{}\n{person}\n{run}", look_alike.name()));
    ChaCha8Rng::from_seed(digest.into())
}
