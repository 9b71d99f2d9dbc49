//! Whether recordings and what experts marked in them belong together, before any of them is worked on.

use std::path::Path;

use super::conditioned::LabelledRecording;
use super::error::{DatasetError, Unusable};
use crate::eeg::Event;
use crate::source::RecordingSource;

/// Seconds by which an event may reach beyond its recording: tables are often rounded to whole seconds.
const ROUNDING_S: f64 = 1.0;

/// Refuses expert seizures that cannot be of the recording at `path`, which lasts `duration_s`: one beyond it would count
/// as missed whatever is judged, and one that lasts no time marks no second. `warnings` are what there is to say about the
/// file: where its end is missing, the table is not at fault.
///
/// # Errors
/// [`DatasetError::EventOutside`], [`DatasetError::NoDuration`].
pub fn must_fit(
    path: &Path,
    events: &[Event],
    duration_s: f64,
    warnings: &[String],
) -> Result<(), DatasetError> {
    let within = -ROUNDING_S..=duration_s + ROUNDING_S;
    for event in events.iter().filter(|event| event.is_seizure()) {
        let (onset_s, end_s) = (event.onset_s, event.end_s());
        if !(within.contains(&onset_s) && within.contains(&end_s)) {
            return Err(DatasetError::EventOutside {
                path: path.to_path_buf(),
                onset_s,
                end_s,
                duration_s,
                warnings: warnings.to_vec(),
            });
        }
        if event.duration_s == 0.0 {
            return Err(DatasetError::NoDuration { path: path.to_path_buf(), onset_s });
        }
    }
    Ok(())
}

/// What is wrong with each of the recordings that cannot be read or that a seizure does not fit. No sample is read.
pub fn unusable(recordings: &[LabelledRecording]) -> Vec<Unusable> {
    let look_at = |recording: &LabelledRecording| {
        let source = RecordingSource::open(&recording.path)?;
        must_fit(&recording.path, &recording.events, source.header().duration_s, source.warnings())
    };
    let wrong = |recording: &LabelledRecording| {
        Some(Unusable { person: recording.person.clone(), error: look_at(recording).err()? })
    };
    recordings.iter().filter_map(wrong).collect()
}
