//! The filters of the page: causal, as in the detector, so that what is seen lies where it happened or later, never
//! before. A cut is a Butterworth filter of second order, the notch one of second order around the mains.

use super::error::ReviewError;
use crate::signal::filter::{FilterType, Section, butterworth};

/// Width of the notch in hertz.
const NOTCH_WIDTH_HZ: f64 = 4.0;

/// Order of the cuts.
const ORDER: u32 = 2;

/// What is cut; `None` is not.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cuts {
    /// What is slower is taken away, in hertz.
    pub low_hz: Option<f64>,
    /// What is faster is taken away, in hertz.
    pub high_hz: Option<f64>,
    /// The mains, in hertz.
    pub notch_hz: Option<f64>,
}

impl Cuts {
    /// The sections of all filters, for a rate in hertz.
    ///
    /// # Errors
    /// [`ReviewError::Mistake`] where a cut is none at that rate.
    pub fn sections(&self, rate_hz: f64) -> Result<Vec<Section>, ReviewError> {
        let half = rate_hz / 2.0;
        let mut sections = Vec::new();
        let mut add = |name: &'static str, kind: FilterType, edges: &[f64]| {
            if edges.iter().any(|edge| !(0.01..half).contains(edge)) {
                let words = format!("{name} does not fit a rate of {rate_hz} Hz; expected 0.01 to {half} Hz");
                return Err(ReviewError::Mistake(words));
            }
            let made = butterworth(name, ORDER, kind, rate_hz);
            sections.extend(made.map_err(|error| ReviewError::Mistake(error.to_string()))?);
            Ok(())
        };
        if let (Some(low), Some(high)) = (self.low_hz, self.high_hz)
            && low >= high
        {
            return Err(ReviewError::Mistake(format!(
                "low_cut is {low}, high_cut is {high}; expected the lower first"
            )));
        }
        if let Some(notch) = self.notch_hz {
            let [from, to] = [notch - NOTCH_WIDTH_HZ / 2.0, notch + NOTCH_WIDTH_HZ / 2.0];
            add("notch", FilterType::BandStop(from, to), &[from, to])?;
        }
        if let Some(low) = self.low_hz {
            add("low_cut", FilterType::HighPass(low), &[low])?;
        }
        if let Some(high) = self.high_hz {
            // A high cut beyond what the rate can hold cuts nothing.
            if high < half {
                add("high_cut", FilterType::LowPass(high), &[high])?;
            }
        }
        Ok(sections)
    }
}
