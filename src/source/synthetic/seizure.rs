//! Seizures: a rhythm that grows, slows and spreads from a focus, and the slowing after it.

use std::f64::consts::TAU;
use std::sync::Arc;

use rand::RngExt;

use super::background::muscle_seen;
use super::chance::{Chance, Purpose, about, rise};
use super::config::SyntheticConfig;
use super::head::{ELECTRODES, Weights, distances, place, spread};
use super::noise::Noises;
use super::sheet::Sheet;
use crate::eeg::Electrode::{self, *};

/// Seconds that a seizure shows after its end.
pub(super) const AFTERMATH_S: f64 = 60.0;

/// Where seizures begin: temporal lobes more often than elsewhere.
const FOCI: [Electrode; 12] = [T7, T8, F7, F8, T7, T8, P7, P8, F3, F4, C3, C4];

/// Points of one cycle of a discharge.
const CYCLE: usize = 1024;

/// What seizures do to the background at a moment.
#[derive(Clone, Copy)]
pub(super) struct Influence {
    /// What is left of it.
    pub quiet: f64,
    /// Microvolts of slow waves on top.
    pub slow: f64,
}

/// One seizure.
#[derive(Clone)]
pub(super) struct Seizure {
    /// Which one of the stream.
    index: u64,
    /// Seconds from the stream's start.
    pub onset_s: f64,
    pub duration_s: f64,
    /// Discharges in a second at its onset and at its end.
    rates_hz: [f64; 2],
    /// Microvolts at the focus when it is strongest, from zero to peak.
    amplitude_uv: f64,
    /// Whether the other side takes part in full.
    pub both_sides: bool,
    /// Whether muscles jerk with the discharges.
    jerks: bool,
    wobble: [f64; 2],
}

pub(super) struct Seizures {
    chance: Chance,
    noises: Arc<Noises>,
    /// Seconds in each of which there is one seizure; none where they are given or there are none.
    every_s: Option<f64>,
    onsets_s: Vec<f64>,
    durations_s: [f64; 2],
    /// Where they begin: the same place for one person.
    pub focus: Electrode,
    from_focus: [f64; ELECTRODES],
    near_focus: Weights,
    rhythmic: Vec<f32>,
    spike_wave: Vec<f32>,
}

impl Seizures {
    pub fn new(config: &SyntheticConfig, chance: Chance, noises: Arc<Noises>) -> Seizures {
        let focus = FOCI[chance.of(Purpose::Person, 1).random_range(0..FOCI.len())];
        let given = !config.seizure_onsets_s.is_empty();
        Seizures {
            chance,
            noises,
            every_s: (!given && config.seizures_per_hour > 0.0).then(|| 3600.0 / config.seizures_per_hour),
            onsets_s: config.seizure_onsets_s.clone(),
            durations_s: config.seizure_duration_s,
            focus,
            from_focus: distances(place(focus)),
            near_focus: spread(place(focus), 0.4),
            rhythmic: cycle(|x| {
                (TAU * x).sin() + 0.28 * (2.0 * TAU * x + 0.7).sin() + 0.1 * (3.0 * TAU * x + 1.0).sin()
            }),
            spike_wave: cycle(|x| {
                let spike = (-0.5 * ((x - 0.15) / 0.045).powi(2)).exp();
                let back = 0.3 * (-0.5 * ((x - 0.27) / 0.045).powi(2)).exp();
                let wave = if x > 0.28 { (0.5 * TAU * (x - 0.28) / 0.72).sin().powi(2) } else { 0.0 };
                back - 0.85 * spike - wave
            }),
        }
    }

    /// The seizures that show anywhere in a stretch of time, in order.
    pub fn within(&self, begin_s: f64, end_s: f64) -> Vec<Seizure> {
        let longest = self.durations_s[1] + AFTERMATH_S;
        let (first, end) = match self.every_s {
            // Counted in stretches of time, each with one seizure.
            Some(every_s) => {
                (((begin_s - longest) / every_s).floor().max(0.0) as u64, (end_s / every_s).ceil() as u64)
            }
            None => {
                let before = |t: f64| self.onsets_s.partition_point(|&onset| onset < t) as u64;
                (before(begin_s - longest), before(end_s))
            }
        };
        (first..end)
            .map(|index| self.seizure(index))
            .filter(|s| s.onset_s < end_s && s.end_s() + AFTERMATH_S > begin_s)
            .collect()
    }

    fn seizure(&self, index: u64) -> Seizure {
        let mut rng = self.chance.of(Purpose::Seizure, index);
        let [shortest, longest] = self.durations_s;
        let duration_s = about(&mut rng, shortest, longest);
        let onset_s = match self.every_s {
            Some(every_s) => {
                // It ends, with all that follows, before the next stretch begins.
                (index as f64 + rng.random::<f64>() * (1.0 - (longest + AFTERMATH_S) / every_s)) * every_s
            }
            None => self.onsets_s[index as usize],
        };
        Seizure {
            index,
            onset_s,
            duration_s,
            rates_hz: [about(&mut rng, 5.5, 8.0), about(&mut rng, 2.2, 3.2)],
            amplitude_uv: about(&mut rng, 180.0, 320.0),
            both_sides: rng.random_bool(0.4),
            jerks: rng.random_bool(0.4),
            wobble: [about(&mut rng, 0.0, TAU), about(&mut rng, 0.0, TAU)],
        }
    }

    /// What the seizures near a moment do to the background.
    pub fn influence(seizures: &[Seizure], t: f64) -> Influence {
        let mut influence = Influence { quiet: 1.0, slow: 0.0 };
        for seizure in seizures {
            let (t, after) = (t - seizure.onset_s, t - seizure.end_s());
            // The first seconds are flatter; then the discharges stand over what is left; exhaustion
            // follows, and recovers.
            let onset =
                0.45 * rise(t, 0.0, 1.0) * (1.0 - 0.5 * rise(t, 2.5, 6.0)) * (1.0 - rise(after, -1.0, 1.0));
            let spent = rise(after, -1.0, 1.0) * (1.0 - rise(after, 10.0, AFTERMATH_S));
            influence.quiet *= (1.0 - onset) * (1.0 - 0.5 * spent);
            influence.slow += 38.0 * spent;
        }
        influence
    }

    /// Adds what of a seizure lies in a second.
    pub fn add_to(&self, sheet: &mut Sheet, seizure: &Seizure) {
        let frames = sheet.frames(seizure.onset_s, seizure.end_s());
        let (since, frame_s) = (sheet.since(seizure.onset_s), 1.0 / sheet.rate as f64);
        let times: Vec<f64> = frames.clone().map(|frame| since + frame as f64 * frame_s).collect();
        let (Some(&begin), Some(&end)) = (times.first(), times.last()) else { return };
        let phases: Vec<f64> = times.iter().map(|&t| seizure.phase(t)).collect();
        let sizes = Sizes::of(&self.chance, seizure, begin, end);
        for electrode in 0..ELECTRODES {
            // What is far away follows later, and each cycle a little behind the focus.
            let distance = self.from_focus[electrode];
            let (from, to) = (seizure.strength(begin, distance), seizure.strength(end + frame_s, distance));
            if from.max(to) < 0.5 {
                continue;
            }
            let step = (to - from) / times.len() as f64;
            let spiky = [begin, end + frame_s].map(|t| rise(t / seizure.duration_s, 0.4, 0.75));
            let spiky_step = (spiky[1] - spiky[0]) / times.len() as f64;
            let lag = 0.035 * distance;
            let row = &mut sheet.row(electrode)[frames.clone()];
            for (i, (out, &phase)) in row.iter_mut().zip(&phases).enumerate() {
                let phase = phase - lag;
                let point = (phase.rem_euclid(1.0) * CYCLE as f64) as usize % CYCLE;
                let spiky = (spiky[0] + spiky_step * i as f64) as f32;
                let shape = self.rhythmic[point] * (1.0 - spiky) + self.spike_wave[point] * spiky;
                *out += (from + step * i as f64) as f32 * sizes.at(phase) * shape;
            }
        }
        // A fast rhythm of low voltage ushers it in.
        let ushering = |t: f64| 14.0 * rise(t, 0.0, 0.5) * (1.0 - rise(t, 2.0, 4.0));
        if begin < 4.0 {
            sheet.add(frames.clone(), &self.near_focus, |row| {
                for (out, &t) in row.iter_mut().zip(&times) {
                    *out = (ushering(t) * (TAU * (19.0 - 0.8 * t) * t).sin()) as f32;
                }
            });
        }
        if seizure.jerks && end > 0.4 * seizure.duration_s {
            self.add_jerks(sheet, seizure, &times, &phases, frames.start);
        }
    }

    fn add_jerks(&self, sheet: &mut Sheet, seizure: &Seizure, times: &[f64], phases: &[f64], first: usize) {
        let begin = self.chance.of(Purpose::Seizure, seizure.index).random::<u32>() as usize;
        let since = times.first().map_or(0, |t| (t * sheet.rate as f64).round() as usize);
        for electrode in 0..ELECTRODES {
            let seen = 70.0 * muscle_seen(Electrode::ALL[electrode]);
            let row = &mut sheet.row(electrode)[first..first + times.len()];
            let noise = begin.wrapping_add(3571 * electrode + since);
            for (i, ((out, &t), &phase)) in row.iter_mut().zip(times).zip(phases).enumerate() {
                let u = t / seizure.duration_s;
                let on = rise(u, 0.4, 0.55) * (1.0 - rise(t, seizure.duration_s - 1.0, seizure.duration_s));
                let jerk = (0.5 * TAU * phase).sin().powi(8);
                *out += (seen * on * jerk) as f32 * self.noises.muscle.at(noise.wrapping_add(i));
            }
        }
    }
}

impl Seizure {
    /// Seconds from the stream's start.
    pub fn end_s(&self) -> f64 {
        self.onset_s + self.duration_s
    }

    /// Cycles from the onset to a time after it: the rate falls by the same factor each second.
    fn phase(&self, t: f64) -> f64 {
        let fall = (self.rates_hz[1] / self.rates_hz[0]).ln();
        let even = self.rates_hz[0] * self.duration_s / fall * ((fall * t / self.duration_s).exp() - 1.0);
        // No rhythm of a brain is exact.
        even + 0.12 * (TAU * 0.37 * t + self.wobble[0]).sin() + 0.07 * (TAU * 0.81 * t + self.wobble[1]).sin()
    }

    /// Microvolts at a time after the onset, at a distance from the focus.
    fn strength(&self, t: f64, distance: f64) -> f64 {
        let u = t / self.duration_s;
        let grown = 0.2 + 0.8 * rise(u, 0.02, 0.6);
        let lasting = rise(t, 0.0, 2.0) * (1.0 - rise(t, self.duration_s - 1.5, self.duration_s));
        // The far side of the head is reached before half of the time is over.
        let reached = 0.2 * distance;
        let joined = rise(u, reached - 0.02, reached + 0.12);
        let near = (-0.5 * (distance / 0.6).powi(2)).exp();
        let wide = if self.both_sides { 0.65 } else { 0.12 };
        let far = wide * rise(u, 0.35, 0.7);
        self.amplitude_uv * grown * lasting * joined * (near + (1.0 - near) * far)
    }
}

/// How large the cycles are: no two alike.
struct Sizes {
    first: f64,
    sizes: Vec<f32>,
}

impl Sizes {
    fn of(chance: &Chance, seizure: &Seizure, begin: f64, end: f64) -> Sizes {
        // Far electrodes lag behind, so that their first cycles have numbers below 0.
        let first = (seizure.phase(begin).floor() - 2.0).max(-8.0);
        let count = (seizure.phase(end) - first).ceil() as u64 + 2;
        let number = (seizure.index << 12) + (first + 8.0) as u64;
        let size = |i: u64| chance.of(Purpose::Cycle, number + i).random_range(0.75..1.15);
        Sizes { first, sizes: (0..count).map(size).collect() }
    }

    /// The size at a phase: evenly from one cycle's to the next's.
    fn at(&self, phase: f64) -> f32 {
        let at = (phase - self.first).max(0.0);
        let size = |i: usize| self.sizes.get(i).copied().unwrap_or(1.0);
        let (i, u) = (at as usize, at.fract() as f32);
        size(i) + (size(i + 1) - size(i)) * u
    }
}

/// One cycle without offset, its greatest value 1.
fn cycle(shape: impl Fn(f64) -> f64) -> Vec<f32> {
    let points: Vec<f64> = (0..CYCLE).map(|i| shape(i as f64 / CYCLE as f64)).collect();
    let mean = points.iter().sum::<f64>() / CYCLE as f64;
    let most = points.iter().map(|point| (point - mean).abs()).fold(0.0, f64::max);
    points.iter().map(|point| ((point - mean) / most) as f32).collect()
}
