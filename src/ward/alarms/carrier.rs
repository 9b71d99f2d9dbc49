//! One channel's task: messages in order, tried again with growing pauses until they are taken.
//!
//! While the other end is away all wait, in order. What fails by itself, while another goes through, waits for itself.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Sender;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::desk::Work;
use super::line::{Line, Place, pause_after};
use crate::alarm::log::Outgoing;
use crate::alarm::message::Message;
use crate::alarm::moment::Clocks;
use crate::alarm::{TechnicalKind, Transition};
use crate::channel::{Channel, ChannelConfig, SendError, SetupError};
use crate::config::{PatientConfig, PatientId};
use crate::ward::metrics::Metrics;

/// Messages that may wait with a carrier; the outbox keeps the others.
const WAITING: usize = 1024;

/// Failures in a row, or different messages refused with none taken in between, after which the channel is down.
const DOWN_AFTER: u32 = 2;

/// Failures of one message after which another is tried, to learn which of the two is at fault: the other end, or it.
const DOUBTED_AFTER: u32 = 3;

/// How long the desk is waited for before an escalation is tried.
const ASKED_FOR: Duration = Duration::from_secs(2);

/// How often a channel that has nothing to carry is looked at.
const PROBED_EVERY: Duration = Duration::from_secs(30);

/// The wall clocks of two starts of the machine may differ by so much because one was wrong (a clock in local time, or
/// not set yet): what looks older by less is tried once before it is given up.
const WALL_IS_WRONG: Duration = Duration::from_secs(24 * 3600);

/// A message that is due.
pub struct Ready {
    /// Its place in the outbox.
    pub outgoing: Outgoing,
    /// What it says.
    pub message: Message,
}

/// The carriers, by channel.
#[derive(Default)]
pub struct Carriers {
    ways: BTreeMap<String, mpsc::Sender<Ready>>,
}

impl Carriers {
    /// Starts a channel's task.
    pub fn start(
        &mut self,
        config: &ChannelConfig,
        channel: Result<Channel, SetupError>,
        desk: Sender<Work>,
        metrics: Arc<Metrics>,
        patients: &Path,
    ) {
        let (way, ready) = mpsc::channel(WAITING);
        self.ways.insert(config.name.clone(), way);
        let carrier = Carrier {
            config: config.clone(),
            patients: patients.to_path_buf(),
            desk,
            metrics,
            clocks: Clocks::here(),
            failures: 0,
            refused: 0,
            is_down: false,
        };
        tokio::spawn(carrier.run(channel, ready));
    }

    /// Whether there is such a channel.
    pub fn has(&self, channel: &str) -> bool {
        self.ways.contains_key(channel)
    }

    /// Hands a message over; `false` where there is no room.
    pub fn hand(&self, ready: Ready) -> bool {
        self.ways.get(&ready.outgoing.channel).is_some_and(|way| way.try_send(ready).is_ok())
    }
}

struct Carrier {
    config: ChannelConfig,
    /// The folder of patients.
    patients: PathBuf,
    desk: Sender<Work>,
    metrics: Arc<Metrics>,
    clocks: Clocks,
    /// Failures in a row.
    failures: u32,
    /// Different messages that were refused, and none was taken since.
    refused: u32,
    is_down: bool,
}

/// What came of an attempt.
enum Tried {
    /// The other end has taken it.
    Taken,
    /// The other end does not want it.
    Refused,
    /// The other end is away, or does not bear this message.
    Away(String),
    /// It was not tried, or is given up.
    Gone,
}

impl Carrier {
    async fn run(mut self, channel: Result<Channel, SetupError>, mut ready: mpsc::Receiver<Ready>) {
        let mut channel = match channel {
            Ok(channel) => channel,
            Err(error) => {
                self.down(&error.to_string());
                // What comes stays in the outbox, for a daemon with a better configuration.
                while ready.recv().await.is_some() {}
                return;
            }
        };
        let mut line = Line::default();
        let mut next_probe = Instant::now();
        loop {
            let now = Instant::now();
            let wake = match line.next(now) {
                Some(next) if line.is_paused(now) => next,
                Some(next) => next.min(next_probe),
                None => next_probe,
            };
            tokio::select! {
                biased;
                came = ready.recv() => match came {
                    Some(ready) => line.push(ready),
                    None => return,
                },
                () = tokio::time::sleep_until(wake) => {}
            }
            // Those that came together are put in order before one of them is tried.
            while let Ok(ready) = ready.try_recv() {
                line.push(ready);
            }
            let now = Instant::now();
            // What fails by itself says nothing of the channel, and keeps nobody from looking at it.
            let is_alone = |line: &mut Line, place| line.held(place).is_some_and(|held| held.alone);
            let first = line.first(now).filter(|place| now < next_probe || !is_alone(&mut line, *place));
            if let Some(place) = first {
                if self.try_at(&mut channel, &mut line, place).await {
                    next_probe = Instant::now() + PROBED_EVERY;
                }
            } else if now >= next_probe && !line.is_paused(now) {
                let found = tokio::time::timeout(self.limit(), channel.probe()).await;
                match found {
                    // That somebody is there does not mean that they take anything.
                    Ok(Ok(())) if self.refused >= DOWN_AFTER => self.failures = 0,
                    Ok(Ok(())) => self.is_there(),
                    Ok(Err(error)) => self.is_away(&error.to_string()),
                    Err(_) => self.is_away("no answer in time"),
                }
                let pause = if self.failures == 0 { PROBED_EVERY } else { pause_after(self.failures) };
                next_probe = Instant::now() + pause;
            }
            self.metrics.waiting(&self.config.name, line.len());
        }
    }

    /// Tries the message at a place, and where that one fails again and again, the next. Whether that told anything of
    /// the channel.
    async fn try_at(&mut self, channel: &mut Channel, line: &mut Line, place: Place) -> bool {
        let Some((alone, before)) = line.held(place).map(|held| (held.alone, held.attempts)) else {
            return false;
        };
        let reason = match self.attempt(channel, line, place).await {
            Tried::Gone => return false,
            tried @ (Tried::Taken | Tried::Refused) => {
                line.release();
                if matches!(tried, Tried::Refused) {
                    line.set_aside(place);
                }
                return true;
            }
            Tried::Away(reason) => reason,
        };
        if alone {
            line.set_aside(place);
            return false;
        }
        let other = line.behind(place, Instant::now()).filter(|_| before + 1 >= DOUBTED_AFTER);
        if let Some(other) = other
            && let tried @ (Tried::Taken | Tried::Refused) = self.attempt(channel, line, other).await
        {
            let channel = self.config.name.as_str();
            tracing::warn!(channel, reason, "a message fails again and again while others go through");
            line.release();
            line.set_aside(place);
            if matches!(tried, Tried::Refused) {
                line.set_aside(other);
            }
            return true;
        }
        self.is_away(&reason);
        line.pause(self.failures);
        true
    }

    /// A patient's name, where there is one: looked up as a message goes, and kept nowhere.
    async fn name_of(&self, patient: Option<&str>) -> Option<String> {
        let id = PatientId::new(patient?).ok()?;
        let patients = self.patients.clone();
        let looked = tokio::task::spawn_blocking(move || PatientConfig::load(&patients, &id).ok()?.name);
        Some(looked.await.ok()??.as_str().to_string())
    }

    fn limit(&self) -> Duration {
        Duration::from_secs(self.config.timeout_s.into())
    }

    /// Tries once. What was not taken keeps its place.
    async fn attempt(&mut self, channel: &mut Channel, line: &mut Line, place: Place) -> Tried {
        let Some(held) = line.held(place) else { return Tried::Gone };
        let outgoing = held.ready.outgoing.clone();
        let before = held.attempts;
        // What was raised days ago is no news: it waited under another daemon, or its channel was away from vigil.toml.
        if before == 0 && self.is_too_old(&outgoing, WALL_IS_WRONG) {
            let reason = format!("it is older than {} h", self.config.give_up_h);
            let attempts = outgoing.attempts;
            self.tell(Work::GivenUp(Box::new(outgoing), attempts, reason));
            line.done(place);
            return Tried::Gone;
        }
        held.attempts += 1;
        let attempts = outgoing.attempts + held.attempts;
        let mut message = held.ready.message.clone();
        if outgoing.escalation && !self.stands(&outgoing).await {
            line.done(place);
            return Tried::Gone;
        }
        if self.config.names {
            message.patient_name = self.name_of(message.patient.as_deref()).await;
        }
        if !self.config.patient {
            message.patient = None;
        }
        let sent = match tokio::time::timeout(self.limit(), channel.send(&message)).await {
            Ok(sent) => sent,
            Err(_) => Err(SendError::Away(format!("no answer within {} s", self.config.timeout_s))),
        };
        let Err(error) = sent else {
            self.refused = 0;
            self.is_there();
            self.metrics.sent(&self.config.name);
            self.tell(Work::Delivered(Box::new(outgoing), attempts));
            line.done(place);
            return Tried::Taken;
        };
        self.metrics.failed(&self.config.name);
        let reason = error.to_string();
        let tried = match &error {
            SendError::Away(_) => Tried::Away(reason.clone()),
            SendError::Refused(_) => {
                self.has_refused(&reason, before == 0);
                Tried::Refused
            }
        };
        if self.is_too_old(&outgoing, Duration::ZERO) {
            self.tell(Work::GivenUp(Box::new(outgoing), attempts, reason));
            line.done(place);
        } else {
            self.tell(Work::Failed(Box::new(outgoing), attempts, reason));
        }
        tried
    }

    /// Whether nobody has taken note of an alarm that is escalated: since it was handed over, somebody may have.
    async fn stands(&self, outgoing: &Outgoing) -> bool {
        let (answer, wait) = oneshot::channel();
        let asked = self.desk.try_send(Work::Stands(Box::new(outgoing.clone()), answer)).is_ok();
        // A desk that does not answer keeps no alarm back.
        !asked || !matches!(tokio::time::timeout(ASKED_FOR, wait).await, Ok(Ok(false)))
    }

    /// Whether a message is to be given up. `doubt` is taken off an age that the wall clock alone tells.
    fn is_too_old(&self, outgoing: &Outgoing, doubt: Duration) -> bool {
        let now = self.clocks.now();
        // A wall clock that somebody sets forward makes no message old.
        let by_wall = || now.wall_us - outgoing.due.wall_us - doubt.as_micros() as i64;
        let age_us = now.since_us(&outgoing.due).unwrap_or_else(by_wall);
        age_us > i64::from(self.config.give_up_h) * 3_600_000_000
    }

    /// The other end takes messages.
    fn is_there(&mut self) {
        self.failures = 0;
        self.metrics.channel_up(&self.config.name, true);
        if std::mem::take(&mut self.is_down) {
            self.transition(false, String::new());
        }
    }

    /// The other end is there and does not want a message; `anew` where it has not been asked before.
    ///
    /// One such message says nothing of the channel. Where it takes none at all - another secret, another address - nobody
    /// hears of a seizure: a second message that is refused before one is taken makes it down. Each message counts once:
    /// one that is refused for a day is no news each minute.
    fn has_refused(&mut self, reason: &str, anew: bool) {
        let channel = self.config.name.as_str();
        tracing::warn!(channel, reason, anew, "a message is refused; it waits alone");
        self.metrics.refused(channel);
        self.failures = 0;
        self.refused += u32::from(anew);
        if self.refused < DOWN_AFTER {
            self.is_there();
        } else if anew && !self.is_down {
            self.down(reason);
        }
    }

    /// It does not.
    fn is_away(&mut self, reason: &str) {
        self.failures = self.failures.saturating_add(1);
        let (channel, failures) = (self.config.name.as_str(), self.failures);
        tracing::warn!(channel, error = reason, failures, "a channel does not take a message");
        if self.failures >= DOWN_AFTER && !self.is_down {
            self.down(reason);
        }
    }

    fn down(&mut self, reason: &str) {
        self.is_down = true;
        self.metrics.channel_up(&self.config.name, false);
        self.transition(true, format!("channel {}: {reason}", self.config.name));
    }

    fn transition(&self, raised: bool, detail: String) {
        let transition = Transition { kind: TechnicalKind::ChannelDown, raised, detail };
        let of = format!("channel-{}", self.config.name);
        let (bed, patient) = (String::new(), String::new());
        self.tell(Work::Technical { bed, patient, of, transition });
    }

    fn tell(&self, work: Work) {
        // A desk so far behind hears of it with the next attempt.
        let _ = self.desk.try_send(work);
    }
}
