//! `vigil train --reviews`: what a ward's reviewers say, added to the recordings.

use std::path::Path;

use super::super::error::CliError;
use super::TrainArgs;
use super::divided::Divided;
use crate::alarm::AlarmLog;
use crate::alarm::log::log_path;
use crate::config::WardConfig;
use crate::dataset::{Dataset, Second};
use crate::signal::SignalConfig;
use crate::train::{Labels, ReviewedSeconds, ReviewsError, TrainError};

/// Adds what the reviewers of a ward say to a data set and its labels; what came of it, in words.
///
/// A patient with the id of somebody in the data set is that person: their reviews are trained on, held out or left out
/// with them. No expert's mark changes by it.
pub(super) fn add_reviews(
    args: &TrainArgs,
    config: &Path,
    dataset: &mut Dataset,
    divided: &mut Divided,
    signal: &SignalConfig,
    excluded: &[String],
) -> Result<String, CliError> {
    let ward = WardConfig::load(config)?;
    let log = AlarmLog::open_existing(&log_path(&ward.ward.state))?;
    let is_trained_on = |person: &str| {
        let named = |people: &[String]| people.iter().any(|name| name == person);
        !named(excluded) && (args.only.is_empty() || named(&args.only))
    };
    let gathered =
        ReviewedSeconds::gather(&log, &ward.record.folder, &ward.ward.patients, signal, &is_trained_on);
    let reviewed = gathered.map_err(|error| match error {
        ReviewsError::Log(error) => CliError::Log(error),
        ReviewsError::Record(error) => CliError::Record(error),
        ReviewsError::Stream { bed, source } => {
            CliError::Stream { path: ward.record.folder.join(bed), source }
        }
    })?;
    let mut told = reviewed.words();
    if reviewed.labels.is_empty() {
        return Err(TrainError::TooLittle {
            found: format!("the reviews of {} give no second to train on. {told}", config.display()),
            expected: "at least one alarm judged a seizure or false, or a seizure marked as missed, whose recording is there"
                .into(),
            advice: "judge alarms first, or leave --reviews out".into(),
        }
        .into());
    }
    let ReviewedSeconds { dataset: added, labels: more, .. } = reviewed;
    let first = dataset.append(added);
    let moved = |second: Second| Second { stretch: first + second.stretch, ..second };
    let more: Labels = more.into_iter().map(|(second, label)| (moved(second), label)).collect();
    let held_out = divided.add(dataset, more, &args.hold_out);
    if held_out > 0 {
        told.push_str(&format!(
            " {held_out} s of them are of people held out: early stopping watches them beside what the experts marked."
        ));
    }
    say!("{told}");
    Ok(told)
}
