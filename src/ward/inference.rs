//! The one thread that asks the networks, for all beds.
//!
//! It takes all windows that are due and judges those of different beds side by side, each window alone
//! and a bed's own in order: so a verdict is the same bits whoever else is due. A bed has few windows
//! under way at once, so one that replays as fast as it can delays another by no more than those few.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use rayon::prelude::*;
use tokio::sync::mpsc;

use super::models::Watched;
use crate::alarm::entry::DetectorId;
use crate::detect::{Judge, Opinion};
use crate::signal::Window;

/// Windows of one bed that may wait or be judged at once.
pub const UNDER_WAY: usize = 4;

/// Windows that may wait in all: the share of 256 beds.
const WAITING: usize = UNDER_WAY * 256;

/// Windows that are taken at once: a share of the queue, so that what falls due meanwhile waits little.
const AT_ONCE: usize = 16;

/// The networks of one bed and their names.
#[derive(Clone)]
pub struct BedJudge {
    judge: Arc<Mutex<Judge>>,
    /// SHA-256 of the CNN's weights.
    pub cnn: Arc<str>,
    /// SHA-256 of the autoencoder's weights.
    pub autoencoder: Arc<str>,
    /// Whether the autoencoder is the shared one and not the patient's own.
    pub shared: bool,
    /// The seizure probability of a seizure second.
    pub seizure_probability: f32,
    /// Networks and settings together.
    pub id: Arc<DetectorId>,
    /// The digest that stands for them.
    pub detector: Arc<str>,
}

impl BedJudge {
    /// Wraps a patient's judge for the thread.
    pub fn new(watched: Watched) -> BedJudge {
        let id = watched.detector_id();
        let Watched { judge, shared, config, .. } = watched;
        BedJudge {
            seizure_probability: config.label.seizure_probability,
            detector: id.digest().into(),
            id: Arc::new(id),
            cnn: judge.classifier().digest().into(),
            autoencoder: judge.autoencoder().map_or("", |autoencoder| autoencoder.digest()).into(),
            judge: Arc::new(Mutex::new(judge)),
            shared,
        }
    }

    fn judge(&self, window: &Window) -> Result<Option<Opinion>, String> {
        // A panic in a network is a fault of one window, not the end of the watch of all beds.
        let judged = catch_unwind(AssertUnwindSafe(|| {
            self.judge.lock().unwrap_or_else(PoisonError::into_inner).judge(window)
        }));
        match judged {
            Ok(judged) => judged.map_err(|error| error.to_string()),
            Err(_) => Err("the network failed unexpectedly".to_string()),
        }
    }
}

/// A window that waits for its opinion.
pub struct Due {
    /// The networks to ask.
    pub judge: BedJudge,
    /// The window.
    pub window: Window,
    /// Where the opinion goes; has room for [`UNDER_WAY`].
    pub reply: mpsc::Sender<Judged>,
}

/// A window with its opinion.
pub struct Judged {
    /// The window.
    pub window: Window,
    /// What the networks said; `None` with too few channels; an error in words.
    pub opinion: Result<Option<Opinion>, String>,
    /// The networks that said it.
    pub judge: BedJudge,
    /// What the networks took.
    pub cost: Duration,
}

/// The way to the thread.
#[derive(Clone)]
pub struct Inference {
    due: Sender<Due>,
    judged: Arc<AtomicU64>,
}

impl Inference {
    /// Starts the thread. It ends when the last [`Inference`] is dropped, after judging what waits.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn start() -> std::io::Result<(Inference, JoinHandle<()>)> {
        let (due, waiting) = bounded(WAITING);
        let judged = Arc::new(AtomicU64::new(0));
        let count = judged.clone();
        let thread = std::thread::Builder::new()
            .name("inference".into())
            .spawn(move || judge_all(&waiting, &count))?;
        Ok((Inference { due, judged }, thread))
    }

    /// Hands a window over; gives it back where there is no room.
    ///
    /// # Errors
    /// The window.
    #[expect(clippy::result_large_err, reason = "the window comes back to be handed over later")]
    pub fn judge(&self, due: Due) -> Result<(), Due> {
        self.due.try_send(due).map_err(|refused| match refused {
            TrySendError::Full(due) | TrySendError::Disconnected(due) => due,
        })
    }

    /// Windows judged so far: what moves, however slowly, counts on.
    pub fn judged(&self) -> u64 {
        self.judged.load(Ordering::Relaxed)
    }

    /// Windows that wait.
    pub fn waiting(&self) -> usize {
        self.due.len()
    }
}

fn judge_all(waiting: &Receiver<Due>, count: &AtomicU64) {
    while let Ok(first) = waiting.recv() {
        let mut by_bed: Vec<Vec<Due>> = Vec::new();
        for due in std::iter::once(first).chain(waiting.try_iter().take(AT_ONCE - 1)) {
            let same =
                |other: &Vec<Due>| other.first().is_some_and(|other| due.reply.same_channel(&other.reply));
            match by_bed.iter_mut().find(|other| same(other)) {
                Some(others) => others.push(due),
                None => by_bed.push(vec![due]),
            }
        }
        by_bed.into_par_iter().for_each(|dues| dues.into_iter().for_each(|due| judge_one(due, count)));
    }
}

fn judge_one(Due { judge, window, reply }: Due, count: &AtomicU64) {
    let began = Instant::now();
    let opinion = judge.judge(&window);
    let cost = began.elapsed();
    count.fetch_add(1, Ordering::Relaxed);
    // There is room for every window under way; a bed that is gone needs no answer.
    let _ = reply.try_send(Judged { window, opinion, judge, cost });
}
