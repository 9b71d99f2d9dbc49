//! Randomness that can be had for any moment without the moments before.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a random number is for. Each purpose has numbers of its own, so that a setting that changes
/// how many one of them takes leaves the others as they were.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    /// What stays with the person: amplitudes, the frequency of the alpha rhythm.
    Person = 1,
    /// Where noise is read, for each stretch of a few seconds.
    Noise,
    /// How strong the alpha rhythm is just now.
    Waxing,
    /// How deep the sleep is just now.
    Depth,
    Blink,
    Spindle,
    Artifact,
    Seizure,
    /// Cycles of the seizures.
    Cycle,
    Heart,
    /// How fast the heart beats just now.
    Pulse,
}

/// All chance of one stream.
#[derive(Debug, Clone)]
pub(super) struct Chance {
    seed: u64,
}

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance { seed }
    }

    /// The numbers of a purpose's `index`th occasion: the same whenever they are asked for.
    pub fn of(&self, purpose: Purpose, index: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        // Occasions are counted in seconds or slower: 48 bits last for ever.
        rng.set_stream(((purpose as u64) << 48) ^ index);
        rng
    }

    /// A value from 0 to 1 that changes smoothly and is another after each `period_s`.
    pub fn smooth(&self, purpose: Purpose, t: f64, period_s: f64) -> f64 {
        let at = (t / period_s).max(0.0);
        let (index, u) = (at.floor(), at.fract());
        let knot = |index: f64| self.of(purpose, index as u64).random::<f64>();
        let (before, after) = (knot(index), knot(index + 1.0));
        before + (after - before) * u * u * (3.0 - 2.0 * u)
    }
}

/// From 0 below `low` smoothly to 1 above `high`.
pub(super) fn rise(value: f64, low: f64, high: f64) -> f64 {
    let u = ((value - low) / (high - low)).clamp(0.0, 1.0);
    u * u * (3.0 - 2.0 * u)
}

/// Anything between two bounds.
pub(super) fn about(rng: &mut impl Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.random::<f64>()
}
