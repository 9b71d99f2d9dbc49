//! Stamps and arrivals against the count of samples: what is missing, what was moved, what is too fast.

use std::time::{Duration, Instant};

use vigil::ward::{Clocks, Told};

const RATE: f64 = 256.0;

/// A stream of messages of 32 samples.
struct Stream {
    clocks: Clocks,
    frame: u64,
    arrived: Instant,
    stamp_s: f64,
    wall_s: f64,
}

impl Stream {
    fn new() -> Stream {
        let (stamp_s, wall_s) = (1_000.0, 1_000.1);
        Stream { clocks: Clocks::new(RATE), frame: 0, arrived: Instant::now(), stamp_s, wall_s }
    }

    fn message(&mut self, stamped: bool) -> Told {
        let stamp_s = stamped.then_some(self.stamp_s);
        let told = self.clocks.observe(self.frame, 32, stamp_s, self.arrived, self.wall_s);
        self.frame += 32;
        self.pass(32.0 / RATE, 32.0 / RATE);
        told
    }

    fn pass(&mut self, stamps_s: f64, really_s: f64) {
        self.stamp_s += stamps_s;
        self.wall_s += really_s;
        let step = Duration::from_secs_f64(really_s.abs());
        self.arrived = if really_s < 0.0 { self.arrived - step } else { self.arrived + step };
    }
}

#[test]
fn a_steady_stream_is_steady_with_stamps_and_without() {
    for stamped in [true, false] {
        let mut stream = Stream::new();
        for _ in 0..2000 {
            assert_eq!(stream.message(stamped), Told::Steady);
        }
        assert_eq!(stream.clocks.rate_off(), None);
    }
}

#[test]
fn stamps_that_leap_while_nothing_arrives_mean_lost_samples() {
    let mut stream = Stream::new();
    for _ in 0..100 {
        stream.message(true);
    }
    stream.pass(3.0, 3.0);
    let Told::Missing(seconds) = stream.message(true) else { panic!("nothing is missing") };
    assert!((seconds - 3.0).abs() < 0.01, "{seconds}");
    stream.clocks.skip(768);
    stream.frame += 768;
    assert_eq!(stream.message(true), Told::Steady);
}

#[test]
fn stamps_that_leap_while_samples_flow_mean_a_moved_clock() {
    for leap in [3600.0, -3600.0, 2.0] {
        let mut stream = Stream::new();
        for _ in 0..100 {
            stream.message(true);
        }
        stream.pass(leap, 0.0);
        let Told::Moved(seconds) = stream.message(true) else { panic!("no clock was moved") };
        assert!((seconds - leap).abs() < 0.01, "{seconds}");
        assert_eq!(stream.message(true), Told::Steady);
    }
}

#[test]
fn a_burst_after_a_pause_of_the_network_is_neither() {
    let mut stream = Stream::new();
    for _ in 0..100 {
        stream.message(true);
    }
    // Nothing arrives for two seconds, then everything at once: the stamps go on evenly.
    stream.pass(0.0, 2.0);
    for _ in 0..16 {
        assert_eq!(stream.message(true), Told::Steady);
        stream.pass(0.0, -32.0 / RATE + 1e-4);
    }
    assert_eq!(stream.clocks.rate_off(), None);
}

impl Stream {
    fn at_rate(&mut self, share: f64, seconds: f64) {
        let end = self.arrived + Duration::from_secs_f64(seconds);
        while self.arrived < end {
            self.message(false);
            self.pass(0.0, 32.0 / RATE * (1.0 / share - 1.0));
        }
    }
}

#[test]
fn a_wrong_rate_is_found_within_a_minute_and_forgotten_when_it_is_right_again() {
    let mut stream = Stream::new();
    stream.at_rate(0.9, 60.0);
    let off = stream.clocks.rate_off().unwrap();
    assert!((off + 0.1).abs() < 0.01, "{off}");
    stream.at_rate(1.0, 45.0);
    assert_eq!(stream.clocks.rate_off(), None);
}

impl Stream {
    /// A chunk with a right stamp that the device took as long for as it says; what is told missing is skipped.
    fn chunk(&mut self, frames: u64, really_s: f64) -> Told {
        let told = self.clocks.observe(self.frame, frames, Some(self.stamp_s), self.arrived, self.wall_s);
        self.frame += frames;
        self.pass(really_s, really_s);
        self.skip_what_is_missing(told);
        told
    }

    fn skip_what_is_missing(&mut self, told: Told) {
        if let Told::Missing(seconds) = told {
            let frames = (seconds * RATE).round() as u64;
            self.clocks.skip(frames);
            self.frame += frames;
        }
    }
}

#[test]
fn a_wrong_rate_is_found_whatever_the_stamps_say_and_in_chunks_of_any_size() {
    for (found_hz, frames) in
        [(512.0, 32), (512.0, 256), (230.0, 32), (230.0, 256), (230.0, 1024), (128.0, 256)]
    {
        let mut stream = Stream::new();
        let really_s = frames as f64 / found_hz;
        let mut passed_s = 0.0;
        while passed_s < 65.0 {
            stream.chunk(frames, really_s);
            passed_s += really_s;
        }
        let off = stream.clocks.rate_off();
        let expected = found_hz / RATE - 1.0;
        assert!(
            off.is_some_and(|off| (off - expected).abs() < 0.01),
            "{found_hz} Hz, {frames} at once: {off:?}"
        );
    }
}

#[test]
fn a_clock_that_is_moved_now_and_then_is_no_wrong_rate() {
    for leap in [3600.0, -3600.0, 0.7, -0.7] {
        let mut stream = Stream::new();
        for _ in 0..10 {
            for _ in 0..80 {
                assert_eq!(stream.message(true), Told::Steady);
            }
            stream.pass(leap, 0.0);
            assert!(matches!(stream.message(true), Told::Moved(_)));
            assert_eq!(stream.clocks.rate_off(), None);
        }
    }
}

#[test]
fn samples_that_are_lost_now_and_then_are_no_wrong_rate() {
    let mut stream = Stream::new();
    for _ in 0..10 {
        for _ in 0..96 {
            assert_eq!(stream.message(true), Told::Steady);
        }
        stream.pass(3.0, 3.0);
        let told = stream.message(true);
        assert!(matches!(told, Told::Missing(_)), "{told:?}");
        stream.skip_what_is_missing(told);
        assert_eq!(stream.clocks.rate_off(), None);
    }
}

#[test]
fn what_a_stall_lost_is_missing_though_what_was_buffered_arrives_before_the_leap() {
    let mut stream = Stream::new();
    for _ in 0..100 {
        stream.message(true);
    }
    // Nobody reads for 25 seconds. Five seconds of signal were on their way and go on evenly, ...
    stream.pass(0.0, 25.0);
    for _ in 0..40 {
        assert_eq!(stream.message(true), Told::Steady);
        stream.pass(0.0, -32.0 / RATE + 1e-4);
    }
    // ... then comes what the sender still had.
    stream.pass(19.0, 0.0);
    let told = stream.message(true);
    let Told::Missing(seconds) = told else { panic!("{told:?}: nothing is missing") };
    assert!((seconds - 19.0).abs() < 0.1, "{seconds}");
    stream.skip_what_is_missing(told);
    for _ in 0..8 {
        stream.pass(0.0, -32.0 / RATE + 1e-4);
        assert_eq!(stream.message(true), Told::Steady);
    }
    for _ in 0..800 {
        assert_eq!(stream.message(true), Told::Steady);
        assert_eq!(stream.clocks.rate_off(), None);
    }
}

#[test]
fn a_clock_that_is_moved_long_after_a_pause_is_told_as_moved() {
    let mut stream = Stream::new();
    for _ in 0..100 {
        stream.message(true);
    }
    // The device itself stood still, and its clock with it.
    stream.pass(0.0, 3.0);
    for _ in 0..160 {
        assert_eq!(stream.message(true), Told::Steady);
    }
    stream.pass(3.0, 0.0);
    assert!(matches!(stream.message(true), Told::Moved(_)));
}
