//! From the recording's rate to the model's: a polyphase filter, causal and without drift.
//!
//! Output sample `n` is `sum_k h[k] u[n * down - k]`, where `u` is the input with `up - 1` zeros
//! behind each sample (scipy's `upfirdn`). `h` is a Kaiser-windowed sinc whose transition is
//! centred on half of the lower rate: flat to 0.4 of it, and down by 80 dB from 0.6 of it on,
//! so what folds back lies above 0.4 of the lower rate, where the band-pass ends at the latest.
//! That is exact where the rates are a ratio of small numbers. An amplifier's clock, or the eight
//! characters that an EDF header has for the length of a record, give others too (499.90725 Hz).
//! Those have [`PHASES`] branches, and output sample `n` takes the one that is due at its own time
//! `n / 256` s, rounded down: at most 1/4096 of an input sample early, in the first second as in the
//! last. So seconds stay where the header says they are, over a recording of any length.
//!
//! Each of the `up` polyphase branches is scaled to sum to exactly 1: an electrode's offset,
//! which can be a thousand times the EEG, comes out as the same constant and not as a tone.
//!
//! This is written here, and not taken from a library of block resamplers such as rubato, because
//! a derivation must start in steady state and not in silence, restart alone among the 18 after a
//! fault, and give the same bits however its samples arrive.

use std::f64::consts::PI;

use super::error::SignalError;
use super::filter::Frame;
use crate::eeg::DERIVATIONS;

/// The lowest input rate in Hz.
pub const LOWEST_RATE_HZ: f64 = 128.0;
/// The highest input rate in Hz.
pub const HIGHEST_RATE_HZ: f64 = 2048.0;

/// Designed attenuation; scaling the branches costs less than the 6 dB above the promised 80.
const ATTENUATION_DB: f64 = 86.0;
/// Width of the transition as a share of the lower rate.
const TRANSITION: f64 = 0.2;
/// The largest `up`: bounds the table of taps to a few megabytes.
const LARGEST_UP: u64 = 8192;
/// The largest denominator that a rate is tried as a fraction with.
const LARGEST_DENOMINATOR: u64 = 1000;
/// Branches for a rate that is no such fraction: at 512 Hz, a 30 Hz wave is off by 0.01 % at most.
const PHASES: u64 = 4096;
/// The denominator of such a rate: what it leaves out is less than three microseconds in a month.
const FINE_DENOMINATOR: u64 = 1 << 32;

/// A sampling rate as a fraction of whole numbers, and the change from it to the model's rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// Input samples in `den` seconds.
    num: u64,
    /// Seconds.
    den: u64,
    /// Samples of the upsampled signal to one of the input.
    up: u64,
    /// Whole samples of the upsampled signal to one of the output.
    down: u64,
    /// What comes on top, in parts of [`Rates::parts`]; 0 where the rates are a ratio of `up` and `down`.
    rest: u64,
    target_hz: u64,
}

impl Rates {
    /// Finds the fraction for an input rate and the model's rate.
    ///
    /// # Errors
    /// [`SignalError::RateOutOfRange`] outside of [`LOWEST_RATE_HZ`] to [`HIGHEST_RATE_HZ`].
    pub fn new(rate_hz: f64, target_hz: u32) -> Result<Rates, SignalError> {
        // Written so that a rate that is no number is refused as well.
        if !(LOWEST_RATE_HZ..=HIGHEST_RATE_HZ).contains(&rate_hz) {
            let (lowest, highest) = (LOWEST_RATE_HZ, HIGHEST_RATE_HZ);
            return Err(SignalError::RateOutOfRange { rate_hz, lowest, highest });
        }
        let target_hz = u64::from(target_hz);
        Ok(Rates::exact(rate_hz, target_hz).unwrap_or_else(|| Rates::by_phases(rate_hz, target_hz)))
    }

    /// The rate as a ratio of small numbers, where it is one.
    fn exact(rate_hz: f64, target_hz: u64) -> Option<Rates> {
        // A relative error of 1e-10 is less than ten microseconds a day.
        (1..=LARGEST_DENOMINATOR)
            .find_map(|den| {
                let samples = rate_hz * den as f64;
                let num = samples.round();
                ((samples - num).abs() <= 1e-10 * samples).then_some((num as u64, den))
            })
            .map(|(num, den)| {
                let up = target_hz * den;
                let shared = greatest_common_divisor(up, num);
                Rates { num, den, up: up / shared, down: num / shared, rest: 0, target_hz }
            })
            .filter(|rates| rates.up <= LARGEST_UP)
    }

    /// Any rate: each output sample by the branch that is the last before its time.
    fn by_phases(rate_hz: f64, target_hz: u64) -> Rates {
        let (den, up) = (FINE_DENOMINATOR, PHASES);
        let num = (rate_hz * den as f64).round() as u64;
        let rates = Rates { num, den, up, down: 0, rest: 0, target_hz };
        Rates { down: num * up / rates.parts(), rest: num * up % rates.parts(), ..rates }
    }

    /// The parts of a sample of the upsampled signal that an output sample's place is counted in.
    fn parts(&self) -> u64 {
        self.target_hz * self.den
    }

    /// Where the first output sample of a second lies: samples of the upsampled signal, and parts.
    fn place_of(&self, second: u64) -> (u128, u64) {
        let place = u128::from(second) * u128::from(self.num) * u128::from(self.up);
        let den = u128::from(self.den);
        (place / den, (place % den) as u64 * self.target_hz)
    }

    /// Whether every output sample is an input sample.
    fn are_equal(&self) -> bool {
        self.up == self.down && self.rest == 0
    }

    /// Number of input samples that come before second `second` of a stretch.
    pub fn samples_before(&self, second: u64) -> u64 {
        let samples = (u128::from(second) * u128::from(self.num)).div_ceil(u128::from(self.den));
        u64::try_from(samples).unwrap_or(u64::MAX)
    }

    fn input_hz(&self) -> f64 {
        self.num as f64 / self.den as f64
    }
}

fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// The taps `h`, and how many samples of the upsampled signal they delay by.
#[derive(Debug, Clone, PartialEq)]
pub struct Taps {
    /// An odd number of taps, symmetric but for the scaling of the branches.
    pub taps: Vec<f64>,
    /// Index of the middle tap.
    pub delay: usize,
}

/// Designs the filter for a change of rate by `up / down` (both at least 1, no common divisor where
/// the change is exact).
pub fn design(up: u64, down: u64) -> Taps {
    // All frequencies are shares of half of the upsampled rate.
    let cutoff = 1.0 / up.max(down) as f64;
    let width = 2.0 * TRANSITION * cutoff;
    // Kaiser's estimate of length and shape (Kaiser 1974; scipy.signal.kaiserord).
    let length = ((ATTENUATION_DB - 7.95) / (2.285 * PI * width) + 1.0).ceil();
    let delay = (length / 2.0).ceil() as usize;
    let beta = 0.1102 * (ATTENUATION_DB - 8.7);
    let middle = bessel_i0(beta);
    let mut taps: Vec<f64> = (0..=2 * delay)
        .map(|index| {
            let offset = index as f64 - delay as f64;
            let edge = offset / delay as f64;
            let window = bessel_i0(beta * (1.0 - edge * edge).max(0.0).sqrt()) / middle;
            cutoff * sinc(cutoff * offset) * window
        })
        .collect();
    for branch in 0..up as usize {
        let sum: f64 = taps.iter().skip(branch).step_by(up as usize).sum();
        taps.iter_mut().skip(branch).step_by(up as usize).for_each(|tap| *tap /= sum);
    }
    Taps { taps, delay }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// Modified Bessel function of the first kind, order 0, by its power series.
fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut n) = (1.0, 1.0, 1.0);
    while term > 1e-18 * sum {
        term *= quarter / (n * n);
        sum += term;
        n += 1.0;
    }
    sum
}

/// The resampler and its memory, for all derivations.
#[derive(Debug, Clone)]
pub struct Resampler {
    rates: Rates,
    target_hz: usize,
    /// Taps of a branch, oldest input first, branch after branch; empty where the rates are equal.
    branches: Vec<f64>,
    /// Taps in one branch.
    reach: usize,
    delay_s: f64,
    /// The newest `reach` input samples before the next second, oldest first.
    pub(super) history: Vec<Frame>,
}

impl Resampler {
    /// A resampler at rest, as if the input had been 0 for ever.
    pub fn new(rates: Rates, target_hz: u32) -> Resampler {
        let target_hz = target_hz as usize;
        if rates.are_equal() {
            let (branches, history) = (Vec::new(), Vec::new());
            return Resampler { rates, target_hz, branches, reach: 0, delay_s: 0.0, history };
        }
        let Taps { taps, delay } = design(rates.up, rates.down);
        let up = rates.up as usize;
        let reach = taps.len().div_ceil(up);
        let branches = (0..up)
            .flat_map(|branch| (0..reach).rev().map(move |tap| branch + tap * up))
            .map(|index| taps.get(index).copied().unwrap_or(0.0))
            .collect();
        let delay_s = delay as f64 / (rates.up as f64 * rates.input_hz());
        let history = vec![[0.0; DERIVATIONS]; reach];
        Resampler { rates, target_hz, branches, reach, delay_s, history }
    }

    /// Seconds by which the output is later than the input, at all frequencies; 0 at equal rates.
    pub fn delay_s(&self) -> f64 {
        self.delay_s
    }

    /// Forgets what one derivation was and starts it as if `value` had lasted for ever; does
    /// nothing where there is no such derivation.
    pub fn restart(&mut self, derivation: usize, value: f64) {
        for sample in self.history.iter_mut().filter_map(|frame| frame.get_mut(derivation)) {
            *sample = value;
        }
    }

    /// Turns the input of second `second` into that second's output, in place.
    ///
    /// `frames` holds the input samples from `samples_before(second)` up to
    /// `samples_before(second + 1)`, afterwards the output samples, as many as the model's rate.
    /// Seconds must follow each other.
    pub fn resample(&mut self, second: u64, frames: &mut Vec<Frame>) {
        if self.reach == 0 {
            return;
        }
        let mut input = std::mem::take(&mut self.history);
        input.append(frames);
        // An output sample needs the `reach` input samples that end with the last one before its
        // place; counted from the oldest sample held, which is `reach` before the second's first one.
        let Rates { up, down, rest, .. } = self.rates;
        let parts = self.rates.parts();
        let (place, mut part) = self.rates.place_of(second);
        let begin = u128::from(self.rates.samples_before(second));
        let mut branch = (place % u128::from(up)) as usize;
        let mut oldest = (place / u128::from(up) + 1).saturating_sub(begin) as usize;
        let (up, down) = (up as usize, down as usize);
        for _ in 0..self.target_hz {
            let taps = self.branches.get(branch * self.reach..(branch + 1) * self.reach);
            let reached = input.get(oldest..oldest + self.reach);
            frames.push(weighted_sum(taps.unwrap_or_default(), reached.unwrap_or_default()));
            part += rest;
            branch += down + usize::from(part >= parts);
            part %= parts;
            oldest += branch / up;
            branch %= up;
        }
        input.drain(..input.len().saturating_sub(self.reach));
        self.history = input;
    }
}

fn weighted_sum(taps: &[f64], frames: &[Frame]) -> Frame {
    let mut sum = [0.0; DERIVATIONS];
    for (tap, frame) in taps.iter().zip(frames) {
        for (sum, sample) in sum.iter_mut().zip(frame) {
            *sum += tap * sample;
        }
    }
    sum
}
