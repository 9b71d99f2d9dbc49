//! What the brain does between events: noise, rhythms, sleep.

use std::f64::consts::FRAC_PI_2;
use std::sync::Arc;

use rand::RngExt;

use super::chance::{Chance, Purpose, rise};
use super::config::SyntheticConfig;
use super::head::{ELECTRODES, Weights, place, spread};
use super::noise::{Noise, Noises};
use super::seizure::Influence;
use super::sheet::Sheet;
use crate::eeg::Electrode::{self, *};

/// Seconds in which one stretch of noise fades into the next.
const FADE_S: u64 = 4;

/// Sources: right, front and reach of each.
const DELTA: [(f64, f64, f64); 5] =
    [(0.0, 0.6, 0.6), (-0.6, 0.2, 0.5), (0.6, 0.2, 0.5), (-0.3, -0.5, 0.5), (0.3, -0.5, 0.5)];
const THETA: [(f64, f64, f64); 4] = [(0.0, 0.4, 0.5), (-0.8, 0.0, 0.4), (0.8, 0.0, 0.4), (0.0, -0.4, 0.5)];
const ALPHA: [(f64, f64, f64); 4] =
    [(-0.35, -0.9, 0.45), (0.35, -0.9, 0.45), (-0.6, -0.6, 0.45), (0.6, -0.6, 0.45)];
const BETA: [(f64, f64, f64); 4] = [(-0.45, 0.5, 0.4), (0.45, 0.5, 0.4), (0.0, 0.1, 0.4), (0.0, -0.6, 0.5)];

/// How strong each part is at a moment, in microvolts where it is strongest.
#[derive(Clone, Copy)]
struct Strengths {
    pink: f64,
    delta: f64,
    theta: f64,
    alpha: f64,
    beta: f64,
    muscle: f64,
}

pub(super) struct Background {
    chance: Chance,
    noises: Arc<Noises>,
    sleep_every_s: f64,
    /// The person's own factors: of all, of the alpha rhythm, of the beta.
    person: [f64; 3],
    /// The person's alpha rhythm as a multiple of 10 Hz.
    alpha_pace: f64,
    patches: Vec<Weights>,
    delta: Vec<Weights>,
    theta: Vec<Weights>,
    alpha: Vec<Weights>,
    beta: Vec<Weights>,
    /// Root of the falling and the rising share, for each frame of a fade.
    falling: Vec<f32>,
    rising: Vec<f32>,
}

impl Background {
    pub fn new(config: &SyntheticConfig, chance: Chance, noises: Arc<Noises>) -> Background {
        let mut person = chance.of(Purpose::Person, 0);
        let mut about = |low: f64, high: f64| low + (high - low) * person.random::<f64>();
        let factors = [about(0.85, 1.2), about(0.6, 1.2), about(0.7, 1.3)];
        let alpha_pace = about(0.88, 1.12);
        let frames = FADE_S as usize * config.rate_hz as usize;
        let angle = |frame: usize| FRAC_PI_2 * frame as f64 / frames as f64;
        let mut patches: Vec<Weights> = Electrode::ALL.iter().map(|&e| spread(place(e), 0.33)).collect();
        // Every electrode sees the noise with a strength of 1.
        for electrode in 0..ELECTRODES {
            let total = patches.iter().map(|patch| patch[electrode].powi(2)).sum::<f32>().sqrt();
            patches.iter_mut().for_each(|patch| patch[electrode] /= total);
        }
        // What the reference picks up stands in every channel.
        patches.push([0.4; ELECTRODES]);
        Background {
            chance,
            noises,
            sleep_every_s: config.sleep_every_s,
            person: factors,
            alpha_pace,
            patches,
            delta: sources(&DELTA),
            theta: sources(&THETA),
            alpha: sources(&ALPHA),
            beta: sources(&BETA),
            falling: (0..frames).map(|frame| angle(frame).cos() as f32).collect(),
            rising: (0..frames).map(|frame| angle(frame).sin() as f32).collect(),
        }
    }

    /// How deep the sleep is: 0 awake, 1 deepest.
    pub fn sleep_depth(&self, t: f64) -> f64 {
        if self.sleep_every_s == 0.0 {
            return 0.0;
        }
        let cycle = (t / self.sleep_every_s).rem_euclid(1.0);
        let deep = rise(cycle, 0.40, 0.60) * (1.0 - rise(cycle, 0.85, 0.95));
        deep * (0.75 + 0.25 * self.chance.smooth(Purpose::Depth, t, 45.0))
    }

    fn strengths(&self, t: f64, influence: Influence) -> Strengths {
        let depth = self.sleep_depth(t);
        let awake = (1.0 - depth).powi(2);
        let light = 4.0 * depth * (1.0 - depth);
        let waxing = 0.2 + 0.8 * rise(self.chance.smooth(Purpose::Waxing, t, 5.0), 0.2, 0.8);
        let [all, alpha, beta] = self.person.map(|factor| factor * influence.quiet);
        Strengths {
            pink: 13.0 * all * (1.0 + 0.3 * depth),
            delta: 9.0 * all * (1.0 + 5.0 * depth) + influence.slow,
            theta: 5.0 * all * (1.0 + 1.5 * light) + 0.3 * influence.slow,
            alpha: 30.0 * all * alpha * awake * waxing,
            beta: 4.0 * all * beta * (0.5 + 0.5 * awake),
            muscle: 4.0 * awake * influence.quiet,
        }
    }

    /// Adds a second of background, given what seizures do to it at the second's start and end.
    pub fn add_to(&self, sheet: &mut Sheet, influence: [Influence; 2]) {
        let t = sheet.second as f64;
        let (from, to) = (self.strengths(t, influence[0]), self.strengths(t + 1.0, influence[1]));
        let noises = &self.noises;
        let parts: [(&Noise, &[Weights], f64, [f64; 2]); 5] = [
            (&noises.pink, &self.patches, 1.0, [from.pink, to.pink]),
            (&noises.delta, &self.delta, 1.0, [from.delta, to.delta]),
            (&noises.theta, &self.theta, 1.0, [from.theta, to.theta]),
            (&noises.alpha, &self.alpha, self.alpha_pace, [from.alpha, to.alpha]),
            (&noises.beta, &self.beta, 1.0, [from.beta, to.beta]),
        ];
        let fade = sheet.second / FADE_S;
        let mut falling = self.chance.of(Purpose::Noise, fade);
        let mut rising = self.chance.of(Purpose::Noise, fade + 1);
        let mut places = move || [falling.random::<u32>() as usize, rising.random::<u32>() as usize];
        let rate = sheet.rate;
        for (noise, sources, pace, strength) in parts {
            for weights in sources {
                let stretch = self.stretch(sheet.second, places());
                sheet.add(0..rate, weights, |row| stretch.read(row, noise, pace, strength));
            }
        }
        for electrode in 0..ELECTRODES {
            let stretch = self.stretch(sheet.second, places());
            // The amplifier's own noise looks much the same as a little muscle.
            let seen = muscle_seen(Electrode::ALL[electrode]);
            let strength = [from.muscle, to.muscle].map(|muscle| 0.5 + seen * muscle);
            let row = sheet.row(electrode);
            stretch.read(row, &noises.muscle, 1.0, strength);
        }
    }

    /// What is to be read in a second, given where the falling and the rising noise begin.
    fn stretch(&self, second: u64, [falling, rising]: [usize; 2]) -> Stretch<'_> {
        let frames = self.falling.len();
        let done = (second % FADE_S) as usize * (frames / FADE_S as usize);
        Stretch {
            begin: [falling, rising],
            done: [frames + done, done],
            fades: [&self.falling[done..], &self.rising[done..]],
        }
    }
}

/// A second of noise that fades from one place of its table to another.
struct Stretch<'a> {
    begin: [usize; 2],
    done: [usize; 2],
    fades: [&'a [f32]; 2],
}

impl Stretch<'_> {
    /// Adds the noise; its strength goes evenly from the first to the second.
    fn read(&self, row: &mut [f32], noise: &Noise, pace: f64, strength: [f64; 2]) {
        let step = ((strength[1] - strength[0]) / row.len() as f64) as f32;
        let first = strength[0] as f32;
        for ((&begin, &done), fade) in self.begin.iter().zip(&self.done).zip(self.fades) {
            if pace == 1.0 {
                let mut at = 0;
                while at < row.len() {
                    let some = noise.from(begin.wrapping_add(done + at));
                    let count = some.len().min(row.len() - at);
                    let parts = row[at..at + count].iter_mut().zip(&fade[at..]).zip(some);
                    for (i, ((out, fade), sample)) in parts.enumerate() {
                        *out += (first + step * (at + i) as f32) * fade * sample;
                    }
                    at += count;
                }
            } else {
                for (i, (out, fade)) in row.iter_mut().zip(fade).enumerate() {
                    let place = (done + i) as f64 * pace;
                    let (whole, u) = (begin.wrapping_add(place as usize), place.fract() as f32);
                    let (before, after) = (noise.at(whole), noise.at(whole.wrapping_add(1)));
                    *out += (first + step * i as f32) * fade * (before + (after - before) * u);
                }
            }
        }
    }
}

/// Weights of sources whose sum has a strength of 1 where it is strongest.
fn sources(places: &[(f64, f64, f64)]) -> Vec<Weights> {
    let mut weights: Vec<Weights> =
        places.iter().map(|&(right, front, reach)| spread((right, front), reach)).collect();
    let strength = |electrode: usize| weights.iter().map(|w| w[electrode].powi(2)).sum::<f32>().sqrt();
    let most = (0..ELECTRODES).map(strength).fold(0.0, f32::max);
    weights.iter_mut().flatten().for_each(|weight| *weight /= most);
    weights
}

/// How near an electrode lies to muscle.
pub(crate) fn muscle_seen(electrode: Electrode) -> f64 {
    match electrode {
        T7 | T8 => 1.0,
        F7 | F8 => 0.8,
        Fp1 | Fp2 | P7 | P8 => 0.55,
        O1 | O2 => 0.35,
        F3 | F4 | C3 | C4 => 0.15,
        P3 | P4 | Fz | Cz | Pz => 0.05,
    }
}
