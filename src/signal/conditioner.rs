//! From raw channels to windows: derive, resample, notch, band-pass, cut.
//!
//! Samples are gathered until a second of input is complete, then that second goes through every
//! stage at once. A window could not come earlier anyway, faults are judged before their second
//! reaches a filter, and the arithmetic cannot depend on how the samples were pushed.

use super::checkpoint::made_for;
use super::config::SignalConfig;
use super::error::SignalError;
use super::filter::{Cascade, Frame, design};
use super::montage::{Montage, Source};
use super::quality::{Rails, judge, stands_still};
use super::resample::{Rates, Resampler};
use super::window::{Fault, FaultKind, Window};
use crate::eeg::DERIVATIONS;

/// Makes windows of a stream of samples, causally and second by second.
///
/// Each output sample depends only on samples up to its own time. A stretch without a gap may be
/// pushed in pieces of any size: the windows are the same, bit for bit. In a window with a faulty
/// channel its derivations are absent; nothing of such a second reaches a filter, and the
/// derivation starts anew, in steady state, with its next good second.
#[derive(Debug, Clone)]
pub struct Conditioner {
    /// What the memory belongs to, in words.
    pub(super) made_for: String,
    pub(super) sources: [Option<Source>; DERIVATIONS],
    channels: Vec<usize>,
    rails: Vec<Option<Rails>>,
    rates: Rates,
    pub(super) resampler: Resampler,
    pub(super) cascade: Cascade,
    /// The derivations whose filters hold the second before.
    pub(super) running: [bool; DERIVATIONS],
    /// Input of the second that is not complete, channel by channel.
    pub(super) pending: Vec<Vec<f32>>,
    /// Whole seconds since the stretch began.
    pub(super) seconds: u64,
    /// The caller's number of the stretch's first sample.
    pub(super) stretch_start: u64,
    /// The second at work, kept for its allocation.
    frames: Vec<Frame>,
}

impl Conditioner {
    /// Prepares the stages for a recording with this montage and sampling rate.
    ///
    /// # Errors
    /// [`SignalError::RateOutOfRange`] outside 128 to 2048 Hz, [`SignalError::Setting`] for a
    /// configuration that allows no filter or a band that the recording's rate cannot hold.
    pub fn new(config: &SignalConfig, montage: &Montage, rate_hz: f64) -> Result<Conditioner, SignalError> {
        let cascade = Cascade::new(design(config)?);
        let rates = Rates::new(rate_hz, config.rate_hz)?;
        let [low, high] = config.band_hz;
        if high > 0.4 * rate_hz {
            let expected =
                format!("an upper frequency of at most {} Hz for a recording at {rate_hz} Hz", 0.4 * rate_hz);
            return Err(SignalError::Setting {
                setting: "band_hz",
                found: format!("[{low}, {high}]"),
                expected,
            });
        }
        Ok(Conditioner {
            made_for: made_for(config, rate_hz, montage.channels(), montage.sources()),
            sources: *montage.sources(),
            channels: montage.channels().to_vec(),
            rails: vec![None; montage.channels().len()],
            rates,
            resampler: Resampler::new(rates, config.rate_hz),
            cascade,
            running: [false; DERIVATIONS],
            pending: vec![Vec::new(); montage.channels().len()],
            seconds: 0,
            stretch_start: 0,
            frames: Vec::new(),
        })
    }

    /// Tells the ends of the amplifier's range, `(lowest, highest)` in microvolts, for each of
    /// the montage's channels where they are known; without them saturation is not judged.
    ///
    /// # Errors
    /// [`SignalError::Input`] where the number of channels is another or a range is empty.
    pub fn with_rails(mut self, rails_uv: &[Option<(f64, f64)>]) -> Result<Conditioner, SignalError> {
        if rails_uv.len() != self.channels.len() {
            return Err(SignalError::Input {
                found: format!("rails of {} channels", rails_uv.len()),
                expected: format!("{}, one for each channel of the montage", self.channels.len()),
            });
        }
        for (rails, given) in self.rails.iter_mut().zip(rails_uv) {
            *rails = match given {
                None => None,
                Some((low, high)) if low < high && low.is_finite() && high.is_finite() => {
                    Some(Rails::new(*low, *high))
                }
                Some((low, high)) => {
                    return Err(SignalError::Input {
                        found: format!("rails of {low} and {high} uV"),
                        expected: "two rising voltages".to_string(),
                    });
                }
            };
        }
        Ok(self)
    }

    /// Takes samples in microvolts and appends each window that they complete.
    ///
    /// `channels` has one slice for each of [`Montage::channels`], in that order, all of one
    /// length; any length will do.
    ///
    /// # Errors
    /// [`SignalError::Input`] where their number or lengths do not fit; nothing was taken then.
    pub fn push(&mut self, channels: &[&[f32]], windows: &mut Vec<Window>) -> Result<(), SignalError> {
        if channels.len() != self.channels.len() {
            return Err(SignalError::Input {
                found: format!("{} channels", channels.len()),
                expected: format!("{}, those of the montage", self.channels.len()),
            });
        }
        let length = channels.first().map_or(0, |channel| channel.len());
        if let Some(other) = channels.iter().find(|channel| channel.len() != length) {
            return Err(SignalError::Input {
                found: format!("channels of {length} and of {} samples", other.len()),
                expected: "channels of one length".to_string(),
            });
        }
        let mut taken = 0;
        while taken < length {
            let second = self.second_length_at(self.seconds);
            let next = length.min(taken + second - self.pending_length());
            for (pending, channel) in self.pending.iter_mut().zip(channels) {
                pending.extend_from_slice(channel.get(taken..next).unwrap_or_default());
            }
            taken = next;
            if self.pending_length() == second {
                windows.push(self.complete_second());
            }
        }
        Ok(())
    }

    /// Forgets everything that came before: the partial second is dropped and every filter starts
    /// anew with the next sample, whose number is `next_sample`.
    ///
    /// The numbers are the caller's (samples since the recording's start, say); they come back as
    /// [`Window::first_sample`]. [`Window::second`] starts again at 0.
    pub fn gap(&mut self, next_sample: u64) {
        self.pending.iter_mut().for_each(Vec::clear);
        self.running = [false; DERIVATIONS];
        self.seconds = 0;
        self.stretch_start = next_sample;
    }

    /// Seconds by which resampling delays the signal at all frequencies: 0 at equal rates.
    ///
    /// The content of a window is that much older than [`Window::first_sample`] says: 0.053 s from
    /// 256 Hz and above, up to 0.109 s from 128 Hz. The filters add their own delay, which depends
    /// on the frequency: 0.02 s at 10 to 30 Hz, 0.03 s at 5 Hz, 0.06 s at 3 Hz, 0.6 s at 1 Hz with
    /// the default band.
    pub fn delay_s(&self) -> f64 {
        self.resampler.delay_s()
    }

    /// Input samples in second `second` of a stretch; always the same for whole rates.
    pub fn second_length_at(&self, second: u64) -> usize {
        (self.rates.samples_before(second + 1) - self.rates.samples_before(second)) as usize
    }

    fn pending_length(&self) -> usize {
        self.pending.first().map_or(0, Vec::len)
    }

    /// Turns the pending samples, which are a whole second, into a window.
    fn complete_second(&mut self) -> Window {
        let faults = self.derive();
        self.restart(&faults);
        self.resampler.resample(self.seconds, &mut self.frames);
        self.cascade.filter(&mut self.frames);

        let present: [bool; DERIVATIONS] =
            std::array::from_fn(|index| self.sources[index].is_some() && faults[index].is_none());
        let mut samples = vec![0.0; DERIVATIONS * self.frames.len()];
        let rows = samples.chunks_exact_mut(self.frames.len().max(1));
        for (index, (row, present)) in rows.zip(present).enumerate() {
            if present {
                for (sample, frame) in row.iter_mut().zip(&self.frames) {
                    *sample = frame[index] as f32;
                }
            }
        }
        let first_sample = self.stretch_start.saturating_add(self.rates.samples_before(self.seconds));
        let window = Window { second: self.seconds, first_sample, samples, present, faults };
        self.pending.iter_mut().for_each(Vec::clear);
        self.running = present;
        self.seconds += 1;
        window
    }

    /// Fills `frames` with the derivations at the input's rate; absent ones are 0.
    fn derive(&mut self) -> [Option<Fault>; DERIVATIONS] {
        let states: Vec<Option<Fault>> = self
            .pending
            .iter()
            .zip(&self.rails)
            .zip(&self.channels)
            .map(|((samples, rails), &channel)| judge(samples, *rails).map(|kind| Fault { kind, channel }))
            .collect();
        self.frames.clear();
        self.frames.resize(self.pending_length(), [0.0; DERIVATIONS]);
        let mut faults = [None; DERIVATIONS];
        for (index, (source, fault)) in self.sources.iter().zip(&mut faults).enumerate() {
            let Some(source) = source else { continue };
            let of = |place: Option<usize>| place.and_then(|place| states.get(place).copied().flatten());
            *fault = [of(source.plus), of(source.minus)].into_iter().flatten().min_by_key(|fault| fault.kind);
            if fault.is_some() {
                continue;
            }
            let samples = |place: Option<usize>| place.and_then(|place| self.pending.get(place));
            match (samples(source.plus), samples(source.minus)) {
                (Some(plus), Some(minus)) => {
                    for ((frame, plus), minus) in self.frames.iter_mut().zip(plus).zip(minus) {
                        frame[index] = f64::from(*plus) - f64::from(*minus);
                    }
                }
                (Some(plus), None) => {
                    for (frame, plus) in self.frames.iter_mut().zip(plus) {
                        frame[index] = f64::from(*plus);
                    }
                }
                (None, Some(minus)) => {
                    for (frame, minus) in self.frames.iter_mut().zip(minus) {
                        frame[index] = -f64::from(*minus);
                    }
                }
                (None, None) => {}
            }
            // Two channels that carry the very same signal, as inputs that are joined do.
            let (Some(plus), Some(_)) = (source.plus, source.minus) else { continue };
            if stands_still(self.frames.iter().map(|frame| frame[index])) {
                let channel = self.channels.get(plus).copied().unwrap_or_default();
                *fault = Some(Fault { kind: FaultKind::Flat, channel });
                self.frames.iter_mut().for_each(|frame| frame[index] = 0.0);
            }
        }
        faults
    }

    /// Starts the derivations that were absent in the second before, and stills those that are
    /// absent in this one.
    fn restart(&mut self, faults: &[Option<Fault>; DERIVATIONS]) {
        let Some(first) = self.frames.first().copied() else { return };
        for (index, value) in first.into_iter().enumerate() {
            if !self.running[index] || faults[index].is_some() {
                self.resampler.restart(index, value);
                self.cascade.restart(index, value);
            }
        }
    }
}
