//! The figures of light sleep: spindles and K-complexes.

use std::f64::consts::TAU;

use rand::RngExt;

use super::artifact::slots;
use super::background::Background;
use super::chance::{Chance, Purpose, about, rise};
use super::head::{Weights, spread};
use super::sheet::Sheet;

/// Seconds in each of which there may be one spindle.
const SPINDLE_EVERY_S: f64 = 7.0;
/// A K-complex and the spindle after it, at most.
const LONGEST_S: f64 = 4.0;

/// A spindle, with or without a K-complex before it.
pub(super) struct Spindle {
    onset_s: f64,
    /// Microvolts of the K-complex before it, where there is one.
    complex_uv: Option<f64>,
    duration_s: f64,
    rate_hz: f64,
    amplitude_uv: f64,
}

pub(super) struct Spindles {
    chance: Chance,
    seen: Weights,
    complex_seen: Weights,
}

/// Seconds from a K-complex's start to the spindle's.
const COMPLEX_S: f64 = 1.2;

impl Spindles {
    pub fn new(chance: Chance) -> Spindles {
        Spindles { chance, seen: spread((0.0, 0.2), 0.5), complex_seen: spread((0.0, 0.35), 0.65) }
    }

    /// The spindles that show in a stretch of time: in light sleep, rarely in deep sleep.
    pub fn within(&self, begin_s: f64, end_s: f64, background: &Background) -> Vec<Spindle> {
        slots(begin_s - LONGEST_S, end_s, SPINDLE_EVERY_S)
            .filter_map(|slot| {
                let middle_s = (slot as f64 + 0.5) * SPINDLE_EVERY_S;
                let depth = background.sleep_depth(middle_s);
                let likely = rise(depth, 0.2, 0.4) * (1.0 - 0.7 * rise(depth, 0.7, 0.95));
                if likely == 0.0 {
                    return None;
                }
                let mut rng = self.chance.of(Purpose::Spindle, slot);
                let happens = rng.random::<f64>() < likely;
                let onset_s = (slot as f64 + rng.random::<f64>()) * SPINDLE_EVERY_S;
                let complex_uv = about(&mut rng, 80.0, 160.0);
                let spindle = Spindle {
                    onset_s,
                    complex_uv: rng.random_bool(0.3).then_some(complex_uv),
                    duration_s: about(&mut rng, 0.6, 1.6),
                    rate_hz: about(&mut rng, 12.2, 14.2),
                    amplitude_uv: about(&mut rng, 18.0, 38.0),
                };
                (happens && onset_s < end_s && onset_s + LONGEST_S > begin_s).then_some(spindle)
            })
            .collect()
    }

    /// Adds what of a spindle lies in a second.
    pub fn add_to(&self, sheet: &mut Sheet, spindle: &Spindle) {
        let (since, rate) = (sheet.since(spindle.onset_s), sheet.rate as f64);
        let mut begin_s = spindle.onset_s;
        if let Some(amplitude) = spindle.complex_uv {
            let frames = sheet.frames(begin_s, begin_s + COMPLEX_S);
            sheet.add(frames.clone(), &self.complex_seen, |row| {
                for (out, frame) in row.iter_mut().zip(frames) {
                    let u = (since + frame as f64 / rate) / COMPLEX_S;
                    // A sharp negative wave, then a broad positive one, zero at both ends.
                    let sharp = (-0.5 * ((u - 0.22) / 0.08).powi(2)).exp();
                    let broad = (-0.5 * ((u - 0.58) / 0.14).powi(2)).exp();
                    *out = (amplitude * (0.7 * broad - sharp) * (0.5 * TAU * u).sin()) as f32;
                }
            });
            begin_s += 0.8 * COMPLEX_S;
        }
        let frames = sheet.frames(begin_s, begin_s + spindle.duration_s);
        let since = sheet.since(begin_s);
        sheet.add(frames.clone(), &self.seen, |row| {
            for (out, frame) in row.iter_mut().zip(frames) {
                let t = since + frame as f64 / rate;
                let swell = (0.5 * TAU * t / spindle.duration_s).sin().powi(2);
                *out = (spindle.amplitude_uv * swell * (TAU * spindle.rate_hz * t).sin()) as f32;
            }
        });
    }
}
