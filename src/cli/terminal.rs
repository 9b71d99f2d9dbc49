//! What commands show, while they work and at the end.
//!
//! The library's own `println!` panics where nobody listens any more (`vigil train … | head`). Here a
//! listener who has gone is no error, and anything else that standard output refuses is told once, at
//! the end.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar with the time left; on no terminal it stays silent.
pub fn progress_bar(doing: &'static str, unit: &'static str) -> ProgressBar {
    let template = format!("{{prefix}} [{{bar:30}}] {{pos}}/{{len}} {unit}, {{eta}} left  {{msg}}");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::no_length().with_style(style.progress_chars("=> ")).with_prefix(doing);
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}

/// The first refusal of standard output.
static REFUSED: Mutex<Option<io::Error>> = Mutex::new(None);

/// Writes to standard output.
pub fn to_stdout(text: fmt::Arguments<'_>) {
    keep(io::stdout().write_fmt(text));
}

/// Writes to standard error; where that is refused, there is nowhere to say so.
pub fn to_stderr(text: fmt::Arguments<'_>) {
    let _ = io::stderr().write_fmt(text);
}

/// Whether everything that was said could be written to standard output, as far as someone listened.
///
/// # Errors
/// The first refusal.
pub fn all_said() -> io::Result<()> {
    keep(io::stdout().flush());
    REFUSED.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
}

fn keep(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        REFUSED.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }
}

/// A line on standard output.
macro_rules! say {
    ($($text:tt)*) => { $crate::cli::terminal::to_stdout(format_args!("{}\n", format_args!($($text)*))) };
}

/// Text on standard output.
macro_rules! put {
    ($($text:tt)*) => { $crate::cli::terminal::to_stdout(format_args!($($text)*)) };
}

/// A line on standard error.
macro_rules! warn {
    ($($text:tt)*) => { $crate::cli::terminal::to_stderr(format_args!("{}\n", format_args!($($text)*))) };
}

/// Text on standard error.
macro_rules! hint {
    ($($text:tt)*) => { $crate::cli::terminal::to_stderr(format_args!($($text)*)) };
}
