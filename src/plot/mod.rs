//! A window of EEG as the image that the network sees, and figures for people.
//!
//! One rasteriser serves training and live: an image is a pure function of the configuration and
//! the window's samples, bit for bit.

mod config;
mod error;
mod raster;

pub use config::{PlotConfig, Polarity};
pub use error::PlotError;
pub use raster::Rasteriser;
