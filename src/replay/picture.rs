//! The replay on one page.

use std::path::Path;

use super::engine::Replayed;
use super::error::ReplayError;
use super::summary::Summary;
use crate::eeg::Event;
use crate::plot::overview::{
    OverviewAlarm, OverviewFigure, OverviewRecording, OverviewSecond, overview_figure,
};

/// Draws probabilities, autoencoder error, accumulator, alarms and expert marks over time.
///
/// # Errors
/// [`ReplayError::Plot`].
pub fn write_overview(
    path: &Path,
    title: &str,
    replayed: &Replayed,
    expert: &[Option<Vec<Event>>],
    summary: &Summary,
    thresholds: (Option<f32>, f32),
) -> Result<(), ReplayError> {
    let recordings: Vec<OverviewRecording> = replayed
        .recordings
        .iter()
        .enumerate()
        .map(|(index, recording)| {
            let offset_s = replayed.offset_s(index);
            let alarms = replayed.alarms.iter().filter(|record| record.recording == index);
            OverviewRecording {
                name: short_name(&recording.plan.name),
                start: Some(recording.plan.header.start),
                duration_s: recording.plan.header.duration_s,
                seconds: recording
                    .verdicts
                    .iter()
                    .map(|(second, verdict)| {
                        let [p_seizure, p_abnormal, p_nonseizure] =
                            verdict.probabilities.unwrap_or([f32::NAN; 3]);
                        OverviewSecond {
                            second: *second,
                            p_seizure,
                            p_abnormal,
                            p_nonseizure,
                            ae_error: verdict.ae_error.unwrap_or(f32::NAN),
                            ae_flag: verdict.ae_flag.unwrap_or(false),
                            accumulator: verdict.accumulator,
                        }
                    })
                    .collect(),
                alarms: alarms
                    .map(|record| OverviewAlarm {
                        onset_s: record.alarm.onset_second as f64 - offset_s,
                        raised_s: record.alarm.raised_second as f64 - offset_s,
                    })
                    .collect(),
                expert: expert
                    .get(index)
                    .and_then(Option::as_ref)
                    .map(|events| {
                        events
                            .iter()
                            .filter(|event| event.is_seizure())
                            .map(|event| (event.onset_s, event.end_s()))
                            .collect()
                    })
                    .unwrap_or_default(),
            }
        })
        .collect();
    let figure = OverviewFigure {
        title,
        subtitle: &summary.line(),
        ae_threshold: thresholds.0,
        alarm_threshold: Some(thresholds.1),
        recordings: &recordings,
    };
    Ok(overview_figure(path, &figure)?)
}

/// The part of a BIDS name that tells recordings apart (`run-03`), or the whole name.
fn short_name(name: &str) -> String {
    name.split('_').find(|part| part.starts_with("run-")).unwrap_or(name).to_string()
}
