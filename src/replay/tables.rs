//! Verdicts, alarms and events as tab-separated tables.

use std::io::Write;
use std::path::Path;

use super::engine::Replayed;
use super::error::ReplayError;
use crate::durable;
use crate::eeg::{Event, EventKind};
use crate::format::events::write_detections;

/// Writes every verdict: one row a second, all recordings in time order.
///
/// `alarm` is `raised` in the second in which an alarm rises, `on` while it lasts, `off` otherwise.
/// A second with too few channels has `n/a` where a judgement would stand.
///
/// # Errors
/// [`ReplayError::Unwritable`].
pub fn write_verdicts(path: &Path, replayed: &Replayed) -> Result<(), ReplayError> {
    table(path, |file| {
        writeln!(
            file,
            "recording\tsecond\tdateTime\tae_error\tae_flag\tp_seizure\tp_abnormal\tp_nonseizure\tlabel\taccumulator\talarm"
        )?;
        for recording in &replayed.recordings {
            for (second, verdict) in &recording.verdicts {
                let number =
                    |value: Option<f32>| value.map_or("n/a".to_string(), |value| format!("{value:.4}"));
                let time = recording.plan.time_at(*second as f64);
                writeln!(
                    file,
                    "{}\t{second}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{:.2}\t{}",
                    recording.plan.name,
                    time.strftime("%Y-%m-%d %H:%M:%S"),
                    number(verdict.ae_error),
                    verdict.ae_flag.map_or("n/a", |flag| if flag { "1" } else { "0" }),
                    number(verdict.probabilities.map(|p| p[0])),
                    number(verdict.probabilities.map(|p| p[1])),
                    number(verdict.probabilities.map(|p| p[2])),
                    verdict.label.map_or("n/a", |label| label.name()),
                    verdict.accumulator,
                    match (verdict.alarm, verdict.alarming) {
                        (Some(_), _) => "raised",
                        (None, true) => "on",
                        (None, false) => "off",
                    }
                )?;
            }
        }
        Ok(())
    })
}

/// Writes every alarm: onset is the first second of its run, raised the second in which the
/// accumulator crossed its threshold. Seconds count from the start of the named recording; an onset
/// in the recording before is negative.
///
/// # Errors
/// [`ReplayError::Unwritable`].
pub fn write_alarms(path: &Path, replayed: &Replayed) -> Result<(), ReplayError> {
    table(path, |file| {
        writeln!(file, "alarm\trecording\tonset\traised\tend\tonsetDateTime\traisedDateTime")?;
        for (number, record) in replayed.alarms.iter().enumerate() {
            let recording = &replayed.recordings[record.recording];
            let in_recording = |second: u64| second as f64 - replayed.offset_s(record.recording);
            let [onset, raised, end] =
                [record.alarm.onset_second, record.alarm.raised_second, record.end_second].map(in_recording);
            writeln!(
                file,
                "{}\t{}\t{onset:.2}\t{raised:.2}\t{end:.2}\t{}\t{}",
                number + 1,
                recording.plan.name,
                recording.plan.time_at(onset).strftime("%Y-%m-%d %H:%M:%S"),
                recording.plan.time_at(raised).strftime("%Y-%m-%d %H:%M:%S"),
            )?;
        }
        Ok(())
    })
}

/// Writes the SzCORE events of one recording: each alarm is a seizure from its onset to its end, cut
/// to the recording; its confidence is the mean seizure probability over it.
///
/// # Errors
/// [`ReplayError::Format`] where the file cannot be written.
pub fn write_recording_events(path: &Path, replayed: &Replayed, recording: usize) -> Result<(), ReplayError> {
    let Some(of) = replayed.recordings.get(recording) else { return Ok(()) };
    let header = &of.plan.header;
    let events = detected_events(replayed, recording);
    Ok(write_detections(path, &events, header.start, header.duration_s)?)
}

/// The alarms that touch a recording, as events in its seconds.
pub(super) fn detected_events(replayed: &Replayed, recording: usize) -> Vec<Event> {
    let Some(of) = replayed.recordings.get(recording) else { return Vec::new() };
    let offset_s = replayed.offset_s(recording);
    let header = &of.plan.header;
    let mut events = Vec::new();
    for record in &replayed.alarms {
        let onset_s = (record.alarm.onset_second as f64 - offset_s).max(0.0);
        let end_s = (record.end_second as f64 - offset_s).min(header.duration_s);
        if end_s - onset_s < 1.0 {
            continue;
        }
        let within: Vec<f64> = of
            .verdicts
            .iter()
            .filter(|(second, _)| (onset_s..end_s).contains(&(*second as f64)))
            .filter_map(|(_, verdict)| verdict.probabilities.map(|p| f64::from(p[0])))
            .collect();
        let confidence = (!within.is_empty()).then(|| within.iter().sum::<f64>() / within.len() as f64);
        events.push(Event {
            onset_s,
            duration_s: end_s - onset_s,
            kind: EventKind::Seizure("sz".to_string()),
            confidence,
            channels: None,
            date_time: Some(header.start),
            recording_duration_s: Some(header.duration_s),
            // Somebody is called at the end of the second, in one recording.
            alarm_s: (record.recording == recording)
                .then_some(record.alarm.raised_second as f64 + 1.0 - offset_s),
        });
    }
    events
}

fn table(
    path: &Path,
    write: impl FnOnce(&mut std::io::BufWriter<std::fs::File>) -> std::io::Result<()>,
) -> Result<(), ReplayError> {
    durable::replace_file(path, write)
        .map_err(|source| ReplayError::Unwritable { path: path.to_path_buf(), source })
}
