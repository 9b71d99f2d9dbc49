//! What a source gives: connections, frames, gaps, and what the record remembers.

use std::path::Path;
use std::time::Instant;

use super::super::clocks::{Clocks, Told};
use super::super::feed::Fed;
use super::super::intake::Taken;
use super::super::status::Phase;
use super::super::strip::Strip;
use super::{Bed, STAMP_BACK_S, STAMP_OFF_S, Waiting};
use crate::alarm::TechnicalKind;
use crate::eeg::DERIVATIONS;
use crate::record::{GapReason, RecordError, RecordedSource, last_second};
use crate::signal::trend::Trend;
use crate::signal::{RecentAmplitude, Window};
use crate::source::Source;
use crate::source::live::{Incoming, LiveLayout, Mark, Received};

/// Most seconds of the record that a restart judges again.
const TAIL_S: u64 = 120;

/// What is on record of a time line.
#[derive(Default)]
struct OnRecord {
    /// The next second without a verdict.
    second: u64,
    /// The next frame.
    frame: u64,
    /// The frames after the bed's state in pieces, each with the number of its first; none where they are
    /// too many.
    pieces: Vec<(u64, Vec<f32>)>,
}

/// What is on record of a time line, with the frames from `from` on.
fn on_record(
    folder: &Path,
    bed: &str,
    timeline: u64,
    from: u64,
    expected_hz: f64,
) -> Result<OnRecord, RecordError> {
    let second = last_second(folder, bed, timeline)?.map_or(0, |last| last + 1);
    let mut source = match RecordedSource::open(folder, bed, timeline, from, u64::MAX) {
        Ok(source) => source,
        Err(RecordError::Nothing { .. }) => {
            return Ok(OnRecord { second, ..OnRecord::default() });
        }
        Err(error) => return Err(error),
    };
    let mut found = OnRecord { second, frame: source.end_frame(), pieces: Vec::new() };
    let rate_hz = source.layout().rates_hz.first().copied().unwrap_or(1.0);
    if rate_hz != expected_hz {
        // A record of before each rate had a time line of its own.
        tracing::warn!(
            bed,
            "what is on record after the bed's state has another rate; it is not judged again"
        );
        return Ok(found);
    }
    if source.frames() as f64 > TAIL_S as f64 * rate_hz {
        tracing::warn!(bed, "more is on record after the bed's state than can be judged again");
        return Ok(found);
    }
    while let Some(piece) = source.next_frames()? {
        found.pieces.push(piece);
    }
    Ok(found)
}

impl Bed {
    /// Judges again what was recorded after the state was taken: the record is the bed's longer memory.
    pub(super) async fn catch_up(&mut self) {
        let Some(rate_hz) = self.watch.layout().map(|layout| layout.rate_hz) else { return };
        let (folder, bed) = (self.shared.record_folder.clone(), self.name().to_string());
        let (timeline, from) = (self.watch.timeline(), self.watch.next_frame());
        let read = tokio::task::spawn_blocking(move || on_record(&folder, &bed, timeline, from, rate_hz));
        let found = match read.await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                tracing::error!(bed = self.name(), %error, "the record's last seconds are not judged again");
                return;
            }
            Err(_) => return,
        };
        // Neither implies the other: a verdict can be on record although its signal's last frames are not,
        // which waited for their chunk.
        self.journal.is_recorded_up_to(found.frame, found.second);
        if found.pieces.is_empty() {
            return;
        }
        self.journal.begin(&self.watch, &self.setup.judge);
        let mut windows = 0;
        for (first_frame, values) in found.pieces {
            let due_s = self.due_wall_s.unwrap_or_else(|| self.shared.unix_now());
            let before = self.watch.next_frame();
            match self.watch.take_recorded(first_frame, values) {
                Ok(Some(taken)) => {
                    let passed = self.watch.next_frame() - before;
                    self.due_wall_s = Some(due_s + passed as f64 / rate_hz);
                    for window in taken.windows {
                        let second = self.watch.second_of(&window);
                        let after_s = window.first_sample.saturating_sub(before) as f64 / rate_hz;
                        self.show(&window, second, due_s + after_s);
                        self.waiting.push_back(Waiting { second, window, arrived: Instant::now() });
                        windows += 1;
                    }
                }
                _ => break,
            }
        }
        tracing::info!(bed = self.name(), seconds = windows, "judged again from the record");
    }

    /// A second of signal for those who look: to the wall, and into the trend.
    fn show(&mut self, window: &Window, second: u64, time_s: f64) {
        let strip = Strip::of(window, second, time_s);
        self.shared.board.update(&self.setup.config.name, |status| status.show(strip));
        if self.trend.is_none() {
            let rate_hz = (window.samples.len() / DERIVATIONS) as u32;
            self.trend = Trend::new(rate_hz).ok();
        }
        if let Some(trend) = self.trend.as_mut().and_then(|trend| trend.second(window)) {
            self.journal.trend(second, window.first_sample, trend);
        }
    }

    pub(super) fn fed(&mut self, fed: Fed) {
        match fed {
            Fed::Connected(layout) => self.join(layout),
            Fed::Came(Incoming::Samples(received)) => self.take(received),
            Fed::Came(Incoming::Layout(layout)) => {
                let name = self.name().to_string();
                tracing::warn!(bed = name, "the stream changed its layout");
                // How long the change took is known with the next message.
                self.interrupted = true;
                self.join(layout);
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

    /// A stream comes. One that is another waits until all that came before is judged, under the numbers and
    /// the names that it has.
    fn join(&mut self, layout: LiveLayout) {
        if self.watch.layout() == Some(&layout) {
            self.connect(&layout);
        } else {
            self.changing = Some(layout);
        }
    }

    /// Changes to the stream that waits, if nothing of the one before is left.
    pub(super) fn change_if_due(&mut self) {
        if self.waiting.is_empty()
            && self.under_way.is_empty()
            && let Some(layout) = self.changing.take()
        {
            if self.watch.counts_otherwise(&layout) {
                self.begin_anew();
            }
            self.connect(&layout);
        }
    }

    /// Another sampling rate: a new count of frames and seconds begins, and with it whatever goes by their
    /// numbers.
    fn begin_anew(&mut self) {
        tracing::warn!(
            bed = self.name(),
            "the sampling rate is another: frames and seconds count from 0 again"
        );
        self.end_alarm("the stream's sampling rate changed, and the detector began anew");
        self.log_exposure();
        // Some of them go by the seconds of the count; what still holds is raised again.
        for transition in self.health.clear_all() {
            self.tell(transition);
        }
        self.watch.begin_anew((self.shared.unix_now() * 1e3) as u64);
        self.journal.begin_anew();
        self.fit_asked = false;
        self.broken_since = None;
        self.shared.board.update(self.name(), |status| {
            (status.second, status.time, status.label, status.probabilities) = (None, None, None, None);
            (status.accumulator, status.alarming, status.baseline_s) = (0.0, false, 0);
            status.strips.clear();
        });
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
                if joined.anew {
                    // Another layout may have another unit.
                    self.amplitude = RecentAmplitude::default();
                    // A restart must know the layout to take up what is recorded from here on.
                    self.save_soon();
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
        let stamp_s = self.believed(received.taken_at_s, wall_s - duration_s);
        let taken_s = stamp_s.unwrap_or(wall_s - duration_s);
        if std::mem::take(&mut self.interrupted) {
            self.bridge(taken_s, wall_s - duration_s, rate_hz);
        }
        if self.real_time && frames > 0 {
            let told =
                self.clocks.observe(self.watch.next_frame() + lost_before, frames, stamp_s, arrived, wall_s);
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

    /// A stamp that can be the time when its frame was taken. What is recorded, announced and shown is told
    /// by these times: a stamp in milliseconds would put all of it into another age.
    fn believed(&mut self, stamp_s: Option<f64>, arrived_s: f64) -> Option<f64> {
        let stamp_s = stamp_s.filter(|stamp_s| stamp_s.is_finite())?;
        if !self.real_time {
            // A replay that is faster than time runs ahead of the clock.
            return Some(stamp_s);
        }
        let off_s = stamp_s - arrived_s;
        self.stamps_off = off_s.abs() > if self.stamps_off { STAMP_BACK_S } else { STAMP_OFF_S };
        if !self.stamps_off {
            return Some(stamp_s);
        }
        let detail = format!("the stream's stamps are {off_s:+.0} s off the clock and are not used");
        self.observe(TechnicalKind::ClockJump, Some(detail));
        None
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
            status.fed = Some(arrived);
        });
        let rate_hz = self.watch.layout().map_or(1.0, |layout| layout.rate_hz);
        if !taken.windows.is_empty() {
            self.broken_since = None;
        } else if !taken.microvolts.is_empty() {
            self.broken_since.get_or_insert(arrived);
        }
        for window in taken.windows {
            let second = self.watch.second_of(&window);
            let time_s = wall_s + (window.first_sample as f64 - taken.first_frame as f64) / rate_hz;
            self.show(&window, second, time_s);
            self.waiting.push_back(Waiting { second, window, arrived });
        }
    }
}
