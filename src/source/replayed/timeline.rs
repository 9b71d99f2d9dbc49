//! Recordings put on one time line: which frames of the stream lie in which file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;

use crate::eeg::{ChannelLabel, RecordingHeader, microvolts_per_unit};
use crate::format::FormatError;
use crate::format::edf::EdfReader;
use crate::source::live::{LiveChannel, LiveError, LiveLayout, MAX_CHANNELS};
use crate::source::recording::set_aside;

/// Two recordings may share this many seconds: amplifiers round their start times.
const TOLERATED_OVERLAP_S: f64 = 2.0;

/// Most recordings that are played as one stream: a folder given by mistake is refused early.
const MOST_RECORDINGS: usize = 10_000;

/// Deepest folder that is looked into.
const DEEPEST: usize = 32;

/// One file of the stream.
#[derive(Debug, Clone)]
pub struct Recording {
    pub path: PathBuf,
    /// What it gives, as the stream announces it.
    pub layout: LiveLayout,
    /// The channels that are given, by index into the file.
    pub chosen: Vec<usize>,
    start: DateTime,
    duration_s: f64,
}

/// Samples of one file that follow one another.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// Index of the recording.
    pub recording: usize,
    /// Sample of the file.
    pub first_sample: u64,
    /// How many.
    pub frames: u64,
    /// Frame of the stream.
    pub first_frame: u64,
    /// Seconds from the recording's start.
    pub onset_s: f64,
}

/// All recordings in order.
#[derive(Debug, Clone)]
pub struct Timeline {
    pub recordings: Vec<Recording>,
    pub stretches: Vec<Stretch>,
    /// Frames from the first to the end of the last.
    pub frames: u64,
}

impl Timeline {
    /// Finds the recordings in `inputs` (files, or folders that are searched to the bottom) and puts
    /// them in time order. `name` is what the stream is called.
    ///
    /// # Errors
    /// [`LiveError::Recording`] for what cannot be read, [`LiveError::Unsuitable`] where nothing is
    /// there, two recordings are of one time, or a recording has no channel to give.
    pub fn of(inputs: &[PathBuf], name: &str) -> Result<Timeline, LiveError> {
        let unsuitable = |reason: String| LiveError::Unsuitable { stream: name.to_string(), reason };
        let mut paths = Vec::new();
        for input in inputs {
            find(input, &mut paths).map_err(|error| LiveError::Recording(error.into()))?;
            if paths.len() > MOST_RECORDINGS {
                return Err(unsuitable(format!("more than {MOST_RECORDINGS} recordings; name fewer")));
            }
        }
        paths.sort();
        paths.dedup();
        if paths.is_empty() {
            let looked: Vec<String> = inputs.iter().map(|input| input.display().to_string()).collect();
            return Err(unsuitable(format!(
                "no EDF or BDF file in {:?}; name recordings or folders that hold some",
                looked.join(", ")
            )));
        }
        let mut found = Vec::with_capacity(paths.len());
        for path in paths {
            found.push(Found::open(path, name)?);
        }
        found.sort_by(|a, b| {
            let (a, b) = (&a.recording, &b.recording);
            a.start.cmp(&b.start).then_with(|| a.path.cmp(&b.path))
        });
        for pair in found.windows(2) {
            let (first, second) = (&pair[0].recording, &pair[1].recording);
            let overlap_s = first.duration_s - seconds_between(first.start, second.start);
            if overlap_s > TOLERATED_OVERLAP_S {
                return Err(unsuitable(format!(
                    "{} and {} overlap by {overlap_s:.0} s; a stream has one signal at a time, leave one out",
                    first.path.display(),
                    second.path.display()
                )));
            }
        }
        let timeline = line_up(found);
        if timeline.frames == 0 {
            return Err(unsuitable("the recordings hold no samples".into()));
        }
        Ok(timeline)
    }
}

/// A recording and its stretches, in samples of the file.
struct Found {
    recording: Recording,
    stretches: Vec<(f64, u64, u64)>,
}

impl Found {
    fn open(path: PathBuf, stream: &str) -> Result<Found, LiveError> {
        let reader = EdfReader::open(&path).map_err(|error| LiveError::Recording(error.into()))?;
        let header = reader.header();
        let set_aside = set_aside(&path, &reader).map_err(|error| LiveError::Recording(error.into()))?;
        let chosen = choose(header, &set_aside);
        let unsuitable = |reason: String| LiveError::Unsuitable {
            stream: stream.to_string(),
            reason: format!("{} {reason}", path.display()),
        };
        let Some(rate_hz) = chosen.first().map(|&channel| header.signals[channel].rate_hz) else {
            return Err(unsuitable("has no signal; expected a recording with channels".into()));
        };
        if chosen.len() > MAX_CHANNELS {
            return Err(unsuitable(format!(
                "has {} channels of one rate; at most {MAX_CHANNELS} can be played",
                chosen.len()
            )));
        }
        let channels = chosen.iter().map(|&channel| channel_of(&reader, channel)).collect();
        let per_record = (rate_hz * reader.record_duration_s()).round() as u64;
        let stretches = reader
            .segments()
            .iter()
            .map(|segment| {
                (segment.onset_s.max(0.0), segment.first_record * per_record, segment.records * per_record)
            })
            .filter(|&(_, _, frames)| frames > 0)
            .collect();
        let (start, duration_s) = (header.start, header.duration_s);
        let layout = LiveLayout { stream: stream.to_string(), rate_hz, channels };
        Ok(Found { recording: Recording { path, layout, chosen, start, duration_s }, stretches })
    }
}

/// The channels with the rate that most EEG channels have; of equals the highest rate. Where no
/// channel is EEG by its label, all count. A stream cannot say that a channel counts as absent, so
/// those that do are not given.
fn choose(header: &RecordingHeader, set_aside: &[Option<String>]) -> Vec<usize> {
    let given: Vec<usize> =
        (0..header.signals.len()).filter(|&channel| set_aside[channel].is_none()).collect();
    let is_eeg = |label: &str| ChannelLabel::parse(label) != ChannelLabel::Other;
    let signals = || given.iter().map(|&channel| &header.signals[channel]);
    let any_eeg = signals().any(|signal| is_eeg(&signal.label));
    // Positive numbers are ordered as their bits are.
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for signal in signals().filter(|signal| !any_eeg || is_eeg(&signal.label)) {
        *counts.entry(signal.rate_hz.to_bits()).or_default() += 1;
    }
    let most = counts.iter().max_by_key(|&(&rate, &count)| (count, rate)).map(|(&rate, _)| rate);
    given.into_iter().filter(|&channel| Some(header.signals[channel].rate_hz.to_bits()) == most).collect()
}

fn channel_of(reader: &EdfReader, channel: usize) -> LiveChannel {
    let signal = &reader.header().signals[channel];
    // Volts of any size are read in microvolts; what is no voltage keeps its unit.
    let unit =
        if microvolts_per_unit(&signal.unit).is_some() { "uV".to_string() } else { signal.unit.clone() };
    LiveChannel {
        label: Some(signal.label.clone()),
        unit: Some(unit),
        rails: reader.rails_microvolts(channel),
    }
}

/// Gives every stretch its frame: seconds since the first recording's start, times the rate. Where
/// the rate changes, frames are counted on from the end of the recording before.
fn line_up(found: Vec<Found>) -> Timeline {
    let mut timeline = Timeline { recordings: Vec::new(), stretches: Vec::new(), frames: 0 };
    let Some(first) = found.first() else { return timeline };
    let origin = first.recording.start;
    let mut rate_hz = first.recording.layout.rate_hz;
    let (mut anchor_s, mut anchor_frame, mut end_s) = (0.0, 0, 0.0);
    for (index, Found { recording, stretches }) in found.into_iter().enumerate() {
        let start_s = seconds_between(origin, recording.start);
        if recording.layout.rate_hz != rate_hz {
            (rate_hz, anchor_s, anchor_frame) = (recording.layout.rate_hz, end_s, timeline.frames);
        }
        for (onset_s, first_sample, frames) in stretches {
            let since_s = start_s + onset_s - anchor_s;
            let by_time = anchor_frame + (since_s * rate_hz).round().max(0.0) as u64;
            // Start times are rounded; the stream never goes back for it.
            let first_frame = by_time.max(timeline.frames);
            timeline.stretches.push(Stretch { recording: index, first_sample, frames, first_frame, onset_s });
            timeline.frames = first_frame + frames;
        }
        end_s = start_s + recording.duration_s;
        timeline.recordings.push(recording);
    }
    timeline
}

fn seconds_between(from: DateTime, to: DateTime) -> f64 {
    to.duration_since(from).as_secs_f64()
}

fn find(input: &Path, paths: &mut Vec<PathBuf>) -> Result<(), FormatError> {
    let metadata = std::fs::metadata(input).map_err(|source| unreadable(input, source))?;
    if metadata.is_dir() {
        find_below(input, 0, paths)
    } else {
        paths.push(input.to_path_buf());
        Ok(())
    }
}

fn find_below(folder: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), FormatError> {
    if depth > DEEPEST || paths.len() > MOST_RECORDINGS {
        return Ok(());
    }
    for entry in std::fs::read_dir(folder).map_err(|source| unreadable(folder, source))? {
        let entry = entry.map_err(|source| unreadable(folder, source))?;
        let path = entry.path();
        // Links are not followed into folders: a loop of them would never end.
        if entry.file_type().map_err(|source| unreadable(&path, source))?.is_dir() {
            find_below(&path, depth + 1, paths)?;
        } else if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("edf") || e.eq_ignore_ascii_case("bdf"))
        {
            paths.push(path);
        }
    }
    Ok(())
}

fn unreadable(path: &Path, source: std::io::Error) -> FormatError {
    FormatError::Io { doing: "read", path: path.to_path_buf(), source }
}
