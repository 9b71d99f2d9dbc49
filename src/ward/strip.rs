//! A second of EEG as a tile of the wall shows it: coarse, and small enough to be told of each bed each second.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use crate::eeg::DERIVATIONS;
use crate::signal::Window;

/// Columns of a second.
pub const COLUMNS: usize = 16;

/// Microvolts of one step.
pub const UV_PER_STEP: f32 = 4.0;

/// What stands for a derivation that is absent.
const ABSENT: i8 = i8::MIN;

/// A second of 18 derivations, each as the lowest and the highest value of each of its columns.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Strip {
    /// Second of the bed's time line.
    pub second: u64,
    /// Wall clock of its first sample, in seconds since 1970.
    pub time_s: f64,
    /// Columns of the second.
    pub columns: usize,
    /// Microvolts of one step.
    pub uv_per_step: f32,
    /// Base64 of signed bytes: derivation after derivation, column after column, lowest and highest; -128 where the
    /// derivation is absent.
    pub data: String,
}

impl Strip {
    /// Of a window.
    pub fn of(window: &Window, second: u64, time_s: f64) -> Strip {
        let mut bytes = Vec::with_capacity(DERIVATIONS * COLUMNS * 2);
        for (d, present) in window.present.iter().enumerate() {
            let trace = window.derivation(d);
            for column in 0..COLUMNS {
                let [from, to] = [column, column + 1].map(|c| c * trace.len() / COLUMNS);
                let ends = if *present { ends(&trace[from..to]) } else { [ABSENT; 2] };
                bytes.extend(ends.map(|step| step as u8));
            }
        }
        Strip { second, time_s, columns: COLUMNS, uv_per_step: UV_PER_STEP, data: STANDARD.encode(bytes) }
    }
}

/// The lowest and the highest value in steps; what is beyond the range stands at its end.
fn ends(samples: &[f32]) -> [i8; 2] {
    let (low, high) =
        samples.iter().fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)));
    [low, high].map(|value| (value / UV_PER_STEP).round().clamp(-127.0, 127.0) as i8)
}
