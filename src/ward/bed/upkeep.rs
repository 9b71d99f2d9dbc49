//! What is done by the clock: silence, delay, the saved state; and the end.

use std::path::PathBuf;
use std::time::Instant;

use super::super::checkpoint;
use super::super::inference::UNDER_WAY;
use super::super::intake::Gap;
use super::{BACKLOG, BEHIND_S, BROKEN_S, Bed, DRAIN, SAVED_EVERY, SILENT_S};
use crate::alarm::{TechnicalKind, Transition};
use crate::record::GapReason;

impl Bed {
    pub(super) fn tick(&mut self) {
        let pending: Vec<TechnicalKind> = self.health.pending().collect();
        self.shared.board.update(self.name(), |status| {
            status.ticked = Some(Instant::now());
            status.pending = pending;
        });
        // What was lost is found once the connection has held for a while, or where there is no more to come.
        if self.connected || self.ended {
            self.observe(TechnicalKind::SourceLost, None);
        } else if let Some(lost) = self.health.detail(TechnicalKind::SourceLost).map(str::to_string) {
            // It lasts between two attempts, too: the time of a connection that holds begins with the connection.
            self.observe(TechnicalKind::SourceLost, Some(lost));
        }
        if self.ended {
            self.observe(TechnicalKind::NoSignal, None);
        }
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
        let oldest =
            self.under_way.front().map(|w| w.arrived).or_else(|| self.waiting.front().map(|w| w.arrived));
        let behind_s = oldest.map_or(0.0, |arrived| arrived.elapsed().as_secs_f64());
        let backlog = self.waiting.len() + self.under_way.len();
        self.shared.metrics.backlog_s.get_or_create(&label).set(backlog as f64);
        if self.real_time {
            let behind = (behind_s >= BEHIND_S).then(|| format!("{backlog} s wait for their verdict"));
            self.observe(TechnicalKind::DetectorBehind, behind);
        }
        self.look_for_whole_seconds(silent_s);
        let off = self.clocks.rate_off().filter(|_| self.real_time && self.connected);
        let rate_hz = self.watch.layout().map_or(0.0, |layout| layout.rate_hz);
        let off =
            off.map(|off| format!("{:.1} Hz arrive, {rate_hz} Hz are announced", rate_hz * (1.0 + off)));
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

    /// Samples that arrive are no watch yet: a stream that breaks off within each second makes no window,
    /// and without a window nothing else says that nothing is judged.
    fn look_for_whole_seconds(&mut self, silent_s: f64) {
        if silent_s >= SILENT_S {
            // What was begun before a silence says nothing of what comes after it.
            self.broken_since = None;
        }
        // A slow replay takes long for each second.
        let flowing = self.real_time && self.connected && self.last_arrival.is_some() && silent_s < SILENT_S;
        let broken = self.broken_since.is_some_and(|since| since.elapsed().as_secs_f64() >= BROKEN_S);
        if flowing && broken {
            let detail = "no whole second arrives: the signal breaks off within each".to_string();
            // By the time line's seconds, as the windows tell of this alarm once they come again.
            self.observe_at(TechnicalKind::TooFewChannels, Some(detail), self.watch.second_now() as f64);
        }
    }

    /// A state is due. It is taken between two windows; a bed that is behind catches up first.
    pub(super) fn save_soon(&mut self) {
        self.settling = self.waiting.len() < UNDER_WAY;
        if self.waiting.is_empty() && self.under_way.is_empty() {
            self.save();
        }
    }

    pub(super) fn save(&mut self) {
        self.save_and(|| {});
    }

    /// Saves the state, but not before what it has seen is on record: a restart looks there for what came
    /// after the state, never for what came before.
    fn save_and(&mut self, then: impl FnOnce() + Send + 'static) {
        self.settling = false;
        self.saved = Instant::now();
        let wall_s = self.due_wall_s.unwrap_or_else(|| self.shared.unix_now());
        let state = self.watch.state(self.name(), self.setup.patient.as_str(), wall_s);
        match checkpoint::encode(&state) {
            Ok(bytes) => {
                let (scribe, desk) = (self.shared.scribe.clone(), self.shared.desk.clone());
                let path = self.state_path();
                // Where the recorder has no room, the next state is soon due. Nor may the state know of an alarm that
                // the log does not: a restart would not raise it again.
                self.journal.after_flush(move || {
                    desk.after(move || {
                        scribe.save(path, bytes);
                        then();
                    });
                });
            }
            Err(error) => self.observe(TechnicalKind::StateUnwritable, Some(error)),
        }
    }

    pub(super) fn state_path(&self) -> PathBuf {
        checkpoint::state_path(&self.shared.state, self.name())
    }

    pub(super) async fn stop(&mut self) {
        self.log_exposure();
        let wall_s = self.due_wall_s.unwrap_or_else(|| self.shared.unix_now());
        // How long it lasts is not known yet; the next file begins where it ends.
        let gap = Gap { first_frame: self.watch.next_frame(), frames: 0 };
        self.journal.gap(gap, wall_s, GapReason::Stopped);
        let (done, saved) = tokio::sync::oneshot::channel();
        self.save_and(move || {
            let _ = done.send(());
        });
        self.journal.end();
        self.under_way.clear();
        self.tell_asked();
        // A recorder that hangs does not keep the others from stopping.
        let _ = tokio::time::timeout(DRAIN, saved).await;
        for transition in self.health.clear_all() {
            self.tell(transition);
        }
    }

    pub(super) fn observe(&mut self, kind: TechnicalKind, detail: Option<String>) {
        let now_s = self.shared.since_start_s();
        self.observe_at(kind, detail, now_s);
    }

    pub(super) fn observe_at(&mut self, kind: TechnicalKind, detail: Option<String>, now_s: f64) {
        self.observe_channels_at(kind, detail, &[], now_s);
    }

    pub(super) fn observe_channels_at(
        &mut self,
        kind: TechnicalKind,
        detail: Option<String>,
        channels: &[&str],
        now_s: f64,
    ) {
        let said = self.health.detail(kind).map(str::to_string);
        while let Some(transition) = self.health.observe_channels(kind, detail.clone(), channels, now_s) {
            // With a channel that nobody was told of, the alarm ends and is raised again.
            let again = !transition.raised && detail.is_some();
            self.tell(transition);
            if !again {
                break;
            }
        }
        let says = self.health.detail(kind);
        if let Some(says) = says.filter(|says| said.is_some_and(|said| said != **says)) {
            let says = says.to_string();
            self.shared.board.update(self.name(), |status| {
                status.technical.insert(kind, says);
            });
        }
    }

    pub(super) fn tell(&self, transition: Transition) {
        self.shared.technical(self.name(), self.setup.patient.as_str(), transition);
    }
}
