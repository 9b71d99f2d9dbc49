//! The command line: one file per subcommand.

// First, since its macros are for the modules below.
#[macro_use]
mod terminal;

pub mod account;
pub mod alarms;
mod calibrate;
pub mod check;
pub mod demo;
mod error;
pub mod evaluate;
pub mod explain;
pub mod export;
pub mod info;
mod inputs;
mod labelled;
pub mod labels;
mod left_out;
mod mains;
mod namesakes;
pub mod patient;
mod patient_name;
pub mod replay;
mod replay_serve;
pub mod score;
pub mod serve;
mod shared_autoencoder;
pub mod synth;
pub mod train;

use std::path::Path;

pub use error::{CliError, EXIT_CODES};
pub use terminal::{all_said, to_stderr};

/// Today's date in UTC, `YYYY-MM-DD`.
fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

/// The command as anyone could give it: where the program lies differs from place to place.
fn command_line() -> String {
    let told = std::env::args_os().skip(1).map(|argument| quoted(&argument.to_string_lossy()));
    std::iter::once("vigil".to_string()).chain(told).collect::<Vec<_>>().join(" ")
}

/// An argument as a shell reads it.
fn quoted(argument: &str) -> String {
    let plain = |letter: char| letter.is_alphanumeric() || "_./,:=+%@-".contains(letter);
    match !argument.is_empty() && argument.chars().all(plain) {
        true => argument.to_string(),
        false => format!("'{}'", argument.replace('\'', r"'\''")),
    }
}

fn read_text(path: &Path) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|source| CliError::Unreadable { path: path.to_path_buf(), source })
}
