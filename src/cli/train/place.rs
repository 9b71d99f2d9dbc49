//! Where a network is put: its name, its folder, and what lies in that already.

use std::path::{Path, PathBuf};

use super::super::error::CliError;
use super::TrainArgs;
use crate::durable::{Held, hold};
use crate::model::ModelError;
use crate::train::{Checkpoint, EpochLog, TrainError};
use crate::ward::cnn_path;

/// Refuses what is no plain name: a path would put a network outside the folder of models, or read one from there.
pub(super) fn plain_name(option: &str, name: &str) -> Result<(), CliError> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if !name.is_empty() && !name.starts_with('.') && name.chars().all(allowed) {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "{option} {name:?}: expected a plain name of letters, digits, '-', '_' and '.', which begins with no '.'; where \
         models lie is said by --models"
    )))
}

/// Makes the folder of a new network. A finished one is not overwritten unless that is asked for; the checkpoint of an
/// interrupted training says that it was.
pub(super) fn folder_for(args: &TrainArgs) -> Result<(PathBuf, Held), CliError> {
    let folder = args.models.join(&args.name);
    let checkpoints = ["checkpoint", "checkpoint-refit"].map(|name| folder.join(name));
    // Without its checkpoint no training is gone on with: whoever restarts one says anew that it may replace.
    let goes_on = !args.restart && checkpoints.iter().any(|checkpoint| checkpoint.exists());
    if cnn_path(&args.models, &args.name).exists() && !goes_on && !args.replace {
        return Err(CliError::Usage(format!(
            "{} holds a finished network; expected another --name, or --replace to train it anew",
            folder.display()
        )));
    }
    // Recordings are read and fitted for hours: a folder that cannot be made is told of before.
    let held = std::fs::create_dir_all(&folder)
        .and_then(|()| hold(&folder))
        .map_err(|source| CliError::Unwritable { path: folder.clone(), source })?;
    if args.restart {
        for checkpoint in &checkpoints {
            Checkpoint::new(checkpoint).remove()?;
        }
    }
    Ok((folder, held))
}

/// Writes what came of each epoch.
pub(super) fn write_run_log(path: &Path, log: &[EpochLog]) -> Result<(), TrainError> {
    let mut text = String::from("epoch\tloss\tlearning_rate\theld_out_auroc\telapsed_s\n");
    for entry in log {
        let auroc = entry.held_out_auroc.map_or("n/a".to_string(), |auroc| format!("{auroc:.6}"));
        text.push_str(&format!(
            "{}\t{:.6}\t{:.3e}\t{auroc}\t{:.1}\n",
            entry.epoch, entry.loss, entry.learning_rate, entry.elapsed_s
        ));
    }
    crate::durable::replace_file(path, |file| std::io::Write::write_all(file, text.as_bytes())).map_err(
        |source: std::io::Error| ModelError::Io { doing: "write", path: path.to_path_buf(), source }.into(),
    )
}
