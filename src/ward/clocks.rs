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

/// An arrival that is so much later than its samples take is a pause.
const PAUSE_S: f64 = 0.25;

/// For so long after a pause it may still explain a leap: what was buffered before it arrives first.
const PAUSE_KEPT_S: f64 = 10.0;

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
    /// Seconds for which nothing came and that no burst has made up for.
    paused_s: f64,
    pause_ended: Option<Instant>,
    measured: Option<Measured>,
    last_off: f64,
    off: Option<f64>,
}

/// A measurement of the rate under way, by arrivals alone: no stamp and no leap of one ends it.
#[derive(Debug, Clone, Copy)]
struct Measured {
    /// The next frame when it began. Frames that are skipped later move it along: they did not arrive.
    from: u64,
    since: Instant,
    messages: u32,
    /// Of the messages, those with samples missing before them.
    after_loss: u32,
    /// How long these losses were.
    missing_s: f64,
}

impl Measured {
    fn begin(next_frame: u64, arrived: Instant) -> Measured {
        Measured { from: next_frame, since: arrived, messages: 0, after_loss: 0, missing_s: 0.0 }
    }
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
        self.pause(arrived, duration_s);
        let stamped = stamp_s.is_some();
        let told = match expected_s.filter(|_| stamped == self.stamped) {
            None => {
                (self.anchor, self.stamped) = (Some((first_frame, time_s)), stamped);
                Told::Steady
            }
            Some(expected_s) => self.compare(first_frame, time_s, expected_s),
        };
        self.measure(first_frame + frames, arrived, told);
        told
    }

    /// A message's time against the one at which it was expected.
    fn compare(&mut self, first_frame: u64, time_s: f64, expected_s: f64) -> Told {
        let ahead_s = time_s - expected_s;
        if ahead_s.abs() <= JUMP_S || !self.stamped {
            // Arrival times jitter; stamps hardly do. Both pull the anchor along slowly.
            let pull = if self.stamped { 0.1 } else { 0.01 };
            self.anchor = Some((first_frame, expected_s + pull * ahead_s));
            return Told::Steady;
        }
        self.anchor = Some((first_frame, time_s));
        // A device that gave nothing for as long as its stamps leapt has lost signal; one that went on
        // giving has moved its clock, or has another rate than it says.
        if ahead_s > 0.0 && self.paused_s > ahead_s - JUMP_S.max(0.25 * ahead_s) {
            self.paused_s = (self.paused_s - ahead_s).max(0.0);
            return Told::Missing(ahead_s);
        }
        Told::Moved(ahead_s)
    }

    /// Adds up for how long nothing came. What comes in a burst afterwards was late and is not missing.
    fn pause(&mut self, arrived: Instant, duration_s: f64) {
        let Some(last) = self.last_arrival.replace(arrived) else { return };
        let late_s = arrived.saturating_duration_since(last).as_secs_f64() - duration_s;
        let since = |ended: Instant| last.saturating_duration_since(ended).as_secs_f64();
        if self.pause_ended.is_none_or(|ended| since(ended) >= PAUSE_KEPT_S) {
            self.paused_s = 0.0;
        }
        if late_s > PAUSE_S {
            self.paused_s += late_s;
            self.pause_ended = Some(arrived);
        } else {
            self.paused_s = (self.paused_s + late_s.min(0.0)).max(0.0);
        }
    }

    /// Frames are missing: those that come next have later numbers.
    pub fn skip(&mut self, frames: u64) {
        if let Some((frame, _)) = &mut self.anchor {
            // The anchor was set to the message's own time, under its old number.
            *frame += frames;
        }
        if let Some(measured) = &mut self.measured {
            measured.from += frames;
        }
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

    /// Frames that arrived between two arrivals, some twenty seconds apart.
    fn measure(&mut self, next_frame: u64, arrived: Instant, told: Told) {
        let Some(measured) = &mut self.measured else {
            self.measured = Some(Measured::begin(next_frame, arrived));
            return;
        };
        measured.messages += 1;
        if let Told::Missing(seconds) = told {
            measured.after_loss += 1;
            measured.missing_s += seconds;
        }
        let passed_s = arrived.saturating_duration_since(measured.since).as_secs_f64();
        if passed_s < RATE_OVER_S {
            return;
        }
        // Losses here and there are no slow rate; where every few messages one seems to be, it is one.
        let losses = 4 * measured.after_loss < measured.messages;
        let elapsed_s = if losses { passed_s - measured.missing_s } else { passed_s };
        let found_hz = next_frame.saturating_sub(measured.from) as f64 / elapsed_s;
        self.measured = Some(Measured::begin(next_frame, arrived));
        if elapsed_s < 0.5 * RATE_OVER_S {
            // Hardly anything arrived: this says nothing of the rate.
            self.last_off = 0.0;
            return;
        }
        let off = found_hz / self.rate_hz - 1.0;
        // A burst after a pause may make one measurement wrong, but not two in the same way.
        let again = off * self.last_off > 0.0 && self.last_off.abs() > RATE_OFF;
        self.off = (off.abs() > RATE_OFF && again).then_some(off);
        self.last_off = off;
    }
}
