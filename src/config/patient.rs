//! One patient's settings.

use std::fmt::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::mistake::{ConfigError, line_of, mistake};
use super::patient_name::PatientName;
use super::patient_records::{CalibrationRecord, FitRecord, LevelRecord};
use crate::detect::{AccumulatorConfig, AeFlag, LabelRule, Level, SettingError};
use crate::durable;
use crate::signal::Mains;

/// A patient's id: the name of a folder, and nothing that could lead out of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PatientId(String);

impl PatientId {
    /// Checks an id.
    ///
    /// # Errors
    /// [`ConfigError::BadId`].
    pub fn new(id: &str) -> Result<PatientId, ConfigError> {
        let good = (1..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if good { Ok(PatientId(id.to_string())) } else { Err(ConfigError::BadId { found: id.to_string() }) }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The patient's folder.
    pub fn folder(&self, patients: &Path) -> PathBuf {
        patients.join(&self.0)
    }
}

impl fmt::Display for PatientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The settings of one patient.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatientConfig {
    /// The patient's name, where somebody wants to see it: shown to nurses and up, told to a channel that is configured
    /// so, and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<PatientName>,
    /// Name of the CNN: a folder below the models.
    pub cnn: String,
    /// Frequency of the mains where the patient is recorded.
    pub mains_hz: Mains,
    /// Whether the threshold follows the level of the patient's own EEG when an autoencoder of theirs is put into use.
    #[serde(default = "follows")]
    pub follow_level: bool,
    /// From probabilities to labels.
    #[serde(default)]
    pub label: LabelRule,
    /// From labels to alarms.
    #[serde(default)]
    pub accumulator: AccumulatorConfig,
    /// What the autoencoder in use was fitted on, once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fit: Option<FitRecord>,
    /// The level that the threshold follows, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<LevelRecord>,
    /// What the accumulator was calibrated on, once it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<CalibrationRecord>,
}

impl PatientConfig {
    /// The defaults for a new patient.
    pub fn new(cnn: &str, mains_hz: Mains) -> PatientConfig {
        PatientConfig {
            name: None,
            cnn: cnn.to_string(),
            mains_hz,
            follow_level: true,
            label: LabelRule::default(),
            accumulator: AccumulatorConfig::default(),
            fit: None,
            level: None,
            calibration: None,
        }
    }

    /// Lets the threshold follow another level, or none: that of the autoencoder that is put into use. Settings that were
    /// chosen on the patient stay. So does a threshold that somebody has set, and from then on it follows nothing.
    pub fn follow(&mut self, level: Option<&Level>) {
        let usual = LabelRule::default().seizure_probability;
        if !self.follow_level || self.calibration.is_some() {
            self.level = None;
            return;
        }
        if self.label.seizure_probability != self.level.as_ref().map_or(usual, |before| before.set_to) {
            (self.follow_level, self.level) = (false, None);
            return;
        }
        let threshold = level.map_or(usual, |level| level.threshold(usual));
        self.label.seizure_probability = threshold;
        self.level = level.map(|level| LevelRecord::of(level, threshold));
    }

    /// The level that the threshold rests on; `None` where somebody or something has chosen another one.
    pub fn rests_on(&self) -> Option<&LevelRecord> {
        let level = self.level.as_ref()?;
        let follows = self.follow_level && self.calibration.is_none();
        (follows && level.set_to == self.label.seizure_probability).then_some(level)
    }

    /// The level that the threshold has fallen for; `None` where it has not.
    pub fn followed(&self) -> Option<&LevelRecord> {
        self.rests_on().filter(|level| level.set_to < LabelRule::default().seizure_probability)
    }

    /// Settings that were chosen on the patient, in place of what followed a level.
    pub fn calibrated(&mut self, label: LabelRule, accumulator: AccumulatorConfig, on: CalibrationRecord) {
        (self.label, self.accumulator, self.level) = (label, accumulator, None);
        self.calibration = Some(on);
    }

    /// Names of the recordings that the autoencoder in use was fitted on, or the alarm settings chosen on. What any other
    /// was fitted on besides: [`super::versions::used_recordings`].
    pub fn used_recordings(&self) -> Vec<String> {
        let fitted = self.fit.iter().flat_map(|fit| &fit.recordings);
        let calibrated = self.calibration.iter().flat_map(|calibration| &calibration.recordings);
        let mut names: Vec<String> = fitted.chain(calibrated).cloned().collect();
        names.sort();
        names.dedup();
        names
    }

    /// Where a patient's settings lie.
    pub fn path(patients: &Path, id: &PatientId) -> PathBuf {
        id.folder(patients).join("patient.toml")
    }

    /// Where a patient's autoencoder lies.
    pub fn autoencoder_path(patients: &Path, id: &PatientId) -> PathBuf {
        id.folder(patients).join("autoencoder.safetensors")
    }

    /// Reads and checks a patient's settings.
    ///
    /// # Errors
    /// [`ConfigError::NoPatient`], [`ConfigError::Mistake`] with the line, [`ConfigError::Io`].
    pub fn load(patients: &Path, id: &PatientId) -> Result<PatientConfig, ConfigError> {
        let path = PatientConfig::path(patients, id);
        let text = std::fs::read_to_string(&path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => ConfigError::NoPatient {
                id: id.to_string(),
                folder: patients.to_path_buf(),
                there: patients_in(patients),
            },
            _ => ConfigError::Io { doing: "read", path: path.clone(), source },
        })?;
        PatientConfig::parse(&path, &text)
    }

    /// Reads settings from text; `path` stands in messages.
    ///
    /// # Errors
    /// [`ConfigError::Mistake`].
    pub fn parse(path: &Path, text: &str) -> Result<PatientConfig, ConfigError> {
        let config: PatientConfig =
            toml::from_str(text).map_err(|error| mistake(path, text, &error, example_of))?;
        let refused = |error: SettingError| ConfigError::Mistake {
            path: path.to_path_buf(),
            // Only the cap can be refused where it is left out: a threshold is above its default.
            line: line_of(text, error.setting).or_else(|| line_of(text, "threshold")).unwrap_or(1),
            example: example_of(error.setting).to_string(),
            what: error.to_string(),
        };
        if let Some(what) = config.name.as_ref().and_then(PatientName::mistake) {
            return Err(ConfigError::Mistake {
                path: path.to_path_buf(),
                line: line_of(text, "name").unwrap_or(1),
                what: what.to_string(),
                example: example_of("name").to_string(),
            });
        }
        config.label.validate().map_err(refused)?;
        config.accumulator.validate().map_err(refused)?;
        if let Some(level) = &config.level
            && !(level.log_odds.is_finite() && level.set_to > 0.0 && level.set_to <= 1.0)
        {
            return Err(ConfigError::Mistake {
                path: path.to_path_buf(),
                line: line_of(text, "log_odds").unwrap_or(1),
                what: format!(
                    "[level] has log_odds {} and set_to {}; expected a number, and one above 0 and at most 1",
                    level.log_odds, level.set_to
                ),
                example: format!(
                    "take [level] out and write seizure_probability = {}; vigil patient fit writes both anew",
                    LabelRule::default().seizure_probability
                ),
            });
        }
        let plain = !config.cnn.is_empty()
            && config.cnn.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        if !plain {
            return Err(ConfigError::Mistake {
                path: path.to_path_buf(),
                line: line_of(text, "cnn").unwrap_or(1),
                what: format!("cnn is {:?}; expected the name of a folder below the models", config.cnn),
                example: example_of("cnn").to_string(),
            });
        }
        Ok(config)
    }

    /// Writes the settings with the reason of each.
    ///
    /// # Errors
    /// [`ConfigError::Io`].
    pub fn save(&self, patients: &Path, id: &PatientId) -> Result<(), ConfigError> {
        let path = PatientConfig::path(patients, id);
        durable::replace_file(&path, |file| {
            std::io::Write::write_all(file, self.to_documented_toml(id).as_bytes())
        })
        .map_err(|source: std::io::Error| ConfigError::Io { doing: "write", path, source })
    }

    /// The settings as TOML, each with its reason.
    pub fn to_documented_toml(&self, id: &PatientId) -> String {
        let mut text = format!(
            "# Settings of patient {id}. Lines that start with # say what a setting does and why.\n\n"
        );
        let mut put = |comment: &str, setting: String| {
            for line in comment.lines() {
                let _ = writeln!(text, "# {line}");
            }
            let _ = writeln!(text, "{setting}\n");
        };
        if let Some(name) = &self.name {
            put(
                "The patient's name, for nurses and up. It stands in no log, metric or address; in messages only of a\n\
                 channel with `names = true`. Without it everybody sees the id.",
                format!("name = {}", toml::Value::from(name.as_str())),
            );
        }
        put("The CNN: a folder below models/.", format!("cnn = {}", toml::Value::from(self.cnn.as_str())));
        put(
            "Frequency of the mains where the patient is recorded: 50, 60, or 0 for no notch.",
            format!("mains_hz = {}", u32::from(self.mains_hz)),
        );
        put(
            "Whether the default seizure_probability falls, when an autoencoder fitted to the patient is put into use,\n\
             where the CNN says less of their seizure-free EEG than of anybody's with seizures.",
            format!("follow_level = {}", self.follow_level),
        );
        put("", "[label]".into());
        put(
            "A second is a seizure second where the CNN's seizure probability reaches this.\n\
             Lower finds more and calls for nothing more often. The default was chosen, together with that of\n\
             the threshold, on other people than those that the network was fitted on.",
            format!("seizure_probability = {}", self.label.seizure_probability),
        );
        put(
            "\"ignore\": the autoencoder's flag is logged and changes nothing.\n\
             \"demotes\": a flagged second counts as abnormal, unless the CNN is certain of a seizure.",
            format!(
                "ae_flag = {:?}",
                if self.label.ae_flag == AeFlag::Demotes { "demotes" } else { "ignore" }
            ),
        );
        put(
            "A seizure probability that no flag overrules: in a generalised tonic-clonic seizure\nmuscle artifact flags every second.",
            format!("certain_probability = {}", self.label.certain_probability),
        );
        let a = &self.accumulator;
        put("", "[accumulator]".into());
        put(
            "What a seizure second adds; 1 makes the accumulator count seconds.",
            format!("gain = {:?}", a.gain),
        );
        put(
            "The highest value; twice the threshold, so that an alarm ends within seconds of a long seizure.",
            format!("cap = {:?}", a.cap),
        );
        put(
            "What an abnormal second takes: more than a seizure second adds, so that half abnormal, half\n\
             seizure never rises; not all, so that a seizure under heavy muscle artifact still does.",
            format!("decay_abnormal = {:?}", a.decay_abnormal),
        );
        put(
            "What a non-seizure second takes: seconds missed within a seizure are forgiven one by one.",
            format!("decay_normal = {:?}", a.decay_normal),
        );
        put(
            "The value at which an alarm is raised; with a gain of 1 also the shortest latency in seconds.",
            format!("threshold = {:?}", a.threshold),
        );
        put(
            "Seconds after an alarm's end in which none is raised: a seizure, its pauses and its minute after are one alarm.",
            format!("refractory_s = {}", a.refractory_s),
        );
        put(
            "A gap in the signal longer than this many seconds empties the accumulator.",
            format!("gap_reset_s = {}", a.gap_reset_s),
        );
        if let Some(fit) = &self.fit {
            put(
                "What the autoencoder was fitted on; this time never counts in the patient's own score.",
                "[fit]".into(),
            );
            put(
                "",
                format!(
                    "recordings = {}\nseconds = {}\ndate = {:?}",
                    list(&fit.recordings),
                    fit.seconds,
                    fit.date
                ),
            );
        }
        if let Some(level) = &self.level {
            put(
                "What the CNN says of the patient's seizure-free EEG (median of the log-odds of seizure), and the\n\
                 seizure_probability that came of it. Once you set another one by hand, it stays.",
                "[level]".into(),
            );
            put(
                "",
                format!(
                    "log_odds = {:?}\nseconds = {}\ncnn = {}\nset_to = {}",
                    level.log_odds,
                    level.seconds,
                    toml::Value::from(level.cnn.as_str()),
                    level.set_to
                ),
            );
        }
        if let Some(c) = &self.calibration {
            put(
                "What the accumulator's threshold was chosen on, and what it gave there.",
                "[calibration]".into(),
            );
            put(
                "",
                format!(
                    "recordings = {}\nhours = {:?}\nfalse_alarms = {}\nfalse_alarms_per_hour = {:?}\nseizures = {}\ndetected = {}\ndate = {:?}",
                    list(&c.recordings),
                    c.hours,
                    c.false_alarms,
                    c.false_alarms_per_hour,
                    c.seizures,
                    c.detected,
                    c.date
                ),
            );
        }
        text
    }
}

fn follows() -> bool {
    true
}

/// Names as TOML writes them, whatever letters they have.
fn list(names: &[String]) -> toml::Value {
    toml::Value::from(names.to_vec())
}

/// A line as it should be.
fn example_of(setting: &str) -> &'static str {
    match setting {
        "name" => "name = \"Ada Lovelace\"",
        "cnn" => "cnn = \"cnn\"",
        "mains_hz" => "mains_hz = 50",
        "follow_level" => "follow_level = true",
        "seizure_probability" => "seizure_probability = 0.6",
        "ae_flag" => "ae_flag = \"ignore\"",
        "certain_probability" => "certain_probability = 0.9",
        "gain" => "gain = 1.0",
        "cap" => "cap = 12.0",
        "decay_abnormal" => "decay_abnormal = 1.5",
        "decay_normal" => "decay_normal = 1.0",
        "threshold" => "threshold = 6.0",
        "refractory_s" => "refractory_s = 60",
        "gap_reset_s" => "gap_reset_s = 10",
        "log_odds" => "log_odds = -2.3",
        "set_to" => "set_to = 0.501",
        _ => "`vigil patient new ID` writes a file with every setting",
    }
}

/// The patients that there are, for a message.
fn patients_in(patients: &Path) -> String {
    let mut ids: Vec<String> = std::fs::read_dir(patients)
        .map(|entries| {
            let folders = entries.flatten().filter(|entry| entry.path().join("patient.toml").is_file());
            folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        })
        .unwrap_or_default();
    ids.sort();
    match ids.len() {
        0 => "is none".to_string(),
        1..=10 => format!("are {}", ids.join(", ")),
        n => format!("are {} and {} more", ids[..10].join(", "), n - 10),
    }
}
