//! The synthetic stream as a station's.

use std::time::Instant;

use super::config::SyntheticConfig;
use super::{RAILS_UV, Synthesiser};
use crate::source::live::{
    Incoming, LiveChannel, LiveError, LiveLayout, LiveSource, Mark, Received, Waiting,
};
use crate::source::pace::{Pace, PlayClock};

/// Synthetic EEG that arrives as it happens.
pub struct SyntheticSource {
    config: SyntheticConfig,
    pace: Pace,
    /// The frame at which it begins when connected.
    begin: u64,
    playing: Option<Playing>,
}

/// A stream that is being given.
struct Playing {
    synthesiser: Synthesiser,
    clock: PlayClock,
    /// The frame at which the clock started.
    begin: u64,
    /// The frame that comes next, and the one at which the stream ends.
    next: u64,
    end: u64,
    /// Frames not given and not yet told of.
    lost: u64,
    rate: u64,
    channels: usize,
    /// The second that `frames` holds, and its remarks by frame.
    second: Option<u64>,
    frames: Vec<f32>,
    digital: Vec<i16>,
    marks: Vec<Mark>,
}

impl SyntheticSource {
    /// A stream that plays at a pace, from its start once it is connected.
    pub fn new(config: SyntheticConfig, pace: Pace) -> SyntheticSource {
        SyntheticSource { config, pace, begin: 0, playing: None }
    }

    fn open(&mut self) -> Result<LiveLayout, LiveError> {
        let stream = self.describe();
        let synthesiser = Synthesiser::new(&self.config)
            .map_err(|error| LiveError::Unsuitable { stream: stream.clone(), reason: error.to_string() })?;
        let labels = synthesiser.labels();
        let rate = u64::from(self.config.rate_hz);
        let layout = LiveLayout {
            stream,
            rate_hz: f64::from(self.config.rate_hz),
            channels: labels
                .iter()
                .map(|label| LiveChannel {
                    label: Some(label.clone()),
                    unit: Some("uV".into()),
                    rails: Some(RAILS_UV),
                })
                .collect(),
        };
        self.playing = Some(Playing {
            synthesiser,
            clock: PlayClock::start(self.pace),
            begin: self.begin,
            next: self.begin,
            end: self.config.duration_s.map_or(u64::MAX, |seconds| seconds * rate),
            lost: 0,
            rate,
            channels: labels.len(),
            second: None,
            frames: Vec::new(),
            digital: Vec::new(),
            marks: Vec::new(),
        });
        Ok(layout)
    }

    async fn next(&mut self) -> Result<Incoming, LiveError> {
        let stream = self.describe();
        let piece = self.pace.frames(f64::from(self.config.rate_hz)) as u64;
        let playing = self
            .playing
            .as_mut()
            .ok_or(LiveError::Lost { address: stream, reason: "not connected".into() })?;
        playing.pass_over_silence();
        let in_second = playing.next % playing.rate;
        let count = piece.min(playing.rate - in_second).min(playing.end.saturating_sub(playing.next));
        // Nothing has changed before this wait is over, so that it can be given up.
        playing.clock.wait_for(playing.signal_s(playing.next + count)).await;
        if count == 0 {
            return Ok(Incoming::Ended);
        }
        Ok(Incoming::Samples(playing.take(in_second as usize, count as usize)))
    }
}

impl Playing {
    /// Seconds of signal from the start of the clock to a frame.
    fn signal_s(&self, frame: u64) -> f64 {
        frame.saturating_sub(self.begin) as f64 / self.rate as f64
    }

    fn pass_over_silence(&mut self) {
        let config = self.synthesiser.config();
        let Some(silence) = &config.faults.silence else { return };
        if self.next < self.end && config.silent(self.next / self.rate) {
            let after = ((silence.begin_s + silence.duration_s) * self.rate).min(self.end);
            if silence.counted {
                self.lost += after - self.next;
            }
            self.next = after;
        }
    }

    fn take(&mut self, first: usize, count: usize) -> Received {
        let second = self.next / self.rate;
        if self.second != Some(second) {
            self.second = Some(second);
            self.synthesiser.second(second, &mut self.digital, &mut self.frames);
            self.marks = marks_of(&self.synthesiser, second);
        }
        let taken_at_s = self.clock.taken_at_s(self.signal_s(self.next));
        self.next += count as u64;
        let within = first..first + count;
        Received {
            values: self.frames[first * self.channels..(first + count) * self.channels].to_vec(),
            lost_before: std::mem::take(&mut self.lost),
            taken_at_s: Some(taken_at_s),
            arrived: Instant::now(),
            marks: self
                .marks
                .iter()
                .filter(|mark| within.contains(&mark.frame))
                .map(|mark| Mark { frame: mark.frame - first, text: mark.text.clone() })
                .collect(),
        }
    }
}

/// What begins in a second, by frame of the second: what a viewer should know of it.
fn marks_of(synthesiser: &Synthesiser, second: u64) -> Vec<Mark> {
    let (begin_s, rate) = (second as f64, f64::from(synthesiser.config().rate_hz));
    let frame = |onset_s: f64| (((onset_s - begin_s) * rate) as usize).min(rate as usize - 1);
    let mut marks: Vec<Mark> = synthesiser
        .events(begin_s, begin_s + 1.0)
        .iter()
        .filter(|event| event.onset_s >= begin_s)
        .map(|event| Mark {
            frame: frame(event.onset_s),
            text: format!("synthetic seizure of {:.0} s", event.duration_s),
        })
        .collect();
    marks.extend(
        synthesiser
            .artifacts(begin_s, begin_s + 1.0)
            .into_iter()
            .filter(|artifact| artifact.onset_s >= begin_s)
            .map(|artifact| Mark { frame: frame(artifact.onset_s), text: artifact.text }),
    );
    marks.sort_by_key(|mark| mark.frame);
    marks
}

impl LiveSource for SyntheticSource {
    fn describe(&self) -> String {
        format!("synthetic EEG, seed {}", self.config.seed)
    }

    fn connect(&mut self) -> Waiting<'_, LiveLayout> {
        Box::pin(async { self.open() })
    }

    fn receive(&mut self) -> Waiting<'_, Incoming> {
        Box::pin(self.next())
    }

    fn resume_at(&mut self, frame: u64) -> bool {
        self.begin = frame;
        true
    }
}
