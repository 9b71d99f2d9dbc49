//! A conditioner's memory, written down so that a bed can go on after a restart.
//!
//! Numbers are kept as their bits: a text format would round them, and what goes on must be what
//! would have gone on, to the last bit. Filters and taps are not kept; they follow from the
//! configuration.

use serde::{Deserialize, Serialize};

use super::conditioner::Conditioner;
use super::config::SignalConfig;
use super::error::SignalError;
use super::filter::Frame;
use super::montage::Source;
use crate::eeg::DERIVATIONS;

/// Everything that a [`Conditioner`] remembers of its stream, and what it was made for.
///
/// Rails are not among it: they belong to the amplifier, and the conditioner that takes the state
/// over has its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConditionerState {
    /// The configuration, rate and channels that the numbers belong to, in words.
    made_for: String,
    /// Number of the stretch's first sample.
    stretch_start: u64,
    /// Whole seconds since then.
    seconds: u64,
    /// Which derivations' filters are running.
    running: Vec<bool>,
    /// The begun second: bits of the samples, channel after channel.
    pending: Vec<Vec<u32>>,
    /// Bits of the resampler's memory.
    history: Vec<i64>,
    /// Bits of the filters' memory.
    memory: Vec<i64>,
}

/// Says what a state belongs to: equal words, interchangeable states.
pub(super) fn made_for(
    config: &SignalConfig,
    rate_hz: f64,
    channels: &[usize],
    sources: &[Option<Source>; DERIVATIONS],
) -> String {
    let channel = |place: Option<usize>| place.and_then(|place| channels.get(place));
    let derivations: Vec<String> = sources
        .iter()
        .map(|source| match source.as_ref().map(|source| (channel(source.plus), channel(source.minus))) {
            Some((Some(plus), Some(minus))) => format!("{plus}-{minus}"),
            Some((Some(plus), None)) => format!("{plus}"),
            Some((None, Some(minus))) => format!("-{minus}"),
            _ => "none".to_string(),
        })
        .collect();
    format!("{config:?} from {rate_hz} Hz, derivations of channels {}", derivations.join(" "))
}

impl Conditioner {
    /// What is remembered of the stream so far.
    pub fn state(&self) -> ConditionerState {
        ConditionerState {
            made_for: self.made_for.clone(),
            stretch_start: self.stretch_start,
            seconds: self.seconds,
            running: self.running.to_vec(),
            pending: self
                .pending
                .iter()
                .map(|samples| samples.iter().map(|sample| sample.to_bits()).collect())
                .collect(),
            history: bits(&self.resampler.history),
            memory: bits(self.cascade.memory.as_flattened()),
        }
    }

    /// Goes on where the conditioner that gave `state` was.
    ///
    /// # Errors
    /// [`SignalError::State`] where the state belongs to another configuration, rate or montage,
    /// or is damaged; this conditioner is then as it was.
    pub fn restore(&mut self, state: &ConditionerState) -> Result<(), SignalError> {
        let refuse = |found: String, expected: String| Err(SignalError::State { found, expected });
        if state.made_for != self.made_for {
            return refuse(state.made_for.clone(), self.made_for.clone());
        }
        let Ok(running) = <[bool; DERIVATIONS]>::try_from(state.running.as_slice()) else {
            return refuse(format!("{} derivations", state.running.len()), DERIVATIONS.to_string());
        };
        if running.iter().zip(&self.sources).any(|(running, source)| *running && source.is_none()) {
            return refuse(
                "a running derivation that the recording lacks".to_string(),
                "none such".to_string(),
            );
        }
        // 100,000 years: beyond it the counters could overflow.
        if state.seconds > 1 << 41 {
            return refuse(format!("{} seconds", state.seconds), "less than 2^41".to_string());
        }
        let begun = state.pending.first().map_or(0, Vec::len);
        let second = self.second_length_at(state.seconds);
        let even = state.pending.iter().all(|samples| samples.len() == begun);
        if state.pending.len() != self.pending.len() || !even || begun >= second {
            let found = format!("{} channels of up to {begun} pending samples", state.pending.len());
            return refuse(found, format!("{} channels of less than {second} each", self.pending.len()));
        }
        let history = frames(&state.history, self.resampler.history.len())?;
        let memory = frames(&state.memory, self.cascade.memory.as_flattened().len())?;

        self.stretch_start = state.stretch_start;
        self.seconds = state.seconds;
        self.running = running;
        for (pending, saved) in self.pending.iter_mut().zip(&state.pending) {
            pending.clear();
            pending.extend(saved.iter().map(|bits| f32::from_bits(*bits)));
        }
        self.resampler.history = history;
        self.cascade.memory.as_flattened_mut().copy_from_slice(&memory);
        Ok(())
    }
}

fn bits(frames: &[Frame]) -> Vec<i64> {
    frames.as_flattened().iter().map(|value| value.to_bits().cast_signed()).collect()
}

/// `count` frames from their bits; what is no number, or overflows, would never leave a filter again.
fn frames(bits: &[i64], count: usize) -> Result<Vec<Frame>, SignalError> {
    let values: Vec<f64> = bits.iter().map(|bits| f64::from_bits(bits.cast_unsigned())).collect();
    if values.len() != count * DERIVATIONS || !values.iter().all(|value| value.abs() < 1e15) {
        return Err(SignalError::State {
            found: format!("{} values in a memory", values.len()),
            expected: format!("{}, all of them numbers below 1e15", count * DERIVATIONS),
        });
    }
    let (frames, _) = values.as_chunks::<DERIVATIONS>();
    Ok(frames.to_vec())
}
