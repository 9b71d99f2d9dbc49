//! From what a source gives to what the detector takes: labels, units, the sample index, windows.
//!
//! One place for all protocols. No clock and no I/O: the same frames give the same windows, live or
//! from a file.

use thiserror::Error;

use crate::eeg::microvolts_per_stream_unit;
use crate::signal::{Conditioner, ConditionerState, Montage, SignalConfig, SignalError, Window};
use crate::source::live::{LiveLayout, Received};

/// What the bed's configuration says of a stream.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StreamRules {
    /// Labels for a stream that carries none.
    pub labels: Option<Vec<String>>,
    /// Unit of channels for which the stream names none.
    pub unit: Option<String>,
    /// The amplifier's range in microvolts, where the stream does not tell it.
    pub range_uv: Option<(f64, f64)>,
}

/// A stream that the bed cannot be watched with.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IntakeError {
    /// Neither the stream nor the configuration names the channels.
    #[error(
        "{stream}: the stream names none of its {channels} channels; list them in the bed's `labels`, in order"
    )]
    NoLabels {
        /// The stream.
        stream: String,
        /// How many channels it has.
        channels: usize,
    },
    /// The configuration names another number of channels.
    #[error(
        "{stream}: the stream has {channels} channels, the bed's `labels` has {labels}; name each, in order"
    )]
    LabelCount {
        /// The stream.
        stream: String,
        /// How many channels it has.
        channels: usize,
        /// How many labels the bed has.
        labels: usize,
    },
    /// The configuration names a channel otherwise than the stream does.
    #[error(
        "{stream}: channel {channel} is {found:?} in the stream and {expected:?} in the bed's `labels`; \
         correct or remove `labels`"
    )]
    OtherLabel {
        /// The stream.
        stream: String,
        /// Number of the channel, from 1.
        channel: usize,
        /// The stream's label.
        found: String,
        /// The configured one.
        expected: String,
    },
    /// A channel of the montage is in no unit of voltage.
    #[error(
        "{stream}: channel {label} is in {found}; expected a voltage; if it is one, set the bed's `unit`, for example unit = \"uV\""
    )]
    NoVoltage {
        /// The stream.
        stream: String,
        /// The channel's label.
        label: String,
        /// Its unit, or "no unit".
        found: String,
    },
    /// The montage or the rate does not suit.
    #[error("{stream}: {source}")]
    Signal {
        /// The stream.
        stream: String,
        /// Why.
        source: SignalError,
    },
    /// A source gave frames that its layout does not have.
    #[error("{stream}: {values} values are no whole number of frames of {channels} channels")]
    BrokenFrames {
        /// The stream.
        stream: String,
        /// Values in the message.
        values: usize,
        /// Channels of the layout.
        channels: usize,
    },
}

/// Frames that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Number of the first frame that is missing.
    pub first_frame: u64,
    /// How many are missing.
    pub frames: u64,
}

/// What became of one message.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// Frames missing before it.
    pub gap: Option<Gap>,
    /// Number of its first frame, on the bed's own count.
    pub first_frame: u64,
    /// Its frames in microvolts (a channel that is no voltage keeps its unit), frame after frame.
    pub microvolts: Vec<f32>,
    /// The windows that it completed.
    pub windows: Vec<Window>,
}

/// A stream's frames on their way to windows.
#[derive(Debug)]
pub struct Intake {
    stream: String,
    labels: Vec<String>,
    units: Vec<String>,
    rate_hz: f64,
    factors: Vec<f32>,
    montage: Montage,
    conditioner: Conditioner,
    next_frame: u64,
    /// Reused: the montage's channels of one message.
    columns: Vec<Vec<f32>>,
}

impl Intake {
    /// Finds the montage in a stream and prepares its filters; its first frame is `first_frame`.
    ///
    /// # Errors
    /// [`IntakeError`]: what does not fit, by name.
    pub fn new(
        layout: &LiveLayout,
        rules: &StreamRules,
        signal: &SignalConfig,
        first_frame: u64,
    ) -> Result<Intake, IntakeError> {
        let stream = layout.stream.clone();
        let labels = labels_of(layout, rules)?;
        let refused = |source| IntakeError::Signal { stream: stream.clone(), source };
        let names: Vec<&str> = labels.iter().map(String::as_str).collect();
        let units: Vec<Option<&str>> = layout
            .channels
            .iter()
            .map(|channel| channel.unit.as_deref().filter(|unit| !unit.trim().is_empty()))
            .map(|unit| {
                unit.filter(|unit| microvolts_per_stream_unit(unit).is_some())
                    .or(rules.unit.as_deref())
                    .or(unit)
            })
            .collect();
        let factors: Vec<Option<f64>> =
            units.iter().map(|unit| unit.and_then(microvolts_per_stream_unit)).collect();
        let not_volts: Vec<Option<String>> = factors
            .iter()
            .zip(&units)
            .map(|(factor, unit)| match factor {
                Some(_) => None,
                None => Some(unit.map_or("no unit".to_string(), |unit| format!("{unit:?}"))),
            })
            .collect();
        let montage = Montage::of_recording(&names, &[], &not_volts).map_err(refused)?;
        let strange =
            montage.channels().iter().find_map(|&channel| Some((channel, not_volts[channel].clone()?)));
        if let Some((channel, found)) = strange {
            return Err(IntakeError::NoVoltage { stream, label: labels[channel].clone(), found });
        }
        let rails: Vec<Option<(f64, f64)>> = montage
            .channels()
            .iter()
            .map(|&channel| {
                let factor = factors[channel].unwrap_or(1.0);
                let told = layout.channels[channel].rails.map(|(low, high)| (low * factor, high * factor));
                told.or(rules.range_uv)
            })
            .collect();
        let mut conditioner = Conditioner::new(signal, &montage, layout.rate_hz)
            .and_then(|conditioner| conditioner.with_rails(&rails))
            .map_err(refused)?;
        conditioner.gap(first_frame);
        Ok(Intake {
            stream,
            rate_hz: layout.rate_hz,
            units: factors
                .iter()
                .zip(&units)
                .map(
                    |(factor, unit)| {
                        if factor.is_some() { "uV".to_string() } else { unit.unwrap_or_default().to_string() }
                    },
                )
                .collect(),
            factors: factors.iter().map(|factor| factor.unwrap_or(1.0) as f32).collect(),
            columns: vec![Vec::new(); montage.channels().len()],
            labels,
            montage,
            conditioner,
            next_frame: first_frame,
        })
    }

    /// The channels' labels.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The unit of each channel after scaling: `uV` for every voltage.
    pub fn units(&self) -> &[String] {
        &self.units
    }

    /// Frames a second.
    pub fn rate_hz(&self) -> f64 {
        self.rate_hz
    }

    /// The stream's name.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The montage that was found.
    pub fn montage(&self) -> &Montage {
        &self.montage
    }

    /// Number of the frame that comes next.
    pub fn next_frame(&self) -> u64 {
        self.next_frame
    }

    /// How many frames a window was made of; always the same for whole rates.
    pub fn frames_of(&self, window: &Window) -> u64 {
        self.conditioner.second_length_at(window.second) as u64
    }

    /// The filters' memory and the begun second.
    pub fn conditioner_state(&self) -> ConditionerState {
        self.conditioner.state()
    }

    /// Goes on with the filters' memory of a stream that stopped before `next_frame`.
    ///
    /// # Errors
    /// [`SignalError::State`] where the memory is another stream's.
    pub fn restore(&mut self, state: &ConditionerState, next_frame: u64) -> Result<(), SignalError> {
        self.conditioner.restore(state)?;
        self.next_frame = next_frame;
        Ok(())
    }

    /// Says that frames are missing before whatever comes next.
    pub fn skip(&mut self, frames: u64) -> Option<Gap> {
        if frames == 0 {
            return None;
        }
        let gap = Gap { first_frame: self.next_frame, frames };
        self.next_frame = self.next_frame.saturating_add(frames);
        self.conditioner.gap(self.next_frame);
        Some(gap)
    }

    /// Takes a message.
    ///
    /// # Errors
    /// [`IntakeError::BrokenFrames`] where the values are no whole number of frames; nothing was
    /// taken then.
    pub fn take(&mut self, received: Received) -> Result<Taken, IntakeError> {
        let Received { mut values, lost_before, .. } = received;
        self.check(&values)?;
        for frame in values.chunks_exact_mut(self.labels.len()) {
            for (value, factor) in frame.iter_mut().zip(&self.factors) {
                // Times 1 changes no bit.
                *value *= factor;
            }
        }
        let gap = self.skip(lost_before);
        Ok(Taken { gap, ..self.push(values)? })
    }

    /// Takes frames of the record, which are in microvolts already.
    ///
    /// # Errors
    /// [`IntakeError::BrokenFrames`].
    pub fn take_recorded(&mut self, microvolts: Vec<f32>) -> Result<Taken, IntakeError> {
        self.check(&microvolts)?;
        self.push(microvolts)
    }

    fn check(&self, values: &[f32]) -> Result<(), IntakeError> {
        let channels = self.labels.len();
        if values.len().is_multiple_of(channels) {
            return Ok(());
        }
        let stream = self.stream.clone();
        Err(IntakeError::BrokenFrames { stream, values: values.len(), channels })
    }

    fn push(&mut self, values: Vec<f32>) -> Result<Taken, IntakeError> {
        let channels = self.labels.len();
        for (column, &channel) in self.columns.iter_mut().zip(self.montage.channels()) {
            column.clear();
            column.extend(values.iter().skip(channel).step_by(channels));
        }
        let columns: Vec<&[f32]> = self.columns.iter().map(Vec::as_slice).collect();
        let mut windows = Vec::new();
        self.conditioner
            .push(&columns, &mut windows)
            .map_err(|source| IntakeError::Signal { stream: self.stream.clone(), source })?;
        let first_frame = self.next_frame;
        self.next_frame = self.next_frame.saturating_add((values.len() / channels) as u64);
        Ok(Taken { gap: None, first_frame, microvolts: values, windows })
    }
}

fn labels_of(layout: &LiveLayout, rules: &StreamRules) -> Result<Vec<String>, IntakeError> {
    let stream = layout.stream.clone();
    let channels = layout.channels.len();
    let told: Vec<Option<&str>> = layout
        .channels
        .iter()
        .map(|channel| channel.label.as_deref().map(str::trim).filter(|label| !label.is_empty()))
        .collect();
    let Some(given) = &rules.labels else {
        if told.iter().all(Option::is_none) {
            return Err(IntakeError::NoLabels { stream, channels });
        }
        return Ok(told.iter().map(|label| label.unwrap_or_default().to_string()).collect());
    };
    if given.len() != channels {
        return Err(IntakeError::LabelCount { stream, channels, labels: given.len() });
    }
    let other = |(_, (told, given)): &(usize, (&Option<&str>, &String))| {
        told.is_some_and(|told| !told.eq_ignore_ascii_case(given.trim()))
    };
    if let Some((index, (told, given))) = told.iter().zip(given).enumerate().find(other) {
        return Err(IntakeError::OtherLabel {
            stream,
            channel: index + 1,
            found: told.unwrap_or_default().to_string(),
            expected: given.clone(),
        });
    }
    Ok(given.clone())
}
