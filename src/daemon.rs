//! Starts everything, has it watched over, stops it in order.

mod supervisor;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use supervisor::{Signals, Supervisor};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};

use crate::config::WardConfig;
use crate::durable::{Held, hold};
use crate::record::{Recorder, files_of, mend};
use crate::ward::Metrics;
use crate::ward::alarms::Desk;
use crate::ward::inference::Inference;
use crate::ward::keeper::{Keeper, WAITING};
use crate::ward::lifecycle::fit_all;
use crate::ward::notify::Notifier;
use crate::ward::overrides::Overrides;
use crate::ward::request::Request;
use crate::ward::scribe::Scribe;
use crate::ward::shared::{Shared, Ways};
use crate::web::api::{Api, router};
use crate::web::health::Proven;
use crate::web::listen::Port;
use crate::web::live::Live;
use crate::web::port::{self, PortError};

/// How long the log of alarms is waited for at the start.
const LOG_MADE: Duration = Duration::from_secs(5);

/// Fits that may wait: one for each bed.
const FITS: usize = 256;

/// A daemon that cannot start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DaemonError {
    /// The web port.
    #[error(transparent)]
    Port(#[from] PortError),
    /// A folder or file.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// "read" or "write".
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// The system's own words.
        source: std::io::Error,
    },
    /// Another daemon has the state folder.
    #[error(
        "another vigil{} watches with the state folder {folder}; stop it first, or give this one a ward.state \
         and a record.folder of its own",
        .process.as_ref().map_or(String::new(), |process| format!(" (process {process})"))
    )]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The other's process, where it told.
        process: Option<String>,
    },
    /// A thread, a signal.
    #[error("cannot start {what}: {source}")]
    Start {
        /// What.
        what: &'static str,
        /// The system's own words.
        source: std::io::Error,
    },
}

/// Runs the daemon until it is told to stop (SIGTERM, SIGINT).
///
/// `listening` hears the address of the web port.
///
/// # Errors
/// [`DaemonError`] where it cannot start.
pub async fn run(
    config_path: &Path,
    config: WardConfig,
    listening: impl FnOnce(std::net::SocketAddr),
) -> Result<(), DaemonError> {
    let start = |what| move |source| DaemonError::Start { what, source };
    let state = config.ward.state.clone();
    writable(&state.join("beds"))?;
    let held = alone_with(&state)?;
    writable(&config.record.folder)?;
    let opened = port::open(&config.http).await?;
    if let Some(door) = &opened.gate.door
        && let Err(error) = door.remember(&state.join("displays.json"))
    {
        tracing::warn!(%error, "the sessions of displays cannot be read: displays sign in anew");
    }
    let connections = config.http.connections;
    mend_records(&config);

    let (inference, networks) = Inference::start().map_err(start("the thread of the networks"))?;
    let metrics = Arc::new(Metrics::new());
    // Those that were added over the API are watched, too: a restart must not end their alarms.
    let (overrides, _) = Overrides::load(&state);
    let wanted = overrides.wanted(&config.bed).into_iter().map(|bed| bed.name);
    let beds = wanted.chain(overrides.unreadable().keys().cloned()).collect();
    let (desk, announcing) = Desk::start(&config.ward, &config.channel, beds, metrics.clone())
        .map_err(start("the thread of the alarms"))?;
    let (scribe, writing) = Scribe::start().map_err(start("the thread of the states"))?;
    let (recorder, recording) =
        Recorder::start(config.record.clone()).map_err(start("the thread of the record"))?;
    let (fits, fit_requests) = mpsc::channel(FITS);
    let record = config.record.folder.clone();
    let ways = Ways { inference, desk: desk.clone(), scribe, recorder: recorder.clone() };
    let shared = Shared::new(state, record, ways, fits, metrics);
    let (config_here, config_there) = watch::channel(config);
    let (probe, probed) = watch::channel(None);
    let (ward, requests) = mpsc::channel(WAITING);
    let fitting = tokio::spawn(fit_all(
        fit_requests,
        config_there.clone(),
        config_path.to_path_buf(),
        ward.downgrade(),
    ));

    // Before a bed is watched and before anyone hears that we listen: a signal would end us without an order.
    let signals = Signals::listen().map_err(start("listening to signals"))?;
    let keeper = Keeper::start(shared.clone(), config_path.to_path_buf(), config_here, probe).await;
    let keeping = tokio::spawn(keeper.run(requests));
    // Who asks for alarms as soon as the address is told finds their log; one that hangs is told of by an alarm.
    let _ = tokio::time::timeout(LOG_MADE, shared.desk.flush()).await;
    let proven = Proven::default();
    let (stop_serving, serving_stops) = oneshot::channel::<()>();
    if let Ok(address) = opened.listener.local_addr() {
        listening(address);
    }
    let api = Api {
        shared: shared.clone(),
        ward: ward.clone(),
        config: config_there.clone(),
        proven: proven.clone(),
        gate: opened.gate.clone(),
        live: Live::start(shared.clone()).await,
        recorded: Arc::default(),
    };
    tokio::spawn(port::look_after(opened.gate, opened.tls.clone(), config_there.clone()));
    let open = Port { listener: opened.listener, tls: opened.tls, connections };
    let serving = tokio::spawn(open.serve(router(api), async {
        let _ = serving_stops.await;
    }));

    let notifier = Notifier::from_environment().unwrap_or_else(|error| {
        tracing::error!(%error, "the service manager will not hear of us");
        Notifier::to_nobody()
    });
    let supervisor = Supervisor { shared: shared.clone(), config: config_there, proven, probed, notifier };
    supervisor.watch_over(&ward, signals).await;

    // In order: no more samples, then what was judged to the disk, then the rest.
    let (done, wait) = oneshot::channel();
    let _ = ward.send(Request::Stop(done)).await;
    let _ = wait.await;
    let _ = keeping.await;
    let _ = stop_serving.send(());
    fitting.abort();
    let _ = tokio::time::timeout(Duration::from_secs(2), serving).await;
    recorder.stop();
    let _ = tokio::task::spawn_blocking(move || recording.join()).await;
    shared.desk.flush().await;
    shared.scribe.flush().await;
    drop(shared);
    desk.stop();
    let _ = tokio::task::spawn_blocking(move || announcing.join()).await;
    // The threads of networks and log end with the last way to them; what they had is written. Then another daemon may.
    drop((networks, writing, held));
    Ok(())
}

/// Makes a folder and tries to write into it: better now than at the first alarm.
fn writable(folder: &Path) -> Result<(), DaemonError> {
    let io = |source| DaemonError::Io { doing: "write", path: folder.to_path_buf(), source };
    std::fs::create_dir_all(folder).map_err(io)?;
    let trial = folder.join(".writable");
    std::fs::write(&trial, b"").and_then(|()| std::fs::remove_file(&trial)).map_err(io)
}

/// Keeps the state folder for this daemon alone, until it ends, however it ends. Two would announce each alarm twice,
/// write over each other's states and mend files that the other writes.
fn alone_with(state: &Path) -> Result<Held, DaemonError> {
    let told = state.join("daemon.pid");
    match hold(state) {
        Ok(held) => {
            // Only for whoever asks which process it is: the lock is the folder's.
            if let Err(error) = std::fs::write(&told, std::process::id().to_string()) {
                tracing::warn!(%error, path = %told.display(), "the number of the process is not told");
            }
            Ok(held)
        }
        Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy => {
            let process = std::fs::read_to_string(&told).ok();
            let process = process.filter(|text| text.parse::<u32>().is_ok());
            Err(DaemonError::Held { folder: state.to_path_buf(), process })
        }
        Err(source) => Err(DaemonError::Io { doing: "read", path: state.to_path_buf(), source }),
    }
}

/// Takes the mark of being written from files that a crash left behind.
fn mend_records(config: &WardConfig) {
    let Ok(beds) = std::fs::read_dir(&config.record.folder) else { return };
    for bed in beds.flatten().filter(|bed| bed.path().is_dir()) {
        let bed = bed.file_name().to_string_lossy().into_owned();
        // Those before the last two were closed, or mended at an earlier start.
        let files = files_of(&config.record.folder, &bed).unwrap_or_default();
        for path in files.iter().rev().take(2) {
            match mend(path) {
                Ok(crate::record::Mended::Sound) => {}
                Ok(crate::record::Mended::Cleared) => {
                    tracing::warn!(%bed, path = %path.display(), "closed a file that a crash had left open");
                }
                Err(error) => {
                    tracing::error!(%bed, %error, "a file of the record is damaged; it is left as it is")
                }
            }
        }
    }
}
