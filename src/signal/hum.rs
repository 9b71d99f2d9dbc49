//! Whether the mains hums at a frequency that the notch does not take out, as where a hospital of one country is judged with the
//! settings of another.

use std::f64::consts::TAU;

use super::config::Mains;
use super::window::Window;
use crate::eeg::DERIVATIONS;

/// One window of so many is looked at: hum lasts, and a night has tens of thousands.
const EVERY: usize = 4;

/// Fewest windows that say anything.
const ENOUGH: usize = 3;

/// How often the power of a hum is that of the EEG around it, at least.
const CLEAR: f64 = 20.0;

/// Microvolts, root mean square, behind the filters: less than that does not change what a network sees.
const LEAST_UV: f64 = 1.0;

/// Hertz from the hum at which the EEG around it is measured, on either side: beyond what the window spreads.
const AROUND_HZ: std::ops::RangeInclusive<u32> = 3..=6;

/// Hertz to either side that belong to the hum.
const OWN_HZ: u32 = 1;

/// The power at the mains frequency that the notch leaves alone, and around it, in conditioned windows.
#[derive(Debug, Clone, Default)]
pub struct Hum {
    /// Where the notch lies, and where a hum is looked for; nothing where there is no notch, since then nobody said where.
    looked_for: Option<(u32, u32)>,
    windows: usize,
    /// Of each derivation the sums of the power of the hum and of that around it, in uV² for each hertz, and their number.
    powers: [(f64, f64, usize); DERIVATIONS],
}

impl Hum {
    /// For windows that were conditioned with a notch at this mains.
    pub fn beside(mains: Mains) -> Hum {
        let looked_for = match mains {
            Mains::None => None,
            Mains::Hz50 => Some((50, 60)),
            Mains::Hz60 => Some((60, 50)),
        };
        Hum { looked_for, ..Hum::default() }
    }

    /// Takes a window of a second; what is absent in it does not count.
    pub fn add(&mut self, window: &Window) {
        let Some((_, hum_hz)) = self.looked_for else { return };
        self.windows += 1;
        if !(self.windows - 1).is_multiple_of(EVERY) {
            return;
        }
        let weights = hann(window.derivation(0).len());
        // Of a lower rate the hum is not there to be seen.
        if weights.len() <= 2 * (hum_hz + AROUND_HZ.end()) as usize {
            return;
        }
        for (d, _) in window.present.iter().enumerate().filter(|(_, present)| **present) {
            let second: Vec<f64> = window
                .derivation(d)
                .iter()
                .zip(&weights)
                .map(|(&uv, weight)| f64::from(uv) * weight)
                .collect();
            let own: f64 = (hum_hz - OWN_HZ..=hum_hz + OWN_HZ).map(|hz| power(&second, hz)).sum();
            let around = AROUND_HZ.flat_map(|off| [hum_hz - off, hum_hz + off]).map(|hz| power(&second, hz));
            let around = around.sum::<f64>() / (2 * AROUND_HZ.count()) as f64;
            let (hum, eeg, windows) = &mut self.powers[d];
            (*hum, *eeg, *windows) = (*hum + own, *eeg + around, *windows + 1);
        }
    }

    /// What to tell where most derivations hum.
    pub fn told(&self) -> Option<String> {
        let (notch_hz, hum_hz) = self.looked_for?;
        let measured = self.powers.iter().filter(|(.., windows)| *windows >= ENOUGH);
        let (all, humming) = measured.fold((0, 0), |(all, humming), (hum, eeg, windows)| {
            // A Hann window spreads a sine over three hertz, and one and a half times its power.
            let uv = (hum / 1.5 / *windows as f64).sqrt();
            let clear = uv >= LEAST_UV && *hum >= CLEAR * eeg;
            (all + 1, humming + usize::from(clear))
        });
        (2 * humming > all).then(|| {
            format!(
                "the mains hums at {hum_hz} Hz in most derivations, and the notch lies at {notch_hz} Hz: what is left of the hum is \
                 judged with the EEG; where the mains has {hum_hz} Hz, write mains_hz = {hum_hz} in the patient's patient.toml \
                 (train, labels, evaluate: --mains {hum_hz})"
            )
        })
    }
}

/// A Hann window of so many samples.
fn hann(length: usize) -> Vec<f64> {
    (0..length).map(|index| 0.5 * (1.0 - (TAU * index as f64 / length as f64).cos())).collect()
}

/// The power of a windowed second at so many hertz, in uV², as a sine of that frequency has it (Goertzel 1958).
fn power(second: &[f64], hz: u32) -> f64 {
    let length = second.len() as f64;
    let twice = 2.0 * (TAU * f64::from(hz) / length).cos();
    let (last, before) =
        second.iter().fold((0.0, 0.0), |(last, before), value| (value + twice * last - before, last));
    // A sine of amplitude A gives A N / 4 behind a Hann window, and its mean square is A² / 2.
    8.0 * (last * last + before * before - twice * last * before) / (length * length)
}
