//! Where the electrodes lie, and how far a source spreads over them.

use crate::eeg::Electrode::{self, *};

/// How many electrodes there are.
pub(crate) const ELECTRODES: usize = Electrode::ALL.len();

/// A weight for each electrode.
pub(crate) type Weights = [f32; ELECTRODES];

/// Place on the head seen from above: right and front, in units of the way from Cz to T8.
pub(crate) fn place(electrode: Electrode) -> (f64, f64) {
    let (right, front) = match electrode {
        Fp1 | Fp2 => (0.31, 0.95),
        F7 | F8 => (0.81, 0.59),
        F3 | F4 => (0.42, 0.52),
        T7 | T8 => (1.0, 0.0),
        C3 | C4 => (0.5, 0.0),
        P7 | P8 => (0.81, -0.59),
        P3 | P4 => (0.42, -0.52),
        O1 | O2 => (0.31, -0.95),
        Fz => (0.0, 0.5),
        Cz => (0.0, 0.0),
        Pz => (0.0, -0.5),
    };
    let left = matches!(electrode, Fp1 | F7 | F3 | T7 | C3 | P7 | P3 | O1);
    (if left { -right } else { right }, front)
}

/// How far each electrode is from a place.
pub(crate) fn distances(from: (f64, f64)) -> [f64; ELECTRODES] {
    Electrode::ALL.map(|electrode| {
        let (right, front) = place(electrode);
        (right - from.0).hypot(front - from.1)
    })
}

/// How strongly each electrode sees a source at a place that spreads this far.
pub(crate) fn spread(from: (f64, f64), reach: f64) -> Weights {
    distances(from).map(|distance| (-0.5 * (distance / reach).powi(2)).exp() as f32)
}
