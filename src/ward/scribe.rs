//! The thread that writes the log of alarms and the beds' states, so that nothing that waits for a disk
//! stands in the way of a verdict.
//!
//! An announcement is on disk before anybody hears of it. Where the disk refuses, it is announced all
//! the same, and that the log is down is a technical alarm.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::checkpoint;
use crate::alarm::{AlarmLog, LogEntry};

/// Entries and states that may wait. States are small and come every few seconds; the room is for a disk
/// that pauses.
const WAITING: usize = 1024;

enum Work {
    Entry(LogEntry),
    State {
        path: PathBuf,
        bytes: Vec<u8>,
    },
    /// Everything handed over before is written when this is answered.
    Flush(tokio::sync::oneshot::Sender<()>),
}

/// The way to the thread.
#[derive(Clone)]
pub struct Scribe {
    work: Sender<Work>,
    trouble: Arc<Mutex<Trouble>>,
    refused: Arc<AtomicU64>,
}

/// What the disk refused last; `None` while it takes everything.
#[derive(Debug, Clone, Default)]
struct Trouble {
    log: Option<String>,
    state: Option<String>,
}

impl Scribe {
    /// Starts the thread. It ends when the last [`Scribe`] is dropped, after writing what waits.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn start(log: PathBuf) -> std::io::Result<(Scribe, JoinHandle<()>)> {
        let (work, waiting) = bounded(WAITING);
        let scribe = Scribe { work, trouble: Arc::default(), refused: Arc::default() };
        let trouble = scribe.trouble.clone();
        let thread = std::thread::Builder::new()
            .name("scribe".into())
            .spawn(move || write_all(&waiting, &log, &trouble))?;
        Ok((scribe, thread))
    }

    /// Logs an entry, then announces it.
    pub fn announce(&self, entry: LogEntry) {
        if let Err(refused) = self.work.try_send(Work::Entry(entry)) {
            // The disk has paused for long. An alarm is told rather than kept.
            if let Work::Entry(entry) = refused.into_inner() {
                self.refused.fetch_add(1, Ordering::Relaxed);
                tell(&entry);
            }
        }
    }

    /// Saves a bed's state; one that finds no room is passed over, for the next one comes soon.
    pub fn save(&self, path: PathBuf, bytes: Vec<u8>) {
        let _ = self.work.try_send(Work::State { path, bytes });
    }

    /// What the disk refuses, in words.
    pub fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        let unlogged = self.refused.load(Ordering::Relaxed);
        let words = trouble.log.clone().or_else(|| trouble.state.clone());
        words.or_else(|| (unlogged > 0).then(|| format!("{unlogged} announcements are not in the log")))
    }

    /// Waits until everything handed over before is written.
    pub async fn flush(&self) {
        let (done, wait) = tokio::sync::oneshot::channel();
        let work = self.work.clone();
        let sent = tokio::task::spawn_blocking(move || work.send(Work::Flush(done)).is_ok()).await;
        if matches!(sent, Ok(true)) {
            let _ = wait.await;
        }
    }
}

fn write_all(waiting: &Receiver<Work>, path: &std::path::Path, trouble: &Mutex<Trouble>) {
    let set =
        |change: &dyn Fn(&mut Trouble)| change(&mut trouble.lock().unwrap_or_else(PoisonError::into_inner));
    let mut log: Option<AlarmLog> = None;
    for work in waiting {
        match work {
            Work::Entry(entry) => {
                let written = match &mut log {
                    Some(log) => log.append(&entry),
                    None => AlarmLog::open(path).and_then(|mut opened| {
                        let written = opened.append(&entry);
                        log = Some(opened);
                        written
                    }),
                };
                if let Err(error) = &written {
                    // A log that failed is opened anew for the next entry.
                    log = None;
                    tracing::error!(error = %error, "the log of alarms cannot be written");
                }
                let words = written.err().map(|error| error.to_string());
                set(&|trouble| trouble.log = words.clone());
                tell(&entry);
            }
            Work::State { path, bytes } => {
                let words = checkpoint::save(&path, &bytes).err().map(|error| error.to_string());
                set(&|trouble| trouble.state = words.clone());
            }
            Work::Flush(done) => {
                let _ = done.send(());
            }
        }
    }
}

/// Announces an entry to whoever reads the daemon's own log.
fn tell(entry: &LogEntry) {
    match entry {
        LogEntry::Seizure { bed, onset, raised_second, .. } => {
            tracing::warn!(%bed, alarm = "seizure", %onset, raised_second, "seizure alarm");
        }
        LogEntry::SeizureEnded { bed, raised_second, end_second, .. } => {
            tracing::info!(%bed, alarm = "seizure", raised_second, end_second, "seizure alarm ended");
        }
        LogEntry::Technical { bed, kind, raised: true, detail, .. } => {
            tracing::warn!(%bed, technical = %kind, detail = detail.as_str(), "technical alarm");
        }
        LogEntry::Technical { bed, kind, detail, .. } => {
            tracing::info!(%bed, technical = %kind, detail = detail.as_str(), "technical alarm cleared");
        }
        LogEntry::Switched { bed, from, to, from_second, .. } => {
            tracing::info!(%bed, from = from.as_str(), to = to.as_str(), from_second, "autoencoder switched");
        }
    }
}
