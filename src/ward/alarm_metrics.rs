//! What the daemon counts of channels, and the rates that come out of the log of alarms.
//!
//! Rates carry the labels `bed` and `detector` (the first letters of its digest): another network or threshold is
//! another detector, and none of them is pooled with another.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use crate::alarm::rate::Rate;

type FloatGauge = Gauge<f64, AtomicU64>;

/// A channel's label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ChannelLabel {
    channel: String,
}

/// Whose rate it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RateLabel {
    bed: String,
    detector: String,
}

/// The same, of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RateKindLabel {
    bed: String,
    detector: String,
    kind: String,
}

/// What is counted of channels.
#[derive(Debug, Default)]
pub struct ChannelMetrics {
    up: Family<ChannelLabel, Gauge>,
    waiting: Family<ChannelLabel, Gauge>,
    sent: Family<ChannelLabel, Counter>,
    failed: Family<ChannelLabel, Counter>,
    refused: Family<ChannelLabel, Counter>,
}

impl ChannelMetrics {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register("vigil_channel_up", "1 while the channel takes messages", self.up.clone());
        r.register("vigil_channel_waiting_count", "Messages that wait for the channel", self.waiting.clone());
        r.register("vigil_channel_sent_messages", "Messages that the other end has taken", self.sent.clone());
        r.register("vigil_channel_failed_attempts", "Attempts that failed", self.failed.clone());
        r.register(
            "vigil_channel_refused_attempts",
            "Of them, answered by the other end with a refusal of the message",
            self.refused.clone(),
        );
    }

    pub(super) fn up(&self, channel: &str, up: bool) {
        self.up.get_or_create(&label(channel)).set(up.into());
    }

    pub(super) fn waiting(&self, channel: &str, messages: usize) {
        self.waiting.get_or_create(&label(channel)).set(messages as i64);
    }

    pub(super) fn sent(&self, channel: &str) {
        self.sent.get_or_create(&label(channel)).inc();
    }

    pub(super) fn refused(&self, channel: &str) {
        self.refused.get_or_create(&label(channel)).inc();
    }

    pub(super) fn failed(&self, channel: &str) {
        self.failed.get_or_create(&label(channel)).inc();
    }
}

fn label(channel: &str) -> ChannelLabel {
    ChannelLabel { channel: channel.to_string() }
}

/// The rates of the last thirty days.
#[derive(Debug, Default)]
pub struct RateMetrics {
    monitored_h: Family<RateLabel, FloatGauge>,
    excluded_h: Family<RateKindLabel, FloatGauge>,
    alarms: Family<RateKindLabel, Gauge>,
    false_per_h: Family<RateKindLabel, FloatGauge>,
}

impl RateMetrics {
    pub(super) fn register(&self, r: &mut Registry) {
        r.register(
            "vigil_monitored_hours",
            "Hours of the last 30 days in which the bed was watched as it should be",
            self.monitored_h.clone(),
        );
        r.register("vigil_excluded_hours", "Hours that do not count, by reason", self.excluded_h.clone());
        r.register(
            "vigil_reviewed_alarms_count",
            "Seizure alarms in monitored hours of the last 30 days, by what a reviewer took them for",
            self.alarms.clone(),
        );
        r.register(
            "vigil_false_alarms_per_hour",
            "Alarms judged false in a monitored hour: estimate, and lower and upper end of its 95 % interval",
            self.false_per_h.clone(),
        );
    }

    pub(super) fn set<'r>(&self, rates: impl Iterator<Item = &'r Rate>) {
        // What is gone from the log's period is gone from here.
        self.monitored_h.clear();
        self.excluded_h.clear();
        self.alarms.clear();
        self.false_per_h.clear();
        for rate in rates {
            let bed = rate.of.clone().unwrap_or_default();
            let digest = rate.detectors.first().map_or("", String::as_str);
            let detector: String = digest.chars().take(12).collect();
            let of = RateLabel { bed: bed.clone(), detector: detector.clone() };
            let kind = |kind: &str| RateKindLabel {
                bed: bed.clone(),
                detector: detector.clone(),
                kind: kind.into(),
            };
            self.monitored_h.get_or_create(&of).set(rate.monitored_h);
            for (why, hours) in &rate.excluded_h {
                self.excluded_h.get_or_create(&kind(why)).set(*hours);
            }
            for (name, count) in [
                ("seizure", rate.seizures),
                ("false-alarm", rate.false_alarms),
                ("uncertain", rate.uncertain),
                ("unreviewed", rate.unreviewed),
            ] {
                self.alarms.get_or_create(&kind(name)).set(count as i64);
            }
            let ends = rate.false_alarms_per_hour_95;
            for (name, value) in [
                ("estimate", rate.false_alarms_per_hour),
                ("lower", ends.map(|interval| interval.lower)),
                ("upper", ends.map(|interval| interval.upper)),
            ] {
                if let Some(value) = value {
                    self.false_per_h.get_or_create(&kind(name)).set(value);
                }
            }
        }
    }
}
