//! Faults of one channel during one second: what no network should be shown as EEG.

use super::window::FaultKind;

/// Beyond this no sample is a voltage on a head: 1000 V, in microvolts. It also keeps the
/// filters' arithmetic far from overflow.
const LARGEST_UV: f32 = 1e9;

/// The share of a second that must lie at the rails to call the channel saturated.
///
/// Single samples at the rail are peaks that were clipped, and files scaled to their own extremes
/// have some by construction; the shape of the trace is still there.
const SATURATED_SHARE: f64 = 0.1;

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
    let first = *samples.first()?;
    let mut usable = true;
    let mut moves = false;
    for sample in samples {
        // False for what is no number.
        usable &= sample.abs() <= LARGEST_UV;
        moves |= *sample != first;
    }
    if !usable {
        return Some(FaultKind::NonFinite);
    }
    if let Some(rails) = rails {
        let railed = samples.iter().filter(|sample| **sample <= rails.low || **sample >= rails.high).count();
        if railed as f64 >= SATURATED_SHARE * samples.len() as f64 {
            return Some(FaultKind::Saturated);
        }
    }
    (!moves).then_some(FaultKind::Flat)
}
