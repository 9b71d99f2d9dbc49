//! The recordings of one patient that a command is given: in which order they are, and the expert's marks beside them.

use std::path::{Path, PathBuf};

use crate::dataset::{DatasetError, Unusable, events_beside, must_fit};
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
    let mut tell = |table: &Path, what: &str| warn!("warning: {}, {what}", table.display());
    let events = match events_beside(recording, &mut tell) {
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
/// [`DatasetError`] where tables cannot be read, or seizures in them do not fit their recordings: all of them at once.
pub(super) fn expert_events(
    plans: &[PlannedRecording],
    marks: Marks,
) -> Result<Vec<Option<Vec<Event>>>, DatasetError> {
    let (mut marked, mut found) = (Vec::with_capacity(plans.len()), Vec::new());
    for plan in plans {
        let fitting = marks_beside(&plan.path, marks).and_then(|events| {
            let of_expert = events.as_deref().unwrap_or_default();
            must_fit(&plan.path, of_expert, plan.header.duration_s, &plan.warnings)?;
            Ok(events)
        });
        match fitting {
            Ok(events) => marked.push(events),
            Err(error) => found.push(Unusable { person: plan.name.clone(), error }),
        }
    }
    refuse_together(found, marks)?;
    Ok(marked)
}

/// Several reasons in one message, with the advice at its end and not in each.
fn refuse_together(mut found: Vec<Unusable>, marks: Marks) -> Result<(), DatasetError> {
    if found.len() < 2 {
        return found.pop().map_or(Ok(()), |only| Err(only.error));
    }
    let plain = |Unusable { person, error }| match error {
        DatasetError::Beside(error) => Unusable { person, error: DatasetError::Format(error) },
        error => Unusable { person, error },
    };
    let advice = (marks == Marks::Wanted)
        .then(|| "Mend what is wrong, or go on without the expert's marks: --ignore-events".to_string());
    Err(DatasetError::Unusable { found: found.into_iter().map(plain).collect(), advice })
}
