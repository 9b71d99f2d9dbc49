//! What a replay found, against what the expert marked.

use std::fmt::Write;

use serde::Serialize;

use super::engine::Replayed;
use crate::eeg::Event;
use crate::evaluate::{AFTER_S, AlarmMark, Interval, SeizureMark, WardScore, score_ward, seconds_at_risk};

/// One expert seizure and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeizureRow {
    /// The recording.
    pub recording: String,
    /// Wall time of the onset.
    pub time: String,
    /// Seconds from the recording's start.
    pub onset_s: f64,
    /// Seconds.
    pub duration_s: f64,
    /// Whether it lies in a recording that the patient's autoencoder or settings were made from.
    pub learnt_from: bool,
    /// Seconds from the annotated onset to the alarm; `None` for a missed one.
    pub latency_s: Option<f64>,
}

/// One alarm outside any seizure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FalseAlarmRow {
    /// The recording.
    pub recording: String,
    /// Wall time at which it was raised.
    pub time: String,
    /// Seconds from the recording's start.
    pub raised_s: f64,
    /// Whether it lies in a recording that the patient's autoencoder or settings were made from.
    pub learnt_from: bool,
}

/// A replay's result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// The patient.
    pub patient: String,
    /// Recordings replayed.
    pub recordings: usize,
    /// Of these, recordings that the patient's autoencoder or settings were made from: they never count.
    pub learnt_recordings: usize,
    /// Recordings without expert marks: their alarms are neither right nor wrong.
    pub unmarked_recordings: usize,
    /// Seconds replayed, and those with too few channels to judge.
    pub seconds: usize,
    /// See `seconds`.
    pub unjudged_s: usize,
    /// Alarms raised, in all recordings.
    pub alarms: usize,
    /// Every expert seizure.
    pub seizures: Vec<SeizureRow>,
    /// Every alarm outside a seizure.
    pub false_alarms: Vec<FalseAlarmRow>,
    /// Hours judged of what counts: marked recordings that nothing was made from.
    pub hours: f64,
    /// Seconds of them that lie in seizures.
    pub seizure_s: usize,
    /// The score of what counts; its hours are those in which an alarm would have been false.
    pub score: WardScore,
    /// Times faster than the recordings' own time.
    pub times_real_time: f64,
}

/// Compares alarms with expert marks. `expert` has one entry per recording, `None` where no marks
/// lie beside it; `learnt` names recordings that the autoencoder or the settings were made from.
pub fn summarise(
    patient: &str,
    replayed: &Replayed,
    expert: &[Option<Vec<Event>>],
    learnt: &[String],
) -> Summary {
    let recordings = &replayed.recordings;
    let learnt_from = |index: usize| learnt.contains(&recordings[index].plan.name);
    let marked = |index: usize| expert.get(index).is_some_and(Option::is_some);
    let counts = |index: usize| !learnt_from(index) && marked(index);

    let mut seizures = Vec::new();
    let mut rows = Vec::new();
    for (index, events) in expert.iter().enumerate().filter(|(index, _)| *index < recordings.len()) {
        let plan = &recordings[index].plan;
        for event in events.iter().flatten().filter(|event| event.is_seizure()) {
            let onset_s = replayed.offset_s(index) + event.onset_s;
            seizures.push((index, SeizureMark { onset_s, end_s: onset_s + event.duration_s }));
            rows.push(SeizureRow {
                recording: plan.name.clone(),
                time: plan.time_at(event.onset_s).strftime("%Y-%m-%d %H:%M:%S").to_string(),
                onset_s: event.onset_s,
                duration_s: event.duration_s,
                learnt_from: learnt_from(index),
                latency_s: None,
            });
        }
    }
    // A second's verdict is there once the second is over: an alarm is raised at its end.
    let alarms: Vec<(usize, AlarmMark)> = replayed
        .alarms
        .iter()
        .map(|record| {
            let alarm = record.alarm;
            (
                record.recording,
                AlarmMark { onset_s: alarm.onset_second as f64, raised_s: alarm.raised_second as f64 + 1.0 },
            )
        })
        .collect();
    let all_seizures: Vec<SeizureMark> = seizures.iter().map(|(_, mark)| *mark).collect();
    let all_alarms: Vec<AlarmMark> = alarms.iter().map(|(_, mark)| *mark).collect();
    let all = score_ward(&all_seizures, &all_alarms, 0.0);
    for (row, score) in rows.iter_mut().zip(&all.seizures) {
        row.latency_s = score.latency_s;
    }
    let false_alarms = all
        .false_alarms
        .iter()
        .filter(|&&alarm| marked(alarms[alarm].0))
        .map(|&alarm| {
            let (index, mark) = alarms[alarm];
            let plan = &recordings[index].plan;
            let raised_s = mark.raised_s - replayed.offset_s(index);
            FalseAlarmRow {
                recording: plan.name.clone(),
                time: plan.time_at(raised_s).strftime("%Y-%m-%d %H:%M:%S").to_string(),
                raised_s,
                learnt_from: learnt_from(index),
            }
        })
        .collect();
    // Ends, on the time line, of the seconds that were judged.
    let judged = |index: usize| {
        let verdicts = recordings[index].verdicts.iter();
        verdicts
            .filter(|(_, verdict)| verdict.label.is_some())
            .map(|(_, verdict)| verdict.second as f64 + 1.0)
    };
    let counting: Vec<f64> = (0..recordings.len()).filter(|&i| counts(i)).flat_map(judged).collect();
    let marks_of = |wanted: bool| -> Vec<SeizureMark> {
        seizures.iter().filter(|(i, _)| counts(*i) == wanted).map(|(_, mark)| *mark).collect()
    };
    let (kept_seizures, other_seizures) = (marks_of(true), marks_of(false));
    let explained =
        |by: &[SeizureMark], alarm: &AlarmMark| by.iter().any(|seizure| seizure.explains(alarm.raised_s));
    // An alarm that is about a seizure just before what counts says nothing of what counts.
    let kept_alarms: Vec<AlarmMark> = alarms
        .iter()
        .filter(|(i, alarm)| {
            counts(*i) && (explained(&kept_seizures, alarm) || !explained(&other_seizures, alarm))
        })
        .map(|(_, mark)| *mark)
        .collect();
    let hours = counting.len() as f64 / 3600.0;
    let in_a_seizure = |end: &&f64| {
        let middle = **end - 0.5;
        kept_seizures.iter().any(|seizure| seizure.onset_s <= middle && middle < seizure.end_s)
    };
    let seizure_s = counting.iter().filter(in_a_seizure).count();
    let hours_at_risk = seconds_at_risk(counting, &all_seizures) as f64 / 3600.0;
    let seconds = replayed.seconds();
    Summary {
        patient: patient.to_string(),
        recordings: recordings.len(),
        learnt_recordings: (0..recordings.len()).filter(|&i| learnt_from(i)).count(),
        unmarked_recordings: (0..recordings.len()).filter(|&i| !marked(i)).count(),
        seconds,
        unjudged_s: seconds - (0..recordings.len()).flat_map(judged).count(),
        alarms: replayed.alarms.len(),
        seizures: rows,
        false_alarms,
        hours,
        seizure_s,
        score: score_ward(&kept_seizures, &kept_alarms, hours_at_risk),
        times_real_time: seconds as f64 / replayed.elapsed_s.max(1e-9),
    }
}

impl Summary {
    /// The result in one line.
    pub fn line(&self) -> String {
        if self.score.seizures.is_empty() && self.unmarked_recordings == self.recordings {
            return format!(
                "{} alarms in {:.2} h; no expert marks",
                self.alarms,
                self.seconds as f64 / 3600.0
            );
        }
        let found = format!("{} of {} seizures found", self.score.detected, self.score.seizures.len());
        if self.score.hours == 0.0 {
            return format!("{found}; no second at risk of a false alarm");
        }
        format!(
            "{found}, {} false alarms in {} at risk of one",
            self.score.false_alarms.len(),
            spell(self.score.hours * 3600.0)
        )
    }

    /// The result as tables for a terminal.
    pub fn table(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "{} recordings of {}, {:.1} min replayed at {:.0} times real time; {} alarms",
            self.recordings,
            self.patient,
            self.seconds as f64 / 60.0,
            self.times_real_time,
            self.alarms
        );
        if self.unjudged_s > 0 {
            let _ = writeln!(text, "{} s had too few channels and were not judged", self.unjudged_s);
        }
        if !self.seizures.is_empty() {
            let width = self.seizures.iter().map(|row| row.recording.len()).max().unwrap_or(9).max(9);
            let _ = writeln!(
                text,
                "\n{:<width$}  {:<19}  {:>8}  {:<10}",
                "recording", "expert onset", "lasts", "alarm"
            );
            for row in &self.seizures {
                let alarm =
                    row.latency_s.map_or("missed".to_string(), |latency| format!("after {latency:.0} s"));
                let note = if row.learnt_from { "  (fitted on: does not count)" } else { "" };
                let _ = writeln!(
                    text,
                    "{:<width$}  {:<19}  {:>6.0} s  {alarm:<10}{note}",
                    row.recording, row.time, row.duration_s
                );
            }
        }
        for row in &self.false_alarms {
            let note = if row.learnt_from { " (fitted on: does not count)" } else { "" };
            let _ = writeln!(text, "false alarm: {} at {}{note}", row.recording, row.time);
        }
        let _ = writeln!(text);
        self.rates(&mut text);
        text
    }

    fn rates(&self, text: &mut String) {
        let score = &self.score;
        if self.hours == 0.0 {
            let _ = writeln!(text, "nothing counts: no recording has expert marks and was not learnt from");
            return;
        }
        let _ = writeln!(
            text,
            "observed            {} that count, {} of it in seizures",
            spell(self.hours * 3600.0),
            spell(self.seizure_s as f64)
        );
        if let Some(Interval { lower, upper }) = score.sensitivity {
            let _ = writeln!(
                text,
                "sensitivity         {} of {} seizures (95 % interval {:.0} to {:.0} %)",
                score.detected,
                score.seizures.len(),
                100.0 * lower,
                100.0 * upper
            );
        }
        if let Some(latency) = score.median_latency_s {
            let _ = writeln!(
                text,
                "latency             median {latency:.0} s from the annotated onset to the alarm"
            );
        }
        if score.after_seizure > 0 {
            let _ = writeln!(
                text,
                "late alarms         {} that nothing within the seizure led to; they count as about it",
                score.after_seizure
            );
        }
        match score.false_alarms_per_hour {
            Some(Interval { lower, upper }) => {
                let _ = writeln!(
                    text,
                    "false alarms        {} in {} at risk of one (95 % interval {lower:.1} to {upper:.1} an hour)",
                    score.false_alarms.len(),
                    spell(score.hours * 3600.0)
                );
            }
            None => {
                let _ = writeln!(
                    text,
                    "false alarms        no rate can be told: every second lies in a seizure or in the {AFTER_S:.0} s \
                     after one,\n                    where an alarm counts as one about that seizure"
                );
            }
        }
    }
}

/// A time as a person would say it.
fn spell(seconds: f64) -> String {
    if seconds < 3600.0 { format!("{seconds:.0} s") } else { format!("{:.2} h", seconds / 3600.0) }
}
