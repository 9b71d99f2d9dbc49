//! What goes on for minutes, looks like a seizure and is none.

use std::f64::consts::TAU;

use rand::{Rng, RngExt};

use super::artifact::{Artifact, ArtifactKind};
use super::{Potentials, any_electrode, between, derivations, evenly};
use crate::eeg::Electrode;
use crate::source::synthetic::head::{distances, place};

/// A pattern that does not evolve. Periodic discharges and rhythmic delta activity are those of the American Clinical
/// Neurophysiology Society's terminology (Hirsch et al., J Clin Neurophysiol 2021;38:1-29): at up to 2.5 in a second and
/// without evolution they are no electrographic seizure. Muscle, chewing and movement are what is seen most on a ward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookAlike {
    /// Sharp discharges of one shape, at nearly even distances in time.
    Periodic(Pace, Extent),
    /// Waves of one shape without a pause between them.
    RhythmicDelta(Pace, Extent),
    /// Strained muscle.
    Muscle,
    /// A meal.
    Chewing,
    /// Wires and head move.
    Movement,
}

/// How often a pattern comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// 0.5 to 1.5 times in a second.
    Slow,
    /// 1.5 to 2.5 times in a second.
    Fast,
}

/// Where it is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everywhere, strongest in front or at the back.
    Generalised,
    /// Around one electrode.
    Lateralised,
}

/// Microvolts from zero to peak of the derivation that shows discharges and waves best, as they stand on a page before the
/// filters: what the terminology calls medium to high.
const AMPLITUDE_UV: [f64; 2] = [50.0, 200.0];

/// Microvolts where artifacts are strongest.
const ARTIFACT_UV: [f64; 2] = [60.0, 400.0];

impl LookAlike {
    /// Each of them.
    pub const ALL: [LookAlike; 11] = {
        use {Extent::*, LookAlike::*, Pace::*};
        [
            Periodic(Slow, Generalised),
            Periodic(Fast, Generalised),
            Periodic(Slow, Lateralised),
            Periodic(Fast, Lateralised),
            RhythmicDelta(Slow, Generalised),
            RhythmicDelta(Fast, Generalised),
            RhythmicDelta(Slow, Lateralised),
            RhythmicDelta(Fast, Lateralised),
            Muscle,
            Chewing,
            Movement,
        ]
    };

    /// What it is called.
    pub fn name(self) -> String {
        let (what, pace, extent) = match self {
            LookAlike::Periodic(pace, extent) => ("periodic discharges", pace, extent),
            LookAlike::RhythmicDelta(pace, extent) => ("rhythmic delta", pace, extent),
            LookAlike::Muscle => return "muscle".into(),
            LookAlike::Chewing => return "chewing".into(),
            LookAlike::Movement => return "movement".into(),
        };
        let extent = match extent {
            Extent::Generalised => "generalised",
            Extent::Lateralised => "lateralised",
        };
        let [low, high] = pace.rates_hz();
        format!("{extent} {what}, {low} to {high} Hz")
    }

    /// Microvolts of each electrode. No two are alike in rate, size, place and shape.
    pub(super) fn potentials(self, rate: usize, frames: usize, rng: &mut impl Rng) -> Potentials {
        let artifact = |kind, rng: &mut _| {
            let [low, high] = ARTIFACT_UV;
            Artifact { kind, amplitude_uv: between(rng, low, high) }.potentials(rate, frames, rng)
        };
        match self {
            LookAlike::Periodic(pace, extent) => {
                sized(spread(&periodic(pace, rate, frames, rng), &Field::draw(extent, rng)), rng)
            }
            LookAlike::RhythmicDelta(pace, extent) => {
                sized(spread(&rhythmic(pace, rate, frames, rng), &Field::draw(extent, rng)), rng)
            }
            LookAlike::Muscle => artifact(ArtifactKind::Muscle, rng),
            LookAlike::Chewing => artifact(ArtifactKind::Chewing, rng),
            LookAlike::Movement => artifact(ArtifactKind::Movement, rng),
        }
    }
}

impl Pace {
    fn rates_hz(self) -> [f64; 2] {
        match self {
            Pace::Slow => [0.5, 1.5],
            Pace::Fast => [1.5, 2.5],
        }
    }

    fn draw(self, rng: &mut impl Rng) -> f64 {
        let [low, high] = self.rates_hz();
        evenly(rng, low, high)
    }
}

/// What each electrode sees of a source, as a share of the strongest.
struct Field(Vec<f64>);

impl Field {
    fn draw(extent: Extent, rng: &mut impl Rng) -> Field {
        let seen: Vec<f64> = match extent {
            Extent::Generalised => {
                let front = if rng.random_bool(0.7) { 0.25 } else { -0.25 };
                let at = |electrode| 0.75 + front * place(electrode).1;
                Electrode::ALL.into_iter().map(|electrode| at(electrode) * evenly(rng, 0.85, 1.0)).collect()
            }
            Extent::Lateralised => {
                let (focus, reach) = (place(any_electrode(rng)), evenly(rng, 0.35, 0.7));
                distances(focus).map(|distance| (-0.5 * (distance / reach).powi(2)).exp()).to_vec()
            }
        };
        Field(seen)
    }
}

fn spread(source: &[f64], field: &Field) -> Potentials {
    field.0.iter().map(|share| source.iter().map(|value| share * value).collect()).collect()
}

/// The same, so large that the derivation that shows it best has a peak of a size that is drawn.
fn sized(mut potentials: Potentials, rng: &mut impl Rng) -> Potentials {
    let [low, high] = AMPLITUDE_UV;
    let side = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
    let wanted = side * between(rng, low, high);
    let peak = derivations(&potentials).iter().flatten().fold(0.0f64, |peak, value| peak.max(value.abs()));
    potentials.iter_mut().flatten().for_each(|value| *value *= wanted / peak.max(f64::MIN_POSITIVE));
    potentials
}

/// Sharp waves with an after-going slow wave; half of them are triphasic.
fn periodic(pace: Pace, rate: usize, frames: usize, rng: &mut impl Rng) -> Vec<f64> {
    let period_s = 1.0 / pace.draw(rng);
    let width_s = evenly(rng, 0.02, 0.045);
    let before = if rng.random_bool(0.5) { evenly(rng, 0.2, 0.5) } else { 0.0 };
    let (after, slow) = (evenly(rng, 0.3, 0.7), evenly(rng, 0.2, 0.6));
    let bump = |t: f64, at: f64, width: f64| (-0.5 * ((t - at) / width).powi(2)).exp();
    let discharge = |t: f64| {
        bump(t, 0.0, width_s)
            - before * bump(t, -2.0 * width_s, width_s)
            - after * bump(t, 2.2 * width_s, 1.3 * width_s)
            - slow * bump(t, 5.0 * width_s + 0.1, 0.1)
    };
    let mut values = vec![0.0; frames];
    let mut at_s = evenly(rng, -1.0, 0.0) * period_s;
    while at_s < frames as f64 / rate as f64 {
        let strength = evenly(rng, 0.8, 1.2);
        // What lies further off than this is nothing.
        let (from, to) = ((at_s - 0.3) * rate as f64, (at_s + 0.9) * rate as f64);
        for (i, value) in
            values.iter_mut().enumerate().take(to.max(0.0) as usize).skip(from.max(0.0) as usize)
        {
            *value += strength * discharge(i as f64 / rate as f64 - at_s);
        }
        at_s += period_s * evenly(rng, 0.9, 1.1);
    }
    values
}

/// Waves that are sinusoidal or a little sharpened, and that wax and wane.
fn rhythmic(pace: Pace, rate: usize, frames: usize, rng: &mut impl Rng) -> Vec<f64> {
    let rate_hz = pace.draw(rng);
    let (overtone, shift) = (evenly(rng, 0.0, 0.35), evenly(rng, 0.0, TAU));
    let (turn, sway, wax) = (evenly(rng, 0.0, TAU), evenly(rng, 0.0, TAU), evenly(rng, 0.0, TAU));
    (0..frames)
        .map(|i| {
            let t = i as f64 / rate as f64;
            // No rhythm of a brain is exact: it runs a tenth ahead and behind.
            let phase = TAU * rate_hz * t + turn + 0.6 * (TAU * 0.17 * rate_hz * t + sway).sin();
            let strength = 0.85 + 0.15 * (TAU * 0.13 * t + wax).sin();
            strength * (phase.sin() + overtone * (2.0 * phase + shift).sin())
        })
        .collect()
}
