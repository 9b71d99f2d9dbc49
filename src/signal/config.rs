//! How signal is conditioned, written down: a saved model carries it and refuses another.

use serde::{Deserialize, Serialize};

use super::error::SignalError;

/// The frequency of the mains at the place of recording.
///
/// Written as the number of hertz, 0 for no notch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub enum Mains {
    /// No notch.
    None,
    /// Europe, most of Asia, Africa, Australia.
    Hz50,
    /// The Americas, parts of Asia; the default because the networks are trained on recordings
    /// from Boston.
    #[default]
    Hz60,
}

impl Mains {
    /// Centre of the notch in Hz, if there is one.
    pub const fn frequency_hz(self) -> Option<f64> {
        match self {
            Mains::None => None,
            Mains::Hz50 => Some(50.0),
            Mains::Hz60 => Some(60.0),
        }
    }
}

impl From<Mains> for u32 {
    fn from(mains: Mains) -> u32 {
        match mains {
            Mains::None => 0,
            Mains::Hz50 => 50,
            Mains::Hz60 => 60,
        }
    }
}

impl TryFrom<u32> for Mains {
    type Error = String;

    fn try_from(hertz: u32) -> Result<Mains, String> {
        match hertz {
            0 => Ok(Mains::None),
            50 => Ok(Mains::Hz50),
            60 => Ok(Mains::Hz60),
            other => Err(format!("mains_hz is {other}; expected 50, 60, or 0 for no notch")),
        }
    }
}

/// Everything that decides what a window's samples are, given the recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignalConfig {
    /// Version of this description; another version is refused.
    pub version: u32,
    /// Samples per second of a window, whatever the recording's own rate.
    pub rate_hz: u32,
    /// Lower and upper -3 dB frequency of the Butterworth band-pass, in Hz.
    pub band_hz: [f64; 2],
    /// Order of the band-pass as scipy counts it: `butter(order, band)` has twice as many poles.
    pub band_order: u32,
    /// The mains notch.
    pub mains_hz: Mains,
    /// Width of the notch between its -3 dB frequencies, in Hz.
    pub mains_width_hz: f64,
    /// Order of the notch as scipy counts it: `butter(order, …, "bandstop")`.
    pub mains_order: u32,
}

impl SignalConfig {
    /// The version that this build reads and writes.
    pub const VERSION: u32 = 1;

    /// Whether networks trained with one configuration may see windows of the other.
    ///
    /// All settings must agree but the mains: its frequency belongs to the place where a bed
    /// stands, and the default notch leaves the default band as it is (below 30 Hz the gain
    /// changes by less than 0.001 dB).
    pub fn compatible_with(&self, other: &SignalConfig) -> bool {
        let placeless = |config: &SignalConfig| SignalConfig {
            mains_hz: Mains::None,
            mains_width_hz: 0.0,
            mains_order: 0,
            ..config.clone()
        };
        placeless(self) == placeless(other)
    }

    /// The same with the mains of another place, if one is told.
    pub fn with_mains(&self, mains: Option<Mains>) -> SignalConfig {
        SignalConfig { mains_hz: mains.unwrap_or(self.mains_hz), ..self.clone() }
    }

    /// Checks that filters can be built from the settings.
    ///
    /// # Errors
    /// [`SignalError::Setting`] names the first setting that is out of range.
    pub fn validate(&self) -> Result<(), SignalError> {
        let refuse =
            |setting, found: String, expected: String| Err(SignalError::Setting { setting, found, expected });
        if self.version != Self::VERSION {
            return refuse("version", self.version.to_string(), Self::VERSION.to_string());
        }
        if !(64..=1024).contains(&self.rate_hz) {
            return refuse("rate_hz", self.rate_hz.to_string(), "64 to 1024 Hz".to_string());
        }
        let rate_hz = f64::from(self.rate_hz);
        // The resampler is flat to 0.4 of the lower rate, and what folds back lies above that.
        let highest = 0.4 * rate_hz;
        let [low, high] = self.band_hz;
        if !(low >= 0.05 && low < high && high <= highest) {
            let expected = format!("two rising frequencies from 0.05 to {highest} Hz (0.4 of rate_hz)");
            return refuse("band_hz", format!("[{low}, {high}]"), expected);
        }
        if !(1..=8).contains(&self.band_order) {
            return refuse("band_order", self.band_order.to_string(), "1 to 8".to_string());
        }
        if let Some(mains) = self.mains_hz.frequency_hz() {
            let widest = mains.min(rate_hz - 2.0 * mains);
            if !(self.mains_width_hz >= 0.5 && self.mains_width_hz < widest) {
                let expected = format!(
                    "0.5 to below {widest} Hz, so that {mains} Hz and half of it fit below half of rate_hz"
                );
                return refuse("mains_width_hz", self.mains_width_hz.to_string(), expected);
            }
            if !(1..=4).contains(&self.mains_order) {
                return refuse("mains_order", self.mains_order.to_string(), "1 to 4".to_string());
            }
        }
        Ok(())
    }
}

impl Default for SignalConfig {
    /// 256 Hz, 1 to 30 Hz of order 4, a notch of order 2 that is 4 Hz wide.
    ///
    /// 256 Hz is the rate of the SzCORE standard signal. 1 to 30 Hz keeps the rhythms that
    /// seizures evolve through and leaves out drift and most muscle activity. Order 2 over 4 Hz
    /// takes 23 dB from a mains that is off by half a hertz, and falls silent within 0.3 s after
    /// a step (order 3 takes longer, half the width twice as long).
    fn default() -> Self {
        SignalConfig {
            version: Self::VERSION,
            rate_hz: 256,
            band_hz: [1.0, 30.0],
            band_order: 4,
            mains_hz: Mains::default(),
            mains_width_hz: 4.0,
            mains_order: 2,
        }
    }
}
