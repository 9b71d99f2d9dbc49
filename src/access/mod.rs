//! Who may do what.

mod role;

pub use role::{Right, Role};
