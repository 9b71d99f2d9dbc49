//! Two clocks against the count of samples: gaps that no protocol counted, clocks that were moved,
//! rates that are not what the stream says.
//!
//! The sample index is the truth. Stamps and arrival times only tell whether it still is.

use std::time::Instant;

/// Beyond this, stamps and count no longer tell of the same signal.
const JUMP_S: f64 = 0.5;

/// Over how long the rate is measured.
const RATE_OVER_S: f64 = 20.0;

/// The share by which a rate may be off: amplifiers' and computers' clocks differ by less than a
/// thousandth, a wrong setting by far more.
const RATE_OFF: f64 = 0.02;

/// What a message's times say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Told {
    /// Nothing out of the ordinary.
    Steady,
    /// So many seconds of signal are missing before this message, though nobody counted them.
    Missing(f64),
    /// A clock was moved by so many seconds; no signal is missing.
    Moved(f64),
}

/// The times of one stream. Seconds since 1970 are this machine's.
#[derive(Debug, Clone, Default)]
pub struct Clocks {
    rate_hz: f64,
    /// Wall clock of a frame, carried along: the frame's number and the time.
    anchor: Option<(u64, f64)>,
    /// Whether the anchor came from stamps.
    stamped: bool,
    last_arrival: Option<Instant>,
    /// Where the measurement of the rate began: the next frame, and the arrival of the one before.
    rate_from: Option<(u64, Instant)>,
    last_off: f64,
    off: Option<f64>,
}

impl Clocks {
    /// A stream that begins, or begins again.
    pub fn new(rate_hz: f64) -> Clocks {
        Clocks { rate_hz, ..Clocks::default() }
    }

    /// Takes a message's times into account: it holds `frames` frames from number `first_frame` on (as
    /// counted so far), `stamp_s` is the first one's device time, `wall_s` the wall clock at its arrival.
    pub fn observe(
        &mut self,
        first_frame: u64,
        frames: u64,
        stamp_s: Option<f64>,
        arrived: Instant,
        wall_s: f64,
    ) -> Told {
        let duration_s = frames as f64 / self.rate_hz;
        // Without stamps, the first frame was taken so long before the last arrived.
        let time_s = stamp_s.filter(|stamp| stamp.is_finite()).unwrap_or(wall_s - duration_s);
        let expected_s = self.wall_of(first_frame);
        let silent_s = self
            .last_arrival
            .map_or(0.0, |last| arrived.saturating_duration_since(last).as_secs_f64() - duration_s);
        self.last_arrival = Some(arrived);
        let stamped = stamp_s.is_some();
        let Some(expected_s) = expected_s.filter(|_| stamped == self.stamped) else {
            (self.anchor, self.stamped) = (Some((first_frame, time_s)), stamped);
            self.measure_anew(first_frame + frames, arrived);
            return Told::Steady;
        };
        let ahead_s = time_s - expected_s;
        if ahead_s.abs() <= JUMP_S || !stamped {
            // Arrival times jitter; stamps hardly do. Both pull the anchor along slowly.
            let pull = if stamped { 0.1 } else { 0.01 };
            self.anchor = Some((first_frame, expected_s + pull * ahead_s));
            self.measure(first_frame + frames, arrived);
            return Told::Steady;
        }
        self.anchor = Some((first_frame, time_s));
        self.measure_anew(first_frame + frames, arrived);
        // A device that gave nothing for as long as its stamps leapt has lost signal; one that went on
        // giving has moved its clock.
        if ahead_s > 0.0 && (silent_s - ahead_s).abs() < JUMP_S.max(0.25 * ahead_s) {
            return Told::Missing(ahead_s);
        }
        Told::Moved(ahead_s)
    }

    /// Frames are missing: those that come next have later numbers.
    pub fn skip(&mut self, frames: u64) {
        if let Some((frame, _)) = &mut self.anchor {
            // The anchor was set to the message's own time, under its old number.
            *frame += frames;
        }
        self.rate_from = None;
    }

    /// Wall clock of a frame, in seconds since 1970; `None` before the first message.
    pub fn wall_of(&self, frame: u64) -> Option<f64> {
        let (anchor, wall_s) = self.anchor?;
        let since = if frame >= anchor { (frame - anchor) as f64 } else { -((anchor - frame) as f64) };
        Some(wall_s + since / self.rate_hz)
    }

    /// By which share the rate is off, where that is too much: 0.1 is a tenth too fast.
    pub fn rate_off(&self) -> Option<f64> {
        self.off
    }

    fn measure_anew(&mut self, next_frame: u64, arrived: Instant) {
        self.rate_from = Some((next_frame, arrived));
    }

    /// Frames that arrived between two arrivals, some twenty seconds apart.
    fn measure(&mut self, next_frame: u64, arrived: Instant) {
        let Some((from, since)) = self.rate_from else {
            self.measure_anew(next_frame, arrived);
            return;
        };
        let elapsed_s = arrived.saturating_duration_since(since).as_secs_f64();
        if elapsed_s < RATE_OVER_S {
            return;
        }
        let found_hz = next_frame.saturating_sub(from) as f64 / elapsed_s;
        let off = found_hz / self.rate_hz - 1.0;
        // A burst after a pause may make one measurement wrong, but not two in the same way.
        let again = off * self.last_off > 0.0 && self.last_off.abs() > RATE_OFF;
        self.off = (off.abs() > RATE_OFF && again).then_some(off);
        self.last_off = off;
        self.measure_anew(next_frame, arrived);
    }
}
