//! The rates of the last thirty days, counted from the log for the metrics.

use crate::alarm::AlarmLog;
use crate::alarm::moment::Clocks;
use crate::alarm::rate::{By, rates};
use crate::ward::metrics::Metrics;

/// Days that the metrics tell of.
const DAYS: i64 = 30;

/// Counts.
pub fn count(log: &AlarmLog, metrics: &Metrics) {
    let now = Clocks::here().now();
    let from = now.wall_us - DAYS * 86_400_000_000;
    let counted = (|| {
        let (alarms, stretches) = (log.alarms(from, i64::MAX)?, log.stretches(from, i64::MAX)?);
        Ok::<_, crate::alarm::LogError>(rates(By::Bed, &alarms, &stretches, &log.marks(from, i64::MAX)?))
    })();
    match counted {
        Ok(rates) => metrics.set_rates(rates.iter().filter(|rate| !rate.pooled)),
        Err(error) => tracing::warn!(%error, "rates are not counted"),
    }
}
