//! `[[channel]]` of vigil.toml.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::hl7::Hl7Config;
use super::mqtt::MqttConfig;
use super::syslog::SyslogConfig;
use super::webhook::WebhookConfig;
use crate::alarm::Priority;
use crate::alarm::message::Route;
use crate::alarm::state::AlarmKind;

/// One channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChannelConfig {
    /// Its name: a name for the log and for metrics.
    pub name: String,
    /// How messages go.
    #[serde(flatten)]
    pub way: Way,
    /// Kinds of alarms that it is told of.
    #[serde(default = "both_kinds")]
    pub kinds: Vec<AlarmKind>,
    /// The lowest priority that it is told of.
    #[serde(default = "high")]
    pub priority: Priority,
    /// Beds that it is told of; all where none is named.
    #[serde(default)]
    pub beds: Vec<String>,
    /// Told only of what nobody has taken note of within so many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalation_after_s: Option<u32>,
    /// Whether messages name the patient by id.
    #[serde(default)]
    pub patient: bool,
    /// Whether messages name the patient by name, where one is known.
    #[serde(default)]
    pub names: bool,
    /// Longest time that an attempt may take, in seconds.
    #[serde(default = "five")]
    pub timeout_s: u32,
    /// Messages that cannot be delivered for so many hours are given up, which is logged.
    #[serde(default = "day")]
    pub give_up_h: u32,
}

/// How messages go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// A signed HTTP POST.
    Webhook(WebhookConfig),
    /// MQTT 3.1.1, at least once.
    Mqtt(MqttConfig),
    /// HL7 v2.6 ORU^R40 over MLLP.
    Hl7(Hl7Config),
    /// RFC 5424.
    Syslog(SyslogConfig),
}

fn both_kinds() -> Vec<AlarmKind> {
    vec![AlarmKind::Seizure, AlarmKind::Technical]
}

const fn high() -> Priority {
    Priority::High
}

const fn five() -> u32 {
    5
}

const fn day() -> u32 {
    24
}

impl ChannelConfig {
    /// Checks what a type cannot.
    ///
    /// # Errors
    /// The setting and what is wrong with it.
    pub fn check(&self, beds: &[String]) -> Result<(), (&'static str, String)> {
        let good = (1..=64).contains(&self.name.len())
            && self.name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !good {
            let found = &self.name;
            let what =
                format!("{found:?} cannot be a channel's name: expected 1 to 64 letters, digits, - or _");
            return Err(("name", what));
        }
        if self.kinds.is_empty() {
            let what = "kinds is empty; expected \"seizure\", \"technical\" or both".to_string();
            return Err(("kinds", what));
        }
        if !(1..=60).contains(&self.timeout_s) {
            return Err(("timeout_s", format!("timeout_s is {}; expected 1 to 60", self.timeout_s)));
        }
        if !(1..=168).contains(&self.give_up_h) {
            return Err(("give_up_h", format!("give_up_h is {}; expected 1 to 168", self.give_up_h)));
        }
        if let Some(seconds) = self.escalation_after_s
            && !(1..=3600).contains(&seconds)
        {
            let what = format!("escalation_after_s is {seconds}; expected 1 to 3600");
            return Err(("escalation_after_s", what));
        }
        if let Some(unknown) = self.beds.iter().find(|bed| !beds.contains(bed)) {
            return Err(("beds", format!("there is no bed {unknown:?}; expected names of [[bed]]")));
        }
        if self.names && matches!(self.way, Way::Syslog(_)) {
            let what =
                "names is true, but a log is kept and handed on for years: no patient's name goes to syslog";
            return Err(("syslog", what.into()));
        }
        match &self.way {
            Way::Webhook(way) => way.check(),
            Way::Mqtt(way) => way.check(),
            Way::Hl7(way) => way.check(),
            Way::Syslog(way) => way.check(),
        }
    }

    /// Takes paths from a folder.
    pub fn paths_from(&mut self, folder: &Path) {
        let path = match &mut self.way {
            Way::Webhook(way) => &mut way.secret_file,
            Way::Mqtt(way) => &mut way.password_file,
            Way::Hl7(_) | Way::Syslog(_) => return,
        };
        if let Some(path) = path {
            *path = folder.join(&path);
        }
    }

    /// What it is told of.
    pub fn route(&self) -> Route {
        Route {
            channel: self.name.clone(),
            kinds: self.kinds.clone(),
            least: self.priority,
            beds: self.beds.clone(),
            after_s: self.escalation_after_s,
        }
    }
}
