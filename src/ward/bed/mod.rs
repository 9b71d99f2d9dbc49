//! One bed: its source, its watch, its alarms, its memory. Each runs as a task of its own; what goes
//! wrong here stays here.

mod signal;
mod upkeep;
mod verdicts;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::alarms::Work;
use super::clocks::Clocks;
use super::feed::{WAITING, feed};
use super::inference::{BedJudge, Judged, UNDER_WAY};
use super::journal::Journal;
use super::shared::Shared;
use super::status::Phase;
use super::watch::Watch;
use crate::alarm::Health;
use crate::alarm::entry::seizure_id;
use crate::config::{BaselineConfig, BedConfig, PatientId};
use crate::detect::Detector;
use crate::signal::trend::Trend;
use crate::signal::{RecentAmplitude, Window};
use crate::source::live::{LiveLayout, LiveSource};

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

/// A stream that gives samples, and no whole second for this long, is told.
const BROKEN_S: f64 = 10.0;

/// Stamps that lie further off the clock are not used: no buffer holds as much, so they are of another
/// unit, or of a clock that was never set. Stamps that were not used are used again nearer to it.
const STAMP_OFF_S: f64 = 600.0;
const STAMP_BACK_S: f64 = 300.0;

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
    handed_over: Instant,
}

/// The task of one bed.
pub struct Bed {
    setup: BedSetup,
    shared: Arc<Shared>,
    watch: Watch,
    journal: Journal,
    /// What the trend over hours is made of, from the first window on.
    trend: Option<Trend>,
    health: Health,
    /// How large the latest seconds are.
    amplitude: RecentAmplitude,
    clocks: Clocks,
    waiting: VecDeque<Waiting>,
    under_way: VecDeque<UnderWay>,
    replies: mpsc::Sender<Judged>,
    /// A device gives a second each second; a replay may be faster, and its clocks say nothing.
    real_time: bool,
    /// The bed is connected to this.
    connected: bool,
    ended: bool,
    /// A stream at another rate that waits until every window of the one before is judged.
    changing: Option<LiveLayout>,
    /// The stream was interrupted: how long for is known with the next message.
    interrupted: bool,
    /// When, and by which wall clock, the frame after the last was due.
    last_arrival: Option<Instant>,
    /// Since when samples arrive of which no window could be made.
    broken_since: Option<Instant>,
    /// The stream's stamps are not used: they are too far off the clock.
    stamps_off: bool,
    due_wall_s: Option<f64>,
    saved: Instant,
    /// The source is not listened to until every window is judged: a state is due.
    settling: bool,
    /// The alarm that lasts, by the second in which it was raised.
    alarm: Option<u64>,
    fit_asked: bool,
}

impl Bed {
    /// Shows the bed as connecting, and starts its task: whoever asks from now on finds it.
    pub fn start(
        setup: BedSetup,
        shared: Arc<Shared>,
        watch: Watch,
        source: Box<dyn LiveSource>,
        resumed_wall_s: Option<f64>,
        commands: mpsc::Receiver<Command>,
    ) -> JoinHandle<()> {
        first_status(&setup, &shared, source.describe());
        tokio::spawn(Bed::run(setup, shared, watch, source, resumed_wall_s, commands))
    }

    /// Runs the bed until it is told to stop.
    async fn run(
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
        let journal = Journal::new(&setup, shared.recorder.clone(), &watch, &shared.state);
        let mut bed = Bed {
            interrupted: false,
            due_wall_s: resumed_wall_s,
            clocks: Clocks::default(),
            trend: None,
            health: Health::default(),
            amplitude: RecentAmplitude::default(),
            waiting: VecDeque::new(),
            under_way: VecDeque::new(),
            saved: Instant::now(),
            connected: false,
            ended: false,
            changing: None,
            last_arrival: None,
            broken_since: None,
            stamps_off: false,
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
        bed.tell_asked();
        if !bed.setup.judge.shared {
            // Gathered for an autoencoder that the patient has by now.
            bed.watch.baseline.begin_anew();
        }
        if resumed_wall_s.is_none() {
            // From the first moment on a restart knows which count of frames and seconds this is.
            bed.save();
        }
        bed.catch_up().await;
        bed.alarm = bed.journal.last_announced().filter(|_| bed.watch.is_alarming());
        bed.log_detector();
        let goes_on = bed.alarm.into_iter().chain(bed.journal.to_be_judged_again());
        let alarms = goes_on.map(|second| seizure_id(bed.name(), bed.watch.timeline(), second)).collect();
        bed.shared.desk.tell(Work::Resumed { bed: bed.name().to_string(), alarms });
        let next_frame = bed.watch.next_frame();
        // What can be asked for its past goes on without a gap.
        let seamless = next_frame > 0 && source.resume_at(next_frame);
        bed.interrupted = resumed_wall_s.is_some() && !seamless;
        let delay = if bed.real_time { bed.shared.until_slot(bed.setup.slot) } else { Duration::ZERO };
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
                came = fed.recv(), if listening && bed.is_ready_for_more(room) => match came {
                    Some(came) => bed.fed(came),
                    None => listening = false,
                },
            }
            bed.hand_over();
            bed.change_if_due();
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
        bed.stop().await;
        bed.shared.desk.flush().await;
        bed.shared.scribe.flush().await;
        if let Some(done) = stopped {
            let _ = done.send(());
        }
    }

    fn is_ready_for_more(&self, room: usize) -> bool {
        !self.settling && self.changing.is_none() && self.waiting.len() < room
    }

    pub(super) fn name(&self) -> &str {
        &self.setup.config.name
    }
}

/// Shows a bed as connecting to a source, with the networks that judge it.
fn first_status(setup: &BedSetup, shared: &Shared, source: String) {
    let name = setup.config.name.as_str();
    let wanted = if setup.judge.shared { setup.baseline.seconds } else { 0 };
    shared.board.update(name, |status| {
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
        tracing::warn!(bed = name, "judged by the shared autoencoder until the patient's own is fitted");
    }
}
