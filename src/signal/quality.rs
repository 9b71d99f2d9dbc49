//! Faults of one channel during one second: what no network should be shown as EEG.
//!
//! The limits were chosen on 299 minutes of real EEG, half of them seizures. There, samples at the
//! rails are mostly peaks that movement and muscle clip, up to half of a second and during
//! seizures of all times, while a value that stands still for half a second is an amplifier that
//! is blocked, or padding: good EEG does not repeat a value for as much as a fifth of a second.

use super::window::FaultKind;

/// Beyond this no sample is a voltage on a head: 1000 V, in microvolts. It also keeps the
/// filters' arithmetic far from overflow.
const LARGEST_UV: f32 = 1e9;

/// The share of a second at the rails that makes a channel saturated.
const SATURATED_SHARE: f64 = 0.5;

/// The share of a second without a change that makes a channel flat.
const FLAT_SHARE: f64 = 0.5;

/// How near to a rail counts as on it, as a share of the range: less than half a step of a
/// 12-bit converter, more than the rounding of a scale to `f32`.
const RAIL_TOLERANCE: f64 = 1e-4;

/// The ends of an amplifier's range in microvolts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rails {
    low: f32,
    high: f32,
}

impl Rails {
    pub(super) fn new(low_uv: f64, high_uv: f64) -> Rails {
        let tolerance = RAIL_TOLERANCE * (high_uv - low_uv);
        Rails { low: (low_uv + tolerance) as f32, high: (high_uv - tolerance) as f32 }
    }
}

/// The fault of one channel's second, if it has one.
pub(super) fn judge(samples: &[f32], rails: Option<Rails>) -> Option<FaultKind> {
    // Written so that what is no number is not usable.
    if !samples.iter().all(|sample| sample.abs() <= LARGEST_UV) {
        return Some(FaultKind::NonFinite);
    }
    if let Some(rails) = rails {
        let railed = samples.iter().filter(|sample| **sample <= rails.low || **sample >= rails.high).count();
        if railed as f64 >= SATURATED_SHARE * samples.len() as f64 {
            return Some(FaultKind::Saturated);
        }
    }
    stands_still(samples.iter().copied()).then_some(FaultKind::Flat)
}

/// Whether a second's values stay the same for [`FLAT_SHARE`] of it at a stretch.
pub(super) fn stands_still<T: PartialEq>(samples: impl ExactSizeIterator<Item = T>) -> bool {
    let flat = FLAT_SHARE * samples.len() as f64;
    let (mut last, mut run, mut longest) = (None, 0u32, 0u32);
    for sample in samples {
        run = if last.as_ref() == Some(&sample) { run + 1 } else { 1 };
        longest = longest.max(run);
        last = Some(sample);
    }
    f64::from(longest) >= flat
}
