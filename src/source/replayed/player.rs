//! Reading the time line, block by block; everything here may wait for a disk.

use std::path::PathBuf;

use super::timeline::{Stretch, Timeline};
use crate::format::edf::EdfReader;
use crate::source::SourceError;
use crate::source::live::{LiveError, LiveLayout, Mark};

/// Most seconds in a block.
const BLOCK_S: f64 = 4.0;

/// Most values in a block.
const BLOCK_VALUES: usize = 1 << 20;

/// Seconds that are said to be lost where a loop starts again: two ends that do not belong together
/// must not pass for one signal.
const SPLICE_S: f64 = 1.0;

/// Frames that follow one another, of one recording.
pub struct Block {
    /// Index of the recording.
    pub recording: usize,
    /// Frame of the stream.
    pub first_frame: u64,
    /// Frame after frame with all channels.
    pub values: Vec<f32>,
    /// Remarks, by frame of the block, in order.
    pub marks: Vec<Mark>,
}

/// A recording that is open.
struct Open {
    recording: usize,
    reader: EdfReader,
    /// Its remarks by stretch and frame of the stretch, in order.
    marks: Vec<(usize, u64, String)>,
}

pub struct Player {
    timeline: Timeline,
    looped: bool,
    /// Which time through, the stretch that comes next and how much of it is done.
    pass: u64,
    stretch: usize,
    done: u64,
    open: Option<Open>,
    channels: Vec<Vec<f32>>,
}

impl Player {
    /// Finds the recordings and goes to a frame of the stream.
    ///
    /// # Errors
    /// As [`Timeline::of`].
    pub fn open(inputs: &[PathBuf], name: &str, looped: bool, frame: u64) -> Result<Player, LiveError> {
        let timeline = Timeline::of(inputs, name)?;
        let mut player =
            Player { timeline, looped, pass: 0, stretch: 0, done: 0, open: None, channels: Vec::new() };
        let in_pass = if looped {
            player.pass = frame / player.pass_frames();
            frame % player.pass_frames()
        } else {
            frame
        };
        let stretches = &player.timeline.stretches;
        player.stretch = stretches.partition_point(|s| s.first_frame + s.frames <= in_pass);
        player.done = stretches.get(player.stretch).map_or(0, |s| in_pass.saturating_sub(s.first_frame));
        Ok(player)
    }

    /// Frames from one time through to the next.
    fn pass_frames(&self) -> u64 {
        let rate_hz = self.timeline.recordings.last().map_or(1.0, |last| last.layout.rate_hz);
        self.timeline.frames + (SPLICE_S * rate_hz).round() as u64
    }

    /// The layout of a recording.
    pub fn layout(&self, recording: usize) -> &LiveLayout {
        &self.timeline.recordings[recording.min(self.timeline.recordings.len() - 1)].layout
    }

    /// The recording that is played next; the last where none is.
    pub fn recording(&self) -> usize {
        let stretches = &self.timeline.stretches;
        let stretch = match stretches.get(self.stretch) {
            Some(stretch) => Some(stretch),
            None if self.looped => stretches.first(),
            None => stretches.last(),
        };
        stretch.map_or(0, |stretch| stretch.recording)
    }

    /// The next block, or `None` after the last.
    ///
    /// # Errors
    /// [`LiveError::Recording`] where a recording cannot be read on.
    pub fn read(&mut self) -> Result<Option<Block>, LiveError> {
        if self.stretch >= self.timeline.stretches.len() {
            if !self.looped {
                return Ok(None);
            }
            (self.pass, self.stretch, self.done) = (self.pass + 1, 0, 0);
        }
        let Some(stretch) = self.timeline.stretches.get(self.stretch).cloned() else { return Ok(None) };
        let recording = &self.timeline.recordings[stretch.recording];
        let width = recording.chosen.len();
        let most = ((BLOCK_S * recording.layout.rate_hz) as u64).min((BLOCK_VALUES / width) as u64).max(1);
        let count = most.min(stretch.frames - self.done);
        let first_frame = self.pass * self.pass_frames() + stretch.first_frame + self.done;
        let open = match self.open.take() {
            Some(open) if open.recording == stretch.recording => self.open.insert(open),
            _ => self.open.insert(open_recording(&self.timeline, stretch.recording)?),
        };
        self.channels.resize(width, Vec::new());
        open.reader
            .read_microvolts(
                &recording.chosen,
                stretch.first_sample + self.done,
                count as usize,
                &mut self.channels,
            )
            .map_err(SourceError::from)?;
        let mut values = vec![0.0; count as usize * width];
        for (channel, samples) in self.channels.iter().enumerate() {
            for (frame, &sample) in values.chunks_exact_mut(width).zip(samples) {
                frame[channel] = sample;
            }
        }
        let block = Block {
            recording: stretch.recording,
            first_frame,
            values,
            marks: open.marks_within(self.stretch, self.done, count),
        };
        self.done += count;
        if self.done >= stretch.frames {
            (self.stretch, self.done) = (self.stretch + 1, 0);
        }
        Ok(Some(block))
    }
}

impl Open {
    fn marks_within(&self, stretch: usize, first: u64, count: u64) -> Vec<Mark> {
        let before = |frame: u64| self.marks.partition_point(|&(s, at, _)| (s, at) < (stretch, frame));
        self.marks[before(first)..before(first + count)]
            .iter()
            .map(|(_, at, text)| Mark { frame: (at - first) as usize, text: text.clone() })
            .collect()
    }
}

fn open_recording(timeline: &Timeline, index: usize) -> Result<Open, LiveError> {
    let recording = &timeline.recordings[index];
    let mut reader = EdfReader::open(&recording.path).map_err(SourceError::from)?;
    let annotations = reader.annotations().map_err(SourceError::from)?;
    let stretches: Vec<(usize, &Stretch)> =
        timeline.stretches.iter().enumerate().filter(|(_, s)| s.recording == index).collect();
    let mut marks: Vec<(usize, u64, String)> = annotations
        .into_iter()
        .filter_map(|annotation| {
            // What lies in a gap goes with the first frame after it, what lies behind the end with the
            // last.
            let after = stretches.partition_point(|(_, s)| s.onset_s <= annotation.onset_s);
            let (number, stretch) = *stretches.get(after.saturating_sub(1))?;
            let at = ((annotation.onset_s - stretch.onset_s) * recording.layout.rate_hz).round();
            let at = at.max(0.0) as u64;
            if at < stretch.frames {
                return Some((number, at, annotation.text));
            }
            match stretches.get(after) {
                Some(&(next, _)) => Some((next, 0, annotation.text)),
                None => Some((number, stretch.frames - 1, annotation.text)),
            }
        })
        .collect();
    marks.sort_by_key(|&(stretch, at, _)| (stretch, at));
    Ok(Open { recording: index, reader, marks })
}
