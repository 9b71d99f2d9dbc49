//! What a source gives: connections, frames, gaps, and what the record remembers.

use std::path::Path;
use std::time::Instant;

use super::super::clocks::{Clocks, Told};
use super::super::feed::Fed;
use super::super::intake::Taken;
use super::super::status::Phase;
use super::{Bed, Waiting};
use crate::alarm::TechnicalKind;
use crate::record::{GapReason, RecordError, RecordedSource};
use crate::source::Source;
use crate::source::live::{Incoming, LiveLayout, Mark, Received};

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
    /// Judges again what was recorded after the state was taken: the record is the bed's longer memory.
    pub(super) async fn catch_up(&mut self) {
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

    pub(super) fn fed(&mut self, fed: Fed) {
        match fed {
            Fed::Connected(layout) => self.connect(&layout),
            Fed::Came(Incoming::Samples(received)) => self.take(received),
            Fed::Came(Incoming::Layout(layout)) => {
                let name = self.name().to_string();
                tracing::warn!(bed = name, "the stream changed its layout");
                // How long the change took is known with the next message.
                self.interrupted = true;
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

    pub(super) fn connect(&mut self, layout: &LiveLayout) {
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
                let missing: Vec<String> = intake
                    .map(|i| i.montage().missing().iter().map(ToString::to_string).collect())
                    .unwrap_or_default();
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

    pub(super) fn take(&mut self, received: Received) {
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
    pub(super) fn bridge(&mut self, taken_s: f64, arrived_s: f64, rate_hz: f64) {
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
    pub(super) fn lost(&mut self, frames: u64, why: GapReason) {
        if let Some(gap) = self.watch.skip(frames) {
            let wall_s = self.due_wall_s.unwrap_or_default();
            self.journal.gap(gap, wall_s, why);
            self.count_lost(frames, why);
        }
    }

    pub(super) fn count_lost(&mut self, frames: u64, why: GapReason) {
        let label = self.shared.label(self.name());
        self.shared.metrics.lost_frames.get_or_create(&label).inc_by(frames);
        let rate_hz = self.watch.layout().map_or(1.0, |layout| layout.rate_hz);
        let detail =
            format!("{frames} samples ({:.2} s) are missing: {}", frames as f64 / rate_hz, why.words());
        self.observe(TechnicalKind::SamplesLost, Some(detail));
        self.shared.board.update(self.name(), |status| status.lost_frames += frames);
    }

    pub(super) fn taken(&mut self, taken: Taken, marks: &[Mark], wall_s: f64, arrived: Instant) {
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
}
