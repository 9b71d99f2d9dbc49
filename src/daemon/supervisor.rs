//! While the daemon runs: what the system tells it, the proof that data moves, room on the disk.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinHandle};

use crate::alarm::{Health, TechnicalKind};
use crate::config::WardConfig;
use crate::record::{RecordConfig, free_bytes, retain};
use crate::ward::inference::BedJudge;
use crate::ward::notify::{Notifier, NotifyError, watchdog_period};
use crate::ward::proof;
use crate::ward::request::{Refused, Request};
use crate::ward::shared::Shared;
use crate::web::health::Proven;

/// How often the proof is looked for where systemd does not say.
const PROOF_EVERY: Duration = Duration::from_secs(5);

/// How often old files are looked for.
const RETAIN_EVERY: Duration = Duration::from_secs(60);

/// How often the disk is looked at.
const DISK_EVERY: Duration = Duration::from_secs(5);

/// What the system tells us to do.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    pub(super) fn listen() -> std::io::Result<Signals> {
        Ok(Signals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }
}

/// Who watches over the ward while it runs.
pub(super) struct Supervisor {
    pub(super) shared: Arc<Shared>,
    pub(super) config: watch::Receiver<WardConfig>,
    pub(super) proven: Proven,
    pub(super) probed: watch::Receiver<Option<BedJudge>>,
    pub(super) notifier: Notifier,
}

impl Supervisor {
    /// Returns when the daemon is told to stop.
    pub(super) async fn watch_over(&self, ward: &mpsc::Sender<Request>, signals: Signals) {
        let Signals { mut terminate, mut interrupt, mut hangup } = signals;
        let period = watchdog_period().map_or(PROOF_EVERY, |period| (period / 3).min(PROOF_EVERY));
        let mut proofs = tokio::time::interval(period);
        proofs.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut seconds = tokio::time::interval(Duration::from_secs(1));
        seconds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut health = Health::default();
        let (mut disk, mut retained) = (Instant::now(), None::<Instant>);
        let mut looking: Option<JoinHandle<Looked>> = None;
        heard(self.notifier.ready());
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hangup.recv() => self.reload(ward).await,
                looked = done(&mut looking) => if let Ok(looked) = looked {
                    self.tell_of_disk(&mut health, looked);
                },
                _ = proofs.tick() => self.prove().await,
                _ = seconds.tick() => {
                    self.shared.watch_clock();
                    self.look_at_log(&mut health);
                    self.count_dropped();
                    if looking.is_none() && (disk.elapsed() >= DISK_EVERY || retained.is_none()) {
                        disk = Instant::now();
                        let due = retained.is_none_or(|at| at.elapsed() >= RETAIN_EVERY);
                        if due {
                            retained = Some(Instant::now());
                        }
                        looking = Some(self.look_at_disk(due));
                    }
                }
            }
        }
        heard(self.notifier.stopping("draining, then closing the files"));
        tracing::info!("stopping");
    }

    async fn reload(&self, ward: &mpsc::Sender<Request>) {
        heard(self.notifier.reloading());
        let (answer, wait) = oneshot::channel();
        let _ = ward.send(Request::Reload(answer)).await;
        match wait.await {
            Ok(Ok(done)) => tracing::info!(done = done.join("; "), "vigil.toml was read again"),
            Ok(Err(Refused::Mistake(words) | Refused::Failed(words) | Refused::NoSuchBed(words))) => {
                tracing::error!(reason = words, "vigil.toml is not taken over; everything goes on as before");
            }
            Err(_) => {}
        }
        heard(self.notifier.reloaded());
    }

    async fn prove(&self) {
        let judge = self.probed.borrow().clone();
        let found = proof::look(&self.shared, judge.as_ref()).await;
        match &found {
            Ok(()) => {
                heard(self.notifier.watchdog());
                let beds = self.shared.board.all();
                let raised: usize = beds.iter().map(|bed| bed.technical.len()).sum();
                let alarming = beds.iter().filter(|bed| bed.alarming).count();
                let status = format!("{} beds, {alarming} in alarm, {raised} technical alarms", beds.len());
                heard(self.notifier.status(&status));
            }
            Err(reason) => tracing::error!(reason, "data does not move"),
        }
        *self.proven.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), found));
    }

    fn look_at_log(&self, health: &mut Health) {
        let now_s = self.shared.since_start_s();
        if let Some(transition) =
            health.observe(TechnicalKind::StateUnwritable, self.shared.scribe.trouble(), now_s)
        {
            self.shared.technical("", "", transition);
        }
    }

    /// Looks at the disk on a thread of its own: a folder that hangs, as one of another machine may, must not keep
    /// the proof from being looked for.
    fn look_at_disk(&self, retaining: bool) -> JoinHandle<Looked> {
        let config = self.config.borrow().record.clone();
        let open = self.shared.recorder.open_files();
        tokio::task::spawn_blocking(move || look(&config, &open, retaining))
    }

    fn tell_of_disk(&self, health: &mut Health, looked: Looked) {
        let (free, detail, deleted) = looked;
        if let Some(free) = free {
            self.shared.metrics.disk_free_bytes.set(free as f64);
        }
        for path in deleted {
            tracing::info!(path = %path.display(), "an old file of the record was deleted");
        }
        let now_s = self.shared.since_start_s();
        if let Some(transition) = health.observe(TechnicalKind::DiskNearlyFull, detail, now_s) {
            self.shared.technical("", "", transition);
        }
    }

    fn count_dropped(&self) {
        let dropped = self.shared.recorder.dropped();
        let metrics = &self.shared.metrics;
        metrics.record_dropped.inc_by(dropped.saturating_sub(metrics.record_dropped.get()));
    }
}

/// A service manager that does not hear is no reason to stop.
fn heard(said: Result<(), NotifyError>) {
    if let Err(error) = said {
        tracing::warn!(%error, "the service manager does not hear");
    }
}

/// Waits for a task, and forgets it once it is done; for ever where there is none.
async fn done<T>(task: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    match task {
        Some(running) => {
            let found = running.await;
            *task = None;
            found
        }
        None => std::future::pending().await,
    }
}

/// Room on the disk, what is to be said of it, and what was deleted.
type Looked = (Option<u64>, Option<String>, Vec<PathBuf>);

fn look(config: &RecordConfig, open: &[PathBuf], retaining: bool) -> Looked {
    let mut deleted = Vec::new();
    if retaining {
        match retain(config, open, SystemTime::now()) {
            Ok(retained) => deleted.extend(retained.too_old.into_iter().chain(retained.for_room)),
            Err(error) => return (None, Some(error.to_string()), deleted),
        }
    }
    match free_bytes(&config.folder) {
        Ok(free) => {
            let free_gb = free as f64 / 1e9;
            let few = (free_gb < config.warn_free_gb).then(|| {
                format!(
                    "{free_gb:.1} GB are free below {}; below {} GB the oldest files are deleted",
                    config.folder.display(),
                    config.keep_free_gb
                )
            });
            (Some(free), few, deleted)
        }
        Err(error) => (None, Some(error.to_string()), deleted),
    }
}
