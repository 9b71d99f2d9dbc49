//! Made-up seizures, artifacts and look-alikes of seizures that are added to real seizure-free EEG.
//!
//! A few people's seizures teach a network those people. What makes a discharge a seizure - a rhythm that grows, slows
//! and spreads - and what makes an artifact none can be drawn without end, over real background.

mod artifact;
mod discharge;
mod look_alike;

pub use artifact::{Artifact, ArtifactKind};
pub use discharge::{Cycles, Discharge, Shape};
pub use look_alike::{Extent, LookAlike, Pace};

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::error::TrainError;
use crate::eeg::{DERIVATIONS, DOUBLE_BANANA, Electrode};
use crate::signal::SignalConfig;
use crate::signal::filter::{Cascade, Frame, Section, design};

/// How many of the images are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SimulatedShares {
    /// Share of the seizure images that are a seizure-free second with a discharge.
    pub seizures: f64,
    /// Share of the abnormal images that are a seizure-free second with an artifact.
    pub artifacts: f64,
    /// Share of the abnormal images that are a seizure-free second with a look-alike of a seizure.
    pub look_alikes: f64,
}

impl SimulatedShares {
    /// What a training's card says of it; `None` where nothing is simulated.
    pub fn told(&self) -> Option<String> {
        let kinds = [
            (self.seizures, "seizure", "discharge"),
            (self.artifacts, "abnormal", "artifact"),
            (self.look_alikes, "abnormal", "look-alike of a seizure that does not evolve"),
        ];
        let told: Vec<String> = kinds
            .into_iter()
            .filter(|(share, ..)| *share > 0.0)
            .map(|(share, class, added)| {
                format!(
                    "{:.0} % of the {class} images are a seizure-free second with a made-up {added}",
                    100.0 * share
                )
            })
            .collect();
        (!told.is_empty()).then(|| format!("Simulated: {}.", told.join(", ")))
    }
}

/// What is added to a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// A second out of a seizure.
    Discharge,
    /// A second out of an artifact.
    Artifact,
    /// A second out of a look-alike of a seizure.
    LookAlike,
}

/// Seconds that run through the filters before those that are kept: what is slow has settled then.
const LEAD_S: usize = 2;

/// Microvolts of each electrode against a far reference, `ELECTRODES` rows of [`LEAD_S`] seconds and those that are kept.
pub(super) type Potentials = Vec<Vec<f64>>;

/// Makes windows of simulated signal as the conditioner would give them.
pub struct Simulator {
    rate: usize,
    sections: Vec<Section>,
}

impl Simulator {
    /// Prepares for signals of some conditioning.
    ///
    /// # Errors
    /// [`TrainError::Signal`] where it cannot be built.
    pub fn new(signal: &SignalConfig) -> Result<Simulator, TrainError> {
        Ok(Simulator { rate: signal.rate_hz as usize, sections: design(signal)? })
    }

    /// One second of conditioned microvolts, derivation after derivation, to be added to a window.
    pub fn draw(&self, added: Added, rng: &mut impl Rng) -> Vec<f32> {
        match added {
            Added::Discharge => self.discharge(&Discharge::draw(rng), rng),
            Added::Artifact => self.artifact(&Artifact::draw(rng), rng),
            Added::LookAlike => {
                let kind = LookAlike::ALL[rng.random_range(0..LookAlike::ALL.len())];
                self.look_alike(kind, 1, rng)
            }
        }
    }

    /// A second out of a seizure.
    pub fn discharge(&self, discharge: &Discharge, rng: &mut impl Rng) -> Vec<f32> {
        self.conditioned(&discharge.potentials(self.rate, self.frames(1), rng))
    }

    /// A second out of an artifact.
    pub fn artifact(&self, artifact: &Artifact, rng: &mut impl Rng) -> Vec<f32> {
        self.conditioned(&artifact.potentials(self.rate, self.frames(1), rng))
    }

    /// So many seconds of a pattern that goes on without evolving, as one conditioned signal: derivation after
    /// derivation, each of `seconds` times the rate samples, in microvolts.
    pub fn look_alike(&self, kind: LookAlike, seconds: usize, rng: &mut impl Rng) -> Vec<f32> {
        self.conditioned(&kind.potentials(self.rate, self.frames(seconds), rng))
    }

    fn frames(&self, seconds: usize) -> usize {
        (LEAD_S + seconds) * self.rate
    }

    /// Derivations of the potentials, filtered as recordings are; what follows the first [`LEAD_S`] seconds of them.
    fn conditioned(&self, potentials: &Potentials) -> Vec<f32> {
        let mut frames = derivations(potentials);
        let mut cascade = Cascade::new(self.sections.clone());
        if let Some(first) = frames.first() {
            first.iter().enumerate().for_each(|(derivation, value)| cascade.restart(derivation, *value));
        }
        cascade.filter(&mut frames);
        let kept = &frames[LEAD_S * self.rate..];
        (0..DERIVATIONS)
            .flat_map(|derivation| kept.iter().map(move |frame| frame[derivation] as f32))
            .collect()
    }
}

/// What stands on a page of the potentials: a frame of all derivations for each sample, before the filters.
fn derivations(potentials: &Potentials) -> Vec<Frame> {
    let row_of = |electrode: Electrode| {
        let index = Electrode::ALL.iter().position(|other| *other == electrode).unwrap_or_default();
        &potentials[index]
    };
    let pairs = DOUBLE_BANANA.map(|derivation| (row_of(derivation.anode), row_of(derivation.cathode)));
    let frames = potentials.first().map_or(0, Vec::len);
    (0..frames).map(|i| pairs.map(|(from, to)| from[i] - to[i])).collect()
}

/// A number between two, evenly on a logarithmic scale.
fn between(rng: &mut impl Rng, low: f64, high: f64) -> f64 {
    low * (high / low).powf(rng.random::<f64>())
}

/// A number between two, evenly.
fn evenly(rng: &mut impl Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

fn any_electrode(rng: &mut impl Rng) -> Electrode {
    Electrode::ALL[rng.random_range(0..Electrode::ALL.len())]
}
