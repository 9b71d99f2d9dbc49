//! What the trend over hours is made of: of each second and hemisphere the power of 1 to 20 Hz, and an amplitude.
//!
//! **Spectrum.** The periodogram of each derivation's second with a Hann window, one-sided, in uV²/Hz, at whole hertz
//! (`scipy.signal.periodogram(x, fs, window="hann", detrend=False)`); the mean over the hemisphere's derivations.
//!
//! **Amplitude.** The amplitude-integrated EEG follows Maynard's cerebral function monitor: a band-pass of 2 to 15 Hz with
//! a rise of 12 dB a decade, rectified, smoothed. Here the band-pass is a causal Butterworth filter of second order, the
//! rise one zero at 3.0 Hz and one pole at 10.05 Hz (10.5 dB from 2 to 15 Hz, which is what 12 dB a decade give), scaled to
//! 1 at 5.5 Hz; the mean of the rectified second times pi is the peak-to-peak value of a sine. The mean over the
//! hemisphere's derivations.
//!
//! The filters run on over the seconds of a stretch, and start settled after a gap or where a derivation comes back.

use std::f64::consts::PI;

use iir_filters::filter_design::FilterType;

use super::error::SignalError;
use super::filter::{Cascade, Frame, Section, butterworth};
use super::window::Window;
use crate::eeg::{CHAINS, DERIVATIONS};

/// Frequencies of the spectrum: 1, 2, … 20 Hz.
pub const TREND_HZ: usize = 20;

/// One second of one hemisphere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HemisphereTrend {
    /// Power at 1, 2, … 20 Hz, in uV²/Hz; not a number where the hemisphere has no derivation.
    pub power: [f32; TREND_HZ],
    /// Amplitude, peak to peak, in microvolts.
    pub amplitude_uv: f32,
}

/// One second of the trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrendSecond {
    /// The left hemisphere.
    pub left: HemisphereTrend,
    /// The right one.
    pub right: HemisphereTrend,
}

/// Makes the trend's seconds out of windows, one after the other.
#[derive(Debug, Clone)]
pub struct Trend {
    rate_hz: usize,
    /// The Hann window times cosine and sine of each frequency.
    waves: Vec<[Vec<f32>; 2]>,
    /// From the square of a sum to uV²/Hz.
    scale: f32,
    cascade: Cascade,
    /// Which derivations the filters know.
    running: [bool; DERIVATIONS],
    /// The second that the filters expect.
    next: Option<u64>,
}

impl Trend {
    /// For windows of so many samples a second.
    ///
    /// # Errors
    /// [`SignalError::Setting`] where the rate allows no band of 2 to 15 Hz.
    pub fn new(rate_hz: u32) -> Result<Trend, SignalError> {
        let rate = f64::from(rate_hz);
        let length = rate_hz as usize;
        let hann: Vec<f64> = (0..length).map(|n| 0.5 - 0.5 * (2.0 * PI * n as f64 / rate).cos()).collect();
        let wave = |hz: usize, part: fn(f64) -> f64| -> Vec<f32> {
            let turn = |n: usize| 2.0 * PI * hz as f64 * n as f64 / rate;
            hann.iter().enumerate().map(|(n, hann)| (hann * part(turn(n))) as f32).collect()
        };
        let power: f64 = hann.iter().map(|hann| hann * hann).sum();
        let mut sections = butterworth("band", 2, FilterType::BandPass(2.0, 15.0), rate)?;
        sections.push(rise(rate));
        Ok(Trend {
            rate_hz: length,
            waves: (1..=TREND_HZ).map(|hz| [wave(hz, f64::cos), wave(hz, f64::sin)]).collect(),
            scale: (2.0 / (rate * power)) as f32,
            cascade: Cascade::new(sections),
            running: [false; DERIVATIONS],
            next: None,
        })
    }

    /// The next second; `None` for a window of another rate.
    pub fn second(&mut self, window: &Window) -> Option<TrendSecond> {
        if window.samples.len() != DERIVATIONS * self.rate_hz {
            return None;
        }
        let power: Vec<Option<[f32; TREND_HZ]>> = (0..DERIVATIONS)
            .map(|d| window.present[d].then(|| self.spectrum(window.derivation(d))))
            .collect();
        let amplitudes = self.amplitudes(window);
        let hemisphere = |chains: [usize; 2]| {
            let there: Vec<usize> = (0..DERIVATIONS)
                .filter(|&d| window.present[d] && chains.iter().any(|&chain| CHAINS[chain].holds(d)))
                .collect();
            let mean = |value: &dyn Fn(usize) -> f32| -> f32 {
                if there.is_empty() {
                    return f32::NAN;
                }
                there.iter().map(|&d| value(d)).sum::<f32>() / there.len() as f32
            };
            HemisphereTrend {
                power: std::array::from_fn(|hz| mean(&|d| power[d].map_or(f32::NAN, |power| power[hz]))),
                amplitude_uv: mean(&|d| amplitudes[d]),
            }
        };
        Some(TrendSecond { left: hemisphere([0, 1]), right: hemisphere([2, 3]) })
    }

    fn spectrum(&self, samples: &[f32]) -> [f32; TREND_HZ] {
        let against = |wave: &[f32]| -> f32 { wave.iter().zip(samples).map(|(w, x)| w * x).sum() };
        std::array::from_fn(|hz| {
            let [re, im] = &self.waves[hz];
            (against(re).powi(2) + against(im).powi(2)) * self.scale
        })
    }

    fn amplitudes(&mut self, window: &Window) -> [f32; DERIVATIONS] {
        if self.next != Some(window.second) {
            self.running = [false; DERIVATIONS];
        }
        self.next = Some(window.second + 1);
        let mut frames: Vec<Frame> = (0..self.rate_hz)
            .map(|n| std::array::from_fn(|d| f64::from(window.samples[d * self.rate_hz + n])))
            .collect();
        for (d, present) in window.present.into_iter().enumerate() {
            if present && !self.running[d] {
                self.cascade.restart(d, frames[0][d]);
            }
            self.running[d] = present;
        }
        self.cascade.filter(&mut frames);
        let mut sums = [0.0; DERIVATIONS];
        for frame in &frames {
            sums.iter_mut().zip(frame).for_each(|(sum, value)| *sum += value.abs());
        }
        sums.map(|sum| (sum / self.rate_hz as f64 * PI) as f32)
    }
}

/// One zero at 3.0 Hz and one pole at 10.05 Hz (bilinear transform), scaled to 1 at 5.5 Hz.
fn rise(rate_hz: f64) -> Section {
    let warped = |hz: f64| (PI * hz / rate_hz).tan();
    let (zero, pole) = (warped(3.0), warped(10.05));
    // (s + zero) / (s + pole) with s = (1 - z^-1) / (1 + z^-1).
    let b = [1.0 + zero, zero - 1.0, 0.0];
    let (a0, a1) = (1.0 + pole, pole - 1.0);
    let turn = 2.0 * PI * 5.5 / rate_hz;
    let size = |c0: f64, c1: f64| (c0 + c1 * turn.cos()).hypot(c1 * turn.sin());
    let gain = size(a0, a1) / size(b[0], b[1]);
    Section { b: b.map(|b| b * gain / a0), a: [a1 / a0, 0.0] }
}
