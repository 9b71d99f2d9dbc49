//! Causal Butterworth filters as cascades of second-order sections, for all derivations at once.
//!
//! The design equals scipy's `butter(…, output="sos")`, the recursion its `sosfilt` (transposed
//! direct form II) and the start its `sosfilt_zi` times the first sample, so a constant that was
//! there before the recording began makes no transient. Samples lie derivation beside derivation,
//! so one instruction filters several derivations.

pub use iir_filters::filter_design::FilterType;
use iir_filters::filter_design::butter;

use super::config::SignalConfig;
use super::error::SignalError;
use crate::eeg::DERIVATIONS;

/// One sample of every derivation, in microvolts.
pub type Frame = [f64; DERIVATIONS];

/// `(b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Section {
    /// Numerator.
    pub b: [f64; 3],
    /// Denominator behind its leading 1.
    pub a: [f64; 2],
}

impl Section {
    /// Gain at 0 Hz.
    fn constant_gain(&self) -> f64 {
        self.b.iter().sum::<f64>() / (1.0 + self.a[0] + self.a[1])
    }
}

/// The sections of the mains notch, then those of the band-pass.
///
/// # Errors
/// [`SignalError::Setting`] where the configuration allows no filter.
pub fn design(config: &SignalConfig) -> Result<Vec<Section>, SignalError> {
    config.validate()?;
    let rate_hz = f64::from(config.rate_hz);
    let mut sections = Vec::new();
    if let Some(mains) = config.mains_hz.frequency_hz() {
        let half = config.mains_width_hz / 2.0;
        let stop = FilterType::BandStop(mains - half, mains + half);
        sections.extend(butterworth("mains_hz", config.mains_order, stop, rate_hz)?);
    }
    let [low, high] = config.band_hz;
    sections.extend(butterworth("band_hz", config.band_order, FilterType::BandPass(low, high), rate_hz)?);
    Ok(sections)
}

/// A Butterworth filter as sections, for a rate in hertz; `setting` names it in messages.
///
/// # Errors
/// [`SignalError::Setting`] where there is no such filter.
pub fn butterworth(
    setting: &'static str,
    order: u32,
    kind: FilterType,
    rate_hz: f64,
) -> Result<Vec<Section>, SignalError> {
    let found = format!("{kind:?} of order {order} at {rate_hz} Hz");
    let refuse = |expected: String| SignalError::Setting { setting, found, expected };
    let plane = match butter(order, kind, rate_hz) {
        Ok(plane) => plane,
        Err(error) => return Err(refuse(error.to_string())),
    };
    let zeros = plane.z.iter().filter_map(|zero| Root::of_pair(zero.re, zero.im)).collect();
    let poles = plane.p.iter().filter_map(|pole| Root::of_pair(pole.re, pole.im)).collect();
    pair(zeros, poles, plane.k).ok_or_else(|| refuse("a filter whose poles and zeros pair up".to_string()))
}

/// A pole or zero in the z plane; of a conjugate pair the one above the real axis.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Root {
    re: f64,
    im: f64,
}

impl Root {
    /// `None` for the lower one of a pair, which the upper one stands for.
    fn of_pair(re: f64, im: f64) -> Option<Root> {
        // What is this near to the real axis is real but for rounding.
        let real = im.abs() <= 1e-13 * re.hypot(im);
        (real || im > 0.0).then_some(Root { re, im: if real { 0.0 } else { im } })
    }

    fn is_real(&self) -> bool {
        self.im == 0.0
    }

    fn circle_distance(&self) -> f64 {
        (1.0 - self.re.hypot(self.im)).abs()
    }

    fn distance(&self, other: &Root) -> f64 {
        (self.re - other.re).hypot(self.im - other.im)
    }
}

/// `x^2 + first x + second`, the polynomial with two real roots or one conjugate pair.
fn quadratic(root: Root, other: Option<Root>) -> [f64; 2] {
    match other {
        Some(other) => [-(root.re + other.re), root.re * other.re],
        None => [-2.0 * root.re, root.re * root.re + root.im * root.im],
    }
}

/// Joins poles and zeros to sections as scipy's `zpk2sos` does (pairing "nearest"): the pole
/// nearest to the unit circle goes into the last section with the zeros nearest to it, and so on
/// forwards, so that no section amplifies much. The gain is in the first section.
///
/// `iir_filters` gives poles and zeros; its own pairing keeps the sections private and follows the
/// order of a hash map, while here the same configuration must give the same bits every time.
fn pair(mut zeros: Vec<Root>, mut poles: Vec<Root>, gain: f64) -> Option<Vec<Section>> {
    let mut sections = Vec::new();
    while !poles.is_empty() {
        let pole = take_least(&mut poles, |_| true, Root::circle_distance)?;
        let other_pole = match pole.is_real() {
            true => Some(take_least(&mut poles, Root::is_real, Root::circle_distance)?),
            false => None,
        };
        let zero = take_least(&mut zeros, |_| true, |zero| zero.distance(&pole))?;
        let other_zero = match zero.is_real() {
            true => Some(take_least(&mut zeros, Root::is_real, |zero| zero.distance(&pole))?),
            false => None,
        };
        let [b1, b2] = quadratic(zero, other_zero);
        sections.push(Section { b: [1.0, b1, b2], a: quadratic(pole, other_pole) });
    }
    sections.reverse();
    sections.first_mut()?.b.iter_mut().for_each(|b| *b *= gain);
    zeros.is_empty().then_some(sections)
}

/// Removes the first of the least among the roots that are eligible.
fn take_least(
    roots: &mut Vec<Root>,
    eligible: impl Fn(&Root) -> bool,
    measure: impl Fn(&Root) -> f64,
) -> Option<Root> {
    let (index, _) = roots
        .iter()
        .enumerate()
        .filter(|(_, root)| eligible(root))
        .min_by(|(_, a), (_, b)| measure(a).total_cmp(&measure(b)))?;
    Some(roots.remove(index))
}

/// A cascade of sections and its memory, for all derivations.
#[derive(Debug, Clone)]
pub struct Cascade {
    sections: Vec<Section>,
    /// Memory of each section for a constant input of 1 that has lasted for ever.
    steady: Vec<[f64; 2]>,
    /// Memory of each section, for each derivation.
    pub(super) memory: Vec<[Frame; 2]>,
}

impl Cascade {
    /// A cascade at rest, as if the input had been 0 for ever.
    pub fn new(sections: Vec<Section>) -> Cascade {
        // A section settles at the gains of those before it (scipy's sosfilt_zi).
        let mut input = 1.0;
        let steady = sections
            .iter()
            .map(|section| {
                let output = section.constant_gain();
                let second = section.b[2] - section.a[1] * output;
                let first = section.b[1] - section.a[0] * output + second;
                let memory = [first * input, second * input];
                input *= output;
                memory
            })
            .collect();
        let memory = vec![[[0.0; DERIVATIONS]; 2]; sections.len()];
        Cascade { sections, steady, memory }
    }

    /// Forgets what one derivation was and starts it as if `value` had lasted for ever; does
    /// nothing where there is no such derivation.
    pub fn restart(&mut self, derivation: usize, value: f64) {
        for (memory, steady) in self.memory.iter_mut().zip(&self.steady) {
            for (memory, steady) in memory.iter_mut().zip(steady) {
                if let Some(memory) = memory.get_mut(derivation) {
                    *memory = steady * value;
                }
            }
        }
    }

    /// Filters in place, sample after sample.
    pub fn filter(&mut self, frames: &mut [Frame]) {
        for (section, memory) in self.sections.iter().zip(&mut self.memory) {
            let Section { b, a } = *section;
            let [first, second] = memory;
            for frame in frames.iter_mut() {
                for ((sample, first), second) in frame.iter_mut().zip(first.iter_mut()).zip(second.iter_mut())
                {
                    let input = *sample;
                    let output = b[0] * input + *first;
                    *first = b[1] * input - a[0] * output + *second;
                    *second = b[2] * input - a[1] * output;
                    *sample = output;
                }
            }
        }
    }
}
