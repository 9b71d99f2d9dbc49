//! What stands in an EEG, looks large and is no seizure.

use std::f64::consts::TAU;

use rand::{Rng, RngExt};

use super::{LEAD_S, Potentials, any_electrode, between, evenly};
use crate::eeg::Electrode::{self, *};
use crate::source::synthetic::background::muscle_seen;
use crate::source::synthetic::head::{place, spread};

/// Where an artifact comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArtifactKind {
    /// Strained muscle, mostly of one side.
    Muscle,
    /// Bursts of both temporal muscles, one to two and a half in a second.
    Chewing,
    /// The lids close.
    Blink,
    /// The eyes turn.
    Glance,
    /// One electrode's contact jumps.
    Pop(Electrode),
    /// The mains on electrodes of bad contact, folded into the band by movement of the cable.
    Mains,
    /// Wires and head move.
    Movement,
}

/// One second of an artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct Artifact {
    /// Which.
    pub kind: ArtifactKind,
    /// Microvolts where it is strongest, before the filters.
    pub amplitude_uv: f64,
}

impl Artifact {
    /// Draws one of any kind.
    pub fn draw(rng: &mut impl Rng) -> Artifact {
        let (kind, low, high) = match rng.random_range(0..14) {
            0..4 => (ArtifactKind::Muscle, 60.0, 400.0),
            4..6 => (ArtifactKind::Chewing, 80.0, 400.0),
            6..8 => (ArtifactKind::Blink, 90.0, 250.0),
            8..9 => (ArtifactKind::Glance, 40.0, 150.0),
            9..11 => (ArtifactKind::Pop(any_electrode(rng)), 150.0, 800.0),
            11..12 => (ArtifactKind::Mains, 100.0, 600.0),
            _ => (ArtifactKind::Movement, 80.0, 400.0),
        };
        Artifact { kind, amplitude_uv: between(rng, low, high) }
    }

    /// Microvolts of each electrode; the last second is the one that is kept.
    pub(super) fn potentials(&self, rate: usize, frames: usize, rng: &mut impl Rng) -> Potentials {
        let time = |i: usize| i as f64 / rate as f64;
        let size = self.amplitude_uv;
        match self.kind {
            ArtifactKind::Muscle => {
                let (left, right) = if rng.random_bool(0.5) { (1.0, 0.3) } else { (0.3, 1.0) };
                let side = |electrode| if place(electrode).0 < 0.0 { left } else { right };
                let (rate_hz, turn) = (evenly(rng, 0.2, 1.0), evenly(rng, 0.0, TAU));
                let strained = |t: f64| 0.75 + 0.25 * (TAU * rate_hz * t + turn).sin();
                each(|electrode| {
                    let seen = size * muscle_seen(electrode) * side(electrode);
                    (0..frames).map(|i| seen * strained(time(i)) * noise(rng)).collect()
                })
            }
            ArtifactKind::Chewing => {
                let (rate_hz, turn) = (evenly(rng, 1.0, 2.5), evenly(rng, 0.0, 1.0));
                let bite = |t: f64| (0.5 * TAU * (rate_hz * t + turn)).sin().abs().powi(5);
                let jaw = |t: f64| 0.3 * (TAU * (rate_hz * t + turn)).sin();
                each(|electrode| {
                    let seen = size * muscle_seen(electrode);
                    (0..frames).map(|i| seen * (bite(time(i)) * noise(rng) + jaw(time(i)))).collect()
                })
            }
            ArtifactKind::Blink => {
                let (at, lasts) = (LEAD_S as f64 + evenly(rng, -0.1, 0.7), evenly(rng, 0.2, 0.45));
                let lid = |t: f64| {
                    let u = ((t - at) / lasts).clamp(0.0, 1.0).powf(0.75);
                    (0.5 * TAU * u).sin().max(0.0).powf(1.5)
                };
                each(|electrode| (0..frames).map(|i| size * lids(electrode) * lid(time(i))).collect())
            }
            ArtifactKind::Glance => {
                let at = LEAD_S as f64 + evenly(rng, 0.0, 0.7);
                let turned = |t: f64| ((t - at) / 0.06).clamp(0.0, 1.0);
                let side = if rng.random_bool(0.5) { size } else { -size };
                each(|electrode| (0..frames).map(|i| side * eyes(electrode) * turned(time(i))).collect())
            }
            ArtifactKind::Pop(at) => {
                let (from, decay_s) = (LEAD_S as f64 + evenly(rng, 0.0, 0.8), evenly(rng, 0.1, 0.4));
                let step = if rng.random_bool(0.5) { size } else { -size };
                let popped = |t: f64| if t < from { 0.0 } else { step * (-(t - from) / decay_s).exp() };
                each(|electrode| {
                    (0..frames).map(|i| if electrode == at { popped(time(i)) } else { 0.0 }).collect()
                })
            }
            ArtifactKind::Mains => {
                // A sampler that follows the mains badly, or a cable that swings, leaves a beat within the band.
                let beat_hz = evenly(rng, 12.0, 28.0);
                let bad: Vec<Electrode> = (0..rng.random_range(1..=3)).map(|_| any_electrode(rng)).collect();
                let turn = evenly(rng, 0.0, TAU);
                each(|electrode| {
                    let seen = if bad.contains(&electrode) { 0.3 * size } else { 0.0 };
                    (0..frames).map(|i| seen * (TAU * beat_hz * time(i) + turn).sin()).collect()
                })
            }
            ArtifactKind::Movement => {
                let mut rows = each(|_| vec![0.0; frames]);
                for _ in 0..4 {
                    let seen = spread((evenly(rng, -1.0, 1.0), evenly(rng, -1.0, 1.0)), 0.5);
                    let (rate_hz, turn) = (between(rng, 0.5, 4.0), evenly(rng, 0.0, TAU));
                    let swing = evenly(rng, 0.3, 1.0) * size;
                    for (row, seen) in rows.iter_mut().zip(seen) {
                        for (i, value) in row.iter_mut().enumerate() {
                            let t = time(i);
                            let bent = (TAU * rate_hz * t + turn + 1.5 * (TAU * 0.4 * t).sin()).sin();
                            *value += f64::from(seen) * swing * bent;
                        }
                    }
                }
                rows
            }
        }
    }
}

fn each(row: impl FnMut(Electrode) -> Vec<f64>) -> Potentials {
    Electrode::ALL.into_iter().map(row).collect()
}

/// How strongly an electrode sees the lids.
fn lids(electrode: Electrode) -> f64 {
    match electrode {
        Fp1 | Fp2 => 1.0,
        F3 | F4 | Fz => 0.38,
        F7 | F8 => 0.33,
        C3 | Cz | C4 => 0.12,
        T7 | T8 => 0.06,
        _ => 0.0,
    }
}

/// How strongly, and with which sign, an electrode sees the eyes turn.
fn eyes(electrode: Electrode) -> f64 {
    match electrode {
        F7 => 1.0,
        F8 => -1.0,
        Fp1 | T7 => 0.4,
        Fp2 | T8 => -0.4,
        F3 => 0.25,
        F4 => -0.25,
        _ => 0.0,
    }
}

/// Evenly spread noise with a standard deviation of 1: white, as muscle nearly is within the band.
fn noise(rng: &mut impl Rng) -> f64 {
    3f64.sqrt() * evenly(rng, -1.0, 1.0)
}
