//! What stands in an EEG and does not come from the brain: eyes, muscle, electrodes, movement.

use std::f64::consts::TAU;
use std::ops::Range;
use std::sync::Arc;

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::background::{Background, muscle_seen};
use super::chance::{Chance, Purpose, about, rise};
use super::config::{MOST_ARTIFACTS_PER_HOUR, MOST_BLINKS_PER_MINUTE, SyntheticConfig};
use super::head::{ELECTRODES, Weights, place, spread};
use super::noise::Noises;
use super::sheet::Sheet;
use crate::eeg::Electrode::{self, *};

/// Seconds in each of which there may be one blink.
const BLINK_EVERY_S: f64 = 60.0 / MOST_BLINKS_PER_MINUTE;
/// Seconds in each of which there may be one other artifact.
const ARTIFACT_EVERY_S: f64 = 3600.0 / MOST_ARTIFACTS_PER_HOUR;
/// The longest lasts this long.
const LONGEST_S: f64 = 20.0;

/// Kinds of artifact.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Blink,
    Glance,
    Muscle,
    Pop(usize),
    Movement,
    Chewing,
}

/// One artifact.
pub(super) struct Artifact {
    kind: Kind,
    /// Seconds from the stream's start.
    pub onset_s: f64,
    pub duration_s: f64,
    /// What else is random about it.
    rng: ChaCha8Rng,
}

pub(super) struct Artifacts {
    chance: Chance,
    noises: Arc<Noises>,
    blink: f64,
    artifact: f64,
    blink_seen: Weights,
    glance_seen: Weights,
    muscle_seen: Weights,
}

impl Artifacts {
    pub fn new(config: &SyntheticConfig, chance: Chance, noises: Arc<Noises>) -> Artifacts {
        Artifacts {
            chance,
            noises,
            blink: config.blinks_per_minute / MOST_BLINKS_PER_MINUTE,
            artifact: config.artifacts_per_hour / MOST_ARTIFACTS_PER_HOUR,
            blink_seen: Electrode::ALL.map(|electrode| match electrode {
                Fp1 | Fp2 => 1.0,
                F3 | F4 | Fz => 0.38,
                F7 | F8 => 0.33,
                C3 | Cz | C4 => 0.12,
                T7 | T8 => 0.06,
                _ => 0.03,
            }),
            glance_seen: Electrode::ALL.map(|electrode| match electrode {
                F7 => 1.0,
                F8 => -1.0,
                Fp1 | T7 => 0.4,
                Fp2 | T8 => -0.4,
                F3 => 0.25,
                F4 => -0.25,
                _ => 0.0,
            }),
            muscle_seen: Electrode::ALL.map(|electrode| muscle_seen(electrode) as f32),
        }
    }

    /// The blinks that show in a stretch of time; nobody blinks asleep.
    pub fn blinks_within(&self, begin_s: f64, end_s: f64, background: &Background) -> Vec<Artifact> {
        if self.blink == 0.0 {
            return Vec::new();
        }
        slots(begin_s - 2.0, end_s, BLINK_EVERY_S)
            .filter_map(|slot| {
                let mut rng = self.chance.of(Purpose::Blink, slot);
                let onset_s = (slot as f64 + rng.random::<f64>()) * BLINK_EVERY_S;
                let awake = 1.0 - background.sleep_depth(onset_s);
                let happens = rng.random::<f64>() < self.blink * awake.powi(3);
                let duration_s = about(&mut rng, 0.25, 0.45);
                happens.then_some(Artifact { kind: Kind::Blink, onset_s, duration_s, rng })
            })
            .filter(|blink| blink.shows(begin_s, end_s))
            .collect()
    }

    /// The other artifacts that show in a stretch of time.
    pub fn within(&self, begin_s: f64, end_s: f64) -> Vec<Artifact> {
        slots(begin_s - LONGEST_S, end_s, ARTIFACT_EVERY_S)
            .filter_map(|slot| {
                let mut rng = self.chance.of(Purpose::Artifact, slot);
                let happens = rng.random::<f64>() < self.artifact;
                let onset_s = (slot as f64 + rng.random::<f64>()) * ARTIFACT_EVERY_S;
                let (kind, shortest, longest) = match rng.random_range(0..20) {
                    0..7 => (Kind::Muscle, 0.8, 6.0),
                    7..10 => (Kind::Pop(rng.random_range(0..ELECTRODES)), 3.0, 5.0),
                    10..13 => (Kind::Movement, 2.0, 8.0),
                    13..16 => (Kind::Chewing, 5.0, 18.0),
                    _ => (Kind::Glance, 1.5, 5.0),
                };
                let duration_s = about(&mut rng, shortest, longest);
                happens.then_some(Artifact { kind, onset_s, duration_s, rng })
            })
            .filter(|artifact| artifact.shows(begin_s, end_s))
            .collect()
    }

    /// Adds what of an artifact lies in a second.
    pub fn add_to(&self, sheet: &mut Sheet, artifact: &Artifact) {
        let frames = sheet.frames(artifact.onset_s, artifact.end_s());
        if frames.is_empty() {
            return;
        }
        let mut rng = artifact.rng.clone();
        match artifact.kind {
            Kind::Blink => self.add_blink(sheet, artifact, frames, &mut rng),
            Kind::Glance => self.add_glance(sheet, artifact, frames, &mut rng),
            Kind::Muscle => self.add_muscle(sheet, artifact, frames, &mut rng),
            Kind::Pop(electrode) => add_pop(sheet, artifact, frames, electrode, &mut rng),
            Kind::Movement => self.add_movement(sheet, artifact, frames, &mut rng),
            Kind::Chewing => self.add_chewing(sheet, artifact, frames, &mut rng),
        }
    }

    fn add_blink(&self, sheet: &mut Sheet, blink: &Artifact, frames: Range<usize>, rng: &mut impl Rng) {
        let amplitude = about(rng, 90.0, 200.0);
        let times = times(sheet, blink, &frames);
        sheet.add(frames, &self.blink_seen, |row| {
            for (out, t) in row.iter_mut().zip(times) {
                // The lid closes faster than it opens.
                let u = (t / blink.duration_s).powf(0.75);
                *out = (amplitude * (0.5 * TAU * u).sin().max(0.0).powf(1.5)) as f32;
            }
        });
    }

    fn add_glance(&self, sheet: &mut Sheet, glance: &Artifact, frames: Range<usize>, rng: &mut impl Rng) {
        let side = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
        let amplitude = side * about(rng, 25.0, 70.0);
        let times = times(sheet, glance, &frames);
        sheet.add(frames, &self.glance_seen, |row| {
            for (out, t) in row.iter_mut().zip(times) {
                let away = rise(t, 0.0, 0.06) * (1.0 - rise(t, glance.duration_s - 0.08, glance.duration_s));
                // The amplifier's high-pass lets the eyes' new place fade.
                *out = (amplitude * away * (-t / 1.5).exp()) as f32;
            }
        });
    }

    /// Adds muscle of an envelope, each electrode its own.
    fn add_strain(
        &self,
        sheet: &mut Sheet,
        artifact: &Artifact,
        frames: Range<usize>,
        seen: &Weights,
        begin: usize,
        envelope: impl Fn(f64) -> f64,
    ) {
        let since = frames_since(sheet, artifact, &frames);
        let envelope: Vec<f32> = times(sheet, artifact, &frames).map(|t| envelope(t) as f32).collect();
        for (electrode, &seen) in seen.iter().enumerate() {
            let at = begin.wrapping_add(since + 2711 * electrode);
            let row = &mut sheet.row(electrode)[frames.clone()];
            for (i, (out, envelope)) in row.iter_mut().zip(&envelope).enumerate() {
                *out += seen * envelope * self.noises.muscle.at(at.wrapping_add(i));
            }
        }
    }

    fn add_muscle(&self, sheet: &mut Sheet, muscle: &Artifact, frames: Range<usize>, rng: &mut impl Rng) {
        let amplitude = about(rng, 25.0, 70.0);
        // Mostly one side.
        let (left, right) = if rng.random_bool(0.5) { (1.0, 0.25) } else { (0.25, 1.0) };
        let begin = rng.random::<u32>() as usize;
        let mut seen = self.muscle_seen;
        for (seen, electrode) in seen.iter_mut().zip(Electrode::ALL) {
            *seen *= if place(electrode).0 < 0.0 { left } else { right };
        }
        let duration_s = muscle.duration_s;
        self.add_strain(sheet, muscle, frames, &seen, begin, |t| {
            amplitude * rise(t, 0.0, 0.2) * (1.0 - rise(t, duration_s - 0.4, duration_s))
        });
    }

    fn add_chewing(&self, sheet: &mut Sheet, chewing: &Artifact, frames: Range<usize>, rng: &mut impl Rng) {
        let (amplitude, rate_hz) = (about(rng, 35.0, 80.0), about(rng, 1.1, 1.9));
        let (begin, duration_s) = (rng.random::<u32>() as usize, chewing.duration_s);
        let lasting = move |t: f64| rise(t, 0.0, 0.5) * (1.0 - rise(t, duration_s - 0.5, duration_s));
        let bite = move |t: f64| (0.5 * TAU * rate_hz * t).sin().abs().powi(5);
        let seen = self.muscle_seen;
        self.add_strain(sheet, chewing, frames.clone(), &seen, begin, |t| amplitude * lasting(t) * bite(t));
        let times = times(sheet, chewing, &frames);
        sheet.add(frames, &seen, |row| {
            for (out, t) in row.iter_mut().zip(times) {
                *out = (0.5 * amplitude * lasting(t) * (TAU * rate_hz * t).sin()) as f32;
            }
        });
    }

    fn add_movement(&self, sheet: &mut Sheet, movement: &Artifact, frames: Range<usize>, rng: &mut impl Rng) {
        let (amplitude, duration_s) = (about(rng, 60.0, 160.0), movement.duration_s);
        let swell = move |t: f64| rise(t, 0.0, 0.5) * (1.0 - rise(t, duration_s - 0.8, duration_s));
        let since = frames_since(sheet, movement, &frames);
        // Wires swing in a few groups.
        for _ in 0..4 {
            let place = (about(rng, -1.0, 1.0), about(rng, -1.0, 1.0));
            let (weights, begin) = (spread(place, 0.5), rng.random::<u32>() as usize);
            let times = times(sheet, movement, &frames);
            sheet.add(frames.clone(), &weights, |row| {
                self.noises.delta.add_to(row, begin.wrapping_add(since), amplitude as f32);
                row.iter_mut().zip(times).for_each(|(out, t)| *out *= swell(t) as f32);
            });
        }
        let begin = rng.random::<u32>() as usize;
        let seen = self.muscle_seen;
        self.add_strain(sheet, movement, frames, &seen, begin, |t| 0.2 * amplitude * swell(t));
    }
}

fn add_pop(sheet: &mut Sheet, pop: &Artifact, frames: Range<usize>, electrode: usize, rng: &mut impl Rng) {
    let count = rng.random_range(1..=3);
    let pops: Vec<(f64, f64, f64)> = (0..count)
        .map(|i| {
            let side = if rng.random_bool(0.5) { 1.0 } else { -1.0 };
            let at = if i == 0 { 0.0 } else { about(rng, 0.2, pop.duration_s - 1.5) };
            (at, side * about(rng, 120.0, 450.0), about(rng, 0.1, 0.35))
        })
        .collect();
    let times = times(sheet, pop, &frames);
    for (out, t) in sheet.row(electrode)[frames].iter_mut().zip(times) {
        for &(at, step, decay_s) in pops.iter().filter(|(at, ..)| t >= *at) {
            *out += (step * (-(t - at) / decay_s).exp()) as f32;
        }
    }
}

impl Artifact {
    pub fn end_s(&self) -> f64 {
        self.onset_s + self.duration_s
    }

    fn shows(&self, begin_s: f64, end_s: f64) -> bool {
        self.onset_s < end_s && self.end_s() > begin_s
    }

    /// What it is, in a remark.
    pub fn text(&self) -> String {
        match self.kind {
            Kind::Blink => "blink".into(),
            Kind::Glance => "eye movement".into(),
            Kind::Muscle => "muscle".into(),
            Kind::Pop(electrode) => format!("electrode pop {}", Electrode::ALL[electrode]),
            Kind::Movement => "movement".into(),
            Kind::Chewing => "chewing".into(),
        }
    }
}

/// The numbers of the slots that touch a stretch of time.
pub(super) fn slots(begin_s: f64, end_s: f64, every_s: f64) -> Range<u64> {
    (begin_s / every_s).floor().max(0.0) as u64..(end_s / every_s).ceil().max(0.0) as u64
}

/// Seconds from an artifact's onset to each of some frames.
fn times(sheet: &Sheet, artifact: &Artifact, frames: &Range<usize>) -> impl Iterator<Item = f64> + use<> {
    let (since, rate) = (sheet.since(artifact.onset_s), sheet.rate as f64);
    frames.clone().map(move |frame| since + frame as f64 / rate)
}

/// Frames from an artifact's onset to the first of some frames.
fn frames_since(sheet: &Sheet, artifact: &Artifact, frames: &Range<usize>) -> usize {
    (sheet.since(artifact.onset_s) * sheet.rate as f64 + frames.start as f64).round().max(0.0) as usize
}
