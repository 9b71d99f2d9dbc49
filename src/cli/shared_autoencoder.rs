//! `vigil train --autoencoder`: the shared autoencoder, by which a patient is judged who has none of
//! their own yet.

use std::path::Path;

use super::error::CliError;
use super::terminal::progress_bar;
use crate::dataset::{Dataset, Second};
use crate::model::{Autoencoder, AutoencoderConfig, Card, write_card};
use crate::signal::SignalConfig;
use crate::train::{AutoencoderFit, fit_autoencoder};
use crate::ward::SHARED;

/// Fits the shared autoencoder on the seconds of all people that no expert marked as seizure, as many of
/// each person as of any other where they have them.
///
/// # Errors
/// [`CliError`].
pub fn fit_shared(
    dataset: &Dataset,
    signal: &SignalConfig,
    folder: &Path,
    command: &str,
) -> Result<(), CliError> {
    let by_person = dataset.seizure_free_by_person();
    let mut lengths: Vec<usize> = by_person.values().map(Vec::len).collect();
    lengths.sort_unstable();
    // Who has ten times the usual would otherwise be what is usual.
    let most = 2 * lengths.get(lengths.len() / 2).copied().unwrap_or_default();
    let seconds: Vec<Second> = by_person
        .values()
        .flat_map(|seconds| {
            let step = seconds.len().div_ceil(most.max(1)).max(1);
            seconds.iter().step_by(step).copied()
        })
        .collect();
    let config = AutoencoderConfig { signal: signal.clone(), ..AutoencoderConfig::default() };
    let bar = progress_bar("fitting", "steps");
    let fitted = fit_autoencoder(
        dataset,
        &seconds,
        SHARED,
        &config,
        &AutoencoderFit::default(),
        &mut |step, steps| {
            bar.set_length(steps as u64);
            bar.set_position(step as u64);
        },
    )?;
    bar.finish_and_clear();
    let path = folder.join("autoencoder.safetensors");
    fitted.save(&path)?;
    let saved = Autoencoder::load(&path, SHARED, &config.signal)?;
    let baseline = saved.baseline();
    let mut card = Card::new("The shared autoencoder");
    card.paragraph(
        "Says how unlike the usual EEG of many people a second is. Patients are judged by it until their own is \
         fitted. Research only: no medical device.",
    );
    card.section("Made by").block("sh", command);
    card.table(
        &["", ""],
        &[
            vec!["weights, SHA-256".into(), format!("`{}`", saved.digest())],
            vec!["people".into(), by_person.keys().cloned().collect::<Vec<_>>().join(", ")],
            vec!["seconds".into(), format!("{}, none of them marked as seizure", baseline.seconds)],
            vec!["error, median".into(), format!("{:.4}", baseline.log_error_median.exp())],
            vec!["error, flagged above".into(), format!("{:.4}", baseline.threshold)],
        ],
    );
    write_card(&folder.join("card.md"), &card)?;
    say!(
        "{}: fitted on {} s of {} people; a second is flagged above an error of {:.3}",
        path.display(),
        baseline.seconds,
        by_person.len(),
        baseline.threshold
    );
    Ok(())
}
