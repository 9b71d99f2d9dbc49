//! One bed's watch: frames in, windows out; opinions in, verdicts out. And its memory.
//!
//! No clock, no socket, no thread. What replay does to a file, this does to a stream, with the same
//! parts in the same order, so the same frames give the same verdicts, bit for bit.

use serde::{Deserialize, Serialize};

use super::baseline::Baseline;
use super::intake::{Gap, Intake, IntakeError, StreamRules, Taken};
use crate::alarm::exposure::Exposure;
use crate::detect::{Accumulator, Detector, Opinion, Verdict};
use crate::signal::{ConditionerState, SignalConfig, Window};
use crate::source::live::{LiveLayout, Received};

/// A bed's whole memory: what a restart resumes from, and what would let the bed move to another
/// machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BedState {
    /// The bed.
    pub bed: String,
    /// The patient's id.
    pub patient: String,
    /// When the counts of frames and seconds began, in milliseconds since 1970: numbers of another time
    /// line mean nothing here.
    pub timeline: u64,
    /// What the stream was made of; `None` before the first connection.
    pub stream: Option<StreamState>,
    /// Where the stream's count of frames and the time line's seconds meet.
    pub origin: Origin,
    /// Number of the frame that comes next.
    pub next_frame: u64,
    /// The second that the detector expects next.
    pub next_second: u64,
    /// The accumulator.
    pub accumulator: Accumulator,
    /// Seconds gathered for the patient's own autoencoder.
    pub baseline: Baseline,
    /// Wall clock when `next_frame` was due, in seconds since 1970.
    pub wall_s: f64,
    /// How long the bed was watched since that was logged last. It stands at the end: states of version 1 lack it.
    pub exposure: Exposure,
}

/// A stream and its filters' memory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StreamState {
    layout: LiveLayout,
    conditioner: ConditionerState,
}

/// A frame and the second of the time line in which it lies: the beginning. States of before a time line
/// had one sampling rate alone tell the frame from which on the last one holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Origin {
    frame: u64,
    second: u64,
}

/// What came of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Joined {
    /// Whether the stream is another than before, or the first: its record begins anew.
    pub anew: bool,
    /// Frames that are missing since the stream before.
    pub gap: Option<Gap>,
}

/// The watch over one bed.
pub struct Watch {
    rules: StreamRules,
    signal: SignalConfig,
    detector: Detector,
    timeline: u64,
    /// The detector's settings, with nothing remembered.
    at_rest: Detector,
    layout: Option<LiveLayout>,
    intake: Option<Intake>,
    /// At which rate the frames were counted so far; `None` where none were, or where that is not known.
    rate_hz: Option<f64>,
    origin: Origin,
    next_frame: u64,
    next_second: u64,
    /// What was gathered for the patient's own autoencoder.
    pub baseline: Baseline,
    /// How long the bed was watched since that was logged last.
    pub exposure: Exposure,
}

impl Watch {
    /// A watch that begins, with its frames and seconds counted from 0. `timeline` tells this count from
    /// others of the bed: the moment, in milliseconds since 1970.
    pub fn new(rules: StreamRules, signal: SignalConfig, detector: Detector, timeline: u64) -> Watch {
        Watch {
            rules,
            signal,
            at_rest: detector.clone(),
            detector,
            timeline,
            layout: None,
            intake: None,
            rate_hz: None,
            origin: Origin::default(),
            next_frame: 0,
            next_second: 0,
            baseline: Baseline::default(),
            exposure: Exposure::default(),
        }
    }

    /// The bed's memory after the last verdict. Windows that still wait for theirs must have come back
    /// first.
    pub fn state(&self, bed: &str, patient: &str, wall_s: f64) -> BedState {
        let stream = self.layout.as_ref().zip(self.intake.as_ref()).map(|(layout, intake)| StreamState {
            layout: layout.clone(),
            conditioner: intake.conditioner_state(),
        });
        BedState {
            bed: bed.to_string(),
            patient: patient.to_string(),
            timeline: self.timeline,
            stream,
            origin: self.origin,
            next_frame: self.next_frame,
            next_second: self.next_second,
            accumulator: self.detector.accumulator().clone(),
            baseline: self.baseline.clone(),
            wall_s,
            exposure: self.exposure,
        }
    }

    /// Goes on where a state was taken. Where the stream's part no longer fits (other settings of the
    /// signal), the filters start anew and the rest goes on.
    ///
    /// # Errors
    /// Why the filters start anew, in words.
    pub fn restore(&mut self, state: &BedState) -> Result<(), String> {
        self.timeline = state.timeline;
        self.detector.resume(&state.accumulator);
        (self.origin, self.next_frame, self.next_second) =
            (state.origin, state.next_frame, state.next_second);
        self.baseline = state.baseline.clone();
        self.exposure = state.exposure;
        let Some(stream) = &state.stream else { return Ok(()) };
        self.rate_hz = Some(stream.layout.rate_hz);
        let mut intake = Intake::new(&stream.layout, &self.rules, &self.signal, self.next_frame)
            .map_err(|error| error.to_string())?;
        let restored = intake.restore(&stream.conditioner, self.next_frame);
        self.layout = Some(stream.layout.clone());
        self.intake = Some(intake);
        restored.map_err(|error| error.to_string())
    }

    /// Whether a stream's frames cannot be counted on from those before: they come at another rate. Their
    /// numbers would be taken for others that were judged, recorded and gathered already.
    pub fn counts_otherwise(&self, layout: &LiveLayout) -> bool {
        // One that cannot be watched has no frames to count: what was gathered waits for the next that can.
        self.next_frame > 0
            && self.rate_hz != Some(layout.rate_hz)
            && Intake::new(layout, &self.rules, &self.signal, 0).is_ok()
    }

    /// Begins a new time line: frames and seconds are counted from 0, nothing is gathered yet, and the
    /// accumulator is empty. Windows of the old one must have been judged, and its exposure taken.
    pub fn begin_anew(&mut self, timeline: u64) {
        // A clock that was set back must not lead to a count that there was.
        self.timeline = timeline.max(self.timeline.saturating_add(1));
        self.detector = self.at_rest.clone();
        (self.layout, self.intake, self.rate_hz) = (None, None, None);
        (self.origin, self.next_frame, self.next_second) = (Origin::default(), 0, 0);
        self.baseline = Baseline::default();
        self.exposure = Exposure::default();
    }

    /// A source is connected. `away_s` seconds passed since the last frame; 0 where the stream goes on
    /// without a gap. Where it [counts otherwise](Watch::counts_otherwise), a new time line begins.
    ///
    /// # Errors
    /// [`IntakeError`] where the stream does not suit; the watch then has no stream.
    pub fn join(&mut self, layout: &LiveLayout, away_s: f64) -> Result<Joined, IntakeError> {
        let away_s = if away_s.is_finite() { away_s.max(0.0) } else { 0.0 };
        if self.layout.as_ref() == Some(layout)
            && let Some(intake) = &mut self.intake
        {
            let gap = intake.skip((away_s * layout.rate_hz).round() as u64);
            self.next_frame = intake.next_frame();
            return Ok(Joined { anew: false, gap });
        }
        if self.counts_otherwise(layout) {
            self.begin_anew(self.timeline);
        }
        // Whatever was gathered in the old layout's begun second is gone, and so are its filters.
        self.layout = None;
        self.intake = None;
        let mut intake = Intake::new(layout, &self.rules, &self.signal, self.next_frame)?;
        let gap = intake.skip((away_s * layout.rate_hz).round() as u64);
        self.next_frame = intake.next_frame();
        self.rate_hz = Some(layout.rate_hz);
        self.intake = Some(intake);
        self.layout = Some(layout.clone());
        Ok(Joined { anew: true, gap })
    }

    /// Says that frames are missing before whatever comes next.
    pub fn skip(&mut self, frames: u64) -> Option<Gap> {
        let intake = self.intake.as_mut()?;
        let gap = intake.skip(frames);
        self.next_frame = intake.next_frame();
        gap
    }

    /// Other settings of label and alarm hold from the next second on; the accumulator goes on.
    pub fn set(&mut self, mut detector: Detector) {
        self.at_rest = detector.clone();
        detector.resume(self.detector.accumulator());
        self.detector = detector;
    }

    /// The stream's intake; `None` before the first connection.
    pub fn intake(&self) -> Option<&Intake> {
        self.intake.as_ref()
    }

    /// The stream as it was announced; `None` before the first connection.
    pub fn layout(&self) -> Option<&LiveLayout> {
        self.layout.as_ref()
    }

    /// Which count of frames and seconds this is.
    pub fn timeline(&self) -> u64 {
        self.timeline
    }

    /// Whether an alarm lasts.
    pub fn is_alarming(&self) -> bool {
        self.detector.accumulator().alarming()
    }

    /// Number of the frame that comes next.
    pub fn next_frame(&self) -> u64 {
        self.next_frame
    }

    /// The second that the detector expects next.
    pub fn next_second(&self) -> u64 {
        self.next_second
    }

    /// Takes a message of the source; `None` before the first connection.
    ///
    /// # Errors
    /// [`IntakeError::BrokenFrames`].
    pub fn take(&mut self, received: Received) -> Result<Option<Taken>, IntakeError> {
        let Some(intake) = &mut self.intake else { return Ok(None) };
        let taken = intake.take(received)?;
        self.next_frame = intake.next_frame();
        Ok(Some(taken))
    }

    /// Takes frames that are on record already, from number `first_frame` on: what lies before them and
    /// is not on record is a gap.
    ///
    /// # Errors
    /// [`IntakeError::BrokenFrames`].
    pub fn take_recorded(
        &mut self,
        first_frame: u64,
        microvolts: Vec<f32>,
    ) -> Result<Option<Taken>, IntakeError> {
        self.skip(first_frame.saturating_sub(self.next_frame));
        let Some(intake) = &mut self.intake else { return Ok(None) };
        let taken = intake.take_recorded(microvolts)?;
        self.next_frame = intake.next_frame();
        Ok(Some(taken))
    }

    /// The second of the time line in which a window lies, at the rate that holds now.
    pub fn second_of(&self, window: &Window) -> u64 {
        self.second_at(window.first_sample)
    }

    /// The second of the time line that has come, whether a window is made of it or not.
    pub fn second_now(&self) -> u64 {
        self.second_at(self.next_frame)
    }

    fn second_at(&self, frame: u64) -> u64 {
        let rate_hz = self.layout.as_ref().map_or(1.0, |layout| layout.rate_hz);
        let since = frame.saturating_sub(self.origin.frame);
        // The first sample's time, on whole seconds; never backwards.
        self.origin.second.saturating_add((since as f64 / rate_hz) as u64)
    }

    /// The verdict on the window of a second, in order.
    pub fn judge(&mut self, second: u64, opinion: Option<Opinion>) -> Verdict {
        let second = second.max(self.next_second);
        if second > self.next_second {
            self.detector.gap(second - self.next_second);
        }
        let verdict = self.detector.next(second, opinion);
        self.next_second = second + 1;
        verdict
    }
}
