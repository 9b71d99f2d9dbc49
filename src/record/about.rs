//! What stands beside the signal.

use serde::{Deserialize, Serialize};

use crate::detect::{Label, Verdict};
use crate::signal::trend::{HemisphereTrend, TREND_HZ, TrendSecond};

/// The version of the layout of a file.
pub const VERSION: u32 = 1;

/// What a file is about; `about` holds it as JSON.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// Version of the file's layout.
    pub version: u32,
    /// The program that wrote it.
    pub written_by: String,
    /// The bed.
    pub bed: String,
    /// The patient's id, never a name.
    pub patient: String,
    /// The stream.
    pub stream: String,
    /// When the bed's count of frames and seconds began, in milliseconds since 1970. A count begins anew
    /// with the bed's next patient; numbers of one say nothing of another.
    pub timeline: u64,
    /// Frames a second.
    pub rate_hz: f64,
    /// The channels' labels.
    pub labels: Vec<String>,
    /// Their units: `uV` for every voltage.
    pub units: Vec<String>,
    /// Number of the file's first frame, over all files of the bed.
    pub first_frame: u64,
    /// When it was taken, in seconds since 1970.
    pub start_s: f64,
    /// Digests of the networks, by the number that verdicts name.
    pub models: Vec<Models>,
    /// Configuration of the bed and settings of the patient.
    pub configuration: serde_json::Value,
}

/// The networks that judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Models {
    /// SHA-256 of the CNN's weights.
    pub cnn: String,
    /// SHA-256 of the autoencoder's; empty without one.
    pub autoencoder: String,
}

/// The columns of `verdicts`.
pub const VERDICT_COLUMNS: [&str; 14] = [
    "second",
    "frame",
    "ae_error",
    "ae_flag",
    "seizure",
    "abnormal",
    "non_seizure",
    "label",
    "accumulator",
    "alarm_onset_second",
    "alarming",
    "latency_ms",
    "model",
    "time_s",
];

/// One second's verdict with what belongs to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordedVerdict {
    /// The verdict. An alarm, if it has one, was raised in its own second.
    pub verdict: Verdict,
    /// Number of the window's first frame.
    pub frame: u64,
    /// From the window's last sample to the verdict, in milliseconds.
    pub latency_ms: f64,
    /// Which of [`About::models`] judged.
    pub model: u32,
    /// Wall clock of the window's first frame, in seconds since 1970.
    pub time_s: f64,
}

impl RecordedVerdict {
    pub(super) fn row(&self) -> [f64; 14] {
        let v = &self.verdict;
        let [seizure, abnormal, non_seizure] = v.probabilities.map_or([f64::NAN; 3], |p| p.map(f64::from));
        [
            v.second as f64,
            self.frame as f64,
            v.ae_error.map_or(f64::NAN, f64::from),
            v.ae_flag.map_or(f64::NAN, |flag| f64::from(u8::from(flag))),
            seizure,
            abnormal,
            non_seizure,
            v.label.map_or(f64::NAN, |label| match label {
                Label::Seizure => 0.0,
                Label::Abnormal => 1.0,
                Label::NonSeizure => 2.0,
            }),
            f64::from(v.accumulator),
            v.alarm.map_or(f64::NAN, |alarm| alarm.onset_second as f64),
            f64::from(u8::from(v.alarming)),
            self.latency_ms,
            f64::from(self.model),
            self.time_s,
        ]
    }

    pub(super) fn of_row(row: &[f64]) -> Option<RecordedVerdict> {
        let row: &[f64; 14] = row.try_into().ok()?;
        let there = |value: f64| (!value.is_nan()).then_some(value);
        let second = row[0] as u64;
        let probabilities = there(row[4]).map(|_| [row[4] as f32, row[5] as f32, row[6] as f32]);
        Some(RecordedVerdict {
            verdict: Verdict {
                second,
                ae_error: there(row[2]).map(|error| error as f32),
                ae_flag: there(row[3]).map(|flag| flag != 0.0),
                probabilities,
                label: there(row[7]).map(|label| match label as u8 {
                    0 => Label::Seizure,
                    1 => Label::Abnormal,
                    _ => Label::NonSeizure,
                }),
                accumulator: row[8] as f32,
                alarm: there(row[9])
                    .map(|onset| crate::detect::Alarm { onset_second: onset as u64, raised_second: second }),
                alarming: row[10] != 0.0,
            },
            frame: row[1] as u64,
            latency_ms: row[11],
            model: row[12] as u32,
            time_s: row[13],
        })
    }
}

/// Values of one hemisphere in a row of `trend`: power of 1 to 20 Hz, amplitude.
const HEMISPHERE_COLUMNS: usize = TREND_HZ + 1;

/// Columns of `trend`: second, frame; power of 1, 2, … 20 Hz in uV²/Hz and amplitude in uV of the left hemisphere; the
/// same of the right one. NaN where the hemisphere has no derivation.
pub const TREND_COLUMNS: usize = 2 + 2 * HEMISPHERE_COLUMNS;

/// One second of the trend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordedTrend {
    /// Its number on the bed's time line.
    pub second: u64,
    /// Number of its first frame.
    pub frame: u64,
    /// Both hemispheres.
    pub trend: TrendSecond,
}

impl RecordedTrend {
    pub(super) fn row(&self) -> Vec<f64> {
        let mut row = vec![self.second as f64, self.frame as f64];
        for side in [&self.trend.left, &self.trend.right] {
            row.extend(side.power.iter().map(|power| f64::from(*power)));
            row.push(f64::from(side.amplitude_uv));
        }
        row
    }

    pub(super) fn of_row(row: &[f64]) -> Option<RecordedTrend> {
        let (numbers, sides) = row.split_at_checked(2)?;
        let (left, right) = sides.split_at_checked(HEMISPHERE_COLUMNS)?;
        let side = |values: &[f64]| {
            let (power, amplitude) = values.split_at_checked(TREND_HZ)?;
            let power: [f64; TREND_HZ] = power.try_into().ok()?;
            Some(HemisphereTrend { power: power.map(|p| p as f32), amplitude_uv: *amplitude.first()? as f32 })
        };
        let trend = TrendSecond { left: side(left)?, right: side(right)? };
        Some(RecordedTrend { second: numbers[0] as u64, frame: numbers[1] as u64, trend })
    }
}

/// The columns of `gaps`.
pub const GAP_COLUMNS: [&str; 5] = ["row", "first_frame", "frames", "time_s", "reason"];

/// Why frames are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapReason {
    /// The source counted them.
    Counted,
    /// The source was away.
    Away,
    /// The device's stamps leapt.
    Leapt,
    /// The watch was stopped, or crashed.
    Stopped,
    /// They arrived and could not be recorded.
    Dropped,
}

impl GapReason {
    pub(super) const fn code(self) -> f64 {
        match self {
            GapReason::Counted => 1.0,
            GapReason::Away => 2.0,
            GapReason::Leapt => 3.0,
            GapReason::Stopped => 4.0,
            GapReason::Dropped => 5.0,
        }
    }

    pub(super) fn of_code(code: f64) -> GapReason {
        match code as u8 {
            1 => GapReason::Counted,
            2 => GapReason::Away,
            3 => GapReason::Leapt,
            4 => GapReason::Stopped,
            _ => GapReason::Dropped,
        }
    }

    /// In words.
    pub const fn words(self) -> &'static str {
        match self {
            GapReason::Counted => "samples lost, counted by the source",
            GapReason::Away => "the source was away",
            GapReason::Leapt => "samples lost, told by the device's stamps",
            GapReason::Stopped => "the watch was stopped",
            GapReason::Dropped => "not recorded",
        }
    }
}

/// Frames that are missing from the record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RecordedGap {
    /// Number of the first missing frame.
    pub first_frame: u64,
    /// How many; 0 where that is not known yet, at the end of a file.
    pub frames: u64,
    /// Wall clock of the first, in seconds since 1970.
    pub time_s: f64,
    /// Why.
    pub reason: GapReason,
}

/// A remark.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedMark {
    /// The frame that it belongs to.
    pub frame: u64,
    /// Its wall clock, in seconds since 1970.
    pub time_s: f64,
    /// What it says; what is longer than 128 bytes is cut.
    pub text: String,
}

/// Bytes of a mark's text.
pub(super) const MARK_BYTES: usize = 128;

/// A text of at most [`MARK_BYTES`] bytes, filled up with zeros.
pub(super) fn mark_bytes(text: &str) -> [u8; MARK_BYTES] {
    let mut end = text.len().min(MARK_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut bytes = [0; MARK_BYTES];
    bytes[..end].copy_from_slice(&text.as_bytes()[..end]);
    bytes
}
