//! One channel's task: messages in order, tried again with growing pauses until they are taken.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::Sender;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::desk::Work;
use crate::alarm::log::Outgoing;
use crate::alarm::message::Message;
use crate::alarm::moment::Clocks;
use crate::alarm::{TechnicalKind, Transition};
use crate::channel::{Channel, ChannelConfig, SendError, SetupError};
use crate::config::{PatientConfig, PatientId};
use crate::ward::metrics::Metrics;

/// Messages that may wait with a carrier; the outbox keeps the others.
const WAITING: usize = 1024;

/// First and longest pause after a failure.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(60)];

/// Failures in a row after which the channel is down.
const DOWN_AFTER: u32 = 2;

/// How often a channel that has nothing to carry is looked at.
const PROBED_EVERY: Duration = Duration::from_secs(30);

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
            is_down: false,
        };
        tokio::spawn(carrier.run(channel, ready));
    }

    /// Whether there is such a channel: one that was taken out of the configuration leaves its messages behind.
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
    is_down: bool,
}

/// A message that waits for its next attempt.
struct Held {
    ready: Ready,
    attempts: u32,
    not_before: Instant,
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
        let mut queue: VecDeque<Held> = VecDeque::new();
        let mut next_probe = Instant::now();
        loop {
            let next = queue.iter().map(|held| held.not_before).min();
            let wake = next.unwrap_or(next_probe);
            tokio::select! {
                biased;
                came = ready.recv() => match came {
                    Some(ready) => queue.push_back(Held { ready, attempts: 0, not_before: Instant::now() }),
                    None => return,
                },
                () = tokio::time::sleep_until(wake) => {}
            }
            let now = Instant::now();
            // The first that may be tried: a refused one waits, and those behind it pass.
            if let Some(place) = queue.iter().position(|held| held.not_before <= now) {
                if let Some(held) = queue.remove(place)
                    && let Some((held, others_wait)) = self.attempt(&mut channel, held).await
                {
                    if others_wait {
                        let until = held.not_before;
                        queue.iter_mut().for_each(|held| held.not_before = held.not_before.max(until));
                        queue.push_front(held);
                    } else {
                        queue.push_back(held);
                    }
                }
                next_probe = Instant::now() + PROBED_EVERY;
            } else if queue.is_empty() && now >= next_probe {
                let found = tokio::time::timeout(self.limit(), channel.probe()).await;
                self.look_at(&match found {
                    Ok(found) => found,
                    Err(_) => Err(SendError::Away("no answer in time".into())),
                });
                let pause = if self.failures == 0 { PROBED_EVERY } else { pause_after(self.failures) };
                next_probe = Instant::now() + pause;
            }
            self.metrics.waiting(&self.config.name, queue.len());
        }
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

    /// Tries once. What was not taken comes back, with whether the others wait with it.
    async fn attempt(&mut self, channel: &mut Channel, mut held: Held) -> Option<(Held, bool)> {
        held.attempts += 1;
        let mut message = held.ready.message.clone();
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
        self.look_at(&sent);
        let outgoing = held.ready.outgoing.clone();
        let attempts = outgoing.attempts + held.attempts;
        let Err(error) = sent else {
            self.metrics.sent(&self.config.name);
            self.tell(Work::Delivered(Box::new(outgoing), attempts));
            return None;
        };
        self.metrics.failed(&self.config.name);
        let reason = error.to_string();
        let now = self.clocks.now();
        // A wall clock that somebody sets forward makes no message old.
        let age_us = now.since_us(&outgoing.due).unwrap_or(now.wall_us - outgoing.due.wall_us);
        if age_us > i64::from(self.config.give_up_h) * 3_600_000_000 {
            self.tell(Work::GivenUp(Box::new(outgoing), attempts, reason));
            return None;
        }
        self.tell(Work::Failed(Box::new(outgoing), attempts, reason));
        // While the other end is away all wait as long as it is; a message that it refuses waits for itself.
        let is_away = matches!(error, SendError::Away(_));
        held.not_before = Instant::now() + pause_after(if is_away { self.failures } else { held.attempts });
        Some((held, is_away))
    }

    /// Tells of a channel that goes down or comes back.
    fn look_at(&mut self, found: &Result<(), SendError>) {
        match found {
            Ok(()) => {
                self.failures = 0;
                self.metrics.channel_up(&self.config.name, true);
                if std::mem::take(&mut self.is_down) {
                    self.transition(false, String::new());
                }
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                let channel = self.config.name.as_str();
                tracing::warn!(channel, %error, failures = self.failures, "a channel does not take a message");
                if self.failures >= DOWN_AFTER && !self.is_down {
                    self.down(&error.to_string());
                }
            }
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

/// How long to wait after so many failures.
fn pause_after(failures: u32) -> Duration {
    PAUSES[0].saturating_mul(1 << failures.saturating_sub(1).min(16)).min(PAUSES[1])
}
