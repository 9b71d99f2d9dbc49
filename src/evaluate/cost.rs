//! What judging a window costs the processor.

use std::sync::Arc;
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::seconds::EvaluateError;
use crate::dataset::{Dataset, Second};
use crate::model::{Classifier, Viewer};

/// Rounds in each of which every network has its turn, so that whatever else the machine does hits all alike.
const ROUNDS: usize = 9;

/// A network and the windows that it judges in a round.
pub struct Timed {
    /// The network.
    pub classifier: Classifier,
    /// Windows in each round: as many as make a turn long beside the clock.
    pub windows: usize,
}

/// Processor milliseconds that each network takes for drawing and judging a window, both as it is and mirrored: the
/// median over rounds. All networks take turns in one run.
///
/// # Errors
/// A network's failure.
pub fn window_costs(
    dataset: &Dataset,
    seconds: &[Second],
    networks: &[Timed],
    told: &dyn Fn(),
) -> Result<Vec<f64>, EvaluateError> {
    let mut viewers = networks
        .iter()
        .map(|timed| Ok(Viewer::new(Arc::new(timed.classifier.clone()))?))
        .collect::<Result<Vec<_>, EvaluateError>>()?;
    let mut rounds = vec![Vec::with_capacity(ROUNDS); networks.len()];
    let mut window = Vec::new();
    let mut next = seconds.iter().cycle();
    // The first round fills caches and is not counted.
    for round in 0..=ROUNDS {
        for ((timed, viewer), costs) in networks.iter().zip(&mut viewers).zip(&mut rounds) {
            let began = processor_time();
            for second in next.by_ref().take(timed.windows) {
                let stretch = &dataset.stretches[second.stretch];
                stretch.window_at(second.index * dataset.rate, dataset.rate, &mut window);
                viewer.probabilities(&window, &stretch.present[second.index])?;
            }
            let spent = processor_time().saturating_sub(began).as_secs_f64();
            if round > 0 {
                costs.push(1000.0 * spent / timed.windows.max(1) as f64);
            }
            told();
        }
    }
    Ok(rounds
        .into_iter()
        .map(|mut costs| {
            costs.sort_by(f64::total_cmp);
            costs[costs.len() / 2]
        })
        .collect())
}

/// How often `told` is called for so many networks.
pub fn turns(networks: usize) -> usize {
    (ROUNDS + 1) * networks
}

/// Processor time of all threads of this program.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or_default(), time.tv_nsec.try_into().unwrap_or_default())
}
