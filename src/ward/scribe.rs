//! The thread that writes the beds' states, so that nothing that waits for a disk stands in the way of a verdict, nor
//! a state in the way of an alarm.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::checkpoint;

/// States that may wait. They are small and come every few seconds; the room is for a disk that pauses.
const WAITING: usize = 1024;

enum Work {
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
    /// What the disk refused last; `None` while it takes everything.
    trouble: Arc<Mutex<Option<String>>>,
}

impl Scribe {
    /// Starts the thread. It ends when the last [`Scribe`] is dropped, after writing what waits.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn start() -> std::io::Result<(Scribe, JoinHandle<()>)> {
        let (work, waiting) = bounded(WAITING);
        let scribe = Scribe { work, trouble: Arc::default() };
        let trouble = scribe.trouble.clone();
        let thread =
            std::thread::Builder::new().name("scribe".into()).spawn(move || write_all(&waiting, &trouble))?;
        Ok((scribe, thread))
    }

    /// Saves a bed's state; one that finds no room is passed over, for the next one comes soon.
    pub fn save(&self, path: PathBuf, bytes: Vec<u8>) {
        let _ = self.work.try_send(Work::State { path, bytes });
    }

    /// What the disk refuses, in words.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
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

fn write_all(waiting: &Receiver<Work>, trouble: &Mutex<Option<String>>) {
    for work in waiting {
        match work {
            Work::State { path, bytes } => {
                let words = checkpoint::save(&path, &bytes).err().map(|error| error.to_string());
                *trouble.lock().unwrap_or_else(PoisonError::into_inner) = words;
            }
            Work::Flush(done) => {
                let _ = done.send(());
            }
        }
    }
}
