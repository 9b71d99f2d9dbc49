//! What files hold recordings and their marks: EDF and BDF, SzCORE tables, BIDS trees and their tables of channels, CHB-MIT.
//!
//! Invariant: decoders are pure functions over bytes or text, every length is checked before it is
//! believed, and nothing that a file holds can make them panic.

pub mod bids;
pub mod channels;
pub mod chbmit;
pub mod edf;
mod error;
pub mod events;
pub mod info;
pub mod label_review;
mod lines;
pub mod strays;

pub use error::{FormatError, Malformation, Place};
pub use lines::lines;
