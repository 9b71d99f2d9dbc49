//! What commands show while they work.

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
