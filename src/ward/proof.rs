//! The proof that data moves: what the watchdog and `/healthz` rest on.
//!
//! A daemon can be alive and useless. So the proof sends a window of its own through the networks' queue
//! and wants it back, wants a sign of life from every bed's task, and wants verdicts on the windows that
//! beds handed over. A source that gives nothing, or nothing that makes a window, is the source's fault:
//! alarms tell of it, and a restart would only take the watch from all other beds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::inference::{BedJudge, Due};
use super::shared::Shared;
use super::status::{BedStatus, Phase};
use crate::eeg::DERIVATIONS;
use crate::signal::Window;

/// How long the window may take: far more than the queue of a ward that keeps up.
const BACK_WITHIN: Duration = Duration::from_secs(10);

/// A bed's task shows life several times a second.
const TASK_WITHIN: Duration = Duration::from_secs(10);

/// Windows were handed over, so verdicts must come.
const VERDICT_WITHIN: Duration = Duration::from_secs(30);

/// Looks once.
///
/// # Errors
/// What does not move, in words.
pub async fn look(shared: &Arc<Shared>, judge: Option<&BedJudge>) -> Result<(), String> {
    if let Some(judge) = judge {
        through_the_queue(shared, judge).await?;
    }
    for status in shared.board.all() {
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
        if unanswered_since(&status).is_some_and(|since| since.elapsed() > VERDICT_WITHIN) {
            return Err(format!("bed {} hands over windows and gets no verdicts", status.bed));
        }
    }
    Ok(())
}

/// Since when a bed waits for its next verdict; `None` while it waits for none. A ward that is slow
/// answers late, but it answers: each verdict begins the time anew.
fn unanswered_since(status: &BedStatus) -> Option<Instant> {
    status.asked.map(|asked| status.judged.map_or(asked, |judged| asked.max(judged)))
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
