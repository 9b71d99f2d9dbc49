//! A seizure's discharges: a rhythm that slows, grows and spreads from a focus.

use std::f64::consts::TAU;

use rand::{Rng, RngExt};

use super::{LEAD_S, Potentials, any_electrode, between, evenly};
use crate::eeg::Electrode;
use crate::source::synthetic::head::{distances, place};

/// The shape of one cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A sine wave.
    Sine,
    /// A wave with overtones.
    Sharpened,
    /// A short sharp wave and a pause.
    SharpWave,
    /// A spike and a slow wave.
    SpikeWave,
}

/// One second out of a seizure, by what it looks like. Ranges follow what textbooks give for rhythmic ictal
/// discharges (Niedermeyer's Electroencephalography, chapters on epileptic seizure patterns).
#[derive(Debug, Clone, PartialEq)]
pub struct Discharge {
    /// How far the seizure has gone, from 0 at the onset to 1 at the end.
    pub age: f64,
    /// Discharges in a second at the onset and at the end.
    pub rates_hz: [f64; 2],
    /// Microvolts at the focus when fully grown, from zero to peak.
    pub amplitude_uv: f64,
    /// Where it begins.
    pub focus: Electrode,
    /// How far it is seen at the onset and at the end, in units of the way from Cz to T8.
    pub reach: [f64; 2],
    /// Strength over the mirror side, as a share.
    pub other_side: f64,
    /// Strength everywhere, as a share: 1 for a generalised seizure.
    pub everywhere: f64,
    /// The cycle.
    pub shape: Shape,
}

impl Discharge {
    /// Draws one of any kind.
    pub fn draw(rng: &mut impl Rng) -> Discharge {
        let shape = match rng.random_range(0..10) {
            0..3 => Shape::Sine,
            3..6 => Shape::Sharpened,
            6..8 => Shape::SharpWave,
            _ => Shape::SpikeWave,
        };
        let generalised = rng.random_bool(if shape == Shape::SpikeWave { 0.6 } else { 0.2 });
        let rates_hz = match generalised && shape == Shape::SpikeWave {
            // The three-a-second kind hardly slows.
            true => [evenly(rng, 2.8, 4.0), evenly(rng, 2.2, 3.0)],
            false => [between(rng, 4.0, 12.0), between(rng, 1.0, 4.0)],
        };
        let first_reach = evenly(rng, 0.25, 0.6);
        Discharge {
            age: rng.random(),
            rates_hz,
            amplitude_uv: between(rng, 100.0, 1000.0),
            focus: any_electrode(rng),
            reach: [first_reach, first_reach * evenly(rng, 1.2, 3.0)],
            other_side: if rng.random_bool(0.3) { evenly(rng, 0.3, 1.0) } else { 0.0 },
            everywhere: if generalised { evenly(rng, 0.5, 1.0) } else { 0.0 },
            shape,
        }
    }

    /// Discharges in a second at this age.
    pub fn rate_hz(&self) -> f64 {
        self.rates_hz[0] * (self.rates_hz[1] / self.rates_hz[0]).powf(self.age)
    }

    /// Microvolts at the focus at this age: full after a third of the seizure.
    pub fn strength_uv(&self) -> f64 {
        self.amplitude_uv * (0.15 + 0.85 * (3.0 * self.age).min(1.0))
    }

    /// What each electrode sees, as a share of the strongest.
    pub fn field(&self) -> Vec<f64> {
        let reach = self.reach[0] + (self.reach[1] - self.reach[0]) * self.age;
        let seen = |distance: f64| (-0.5 * (distance / reach).powi(2)).exp();
        let here = distances(place(self.focus));
        let there = distances(place(self.focus.mirrored()));
        // Generalised discharges are strongest in front.
        let wide = Electrode::ALL.map(|electrode| self.everywhere * (0.7 + 0.3 * place(electrode).1));
        (0..Electrode::ALL.len())
            .map(|i| seen(here[i]).max(self.other_side * self.age * seen(there[i])).max(wide[i]))
            .collect()
    }

    /// Microvolts of each electrode; the last second is of this age.
    pub(super) fn potentials(&self, rate: usize, frames: usize, rng: &mut impl Rng) -> Potentials {
        let (from, turn) = (rng.random::<f64>(), evenly(rng, 0.0, TAU));
        let drift = evenly(rng, 0.02, 0.08);
        let side = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
        // No two cycles are of one size.
        let cycles = (self.rate_hz() * (LEAD_S + 1) as f64) as usize + 4;
        let sizes: Vec<f64> = (0..cycles).map(|_| evenly(rng, 0.75, 1.2)).collect();
        let cycles = Cycles::new(self.shape, sizes);
        let phases: Vec<f64> = (0..frames)
            .map(|i| {
                let t = i as f64 / rate as f64;
                // No rhythm of a brain is exact.
                from + self.rate_hz() * t + drift * (TAU * 0.7 * t + turn).sin()
            })
            .collect();
        let distances = distances(place(self.focus));
        self.field()
            .iter()
            .zip(distances)
            .map(|(share, distance)| {
                // What is far follows a little behind.
                let lag = 0.03 * distance;
                phases
                    .iter()
                    .map(|phase| side * self.strength_uv() * share * cycles.at(phase - lag))
                    .collect()
            })
            .collect()
    }
}

/// Cycles of one shape, one after the other, each of its own size.
#[derive(Debug, Clone)]
pub struct Cycles {
    shape: Shape,
    sizes: Vec<f64>,
    /// Where a cycle begins and ends.
    border: f64,
    mean: f64,
}

impl Cycles {
    /// Cycles of these sizes; all that follow have a size of 1.
    pub fn new(shape: Shape, sizes: Vec<f64>) -> Cycles {
        Cycles { shape, sizes, border: cycle(shape, 0.0), mean: mean_of(shape) }
    }

    /// The value at a phase, counted in cycles from the beginning of the first; without a mean where the size is 1.
    ///
    /// A cycle is larger or smaller as measured from its border, so that one begins where the other ended: a step in a
    /// signal is no discharge but a sharp line in the drawing, by which a network could tell what is simulated.
    pub fn at(&self, phase: f64) -> f64 {
        let size = self.sizes.get(phase.max(0.0) as usize).copied().unwrap_or(1.0);
        size * (cycle(self.shape, phase.rem_euclid(1.0)) - self.border) + self.border - self.mean
    }
}

/// One cycle at `x` from 0 to 1; its peak is about 1.
fn cycle(shape: Shape, x: f64) -> f64 {
    let bump = |at: f64, width: f64| (-0.5 * ((x - at) / width).powi(2)).exp();
    match shape {
        Shape::Sine => (TAU * x).sin(),
        Shape::Sharpened => {
            0.8 * ((TAU * x).sin() + 0.35 * (2.0 * TAU * x + 0.6).sin() + 0.12 * (3.0 * TAU * x + 1.1).sin())
        }
        Shape::SharpWave => bump(0.3, 0.07) - 0.45 * bump(0.52, 0.11),
        Shape::SpikeWave => bump(0.15, 0.04) - 0.25 * bump(0.25, 0.04) + wave(x),
    }
}

/// The slow wave that follows a spike.
fn wave(x: f64) -> f64 {
    if x > 0.28 { 0.8 * (0.5 * TAU * (x - 0.28) / 0.72).sin().powi(2) } else { 0.0 }
}

fn mean_of(shape: Shape) -> f64 {
    const POINTS: usize = 256;
    (0..POINTS).map(|i| cycle(shape, i as f64 / POINTS as f64)).sum::<f64>() / POINTS as f64
}
