//! The proof that data moves: what the watchdog and `/healthz` rest on.
//!
//! A daemon can be alive and useless. So the proof sends a window of its own through the networks' queue
//! and wants it back, wants a sign of life from every bed's task, and wants verdicts wherever samples
//! arrive. A source that gives nothing is the source's fault, told by alarms, and no reason to restart.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::inference::{BedJudge, Due};
use super::shared::Shared;
use super::status::Phase;
use crate::eeg::DERIVATIONS;
use crate::signal::Window;

/// How long the window may take: far more than the queue of a ward that keeps up.
const BACK_WITHIN: Duration = Duration::from_secs(10);

/// A bed's task shows life several times a second.
const TASK_WITHIN: Duration = Duration::from_secs(10);

/// Samples arrive, so verdicts must.
const VERDICT_WITHIN: Duration = Duration::from_secs(30);

/// What was seen of the beds before.
#[derive(Default)]
pub struct Proof {
    beds: BTreeMap<String, Seen>,
}

struct Seen {
    frames: u64,
    second: Option<u64>,
    moved: Instant,
}

impl Proof {
    /// Looks once.
    ///
    /// # Errors
    /// What does not move, in words.
    pub async fn look(&mut self, shared: &Arc<Shared>, judge: Option<&BedJudge>) -> Result<(), String> {
        if let Some(judge) = judge {
            through_the_queue(shared, judge).await?;
        }
        let statuses = shared.board.all();
        self.beds.retain(|bed, _| statuses.iter().any(|status| status.bed == *bed));
        for status in statuses {
            if let Some(ticked) = status.ticked
                && status.phase != Phase::Unusable
                && ticked.elapsed() > TASK_WITHIN
            {
                return Err(format!(
                    "bed {} shows no life for {:.0} s",
                    status.bed,
                    ticked.elapsed().as_secs_f64()
                ));
            }
            let now = Instant::now();
            let seen = self.beds.entry(status.bed.clone()).or_insert(Seen {
                frames: status.frames,
                second: status.second,
                moved: now,
            });
            let a_second = status.rate_hz.unwrap_or(256.0) as u64 * 2;
            if status.second != seen.second || status.frames < seen.frames + a_second {
                // A verdict came, or there was nothing to judge.
                if status.second != seen.second {
                    seen.frames = status.frames;
                }
                seen.second = status.second;
                seen.moved = now;
            } else if seen.moved.elapsed() > VERDICT_WITHIN {
                return Err(format!("bed {} gets samples and no verdicts", status.bed));
            }
        }
        Ok(())
    }
}

/// A window without a derivation costs the networks nothing and comes back unjudged.
async fn through_the_queue(shared: &Arc<Shared>, judge: &BedJudge) -> Result<(), String> {
    let (reply, mut answers) = mpsc::channel(1);
    let window = Window {
        second: 0,
        first_sample: 0,
        samples: Vec::new(),
        present: [false; DERIVATIONS],
        faults: [None; DERIVATIONS],
    };
    let before = shared.inference.judged();
    let due = Due { judge: judge.clone(), window, reply };
    if shared.inference.judge(due).is_err() {
        tokio::time::sleep(BACK_WITHIN).await;
        let moved = shared.inference.judged() > before;
        return if moved { Ok(()) } else { Err("the networks' queue is full and does not move".into()) };
    }
    match tokio::time::timeout(BACK_WITHIN, answers.recv()).await {
        Ok(Some(_)) => Ok(()),
        Ok(None) => Err("the networks' thread has ended".to_string()),
        // A ward with more to judge than it can is slow, and told so by alarms; a restart would not help it.
        Err(_) if shared.inference.judged() > before => Ok(()),
        Err(_) => Err(format!("the networks gave no answer for {:.0} s", BACK_WITHIN.as_secs_f64())),
    }
}
