//! The ECG channel.

use std::f64::consts::TAU;

use super::chance::{Chance, Purpose, about};

/// Points of one beat.
const BEAT: usize = 1024;

/// The waves of one beat: where, how wide (both as shares of the beat), how high in microvolts.
const WAVES: [(f64, f64, f64); 5] = [
    (0.18, 0.025, 110.0),
    (0.312, 0.008, -130.0),
    (0.335, 0.011, 1050.0),
    (0.358, 0.009, -240.0),
    (0.58, 0.045, 260.0),
];

pub(super) struct Heart {
    chance: Chance,
    /// Beats in a second.
    rate_hz: f64,
    beat: Vec<f32>,
}

impl Heart {
    pub fn new(chance: Chance) -> Heart {
        let rate_hz = about(&mut chance.of(Purpose::Heart, 0), 0.95, 1.35);
        let height = |x: f64| {
            WAVES.iter().map(|(at, width, height)| height * (-0.5 * ((x - at) / width).powi(2)).exp()).sum()
        };
        let beat = (0..BEAT).map(|i| height(i as f64 / BEAT as f64)).map(|uv: f64| uv as f32).collect();
        Heart { chance, rate_hz, beat }
    }

    /// Writes a second of ECG in microvolts.
    pub fn write(&self, second: u64, out: &mut [f32]) {
        let t = second as f64;
        // Beats that the heart is ahead of an even rate, drifting to and fro.
        let ahead = |t: f64| 8.0 * self.chance.smooth(Purpose::Pulse, t, 75.0);
        let (from, to) = (ahead(t), ahead(t + 1.0));
        let count = out.len() as f64;
        for (i, out) in out.iter_mut().enumerate() {
            let u = i as f64 / count;
            // Breathing in quickens it.
            let breath = 0.035 * (TAU * 0.24 * (t + u)).sin();
            let beats = self.rate_hz * (t + u) + from + (to - from) * u + breath;
            let point = (beats.rem_euclid(1.0) * BEAT as f64) as usize % BEAT;
            *out = self.beat[point] + 25.0 * (TAU * 0.24 * (t + u)).sin() as f32;
        }
    }
}

/// The channel's label.
pub(super) const LABEL: &str = "ECG";
