//! The rates of the last thirty days, counted from the log for the metrics: on a thread of its own, since a month of a
//! ward is much to read and no alarm may wait for it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::alarm::moment::Clocks;
use crate::alarm::rate::{By, Rate, rates};
use crate::alarm::{AlarmLog, LogError};
use crate::ward::metrics::Metrics;

/// Days that the metrics tell of.
const DAYS: i64 = 30;

/// How often they are counted anew.
const COUNTED_EVERY: Duration = Duration::from_secs(30);

/// Counts until the other end of `stop` is gone.
pub fn count_on(path: PathBuf, metrics: Arc<Metrics>, stop: Receiver<()>) -> std::io::Result<()> {
    let counting = move || {
        let clocks = Clocks::here();
        while stop.recv_timeout(COUNTED_EVERY) == Err(RecvTimeoutError::Timeout) {
            let from = clocks.now().wall_us - DAYS * 86_400_000_000;
            match AlarmLog::open_existing(&path).and_then(|log| counted(&log, from)) {
                Ok(rates) => metrics.set_rates(rates.iter().filter(|rate| !rate.pooled)),
                // That the log is down is told where it is written.
                Err(error) => tracing::debug!(%error, "rates are not counted"),
            }
        }
    };
    std::thread::Builder::new().name("rates".into()).spawn(counting).map(drop)
}

fn counted(log: &AlarmLog, from: i64) -> Result<Vec<Rate>, LogError> {
    let (alarms, stretches) = (log.alarms(from, i64::MAX)?, log.stretches(from, i64::MAX)?);
    Ok(rates(By::Bed, &alarms, &stretches, &log.marks(from, i64::MAX)?))
}
