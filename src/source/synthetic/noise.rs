//! Noise with the spectra of EEG, made once and read from anywhere.
//!
//! A table holds a minute or more that closes upon itself. Reading it from random places, and fading
//! from one place to the next every few seconds, gives a noise of the same spectrum that need not be
//! computed from its beginning.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Least seconds in a table.
const LENGTH_S: u32 = 64;

/// One noise of root mean square 1.
pub(super) struct Noise {
    samples: Vec<f32>,
}

/// The noises at one sampling rate.
pub(super) struct Noises {
    /// The 1/f noise under all rhythms.
    pub pink: Noise,
    /// Slow waves of 0.5 to 4 Hz.
    pub delta: Noise,
    /// 4 to 8 Hz.
    pub theta: Noise,
    /// A narrow rhythm around 10 Hz, waxing and waning by itself.
    pub alpha: Noise,
    /// 14 to 30 Hz.
    pub beta: Noise,
    /// Muscle: 20 Hz to as much as the rate allows of 100 Hz.
    pub muscle: Noise,
}

/// Tables in use: streams of one rate share them, so that many streams stay in the cache.
static SHARED: Mutex<BTreeMap<u32, Weak<Noises>>> = Mutex::new(BTreeMap::new());

impl Noises {
    /// The tables for a sampling rate.
    pub fn at(rate_hz: u32) -> Arc<Noises> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(noises) = shared.get(&rate_hz).and_then(Weak::upgrade) {
            return noises;
        }
        let noises = Arc::new(Noises::make(rate_hz));
        shared.retain(|_, noises| noises.strong_count() > 0);
        shared.insert(rate_hz, Arc::downgrade(&noises));
        noises
    }

    fn make(rate_hz: u32) -> Noises {
        let bell = |f: f64, middle: f64, width: f64| (-0.5 * ((f - middle) / width).powi(2)).exp();
        // What is slower than 0.3 Hz is the amplifier's to take out.
        let high_passed = |f: f64| f * f / (f * f + 0.09);
        Noises {
            pink: Noise::make(rate_hz, 1, |f| high_passed(f) / (0.5 + f * f).powf(0.85)),
            delta: Noise::make(rate_hz, 2, |f| high_passed(f) * bell(f.ln(), 1.2_f64.ln(), 0.45)),
            theta: Noise::make(rate_hz, 3, |f| bell(f, 5.5, 1.1)),
            alpha: Noise::make(rate_hz, 4, |f| bell(f, 10.0, 0.55) + 0.04 * bell(f, 20.0, 1.0)),
            beta: Noise::make(rate_hz, 5, |f| bell(f, 20.0, 4.5)),
            muscle: Noise::make(rate_hz, 6, |f| {
                (f / 35.0).powi(4) / (1.0 + (f / 35.0).powi(4)) / (1.0 + (f / 95.0).powi(6))
            }),
        }
    }
}

impl Noise {
    /// Noise of a given power at each frequency in Hz.
    fn make(rate_hz: u32, seed: u64, power: impl Fn(f64) -> f64) -> Noise {
        let length = (LENGTH_S * rate_hz).next_power_of_two() as usize;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut waves = vec![(0.0, 0.0); length];
        for (bin, wave) in waves.iter_mut().enumerate().take(length / 2).skip(1) {
            let amplitude = power(bin as f64 * f64::from(rate_hz) / length as f64).sqrt();
            let (sine, cosine) = (TAU * rng.random::<f64>()).sin_cos();
            *wave = (amplitude * cosine, amplitude * sine);
        }
        transform(&mut waves);
        let mean_square = waves.iter().map(|(real, _)| real * real).sum::<f64>() / length as f64;
        let scale = 1.0 / mean_square.sqrt();
        Noise { samples: waves.iter().map(|(real, _)| (real * scale) as f32).collect() }
    }

    /// The sample at a place; places beyond the end begin anew.
    pub fn at(&self, place: usize) -> f32 {
        self.samples[place & (self.samples.len() - 1)]
    }

    /// Samples from a place on, as many as there are before the table ends.
    pub fn from(&self, place: usize) -> &[f32] {
        &self.samples[place & (self.samples.len() - 1)..]
    }

    /// Adds `gain` times the noise from a place on.
    pub fn add_to(&self, out: &mut [f32], place: usize, gain: f32) {
        let mut done = 0;
        while done < out.len() {
            let some = self.from(place + done);
            let count = some.len().min(out.len() - done);
            for (out, sample) in out[done..done + count].iter_mut().zip(some) {
                *out += gain * sample;
            }
            done += count;
        }
    }
}

/// Fourier transform in place; the length is a power of two.
fn transform(waves: &mut [(f64, f64)]) {
    let length = waves.len();
    let bits = length.trailing_zeros();
    for i in 0..length {
        let reversed = i.reverse_bits() >> (usize::BITS - bits);
        if i < reversed {
            waves.swap(i, reversed);
        }
    }
    // Turns of the largest circle; the smaller ones use every second, fourth ... of them.
    let turns: Vec<(f64, f64)> = (0..length / 2)
        .map(|i| {
            let (sine, cosine) = (TAU * i as f64 / length as f64).sin_cos();
            (cosine, sine)
        })
        .collect();
    let mut half = 1;
    while half < length {
        let stride = length / (2 * half);
        for block in waves.chunks_exact_mut(2 * half) {
            let (low, high) = block.split_at_mut(half);
            for (i, (a, b)) in low.iter_mut().zip(high).enumerate() {
                let (cosine, sine) = turns[i * stride];
                let turned = (b.0 * cosine - b.1 * sine, b.0 * sine + b.1 * cosine);
                *b = (a.0 - turned.0, a.1 - turned.1);
                *a = (a.0 + turned.0, a.1 + turned.1);
            }
        }
        half *= 2;
    }
}
