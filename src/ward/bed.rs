//! One bed: its source, its watch, its alarms, its memory. Each runs as a task of its own; what goes
//! wrong here stays here.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::baseline::Baseline;
use super::checkpoint;
use super::clocks::{Clocks, Told};
use super::feed::{Fed, WAITING, feed};
use super::inference::{BedJudge, Due, Judged, UNDER_WAY};
use super::intake::{Gap, Taken};
use super::journal::Journal;
use super::lifecycle::FitRequest;
use super::shared::Shared;
use super::status::Phase;
use super::watch::Watch;
use crate::alarm::{Health, LogEntry, TechnicalKind};
use crate::config::{BaselineConfig, BedConfig, PatientId};
use crate::detect::{Detector, Verdict};
use crate::record::{GapReason, RecordError, RecordedSource};
use crate::signal::{FaultKind, Window};
use crate::source::Source;
use crate::source::live::{Incoming, LiveLayout, LiveSource, Mark, Received};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_millis(250);

/// How often the bed's state is saved.
const SAVED_EVERY: Duration = Duration::from_secs(3);

/// Seconds without a sample that are told.
const SILENT_S: f64 = 2.0;

/// A second whose verdict is still out after this long is told.
const BEHIND_S: f64 = 2.0;

/// Windows of a device's stream that may wait for the networks; beyond them the source waits.
const BACKLOG: usize = 60;

/// How long a bed that stops waits for the verdicts that are still out.
const DRAIN: Duration = Duration::from_secs(5);

/// What a bed is made of.
pub struct BedSetup {
    /// Its configuration.
    pub config: BedConfig,
    /// Its patient.
    pub patient: PatientId,
    /// The networks.
    pub judge: BedJudge,
    /// When the patient gets an autoencoder of their own.
    pub baseline: BaselineConfig,
    /// Where its time of the second lies among the other beds', from 0 to 1.
    pub slot: f64,
}

/// What a bed can be told while it runs.
pub enum Command {
    /// Other networks judge from the next second on, and the settings of label and alarm are these.
    Switch {
        /// The networks.
        judge: BedJudge,
        /// A detector at rest with the settings.
        detector: Detector,
    },
    /// A fit that was asked for has failed.
    FitAgain,
    /// Stop: judge what has arrived, save everything, answer.
    Stop(oneshot::Sender<()>),
}

/// A window on its way, with its second.
struct Waiting {
    second: u64,
    window: Window,
    arrived: Instant,
}

/// Seconds that are being judged, in order.
struct UnderWay {
    second: u64,
    arrived: Instant,
}

/// The task of one bed.
pub struct Bed {
    setup: BedSetup,
    shared: Arc<Shared>,
    watch: Watch,
    journal: Journal,
    health: Health,
    clocks: Clocks,
    waiting: VecDeque<Waiting>,
    under_way: VecDeque<UnderWay>,
    replies: mpsc::Sender<Judged>,
    /// A device gives a second each second; a replay may be faster, and its clocks say nothing.
    real_time: bool,
    /// The bed is connected to this.
    connected: bool,
    ended: bool,
    /// The stream was interrupted: how long for is known with the next message.
    interrupted: bool,
    /// When, and by which wall clock, the frame after the last was due.
    last_arrival: Option<Instant>,
    due_wall_s: Option<f64>,
    saved: Instant,
    /// The source is not listened to until every window is judged: a state is due.
    settling: bool,
    /// The alarm that lasts, by the second in which it was raised.
    alarm: Option<u64>,
    fit_asked: bool,
}

/// Most seconds of the record that a restart judges again.
const TAIL_S: u64 = 120;

/// The frames of a bed's record from a number on, in pieces; `None` where there are none.
fn tail_of(folder: &Path, bed: &str, from: u64) -> Option<Vec<(u64, Vec<f32>)>> {
    let mut source = match RecordedSource::open(folder, bed, from, u64::MAX) {
        Ok(source) => source,
        Err(RecordError::Nothing { .. }) => return None,
        Err(error) => {
            tracing::error!(bed, %error, "the record's last seconds are not judged again");
            return None;
        }
    };
    let rate_hz = source.layout().rates_hz.first().copied().unwrap_or(1.0);
    if source.frames() as f64 > TAIL_S as f64 * rate_hz {
        tracing::warn!(bed, "more is on record than can be judged again: it becomes a gap");
        return None;
    }
    let mut pieces = Vec::new();
    while let Ok(Some(piece)) = source.next_frames() {
        pieces.push(piece);
    }
    Some(pieces)
}

impl Bed {
    /// Runs the bed until it is told to stop.
    pub async fn run(
        setup: BedSetup,
        shared: Arc<Shared>,
        watch: Watch,
        mut source: Box<dyn LiveSource>,
        resumed_wall_s: Option<f64>,
        mut commands: mpsc::Receiver<Command>,
    ) {
        let (replies, mut judged) = mpsc::channel(2 * UNDER_WAY);
        let (to_bed, mut fed) = mpsc::channel(WAITING);
        let real_time = setup.config.source.real_time();
        let journal = Journal::new(&setup, shared.recorder.clone(), &watch, &shared.log_path);
        let mut bed = Bed {
            interrupted: false,
            due_wall_s: resumed_wall_s,
            clocks: Clocks::default(),
            health: Health::default(),
            waiting: VecDeque::new(),
            under_way: VecDeque::new(),
            saved: Instant::now(),
            connected: false,
            ended: false,
            last_arrival: None,
            settling: false,
            alarm: None,
            fit_asked: false,
            real_time,
            replies,
            journal,
            setup,
            shared,
            watch,
        };
        bed.first_status(source.describe());
        bed.catch_up().await;
        let next_frame = bed.watch.next_frame();
        // What can be asked for its past goes on without a gap.
        let seamless = next_frame > 0 && source.resume_at(next_frame);
        bed.interrupted = resumed_wall_s.is_some() && !seamless;
        let delay = if real_time { bed.shared.until_slot(bed.setup.slot) } else { Duration::ZERO };
        let feeder = tokio::spawn(feed(source, delay, to_bed));
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut listening = true;
        let stopped = loop {
            let room = if bed.real_time { BACKLOG } else { 1 };
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(Command::Switch { judge, detector }) => {
                        bed.watch.set(detector);
                        bed.switch(judge);
                    }
                    Some(Command::FitAgain) => bed.fit_asked = false,
                    Some(Command::Stop(done)) => break Some(done),
                    None => break None,
                },
                Some(done) = judged.recv() => bed.judged(done),
                _ = ticks.tick() => bed.tick(),
                came = fed.recv(), if listening && !bed.settling && bed.waiting.len() < room => match came {
                    Some(came) => bed.fed(came),
                    None => listening = false,
                },
            }
            bed.hand_over();
        };
        feeder.abort();
        drop(fed);
        let deadline = tokio::time::Instant::now() + DRAIN;
        while !(bed.waiting.is_empty() && bed.under_way.is_empty()) {
            match tokio::time::timeout_at(deadline, judged.recv()).await {
                Ok(Some(done)) => bed.judged(done),
                _ => break,
            }
            bed.hand_over();
        }
        bed.stop();
        bed.shared.scribe.flush().await;
        if let Some(done) = stopped {
            let _ = done.send(());
        }
    }

    fn name(&self) -> &str {
        &self.setup.config.name
    }

    fn first_status(&self, source: String) {
        let setup = &self.setup;
        let wanted = if setup.judge.shared { setup.baseline.seconds } else { 0 };
        self.shared.board.update(self.name(), |status| {
            status.patient = setup.patient.to_string();
            status.source = source;
            status.phase = Phase::Connecting;
            status.reason = None;
            status.cnn = setup.judge.cnn.to_string();
            status.autoencoder = setup.judge.autoencoder.to_string();
            status.shared_autoencoder = setup.judge.shared;
            status.baseline_wanted_s = wanted;
        });
        if setup.judge.shared {
            tracing::warn!(bed = self.name(), "judged by the shared autoencoder until the patient's own is fitted");
        }
    }

    /// Judges again what was recorded after the state was taken: the record is the bed's longer memory.
    async fn catch_up(&mut self) {
        let Some(rate_hz) = self.watch.layout().map(|layout| layout.rate_hz) else { return };
        let (folder, bed) = (self.shared.record_folder.clone(), self.name().to_string());
        let from = self.watch.next_frame();
        let read = tokio::task::spawn_blocking(move || tail_of(&folder, &bed, from)).await;
        let Ok(Some(tail)) = read else { return };
        let mut windows = 0;
        for (first_frame, values) in tail {
            let due_s = self.due_wall_s.unwrap_or_else(|| self.shared.unix_now());
            let before = self.watch.next_frame();
            match self.watch.take_recorded(first_frame, values) {
                Ok(Some(taken)) => {
                    let passed = self.watch.next_frame() - before;
                    self.due_wall_s = Some(due_s + passed as f64 / rate_hz);
                    for window in taken.windows {
                        let second = self.watch.second_of(&window);
                        self.waiting.push_back(Waiting { second, window, arrived: Instant::now() });
                        windows += 1;
                    }
                }
                _ => break,
            }
        }
        // The last second's verdict may not have reached the record; its signal did.
        self.journal.is_recorded_up_to(self.watch.next_frame(), self.watch.next_second() + windows);
        tracing::info!(bed = self.name(), seconds = windows, "judged again from the record");
    }

    fn fed(&mut self, fed: Fed) {
        match fed {
            Fed::Connected(layout) => self.connect(&layout),
            Fed::Came(Incoming::Samples(received)) => self.take(received),
            Fed::Came(Incoming::Layout(layout)) => {
                let name = self.name().to_string();
                tracing::warn!(bed = name, "the stream changed its layout");
                self.connect(&layout);
            }
            Fed::Came(Incoming::Ended) => {
                self.ended = true;
                self.connected = false;
                tracing::info!(bed = self.name(), "the source has ended");
                self.shared.board.update(self.name(), |status| status.phase = Phase::Ended);
                self.observe(TechnicalKind::NoSignal, None);
                self.observe(TechnicalKind::SourceLost, None);
                self.save_soon();
            }
            Fed::Failed(reason) => {
                self.connected = false;
                self.interrupted = true;
                self.shared.board.update(self.name(), |status| {
                    status.phase = Phase::Connecting;
                    status.reason = Some(reason.clone());
                });
                self.observe(TechnicalKind::SourceLost, Some(reason));
            }
        }
    }

    fn connect(&mut self, layout: &LiveLayout) {
        self.connected = true;
        self.observe(TechnicalKind::SourceLost, None);
        let name = self.name().to_string();
        self.shared.metrics.connections.get_or_create(&self.shared.label(&name)).inc();
        // What follows a first connection is the beginning of time; the silence since is measured.
        self.last_arrival.get_or_insert_with(Instant::now);
        match self.watch.join(layout, 0.0) {
            Ok(joined) => {
                self.observe(TechnicalKind::Misfit, None);
                self.clocks = Clocks::new(layout.rate_hz);
                if joined.anew || self.journal.is_closed() {
                    self.journal.begin(&self.watch, &self.setup.judge);
                }
                let intake = self.watch.intake();
                let missing: Vec<String> =
                    intake.map(|i| i.montage().missing().iter().map(ToString::to_string).collect()).unwrap_or_default();
                if !missing.is_empty() {
                    tracing::warn!(bed = name, missing = missing.join(", "), "the stream lacks derivations");
                }
                self.shared.board.update(&name, |status| {
                    status.phase = Phase::Watching;
                    status.reason = None;
                    status.stream = Some(layout.stream.clone());
                    status.rate_hz = Some(layout.rate_hz);
                    status.labels = intake.map(|intake| intake.labels().to_vec()).unwrap_or_default();
                    status.missing = missing;
                });
            }
            Err(error) => {
                self.journal.end();
                self.shared.board.update(&name, |status| {
                    status.phase = Phase::Unusable;
                    status.reason = Some(error.to_string());
                });
                self.observe(TechnicalKind::Misfit, Some(error.to_string()));
            }
        }
    }

    fn take(&mut self, received: Received) {
        let Some(layout) = self.watch.layout() else {
            // A stream that does not fit still proves that its source lives.
            self.last_arrival = Some(received.arrived);
            return;
        };
        let rate_hz = layout.rate_hz;
        let frames = (received.values.len() / layout.channels.len().max(1)) as u64;
        let arrived = received.arrived;
        let lost_before = received.lost_before;
        if frames == 0 && lost_before == 0 && received.marks.is_empty() {
            return;
        }
        let wall_s = self.shared.unix_at(arrived);
        let duration_s = frames as f64 / rate_hz;
        let taken_s = received.taken_at_s.filter(|at| at.is_finite()).unwrap_or(wall_s - duration_s);
        if std::mem::take(&mut self.interrupted) {
            self.bridge(taken_s, wall_s - duration_s, rate_hz);
        }
        if self.real_time && frames > 0 {
            let told = self.clocks.observe(
                self.watch.next_frame() + lost_before,
                frames,
                received.taken_at_s,
                arrived,
                wall_s,
            );
            match told {
                Told::Steady => {}
                Told::Missing(seconds) => {
                    let frames = (seconds * rate_hz).round() as u64;
                    self.clocks.skip(frames);
                    self.lost(frames, GapReason::Leapt);
                }
                Told::Moved(seconds) => {
                    let detail = format!("the device's clock moved by {seconds:+.2} s; no sample is missing");
                    self.observe(TechnicalKind::ClockJump, Some(detail));
                }
            }
        }
        if lost_before > 0 {
            self.count_lost(lost_before, GapReason::Counted);
        }
        self.last_arrival = Some(arrived);
        self.due_wall_s = Some(taken_s + duration_s);
        let marks = received.marks.clone();
        match self.watch.take(received) {
            Ok(Some(taken)) => self.taken(taken, &marks, taken_s, arrived),
            Ok(None) => {}
            Err(error) => self.observe(TechnicalKind::Misfit, Some(error.to_string())),
        }
        let label = self.shared.label(self.name());
        self.shared.metrics.frames.get_or_create(&label).inc_by(frames);
    }

    /// The stream goes on after an interruption: what is missing in between is counted by clocks.
    fn bridge(&mut self, taken_s: f64, arrived_s: f64, rate_hz: f64) {
        let Some(due_s) = self.due_wall_s else { return };
        let by_stamps = taken_s - due_s;
        let by_arrival = arrived_s - due_s;
        let away_s = if (by_stamps - by_arrival).abs() < 5.0 {
            by_stamps
        } else {
            let moved = by_stamps - by_arrival;
            let detail = format!("the device's clock moved by {moved:+.2} s during an interruption");
            self.observe(TechnicalKind::ClockJump, Some(detail));
            by_arrival
        };
        let frames = (away_s.max(0.0) * rate_hz).round() as u64;
        if self.real_time {
            self.lost(frames, GapReason::Away);
        }
    }

    /// Frames that nobody counted: the watch skips them.
    fn lost(&mut self, frames: u64, why: GapReason) {
        if let Some(gap) = self.watch.skip(frames) {
            let wall_s = self.due_wall_s.unwrap_or_default();
            self.journal.gap(gap, wall_s, why);
            self.count_lost(frames, why);
        }
    }

    fn count_lost(&mut self, frames: u64, why: GapReason) {
        let label = self.shared.label(self.name());
        self.shared.metrics.lost_frames.get_or_create(&label).inc_by(frames);
        let rate_hz = self.watch.layout().map_or(1.0, |layout| layout.rate_hz);
        let detail = format!("{frames} samples ({:.2} s) are missing: {}", frames as f64 / rate_hz, why.words());
        self.observe(TechnicalKind::SamplesLost, Some(detail));
        self.shared.board.update(self.name(), |status| status.lost_frames += frames);
    }

    fn taken(&mut self, taken: Taken, marks: &[Mark], wall_s: f64, arrived: Instant) {
        if let Some(gap) = taken.gap {
            self.journal.gap(gap, wall_s, GapReason::Counted);
        }
        self.journal.signal(taken.first_frame, &taken.microvolts, wall_s);
        for mark in marks {
            self.journal.mark(taken.first_frame + mark.frame as u64, wall_s, &mark.text);
        }
        let channels = self.watch.layout().map_or(1, |layout| layout.channels.len()) as u64;
        self.shared.board.update(&self.setup.config.name, |status| {
            status.frames += taken.microvolts.len() as u64 / channels;
        });
        for window in taken.windows {
            let second = self.watch.second_of(&window);
            self.waiting.push_back(Waiting { second, window, arrived });
        }
    }

    /// Gives the networks as many windows as a bed may have under way.
    fn hand_over(&mut self) {
        while self.under_way.len() < UNDER_WAY
            && let Some(Waiting { second, window, arrived }) = self.waiting.pop_front()
        {
            let due = Due { judge: self.setup.judge.clone(), window, reply: self.replies.clone() };
            match self.shared.inference.judge(due) {
                Ok(()) => self.under_way.push_back(UnderWay { second, arrived }),
                Err(due) => {
                    self.waiting.push_front(Waiting { second, window: due.window, arrived });
                    return;
                }
            }
        }
    }

    fn judged(&mut self, judged: Judged) {
        let Some(UnderWay { second, arrived }) = self.under_way.pop_front() else { return };
        let opinion = match judged.opinion {
            Ok(opinion) => {
                self.observe(TechnicalKind::DetectorFails, None);
                opinion
            }
            Err(error) => {
                self.observe(TechnicalKind::DetectorFails, Some(error));
                None
            }
        };
        let verdict = self.watch.judge(second, opinion);
        let latency = arrived.elapsed();
        let frames = self.watch.intake().map_or(0.0, |intake| intake.rate_hz()) as u64;
        let wall_s = self.wall_of(judged.window.first_sample);
        self.watch.baseline.observe(&judged.window, frames, &verdict);
        self.journal.verdict(&verdict, judged.window.first_sample, latency, &judged.judge);
        self.look_at(&judged.window, &verdict);
        self.announce(&verdict, wall_s, &judged.judge);
        self.count(&verdict, latency, judged.cost, wall_s);
        self.ask_for_fit();
    }

    /// The electrodes of one second.
    fn look_at(&mut self, window: &Window, verdict: &Verdict) {
        let second = verdict.second as f64;
        for (kind, fault) in [
            (TechnicalKind::ElectrodeFlat, FaultKind::Flat),
            (TechnicalKind::Saturated, FaultKind::Saturated),
            (TechnicalKind::NotANumber, FaultKind::NonFinite),
        ] {
            let labels = self.watch.intake().map(|intake| intake.labels()).unwrap_or_default();
            let mut channels: Vec<usize> = window
                .faults
                .iter()
                .flatten()
                .filter(|found| found.kind == fault)
                .map(|found| found.channel)
                .collect();
            channels.sort_unstable();
            channels.dedup();
            let names: Vec<&str> =
                channels.iter().filter_map(|&channel| labels.get(channel).map(String::as_str)).collect();
            let detail = (!names.is_empty()).then(|| format!("{fault}: {}", names.join(", ")));
            self.observe_at(kind, detail, second);
        }
        let absent = window.absent();
        let detail = verdict.label.is_none().then(|| format!("{absent} of 18 derivations are absent"));
        self.observe_at(TechnicalKind::TooFewChannels, detail, second);
    }

    fn announce(&mut self, verdict: &Verdict, wall_s: f64, judge: &BedJudge) {
        if let Some(alarm) = verdict.alarm {
            self.alarm = Some(alarm.raised_second);
            // After a kill the seconds since the last state are judged again.
            if self.journal.is_announced(alarm.raised_second) {
                return;
            }
            let label = self.shared.label(self.name());
            self.shared.metrics.alarms.get_or_create(&label).inc();
            self.shared.board.update(self.name(), |status| status.alarms += 1);
            let before = verdict.second.saturating_sub(alarm.onset_second) as f64;
            self.shared.scribe.announce(LogEntry::Seizure {
                time: self.shared.now_text(),
                bed: self.name().to_string(),
                patient: self.setup.patient.to_string(),
                onset_second: alarm.onset_second,
                raised_second: alarm.raised_second,
                onset: self.shared.time_text(wall_s - before),
                cnn: judge.cnn.to_string(),
                autoencoder: judge.autoencoder.to_string(),
            });
        } else if !verdict.alarming
            && let Some(raised_second) = self.alarm.take()
        {
            self.shared.scribe.announce(LogEntry::SeizureEnded {
                time: self.shared.now_text(),
                bed: self.name().to_string(),
                raised_second,
                end_second: verdict.second,
            });
        }
    }

    fn count(&mut self, verdict: &Verdict, latency: Duration, cost: Duration, wall_s: f64) {
        let label = self.shared.label(self.name());
        let metrics = &self.shared.metrics;
        metrics.verdicts.get_or_create(&label).inc();
        if verdict.label.is_none() {
            metrics.unjudged.get_or_create(&label).inc();
        }
        metrics.latency.get_or_create(&label).observe(latency.as_secs_f64());
        metrics.judged(cost.as_secs_f64());
        metrics.accumulator.get_or_create(&label).set(verdict.accumulator.into());
        if self.real_time {
            self.shared.latencies.record(latency);
        }
        let time = self.shared.time_text(wall_s);
        let gathered = self.watch.baseline.seconds();
        self.shared.board.update(self.name(), |status| {
            status.second = Some(verdict.second);
            status.judged = Some(Instant::now());
            status.time = Some(time);
            status.label = verdict.label.map(|label| label.name());
            status.probabilities = verdict.probabilities;
            status.accumulator = verdict.accumulator;
            status.alarming = verdict.alarming;
            status.latency_ms = Some(latency.as_secs_f64() * 1e3);
            status.baseline_s = gathered;
        });
    }

    fn tick(&mut self) {
        self.shared.board.update(self.name(), |status| status.ticked = Some(Instant::now()));
        let label = self.shared.label(self.name());
        let silent_s = self.last_arrival.map_or(0.0, |last| last.elapsed().as_secs_f64());
        self.shared.metrics.silence_s.get_or_create(&label).set(silent_s);
        // A source that is made to wait is not silent.
        let reading = self.waiting.len() < BACKLOG;
        if !self.ended && self.real_time && reading {
            let silent = (silent_s >= SILENT_S && self.last_arrival.is_some())
                .then(|| format!("no sample for {SILENT_S:.0} s"));
            self.observe(TechnicalKind::NoSignal, silent);
        }
        let oldest = self.under_way.front().map(|w| w.arrived).or_else(|| self.waiting.front().map(|w| w.arrived));
        let behind_s = oldest.map_or(0.0, |arrived| arrived.elapsed().as_secs_f64());
        let backlog = self.waiting.len() + self.under_way.len();
        self.shared.metrics.backlog_s.get_or_create(&label).set(backlog as f64);
        if self.real_time {
            let behind = (behind_s >= BEHIND_S).then(|| format!("{backlog} s wait for their verdict"));
            self.observe(TechnicalKind::DetectorBehind, behind);
        }
        let off = self.clocks.rate_off().filter(|_| self.real_time && self.connected);
        let rate_hz = self.watch.layout().map_or(0.0, |layout| layout.rate_hz);
        let off = off.map(|off| format!("{:.1} Hz arrive, {rate_hz} Hz are announced", rate_hz * (1.0 + off)));
        self.observe(TechnicalKind::WrongRate, off);
        for event in [TechnicalKind::SamplesLost, TechnicalKind::ClockJump] {
            self.observe(event, None);
        }
        let moved = self.shared.clock_moved();
        if let Some(seconds) = moved {
            let detail = format!("this machine's clock moved by {seconds:+.2} s");
            self.observe(TechnicalKind::ClockJump, Some(detail));
        }
        self.observe(TechnicalKind::RecorderFails, self.journal.trouble());
        if self.saved.elapsed() >= SAVED_EVERY {
            self.save_soon();
        }
        if self.settling && self.waiting.is_empty() && self.under_way.is_empty() {
            self.save();
        }
    }

    /// A state is due. It is taken between two windows; a bed that is behind catches up first.
    fn save_soon(&mut self) {
        self.settling = self.waiting.len() < UNDER_WAY;
        if self.waiting.is_empty() && self.under_way.is_empty() {
            self.save();
        }
    }

    fn save(&mut self) {
        self.settling = false;
        self.saved = Instant::now();
        let wall_s = self.due_wall_s.unwrap_or_else(|| self.shared.unix_now());
        let state = self.watch.state(self.name(), self.setup.patient.as_str(), wall_s);
        match checkpoint::encode(&state) {
            Ok(bytes) => self.shared.scribe.save(self.state_path(), bytes),
            Err(error) => self.observe(TechnicalKind::StateUnwritable, Some(error)),
        }
    }

    fn state_path(&self) -> PathBuf {
        checkpoint::state_path(&self.shared.state, self.name())
    }

    fn switch(&mut self, judge: BedJudge) {
        if judge.cnn == self.setup.judge.cnn && judge.autoencoder == self.setup.judge.autoencoder {
            return;
        }
        let from_second = self.waiting.front().map_or(self.watch.next_second() + self.under_way.len() as u64, |w| w.second);
        self.shared.scribe.announce(LogEntry::Switched {
            time: self.shared.now_text(),
            bed: self.name().to_string(),
            patient: self.setup.patient.to_string(),
            from: self.setup.judge.autoencoder.to_string(),
            to: judge.autoencoder.to_string(),
            from_second,
        });
        self.setup.judge = judge;
        self.fit_asked = false;
        self.watch.baseline.begin_anew();
        let status = self.shared.board.get(self.name()).map(|status| status.source).unwrap_or_default();
        let phase = self.shared.board.get(self.name()).map(|status| status.phase);
        self.first_status(status);
        if let Some(phase) = phase {
            self.shared.board.update(self.name(), |status| status.phase = phase);
        }
    }

    fn ask_for_fit(&mut self) {
        let wanted = self.setup.judge.shared && self.setup.config.outputs.record;
        let enough = self.setup.baseline.seconds;
        let gathered = &self.watch.baseline;
        if !wanted || self.fit_asked || gathered.seconds() < enough || gathered.usable_seconds() < enough {
            return;
        }
        self.fit_asked = self.shared.fits.try_send(FitRequest {
            bed: self.name().to_string(),
            patient: self.setup.patient.clone(),
            spans: Baseline::spans(&self.watch.baseline).to_vec(),
        }).is_ok();
    }

    fn stop(&mut self) {
        self.save();
        let wall_s = self.due_wall_s.unwrap_or_else(|| self.shared.unix_now());
        // How long it lasts is not known yet; the next file begins where it ends.
        let gap = Gap { first_frame: self.watch.next_frame(), frames: 0 };
        self.journal.gap(gap, wall_s, GapReason::Stopped);
        self.journal.end();
        for transition in self.health.clear_all() {
            self.tell(transition);
        }
    }

    fn wall_of(&self, frame: u64) -> f64 {
        let rate_hz = self.watch.layout().map_or(1.0, |layout| layout.rate_hz);
        let due_s = self.due_wall_s.unwrap_or_else(|| self.shared.unix_now());
        due_s - self.watch.next_frame().saturating_sub(frame) as f64 / rate_hz
    }

    fn observe(&mut self, kind: TechnicalKind, detail: Option<String>) {
        let now_s = self.shared.since_start_s();
        self.observe_at(kind, detail, now_s);
    }

    fn observe_at(&mut self, kind: TechnicalKind, detail: Option<String>, now_s: f64) {
        if let Some(transition) = self.health.observe(kind, detail, now_s) {
            self.tell(transition);
        }
    }

    fn tell(&self, transition: crate::alarm::Transition) {
        self.shared.technical(self.name(), transition);
    }
}
