//! What can go wrong when EEG is drawn.

/// Why an image or a figure could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The configuration describes an image that cannot be drawn.
    #[error("plot configuration: `{field}` is {found}, expected {expected}")]
    Config {
        /// The field's name in the configuration.
        field: &'static str,
        /// What is there.
        found: String,
        /// What would be accepted.
        expected: String,
    },
    /// The window's length cannot be drawn.
    #[error("a window of {found} samples cannot be drawn, expected 1 to {max}")]
    WindowLength {
        /// Samples of one derivation in the window.
        found: usize,
        /// The longest window that is drawn.
        max: usize,
    },
}
