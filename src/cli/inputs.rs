//! The recordings of one patient that a command is given: in which order they are, and the expert's marks beside them.

use std::path::{Path, PathBuf};

use crate::dataset::{DatasetError, events_beside, must_fit};
use crate::eeg::Event;
use crate::format::FormatError;
use crate::format::bids::events_path_of;
use crate::replay::{PlannedRecording, ReplayError, in_order_given, in_time_order};

/// What becomes of tables of expert events beside recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// Without them there is nothing to do.
    Needed,
    /// They are taken where there are some.
    Wanted,
    /// They are not looked at.
    Ignored,
}

impl Marks {
    /// Where a command can do without.
    pub(super) fn unless(ignored: bool) -> Marks {
        if ignored { Marks::Ignored } else { Marks::Wanted }
    }
}

/// The recordings in time order, or in the order given.
///
/// # Errors
/// See [`in_time_order`].
pub(super) fn ordered(inputs: &[PathBuf], as_given: bool) -> Result<Vec<PlannedRecording>, ReplayError> {
    if !as_given {
        return in_time_order(inputs);
    }
    let (plans, moved) = in_order_given(inputs)?;
    if let Some(first) = moved.first().and_then(|first| plans.get(*first)) {
        warn!(
            "note: {} of {} recordings do not begin after the one before, by their headers, and are set an hour behind its end, \
             the first {} to {}; times of day are made up from there on",
            moved.len(),
            plans.len(),
            first.path.display(),
            first.header.start
        );
    }
    Ok(plans)
}

/// What an expert marked in a recording, `None` where no marks lie beside it. That a table says nothing is told.
///
/// # Errors
/// [`DatasetError`] where a table cannot be read.
pub(super) fn marks_beside(recording: &Path, marks: Marks) -> Result<Option<Vec<Event>>, DatasetError> {
    if marks == Marks::Ignored {
        return Ok(None);
    }
    let events = match events_beside(recording) {
        Err(DatasetError::Format(error @ FormatError::Malformed { .. })) if marks == Marks::Wanted => {
            return Err(DatasetError::Beside(error));
        }
        events => events?,
    };
    if events.is_none()
        && let Some(table) = events_path_of(recording)
    {
        warn!(
            "warning: {} has no row, so that nothing is known of the seizures of its recording, which counts as one without \
             an expert's marks; one without a seizure has a row of type bckg",
            table.display()
        );
    }
    Ok(events)
}

/// What experts marked in each recording.
///
/// # Errors
/// [`DatasetError`] where a table cannot be read, or a seizure in it does not fit its recording.
pub(super) fn expert_events(
    plans: &[PlannedRecording],
    marks: Marks,
) -> Result<Vec<Option<Vec<Event>>>, DatasetError> {
    plans
        .iter()
        .map(|plan| {
            let events = marks_beside(&plan.path, marks)?;
            must_fit(&plan.path, events.as_deref().unwrap_or_default(), plan.header.duration_s)?;
            Ok(events)
        })
        .collect()
}
