//! What can go wrong when EEG is drawn.

use std::io;
use std::path::PathBuf;

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
    /// An image has another size than its configuration.
    #[error("an image of {found} pixels does not fit its plot configuration, expected {width} x {height}")]
    ImageSize {
        /// Bytes of the image.
        found: usize,
        /// Columns in the configuration.
        width: u32,
        /// Rows in the configuration.
        height: u32,
    },
    /// An image would be enlarged to nothing or beyond measure.
    #[error(
        "an image of {width} x {height} pixels cannot be enlarged {enlargement} times, \
         expected a whole number from 1 and at most {max_pixels} pixels in all"
    )]
    Enlargement {
        /// Columns of the image.
        width: u32,
        /// Rows of the image.
        height: u32,
        /// How many times it was to be enlarged.
        enlargement: u32,
        /// The most pixels that are written.
        max_pixels: u64,
    },
    /// What a figure is to show does not fit together.
    #[error("figure: {what} is {found}, expected {expected}")]
    Figure {
        /// The thing that does not fit.
        what: &'static str,
        /// What was given.
        found: String,
        /// What would be accepted.
        expected: String,
    },
    /// The drawing library failed.
    #[error("figure: drawing failed: {0}")]
    Drawing(String),
    /// The file could not be written.
    #[error("{}: picture could not be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}
