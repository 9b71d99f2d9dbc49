//! Fits a patient's own autoencoder on what a bed has gathered, and compares it with the one in use.

use std::io::Write;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::baseline::{SHORTEST_S, Span};
use super::lifecycle::{Comparison, FitRequest};
use super::models::{Models, PatientError, Watched};
use crate::config::versions::{add_version, versions, versions_folder, write_fit, write_level};
use crate::config::{FitRecord, WardConfig};
use crate::dataset::{Dataset, LabelledRecording, Second};
use crate::durable;
use crate::model::{Autoencoder, AutoencoderConfig, Card, ModelError, write_card};
use crate::record::{RecordError, RecordedSource};
use crate::signal::StreamError;
use crate::train::{AutoencoderFit, TrainError, cross_fitted_errors, fit_autoencoder, level_of};

/// A fit that failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdaptError {
    /// The patient or the networks.
    #[error(transparent)]
    Patient(#[from] PatientError),
    /// The record.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The recorded signal.
    #[error("the record of bed {bed}: {source}")]
    Stream {
        /// The bed.
        bed: String,
        /// Why.
        source: StreamError,
    },
    /// The fit.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A network's file.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// A file of the version.
    #[error("cannot write the version: {0}")]
    Io(#[from] std::io::Error),
    /// The folder of the versions.
    #[error("cannot write in {}: {source}; the daemon's account must own the patient's folder", path.display())]
    Unwritable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Fits, compares, and leaves the result as the patient's next version. Nothing is switched.
///
/// # Errors
/// [`AdaptError`]; no version is made then.
pub fn adapt(request: &FitRequest, config: &WardConfig) -> Result<Comparison, AdaptError> {
    let watched = Models::default().watched(&config.ward.patients, &config.ward.models, &request.patient)?;
    // What cannot be kept is not worth the time of a fit.
    let folder = versions_folder(&config.ward.patients, &request.patient);
    std::fs::create_dir_all(&folder)
        .map_err(|source| AdaptError::Unwritable { path: folder.clone(), source })?;
    let dataset = gathered(request, &config.record.folder, &watched)?;
    let seconds: Vec<Second> = dataset.seconds().collect();
    let settings = AutoencoderConfig { signal: watched.signal.clone(), ..AutoencoderConfig::default() };
    let fit = AutoencoderFit::default();
    let id = request.patient.as_str();
    let fitted = fit_autoencoder(&dataset, &seconds, id, &settings, &fit, &mut |_, _| {})?;
    // The seconds that are compared were not seen by the network that judges them: the later half of the
    // gathered time is judged by a network that was fitted on the earlier.
    let errors = cross_fitted_errors(&dataset, &seconds, &settings, &fit, &mut |_, _| {})?;
    let compared = (config.baseline.compared_s as usize).min(seconds.len() / 2);
    let latest = seconds.len() - compared;
    let new_flagged = errors[latest..].iter().filter(|error| **error > fitted.baseline().threshold).count();
    let old_flagged = flagged(&watched, &dataset, &seconds[latest..])?;
    let level = level_of(watched.judge.classifier(), &dataset, &seconds)?;
    let mut then = watched.config.clone();
    then.follow(level.as_ref());
    let patients = &config.ward.patients;
    let mut comparison = Comparison {
        version: versions(patients, &request.patient).last().map_or(1, |last| last + 1),
        fitted_s: seconds.len(),
        compared_s: compared,
        old: watched.judge.autoencoder().map(|old| old.digest().to_string()).unwrap_or_default(),
        new: String::new(),
        old_flagged,
        new_flagged,
        seizure_probability: [&watched.config, &then].map(|config| config.label.seizure_probability),
    };
    let version = add_version(patients, &request.patient, |folder| -> Result<(), AdaptError> {
        let weights = folder.join("autoencoder.safetensors");
        // What was gathered live is of no recordings that could be replayed.
        let date = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        write_fit(folder, &FitRecord { recordings: Vec::new(), seconds: seconds.len(), date })?;
        if let Some(level) = &level {
            write_level(folder, level)?;
        }
        fitted.save(&weights)?;
        let saved = Autoencoder::load(&weights, id, &watched.signal)?;
        comparison.new = saved.digest().to_string();
        write_card(&folder.join("card.md"), &card(request, &comparison, &saved, watched.shared))?;
        let text = serde_json::to_vec_pretty(&comparison).map_err(std::io::Error::other)?;
        durable::replace_file(&folder.join("comparison.json"), |file| file.write_all(&text))?;
        Ok(())
    });
    comparison.version = version.map_err(|error| match error {
        AdaptError::Io(source) => AdaptError::Unwritable { path: folder, source },
        other => other,
    })?;
    Ok(comparison)
}

/// The gathered seconds, from the record.
fn gathered(request: &FitRequest, record: &Path, watched: &Watched) -> Result<Dataset, AdaptError> {
    let spans: Vec<(u64, u64)> = request
        .spans
        .iter()
        .filter(|span| span.seconds >= SHORTEST_S)
        .map(|Span { first_frame, frames, .. }| (*first_frame, first_frame + frames))
        .collect();
    let source = RecordedSource::open_spans(record, &request.bed, request.timeline, &spans)?;
    let recording = LabelledRecording {
        person: request.patient.to_string(),
        path: record.join(&request.bed),
        events: Vec::new(),
    };
    Dataset::of_source(source, recording, &watched.signal)
        .map_err(|source| AdaptError::Stream { bed: request.bed.clone(), source })
}

/// How many of some seconds the autoencoder in use flags.
fn flagged(watched: &Watched, dataset: &Dataset, seconds: &[Second]) -> Result<usize, AdaptError> {
    let Some(old) = watched.judge.autoencoder() else { return Ok(0) };
    let mut window = Vec::new();
    let mut flagged = 0;
    for second in seconds {
        let stretch = &dataset.stretches[second.stretch];
        stretch.window_at(second.index * dataset.rate, dataset.rate, &mut window);
        flagged += usize::from(old.flags(old.error(&window, &stretch.present[second.index])?));
    }
    Ok(flagged)
}

fn card(request: &FitRequest, comparison: &Comparison, fitted: &Autoencoder, shared: bool) -> Card {
    let baseline = fitted.baseline();
    let mut card = Card::new(&format!("Autoencoder of patient {}", request.patient));
    card.paragraph("Says how unlike this patient's usual EEG a second is. Research only: no medical device.");
    let share = |flagged: usize| format!("{flagged} of {} s flagged", comparison.compared_s);
    let old = if shared { "the shared autoencoder" } else { "the patient's autoencoder before" };
    card.table(
        &["", ""],
        &[
            vec!["weights, SHA-256".into(), format!("`{}`", fitted.digest())],
            vec!["fitted on".into(), format!("{} s gathered on bed {}", baseline.seconds, request.bed)],
            vec!["error, flagged above".into(), format!("{:.4}", baseline.threshold)],
            vec![format!("latest hour, {old}"), share(comparison.old_flagged)],
            vec!["latest hour, this one".into(), share(comparison.new_flagged)],
            vec![
                "seizure probability of a seizure second, before".into(),
                comparison.seizure_probability[0].to_string(),
            ],
            vec!["with this one".into(), comparison.seizure_probability[1].to_string()],
        ],
    );
    card.paragraph(
        "The seconds were gathered live: whole, without a fault of an electrode, labelled non-seizure, away from \
         alarms. The fit leaves the worst quarter of each batch out. In the comparison, the latest seconds are \
         judged by a network fitted on the earlier half of the gathered time alone.",
    );
    card
}
