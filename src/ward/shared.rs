//! What all beds share: the ways to the threads, the board, the metrics, the clock.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;
use tokio::sync::mpsc;

use super::alarms::{Desk, Work};
use super::inference::Inference;
use super::lifecycle::FitRequest;
use super::metrics::{BedLabel, Metrics};
use super::scribe::Scribe;
use super::status::Board;
use crate::alarm::Transition;
use crate::record::Recorder;

/// A leap of the wall clock that is told.
const LEAP_S: f64 = 1.0;

/// Seconds for which a leap is shown.
const LEAP_SHOWN_S: f64 = 5.0;

/// Everything that beds share.
pub struct Shared {
    /// Folder of the daemon's memory.
    pub state: PathBuf,
    /// Folder of the record.
    pub record_folder: PathBuf,
    /// The networks' thread.
    pub inference: Inference,
    /// The thread of the log of alarms, and the channels.
    pub desk: Desk,
    /// The thread of states.
    pub scribe: Scribe,
    /// The thread of the record.
    pub recorder: Recorder,
    /// Where a bed asks for an autoencoder of its patient's own.
    pub fits: mpsc::Sender<FitRequest>,
    /// Every bed as it is.
    pub board: Board,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// From last sample to verdict, of all beds.
    pub latencies: Latencies,
    clock: WallClock,
}

/// The ways to the threads.
pub struct Ways {
    /// The networks' thread.
    pub inference: Inference,
    /// The thread of the log of alarms.
    pub desk: Desk,
    /// The thread of states.
    pub scribe: Scribe,
    /// The thread of the record.
    pub recorder: Recorder,
}

impl Shared {
    /// Puts the ways together; the clock starts.
    pub fn new(
        state: PathBuf,
        record_folder: PathBuf,
        ways: Ways,
        fits: mpsc::Sender<FitRequest>,
        metrics: Arc<Metrics>,
    ) -> Arc<Shared> {
        let Ways { inference, desk, scribe, recorder } = ways;
        Arc::new(Shared {
            state,
            record_folder,
            inference,
            desk,
            scribe,
            recorder,
            fits,
            board: Board::default(),
            metrics,
            latencies: Latencies::new(),
            clock: WallClock::start(),
        })
    }

    /// A bed's label.
    pub fn label(&self, bed: &str) -> BedLabel {
        BedLabel { bed: bed.to_string() }
    }

    /// Seconds since the daemon started, by a clock that only goes forward.
    pub fn since_start_s(&self) -> f64 {
        self.clock.started.elapsed().as_secs_f64()
    }

    /// Seconds since 1970.
    pub fn unix_now(&self) -> f64 {
        self.clock.unix_at(Instant::now())
    }

    /// Seconds since 1970 at a moment not long ago.
    pub fn unix_at(&self, at: Instant) -> f64 {
        self.clock.unix_at(at)
    }

    /// Looks whether the wall clock was moved; to be called every second.
    pub fn watch_clock(&self) {
        self.clock.look();
    }

    /// By how much the wall clock was moved in the last seconds.
    pub fn clock_moved(&self) -> Option<f64> {
        self.clock.moved()
    }

    /// A time as logs write it.
    pub fn time_text(&self, unix_s: f64) -> String {
        time_text(unix_s)
    }

    /// How long to wait for a bed's slot of the second: beds spread over the second, so that their
    /// windows fall due one after the other.
    pub fn until_slot(&self, slot: f64) -> Duration {
        let phase = self.since_start_s().fract();
        Duration::from_secs_f64((slot - phase).rem_euclid(1.0))
    }

    /// A technical alarm was raised or cleared: logged, counted, shown. `bed` is empty for the ward's
    /// own.
    pub fn technical(&self, bed: &str, patient: &str, transition: Transition) {
        let Transition { kind, raised, detail } = transition.clone();
        self.metrics.technical(bed, kind, raised);
        if !bed.is_empty() {
            self.board.update(bed, |status| {
                if raised {
                    status.technical.insert(kind, detail.clone());
                } else {
                    status.technical.remove(&kind);
                }
            });
        }
        let (bed, patient) = (bed.to_string(), patient.to_string());
        self.desk.tell(Work::Technical { of: bed.clone(), bed, patient, transition });
    }
}

/// A time as logs write it: RFC 3339 in UTC, with milliseconds.
pub fn time_text(unix_s: f64) -> String {
    jiff::Timestamp::from_millisecond((unix_s * 1e3) as i64)
        .map_or_else(|_| "unknown".to_string(), |at| at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
}

/// The wall clock, by which stamps and files are named, beside one that only goes forward.
struct WallClock {
    started: Instant,
    /// Microseconds since 1970 at the start, as the wall clock said last.
    start_us: AtomicI64,
    leap: Mutex<Option<(f64, Instant)>>,
}

impl WallClock {
    fn start() -> WallClock {
        let clock =
            WallClock { started: Instant::now(), start_us: AtomicI64::new(0), leap: Mutex::new(None) };
        clock.start_us.store(clock.start_now_us(), Ordering::Relaxed);
        clock
    }

    /// When the daemon started, as the wall clock says now.
    fn start_now_us(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        now.as_micros() as i64 - self.started.elapsed().as_micros() as i64
    }

    fn unix_at(&self, at: Instant) -> f64 {
        let start_s = self.start_us.load(Ordering::Relaxed) as f64 / 1e6;
        start_s + at.saturating_duration_since(self.started).as_secs_f64()
    }

    fn look(&self) {
        let now_us = self.start_now_us();
        let moved_s = (now_us - self.start_us.swap(now_us, Ordering::Relaxed)) as f64 / 1e6;
        if moved_s.abs() >= LEAP_S {
            *self.leap.lock().unwrap_or_else(PoisonError::into_inner) = Some((moved_s, Instant::now()));
        }
    }

    fn moved(&self) -> Option<f64> {
        let leap = *self.leap.lock().unwrap_or_else(PoisonError::into_inner);
        leap.filter(|(_, at)| at.elapsed().as_secs_f64() < LEAP_SHOWN_S).map(|(moved, _)| moved)
    }
}

/// Latencies of all beds, with three digits kept.
pub struct Latencies {
    histogram: Mutex<Option<Histogram<u64>>>,
}

impl Latencies {
    fn new() -> Latencies {
        // Microseconds up to an hour; what is longer counts as an hour.
        Latencies { histogram: Mutex::new(Histogram::new_with_bounds(1, 3_600_000_000, 3).ok()) }
    }

    /// Takes one.
    pub fn record(&self, latency: Duration) {
        if let Some(histogram) = &mut *self.histogram.lock().unwrap_or_else(PoisonError::into_inner) {
            histogram.saturating_record((latency.as_micros() as u64).max(1));
        }
    }

    /// How many there were, and the milliseconds below which these shares of them lie.
    pub fn quantiles_ms(&self, shares: &[f64]) -> (u64, Vec<f64>) {
        let histogram = self.histogram.lock().unwrap_or_else(PoisonError::into_inner);
        histogram.as_ref().map_or((0, Vec::new()), |histogram| {
            let at = |share: &f64| histogram.value_at_quantile(*share) as f64 / 1e3;
            (histogram.len(), shares.iter().map(at).collect())
        })
    }
}
