//! The way to the desk's thread, and the thread's loop.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use thiserror::Error;
use tokio::sync::{oneshot, watch};

use super::carrier::Carriers;
use super::log_keeper::LogKeeper;
use super::rates;
use crate::alarm::entry::{Entry, What};
use crate::alarm::log::{Outgoing, log_path};
use crate::alarm::message::Routing;
use crate::alarm::moment::{Clocks, Moment};
use crate::alarm::spare::Spare;
use crate::alarm::{AlarmLog, LogError, TechnicalKind, Transition};
use crate::channel::{Channel, ChannelConfig};
use crate::config::WardSection;
use crate::ward::metrics::Metrics;

/// What may wait for the thread: room for a disk that pauses.
const WAITING: usize = 4096;

/// How often the thread looks for what is due without being told.
const TICK: Duration = Duration::from_millis(200);

/// An act of a person that was not done.
#[derive(Debug, Error)]
pub enum ActError {
    /// It cannot follow what was.
    #[error(transparent)]
    Refused(LogError),
    /// The daemon is stopping.
    #[error("the daemon is stopping; try again when it runs")]
    Stopping,
}

/// What the thread is told.
pub enum Work {
    /// Something happened.
    Announce(Box<Entry>),
    /// A technical alarm of a bed, a channel or the ward was raised or cleared. `of` stands in its identity.
    Technical {
        /// The bed; empty for the ward's own.
        bed: String,
        /// The patient's id; empty for the ward's own.
        patient: String,
        /// The bed, the channel, or nothing.
        of: String,
        /// What.
        transition: Transition,
    },
    /// A bed goes on with these alarms, or with none: whatever else lasts of it has ended.
    Resumed {
        /// The bed.
        bed: String,
        /// Its alarm that lasts, and those whose seconds are judged again.
        alarms: BTreeSet<String>,
    },
    /// A person does something; `after` is the review that a reviewer has seen.
    Act(Box<Entry>, Option<i64>, oneshot::Sender<Result<(), LogError>>),
    /// Whether an escalation is to be tried still. One that is not is withdrawn.
    Stands(Box<Outgoing>, oneshot::Sender<bool>),
    /// A message was taken.
    Delivered(Box<Outgoing>, u32),
    /// An attempt has failed.
    Failed(Box<Outgoing>, u32, String),
    /// A message is given up.
    GivenUp(Box<Outgoing>, u32, String),
    /// Everything told before is written when this is answered.
    Flush(oneshot::Sender<()>),
    /// To be done once everything told before is written.
    After(Box<dyn FnOnce() + Send>),
    /// The end, after everything told before.
    Stop,
}

/// The way to the thread.
#[derive(Clone)]
pub struct Desk {
    work: Sender<Work>,
    seen: Arc<Seen>,
    clocks: Clocks,
}

/// What the thread shows of itself.
#[derive(Default)]
pub(super) struct Seen {
    /// Why the log cannot be written.
    pub trouble: Mutex<Option<String>>,
    /// Beds in maintenance, and who began it.
    pub maintenance: Mutex<BTreeMap<String, String>>,
    /// Counts what was done: the log may have something new.
    pub written: watch::Sender<u64>,
}

impl Desk {
    /// Starts the thread and the channels' tasks; to be called within the runtime. They end with [`Desk::stop`].
    ///
    /// # Errors
    /// What the operating system says.
    pub fn start(
        ward: &WardSection,
        channels: &[ChannelConfig],
        beds: BTreeSet<String>,
        metrics: Arc<Metrics>,
    ) -> std::io::Result<(Desk, JoinHandle<()>)> {
        let (work, waiting) = bounded(WAITING);
        let clocks = Clocks::here();
        let seen = Arc::new(Seen::default());
        let desk = Desk { work, seen: seen.clone(), clocks: clocks.clone() };
        let routing = Routing { routes: channels.iter().map(ChannelConfig::route).collect() };
        let mut carriers = Carriers::default();
        for config in channels {
            // A channel that cannot be set up is one that is down: the others are not kept from their work.
            let channel = Channel::new(config);
            carriers.start(config, channel, desk.work.clone(), metrics.clone(), &ward.patients);
        }
        let (counting, stop_counting) = bounded(0);
        let log = log_path(&ward.state);
        rates::count_on(log.clone(), metrics, stop_counting)?;
        let keeper = LogKeeper::new(log, routing, ward.name.clone(), beds, clocks, carriers, seen);
        let thread = std::thread::Builder::new().name("alarms".into()).spawn(move || {
            run(keeper, &waiting);
            drop(counting);
        })?;
        Ok((desk, thread))
    }

    /// Now.
    pub fn now(&self) -> Moment {
        self.clocks.now()
    }

    /// Logs an entry, then announces it.
    pub fn announce(&self, entry: Entry) {
        self.tell(Work::Announce(Box::new(entry)));
    }

    /// Tells the thread something. Where it is far behind, that waits: an alarm is late rather than lost.
    pub fn tell(&self, work: Work) {
        if let Err(crossbeam_channel::TrySendError::Full(work)) = self.work.try_send(work) {
            tracing::error!("the alarm desk is far behind");
            let _ = self.work.send_timeout(work, Duration::from_secs(5));
        }
    }

    /// Does something once everything told before is written.
    pub fn after(&self, then: impl FnOnce() + Send + 'static) {
        self.tell(Work::After(Box::new(then)));
    }

    /// A person's act.
    ///
    /// # Errors
    /// [`ActError`].
    pub async fn act(&self, entry: Entry, after: Option<i64>) -> Result<(), ActError> {
        let (answer, wait) = oneshot::channel();
        self.tell(Work::Act(Box::new(entry), after, answer));
        wait.await.map_err(|_| ActError::Stopping)?.map_err(ActError::Refused)
    }

    /// Whether somebody works on a bed.
    pub fn in_maintenance(&self, bed: &str) -> bool {
        self.seen.maintenance.lock().unwrap_or_else(PoisonError::into_inner).contains_key(bed)
    }

    /// Who works on a bed.
    pub fn maintained_by(&self, bed: &str) -> Option<String> {
        self.seen.maintenance.lock().unwrap_or_else(PoisonError::into_inner).get(bed).cloned()
    }

    /// Changes whenever the log may have a new entry.
    pub fn written(&self) -> watch::Receiver<u64> {
        self.seen.written.subscribe()
    }

    /// Ends the thread, after everything told before, and the channels' tasks with it.
    pub fn stop(&self) {
        let _ = self.work.send(Work::Stop);
    }

    /// Waits until everything told before is written.
    pub async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        let work = self.work.clone();
        let sent = tokio::task::spawn_blocking(move || work.send(Work::Flush(done)).is_ok()).await;
        if matches!(sent, Ok(true)) {
            let _ = wait.await;
        }
    }
}

fn run(mut keeper: LogKeeper, waiting: &Receiver<Work>) {
    // What was left waits for nobody to tell something.
    keeper.look();
    let seen = keeper.seen.clone();
    loop {
        seen.written.send_modify(|count| *count += 1);
        match waiting.recv_timeout(TICK) {
            Ok(Work::Announce(entry)) => keeper.announce(*entry),
            Ok(Work::Technical { bed, patient, of, transition }) => {
                keeper.technical(&bed, &patient, &of, transition);
            }
            Ok(Work::Resumed { bed, alarms }) => keeper.resumed(&bed, &alarms),
            Ok(Work::Act(entry, after, answer)) => {
                let _ = answer.send(keeper.act(*entry, after));
            }
            Ok(Work::Stands(outgoing, answer)) => {
                let _ = answer.send(keeper.stands(&outgoing));
            }
            Ok(Work::Delivered(outgoing, attempts)) => keeper.delivered(&outgoing, attempts),
            Ok(Work::Failed(outgoing, attempts, reason)) => keeper.failed(&outgoing, attempts, &reason),
            Ok(Work::GivenUp(outgoing, attempts, reason)) => keeper.given_up(&outgoing, attempts, &reason),
            Ok(Work::Flush(done)) => {
                let _ = done.send(());
            }
            Ok(Work::After(then)) => then(),
            Err(RecvTimeoutError::Timeout) => {}
            Ok(Work::Stop) | Err(RecvTimeoutError::Disconnected) => return,
        }
        // What is due is looked for between two happenings, too: a busy ward has no quiet moment.
        keeper.look();
    }
}

/// The seconds in which seizure alarms of one time line of a bed were raised that were announced before: after a restart
/// none of them is announced again.
///
/// # Errors
/// [`LogError`] where the log cannot be read; what is known without it is then given all the same.
pub fn announced(state: &Path, bed: &str, timeline: u64) -> (BTreeSet<u64>, Result<(), LogError>) {
    let path = log_path(state);
    let mut seconds = BTreeSet::new();
    // What waits beside the log was announced, too.
    let (spare, _) = Spare::of(&path).entries().unwrap_or_default();
    for entry in spare.iter().filter(|entry| entry.bed == bed) {
        if let What::Seizure { timeline: of, raised_second, .. } = entry.what
            && of == timeline
        {
            seconds.insert(raised_second);
        }
    }
    if !path.is_file() {
        return (seconds, Ok(()));
    }
    match AlarmLog::open_existing(&path).and_then(|log| log.seizures_of(bed, timeline)) {
        Ok(alarms) => {
            seconds.extend(alarms.iter().filter_map(|alarm| alarm.second).map(|(_, second)| second));
            (seconds, Ok(()))
        }
        Err(error) => (seconds, Err(error)),
    }
}

/// What the log's being down is told as.
pub(super) fn log_down(raised: bool, detail: String) -> Transition {
    Transition { kind: TechnicalKind::LogDown, raised, detail }
}
