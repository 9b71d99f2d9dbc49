//! The one thread that asks the networks, for all beds.
//!
//! Windows are judged one at a time in the order in which they fell due. A bed has few of them under
//! way at once, so a bed that replays as fast as it can delays another by no more than those few.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use tokio::sync::mpsc;

use crate::detect::{Judge, Opinion};
use crate::signal::Window;

/// Windows of one bed that may wait or be judged at once.
pub const UNDER_WAY: usize = 4;

/// Windows that may wait in all: the share of 256 beds.
const WAITING: usize = UNDER_WAY * 256;

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
}

impl BedJudge {
    /// Wraps a judge for the thread.
    pub fn new(judge: Judge, shared: bool) -> BedJudge {
        BedJudge {
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
}

impl Inference {
    /// Starts the thread. It ends when the last [`Inference`] is dropped, after judging what waits.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn start() -> std::io::Result<(Inference, JoinHandle<()>)> {
        let (due, waiting) = bounded(WAITING);
        let thread = std::thread::Builder::new().name("inference".into()).spawn(move || judge_all(&waiting))?;
        Ok((Inference { due }, thread))
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

    /// Windows that wait.
    pub fn waiting(&self) -> usize {
        self.due.len()
    }
}

fn judge_all(waiting: &Receiver<Due>) {
    for Due { judge, window, reply } in waiting {
        let began = Instant::now();
        let opinion = judge.judge(&window);
        let cost = began.elapsed();
        // There is room for every window under way; a bed that is gone needs no answer.
        let _ = reply.try_send(Judged { window, opinion, judge, cost });
    }
}
