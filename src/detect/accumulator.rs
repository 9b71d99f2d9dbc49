//! From labels to alarms: how long seizure labels pile up before somebody is called.
//!
//! `A <- min(A + gain, cap)` on a seizure label, `A <- max(A - decay, 0)` on any other, with a decay
//! for `abnormal` and one for `non-seizure`. An alarm is raised when A reaches the threshold, and
//! can be raised again once A fell to 0 and `refractory_s` seconds passed since. The run length of
//! seizure labels is the case of gain 1 and decays as large as the cap.

use serde::{Deserialize, Serialize};

use super::verdict::{Alarm, Label, SettingError};

/// The settings, with the reason of each default.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccumulatorConfig {
    /// What a seizure label adds. 1 makes the accumulator count seconds.
    pub gain: f32,
    /// The highest value. Twice the threshold: the alarm of a long seizure ends within seconds of it,
    /// not after as long again.
    pub cap: f32,
    /// What an abnormal label takes. More than a seizure label adds, so that a run with as many
    /// abnormal labels as seizure labels never rises; not all, so that a seizure under heavy muscle
    /// artifact still does.
    pub decay_abnormal: f32,
    /// What a non-seizure label takes. As much as a seizure label adds: seconds that the network
    /// misses within a seizure are forgiven one by one.
    pub decay_normal: f32,
    /// The value at which an alarm is raised; with a gain of 1 also the shortest latency in seconds.
    /// Chosen together with the seizure probability; see [`super::LabelRule`].
    pub threshold: f32,
    /// Seconds after an alarm's end in which none is raised: one seizure with a pause is one alarm, and so is what
    /// the minute after it resembles. A seizure that begins meanwhile and lasts is raised when they have passed.
    pub refractory_s: u64,
    /// More seconds without a label than this, one after the other, empty the accumulator: missing signal as well as
    /// seconds that cannot be judged. Fewer leave it as it is. What lies ten seconds back says little about now.
    pub gap_reset_s: u64,
}

impl Default for AccumulatorConfig {
    fn default() -> Self {
        AccumulatorConfig {
            gain: 1.0,
            cap: 12.0,
            decay_abnormal: 1.5,
            decay_normal: 1.0,
            threshold: 6.0,
            refractory_s: 60,
            gap_reset_s: 10,
        }
    }
}

impl AccumulatorConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first that is out of range.
    pub fn validate(&self) -> Result<(), SettingError> {
        let refuse =
            |setting, found: f32, expected| Err(SettingError { setting, found: found.to_string(), expected });
        let positive = |value: f32| value > 0.0 && value <= 1e6;
        if !positive(self.gain) {
            return refuse("gain", self.gain, "above 0");
        }
        if !positive(self.threshold) {
            return refuse("threshold", self.threshold, "above 0");
        }
        if !(self.cap >= self.threshold && self.cap <= 1e6) {
            return refuse("cap", self.cap, "at least the threshold: below it no alarm could ever be raised");
        }
        if !positive(self.decay_abnormal) {
            return refuse("decay_abnormal", self.decay_abnormal, "above 0");
        }
        if !positive(self.decay_normal) {
            return refuse("decay_normal", self.decay_normal, "above 0, else an alarm could last for ever");
        }
        Ok(())
    }
}

/// What one second did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The accumulator after it.
    pub value: f32,
    /// The alarm, if this second raised it.
    pub alarm: Option<Alarm>,
    /// Whether an alarm lasts.
    pub alarming: bool,
}

/// The accumulator. It can be saved and restored between any two seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accumulator {
    config: AccumulatorConfig,
    value: f32,
    /// The second that comes next.
    second: u64,
    /// Second in which the accumulator left 0.
    onset: Option<u64>,
    alarming: bool,
    /// No alarm is raised before this second.
    armed_from: u64,
    /// Seconds without a label directly before the one that comes next. It stands at the end: states of versions 1 and
    /// 2 lack it.
    #[serde(default)]
    unlabelled_s: u64,
}

impl Accumulator {
    /// An empty accumulator at second 0.
    ///
    /// # Errors
    /// [`SettingError`] where a setting is out of range.
    pub fn new(config: AccumulatorConfig) -> Result<Accumulator, SettingError> {
        config.validate()?;
        Ok(Accumulator {
            config,
            value: 0.0,
            second: 0,
            onset: None,
            alarming: false,
            armed_from: 0,
            unlabelled_s: 0,
        })
    }

    /// The current value.
    pub fn value(&self) -> f32 {
        self.value
    }

    /// Whether an alarm lasts.
    pub fn alarming(&self) -> bool {
        self.alarming
    }

    /// The second that comes next.
    pub fn next_second(&self) -> u64 {
        self.second
    }

    /// Takes over the memory of another, and keeps its own settings: where they are stricter or
    /// looser than before, they hold from the next second on.
    pub fn resume(&mut self, saved: &Accumulator) {
        let config = self.config;
        *self = Accumulator { config, ..saved.clone() };
        // What was saved may be damaged, or come from a higher cap.
        self.value = if self.value.is_finite() { self.value.clamp(0.0, config.cap) } else { 0.0 };
        if self.value == 0.0 {
            self.onset = None;
            self.alarming = false;
        }
    }

    /// Takes the label of the next second.
    pub fn step(&mut self, label: Label) -> Step {
        let config = self.config;
        let second = self.second;
        self.second += 1;
        self.unlabelled_s = 0;
        self.value = match label {
            Label::Seizure => (self.value + config.gain).min(config.cap),
            Label::Abnormal => (self.value - config.decay_abnormal).max(0.0),
            Label::NonSeizure => (self.value - config.decay_normal).max(0.0),
        };
        if self.value == 0.0 {
            self.empty(self.second);
        }
        let mut alarm = None;
        if self.value > 0.0 {
            let onset_second = *self.onset.get_or_insert(second);
            if self.value >= config.threshold && !self.alarming && second >= self.armed_from {
                self.alarming = true;
                alarm = Some(Alarm { onset_second, raised_second: second });
            }
        }
        Step { value: self.value, alarm, alarming: self.alarming }
    }

    /// Seconds without a label: missing signal, or too few channels to judge. However they are cut, the same many in
    /// a row do the same; an alarm that they end rests from the last label on.
    pub fn gap(&mut self, seconds: u64) {
        let labelled_until = self.second.saturating_sub(self.unlabelled_s);
        self.unlabelled_s = self.unlabelled_s.saturating_add(seconds);
        if self.unlabelled_s > self.config.gap_reset_s {
            self.empty(labelled_until);
        }
        self.second += seconds;
    }

    fn empty(&mut self, from: u64) {
        self.value = 0.0;
        self.onset = None;
        if self.alarming {
            self.alarming = false;
            self.armed_from = from + self.config.refractory_s;
        }
    }
}
