//! Feeding recordings to the detector.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use jiff::civil::DateTime;
use rayon::prelude::*;

use super::error::ReplayError;
use super::order::{PlannedRecording, seconds_between};
use crate::detect::{Alarm, Detector, Judge, JudgeError, Opinion, Verdict};
use crate::signal::{FaultCounts, SignalConfig, StreamError, StreamItem, Window, WindowStream, count_faults};
use crate::source::RecordingSource;

/// Windows that are judged side by side when time does not matter. Each is judged alone, so the
/// number changes no verdict.
const SIDE_BY_SIDE: usize = 64;

/// How fast recordings are played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// As fast as the machine can.
    Max,
    /// This many seconds of recording in a second; gaps between recordings are not waited for.
    Times(f64),
}

/// What was found in one recording.
#[derive(Debug, Clone)]
pub struct ReplayedRecording {
    /// The recording.
    pub plan: PlannedRecording,
    /// Second of the recording and its verdict, in order.
    pub verdicts: Vec<(u64, Verdict)>,
    /// Derivations that the recording lacks.
    pub missing: Vec<String>,
    /// Remarks on its labels.
    pub remarks: Vec<String>,
    /// What is to be said of the size of its EEG, where no head gives such EEG, or of a mains that hums beside the notch.
    pub unlikely: Vec<String>,
    /// Seconds in which a channel had a fault, by channel label and fault.
    pub faults: FaultCounts,
}

/// One alarm, on the time line and in its recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlarmRecord {
    /// Index of the recording in which it was raised.
    pub recording: usize,
    /// Onset and raising, in seconds of the time line.
    pub alarm: Alarm,
    /// Last second of the time line in which it lasted, plus one.
    pub end_second: u64,
}

/// What a replay found.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// Wall time of the time line's second 0.
    pub start: DateTime,
    /// The recordings, in time order.
    pub recordings: Vec<ReplayedRecording>,
    /// The alarms, in time order.
    pub alarms: Vec<AlarmRecord>,
    /// Seconds that the replay took.
    pub elapsed_s: f64,
}

impl Replayed {
    /// Seconds of signal that went through the detector.
    pub fn seconds(&self) -> usize {
        self.recordings.iter().map(|recording| recording.verdicts.len()).sum()
    }

    /// Seconds from the time line's start to a recording's.
    pub fn offset_s(&self, recording: usize) -> f64 {
        self.recordings.get(recording).map_or(0.0, |r| seconds_between(self.start, r.plan.header.start))
    }
}

/// What happens while a replay runs.
#[derive(Debug)]
pub enum Observation<'a> {
    /// A recording begins.
    Recording(&'a PlannedRecording),
    /// A verdict.
    Verdict {
        /// The recording.
        plan: &'a PlannedRecording,
        /// Second of the recording.
        second: u64,
        /// The verdict.
        verdict: &'a Verdict,
    },
}

/// Plays recordings through a detector.
///
/// # Errors
/// [`ReplayError`] where a recording cannot be read or does not suit, a network fails, or not one
/// second could be judged.
pub fn replay(
    plans: Vec<PlannedRecording>,
    judge: &Judge,
    detector: Detector,
    signal: &SignalConfig,
    speed: Speed,
    observe: &mut dyn FnMut(Observation<'_>),
) -> Result<Replayed, ReplayError> {
    let start = plans.first().map_or(DateTime::default(), |plan| plan.header.start);
    let began = Instant::now();
    let workers = if speed == Speed::Max { rayon::current_num_threads().max(1) } else { 1 };
    let mut player = Player {
        judges: vec![judge.clone(); workers],
        detector,
        start,
        next_second: 0,
        speed,
        began,
        played: 0,
    };
    let mut recordings = Vec::with_capacity(plans.len());
    for plan in plans {
        observe(Observation::Recording(&plan));
        recordings.push(player.play(plan, signal, observe)?);
    }
    let replayed = Replayed {
        start,
        alarms: alarms_of(&recordings),
        recordings,
        elapsed_s: began.elapsed().as_secs_f64(),
    };
    refuse_unjudged(&replayed)?;
    Ok(replayed)
}

/// What another detector would have made of the same opinions.
pub fn rejudge(replayed: &Replayed, mut detector: Detector) -> Replayed {
    let mut recordings = replayed.recordings.clone();
    let mut next_second = 0;
    for (_, verdict) in recordings.iter_mut().flat_map(|recording| &mut recording.verdicts) {
        let opinion = verdict.probabilities.map(|probabilities| Opinion {
            ae_error: verdict.ae_error,
            ae_flag: verdict.ae_flag,
            probabilities,
        });
        if verdict.second > next_second {
            detector.gap(verdict.second - next_second);
        }
        next_second = verdict.second + 1;
        *verdict = detector.next(verdict.second, opinion);
    }
    let alarms = alarms_of(&recordings);
    Replayed { recordings, alarms, start: replayed.start, elapsed_s: replayed.elapsed_s }
}

struct Player {
    judges: Vec<Judge>,
    detector: Detector,
    start: DateTime,
    /// The time line's second that the detector expects next.
    next_second: u64,
    speed: Speed,
    began: Instant,
    played: u64,
}

impl Player {
    fn play(
        &mut self,
        plan: PlannedRecording,
        signal: &SignalConfig,
        observe: &mut dyn FnMut(Observation<'_>),
    ) -> Result<ReplayedRecording, ReplayError> {
        let failed = |source: StreamError| ReplayError::Stream { path: plan.path.clone(), source };
        let source = RecordingSource::open(&plan.path).map_err(|e| failed(e.into()))?;
        let mut stream = WindowStream::new(source, signal).map_err(failed)?;
        let offset_s = seconds_between(self.start, plan.header.start);
        let labels: Vec<String> = plan.header.signals.iter().map(|signal| signal.label.clone()).collect();
        let mut replayed = ReplayedRecording {
            missing: stream.montage().missing().iter().map(ToString::to_string).collect(),
            remarks: stream
                .source()
                .strange_rows()
                .into_iter()
                .chain(stream.montage().warnings())
                .cloned()
                .collect(),
            unlikely: Vec::new(),
            verdicts: Vec::new(),
            faults: FaultCounts::new(),
            plan,
        };
        let together = if self.speed == Speed::Max { SIDE_BY_SIDE } else { 1 };
        let mut due: VecDeque<(f64, Window)> = VecDeque::with_capacity(together);
        loop {
            let item = stream
                .next_item()
                .map_err(|source| ReplayError::Stream { path: replayed.plan.path.clone(), source })?;
            let ended = item.is_none();
            if let Some(StreamItem::Window(window)) = item {
                count_faults(&window, &labels, &mut replayed.faults);
                due.push_back((stream.onset_s(&window), window));
            }
            if due.len() >= together || ended {
                self.judge(&mut due, offset_s, &mut replayed, observe)?;
            }
            if ended {
                replayed.unlikely =
                    stream.amplitude().unlikely().into_iter().chain(stream.hum().told()).collect();
                return Ok(replayed);
            }
        }
    }

    fn judge(
        &mut self,
        due: &mut VecDeque<(f64, Window)>,
        offset_s: f64,
        replayed: &mut ReplayedRecording,
        observe: &mut dyn FnMut(Observation<'_>),
    ) -> Result<(), ReplayError> {
        let windows: Vec<(f64, Window)> = due.drain(..).collect();
        let opinions = self.opinions(&windows)?;
        for ((onset_s, _), opinion) in windows.iter().zip(opinions) {
            self.wait();
            // The first sample's time, on whole seconds of the time line; never backwards.
            let second = ((offset_s + onset_s).max(0.0) as u64).max(self.next_second);
            if second > self.next_second {
                self.detector.gap(second - self.next_second);
            }
            let verdict = self.detector.next(second, opinion);
            self.next_second = second + 1;
            let in_recording = onset_s.max(0.0) as u64;
            observe(Observation::Verdict { plan: &replayed.plan, second: in_recording, verdict: &verdict });
            replayed.verdicts.push((in_recording, verdict));
        }
        Ok(())
    }

    fn opinions(&mut self, windows: &[(f64, Window)]) -> Result<Vec<Option<Opinion>>, JudgeError> {
        if windows.is_empty() {
            return Ok(Vec::new());
        }
        let share = windows.len().div_ceil(self.judges.len());
        let parts: Vec<Vec<Option<Opinion>>> = self
            .judges
            .par_iter_mut()
            .zip(windows.par_chunks(share))
            .map(|(judge, part)| {
                part.iter().map(|(_, window)| judge.judge(window)).collect::<Result<Vec<_>, _>>()
            })
            .collect::<Result<_, _>>()?;
        Ok(parts.concat())
    }

    /// Waits until the next second is due.
    fn wait(&mut self) {
        self.played += 1;
        if let Speed::Times(times) = self.speed {
            let due = Duration::from_secs_f64(self.played as f64 / times);
            std::thread::sleep(due.saturating_sub(self.began.elapsed()));
        }
    }
}

/// Gathers the alarms: each lasts from its raising to the last second with `alarming`.
fn alarms_of(recordings: &[ReplayedRecording]) -> Vec<AlarmRecord> {
    let mut alarms: Vec<AlarmRecord> = Vec::new();
    for (recording, replayed) in recordings.iter().enumerate() {
        for (_, verdict) in &replayed.verdicts {
            if let Some(alarm) = verdict.alarm {
                alarms.push(AlarmRecord { recording, alarm, end_second: verdict.second + 1 });
            } else if verdict.alarming
                && let Some(last) = alarms.last_mut()
            {
                last.end_second = verdict.second + 1;
            }
        }
    }
    alarms
}

fn refuse_unjudged(replayed: &Replayed) -> Result<(), ReplayError> {
    let judged =
        |recording: &ReplayedRecording| recording.verdicts.iter().any(|(_, verdict)| verdict.label.is_some());
    if replayed.recordings.iter().any(judged) {
        return Ok(());
    }
    let worst = replayed
        .recordings
        .iter()
        .flat_map(|recording| &recording.faults)
        .max_by_key(|(_, seconds)| **seconds);
    let reason = match worst {
        Some(((label, fault), seconds)) => format!("the commonest fault is {label}: {fault} in {seconds} s"),
        None => "the recordings are shorter than a second".to_string(),
    };
    Err(ReplayError::NothingJudged {
        recordings: replayed.recordings.len(),
        seconds: replayed.seconds(),
        reason,
    })
}
