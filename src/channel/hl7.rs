//! HL7 v2.6, IHE PCD-04 "Report Alert": ORU^R40.
//!
//! Segments and facets as the IHE Patient Care Device Technical Framework, volume 2, names them for Alert Communication
//! Management: one OBX each for what, where, phase of the event, state of the alarm, whether its sound is on, priority
//! and type.

use serde::{Deserialize, Serialize};

use crate::alarm::Priority;
use crate::alarm::message::Message;
use crate::alarm::state::{AlarmKind, Phase};

/// `hl7 = { ... }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hl7Config {
    /// `host:port` of the listener.
    pub to: String,
    /// MSH-3.
    #[serde(default = "sender")]
    pub sending_application: String,
    /// MSH-4.
    #[serde(default)]
    pub sending_facility: String,
    /// MSH-5.
    #[serde(default)]
    pub receiving_application: String,
    /// MSH-6.
    #[serde(default)]
    pub receiving_facility: String,
}

fn sender() -> String {
    "VIGIL".into()
}

impl Hl7Config {
    pub(super) fn check(&self) -> Result<(), (&'static str, String)> {
        match self.to.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(()),
            _ => Err(("hl7", format!("hl7.to is {:?}; expected host:port", self.to))),
        }
    }
}

/// The message's text; segments end with a carriage return. `control` is MSH-10, by which the answer refers to it.
pub fn report(message: &Message, config: &Hl7Config, control: &str) -> String {
    let field = |text: &str| escaped(text);
    let time = stamp(&message.time);
    let bed = if message.bed.is_empty() { "ward" } else { &message.bed };
    let (event, text) = match message.kind {
        AlarmKind::Seizure => {
            ("196616^MDC_EVT_ALARM^MDC", "Seizure alarm (research only, not a medical device)")
        }
        AlarmKind::Technical => ("196616^MDC_EVT_ALARM^MDC", message.detail.as_str()),
    };
    let (phase, state, inactivation) = facets(message);
    let priority = match message.priority {
        Priority::High => "PH",
        Priority::Medium => "PM",
        Priority::Low => "PL",
    };
    let kind = match message.kind {
        AlarmKind::Seizure => "SP",
        AlarmKind::Technical => "ST",
    };
    let patient = message.patient.as_deref().map(field).unwrap_or_default();
    // PID-5, XPN: the whole name stands as the family name, since nobody here knows its parts.
    let name = message.patient_name.as_deref().map(field).unwrap_or_default();
    let mut segments = vec![
        format!(
            "MSH|^~\\&|{}|{}|{}|{}|{time}||ORU^R40^ORU_R40|{}|P|2.6|||AL|NE||UNICODE UTF-8|||IHE_PCD_ACM_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.4.1^ISO",
            field(&config.sending_application),
            field(&config.sending_facility),
            field(&config.receiving_application),
            field(&config.receiving_facility),
            field(control),
        ),
        format!("PID|||{patient}||{name}"),
        format!("PV1||I|{}^^{}", field(&message.ward), field(bed)),
        format!("OBR|1||{}^VIGIL|{event}|||{}", field(&message.alarm), stamp(&message.raised)),
    ];
    let observations = [
        ("ST", event, text),
        ("ST", "68480^MDC_ATTR_ALERT_SOURCE^MDC", bed),
        ("ST", "68481^MDC_ATTR_EVENT_PHASE^MDC", phase),
        ("ST", "68482^MDC_ATTR_ALARM_STATE^MDC", state),
        ("ST", "68483^MDC_ATTR_ALARM_INACTIVATION_STATE^MDC", inactivation),
        ("ST", "68484^MDC_ATTR_ALARM_PRIORITY^MDC", priority),
        ("ST", "68485^MDC_ATTR_ALERT_TYPE^MDC", kind),
    ];
    for (index, (value_type, name, value)) in observations.into_iter().enumerate() {
        let number = index + 1;
        segments.push(format!(
            "OBX|{number}|{value_type}|{name}|1.0.0.0.{number}|{}||||||R|||{time}",
            field(value)
        ));
    }
    if !message.by.is_empty() && matches!(message.event.as_str(), "acknowledged" | "audio-paused") {
        segments.push(format!("NTE|1||{}", field(&message.detail)));
    }
    segments.iter().map(|segment| format!("{segment}\r")).collect()
}

/// Phase of the event, state of the alarm, and whether its sound is on. The state is where the alarm stands after what is
/// told: an alarm that was acknowledged and ends, or that ended and is acknowledged, is over with either.
fn facets(message: &Message) -> (&'static str, &'static str, &'static str) {
    let state = match message.phase {
        Phase::Pending | Phase::Active | Phase::AudioPaused | Phase::Acknowledged => "active",
        Phase::Latched => "latched",
        Phase::Cleared => "inactive",
    };
    let phase = match message.event.as_str() {
        _ if message.phase == Phase::Cleared => "end",
        "raised" => "start",
        "escalated" => "escalate",
        "ended" => "end",
        _ => "update",
    };
    let inactivation = match (message.phase, message.event.as_str()) {
        (Phase::Cleared, _) => "enabled",
        (Phase::Acknowledged, _) => "alert-acknowledged",
        (Phase::AudioPaused, _) | (_, "audio-paused") => "audio-paused",
        _ => "enabled",
    };
    (phase, state, inactivation)
}

/// What an answer says of the message with this control id: `Some(Ok)` where it was taken, `Some(Err)` with the other
/// end's words where not, `None` where it is no answer to it.
pub fn acknowledged(answer: &str, control: &str) -> Option<Result<(), String>> {
    let segment = answer.split(['\r', '\n']).find(|segment| segment.starts_with("MSA|"))?;
    let fields: Vec<&str> = segment.split('|').collect();
    if fields.get(2).map(|id| id.trim()) != Some(control) {
        return None;
    }
    match fields.get(1).copied() {
        Some("AA" | "CA") => Some(Ok(())),
        Some(code) => {
            let words = fields.get(3).copied().unwrap_or_default();
            Some(Err(format!("the listener answered {code} {words}").trim_end().to_string()))
        }
        None => None,
    }
}

/// `YYYYMMDDHHMMSS.sss+0000` of RFC 3339 in UTC.
fn stamp(rfc_3339: &str) -> String {
    let digits: String = rfc_3339.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    format!("{digits}+0000")
}

/// HL7's own characters, escaped; what would end a segment is left out.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '|' => out.push_str("\\F\\"),
            '^' => out.push_str("\\S\\"),
            '&' => out.push_str("\\T\\"),
            '~' => out.push_str("\\R\\"),
            '\\' => out.push_str("\\E\\"),
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
    }
    out
}
