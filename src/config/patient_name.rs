//! A patient's name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The most letters of a name.
const MOST: usize = 128;

/// A patient's name. It does not show in what is printed for debugging: that ends in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PatientName(String);

impl PatientName {
    /// Checks a name.
    ///
    /// # Errors
    /// What is wrong with it, without the name.
    pub fn new(name: &str) -> Result<PatientName, &'static str> {
        let name = PatientName(name.trim().to_string());
        match name.mistake() {
            Some(what) => Err(what),
            None => Ok(name),
        }
    }

    /// What is wrong with it, without the name itself: the words end in logs.
    pub(super) fn mistake(&self) -> Option<&'static str> {
        let good = !self.0.trim().is_empty()
            && self.0.chars().count() <= MOST
            && !self.0.chars().any(char::is_control);
        (!good).then_some("name is empty, longer than 128 letters or has control characters; expected a name")
    }

    /// The name, for those who may see it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PatientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientName(..)")
    }
}
