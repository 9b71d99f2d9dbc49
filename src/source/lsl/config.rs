//! Which stream a bed listens to.

use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::info::StreamInfo;

/// Names one LSL stream: by its name, its type, its source id, or several of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LslConfig {
    /// The stream's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The stream's type, such as "EEG".
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub stream_type: Option<String>,
    /// The device's own name, which stays the same when the sender starts anew. With it, a stream is
    /// never mistaken for a namesake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_id: Option<String>,
    /// Machines that are asked one by one, where multicast does not reach: names or addresses.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Whether everybody on the network is asked.
    #[serde(default = "yes")]
    pub multicast: bool,
    /// This machine's own addresses on the networks to ask on; empty: as the system likes.
    #[serde(default)]
    pub interfaces: Vec<Ipv4Addr>,
    /// How long the stream is looked for before that counts as a failure, in seconds.
    #[serde(default = "five")]
    pub resolve_timeout_s: f64,
}

fn yes() -> bool {
    true
}

fn five() -> f64 {
    5.0
}

impl Default for LslConfig {
    fn default() -> LslConfig {
        LslConfig {
            name: None,
            stream_type: None,
            source_id: None,
            hosts: Vec::new(),
            multicast: true,
            interfaces: Vec::new(),
            resolve_timeout_s: five(),
        }
    }
}

/// A configuration that names no stream.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum LslConfigError {
    /// Any stream would do.
    #[error("an LSL stream needs a name, a type or a source_id, such as name = \"EEG-01\"")]
    Anything,
    /// A text that no stream can have.
    #[error("{field} is {text:?}; expected a text in one line, not empty and at most 256 bytes long")]
    Text {
        /// Which.
        field: &'static str,
        /// What it says.
        text: String,
    },
    /// A time that is none.
    #[error("resolve_timeout_s is {seconds}; expected 0.1 to 300 seconds")]
    Timeout {
        /// What it says.
        seconds: f64,
    },
    /// Nobody would be asked.
    #[error("with multicast = false, hosts must name at least one machine, such as hosts = [\"10.0.0.7\"]")]
    Nobody,
    /// More than can be asked twice a second.
    #[error("{number} hosts or interfaces; expected at most 64")]
    TooMany {
        /// How many there are.
        number: usize,
    },
}

impl LslConfig {
    /// Whether a stream can be looked for.
    ///
    /// # Errors
    /// [`LslConfigError`] says why not.
    pub fn check(&self) -> Result<(), LslConfigError> {
        if self.fields().next().is_none() {
            return Err(LslConfigError::Anything);
        }
        let hosts = self.hosts.iter().map(|host| ("hosts", host.as_str()));
        for (field, text) in self.fields().chain(hosts) {
            if text.trim() != text || text.is_empty() || text.len() > 256 || text.contains(char::is_control) {
                return Err(LslConfigError::Text { field, text: text.to_owned() });
            }
        }
        if !(0.1..=300.0).contains(&self.resolve_timeout_s) {
            return Err(LslConfigError::Timeout { seconds: self.resolve_timeout_s });
        }
        if !self.multicast && self.hosts.is_empty() {
            return Err(LslConfigError::Nobody);
        }
        let number = self.hosts.len().max(self.interfaces.len());
        if number > 64 { Err(LslConfigError::TooMany { number }) } else { Ok(()) }
    }

    /// What is looked for: the fields of a stream's description and what they must say.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [("name", &self.name), ("type", &self.stream_type), ("source_id", &self.source_id)]
            .into_iter()
            .filter_map(|(field, text)| Some((field, text.as_deref()?)))
    }

    /// Whether this is a stream that is looked for.
    pub(super) fn describes(&self, info: &StreamInfo) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        same(&self.name, &info.name)
            && same(&self.stream_type, &info.stream_type)
            && same(&self.source_id, &info.source_id)
    }

    /// What is looked for, for people.
    pub(super) fn wanted(&self) -> String {
        self.fields().map(|(field, text)| format!("{field} {text:?}")).collect::<Vec<_>>().join(" and ")
    }
}
