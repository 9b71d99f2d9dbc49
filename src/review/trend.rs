//! The trend over hours, put together to as many columns as a screen has.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ReviewError;
use super::span::{Span, checked, nothing, unlike};
use crate::signal::trend::{HemisphereTrend, TREND_HZ};

/// Longest trend in seconds.
pub const LONGEST_S: f64 = 2.0 * 86_400.0;

/// Most columns.
pub const MOST_COLUMNS: usize = 4000;

/// Power of the lowest and of the highest colour, in dB over 1 uV²/Hz.
const DB: [f32; 2] = [-10.0, 40.0];

/// The asymmetry is that of these frequencies: 1 to 18 Hz.
const ASYMMETRY_HZ: usize = 18;

/// The lower and the upper margin of an amplitude: these shares of the column's seconds lie below.
const MARGINS: [f64; 2] = [0.1, 0.9];

/// A margin of each column.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Band {
    /// The 10th percentile of the column's seconds, in microvolts; null where there are none.
    pub low: Vec<Option<f32>>,
    /// The 90th percentile.
    pub high: Vec<Option<f32>>,
}

/// A trend.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrendPage {
    /// Its beginning, in seconds since 1970.
    pub from_s: f64,
    /// Seconds of a column.
    pub column_s: f64,
    /// How many columns.
    pub columns: usize,
    /// The spectrum's frequencies.
    pub hz: Vec<usize>,
    /// Power of the lowest and the highest step, in dB over 1 uV²/Hz.
    pub db: [f32; 2],
    /// Base64 of bytes, column after column, a byte a frequency: 0 without data, else 1 to 255 from lowest to highest.
    pub left: String,
    /// The same of the right hemisphere.
    pub right: String,
    /// Amplitude-integrated EEG.
    pub aeeg_left: Band,
    /// The same of the right hemisphere.
    pub aeeg_right: Band,
    /// (right - left) / (right + left) of the power of 1 to 18 Hz; null where there is none.
    pub asymmetry: Vec<Option<f32>>,
    /// The highest probability of a seizure in the column.
    pub seizure_probability: Vec<Option<f32>>,
}

/// What gathers in a column, for one hemisphere.
#[derive(Clone, Default)]
struct Side {
    power: [f64; TREND_HZ],
    seconds: u32,
    amplitudes: Vec<f32>,
}

#[derive(Clone, Default)]
struct Column {
    sides: [Side; 2],
    probability: Option<f32>,
}

impl Side {
    fn take(&mut self, second: &HemisphereTrend) {
        if second.power.iter().all(|power| power.is_finite()) {
            self.power.iter_mut().zip(second.power).for_each(|(sum, power)| *sum += f64::from(power));
            self.seconds += 1;
        }
        if second.amplitude_uv.is_finite() {
            self.amplitudes.push(second.amplitude_uv);
        }
    }

    fn colours(&self) -> [u8; TREND_HZ] {
        std::array::from_fn(|hz| {
            if self.seconds == 0 {
                return 0;
            }
            let db = 10.0 * ((self.power[hz] / f64::from(self.seconds)).max(1e-9).log10() as f32);
            1 + ((db - DB[0]) / (DB[1] - DB[0]) * 254.0).round().clamp(0.0, 254.0) as u8
        })
    }

    fn margins(&mut self) -> [Option<f32>; 2] {
        self.amplitudes.sort_by(f32::total_cmp);
        let last = self.amplitudes.len().saturating_sub(1) as f64;
        MARGINS.map(|share| self.amplitudes.get((share * last).round() as usize).copied())
    }

    fn total(&self) -> Option<f64> {
        (self.seconds > 0).then(|| self.power[..ASYMMETRY_HZ].iter().sum::<f64>() / f64::from(self.seconds))
    }
}

/// The trend of a bed's record. It shows the patient at its end.
///
/// # Errors
/// [`ReviewError`].
pub fn trend_page(
    folder: &Path,
    bed: &str,
    from_s: f64,
    seconds: f64,
    columns: usize,
) -> Result<TrendPage, ReviewError> {
    let (from_s, to_s) = checked(from_s, seconds, LONGEST_S)?;
    if !(1..=MOST_COLUMNS).contains(&columns) {
        return Err(ReviewError::Mistake(format!("columns is {columns}; expected 1 to {MOST_COLUMNS}")));
    }
    let span = Span::open(folder, bed, from_s, to_s)?;
    let about = span.nearest(to_s).ok_or_else(|| nothing(folder, bed, from_s, to_s))?;
    let column_s = seconds / columns as f64;
    let column_of = |time_s: f64| {
        let column = ((time_s - from_s) / column_s).floor();
        (column >= 0.0 && column < columns as f64).then_some(column as usize)
    };
    let mut gathered = vec![Column::default(); columns];
    for (place, file) in span.files.iter().enumerate() {
        if file.about().patient != about.patient || unlike(file.about(), about) == Some("another patient") {
            continue;
        }
        for second in file.trend()? {
            if let Some(column) = span.time_of(place, second.frame).and_then(column_of) {
                gathered[column].sides[0].take(&second.trend.left);
                gathered[column].sides[1].take(&second.trend.right);
            }
        }
        for recorded in file.verdicts()? {
            let Some([seizure, ..]) = recorded.verdict.probabilities else { continue };
            if let Some(column) = span.time_of(place, recorded.frame).and_then(column_of) {
                let most = &mut gathered[column].probability;
                *most = Some(most.map_or(seizure, |most| most.max(seizure)));
            }
        }
    }
    let colours = |side: usize| -> String {
        STANDARD.encode(gathered.iter().flat_map(|column| column.sides[side].colours()).collect::<Vec<u8>>())
    };
    let (left, right) = (colours(0), colours(1));
    let asymmetry = gathered
        .iter()
        .map(|column| {
            let [left, right] = [column.sides[0].total()?, column.sides[1].total()?];
            (left + right > 0.0).then(|| ((right - left) / (right + left)) as f32)
        })
        .collect();
    let seizure_probability = gathered.iter().map(|column| column.probability).collect();
    let mut band = |side: usize| {
        let margins: Vec<_> = gathered.iter_mut().map(|column| column.sides[side].margins()).collect();
        Band { low: margins.iter().map(|m| m[0]).collect(), high: margins.iter().map(|m| m[1]).collect() }
    };
    Ok(TrendPage {
        from_s,
        column_s,
        columns,
        hz: (1..=TREND_HZ).collect(),
        db: DB,
        left,
        right,
        aeeg_left: band(0),
        aeeg_right: band(1),
        asymmetry,
        seizure_probability,
    })
}
