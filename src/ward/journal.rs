//! A bed's hand on the recorder: what is already on record is not recorded twice, and what cannot be
//! recorded stops nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::alarms::announced;
use super::bed::BedSetup;
use super::inference::BedJudge;
use super::intake::Gap;
use super::watch::Watch;
use crate::detect::Verdict;
use crate::record::{
    About, GapReason, Item, Models, RecordedGap, RecordedMark, RecordedTrend, RecordedVerdict, Recorder,
    VERSION,
};
use crate::signal::trend::TrendSecond;

/// What a bed writes down.
pub struct Journal {
    recorder: Option<Recorder>,
    bed: Arc<str>,
    patient: String,
    configuration: serde_json::Value,
    models: Vec<Models>,
    /// A stream is being recorded, and the recorder knows of it.
    open: bool,
    /// The stream that the recorder is still to hear of: its queue was full.
    unsaid: Option<Box<About>>,
    channels: usize,
    rate_hz: f64,
    /// Frames and seconds before these are on record.
    recorded_frames: u64,
    recorded_seconds: u64,
    /// Seizure alarms that were announced before the daemon was restarted.
    announced: BTreeSet<u64>,
    last_announced: Option<u64>,
    /// Wall clock of a frame, for the verdicts.
    anchor: (u64, f64),
}

impl Journal {
    /// A journal that begins nothing yet.
    pub fn new(setup: &BedSetup, recorder: Recorder, watch: &Watch, state: &Path) -> Journal {
        let bed = setup.config.name.as_str();
        // An alarm that cannot be looked up is rather announced twice than never.
        let (announced, read) = announced(state, bed, watch.timeline());
        if let Err(error) = read {
            tracing::error!(bed, %error, "alarms announced before are not known");
        }
        Journal {
            recorder: setup.config.outputs.record.then_some(recorder),
            bed: bed.into(),
            patient: setup.patient.to_string(),
            configuration: serde_json::json!({ "bed": setup.config, "baseline": setup.baseline }),
            models: Vec::new(),
            open: false,
            unsaid: None,
            channels: 1,
            rate_hz: 1.0,
            recorded_frames: watch.next_frame(),
            recorded_seconds: watch.next_second(),
            last_announced: announced.last().copied(),
            announced: announced.into_iter().filter(|second| *second >= watch.next_second()).collect(),
            anchor: (0, 0.0),
        }
    }

    /// What is already on record, though the bed's state does not know it: the next frame that is not, and
    /// the next second whose verdict is not.
    pub fn is_recorded_up_to(&mut self, frame: u64, second: u64) {
        self.recorded_frames = self.recorded_frames.max(frame);
        self.recorded_seconds = self.recorded_seconds.max(second);
    }

    /// A new count of frames and seconds begins, of which nothing is on record and nothing was announced.
    pub fn begin_anew(&mut self) {
        (self.recorded_frames, self.recorded_seconds) = (0, 0);
        self.announced.clear();
        self.last_announced = None;
    }

    /// Whether no stream is being recorded.
    pub fn is_closed(&self) -> bool {
        !self.open
    }

    /// Whether an alarm was announced before a restart.
    pub fn is_announced(&self, raised_second: u64) -> bool {
        self.announced.contains(&raised_second)
    }

    /// The seconds of alarms that were announced, and that a restart judges again.
    pub fn to_be_judged_again(&self) -> impl Iterator<Item = u64> {
        self.announced.iter().copied()
    }

    /// The last of the alarms that were announced before a restart.
    pub fn last_announced(&self) -> Option<u64> {
        self.last_announced
    }

    /// A stream begins.
    pub fn begin(&mut self, watch: &Watch, judge: &BedJudge) {
        let Some(intake) = watch.intake() else { return };
        self.open = true;
        self.channels = intake.labels().len();
        self.rate_hz = intake.rate_hz();
        self.models = vec![models_of(judge)];
        let about = About {
            version: VERSION,
            written_by: format!("vigil {}", env!("CARGO_PKG_VERSION")),
            bed: self.bed.to_string(),
            patient: self.patient.clone(),
            timeline: watch.timeline(),
            stream: intake.stream().to_string(),
            rate_hz: intake.rate_hz(),
            labels: intake.labels().to_vec(),
            units: intake.units().to_vec(),
            first_frame: watch.next_frame(),
            start_s: 0.0,
            models: self.models.clone(),
            configuration: self.configuration.clone(),
        };
        self.unsaid = Some(Box::new(about));
        self.say_begin();
    }

    /// Tells the recorder of the stream; a recorder whose queue is full is told again with the next frames.
    fn say_begin(&mut self) {
        if let Some(about) = self.unsaid.take()
            && !self.put(Item::Begin(about.clone()))
        {
            self.unsaid = Some(about);
        }
    }

    /// Frames arrived.
    pub fn signal(&mut self, first_frame: u64, values: &[f32], time_s: f64) {
        self.say_begin();
        self.anchor = (first_frame, time_s);
        let known = self.recorded_frames.saturating_sub(first_frame) as usize;
        let values = values.get(known * self.channels..).unwrap_or_default();
        if values.is_empty() {
            return;
        }
        let first_frame = first_frame + known as u64;
        let time_s = time_s + known as f64 / self.rate_hz;
        self.put(Item::Signal { first_frame, time_s, values: values.to_vec() });
    }

    /// A second was judged.
    pub fn verdict(&mut self, verdict: &Verdict, frame: u64, latency: Duration, judge: &BedJudge) {
        if verdict.second < self.recorded_seconds {
            return;
        }
        let models = models_of(judge);
        if !self.models.contains(&models) {
            // A verdict must not stand under another's name.
            if !self.put(Item::Models(models.clone())) {
                return;
            }
            self.models.push(models.clone());
        }
        let model = self.models.iter().position(|known| *known == models).unwrap_or_default();
        let (anchor, anchor_s) = self.anchor;
        let time_s = anchor_s + (frame as f64 - anchor as f64) / self.rate_hz;
        self.put(Item::Verdict(RecordedVerdict {
            verdict: *verdict,
            frame,
            latency_ms: latency.as_secs_f64() * 1e3,
            model: model as u32,
            time_s,
        }));
    }

    /// A second of the trend.
    pub fn trend(&mut self, second: u64, frame: u64, trend: TrendSecond) {
        if second >= self.recorded_seconds {
            self.put(Item::Trend(Box::new(RecordedTrend { second, frame, trend })));
        }
    }

    /// Frames are missing.
    pub fn gap(&mut self, gap: Gap, time_s: f64, reason: GapReason) {
        let Gap { first_frame, frames } = gap;
        self.put(Item::Gap(RecordedGap { first_frame, frames, time_s, reason }));
    }

    /// A remark came along.
    pub fn mark(&mut self, frame: u64, time_s: f64, text: &str) {
        if frame >= self.recorded_frames {
            self.put(Item::Mark(RecordedMark { frame, time_s, text: text.to_string() }));
        }
    }

    /// The stream ends here.
    pub fn end(&mut self) {
        if std::mem::take(&mut self.open) {
            self.put(Item::End);
        }
    }

    /// Does something once all that was recorded before is safe from a crash of the program; `false`, and it
    /// is never done, where the recorder has no room to be told.
    pub fn after_flush(&self, then: impl FnOnce() + Send + 'static) -> bool {
        match &self.recorder {
            Some(recorder) => recorder.after_flush(&self.bed, then),
            None => {
                then();
                true
            }
        }
    }

    /// Why the record cannot be written, if it cannot.
    pub fn trouble(&self) -> Option<String> {
        self.recorder.as_ref().and_then(|recorder| recorder.state(&self.bed).trouble)
    }

    /// Hands something to the recorder, unless it is still to hear of the stream; whether it took it.
    fn put(&self, item: Item) -> bool {
        let known = self.unsaid.is_none();
        self.recorder.as_ref().is_none_or(|recorder| known && recorder.record(&self.bed, item))
    }
}

fn models_of(judge: &BedJudge) -> Models {
    Models { cnn: judge.cnn.to_string(), autoencoder: judge.autoencoder.to_string() }
}
