//! Recordings played as if they happened now.
//!
//! All recordings together are one stream: their frames are counted on one time line, and what was not
//! recorded in between is told as lost. Nothing waits for a gap to pass. The samples are those of the
//! files, the same at any speed.

mod player;
mod timeline;

use std::path::PathBuf;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use super::live::{Incoming, LiveError, LiveLayout, LiveSource, Mark, Received, Waiting};
use super::pace::{Pace, PlayClock};
use player::{Block, Player};

/// Recordings to be played.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayedConfig {
    /// EDF or BDF files, or folders that hold some, at any depth; they are played in time order.
    pub recordings: Vec<PathBuf>,
    /// A multiple of real time, or `"max"` for as fast as they are read.
    #[serde(default)]
    pub speed: Pace,
    /// Whether they begin again after the end. The time line goes on, one second of it lost.
    #[serde(default)]
    pub looped: bool,
}

/// Recordings as a live stream.
///
/// It gives the channels that have the rate of most EEG channels, in microvolts where they are
/// voltages. Where a later recording has other channels or another rate, it says so first; frames are
/// then counted on at the new rate.
pub struct ReplayedSource {
    config: ReplayedConfig,
    /// The frame at which it begins when connected.
    begin: u64,
    playing: Option<Playing>,
}

/// What reading a block gives back.
type Read = (Player, Result<Option<Block>, LiveError>);

/// A stream that is being given.
struct Playing {
    clock: PlayClock,
    /// Seconds of signal given since the clock started.
    played_s: f64,
    /// The frame that would follow without a gap.
    next: u64,
    /// The layout that was announced.
    layout: LiveLayout,
    /// The block being given, its layout where it is another, and how many of its frames were.
    block: Option<(Block, LiveLayout)>,
    given: usize,
    /// The one after it, being read. A wait for it may be given up: it stays here.
    reading: JoinHandle<Read>,
    ended: bool,
}

impl ReplayedSource {
    /// Recordings that play from their start once the source is connected.
    pub fn new(config: ReplayedConfig) -> ReplayedSource {
        ReplayedSource { config, begin: 0, playing: None }
    }

    async fn open(&mut self) -> Result<LiveLayout, LiveError> {
        self.playing = None;
        let (config, name, begin) = (self.config.clone(), self.describe(), self.begin);
        let opened = tokio::task::spawn_blocking(move || {
            Player::open(&config.recordings, &name, config.looped, begin)
        });
        let player = opened.await.map_err(|error| self.given_up(&error))??;
        let layout = player.layout(player.recording()).clone();
        self.playing = Some(Playing {
            clock: PlayClock::start(self.config.speed),
            played_s: 0.0,
            next: begin,
            layout: layout.clone(),
            block: None,
            given: 0,
            reading: read(player),
            ended: false,
        });
        Ok(layout)
    }

    async fn next(&mut self) -> Result<Incoming, LiveError> {
        let speed = self.config.speed;
        let Some(playing) = self.playing.as_mut() else {
            return Err(LiveError::Lost { address: self.describe(), reason: "not connected".into() });
        };
        if playing.block.is_none() && !playing.ended {
            match (&mut playing.reading).await {
                Ok((player, Ok(Some(block)))) => {
                    let layout = player.layout(block.recording).clone();
                    playing.reading = read(player);
                    (playing.block, playing.given) = (Some((block, layout)), 0);
                }
                Ok((_, Ok(None))) => playing.ended = true,
                Ok((_, Err(error))) => {
                    self.playing = None;
                    return Err(error);
                }
                Err(error) => {
                    self.playing = None;
                    return Err(self.given_up(&error));
                }
            }
        }
        let Some((block, layout)) = &playing.block else { return Ok(Incoming::Ended) };
        if *layout != playing.layout {
            playing.layout = layout.clone();
            return Ok(Incoming::Layout(layout.clone()));
        }
        let frames = block.values.len() / layout.channels.len() - playing.given;
        let count = speed.frames(layout.rate_hz).min(frames);
        let after_s = playing.played_s + count as f64 / layout.rate_hz;
        // Nothing of these frames is given before this wait is over, so that it can be given up.
        playing.clock.wait_for(after_s).await;
        let received = playing.take(count);
        playing.played_s = after_s;
        if count == frames {
            playing.block = None;
        }
        Ok(Incoming::Samples(received))
    }

    fn given_up(&self, error: &tokio::task::JoinError) -> LiveError {
        LiveError::Lost { address: self.describe(), reason: format!("reading was given up: {error}") }
    }
}

/// Reads the next block where waiting for a disk holds nobody up.
fn read(mut player: Player) -> JoinHandle<Read> {
    tokio::task::spawn_blocking(move || {
        let block = player.read();
        (player, block)
    })
}

impl Playing {
    fn take(&mut self, count: usize) -> Received {
        let mut received = Received {
            values: Vec::new(),
            lost_before: 0,
            taken_at_s: Some(self.clock.taken_at_s(self.played_s)),
            arrived: Instant::now(),
            marks: Vec::new(),
        };
        let Some((block, layout)) = &self.block else { return received };
        let (width, first) = (layout.channels.len(), self.given);
        let frame = block.first_frame + first as u64;
        received.values = block.values[first * width..(first + count) * width].to_vec();
        received.lost_before = frame.saturating_sub(self.next);
        received.marks = block
            .marks
            .iter()
            .filter(|mark| (first..first + count).contains(&mark.frame))
            .map(|mark| Mark { frame: mark.frame - first, text: mark.text.clone() })
            .collect();
        self.next = frame + count as u64;
        self.given += count;
        received
    }
}

impl LiveSource for ReplayedSource {
    fn describe(&self) -> String {
        let first =
            self.config.recordings.first().map_or("nothing".into(), |path| path.display().to_string());
        match self.config.recordings.len() {
            0 | 1 => format!("replay of {first}"),
            count => format!("replay of {first} and {} more", count - 1),
        }
    }

    fn connect(&mut self) -> Waiting<'_, LiveLayout> {
        Box::pin(self.open())
    }

    fn receive(&mut self) -> Waiting<'_, Incoming> {
        Box::pin(self.next())
    }

    fn resume_at(&mut self, frame: u64) -> bool {
        self.begin = frame;
        true
    }
}
