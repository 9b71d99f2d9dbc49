//! Keeps the beds: starts, changes and stops them while the others run.

mod reload;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::alarms::Work;
use super::bed::{Bed, BedSetup, Command};
use super::checkpoint;
use super::inference::BedJudge;
use super::intake::StreamRules;
use super::models::Models;
use super::overrides::Overrides;
use super::request::{Answer, Refused, Request};
use super::shared::Shared;
use super::status::Phase;
use super::watch::Watch;
use crate::alarm::{TechnicalKind, Transition};
use crate::config::{BedConfig, PatientId, WardConfig};
use crate::signal::SignalConfig;

/// Requests that may wait.
pub const WAITING: usize = 64;

/// Commands that may wait for a bed.
const COMMANDS: usize = 8;

/// The golden ratio's fraction: its multiples spread over the second, however many there are.
const SPREAD: f64 = 0.618_033_988_749_894_9;

/// A bed that runs, or that cannot.
struct Running {
    config: BedConfig,
    commands: Option<mpsc::Sender<Command>>,
    task: Option<JoinHandle<()>>,
    /// What it is watched with; `None` where it is not watched.
    with: Option<With>,
}

/// What a bed is watched with, to find out whether that is another on disk.
struct With {
    /// What its filters are made of: they cannot be changed while it runs.
    signal: SignalConfig,
    /// Networks and settings together.
    detector: Arc<str>,
}

/// A bed that was started: the way to it, its task, and what it is watched with.
type Opened = (mpsc::Sender<Command>, JoinHandle<()>, With);

/// The beds of a ward.
pub struct Keeper {
    shared: Arc<Shared>,
    path: PathBuf,
    /// vigil.toml as it was read last; the others that need it follow it here.
    config: watch::Sender<WardConfig>,
    overrides: Overrides,
    models: Models,
    beds: BTreeMap<String, Running>,
    /// How many beds were ever started, for their slots.
    started: u64,
    /// Any bed's networks, for the proof that windows move.
    probe: watch::Sender<Option<BedJudge>>,
}

impl Keeper {
    /// Starts the beds of a configuration.
    pub async fn start(
        shared: Arc<Shared>,
        path: PathBuf,
        config: watch::Sender<WardConfig>,
        probe: watch::Sender<Option<BedJudge>>,
    ) -> Keeper {
        let (overrides, errors) = Overrides::load(&shared.state);
        for error in errors {
            tracing::error!(%error, "a change of a bed is passed over");
        }
        let models = Models::default();
        let mut keeper =
            Keeper { shared, path, config, overrides, models, beds: BTreeMap::new(), started: 0, probe };
        keeper.settle().await;
        keeper
    }

    /// Serves requests until one says stop.
    pub async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        while let Some(request) = requests.recv().await {
            match request {
                Request::Reload(answer) => {
                    let done = self.reload().await;
                    let _ = answer.send(done);
                }
                Request::Put(bed, answer) => {
                    let done = self.put(*bed).await;
                    let _ = answer.send(done);
                }
                Request::Remove(name, answer) => {
                    let done = self.remove(&name).await;
                    let _ = answer.send(done);
                }
                Request::ModelsChanged { patient } => match self.switch(&patient).await {
                    Ok(done) => done.iter().for_each(|done| tracing::info!("{done}")),
                    Err(error) => tracing::error!(error, "networks are not exchanged"),
                },
                Request::FitAgain { bed } => {
                    if let Some(commands) = self.beds.get(&bed).and_then(|bed| bed.commands.as_ref()) {
                        let _ = commands.send(Command::FitAgain).await;
                    }
                }
                Request::Stop(done) => {
                    let all: Vec<String> = self.beds.keys().cloned().collect();
                    self.stop_beds(all.iter().map(String::as_str)).await;
                    let _ = done.send(());
                    return;
                }
            }
        }
    }

    async fn put(&mut self, bed: BedConfig) -> Answer {
        bed.check().map_err(|(_, what)| Refused::Mistake(what))?;
        let file = self.config.borrow().bed.clone();
        let name = bed.name.clone();
        self.overrides.keep(&name, Some(bed), &file).map_err(|error| Refused::Failed(error.to_string()))?;
        Ok(self.settle().await)
    }

    async fn remove(&mut self, name: &str) -> Answer {
        let unreadable = !self.beds.contains_key(name);
        if unreadable && !self.overrides.unreadable().contains_key(name) {
            return Err(Refused::NoSuchBed(name.to_string()));
        }
        let file = self.config.borrow().bed.clone();
        self.overrides.keep(name, None, &file).map_err(|error| Refused::Failed(error.to_string()))?;
        let mut done = self.settle().await;
        if unreadable {
            self.end_technical(name, "");
            self.forget(name);
            done.push(format!("bed {name}: removed"));
        }
        Ok(done)
    }

    /// Makes the beds that run those that shall run.
    async fn settle(&mut self) -> Vec<String> {
        let mut done = Vec::new();
        let (wanted, outdated) = self.overrides.apply(&self.config.borrow().bed.clone());
        done.extend(
            outdated.iter().map(|bed| format!("bed {bed}: vigil.toml says something new, which stands")),
        );
        let wanted: BTreeMap<String, BedConfig> =
            wanted.into_iter().map(|bed| (bed.name.clone(), bed)).collect();
        let gone: BTreeMap<String, String> = self
            .beds
            .iter()
            .filter(|(name, bed)| wanted.get(*name) != Some(&bed.config))
            .map(|(name, bed)| (name.clone(), bed.config.patient.clone()))
            .collect();
        self.stop_beds(gone.keys().map(String::as_str)).await;
        for (name, patient) in &gone {
            tracing::info!(bed = name.as_str(), "stopped");
            self.end_technical(name, patient);
            let next = wanted.get(name).map(|bed| &bed.patient);
            if next != Some(patient) {
                // Whoever comes next must not be shown with this patient's alarm, label and signal.
                self.forget(name);
            }
            if next.is_none() {
                done.push(format!("bed {name}: removed"));
            }
        }
        for (name, config) in wanted {
            // A bed that could not be watched is tried again.
            if self.beds.get(&name).is_some_and(|bed| bed.commands.is_some()) {
                continue;
            }
            let verb = if gone.contains_key(&name) { "changed" } else { "started" };
            done.push(match self.start_bed(config) {
                Ok(()) => {
                    tracing::info!(bed = name.as_str(), "{verb}");
                    format!("bed {name}: {verb}")
                }
                Err(reason) => {
                    tracing::error!(bed = name.as_str(), reason, "cannot be watched");
                    format!("bed {name}: cannot be watched: {reason}")
                }
            });
        }
        for (name, reason) in self.overrides.unreadable() {
            // It was watched, and nobody knows as whom: that must not pass for a bed that was removed.
            if !self.beds.contains_key(name) {
                self.cannot_be_watched(name, "", reason);
            }
        }
        self.shared.metrics.beds.set(self.beds.len() as i64);
        done
    }

    /// Nothing of a bed is shown or counted on, and no alarm of it lasts.
    fn forget(&self, name: &str) {
        self.shared.desk.tell(Work::Resumed { bed: name.to_string(), alarms: BTreeSet::new() });
        self.shared.board.remove(name);
        self.shared.metrics.forget(name);
    }

    /// Ends the technical alarms of a bed that has no task to end them: of one that could not be started,
    /// above all.
    fn end_technical(&self, name: &str, patient: &str) {
        let standing = self.shared.board.get(name).map(|status| status.technical).unwrap_or_default();
        for (kind, detail) in standing {
            self.shared.technical(name, patient, Transition { kind, raised: false, detail });
        }
    }

    async fn stop_beds(&mut self, names: impl Iterator<Item = &str>) {
        let mut stopping = Vec::new();
        for name in names {
            let Some(bed) = self.beds.remove(name) else { continue };
            let (done, wait) = oneshot::channel();
            if let Some(commands) = bed.commands {
                let _ = commands.send(Command::Stop(done)).await;
            }
            stopping.push((wait, bed.task));
        }
        for (wait, task) in stopping {
            let _ = wait.await;
            if let Some(task) = task {
                let _ = task.await;
            }
        }
    }

    /// Starts a bed. One that cannot be watched is kept as such, told, and tried again at the next
    /// change.
    fn start_bed(&mut self, config: BedConfig) -> Result<(), String> {
        let name = config.name.clone();
        match self.open_bed(&config) {
            Ok((commands, task, with)) => {
                let running =
                    Running { config, commands: Some(commands), task: Some(task), with: Some(with) };
                self.beds.insert(name.clone(), running);
                Ok(())
            }
            Err(reason) => {
                self.cannot_be_watched(&name, &config.patient, &reason);
                self.beds.insert(name, Running { config, commands: None, task: None, with: None });
                Err(reason)
            }
        }
    }

    /// Shows a bed as one that cannot be watched, and raises its alarm. Another reason is another alarm: the
    /// one before ends with its own.
    fn cannot_be_watched(&self, name: &str, patient: &str, reason: &str) {
        let kind = TechnicalKind::Misfit;
        let standing = self.shared.board.get(name).and_then(|mut status| status.technical.remove(&kind));
        self.shared.board.update(name, |status| {
            status.patient = patient.to_string();
            status.phase = Phase::Unusable;
            status.reason = Some(reason.to_string());
        });
        if standing.as_deref() == Some(reason) {
            return;
        }
        let ended = standing.map(|detail| Transition { kind, raised: false, detail });
        let raised = Transition { kind, raised: true, detail: reason.to_string() };
        for transition in ended.into_iter().chain([raised]) {
            self.shared.technical(name, patient, transition);
        }
    }

    fn open_bed(&mut self, config: &BedConfig) -> Result<Opened, String> {
        let told = |error: &dyn std::fmt::Display| error.to_string();
        let patient = PatientId::new(&config.patient).map_err(|e| told(&e))?;
        let (patients, models, baseline) = {
            let ward = self.config.borrow();
            (ward.ward.patients.clone(), ward.ward.models.clone(), ward.baseline.clone())
        };
        let watched = self.models.watched(&patients, &models, &patient).map_err(|e| told(&e))?;
        for remark in watched.remarks() {
            tracing::warn!(bed = config.name.as_str(), "{remark}");
        }
        let source = config.source.open().map_err(|e| told(&e))?;
        let rules = StreamRules {
            labels: config.labels.clone(),
            unit: config.unit.clone(),
            range_uv: config.range_uv,
        };
        let timeline = (self.shared.unix_now() * 1e3) as u64;
        let mut watch = Watch::new(rules, watched.signal.clone(), watched.detector.clone(), timeline);
        let resumed_wall_s = self.resume(config, &patient, &mut watch);
        // The alarm of an earlier attempt, should there be one.
        let earlier = self.shared.board.get(&config.name);
        if let Some(detail) = earlier.and_then(|mut status| status.technical.remove(&TechnicalKind::Misfit)) {
            let kind = TechnicalKind::Misfit;
            self.shared.technical(&config.name, &config.patient, Transition { kind, raised: false, detail });
        }
        let signal = watched.signal.clone();
        let judge = BedJudge::new(watched);
        let with = With { signal, detector: judge.detector.clone() };
        self.probe.send_replace(Some(judge.clone()));
        let slot = (self.started as f64 * SPREAD).fract();
        self.started += 1;
        let (commands, listening) = mpsc::channel(COMMANDS);
        let setup = BedSetup { config: config.clone(), patient, judge, baseline, slot };
        let task = Bed::start(setup, self.shared.clone(), watch, source, resumed_wall_s, listening);
        Ok((commands, task, with))
    }

    /// Takes up what the bed remembered; the wall clock of its next frame.
    fn resume(&self, config: &BedConfig, patient: &PatientId, watch: &mut Watch) -> Option<f64> {
        let bed = config.name.as_str();
        let state = match checkpoint::load(&checkpoint::state_path(&self.shared.state, bed)) {
            Ok(state) => state?,
            Err(error) => {
                tracing::error!(bed, %error, "the bed's state is not resumed");
                return None;
            }
        };
        if state.patient != patient.as_str() {
            tracing::warn!(bed, "the bed has another patient now: it begins anew");
            return None;
        }
        if let Err(reason) = watch.restore(&state) {
            tracing::warn!(bed, reason, "the filters start anew, the accumulator goes on");
        }
        tracing::info!(bed, second = watch.next_second(), "the bed goes on where it stopped");
        Some(state.wall_s)
    }
}
