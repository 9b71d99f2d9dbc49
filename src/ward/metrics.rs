//! What the daemon counts, for Prometheus.
//!
//! Names follow one rule: `vigil_<what>_<unit>`, with `_total` on what only grows; what belongs to a bed
//! carries the label `bed`. No name tells of a patient.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::alarm_metrics::{ChannelMetrics, RateMetrics};
use crate::alarm::TechnicalKind;
use crate::alarm::rate::Rate;

/// Upper ends of the latency histogram's buckets, in seconds; the last finite one is what counts as
/// far behind.
const LATENCIES_S: [f64; 12] = [0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 2.0, 10.0];

/// A bed's label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct BedLabel {
    /// The bed's name.
    pub bed: String,
}

/// A bed's technical alarm.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TechnicalLabel {
    /// The bed's name; empty for the ward's own.
    pub bed: String,
    /// The alarm's name.
    pub kind: String,
}

type FloatGauge = Gauge<f64, AtomicU64>;

/// Every metric of the daemon.
pub struct Metrics {
    registry: Registry,
    /// Frames that arrived.
    pub frames: Family<BedLabel, Counter>,
    /// Frames that are known to be lost.
    pub lost_frames: Family<BedLabel, Counter>,
    /// Seconds with a verdict.
    pub verdicts: Family<BedLabel, Counter>,
    /// Seconds that could not be judged.
    pub unjudged: Family<BedLabel, Counter>,
    /// Seizure alarms.
    pub alarms: Family<BedLabel, Counter>,
    /// Connections made.
    pub connections: Family<BedLabel, Counter>,
    /// From a window's last sample received to its verdict.
    pub latency: Family<BedLabel, Histogram, fn() -> Histogram>,
    judge_seconds: Histogram,
    /// The accumulator.
    pub accumulator: Family<BedLabel, FloatGauge>,
    /// Seconds since the last frame.
    pub silence_s: Family<BedLabel, FloatGauge>,
    /// Seconds of signal whose verdict is still out.
    pub backlog_s: Family<BedLabel, FloatGauge>,
    /// Whether a technical alarm is raised.
    pub technical: Family<TechnicalLabel, Gauge>,
    /// Beds configured.
    pub beds: Gauge,
    /// Windows that wait for the inference thread.
    pub inference_waiting: Gauge,
    /// Bytes free where the record lies.
    pub disk_free_bytes: FloatGauge,
    /// Seconds of record that were given up.
    pub record_dropped: Counter,
    channels: ChannelMetrics,
    rates: RateMetrics,
}

impl Metrics {
    /// All metrics at 0.
    pub fn new() -> Metrics {
        let mut metrics = Metrics {
            registry: Registry::default(),
            frames: Family::default(),
            lost_frames: Family::default(),
            verdicts: Family::default(),
            unjudged: Family::default(),
            alarms: Family::default(),
            connections: Family::default(),
            latency: Family::new_with_constructor(latency_histogram),
            judge_seconds: Histogram::new(LATENCIES_S),
            accumulator: Family::default(),
            silence_s: Family::default(),
            backlog_s: Family::default(),
            technical: Family::default(),
            beds: Gauge::default(),
            inference_waiting: Gauge::default(),
            disk_free_bytes: FloatGauge::default(),
            record_dropped: Counter::default(),
            channels: ChannelMetrics::default(),
            rates: RateMetrics::default(),
        };
        metrics.register();
        metrics
    }

    fn register(&mut self) {
        let r = &mut self.registry;
        // Counters get their `_total` when they are written out.
        r.register("vigil_frames", "Frames received", self.frames.clone());
        r.register("vigil_lost_frames", "Frames known to be lost", self.lost_frames.clone());
        r.register("vigil_verdicts", "Seconds with a verdict", self.verdicts.clone());
        r.register("vigil_unjudged_seconds", "Seconds that could not be judged", self.unjudged.clone());
        r.register("vigil_seizure_alarms", "Seizure alarms raised", self.alarms.clone());
        r.register("vigil_connections", "Connections made to the source", self.connections.clone());
        r.register(
            "vigil_verdict_latency_seconds",
            "From a window's last sample received to its verdict",
            self.latency.clone(),
        );
        r.register("vigil_judge_seconds", "What the networks take for a window", self.judge_seconds.clone());
        r.register("vigil_accumulator_value", "The accumulator", self.accumulator.clone());
        r.register("vigil_silence_seconds", "Seconds since the last frame", self.silence_s.clone());
        r.register(
            "vigil_backlog_seconds",
            "Seconds of signal without a verdict yet",
            self.backlog_s.clone(),
        );
        r.register("vigil_technical_alarm_raised", "1 while the alarm is raised", self.technical.clone());
        r.register("vigil_beds_count", "Beds configured", self.beds.clone());
        r.register("vigil_inference_waiting_count", "Windows that wait", self.inference_waiting.clone());
        r.register("vigil_record_free_bytes", "Bytes free for the record", self.disk_free_bytes.clone());
        r.register(
            "vigil_record_dropped_seconds",
            "Seconds of a bed's record given up",
            self.record_dropped.clone(),
        );
        self.channels.register(r);
        self.rates.register(r);
    }

    /// A channel takes messages, or does not.
    pub fn channel_up(&self, channel: &str, up: bool) {
        self.channels.up(channel, up);
    }

    /// Messages that wait for a channel.
    pub fn waiting(&self, channel: &str, messages: usize) {
        self.channels.waiting(channel, messages);
    }

    /// A message was taken.
    pub fn sent(&self, channel: &str) {
        self.channels.sent(channel);
    }

    /// The other end has refused a message.
    pub fn refused(&self, channel: &str) {
        self.channels.refused(channel);
    }

    /// An attempt has failed.
    pub fn failed(&self, channel: &str) {
        self.channels.failed(channel);
    }

    /// The rates as the log tells them now.
    pub fn set_rates<'r>(&self, rates: impl Iterator<Item = &'r Rate>) {
        self.rates.set(rates);
    }

    /// What the networks took for a window.
    pub fn judged(&self, seconds: f64) {
        self.judge_seconds.observe(seconds);
    }

    /// A technical alarm was raised or cleared.
    pub fn technical(&self, bed: &str, kind: TechnicalKind, raised: bool) {
        let label = TechnicalLabel { bed: bed.to_string(), kind: kind.name().to_string() };
        self.technical.get_or_create(&label).set(raised.into());
    }

    /// A bed is gone, and its metrics with it.
    pub fn forget(&self, bed: &str) {
        let label = BedLabel { bed: bed.to_string() };
        for counters in
            [&self.frames, &self.lost_frames, &self.verdicts, &self.unjudged, &self.alarms, &self.connections]
        {
            counters.remove(&label);
        }
        self.latency.remove(&label);
        for gauges in [&self.accumulator, &self.silence_s, &self.backlog_s] {
            gauges.remove(&label);
        }
        for kind in TechnicalKind::ALL {
            self.technical.remove(&TechnicalLabel { bed: bed.to_string(), kind: kind.name().to_string() });
        }
    }

    /// The metrics as Prometheus reads them.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry);
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Metrics::new()
    }
}

fn latency_histogram() -> Histogram {
    Histogram::new(LATENCIES_S)
}
