//! EEG that nobody has: an endless stream of 19 electrodes, with artifacts, faults and seizures at
//! known times.
//!
//! For soak tests, load tests and demonstrations, never for figures of accuracy: a detector that
//! finds these seizures has found what was drawn for it.
//!
//! Every second follows from the configuration and its own number, not from the seconds before. So a
//! stream can be taken up anywhere, at once, and its samples do not depend on how they are read.

mod artifact;
pub(crate) mod background;
mod broadcast;
mod chance;
mod config;
pub(crate) mod head;
mod heart;
mod live;
mod noise;
mod seizure;
mod sheet;
mod sleep;
mod written;

use std::f64::consts::TAU;

use artifact::Artifacts;
use background::Background;
pub use broadcast::{Broadcast, BroadcastError};
use chance::{Chance, Purpose, about};
pub use config::{ElectrodeFault, Faults, Silence, SyntheticConfig, SyntheticError};
use head::{ELECTRODES, Weights};
use heart::Heart;
pub use live::SyntheticSource;
use noise::Noises;
use seizure::Seizures;
use sheet::Sheet;
use sleep::Spindles;
pub use written::{SyntheticFile, write_edf};

use crate::eeg::{Annotation, Electrode, Event, EventKind};

/// Lowest and highest value in microvolts: 16 bits in steps of 0.1.
pub const RAILS_UV: (f64, f64) = (-3276.8, 3276.7);

/// The digital values of [`RAILS_UV`].
pub const DIGITAL_RANGE: (i32, i32) = (-32768, 32767);

/// Makes synthetic EEG, second by second.
pub struct Synthesiser {
    config: SyntheticConfig,
    background: Background,
    spindles: Spindles,
    artifacts: Artifacts,
    seizures: Seizures,
    heart: Option<Heart>,
    /// Microvolts of the mains in each electrode, and one second of them at 1.
    mains: Weights,
    hum: Vec<f32>,
    sheet: Sheet,
    ecg: Vec<f32>,
    /// Microvolts for each digital value: its gain and offset, as a reader of the file has them.
    scale: (f64, f64),
}

impl Synthesiser {
    /// Prepares a stream.
    ///
    /// # Errors
    /// [`SyntheticError::Setting`] for a configuration that cannot be.
    pub fn new(config: &SyntheticConfig) -> Result<Synthesiser, SyntheticError> {
        config.check()?;
        let chance = Chance::new(config.seed);
        let noises = Noises::at(config.rate_hz);
        let rate = config.rate_hz as usize;
        let mut person = chance.of(Purpose::Person, 2);
        let mains = std::array::from_fn(|_| (config.mains_uv * about(&mut person, 0.4, 1.6)) as f32);
        let turns = f64::from(config.mains_hz) / f64::from(config.rate_hz);
        let ((low, high), (lowest, highest)) = (RAILS_UV, DIGITAL_RANGE);
        let gain = (high - low) / (f64::from(highest) - f64::from(lowest));
        Ok(Synthesiser {
            background: Background::new(config, chance.clone(), noises.clone()),
            spindles: Spindles::new(chance.clone()),
            artifacts: Artifacts::new(config, chance.clone(), noises.clone()),
            seizures: Seizures::new(config, chance.clone(), noises),
            heart: config.ecg.then(|| Heart::new(chance)),
            mains,
            // The mains have a whole number of cycles in a second: each second is like the others.
            hum: (0..rate).map(|frame| (TAU * turns * frame as f64).sin() as f32).collect(),
            sheet: Sheet::new(rate),
            ecg: vec![0.0; rate],
            scale: (gain, low - gain * f64::from(lowest)),
            config: config.clone(),
        })
    }

    /// What the stream is like.
    pub fn config(&self) -> &SyntheticConfig {
        &self.config
    }

    /// The channels' labels, in order.
    pub fn labels(&self) -> Vec<String> {
        let electrodes = Electrode::ALL.iter().map(|electrode| format!("EEG {electrode}-REF"));
        electrodes.chain(self.heart.is_some().then(|| heart::LABEL.to_string())).collect()
    }

    /// The digital values of a second, channel after channel, as the amplifier would give them. Faults
    /// that no digital value can hold are not in them.
    pub fn digital(&mut self, second: u64, out: &mut Vec<i16>) {
        self.draw(second);
        let (gain, offset) = self.scale;
        let (gain, offset) = ((1.0 / gain) as f32, (offset / gain) as f32);
        out.clear();
        out.extend(self.sheet.samples().iter().chain(&self.ecg[..]).map(|uv| {
            // The cast keeps what lies beyond the rails on them.
            (uv * gain - offset).round_ties_even() as i16
        }));
        out.truncate(self.channels() * self.sheet.rate);
        if let Some(fault) = self.config.faults.unplugged.as_ref().filter(|f| f.covers(second)) {
            self.each_row(&fault.rows(), out, 0);
        }
        if let Some(fault) = self.config.faults.saturated.as_ref().filter(|f| f.covers(second)) {
            self.each_row(&fault.rows(), out, i16::MAX);
        }
    }

    /// A second in microvolts, frame after frame with all channels. It holds the same bits as a
    /// recording of it would.
    pub fn second(&mut self, second: u64, digital: &mut Vec<i16>, frames: &mut Vec<f32>) {
        self.digital(second, digital);
        let (rate, channels, (gain, offset)) = (self.sheet.rate, self.channels(), self.scale);
        frames.clear();
        frames.resize(rate * channels, 0.0);
        for (channel, samples) in digital.chunks_exact(rate).enumerate() {
            for (frame, &sample) in frames.chunks_exact_mut(channels).zip(samples) {
                frame[channel] = (f64::from(sample) * gain + offset) as f32;
            }
        }
        if let Some(fault) = self.config.faults.not_a_number.as_ref().filter(|f| f.covers(second)) {
            for row in fault.rows() {
                frames.chunks_exact_mut(channels).for_each(|frame| frame[row] = f32::NAN);
            }
        }
    }

    /// The seizures of a stretch of time, in seconds from the stream's start: those that begin or
    /// last within it. In a silence they are there as well.
    pub fn events(&self, begin_s: f64, end_s: f64) -> Vec<Event> {
        let within = self.seizures.within(begin_s, end_s);
        within
            .iter()
            .filter(|seizure| seizure.end_s() > begin_s)
            .map(|seizure| Event {
                onset_s: seizure.onset_s,
                duration_s: seizure.duration_s,
                kind: EventKind::Seizure(if seizure.both_sides { "sz_foc_f2b" } else { "sz_foc" }.into()),
                confidence: None,
                // No reader should take it for a person's: a table has no other room for remarks.
                channels: Some(format!("{},synthetic", self.seizures.focus)),
                date_time: None,
                recording_duration_s: None,
                alarm_s: None,
            })
            .collect()
    }

    /// The artifacts that begin or last in a stretch of time, blinks left out.
    pub fn artifacts(&self, begin_s: f64, end_s: f64) -> Vec<Annotation> {
        let mut artifacts: Vec<Annotation> = self
            .artifacts
            .within(begin_s, end_s)
            .iter()
            .map(|artifact| Annotation {
                onset_s: artifact.onset_s,
                duration_s: Some(artifact.duration_s),
                text: artifact.text(),
            })
            .collect();
        artifacts.sort_by(|a, b| a.onset_s.total_cmp(&b.onset_s));
        artifacts
    }

    /// How deep the sleep is at a moment: 0 awake, 1 deepest.
    pub fn sleep_depth(&self, t: f64) -> f64 {
        self.background.sleep_depth(t)
    }

    fn channels(&self) -> usize {
        ELECTRODES + usize::from(self.heart.is_some())
    }

    fn draw(&mut self, second: u64) {
        let (begin_s, end_s) = (second as f64, second as f64 + 1.0);
        let sheet = &mut self.sheet;
        sheet.clear(second);
        let seizures = self.seizures.within(begin_s, end_s);
        let influence = [begin_s, end_s].map(|t| Seizures::influence(&seizures, t));
        self.background.add_to(sheet, influence);
        for spindle in self.spindles.within(begin_s, end_s, &self.background) {
            self.spindles.add_to(sheet, &spindle);
        }
        for seizure in &seizures {
            self.seizures.add_to(sheet, seizure);
        }
        let blinks = self.artifacts.blinks_within(begin_s, end_s, &self.background);
        for artifact in blinks.iter().chain(&self.artifacts.within(begin_s, end_s)) {
            self.artifacts.add_to(sheet, artifact);
        }
        let hum = &self.hum;
        sheet.add(0..hum.len(), &self.mains, |row| row.copy_from_slice(hum));
        if let Some(heart) = &self.heart {
            heart.write(second, &mut self.ecg);
        }
    }

    fn each_row(&self, rows: &[usize], out: &mut [i16], value: i16) {
        let rate = self.sheet.rate;
        rows.iter().for_each(|row| out[row * rate..(row + 1) * rate].fill(value));
    }
}
