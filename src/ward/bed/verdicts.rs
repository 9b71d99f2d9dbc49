//! What the networks say: verdicts, the electrodes of each second, alarms, other networks.

use std::time::{Duration, Instant};

use super::super::baseline::Baseline;
use super::super::inference::{BedJudge, Due, Judged, UNDER_WAY};
use super::super::lifecycle::FitRequest;
use super::{Bed, UnderWay, Waiting, first_status};
use crate::alarm::TechnicalKind;
use crate::alarm::entry::{DAEMON, Entry, What, seizure_id};
use crate::alarm::exposure::Excluded;
use crate::detect::Verdict;
use crate::signal::{FaultKind, Window};

impl Bed {
    /// Gives the networks as many windows as a bed may have under way.
    pub(super) fn hand_over(&mut self) {
        while self.under_way.len() < UNDER_WAY
            && let Some(Waiting { second, window, arrived }) = self.waiting.pop_front()
        {
            let due = Due { judge: self.setup.judge.clone(), window, reply: self.replies.clone() };
            match self.shared.inference.judge(due) {
                Ok(()) => {
                    self.under_way.push_back(UnderWay { second, arrived, handed_over: Instant::now() });
                    self.tell_asked();
                }
                Err(due) => {
                    self.waiting.push_front(Waiting { second, window: due.window, arrived });
                    return;
                }
            }
        }
    }

    /// Since when the networks have something of this bed, for the proof that data moves.
    pub(super) fn tell_asked(&self) {
        let asked = self.under_way.front().map(|oldest| oldest.handed_over);
        self.shared.board.update(self.name(), |status| status.asked = asked);
    }

    pub(super) fn judged(&mut self, judged: Judged) {
        let Some(UnderWay { second, arrived, .. }) = self.under_way.pop_front() else { return };
        self.tell_asked();
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
        let frames = self.watch.intake().map_or(0, |intake| intake.frames_of(&judged.window));
        let wall_s = self.wall_of(judged.window.first_sample);
        // Only for a patient who has no autoencoder of their own. When the last alarm was is remembered for everybody.
        if self.setup.judge.shared || verdict.alarming || verdict.alarm.is_some() {
            self.watch.baseline.observe(&judged.window, frames, &verdict);
        }
        self.journal.verdict(&verdict, judged.window.first_sample, latency, &judged.judge);
        self.look_at(&judged.window, &verdict);
        let excluded = self.excluded(&verdict);
        let timeline = self.watch.timeline();
        if self.watch.exposure.is_full() {
            self.log_exposure();
        }
        self.watch.exposure.observe(timeline, verdict.second, wall_s, excluded);
        self.announce(&verdict, wall_s, &judged.judge, excluded);
        self.count(&verdict, latency, judged.cost, wall_s);
        self.ask_for_fit();
    }

    /// The electrodes of one second.
    pub(super) fn look_at(&mut self, window: &Window, verdict: &Verdict) {
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
            let names: Vec<String> =
                channels.iter().filter_map(|&channel| labels.get(channel).cloned()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let detail = (!names.is_empty()).then(|| format!("{fault}: {}", names.join(", ")));
            self.observe_channels_at(kind, detail, &names, second);
        }
        self.amplitude.add(window);
        self.observe_at(TechnicalKind::WrongUnit, self.amplitude.unlikely(), second);
        let absent = window.absent();
        let detail = verdict.label.is_none().then(|| format!("{absent} of 18 derivations are absent"));
        self.observe_at(TechnicalKind::TooFewChannels, detail, second);
    }

    /// Why a second does not count as monitored.
    fn excluded(&self, verdict: &Verdict) -> Option<Excluded> {
        if self.shared.desk.in_maintenance(self.name()) {
            Some(Excluded::Maintenance)
        } else if verdict.label.is_none() {
            Some(Excluded::Unjudged)
        } else {
            self.health.impairs_judging().then_some(Excluded::Technical)
        }
    }

    /// How long the bed was watched since this was logged last.
    pub(super) fn log_exposure(&mut self) {
        if self.watch.exposure.is_empty() {
            return;
        }
        let what = What::Watched(self.watch.exposure.take());
        let entry = Entry::of_bed(self.name(), &self.shared.desk.now(), DAEMON, what)
            .on(self.name(), self.setup.patient.as_str())
            .by_detector(&self.setup.judge.detector);
        self.shared.desk.announce(entry);
    }

    /// The detector is made known to the log, once and for all.
    pub(super) fn log_detector(&self) {
        let judge = &self.setup.judge;
        let entry = Entry::of_bed("", &self.shared.desk.now(), DAEMON, What::Detector((*judge.id).clone()))
            .by_detector(&judge.detector);
        self.shared.desk.announce(entry);
    }

    pub(super) fn announce(
        &mut self,
        verdict: &Verdict,
        wall_s: f64,
        judge: &BedJudge,
        excluded: Option<Excluded>,
    ) {
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
            let timeline = self.watch.timeline();
            let id = seizure_id(self.name(), timeline, alarm.raised_second);
            let what = What::Seizure {
                timeline,
                onset_second: alarm.onset_second,
                raised_second: alarm.raised_second,
                onset_us: ((wall_s - before) * 1e6) as i64,
                excluded,
            };
            self.shared.desk.announce(
                Entry::of_alarm(&id, &self.shared.desk.now(), DAEMON, what)
                    .on(self.name(), self.setup.patient.as_str())
                    .by_detector(&judge.detector),
            );
        } else if !verdict.alarming
            && let Some(raised_second) = self.alarm.take()
        {
            let id = seizure_id(self.name(), self.watch.timeline(), raised_second);
            let what = What::Ended { end_second: Some(verdict.second), detail: String::new() };
            let entry = Entry::of_alarm(&id, &self.shared.desk.now(), DAEMON, what);
            self.shared.desk.announce(entry.on(self.name(), self.setup.patient.as_str()));
        }
    }

    /// The alarm that lasts ends here, though no verdict ended it.
    pub(super) fn end_alarm(&mut self, why: &str) {
        if let Some(raised_second) = self.alarm.take() {
            let id = seizure_id(self.name(), self.watch.timeline(), raised_second);
            let what = What::Ended { end_second: None, detail: why.to_string() };
            let entry = Entry::of_alarm(&id, &self.shared.desk.now(), DAEMON, what);
            self.shared.desk.announce(entry.on(self.name(), self.setup.patient.as_str()));
        }
    }

    pub(super) fn count(&mut self, verdict: &Verdict, latency: Duration, cost: Duration, wall_s: f64) {
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

    pub(super) fn ask_for_fit(&mut self) {
        let wanted = self.setup.judge.shared && self.setup.config.outputs.record;
        let enough = self.setup.baseline.seconds;
        let gathered = &self.watch.baseline;
        if !wanted || self.fit_asked || gathered.seconds() < enough || gathered.usable_seconds() < enough {
            return;
        }
        self.fit_asked = self
            .shared
            .fits
            .try_send(FitRequest {
                bed: self.name().to_string(),
                patient: self.setup.patient.clone(),
                timeline: self.watch.timeline(),
                spans: Baseline::spans(&self.watch.baseline).to_vec(),
            })
            .is_ok();
    }

    pub(super) fn switch(&mut self, judge: BedJudge) {
        if judge.detector == self.setup.judge.detector {
            return;
        }
        // Another threshold makes another detector, with a rate of its own.
        self.log_exposure();
        if judge.cnn == self.setup.judge.cnn && judge.autoencoder == self.setup.judge.autoencoder {
            self.setup.judge = judge;
            self.log_detector();
            return;
        }
        let from_second =
            self.waiting.front().map_or(self.watch.next_second() + self.under_way.len() as u64, |w| w.second);
        let what = What::Switched {
            from: self.setup.judge.autoencoder.to_string(),
            to: judge.autoencoder.to_string(),
            from_second,
            seizure_probability: Some([self.setup.judge.seizure_probability, judge.seizure_probability]),
        };
        let entry = Entry::of_bed(self.name(), &self.shared.desk.now(), DAEMON, what);
        self.shared
            .desk
            .announce(entry.on(self.name(), self.setup.patient.as_str()).by_detector(&judge.detector));
        self.setup.judge = judge;
        self.log_detector();
        self.fit_asked = false;
        self.watch.baseline.begin_anew();
        let status = self.shared.board.get(self.name()).map(|status| status.source).unwrap_or_default();
        let phase = self.shared.board.get(self.name()).map(|status| status.phase);
        first_status(&self.setup, &self.shared, status);
        if let Some(phase) = phase {
            self.shared.board.update(self.name(), |status| status.phase = phase);
        }
    }

    pub(super) fn wall_of(&self, frame: u64) -> f64 {
        let rate_hz = self.watch.layout().map_or(1.0, |layout| layout.rate_hz);
        let due_s = self.due_wall_s.unwrap_or_else(|| self.shared.unix_now());
        due_s - self.watch.next_frame().saturating_sub(frame) as f64 / rate_hz
    }
}
