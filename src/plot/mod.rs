//! A window of EEG as the image that the network sees, and figures for people.
//!
//! One rasteriser serves training and live: an image is a pure function of the configuration and
//! the window's samples, bit for bit.

mod axis;
mod bars;
mod canvas;
pub mod chart;
mod config;
mod error;
pub mod explanation;
pub mod figure;
mod lanes;
pub mod overview;
mod palette;
mod path;
mod picture;
mod raster;
mod strips;
pub mod tape;
pub mod ticks;
mod timeline;
mod traces;

pub use config::{PlotConfig, Polarity};
pub use error::PlotError;
pub use picture::{Picture, write_image};
pub use raster::Rasteriser;
